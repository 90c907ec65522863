//! One line for everything that can be found, and that nothing is found in good rules.

use super::*;
use crate::conversion::tests::{by_family, rule};
use crate::explain::Open;
use crate::rejection::Refusal;
use xuefen_core::proto::{ConversionRule, ConversionSource, ConversionTarget, ScopeKind};

const NOW: i64 = 20_000 * 86_400;

/// A small country: `body` issues the family `bim` of three levels and the course `c1`, `ended` issues nothing any more.
#[derive(Default)]
struct Country {
    fallen: BTreeSet<u64>,
    gone: BTreeSet<u64>,
    closed: BTreeSet<String>,
}

impl Standing for Country {
    fn stands(&self, index: u64) -> Result<bool, ReadError> {
        Ok(!self.fallen.contains(&index))
    }

    fn may_decide(&self, institution: &str) -> Result<bool, ReadError> {
        Ok(!self.closed.contains(institution))
    }

    fn line(&self, institution: &str) -> Result<Vec<String>, ReadError> {
        Ok(vec![institution.to_owned()])
    }

    fn max_yield(&self, _: &str) -> Result<Option<u64>, ReadError> {
        Ok(None)
    }

    fn limits(&self, _: &Published, _: &Open) -> Result<Option<Refusal>, ReadError> {
        Ok(None)
    }
}

impl Registry for Country {
    fn issues(&self, institution: &str) -> Result<Option<bool>, ReadError> {
        Ok((institution != "nobody").then_some(institution != "ended"))
    }

    fn levels(&self, issuer: &str, family: &str) -> Result<Option<u32>, ReadError> {
        Ok((issuer == "body" && family == "bim").then_some(3))
    }

    fn teaches(&self, issuer: &str, course: &str) -> Result<bool, ReadError> {
        Ok(issuer == "body" && course == "c1" || issuer.starts_with("uni"))
    }

    /// Courses have the index of their number; programmes are 900 and above.
    fn offer(&self, index: u64) -> Result<Option<Named>, ReadError> {
        let owner = format!("uni{}", index / 100 % 10);
        Ok(Some(Named { owner, code: format!("c{index}"), stands: !self.gone.contains(&index) }))
    }

    fn top_mark(&self, _: &str, scale: &str) -> Result<Option<u64>, ReadError> {
        Ok((scale == "percentage").then_some(100_000))
    }
}

fn target() -> ConversionTarget {
    ConversionTarget { fixed_credit_millis: 2_000, ..ConversionTarget::default() }
}

fn named(code: &str) -> ConversionRule {
    let source = ConversionSource { outcome_kinds: vec![6], issuers: vec!["body".into()], ..by_family("bim", 1) };
    ConversionRule {
        code: code.to_owned(),
        version: 1,
        effective_from: NOW - 1_000,
        programme_index: 900,
        scope: ScopeKind::Programme as i32,
        ..rule(vec![source], target())
    }
}

fn published(index: u64, rule: ConversionRule) -> Published {
    let programme = match rule.programme_index {
        0 => (String::new(), String::new()),
        programme => ("uni".to_owned(), format!("p{programme}")),
    };
    Published { index, owner: "uni".to_owned(), programme, rule }
}

fn found_in(country: &Country, rules: Vec<ConversionRule>) -> Vec<Finding> {
    let mut book = Book::default();
    for (index, rule) in (10..).zip(rules) {
        book.add(published(index, rule));
    }
    check_rules(&book, When { time: NOW, size: 100 }, None, country).expect("memory")
}

fn changed(change: impl FnOnce(&mut ConversionRule)) -> ConversionRule {
    let mut rule = named("r");
    change(&mut rule);
    rule
}

/// A rule that exempts course `to` of whoever takes course `code` of `issuer`.
fn exempts(name: &str, issuer: &str, code: &str, to: u64) -> ConversionRule {
    let source = ConversionSource {
        issuers: vec![issuer.to_owned()],
        course_codes: vec![code.to_owned()],
        outcome_kinds: vec![1],
        ..ConversionSource::default()
    };
    let target = ConversionTarget { exempt: vec![to], ..ConversionTarget::default() };
    ConversionRule { sources: vec![source], target: Some(target), programme_index: 900 + to, ..named(name) }
}

type Line = (FindingCode, Country, Vec<ConversionRule>, &'static str, &'static str);

