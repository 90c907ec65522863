//! What a rule gives for the outcomes that meet it: exempted offers, or credits within every limit. Whole numbers, checked;
//! one division, the last thing done, rounding down.

use super::{Candidate, Mode, TableBy};
use xuefen_core::proto::{ConversionRule, ConversionStep};

/// Milli-credits times this are the numbers that are added up and compared; basis points make them whole.
const PARTS_PER_MILLI: u128 = 10_000;

/// What one source gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Leaf index of the outcome.
    pub index: u64,
    /// Its own credits, thousandths.
    pub source_credit_millis: u64,
    /// What the rule gives for it without any limit, thousandths, rounded down; 0 where the rule gives one sum for all.
    pub unlimited_millis: u64,
    /// Most that it may yield, by the parent rule or the policy; `None` = no bound.
    pub bound_millis: Option<u64>,
}

/// What a rule gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yield {
    /// Leaf indices of the courses and modules exempted.
    pub exempt: Vec<u64>,
    /// Credits, thousandths.
    pub credit_millis: u64,
    /// Credits without any limit, thousandths.
    pub unlimited_millis: u64,
    /// The rule's cap; `None` = no cap.
    pub cap_millis: Option<u64>,
    /// By source, in their order.
    pub parts: Vec<Part>,
}

impl Yield {
    /// Credits that the limits cut off. An outcome is used whole, so they are lost in the scope of the use (rules.md 4, 2).
    #[must_use]
    pub const fn lost_millis(&self) -> u64 {
        self.unlimited_millis.saturating_sub(self.credit_millis)
    }

    /// Whether it gives nothing at all.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.exempt.is_empty() && self.credit_millis == 0
    }
}

/// A number of credits that no ledger can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// What a rule gives for the outcomes that meet its sources, in the order of the sources. What one source yields is
/// bounded by what the parent rule gives for it, else by the policy's `max_yield`, milli-credits.
pub fn yields(
    rule: &ConversionRule,
    parent: Option<&ConversionRule>,
    max_yield: Option<u64>,
    used: &[&Candidate],
) -> Result<Yield, TooLarge> {
    let cap = (rule.cap_credit_millis > 0).then_some(rule.cap_credit_millis);
    let bounds: Vec<Option<u128>> = used.iter().map(|it| bound(parent, max_yield, it)).collect();
    let Some(mode) = Mode::of_rule(rule) else { return Err(TooLarge) };
    let mut parts = Vec::with_capacity(used.len());
    let (mut unlimited, mut limited) = (0_u128, 0_u128);
    for (candidate, bound) in used.iter().zip(&bounds) {
        let worth = if matches!(mode, Mode::Fixed(_)) { 0 } else { worth(rule, mode, candidate) };
        unlimited += worth;
        limited += bound.map_or(worth, |bound| worth.min(bound));
        parts.push(Part {
            index: candidate.index,
            source_credit_millis: candidate.credit_millis,
            unlimited_millis: millis(worth)?,
            bound_millis: bound.map(|bound| millis(bound).unwrap_or(u64::MAX)),
        });
    }
    if let Mode::Fixed(sum) = mode {
        unlimited = u128::from(sum) * PARTS_PER_MILLI;
        // One sum for all: bounded by what all of them may yield.
        let most = bounds.iter().try_fold(0_u128, |most, bound| bound.map(|bound| most.saturating_add(bound)));
        limited = most.map_or(unlimited, |most| unlimited.min(most));
    }
    if let Some(cap) = cap {
        limited = limited.min(u128::from(cap) * PARTS_PER_MILLI);
    }
    let exempt = if let Mode::Exempt(offers) = mode { offers.to_vec() } else { Vec::new() };
    Ok(Yield { exempt, credit_millis: millis(limited)?, unlimited_millis: millis(unlimited)?, cap_millis: cap, parts })
}

/// The one division.
fn millis(parts: u128) -> Result<u64, TooLarge> {
    u64::try_from(parts / PARTS_PER_MILLI).map_err(|_| TooLarge)
}

