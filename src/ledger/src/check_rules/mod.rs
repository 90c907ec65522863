//! What is wrong with rules before a learner finds out (rules.md 4, `CheckRules`): overlaps with different results,
//! rules looser than their parent, circles, dead rules, gaps between versions. Judges nothing: every finding is advice
//! to the registrar.
//!
//! Rules are compared within one programme and by what they select, never all with all.

mod circle;
mod dead;
mod finding;
mod line;
mod overlap;

pub use finding::{Finding, FindingCode, Weight};

use crate::explain::{Book, Published, Standing, When};
use crate::state::ReadError;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// An offer as rules name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Who published it.
    pub owner: String,
    /// The owner's code.
    pub code: String,
    /// It is in force.
    pub stands: bool,
}

/// What the check asks of the state, beside what explaining does.
pub trait Registry: Standing {
    /// Whether an institution issues; `None` if nobody knows it.
    fn issues(&self, institution: &str) -> Result<Option<bool>, ReadError>;

    /// Number of levels of a family of an issuer; `None` if it publishes no such family.
    fn levels(&self, issuer: &str, family: &str) -> Result<Option<u32>, ReadError>;

    /// Whether an issuer publishes a course or module of that code.
    fn teaches(&self, issuer: &str, course: &str) -> Result<bool, ReadError>;

    /// A course, module or programme by its leaf index.
    fn offer(&self, index: u64) -> Result<Option<Named>, ReadError>;

    /// The highest mark on a scale that is known where the rule is applied; `None` if the scale is not.
    fn top_mark(&self, institution: &str, scale: &str) -> Result<Option<u64>, ReadError>;
}

/// Looks through all rules that hold or will, or, with a `focus`, for what concerns those of its leaf indices.
pub fn check_rules(
    book: &Book,
    when: When,
    focus: Option<&BTreeSet<u64>>,
    state: &impl Registry,
) -> Result<Vec<Finding>, ReadError> {
    let lines = lines(book, when, state)?;
    let is_asked = |finding: &Finding| focus.is_none_or(|focus| finding.rules().any(|index| focus.contains(&index)));
    let asked = |rules: &[&Arc<Published>]| focus.is_none_or(|focus| rules.iter().any(|it| focus.contains(&it.index)));
    let mut found = Vec::new();
    for line in lines.values().filter(|line| asked(line)) {
        line::check(book, line, when, state, &mut found)?;
        for rule in line {
            dead::check(rule, when, state, &mut found)?;
        }
    }
    let mut programmes: BTreeMap<&(String, String), Vec<&Arc<Published>>> = BTreeMap::new();
    for rule in lines.values().flatten().filter(|rule| !rule.programme.1.is_empty()) {
        programmes.entry(&rule.programme).or_default().push(rule);
    }
    for rules in programmes.values().filter(|rules| asked(rules)) {
        overlap::check(rules, &mut found);
    }
    let holding = || lines.values().flatten().copied();
    circle::check(holding(), state, &mut found)?;
    found.retain(is_asked);
    found.sort();
    found.dedup();
    Ok(found)
}

/// Versions by owner and code.
type Lines<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Arc<Published>>>;

/// Versions that hold or will, oldest first, by owner and code; of a line that is over, its last version.
fn lines<'a>(book: &'a Book, when: When, state: &impl Registry) -> Result<Lines<'a>, ReadError> {
    let mut found = BTreeMap::new();
    for (owner, code) in book.lines() {
        let mut versions: Vec<&Arc<Published>> = Vec::new();
        for rule in book.versions(owner, code).filter(|rule| rule.index < when.size) {
            if !state.stands(rule.index)? {
                continue;
            }
            versions.push(rule);
            // What came before one that has begun holds no more.
            if rule.rule.effective_from <= when.time {
                break;
            }
        }
        versions.reverse();
        if !versions.is_empty() {
            found.insert((owner, code), versions);
        }
    }
    Ok(found)
}

/// Whether two rules hold at one time, ever: what is left open ends where the next version of the same rule begins, which is
/// compared for itself.
fn meet_in_time(a: &Published, b: &Published) -> bool {
    let before =
        |a: &Published, b: &Published| a.rule.effective_until > 0 && a.rule.effective_until <= b.rule.effective_from;
    !before(a, b) && !before(b, a)
}

#[cfg(test)]
mod tests;
