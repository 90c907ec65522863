//! Payloads: there or not, committed to, complete, well written (rules.md 2; formats.md 3; docs/spec/tags.md).

use super::judge::{Case, Judge};
use super::text::is_value;
use super::{Counts, PayloadOf};
use crate::rejection::Rejection;
use xuefen_core::kinds::outcomes::{self, Outcome};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::kinds::{Kind, conversions};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{OutcomeKind, RecordOutcome};

fn table(body: &Body) -> Option<&'static [Tag]> {
    match body {
        Body::OpenAccount(_) => Some(tags::OPEN_ACCOUNT),
        Body::AmendAccount(_) => Some(tags::AMEND_ACCOUNT),
        Body::BindKey(_) => Some(tags::BIND_KEY),
        Body::UnbindKey(_) => Some(tags::UNBIND_KEY),
        Body::MergeAccounts(_) => Some(tags::MERGE_ACCOUNTS),
        Body::RecordOutcome(body) => outcome(body).map(|row| row.tags),
        _ => conversions::table(Kind::of(body)).map(|(tags, _)| tags),
    }
}

fn outcome(body: &RecordOutcome) -> Option<&'static Outcome> {
    outcomes::of(OutcomeKind::try_from(body.outcome_kind).ok()?)
}

/// What no record of the kind can do without.
fn needed(body: &Body) -> &'static [Tag] {
    match body {
        Body::OpenAccount(_) => &[tags::ACCOUNT, tags::DOCUMENT_KIND, tags::DOCUMENT_NUMBER],
        Body::AmendAccount(_) => &[tags::ACCOUNT],
        Body::BindKey(_) => &[tags::ACCOUNT, tags::HOLDER_KEY, tags::LEARNER_SIGNATURE, tags::SIGNED_AT],
        Body::UnbindKey(_) => &[tags::ACCOUNT, tags::HOLDER_KEY, tags::CONSENT],
        Body::MergeAccounts(_) => &[tags::ACCOUNT, tags::OTHER_ACCOUNT],
        Body::RecordOutcome(body) => outcome(body).map_or(&[], |row| row.required),
        _ => conversions::table(Kind::of(body)).map_or(&[], |(_, needed)| needed),
    }
}

pub(super) fn check(case: &Case<'_>, counts: &mut Counts, judge: &mut Judge) {
    if !case.kind.is_private() {
        let none = matches!(case.payload, PayloadOf::None);
        judge.unless(none, Rejection::PayloadUnexpected, String::new);
        return;
    }
    let payload = match case.payload {
        PayloadOf::Present(payload) => payload,
        PayloadOf::Erased => {
            counts.erased += 1;
            return;
        }
        PayloadOf::None => {
            judge.unless(false, Rejection::PayloadMissing, String::new);
            return;
        }
    };
    counts.payloads += 1;
    let statement = case.entry.statement();
    let committed = statement.commitment() == Some(payload.commitment(&statement.nonce()));
    judge.unless(committed, Rejection::CommitmentMismatch, String::new);
    let Some(table) = table(case.body) else { return };
    let there: Vec<u32> = payload.fields().iter().map(|field| field.tag.get()).collect();
    let asked: Vec<u32> = table.iter().map(|tag| tag.number).collect();
    judge.unless(there == asked, Rejection::TagsIncomplete, || format!("tags {there:?}"));
    for field in payload.fields() {
        let Some(tag) = tags::by_number(field.tag.get()) else { continue };
        let good = field.value.is_empty() || is_value(&field.value, tag.value);
        judge.unless(good, Rejection::ValueMalformed, || format!("payload.{}", tag.name));
    }
    for tag in needed(case.body) {
        judge.unless(!case.value(*tag).is_empty(), Rejection::ValueMissing, || format!("payload.{}", tag.name));
    }
}
