//! Random histories: nothing panics, the same history gives the same state, and what was seen as of a size stays.

use crate::digest::state_digest;
use crate::query::{authority_chain, status};
use crate::testing::{NoBatches, TestSecrets, World, authorise, payload};
use crate::{Context, Decision, RawPosting, prepare};
use proptest::prelude::*;
use prost::bytes::Bytes;
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags;
use xuefen_core::proto::change_institution::Change;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    ChangeInstitution, Course, EndKey, InstitutionKey, MergeInstitution, OutcomeKind, RecordOutcome, Reinstate,
    ReinstateInstitution, Revoke, RevokeInstitution, RotateKey, Suspend, SuspendInstitution, institution_key,
};

/// What somebody does: which deed, by whom, to what, and two numbers more. Small ranges, so that deeds meet.
pub(crate) type Deed = (u8, u8, u8, u8, u8);

/// Authorities and institutions with the seeds of their keys.
fn party(world: &World, number: u8) -> (String, u8) {
    let parties = [&world.ministry, &world.qinghai, &world.jiangsu, &world.school, &world.college, &world.body];
    let seed = number % 6;
    (parties[usize::from(seed)].id.clone(), seed + 1)
}

fn change(number: u8, time: i64, other: String) -> Change {
    match number % 5 {
        0 => Change::Suspend(SuspendInstitution { ground: 2, until: time + 5_000 }),
        1 => Change::Reinstate(ReinstateInstitution {}),
        2 => Change::Revoke(RevokeInstitution { ground: 1, effect: 2, since: time - 3_000 }),
        3 => Change::Revoke(RevokeInstitution { ground: 1, effect: 1, since: 0 }),
        _ => Change::Merge(MergeInstitution { successor: other }),
    }
}

fn key_deed(world: &World, institution: String, number: u8, seed: u8) -> Body {
    let id = SecretKey::from_seed(&[seed; 32]).public().id().as_bytes().to_vec();
    let new = SecretKey::from_seed(&[seed + 40; 32]);
    let action = match number % 3 {
        0 => return authorise(&institution, &new),
        1 => institution_key::Action::Rotate(RotateKey {
            old_key_id: id,
            algorithm: 1,
            public_key: new.public().as_bytes().to_vec(),
        }),
        _ => institution_key::Action::End(EndKey { key_id: id, ground: 2, compromised_since: world.now - 2_000 }),
    };
    Body::InstitutionKey(InstitutionKey { institution, action: Some(action) })
}

fn outcome(world: &mut World, (issuer, seed): (&str, u8), target: u64, (a, b): (u8, u8)) -> RawPosting {
    let (mut body, mut values) = world.course_outcome();
    let offer = world.index(if a & 1 == 0 { "course" } else { "other_course" });
    let passed = b & 1 == 0;
    values.extend([
        (tags::OFFER, offer.into()),
        (tags::ACCOUNT, vec![7 + (b >> 1 & 1); 16]),
        (tags::SOURCE_ID, (a >> 1 & 7).to_string().into()),
        (tags::ATTEMPT, (1 + (a >> 4 & 3)).to_string().into()),
        (tags::GRADE, if passed { "77" } else { "33" }.into()),
        (tags::CREDIT_MILLIS, if passed { "3000" } else { "0" }.into()),
    ]);
    if seed == 5 {
        values.push((tags::ISSUER_NAME, "常州铁道高等职业技术学校".into()));
    }
    if b & 4 == 4 {
        body.supersedes = Some(world.reference(target));
        values.push((tags::NULLIFIER_KEY, world.nullifier_key(target)));
    }
    world.outcome(issuer, body, &values, seed)
}

