//! `Equivalence`: what is held equal to what (职业资格、技能等级与职称、学历的双向比照), each direction on its own.

use super::form::Form;
use super::offers::{next_version, write_offer};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, EquivalenceRow, OfferBody, StandingOf};
use crate::state::{Read, ReadError};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{Equivalence, OutcomeKind, Standing};

/// Most equivalences of one standing: its row stays short.
const EQUIVALENCES: usize = 64;

/// Levels are places in a list; no list is longer.
const LEVELS: u32 = 64;

/// The kinds of outcome that show a standing.
const KINDS: [OutcomeKind; 4] =
    [OutcomeKind::DegreeCertificate, OutcomeKind::SkillLevelCertificate, OutcomeKind::XCertificate, OutcomeKind::Title];

pub(super) fn form(body: &Equivalence, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.equivalence", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.time(body.effective_from, "effective_from");
    for (standing, field) in [(&body.from, "from"), (&body.to, "to")] {
        form.present(standing.is_some(), field);
        let Some(standing) = standing else { continue };
        let kind = KINDS.iter().any(|kind| *kind as i32 == standing.outcome_kind);
        form.well_formed(kind && standing.level <= LEVELS, field);
        form.code(&standing.code, field);
    }
    // Levels of one ladder are not held equal to each other.
    if let Some((from, to)) = body.from.as_ref().zip(body.to.as_ref()) {
        form.well_formed(from.outcome_kind != to.outcome_kind, "to");
    }
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Equivalence) -> Check {
    next_version(case, Kind::Equivalence, &body.code, body.version)?;
    let Some(from) = &body.from else { return Ok(()) };
    let listed = listed(case.state, &row(from))?;
    ensure(listed.len() < EQUIVALENCES, Rejection::FieldMalformed, "statement.equivalence.from")
}

fn row(standing: &Standing) -> StandingOf {
    StandingOf { outcome_kind: standing.outcome_kind, code: standing.code.clone(), level: standing.level }
}

/// The entries that say what a standing is held equal to, oldest first.
fn listed<S: Read + ?Sized>(state: &S, from: &StandingOf) -> Result<Vec<u64>, ReadError> {
    Ok(state.value(&rows::equivalent(from))?.map(|(_, list)| list).unwrap_or_default())
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Equivalence,
) -> Result<(), ReadError> {
    let Some((from, to)) = body.from.as_ref().zip(body.to.as_ref()) else { return Ok(()) };
    let (from, to) = (row(from), row(to));
    let mut list = listed(writer, &from)?;
    list.push(writer.index());
    writer.put(rows::equivalent(&from), &list);
    let body_row = OfferBody::Equivalence(EquivalenceRow { effective_from: body.effective_from, from, to });
    write_offer(writer, entry, Kind::Equivalence, (&body.code, body.version), body_row)
}
