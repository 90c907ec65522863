//! `ChangeInstitution`: renamed, taken over, suspended, ended, back again.

use super::form::{Form, name_rows};
use super::parties;
use super::policy::code_of;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, Said, Stop, ensure};
use crate::evolve::Accepted;
use crate::flag::{Flag, FlagCode};
use crate::policy;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, InstitutionRow, NamesPeriod, Period, Status};
use crate::state::{Read, ReadError};
use crate::threshold::Breach;
use xuefen_core::proto::change_institution::Change;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{ChangeInstitution, EndEffect, InstitutionGround, MergeInstitution, Severity};

const FIELD: &str = "statement.change_institution";
const INSTITUTION: &str = "statement.change_institution.institution";

pub(super) fn form(body: &ChangeInstitution, faults: &mut Vec<Refusal>) {
    let mut form = Form::new(FIELD, faults);
    form.institution(&body.institution, "institution");
    let ground = |ground: i32| ground != 0 && InstitutionGround::try_from(ground).is_ok();
    match &body.change {
        None => form.present(false, "change"),
        Some(Change::Rename(rename)) => form.names(&rename.names, "rename.names"),
        Some(Change::Merge(merge)) => form.institution(&merge.successor, "merge.successor"),
        Some(Change::Suspend(suspend)) => {
            form.well_formed(ground(suspend.ground), "suspend.ground");
            form.time(suspend.until, "suspend.until");
        }
        Some(Change::Revoke(revoke)) => {
            form.well_formed(ground(revoke.ground), "revoke.ground");
            let retroactive = revoke.effect == EndEffect::Retroactive as i32;
            form.well_formed(retroactive || revoke.effect == EndEffect::Prospective as i32, "revoke.effect");
            form.time(revoke.since, "revoke.since");
            form.well_formed(retroactive == (revoke.since > 0), "revoke.since");
        }
        Some(Change::Reinstate(_)) => {}
    }
}

/// Suspend and rename by the province, or the nation, alone.
const fn one_is_enough(body: &ChangeInstitution) -> bool {
    matches!(body.change, Some(Change::Rename(_) | Change::Suspend(_)))
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &ChangeInstitution) -> Check {
    let Some(row) = case.state.institution(&body.institution)? else { return Ok(()) };
    parties::authority_over(case, &row.region, INSTITUTION)
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &ChangeInstitution) -> Check {
    let known = case.state.institution(&body.institution)?.is_some();
    ensure(known, Rejection::ReferenceUnknown, INSTITUTION)?;
    let Some(Change::Merge(MergeInstitution { successor })) = &body.change else { return Ok(()) };
    let known = case.state.institution(successor)?.is_some();
    ensure(known, Rejection::ReferenceUnknown, "statement.change_institution.merge.successor")
}

/// Whether the entry would wait for a second signature.
pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &ChangeInstitution) -> Result<bool, Stop> {
    let row = state_rules(case, body)?;
    if let Some(row) = &row {
        listed_ground(case, body, row)?;
    }
    let region = row.map_or_else(String::new, |row| row.region);
    Ok(!one_is_enough(body) && !parties::all_sign(&case.keys, &region))
}

/// Code of the ground of a change, and where it stands.
fn ground(change: Option<&Change>) -> Option<(String, &'static str)> {
    let (ground, field) = match change? {
        Change::Suspend(it) => (it.ground, "statement.change_institution.suspend.ground"),
        Change::Revoke(it) => (it.ground, "statement.change_institution.revoke.ground"),
        _ => return None,
    };
    let name = InstitutionGround::try_from(ground).ok()?.as_str_name();
    Some((code_of(name, "INSTITUTION_GROUND_"), field))
}

/// A ground is on the list of the policy where the institution sits, if there is one.
fn listed_ground<S: Read + ?Sized>(case: &Case<'_, S>, body: &ChangeInstitution, row: &InstitutionRow) -> Check {
    let Some((code, field)) = ground(body.change.as_ref()) else { return Ok(()) };
    let policy = policy::in_force(case.state, &row.region, case.logged_at)?;
    if policy.ground(&code).is_some() {
        return Ok(());
    }
    Err(Refusal::new(Rejection::GroundNotListed, field).detail(code).into())
}

