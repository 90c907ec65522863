//! `AppealDecision`, `DecideAppeal`: against a decision or its reversal, against silence, and against an outcome or what was
//! done to it. The appeal body comes from policy and is never the one who decided. A granted appeal opens a refused
//! application again; it is then decided like any other.

use super::{consent, rule_at};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, Stop, ensure, policy_of};
use crate::facts::{AskFacts, Facts, field};
use crate::policy::{DAY_SECONDS, number};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, AppealRow, Force};
use crate::rules::account;
use crate::rules::form::Form;
use crate::state::{Read, ReadError};
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::{AppealDecision, DecideAppeal, Verdict};

const DECISION: &str = "statement.appeal_decision.decision";
const APPEAL: &str = "statement.decide_appeal.appeal";

/// What is complained of.
#[derive(Clone, Copy)]
enum What {
    /// Something was done.
    Deed,
    /// Nothing was done, and that was due then, Unix seconds.
    Silence(Option<i64>),
}

/// What can be appealed.
struct Appealable {
    index: u64,
    /// Whose it is; `None` if that was erased.
    account: Option<AccountKey>,
    /// Who decided, or should have.
    deciders: Vec<String>,
    /// When it happened, Unix seconds.
    at: i64,
    what: What,
}

/// What an entry is to an appeal; `None` if it cannot be appealed.
fn appealable<S: Read + ?Sized>(state: &S, index: u64) -> Result<Option<Appealable>, ReadError> {
    let Some(entry) = state.entry(index)? else { return Ok(None) };
    if usize::from(entry.kind) == Kind::RecordOutcome as usize {
        return outcome(state, index, &entry).map(Some);
    }
    let applied = |application: u64| Ok::<_, ReadError>(state.applied(application)?.map(|row| row.account));
    if let Some(row) = state.conversion(index)? {
        let ended = row.ended_by.map(|by| state.entry(by)).transpose()?.flatten();
        let at = ended.as_ref().map_or(entry.logged_at, |by| by.logged_at);
        let deciders = [Some(entry.issuer), ended.map(|by| by.issuer)].into_iter().flatten().collect();
        return Ok(Some(Appealable { index, account: applied(row.application)?, deciders, at, what: What::Deed }));
    }
    let Some(row) = state.application(index)? else { return Ok(None) };
    let owner = rule_at(state, row.rule)?.map(|rule| rule.owner).unwrap_or_default();
    let due = due(state, index, &row)?;
    let (account, at) = (applied(index)?, entry.logged_at);
    Ok(Some(Appealable { index, account, deciders: vec![owner], at, what: What::Silence(due) }))
}

/// The newest of what happened to an outcome: recorded, corrected, suspended, revoked.
fn outcome<S: Read + ?Sized>(state: &S, index: u64, entry: &rows::EntryRow) -> Result<Appealable, ReadError> {
    let standing = state.standing(index)?;
    let by = match standing.force {
        Force::InForce => standing.superseded_by,
        Force::Suspended { by, .. } | Force::Revoked { by, .. } => Some(by),
    };
    let by = by.map(|by| state.entry(by)).transpose()?.flatten();
    let at = by.as_ref().map_or(entry.logged_at, |by| by.logged_at);
    let deciders = [Some(entry.issuer.clone()), by.map(|by| by.issuer)].into_iter().flatten().collect();
    let account = state.outcome(index)?.map(|row| row.account);
    Ok(Appealable { index, account, deciders, at, what: What::Deed })
}

/// When the next step on an application is due, Unix seconds; `None` if policy sets no day, or nothing is left to do.
pub(crate) fn due<S: Read + ?Sized>(
    state: &S,
    index: u64,
    row: &rows::ApplicationRow,
) -> Result<Option<i64>, ReadError> {
    let owner = rule_at(state, row.rule)?.map(|rule| rule.owner).unwrap_or_default();
    if !row.is_open() {
        return Ok(None);
    }
    let (since, number) = match (row.reopened_by, row.accepted_by) {
        (Some(by), _) | (None, Some(by)) => (by, &number::DECIDE_DAYS),
        (None, None) => (index, &number::ACCEPT_DAYS),
    };
    let Some(since) = state.entry(since)? else { return Ok(None) };
    let days = policy_of(state, &owner, since.logged_at)?.number(number).and_then(|days| i64::try_from(days).ok());
    Ok(days.map(|days| since.logged_at + days * DAY_SECONDS))
}

fn facts<'a, S: Read + ?Sized>(case: &Case<'a, S>) -> Option<&'a AskFacts> {
    match &case.prepared.facts {
        Facts::Ask(facts) => Some(facts),
        _ => None,
    }
}

