//! Outcomes that are neither taught nor certified: what each kind asks beyond its form.

use crate::testing::World;
use crate::{Decision, RawPosting, Rejection};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{OutcomeKind, RecordOutcome};

/// Values beyond those that every outcome has.
type Values<'a> = &'a [(Tag, &'a str)];

/// An outcome of the account `[7; 16]` by the school.
fn record(world: &mut World, kind: OutcomeKind, source: &str, values: Values<'_>) -> RawPosting {
    let mut all: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, vec![7; 16]),
        (tags::SOURCE_ID, source.into()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, "西宁市第一职业技术学校".into()),
    ];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())));
    let school = world.school.id.clone();
    let body = RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() };
    world.outcome(&school, body, &all, 4)
}

/// Why it is refused, if it is.
fn answer(world: &World, posting: RawPosting) -> Option<Rejection> {
    match world.decide(posting) {
        Decision::Accept(_) => None,
        Decision::Refuse(refusal) => Some(refusal.rejection),
        Decision::Replay { .. } => panic!("a new nonce"),
    }
}

#[test]
fn activities_are_one_of_the_list_and_have_a_title() {
    let mut world = World::furnished();
    let cases: [(Values<'_>, _); 4] = [
        (&[(tags::TITLE, "暑期志愿服务"), (tags::ACTIVITY_KIND, "volunteer"), (tags::MINUTES, "480")], None),
        (&[(tags::TITLE, "暑期志愿服务"), (tags::ACTIVITY_KIND, "志愿服务")], Some(Rejection::ValueMalformed)),
        (&[(tags::TITLE, "暑期志愿服务")], Some(Rejection::ValueMissing)),
        (&[(tags::ACTIVITY_KIND, "labour")], Some(Rejection::ValueMissing)),
    ];
    for (values, expected) in cases {
        let posting = record(&mut world, OutcomeKind::NonCreditActivity, "A-1", values);
        assert_eq!(answer(&world, posting), expected, "{values:?}");
    }
}
