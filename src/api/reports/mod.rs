//! `ReportService`: figures for authorities, as of any tree size.
//!
//! | file | is |
//! |---|---|
//! | `list` | the reports, one row each: to add one, add a file that gathers and a row there |
//! | `training`, `practice`, `cohort`, `certificates` | what each counts |
//! | `scan` | the one walk over outcomes that all are made from |
//! | `scope`, `period` | who may ask, of where and of when |
//! | `suppress` | what is of too few persons to be shown |
//! | `shape` | rows, columns and cells |
//! | `service` | the calls |
//!
//! No figure is kept: each is computed when it is asked for, from entries and payloads, so there is nothing to disagree with.

mod certificates;
mod cohort;
mod list;
mod period;
mod practice;
mod scan;
mod scope;
mod service;
mod shape;
mod suppress;
mod training;

pub use service::{REPORTING, Reports};
