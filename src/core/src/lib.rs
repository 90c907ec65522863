//! Every byte of Xuefen that is signed, hashed or shown: formats.md sections 1 to 5 and nothing else.
//!
//! No I/O, no clock, no async, no randomness: what a function needs it is given, so the same code verifies in a server, on
//! an auditor's machine and in a browser. It holds no rule about what may enter a ledger.
#![forbid(unsafe_code)]

pub mod hash;
pub mod kinds;

pub use hash::Hash;

/// Messages of the signed statements, generated from `proto/` (`tests/suite/generated.rs` keeps them in step).
#[allow(clippy::all, clippy::pedantic, missing_docs)]
pub mod proto {
    include!("proto/xuefen.v1.rs");
}
