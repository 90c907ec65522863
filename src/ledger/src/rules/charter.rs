//! `Charter`: who signs for a consortium (产教联合体、共同体). Its first charter is given by the authority over it; later ones by
//! the authority, by the consortium itself, or by a member who leaves. Whoever joins signs.

use super::form::Form;
use super::parties;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, CharterRow, Status};
use crate::state::{Key, Read, ReadError};
use xuefen_core::authority::charter::{has_seat, is_dissolved, is_quorum, without};
use xuefen_core::proto::{Charter, InstitutionKind};

/// Most seats, and most signatures that can be asked for: an entry has at most 16 attestations (formats.md 2).
const SEATS: usize = 64;
const SIGNATURES: u32 = 16;

const CONSORTIUM: &str = "statement.charter.consortium";
const SEATS_FIELD: &str = "statement.charter.seats";

pub(super) fn form(body: &Charter, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.charter", faults);
    form.institution(&body.consortium, "consortium");
    form.version(body.version);
    let mut kinds: Vec<i32> = body.minimums.iter().map(|minimum| minimum.kind).collect();
    kinds.sort_unstable();
    let distinct = kinds.windows(2).all(|pair| pair[0] != pair[1]);
    let of_kind = |kind: i32| body.seats.iter().filter(|seat| seat.kind == kind).count();
    let met = |count: u32, kind: i32| count > 0 && u64::try_from(of_kind(kind)).is_ok_and(|of| u64::from(count) <= of);
    let sum: u64 = body.minimums.iter().map(|minimum| u64::from(minimum.count)).sum();
    let minimums = distinct && body.minimums.iter().all(|it| met(it.count, it.kind)) && sum <= u64::from(SIGNATURES);
    form.well_formed(minimums, "minimums");
    if is_dissolved(body) {
        form.well_formed(body.threshold == 0, "threshold");
        return;
    }
    for seat in &body.seats {
        form.institution(&seat.institution, "seats.institution");
        form.present(seat.kind != 0, "seats.kind");
        form.well_formed(InstitutionKind::try_from(seat.kind).is_ok(), "seats.kind");
    }
    let twice = |at: usize, id: &str| body.seats[..at].iter().any(|seat| seat.institution == id);
    let own = body.seats.iter().enumerate().any(|(at, seat)| twice(at, &seat.institution));
    form.well_formed(!own && !has_seat(body, &body.consortium) && body.seats.len() <= SEATS, "seats");
    let asked = u64::try_from(body.seats.len()).is_ok_and(|seats| u64::from(body.threshold) <= seats);
    form.well_formed(asked && (1..=SIGNATURES).contains(&body.threshold), "threshold");
}

pub(super) fn reads(body: &Charter, keys: &mut Vec<Key>) {
    keys.extend([rows::charter(&body.consortium), rows::institution(&body.consortium)]);
    keys.extend(body.seats.iter().map(|seat| rows::institution(&seat.institution)));
}

/// What the row says, as the statement said it.
fn body(consortium: &str, row: &CharterRow) -> Charter {
    Charter {
        consortium: consortium.to_owned(),
        version: row.version,
        seats: row
            .seats
            .iter()
            .map(|(institution, kind)| xuefen_core::proto::CharterSeat {
                institution: institution.clone(),
                kind: *kind,
            })
            .collect(),
        threshold: row.threshold,
        minimums: row
            .minimums
            .iter()
            .map(|(kind, count)| xuefen_core::proto::CharterMinimum { kind: *kind, count: *count })
            .collect(),
    }
}

/// Members whose keys attest.
fn signed<'a, S: ?Sized>(case: &'a Case<'_, S>) -> impl Iterator<Item = &'a str> {
    case.keys.iter().filter(|key| key.role.is_none()).map(|key| key.owner.as_str())
}

/// A consortium speaks with as many of its seats as its charter asks for.
pub(super) fn quorum<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    let Some(charter) = &case.charter else { return Ok(()) };
    // An authority's own keys speak for themselves.
    if case.own_keys().any(|key| key.role.is_some()) {
        return Ok(());
    }
    let charter = body(case.issuer, charter);
    ensure(is_quorum(&charter, signed(case)), Rejection::CharterNotMet, "attestations")
}

