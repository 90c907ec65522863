//! Programmes against what learners bring: every requirement alone, and what holds for all of them.

use super::*;
use crate::status::EntryStatus;
use proptest::prelude::*;
use xuefen_core::proto::{CategoryMinimum, MandatoryHours, Programme, ProgrammeCap};

const ON: Day = Day(20_000);

pub(super) fn offer(code: &str) -> OfferId {
    OfferId { owner: "x-school".into(), module: false, code: code.into() }
}

pub(super) fn part(code: &str, credit_millis: u64, minutes: u64) -> Part {
    let index = 100 + u64::from(code.as_bytes()[0]);
    Part { index, offer: offer(code), required: true, credit_millis, minutes, practice_minutes: minutes / 2 }
}

pub(super) fn asked(total_credit_millis: u64, parts: Vec<Part>) -> Asked {
    Asked { programme: Programme { total_credit_millis, ..Programme::default() }, parts, rank: rank(5) }
}

fn rank(level: u32) -> Rank {
    Rank { owner: "nation".into(), framework: "nqf".into(), level }
}

/// Four credits of a course of the receiving institution, valid and passed.
fn taken(index: u64, code: &str) -> Candidate {
    Candidate {
        index,
        origin: Origin::Recorded { here: true, imported: false },
        offer: Some(offer(code)),
        credit_millis: 4_000,
        minutes: 2_880,
        practice_minutes: 1_440,
        category: "专业".into(),
        level: 0,
        competencies: vec!["skill.bim".into()],
        online: false,
        source_classes: vec![],
        achieved_on: Day(19_900),
        passed: true,
        status: EntryStatus::Valid,
        uses: vec![],
        used_by: None,
        awards: vec![],
    }
}

fn exempted(index: u64, code: &str) -> Candidate {
    Candidate { origin: Origin::Exempted, source_classes: vec!["x_certificate".into()], ..taken(index, code) }
}

fn converted(index: u64, credit_millis: u64) -> Candidate {
    let (minutes, practice_minutes) = (0, 0);
    Candidate {
        origin: Origin::Converted,
        offer: None,
        credit_millis,
        minutes,
        practice_minutes,
        ..exempted(index, "-")
    }
}

fn cap(class: &str, basis_points: u32) -> ProgrammeCap {
    ProgrammeCap { source_class: class.into(), basis_points }
}

/// Two courses of four credits, eight in all.
fn two() -> Asked {
    asked(8_000, vec![part("a", 4_000, 2_880), part("b", 4_000, 2_880)])
}

fn line(audit: &ProgrammeAudit, code: &str) -> (u64, u64, Vec<u64>) {
    let line = audit.lines.iter().find(|line| line.line.code() == code).expect("the programme asks it");
    (line.asked, line.found, line.by.iter().map(|share| share.index).collect())
}

fn reason(asked: &Asked, candidates: &[Candidate], index: u64) -> Option<Reason> {
    audit(asked, candidates, ON).left_out.into_iter().find(|it| it.index == index).map(|it| it.reason)
}

#[test]
fn a_programme_is_met_by_its_courses() {
    let whole = audit(&two(), &[taken(1, "a"), taken(2, "b")], ON);
    assert!(whole.is_passed());
    assert_eq!((line(&whole, "TOTAL"), whole.counted()), ((8_000, 8_000, vec![1, 2]), vec![1, 2]));
    let half = audit(&two(), &[taken(1, "a")], ON);
    let unmet: Vec<(&str, u64)> = half.unmet().map(|line| (line.line.code(), line.missing())).collect();
    assert_eq!(unmet, [("PART", 1), ("TOTAL", 4_000)]);
    assert!(!audit(&two(), &[], ON).is_passed());
}

#[test]
fn what_does_not_count_says_why() {
    let mut asked = two();
    asked.programme.maximum_age_days = 100;
    let elsewhere = Origin::Recorded { here: false, imported: false };
    let review = EntryStatus::Suspended { until: 9 };
    let cases = [
        (taken(1, "a"), None),
        (taken(1, "z"), Some(Reason::NotListed)),
        // A platform's course that the programme lists counts, whoever records it.
        (Candidate { origin: elsewhere, ..taken(1, "a") }, None),
        (Candidate { origin: elsewhere, offer: None, ..taken(1, "a") }, Some(Reason::Elsewhere)),
        (Candidate { passed: false, ..taken(1, "a") }, Some(Reason::NotPassed)),
        (Candidate { status: review.clone(), ..taken(1, "a") }, Some(Reason::NotValid(review))),
        (Candidate { achieved_on: Day(19_899), ..taken(1, "a") }, Some(Reason::TooOld { age: 101, most: 100 })),
        (Candidate { used_by: Some(7), ..taken(1, "a") }, Some(Reason::UsedBy(7))),
    ];
    for (candidate, expected) in cases {
        assert_eq!(reason(&asked, &[candidate], 1), expected);
    }
}

