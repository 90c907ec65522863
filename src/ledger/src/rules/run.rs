//! `Run`: one time that a course or programme is held (班次), and what it bounds in the outcomes that name it by its code.

use super::form::Form;
use super::offers::write_offer;
use super::programme;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure, predecessors};
use crate::evolve::Accepted;
use crate::facts::{OutcomeFacts, field};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, OfferBody, OfferRow, RunOfferRow};
use crate::state::{Key, Read, ReadError};
use prost::Message;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::{Programme, Run};

const OFFER: &str = "statement.run.offer_index";

/// Most runs of a programme that are announced and have not begun: each is looked at when the programme changes.
const AHEAD: usize = 1_000;

pub(super) fn reads(body: &Run, issuer: &str, keys: &mut Vec<Key>) {
    keys.extend([rows::display(issuer, Kind::Run, &body.code), rows::offer(body.offer_index)]);
}

pub(super) fn form(body: &Run, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.run", faults);
    form.code(&body.code, "code");
    form.present(body.offer_index > 0, "offer_index");
    form.present(body.start_day > 0, "start_day");
    form.well_formed(body.start_day <= body.end_day && body.end_day < 1 << 22, "end_day");
    form.present(body.minutes > 0, "minutes");
    form.well_formed(body.practice_minutes <= body.minutes, "practice_minutes");
    if !body.venue.is_empty() {
        form.institution(&body.venue, "venue");
    }
    form.region_or_empty(&body.place, "place");
}

/// Of a course, module or programme of its own.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Run) -> Check {
    let offer = case.offer(body.offer_index, OFFER)?;
    let held = matches!(offer.body, OfferBody::Course(_) | OfferBody::Module(_) | OfferBody::Programme(_));
    ensure(held && case.speaks_for(&offer.owner)?, Rejection::ReferenceWrongKind, OFFER)?;
    case.in_force(body.offer_index, OFFER)
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Run) -> Check {
    if let Some((index, _)) = case.state.display(&rows::display(case.issuer, Kind::Run, &body.code))? {
        return Err(Refusal::new(Rejection::RunExists, "statement.run.code").existing(index).into());
    }
    let ahead = match case.state.offer(body.offer_index)? {
        Some(OfferRow { owner, code, body: OfferBody::Programme(_), .. }) => {
            programme::ahead(case.state, (&owner, &code), case.logged_at)?.len()
        }
        _ => 0,
    };
    if ahead < AHEAD {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::FieldMalformed, OFFER);
    Err(refusal
        .detail(format!("{ahead} runs of the programme are announced and have not begun, at most {AHEAD}"))
        .into())
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Run,
) -> Result<(), ReadError> {
    let row = RunOfferRow {
        offer: body.offer_index,
        start_day: body.start_day,
        end_day: body.end_day,
        minutes: body.minutes,
        practice_minutes: body.practice_minutes,
    };
    write_offer(writer, entry, Kind::Run, (&body.code, 1), OfferBody::Run(row))?;
    match writer.offer(body.offer_index)? {
        Some(OfferRow { owner, code, body: OfferBody::Programme(_), .. }) => {
            programme::announce(writer, (&owner, &code), body.start_day, entry.logged_at())
        }
        _ => Ok(()),
    }
}

/// The published run that an outcome names, by its issuer or someone it took over. A run that nobody published is a label.
pub(super) fn named<S: Read + ?Sized>(
    state: &S,
    issuer: &str,
    code: Option<&str>,
) -> Result<Option<(u64, RunOfferRow)>, ReadError> {
    let Some(code) = code else { return Ok(None) };
    let own = state.display(&rows::display(issuer, Kind::Run, code))?;
    let mut found = own.map(|(index, _)| index);
    if found.is_none() {
        for owner in predecessors(state, state.institution(issuer)?.as_ref())? {
            found = found.or(state.display(&rows::display(&owner, Kind::Run, code))?.map(|(index, _)| index));
        }
    }
    let Some(index) = found else { return Ok(None) };
    Ok(match state.offer(index)?.map(|offer| offer.body) {
        Some(OfferBody::Run(row)) => Some((index, row)),
        _ => None,
    })
}

/// It was held, and of the outcome's course: the one that it is of, or a part of its programme.
pub(super) fn outcome_references<S: Read + ?Sized>(case: &Case<'_, S>, facts: &OutcomeFacts) -> Check {
    let Some((index, run)) = named(case.state, case.issuer, facts.run.as_deref())? else { return Ok(()) };
    let part = match case.state.offer(run.offer)?.map(|offer| offer.body) {
        Some(OfferBody::Programme(row)) => Programme::decode(&row.body[..]).is_ok_and(|programme| {
            facts.offer.is_none_or(|offer| programme.parts.iter().any(|part| part.offer_index == offer))
        }),
        _ => facts.offer.is_none_or(|offer| offer == run.offer),
    };
    ensure(part, Rejection::ReferenceWrongKind, field(tags::RUN))?;
    case.in_force(index, field(tags::RUN))
}

/// Minutes are at most the run's.
pub(super) fn outcome_recording<S: Read + ?Sized>(case: &Case<'_, S>, facts: &OutcomeFacts) -> Check {
    let Some((_, run)) = named(case.state, case.issuer, facts.run.as_deref())? else { return Ok(()) };
    for (said, most, tag) in [
        (facts.minutes, run.minutes, tags::MINUTES),
        (facts.practice_minutes, run.practice_minutes, tags::PRACTICE_MINUTES),
    ] {
        if let Some(said) = said.filter(|said| *said > u64::from(most)) {
            let refusal = Refusal::new(Rejection::MinutesOutOfBounds, field(tag));
            return Err(refusal.detail(format!("{said}, the run has {most}")).into());
        }
    }
    Ok(())
}