/// What an outcome adds under a rule, in parts of a milli-credit; 0 where all outcomes give the same. At most 2^96, so that
/// 16 of them add up.
pub(super) fn worth(rule: &ConversionRule, mode: Mode<'_>, candidate: &Candidate) -> u128 {
    match mode {
        Mode::Exempt(_) | Mode::Fixed(_) => 0,
        Mode::Ratio(basis_points) => u128::from(candidate.credit_millis) * u128::from(basis_points),
        Mode::Table(steps) => u128::from(step(rule, steps, candidate)) * PARTS_PER_MILLI,
    }
}

/// The step of a table that an outcome has reached: 0 below the first.
fn step(rule: &ConversionRule, steps: &[ConversionStep], candidate: &Candidate) -> u64 {
    let reached = match TableBy::of(rule) {
        Some(TableBy::Level) => Some(u64::from(candidate.level)),
        Some(TableBy::Mark) => candidate.mark_millis,
        None => None,
    };
    let Some(reached) = reached else { return 0 };
    let step = steps.iter().filter(|step| u64::from(step.from) <= reached).max_by_key(|step| step.from);
    step.map_or(0, |step| step.credit_millis)
}

/// Most that one outcome may yield, in parts of a milli-credit: what the parent gives for it, within the parent's cap, if it
/// says how many credits; else the policy's bound.
fn bound(parent: Option<&ConversionRule>, max_yield: Option<u64>, candidate: &Candidate) -> Option<u128> {
    let parts = |millis: u64| u128::from(millis) * PARTS_PER_MILLI;
    let said = parent.and_then(|parent| {
        let cap = (parent.cap_credit_millis > 0).then(|| parts(parent.cap_credit_millis));
        let given = match Mode::of_rule(parent) {
            Some(Mode::Fixed(sum)) => Some(parts(sum)),
            Some(mode @ (Mode::Ratio(_) | Mode::Table(_))) => Some(worth(parent, mode, candidate)),
            Some(Mode::Exempt(_)) | None => None,
        };
        [cap, given].into_iter().flatten().min()
    });
    said.or(max_yield.map(parts))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{by_family, candidate, rule};
    use super::*;
    use xuefen_core::proto::ConversionTarget;

    fn with(credit_millis: u64) -> Candidate {
        Candidate { credit_millis, ..candidate() }
    }

    fn ratio(basis_points: u32, cap_credit_millis: u64) -> ConversionRule {
        let target = ConversionTarget { ratio_basis_points: basis_points, ..ConversionTarget::default() };
        ConversionRule { cap_credit_millis, ..rule(vec![by_family("bim", 1), by_family("bim", 1)], target) }
    }

    fn fixed(fixed_credit_millis: u64) -> ConversionRule {
        rule(vec![by_family("bim", 1)], ConversionTarget { fixed_credit_millis, ..ConversionTarget::default() })
    }

    fn table(steps: &[(u32, u64)], scale: &str) -> ConversionRule {
        let table =
            steps.iter().map(|(from, credit_millis)| ConversionStep { from: *from, credit_millis: *credit_millis });
        let target = ConversionTarget { table: table.collect(), ..ConversionTarget::default() };
        let mut source = by_family(if scale.is_empty() { "bim" } else { "" }, 0);
        scale.clone_into(&mut source.scale);
        rule(vec![source], target)
    }

    fn credits(rule: &ConversionRule, used: &[&Candidate]) -> u64 {
        yields(rule, None, None, used).expect("small").credit_millis
    }

    #[test]
    fn credits_are_divided_once_and_rounded_down() {
        let third = 3_333;
        assert_eq!(credits(&ratio(third, 0), &[&with(4_000)]), 1_333);
        // Two halves make a whole: with a division each there would be none.
        assert_eq!(credits(&ratio(5_000, 0), &[&with(1), &with(1)]), 1);
        assert_eq!(credits(&ratio(5_000, 0), &[&with(1)]), 0);
        assert_eq!(credits(&ratio(10_000, 0), &[&with(0)]), 0);
        assert_eq!(credits(&ratio(20_000, 0), &[&with(4_000)]), 8_000);
    }

    #[test]
    fn the_largest_numbers_are_told_not_wrapped() {
        assert_eq!(credits(&ratio(10_000, 0), &[&with(u64::MAX)]), u64::MAX);
        assert_eq!(yields(&ratio(10_001, 0), None, None, &[&with(u64::MAX)]), Err(TooLarge));
        assert_eq!(yields(&ratio(u32::MAX, 0), None, None, &[&with(u64::MAX); 16]), Err(TooLarge));
        assert_eq!(credits(&fixed(u64::MAX), &[&with(0)]), u64::MAX);
        assert_eq!(yields(&ratio(1, 0), None, None, &[]).expect("nothing").credit_millis, 0);
    }

    #[test]
    fn a_cap_cuts_the_sum_and_what_is_lost_is_told() {
        let given = yields(&ratio(10_000, 5_000), None, None, &[&with(4_000), &with(3_000)]).expect("small");
        assert_eq!((given.credit_millis, given.unlimited_millis, given.lost_millis()), (5_000, 7_000, 2_000));
        assert_eq!((given.cap_millis, given.parts[1].source_credit_millis), (Some(5_000), 3_000));
        let given = yields(&ratio(10_000, 8_000), None, None, &[&with(4_000), &with(3_000)]).expect("small");
        assert_eq!((given.credit_millis, given.lost_millis()), (7_000, 0));
    }

    #[test]
    fn a_table_gives_the_step_reached() {
        let steps = table(&[(1, 1_000), (2, 2_500), (3, 6_000)], "");
        for (level, credit) in [(0, 0), (1, 1_000), (2, 2_500), (3, 6_000), (9, 6_000)] {
            assert_eq!(credits(&steps, &[&Candidate { level, ..candidate() }]), credit, "{level}");
        }
        let steps = table(&[(60_000, 1_000), (85_000, 2_000)], "percentage");
        for (mark, credit) in [(None, 0), (Some(59_999), 0), (Some(84_999), 1_000), (Some(85_000), 2_000)] {
            assert_eq!(credits(&steps, &[&Candidate { mark_millis: mark, ..candidate() }]), credit, "{mark:?}");
        }
    }

    #[test]
    fn one_source_yields_no_more_than_the_parent_gives_else_the_policy() {
        let (own, outcome) = (ratio(10_000, 0), with(4_000));
        let bounded = |parent: Option<&ConversionRule>, max| {
            let given = yields(&own, parent, max, &[&outcome, &outcome]).expect("small");
            (given.credit_millis, given.parts[0].bound_millis)
        };
        assert_eq!(bounded(None, None), (8_000, None));
        assert_eq!(bounded(None, Some(3_000)), (6_000, Some(3_000)));
        // The parent says; the policy is not asked.
        assert_eq!(bounded(Some(&ratio(5_000, 0)), Some(1)), (4_000, Some(2_000)));
        assert_eq!(bounded(Some(&ratio(5_000, 1_500)), Some(1)), (3_000, Some(1_500)));
        assert_eq!(bounded(Some(&fixed(1_000)), None), (2_000, Some(1_000)));
        let capped = ConversionRule { cap_credit_millis: 500, ..ConversionRule::default() };
        assert_eq!(bounded(Some(&capped), Some(9_000)), (1_000, Some(500)));
        // A parent that says nothing of credits leaves it to the policy.
        let exempt = rule(vec![], ConversionTarget { exempt: vec![1], ..ConversionTarget::default() });
        assert_eq!(bounded(Some(&exempt), Some(3_000)), (6_000, Some(3_000)));
        assert_eq!(yields(&fixed(9_000), None, Some(3_000), &[&outcome]).expect("small").credit_millis, 3_000);
        assert_eq!(yields(&fixed(2_000), None, Some(3_000), &[&outcome]).expect("small").credit_millis, 2_000);
    }

    #[test]
    fn an_exemption_gives_no_credits_of_its_own() {
        let target = ConversionTarget { exempt: vec![3, 9], ..ConversionTarget::default() };
        let given = yields(&rule(vec![by_family("bim", 1)], target), None, Some(1), &[&candidate()]).expect("small");
        assert_eq!((given.exempt.as_slice(), given.credit_millis, given.lost_millis()), (&[3, 9][..], 0, 0));
        assert!(!given.is_nothing());
        assert!(yields(&ratio(1, 0), None, None, &[&with(1)]).expect("small").is_nothing());
    }
}
