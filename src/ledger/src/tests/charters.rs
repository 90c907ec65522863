//! Consortia: who gives a charter, who signs by it, how members come and go, and what is left of it.

use super::registry::refused;
use crate::query::{authority_chain, charter as charter_of, evaluations};
use crate::testing::{World, charter, consortium, course, evaluation};
use crate::{RawPosting, Rejection};
use xuefen_core::authority::charter::without;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Charter, Course, LifecycleReason, Revoke};

/// A course of the consortium, signed by these.
fn offer(world: &mut World, park: &str, version: u32, seeds: &[u8]) -> RawPosting {
    let body = Course { version, ..course(world.named["rule"]) };
    world.public(park, Body::Course(body), seeds)
}

#[test]
fn a_consortium_signs_with_enough_seats_of_each_kind() {
    let mut world = World::furnished();
    let park = consortium(&mut world);
    for seeds in [&[4][..], &[4, 5], &[6], &[1, 6]] {
        let posting = offer(&mut world, &park, 1, seeds);
        assert_eq!(refused(&world, posting).0, Rejection::CharterNotMet, "{seeds:?}");
    }
    let posting = offer(&mut world, &park, 1, &[1]);
    assert_eq!(refused(&world, posting).0, Rejection::KeyNotIssuers, "no member signed");
    let posting = offer(&mut world, &park, 1, &[4, 6]);
    let index = world.accept(posting);
    // What it says rests on its charter, its accreditation and those of the members who signed.
    let chain = authority_chain(&world.state, index, &[]).expect("memory");
    let row = charter_of(&world.state, &park).expect("memory").expect("a charter");
    assert!(chain.contains(&row.entries[0]) && chain.contains(&(row.entries[0] - 1)), "{chain:?}");
    assert!(chain.contains(&world.named["school"]), "{chain:?}");
    // As many end it.
    let body = Body::Revoke(Revoke { target: Some(world.reference(index)), reason: LifecycleReason::Error as i32 });
    let posting = world.public(&park, body.clone(), &[5, 4]);
    assert_eq!(refused(&world, posting).0, Rejection::CharterNotMet);
    let posting = world.public(&park, body, &[5, 6]);
    world.accept(posting);
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn a_charter_is_given_by_the_authority_and_changed_by_it_or_by_the_consortium() {
    let mut world = World::furnished();
    let park = consortium(&mut world);
    let (jiangsu, qinghai, school) = (world.jiangsu.id.clone(), world.qinghai.id.clone(), world.school.id.clone());
    let ministry = world.ministry.id.clone();
    let next = Charter { version: 2, threshold: 1, ..charter(&world, &park) };
    for (issuer, seeds, body, rejection) in [
        (&qinghai, &[2][..], next.clone(), Rejection::RegionNotAllowed),
        (&school, &[4], next.clone(), Rejection::NotEntitled),
        (&park, &[4, 5], next.clone(), Rejection::CharterNotMet),
        (&park, &[4, 6], Charter { version: 3, ..next.clone() }, Rejection::VersionNotNext),
        (&jiangsu, &[3], Charter { threshold: 4, ..next.clone() }, Rejection::FieldMalformed),
        (
            &ministry,
            &[1, 4, 5, 6],
            Charter { consortium: school.clone(), version: 1, ..next.clone() },
            Rejection::ReferenceWrongKind,
        ),
    ] {
        let posting = world.public(issuer, Body::Charter(body), seeds);
        assert_eq!(refused(&world, posting).0, rejection, "{issuer} {seeds:?}");
    }
    let mut other = next.clone();
    other.seats[0].kind = 10;
    let posting = world.public(&jiangsu, Body::Charter(other), &[3]);
    assert_eq!(refused(&world, posting).0, Rejection::ReferenceWrongKind);
    let posting = world.public(&park, Body::Charter(next), &[4, 6]);
    world.accept(posting);
    let posting = offer(&mut world, &park, 1, &[6]);
    world.accept(posting);
}

#[test]
fn members_leave_by_themselves_join_by_signing_and_the_last_word_dissolves() {
    let mut world = World::furnished();
    let park = consortium(&mut world);
    let (school, jiangsu) = (world.school.id.clone(), world.jiangsu.id.clone());
    let before = world.state.size();
    let now = charter(&world, &park);
    let left = without(&now, &school);
    let posting = world.public(&school, Body::Charter(Charter { threshold: 1, ..left.clone() }), &[4]);
    assert_eq!(refused(&world, posting).0, Rejection::NotEntitled, "who leaves changes nothing else");
    let posting = world.public(&school, Body::Charter(left), &[4]);
    world.accept(posting);
    let posting = offer(&mut world, &park, 1, &[4, 6]);
    assert_eq!(refused(&world, posting).0, Rejection::CharterNotMet, "it has no seat any more");
    // Back in, by the two others and with its own word.
    let back = Charter { version: 3, ..now.clone() };
    let posting = world.public(&park, Body::Charter(back.clone()), &[5, 6]);
    assert_eq!(refused(&world, posting).0, Rejection::SeatConsentMissing);
    let posting = world.public(&park, Body::Charter(back), &[4, 5, 6]);
    world.accept(posting);
    let posting = offer(&mut world, &park, 1, &[4, 6]);
    world.accept(posting);
    let end = Charter { consortium: park.clone(), version: 4, ..Charter::default() };
    let posting = world.public(&park, Body::Charter(end), &[4, 6]);
    world.accept(posting);
    let posting = offer(&mut world, &park, 2, &[4, 6]);
    assert_eq!(refused(&world, posting).0, Rejection::IssuerEnded);
    // The authority may bring it back; as of before it was never gone.
    let again = Charter { version: 5, ..now };
    let posting = world.public(&jiangsu, Body::Charter(again), &[3, 4, 5, 6]);
    world.accept(posting);
    let then = charter_of(&world.state.as_of(before), &park).expect("memory").expect("a charter");
    assert_eq!((then.version, then.seats.len()), (1, 3));
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn an_evaluation_is_the_authoritys_and_the_later_one_counts() {
    let mut world = World::furnished();
    let (school, qinghai, jiangsu) = (world.school.id.clone(), world.qinghai.id.clone(), world.jiangsu.id.clone());
    for (issuer, seed, body, rejection) in [
        (&school, 4, evaluation(&school, 2025, "优秀"), Rejection::NotEntitled),
        (&jiangsu, 3, evaluation(&school, 2025, "优秀"), Rejection::RegionNotAllowed),
        (&qinghai, 2, evaluation("x-nobody", 2025, "优秀"), Rejection::ReferenceUnknown),
        (&qinghai, 2, evaluation(&school, 2025, ""), Rejection::FieldMissing),
        (&qinghai, 2, evaluation(&school, 25, "优秀"), Rejection::FieldMalformed),
    ] {
        let posting = world.public(issuer, Body::EvaluateInstitution(body), &[seed]);
        assert_eq!(refused(&world, posting).0, rejection);
    }
    let before = world.state.size();
    for (year, grade) in [(2024, "合格"), (2025, "不合格"), (2025, "良好")] {
        world.post(&qinghai, Body::EvaluateInstitution(evaluation(&school, year, grade)), &[2]);
    }
    let grades = |found: Vec<(u64, crate::rows::EvaluationRow)>| {
        found.into_iter().map(|(_, row)| (row.year, row.grade)).collect::<Vec<_>>()
    };
    let now = grades(evaluations(&world.state, &school).expect("memory"));
    assert_eq!(now, [(2024, "合格".to_owned()), (2025, "良好".to_owned())]);
    let then = grades(evaluations(&world.state.as_of(before + 2), &school).expect("memory"));
    assert_eq!(then, [(2024, "合格".to_owned()), (2025, "不合格".to_owned())]);
    assert_eq!(world.rebuilt(), world.state);
}
