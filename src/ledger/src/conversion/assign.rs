//! Which outcome meets which source of a rule: every source by one outcome, every outcome once. The answer depends on the
//! outcomes alone, not on the order they come in.

use super::shape::own_families;
use super::yields::worth;
use super::{Candidate, Mode, SOURCES, select};
use crate::day::Day;
use std::borrow::Borrow;
use std::cmp::{Ordering, Reverse};
use xuefen_core::proto::{ConversionRule, ConversionSource};

/// Sources and the outcomes that meet them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// (place of the source in the rule, place of the outcome in what was given), by source.
    pub pairs: Vec<(usize, usize)>,
}

/// Why outcomes do not meet a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unassigned {
    /// The rule is not well-formed ([`malformed`](super::malformed)).
    Malformed,
    /// No outcome is left for these sources, by their place in the rule. Others could be left over instead if some outcome
    /// meets several.
    Missing(Vec<usize>),
}

/// Finds an outcome for each source of a rule. Of several ways it takes the one that gives most; where all give the same, the
/// one that uses up least: fewest credits, then the oldest outcome.
///
/// Outcomes are taken up one by one, the best first, and each stays if all that stay can be placed together (an augmenting
/// path of at most 16 steps finds out). Sets that can be placed form a matroid, so no choice that looks good early
/// costs later.
pub fn assign<C: Borrow<Candidate>>(
    rule: &ConversionRule,
    candidates: &[C],
    on: Day,
) -> Result<Assignment, Unassigned> {
    let sources = &rule.sources;
    let families = !rule.highest_of_family || own_families(rule);
    // A rule that only bounds others may leave open what they give.
    let open = rule.target.is_none().then_some(Mode::Exempt(&[]));
    let Some(mode) = Mode::of_rule(rule).or(open).filter(|_| families && (1..=SOURCES).contains(&sources.len())) else {
        return Err(Unassigned::Malformed);
    };
    let meets = |candidate: &C| -> Vec<usize> {
        let met = |(_, source): &(usize, &ConversionSource)| select(source, candidate.borrow(), on).is_met();
        sources.iter().enumerate().filter(met).map(|(at, _)| at).collect()
    };
    let met: Vec<Vec<usize>> = candidates.iter().map(meets).collect();
    let mut order: Vec<usize> = (0..candidates.len()).filter(|at| !met[*at].is_empty()).collect();
    order.sort_by(|a, b| better(rule, mode, candidates[*a].borrow(), candidates[*b].borrow()));
    let mut places = Places { met: &met, taken: vec![None; sources.len()] };
    for at in order {
        places.place(at, &mut vec![false; sources.len()]);
    }
    let missing: Vec<usize> = (0..sources.len()).filter(|source| places.taken[*source].is_none()).collect();
    if !missing.is_empty() {
        return Err(Unassigned::Missing(missing));
    }
    Ok(Assignment { pairs: places.taken.into_iter().flatten().enumerate().collect() })
}

/// Which of two outcomes is taken up first.
fn better(rule: &ConversionRule, mode: Mode<'_>, a: &Candidate, b: &Candidate) -> Ordering {
    // Each family is one source's own, so its highest member is simply the first of them.
    let level = |it: &Candidate| Reverse(if rule.highest_of_family { it.level } else { 0 });
    let worth = |it: &Candidate| Reverse(worth(rule, mode, it));
    let rest = |it: &Candidate| (it.credit_millis, it.achieved_on, it.index);
    let order = level(a).cmp(&level(b));
    order.then_with(|| worth(a).cmp(&worth(b))).then_with(|| rest(a).cmp(&rest(b)))
}

struct Places<'a> {
    /// Sources that each outcome meets.
    met: &'a [Vec<usize>],
    /// The outcome that holds each source.
    taken: Vec<Option<usize>>,
}

impl Places<'_> {
    /// Places an outcome, moving others if that helps. None that is placed is ever left out again.
    fn place(&mut self, at: usize, tried: &mut [bool]) -> bool {
        for source in &self.met[at] {
            if std::mem::replace(&mut tried[*source], true) {
                continue;
            }
            if self.taken[*source].is_none_or(|holder| self.place(holder, tried)) {
                self.taken[*source] = Some(at);
                return true;
            }
        }
        false
    }
}

