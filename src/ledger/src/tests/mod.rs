//! Tests of the machine as a whole.

mod audits;
mod histories;
mod keys;
mod outcomes;
mod path;
mod precedence;
mod rejections;
mod statuses;
mod trust;
