//! One rule in its versions, and the rules above it.

use super::{Finding, FindingCode, Registry, meet_in_time};
use crate::conversion::{looser, malformed};
use crate::explain::{Book, Published, When};
use crate::state::ReadError;
use std::sync::Arc;

/// Most rules above a rule.
const PARENTS: usize = 4;

pub(super) fn check(
    book: &Book,
    versions: &[&Arc<Published>],
    when: When,
    state: &impl Registry,
    found: &mut Vec<Finding>,
) -> Result<(), ReadError> {
    for pair in versions.windows(2) {
        let (until, from) = (pair[0].rule.effective_until, pair[1].rule.effective_from);
        if until > 0 && until < from {
            let gap = Finding::of(FindingCode::Gap, pair[1].index, "effective_from").with(pair[0].index);
            found.push(gap.numbers(&from, &until));
        }
    }
    if let Some(last) = versions.last()
        && (1..=when.time).contains(&last.rule.effective_until)
    {
        let past = Finding::of(FindingCode::IntervalPast, last.index, "effective_until");
        found.push(past.numbers(&last.rule.effective_until, &when.time));
    }
    for rule in versions {
        for wrong in malformed(&rule.rule) {
            // A rule that only bounds others may leave open what they give.
            if wrong.field == "target" && rule.programme.1.is_empty() && rule.rule.target.is_none() {
                continue;
            }
            found.push(Finding::of(FindingCode::Malformed, rule.index, wrong.field).numbers(&"", &wrong.rule));
        }
        parents(book, rule, when, state, found)?;
    }
    Ok(())
}

/// The version of a rule that holds when another one begins to, or now if that has begun.
fn above<'a>(
    book: &'a Book,
    parent: u64,
    rule: &Published,
    when: When,
    state: &impl Registry,
) -> Result<Option<&'a Arc<Published>>, ReadError> {
    let Some(named) = book.at(parent) else { return Ok(None) };
    let time = when.time.max(rule.rule.effective_from);
    for version in book.versions(&named.owner, &named.rule.code) {
        let begun = version.index < when.size && version.rule.effective_from <= time;
        if begun && state.stands(version.index)? {
            let until = version.rule.effective_until;
            return Ok((until == 0 || until > time).then_some(version));
        }
    }
    Ok(None)
}

fn parents(
    book: &Book,
    rule: &Arc<Published>,
    when: When,
    state: &impl Registry,
    found: &mut Vec<Finding>,
) -> Result<(), ReadError> {
    let mut below = rule;
    let mut line = vec![(rule.owner.as_str(), rule.rule.code.as_str())];
    while below.rule.parent_index > 0 {
        let named = below.rule.parent_index;
        let Some(parent) = above(book, named, below, when, state)? else {
            found.push(Finding::of(FindingCode::ParentNotInForce, rule.index, "parent_index").with(named));
            return Ok(());
        };
        let name = (parent.owner.as_str(), parent.rule.code.as_str());
        if line.contains(&name) || line.len() > PARENTS {
            found.push(Finding::of(FindingCode::ParentCircle, rule.index, "parent_index").with(parent.index));
            return Ok(());
        }
        if std::ptr::eq(below, rule) {
            for it in looser(&rule.rule, &parent.rule) {
                let finding = Finding::of(FindingCode::LooserThanParent, rule.index, it.clause.field());
                found.push(finding.with(parent.index).numbers(&it.said, &it.asked));
            }
            let (own, theirs) = (rule.rule.effective_until, parent.rule.effective_until);
            if meet_in_time(rule, parent) && theirs > 0 && (own == 0 || own > theirs) {
                let finding = Finding::of(FindingCode::ParentEndsFirst, rule.index, "effective_until");
                found.push(finding.with(parent.index).numbers(&own, &theirs));
            }
        }
        line.push(name);
        below = parent;
    }
    Ok(())
}
