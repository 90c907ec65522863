//! `Framework`: ordered levels (资历框架), and references to one of them.

use super::form::Form;
use super::offers::{next_version, write_offer};
use crate::access::Writer;
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::ids;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{FrameworkRow, OfferBody};
use crate::state::{Read, ReadError};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{Framework, LevelRef};

/// Levels of the European framework (EQF).
const EQF_LEVELS: u32 = 8;

/// Most levels of a framework.
const LEVELS: usize = 32;

pub(super) fn form(body: &Framework, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.framework", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.time(body.effective_from, "effective_from");
    form.present(!body.levels.is_empty(), "levels");
    let codes: Vec<String> = body.levels.iter().map(|level| level.code.clone()).collect();
    form.codes(&codes, "levels.code");
    form.well_formed(body.levels.len() <= LEVELS, "levels");
    form.well_formed(body.levels.iter().all(|level| ids::are_names(&level.names)), "levels.names");
    // Levels are ordered, so their links may not go down.
    let linked: Vec<u32> = body.levels.iter().map(|level| level.eqf_level).filter(|level| *level > 0).collect();
    form.well_formed(linked.is_sorted() && linked.iter().all(|level| *level <= EQF_LEVELS), "levels.eqf_level");
}

/// Standards that stand by themselves are an authority's.
pub(super) fn by_authority<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    let authority = case.own_keys().any(|key| key.accredits().is_some());
    ensure(authority, Rejection::NotEntitled, "statement.issuer")
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Framework) -> Check {
    next_version(case, Kind::Framework, &body.code, body.version)
}

/// A level that is named is one of a framework in force; none named = unlevelled.
pub(super) fn level<S: Read + ?Sized>(case: &Case<'_, S>, level: Option<&LevelRef>, field: &'static str) -> Check {
    let Some(level) = level else { return Ok(()) };
    let framework = case.offer(level.framework_index, field)?;
    let OfferBody::Framework(framework) = framework.body else {
        return Err(Refusal::new(Rejection::ReferenceWrongKind, field).into());
    };
    let there = (1..=framework.levels).contains(&level.level);
    ensure(there, Rejection::ReferenceUnknown, format!("{field}.level"))?;
    case.in_force(level.framework_index, field)?;
    ensure(framework.effective_from <= case.logged_at, Rejection::ReferenceNotInForce, field)
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Framework,
) -> Result<(), ReadError> {
    let row = FrameworkRow {
        effective_from: body.effective_from,
        levels: u32::try_from(body.levels.len()).unwrap_or(u32::MAX),
    };
    write_offer(writer, entry, Kind::Framework, (&body.code, body.version), OfferBody::Framework(row))
}
