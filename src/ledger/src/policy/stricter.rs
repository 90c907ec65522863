//! Whether a province's policy is looser than the nation's somewhere: it may only add or be stricter.

use super::{InForce, Scale, number};
use crate::threshold::Threshold;
use xuefen_core::proto::{CosignTime, OutcomeKind, Policy};

/// A field that is looser, and by what.
pub(crate) type Looser = (String, String);

/// The first field in which a policy is looser than the one above it. Rights, grounds and reasons cannot be: both tiers
/// must allow.
pub(crate) fn looser(policy: &Policy, above: &InForce) -> Option<Looser> {
    numbers(policy, above)
        .or_else(|| scales(policy, above))
        .or_else(|| thresholds(policy, above))
        .or_else(|| cosigners(policy, above))
        .or_else(|| calendar(policy, above))
}

/// A breach of the tier above: the field, what was said, what is asked and by which statement.
fn breach(above: &InForce, field: &str, said: impl std::fmt::Display, asked: impl std::fmt::Display) -> Looser {
    let by = match above.indices().first() {
        Some(index) => format!("the nation's policy, entry {index}"),
        None => "the built-in policy".to_owned(),
    };
    (format!("statement.policy.{field}"), format!("{said}, where {by} asks {asked}"))
}

fn numbers(policy: &Policy, above: &InForce) -> Option<Looser> {
    number::ALL.iter().find_map(|number| {
        let said = (number.of)(policy);
        let bound = above.number(number).filter(|bound| said > 0 && number.stricter(said, *bound) != said)?;
        let asked = if number.less_is_stricter { "at most" } else { "at least" };
        Some(breach(above, number.field, said, format_args!("{asked} {bound}")))
    })
}

/// Whether a scale lets pass what another of the same code does not, or is another scale altogether.
pub(super) fn scale_is_looser(scale: &Scale, than: &Scale) -> bool {
    scale.top_mark_millis != than.top_mark_millis
        || scale.words != than.words
        || scale.pass_mark_millis < than.pass_mark_millis
        || scale.passing_words > than.passing_words
}

fn scales(policy: &Policy, above: &InForce) -> Option<Looser> {
    let looser = policy.scales.iter().find_map(|scale| {
        let than = above.scale(&scale.code).filter(|than| scale_is_looser(scale, than))?;
        Some((scale, than))
    });
    let told = |scale: &Scale| match scale.words.len() {
        0 => format!("a pass from {} of {}", scale.pass_mark_millis, scale.top_mark_millis),
        words => format!("{} of {words} words", scale.passing_words),
    };
    looser.map(|(scale, than)| {
        breach(above, "scales", format_args!("{}: {}", scale.code, told(scale)), format_args!("{}", told(than)))
    })
}

fn thresholds(policy: &Policy, above: &InForce) -> Option<Looser> {
    policy.thresholds.iter().find_map(|threshold| {
        let bound = above.threshold(Threshold::by_code(&threshold.code)?)?;
        let asked =
            |least: u64, severity: i32| format!("{} of severity {severity} and at least {least}", threshold.code);
        let looser = threshold.bound < bound.least || threshold.severity > bound.severity as i32;
        let (own, theirs) = (asked(threshold.bound, threshold.severity), asked(bound.least, bound.severity as i32));
        looser.then(|| breach(above, "thresholds", own, theirs))
    })
}

fn cosigners(policy: &Policy, above: &InForce) -> Option<Looser> {
    policy.cosign_rules.iter().find_map(|rule| {
        let kind = OutcomeKind::try_from(rule.outcome_kind).ok()?;
        let than = above.cosigners(kind).into_iter().find(|it| it.cosigner_kind == rule.cosigner_kind)?;
        let at_entry = rule.time == CosignTime::AtEntry as i32;
        let later = than.time == CosignTime::AtEntry as i32 && !at_entry;
        let longer = !at_entry && than.lapse_days > 0 && (rule.lapse_days == 0 || rule.lapse_days > than.lapse_days);
        let told = |time: i32, days: u32| {
            if time == CosignTime::AtEntry as i32 { "at entry".to_owned() } else { format!("within {days} days") }
        };
        (later || longer).then(|| {
            let (own, theirs) = (told(rule.time, rule.lapse_days), told(than.time, than.lapse_days));
            breach(above, "cosign_rules", format_args!("{}: {own}", kind.as_str_name()), theirs)
        })
    })
}

fn calendar(policy: &Policy, above: &InForce) -> Option<Looser> {
    let worked = above.working_days();
    let days = &policy.calendar.as_ref()?.make_up_days;
    let added = days.iter().find(|day| !worked.is_working(crate::day::Day(i32::try_from(**day).unwrap_or(i32::MAX))));
    added.map(|day| breach(above, "calendar.make_up_days", format_args!("day {day}"), "that it is not worked"))
}
