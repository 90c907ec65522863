//! What an outcome says of its programme, its entrance examination and its pathway (rules.md 6, stories 6 and 7).

use super::book::{Book, What};
use super::judge::{Case, Judge};
use super::programmes::referred;
use super::remarks::Remark;
use super::text::{day, day_of, indices};
use crate::flag::FlagCode;
use crate::rejection::Rejection;
use std::collections::BTreeMap;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{ExamScheme, OutcomeKind, Pathway, RecordOutcome, Severity};

/// The last second of a day in UTC+8.
fn midnight(day: i64) -> i64 {
    (day + 1) * 86_400 - 8 * 3_600 - 1
}

fn begins(what: &What) -> i64 {
    match what {
        What::Programme(it) => it.effective_from,
        What::ExamScheme(it) => it.effective_from,
        What::Pathway(it) => it.effective_from,
        _ => 0,
    }
}

fn enters(case: &Case<'_>, kind: OutcomeKind) -> bool {
    kind == OutcomeKind::Admission || case.text(tags::ENROLMENT_EVENT) == "enrol"
}

/// What a tag names, if it is of the right kind; it counts, and its time had come.
fn named<'b>(
    case: &Case<'_>,
    tag: Tag,
    is: fn(&What) -> bool,
    (dated, book): (bool, &'b Book),
    judge: &mut Judge,
) -> Option<&'b What> {
    let index = case.number(tag)?;
    let what = referred(case, index, book, judge)?;
    if !judge.unless(is(what), Rejection::ReferenceWrongKind, || format!("entry {index} as {}", tag.name)) {
        return None;
    }
    let on = day(case.value(tags::ACHIEVED_ON)).filter(|_| dated).map(midnight);
    let holds = book.counts(index, case.logged_at) && on.is_none_or(|on| begins(what) <= on);
    judge.unless(holds, Rejection::ReferenceNotInForce, || format!("entry {index} as {}", tag.name));
    Some(what)
}

/// No later version that counts had begun by the day of the outcome.
fn newest_of_its_day(case: &Case<'_>, tag: Tag, book: &Book, judge: &mut Judge) {
    let Some((index, on)) = case.number(tag).zip(day(case.value(tags::ACHIEVED_ON)).map(midnight)) else { return };
    let Some(own) = book.offers.get(&index) else { return };
    let later = book.offers.all().find(|(entry, it)| {
        let same = std::mem::discriminant(&it.what) == std::mem::discriminant(&own.what)
            && it.owner == own.owner
            && it.code == own.code;
        same && it.version > own.version && begins(&it.what) <= on && book.counts(**entry, case.logged_at)
    });
    judge.unless(later.is_none(), Rejection::ReferenceNotInForce, || format!("{:?}", later.map(|(entry, _)| entry)));
}

pub(super) fn check(
    case: &Case<'_>,
    body: &RecordOutcome,
    kind: OutcomeKind,
    book: &Book,
    judge: &mut Judge,
) -> Option<Remark> {
    let admission = kind == OutcomeKind::Admission;
    let programme = |what: &What| matches!(what, What::Programme(_));
    if named(case, tags::PROGRAMME, programme, (!admission, book), judge).is_some() && !admission {
        let owner = case.number(tags::PROGRAMME).and_then(|index| book.offers.get(&index)).map(|it| it.owner.as_str());
        let own = owner.is_some_and(|owner| speaks_for(case, owner, book));
        judge.unless(own, Rejection::ReferenceWrongKind, || format!("the programme is of {owner:?}"));
    }
    let scheme = named(case, tags::SCHEME, |what| matches!(what, What::ExamScheme(_)), (true, book), judge);
    let scheme = scheme.and_then(|what| if let What::ExamScheme(scheme) = what { Some(scheme) } else { None });
    if scheme.is_some() {
        newest_of_its_day(case, tags::SCHEME, book, judge);
    }
    match (kind, scheme) {
        (OutcomeKind::ExamComponent, Some(scheme)) => component(case, scheme, judge),
        (OutcomeKind::Admission, _) => admitted(case, body, scheme, book, judge),
        _ => {}
    }
    let pathway = named(case, tags::PATHWAY, |what| matches!(what, What::Pathway(_)), (true, book), judge);
    let pathway = pathway.and_then(|what| if let What::Pathway(pathway) = what { Some(pathway) } else { None });
    segment(case, kind, pathway, book, judge);
    let pathway = pathway.filter(|_| enters(case, kind))?;
    newest_of_its_day(case, tags::PATHWAY, book, judge);
    let out = pathway.phased_out_from > 0 && day(case.value(tags::ACHIEVED_ON))? >= day_of(pathway.phased_out_from);
    out.then(|| Remark {
        code: FlagCode::PathwayPhasedOut,
        severity: Severity::Advisory,
        policy: 0,
        field: "payload.pathway (85)".to_owned(),
        reason: String::new(),
    })
}

