//! Outcomes and rules that the tests of this folder start from, and what holds for all of them.

use super::*;
use crate::day::Day;
use crate::status::EntryStatus;
use proptest::prelude::*;
use xuefen_core::proto::{ConversionRule, ConversionSource, ConversionStep, ConversionTarget};

/// Today in these tests.
pub(crate) const ON: Day = Day(20_000);

/// An X certificate of 4 credits, second of its family's levels, 85 of 100.
pub(crate) fn candidate() -> Candidate {
    Candidate {
        index: 1,
        kind: 6,
        issuers: vec!["a".to_owned()],
        issuer_kind: 8,
        issuer_sector: 1,
        family: "bim".to_owned(),
        level: 2,
        course_code: "a".to_owned(),
        major_class: "4403".to_owned(),
        scale: "percentage".to_owned(),
        mark_millis: Some(85_000),
        passed: true,
        tier: 3,
        achieved_on: Day(19_950),
        credit_millis: 4_000,
        status: EntryStatus::Valid,
    }
}

pub(crate) fn by_family(family: &str, lowest_level: u32) -> ConversionSource {
    ConversionSource { family: family.to_owned(), lowest_level, ..ConversionSource::default() }
}

pub(crate) fn rule(sources: Vec<ConversionSource>, target: ConversionTarget) -> ConversionRule {
    ConversionRule { sources, target: Some(target), ..ConversionRule::default() }
}

fn a_candidate() -> impl Strategy<Value = Candidate> {
    let parts = (0..3_u8, 1..4_u32, 0..101_u64, 0..10_000_u64, 1..5_u32, any::<bool>(), 19_000..20_000_i32);
    parts.prop_map(|(family, level, mark, credit_millis, tier, passed, day)| Candidate {
        family: format!("f{family}"),
        level,
        mark_millis: Some(mark * 1_000),
        credit_millis,
        tier,
        passed,
        achieved_on: Day(day),
        ..candidate()
    })
}

pub(crate) fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    proptest::collection::vec(a_candidate(), 0..12).prop_map(|mut all| {
        for (index, it) in (1..).zip(&mut all) {
            it.index = index;
        }
        all
    })
}

fn a_source() -> impl Strategy<Value = ConversionSource> {
    (0..4_u8, 0..3_u32, 0..5_u32, prop_oneof![Just(0), 1..1_000_u32]).prop_map(
        |(family, lowest_level, lowest_tier, maximum_age_days)| match family {
            3 => ConversionSource { outcome_kinds: vec![6], lowest_tier, maximum_age_days, ..Default::default() },
            _ => ConversionSource { lowest_tier, maximum_age_days, ..by_family(&format!("f{family}"), lowest_level) },
        },
    )
}

fn a_target() -> impl Strategy<Value = ConversionTarget> {
    let step = |from, credit_millis| ConversionStep { from, credit_millis };
    prop_oneof![
        (1..30_000_u32).prop_map(|bp| ConversionTarget { ratio_basis_points: bp, ..Default::default() }),
        (1..9_000_u64).prop_map(|fixed| ConversionTarget { fixed_credit_millis: fixed, ..Default::default() }),
        (1..9_000_u64, 0..9_000_u64).prop_map(move |(low, more)| ConversionTarget {
            table: vec![step(1, low), step(3, low + more)],
            ..Default::default()
        }),
        Just(ConversionTarget { exempt: vec![7, 9], ..Default::default() }),
    ]
}

pub(crate) fn a_rule() -> impl Strategy<Value = ConversionRule> {
    (proptest::collection::vec(a_source(), 1..4), a_target(), prop_oneof![Just(0), 1..9_000_u64], any::<bool>())
        .prop_map(|(sources, target, cap, highest)| {
            let cap_credit_millis = if target.exempt.is_empty() { cap } else { 0 };
            ConversionRule { cap_credit_millis, highest_of_family: highest, ..rule(sources, target) }
        })
        .prop_filter("well-formed", |rule| malformed(rule).is_empty())
}

fn result(rule: &ConversionRule, candidates: &[Candidate], max_yield: Option<u64>) -> Option<Yield> {
    let assigned = assign(rule, candidates, ON).ok()?;
    let used: Vec<&Candidate> = assigned.pairs.iter().map(|(_, at)| &candidates[*at]).collect();
    Some(yields(rule, None, max_yield, &used).expect("small numbers"))
}

fn a_bound() -> impl Strategy<Value = Option<u64>> {
    proptest::option::of(1..9_000_u64)
}

