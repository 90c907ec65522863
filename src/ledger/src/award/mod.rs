//! Accumulation to an award (rules.md 3): what a programme asks, held line by line against what a learner brings. Pure: no
//! state, no clock, no payload; whoever has read those puts [`Asked`] and [`Candidate`]s together.
//!
//! What is added up is never prose: codes, indices and numbers, so that pages and the command line say it in their own words.
//! Which outcomes count, and why adding one never takes a met line away, stands in docs/adr/0043.

mod asked;
mod candidate;
mod line;
mod slot;
#[cfg(test)]
mod tests;
mod total;

pub use asked::{Asked, OfferId, Part, Rank};
pub use candidate::{Candidate, Earlier, Origin};
pub use line::{Line, LineAudit, Share, Unit};
pub use slot::{LeftOut, Reason};
pub use total::CapAudit;

use crate::day::Day;
use std::collections::BTreeSet;

/// A programme held against what a learner brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgrammeAudit {
    /// What is asked, in the order of rules.md 3.
    pub lines: Vec<LineAudit>,
    /// What the caps let count, in the programme's order.
    pub caps: Vec<CapAudit>,
    /// What does not count, and why; ascending.
    pub left_out: Vec<LeftOut>,
}

impl ProgrammeAudit {
    /// Whether every line is met.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.lines.iter().all(LineAudit::is_met)
    }

    /// The lines that are not met.
    pub fn unmet(&self) -> impl Iterator<Item = &LineAudit> {
        self.lines.iter().filter(|line| !line.is_met())
    }

    /// The entries by which lines are met or begun: what an award counts. Ascending.
    #[must_use]
    pub fn counted(&self) -> Vec<u64> {
        let counted: BTreeSet<u64> = self.lines.iter().flat_map(|line| &line.by).map(|share| share.index).collect();
        counted.into_iter().collect()
    }
}

/// Holds a programme against what a learner brings, on a day. The answer depends on the candidates, not on their order.
#[must_use]
pub fn audit(asked: &Asked, candidates: &[Candidate], on: Day) -> ProgrammeAudit {
    let mut ordered: Vec<&Candidate> = candidates.iter().collect();
    ordered.sort_by(|a, b| (a.index, &a.offer).cmp(&(b.index, &b.offer)));
    ordered.dedup_by(|a, b| (a.index, &a.offer) == (b.index, &b.offer));
    let (slots, left_out) = slot::sort(asked, &ordered, on);
    let total = total::total(asked, &slots);
    ProgrammeAudit { lines: line::lines(asked, &slots, total.by), caps: total.caps, left_out }
}