#[test]
fn an_outcome_and_its_parts_never_both_count() {
    let whole = Candidate { uses: vec![1, 2], ..exempted(9, "b") };
    let candidates = [taken(1, "a"), taken(3, "a"), whole];
    let seen = audit(&two(), &candidates, ON);
    assert_eq!(line(&seen, "TOTAL"), (8_000, 8_000, vec![3, 9]));
    assert_eq!(reason(&two(), &candidates, 1), Some(Reason::UsedBy(9)));
    // What does not count itself uses nothing up.
    let gone = Candidate { status: EntryStatus::Revoked { by: 10, reason: 1 }, ..candidates[2].clone() };
    assert_eq!(reason(&two(), &[candidates[0].clone(), gone], 1), None);
}

#[test]
fn an_outcome_counts_in_one_award_of_a_level() {
    let earlier = |level, shared| vec![Earlier { award: 8, rank: rank(level), shared }];
    let with = |awards| Candidate { awards, ..taken(1, "a") };
    assert_eq!(reason(&two(), &[with(earlier(5, false))], 1), Some(Reason::InAward(8)));
    assert_eq!(reason(&two(), &[with(earlier(4, false))], 1), None);
    // Both name each other, but no share: nothing is shared.
    assert_eq!(reason(&two(), &[with(earlier(5, true))], 1), Some(Reason::InAward(8)));
    let mut sharing = two();
    sharing.programme.caps = vec![cap("shared", 2_500)];
    let seen = audit(&sharing, &[with(earlier(5, true))], ON);
    assert_eq!(line(&seen, "TOTAL").1, 2_000);
    assert_eq!((seen.caps[0].most_millis, seen.caps[0].counted_millis, seen.caps[0].cut_millis), (2_000, 2_000, 2_000));
    let both = [earlier(5, true), earlier(5, false)].concat();
    assert_eq!(reason(&sharing, &[with(both)], 1), Some(Reason::InAward(8)));
}

#[test]
fn caps_bound_the_total_in_order_of_decision() {
    let mut asked = asked(10_001, vec![part("a", 4_000, 0), part("b", 4_000, 0), part("c", 4_000, 0)]);
    asked.programme.caps = vec![cap("converted", 6_000), cap("online", 3_000), cap("x_certificate", 5_500)];
    let candidates = [exempted(3, "a"), exempted(2, "b"), Candidate { online: true, ..taken(4, "c") }];
    let seen = audit(&asked, &candidates, ON);
    let caps: Vec<(u64, u64, u64)> =
        seen.caps.iter().map(|it| (it.most_millis, it.counted_millis, it.cut_millis)).collect();
    // 6,000.6, 3,000.3 and 5,500.55 milli-credits are floored; the tightest cap is named for what it cuts.
    assert_eq!(caps, [(6_000, 5_500, 0), (3_000, 3_000, 1_000), (5_500, 5_500, 2_500)]);
    let total = seen.lines.iter().find(|line| line.line == Line::Total).expect("asked");
    assert_eq!(
        total.by.iter().map(|share| (share.index, share.amount)).collect::<Vec<_>>(),
        [(2, 4_000), (3, 1_500), (4, 3_000)]
    );
    // Taken here after all, it needs no cap, and leaves room for the others.
    let mut again = candidates.to_vec();
    again.push(taken(5, "b"));
    assert_eq!(line(&audit(&asked, &again, ON), "TOTAL").1, 11_000);
}

#[test]
fn an_exemption_counts_what_it_exempts_from() {
    let mut asked = two();
    asked.programme.caps = vec![cap("converted", 5_000)];
    asked.programme.practice_basis_points = 5_000;
    let seen = audit(&asked, &[taken(1, "a"), exempted(2, "b")], ON);
    assert!(seen.is_passed());
    assert_eq!(line(&seen, "PRACTICE"), (2_880, 2_880, vec![1, 2]));
    asked.programme.caps = vec![cap("converted", 4_999)];
    assert_eq!(line(&audit(&asked, &[taken(1, "a"), exempted(2, "b")], ON), "TOTAL").1, 7_999);
}