/// The other members of the families of outcomes that are used under a rule that counts the highest of a family only: a use
/// uses them up too. Places in `held`; `used` are leaf indices.
#[must_use]
pub fn absorbed<C: Borrow<Candidate>>(rule: &ConversionRule, used: &[u64], held: &[C]) -> Vec<usize> {
    if !rule.highest_of_family {
        return Vec::new();
    }
    let all = || held.iter().map(Borrow::<Candidate>::borrow);
    let families: Vec<&str> = all().filter(|it| used.contains(&it.index)).map(|it| it.family.as_str()).collect();
    let absorbed = |it: &Candidate| {
        !it.family.is_empty() && families.contains(&it.family.as_str()) && !used.contains(&it.index) && it.is_held()
    };
    all().enumerate().filter(|(_, it)| absorbed(it)).map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{ON, by_family, candidate, rule};
    use super::*;
    use crate::status::EntryStatus;
    use xuefen_core::proto::ConversionTarget;

    fn ratio() -> ConversionTarget {
        ConversionTarget { ratio_basis_points: 10_000, ..ConversionTarget::default() }
    }

    fn of(index: u64, family: &str, level: u32, credit_millis: u64) -> Candidate {
        Candidate { index, family: family.to_owned(), level, credit_millis, ..candidate() }
    }

    fn any() -> ConversionSource {
        ConversionSource { outcome_kinds: vec![6], ..ConversionSource::default() }
    }

    #[test]
    fn an_outcome_is_moved_where_that_helps() {
        // The one for both sources is worth most and comes first; it makes room for the one that meets the first alone.
        let rule = rule(vec![by_family("bim", 1), any()], ratio());
        let all = [of(1, "bim", 1, 9_000), of(2, "nc", 1, 1_000)];
        assert_eq!(assign(&rule, &all, ON).expect("met").pairs, [(0, 0), (1, 1)]);
        let all = [of(1, "nc", 1, 1_000), of(2, "bim", 1, 9_000), of(3, "bim", 1, 5_000)];
        // The two most worth, not the nearest at hand.
        assert_eq!(assign(&rule, &all, ON).expect("met").pairs, [(0, 2), (1, 1)]);
        assert_eq!(assign(&rule, &all[..1], ON), Err(Unassigned::Missing(vec![0])));
        assert_eq!(assign(&rule, &all[1..2], ON), Err(Unassigned::Missing(vec![1])));
    }

    #[test]
    fn what_gives_the_same_uses_up_least() {
        let fixed = ConversionTarget { fixed_credit_millis: 2_000, ..ConversionTarget::default() };
        let exempt = ConversionTarget { exempt: vec![9], ..ConversionTarget::default() };
        let all = [of(1, "bim", 1, 9_000), of(2, "bim", 1, 1_000), of(3, "bim", 1, 1_000)];
        let older = Candidate { achieved_on: Day(19_000), ..all[2].clone() };
        for target in [fixed, exempt] {
            let rule = rule(vec![by_family("bim", 1)], target);
            assert_eq!(assign(&rule, &all, ON).expect("met").pairs, [(0, 1)]);
            let all = [all[0].clone(), all[1].clone(), older.clone()];
            assert_eq!(assign(&rule, &all, ON).expect("met").pairs, [(0, 2)]);
        }
        let rule = rule(vec![by_family("bim", 1)], ratio());
        assert_eq!(assign(&rule, &all, ON).expect("met").pairs, [(0, 0)]);
    }

    #[test]
    fn the_highest_of_a_family_counts_and_absorbs_the_others() {
        let mut rule = rule(vec![by_family("bim", 1)], ratio());
        let gone = Candidate { status: EntryStatus::Revoked { by: 1, reason: 1 }, ..of(4, "bim", 1, 1) };
        let all = [of(1, "bim", 1, 9_000), of(2, "bim", 3, 1_000), of(3, "nc", 1, 1_000), gone];
        assert_eq!(assign(&rule, &all, ON).expect("met").pairs, [(0, 0)]);
        assert!(absorbed(&rule, &[1], &all).is_empty());
        rule.highest_of_family = true;
        assert_eq!(assign(&rule, &all, ON).expect("met").pairs, [(0, 1)]);
        assert_eq!(absorbed(&rule, &[2], &all), [0]);
        rule.sources.push(any());
        assert_eq!(assign(&rule, &all, ON), Err(Unassigned::Malformed));
    }

    #[test]
    fn sixteen_sources_are_placed_and_seventeen_refused() {
        let sources = vec![any(); 16];
        let all: Vec<Candidate> = (1..=64).map(|index| of(index, "bim", 1, index)).collect();
        let whole = rule(sources, ratio());
        let assigned = assign(&whole, &all, ON).expect("met");
        let mut used: Vec<u64> = assigned.pairs.iter().map(|(_, at)| all[*at].index).collect();
        used.sort_unstable();
        assert_eq!(used, (49..=64).collect::<Vec<_>>());
        assert_eq!(assign(&rule(vec![any(); 17], ratio()), &all, ON), Err(Unassigned::Malformed));
        assert_eq!(assign(&rule(vec![], ratio()), &all, ON), Err(Unassigned::Malformed));
        assert_eq!(assign(&whole, &all[..15], ON), Err(Unassigned::Missing(vec![15])));
    }
}
