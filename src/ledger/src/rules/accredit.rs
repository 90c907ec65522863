//! `AccreditInstitution`: who may issue what under which names. In force once nation and province have signed.

use super::form::{Form, name_rows};
use super::parties;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, Stop, ensure};
use crate::evolve::Accepted;
use crate::ids;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccreditationRow, InstitutionRow, NamesPeriod, Period, Status};
use crate::state::{Read, ReadError};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, InstitutionKind, OutcomeKind, Sector};

const FIELD: &str = "statement.accredit_institution";

pub(super) fn form(body: &AccreditInstitution, faults: &mut Vec<Refusal>) {
    let mut form = Form::new(FIELD, faults);
    form.institution(&body.institution, "institution");
    form.present(body.kind != 0, "kind");
    form.well_formed(InstitutionKind::try_from(body.kind).is_ok(), "kind");
    form.present(body.sector != 0, "sector");
    form.well_formed(Sector::try_from(body.sector).is_ok(), "sector");
    form.region_or_empty(&body.region, "region");
    if !body.parent.is_empty() {
        form.institution(&body.parent, "parent");
    }
    let kinds = &body.outcome_kinds;
    let known = |kind: &i32| *kind != 0 && OutcomeKind::try_from(*kind).is_ok();
    let distinct = kinds.iter().enumerate().all(|(at, kind)| known(kind) && !kinds[..at].contains(kind));
    form.well_formed(distinct, "outcome_kinds");
    form.codes(&body.families, "families");
    form.names(&body.names, "names");
    form.codes(&body.full_ladder, "full_ladder");
    let top = u64::from(body.highest_skill_level) <= crate::policy::TOP_SKILL_LEVEL;
    form.well_formed(top && body.full_ladder.len() <= ids::LIST, "highest_skill_level");
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &AccreditInstitution) -> Check {
    parties::authority_over(case, &body.region, "statement.accredit_institution.region")
}

/// Whether the entry would wait for a second signature.
pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &AccreditInstitution) -> Result<bool, Stop> {
    state_rules(case, body)?;
    Ok(!parties::all_sign(&case.keys, &body.region))
}

/// What must hold when the accreditation takes force.
pub(super) fn state_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &AccreditInstitution) -> Check {
    let Some(row) = case.state.institution(&body.institution)? else { return Ok(()) };
    let ended = matches!(row.status_at(case.logged_at), Some(Status::Revoked { .. } | Status::Merged { .. }));
    ensure(!ended, Rejection::InstitutionState, "statement.accredit_institution.institution")
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &AccreditInstitution,
) -> Result<(), ReadError> {
    let mut keys = Vec::new();
    for key in entry.keys() {
        keys.extend(writer.key_row(rows::key_short(key))?);
    }
    if parties::all_sign(&keys, &body.region) {
        let index = writer.index();
        return apply(writer, body, index, None, entry.logged_at());
    }
    parties::wait(writer, &Body::AccreditInstitution(body.clone()));
    Ok(())
}

/// The accreditation takes force.
pub(super) fn apply<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    body: &AccreditInstitution,
    entry: u64,
    completed_by: Option<u64>,
    from: i64,
) -> Result<(), ReadError> {
    let key = rows::institution(&body.institution);
    let old = writer.institution(&body.institution)?;
    let mut row = InstitutionRow {
        kind: body.kind,
        sector: body.sector,
        region: body.region.clone(),
        parent: body.parent.clone(),
        outcome_kinds: body.outcome_kinds.clone(),
        families: body.families.clone(),
        full_ladder: body.full_ladder.clone(),
        may_import: body.may_import,
        highest_skill_level: body.highest_skill_level,
        names: Vec::new(),
        periods: vec![Period { from, by: entry, status: Status::InForce }],
        accreditations: Vec::new(),
        predecessors: Vec::new(),
    };
    // A new accreditation replaces the rights; what the institution was, and is, stays.
    if let Some(old) = old {
        row.names = old.names;
        row.periods = old.periods;
        row.accreditations = old.accreditations;
        row.predecessors = old.predecessors;
    }
    row.names.push(NamesPeriod { from, by: entry, names: name_rows(&body.names) });
    row.accreditations.push(AccreditationRow { from, entry, completed_by });
    writer.put(key, &row);
    Ok(())
}
