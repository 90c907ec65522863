//! Whether one outcome meets one source of a rule: every condition that is asked, met or not, with its numbers.

use super::{Candidate, Reason};
use crate::day::Day;
use crate::status::EntryStatus;
use xuefen_core::proto::ConversionSource;

/// What was found or asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// It says nothing.
    Nothing,
    /// A number: level, tier, days.
    Number(u64),
    /// A mark in thousandths.
    Mark(u64),
    /// A code.
    Text(&'a str),
    /// One of several codes.
    Texts(&'a [String]),
    /// Any of some `OutcomeKind`s.
    Kinds(&'a [i32]),
    /// Any of some `InstitutionKind`s.
    InstitutionKinds(&'a [i32]),
    /// Any of some `Sector`s.
    Sectors(&'a [i32]),
    /// What it is worth now.
    Status(&'a EntryStatus),
}

/// One condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding<'a> {
    /// Which.
    pub reason: Reason,
    /// Whether it is met.
    pub met: bool,
    /// What the outcome says.
    pub found: Value<'a>,
    /// What the rule asks.
    pub asked: Value<'a>,
}

/// Most conditions of a source.
const CONDITIONS: usize = Reason::ALL.len();

/// Every condition of a source that an outcome was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection<'a>([Option<Finding<'a>>; CONDITIONS]);

impl<'a> Selection<'a> {
    /// Every condition, in the order of [`Reason`].
    pub fn findings(&self) -> impl Iterator<Item = &Finding<'a>> {
        self.0.iter().flatten()
    }

    /// The conditions that are not met.
    pub fn unmet(&self) -> impl Iterator<Item = &Finding<'a>> {
        self.findings().filter(|finding| !finding.met)
    }

    /// Whether all are met.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.unmet().next().is_none()
    }

    /// Whether it is the right outcome for the source, and short of it only by what may still come.
    #[must_use]
    pub fn is_near(&self) -> bool {
        self.unmet().all(|finding| finding.reason.is_near())
    }
}

/// Holds an outcome against a source of a rule, on the day of the application.
#[must_use]
pub fn select<'a>(source: &'a ConversionSource, candidate: &'a Candidate, on: Day) -> Selection<'a> {
    let finding = |reason, met, found, asked| Some(Finding { reason, met, found, asked });
    let family = candidate.family == source.family;
    let scale = candidate.scale == source.scale;
    let age = u64::try_from(i64::from(on.0) - i64::from(candidate.achieved_on.0)).unwrap_or(0);
    let listed = |reason, list: &'a [String], code: &'a str| {
        let met = || list.iter().any(|it| it == code);
        if list.is_empty() { None } else { finding(reason, met(), text(code), Value::Texts(list)) }
    };
    let named = |reason, asked: &'a str, found: &'a str| {
        if asked.is_empty() { None } else { finding(reason, found == asked, text(found), Value::Text(asked)) }
    };
    let least = |reason, asked: u32, found: Option<u64>, value: fn(u64) -> Value<'a>| {
        let asked = u64::from(asked);
        let met = found.is_some_and(|found| found >= asked);
        if asked == 0 { None } else { finding(reason, met, found.map_or(Value::Nothing, value), value(asked)) }
    };
    let one_of = |reason, list: &'a [i32], found: &'a i32, value: fn(&'a [i32]) -> Value<'a>| {
        let met = list.contains(found);
        if list.is_empty() { None } else { finding(reason, met, value(std::slice::from_ref(found)), value(list)) }
    };
    // The level is a place in the family, the mark one on the scale: in others they say nothing.
    let level = Some(u64::from(candidate.level)).filter(|level| family && !source.family.is_empty() && *level > 0);
    let mark = candidate.mark_millis.filter(|_| scale && !source.scale.is_empty());
    let oldest = u64::from(source.maximum_age_days);
    Selection([
        one_of(Reason::KindDiffers, &source.outcome_kinds, &candidate.kind, Value::Kinds),
        issuer(source, candidate),
        one_of(Reason::IssuerKindDiffers, &source.issuer_kinds, &candidate.issuer_kind, Value::InstitutionKinds),
        one_of(Reason::SectorDiffers, &source.issuer_sectors, &candidate.issuer_sector, Value::Sectors),
        named(Reason::FamilyDiffers, &source.family, &candidate.family),
        listed(Reason::CourseDiffers, &source.course_codes, &candidate.course_code),
        named(Reason::MajorClassDiffers, &source.major_class, &candidate.major_class),
        named(Reason::ScaleDiffers, &source.scale, &candidate.scale),
        least(Reason::LevelTooLow, source.lowest_level, level, Value::Number),
        if candidate.passed { None } else { finding(Reason::Failed, false, Value::Nothing, Value::Nothing) },
        least(Reason::MarkTooLow, source.lowest_mark_millis, mark, Value::Mark),
        least(Reason::TierTooLow, source.lowest_tier, Some(candidate.tier.into()), Value::Number),
        if oldest == 0 {
            None
        } else {
            finding(Reason::TooOld, age <= oldest, Value::Number(age), Value::Number(oldest))
        },
        finding(
            Reason::NotValid,
            candidate.status == EntryStatus::Valid,
            Value::Status(&candidate.status),
            Value::Status(&EntryStatus::Valid),
        ),
    ])
}

const fn text(code: &str) -> Value<'_> {
    if code.is_empty() { Value::Nothing } else { Value::Text(code) }
}

