//! `Countersign`, `Suspend`, `Reinstate`, `Revoke`: what happens to an entry after it was logged.

use super::form::Form;
use super::parties::{self, Waiting};
use super::{accredit, change, cosign, policy};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::policy::{DAY_SECONDS, number};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, Countersignature, EntryRow, Force, Short, StandingRow};
use crate::state::{Key, Read, ReadError};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{Countersign, EntryRef, LifecycleReason, Reinstate, Revoke, Suspend};

/// Most countersignatures of one entry.
const COUNTERSIGNATURES: usize = 64;

pub(super) fn reads(target: Option<&EntryRef>, keys: &mut Vec<Key>) {
    keys.extend(target.into_iter().flat_map(|target| [rows::entry(target.index), rows::standing(target.index)]));
}

pub(super) fn reason_form(reason: i32, kind: &'static str, faults: &mut Vec<Refusal>) {
    let prefix = if kind == "suspend" { "statement.suspend" } else { "statement.revoke" };
    let mut form = Form::new(prefix, faults);
    form.present(reason != 0, "reason");
    form.well_formed(LifecycleReason::try_from(reason).is_ok(), "reason");
}

fn kind_of(entry: &EntryRow) -> Option<Kind> {
    Kind::ALL.get(usize::from(entry.kind)).copied()
}

/// Its issuer, the issuer's successor, or an authority over the issuer.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, target: Option<&EntryRef>, field: &'static str) -> Check {
    let Some(entry) = target.map(|target| case.state.entry(target.index)).transpose()?.flatten() else {
        return Ok(());
    };
    let entitled = case.speaks_for(&entry.issuer)? || case.is_authority_over(&entry.issuer)?;
    ensure(entitled, Rejection::NotEntitled, field)
}

/// What an authority suspended, an authority reinstates.
pub(super) fn may_reinstate<S: Read + ?Sized>(case: &Case<'_, S>, body: &Reinstate) -> Check {
    let field = "statement.reinstate";
    may(case, body.target.as_ref(), field)?;
    let Some(target) = &body.target else { return Ok(()) };
    let Some(entry) = case.state.entry(target.index)? else { return Ok(()) };
    let Force::Suspended { by, .. } = case.state.standing(target.index)?.force else { return Ok(()) };
    let by_authority = case.state.entry(by)?.is_some_and(|by| by.issuer != entry.issuer && by.issuer != case.issuer);
    ensure(!by_authority || case.is_authority_over(&entry.issuer)?, Rejection::NotEntitled, field)
}

/// Outcomes, offers and standards; accreditations and changes only while they wait.
pub(super) fn references<S: Read + ?Sized>(
    case: &Case<'_, S>,
    target: Option<&EntryRef>,
    prefix: &'static str,
) -> Check {
    let field = format!("{prefix}.target");
    let (index, entry) = case.target(target, &field)?;
    let right = match kind_of(&entry) {
        Some(
            Kind::RecordingRule
            | Kind::Course
            | Kind::Module
            | Kind::CertificateFamily
            | Kind::Programme
            | Kind::Run
            | Kind::RecordOutcome
            | Kind::Framework
            | Kind::MajorCatalogue
            | Kind::FiledMajors
            | Kind::Equivalence
            | Kind::ExamScheme
            | Kind::Pathway
            | Kind::ConversionRule,
        ) => true,
        Some(Kind::AccreditInstitution | Kind::ChangeInstitution) => {
            prefix == "statement.revoke" && case.state.standing(index)?.pending
        }
        _ => false,
    };
    ensure(right, Rejection::ReferenceWrongKind, field)
}

/// Anything but the life cycle itself.
pub(super) fn countersign_references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Countersign) -> Check {
    let field = "statement.countersign.target";
    let (_, entry) = case.target(body.target.as_ref(), field)?;
    let cycle = matches!(kind_of(&entry), Some(Kind::Countersign | Kind::Suspend | Kind::Reinstate | Kind::Revoke));
    ensure(!cycle, Rejection::ReferenceWrongKind, field)
}

