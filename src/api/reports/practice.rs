//! `practice`: practice of all teaching time, by institution and major (docs/spec/reports.md 2).
//!
//! Weighed by learners: what each was taught, in minutes. A resit teaches nothing anew, so only first attempts count;
//! practice that waits for the enterprise's signature does not count yet, and non-degree training counts in `training`.

use std::collections::{BTreeMap, BTreeSet};

use tonic::Status;
use xuefen_core::kinds::study::StudyMode;
use xuefen_core::kinds::tags;
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::Threshold;
use xuefen_ledger::rows::AccountKey;

use super::scan::{Gather, Institution, Outcome, Scan};
use super::shape::{Cell, Column, Figures, Part, Row, remark};
use crate::api::people::{number, text};
use crate::api::proto::ReportRowKind;

pub const COLUMNS: &[Column] = &[
    Column::key("institution", "institution", "机构代码"),
    Column::key("name", "name", "名称"),
    Column::key("major", "major", "专业代码"),
    Column::figure("persons", "persons", "persons", "人数"),
    Column::figure("minutes", "minutes", "teaching time, minutes", "总学时（分钟）"),
    Column::figure("practice_minutes", "minutes", "of it practice, minutes", "其中实践（分钟）"),
    Column::figure("practice_basis_points", "basis points", "share of practice, basis points", "实践占比（万分之一）"),
    Column::open("bound", "basis points", "asked by policy, basis points", "政策要求（万分之一）"),
    Column::figure("remark", "", "remark", "备注"),
];

#[derive(Default)]
struct Sums {
    persons: BTreeSet<AccountKey>,
    minutes: u64,
    practice: u64,
}

impl Sums {
    fn add(&mut self, person: AccountKey, minutes: u64, practice: u64) {
        self.persons.insert(person);
        self.minutes = self.minutes.saturating_add(minutes);
        self.practice = self.practice.saturating_add(practice);
    }

    fn row(&self, kind: ReportRowKind, keys: [&str; 3], bound: Option<u64>) -> Row {
        let share = (u128::from(self.practice) * 10_000).checked_div(u128::from(self.minutes));
        let share = share.and_then(|share| u64::try_from(share).ok());
        let persons = self.persons.len() as u64;
        let mut cells: Vec<Cell> = keys.into_iter().map(|key| Cell::Text(key.to_owned())).collect();
        cells.extend([persons, self.minutes, self.practice].map(Cell::Number));
        cells.extend([share, bound].map(|number| number.map_or(Cell::NOTHING, Cell::Number)));
        let low = share.zip(bound).map(|(share, bound)| share < bound);
        cells.push(remark(low, Threshold::PracticeShareProgramme));
        Row { kind, persons, cells }
    }
}

/// See the module.
#[derive(Default)]
pub struct Practice {
    /// Of the institution that is being read, by major.
    majors: BTreeMap<String, Sums>,
    whole: Sums,
    all: Sums,
    parts: Vec<Part>,
}

impl Gather for Practice {
    fn wants(&self, kind: OutcomeKind) -> bool {
        matches!(kind, OutcomeKind::Course | OutcomeKind::Module | OutcomeKind::PracticeRecord)
    }

    fn outcome(&mut self, _: &Scan<'_>, _: &Institution, outcome: &Outcome<'_>) -> Result<(), Status> {
        let mode = StudyMode::parse(&text(outcome.payload, tags::STUDY_MODE));
        if mode == Some(StudyMode::NonDegree) || number(outcome.payload, tags::ATTEMPT) > 1 {
            return Ok(());
        }
        let minutes = number(outcome.payload, tags::MINUTES);
        let practice = number(outcome.payload, tags::PRACTICE_MINUTES);
        let major = text(outcome.payload, tags::MAJOR);
        for sums in [self.majors.entry(major).or_default(), &mut self.whole, &mut self.all] {
            sums.add(outcome.person, minutes, practice);
        }
        Ok(())
    }

    fn close(&mut self, scan: &Scan<'_>, institution: &Institution) -> Result<(), Status> {
        let (majors, whole) = (std::mem::take(&mut self.majors), std::mem::take(&mut self.whole));
        if whole.persons.is_empty() {
            return Ok(());
        }
        let bound = scan.bound(&institution.id, Threshold::PracticeShareProgramme)?;
        let group = |(major, sums): (&String, &Sums)| sums.row(ReportRowKind::Group, institution.keys(major), bound);
        let groups = majors.iter().map(group).collect();
        self.parts.push(Part { row: whole.row(ReportRowKind::Part, institution.keys(""), bound), groups });
        Ok(())
    }

    fn finish(self: Box<Self>) -> Figures {
        Figures { total: self.all.row(ReportRowKind::Total, [""; 3], None), parts: self.parts }
    }
}
