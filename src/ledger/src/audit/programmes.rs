//! Programmes and runs (rules.md 1 "offers", 6 story 9): what they refer to, what a run bounds, and how early a change is
//! filed.

use super::book::{Book, What};
use super::judge::{Case, Change, Judge};
use super::offers::published;
use super::policies::NOTICE;
use super::registry::level;
use super::remarks::Remark;
use super::text::{are_names, day_of, is_institution, is_region};
use crate::flag::FlagCode;
use crate::rejection::Rejection;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::{Programme, Run, Severity};

pub(super) fn programme(case: &Case<'_>, body: &Programme, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(case.signs_as_institution(), Rejection::NotEntitled, || case.issuer.to_owned());
    form(body, judge);
    let last = book.versions.get(&(case.issuer.to_owned(), case.kind, body.code.clone())).map_or(0, |it| it.0);
    judge.unless(last.checked_add(1) == Some(body.version), Rejection::VersionNotNext, || format!("after {last}"));
    let (mut minutes, mut practice) = (0_u128, 0_u128);
    for part in &body.parts {
        let Some(what) = referred(case, part.offer_index, book, judge) else { continue };
        match what {
            What::Course(it) | What::Module(it) => {
                minutes += u128::from(it.minutes);
                practice += u128::from(it.practice_minutes);
            }
            _ => {
                judge.unless(false, Rejection::ReferenceWrongKind, || format!("entry {}", part.offer_index));
            }
        }
        let holds = book.counts(part.offer_index, case.logged_at);
        judge.unless(holds, Rejection::ReferenceNotInForce, || format!("entry {}", part.offer_index));
    }
    for index in &body.shares_with {
        let programme = referred(case, *index, book, judge).is_none_or(|what| matches!(what, What::Programme(_)));
        judge.unless(programme, Rejection::ReferenceWrongKind, || format!("entry {index}"));
    }
    level(case, body.level.as_ref(), book, judge);
    notice(case, body, book, judge);
    let remark = share(case, (practice, minutes), book, judge);
    let what = What::Programme(Box::new(body.clone()));
    let (index, done) = (case.index, published(case, &body.code, body.version, what));
    Some(Box::new(move |book| {
        done(book);
        if let Some(remark) = remark {
            book.remarks.insert(index, (vec![remark], Vec::new()));
        }
    }))
}

fn form(body: &Programme, judge: &mut Judge) {
    let there = !body.code.is_empty() && body.version > 0 && !body.names.is_empty();
    judge.unless(there, Rejection::FieldMissing, || body.code.clone());
    let named = body.parts.iter().all(|part| part.offer_index > 0);
    judge.unless(named, Rejection::FieldMissing, || "parts".to_owned());
    let once = (1..body.parts.len())
        .all(|at| body.parts[..at].iter().all(|part| part.offer_index != body.parts[at].offer_index));
    let bounded = body.caps.iter().all(|it| it.basis_points <= 10_000) && body.practice_basis_points <= 10_000;
    let here = body.residency_credit_millis <= body.total_credit_millis;
    let opinions = body.opinions_hash.is_empty() || body.opinions_hash.len() == 32;
    let ascend = body.shares_with.windows(2).all(|pair| pair[0] < pair[1]);
    let good = once && bounded && here && opinions && ascend && are_names(&body.names);
    judge.unless(good, Rejection::FieldMalformed, || format!("{once} {bounded} {here} {opinions} {ascend}"));
}

/// What was published in an entry, in force or not.
pub(super) fn referred<'b>(case: &Case<'_>, index: u64, book: &'b Book, judge: &mut Judge) -> Option<&'b What> {
    let known = index < case.index && book.entry(index).is_some_and(|entry| entry.good);
    judge.unless(known, Rejection::ReferenceUnknown, || format!("entry {index}"));
    let what = book.offers.get(&index).map(|offer| &offer.what);
    judge.unless(what.is_some() || !known, Rejection::ReferenceWrongKind, || format!("entry {index}"));
    what
}

/// Every announced run of the programme that lies ahead is far enough away.
fn notice(case: &Case<'_>, body: &Programme, book: &Book, judge: &mut Judge) {
    let policy = book.policy_for(case.issuer, case.logged_at);
    let (filed, asked) = (day_of(case.logged_at), policy.days(NOTICE));
    let mut ahead = false;
    for (index, offer) in book.offers.all() {
        let What::Run(run) = &offer.what else { continue };
        let of = book.offers.get(&run.offer_index);
        let its = of
            .is_some_and(|of| matches!(of.what, What::Programme(_)) && of.owner == case.issuer && of.code == body.code);
        let start = i64::from(run.start_day);
        if !its || start <= filed || !book.counts(*index, case.logged_at) {
            continue;
        }
        ahead = true;
        let worked = (filed + 1..start).filter(|day| policy.works(*day)).count();
        let early = i64::try_from(worked).is_ok_and(|worked| worked >= asked);
        judge.unless(early, Rejection::NoticeTooShort, || format!("{worked} of {asked} before entry {index}"));
    }
    let heard = !ahead || !body.opinions_hash.is_empty();
    judge.unless(heard, Rejection::FieldMissing, || "opinions_hash".to_owned());
}

