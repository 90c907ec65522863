//! Completion certificates of trainings: minutes, and the share of practice that the type of project asks for.

use crate::case::{Case, Check};
use crate::facts::{Facts, OutcomeFacts, field};
use crate::policy::InForce;
use crate::rejection::{Refusal, Rejection};
use crate::threshold::{Breach, Threshold, share};
use xuefen_core::kinds::tags;

/// The threshold of a type of project: what the policy documents name.
fn threshold(project_type: &str) -> Option<Threshold> {
    match project_type {
        "enterprise_skills" => Some(Threshold::PracticeShareEnterprise),
        "dual_qualified_teacher" => Some(Threshold::PracticeShareTeacher),
        _ => None,
    }
}

/// Practice is part of the whole.
pub(super) fn recording<S: ?Sized>(case: &Case<'_, S>) -> Check {
    let Facts::Outcome(facts) = &case.prepared.facts else { return Ok(()) };
    let (minutes, practice) = (facts.minutes.unwrap_or(0), facts.practice_minutes.unwrap_or(0));
    if practice <= minutes {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::MinutesOutOfBounds, field(tags::PRACTICE_MINUTES));
    Err(refusal.detail(format!("{practice}, at most {minutes}")).into())
}

/// The share of practice. A training of this type that does not say how long it was has none.
pub(super) fn breach(policy: &InForce, facts: &OutcomeFacts) -> Option<Breach> {
    let threshold = threshold(facts.project_type.as_deref()?)?;
    let minutes = facts.minutes.filter(|minutes| *minutes > 0);
    let share = minutes.map_or(0, |minutes| share(facts.practice_minutes.unwrap_or(0), minutes));
    threshold.hold(policy, share, field(tags::PRACTICE_MINUTES))
}
