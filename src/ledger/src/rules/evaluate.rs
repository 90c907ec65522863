//! `EvaluateInstitution`: the grade of an institution in a scheme of evaluation for a year. Grades belong to their scheme; a
//! later one for the same year replaces the earlier.

use super::form::Form;
use super::parties;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, EvaluationRow};
use crate::state::Read;
use xuefen_core::proto::EvaluateInstitution;

const INSTITUTION: &str = "statement.evaluate_institution.institution";

pub(super) fn form(body: &EvaluateInstitution, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.evaluate_institution", faults);
    form.institution(&body.institution, "institution");
    form.code(&body.scheme, "scheme");
    form.present(body.year > 0, "year");
    form.well_formed(body.year == 0 || super::majors::YEARS.contains(&body.year), "year");
    form.code(&body.grade, "grade");
}

/// The authority over the institution.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &EvaluateInstitution) -> Check {
    let Some(row) = case.state.institution(&body.institution)? else { return Ok(()) };
    parties::authority_over(case, &row.region, INSTITUTION)
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &EvaluateInstitution) -> Check {
    let known = case.state.institution(&body.institution)?.is_some();
    ensure(known, Rejection::ReferenceUnknown, INSTITUTION)
}

pub(super) fn write<S: Read + ?Sized>(writer: &mut Writer<'_, S>, entry: &Accepted<'_>, body: &EvaluateInstitution) {
    let row = EvaluationRow {
        scheme: body.scheme.clone(),
        year: body.year,
        grade: body.grade.clone(),
        evaluator: entry.issuer().to_owned(),
    };
    writer.put(rows::evaluations(&body.institution), &row);
}
