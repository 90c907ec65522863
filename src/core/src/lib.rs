//! Every byte of Xuefen that is signed, hashed or shown.
//!
//! No I/O, no clock, no randomness and no async in here: what a verifier must trust is this crate and nothing else, and it
//! builds for `wasm32-unknown-unknown` too. What a statement may *say* (kinds, rules, balances) is not here but in the
//! ledger crate; this one knows only forms, hashes, signatures and proofs.
#![forbid(unsafe_code)]

pub mod attestation;
pub mod authority;
pub mod authority_file;
pub mod batch;
pub mod canonical;
pub mod chain;
pub mod checkpoint;
pub mod commitment;
pub mod consent;
pub mod cosignature;
pub mod disclosure;
pub mod entry;
pub mod form;
pub mod hash;
pub mod holder;
pub mod json;
pub mod key;
pub mod kinds;
pub mod learner;
pub mod merkle;
pub mod note;
pub mod nullifier;
pub mod origin;
pub mod payload;
pub mod policy;
pub mod presentation;
pub mod proof;
pub mod statement;
pub mod status;
pub mod text;
pub mod tile;
pub mod time;
pub mod tree;
pub mod verify;
pub mod vkey;

pub use hash::Hash;
pub use prost;
pub use prost::bytes;

/// Messages of the signed statements, generated from `proto/` (`tests/generated` keeps them in step).
#[allow(clippy::all, clippy::pedantic, missing_docs)]
pub mod proto {
    include!("proto/xuefen.v1.rs");
}
