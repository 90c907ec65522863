//! The offers file: what an institution has published, by code, with the leaf indices that payloads refer to.
//!
//! JSON lines, made by `xuefen registry` from the ledger. The first line says for whom and from where:
//! `{"format":"xuefen-offers/v1","origin":"…","issuer":"…","tree_size":n}`; each other line is one [`Line`]. It holds no
//! personal data. Versions of a code stand side by side; without a version in the sheet the newest counts.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use xuefen_core::kinds::outcomes::{self, Outcome};
use xuefen_core::proto::OutcomeKind;

/// Version of the format.
pub const FORMAT: &str = "xuefen-offers/v1";

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// [`FORMAT`].
    pub format: String,
    /// The ledger that the indices belong to.
    pub origin: String,
    /// The institution that may use these lines.
    pub issuer: String,
    /// Tree size at which the file was made.
    pub tree_size: u64,
}

/// Any other line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Line {
    /// Names under which the issuer may issue; the first is used where a sheet gives none.
    Institution {
        /// Names.
        names: Vec<String>,
    },
    /// A course.
    Course(Offer),
    /// A module.
    Module(Offer),
    /// A family of certificates that the issuer may issue.
    CertificateFamily(Family),
    /// A programme.
    Programme {
        /// Code.
        code: String,
        /// Version, from 1.
        version: u32,
        /// Leaf index.
        index: u64,
    },
    /// A run of a course.
    Run(Run),
    /// A recording rule.
    RecordingRule(RecordingRule),
    /// A scale of the policy in force.
    Scale(Scale),
}

/// A course or module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Code, unique with the version.
    pub code: String,
    /// Version, from 1.
    pub version: u32,
    /// Leaf index.
    pub index: u64,
    /// Length in all, minutes.
    pub minutes: u64,
    /// Of these, practice.
    pub practice_minutes: u64,
    /// Credits, in thousandths.
    pub credit_millis: u64,
    /// Leaf index of its recording rule; 0 = without credits.
    pub recording_rule_index: u64,
    /// Code of its scale.
    pub scale: String,
    /// Level of its framework; 0 = unlevelled.
    #[serde(default)]
    pub level: u32,
    /// Codes of its majors.
    #[serde(default)]
    pub majors: Vec<String>,
    /// Code of the competency it builds.
    #[serde(default)]
    pub competency: String,
}

/// A family of certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Code, unique with the version.
    pub code: String,
    /// Version, from 1.
    pub version: u32,
    /// Leaf index.
    pub index: u64,
    /// Name that its certificates carry as title.
    pub title: String,
    /// Kind of outcome, as [`kind_name`] has it.
    pub outcome_kind: String,
    /// Codes of its levels, lowest first; empty = without levels.
    #[serde(default)]
    pub levels: Vec<String>,
}

/// A run of a course or module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Code.
    pub code: String,
    /// Leaf index of the course or module.
    pub offer_index: u64,
    /// Length in all, minutes.
    pub minutes: u64,
    /// Of these, practice.
    pub practice_minutes: u64,
}

/// Hours to credits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingRule {
    /// Code.
    pub code: String,
    /// Version, from 1.
    pub version: u32,
    /// Leaf index.
    pub index: u64,
    /// Length of a class hour (学时), minutes.
    pub hour_minutes: u32,
    /// Class hours of theory for one credit.
    pub theory_hours_per_credit: u32,
    /// Class hours of practice for one credit.
    pub practice_hours_per_credit: u32,
    /// Credits come in multiples of this, thousandths.
    pub step_millis: u32,
}

impl RecordingRule {
    /// Credits in thousandths of so many minutes, of which `practice` are practice: one division, rounded down, then cut
    /// to a multiple of the step (standards.proto, `RecordingRule`). `None` for a rule with a zero in it.
    #[must_use]
    pub fn credit_millis(&self, minutes: u64, practice: u64) -> Option<u64> {
        let theory = u128::from(minutes.checked_sub(practice)?);
        let (per_theory, per_practice) =
            (u128::from(self.theory_hours_per_credit), u128::from(self.practice_hours_per_credit));
        let weighted = theory.checked_mul(per_practice)?.checked_add(u128::from(practice).checked_mul(per_theory)?)?;
        let divisor = u128::from(self.hour_minutes) * per_theory * per_practice;
        let millis = u64::try_from(weighted.checked_mul(1000)?.checked_div(divisor)?).ok()?;
        Some(millis - millis.checked_rem(u64::from(self.step_millis))?)
    }
}

/// A scale of grades.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// Code.
    pub code: String,
    /// Lowest mark that passes, thousandths.
    #[serde(default)]
    pub pass_mark_millis: u64,
    /// Highest mark, thousandths; 0 for a scale of words.
    #[serde(default)]
    pub top_mark_millis: u64,
    /// Words from best to worst.
    #[serde(default)]
    pub words: Vec<String>,
    /// How many of the words pass, from the best.
    #[serde(default)]
    pub passing_words: usize,
}

