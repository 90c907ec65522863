//! What can be found, with what it means and what helps.

use crate::rejection::Text;
use std::fmt::Display;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nobody can ever use the rule, or it contradicts another.
    Error,
    /// It may be meant so.
    Warning,
}

impl Weight {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

macro_rules! findings {
    ($($variant:ident $code:literal $weight:ident
        $rule_en:literal $rule_zh:literal
        $fix_en:literal $fix_zh:literal)*) => {
        /// What was found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum FindingCode {
            $(#[doc = $rule_en] $variant,)*
        }

        impl FindingCode {
            /// Everything that can be found.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The finding of a code.
            #[must_use]
            pub fn by_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.code() == code)
            }

            /// How bad it is.
            #[must_use]
            pub const fn weight(self) -> Weight {
                match self { $(Self::$variant => Weight::$weight,)* }
            }

            /// What is wrong.
            #[must_use]
            pub const fn rule(self) -> Text {
                match self { $(Self::$variant => Text { en: $rule_en, zh: $rule_zh },)* }
            }

            /// What helps.
            #[must_use]
            pub const fn fix(self) -> Text {
                match self { $(Self::$variant => Text { en: $fix_en, zh: $fix_zh },)* }
            }
        }
    };
}

findings! {
    Malformed "RULE_MALFORMED" Error
        "The rule contradicts itself." "规则自相矛盾。"
        "Correct the field." "请更正该字段。"
    LooserThanParent "LOOSER_THAN_PARENT" Error
        "The rule asks less or gives more than the rule above it." "规则比上级规则宽松。"
        "Ask at least what the rule above asks, and give no more." "请至少达到上级规则的要求，且不超过其给予。"
    ParentNotInForce "PARENT_NOT_IN_FORCE" Error
        "The rule above it does not hold, so nothing can be converted." "上级规则未生效，无法转换。"
        "Name a rule that holds, or ask its owner." "请引用有效的上级规则，或与其发布方联系。"
    ParentEndsFirst "PARENT_ENDS_FIRST" Warning
        "The rule above it ends before it does." "上级规则先于本规则失效。"
        "End the rule at the same time, or ask for a longer one above." "请同时终止本规则，或请上级延长。"
    ParentCircle "PARENT_CIRCLE" Error
        "Rules are above each other in a circle." "规则互为上级，形成循环。"
        "Name another rule above." "请引用其他上级规则。"
    ExemptCircle "EXEMPT_CIRCLE" Warning
        "Courses exempt each other in a circle of rules." "课程通过若干规则互相免修，形成循环。"
        "Take one of the rules out of the circle." "请去除循环中的一条规则。"
    Overlap "OVERLAP" Warning
        "Two rules into one programme take the same outcomes and give different results." "同一方案的两条规则接受相同成果而结果不同。"
        "Make it one rule with a table, or divide what they take." "请合并为带等级表的一条规则，或区分所接受的成果。"
    Duplicate "DUPLICATE" Warning
        "Two rules into one programme take the same outcomes and give the same." "同一方案的两条规则接受相同成果且结果相同。"
        "Keep one of them." "请保留其中一条。"
    Gap "GAP" Warning
        "No version holds for a time between two of them." "两个版本之间有一段时间无版本生效。"
        "Begin the next version where the one before ends." "请使后一版本自前一版本终止时生效。"
    IntervalPast "INTERVAL_PAST" Warning
        "The rule's time is over and nothing follows." "规则已失效且无后续版本。"
        "Publish the next version if it is still wanted." "如仍需要，请发布后续版本。"
    OwnerEnded "OWNER_ENDED" Error
        "The receiving institution decides nothing any more." "接收机构已不再办理。"
        "Let the successor publish the rule." "请由承继机构发布规则。"
    ProgrammeEnded "PROGRAMME_ENDED" Error
        "The programme it converts into is not in force." "所转入的人才培养方案未生效。"
        "Name the programme's newest version." "请引用该方案的最新版本。"
    ExemptEnded "EXEMPT_ENDED" Error
        "A course that it exempts is not in force." "所免修的课程未生效。"
        "Name the course's newest version." "请引用该课程的最新版本。"
    IssuerUnknown "ISSUER_UNKNOWN" Warning
        "An issuer that it names is not accredited." "所列签发机构未经认定。"
        "Correct the id; the check character finds slips." "请核对机构代码及校验位。"
    IssuerEnded "ISSUER_ENDED" Warning
        "An issuer that it names issues nothing any more." "所列签发机构已不再签发。"
        "Name its successor too." "请同时列出其承继机构。"
    NoIssuerLeft "NO_ISSUER_LEFT" Error
        "None of the issuers that it names issues anything." "所列签发机构均不签发成果。"
        "Name issuers in force." "请列出有效的签发机构。"
    FamilyUnknown "FAMILY_UNKNOWN" Error
        "None of the issuers that it names has a family of that code." "所列签发机构均无该证书系列。"
        "Correct the code of the family." "请更正证书系列代码。"
    LevelUnknown "LEVEL_UNKNOWN" Error
        "The family has no level as high as that." "该证书系列没有如此高的等级。"
        "Ask for a level that the family has." "请填写该系列已有的等级。"
    CourseUnknown "COURSE_UNKNOWN" Error
        "None of the issuers that it names offers any of the courses." "所列签发机构均不开设所列课程。"
        "Correct the codes of the courses." "请更正课程代码。"
    KindWithout "KIND_WITHOUT" Error
        "Outcomes of the kinds that it names never have what it asks for." "所列类别的成果不含所要求的内容。"
        "Name the kinds that have it." "请列出含有该内容的成果类别。"
    ScaleUnknown "SCALE_UNKNOWN" Error
        "The scale is not known where the rule is applied." "适用规则的机构不使用该成绩制。"
        "Name a scale of the policy." "请使用政策所列的成绩制。"
    MarkTooHigh "MARK_TOO_HIGH" Error
        "The lowest mark is above the top of the scale." "最低成绩高于该成绩制的满分。"
        "Ask for a mark that the scale has." "请填写该成绩制内的成绩。"
}

/// Something to look at in a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// What was found; the heavier first.
    pub code: FindingCode,
    /// Leaf index of the rule.
    pub rule: u64,
    /// Other rules that it concerns, by leaf index: the one that overlaps, the parent, the rest of a circle.
    pub others: Vec<u64>,
    /// Field of the rule; empty for the whole of it.
    pub field: String,
    /// What the rule says: a code, a number, a time in Unix seconds.
    pub said: String,
    /// What it is held against; may be empty.
    pub asked: String,
}

impl Finding {
    pub(super) fn of(code: FindingCode, rule: u64, field: impl Into<String>) -> Self {
        Self { code, rule, others: Vec::new(), field: field.into(), said: String::new(), asked: String::new() }
    }

    pub(super) fn with(self, other: u64) -> Self {
        Self { others: vec![other], ..self }
    }

    pub(super) fn numbers(self, said: &dyn Display, asked: &dyn Display) -> Self {
        Self { said: said.to_string(), asked: asked.to_string(), ..self }
    }

    /// Every rule that it concerns.
    pub fn rules(&self) -> impl Iterator<Item = u64> {
        std::iter::once(self.rule).chain(self.others.iter().copied())
    }
}
