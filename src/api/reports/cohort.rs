//! `cohort`: how many persons in how many majors an institution recorded courses, modules and practice for
//! (docs/spec/reports.md 3).

use std::collections::{BTreeMap, BTreeSet};

use tonic::Status;
use xuefen_core::kinds::tags;
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::rows::AccountKey;

use super::scan::{Gather, Institution, Outcome, Scan};
use super::shape::{Cell, Column, Figures, Part, Row};
use crate::api::people::text;
use crate::api::proto::ReportRowKind;

pub const COLUMNS: &[Column] = &[
    Column::key("institution", "institution", "机构代码"),
    Column::key("name", "name", "名称"),
    Column::key("major", "major", "专业代码"),
    Column::figure("persons", "persons", "persons", "人数"),
    Column::figure("majors", "majors", "majors", "专业数"),
    Column::figure("outcomes", "outcomes", "outcomes", "成果数"),
];

#[derive(Default)]
struct Counted {
    persons: BTreeSet<AccountKey>,
    outcomes: u64,
}

impl Counted {
    fn row(&self, kind: ReportRowKind, keys: [&str; 3], majors: Cell) -> Row {
        let persons = self.persons.len() as u64;
        let mut cells: Vec<Cell> = keys.into_iter().map(|key| Cell::Text(key.to_owned())).collect();
        cells.extend([Cell::Number(persons), majors, Cell::Number(self.outcomes)]);
        Row { kind, persons, cells }
    }
}

/// See the module.
#[derive(Default)]
pub struct Cohort {
    /// Of the institution that is being read, by major.
    majors: BTreeMap<String, Counted>,
    whole: Counted,
    all: Counted,
    all_majors: BTreeSet<String>,
    parts: Vec<Part>,
}

impl Gather for Cohort {
    fn wants(&self, kind: OutcomeKind) -> bool {
        matches!(kind, OutcomeKind::Course | OutcomeKind::Module | OutcomeKind::PracticeRecord)
    }

    fn outcome(&mut self, _: &Scan<'_>, _: &Institution, outcome: &Outcome<'_>) -> Result<(), Status> {
        let major = text(outcome.payload, tags::MAJOR);
        for counted in [self.majors.entry(major).or_default(), &mut self.whole, &mut self.all] {
            counted.persons.insert(outcome.person);
            counted.outcomes += 1;
        }
        Ok(())
    }

    fn close(&mut self, _: &Scan<'_>, institution: &Institution) -> Result<(), Status> {
        let (majors, whole) = (std::mem::take(&mut self.majors), std::mem::take(&mut self.whole));
        if whole.outcomes == 0 {
            return Ok(());
        }
        let group =
            |(major, it): (&String, &Counted)| it.row(ReportRowKind::Group, institution.keys(major), Cell::NOTHING);
        let groups = majors.iter().map(group).collect();
        // Outcomes that name no major are a group of their own and no major.
        let named: Vec<&String> = majors.keys().filter(|major| !major.is_empty()).collect();
        let row = whole.row(ReportRowKind::Part, institution.keys(""), Cell::Number(named.len() as u64));
        self.all_majors.extend(named.into_iter().cloned());
        self.parts.push(Part { row, groups });
        Ok(())
    }

    fn finish(self: Box<Self>) -> Figures {
        let majors = Cell::Number(self.all_majors.len() as u64);
        Figures { total: self.all.row(ReportRowKind::Total, [""; 3], majors), parts: self.parts }
    }
}