#[test]
fn something_is_learned_here() {
    let mut asked = two();
    asked.programme.residency_credit_millis = 4_000;
    let cases = [
        (taken(2, "b"), true, true),
        (exempted(2, "b"), false, false),
        (Candidate { origin: Origin::Recorded { here: true, imported: true }, ..taken(2, "b") }, false, false),
        (Candidate { origin: Origin::Recorded { here: false, imported: false }, ..taken(2, "b") }, false, false),
        (Candidate { credit_millis: 0, ..taken(2, "b") }, false, false),
        (Candidate { credit_millis: 1, ..taken(2, "b") }, true, false),
    ];
    for (candidate, own, resident) in cases {
        let seen = audit(&asked, &[exempted(1, "a"), candidate], ON);
        let met = |code| seen.lines.iter().find(|line| line.line.code() == code).expect("asked").is_met();
        assert_eq!((met("OWN"), met("RESIDENCY")), (own, resident));
    }
    // Without any credits in the programme, a course without credits is one.
    let bare = Asked { parts: vec![part("a", 0, 60)], ..Asked::default() };
    assert!(audit(&bare, &[Candidate { credit_millis: 0, ..taken(1, "a") }], ON).is_passed());
}

#[test]
fn categories_hours_dimensions_and_practice_are_counted() {
    let mut asked = two();
    let programme = &mut asked.programme;
    let minimum = |lowest_level| CategoryMinimum { category: "专业".into(), credit_millis: 6_000, lowest_level };
    programme.category_minimums = vec![minimum(0), minimum(5)];
    programme.mandatory_hours = vec![MandatoryHours { competency: "labour".into(), minutes: 960 }];
    programme.dimensions = vec!["morality".into(), "skill".into()];
    programme.practice_basis_points = 5_001;
    let seen = audit(&asked, &[taken(1, "a"), Candidate { level: 5, ..taken(2, "b") }], ON);
    let lines: Vec<(&str, u64, bool)> =
        seen.lines.iter().map(|line| (line.line.code(), line.found, line.is_met())).collect();
    let expected = [
        ("PART", 1, true),
        ("PART", 1, true),
        ("TOTAL", 8_000, true),
        ("CATEGORY", 8_000, true),
        ("CATEGORY", 4_000, false),
        ("HOURS", 0, false),
        ("DIMENSION", 0, false),
        ("DIMENSION", 1, true),
        ("OWN", 1, true),
        ("PRACTICE", 2_880, true),
    ];
    assert_eq!(lines, expected);
    // Service counts for hours and dimensions, and has no credits here.
    let service = |index, code: &str| Candidate {
        offer: None,
        minutes: 500,
        practice_minutes: 0,
        competencies: vec![code.into()],
        ..taken(index, "-")
    };
    let all =
        [taken(1, "a"), service(3, "labour"), service(4, "labour.farm"), service(5, "labours"), service(6, "morality")];
    let seen = audit(&asked, &all, ON);
    assert_eq!(line(&seen, "HOURS"), (960, 1_000, vec![3, 4]));
    assert_eq!((line(&seen, "TOTAL").1, line(&seen, "DIMENSION").2), (4_000, vec![6]));
}

#[test]
fn a_programme_without_parts_takes_what_was_recorded_here() {
    let asked = asked(8_000, vec![]);
    let elsewhere = Origin::Recorded { here: false, imported: false };
    let all = [taken(1, "a"), Candidate { origin: elsewhere, ..taken(2, "b") }, converted(3, 4_000)];
    let seen = audit(&asked, &all, ON);
    assert!(seen.is_passed());
    assert_eq!(seen.counted(), [1, 3]);
    assert_eq!(reason(&asked, &all, 2), Some(Reason::Elsewhere));
}

#[test]
fn each_line_takes_what_serves_it_best() {
    let mut asked = asked(4_000, vec![part("a", 4_000, 2_880)]);
    asked.programme.residency_credit_millis = 3_000;
    asked.programme.practice_basis_points = 5_000;
    let here = Candidate { credit_millis: 3_000, practice_minutes: 0, ..taken(1, "a") };
    let seen = audit(&asked, &[here, exempted(2, "a")], ON);
    assert!(seen.is_passed());
    assert_eq!((line(&seen, "RESIDENCY").2, line(&seen, "PRACTICE").2), (vec![1], vec![2]));
    // Together they are no more than the course.
    assert_eq!(line(&seen, "TOTAL"), (4_000, 4_000, vec![1, 2]));
}

