//! Rules into one programme that the same outcomes meet. What asks for a family is compared with what asks for the same, what
//! asks for a course with what asks for the same, and both with what asks for neither; an outcome has never both.

use super::{Finding, FindingCode, meet_in_time};
use crate::explain::Published;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xuefen_core::proto::{ConversionRule, ConversionSource};

/// Where a rule's first source is looked up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Bucket<'a> {
    Family(&'a str),
    Course(&'a str),
}

pub(super) fn check(rules: &[&Arc<Published>], found: &mut Vec<Finding>) {
    let mut buckets: BTreeMap<Bucket<'_>, Vec<usize>> = BTreeMap::new();
    let mut anywhere = Vec::new();
    let mut pairs = BTreeSet::new();
    for (at, rule) in rules.iter().enumerate() {
        let own = buckets_of(&rule.rule);
        for bucket in &own {
            let known = buckets.entry(bucket.clone()).or_default();
            pairs.extend(known.iter().filter(|other| **other != at).map(|other| (*other, at)));
            known.push(at);
        }
        if own.is_empty() {
            pairs.extend((0..at).map(|other| (other, at)));
            anywhere.push(at);
        } else {
            pairs.extend(anywhere.iter().map(|other| (*other, at)));
        }
    }
    for (a, b) in pairs {
        let (a, b) = (rules[a], rules[b]);
        let one_line = (&a.owner, &a.rule.code) == (&b.owner, &b.rule.code);
        if !one_line && meet_in_time(a, b) && meet(&a.rule, &b.rule) {
            let code = if same_result(&a.rule, &b.rule) { FindingCode::Duplicate } else { FindingCode::Overlap };
            let (first, second) = if a.index < b.index { (a, b) } else { (b, a) };
            let finding = Finding::of(code, second.index, "sources").with(first.index);
            found.push(finding.numbers(&second.rule.code, &first.rule.code));
        }
    }
}

/// Families and courses that the sources of a rule ask for; empty if one of them asks for neither.
fn buckets_of(rule: &ConversionRule) -> BTreeSet<Bucket<'_>> {
    let mut found = BTreeSet::new();
    for source in &rule.sources {
        if !source.family.is_empty() {
            found.insert(Bucket::Family(&source.family));
        } else if source.course_codes.is_empty() {
            return BTreeSet::new();
        }
        found.extend(source.course_codes.iter().map(|code| Bucket::Course(code)));
    }
    found
}

/// Whether the same outcomes can meet both: as many sources, each of the one beside one of the other.
fn meet(a: &ConversionRule, b: &ConversionRule) -> bool {
    fn place(
        at: usize,
        a: &[ConversionSource],
        b: &[ConversionSource],
        taken: &mut [Option<usize>],
        tried: &mut [bool],
    ) -> bool {
        for other in 0..b.len() {
            if !compatible(&a[at], &b[other]) || std::mem::replace(&mut tried[other], true) {
                continue;
            }
            if taken[other].is_none_or(|holder| place(holder, a, b, taken, tried)) {
                taken[other] = Some(at);
                return true;
            }
        }
        false
    }
    let (a, b) = (&a.sources, &b.sources);
    let mut taken = vec![None; b.len()];
    a.len() == b.len() && (0..a.len()).all(|at| place(at, a, b, &mut taken, &mut vec![false; b.len()]))
}

/// Whether one outcome can meet both sources. Lowest levels, marks and tiers are met by the highest.
fn compatible(a: &ConversionSource, b: &ConversionSource) -> bool {
    fn lists<T: PartialEq>(a: &[T], b: &[T]) -> bool {
        a.is_empty() || b.is_empty() || a.iter().any(|it| b.contains(it))
    }
    let texts = |a: &str, b: &str| a.is_empty() || b.is_empty() || a == b;
    texts(&a.family, &b.family)
        && lists(&a.course_codes, &b.course_codes)
        && lists(&a.outcome_kinds, &b.outcome_kinds)
        && lists(&a.issuers, &b.issuers)
        && lists(&a.issuer_kinds, &b.issuer_kinds)
        && lists(&a.issuer_sectors, &b.issuer_sectors)
        && texts(&a.major_class, &b.major_class)
        && texts(&a.scale, &b.scale)
}

fn same_result(a: &ConversionRule, b: &ConversionRule) -> bool {
    a.target == b.target && a.cap_credit_millis == b.cap_credit_millis && a.scope == b.scope
}