fn target<S: Read + ?Sized>(case: &Case<'_, S>, body: &AppealDecision) -> Result<Appealable, Stop> {
    let (index, _) = case.target(body.decision.as_ref(), DECISION)?;
    let wrong = || Refusal::new(Rejection::ReferenceWrongKind, DECISION);
    Ok(appealable(case.state, index)?.ok_or_else(wrong)?)
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &AppealDecision) -> Check {
    target(case, body)?;
    consent::known(case, facts(case).and_then(|facts| facts.account))
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &AppealDecision) -> Check {
    let target = target(case, body)?;
    let Some(facts) = facts(case) else { return Ok(()) };
    let Some(kept) = account::kept(case.state, facts.account)? else { return Err(account::unknown().into()) };
    consent::given(case, kept, &facts.consent, false)?;
    let erased = || Refusal::new(Rejection::SourceErased, DECISION).existing(target.index);
    let account = target.account.ok_or_else(erased)?;
    let same = account::kept(case.state, Some(account))? == Some(kept);
    ensure(same, Rejection::ApplicationDiffers, field(tags::ACCOUNT))?;
    in_time(case, &target)?;
    // Once for each thing that happened.
    if let Some((before, _)) = case.state.newest(&rows::appealed(target.index))? {
        let since = case.state.entry(before)?.is_some_and(|entry| entry.logged_at >= target.at);
        if since {
            return Err(Refusal::new(Rejection::AppealExists, DECISION).existing(before).into());
        }
    }
    Ok(())
}

fn in_time<S: Read + ?Sized>(case: &Case<'_, S>, target: &Appealable) -> Check {
    if let What::Silence(due) = target.what {
        let due_text = due.map_or_else(|| "nothing is due".to_owned(), |due| format!("due at {due}"));
        let silent = due.is_some_and(|due| due < case.logged_at);
        let refusal = || Refusal::new(Rejection::AppealNotDue, DECISION).existing(target.index).detail(due_text);
        return if silent { Ok(()) } else { Err(refusal().into()) };
    }
    let owner = target.deciders.first().map(String::as_str).unwrap_or_default();
    let Some(days) = policy_of(case.state, owner, target.at)?.number(&number::APPEAL_DAYS) else { return Ok(()) };
    let age = case.logged_at.saturating_sub(target.at);
    if age <= i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(DAY_SECONDS) {
        return Ok(());
    }
    let detail = format!("{} days after it, at most {days}", age / DAY_SECONDS);
    Err(Refusal::new(Rejection::AppealTooLate, DECISION).existing(target.index).detail(detail).into())
}

pub(super) fn decide_form(body: &DecideAppeal, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.decide_appeal", faults);
    form.present(body.verdict != 0, "verdict");
    form.well_formed(Verdict::try_from(body.verdict).is_ok(), "verdict");
}

/// The appeal body of the policy that binds who decided, unless that is who decided.
pub(super) fn decide_may<S: Read + ?Sized>(case: &Case<'_, S>, body: &DecideAppeal) -> Check {
    let Some(target) = &body.appeal else { return Ok(()) };
    let Some(row) = case.state.appeal(target.index)? else { return Ok(()) };
    let Some(appealed) = appealable(case.state, row.target)? else { return Ok(()) };
    let owner = appealed.deciders.first().map(String::as_str).unwrap_or_default();
    let appealed_at = case.state.entry(target.index)?.map_or(case.logged_at, |entry| entry.logged_at);
    let policy = policy_of(case.state, owner, appealed_at)?;
    let named = case.issuer == policy.appeal_body() && case.acts_as_institution();
    let mut own = false;
    for decider in &appealed.deciders {
        own |= case.speaks_for(decider)?;
    }
    ensure(named && !own, Rejection::NotEntitled, "statement.decide_appeal")
}

pub(super) fn decide_references<S: Read + ?Sized>(case: &Case<'_, S>, body: &DecideAppeal) -> Check {
    let (index, _) = case.target(body.appeal.as_ref(), APPEAL)?;
    ensure(case.state.appeal(index)?.is_some(), Rejection::ReferenceWrongKind, APPEAL)
}

pub(super) fn decide_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &DecideAppeal) -> Check {
    let (index, _) = case.target(body.appeal.as_ref(), APPEAL)?;
    match case.state.appeal(index)?.and_then(|row| row.decided) {
        None => Ok(()),
        Some((by, _)) => Err(Refusal::new(Rejection::AppealDecided, APPEAL).existing(by).into()),
    }
}

pub(super) fn write<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &AppealDecision) {
    let Some(target) = &body.decision else { return };
    let index = writer.index();
    writer.put(rows::appeal(index), &AppealRow { target: target.index, decided: None });
    writer.mark(rows::appealed(target.index));
}

pub(super) fn write_decided<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    body: &DecideAppeal,
) -> Result<(), ReadError> {
    let Some(target) = &body.appeal else { return Ok(()) };
    let Some(mut appeal) = writer.appeal(target.index)? else { return Ok(()) };
    let by = writer.index();
    appeal.decided = Some((by, body.verdict));
    writer.put(rows::appeal(target.index), &appeal);
    let Some(decision) = writer.conversion(appeal.target)? else { return Ok(()) };
    if body.verdict != Verdict::Granted as i32 || decision.verdict != Verdict::Refused as i32 {
        return Ok(());
    }
    let Some(mut application) = writer.application(decision.application)? else { return Ok(()) };
    // Another decision may have come of another appeal.
    if application.decision() == Some(appeal.target) {
        application.reopened_by = Some(by);
        writer.put(rows::application(decision.application), &application);
    }
    Ok(())
}
