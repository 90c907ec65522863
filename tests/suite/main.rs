//! The integration tests, one binary: what no single module can show on its own.

mod example_policies;
mod generated;
mod journal_syncs;
mod pages;
mod path;
mod samples;
mod sign;
mod support;
mod tidy;
mod verify;
