//! The acceptance stories (rules.md 6) through the services of a real server: what each party posts, asks and is answered.
//! Names of institutions are those of the policy documents; people, marks and numbers are invented. Rules that no story is
//! about are tested where they stand.

mod accounts;
mod attempts;
pub mod bank;
mod cohort;
mod employer;
mod ended;
mod expiry;
mod host_and_home;
mod names;