impl Scale {
    /// The grade as a payload has it, and whether it passes; `None` if it is not on the scale.
    #[must_use]
    pub fn grade(&self, cell: &str) -> Option<(String, bool)> {
        if self.top_mark_millis > 0 {
            let millis = super::value::thousandths(cell).filter(|millis| *millis <= self.top_mark_millis)?;
            return Some((super::value::decimal(millis), millis >= self.pass_mark_millis));
        }
        let word = super::value::text(cell);
        let place = self.words.iter().position(|other| *other == word)?;
        Some((word, place < self.passing_words))
    }
}

type ByVersion<T> = BTreeMap<(String, u32), T>;

/// The whole file.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    names: Vec<String>,
    courses: ByVersion<Offer>,
    modules: ByVersion<Offer>,
    families: ByVersion<Family>,
    programmes: ByVersion<u64>,
    runs: BTreeMap<(String, u64), Run>,
    with_runs: BTreeSet<u64>,
    rules: BTreeMap<u64, RecordingRule>,
    scales: BTreeMap<String, Scale>,
}

impl Offers {
    /// Reads the file, which must be for this ledger and issuer.
    pub fn parse(text: &str, origin: &str, issuer: &str) -> anyhow::Result<Self> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, head) = lines.next().context("the offers file is empty")?;
        let head: Head = serde_json::from_str(head).context("line 1 of the offers file is not its head")?;
        ensure!(head.format == FORMAT, "the offers file is {}, not {FORMAT}", head.format);
        ensure!(head.origin == origin, "the offers file is of the ledger {}, not {origin}", head.origin);
        ensure!(head.issuer == issuer, "the offers file is for {}, not {issuer}", head.issuer);
        let mut offers = Self::default();
        for (at, line) in lines {
            let line = serde_json::from_str(line).with_context(|| format!("line {} of the offers file", at + 1))?;
            offers.add(line).with_context(|| format!("line {} of the offers file", at + 1))?;
        }
        Ok(offers)
    }

    fn add(&mut self, line: Line) -> anyhow::Result<()> {
        let twice = match line {
            Line::Institution { names } => {
                self.names.extend(names);
                false
            }
            Line::Course(offer) => self.courses.insert((offer.code.clone(), offer.version), offer).is_some(),
            Line::Module(offer) => self.modules.insert((offer.code.clone(), offer.version), offer).is_some(),
            Line::CertificateFamily(family) => {
                ensure!(kind_of(&family.outcome_kind).is_some(), "no outcome kind {:?}", family.outcome_kind);
                self.families.insert((family.code.clone(), family.version), family).is_some()
            }
            Line::Programme { code, version, index } => self.programmes.insert((code, version), index).is_some(),
            Line::Run(run) => {
                self.with_runs.insert(run.offer_index);
                self.runs.insert((run.code.clone(), run.offer_index), run).is_some()
            }
            Line::RecordingRule(rule) => {
                ensure!(rule.credit_millis(0, 0).is_some(), "a recording rule divides by zero");
                self.rules.insert(rule.index, rule).is_some()
            }
            Line::Scale(scale) => self.scales.insert(scale.code.clone(), scale).is_some(),
        };
        ensure!(!twice, "the code and version stand in the file twice");
        Ok(())
    }

    /// Names under which the issuer may issue.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A course or module.
    #[must_use]
    pub fn offer(&self, kind: OutcomeKind, code: &str, version: Option<u32>) -> Option<&Offer> {
        newest(if kind == OutcomeKind::Module { &self.modules } else { &self.courses }, code, version)
    }

    /// A family of certificates.
    #[must_use]
    pub fn family(&self, code: &str, version: Option<u32>) -> Option<&Family> {
        newest(&self.families, code, version)
    }

    /// Leaf index of a programme.
    #[must_use]
    pub fn programme(&self, code: &str) -> Option<u64> {
        newest(&self.programmes, code, None).copied()
    }

    /// A run of an offer.
    #[must_use]
    pub fn run(&self, code: &str, offer_index: u64) -> Option<&Run> {
        self.runs.get(&(code.to_owned(), offer_index))
    }

    /// Whether the runs of an offer are published; a run that is not among them is then a mistake.
    #[must_use]
    pub fn has_runs(&self, offer_index: u64) -> bool {
        self.with_runs.contains(&offer_index)
    }

    /// The recording rule at a leaf index.
    #[must_use]
    pub fn rule(&self, index: u64) -> Option<&RecordingRule> {
        self.rules.get(&index)
    }

    /// A scale by its code.
    #[must_use]
    pub fn scale(&self, code: &str) -> Option<&Scale> {
        self.scales.get(code)
    }
}

fn newest<'a, T>(all: &'a ByVersion<T>, code: &str, version: Option<u32>) -> Option<&'a T> {
    let (first, last) = version.map_or((0, u32::MAX), |version| (version, version));
    all.range((code.to_owned(), first)..=(code.to_owned(), last)).next_back().map(|(_, value)| value)
}

