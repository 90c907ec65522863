//! The integration tests, one binary: what no single module can show on its own.

mod crash;
mod demo;
mod example_policies;
mod journal_syncs;
mod online;
mod pages;
mod path;
mod policy_page;
mod privacy;
mod readme;
mod samples;
mod sign;
mod spec_examples;
mod stories;
mod support;
mod tidy;
mod tiles;
mod verify;
mod wasm;
mod web;
mod witness;
mod workbook;
