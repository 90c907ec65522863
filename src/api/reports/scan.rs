//! One walk over the outcomes of institutions as of a tree size: what every report is made from.
//!
//! Institution by institution, so that what a report holds in memory is that of one; each outcome's standing as of the size,
//! at the time its last entry was logged; its payload from the journal; the person that its account stands for by then. Runs
//! on a thread of its own over a view: nothing waits for it. What a report counts is the report's business.

use std::cell::RefCell;
use std::collections::BTreeMap;

use bytes::Bytes;
use tonic::Status;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::payload::Payload;
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::day::Day;
use xuefen_ledger::query::{self, EntryStatus};
use xuefen_ledger::rows::{AccountKey, InstitutionRow, Status as Standing};
use xuefen_ledger::{Key, Read, ReadError, Threshold};

use super::period::Period;
use super::scope::{Scope, covers};
use super::shape::Figures;
use crate::api::people::value;
use crate::api::proto::{ReportCounts, ReportProgress};
use crate::api::status::internal;
use crate::api::{Api, words};
use crate::sequencer::{AsOf, View};

/// Entries listed at a time.
const PAGE: usize = 1_000;

/// Entries between two words of progress.
const TOLD_EVERY: u64 = 2_000;

/// Rows remembered: those of keys, accreditations and accounts come again and again.
const REMEMBERED: usize = 65_536;

/// The state as of a size, with a memory for what is asked again.
pub struct Remembering<'a> {
    state: AsOf<'a>,
    rows: RefCell<BTreeMap<Key, Option<(u64, Bytes)>>>,
}

impl Read for Remembering<'_> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        if let Some(known) = self.rows.borrow().get(key) {
            return Ok(known.clone());
        }
        let found = self.state.newest(key)?;
        let mut rows = self.rows.borrow_mut();
        if rows.len() >= REMEMBERED {
            rows.clear();
        }
        rows.insert(key.clone(), found.clone());
        Ok(found)
    }
}

/// An institution whose outcomes are being read.
pub struct Institution {
    /// Its id.
    pub id: String,
    /// Its name when the last entry was logged, in Chinese if it has one.
    pub name: String,
    /// What it is.
    pub row: InstitutionRow,
}

impl Institution {
    /// What a row of it begins with; `major` is empty for all.
    pub fn keys<'a>(&'a self, major: &'a str) -> [&'a str; 3] {
        [&self.id, &self.name, major]
    }
}

/// An outcome that counts.
pub struct Outcome<'a> {
    /// Its entry.
    pub index: u64,
    /// What it is.
    pub kind: OutcomeKind,
    /// Who recorded it: the institution, or whom it took over.
    pub issuer: &'a str,
    /// The person: the account kept after mergers.
    pub person: AccountKey,
    /// What it says.
    pub payload: &'a Payload,
}

/// A report in the making.
pub trait Gather {
    /// Whether outcomes of a kind are of interest.
    fn wants(&self, kind: OutcomeKind) -> bool;

    /// Takes one outcome of the institution that is being read.
    fn outcome(&mut self, scan: &Scan<'_>, institution: &Institution, outcome: &Outcome<'_>) -> Result<(), Status>;

    /// The institution has no more.
    fn close(&mut self, scan: &Scan<'_>, institution: &Institution) -> Result<(), Status>;

    /// The figures, nothing suppressed yet.
    fn finish(self: Box<Self>) -> Figures;
}

/// What is read, and as of when.
pub struct Scan<'a> {
    api: &'a Api,
    view: &'a View,
    /// The state as of the size.
    pub state: Remembering<'a>,
    size: u64,
    /// When the last entry was logged, Unix seconds.
    pub as_of: i64,
    /// Only what was achieved then.
    pub period: Period,
}

impl<'a> Scan<'a> {
    /// As of `size`, which is above 0 and covered by the view.
    pub fn new(api: &'a Api, view: &'a View, size: u64, period: Period) -> Result<Self, Status> {
        let state = Remembering { state: AsOf::new(&view.index, size), rows: RefCell::default() };
        let last = query::entry(&state, size.saturating_sub(1)).map_err(|error| internal(&error))?;
        let as_of = last.map_or(0, |row| row.logged_at);
        Ok(Self { api, view, state, size, as_of, period })
    }

    /// The institutions of a scope, in the order of the registry. Whoever was taken over is read with the successor.
    pub fn institutions(&self, scope: &Scope) -> Result<Vec<Institution>, Status> {
        let mut found = Vec::new();
        let mut after: Option<String> = None;
        let rows = |after: Option<&str>| match &*scope.institution {
            "" => query::institutions(&self.state.state, after, PAGE),
            id if after.is_none() => {
                Ok(query::institution(&self.state, id)?.map(|row| (id.to_owned(), row)).into_iter().collect())
            }
            _ => Ok(Vec::new()),
        };
        loop {
            let page = rows(after.as_deref()).map_err(|error| internal(&error))?;
            let Some((last, _)) = page.last() else { return Ok(found) };
            after = Some(last.clone());
            for (id, row) in page {
                let merged = matches!(row.status_at(self.as_of), Some(Standing::Merged { .. }));
                let asked = scope.institution == id || (!merged && covers(&scope.region, &row.region));
                if asked {
                    found.push(Institution { id, name: name(&row, self.as_of), row });
                }
            }
        }
    }

