//! `Programme`: a published offer. Changed by a new version only, filed so many working days before what has been announced
//! begins. What it asks for an award is kept whole; nothing evaluates it here.

use super::form::Form;
use super::framework;
use super::offers::{next_version, write_offer};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, Said, ensure, is_in_force};
use crate::day::Day;
use crate::evolve::Accepted;
use crate::ids;
use crate::policy::number;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, OfferBody, ProgrammeRow, RunsRow};
use crate::state::{Key, Read, ReadError};
use crate::threshold::{Breach, Threshold, share};
use prost::Message;
use std::collections::BTreeSet;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::Programme;

const PARTS: &str = "statement.programme.parts.offer_index";

pub(super) fn reads(body: &Programme, issuer: &str, keys: &mut Vec<Key>) {
    keys.extend([rows::display(issuer, Kind::Programme, &body.code), rows::runs_of(issuer, &body.code)]);
    keys.extend(body.parts.iter().take(ids::LIST).map(|part| rows::offer(part.offer_index)));
}

pub(super) fn form(body: &Programme, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.programme", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.names(&body.names, "names");
    form.well_formed(ids::is_code_or_empty(&body.major), "major");
    let offers: BTreeSet<u64> = body.parts.iter().map(|part| part.offer_index).collect();
    form.well_formed(offers.len() == body.parts.len() && offers.len() <= ids::LIST, "parts");
    form.present(body.parts.iter().all(|part| part.offer_index > 0), "parts.offer_index");
    form.well_formed(body.total_credit_millis < 1 << 40, "total_credit_millis");
    let categories: Vec<String> = body.category_minimums.iter().map(|it| it.category.clone()).collect();
    form.codes(&categories, "category_minimums.category");
    let competencies: Vec<String> = body.mandatory_hours.iter().map(|it| it.competency.clone()).collect();
    form.codes(&competencies, "mandatory_hours.competency");
    form.codes(&body.dimensions, "dimensions");
    form.well_formed(body.residency_credit_millis <= body.total_credit_millis, "residency_credit_millis");
    let sources: Vec<String> = body.caps.iter().map(|it| it.source_class.clone()).collect();
    form.codes(&sources, "caps.source_class");
    form.well_formed(body.caps.iter().all(|it| it.basis_points <= 10_000), "caps.basis_points");
    form.well_formed(body.practice_basis_points <= 10_000, "practice_basis_points");
    form.time(body.effective_from, "effective_from");
    let ascends = body.shares_with.windows(2).all(|pair| pair[0] < pair[1]);
    form.well_formed(ascends && body.shares_with.len() <= ids::LIST, "shares_with");
    form.well_formed(matches!(body.opinions_hash.len(), 0 | 32), "opinions_hash");
}

/// Parts are courses and modules in force, whoever's: a school may teach what a platform published.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Programme) -> Check {
    for part in body.parts.iter().take(ids::LIST) {
        let offer = case.offer(part.offer_index, PARTS)?;
        let taught = matches!(offer.body, OfferBody::Course(_) | OfferBody::Module(_));
        ensure(taught, Rejection::ReferenceWrongKind, PARTS)?;
        case.in_force(part.offer_index, PARTS)?;
    }
    for other in &body.shares_with {
        let field = "statement.programme.shares_with";
        let programme = matches!(case.offer(*other, field)?.body, OfferBody::Programme(_));
        ensure(programme, Rejection::ReferenceWrongKind, field)?;
    }
    framework::level(case, body.level.as_ref(), "statement.programme.level")
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Programme) -> Check {
    next_version(case, Kind::Programme, &body.code, body.version)?;
    notice(case, body)
}

/// A change comes early enough before every run that is announced and has not begun, with the trainees' opinions.
fn notice<S: Read + ?Sized>(case: &Case<'_, S>, body: &Programme) -> Check {
    let filed = Day::of(case.logged_at);
    let policy = case.policy()?;
    let asked = policy.number(&number::NOTICE).unwrap_or(0);
    let mut touched = false;
    for (index, start) in ahead(case.state, (case.issuer, &body.code), case.logged_at)? {
        if !is_in_force(&case.state.standing(index)?, case.logged_at) {
            continue; // called off
        }
        let start = Day(i32::try_from(start).unwrap_or(i32::MAX));
        touched = true;
        // Neither the day of filing nor that of the start counts.
        let days = policy.working_days().between(filed, start, asked);
        if days < asked {
            let refusal = Refusal::new(Rejection::NoticeTooShort, "statement.programme");
            let detail = format!("{days} working days before the run of entry {index} starts, at least {asked}");
            return Err(refusal.existing(index).detail(detail).into());
        }
    }
    let heard = !touched || !body.opinions_hash.is_empty();
    ensure(heard, Rejection::FieldMissing, "statement.programme.opinions_hash")
}

/// The share of practice in what it is made of.
pub(super) fn breaches<S: Read + ?Sized>(
    state: &S,
    said: &Said<'_>,
    body: &Programme,
) -> Result<Vec<Breach>, ReadError> {
    let (mut minutes, mut practice) = (0_u64, 0_u64);
    for part in body.parts.iter().take(ids::LIST) {
        if let Some(OfferBody::Course(row) | OfferBody::Module(row)) =
            state.offer(part.offer_index)?.map(|offer| offer.body)
        {
            minutes += u64::from(row.minutes);
            practice += u64::from(row.practice_minutes);
        }
    }
    let share = share(practice, minutes);
    let field = "statement.programme.parts";
    Ok(Threshold::PracticeShareProgramme.hold(said.policy(state)?, share, field).into_iter().collect())
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Programme,
) -> Result<(), ReadError> {
    let row = ProgrammeRow { effective_from: body.effective_from, body: body.encode_to_vec() };
    write_offer(writer, entry, Kind::Programme, (&body.code, body.version), OfferBody::Programme(row))
}

/// Notes a run of a programme; those that have begun are forgotten, for no change concerns them.
pub(super) fn announce<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    (owner, code): (&str, &str),
    start_day: u32,
    logged_at: i64,
) -> Result<(), ReadError> {
    let mut runs = ahead(writer, (owner, code), logged_at)?;
    runs.push((writer.index(), start_day));
    writer.put(rows::runs_of(owner, code), &RunsRow { runs });
    Ok(())
}

/// The runs of a programme that have not begun, called off or not: leaf index and first day.
pub(super) fn ahead<S: Read + ?Sized>(
    state: &S,
    (owner, code): (&str, &str),
    logged_at: i64,
) -> Result<Vec<(u64, u32)>, ReadError> {
    let today = Day::of(logged_at).0;
    let mut runs = state.runs_of(&rows::runs_of(owner, code))?.runs;
    runs.retain(|(_, start)| i32::try_from(*start).is_ok_and(|start| start > today));
    Ok(runs)
}
