//! Why an outcome does not meet a source of a rule: one code for each condition, with what it asks and what helps.

use crate::rejection::Text;

macro_rules! reasons {
    ($($variant:ident $code:literal $near:literal
        $rule_en:literal $rule_zh:literal
        $fix_en:literal $fix_zh:literal)*) => {
        /// A condition of a source, in the order in which they are told.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $rule_en] $variant,)*
        }

        impl Reason {
            /// Every condition.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The stable code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The condition of a code.
            #[must_use]
            pub fn by_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|it| it.code() == code)
            }

            /// Whether the same learner may come to meet it with this kind of outcome: a higher level, a better mark. What
            /// the outcome is, and whose, does not change.
            #[must_use]
            pub const fn is_near(self) -> bool {
                match self { $(Self::$variant => $near,)* }
            }

            /// What is asked.
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

reasons! {
    KindDiffers "KIND_DIFFERS" false
        "The rule takes outcomes of other kinds." "规则只接受其他类别的成果。"
        "Use an outcome of a kind that the rule names." "请使用规则所列类别的成果。"
    IssuerDiffers "ISSUER_DIFFERS" false
        "The rule takes outcomes of other issuers." "规则只接受其他签发机构的成果。"
        "Use an outcome of an issuer that the rule names." "请使用规则所列机构签发的成果。"
    IssuerKindDiffers "ISSUER_KIND_DIFFERS" false
        "The rule takes outcomes of other kinds of institution." "规则只接受其他类型机构的成果。"
        "Use an outcome of an institution of a kind that the rule names." "请使用规则所列类型机构的成果。"
    SectorDiffers "SECTOR_DIFFERS" false
        "The rule takes outcomes of other sectors." "规则只接受其他教育领域的成果。"
        "Use an outcome of a sector that the rule names." "请使用规则所列教育领域的成果。"
    FamilyDiffers "FAMILY_DIFFERS" false
        "The rule takes certificates of another family." "规则只接受另一证书系列。"
        "Use a certificate of the family that the rule names." "请使用规则所列系列的证书。"
    CourseDiffers "COURSE_DIFFERS" false
        "The rule takes other courses." "规则只接受其他课程。"
        "Use an outcome of a course that the rule names." "请使用规则所列课程的成果。"
    MajorClassDiffers "MAJOR_CLASS_DIFFERS" false
        "The rule takes another class of majors." "规则只接受另一专业类。"
        "Use an outcome of a major of that class." "请使用该专业类的成果。"
    ScaleDiffers "SCALE_DIFFERS" false
        "The rule asks for a grade on another scale." "规则要求另一成绩制的成绩。"
        "Ask the issuer whether the grade is recorded on that scale." "请向签发机构查询该成绩制的成绩。"
    LevelTooLow "LEVEL_TOO_LOW" true
        "The level is lower than the rule asks." "等级低于规则要求。"
        "Earn the next level of the certificate." "请取得更高等级的证书。"
    Failed "FAILED" true
        "A fail converts into nothing." "不合格的成果不可转换。"
        "Pass the resit; it is an outcome of its own." "请通过补考，补考成绩为新的成果。"
    MarkTooLow "MARK_TOO_LOW" true
        "The mark is lower than the rule asks." "成绩低于规则要求。"
        "A later attempt with a better mark would meet it." "以后取得更高成绩即可满足。"
    TierTooLow "TIER_TOO_LOW" true
        "Less stands behind the outcome than the rule asks." "成果的可信层级低于规则要求。"
        "Ask a second party or the authority to countersign it." "请由另一方或主管部门会签。"
    TooOld "TOO_OLD" true
        "The outcome is older than the rule takes." "成果已超过规则规定的年限。"
        "Renew it; the rule takes newer ones." "请重新取得该成果，规则接受较新者。"
    NotValid "NOT_VALID" true
        "Only what is valid converts." "只有有效的成果可以转换。"
        "Clear up its status with the issuer." "请与签发机构处理其状态。"
}