fn intervals() -> Vec<Line> {
    use FindingCode as F;
    let good = Country::default;
    let second = |from| ConversionRule { version: 2, effective_from: from, ..named("r") };
    vec![
        (
            F::Gap,
            good(),
            vec![changed(|it| it.effective_until = NOW + 10), second(NOW + 20)],
            "1728000020",
            "1728000010",
        ),
        (F::IntervalPast, good(), vec![changed(|it| it.effective_until = NOW)], "1728000000", "1728000000"),
        (
            F::ParentEndsFirst,
            good(),
            vec![
                ConversionRule { programme_index: 0, effective_until: NOW + 5, ..named("above") },
                changed(|it| it.parent_index = 10),
            ],
            "0",
            "1728000005",
        ),
        (F::ParentNotInForce, good(), vec![changed(|it| it.parent_index = 3)], "", ""),
        (
            F::ParentCircle,
            good(),
            vec![
                ConversionRule { programme_index: 0, ..named("a") },
                ConversionRule { programme_index: 0, parent_index: 10, ..named("b") },
                ConversionRule { programme_index: 0, version: 2, parent_index: 11, ..named("a") },
            ],
            "",
            "",
        ),
        (
            F::LooserThanParent,
            good(),
            vec![
                ConversionRule { programme_index: 0, sources: vec![by_family("bim", 2)], ..named("above") },
                changed(|it| it.parent_index = 10),
            ],
            "1",
            "2",
        ),
    ]
}

fn sources() -> Vec<Line> {
    use FindingCode as F;
    let good = Country::default;
    let source = |change: fn(&mut ConversionSource)| changed(|it| change(&mut it.sources[0]));
    vec![
        (F::IssuerUnknown, good(), vec![source(|it| it.issuers.push("nobody".into()))], "nobody", ""),
        (F::IssuerEnded, good(), vec![source(|it| it.issuers.push("ended".into()))], "ended", ""),
        (F::FamilyUnknown, good(), vec![source(|it| it.family = "nc".into())], "nc", ""),
        (F::LevelUnknown, good(), vec![source(|it| it.lowest_level = 4)], "4", "3"),
        (F::CourseUnknown, good(), vec![exempts("r", "body", "c2", 101)], "c2", ""),
        (F::KindWithout, good(), vec![source(|it| it.outcome_kinds = vec![1])], "course", "family"),
        (F::ScaleUnknown, good(), vec![source(|it| it.scale = "gpa".into())], "gpa", ""),
        (
            F::MarkTooHigh,
            good(),
            vec![source(|it| {
                (it.scale, it.lowest_mark_millis) = ("percentage".into(), 100_001);
            })],
            "100001",
            "100000",
        ),
    ]
}

fn targets() -> Vec<Line> {
    use FindingCode as F;
    let good = Country::default;
    let other =
        || ConversionRule { target: Some(ConversionTarget { fixed_credit_millis: 9, ..target() }), ..named("s") };
    vec![
        (
            F::Malformed,
            good(),
            vec![changed(|it| it.target = None)],
            "",
            "exactly one of exempt, ratio, table and fixed credits",
        ),
        (F::OwnerEnded, Country { closed: ["uni".to_owned()].into(), ..good() }, vec![named("r")], "uni", ""),
        (F::ProgrammeEnded, Country { gone: [900].into(), ..good() }, vec![named("r")], "900", ""),
        (F::ExemptEnded, Country { gone: [101].into(), ..good() }, vec![exempts("r", "body", "c1", 101)], "101", ""),
        (F::Overlap, good(), vec![named("r"), other()], "s", "r"),
        (F::Duplicate, good(), vec![named("r"), ConversionRule { code: "s".into(), ..named("r") }], "s", "r"),
        (
            F::ExemptCircle,
            good(),
            vec![
                exempts("r", "uni1", "c101", 201),
                exempts("s", "uni2", "c201", 301),
                exempts("t", "uni3", "c301", 101),
            ],
            "c101,c201,c301",
            "",
        ),
    ]
}

#[test]
fn one_line_for_everything_that_can_be_found() {
    let lines = [intervals(), sources(), targets()].into_iter().flatten();
    let mut codes: BTreeSet<FindingCode> = BTreeSet::new();
    for (code, country, rules, said, asked) in lines {
        let found = found_in(&country, rules);
        let of_code: Vec<&Finding> = found.iter().filter(|it| it.code == code).collect();
        assert!(!of_code.is_empty(), "{code:?}: {found:?}");
        assert_eq!((of_code[0].said.as_str(), of_code[0].asked.as_str()), (said, asked), "{code:?}");
        // Nothing else is said of it, but for what follows from the same.
        assert!(found.iter().all(|it| it.code == code), "{code:?}: {found:?}");
        codes.insert(code);
    }
    let none = found_in(&Country::default(), vec![changed(|it| it.sources[0].issuers = vec!["ended".into()])]);
    let said: Vec<FindingCode> = none.iter().map(|it| it.code).collect();
    assert_eq!(said, [FindingCode::IssuerEnded, FindingCode::NoIssuerLeft, FindingCode::FamilyUnknown]);
    codes.insert(FindingCode::NoIssuerLeft);
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), FindingCode::ALL);
}

