//! What an outcome says of its programme, its entrance examination and its pathway: references of the right kind and time,
//! a score that the scheme makes of its parts, a segment of the pathway (rules.md 6, stories 6 and 7). What may be published
//! as one stands with those kinds, what scores come to in `exam`.

use super::evidence;
use crate::access::Access;
use crate::case::{Case, Check, ensure};
use crate::day::Day;
use crate::exam::{Fault, Score};
use crate::facts::{OutcomeFacts, field};
use crate::flag::{Flag, FlagCode};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{ExamSchemeRow, OfferBody, OfferRow, PathwayRow};
use crate::state::{Read, ReadError};
use crate::threshold::Breach;
use crate::versions::holding;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{OutcomeKind, RecordOutcome, Severity};

/// What outcomes name exists, is of the kind that the tag asks for, and held on the day that they are about.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, kind: OutcomeKind, facts: &OutcomeFacts) -> Check {
    if let Some(index) = facts.programme {
        programme(case, kind, facts, index)?;
    }
    if let Some(index) = facts.scheme {
        let scheme = matches!(case.offer(index, field(tags::SCHEME))?.body, OfferBody::ExamScheme(_));
        ensure(scheme, Rejection::ReferenceWrongKind, field(tags::SCHEME))?;
        of_its_day(case, facts, index, tags::SCHEME)?;
    }
    if let Some(index) = facts.pathway {
        let offer = case.offer(index, field(tags::PATHWAY))?;
        let pathway = matches!(offer.body, OfferBody::Pathway(_));
        ensure(pathway, Rejection::ReferenceWrongKind, field(tags::PATHWAY))?;
        // Whoever is on a pathway stays on the version of the day of enrolment.
        if enters(kind, facts) {
            of_its_day(case, facts, index, tags::PATHWAY)?;
        } else {
            had_begun(case, facts, (index, &offer), tags::PATHWAY)?;
        }
    }
    Ok(())
}

/// Whether an outcome begins something: an admission, or an enrolment.
fn enters(kind: OutcomeKind, facts: &OutcomeFacts) -> bool {
    kind == OutcomeKind::Admission || facts.enrolment_event.as_deref() == Some("enrol")
}

/// Of the issuer, unless somebody is admitted to it: then it may also be another's, and begin later.
fn programme<S: Read + ?Sized>(case: &Case<'_, S>, kind: OutcomeKind, facts: &OutcomeFacts, index: u64) -> Check {
    let name = field(tags::PROGRAMME);
    let offer = case.offer(index, name)?;
    let programme = matches!(offer.body, OfferBody::Programme(_));
    ensure(programme, Rejection::ReferenceWrongKind, name)?;
    if kind == OutcomeKind::Admission {
        return case.in_force(index, name);
    }
    let own = facts.original_issuer.as_ref() == Some(&offer.owner) || case.speaks_for(&offer.owner)?;
    ensure(own, Rejection::ReferenceWrongKind, name)?;
    had_begun(case, facts, (index, &offer), tags::PROGRAMME)
}

/// In force, and so already on the day of the outcome.
fn had_begun<S: Read + ?Sized>(
    case: &Case<'_, S>,
    facts: &OutcomeFacts,
    (index, offer): (u64, &OfferRow),
    tag: Tag,
) -> Check {
    case.in_force(index, field(tag))?;
    let begun = facts.achieved_on.is_none_or(|day| offer.body.effective_from() < day.end());
    ensure(begun, Rejection::ReferenceNotInForce, field(tag))
}

/// The version that held on the day of the outcome.
fn of_its_day<S: Read + ?Sized>(case: &Case<'_, S>, facts: &OutcomeFacts, index: u64, tag: Tag) -> Check {
    let Some(day) = facts.achieved_on else { return case.in_force(index, field(tag)) };
    let held = holding(case.state, index, (day.end() - 1, case.logged_at))?.map(|(held, _)| held);
    if held == Some(index) {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::ReferenceNotInForce, field(tag));
    let refusal = held.map_or_else(|| refusal.clone(), |held| refusal.clone().existing(held));
    Err(refusal.detail("another version held on that day, or none").into())
}

pub(super) fn rules<S: Read + ?Sized>(
    case: &Case<'_, S>,
    body: &RecordOutcome,
    kind: OutcomeKind,
    facts: &OutcomeFacts,
) -> Check {
    segment(case, kind, facts)?;
    match kind {
        OutcomeKind::ExamComponent => component(case, facts),
        OutcomeKind::Admission => admission(case, body, facts),
        _ => Ok(()),
    }
}

fn wrong(tag: Tag, detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Rejection::SchemeWrong, field(tag)).detail(detail)
}

fn scheme<S: Read + ?Sized>(state: &S, index: u64) -> Result<Option<ExamSchemeRow>, ReadError> {
    Ok(match state.offer(index)?.map(|offer| offer.body) {
        Some(OfferBody::ExamScheme(row)) => Some(row),
        _ => None,
    })
}

/// A part of an examination is one of its scheme, with that part's highest score.
fn component<S: Read + ?Sized>(case: &Case<'_, S>, facts: &OutcomeFacts) -> Check {
    let Some(scheme) = facts.scheme.map(|index| scheme(case.state, index)).transpose()?.flatten() else {
        return Ok(());
    };
    let Some(part) = scheme.part(facts.component.as_deref().unwrap_or_default()) else {
        return Err(wrong(tags::COMPONENT, "the scheme has no such part").into());
    };
    let top = u64::from(part.top_score) * 1_000;
    if facts.top_score_millis.is_none_or(|said| said == top) {
        return Ok(());
    }
    Err(wrong(tags::TOP_SCORE_MILLIS, format!("the scheme has {top}")).into())
}