/// The issuer is this institution, took it over, or keeps its records.
fn speaks_for(case: &Case<'_>, id: &str, book: &Book) -> bool {
    case.text(tags::ORIGINAL_ISSUER) == id || book.line_of(case.issuer).iter().any(|it| it == id)
}

fn component(case: &Case<'_>, scheme: &ExamScheme, judge: &mut Judge) {
    let part = scheme.parts.iter().find(|part| part.code == case.text(tags::COMPONENT));
    let top = case.number(tags::TOP_SCORE_MILLIS);
    let fits = part.is_some_and(|part| top.is_none_or(|top| top == 1_000 * u64::from(part.top_score)));
    judge.unless(fits, Rejection::SchemeWrong, || format!("{:?} of {top:?}", case.text(tags::COMPONENT)));
}

/// The score of an admission is the sum of those parts that were asked of the learner, each once.
fn admitted(case: &Case<'_>, body: &RecordOutcome, scheme: Option<&ExamScheme>, book: &Book, judge: &mut Judge) {
    let (class, ground) = (case.text(tags::ADMISSION_CLASS), case.text(tags::EXEMPT_GROUND));
    let Some(scheme) = scheme else {
        // A scheme that is named and is none has been told.
        let asked = (class == "classified" || !ground.is_empty()) && !body.imported;
        let none = asked && case.value(tags::SCHEME).is_empty();
        judge.unless(!none, Rejection::SchemeWrong, || "no scheme".to_owned());
        return;
    };
    let other = if scheme.general { "classified" } else { "ordinary" };
    judge.unless(class != other, Rejection::SchemeWrong, || format!("{class} by {}", scheme.code));
    let parts = indices(case.value(tags::PARTS)).unwrap_or_default();
    if body.imported && parts.is_empty() {
        return;
    }
    let listed = ground.is_empty() || scheme.exempt_grounds.iter().any(|it| it == ground);
    judge.unless(listed, Rejection::SchemeWrong, || format!("no ground {ground:?}"));
    let by = case.number(tags::SCHEME);
    let mut results: BTreeMap<&str, u64> = BTreeMap::new();
    for index in &parts {
        // What is no outcome has been told; of an erased one, and so of the sum, nothing can be said.
        let Some(outcome) = book.outcomes.get(index) else { return };
        let paper = book.entry(*index).is_some_and(|entry| entry.imported);
        let says = &outcome.says;
        let before = says.achieved.zip(day(case.value(tags::ACHIEVED_ON))).is_some_and(|(sat, on)| sat <= on);
        let result = says.score.filter(|_| !paper && before && says.scheme == by);
        let result = result.filter(|_| outcome.kind == OutcomeKind::ExamComponent);
        let fresh = result.is_some_and(|score| results.insert(&says.component, score).is_none());
        judge.unless(fresh, Rejection::SchemeWrong, || format!("part {index}"));
    }
    let asked = scheme.parts.iter().filter(|part| part.skill_test || ground.is_empty());
    let top: u64 = asked.clone().map(|part| 1_000 * u64::from(part.top_score)).sum();
    let whole = asked.clone().count() == results.len() && asked.clone().all(|part| results.contains_key(&*part.code));
    let said = (case.number(tags::SCORE_MILLIS), case.number(tags::TOP_SCORE_MILLIS));
    let right = whole && said == (Some(results.values().sum()), Some(top));
    judge.unless(right, Rejection::SchemeWrong, || format!("{said:?} of {} parts, {top}", results.len()));
}

fn segment(case: &Case<'_>, kind: OutcomeKind, pathway: Option<&Pathway>, book: &Book, judge: &mut Judge) {
    let number = case.number(tags::SEGMENT);
    let Some(pathway) = pathway else {
        let alone = number.is_some() && case.value(tags::PATHWAY).is_empty();
        judge.unless(!alone, Rejection::SegmentWrong, || "of no pathway".to_owned());
        return;
    };
    let up = case.text(tags::ENROLMENT_EVENT) == "transition";
    let Some(number) = number else {
        judge.unless(!up, Rejection::SegmentWrong, || "to where".to_owned());
        return;
    };
    let least = if up { 2 } else { 1 };
    let there = (least..=pathway.segments.len() as u64).contains(&number);
    if !judge.unless(there, Rejection::SegmentWrong, || format!("{number} of {}", pathway.segments.len())) {
        return;
    }
    let school = (1..).zip(&pathway.segments).find(|(at, _)| *at == number).map_or("", |(_, it)| &it.institution);
    let here = kind != OutcomeKind::EnrolmentEvent || school.is_empty() || speaks_for(case, school, book);
    judge.unless(here, Rejection::SegmentWrong, || school.to_owned());
}