#[test]
fn nothing_is_found_in_good_rules() {
    let good = Country::default();
    let level = |code: &str, lowest_level, until| {
        let mut rule = ConversionRule { effective_until: until, ..named(code) };
        rule.sources[0].lowest_level = lowest_level;
        rule
    };
    for (what, rules) in [
        ("alone", vec![named("r")]),
        (
            "a bound above",
            vec![
                ConversionRule { programme_index: 0, target: None, cap_credit_millis: 2_000, ..named("above") },
                changed(|it| it.parent_index = 10),
            ],
        ),
        (
            "the next version begins where the one before ends",
            vec![
                changed(|it| it.effective_until = NOW + 10),
                ConversionRule { version: 2, effective_from: NOW + 10, ..named("r") },
            ],
        ),
        (
            "the next version takes over from an open one",
            vec![named("r"), ConversionRule { version: 2, effective_from: NOW + 10, ..named("r") }],
        ),
        ("another programme", vec![named("r"), ConversionRule { programme_index: 901, ..named("s") }]),
        ("another time", vec![level("r", 1, NOW + 5), ConversionRule { effective_from: NOW + 5, ..level("s", 2, 0) }]),
        ("another family", vec![named("r"), exempts("s", "body", "c1", 0)]),
        ("no circle", vec![exempts("r", "uni1", "c101", 201), exempts("s", "uni2", "c201", 301)]),
    ] {
        assert_eq!(found_in(&good, rules), [], "{what}");
    }
}

#[test]
fn only_what_concerns_the_asked_rules_is_told() {
    let country = Country { closed: ["uni".to_owned()].into(), ..Country::default() };
    let mut book = Book::default();
    book.add(published(10, named("r")));
    book.add(published(11, ConversionRule { code: "s".into(), ..named("r") }));
    book.add(published(12, ConversionRule { programme_index: 901, ..named("t") }));
    let when = When { time: NOW, size: 100 };
    let focus: BTreeSet<u64> = [11].into();
    let found = check_rules(&book, when, Some(&focus), &country).expect("memory");
    let said: Vec<(FindingCode, u64)> = found.iter().map(|it| (it.code, it.rule)).collect();
    assert_eq!(said, [(FindingCode::Duplicate, 11), (FindingCode::OwnerEnded, 11)]);
    // A rule that was revoked is nobody's trouble any more.
    let fallen = Country { fallen: [10, 11, 12].into(), ..country };
    assert_eq!(check_rules(&book, when, None, &fallen).expect("memory"), []);
}

#[test]
fn sources_overlap_if_one_outcome_can_meet_both() {
    type Change = fn(&mut ConversionSource);
    let overlaps = |a: Change, b: Change| {
        let of = |code: &str, change: Change, credits| {
            let mut source = ConversionSource::default();
            change(&mut source);
            let target = ConversionTarget { fixed_credit_millis: credits, ..ConversionTarget::default() };
            ConversionRule { sources: vec![source], target: Some(target), ..named(code) }
        };
        let found = found_in(&Country::default(), vec![of("r", a, 1), of("s", b, 2)]);
        found.iter().any(|it| it.code == FindingCode::Overlap)
    };
    let bim: Change = |it| it.family = "bim".into();
    let lines: &[(Change, Change, bool)] = &[
        (bim, |it| (it.family, it.lowest_level) = ("bim".into(), 3), true),
        (bim, |it| it.family = "nc".into(), false),
        (bim, |it| it.outcome_kinds = vec![6], true),
        (|it| it.outcome_kinds = vec![6], |it| it.outcome_kinds = vec![5], false),
        (|it| it.outcome_kinds = vec![6, 5], |it| it.outcome_kinds = vec![5], true),
        (bim, |it| it.course_codes = vec!["c1".into()], false),
        (|it| it.course_codes = vec!["c1".into(), "c2".into()], |it| it.course_codes = vec!["c2".into()], true),
        (|it| it.course_codes = vec!["c1".into()], |it| it.major_class = "4403".into(), true),
        (|it| it.major_class = "4403".into(), |it| it.major_class = "4604".into(), false),
        (
            |it| (it.family, it.issuers) = ("bim".into(), vec!["a".into()]),
            |it| (it.family, it.issuers) = ("bim".into(), vec!["b".into()]),
            false,
        ),
        (
            |it| (it.family, it.issuer_sectors) = ("bim".into(), vec![1]),
            |it| (it.family, it.issuer_sectors) = ("bim".into(), vec![2]),
            false,
        ),
    ];
    for (at, (a, b, expected)) in lines.iter().enumerate() {
        assert_eq!((overlaps(*a, *b), overlaps(*b, *a)), (*expected, *expected), "line {at}");
    }
}

#[test]
fn texts_are_whole() {
    for code in FindingCode::ALL {
        assert_eq!(
            code.code().replace('_', "").to_lowercase().trim_start_matches("rule"),
            format!("{code:?}").to_lowercase()
        );
        assert_eq!(FindingCode::by_code(code.code()), Some(*code));
        for text in [code.rule(), code.fix()] {
            assert!(text.en.ends_with('.') && text.zh.ends_with('。'), "{code:?}");
        }
    }
    assert_eq!((Weight::Error.word(), FindingCode::Gap.weight().word()), ("error", "warning"));
}