fn issuer<'a>(source: &'a ConversionSource, candidate: &'a Candidate) -> Option<Finding<'a>> {
    if source.issuers.is_empty() {
        return None;
    }
    let met = candidate.issuers.iter().any(|issuer| source.issuers.contains(issuer));
    let asked = Value::Texts(&source.issuers);
    Some(Finding { reason: Reason::IssuerDiffers, met, found: Value::Texts(&candidate.issuers), asked })
}

#[cfg(test)]
mod tests {
    use super::super::tests::candidate;
    use super::*;

    type Change = fn(&mut ConversionSource);
    type Spoil = fn(&mut Candidate);

    /// Today in the tests: day 20,000.
    const ON: Day = Day(20_000);

    #[test]
    fn a_source_that_asks_for_nothing_takes_what_is_valid_and_passed() {
        let (source, good) = (ConversionSource::default(), candidate());
        assert!(select(&source, &good, ON).is_met());
        let bad = Candidate { status: EntryStatus::Pending, ..candidate() };
        let unmet: Vec<Reason> = select(&source, &bad, ON).unmet().map(|it| it.reason).collect();
        assert_eq!(unmet, [Reason::NotValid]);
    }

    /// One line for each condition: what the rule asks, an outcome that does not meet it, and its numbers.
    #[test]
    fn every_condition_is_told_with_its_numbers() {
        let lines: &[(Reason, Change, Spoil, Value<'_>, Value<'_>)] = &[
            (
                Reason::KindDiffers,
                |it| it.outcome_kinds = vec![1, 6],
                |it| it.kind = 4,
                Value::Kinds(&[4]),
                Value::Kinds(&[1, 6]),
            ),
            (
                Reason::IssuerKindDiffers,
                |it| it.issuer_kinds = vec![8],
                |it| it.issuer_kind = 4,
                Value::InstitutionKinds(&[4]),
                Value::InstitutionKinds(&[8]),
            ),
            (
                Reason::SectorDiffers,
                |it| it.issuer_sectors = vec![1],
                |it| it.issuer_sector = 2,
                Value::Sectors(&[2]),
                Value::Sectors(&[1]),
            ),
            (
                Reason::FamilyDiffers,
                |it| it.family = "bim".into(),
                |it| it.family = "nc".into(),
                Value::Text("nc"),
                Value::Text("bim"),
            ),
            (
                Reason::MajorClassDiffers,
                |it| it.major_class = "4403".into(),
                |it| it.major_class.clear(),
                Value::Nothing,
                Value::Text("4403"),
            ),
            (
                Reason::ScaleDiffers,
                |it| it.scale = "percentage".into(),
                |it| it.scale = "pass_fail".into(),
                Value::Text("pass_fail"),
                Value::Text("percentage"),
            ),
            (
                Reason::LevelTooLow,
                |it| (it.family, it.lowest_level) = ("bim".into(), 2),
                |it| it.level = 1,
                Value::Number(1),
                Value::Number(2),
            ),
            (Reason::Failed, |_| (), |it| it.passed = false, Value::Nothing, Value::Nothing),
            (
                Reason::MarkTooLow,
                |it| (it.scale, it.lowest_mark_millis) = ("percentage".into(), 80_000),
                |it| it.mark_millis = Some(79_999),
                Value::Mark(79_999),
                Value::Mark(80_000),
            ),
            (Reason::TierTooLow, |it| it.lowest_tier = 3, |it| it.tier = 2, Value::Number(2), Value::Number(3)),
            (
                Reason::TooOld,
                |it| it.maximum_age_days = 100,
                |it| it.achieved_on = Day(19_899),
                Value::Number(101),
                Value::Number(100),
            ),
            (
                Reason::NotValid,
                |_| (),
                |it| it.status = EntryStatus::Expired,
                Value::Status(&EntryStatus::Expired),
                Value::Status(&EntryStatus::Valid),
            ),
        ];
        for (reason, change, spoil, found, asked) in lines {
            let (mut source, mut outcome) = (ConversionSource::default(), candidate());
            change(&mut source);
            assert!(select(&source, &outcome, ON).is_met(), "{reason:?}");
            spoil(&mut outcome);
            let selection = select(&source, &outcome, ON);
            let unmet: Vec<Finding<'_>> = selection.unmet().copied().collect();
            let expected = Finding { reason: *reason, met: false, found: *found, asked: *asked };
            assert_eq!(unmet, [expected]);
            assert_eq!(selection.is_near(), reason.is_near());
        }
        let source = ConversionSource { issuers: vec!["a".into(), "b".into()], ..ConversionSource::default() };
        for (issuers, met) in [(vec!["b"], true), (vec!["c", "a"], true), (vec!["c"], false)] {
            let outcome = Candidate { issuers: issuers.into_iter().map(str::to_owned).collect(), ..candidate() };
            assert_eq!(select(&source, &outcome, ON).is_met(), met, "{:?}", outcome.issuers);
        }
        let source = ConversionSource { course_codes: vec!["a".into(), "b".into()], ..ConversionSource::default() };
        for (code, met) in [("b", true), ("c", false), ("", false)] {
            let outcome = Candidate { course_code: code.into(), ..candidate() };
            assert_eq!(select(&source, &outcome, ON).is_met(), met, "{code}");
        }
    }