fn share(case: &Case<'_>, (practice, minutes): (u128, u128), book: &Book, judge: &mut Judge) -> Option<Remark> {
    let policy = book.policy_for(case.issuer, case.logged_at);
    let (least, severity, reason, policy) = policy.threshold("practice_share_programme")?;
    if minutes == 0 || practice * 10_000 >= minutes * u128::from(least) {
        return None;
    }
    if severity == Severity::Hard {
        judge.unless(false, Rejection::ThresholdNotMet, || format!("{practice} of {minutes}"));
        return None;
    }
    let field = "statement.programme.parts".to_owned();
    Some(Remark { code: FlagCode::PracticeShareLow, severity, policy, field, reason })
}

pub(super) fn run(case: &Case<'_>, body: &Run, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(case.signs_as_institution(), Rejection::NotEntitled, || case.issuer.to_owned());
    let there = !body.code.is_empty() && body.offer_index > 0 && body.start_day > 0 && body.minutes > 0;
    judge.unless(there, Rejection::FieldMissing, || body.code.clone());
    let good = body.start_day <= body.end_day && body.end_day < 4_194_304 && body.practice_minutes <= body.minutes;
    judge.unless(good, Rejection::FieldMalformed, || format!("{} to {}", body.start_day, body.end_day));
    let venue = body.venue.is_empty() || is_institution(&body.venue);
    judge.unless(venue, Rejection::InstitutionIdMalformed, || body.venue.clone());
    let place = body.place.is_empty() || is_region(&body.place);
    judge.unless(place, Rejection::RegionMalformed, || body.place.clone());
    if let Some(what) = referred(case, body.offer_index, book, judge) {
        let of = book.offers.get(&body.offer_index).map(|offer| offer.owner.clone()).unwrap_or_default();
        let held = matches!(what, What::Course(_) | What::Module(_) | What::Programme(_));
        let own = held && book.line_of(case.issuer).contains(&of);
        judge.unless(own, Rejection::ReferenceWrongKind, || format!("entry {}", body.offer_index));
        let holds = book.counts(body.offer_index, case.logged_at);
        judge.unless(holds, Rejection::ReferenceNotInForce, || format!("entry {}", body.offer_index));
    }
    let name = (case.issuer.to_owned(), case.kind, body.code.clone());
    judge.unless(!book.versions.contains_key(&name), Rejection::RunExists, || body.code.clone());
    let today = day_of(case.logged_at);
    let line = book.offers.get(&body.offer_index).map(|of| (of.owner.clone(), of.code.clone()));
    let announced = line.and_then(|line| book.announced.get(&line));
    let ahead = announced.map_or(0, |runs| runs.iter().filter(|(_, start)| i64::from(*start) > today).count());
    judge.unless(ahead < 1_000, Rejection::FieldMalformed, || format!("{ahead} runs ahead"));
    let done = published(case, &body.code, 1, What::Run(body.clone()));
    let (index, body) = (case.index, body.clone());
    Some(Box::new(move |book| {
        let of = book.offers.get(&body.offer_index).filter(|of| matches!(of.what, What::Programme(_)));
        if let Some(line) = of.map(|of| (of.owner.clone(), of.code.clone())) {
            let runs = book.announced.get_or(line, Vec::new);
            runs.retain(|(_, start)| i64::from(*start) > today);
            runs.push((index, body.start_day));
        }
        done(book);
    }))
}

/// The run that an outcome names, if somebody in the issuer's line published it.
pub(super) fn named<'b>(case: &Case<'_>, book: &'b Book) -> Option<(u64, &'b Run)> {
    let code = case.text(tags::RUN);
    let line = book.line_of(case.issuer);
    let of = |owner: &String| {
        book.versions.get(&(owner.clone(), Kind::Run, code.to_owned()))?;
        book.offers.all().find_map(|(index, offer)| match &offer.what {
            What::Run(run) if offer.owner == *owner && offer.code == code => Some((*index, run)),
            _ => None,
        })
    };
    line.iter().find_map(of)
}

/// What the run bounds in an outcome.
pub(super) fn in_run(case: &Case<'_>, book: &Book, judge: &mut Judge) {
    let Some((index, run)) = named(case, book) else { return };
    let holds = book.counts(index, case.logged_at);
    judge.unless(holds, Rejection::ReferenceNotInForce, || format!("entry {index}"));
    let offer = case.number(tags::OFFER);
    let part = match book.offers.get(&run.offer_index).map(|offer| &offer.what) {
        Some(What::Programme(it)) => offer.is_none_or(|offer| it.parts.iter().any(|part| part.offer_index == offer)),
        _ => offer.is_none_or(|offer| offer == run.offer_index),
    };
    judge.unless(part, Rejection::ReferenceWrongKind, || format!("entry {index}"));
    let number = |tag| case.number(tag).unwrap_or(0);
    let within = number(tags::MINUTES) <= u64::from(run.minutes)
        && number(tags::PRACTICE_MINUTES) <= u64::from(run.practice_minutes);
    judge.unless(within, Rejection::MinutesOutOfBounds, || format!("more than the run of entry {index}"));
}