fn a_candidate(index: u64) -> impl Strategy<Value = Candidate> {
    let codes = prop::sample::select(vec!["a", "b", "c", "d"]);
    let origin = prop_oneof![
        4 => Just(0), 1 => Just(1), 1 => Just(2), 2 => Just(3), 1 => Just(4),
    ];
    let numbers = (0..6_000_u64, 0..3_000_u64, 0..6_u32);
    (codes, origin, numbers, prop::bool::weighted(0.3), 19_000..20_000_i32, prop::bool::weighted(0.9)).prop_map(
        move |(code, origin, (credit_millis, minutes, level), online, day, passed)| {
            let base = match origin {
                0 => Candidate { online, ..taken(index, code) },
                1 => Candidate { origin: Origin::Recorded { here: false, imported: false }, ..taken(index, code) },
                2 => Candidate { origin: Origin::Recorded { here: true, imported: true }, ..taken(index, code) },
                3 => exempted(index, code),
                _ => converted(index, credit_millis),
            };
            let competencies = vec![if level % 2 == 0 { "skill" } else { "labour" }.to_owned()];
            let practice_minutes = minutes / 3;
            let achieved_on = Day(day);
            Candidate { credit_millis, minutes, practice_minutes, level, competencies, achieved_on, passed, ..base }
        },
    )
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    (0..12_usize).prop_flat_map(|count| (1..=count as u64).map(a_candidate).collect::<Vec<_>>())
}

fn a_programme() -> impl Strategy<Value = Asked> {
    let points = || 0..=10_000_u32;
    let caps = (points(), points(), points());
    (0..20_000_u64, caps, prop::collection::vec(any::<bool>(), 4), 0..4_000_u64, 0..1_200_u32, points()).prop_map(
        |(total, caps, required, residency, age, practice)| {
            let codes = ["a", "b", "c", "d"].iter().zip(required);
            let parts = codes.map(|(code, required)| Part { required, ..part(code, 4_000, 2_880) }).collect();
            let mut asked = asked(total, parts);
            let programme = &mut asked.programme;
            programme.caps = vec![cap("converted", caps.0), cap("online", caps.1), cap("x_certificate", caps.2)];
            programme.residency_credit_millis = residency;
            programme.maximum_age_days = age;
            programme.practice_basis_points = practice;
            programme.category_minimums =
                vec![CategoryMinimum { category: "专业".into(), credit_millis: residency, lowest_level: 3 }];
            programme.mandatory_hours = vec![MandatoryHours { competency: "labour".into(), minutes: residency }];
            programme.dimensions = vec!["skill".into()];
            asked
        },
    )
}

proptest! {
    /// The answer is of the set, not of the list.
    #[test]
    fn order_does_not_matter(asked in a_programme(), all in candidates(), seed in any::<u64>()) {
        let mut shuffled = all.clone();
        shuffled.sort_by_key(|it| it.index.wrapping_mul(seed | 1));
        prop_assert_eq!(audit(&asked, &all, ON), audit(&asked, &shuffled, ON));
        shuffled.extend(all.clone());
        prop_assert_eq!(audit(&asked, &all, ON), audit(&asked, &shuffled, ON));
    }

    /// A new outcome makes no line less.
    #[test]
    fn a_new_outcome_takes_nothing_away(asked in a_programme(), all in candidates(), new in a_candidate(99)) {
        let before = audit(&asked, &all, ON);
        let mut more = all;
        more.push(new);
        let after = audit(&asked, &more, ON);
        for (before, after) in before.lines.iter().zip(&after.lines) {
            prop_assert_eq!(&before.line, &after.line);
            prop_assert!(after.found >= before.found, "{:?}: {} then {}", before.line, before.found, after.found);
        }
    }

    /// No cap lets more count than its share, nothing counts beyond itself, and nothing left out counts.
    #[test]
    fn caps_hold(asked in a_programme(), all in candidates()) {
        let seen = audit(&asked, &all, ON);
        for cap in &seen.caps {
            prop_assert!(cap.counted_millis <= cap.most_millis);
        }
        let total = seen.lines.iter().filter(|line| line.line == Line::Total).flat_map(|line| &line.by);
        let mut of_class = 0;
        for share in total {
            let it = all.iter().find(|it| it.index == share.index).expect("one of them");
            prop_assert!(share.amount <= it.credit_millis);
            of_class += if it.is_converted() { share.amount } else { 0 };
        }
        prop_assert!(asked.programme.total_credit_millis == 0 || of_class == seen.caps[0].counted_millis);
        for left in &seen.left_out {
            prop_assert!(!seen.counted().contains(&left.index));
        }
    }
}
