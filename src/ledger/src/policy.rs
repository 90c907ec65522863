//! The numbers that hold as long as no Policy entry says otherwise. Each names its source; none stands anywhere else.

use crate::threshold::{Bound, Threshold};
use xuefen_core::proto::{OutcomeKind, Severity};

/// Oldest statement accepted, seconds: 30 days (formats.md 2, "Time").
pub const STATEMENT_AGE_SECONDS: i64 = xuefen_core::time::DEFAULT_MAX_AGE_SECONDS;

/// Oldest `achieved_on` of an outcome that is not imported, days before the day of issue (rules.md 2, "Dates").
pub const ACHIEVED_AGE_DAYS: i64 = 400;

/// Longest suspension of an entry, seconds: 180 days (rules.md 1, life cycle).
pub const SUSPENSION_SECONDS: i64 = 180 * DAY_SECONDS;

/// A key that an institution rotates to takes force after this many seconds: 72 h (rules.md 2, "Keys").
pub const ROTATION_SECONDS: i64 = 72 * 3600;

/// An institution itself dates a compromise at most this far back, seconds: 30 days (rules.md 2, "Keys").
pub const COMPROMISE_SECONDS: i64 = 30 * DAY_SECONDS;

/// 清考 flag: learners whose fail became a pass, at least (rules.md 2, "Attempts").
pub const MASS_PASS_LEARNERS: u32 = 10;

/// 清考 flag: share of the run's fails that became passes, at least, in basis points (rules.md 2, "Attempts").
pub const MASS_PASS_BASIS_POINTS: u64 = 3_000;

/// 清考 flag: days after the run's end within which a pass counts; the end is the newest `achieved_on` of its first
/// attempts (rules.md 2, "Attempts").
pub const MASS_PASS_WINDOW_DAYS: i64 = 30;

/// Skill level from which an occupation's full ladder is needed: 特级技师 (rules.md 6, story 12). Levels of the new eight
/// (新八级工): 1 学徒工, 2 初级工, 3 中级工, 4 高级工, 5 技师, 6 高级技师, 7 特级技师, 8 首席技师.
pub const FULL_LADDER_LEVEL: u64 = 7;

/// Skill level from which the standard route goes one step at a time: 技师 (rules.md 6, story 12).
pub const STEP_LEVEL: u64 = 5;

/// Skill level that a part-time teacher generally has: 高级工 (rules.md 6, story 16).
pub const SENIOR_WORKER_LEVEL: u64 = 4;

/// Highest skill level there is.
pub const TOP_SKILL_LEVEL: u64 = 8;

/// The policy in force at a time for an issuer.
#[derive(Clone, Debug)]
pub struct InForce {}

impl InForce {
    /// The built-in one.
    #[must_use]
    pub const fn built_in() -> Self {
        Self {}
    }

    /// Bound and severity of a threshold; `None` if the policy asks for nothing.
    #[must_use]
    pub fn threshold(&self, threshold: Threshold) -> Option<Bound> {
        THRESHOLDS.iter().find(|(of, _, _)| *of == threshold).map(|(_, least, severity)| Bound {
            least: *least,
            severity: *severity,
            reason: String::new(),
            policy: 0,
        })
    }
}

/// The built-in thresholds (rules.md 2, "Severity").
const THRESHOLDS: &[(Threshold, u64, Severity)] = &[
    (Threshold::SkillTestShare, 5_000, Severity::Hard),
    (Threshold::PracticeShareEnterprise, 5_000, Severity::Hard),
    (Threshold::PracticeShareTeacher, 5_000, Severity::Soft),
    (Threshold::PracticeShareProgramme, 5_000, Severity::Advisory),
];

/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;

/// When a co-signer signs (rules.md 2, "Co-signing").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CosignTime {
    /// With the entry, or it is refused.
    AtEntry,
    /// Later, within so many days; until then the entry counts for nothing.
    MayFollow {
        /// Days after the entry is logged until it lapses.
        lapse_days: u32,
    },
}

/// Kinds of outcome that need a co-signer: an internship counts with school and host, a transfer with both schools.
pub const COSIGN: &[(OutcomeKind, CosignTime)] = &[
    (OutcomeKind::PracticeRecord, CosignTime::MayFollow { lapse_days: 90 }),
    (OutcomeKind::HomeSchoolTransfer, CosignTime::AtEntry),
];

/// For a co-signer that an issuer names where no rule asks for one: a host names the home school.
pub const COSIGN_NAMED: CosignTime = CosignTime::MayFollow { lapse_days: 60 };

/// A scale of grades (rules.md 2, "Grades").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Marks of 0 to a top, in thousandths of a point; from the pass mark on they pass.
    Marks {
        /// Lowest mark that passes.
        pass_millis: u64,
        /// Highest mark.
        top_millis: u64,
    },
    /// Words, best first; the first so many pass.
    Words {
        /// The words.
        words: &'static [&'static str],
        /// How many pass.
        passing: usize,
    },
}

/// The scales by code.
pub const SCALES: &[(&str, Scale)] = &[
    ("percentage", Scale::Marks { pass_millis: 60_000, top_millis: 100_000 }),
    ("five_grade", Scale::Words { words: &["优秀", "良好", "中等", "及格", "不及格"], passing: 4 }),
    ("pass_fail", Scale::Words { words: &["合格", "不合格"], passing: 1 }),
];

/// The scale of a code.
#[must_use]
pub fn scale(code: &str) -> Option<Scale> {
    SCALES.iter().find(|(name, _)| *name == code).map(|(_, scale)| *scale)
}
