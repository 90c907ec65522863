//! Outcomes that somebody else must sign too: at entry, or later, or never.

use crate::query::{EntryStatus, status};
use crate::testing::World;
use crate::{RawPosting, Rejection};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::change_institution::Change;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AccreditInstitution, ChangeInstitution, Countersign, InstitutionKind, MergeInstitution, OutcomeKind, RecordOutcome,
};

const DAY: i64 = 86_400;

/// A world in which the evaluation body is an enterprise.
fn world() -> World {
    let mut world = World::furnished();
    let enterprise = AccreditInstitution {
        kind: InstitutionKind::Enterprise as i32,
        ..world.accreditation(&world.body, "320000", "示例评价组织")
    };
    world.accredit(enterprise);
    world
}

fn practice(world: &mut World, cosigner: &str, seeds: &[u8], source: &str) -> RawPosting {
    let values: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, vec![7; 16]),
        (tags::SOURCE_ID, source.into()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, "西宁市第一职业技术学校".into()),
        (tags::PRACTICE_KIND, b"post".to_vec()),
        (tags::MINUTES, b"2400".to_vec()),
        (tags::PRACTICE_MINUTES, b"2400".to_vec()),
        (tags::CREDIT_MILLIS, b"0".to_vec()),
        (tags::AGREEMENT_HASH, vec![5; 32]),
    ];
    signed(world, OutcomeKind::PracticeRecord, cosigner, seeds, &values)
}

fn transfer(world: &mut World, (from, to): (&str, &str), cosigner: &str, seeds: &[u8]) -> RawPosting {
    let values: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, vec![7; 16]),
        (tags::SOURCE_ID, b"XJ-1".to_vec()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, "西宁市第一职业技术学校".into()),
        (tags::FROM_SCHOOL, from.into()),
        (tags::TO_SCHOOL, to.into()),
    ];
    signed(world, OutcomeKind::HomeSchoolTransfer, cosigner, seeds, &values)
}

fn signed(world: &mut World, kind: OutcomeKind, cosigner: &str, seeds: &[u8], values: &[(Tag, Vec<u8>)]) -> RawPosting {
    let body = RecordOutcome { outcome_kind: kind as i32, cosigner: cosigner.to_owned(), ..RecordOutcome::default() };
    let payload = crate::testing::payload(tags::of_outcome(kind).expect("has a table"), values);
    let school = world.school.id.clone();
    world.private(&school, Body::RecordOutcome(body), &payload, seeds)
}

fn countersign(world: &mut World, index: u64, who: &str, seed: u8) -> RawPosting {
    let target = Some(world.reference(index));
    world.public(who, Body::Countersign(Countersign { target }), &[seed])
}

pub(super) fn case(rejection: Rejection, world: &mut World) -> RawPosting {
    *world = self::world();
    let (school, college, host) = (world.school.id.clone(), world.college.id.clone(), world.body.id.clone());
    match rejection {
        Rejection::CosignerMissing => practice(world, "", &[4], "1"),
        Rejection::CosignerWrong => practice(world, &college, &[4], "1"),
        Rejection::TransferPartiesWrong => transfer(world, (&college, &host), &college, &[4, 5]),
        _ => {
            let posting = practice(world, &host, &[4], "1");
            let index = world.accept(posting);
            world.now += 90 * DAY;
            let _ = school;
            countersign(world, index, &host, 6)
        }
    }
}

fn refused(world: &mut World, posting: RawPosting) -> Option<Rejection> {
    world.try_post(posting).err().map(|refusal| refusal.rejection)
}

fn at(world: &World, index: u64) -> EntryStatus {
    status(&world.state, index, world.now).expect("memory").expect("an entry")
}

#[test]
fn what_waits_counts_once_its_co_signer_signs_and_lapses_if_nobody_does() {
    let mut world = world();
    let (college, host) = (world.college.id.clone(), world.body.id.clone());
    let posting = practice(&mut world, &host, &[4], "1");
    let (index, effects) = world.try_post(posting).expect("accepted");
    assert!(effects.pending);
    assert_eq!(at(&world, index), EntryStatus::Pending);
    // Anyone may stand by it; that of the one who is named is what it waits for.
    let posting = countersign(&mut world, index, &college, 5);
    world.accept(posting);
    assert_eq!(at(&world, index), EntryStatus::Pending);
    world.now += 90 * DAY - 1;
    let posting = countersign(&mut world, index, &host, 6);
    let by = world.accept(posting);
    assert_eq!(at(&world, index), EntryStatus::Valid);
    assert!(crate::query::authority_chain(&world.state, index, &[]).expect("memory").contains(&by));
    world.now += 100 * DAY;
    assert_eq!(at(&world, index), EntryStatus::Valid);

    let posting = signed_now(&mut world, &host, "2");
    let (late, _) = world.try_post(posting).expect("accepted");
    let lapses = world.now + 90 * DAY;
    world.now = lapses - 1;
    assert_eq!(at(&world, late), EntryStatus::Pending);
    world.now = lapses;
    assert_eq!(at(&world, late), EntryStatus::Lapsed { at: lapses });
    let posting = countersign(&mut world, late, &host, 6);
    assert_eq!(refused(&mut world, posting), Some(Rejection::PendingLapsed));
    assert_eq!(world.rebuilt(), world.state);
}