/// The kind of outcome of a name, in files or sheets.
#[must_use]
pub fn kind_of(name: &str) -> Option<OutcomeKind> {
    let name = super::value::plain(name);
    let is_named = |row: &&Outcome| name.eq_ignore_ascii_case(row.name) || row.zh == name || row.also.contains(&&*name);
    outcomes::ALL.iter().find(is_named).map(|row| row.kind)
}

/// The name of a kind in files.
#[must_use]
pub fn kind_name(kind: OutcomeKind) -> Option<&'static str> {
    outcomes::of(kind).map(|row| row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"format":"xuefen-offers/v1","origin":"x.example/a","issuer":"x-i","tree_size":9}"#;

    fn parse(lines: &[&str]) -> anyhow::Result<Offers> {
        Offers::parse(&[&[HEAD], lines].concat().join("\n"), "x.example/a", "x-i")
    }

    fn course(version: u32, index: u64) -> String {
        let offer = Offer { code: "C1".to_owned(), version, index, ..Offer::default() };
        serde_json::to_string(&Line::Course(offer)).unwrap()
    }

    fn rule() -> RecordingRule {
        RecordingRule {
            code: "r".to_owned(),
            version: 1,
            index: 3,
            hour_minutes: 45,
            theory_hours_per_credit: 16,
            practice_hours_per_credit: 30,
            step_millis: 500,
        }
    }

    #[test]
    fn the_newest_version_counts_unless_one_is_named() {
        let offers = parse(&[&course(2, 20), &course(1, 10)]).unwrap();
        let index = |version| offers.offer(OutcomeKind::Course, "C1", version).map(|offer| offer.index);
        assert_eq!([index(None), index(Some(1)), index(Some(3))], [Some(20), Some(10), None]);
        assert!(offers.offer(OutcomeKind::Module, "C1", None).is_none());
        assert!(offers.offer(OutcomeKind::Course, "C", None).is_none());
    }

    #[test]
    fn a_file_of_another_ledger_issuer_or_with_unknown_members_is_refused() {
        assert!(Offers::parse(HEAD, "x.example/b", "x-i").is_err());
        assert!(Offers::parse(HEAD, "x.example/a", "x-j").is_err());
        assert!(parse(&[&course(1, 1), &course(1, 2)]).is_err(), "twice");
        assert!(parse(&[r#"{"kind":"institution","names":[],"more":1}"#]).is_err());
        assert!(parse(&[r#"{"kind":"institution","names":["甲"]}"#]).is_ok());
    }

    #[test]
    fn credits_are_computed_with_one_division_and_cut_to_the_step() {
        // 16 class hours of 45 minutes are one credit, 15 of 30 practice hours another half.
        assert_eq!(rule().credit_millis(720, 0), Some(1000));
        assert_eq!(rule().credit_millis(720 + 675, 675), Some(1500));
        assert_eq!(rule().credit_millis(719, 0), Some(500));
        assert_eq!(rule().credit_millis(0, 1), None, "more practice than all");
        // Two halves of a third add up before the division: 240/720 + 450/1350 = 2/3.
        assert_eq!(RecordingRule { step_millis: 1, ..rule() }.credit_millis(690, 450), Some(666));
        assert_eq!(RecordingRule { hour_minutes: 0, ..rule() }.credit_millis(1, 0), None);
    }

    #[test]
    fn grades_are_marks_or_words_of_their_scale() {
        let marks = Scale {
            code: "百分制".to_owned(),
            pass_mark_millis: 60_000,
            top_mark_millis: 100_000,
            words: Vec::new(),
            passing_words: 0,
        };
        assert_eq!(marks.grade("６６.50"), Some(("66.5".to_owned(), true)));
        assert_eq!(marks.grade("59.999"), Some(("59.999".to_owned(), false)));
        assert_eq!((marks.grade("100.1"), marks.grade("优"), marks.grade("-1")), (None, None, None));
        let words = ["优秀", "合格", "不合格"].map(str::to_owned).to_vec();
        let words = Scale { top_mark_millis: 0, words, passing_words: 2, ..marks };
        assert_eq!(words.grade(" 合格"), Some(("合格".to_owned(), true)));
        assert_eq!(words.grade("不合格"), Some(("不合格".to_owned(), false)));
        assert_eq!(words.grade("60"), None);
    }

    #[test]
    fn kinds_have_their_names() {
        assert_eq!(kind_of("Ｘ证书"), Some(OutcomeKind::XCertificate));
        assert_eq!(kind_of("Course"), Some(OutcomeKind::Course));
        assert_eq!(kind_of("录取"), Some(OutcomeKind::Admission));
        assert_eq!(kind_of("奖状"), None);
        for row in outcomes::ALL {
            assert_eq!((kind_of(row.name), kind_name(row.kind)), (Some(row.kind), Some(row.name)));
        }
    }
}
