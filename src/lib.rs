//! Xuefen (学分): an open credit bank. One binary, one writer per ledger, everything derived from one journal.
#![forbid(unsafe_code)]

pub mod api;
pub mod cli;
pub mod index;
pub mod journal;
pub mod sequencer;
pub mod server;
pub mod vault;
pub mod words;
