//! The single numbers of a policy: where they stand in the statement, what holds without one, and which way is stricter.

use xuefen_core::proto::{Deadlines, MassPassRule, Policy};

/// One number. 0 in a statement = not said.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// Field of `Policy`.
    pub field: &'static str,
    /// What it bounds, in words.
    pub meaning: &'static str,
    /// What holds as long as no policy says otherwise; `None` = nothing.
    pub built_in: Option<u64>,
    /// Smallest and largest that a policy may say.
    pub range: (u64, u64),
    pub(crate) of: fn(&Policy) -> u64,
    /// The smaller number asks more of people; else the larger does.
    pub less_is_stricter: bool,
}

impl Number {
    /// The stricter of two.
    pub(super) fn stricter(&self, a: u64, b: u64) -> u64 {
        if self.less_is_stricter { a.min(b) } else { a.max(b) }
    }
}

fn deadlines(policy: &Policy) -> Deadlines {
    policy.deadlines.unwrap_or_default()
}

fn mass_pass(policy: &Policy) -> MassPassRule {
    policy.mass_pass.unwrap_or_default()
}

macro_rules! numbers {
    ($($konst:ident $field:literal $built_in:expr, $range:expr, $less:literal, $of:expr; $doc:literal)*) => {
        $(#[doc = $doc] pub const $konst: Number = Number {
            field: $field, meaning: $doc, built_in: $built_in, range: $range, of: $of, less_is_stricter: $less,
        };)*
        /// Every number.
        pub const ALL: &[Number] = &[$($konst),*];
    };
}

/// Seconds of a day.
const SECONDS: u64 = 86_400;

numbers! {
    STATEMENT_AGE "statement_age_seconds" Some(30 * SECONDS), (3_600, 366 * SECONDS), true, |it| it.statement_age_seconds;
        "Oldest statement accepted, seconds (formats.md 2, \"Time\")."
    ACHIEVED_AGE "achieved_age_days" Some(400), (1, 36_500), true, |it| it.achieved_age_days.into();
        "Oldest `achieved_on` of an outcome that is not imported, days before the day of issue (rules.md 2, \"Dates\")."
    SUSPENSION "suspension_days" Some(180), (1, 3_650), true, |it| it.suspension_days.into();
        "Longest suspension of an entry, days (rules.md 1, life cycle)."
    ROTATION "rotation_seconds" Some(72 * 3_600), (72 * 3_600, 366 * SECONDS), false, |it| it.rotation_seconds.into();
        "A key that an institution rotates to takes force after this many seconds (rules.md 2, \"Keys\")."
    COMPROMISE "compromise_days" Some(30), (1, 3_650), true, |it| it.compromise_days.into();
        "An institution itself dates a compromise at most this many days back (rules.md 2, \"Keys\")."
    FULL_LADDER "full_ladder_level" Some(7), (1, 8), true, |it| it.full_ladder_level.into();
        "Skill level from which an occupation's full ladder is needed: 特级技师 (rules.md 6, story 12)."
    NOTICE "notice_working_days" Some(20), (1, 366), false, |it| it.notice_working_days.into();
        "Working days between a changed programme and its start (rules.md 6, story 9)."
    COSIGN_DAYS "cosign_days" Some(60), (1, 3_650), true, |it| it.cosign_days.into();
        "An outcome waits so many days for a co-signer whom its issuer names and no rule asks for (rules.md 2, \"Co-signing\")."
    STEP_LEVEL "step_level" Some(5), (1, 8), true, |it| it.step_level.into();
        "Skill level from which the standard route goes one step at a time: 技师 (rules.md 6, story 12)."
    ASSESSOR_LEVEL "assessor_level" Some(4), (1, 8), false, |it| it.assessor_level.into();
        "Skill level that a part-time teacher who assesses generally has at least: 高级工 (rules.md 6, story 16)."
    MINOR_AGE "minor_age_years" None, (1, 100), false, |it| it.minor_age_years.into();
        "Age below which a learner is a minor, years (rules.md 5)."
    MASS_PASS_LEARNERS "mass_pass.learners" Some(10), (1, 1_000_000), true, |it| mass_pass(it).learners.into();
        "清考 flag: learners whose fail became a pass, at least (rules.md 2, \"Attempts\")."
    MASS_PASS_SHARE "mass_pass.share_basis_points" Some(3_000), (1, 10_000), true,
        |it| mass_pass(it).share_basis_points.into();
        "清考 flag: share of the run's fails that became passes, at least, basis points (rules.md 2, \"Attempts\")."
    MASS_PASS_WINDOW "mass_pass.window_days" Some(30), (1, 3_650), false, |it| mass_pass(it).window_days.into();
        "清考 flag: days after the run's end within which a pass counts (rules.md 2, \"Attempts\")."
    MAX_YIELD "max_yield_millis" None, (1, 1 << 40), true, |it| it.max_yield_millis;
        "Most that one source may yield, milli-credits (rules.md 4)."
    ACCEPT_DAYS "deadlines.accept_days" None, (1, 3_650), true, |it| deadlines(it).accept_days.into();
        "Days to take up an application."
    DECIDE_DAYS "deadlines.decide_days" None, (1, 3_650), true, |it| deadlines(it).decide_days.into();
        "Days to decide it."
    APPEAL_DAYS "deadlines.appeal_days" None, (1, 3_650), false, |it| deadlines(it).appeal_days.into();
        "Days in which a learner may appeal."
    DECIDE_APPEAL_DAYS "deadlines.decide_appeal_days" None, (1, 3_650), true, |it| deadlines(it).decide_appeal_days.into();
        "Days to decide an appeal."
    REVIEW_DAYS "deadlines.review_days" None, (1, 3_650), true, |it| deadlines(it).review_days.into();
        "Days to review what a fallen source supported."
    COOLING_OFF_DAYS "deadlines.cooling_off_days" Some(30), (1, 3_650), false, |it| deadlines(it).cooling_off_days.into();
        "Days in which a learner may undo a use (rules.md 4, 8)."
}
