//! `AcceptApplication` (受理): the receiving institution takes an application up.

use super::{application, owns};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::rejection::Rejection;
use crate::rows;
use crate::state::{Read, ReadError};
use xuefen_core::proto::AcceptApplication;

const FIELD: &str = "statement.accept_application.application";

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &AcceptApplication) -> Check {
    let Some(target) = &body.application else { return Ok(()) };
    let Some(application) = case.state.application(target.index)? else { return Ok(()) };
    owns(case, application.rule, "statement.accept_application")
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &AcceptApplication) -> Check {
    let (_, row) = application(case, body.application.as_ref(), FIELD)?;
    ensure(row.is_open() && row.accepted_by.is_none(), Rejection::ApplicationState, FIELD)
}

pub(super) fn write<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &AcceptApplication) -> Result<(), ReadError> {
    let Some(target) = &body.application else { return Ok(()) };
    let Some(mut row) = writer.application(target.index)? else { return Ok(()) };
    row.accepted_by = Some(writer.index());
    writer.put(rows::application(target.index), &row);
    Ok(())
}
