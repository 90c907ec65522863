//! Consortia and evaluations (rules.md 1 "trust"): who signs for a consortium, who may say so, who must have signed.

use super::book::{Book, State};
use super::judge::{Case, Change, Judge};
use super::registry::{malformed, missing};
use super::text::is_institution;
use super::trust::may_accredit;
use crate::rejection::Rejection;
use std::collections::{BTreeMap, BTreeSet};
use xuefen_core::proto::{Charter, EvaluateInstitution, InstitutionKind};

/// Institutions whose keys signed, each once.
fn signed<'a>(case: &'a Case<'_>) -> BTreeSet<&'a str> {
    case.signers.iter().filter(|key| key.role.is_none()).map(|key| key.owner.as_str()).collect()
}

/// How many seats of each kind these have.
fn by_kind(charter: &Charter, members: &BTreeSet<&str>) -> BTreeMap<i32, u32> {
    let mut kinds = BTreeMap::new();
    for seat in charter.seats.iter().filter(|seat| members.contains(seat.institution.as_str())) {
        *kinds.entry(seat.kind).or_insert(0) += 1;
    }
    kinds
}

fn is_enough(charter: &Charter, members: &BTreeSet<&str>) -> bool {
    let kinds = by_kind(charter, members);
    let all: u32 = kinds.values().sum();
    all >= charter.threshold && charter.minimums.iter().all(|it| kinds.get(&it.kind).copied().unwrap_or(0) >= it.count)
}

/// A consortium speaks with as many of its seats as its charter asks for.
pub(super) fn quorum(case: &Case<'_>, book: &Book, judge: &mut Judge) {
    let Some((charter, _, _)) = book.charters.get(case.issuer) else { return };
    let as_authority = case.signers.iter().any(|key| key.owner == case.issuer && key.role.is_some());
    let enough = as_authority || (!charter.seats.is_empty() && is_enough(charter, &signed(case)));
    judge.unless(enough, Rejection::CharterNotMet, || format!("{:?}", signed(case)));
}

/// Whether the new charter is the old one without its issuer, asking for no more than the others can give.
fn leaves(case: &Case<'_>, old: &Charter, new: &Charter) -> bool {
    let mut expected = old.clone();
    expected.version += 1;
    expected.seats.retain(|seat| seat.institution != case.issuer);
    let left: BTreeSet<&str> = expected.seats.iter().map(|seat| seat.institution.as_str()).collect();
    let kinds = by_kind(&expected, &left);
    expected.threshold = expected.threshold.min(kinds.values().sum());
    for minimum in &mut expected.minimums {
        minimum.count = minimum.count.min(kinds.get(&minimum.kind).copied().unwrap_or(0));
    }
    expected.minimums.retain(|minimum| minimum.count > 0);
    expected.seats.len() < old.seats.len() && expected == *new
}

fn well_formed(body: &Charter, judge: &mut Judge) {
    judge.unless(is_institution(&body.consortium), Rejection::InstitutionIdMalformed, || body.consortium.clone());
    let ids: BTreeSet<&str> = body.seats.iter().map(|seat| seat.institution.as_str()).collect();
    for seat in &body.seats {
        judge.unless(is_institution(&seat.institution), Rejection::InstitutionIdMalformed, || seat.institution.clone());
        missing(judge, seat.kind != 0, "seats.kind");
        malformed(judge, InstitutionKind::try_from(seat.kind).is_ok(), "seats.kind");
    }
    let distinct = ids.len() == body.seats.len() && !ids.contains(body.consortium.as_str());
    malformed(judge, distinct && body.seats.len() <= 64, "seats");
    let seats = u32::try_from(body.seats.len()).unwrap_or(u32::MAX);
    let threshold = if seats == 0 { body.threshold == 0 } else { (1..=seats.min(16)).contains(&body.threshold) };
    malformed(judge, threshold, "threshold");
    let kinds = by_kind(body, &ids);
    let asked: BTreeMap<i32, u32> = body.minimums.iter().map(|it| (it.kind, it.count)).collect();
    let possible = asked.iter().all(|(kind, count)| *count > 0 && kinds.get(kind).is_some_and(|has| has >= count));
    let sum: u64 = asked.values().map(|count| u64::from(*count)).sum();
    malformed(judge, asked.len() == body.minimums.len() && possible && sum <= 16, "minimums");
}

pub(super) fn charter(case: &Case<'_>, body: &Charter, book: &Book, judge: &mut Judge) -> Option<Change> {
    well_formed(body, judge);
    let before = book.charters.get(&body.consortium);
    let seated = |id: &str| before.is_some_and(|(old, _, _)| old.seats.iter().any(|seat| seat.institution == id));
    for seat in &body.seats {
        let member = book.institutions.get(&seat.institution);
        judge.unless(member.is_some(), Rejection::ReferenceUnknown, || seat.institution.clone());
        let Some(member) = member else { continue };
        judge.unless(member.rights.kind == seat.kind, Rejection::ReferenceWrongKind, || seat.institution.clone());
        if !seated(&seat.institution) {
            let stands = matches!(member.at(case.logged_at), Some(State::InForce));
            judge.unless(stands, Rejection::ReferenceNotInForce, || seat.institution.clone());
            let agrees = signed(case).contains(seat.institution.as_str());
            judge.unless(agrees, Rejection::SeatConsentMissing, || seat.institution.clone());
        }
    }
    let next = before.map_or(1, |(old, _, _)| old.version + 1);
    judge.unless(body.version == next, Rejection::VersionNotNext, || format!("{} for {next}", body.version));
    missing(judge, before.is_some() || !body.seats.is_empty(), "seats");
    let consortium = book.institutions.get(&body.consortium);
    judge.unless(consortium.is_some(), Rejection::ReferenceUnknown, || body.consortium.clone());
    let consortium = consortium?;
    let is_one = consortium.rights.kind == InstitutionKind::Consortium as i32;
    judge.unless(is_one, Rejection::ReferenceWrongKind, || body.consortium.clone());
    let itself = before.is_some_and(|(old, _, _)| {
        !old.seats.is_empty()
            && case.signs_as_institution()
            && (case.issuer == body.consortium || leaves(case, old, body))
    });
    if !itself {
        may_accredit(case, &consortium.rights.region, judge);
    }
    let (key, body, logged_at, index) = (body.consortium.clone(), body.clone(), case.logged_at, case.index);
    Some(Box::new(move |book| {
        let mut entries = book.charters.get(&key).map(|(_, _, entries)| entries.clone()).unwrap_or_default();
        entries.push(index);
        book.charters.insert(key, (body, logged_at, entries));
    }))
}

pub(super) fn evaluate(case: &Case<'_>, body: &EvaluateInstitution, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(is_institution(&body.institution), Rejection::InstitutionIdMalformed, || body.institution.clone());
    missing(judge, !body.scheme.is_empty() && !body.grade.is_empty() && body.year > 0, "scheme, grade, year");
    malformed(judge, body.year == 0 || (1950..=2200).contains(&body.year), "year");
    let institution = book.institutions.get(&body.institution);
    judge.unless(institution.is_some(), Rejection::ReferenceUnknown, || body.institution.clone());
    may_accredit(case, &institution?.rights.region, judge);
    let (key, value) = (body.institution.clone(), (body.clone(), case.issuer.to_owned()));
    Some(Box::new(move |book| book.evaluations.insert(key, value)))
}
