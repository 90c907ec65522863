//! What outcomes say of programmes, entrance examinations and pathways: kinds and times, scores, segments, what is phased
//! out.

use super::audits::assert_audited;
use crate::query::flags;
use crate::testing::{World, exam_scheme, programme, through_training, zh};
use crate::{Decision, FlagCode, RawPosting, Refusal, Rejection};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AccreditInstitution, ExamScheme, OutcomeKind, Pathway, PathwaySegment, Programme, RecordOutcome, Revoke,
};

type Values<'a> = &'a [(Tag, &'a str)];

/// An outcome of the account `[7; 16]` on 2026-08-30 by the college.
fn record(world: &mut World, kind: OutcomeKind, source: &str, imported: bool, values: Values<'_>) -> RawPosting {
    let mut all: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, vec![7; 16]),
        (tags::SOURCE_ID, source.into()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, "常州铁道高等职业技术学校".into()),
    ];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())));
    let college = world.college.id.clone();
    let body = RecordOutcome { outcome_kind: kind as i32, imported, ..RecordOutcome::default() };
    world.outcome(&college, body, &all, 5)
}

fn refusal(world: &World, posting: RawPosting) -> Option<Refusal> {
    match world.decide(posting) {
        Decision::Accept(_) => None,
        Decision::Refuse(refusal) => Some(refusal),
        Decision::Replay { .. } => panic!("a new nonce"),
    }
}

fn answer(world: &World, posting: RawPosting) -> Option<(Rejection, String)> {
    refusal(world, posting).map(|refusal| (refusal.rejection, refusal.field.into_owned()))
}

/// A world whose college may record old paper, with the scheme 300 + 350.
fn world() -> World {
    let mut world = World::furnished();
    let college = world.accreditation(&world.college, "320400", "常州铁道高等职业技术学校");
    world.accredit(AccreditInstitution { may_import: true, ..college });
    let scheme = by_jiangsu(&mut world, Body::ExamScheme(exam_scheme(300, 350)));
    world.named.insert("scheme", scheme);
    world
}

fn by_jiangsu(world: &mut World, body: Body) -> u64 {
    let jiangsu = world.jiangsu.id.clone();
    world.post(&jiangsu, body, &[3])
}

/// The result of a part of the examination, in points.
fn sat(world: &mut World, source: &str, part: &str, points: u32, top: u32) -> u64 {
    let (scheme, score, top) = (world.index("scheme"), format!("{points}000"), format!("{top}000"));
    let values = [
        (tags::SCHEME, scheme.as_str()),
        (tags::COMPONENT, part),
        (tags::SCORE_MILLIS, score.as_str()),
        (tags::TOP_SCORE_MILLIS, top.as_str()),
    ];
    let posting = record(world, OutcomeKind::ExamComponent, source, false, &values);
    world.accept(posting)
}

/// One case of each rejection of this file.
pub(super) fn case(rejection: Rejection, world: &mut World) -> RawPosting {
    if rejection == Rejection::SegmentWrong {
        let pathway = by_jiangsu(world, Body::Pathway(through_training("", "")));
        let pathway = pathway.to_string();
        let values = [(tags::ENROLMENT_EVENT, "enrol"), (tags::PATHWAY, pathway.as_str()), (tags::SEGMENT, "3")];
        return record(world, OutcomeKind::EnrolmentEvent, "first", false, &values);
    }
    record(world, OutcomeKind::Admission, "first", false, &[(tags::ADMISSION_CLASS, "classified")])
}

