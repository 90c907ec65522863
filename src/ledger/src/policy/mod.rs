//! The policy in force at an entry's time: built in, overlaid by the nation's, tightened by the issuer's province's
//! (docs/adr/0024). Numbers stand in [`number`], none anywhere else. What may be posted as one stands in `rules/policy`.

mod cosign;
mod known;
pub mod number;
mod past;
mod stricter;
mod working_days;

pub use cosign::CosignTime;
pub use known::KnownPolicies;
pub use number::Number;
pub use past::Past;
pub(crate) use stricter::looser;
pub use working_days::WorkingDays;

use self::known::Found;
use crate::access::Access;
use crate::ids::province;
use crate::rows::{self, OfferBody, OfferRow};
use crate::state::{Read, ReadError};
use crate::threshold::{Bound, Threshold};
use prost::Message;
use std::sync::{Arc, LazyLock};
use xuefen_core::proto::{self, CosignRule, OutcomeKind, Policy, Severity};

/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;

/// Highest skill level there is. No policy changes it: the new eight (新八级工) are 1 学徒工, 2 初级工, 3 中级工, 4 高级工,
/// 5 技师, 6 高级技师, 7 特级技师, 8 首席技师.
pub const TOP_SKILL_LEVEL: u64 = 8;

/// A scale of grades (rules.md 2, "Grades").
pub type Scale = proto::Scale;

/// The lists that hold as long as no policy has its own (docs/adr/0005). Never changes: old entries were judged by it.
static BUILT_IN: LazyLock<Policy> = LazyLock::new(|| {
    let words = |code: &str, words: &[&str], passing_words| Scale {
        code: code.to_owned(),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        passing_words,
        ..Scale::default()
    };
    let threshold = |threshold: Threshold, bound: u64, severity: Severity| proto::Threshold {
        code: threshold.code().to_owned(),
        bound,
        severity: severity as i32,
        reason: String::new(),
    };
    Policy {
        scales: vec![
            Scale {
                code: "percentage".to_owned(),
                pass_mark_millis: 60_000,
                top_mark_millis: 100_000,
                ..Scale::default()
            },
            words("five_grade", &["优秀", "良好", "中等", "及格", "不及格"], 4),
            words("pass_fail", &["合格", "不合格"], 1),
        ],
        // rules.md 2, "Severity".
        thresholds: vec![
            threshold(Threshold::SkillTestShare, 5_000, Severity::Hard),
            threshold(Threshold::PracticeShareEnterprise, 5_000, Severity::Hard),
            threshold(Threshold::PracticeShareTeacher, 5_000, Severity::Soft),
            threshold(Threshold::PracticeShareProgramme, 5_000, Severity::Advisory),
            threshold(Threshold::TrainingPerLearner, 200, Severity::Advisory),
        ],
        ..Policy::default()
    }
});

/// A Policy statement that is in force.
#[derive(Clone, Debug)]
struct Tier {
    index: u64,
    policy: Policy,
}

/// A leaf index names one statement.
impl PartialEq for Tier {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index
    }
}

impl Eq for Tier {}

/// The policy in force at a time for an issuer. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InForce {
    nation: Option<Arc<Tier>>,
    province: Option<Arc<Tier>>,
}

/// The policy in force at a time for whoever sits in a region; empty = the nation alone.
pub(crate) fn in_force<S: Read + ?Sized>(state: &S, region: &str, time: i64) -> Result<InForce, ReadError> {
    let nation = tier(state, "", time)?;
    let province = province(region);
    let province = if province.is_empty() { None } else { tier(state, province, time)? };
    Ok(InForce { nation, province })
}

/// The newest version of a line whose time has come.
fn tier<S: Read + ?Sized>(state: &S, province: &str, time: i64) -> Result<Option<Arc<Tier>>, ReadError> {
    let Some((written, _)) = state.newest(&rows::policies(province))? else { return Ok(None) };
    if let Some(found) = state.known_policies().and_then(|known| known.get(province, written, time)) {
        return Ok(found.tier);
    }
    let Some(line) = state.policies(province)? else { return Ok(None) };
    let (index, holds) = known::version(&line, u64::MAX, time);
    let tier = index.map(|index| read(state, index)).transpose()?;
    if let Some(known) = state.known_policies() {
        known.put(province, Found { written, holds, tier: tier.clone() });
    }
    Ok(tier)
}

