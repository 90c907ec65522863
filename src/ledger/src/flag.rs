//! Remarks on accepted entries: the list of codes with their words (docs/spec/flags.md is made from it), and what a remark
//! holds. When a rule makes one stands in `threshold` and in the rules of the kinds.

use crate::rejection::Text;
use crate::rows::FlagRow;
use std::borrow::Cow;
use xuefen_core::proto::Severity;

macro_rules! flags {
    ($($variant:ident $number:literal $code:literal $en:literal $zh:literal)*) => {
        /// What a remark says. Numbers stand in rows and are never reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum FlagCode {
            $(#[doc = $en] $variant = $number,)*
        }

        impl FlagCode {
            /// Every code, by ascending number.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable code, as in docs/spec/flags.md.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn message(self) -> Text {
                match self { $(Self::$variant => Text { en: $en, zh: $zh },)* }
            }
        }
    };
}

flags! {
    MassPass 1 "MASS_PASS"
        "Many learners of the run who had failed passed soon after its end." "该班次结束后短期内有大量不合格者转为合格（清考）。"
    PracticeShareLow 2 "PRACTICE_SHARE_LOW"
        "Practice is a smaller share of the minutes than the policy asks." "实践学时占比低于政策要求。"
    SkillTestShareLow 3 "SKILL_TEST_SHARE_LOW"
        "The skill test is a smaller share of the score than the policy asks." "技能测试分值占比低于政策要求。"
    EffectNotDefault 4 "EFFECT_NOT_DEFAULT"
        "The institution ends with another effect than the policy gives this ground." "终止机构的效力与政策对该事由规定的不同。"
    PathwayPhasedOut 5 "PATHWAY_PHASED_OUT"
        "The learner enters a pathway that is being phased out." "该贯通培养方案已停止招生，入学在停招之后。"
    TrainingLow 6 "TRAINING_LOW"
        "Person-times of training are fewer for each learner enrolled than the policy asks." "培训人次与在校生之比低于政策要求。"
    AssessorLevelLow 10 "ASSESSOR_LEVEL_LOW"
        "The assessor is a part-time teacher below the level or title that is generally asked for." "评定人为兼职教师，未达到一般要求的技能等级或职称。"
}

impl FlagCode {
    /// Its number in rows.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// The code of this number.
    #[must_use]
    pub fn by_number(number: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.number() == number)
    }

    /// The code of this name.
    #[must_use]
    pub fn by_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.code() == code)
    }

    /// Whether it rests on payloads of other entries, so that erasing one of those may take it away again.
    pub(crate) const fn is_counted(self) -> bool {
        matches!(self, Self::MassPass)
    }
}

/// A remark on an accepted entry. Holds no payload value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// What it says.
    pub code: FlagCode,
    /// How much it weighs: soft or advisory.
    pub severity: Severity,
    /// Leaf index of the Policy whose number was broken; 0 = the built-in one, or no number.
    pub policy: u64,
    /// The field it is about, such as `payload.practice_minutes (7)`.
    pub field: Cow<'static, str>,
    /// The reason code that the policy gives with it; may be empty.
    pub reason: String,
}

impl Flag {
    /// A remark that rests on no number of a policy.
    pub(crate) fn new(code: FlagCode, severity: Severity, field: impl Into<Cow<'static, str>>) -> Self {
        Self { code, severity, policy: 0, field: field.into(), reason: String::new() }
    }

    pub(crate) fn row(&self) -> FlagRow {
        FlagRow {
            code: self.code.number(),
            severity: self.severity as u8,
            policy: self.policy,
            field: self.field.clone().into_owned(),
            reason: self.reason.clone(),
        }
    }

    /// `None` for a number that this version does not know.
    pub(crate) fn of_row(row: FlagRow) -> Option<Self> {
        Some(Self {
            code: FlagCode::by_number(row.code)?,
            severity: Severity::try_from(i32::from(row.severity)).ok()?,
            policy: row.policy,
            field: row.field.into(),
            reason: row.reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_names_and_texts_are_whole() {
        for flag in FlagCode::ALL {
            let code = flag.code();
            assert!(code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'), "{code}");
            assert_eq!(code.replace('_', "").to_lowercase(), format!("{flag:?}").to_lowercase());
            let text = flag.message();
            assert!(text.en.ends_with('.') && text.zh.ends_with('。'), "{code}");
            assert_eq!(FlagCode::by_number(flag.number()), Some(*flag));
            assert_eq!(FlagCode::by_code(code), Some(*flag));
        }
        assert!(FlagCode::ALL.windows(2).all(|pair| pair[0].number() < pair[1].number()));
    }

    #[test]
    fn a_flag_comes_back_from_its_row() {
        let flag = Flag {
            code: FlagCode::PracticeShareLow,
            severity: Severity::Soft,
            policy: 7,
            field: "payload.practice_minutes (7)".into(),
            reason: "teacher".to_owned(),
        };
        assert_eq!(Flag::of_row(flag.row()), Some(flag.clone()));
        assert_eq!(Flag::of_row(FlagRow { code: u16::MAX, ..flag.row() }), None);
    }
}
