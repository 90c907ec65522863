//! `WithdrawApplication`: an application is taken back before the decision.

use super::application;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::rejection::Rejection;
use crate::rows;
use crate::state::{Read, ReadError};
use xuefen_core::proto::{AuthorityRole, WithdrawApplication};

const FIELD: &str = "statement.withdraw_application.application";

/// Whoever posted the application for the learner, or the operator.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &WithdrawApplication) -> Check {
    let Some(target) = &body.application else { return Ok(()) };
    let Some(entry) = case.state.entry(target.index)? else { return Ok(()) };
    let posted = case.speaks_for(&entry.issuer)? && case.acts_as_institution();
    let entitled = posted || case.acts_as(AuthorityRole::Intake);
    ensure(entitled, Rejection::NotEntitled, "statement.withdraw_application")
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &WithdrawApplication) -> Check {
    let (_, row) = application(case, body.application.as_ref(), FIELD)?;
    ensure(row.is_open(), Rejection::ApplicationState, FIELD)
}

pub(super) fn write<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &WithdrawApplication) -> Result<(), ReadError> {
    let Some(target) = &body.application else { return Ok(()) };
    let Some(mut row) = writer.application(target.index)? else { return Ok(()) };
    row.withdrawn_by = Some(writer.index());
    writer.put(rows::application(target.index), &row);
    Ok(())
}
