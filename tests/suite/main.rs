//! The integration tests, one binary: what no single module can show on its own.

mod generated;
mod journal_syncs;
mod samples;
mod sign;
mod tags;
