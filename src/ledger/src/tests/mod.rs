//! Tests of the machine as a whole.

mod audit_histories;
mod audits;
mod histories;
mod keys;
mod outcomes;
mod path;
mod precedence;
mod rejections;
mod statuses;
mod trust;
