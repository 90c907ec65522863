//! `DeclareHeadcount`: how many learners and staff an institution has on a day (在校生数). A later declaration for the same
//! day replaces the earlier; who declared stays beside the numbers.

use super::form::Form;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::day::Day;
use crate::evolve::Accepted;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, HeadcountRow};
use crate::state::Read;
use xuefen_core::proto::DeclareHeadcount;

/// More people than any institution has; keeps sums over institutions far from overflowing.
const MOST: u64 = 100_000_000;

const INSTITUTION: &str = "statement.declare_headcount.institution";
const DAY: &str = "statement.declare_headcount.day";

pub(super) fn form(body: &DeclareHeadcount, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.declare_headcount", faults);
    form.institution(&body.institution, "institution");
    form.present(body.day > 0, "day");
    form.well_formed(body.learners <= MOST, "learners");
    form.well_formed(body.staff <= MOST, "staff");
}

/// The institution itself, who took it over, or an authority over it.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &DeclareHeadcount) -> Check {
    let own = case.acts_as_institution() && case.speaks_for(&body.institution)?;
    ensure(own || case.is_authority_over(&body.institution)?, Rejection::NotEntitled, INSTITUTION)
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &DeclareHeadcount) -> Check {
    let known = case.state.institution(&body.institution)?.is_some();
    ensure(known, Rejection::ReferenceUnknown, INSTITUTION)
}

/// Who is enrolled on a day is known on that day.
pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &DeclareHeadcount) -> Check {
    let come = i64::from(body.day) <= i64::from(Day::of(case.logged_at).0);
    ensure(come, Rejection::DayInFuture, DAY)
}

pub(super) fn write<S: Read + ?Sized>(writer: &mut Writer<'_, S>, entry: &Accepted<'_>, body: &DeclareHeadcount) {
    let row = HeadcountRow { learners: body.learners, staff: body.staff, declared_by: entry.issuer().to_owned() };
    writer.put(rows::headcount(&body.institution, body.day), &row);
}
