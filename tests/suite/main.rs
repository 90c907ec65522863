//! The integration tests, one binary: what no single module can show on its own.

mod demo;
mod example_policies;
mod generated;
mod journal_syncs;
mod online;
mod pages;
mod path;
mod readme;
mod samples;
mod sign;
mod support;
mod tidy;
mod verify;
