//! Who must sign an outcome too: with the entry, or later by `Countersign`. What waits counts for nothing and lapses
//! (rules.md 2, "Co-signing"; docs/adr/0029).

use super::form::Form;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure, predecessors};
use crate::evolve::Accepted;
use crate::policy::{self, CosignTime, InForce};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, EntryRow, KeyRow, Short, StandingRow, Status};
use crate::state::{Key, Read, ReadError};
use xuefen_core::proto::{InstitutionKind, OutcomeKind, RecordOutcome};

const COSIGNER: &str = "statement.record_outcome.cosigner";

/// When the co-signer signs; `None` if there is none and none is asked for. Old paper needs none.
fn time(policy: &InForce, body: &RecordOutcome) -> Option<CosignTime> {
    let asked = OutcomeKind::try_from(body.outcome_kind).ok().and_then(|kind| policy.cosign_time(kind));
    let named = || (!body.cosigner.is_empty()).then(|| policy.named_cosign_time());
    asked.filter(|_| !body.imported).or_else(named)
}

pub(super) fn form(body: &RecordOutcome, faults: &mut Vec<Refusal>) {
    if !body.cosigner.is_empty() {
        Form::new("statement.record_outcome", faults).institution(&body.cosigner, "cosigner");
    }
}

pub(super) fn reads(body: &RecordOutcome, keys: &mut Vec<Key>) {
    if !body.cosigner.is_empty() {
        keys.push(rows::institution(&body.cosigner));
    }
}

fn signs<'a>(party: &str, keys: impl IntoIterator<Item = &'a KeyRow>) -> bool {
    keys.into_iter().any(|key| key.owner == party && key.role.is_none())
}

/// Stage: who must sign too.
pub(super) fn at_entry<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    let Some(time) = time(case.policy()?, body) else { return Ok(()) };
    ensure(!body.cosigner.is_empty(), Rejection::CosignerMissing, COSIGNER)?;
    let signed = time != CosignTime::AtEntry || signs(&body.cosigner, &case.keys);
    ensure(signed, Rejection::CosignerMissing, "attestations")
}

/// The co-signer is there and may act.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    if body.cosigner.is_empty() {
        return Ok(());
    }
    let row = case.state.institution(&body.cosigner)?;
    let row = row.ok_or_else(|| Refusal::new(Rejection::ReferenceUnknown, COSIGNER))?;
    let stands = row.status_at(case.logged_at) == Some(&Status::InForce);
    ensure(stands, Rejection::ReferenceNotInForce, COSIGNER)
}

/// Somebody else, not a former self; of a practice record, school and workplace.
pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    if body.cosigner.is_empty() {
        return Ok(());
    }
    ensure(!case.speaks_for(&body.cosigner)?, Rejection::CosignerWrong, COSIGNER)?;
    right_kind(case, body)?;
    if body.outcome_kind != OutcomeKind::PracticeRecord as i32 {
        return Ok(());
    }
    let works = |kind: i32| {
        let kind = InstitutionKind::try_from(kind);
        matches!(kind, Ok(InstitutionKind::Enterprise | InstitutionKind::TrainingBase | InstitutionKind::Consortium))
    };
    let issuer = case.institution.as_ref().is_some_and(|row| works(row.kind));
    let cosigner = case.state.institution(&body.cosigner)?.is_some_and(|row| works(row.kind));
    ensure(issuer || cosigner, Rejection::CosignerWrong, COSIGNER)
}

/// The co-signer is of a kind that policy asks for, if it asks for one.
fn right_kind<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    let Ok(kind) = OutcomeKind::try_from(body.outcome_kind) else { return Ok(()) };
    let rules = case.policy()?.cosigners(kind);
    let Some(row) = case.state.institution(&body.cosigner)? else { return Ok(()) };
    let right = body.imported || rules.is_empty() || rules.iter().any(|rule| rule.cosigner_kind == row.kind);
    ensure(right, Rejection::CosignerWrong, COSIGNER)
}

/// Whether an outcome signed by these keys waits, and until when: Unix seconds.
fn waits<'a>(
    policy: &InForce,
    body: &RecordOutcome,
    keys: impl IntoIterator<Item = &'a KeyRow>,
    logged_at: i64,
) -> Option<i64> {
    match time(policy, body)? {
        CosignTime::MayFollow { lapse_days } if !signs(&body.cosigner, keys) => {
            Some(logged_at + i64::from(lapse_days) * policy::DAY_SECONDS)
        }
        _ => None,
    }
}

pub(super) fn is_pending<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Result<bool, ReadError> {
    Ok(waits(case.policy()?, body, &case.keys, case.logged_at).is_some())
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &RecordOutcome,
) -> Result<(), ReadError> {
    let mut keys = Vec::new();
    for key in entry.keys() {
        keys.extend(writer.key_row(rows::key_short(key))?);
    }
    if let Some(lapses_at) = waits(entry.policy(writer)?, body, &keys, entry.logged_at()) {
        let index = writer.index();
        writer.put(rows::standing(index), &StandingRow { pending: true, lapses_at, ..StandingRow::default() });
    }
    Ok(())
}

/// What has waited too long is not brought back.
pub(super) fn countersign_rules(standing: &StandingRow, logged_at: i64, field: &'static str) -> Check {
    ensure(!standing.has_lapsed(logged_at), Rejection::PendingLapsed, field)
}

/// Whether a party's countersignature is the one that an outcome waits for: its co-signer's, or that of whoever took the
/// co-signer over.
pub(super) fn completes(
    state: &(impl Read + ?Sized),
    target: &EntryRow,
    party: &str,
    keys: &[Short],
) -> Result<bool, ReadError> {
    if target.cosigner.is_empty() {
        return Ok(false);
    }
    let mut rows = Vec::new();
    for id in keys {
        rows.extend(state.key_row(*id)?);
    }
    if !signs(party, &rows) {
        return Ok(false);
    }
    let row = state.institution(party)?;
    Ok(party == target.cosigner || predecessors(state, row.as_ref())?.contains(&target.cosigner))
}
