//! `training`: person-times of training over the headcount of 30 September (docs/spec/reports.md 1).
//!
//! A person-time is a person in a run: three outcomes of one run are one, three runs are three. A run is known by its code
//! where its issuer published one; else by what the outcome is of and its label, and without a label by itself.

use std::collections::{BTreeMap, BTreeSet};

use tonic::Status;
use xuefen_core::kinds::study::StudyMode;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::rows::AccountKey;
use xuefen_ledger::{Threshold, query};

use super::scan::{Gather, Institution, Outcome, Scan};
use super::shape::{Cell, Column, Figures, Part, Row, remark};
use crate::api::people::{number, text};
use crate::api::proto::ReportRowKind;
use crate::api::status::internal;

pub const COLUMNS: &[Column] = &[
    Column::key("institution", "institution", "机构代码"),
    Column::key("name", "name", "名称"),
    Column::figure("persons", "persons", "persons trained", "培训人数"),
    Column::figure("person_times", "person-times", "person-times", "培训人次"),
    Column::open("headcount", "persons", "learners enrolled", "在校生数"),
    Column::key("headcount_by", "declared by", "申报方"),
    Column::figure("per_learner", "hundredths", "person-times per learner, hundredths", "人次与在校生之比（百分之一）"),
    Column::open("bound", "hundredths", "asked by policy, hundredths", "政策要求（百分之一）"),
    Column::figure("remark", "", "remark", "备注"),
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
        let (headcount, declared_by) = declared.map(|(_, row)| (row.learners, row.declared_by)).unzip();
        let figures = Sums {
            persons: persons.len() as u64,
            person_times: taken.len() as u64,
            headcount,
            declared_by: declared_by.unwrap_or_default(),
            bound: scan.bound(&institution.id, Threshold::TrainingPerLearner)?,
        };
        let row = figures.row(ReportRowKind::Part, [&institution.id, &institution.name]);
        self.parts.push(Part { row, groups: Vec::new() });
        self.everybody.extend(persons);
        self.person_times += figures.person_times;
        if let Some(headcount) = headcount {
            *self.headcount.get_or_insert(0) += headcount;
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Figures {
        let total = Sums {
            persons: self.everybody.len() as u64,
            person_times: self.person_times,
            headcount: self.headcount,
            ..Sums::default()
        };
        Figures { total: total.row(ReportRowKind::Total, ["", ""]), parts: self.parts }
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
        let published = if let Some(known) = self.published.get(&key) {
            *known
        } else {
            let found = query::display(&scan.state, &issuer, Kind::Run, &code).map_err(|error| internal(&error))?;
            *self.published.entry(key).or_insert(found.is_some())
        };
        let of = number(outcome.payload, tags::OFFER).max(number(outcome.payload, tags::FAMILY));
        Ok((issuer, if published { 0 } else { of }, code))
    }
}

/// What a row is made of.
#[derive(Default)]
struct Sums {
    persons: u64,
    person_times: u64,
    headcount: Option<u64>,
    declared_by: String,
    /// What policy asks, hundredths.
    bound: Option<u64>,
}

impl Sums {
    fn row(&self, kind: ReportRowKind, [id, name]: [&str; 2]) -> Row {
        let Self { persons, person_times, .. } = *self;
        // Rounded down: what falls short of twice by one person-time is not twice.
        let per_learner = |learners: u64| {
            let share = (u128::from(person_times) * 100).checked_div(u128::from(learners))?;
            u64::try_from(share).ok()
        };
        let per_learner = self.headcount.and_then(per_learner);
        let low = per_learner.zip(self.bound).map(|(is, bound)| is < bound);
        let cells = vec![
            Cell::text(id),
            Cell::text(name),
            Cell::Number(persons),
            Cell::Number(person_times),
            Cell::declared(self.headcount),
            Cell::text(&self.declared_by),
            Cell::declared(per_learner),
            self.bound.map_or(Cell::NOTHING, Cell::Number),
            remark(low, Threshold::TrainingPerLearner),
        ];
        Row { kind, persons, cells }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_rounded_down_and_twice_is_reached_at_two() {
        let of = |person_times, headcount| {
            let sums = Sums { persons: 10, person_times, headcount, bound: Some(200), ..Sums::default() };
            let cells = sums.row(ReportRowKind::Part, ["", ""]).cells;
            (cells[6].clone(), cells[8].clone())
        };
        let said = |ratio, remark| (Cell::Number(ratio), Cell::text(remark));
        assert_eq!(of(4_800, Some(2_400)), said(200, ""));
        assert_eq!(of(4_799, Some(2_400)), said(199, "TRAINING_LOW"));
        let none = (Cell::declared(None), Cell::NOTHING);
        assert_eq!((of(1, Some(0)), of(1, None)), (none.clone(), none));
    }
}
