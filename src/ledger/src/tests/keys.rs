//! Keys: rotation after 72 hours, cancelled rotations, ends, compromise.

use crate::policy::DAY_SECONDS;
use crate::query::{EntryStatus, Review, key, status};
use crate::testing::World;
use crate::{Decision, RawPosting, Rejection};
use xuefen_core::key::SecretKey;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AuthorityKey, AuthorityKeyGrant, AuthorityRole, Course, EndKey, InstitutionKey, KeyEndGround, RotateKey,
    authority_key, institution_key::Action,
};

/// 72 h.
const ROTATION_SECONDS: i64 = 72 * 3_600;

fn refused(world: &World, posting: RawPosting) -> Rejection {
    match world.decide(posting) {
        Decision::Refuse(refusal) => refusal.rejection,
        other => panic!("{other:?}"),
    }
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn institution_key(world: &World, action: Action) -> Body {
    Body::InstitutionKey(InstitutionKey { institution: world.school.id.clone(), action: Some(action) })
}

fn rotate(world: &World, old: u8, new: u8) -> Body {
    let old_key_id = secret(old).public().id().as_bytes().to_vec();
    let public_key = secret(new).public().as_bytes().to_vec();
    institution_key(world, Action::Rotate(RotateKey { old_key_id, algorithm: 1, public_key }))
}

fn end(seed: u8, since: i64) -> EndKey {
    let ground = if since > 0 { KeyEndGround::Compromised } else { KeyEndGround::Retired };
    let key_id = secret(seed).public().id().as_bytes().to_vec();
    EndKey { key_id, ground: ground as i32, compromised_since: since }
}

fn course(world: &mut World, version: u32, seed: u8) -> RawPosting {
    let school = world.school.id.clone();
    let body = Course { version, ..crate::testing::course(world.named["rule"]) };
    world.public(&school, Body::Course(body), &[seed])
}

#[test]
fn a_rotation_takes_force_after_72_hours() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    let body = rotate(&world, 4, 50);
    world.post(&school, body, &[4, 50]);
    let early = course(&mut world, 2, 50);
    assert_eq!(refused(&world, early), Rejection::KeyNotInForce);
    let old = course(&mut world, 2, 4);
    world.accept(old);
    world.now += ROTATION_SECONDS - 1;
    let early = course(&mut world, 3, 50);
    assert_eq!(refused(&world, early), Rejection::KeyNotInForce);
    world.now += 1;
    let old = course(&mut world, 3, 4);
    assert_eq!(refused(&world, old), Rejection::KeyNotInForce);
    let new = course(&mut world, 3, 50);
    world.accept(new);
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn a_cancelled_rotation_gives_the_old_key_its_time_back() {
    for by_authority in [true, false] {
        let mut world = World::furnished();
        let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
        let body = rotate(&world, 4, 50);
        world.post(&school, body, &[4, 50]);
        world.now += 3_600;
        let body = institution_key(&world, Action::End(end(50, 0)));
        let (poster, seed) = if by_authority { (ministry, 1) } else { (school, 4) };
        world.post(&poster, body, &[seed]);
        world.now += ROTATION_SECONDS;
        let new = course(&mut world, 2, 50);
        assert_eq!(refused(&world, new), Rejection::KeyNotInForce);
        let old = course(&mut world, 2, 4);
        world.accept(old);
    }
}

#[test]
fn what_a_compromised_key_signed_needs_review_until_a_good_key_stands_by_it() {
    let mut world = World::furnished();
    let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
    let before = course(&mut world, 2, 4);
    let before = world.accept(before);
    world.now += 1_000;
    let since = world.now;
    let after = course(&mut world, 3, 4);
    let after = world.accept(after);
    let second = course(&mut world, 4, 4);
    let second = world.accept(second);
    world.now += 1_000;
    let body = institution_key(&world, Action::End(end(4, since)));
    let said = world.post(&school, body, &[4]);
    let at = |world: &World, index| status(&world.state, index, world.now).expect("memory").expect("an entry");
    assert_eq!(at(&world, before), EntryStatus::Valid);
    let why = |entry| EntryStatus::NeedsReview { why: Review::KeyCompromised { entry, by: said } };
    assert_eq!(at(&world, after), why(after));
    // A stranger's countersignature does not help; one by a good key of the issuer does.
    let body = world.countersign(after);
    let evaluation_body = world.body.id.clone();
    world.post(&evaluation_body, body.clone(), &[6]);
    assert_eq!(at(&world, after), why(after));
    world.post(&ministry, crate::testing::authorise(&school, &secret(51)), &[1, 51]);
    world.post(&school, body, &[51]);
    assert_eq!(at(&world, after), EntryStatus::Valid);
    assert_eq!(at(&world, second), why(second));
    let target = Some(world.reference(second));
    let by = world.post(&school, Body::Revoke(xuefen_core::proto::Revoke { target, reason: 1 }), &[51]);
    assert_eq!(at(&world, second), EntryStatus::Revoked { by, reason: 1 });
}

#[test]
fn an_authority_dates_a_compromise_as_far_back_as_it_must() {
    let mut world = World::furnished();
    let (qinghai, school) = (world.qinghai.id.clone(), world.school.id.clone());
    world.now += 100 * DAY_SECONDS;
    let since = world.now - 30 * DAY_SECONDS;
    for (back, own) in [(0, true), (1, false)] {
        let body = institution_key(&world, Action::End(end(4, since - back)));
        let posting = world.public(&school, body.clone(), &[4]);
        if own {
            assert!(matches!(world.decide(posting), Decision::Accept(_)));
        } else {
            assert_eq!(refused(&world, posting), Rejection::CompromiseNeedsAuthority);
        }
        let posting = world.public(&qinghai, body, &[2]);
        assert!(matches!(world.decide(posting), Decision::Accept(_)));
    }
}

#[test]
fn authority_keys_come_from_the_nation_or_replace_their_owners() {
    let mut world = World::furnished();
    let (ministry, qinghai) = (world.ministry.id.clone(), world.qinghai.id.clone());
    let grant = |authority: &str, role: AuthorityRole, region: &str, seed: u8| AuthorityKeyGrant {
        authority: authority.to_owned(),
        role: role as i32,
        region: region.to_owned(),
        algorithm: 1,
        public_key: secret(seed).public().as_bytes().to_vec(),
        ..AuthorityKeyGrant::default()
    };
    let body = |grant| Body::AuthorityKey(AuthorityKey { action: Some(authority_key::Action::Grant(grant)) });
    let own = body(grant(&qinghai, AuthorityRole::Accredit, "630000", 60));
    for (poster, seed, statement, good) in [
        (&qinghai, 2, own.clone(), true),
        (&qinghai, 2, body(grant(&qinghai, AuthorityRole::Accredit, "", 60)), false),
        (&qinghai, 2, body(grant(&qinghai, AuthorityRole::Audit, "630000", 60)), false),
        (&qinghai, 2, body(grant("x-other", AuthorityRole::Accredit, "630000", 60)), false),
        (&ministry, 1, body(grant("x-other", AuthorityRole::Appeal, "", 60)), true),
    ] {
        let posting = world.public(poster, statement, &[seed]);
        match world.decide(posting) {
            Decision::Accept(_) => assert!(good),
            Decision::Refuse(refusal) => assert_eq!((refusal.rejection, good), (Rejection::NotEntitled, false)),
            Decision::Replay { .. } => panic!("a new nonce"),
        }
    }
    world.post(&qinghai, own, &[2]);
    let ended = AuthorityKey { action: Some(authority_key::Action::End(end(2, 0))) };
    world.post(&qinghai, Body::AuthorityKey(ended), &[60]);
    let id = secret(2).public().id();
    assert!(key(&world.state, &id).expect("memory").is_some_and(|key| !key.valid_at(world.now)));
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn a_key_registered_after_the_snapshot_is_verified_by_decide() {
    struct Blind;
    impl crate::KeyLookup for Blind {
        fn public_key(&self, _: &xuefen_core::key::KeyId) -> Option<xuefen_core::key::PublicKey> {
            None
        }
    }
    let mut world = World::furnished();
    let good = course(&mut world, 2, 4);
    let other = course(&mut world, 2, 4);
    let bad = RawPosting { attestations: other.attestations, ..good.clone() };
    let judge = |posting| {
        let prepared = crate::prepare(
            posting,
            &world.context,
            &crate::testing::TestSecrets,
            &Blind,
            &world.payloads(),
            &crate::testing::NoBatches,
        );
        crate::decide(&world.whole(), &prepared, world.now).expect("memory")
    };
    assert!(matches!(judge(good), Decision::Accept(_)));
    assert!(matches!(judge(bad), Decision::Refuse(refusal) if refusal.rejection == Rejection::BadSignature));
}
