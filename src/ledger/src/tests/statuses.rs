//! What an entry is worth at a time.

use crate::query::{EntryStatus, Review, status, status_with};
use crate::testing::{World, authorise};
use crate::{Decision, Rejection};
use xuefen_core::kinds::tags;
use xuefen_core::proto::change_institution::Change;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{ChangeInstitution, EndEffect, OutcomeKind, Reinstate, Revoke, RevokeInstitution, Suspend};

fn at(world: &World, index: u64, now: i64) -> EntryStatus {
    status(&world.state, index, now).expect("memory").expect("an entry")
}

fn record(world: &mut World) -> u64 {
    let (body, values) = world.course_outcome();
    let school = world.school.id.clone();
    let posting = world.outcome(&school, body, &values, 4);
    world.accept(posting)
}

#[test]
fn a_suspension_ends_by_itself_or_by_reinstating() {
    let mut world = World::furnished();
    let index = record(&mut world);
    let (school, qinghai) = (world.school.id.clone(), world.qinghai.id.clone());
    let until = world.now + 100;
    let suspend = Suspend { target: Some(world.reference(index)), reason: 4, until };
    world.post(&school, Body::Suspend(suspend.clone()), &[4]);
    assert_eq!(at(&world, index, until - 1), EntryStatus::Suspended { until });
    assert_eq!(at(&world, index, until), EntryStatus::Valid);
    let reinstate = Body::Reinstate(Reinstate { target: suspend.target.clone() });
    world.post(&school, reinstate.clone(), &[4]);
    assert_eq!(at(&world, index, until - 1), EntryStatus::Valid);
    // What an authority suspended, the issuer does not reinstate.
    world.post(&qinghai, Body::Suspend(suspend), &[2]);
    let posting = world.public(&school, reinstate.clone(), &[4]);
    assert!(matches!(world.decide(posting), Decision::Refuse(it) if it.rejection == Rejection::NotEntitled));
    world.post(&qinghai, reinstate, &[2]);
    assert_eq!(at(&world, index, until - 1), EntryStatus::Valid);
}

#[test]
fn life_cycle_is_for_issuer_successor_and_authority() {
    let mut world = World::furnished();
    let index = record(&mut world);
    let target = Some(world.reference(index));
    let revoke = Body::Revoke(Revoke { target, reason: 1 });
    for (party, seed, good) in [
        (world.school.id.clone(), 4, true),
        (world.qinghai.id.clone(), 2, true),
        (world.ministry.id.clone(), 1, true),
        (world.jiangsu.id.clone(), 3, false),
        (world.college.id.clone(), 5, false),
    ] {
        let posting = world.public(&party, revoke.clone(), &[seed]);
        match world.decide(posting) {
            Decision::Accept(_) => assert!(good, "{party}"),
            Decision::Refuse(refusal) => assert_eq!((refusal.rejection, good), (Rejection::NotEntitled, false)),
            Decision::Replay { .. } => panic!("a new nonce"),
        }
    }
    // The successor speaks for its predecessor's records.
    let merge = xuefen_core::proto::MergeInstitution { successor: world.college.id.clone() };
    let change = ChangeInstitution { institution: world.school.id.clone(), change: Some(Change::Merge(merge)) };
    let (ministry, college) = (world.ministry.id.clone(), world.college.id.clone());
    world.post(&ministry, Body::ChangeInstitution(change), &[1, 2]);
    let by = world.post(&college, revoke, &[5]);
    assert_eq!(at(&world, index, world.now), EntryStatus::Revoked { by, reason: 1 });
}

#[test]
fn an_issuer_ended_retroactively_puts_its_later_entries_in_review() {
    let mut world = World::furnished();
    let early = record(&mut world);
    world.now += 1_000;
    let since = world.now;
    let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
    let body = xuefen_core::proto::Course { version: 2, ..crate::testing::course(world.named["rule"]) };
    let late = world.post(&school, Body::Course(body), &[4]);
    world.now += 1_000;
    let size = world.state.size();
    let revoke = RevokeInstitution { ground: 1, effect: EndEffect::Retroactive as i32, since };
    let change = ChangeInstitution { institution: school.clone(), change: Some(Change::Revoke(revoke)) };
    let by = world.post(&ministry, Body::ChangeInstitution(change), &[1, 2]);
    assert_eq!(at(&world, early, world.now), EntryStatus::Valid);
    let why = Review::IssuerEnded { issuer: school, by };
    assert_eq!(at(&world, late, world.now), EntryStatus::NeedsReview { why });
    // As of the size before, it was valid.
    let before = status(&world.state.as_of(size), late, world.now).expect("memory");
    assert_eq!(before, Some(EntryStatus::Valid));
    let body = world.countersign(late);
    world.post(&ministry, body, &[1]);
    assert_eq!(at(&world, late, world.now), EntryStatus::Valid);
}

#[test]
fn doubt_about_the_authority_is_doubt_about_the_entry() {
    let mut world = World::furnished();
    let index = record(&mut world);
    let ministry = world.ministry.id.clone();
    // The key that accredited and authorised everyone had been in other hands from the start.
    let key_id = world.ministry.key_id().as_bytes().to_vec();
    let end = xuefen_core::proto::EndKey { key_id, ground: 2, compromised_since: crate::testing::START };
    let action = Some(xuefen_core::proto::authority_key::Action::End(end));
    let body = Body::AuthorityKey(xuefen_core::proto::AuthorityKey { action });
    world.post(&ministry, body, &[1]);
    assert!(matches!(at(&world, index, world.now), EntryStatus::NeedsReview { why: Review::KeyCompromised { .. } }));
    let _ = authorise;
}

#[test]
fn a_certificate_expires_after_the_days_of_its_family() {
    let mut world = World::furnished();
    let (body, values) = world.certificate_outcome(OutcomeKind::XCertificate, "family");
    let issuer = world.body.id.clone();
    let posting = world.outcome(&issuer, body, &values, 6);
    let payload = posting.payload.clone().expect("private");
    let index = world.accept(posting);
    let achieved = crate::day::Day::parse(b"2026-08-30").expect("a date");
    let end = crate::day::Day(achieved.0 + 1_000).end();
    for (now, expected) in [(end - 1, EntryStatus::Valid), (end, EntryStatus::Expired)] {
        assert_eq!(status_with(&world.state, index, &payload, now).expect("memory"), Some(expected));
    }
    assert_eq!(status(&world.state, 9_999, end).expect("memory"), None);
    assert_eq!(payload.value(xuefen_core::commitment::Tag::new(tags::LEVEL.number).expect("above 0")), Some(&b"1"[..]));
}