proptest! {
    /// Each source is met by its outcome, each outcome is used once, and the order they come in changes nothing.
    #[test]
    fn what_is_assigned_meets_its_source(rule in a_rule(), all in candidates()) {
        let Ok(assigned) = assign(&rule, &all, ON) else { return Ok(()) };
        let sources: Vec<usize> = assigned.pairs.iter().map(|(source, _)| *source).collect();
        prop_assert_eq!(sources, (0..rule.sources.len()).collect::<Vec<_>>());
        let mut used: Vec<usize> = assigned.pairs.iter().map(|(_, at)| *at).collect();
        for (source, at) in &assigned.pairs {
            prop_assert!(select(&rule.sources[*source], &all[*at], ON).is_met());
        }
        used.sort_unstable();
        used.dedup();
        prop_assert_eq!(used.len(), rule.sources.len());
        let mut turned = all.clone();
        turned.reverse();
        let again = assign(&rule, &turned, ON).expect("as before");
        let indices = |pairs: &[(usize, usize)], of: &[Candidate]| {
            pairs.iter().map(|(_, at)| of[*at].index).collect::<Vec<_>>()
        };
        prop_assert_eq!(indices(&assigned.pairs, &all), indices(&again.pairs, &turned));
    }

    /// No way to assign was overlooked: what a search through all of them finds is found.
    #[test]
    fn what_can_be_assigned_is(rule in a_rule(), all in candidates()) {
        fn search(rule: &ConversionRule, all: &[Candidate], used: &mut Vec<usize>) -> bool {
            let Some(source) = rule.sources.get(used.len()) else { return true };
            for (at, candidate) in all.iter().enumerate() {
                if !used.contains(&at) && select(source, candidate, ON).is_met() {
                    used.push(at);
                    if search(rule, all, used) {
                        return true;
                    }
                    used.pop();
                }
            }
            false
        }
        prop_assert_eq!(assign(&rule, &all, ON).is_ok(), search(&rule, &all, &mut Vec::new()));
    }

    /// One more outcome never takes a result away, and, but for the highest of a family, never makes it smaller.
    #[test]
    fn one_more_outcome_takes_nothing_away(rule in a_rule(), all in candidates(), bound in a_bound()) {
        for left_out in 0..all.len() {
            let mut fewer = all.clone();
            fewer.remove(left_out);
            let Some(before) = result(&rule, &fewer, bound) else { continue };
            let after = result(&rule, &all, bound);
            prop_assert!(after.is_some());
            let after = after.expect("looked at");
            prop_assert!(rule.highest_of_family || after.credit_millis >= before.credit_millis);
            prop_assert_eq!(after.exempt, before.exempt);
        }
    }

    /// Limits hold, and what they cut is told to the last thousandth.
    #[test]
    fn no_yield_is_above_its_limits(rule in a_rule(), all in candidates(), bound in a_bound()) {
        let Some(given) = result(&rule, &all, bound) else { return Ok(()) };
        prop_assert!(rule.cap_credit_millis == 0 || given.credit_millis <= rule.cap_credit_millis);
        if let Some(bound) = bound {
            prop_assert!(given.credit_millis <= bound * rule.sources.len() as u64);
        }
        prop_assert!(given.credit_millis <= given.unlimited_millis);
        prop_assert_eq!(given.lost_millis(), given.unlimited_millis - given.credit_millis);
    }

    /// A rule is no looser than itself, and whatever a rule takes that is no looser than its parent, the parent takes too,
    /// and gives no less for it.
    #[test]
    fn what_a_stricter_rule_takes_its_parent_takes(parent in a_rule(), changes in changes(), all in candidates()) {
        prop_assert_eq!(looser(&parent, &parent), vec![]);
        let mut child = parent.clone();
        for (source, (level, tier, age)) in child.sources.iter_mut().zip(&changes.0) {
            if !source.family.is_empty() {
                source.lowest_level = source.lowest_level.saturating_add_signed(*level);
            }
            source.lowest_tier = source.lowest_tier.saturating_add_signed(*tier);
            source.maximum_age_days = source.maximum_age_days.saturating_add_signed(*age);
        }
        child.sources.extend(changes.1);
        let target = child.target.as_mut().expect("a rule has one");
        if target.fixed_credit_millis > 0 {
            target.fixed_credit_millis = target.fixed_credit_millis.saturating_add_signed(changes.2).max(1);
        }
        if !looser(&child, &parent).is_empty() || child.sources.len() > SOURCES || !malformed(&child).is_empty() {
            return Ok(());
        }
        let Ok(assigned) = assign(&child, &all, ON) else { return Ok(()) };
        let used: Vec<Candidate> = assigned.pairs.iter().map(|(_, at)| all[*at].clone()).collect();
        prop_assert!(assign(&parent, &used, ON).is_ok());
        let most = |rule: &ConversionRule| result(rule, &used, None).map(|given| (given.credit_millis, given.exempt));
        if child.sources.len() == parent.sources.len() {
            prop_assert!(most(&child) <= most(&parent));
        }
    }
}

/// Shifts of level, tier and age by source; sources more; a shift of fixed credits.
type Changes = (Vec<(i32, i32, i32)>, Vec<ConversionSource>, i64);

fn changes() -> impl Strategy<Value = Changes> {
    let shift = || prop_oneof![4 => Just(0), 2 => 1..2, 1 => -1..0];
    let days = prop_oneof![4 => Just(0), 2 => -300..0, 1 => 1..300];
    let more = proptest::collection::vec(a_source(), 0..2);
    (proptest::collection::vec((shift(), shift(), days), 4), more, -500..100_i64)
}
