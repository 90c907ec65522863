//! Numbers that an entry keeps to, and what happens if it does not: hard refuses, soft and advisory leave a remark
//! (rules.md 2, "Severity"). Bound and severity are the policy's; what is measured, and where, is the rules' business.

use crate::flag::{Flag, FlagCode};
use crate::policy::InForce;
use crate::rejection::{Refusal, Rejection};
use std::borrow::Cow;
use xuefen_core::proto::Severity;

macro_rules! thresholds {
    ($($variant:ident $code:literal $flag:ident $doc:literal)*) => {
        /// What is measured. All of these are shares in basis points or other numbers, of which the bound is the least.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Threshold {
            $(#[doc = $doc] $variant,)*
        }

        impl Threshold {
            /// Every threshold.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable code, as in `Policy.thresholds`.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The remark of a breach that is not refused.
            #[must_use]
            pub const fn flag(self) -> FlagCode {
                match self { $(Self::$variant => FlagCode::$flag,)* }
            }

            /// What is measured, in words.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $doc,)* }
            }
        }
    };
}

thresholds! {
    SkillTestShare "skill_test_share" SkillTestShareLow
        "Skill tests of the score of a vocational entrance examination, basis points."
    PracticeShareEnterprise "practice_share_enterprise" PracticeShareLow
        "Practice of the minutes of enterprise skills training, basis points."
    PracticeShareTeacher "practice_share_teacher" PracticeShareLow
        "Practice of the minutes of dual-qualified teacher training, basis points."
    PracticeShareProgramme "practice_share_programme" PracticeShareLow
        "Practice of the minutes of a programme, basis points."
    TrainingPerLearner "training_per_learner" TrainingLow
        "Training person-times of a year for each learner enrolled, hundredths. Asked by reports, of no entry."
}

/// A threshold as the policy in force has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    /// At least this.
    pub least: u64,
    /// What a breach does.
    pub severity: Severity,
    /// Reason code shown with a remark; may be empty.
    pub reason: String,
    /// Leaf index of the Policy; 0 = built in.
    pub policy: u64,
}

/// A threshold that an entry does not keep, or a remark that a rule makes without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Breach {
    flag: Flag,
    /// What was measured and what is asked.
    detail: String,
}

impl Threshold {
    /// The threshold of a code.
    #[must_use]
    pub fn by_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.code() == code)
    }

    /// Holds a value against the policy; `field` names what it was measured of.
    #[must_use]
    pub(crate) fn hold(self, policy: &InForce, value: u64, field: impl Into<Cow<'static, str>>) -> Option<Breach> {
        let bound = policy.threshold(self)?;
        if value >= bound.least {
            return None;
        }
        let detail = format!("{} is {value}, at least {}", self.code(), bound.least);
        let Bound { severity, reason, policy, .. } = bound;
        Some(Breach { flag: Flag { code: self.flag(), severity, policy, field: field.into(), reason }, detail })
    }
}

impl Breach {
    /// A remark without a threshold.
    pub(crate) const fn remark(flag: Flag) -> Self {
        Self { flag, detail: String::new() }
    }

    /// The remark, for what was accepted.
    pub(crate) fn into_flag(self) -> Flag {
        self.flag
    }
}

/// The remarks, unless one of the breaches is hard.
pub(crate) fn judge(breaches: Vec<Breach>) -> Result<Vec<Flag>, Refusal> {
    match breaches.iter().find(|breach| breach.flag.severity == Severity::Hard) {
        Some(hard) => {
            Err(Refusal::new(Rejection::ThresholdNotMet, hard.flag.field.clone()).detail(hard.detail.clone()))
        }
        None => Ok(breaches.into_iter().map(Breach::into_flag).collect()),
    }
}

/// `part` of `whole` in basis points, rounded down; all of nothing.
#[must_use]
pub(crate) fn share(part: u64, whole: u64) -> u64 {
    let share = (u128::from(part) * 10_000).checked_div(u128::from(whole)).unwrap_or(10_000);
    u64::try_from(share).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_names() {
        for threshold in Threshold::ALL {
            let code = threshold.code();
            assert_eq!(code.replace('_', ""), format!("{threshold:?}").to_lowercase());
            assert_eq!(Threshold::by_code(code), Some(*threshold));
            assert!(threshold.meaning().ends_with('.'));
        }
    }

    #[test]
    fn hard_refuses_the_others_remark() {
        let policy = InForce::built_in();
        // 39 of 80 hours are less than half.
        let short = share(39, 80);
        assert_eq!((short, share(40, 80), share(0, 0), share(u64::MAX, 1)), (4_875, 5_000, 10_000, u64::MAX));
        let refusal = judge(Threshold::PracticeShareEnterprise.hold(&policy, short, "f").into_iter().collect());
        let refusal = refusal.expect_err("hard");
        assert_eq!((refusal.rejection, &*refusal.field), (Rejection::ThresholdNotMet, "f"));
        assert_eq!(refusal.detail, "practice_share_enterprise is 4875, at least 5000");
        let flags = judge(Threshold::PracticeShareTeacher.hold(&policy, short, "f").into_iter().collect());
        let flags = flags.expect("soft");
        assert_eq!((flags[0].code, flags[0].severity), (FlagCode::PracticeShareLow, Severity::Soft));
        for threshold in Threshold::ALL {
            let least = policy.threshold(*threshold).expect("built in").least;
            assert_eq!(threshold.hold(&policy, least, "f"), None, "{threshold:?}");
            assert!(threshold.hold(&policy, least - 1, "f").is_some(), "{threshold:?}");
        }
    }
}