    #[test]
    fn all_conditions_are_told_not_the_first_alone() {
        let source = ConversionSource {
            family: "bim".into(),
            lowest_level: 2,
            lowest_tier: 3,
            maximum_age_days: 1,
            ..ConversionSource::default()
        };
        let outcome = Candidate { family: "nc".into(), tier: 1, ..candidate() };
        let selection = select(&source, &outcome, ON);
        let told: Vec<(Reason, bool)> = selection.findings().map(|it| (it.reason, it.met)).collect();
        let expected = [
            (Reason::FamilyDiffers, false),
            (Reason::LevelTooLow, false),
            (Reason::TierTooLow, false),
            (Reason::TooOld, false),
            (Reason::NotValid, true),
        ];
        assert_eq!(told, expected);
        // A level of another family is none.
        let level = selection.findings().nth(1).expect("told");
        assert_eq!((level.found, level.asked), (Value::Nothing, Value::Number(2)));
    }

    #[test]
    fn the_bounds_are_met_exactly() {
        let source = ConversionSource { maximum_age_days: 100, ..ConversionSource::default() };
        let at = |day| select(&source, &Candidate { achieved_on: Day(day), ..candidate() }, ON).is_met();
        assert_eq!([19_899, 19_900, 20_000, 20_001].map(at), [false, true, true, true]);
        assert!(!select(&source, &Candidate { achieved_on: Day(i32::MIN), ..candidate() }, Day(i32::MAX)).is_met());
        // A level or mark that the rule hangs on nothing is never met.
        for source in [
            ConversionSource { lowest_level: 1, ..ConversionSource::default() },
            ConversionSource { lowest_mark_millis: 1, ..ConversionSource::default() },
        ] {
            assert!(!select(&source, &candidate(), ON).is_met(), "{source:?}");
        }
    }

    #[test]
    fn reasons_are_told_in_their_order_and_have_whole_texts() {
        for reason in Reason::ALL {
            let code = reason.code();
            assert_eq!(code.replace('_', "").to_lowercase(), format!("{reason:?}").to_lowercase());
            assert_eq!(Reason::by_code(code), Some(*reason));
            for text in [reason.rule(), reason.fix()] {
                assert!(text.en.ends_with('.') && text.zh.ends_with('。'), "{code}");
            }
        }
        let source = ConversionSource {
            outcome_kinds: vec![1],
            issuers: vec!["a".into()],
            issuer_kinds: vec![1],
            issuer_sectors: vec![1],
            family: "f".into(),
            lowest_level: 1,
            course_codes: vec!["c".into()],
            major_class: "m".into(),
            lowest_mark_millis: 1,
            scale: "s".into(),
            lowest_tier: 1,
            maximum_age_days: 1,
        };
        let outcome = Candidate { passed: false, ..candidate() };
        let told: Vec<Reason> = select(&source, &outcome, ON).findings().map(|it| it.reason).collect();
        assert_eq!(told, Reason::ALL);
    }
}
