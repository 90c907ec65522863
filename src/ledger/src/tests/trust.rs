//! Accreditation by nation and province, changes of institutions, and what follows for issuing.

use crate::query::{authority_chain, institution, standing};
use crate::rows::Status;
use crate::testing::{World, authorise, zh};
use crate::{Decision, Rejection};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AccreditInstitution, ChangeInstitution, EndEffect, InstitutionGround, MergeInstitution, ReinstateInstitution,
    RenameInstitution, RevokeInstitution, SuspendInstitution, change_institution::Change,
};

fn refused(world: &World, posting: crate::RawPosting) -> Rejection {
    match world.decide(posting) {
        Decision::Refuse(refusal) => refusal.rejection,
        other => panic!("{other:?}"),
    }
}

fn change(institution: &str, change: Change) -> Body {
    Body::ChangeInstitution(ChangeInstitution { institution: institution.to_owned(), change: Some(change) })
}

fn suspend(until: i64) -> Change {
    Change::Suspend(SuspendInstitution { ground: InstitutionGround::Idle as i32, until })
}

fn revoke(since: Option<i64>) -> Change {
    let effect = if since.is_some() { EndEffect::Retroactive } else { EndEffect::Prospective };
    let ground = InstitutionGround::FalseMaterials as i32;
    Change::Revoke(RevokeInstitution { ground, effect: effect as i32, since: since.unwrap_or(0) })
}

fn school(world: &World) -> AccreditInstitution {
    world.accreditation(&world.school, "630100", "西宁市第一职业技术学校")
}

fn status(world: &World, id: &str) -> Option<Status> {
    let row = institution(&world.state, id).expect("memory");
    row.and_then(|row| row.status_at(world.now).cloned())
}

/// A province replaces its own key; it does not become the nation, nor the log's.
#[test]
fn an_authority_grants_itself_nothing_that_it_has_not() {
    use xuefen_core::key::SecretKey;
    use xuefen_core::proto::{AuthorityKey, AuthorityKeyGrant, AuthorityRole, authority_key::Action};
    let mut world = World::begun();
    let qinghai = world.qinghai.id.clone();
    let key = SecretKey::from_seed(&[200; 32]);
    for (role, region, expected) in [
        (AuthorityRole::Accredit, "", Some(Rejection::NotEntitled)),
        (AuthorityRole::Status, "630000", Some(Rejection::NotEntitled)),
        (AuthorityRole::Accredit, "630000", None),
    ] {
        let grant = AuthorityKeyGrant {
            authority: qinghai.clone(),
            role: role as i32,
            region: region.to_owned(),
            algorithm: 1,
            public_key: key.public().as_bytes().to_vec(),
            ..AuthorityKeyGrant::default()
        };
        let body = Body::AuthorityKey(AuthorityKey { action: Some(Action::Grant(grant)) });
        let posting = world.public(&qinghai, body, &[2]);
        let told = match world.decide(posting.clone()) {
            Decision::Refuse(refusal) => Some(refusal.rejection),
            _ => None,
        };
        assert_eq!(told, expected, "{role:?} {region}");
        assert_eq!(super::audits::finding(&world, &posting), expected, "{role:?} {region}");
    }
}

#[test]
fn an_accreditation_takes_force_when_nation_and_province_have_signed() {
    // Who posts, who attests, whether it is in force at once.
    type Poster = fn(&World) -> String;
    let ministry: Poster = |world| world.ministry.id.clone();
    let qinghai: Poster = |world| world.qinghai.id.clone();
    let cases: [(Poster, &[u8], bool); 5] = [
        (ministry, &[1, 2], true),
        (qinghai, &[1, 2], true),
        (ministry, &[1], false),
        (qinghai, &[2], false),
        // Another province does not count.
        (ministry, &[1, 3], false),
    ];
    for (poster, seeds, at_once) in cases {
        let mut world = World::begun();
        let body = Body::AccreditInstitution(school(&world));
        let posting = world.public(&poster(&world), body, seeds);
        let (index, effects) = world.try_post(posting).expect("accepted");
        assert_eq!(effects.pending, !at_once, "{seeds:?}");
        assert_eq!(standing(&world.state, index).expect("memory").pending, !at_once);
        assert_eq!(status(&world, &world.school.id).is_some(), at_once);
        assert_eq!(world.rebuilt(), world.state);
    }
}

#[test]
fn the_other_authority_completes_it_by_countersigning() {
    for (first, second) in [(1, 2), (2, 1)] {
        let mut world = World::begun();
        let party = |world: &World, seed| if seed == 1 { world.ministry.id.clone() } else { world.qinghai.id.clone() };
        let poster = party(&world, first);
        let body = Body::AccreditInstitution(school(&world));
        let index = world.post(&poster, body, &[first]);
        // Neither another province nor the poster again completes it.
        let (jiangsu, other) = (world.jiangsu.id.clone(), party(&world, second));
        let body = world.countersign(index);
        world.post(&jiangsu, body.clone(), &[3]);
        let again = world.public(&poster, body.clone(), &[first]);
        assert_eq!(refused(&world, again), Rejection::AlreadyCountersigned);
        assert_eq!(status(&world, &world.school.id), None);
        world.now += 60;
        let completing = world.post(&other, body, &[second]);
        let row = institution(&world.state, &world.school.id).expect("memory").expect("in force");
        assert_eq!(row.accreditations[0].completed_by, Some(completing));
        assert_eq!(row.accredited_at(), Some(completing));
        // In force from the completing entry, not from its own.
        assert_eq!(row.accreditations[0].from, world.now);
        assert_eq!(row.status_at(world.now - 1), None);
        assert!(!standing(&world.state, index).expect("memory").pending);
        assert_eq!(world.rebuilt(), world.state);
    }
}

