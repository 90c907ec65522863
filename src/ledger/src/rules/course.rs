//! Course and module outcomes: minutes, recording rule, credits.

use crate::access::Access;
use crate::case::{Case, Check, ensure};
use crate::facts::{Facts, OutcomeFacts, field};
use crate::grade::{credit_millis, passes};
use crate::policy::InForce;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{CourseRow, OfferBody};
use crate::state::{Read, ReadError};
use xuefen_core::kinds::tags;
use xuefen_core::proto::RecordOutcome;

/// The course or module of an outcome.
pub(super) fn offer<S: Read + ?Sized>(state: &S, facts: &OutcomeFacts) -> Result<Option<CourseRow>, ReadError> {
    let offer = facts.offer.map(|index| state.offer(index)).transpose()?.flatten();
    Ok(match offer.map(|offer| offer.body) {
        Some(OfferBody::Course(row) | OfferBody::Module(row)) => Some(row),
        _ => None,
    })
}

/// Whether the grade passes; `None` if it is no grade of its scale. What has no grade, as practice may, passes.
pub(super) fn passed(policy: &InForce, facts: &OutcomeFacts) -> Option<bool> {
    if facts.scale.is_none() && facts.grade.is_none() {
        return Some(true);
    }
    let scale = policy.scale(facts.scale.as_deref()?)?;
    passes(scale, facts.grade.as_deref()?)
}

/// Practice outside a course: it earns nothing by itself, and no rule counts it.
fn without_offer(facts: &OutcomeFacts) -> Check {
    let bounded = facts.practice_minutes <= facts.minutes;
    ensure(bounded, Rejection::MinutesOutOfBounds, field(tags::PRACTICE_MINUTES))?;
    ensure(facts.recording_rule.is_none(), Rejection::RecordingRuleWrong, field(tags::RECORDING_RULE))?;
    ensure(facts.credit_millis.unwrap_or(0) == 0, Rejection::CreditsExceedOffer, field(tags::CREDIT_MILLIS))
}

/// Minutes within the offer's, the offer's rule, credits as the rule gives them (rules.md 2, "Recording").
pub(super) fn recording<S: Read + ?Sized>(case: &Case<'_, S>, _body: &RecordOutcome) -> Check {
    let Facts::Outcome(facts) = case.facts() else { return Ok(()) };
    let Some(offer) = offer(case.state, facts)? else { return without_offer(facts) };
    let numbers = facts.minutes.zip(facts.practice_minutes).zip(facts.credit_millis);
    let Some(((minutes, practice), claimed)) = numbers else { return Ok(()) };
    for (part, whole, tag) in [
        (practice, minutes, tags::PRACTICE_MINUTES),
        (minutes, u64::from(offer.minutes), tags::MINUTES),
        (practice, u64::from(offer.practice_minutes), tags::PRACTICE_MINUTES),
    ] {
        if part > whole {
            let refusal = Refusal::new(Rejection::MinutesOutOfBounds, field(tag));
            return Err(refusal.detail(format!("{part}, at most {whole}")).into());
        }
    }
    let named = facts.recording_rule == offer.recording_rule;
    ensure(named, Rejection::RecordingRuleWrong, field(tags::RECORDING_RULE))?;
    let most = u64::from(offer.credit_millis);
    if claimed > most {
        let refusal = Refusal::new(Rejection::CreditsExceedOffer, field(tags::CREDIT_MILLIS));
        return Err(refusal.detail(format!("{claimed}, at most {most}")).into());
    }
    let rule = offer.recording_rule.map(|index| case.state.offer(index)).transpose()?.flatten();
    let given = match (passed(case.policy()?, facts), rule.map(|rule| rule.body)) {
        // The grade is not on its scale; that has its own check.
        (None, _) => return Ok(()),
        (Some(true), Some(OfferBody::RecordingRule(rule))) => {
            credit_millis(&rule, minutes, practice).unwrap_or(0).min(most)
        }
        _ => 0,
    };
    if claimed == given {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::CreditsDisagree, field(tags::CREDIT_MILLIS));
    Err(refusal.detail(format!("{claimed} claimed, the rule gives {given}")).into())
}