pub(crate) fn posting(world: &mut World, (deed, who, what, a, b): Deed) -> RawPosting {
    let (issuer, seed) = party(world, who);
    let size = u8::try_from(world.entries.len()).unwrap_or(u8::MAX);
    // Mostly the newest entries: those are what deeds meet on.
    let target = u64::from(size.saturating_sub(1 + what % 24));
    let reference = Some(world.reference(target));
    let (other, other_seed) = party(world, what);
    let seeds = [seed, 1 + b % 7];
    let body = match deed % 12 {
        0 => Body::Course(Course { version: 1 + u32::from(a % 4), ..crate::testing::course(world.named["rule"]) }),
        1 => Body::Countersign(xuefen_core::proto::Countersign { target: reference }),
        2 => Body::Suspend(Suspend { target: reference, reason: 4, until: world.now + 4_000 }),
        3 => Body::Reinstate(Reinstate { target: reference }),
        4 => Body::Revoke(Revoke { target: reference, reason: 1 }),
        5 => {
            let change = Some(change(a, world.now, issuer.clone()));
            Body::ChangeInstitution(ChangeInstitution { institution: other, change })
        }
        6 => {
            let body = key_deed(world, other, a, other_seed);
            return world.public(&issuer, body, &[seed, other_seed + 40]);
        }
        7 => {
            let (body, payload) = world.account([7 + (a & 3); 16], &format!("document-{}", b & 3));
            return world.private(&issuer, body, &payload, &[seed]);
        }
        8 => {
            let (body, payload) = world.merger([7 + (a & 3); 16], [7 + (b & 3); 16]);
            return world.private(&issuer, body, &payload, &seeds);
        }
        9 => {
            let party = if what & 1 == 0 { &world.school } else { &world.college };
            let region = if what & 1 == 0 { "630100" } else { "320400" };
            Body::AccreditInstitution(world.accreditation(party, region, "新名"))
        }
        _ => return outcome(world, (&issuer, seed), target, (a, b)),
    };
    world.public(&issuer, body, &seeds)
}

proptest! {
    #![proptest_config(super::reproducible(48))]

    #[test]
    fn histories_are_deterministic_and_their_past_stays(
        deeds in proptest::collection::vec((any::<Deed>(), 0_i64..4_000), 1..60),
    ) {
        let mut world = World::furnished();
        let mut seen = Vec::new();
        let mut accepted = Vec::new();
        for (deed, later) in deeds {
            let posting = posting(&mut world, deed);
            // Signed, then logged a while after.
            world.now += later;
            let verdict = world.decide(posting.clone());
            prop_assert_eq!(&verdict, &world.decide(posting.clone()));
            if let Decision::Accept(effects) = verdict {
                let (index, done) = world.try_post(posting.clone()).expect("accepted a moment ago");
                prop_assert_eq!(effects, done);
                accepted.push((posting, index));
                let digest = state_digest(&world.state, |_| false).expect("memory");
                seen.push((world.state.size(), digest));
            }
        }
        for (posting, index) in accepted {
            prop_assert_eq!(world.decide(posting), Decision::Replay { index });
        }
        for (size, digest) in seen {
            prop_assert_eq!(state_digest(&world.state.as_of(size), |_| false).expect("memory"), digest);
        }
        for index in 0..world.state.size() {
            prop_assert!(status(&world.state, index, world.now).expect("memory").is_some());
            let chain = authority_chain(&world.state, index, &[]).expect("memory");
            prop_assert!(chain.is_sorted() && !chain.contains(&index));
        }
        prop_assert_eq!(world.rebuilt(), world.state);
    }

    #[test]
    fn any_bytes_are_prepared(
        statement in proptest::collection::vec(any::<u8>(), 0..200),
        attestation in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let world = World::empty();
        let raw = RawPosting { statement: statement.into(), attestations: vec![attestation.into()], payload: None };
        let refused = matches!(world.decide(raw), Decision::Refuse(_));
        prop_assert!(refused);
    }

    #[test]
    fn any_values_are_judged(values in proptest::collection::vec((0_usize..25, any::<Vec<u8>>()), 0..25)) {
        thread_local! {
            static WORLD: World = World::furnished();
        }
        WORLD.with(|world| {
            let table = tags::of_outcome(OutcomeKind::Course).expect("has a table");
            let (body, mut all) = world.course_outcome();
            all.extend(values.into_iter().map(|(at, value)| (table[at], value)));
            let mut statement = xuefen_core::proto::Statement {
                version: 1,
                ledger: crate::testing::ORIGIN.to_owned(),
                issuer: world.school.id.clone(),
                nonce: Bytes::from_static(&[1; 16]),
                issued_at: world.now,
                body: Some(Body::RecordOutcome(RecordOutcome { ..body })),
            };
            let payload = crate::testing::commit(&mut statement, &payload(table, &all));
            let raw = crate::testing::sign_with(&statement, &[4], Some(payload));
            let context: &Context = &world.context;
            let prepared = prepare(raw, context, &TestSecrets, &world.state, &world.payloads(), &NoBatches);
            let verdict = crate::decide(&world.whole(), &prepared, world.now);
            prop_assert!(verdict.is_ok());
            Ok(())
        })?;
    }
}
