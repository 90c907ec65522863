//! What is known of conversions, as rows of the state.

use crate::audit::book::Book;
use crate::audit::dump::Dump;
use crate::rows::{self, AccountKey};

pub(in crate::audit) fn tables(book: &mut Book, dump: &mut Dump<'_>) {
    let known = &mut book.conversions;
    for (index, it) in known.applications.changes() {
        let row = rows::ApplicationRow {
            rule: it.rule,
            accepted_by: it.accepted,
            withdrawn_by: it.withdrawn,
            decisions: it.decisions.clone(),
            reopened_by: it.reopened,
        };
        dump.put(rows::application(index), &row);
        if index == dump.index()
            && let Some(owner) = known.sent_to.get(&index)
        {
            dump.put_bytes(rows::applications_to(owner), &[]);
        }
    }
    for (index, it) in known.decisions.changes() {
        let row = rows::ConversionRow {
            application: it.application,
            rule: it.rule,
            verdict: it.verdict,
            scope: it.scope,
            ended_by: it.ended,
        };
        dump.put(rows::conversion(index), &row);
    }
    for (nullifier, uses) in known.uses.changes() {
        let row =
            |(entry, scope): &(u64, i32)| rows::UseRow { entry: *entry, scope: u8::try_from(*scope).unwrap_or(0) };
        dump.put(rows::use_of(&nullifier), &uses.iter().map(row).collect::<Vec<_>>());
    }
    for (index, (target, decided)) in known.appeals.changes() {
        dump.put(rows::appeal(index), &rows::AppealRow { target: *target, decided: *decided });
    }
    for (target, _) in known.appealed.changes() {
        dump.put_bytes(rows::appealed(target), &[]);
    }
    for (index, it) in known.applied.changes() {
        let account = AccountKey(it.account);
        dump.put(rows::applied(index), &rows::AppliedRow { account, sources: it.sources.clone() });
        dump.put_bytes(rows::applications_of(account), &[]);
    }
    for (index, it) in known.converted.changes() {
        let row = rows::ConvertedRow {
            account: AccountKey(it.account),
            sources: it.sources.clone(),
            absorbed: it.absorbed.clone(),
            exempts: it.exempts.clone(),
            counted_millis: it.counted,
        };
        dump.put(rows::converted(index), &row);
    }
    for ((account, owner, code), list) in known.into.changes() {
        dump.put(rows::converted_in(AccountKey(account), &owner, &code), list);
    }
    for (outcome, list) in known.used_by.changes() {
        dump.put(rows::used_by(outcome), list);
    }
}
