//! What a report is made of: columns, rows, cells, and how they travel. No figure is computed here.

use xuefen_core::proto::Name;
use xuefen_ledger::{Text, Threshold};

use crate::api::proto::report_cell::Value;
use crate::api::proto::{ReportAbsence, ReportCell, ReportColumn, ReportRow, ReportRowKind};

/// A column of a report.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Stable name.
    pub name: &'static str,
    /// Unit of its numbers; empty for texts.
    pub unit: &'static str,
    /// What people read.
    pub title: Text,
    /// It tells of nobody's records, so it is never suppressed.
    pub open: bool,
}

impl Column {
    /// A text that names the row.
    pub const fn key(name: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self { name, unit: "", title: Text { en, zh }, open: true }
    }

    /// A figure that is made of learners' records.
    pub const fn figure(name: &'static str, unit: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self { name, unit, title: Text { en, zh }, open: false }
    }

    /// A number that is public by itself.
    pub const fn open(name: &'static str, unit: &'static str, en: &'static str, zh: &'static str) -> Self {
        Self { name, unit, title: Text { en, zh }, open: true }
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A number in the unit of its column.
    Number(u64),
    /// Nothing, and why.
    Absent(ReportAbsence),
}

impl Cell {
    /// The number if there is one, else that it was not declared.
    pub fn declared(number: Option<u64>) -> Self {
        number.map_or(Self::Absent(ReportAbsence::NotDeclared), Self::Number)
    }

    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    /// The column says nothing of such a row.
    pub const NOTHING: Self = Self::Absent(ReportAbsence::NotApplicable);
}

/// A row: what it sums up, of how many persons, and its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What it sums up.
    pub kind: ReportRowKind,
    /// Distinct persons behind its figures.
    pub persons: u64,
    /// One for each column.
    pub cells: Vec<Cell>,
}

/// A part of a report and the groups in it.
#[derive(Clone, Debug)]
pub struct Part {
    /// The row that sums the part up.
    pub row: Row,
    /// Its groups.
    pub groups: Vec<Row>,
}

/// The figures of a report.
#[derive(Clone, Debug)]
pub struct Figures {
    /// The row that sums everything up.
    pub total: Row,
    /// Its parts.
    pub parts: Vec<Part>,
}

impl Figures {
    /// All rows, in the order in which they are shown.
    pub fn rows(self) -> impl Iterator<Item = Row> {
        let parts = self.parts.into_iter().flat_map(|part| std::iter::once(part.row).chain(part.groups));
        std::iter::once(self.total).chain(parts)
    }
}

/// The remark of a row that is below a threshold, as entries carry it: a code of docs/spec/flags.md, or nothing. `low` is
/// `None` where nothing was measured.
pub fn remark(low: Option<bool>, threshold: Threshold) -> Cell {
    low.map_or(Cell::NOTHING, |low| Cell::text(if low { threshold.flag().code() } else { "" }))
}

/// A text in both languages.
pub fn titles(text: Text) -> Vec<Name> {
    let name = |language: &str, text: &str| Name { language: language.to_owned(), text: text.to_owned() };
    vec![name("zh", text.zh), name("en", text.en)]
}

impl From<&Column> for ReportColumn {
    fn from(column: &Column) -> Self {
        Self { name: column.name.to_owned(), unit: column.unit.to_owned(), titles: titles(column.title) }
    }
}

impl From<Row> for ReportRow {
    fn from(row: Row) -> Self {
        let value = |cell| match cell {
            Cell::Text(text) => Value::Text(text),
            Cell::Number(number) => Value::Number(number),
            Cell::Absent(why) => Value::Absent(why.into()),
        };
        let cells = row.cells.into_iter().map(|cell| ReportCell { value: Some(value(cell)) });
        Self { kind: row.kind.into(), cells: cells.collect() }
    }
}
