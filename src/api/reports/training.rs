//! `training`: person-times of training over the headcount of 30 September (docs/spec/reports.md 1).
//!
//! A person-time is a person in a run: three outcomes of one run are one, three runs are three. A run is known by its code
//! where its issuer published one; else by what the outcome is of and its label, and without a label by itself.

use std::collections::{BTreeMap, BTreeSet};

use tonic::Status;
use xuefen_core::kinds::study::StudyMode;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::query;
use xuefen_ledger::rows::AccountKey;

use super::scan::{Gather, Institution, Outcome, Scan};
use super::shape::{Cell, Column, Figures, Part, Row};
use crate::api::people::{number, text};
use crate::api::proto::ReportRowKind;
use crate::api::status::internal;

/// Person-times over learners that a school of quality reaches, thousandths: twice its headcount (policy research, D6).
const TARGET_MILLIS: u64 = 2_000;

pub const COLUMNS: &[Column] = &[
    Column::key("institution", "institution", "机构代码"),
    Column::key("name", "name", "名称"),
    Column::figure("persons", "persons", "persons trained", "培训人数"),
    Column::figure("person_times", "person-times", "person-times", "培训人次"),
    Column::open("headcount", "persons", "learners enrolled", "在校生数"),
    Column::key("headcount_by", "declared by", "申报方"),
    Column::figure("ratio_millis", "thousandths", "person-times per learner, thousandths", "人次与在校生之比（千分之一）"),
    Column::figure("target_met", "", "twice the headcount reached", "达到两倍"),
];

/// A run: of whom, of what, and its code or label.
type Run = (String, u64, String);

/// See the module.
#[derive(Default)]
pub struct Training {
    /// Of the institution that is being read.
    taken: BTreeSet<(AccountKey, Run)>,
    published: BTreeMap<(String, String), bool>,
    everybody: BTreeSet<AccountKey>,
    person_times: u64,
    headcount: Option<u64>,
    parts: Vec<Part>,
}

impl Gather for Training {
    fn wants(&self, kind: OutcomeKind) -> bool {
        matches!(kind, OutcomeKind::CompletionCertificate | OutcomeKind::Course | OutcomeKind::Module)
    }

    fn outcome(&mut self, scan: &Scan<'_>, _: &Institution, outcome: &Outcome<'_>) -> Result<(), Status> {
        let mode = text(outcome.payload, tags::STUDY_MODE);
        let training = match StudyMode::parse(&mode) {
            Some(mode) => mode == StudyMode::NonDegree,
            // A completion certificate that says nothing is of training, a course that says nothing is not.
            None => outcome.kind == OutcomeKind::CompletionCertificate,
        };
        if training {
            let run = self.run(scan, outcome)?;
            self.taken.insert((outcome.person, run));
        }
        Ok(())
    }

    fn close(&mut self, scan: &Scan<'_>, institution: &Institution) -> Result<(), Status> {
        let taken = std::mem::take(&mut self.taken);
        self.published.clear();
        let declared = match scan.period.headcount_day.and_then(|day| u32::try_from(day.0).ok()) {
            Some(day) => query::headcount(&scan.state, &institution.id, day).map_err(|error| internal(&error))?,
            None => None,
        };
        if taken.is_empty() && declared.is_none() {
            return Ok(());
        }
        let persons: BTreeSet<AccountKey> = taken.iter().map(|(person, _)| *person).collect();
        let person_times = taken.len() as u64;
        let headcount = declared.as_ref().map(|(_, row)| row.learners);
        let by = declared.map(|(_, row)| row.declared_by).unwrap_or_default();
        let keys = [institution.id.clone(), institution.name.clone()];
        let row = row(ReportRowKind::Part, keys, persons.len() as u64, person_times, (headcount, by));
        self.parts.push(Part { row, groups: Vec::new() });
        self.everybody.extend(persons);
        self.person_times += person_times;
        if let Some(headcount) = headcount {
            *self.headcount.get_or_insert(0) += headcount;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Figures {
        let keys = [String::new(), String::new()];
        let of = (self.headcount, String::new());
        let total = row(ReportRowKind::Total, keys, self.everybody.len() as u64, self.person_times, of);
        Figures { total, parts: self.parts }
    }
}

impl Training {
    fn run(&mut self, scan: &Scan<'_>, outcome: &Outcome<'_>) -> Result<Run, Status> {
        let code = text(outcome.payload, tags::RUN);
        let issuer = outcome.issuer.to_owned();
        if code.is_empty() {
            return Ok((issuer, outcome.index, String::new()));
        }
        let key = (issuer.clone(), code.clone());
        let published = match self.published.get(&key) {
            Some(known) => *known,
            None => {
                let found = query::display(&scan.state, &issuer, Kind::Run, &code).map_err(|error| internal(&error))?;
                *self.published.entry(key).or_insert(found.is_some())
            }
        };
        let of = number(outcome.payload, tags::OFFER).max(number(outcome.payload, tags::FAMILY));
        Ok((issuer, if published { 0 } else { of }, code))
    }
}

fn row(
    kind: ReportRowKind,
    [id, name]: [String; 2],
    persons: u64,
    person_times: u64,
    (headcount, by): (Option<u64>, String),
) -> Row {
    let ratio = headcount.and_then(|learners| {
        u64::try_from((u128::from(person_times) * 1_000).checked_div(u128::from(learners))?).ok()
    });
    let met = |ratio| Cell::Text(if ratio >= TARGET_MILLIS { "yes" } else { "no" }.to_owned());
    let cells = vec![
        Cell::Text(id),
        Cell::Text(name),
        Cell::Number(persons),
        Cell::Number(person_times),
        Cell::declared(headcount),
        Cell::Text(by),
        Cell::declared(ratio),
        ratio.map_or(Cell::declared(None), met),
    ];
    Row { kind, persons, cells }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_rounded_down_and_twice_is_reached_at_two() {
        let of = |times, learners| {
            let cells = row(ReportRowKind::Part, [String::new(), String::new()], 10, times, (learners, String::new())).cells;
            (cells[6].clone(), cells[7].clone())
        };
        let said = |ratio, met: &str| (Cell::Number(ratio), Cell::Text(met.to_owned()));
        assert_eq!(of(4_800, Some(2_400)), said(2_000, "yes"));
        assert_eq!(of(4_799, Some(2_400)), said(1_999, "no"));
        let none = (Cell::declared(None), Cell::declared(None));
        assert_eq!((of(1, Some(0)), of(1, None)), (none.clone(), none));
    }
}