#[test]
fn a_province_acts_in_its_region_and_some_things_alone() {
    let mut world = World::furnished();
    let (qinghai, jiangsu) = (world.qinghai.id.clone(), world.jiangsu.id.clone());
    let id = world.school.id.clone();
    let rename = || Change::Rename(RenameInstitution { names: zh("新名") });
    for body in [change(&id, suspend(0)), change(&id, rename()), authorise(&id, &world.school.key)] {
        let posting = world.public(&jiangsu, body, &[3, 4]);
        assert_eq!(refused(&world, posting), Rejection::RegionNotAllowed);
    }
    let index = world.post(&qinghai, change(&id, suspend(world.now + 10)), &[2]);
    assert!(!standing(&world.state, index).expect("memory").pending);
    assert!(matches!(status(&world, &id), Some(Status::Suspended { .. })));
    // It ends by itself.
    world.now += 10;
    assert_eq!(status(&world, &id), Some(Status::InForce));
    world.post(&qinghai, change(&id, rename()), &[2]);
    // Revoke, reinstate and merge wait for the nation.
    let index = world.post(&qinghai, change(&id, revoke(None)), &[2]);
    assert_eq!(status(&world, &id), Some(Status::InForce));
    let ministry = world.ministry.id.clone();
    let body = world.countersign(index);
    world.post(&ministry, body, &[1]);
    assert!(matches!(status(&world, &id), Some(Status::Revoked { .. })));
    let posting = world.public(&ministry, change(&id, Change::Reinstate(ReinstateInstitution {})), &[1]);
    assert!(world.try_post(posting).expect("accepted").1.pending);
    world.post(&ministry, change(&id, Change::Reinstate(ReinstateInstitution {})), &[1, 2]);
    assert_eq!(status(&world, &id), Some(Status::InForce));
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn what_waits_is_judged_again_when_it_is_completed() {
    let mut world = World::furnished();
    let (ministry, qinghai) = (world.ministry.id.clone(), world.qinghai.id.clone());
    let (school, college) = (world.school.id.clone(), world.college.id.clone());
    let merge = Change::Merge(MergeInstitution { successor: college.clone() });
    let waiting = world.post(&qinghai, change(&school, merge), &[2]);
    let jiangsu_and_nation = world.public(&ministry, change(&college, revoke(None)), &[1, 3]);
    world.accept(jiangsu_and_nation);
    let body = world.countersign(waiting);
    let posting = world.public(&ministry, body, &[1]);
    assert_eq!(refused(&world, posting), Rejection::SuccessorWrong);
}

#[test]
fn a_waiting_accreditation_can_be_revoked_and_then_not_completed() {
    let mut world = World::begun();
    let (ministry, qinghai) = (world.ministry.id.clone(), world.qinghai.id.clone());
    let body = Body::AccreditInstitution(school(&world));
    let index = world.post(&qinghai, body, &[2]);
    let target = Some(world.reference(index));
    world.post(&qinghai, Body::Revoke(xuefen_core::proto::Revoke { target, reason: 1 }), &[2]);
    let body = world.countersign(index);
    let posting = world.public(&ministry, body, &[1]);
    assert_eq!(refused(&world, posting), Rejection::AlreadyRevoked);
}

#[test]
fn status_is_asked_at_the_time_of_issue_and_of_logging() {
    let mut world = World::furnished();
    let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
    world.now += 100;
    let body = || Body::Course(xuefen_core::proto::Course { version: 2, ..crate::testing::course(0) });
    let signed_before = world.public(&school, body(), &[4]);
    world.now += 100;
    world.post(&ministry, change(&school, suspend(world.now + 100)), &[1]);
    // Issued before, logged during; issued during, logged after.
    assert_eq!(refused(&world, signed_before), Rejection::IssuerSuspended);
    let signed_during = world.public(&school, body(), &[4]);
    world.now += 100;
    assert_eq!(refused(&world, signed_during), Rejection::IssuerSuspended);
}

#[test]
fn the_chain_names_what_a_verifier_needs() {
    let mut world = World::begun();
    let (ministry, qinghai) = (world.ministry.id.clone(), world.qinghai.id.clone());
    let body = Body::AccreditInstitution(school(&world));
    let accreditation = world.post(&qinghai, body, &[2]);
    let body = world.countersign(accreditation);
    let completing = world.post(&ministry, body, &[1]);
    let body = authorise(&world.school.id, &world.school.key);
    let key = world.post(&ministry, body, &[1, 4]);
    let school = world.school.id.clone();
    let body = xuefen_core::proto::Course { recording_rule_index: 0, credit_millis: 0, ..crate::testing::course(0) };
    let course = world.post(&school, Body::Course(body), &[4]);
    let chain = |subject, also: &[u64]| authority_chain(&world.state, subject, also).expect("memory");
    assert_eq!(chain(course, &[]), [0, accreditation, completing, key]);
    assert_eq!(chain(0, &[]), [] as [u64; 0]);
    assert_eq!(chain(accreditation, &[]), [0, completing]);
    assert_eq!(chain(key, &[course]), [0, accreditation, completing, course]);
}
