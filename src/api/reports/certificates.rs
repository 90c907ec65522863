//! `certificates`: skill-level, X and micro-certificates by city, kind, occupation and level (docs/spec/reports.md 4).
//!
//! The city is where the institution sits that issued them.

use std::collections::{BTreeMap, BTreeSet};

use tonic::Status;
use xuefen_core::kinds::{outcomes, tags};
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::query;
use xuefen_ledger::rows::{AccountKey, OfferBody};

use super::scan::{Gather, Institution, Outcome, Scan};
use super::shape::{Cell, Column, Figures, Part, Row};
use crate::api::people::number;
use crate::api::proto::ReportRowKind;
use crate::api::status::internal;

pub const COLUMNS: &[Column] = &[
    Column::key("city", "city", "城市"),
    Column::key("kind", "kind of certificate", "证书类型"),
    Column::key("occupation", "occupation", "职业（工种）"),
    Column::key("level", "level", "等级"),
    Column::figure("persons", "persons", "persons", "人数"),
    Column::figure("certificates", "certificates", "certificates", "证书数"),
];

#[derive(Default)]
struct Counted {
    persons: BTreeSet<AccountKey>,
    certificates: u64,
}

impl Counted {
    fn row(&self, kind: ReportRowKind, keys: [String; 4]) -> Row {
        let persons = self.persons.len() as u64;
        let mut cells: Vec<Cell> = keys.into_iter().map(Cell::Text).collect();
        cells.extend([persons, self.certificates].map(Cell::Number));
        Row { kind, persons, cells }
    }
}

/// Kind, occupation and level.
type Group = (i32, String, u64);

/// See the module.
#[derive(Default)]
pub struct Certificates {
    cities: BTreeMap<String, (Counted, BTreeMap<Group, Counted>)>,
    all: Counted,
    /// Occupation of each family.
    occupations: BTreeMap<u64, String>,
}

impl Certificates {
    fn occupation(&mut self, scan: &Scan<'_>, family: u64) -> Result<String, Status> {
        if let Some(known) = self.occupations.get(&family) {
            return Ok(known.clone());
        }
        let offer = query::offer(&scan.state, family).map_err(|error| internal(&error))?;
        let occupation = match offer.map(|offer| offer.body) {
            Some(OfferBody::Family(row)) => row.occupation,
            _ => String::new(),
        };
        Ok(self.occupations.entry(family).or_insert(occupation).clone())
    }
}

impl Gather for Certificates {
    fn wants(&self, kind: OutcomeKind) -> bool {
        use OutcomeKind as K;
        matches!(kind, K::SkillLevelCertificate | K::XCertificate | K::MicroCertificate)
    }

    fn outcome(&mut self, scan: &Scan<'_>, institution: &Institution, outcome: &Outcome<'_>) -> Result<(), Status> {
        let occupation = self.occupation(scan, number(outcome.payload, tags::FAMILY))?;
        let group = (outcome.kind as i32, occupation, number(outcome.payload, tags::LEVEL));
        // The first four digits are the city; a place that names none keeps what it says.
        let city = institution.row.region.get(..4).map_or_else(String::new, |city| format!("{city}00"));
        let (whole, groups) = self.cities.entry(city).or_default();
        for counted in [groups.entry(group).or_default(), whole, &mut self.all] {
            counted.persons.insert(outcome.person);
            counted.certificates += 1;
        }
        Ok(())
    }

    fn close(&mut self, _: &Scan<'_>, _: &Institution) -> Result<(), Status> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Figures {
        let part = |(city, (whole, groups)): (String, (Counted, BTreeMap<Group, Counted>))| {
            let group = |((kind, occupation, level), counted): (Group, Counted)| {
                let kind = OutcomeKind::try_from(kind).ok().and_then(outcomes::of).map_or("", |row| row.name);
                // 0 = without levels.
                let level = if level == 0 { String::new() } else { level.to_string() };
                counted.row(ReportRowKind::Group, [city.clone(), kind.to_owned(), occupation, level])
            };
            let groups = groups.into_iter().map(group).collect();
            let keys = [city.clone(), String::new(), String::new(), String::new()];
            Part { row: whole.row(ReportRowKind::Part, keys), groups }
        };
        let total = self.all.row(ReportRowKind::Total, std::array::from_fn(|_| String::new()));
        Figures { total, parts: self.cities.into_iter().map(part).collect() }
    }
}