/// The statement of an entry that is a policy.
fn read<S: Read + ?Sized>(state: &S, index: u64) -> Result<Arc<Tier>, ReadError> {
    let damaged = || ReadError::Damaged { key: rows::offer(index), index };
    let Some(OfferRow { body: OfferBody::Policy(row), .. }) = state.offer(index)? else { return Err(damaged()) };
    let policy = Policy::decode(&row.body[..]).map_err(|_| damaged())?;
    Ok(Arc::new(Tier { index, policy }))
}

impl InForce {
    /// What holds without any Policy statement.
    #[must_use]
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Leaf indices of the statements that it is made of: the nation's, the province's. Empty = built in.
    #[must_use]
    pub fn indices(&self) -> Vec<u64> {
        self.tiers().map(|tier| tier.index).collect()
    }

    fn tiers(&self) -> impl DoubleEndedIterator<Item = &Tier> {
        self.nation.iter().chain(&self.province).map(|tier| &**tier)
    }

    /// A number; `None` if nothing bounds it.
    #[must_use]
    pub fn number(&self, number: &Number) -> Option<u64> {
        let said =
            |tier: &Option<Arc<Tier>>| tier.as_ref().map(|tier| (number.of)(&tier.policy)).filter(|said| *said > 0);
        let nation = said(&self.nation).or(number.built_in);
        match (nation, said(&self.province)) {
            (Some(nation), Some(province)) => Some(number.stricter(nation, province)),
            (nation, province) => province.or(nation),
        }
    }

    /// A number that is always bounded, as a difference of times or days.
    pub(crate) fn span(&self, number: &Number) -> i64 {
        let value = self.number(number).and_then(|value| i64::try_from(value).ok());
        value.expect("it has a built-in value, and none above its range is accepted")
    }

    /// The scale of a code.
    #[must_use]
    pub fn scale(&self, code: &str) -> Option<&Scale> {
        let of = |scales: &'_ [Scale]| scales.iter().position(|scale| scale.code == code);
        let national = self.national_scales();
        let nation = of(national).map(|at| &national[at]);
        let province = self.province.as_ref().map_or(&[][..], |tier| &tier.policy.scales);
        match (nation, of(province).map(|at| &province[at])) {
            // What was stricter once may not be so any more: the stricter counts.
            (Some(nation), Some(province)) if stricter::scale_is_looser(province, nation) => Some(nation),
            (nation, province) => province.or(nation),
        }
    }

    /// All scales.
    #[must_use]
    pub fn scales(&self) -> Vec<&Scale> {
        let province = self.province.iter().flat_map(|tier| &tier.policy.scales);
        let nation = self.national_scales();
        let added = province.filter(|scale| !nation.iter().any(|other| other.code == scale.code));
        nation.iter().chain(added).filter_map(|scale| self.scale(&scale.code)).collect()
    }

    /// The nation's scales, or those built in.
    fn national_scales(&self) -> &[Scale] {
        let said = self.nation.as_ref().map(|tier| &tier.policy.scales).filter(|scales| !scales.is_empty());
        said.unwrap_or(&BUILT_IN.scales)
    }

    /// Bound and severity of a threshold; `None` if no policy asks for it.
    #[must_use]
    pub fn threshold(&self, threshold: Threshold) -> Option<Bound> {
        let of = |policy: &Policy, index| {
            let found = policy.thresholds.iter().find(|it| it.code == threshold.code())?;
            let severity = Severity::try_from(found.severity).unwrap_or(Severity::Hard);
            Some(Bound { least: found.bound, severity, reason: found.reason.clone(), policy: index })
        };
        let nation = self.nation.as_ref().and_then(|tier| of(&tier.policy, tier.index));
        let nation = nation.or_else(|| of(&BUILT_IN, 0));
        let province = self.province.as_ref().and_then(|tier| of(&tier.policy, tier.index));
        match (nation, province) {
            (Some(nation), Some(province)) => {
                let (least, severity) = (nation.least.max(province.least), nation.severity.min(province.severity));
                Some(Bound { least, severity, ..province })
            }
            (nation, province) => province.or(nation),
        }
    }

