//! Rows of what authorities publish for everybody: frameworks, catalogues of majors, filed majors. What institutions offer
//! stands in the parent.

use serde::{Deserialize, Serialize};

/// A framework of levels.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameworkRow {
    /// Unix seconds.
    pub effective_from: i64,
    /// Number of its levels.
    pub levels: u32,
}

/// A major of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MajorRow {
    /// Code in the catalogue.
    pub code: String,
    /// Code of its class.
    pub class: String,
    /// Level of training, 1 to 3.
    pub training_level: u32,
}

/// A catalogue of majors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueRow {
    /// Unix seconds.
    pub effective_from: i64,
    /// (class, category), ascending.
    pub classes: Vec<(String, String)>,
    /// Ascending code.
    pub majors: Vec<MajorRow>,
}

impl CatalogueRow {
    /// The major of a code.
    #[must_use]
    pub fn major(&self, code: &str) -> Option<&MajorRow> {
        let at = self.majors.binary_search_by(|major| major.code.as_str().cmp(code)).ok()?;
        self.majors.get(at)
    }

    /// The category of a class.
    #[must_use]
    pub fn category(&self, class: &str) -> Option<&str> {
        let at = self.classes.binary_search_by(|(code, _)| code.as_str().cmp(class)).ok()?;
        self.classes.get(at).map(|(_, category)| category.as_str())
    }
}

/// The majors of an institution at a level in a year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiledRow {
    /// The FiledMajors entry.
    pub entry: u64,
    /// The catalogue that the codes are of.
    pub catalogue: u64,
    /// Codes, ascending.
    pub majors: Vec<String>,
}

/// A part of an entrance examination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExamPartRow {
    /// Its code.
    pub code: String,
    /// Highest score, points.
    pub top_score: u32,
    /// A test of skill.
    pub skill_test: bool,
}

/// An entrance examination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExamSchemeRow {
    /// Unix seconds.
    pub effective_from: i64,
    /// GB/T 2260 of the province, empty for the whole country.
    pub region: String,
    /// Its parts.
    pub parts: Vec<ExamPartRow>,
    /// Grounds that exempt from the culture test.
    pub exempt_grounds: Vec<String>,
    /// The general entrance examination.
    pub general: bool,
}

/// A segment of a pathway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentRow {
    /// Level of training, 1 to 3.
    pub training_level: u32,
    /// Length in years.
    pub years: u32,
    /// Institution id, or empty.
    pub institution: String,
}

/// A through-training pathway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathwayRow {
    /// Unix seconds.
    pub effective_from: i64,
    /// In order.
    pub segments: Vec<SegmentRow>,
    /// Enrolments from here on are flagged, Unix seconds; 0 = none.
    pub phased_out_from: i64,
    /// Conversions use the rules of the time of enrolment.
    pub keeps_enrolment_rules: bool,
}

/// What somebody has: a level of skill, an occupation, a title or a degree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingOf {
    /// `OutcomeKind` that shows it.
    pub outcome_kind: i32,
    /// Family, occupation or title.
    pub code: String,
    /// Level in it.
    pub level: u32,
}

/// What is held equal to what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EquivalenceRow {
    /// Unix seconds.
    pub effective_from: i64,
    /// Who has this
    pub from: StandingOf,
    /// counts as having this.
    pub to: StandingOf,
}

/// Who signs for a consortium. Without seats it is dissolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharterRow {
    /// From 1.
    pub version: u32,
    /// In force from, Unix seconds.
    pub from: i64,
    /// (institution, kind of seat), in order.
    pub seats: Vec<(String, i32)>,
    /// Members that must sign in all.
    pub threshold: u32,
    /// (kind of seat, members of it that must sign).
    pub minimums: Vec<(i32, u32)>,
    /// The entries of all versions, oldest first.
    pub entries: Vec<u64>,
}

/// The grade of an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvaluationRow {
    /// Scheme that the grade belongs to.
    pub scheme: String,
    /// Calendar year.
    pub year: u32,
    /// Grade.
    pub grade: String,
    /// Who gave it.
    pub evaluator: String,
}
