//! The reports, one row each. Their formulas stand in docs/spec/reports.md, under the same names.

use xuefen_ledger::Text;

use super::scan::Gather;
use super::shape::{Column, titles};
use super::{certificates, cohort, practice, training};
use crate::api::proto::ReportKind;

/// One report.
pub struct Kind {
    /// Stable name.
    pub name: &'static str,
    /// What people read.
    pub title: Text,
    /// Columns of its rows.
    pub columns: &'static [Column],
    /// Begins to gather it.
    pub begin: fn() -> Box<dyn Gather>,
}

/// Every report.
pub const ALL: &[Kind] = &[
    Kind {
        name: "training",
        title: Text { en: "training person-times over headcount", zh: "培训人次与在校生之比" },
        columns: training::COLUMNS,
        begin: || Box::<training::Training>::default(),
    },
    Kind {
        name: "practice",
        title: Text { en: "share of practice by major", zh: "各专业实践教学占比" },
        columns: practice::COLUMNS,
        begin: || Box::<practice::Practice>::default(),
    },
    Kind {
        name: "cohort",
        title: Text { en: "persons and majors", zh: "人数与专业数" },
        columns: cohort::COLUMNS,
        begin: || Box::<cohort::Cohort>::default(),
    },
    Kind {
        name: "certificates",
        title: Text { en: "certificates by occupation, level and city", zh: "证书按职业、等级和城市统计" },
        columns: certificates::COLUMNS,
        begin: || Box::<certificates::Certificates>::default(),
    },
];

/// The report of a name.
pub fn by_name(name: &str) -> Option<&'static Kind> {
    ALL.iter().find(|kind| kind.name == name)
}

impl From<&Kind> for ReportKind {
    fn from(kind: &Kind) -> Self {
        let columns = kind.columns.iter().map(Into::into).collect();
        Self { name: kind.name.to_owned(), titles: titles(kind.title), columns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_used_once_and_both_languages_speak() {
        for (at, kind) in ALL.iter().enumerate() {
            assert!(by_name(kind.name).is_some() && !ALL[..at].iter().any(|other| other.name == kind.name));
            for (column, text) in kind.columns.iter().map(|it| (it.name, it.title)).chain([("", kind.title)]) {
                assert!(text.en.is_ascii() && !text.zh.is_ascii(), "{} {column}", kind.name);
            }
            let names: std::collections::BTreeSet<_> = kind.columns.iter().map(|column| column.name).collect();
            assert_eq!(names.len(), kind.columns.len(), "{}", kind.name);
        }
    }
}
