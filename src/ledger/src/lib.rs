//! What may enter the ledger, and what follows from it (rules.md): a pure, deterministic state machine.
//!
//! ```text
//! posting ──prepare──▶ Prepared ──decide(state)──▶ Accept | Replay | Refuse     judges, changes nothing
//! accepted entry ──evolve(state)──▶ rows                                        changes, judges nothing
//! rows ──query, status, authority──▶ answers
//! ```
//! No clock (time comes from the entry), no floats, no unordered maps, no I/O and no secrets beyond the HMACs it is given.
//! Statements' bytes, hashes and signatures are `xuefen-core`'s business; storing rows is the index's.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod access;
pub mod audit;
pub mod authority;
pub mod award;
mod case;
pub mod check_rules;
pub mod conversion;
pub mod day;
mod decide;
pub mod digest;
mod evolve;
pub mod exam;
pub mod explain;
mod facts;
mod flag;
pub mod grade;
mod ids;
mod memory;
pub mod policy;
mod posting;
mod prepare;
pub mod query;
mod rejection;
pub mod rows;
mod rules;
pub mod sample;
mod sources;
mod state;
pub mod status;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod threshold;
pub mod tier;
mod versions;

pub use access::Remembered;
pub use decide::{Decision, Effects, decide};
pub use evolve::{Accepted, evolve};
pub use facts::Facts;
pub use flag::{Flag, FlagCode};
pub use memory::{AsOf, MemoryState};
pub use posting::{Context, KeyLookup, Message, Prepared, RawPosting, Secrets, Signatures, Sources, VerifiedBatches};
pub use prepare::{complete, prepare, reads};
pub use rejection::{Refusal, Rejection, Text};
pub use state::{Direction, Entries, Key, MAX_VALUE, Query, Read, ReadError, Row, Table};
pub use threshold::{Bound, Threshold};
