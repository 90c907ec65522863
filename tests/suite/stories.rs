//! The acceptance stories (rules.md 6) through the services of a real server: what each party posts, asks and is answered.
//! Names of institutions are those of the policy documents; people, marks and numbers are invented. Rules that no story is
//! about are tested where they stand.

mod accounts;
mod admission;
mod attempts;
pub mod bank;
mod certificates;
mod cohort;
mod consortium;
mod contest;
mod continuing;
mod employer;
mod ended;
mod expiry;
mod host_and_home;
mod names;
mod notice;
mod pathways;
mod regulator;
mod sampled;
mod training;