/// Whoever has a seat that the charter before did not give has signed.
pub(super) fn consent<S: Read + ?Sized>(case: &Case<'_, S>, new: &Charter) -> Check {
    let before = case.state.charter(&new.consortium)?;
    let seated = |id: &str| before.as_ref().is_some_and(|row| row.seats.iter().any(|(seat, _)| seat == id));
    let missing = new
        .seats
        .iter()
        .find(|seat| !seated(&seat.institution) && !signed(case).any(|signer| signer == seat.institution));
    let Some(seat) = missing else { return Ok(()) };
    let refusal = Refusal::new(Rejection::SeatConsentMissing, "attestations");
    Err(refusal.detail(format!("{} has not signed", seat.institution)).into())
}

/// The authority over the consortium; once there is a charter also the consortium itself, and a member who leaves it.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, new: &Charter) -> Check {
    let Some(institution) = case.state.institution(&new.consortium)? else { return Ok(()) };
    let before = case.state.charter(&new.consortium)?.map(|row| body(&new.consortium, &row));
    if let Some(before) = before.filter(|before| !is_dissolved(before)) {
        let itself = case.issuer == new.consortium && case.acts_as_institution();
        let leaves =
            case.acts_as_institution() && has_seat(&before, case.issuer) && *new == without(&before, case.issuer);
        if itself || leaves {
            return Ok(());
        }
    }
    parties::authority_over(case, &institution.region, CONSORTIUM)
}

/// The consortium is one, its members are there, in force, and of the kind of their seats.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, new: &Charter) -> Check {
    let consortium = case.state.institution(&new.consortium)?;
    let consortium = consortium.ok_or_else(|| Refusal::new(Rejection::ReferenceUnknown, CONSORTIUM))?;
    ensure(consortium.kind == InstitutionKind::Consortium as i32, Rejection::ReferenceWrongKind, CONSORTIUM)?;
    let mut members = Vec::with_capacity(new.seats.len());
    for seat in &new.seats {
        let member = case.state.institution(&seat.institution)?;
        members.push((seat, member.ok_or_else(|| Refusal::new(Rejection::ReferenceUnknown, SEATS_FIELD))?));
    }
    for (seat, member) in &members {
        ensure(member.kind == seat.kind, Rejection::ReferenceWrongKind, SEATS_FIELD)?;
    }
    let before = case.state.charter(&new.consortium)?;
    let seated = |id: &str| before.as_ref().is_some_and(|row| row.seats.iter().any(|(seat, _)| seat == id));
    for (seat, member) in &members {
        // Who has a seat keeps it while it is suspended; nobody new takes one then.
        let stands = member.status_at(case.logged_at) == Some(&Status::InForce);
        ensure(stands || seated(&seat.institution), Rejection::ReferenceNotInForce, SEATS_FIELD)?;
    }
    Ok(())
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, new: &Charter) -> Check {
    let before = case.state.charter(&new.consortium)?;
    let next = before.as_ref().map_or(1, |row| row.version.saturating_add(1));
    if new.version != next {
        let refusal = Refusal::new(Rejection::VersionNotNext, "statement.charter.version");
        return Err(refusal.detail(format!("{} given, {next} expected", new.version)).into());
    }
    ensure(before.is_some() || !is_dissolved(new), Rejection::FieldMissing, SEATS_FIELD)
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    new: &Charter,
) -> Result<(), ReadError> {
    let mut entries = writer.charter(&new.consortium)?.map(|row| row.entries).unwrap_or_default();
    entries.push(writer.index());
    let row = CharterRow {
        version: new.version,
        from: entry.logged_at(),
        seats: new.seats.iter().map(|seat| (seat.institution.clone(), seat.kind)).collect(),
        threshold: new.threshold,
        minimums: new.minimums.iter().map(|minimum| (minimum.kind, minimum.count)).collect(),
        entries,
    };
    writer.put(rows::charter(&new.consortium), &row);
    Ok(())
}