/// Whether a key is in doubt for something logged at a time.
fn any_compromised<S: Read + ?Sized>(state: &S, keys: &[Short], logged_at: i64) -> Result<bool, ReadError> {
    for id in keys {
        if state.key_row(*id)?.is_some_and(|key| key.compromised_at(logged_at)) {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn countersign_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Countersign) -> Check {
    let field = "statement.countersign.target";
    let (index, entry) = case.target(body.target.as_ref(), field)?;
    let standing = case.state.standing(index)?;
    if standing.pending {
        let keys: Vec<Short> = case.keys.iter().map(|key| rows::short(&xuefen_core::Hash(key.id))).collect();
        match completed(case.state, index, &keys)? {
            Some(Waiting::Accredit(body)) => accredit::state_rules(case, &body)?,
            Some(Waiting::Change(body)) => change::state_rules(case, &body).map(|_| ())?,
            None => {}
        }
    }
    ensure(!matches!(standing.force, Force::Revoked { .. }), Rejection::AlreadyRevoked, field)?;
    cosign::countersign_rules(&standing, case.logged_at, field)?;
    let mine = standing.countersignatures.iter().rfind(|signature| signature.party == case.issuer);
    let review = case.issuer == entry.issuer && crate::status::conversion_review(case.state, index)?.is_some();
    let needed = review
        || match mine {
            Some(mine) => any_compromised(case.state, &mine.keys, mine.logged_at)?,
            None if entry.issuer == case.issuer => any_compromised(case.state, &entry.keys, entry.logged_at)?,
            None => true,
        };
    let room = standing.countersignatures.len() < COUNTERSIGNATURES;
    ensure(needed && room, Rejection::AlreadyCountersigned, field)
}

/// What more keys complete, if they do.
fn completed(state: &(impl Read + ?Sized), index: u64, more: &[Short]) -> Result<Option<Waiting>, ReadError> {
    let Some(waiting) = parties::waiting(state, index)? else { return Ok(None) };
    let region = parties::region_of(state, &waiting)?;
    Ok(parties::completes(state, index, &region, more)?.then_some(waiting))
}

pub(super) fn suspend_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Suspend) -> Check {
    let (index, _) = case.target(body.target.as_ref(), "statement.suspend.target")?;
    let length = body.until.saturating_sub(case.logged_at);
    policy::reason(case, body.reason, "statement.suspend.reason")?;
    let days = case.policy()?.span(&number::SUSPENSION);
    if !(1..=days * DAY_SECONDS).contains(&length) {
        let refusal = Refusal::new(Rejection::SuspensionTooLong, "statement.suspend.until");
        return Err(refusal.detail(format!("{length} s, at most {days} days")).into());
    }
    not_revoked(&case.state.standing(index)?, "statement.suspend.target")
}

pub(super) fn reinstate_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Reinstate) -> Check {
    let field = "statement.reinstate.target";
    let (index, _) = case.target(body.target.as_ref(), field)?;
    let standing = case.state.standing(index)?;
    let suspended = matches!(standing.force, Force::Suspended { until, .. } if until > case.logged_at);
    ensure(suspended, Rejection::NotSuspended, field)
}

pub(super) fn revoke_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Revoke) -> Check {
    let field = "statement.revoke.target";
    policy::reason(case, body.reason, "statement.revoke.reason")?;
    let (index, _) = case.target(body.target.as_ref(), field)?;
    not_revoked(&case.state.standing(index)?, field)
}

fn not_revoked(standing: &StandingRow, field: &'static str) -> Check {
    match standing.force {
        Force::Revoked { by, .. } => Err(Refusal::new(Rejection::AlreadyRevoked, field).existing(by).into()),
        _ => Ok(()),
    }
}

pub(super) fn write_countersign<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Countersign,
) -> Result<(), ReadError> {
    let Some(target) = &body.target else { return Ok(()) };
    let by = writer.index();
    let keys: Vec<Short> = entry.keys().iter().map(rows::key_short).collect();
    let mut standing = writer.standing(target.index)?;
    if standing.pending
        && let Some(waiting) = completed(writer, target.index, &keys)?
    {
        standing.pending = false;
        standing.completed_by = Some(by);
        match waiting {
            Waiting::Accredit(body) => accredit::apply(writer, &body, target.index, Some(by), entry.logged_at())?,
            Waiting::Change(body) => change::apply(writer, &body, target.index, entry.logged_at())?,
        }
    }
    let outcome = writer.entry(target.index)?;
    if standing.pending
        && let Some(outcome) = outcome
        && cosign::completes(writer, &outcome, entry.issuer(), &keys)?
    {
        standing.pending = false;
        standing.completed_by = Some(by);
    }
    let mut by_authority = false;
    for id in &keys {
        let accredits = |key: rows::KeyRow| key.owner == entry.issuer() && key.accredits().is_some();
        by_authority |= writer.key_row(*id)?.is_some_and(accredits);
    }
    standing.countersignatures.push(Countersignature {
        party: entry.issuer().to_owned(),
        index: by,
        logged_at: entry.logged_at(),
        keys,
        by_authority,
    });
    writer.put(rows::standing(target.index), &standing);
    Ok(())
}

fn write_force<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    target: Option<&EntryRef>,
    force: Force,
) -> Result<(), ReadError> {
    let Some(target) = target else { return Ok(()) };
    let mut standing = writer.standing(target.index)?;
    standing.force = force;
    writer.put(rows::standing(target.index), &standing);
    Ok(())
}

pub(super) fn write_suspend<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &Suspend) -> Result<(), ReadError> {
    let by = writer.index();
    write_force(writer, body.target.as_ref(), Force::Suspended { until: body.until, by })
}

pub(super) fn write_reinstate<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &Reinstate) -> Result<(), ReadError> {
    write_force(writer, body.target.as_ref(), Force::InForce)
}

pub(super) fn write_revoke<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &Revoke) -> Result<(), ReadError> {
    let by = writer.index();
    write_force(writer, body.target.as_ref(), Force::Revoked { reason: body.reason, by })
}