    /// Whether policy lets an institution of this kind record such an outcome at this level (0 = none): by every tier that
    /// says who may. The index of the statement that does not.
    pub(crate) fn right(&self, kind: OutcomeKind, institution: i32, level: u64) -> Result<(), (u64, WrongRight)> {
        for tier in self.tiers() {
            let mut rights = tier.policy.issue_rights.iter().filter(|it| it.outcome_kind == kind as i32).peekable();
            if rights.peek().is_none() {
                continue;
            }
            let mut wrong = WrongRight::Kind;
            let mut good = false;
            for right in rights {
                if !right.institution_kinds.is_empty() && !right.institution_kinds.contains(&institution) {
                    continue;
                }
                let low = level >= u64::from(right.lowest_level);
                let high = right.highest_level == 0 || level <= u64::from(right.highest_level);
                good |= low && high;
                wrong = WrongRight::Level;
            }
            if !good {
                return Err((tier.index, wrong));
            }
        }
        Ok(())
    }

    /// Second signatures that an outcome kind needs, one for each kind of second party: of two tiers the stricter.
    #[must_use]
    pub fn cosigners(&self, kind: OutcomeKind) -> Vec<CosignRule> {
        let mut rules: Vec<CosignRule> = Vec::new();
        let of_kind = |it: &&CosignRule| it.outcome_kind == kind as i32;
        for rule in self.tiers().flat_map(|tier| tier.policy.cosign_rules.iter().filter(of_kind)) {
            match rules.iter_mut().find(|it| it.cosigner_kind == rule.cosigner_kind) {
                None => rules.push(*rule),
                Some(known) => {
                    if rule.time == proto::CosignTime::AtEntry as i32 {
                        known.time = rule.time;
                    }
                    known.lapse_days = match (known.lapse_days, rule.lapse_days) {
                        (0, days) | (days, 0) => days,
                        (a, b) => a.min(b),
                    };
                }
            }
        }
        rules
    }

    /// Whether a ground for ending an institution is on every list there is, and what it does by default (0 = not said).
    #[must_use]
    pub fn ground(&self, code: &str) -> Option<u32> {
        let mut effect = 0;
        for tier in self.tiers().filter(|tier| !tier.policy.grounds.is_empty()) {
            let ground = tier.policy.grounds.iter().find(|ground| ground.code == code)?;
            effect = effect.max(ground.default_effect);
        }
        Some(effect)
    }

    /// Whether a reason for a life-cycle entry is on every list there is.
    #[must_use]
    pub fn has_reason(&self, code: &str) -> bool {
        let mut lists = self.tiers().map(|tier| &tier.policy.reasons).filter(|reasons| !reasons.is_empty());
        lists.all(|reasons| reasons.iter().any(|reason| reason.code == code))
    }

    /// Institution id of the appeal body: the province's, else the nation's; empty if there is none.
    #[must_use]
    pub fn appeal_body(&self) -> &str {
        let bodies = self.tiers().rev().map(|tier| tier.policy.appeal_body.as_str());
        bodies.into_iter().find(|body| !body.is_empty()).unwrap_or_default()
    }

    /// Which days are worked: the nation's calendar, with the province's holidays.
    #[must_use]
    pub fn working_days(&self) -> WorkingDays<'_> {
        WorkingDays::new(self.tiers().filter_map(|tier| tier.policy.calendar.as_ref()).collect())
    }
}

/// Why policy does not let an institution record an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WrongRight {
    /// Its kind may not.
    Kind,
    /// Not at this level.
    Level,
}
