//! Appeals: against decisions, silence, outcomes and what was done to them; decided by the appeal body, never by who decided.

use super::{Application, consent, for_learners, learner, referred, rule_of};
use crate::audit::PayloadOf;
use crate::audit::book::{Account, Book};
use crate::audit::judge::{Case, Change, Judge};
use crate::audit::policies::{ACCEPT_DAYS, APPEAL_DAYS, DECIDE_DAYS};
use crate::posting::Secrets;
use crate::rejection::Rejection;
use xuefen_core::consent::Asked;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{AppealDecision, DecideAppeal};

/// Whether nothing was done, and since when that is too long.
#[derive(Clone, Copy, Debug)]
enum Silence {
    No,
    Never,
    Since(i64),
}

/// Something that can be appealed.
struct Matter {
    learner: Option<Account>,
    /// Who decided; the first is whose policy binds.
    deciders: Vec<String>,
    happened: i64,
    silence: Silence,
}

fn matter(index: u64, book: &Book) -> Option<Matter> {
    let entry = book.entry(index)?;
    let with = |by: Option<u64>| {
        let by = by.and_then(|by| book.entry(by));
        let deciders = std::iter::once(entry.issuer.clone()).chain(by.map(|by| by.issuer.clone())).collect();
        (deciders, by.map_or(entry.logged_at, |by| by.logged_at))
    };
    match entry.kind {
        Kind::RecordOutcome => {
            let standing = book.standings.get(&index).cloned().unwrap_or_default();
            let by = standing.revoked.map(|(_, by)| by);
            let by = by.or(standing.suspended.map(|(_, by)| by)).or(standing.superseded_by);
            let (deciders, happened) = with(by);
            let learner = book.outcomes.get(&index).map(|it| it.account);
            Some(Matter { learner, deciders, happened, silence: Silence::No })
        }
        Kind::DecideConversion => {
            let decision = book.conversions.decisions.get(&index)?;
            let (deciders, happened) = with(decision.ended);
            let learner = book.conversions.applied.get(&decision.application).map(|it| it.account);
            Some(Matter { learner, deciders, happened, silence: Silence::No })
        }
        Kind::ApplyConversion => {
            let it = book.conversions.applications.get(&index)?;
            let owner = rule_of(book, it.rule).map(|(owner, _)| owner.to_owned()).unwrap_or_default();
            let due = due(index, it, &owner, book);
            let learner = book.conversions.applied.get(&index).map(|it| it.account);
            Some(Matter {
                learner,
                deciders: vec![owner],
                happened: entry.logged_at,
                silence: due.map_or(Silence::Never, Silence::Since),
            })
        }
        _ => None,
    }
}

/// Until when the owner ought to have done the next thing.
fn due(index: u64, it: &Application, owner: &str, book: &Book) -> Option<i64> {
    if !it.waits() {
        return None;
    }
    let number = if it.accepted.is_some() || it.reopened.is_some() { DECIDE_DAYS } else { ACCEPT_DAYS };
    let since = book.entry(it.reopened.or(it.accepted).unwrap_or(index))?.logged_at;
    let days = book.policy_for(owner, since).days(number);
    (days > 0).then(|| since + days * 86_400)
}

pub(in crate::audit) fn appeal(
    case: &Case<'_>,
    body: &AppealDecision,
    book: &Book,
    secrets: &dyn Secrets,
    judge: &mut Judge,
) -> Option<Change> {
    for_learners(case, judge);
    let (index, entry) = referred(case, body.decision.as_ref(), book, judge)?;
    let matter = matter(index, book);
    judge.unless(matter.is_some(), Rejection::ReferenceWrongKind, || entry.kind.name().to_owned());
    let matter = matter?;
    match matter.silence {
        Silence::Never => {
            judge.unless(false, Rejection::AppealNotDue, || "nothing is due".to_owned());
        }
        Silence::Since(due) => {
            judge.unless(case.logged_at > due, Rejection::AppealNotDue, || format!("due at {due}"));
        }
        Silence::No => {
            let owner = matter.deciders.first().map(String::as_str).unwrap_or_default();
            let days = book.policy_for(owner, matter.happened).days(APPEAL_DAYS);
            let in_time = days == 0 || case.logged_at - matter.happened <= days * 86_400;
            judge.unless(in_time, Rejection::AppealTooLate, || format!("after {days} days"));
        }
    }
    let before = book.conversions.appealed.get(&index).and_then(|before| book.entry(*before));
    let again = before.is_some_and(|before| before.logged_at >= matter.happened);
    judge.unless(!again, Rejection::AppealExists, || format!("entry {index}"));
    if !matches!(case.payload, PayloadOf::Erased) {
        let account = learner(case, book, secrets, judge);
        consent(case, (Asked::Appeal, index, &[entry.leaf_hash]), account, Some(false), book, judge);
        let theirs = matter.learner.zip(account).is_none_or(|(of, account)| book.kept(of) == Some(account));
        judge.unless(theirs, Rejection::ApplicationDiffers, || "another learner's".to_owned());
    }
    let by = case.index;
    Some(Box::new(move |book| {
        book.conversions.appeals.insert(by, (index, None));
        book.conversions.appealed.insert(index, by);
    }))
}

pub(in crate::audit) fn decide_appeal(
    case: &Case<'_>,
    body: &DecideAppeal,
    book: &Book,
    judge: &mut Judge,
) -> Option<Change> {
    judge.unless(body.verdict != 0, Rejection::FieldMissing, || "verdict".to_owned());
    judge.unless(matches!(body.verdict, 0..=2), Rejection::FieldMalformed, || "verdict".to_owned());
    let (index, entry) = referred(case, body.appeal.as_ref(), book, judge)?;
    let appeal = book.conversions.appeals.get(&index);
    judge.unless(appeal.is_some(), Rejection::ReferenceWrongKind, || entry.kind.name().to_owned());
    let (appealed, decided) = *appeal?;
    judge.unless(decided.is_none(), Rejection::AppealDecided, || format!("{decided:?}"));
    let matter = matter(appealed, book)?;
    let owner = matter.deciders.first().map(String::as_str).unwrap_or_default();
    let policy = book.policy_for(owner, entry.logged_at);
    let named = policy.appeal_body() == Some(case.issuer) && case.signs_as_institution();
    let line = book.line_of(case.issuer);
    let apart = !matter.deciders.iter().any(|it| line.contains(it));
    judge.unless(named && apart, Rejection::NotEntitled, || case.issuer.to_owned());
    let (by, verdict) = (case.index, body.verdict);
    Some(Box::new(move |book| {
        if let Some((_, decided)) = book.conversions.appeals.get_mut(&index) {
            *decided = Some((by, verdict));
        }
        let refused = book.conversions.decisions.get(&appealed).filter(|it| it.verdict == 2).map(|it| it.application);
        let Some(application) = refused.filter(|_| verdict == 1) else { return };
        // The refusal that was appealed is the one that stands.
        let stands = book.conversions.applications.get(&application);
        if stands.is_some_and(|it| !it.waits() && it.decisions.last() == Some(&appealed))
            && let Some(it) = book.conversions.applications.get_mut(&application)
        {
            it.reopened = Some(by);
        }
    }))
}