/// A practice record achieved in the world's year, whatever its clock says.
fn signed_now(world: &mut World, host: &str, source: &str) -> RawPosting {
    practice(world, host, &[4], source)
}

#[test]
fn signed_by_both_at_once_nothing_waits() {
    let mut world = world();
    let host = world.body.id.clone();
    let posting = practice(&mut world, &host, &[4, 6], "1");
    let (index, effects) = world.try_post(posting).expect("accepted");
    assert!(!effects.pending);
    assert_eq!(at(&world, index), EntryStatus::Valid);
}

#[test]
fn a_transfer_has_both_schools_at_once() {
    let mut world = world();
    let (school, college) = (world.school.id.clone(), world.college.id.clone());
    let cases = [
        ((school.as_str(), college.as_str()), college.as_str(), &[4_u8][..], Some(Rejection::CosignerMissing)),
        ((&school, &college), "", &[4, 5], Some(Rejection::CosignerMissing)),
        ((&school, &school), &college, &[4, 5], Some(Rejection::TransferPartiesWrong)),
        ((&college, &school), &college, &[4, 5], None),
    ];
    for (schools, cosigner, seeds, expected) in cases {
        let posting = transfer(&mut world, schools, cosigner, seeds);
        assert_eq!(refused(&mut world, posting), expected, "{schools:?} {seeds:?}");
    }
}

#[test]
fn whoever_takes_a_co_signer_over_signs_for_it() {
    let mut world = world();
    let (school, college, host) = (world.school.id.clone(), world.college.id.clone(), world.body.id.clone());
    let posting = practice(&mut world, &host, &[4], "1");
    let index = world.accept(posting);
    let merge = Change::Merge(MergeInstitution { successor: college.clone() });
    let body = ChangeInstitution { institution: host.clone(), change: Some(merge) };
    let ministry = world.ministry.id.clone();
    world.post(&ministry, Body::ChangeInstitution(body), &[1, 3]);
    let posting = countersign(&mut world, index, &college, 5);
    world.accept(posting);
    assert_eq!(at(&world, index), EntryStatus::Valid);
    // And one that is gone is named in vain.
    let posting = practice(&mut world, &host, &[4], "2");
    assert_eq!(refused(&mut world, posting), Some(Rejection::ReferenceNotInForce));
    let posting = practice(&mut world, &school, &[4], "3");
    assert_eq!(refused(&mut world, posting), Some(Rejection::CosignerWrong));
}

#[test]
fn an_attempt_that_lapsed_may_be_recorded_anew() {
    let mut world = world();
    let college = world.college.id.clone();
    let course = |world: &mut World, source: &str, cosigner: &str| {
        let (mut body, mut values) = world.course_outcome();
        body.cosigner = cosigner.to_owned();
        values.push((tags::SOURCE_ID, source.into()));
        let school = world.school.id.clone();
        world.outcome(&school, body, &values, 4)
    };
    let posting = course(&mut world, "1", &college);
    world.accept(posting);
    world.now += 60 * DAY - 1;
    let posting = course(&mut world, "2", "");
    assert_eq!(refused(&mut world, posting), Some(Rejection::AttemptExists));
    world.now += 1;
    let posting = course(&mut world, "3", "");
    world.accept(posting);
    // The number stays with the first one.
    let posting = course(&mut world, "1", "");
    assert_eq!(refused(&mut world, posting), Some(Rejection::DuplicateOutcome));
}

#[test]
fn policy_says_how_long_a_co_signer_whom_nobody_asked_for_is_waited_for() {
    let mut world = world();
    let (college, ministry) = (world.college.id.clone(), world.ministry.id.clone());
    let body = xuefen_core::proto::Policy { cosign_days: 7, ..crate::testing::policy(1, world.now) };
    world.post(&ministry, xuefen_core::proto::statement::Body::Policy(body), &[1]);
    let (mut body, values) = world.course_outcome();
    body.cosigner.clone_from(&college);
    let school = world.school.id.clone();
    let posting = world.outcome(&school, body, &values, 4);
    let index = world.accept(posting);
    let standing = crate::query::standing(&world.state, index).expect("memory");
    assert_eq!((standing.pending, standing.lapses_at), (true, world.now + 7 * DAY));
    assert_eq!(world.rebuilt(), world.state);
}
