//! Grades on the scales of the policy, and credits from minutes.

use crate::policy::Scale;
use crate::rows::RecordingRuleRow;

/// Whether a grade passes on a scale; `None` if it is no grade of the scale.
#[must_use]
pub fn passes(scale: &Scale, grade: &str) -> Option<bool> {
    if scale.words.is_empty() {
        let mark = mark_millis(grade)?;
        return (mark <= u64::from(scale.top_mark_millis)).then_some(mark >= u64::from(scale.pass_mark_millis));
    }
    let position = scale.words.iter().position(|word| word == grade)?;
    Some(u32::try_from(position).is_ok_and(|position| position < scale.passing_words))
}

/// How good a grade is on a scale, in thousandths; `None` if it is no grade of the scale. On a scale of words the worst is
/// 1,000, the next 2,000 and so on, so that a rule bounds words like marks.
#[must_use]
pub fn mark_on(scale: &Scale, grade: &str) -> Option<u64> {
    if scale.words.is_empty() {
        return mark_millis(grade).filter(|mark| *mark <= u64::from(scale.top_mark_millis));
    }
    let worse = scale.words.iter().rev().position(|word| word == grade)?;
    u64::try_from(worse + 1).ok()?.checked_mul(1_000)
}

/// A mark such as `66` or `66.5`, in thousandths: minimal decimals, at most three places, none of them a final zero.
fn mark_millis(mark: &str) -> Option<u64> {
    let (whole, places) = mark.split_once('.').map_or((mark, None), |(whole, places)| (whole, Some(places)));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || whole.len() > 6 || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let millis = match places {
        None => 0,
        Some(places) => {
            if !digits(places) || places.len() > 3 || places.ends_with('0') {
                return None;
            }
            format!("{places:0<3}").parse().ok()?
        }
    };
    Some(whole.parse::<u64>().ok()? * 1_000 + millis)
}

/// Milli-credits of minutes under a recording rule: theory and practice minutes over their class hours per credit, with
/// one division, rounded down, then cut to a multiple of the rule's step (standards.proto, `RecordingRule`).
/// `None` if practice is more than the total, or a number of the rule is 0.
#[must_use]
pub fn credit_millis(rule: &RecordingRuleRow, minutes: u64, practice_minutes: u64) -> Option<u64> {
    let theory = u128::from(minutes.checked_sub(practice_minutes)?);
    let practice = u128::from(practice_minutes);
    let hour = u128::from(rule.hour_minutes);
    let theory_hours = u128::from(rule.theory_hours_per_credit);
    let practice_hours = u128::from(rule.practice_hours_per_credit);
    // minutes < 2^64 and the rule's numbers < 2^32, so the products stay below 2^108.
    let earned = (1_000 * (theory * practice_hours + practice * theory_hours))
        .checked_div(hour * theory_hours * practice_hours)?;
    let step = u128::from(rule.step_millis);
    u64::try_from(earned.checked_div(step)? * step).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::InForce;

    #[test]
    fn grades_pass_fail_or_are_none() {
        let cases = [
            ("percentage", "60", Some(true)),
            ("percentage", "59.999", Some(false)),
            ("percentage", "100", Some(true)),
            ("percentage", "100.001", None),
            ("percentage", "0", Some(false)),
            ("percentage", "0.5", Some(false)),
            ("percentage", "66.50", None),
            ("percentage", "066", None),
            ("percentage", "66.", None),
            ("percentage", "-1", None),
            ("percentage", "66.1234", None),
            ("percentage", "合格", None),
            ("percentage", "", None),
            ("five_grade", "及格", Some(true)),
            ("five_grade", "不及格", Some(false)),
            ("five_grade", "合格", None),
            ("pass_fail", "合格", Some(true)),
            ("pass_fail", "不合格", Some(false)),
        ];
        let policy = InForce::built_in();
        for (scale, grade, passed) in cases {
            assert_eq!(passes(policy.scale(scale).expect("a scale"), grade), passed, "{scale} {grade}");
        }
        assert_eq!(policy.scale("gpa"), None);
    }

    #[test]
    fn words_are_marks_from_the_worst_up() {
        let policy = InForce::built_in();
        let cases = [
            ("percentage", "66.5", Some(66_500)),
            ("percentage", "101", None),
            ("five_grade", "不及格", Some(1_000)),
            ("five_grade", "及格", Some(2_000)),
            ("five_grade", "优秀", Some(5_000)),
            ("five_grade", "很好", None),
        ];
        for (scale, grade, mark) in cases {
            assert_eq!(mark_on(policy.scale(scale).expect("a scale"), grade), mark, "{scale} {grade}");
        }
    }

    #[test]
    fn credits_are_divided_once_and_rounded_down() {
        let rule = |hour_minutes, theory, practice, step_millis| RecordingRuleRow {
            tier: None,
            effective_from: 0,
            hour_minutes,
            theory_hours_per_credit: theory,
            practice_hours_per_credit: practice,
            step_millis,
        };
        let cases = [
            (rule(45, 16, 32, 1), 2_880, 0, Some(4_000)),
            (rule(45, 16, 32, 1), 2_880, 1_440, Some(3_000)),
            (rule(45, 16, 32, 500), 2_879, 0, Some(3_500)),
            (rule(45, 16, 32, 1), 2_879, 0, Some(3_998)),
            // 1/3 + 2/3 of a credit: two divisions would lose a thousandth.
            (rule(1, 3, 3, 1), 3, 2, Some(1_000)),
            (rule(45, 16, 32, 1), 10, 11, None),
            (rule(0, 16, 32, 1), 10, 0, None),
            (rule(45, 16, 32, 0), 10, 0, None),
            (rule(1, 1, 1, 1), u64::MAX, 0, None),
        ];
        for (rule, minutes, practice, credits) in cases {
            assert_eq!(credit_millis(&rule, minutes, practice), credits, "{rule:?} {minutes} {practice}");
        }
    }
}
