//! Examination schemes, pathways, equivalences: who may publish them, their forms, and what is found of them.

use super::registry::refused;
use crate::query::{equivalents, pathways, version_at};
use crate::rows::{OfferBody, StandingOf};
use crate::testing::{World, equivalence, exam_scheme, through_training, zh};
use crate::{Decision, RawPosting, Rejection};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Equivalence, ExamScheme, OutcomeKind, Pathway, PathwaySegment, Revoke, Standing};

/// What is done to a good statement, and what that is refused for.
type Spoilt<T, W> = (fn(&mut T), W);

fn by(world: &mut World, seed: u8, body: Body) -> RawPosting {
    let issuer = match seed {
        2 => world.qinghai.id.clone(),
        3 => world.jiangsu.id.clone(),
        4 => world.school.id.clone(),
        _ => world.ministry.id.clone(),
    };
    world.public(&issuer, body, &[seed])
}

#[test]
fn a_scheme_is_its_provinces_and_exempts_only_from_the_culture_test() {
    let mut world = World::furnished();
    for (seed, rejection) in [(2, Rejection::RegionNotAllowed), (4, Rejection::NotEntitled)] {
        let posting = by(&mut world, seed, Body::ExamScheme(exam_scheme(300, 350)));
        assert_eq!(refused(&world, posting).0, rejection);
    }
    // 400 + 350: 46.7 %.
    for (culture, skill, good) in [(300, 350, true), (400, 350, false), (350, 350, true), (351, 350, false)] {
        let posting = by(&mut world, 3, Body::ExamScheme(exam_scheme(culture, skill)));
        match world.decide(posting) {
            Decision::Accept(effects) => assert!(good && effects.flags.is_empty(), "{culture} + {skill}"),
            Decision::Refuse(refusal) => {
                assert_eq!((refusal.rejection, good), (Rejection::ThresholdNotMet, false), "{refusal}");
                assert_eq!(refusal.field, "statement.exam_scheme.parts");
            }
            Decision::Replay { .. } => panic!("a fresh nonce"),
        }
    }
    let general = ExamScheme { general: true, exempt_grounds: Vec::new(), ..exam_scheme(750, 0) };
    let mut general = ExamScheme { code: "普通高考".to_owned(), ..general };
    general.parts.truncate(1);
    let posting = by(&mut world, 3, Body::ExamScheme(general));
    world.accept(posting);
    let cases: [Spoilt<ExamScheme, Rejection>; 7] = [
        (|it| it.parts.clear(), Rejection::FieldMissing),
        (|it| it.parts[1].code = "文化素质".to_owned(), Rejection::FieldMalformed),
        (|it| it.parts[1].top_score = 10_001, Rejection::FieldMalformed),
        (|it| it.exempt_grounds = vec!["a".to_owned(), "a".to_owned()], Rejection::FieldMalformed),
        (|it| it.general = true, Rejection::FieldMalformed),
        (|it| it.parts.truncate(1), Rejection::FieldMalformed),
        (|it| it.region = "9".to_owned(), Rejection::RegionNotAllowed),
    ];
    for (number, (spoil, rejection)) in cases.into_iter().enumerate() {
        let mut body = exam_scheme(300, 350);
        spoil(&mut body);
        let posting = by(&mut world, 3, Body::ExamScheme(body));
        assert_eq!(refused(&world, posting).0, rejection, "case {number}");
    }
    let posting = by(&mut world, 3, Body::ExamScheme(exam_scheme(300, 350)));
    world.accept(posting);
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn a_pathway_rises_and_a_province_publishes_those_of_its_schools() {
    let mut world = World::furnished();
    let (school, college) = (world.school.id.clone(), world.college.id.clone());
    let good = through_training(&school, &college);
    // Either of the two provinces; no third party; not the schools.
    for (seed, schools, expected) in [
        (4, (&school, &college), Some(Rejection::NotEntitled)),
        (2, (&college, &college), Some(Rejection::RegionNotAllowed)),
        (3, (&school, &school), Some(Rejection::RegionNotAllowed)),
        (2, (&school, &college), None),
        (3, (&school, &college), None),
        (1, (&school, &college), None),
    ] {
        let mut body = through_training(schools.0, schools.1);
        body.code = format!("by-{seed}");
        let posting = by(&mut world, seed, Body::Pathway(body));
        match expected {
            Some(rejection) => assert_eq!(refused(&world, posting).0, rejection, "{seed}"),
            None => {
                world.accept(posting);
            }
        }
    }
    let cases: [Spoilt<Pathway, Rejection>; 7] = [
        (|it| it.segments.clear(), Rejection::FieldMissing),
        (|it| it.segments.reverse(), Rejection::FieldMalformed),
        (|it| it.segments[0].years = 13, Rejection::FieldMalformed),
        (|it| it.segments[1].training_level = 4, Rejection::FieldMalformed),
        (|it| it.labels.clear(), Rejection::FieldMissing),
        (|it| it.labels[0].text = "长".repeat(41), Rejection::FieldMalformed),
        (|it| it.segments[0].institution = "x-nobody".to_owned(), Rejection::ReferenceUnknown),
    ];
    for (number, (spoil, rejection)) in cases.into_iter().enumerate() {
        let mut body = good.clone();
        spoil(&mut body);
        let posting = by(&mut world, 1, Body::Pathway(body));
        assert_eq!(refused(&world, posting).0, rejection, "case {number}");
    }
}

#[test]
fn one_label_names_several_pathways_and_a_time_one_version() {
    let mut world = World::furnished();
    let segment = |training_level, years| PathwaySegment { training_level, years, institution: String::new() };
    for (code, levels) in [("secondary-higher", [1, 2]), ("higher-bachelor", [2, 3])] {
        let segments = vec![segment(levels[0], 3), segment(levels[1], 2)];
        let body = Pathway { code: code.to_owned(), labels: zh("3+2"), segments, ..through_training("", "") };
        let posting = by(&mut world, 1, Body::Pathway(body));
        world.accept(posting);
    }
    let found = pathways(&world.state, "3+2").expect("memory");
    let codes: Vec<&str> = found.iter().map(|(_, offer)| offer.code.as_str()).collect();
    assert_eq!(codes, ["secondary-higher", "higher-bachelor"]);
    assert_eq!(pathways(&world.state, "3+4").expect("memory"), []);
    // A second version of the first: found once, as it is now.
    let body = Pathway {
        code: "secondary-higher".to_owned(),
        version: 2,
        effective_from: 500,
        labels: zh("3+2"),
        segments: vec![segment(1, 3), segment(2, 2)],
        phased_out_from: 700,
        ..through_training("", "")
    };
    let posting = by(&mut world, 1, Body::Pathway(body));
    let second = world.accept(posting);
    let found = pathways(&world.state, "3+2").expect("memory");
    assert_eq!(found.iter().map(|(_, offer)| offer.version).collect::<Vec<_>>(), [2, 1]);
    let phased_out = |time| match version_at(&world.state, second, time).expect("memory") {
        Some((_, offer)) => match offer.body {
            OfferBody::Pathway(row) => Some(row.phased_out_from),
            _ => None,
        },
        None => None,
    };
    assert_eq!([499, 500].map(phased_out), [Some(0), Some(700)]);
}

#[test]
fn what_is_held_equal_is_so_in_one_direction_from_a_time_until_revoked() {
    let mut world = World::furnished();
    let now = world.now;
    let (skill, title) = {
        let of = |it: &Option<Standing>| {
            let it = it.as_ref().expect("it has both");
            StandingOf { outcome_kind: it.outcome_kind, code: it.code.clone(), level: it.level }
        };
        (of(&equivalence().from), of(&equivalence().to))
    };
    let cases: [Spoilt<Equivalence, Rejection>; 4] = [
        (|it| it.to = None, Rejection::FieldMissing),
        (|it| it.from.as_mut().expect("both").code = String::new(), Rejection::FieldMissing),
        (|it| it.from.as_mut().expect("both").outcome_kind = OutcomeKind::Course as i32, Rejection::FieldMalformed),
        (|it| it.to = it.from.clone(), Rejection::FieldMalformed),
    ];
    for (number, (spoil, rejection)) in cases.into_iter().enumerate() {
        let mut body = equivalence();
        spoil(&mut body);
        let posting = by(&mut world, 1, Body::Equivalence(body));
        assert_eq!(refused(&world, posting).0, rejection, "case {number}");
    }
    let posting = by(&mut world, 1, Body::Equivalence(Equivalence { effective_from: now + 10, ..equivalence() }));
    let first = world.accept(posting);
    let found = |world: &World, from: &StandingOf, time| {
        let found = equivalents(&world.state, from, time).expect("memory");
        found.into_iter().map(|(index, _)| index).collect::<Vec<_>>()
    };
    assert!(found(&world, &skill, now + 9).is_empty());
    assert_eq!(found(&world, &skill, now + 10), [first]);
    assert!(found(&world, &title, now + 10).is_empty(), "the other direction is said on its own");
    // A second version that holds another level equal takes the place of the first.
    let mut body = Equivalence { version: 2, effective_from: now + 20, ..equivalence() };
    body.from.as_mut().expect("both").level = 5;
    let posting = by(&mut world, 1, Body::Equivalence(body));
    let second = world.accept(posting);
    let higher = StandingOf { level: 5, ..skill.clone() };
    assert_eq!((found(&world, &skill, now + 20), found(&world, &higher, now + 20)), (vec![], vec![second]));
    let target = Some(world.reference(second));
    let posting = by(&mut world, 1, Body::Revoke(Revoke { target, reason: 1 }));
    world.accept(posting);
    assert_eq!((found(&world, &skill, now + 20), found(&world, &higher, now + 20)), (vec![first], vec![]));
    assert_eq!(world.rebuilt(), world.state);
}