/// A revocation whose effect is not the one that policy gives its ground is remarked on.
pub(super) fn breaches<S: Read + ?Sized>(
    state: &S,
    said: &Said<'_>,
    body: &ChangeInstitution,
) -> Result<Vec<Breach>, ReadError> {
    let Some(Change::Revoke(revoke)) = &body.change else { return Ok(Vec::new()) };
    let Some((code, _)) = ground(body.change.as_ref()) else { return Ok(Vec::new()) };
    let Some(row) = state.institution(&body.institution)? else { return Ok(Vec::new()) };
    let effect = policy::in_force(state, &row.region, said.logged_at)?.ground(&code).unwrap_or(0);
    if effect == 0 || i64::from(effect) == i64::from(revoke.effect) {
        return Ok(Vec::new());
    }
    let field = "statement.change_institution.revoke.effect";
    Ok(vec![Breach::remark(Flag::new(FlagCode::EffectNotDefault, Severity::Advisory, field))])
}

/// What must hold when the change takes force.
pub(super) fn state_rules<S: Read + ?Sized>(
    case: &Case<'_, S>,
    body: &ChangeInstitution,
) -> Result<Option<InstitutionRow>, Stop> {
    let Some(row) = case.state.institution(&body.institution)? else { return Ok(None) };
    match &body.change {
        Some(Change::Suspend(it)) => {
            let future = it.until == 0 || it.until > case.logged_at;
            ensure(future, Rejection::FieldMalformed, "statement.change_institution.suspend.until")?;
        }
        Some(Change::Revoke(it)) => {
            let past = it.since <= case.logged_at;
            ensure(past, Rejection::FieldMalformed, "statement.change_institution.revoke.since")?;
        }
        _ => {}
    }
    let fits = match (row.status_at(case.logged_at), &body.change) {
        (None | Some(Status::Merged { .. }), _) => false,
        (Some(status), Some(Change::Reinstate(_))) => *status != Status::InForce,
        (Some(Status::Revoked { .. }), Some(Change::Rename(_))) => true,
        (Some(status), _) => !matches!(status, Status::Revoked { .. }),
    };
    ensure(fits, Rejection::InstitutionState, INSTITUTION)?;
    if let Some(Change::Merge(MergeInstitution { successor })) = &body.change {
        let other = case.state.institution(successor)?;
        let in_force = other.is_some_and(|row| row.status_at(case.logged_at) == Some(&Status::InForce));
        let good = in_force && *successor != body.institution;
        ensure(good, Rejection::SuccessorWrong, "statement.change_institution.merge.successor")?;
    }
    Ok(Some(row))
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &ChangeInstitution,
) -> Result<(), ReadError> {
    let region = writer.institution(&body.institution)?.map_or_else(String::new, |row| row.region);
    let mut keys = Vec::new();
    for key in entry.keys() {
        keys.extend(writer.key_row(rows::key_short(key))?);
    }
    if one_is_enough(body) || parties::all_sign(&keys, &region) {
        let index = writer.index();
        return apply(writer, body, index, entry.logged_at());
    }
    parties::wait(writer, &Body::ChangeInstitution(body.clone()));
    Ok(())
}

/// The change takes force.
pub(super) fn apply<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    body: &ChangeInstitution,
    by: u64,
    from: i64,
) -> Result<(), ReadError> {
    let Some(mut row) = writer.institution(&body.institution)? else { return Ok(()) };
    let status = match &body.change {
        None => return Ok(()),
        Some(Change::Rename(it)) => {
            row.names.push(NamesPeriod { from, by, names: name_rows(&it.names) });
            writer.put(rows::institution(&body.institution), &row);
            return Ok(());
        }
        Some(Change::Merge(it)) => {
            if let Some(mut successor) = writer.institution(&it.successor)? {
                successor.predecessors.push(body.institution.clone());
                writer.put(rows::institution(&it.successor), &successor);
            }
            Status::Merged { successor: it.successor.clone() }
        }
        Some(Change::Suspend(it)) => {
            Status::Suspended { until: if it.until == 0 { i64::MAX } else { it.until }, ground: it.ground }
        }
        Some(Change::Revoke(it)) => Status::Revoked {
            ground: it.ground,
            retroactive_since: (it.effect == EndEffect::Retroactive as i32).then_some(it.since),
        },
        Some(Change::Reinstate(_)) => Status::InForce,
    };
    row.periods.push(Period { from, by, status });
    writer.put(rows::institution(&body.institution), &row);
    Ok(())
}
