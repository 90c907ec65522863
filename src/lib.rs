//! Xuefen (学分): an open credit bank. One binary, one writer per ledger, everything derived from one journal.
//!
//! ```text
//! registrar ─PostEntries─▶ api ─▶ sequencer: pool ─▶ order ─▶ commit ─▶ journal (fdatasync) ─▶ sign ─▶ head ─▶ verdicts
//!                          parse  signatures,        rules on  one       source of truth
//!                          strict commitments, seal  state     thread         │
//!                                 (all cores)        (ledger)                 ▼
//! learner, employer ◀─ api ◀──────────────────────────────── view ◀── index (sled): transcripts, proofs, tiles
//! ```
//!
//! Imports point one way, and a test reads them:
//! core ← ledger ← {journal, index, vault, mirror ← monitor} ← sequencer ← witness ← api ← server ← cli.
#![forbid(unsafe_code)]

pub mod api;
pub mod cli;
pub mod http_client;
pub mod index;
pub mod journal;
pub mod mirror;
pub mod monitor;
pub mod sequencer;
pub mod server;
pub mod vault;
pub mod witness;

pub use xuefen_words as words;
