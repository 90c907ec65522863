//! An open credit bank.

pub mod journal;