    /// Reads the outcomes of these institutions. `tell` hears how far it is and says whether to go on.
    pub fn run(
        &self,
        institutions: &[Institution],
        gather: &mut dyn Gather,
        tell: &mut dyn FnMut(ReportProgress) -> Result<(), Status>,
    ) -> Result<ReportCounts, Status> {
        let mut counts = ReportCounts::default();
        let mut progress = ReportProgress { institutions: institutions.len() as u64, ..ReportProgress::default() };
        for institution in institutions {
            let mut issuers = vec![institution.id.clone()];
            let older = query::predecessors(&self.state, &institution.row);
            issuers.extend(older.map_err(|error| internal(&error))?);
            for issuer in &issuers {
                self.issued_by(institution, issuer, gather, &mut counts, &mut |entries| {
                    progress.entries_read += entries;
                    tell(progress)
                })?;
            }
            gather.close(self, institution)?;
            progress.institutions_done += 1;
        }
        tell(progress)?;
        Ok(counts)
    }

    fn issued_by(
        &self,
        institution: &Institution,
        issuer: &str,
        gather: &mut dyn Gather,
        counts: &mut ReportCounts,
        tell: &mut dyn FnMut(u64) -> Result<(), Status>,
    ) -> Result<(), Status> {
        let mut from = None;
        let mut read = 0;
        loop {
            let page = query::issued_by(&self.state.state, issuer, from, PAGE).map_err(|error| internal(&error))?;
            for index in &page {
                self.one(institution, *index, gather, counts)?;
                read += 1;
                if read == TOLD_EVERY {
                    tell(std::mem::take(&mut read))?;
                }
            }
            match page.last().and_then(|last| last.checked_sub(1)) {
                Some(next) if page.len() == PAGE => from = Some(next),
                _ => return tell(read),
            }
        }
    }

    fn one(
        &self,
        institution: &Institution,
        index: u64,
        gather: &mut dyn Gather,
        counts: &mut ReportCounts,
    ) -> Result<(), Status> {
        let row = query::entry(&self.state, index).map_err(|error| internal(&error))?;
        let Some(row) = row.filter(|row| Kind::ALL.get(usize::from(row.kind)) == Some(&Kind::RecordOutcome)) else {
            return Ok(());
        };
        let kind = OutcomeKind::try_from(i32::from(row.outcome_kind)).unwrap_or_default();
        if !gather.wants(kind) {
            return Ok(());
        }
        let status = query::status(&self.state, index, self.as_of).map_err(|error| internal(&error))?;
        let no = match status {
            Some(EntryStatus::Valid) => None,
            Some(EntryStatus::Pending | EntryStatus::Lapsed { .. }) => Some(&mut counts.pending),
            Some(EntryStatus::NeedsReview { .. }) => Some(&mut counts.in_review),
            _ => Some(&mut counts.out_of_force),
        };
        if let Some(count) = no {
            *count += 1;
            return Ok(());
        }
        let logged = self.api.ledger.entry(self.view, index).map_err(|error| internal(&error))?;
        let payload = self.api.ledger.payload(&logged).map_err(|error| internal(&error))?;
        let (Some(payload), Some(person)) = (payload, self.person(index)?) else {
            counts.erased += 1;
            return Ok(());
        };
        let achieved_on = value(&payload, tags::ACHIEVED_ON).and_then(Day::parse);
        if !achieved_on.is_some_and(|day| self.period.has(day)) {
            counts.other_period += 1;
            return Ok(());
        }
        counts.counted += 1;
        gather.outcome(self, institution, &Outcome { index, kind, issuer: &row.issuer, person, payload: &payload })
    }

    /// The account that an outcome's stands for by now; `None` once its row is gone with an erased payload.
    fn person(&self, index: u64) -> Result<Option<AccountKey>, Status> {
        let outcome = query::outcome(&self.state, index).map_err(|error| internal(&error))?;
        let Some(outcome) = outcome else { return Ok(None) };
        let account = query::account(&self.state, outcome.account).map_err(|error| internal(&error))?;
        Ok(Some(account.map_or(outcome.account, |(kept, _)| kept)))
    }

    /// What the policy that binds an institution asks of a threshold at least.
    pub fn bound(&self, institution: &str, threshold: Threshold) -> Result<Option<u64>, Status> {
        let policy = query::policy_in_force(&self.state, institution, self.as_of).map_err(|error| internal(&error))?;
        Ok(policy.threshold(threshold).map(|bound| bound.least))
    }

    /// The size it is as of.
    pub const fn size(&self) -> u64 {
        self.size
    }
}

fn name(row: &InstitutionRow, time: i64) -> String {
    let names = words::names(row.names_at(time));
    let chinese = names.iter().find(|name| name.language.starts_with("zh"));
    chinese.or(names.first()).map(|name| name.text.clone()).unwrap_or_default()
}
