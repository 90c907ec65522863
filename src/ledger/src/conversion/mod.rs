//! What a conversion rule takes and gives (rules.md 4): pure functions over a rule and what outcomes say. No state, no clock,
//! no prose: every answer is data with a reason code.
//!
//! ```text
//! Candidate ──select──▶ every condition with its numbers      one outcome, one source of a rule
//! Candidates ──assign──▶ which outcome meets which source     all sources together, each outcome once
//! assigned ──yields──▶ exemptions or milli-credits, what the limits cut, what is lost
//! rule, parent ──looser──▶ clauses that ask less or give more than the rule above
//! ```
//! Who may convert, whether a use repeats and what is written stands in `rules`; reading candidates in `candidate`.

mod assign;
mod candidate;
mod looser;
mod reason;
mod select;
mod shape;
mod yields;

pub use assign::{Assignment, Unassigned, absorbed, assign};
pub use candidate::Candidate;
pub use looser::{Clause, Looser, looser};
pub use reason::Reason;
pub use select::{Finding, Selection, Value, select};
pub use shape::{Malformed, Mode, SOURCES, TableBy, malformed};
pub use yields::{Part, TooLarge, Yield, yields};

#[cfg(test)]
pub(crate) mod tests;
