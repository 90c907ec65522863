//! The statement kinds of version 1: what their bodies are called, which are private, and the tags of private payloads.
//!
//! Only what a verifier needs. Whether a statement may enter a ledger is decided elsewhere (the ledger crate).

pub mod conversions;
mod enums;
pub mod light;
pub mod outcomes;
mod statement;
pub mod study;
pub mod tags;

pub use statement::Kind;