#[test]
fn a_part_of_an_examination_is_one_of_its_scheme() {
    let mut world = world();
    let scheme = world.index("scheme");
    for (values, expected) in [
        ([(tags::COMPONENT, "职业技能"), (tags::TOP_SCORE_MILLIS, "350000")], None),
        ([(tags::COMPONENT, "英语"), (tags::TOP_SCORE_MILLIS, "350000")], Some("payload.component (63)")),
        ([(tags::COMPONENT, "职业技能"), (tags::TOP_SCORE_MILLIS, "300000")], Some("payload.top_score_millis (65)")),
    ] {
        let values = [&[(tags::SCHEME, scheme.as_str()), (tags::SCORE_MILLIS, "1000")], &values[..]].concat();
        let posting = record(&mut world, OutcomeKind::ExamComponent, "E", false, &values);
        let expected = expected.map(|field| (Rejection::SchemeWrong, field.to_owned()));
        assert_eq!(answer(&world, posting), expected, "{values:?}");
    }
}

#[test]
fn an_admission_has_the_score_that_its_scheme_makes_of_its_parts() {
    let mut world = world();
    let culture = sat(&mut world, "E-1", "文化素质", 200, 300);
    let skill = sat(&mut world, "E-2", "职业技能", 280, 350);
    let resat = sat(&mut world, "E-3", "职业技能", 300, 350);
    let scheme = world.index("scheme");
    let general = ExamScheme { general: true, exempt_grounds: Vec::new(), ..exam_scheme(750, 1) };
    let general = by_jiangsu(&mut world, Body::ExamScheme(ExamScheme { code: "普通高考".to_owned(), ..general }));
    let general = general.to_string();
    let list = |parts: &[u64]| parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let course = world.named["course"].to_string();
    let whole = list(&[culture, skill]);
    let good = [
        (tags::ADMISSION_CLASS, "classified"),
        (tags::SCHEME, &*scheme),
        (tags::PARTS, &*whole),
        (tags::SCORE_MILLIS, "480000"),
        (tags::TOP_SCORE_MILLIS, "650000"),
    ];
    let wrong = |field: &str| Some((Rejection::SchemeWrong, field.to_owned()));
    let (alone, of_three) = (list(&[skill]), list(&[culture, skill, resat]));
    let exempt = [(tags::EXEMPT_GROUND, "veteran"), (tags::SCORE_MILLIS, "280000"), (tags::TOP_SCORE_MILLIS, "350000")];
    let cases: [(&str, Values<'_>, _); 12] = [
        ("both parts", &[], None),
        ("no scheme", &[(tags::SCHEME, "")], wrong("payload.scheme (66)")),
        ("no part", &[(tags::PARTS, "")], wrong("payload.parts (22)")),
        ("one part", &[(tags::PARTS, &alone)], wrong("payload.parts (22)")),
        ("a part twice", &[(tags::PARTS, &of_three)], wrong("payload.parts (22)")),
        ("another sum", &[(tags::SCORE_MILLIS, "480001")], wrong("payload.score_millis (64)")),
        ("no sum", &[(tags::SCORE_MILLIS, ""), (tags::TOP_SCORE_MILLIS, "")], wrong("payload.score_millis (64)")),
        ("a day before", &[(tags::ACHIEVED_ON, "2026-08-29")], wrong("payload.parts (22)")),
        ("exempt, with the part", &exempt, wrong("payload.parts (22)")),
        ("no such ground", &[(tags::EXEMPT_GROUND, "farmer")], wrong("payload.exempt_ground (67)")),
        ("a general scheme", &[(tags::SCHEME, &general)], wrong("payload.admission_class (68)")),
        (
            "a course",
            &[(tags::SCHEME, &course)],
            Some((Rejection::ReferenceWrongKind, "payload.scheme (66)".to_owned())),
        ),
    ];
    for (name, changes, expected) in cases {
        let posting = record(&mut world, OutcomeKind::Admission, "A", false, &[&good[..], changes].concat());
        assert_eq!(answer(&world, posting), expected, "{name}");
    }
    // A veteran shows the test of skill alone.
    let posting = record(
        &mut world,
        OutcomeKind::Admission,
        "A",
        false,
        &[&good[..], &[(tags::PARTS, &*alone)], &exempt[..]].concat(),
    );
    let told = refusal(&world, posting.clone());
    assert_eq!(told, None);
    // Old paper says what it was by, without its parts.
    let paper = [&good[..3], &[(tags::PARTS, "")]].concat();
    for (imported, expected) in [(true, None), (false, wrong("payload.parts (22)"))] {
        let posting = record(&mut world, OutcomeKind::Admission, "P", imported, &paper);
        assert_eq!(answer(&world, posting), expected);
    }
    world.accept(posting);
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn a_scheme_is_that_of_the_day() {
    let mut world = world();
    let first = world.named["scheme"];
    // 2026-08-31 in UTC+8.
    let next = ExamScheme { version: 2, effective_from: 1_788_105_600, ..exam_scheme(300, 400) };
    let second = by_jiangsu(&mut world, Body::ExamScheme(next));
    let on = |world: &mut World, scheme: u64, day: &str| {
        let scheme = scheme.to_string();
        let values = [
            (tags::SCHEME, scheme.as_str()),
            (tags::COMPONENT, "文化素质"),
            (tags::SCORE_MILLIS, "1000"),
            (tags::TOP_SCORE_MILLIS, "300000"),
            (tags::ACHIEVED_ON, day),
        ];
        record(world, OutcomeKind::ExamComponent, "E", false, &values)
    };
    for (scheme, day, held) in [
        (first, "2026-08-30", None),
        (first, "2026-08-31", Some(second)),
        (second, "2026-08-30", Some(first)),
        (second, "2026-08-31", None),
    ] {
        let posting = on(&mut world, scheme, day);
        let told = refusal(&world, posting);
        let expected = held.map(|held| (Rejection::ReferenceNotInForce, Some(held)));
        assert_eq!(told.map(|it| (it.rejection, it.existing)), expected, "{scheme} on {day}");
    }
    // Revoked, the version before holds again.
    let target = Some(world.reference(second));
    by_jiangsu(&mut world, Body::Revoke(Revoke { target, reason: 1 }));
    let posting = on(&mut world, first, "2026-08-31");
    assert_eq!(answer(&world, posting), None);
    assert_audited(&world);
}

/// A five-year pathway at the college, from 2020 to be phased out from September 2020 on; again from 2022 on.
fn five_years(world: &mut World) -> [u64; 2] {
    let college = world.college.id.clone();
    let segment = |training_level, years| PathwaySegment { training_level, years, institution: college.clone() };
    let body = |version, effective_from, phased_out_from| Pathway {
        code: "five".to_owned(),
        version,
        effective_from,
        labels: zh("五年一贯制"),
        segments: vec![segment(1, 3), segment(2, 2)],
        phased_out_from,
        ..through_training("", "")
    };
    let first = by_jiangsu(world, Body::Pathway(body(1, 1_577_808_000, 1_598_889_600)));
    let second = by_jiangsu(world, Body::Pathway(body(2, 1_640_966_400, 0)));
    [first, second]
}

#[test]
fn who_enters_a_pathway_that_is_phased_out_is_flagged_by_the_version_of_that_day() {
    let mut world = world();
    let [first, second] = five_years(&mut world);
    let entered = |world: &mut World, event: &str, pathway: u64, day: &str| {
        let pathway = pathway.to_string();
        let values = [(tags::ENROLMENT_EVENT, event), (tags::PATHWAY, &*pathway), (tags::ACHIEVED_ON, day)];
        let values = [&values[..], if event == "transition" { &[(tags::SEGMENT, "2")] } else { &[] }].concat();
        record(world, OutcomeKind::EnrolmentEvent, &format!("{event}-{pathway}-{day}"), true, &values)
    };
    for (event, pathway, day, flagged) in [
        ("enrol", first, "2020-08-31", Ok(false)),
        ("enrol", first, "2020-09-01", Ok(true)),
        ("enrol", first, "2023-09-01", Err(Rejection::ReferenceNotInForce)),
        ("enrol", second, "2020-10-01", Err(Rejection::ReferenceNotInForce)),
        ("enrol", second, "2023-09-01", Ok(false)),
        // Who enrolled under the first version stays on it.
        ("transition", first, "2023-09-01", Ok(false)),
        ("transition", second, "2020-10-01", Err(Rejection::ReferenceNotInForce)),
    ] {
        let posting = entered(&mut world, event, pathway, day);
        let found = refusal(&world, posting.clone()).map_or_else(
            || {
                let index = world.accept(posting);
                let flags = flags(&world.state, index).expect("memory");
                Ok(flags.iter().any(|flag| flag.code == FlagCode::PathwayPhasedOut))
            },
            |refusal| Err(refusal.rejection),
        );
        assert_eq!(found, flagged, "{event} {pathway} {day}");
    }
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn a_segment_is_one_of_the_pathway_at_its_school() {
    let mut world = world();
    let school = world.school.id.clone();
    let here = five_years(&mut world)[1].to_string();
    let there = through_training(&school, &world.college.id);
    let there = by_jiangsu(&mut world, Body::Pathway(there)).to_string();
    let cases: [(&str, &str, &str, bool); 9] = [
        ("enrol", &here, "1", true),
        ("enrol", &here, "3", false),
        ("enrol", &here, "0", false),
        ("enrol", "", "1", false),
        ("enrol", &there, "1", false),
        ("transition", &there, "2", true),
        ("transition", &here, "1", false),
        ("transition", &here, "", false),
        ("leave", &here, "", true),
    ];
    for (event, pathway, segment, good) in cases {
        let values = [(tags::ENROLMENT_EVENT, event), (tags::PATHWAY, pathway), (tags::SEGMENT, segment)];
        let posting = record(&mut world, OutcomeKind::EnrolmentEvent, "S", false, &values);
        let expected = (!good).then(|| (Rejection::SegmentWrong, "payload.segment (86)".to_owned()));
        assert_eq!(answer(&world, posting), expected, "{event} {pathway} {segment}");
    }
}

#[test]
fn an_enrolment_is_in_a_programme_of_the_school_that_had_begun() {
    let mut world = world();
    let (school, college) = (world.school.id.clone(), world.college.id.clone());
    let theirs = world.post(&school, Body::Programme(programme(&[world.named["course"]])), &[4]);
    // 2026-08-31 in UTC+8.
    let body = Programme { effective_from: 1_788_105_600, ..programme(&[world.named["other_course"]]) };
    let own = world.post(&college, Body::Programme(body), &[5]);
    let wrong = Some(Rejection::ReferenceWrongKind);
    for (kind, programme, day, expected) in [
        (OutcomeKind::EnrolmentEvent, own, "2026-08-31", None),
        (OutcomeKind::EnrolmentEvent, own, "2026-08-30", Some(Rejection::ReferenceNotInForce)),
        (OutcomeKind::EnrolmentEvent, theirs, "2026-08-31", wrong),
        (OutcomeKind::EnrolmentEvent, world.named["other_course"], "2026-08-31", wrong),
        (OutcomeKind::EnrolmentEvent, 9_999, "2026-08-31", Some(Rejection::ReferenceUnknown)),
        (OutcomeKind::Admission, own, "2026-08-30", None),
        (OutcomeKind::Admission, theirs, "2026-08-30", None),
        (OutcomeKind::Admission, world.named["course"], "2026-08-30", wrong),
    ] {
        let programme = programme.to_string();
        let of_kind = if kind == OutcomeKind::Admission {
            (tags::ADMISSION_CLASS, "recommended")
        } else {
            (tags::ENROLMENT_EVENT, "enrol")
        };
        let values = [of_kind, (tags::PROGRAMME, &*programme), (tags::ACHIEVED_ON, day)];
        let posting = record(&mut world, kind, "P", false, &values);
        let told = refusal(&world, posting).map(|it| it.rejection);
        assert_eq!(told, expected, "{kind:?} {programme} {day}");
    }
}