/// By classified examination (分类考试) or on a ground: by a scheme. By a scheme: with the score that it makes of the parts.
fn admission<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome, facts: &OutcomeFacts) -> Check {
    let (class, ground) = (facts.admission_class.as_deref(), facts.exempt_ground.as_deref());
    let Some(index) = facts.scheme else {
        let asked = !body.imported && (class == Some("classified") || ground.is_some());
        return if asked { Err(wrong(tags::SCHEME, "none is named").into()) } else { Ok(()) };
    };
    let Some(scheme) = scheme(case.state, index)? else { return Ok(()) };
    let fits = match class {
        Some("classified") => !scheme.general,
        Some("ordinary") => scheme.general,
        _ => true,
    };
    if !fits {
        return Err(wrong(tags::ADMISSION_CLASS, "the scheme is one of the other kind of examination").into());
    }
    // Old paper names what it was by; the results of its parts may be nowhere.
    if body.imported && facts.parts.is_empty() {
        return Ok(());
    }
    let mut results = Vec::new();
    for part in &facts.parts {
        let no_result = || wrong(tags::PARTS, format!("entry {part} is no result of this scheme, from before"));
        let (kind, source) = evidence::source(case, facts, *part, tags::PARTS)?.ok_or_else(no_result)?;
        let of = kind == OutcomeKind::ExamComponent && source.scheme == index;
        let before = source.achieved_on.zip(facts.achieved_on).is_some_and(|(sat, admitted)| sat <= admitted);
        let score = source.score_millis.filter(|_| of && before).ok_or_else(no_result)?;
        results.push((source.component.as_str(), score));
    }
    let scores: Vec<Score<'_>> = results.into_iter().map(|(part, millis)| Score { part, millis }).collect();
    let result = scheme.result(&scores, ground).map_err(|fault| of_fault(&fault))?;
    let said = (facts.score_millis, facts.top_score_millis);
    if said == (Some(result.total_millis), Some(result.top_millis)) {
        return Ok(());
    }
    // Not the sum: whoever posts this need not know the scores.
    Err(wrong(tags::SCORE_MILLIS, "it is not what the scheme makes of the parts").into())
}

/// In words that tell nothing of the scores.
fn of_fault(fault: &Fault) -> Refusal {
    match fault {
        Fault::UnknownGround(_) => wrong(tags::EXEMPT_GROUND, "the scheme exempts nobody on it"),
        Fault::Exempt(_) => wrong(tags::PARTS, "the ground exempts from a part that is counted"),
        Fault::Missing(part) => wrong(tags::PARTS, format!("no result of the scheme's part {part:?}")),
        Fault::Twice(_) => wrong(tags::PARTS, "two results of one part"),
        Fault::UnknownPart(_) | Fault::TooHigh(_) => wrong(tags::PARTS, "a result that is not the scheme's"),
    }
}

fn pathway<S: Read + ?Sized>(state: &S, facts: &OutcomeFacts) -> Result<Option<PathwayRow>, ReadError> {
    let offer = facts.pathway.map(|index| state.offer(index)).transpose()?.flatten();
    Ok(match offer.map(|offer| offer.body) {
        Some(OfferBody::Pathway(row)) => Some(row),
        _ => None,
    })
}

/// A segment is one of the pathway's; whoever records an enrolment in it is the school that the pathway names for it.
fn segment<S: Read + ?Sized>(case: &Case<'_, S>, kind: OutcomeKind, facts: &OutcomeFacts) -> Check {
    let wrong =
        |detail: &'static str| Err(Refusal::new(Rejection::SegmentWrong, field(tags::SEGMENT)).detail(detail).into());
    let Some(pathway) = pathway(case.state, facts)? else {
        return if facts.segment.is_none() { Ok(()) } else { wrong("no pathway is named") };
    };
    let moves_up = facts.enrolment_event.as_deref() == Some("transition");
    let Some(number) = facts.segment else {
        return if moves_up { wrong("which one is entered is not said") } else { Ok(()) };
    };
    let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let Some(segment) = at.and_then(|at| pathway.segments.get(at)) else { return wrong("the pathway has no such one") };
    if moves_up && number == 1 {
        return wrong("nobody moves up to the first");
    }
    if kind != OutcomeKind::EnrolmentEvent || segment.institution.is_empty() {
        return Ok(());
    }
    let own = facts.original_issuer.as_ref() == Some(&segment.institution) || case.speaks_for(&segment.institution)?;
    if own { Ok(()) } else { wrong("the pathway names another school for it") }
}

/// The remark on an enrolment in a pathway that is being phased out.
pub(super) fn breach<S: Read + ?Sized>(
    state: &S,
    kind: OutcomeKind,
    facts: &OutcomeFacts,
) -> Result<Option<Breach>, ReadError> {
    let Some(day) = facts.achieved_on.filter(|_| enters(kind, facts)) else { return Ok(None) };
    let ends = pathway(state, facts)?.map(|pathway| pathway.phased_out_from).filter(|ends| *ends > 0);
    let flag = || Flag::new(FlagCode::PathwayPhasedOut, Severity::Advisory, field(tags::PATHWAY));
    Ok(ends.filter(|ends| Day::of(*ends) <= day).map(|_| Breach::remark(flag())))
}
