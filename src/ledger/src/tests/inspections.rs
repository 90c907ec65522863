//! Seeded inspections: who may begin and report them, and that the report says what the commitment bound it to.

use super::audits::assert_audited;
use crate::sample;
use crate::testing::{World, inspection, inspection_report};
use crate::{Decision, RawPosting, Rejection};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AuthorityKey, AuthorityRole, EntryRef, Inspection, authority_key};
use xuefen_core::tree::Frontier;

/// One thing made wrong.
type Change = fn(&mut Inspection);

const SECRET: &[u8] = b"0123456789abcdef";

/// A commitment by the province, and some entries after it.
pub(super) fn begun(world: &mut World) -> u64 {
    let qinghai = world.qinghai.id.clone();
    let index = world.post(&qinghai, Body::Inspection(inspection(SECRET)), &[2]);
    world.named.insert("inspection", index);
    let school = world.school.id.clone();
    for n in 0..3 {
        let code = format!("after-{n}");
        let course = xuefen_core::proto::Course { code, ..crate::testing::course(world.named["rule"]) };
        world.post(&school, Body::Course(course), &[4]);
    }
    index
}

/// The report on it, as of everything so far.
pub(super) fn report(world: &World) -> Inspection {
    inspection_report(world, world.named["inspection"], SECRET)
}

/// A posting that is refused for this reason.
pub(super) fn case(rejection: Rejection, world: &mut World) -> RawPosting {
    begun(world);
    let qinghai = world.qinghai.id.clone();
    let mut body = report(world);
    match rejection {
        Rejection::SampleSeedWrong => body.secret = b"fedcba9876543210".to_vec(),
        Rejection::InspectionReported => {
            world.post(&qinghai, Body::Inspection(body.clone()), &[2]);
        }
        _ => unreachable!("not of this group"),
    }
    world.public(&qinghai, Body::Inspection(body), &[2])
}

fn refused(world: &World, posting: RawPosting) -> (Rejection, String) {
    match world.decide(posting) {
        Decision::Refuse(refusal) => (refusal.rejection, refusal.field.into_owned()),
        other => panic!("{other:?}"),
    }
}

fn field(name: &str) -> String {
    format!("statement.inspection.{name}")
}

#[test]
fn a_report_says_what_its_commitment_bound_it_to() {
    let mut world = World::furnished();
    let index = begun(&mut world);
    let qinghai = world.qinghai.id.clone();
    let good = report(&world);
    let size = good.checkpoint_size;
    let later = world.reference(size - 1);
    let changes: [(Change, Rejection, &str); 16] = [
        (|it| it.scheme = "another".into(), Rejection::SampleSeedWrong, "scheme"),
        (|it| it.drawn = 4, Rejection::SampleSeedWrong, "drawn"),
        (|it| it.secret = b"fedcba9876543210".to_vec(), Rejection::SampleSeedWrong, "secret"),
        (|it| it.checkpoint_size = it.commitment_index + 1, Rejection::SampleSeedWrong, "checkpoint_size"),
        (|it| it.checkpoint_size += 1, Rejection::SampleSeedWrong, "root"),
        (|it| it.checkpoint_size -= 1, Rejection::SampleSeedWrong, "root"),
        (|it| it.root = vec![0; 32], Rejection::SampleSeedWrong, "root"),
        (|it| it.root = vec![0; 31], Rejection::FieldMalformed, "root"),
        (|it| it.secret = b"short".to_vec(), Rejection::FieldMalformed, "secret"),
        (|it| it.secret = b"".to_vec(), Rejection::FieldMissing, "secret"),
        (|it| it.drawn = 0, Rejection::FieldMissing, "drawn"),
        (|it| it.drawn = 10_001, Rejection::FieldMalformed, "drawn"),
        (|it| it.population_outcome_kind = 1, Rejection::FieldMalformed, "population_outcome_kind"),
        (|it| it.commitment_index = 1, Rejection::ReferenceWrongKind, "commitment_index"),
        (|it| it.commitment_index = 999, Rejection::ReferenceUnknown, "commitment_index"),
        (|it| it.scheme = String::new(), Rejection::FieldMissing, "scheme"),
    ];
    for (change, rejection, name) in changes {
        let mut body = good.clone();
        change(&mut body);
        let posting = world.public(&qinghai, Body::Inspection(body), &[2]);
        assert_eq!(refused(&world, posting), (rejection, field(name)));
    }
    // Findings: entries of that tree, ascending, no more than were drawn.
    let finding = |at: u64| world.reference(at);
    let smaller = Inspection { checkpoint_size: size - 1, findings: vec![finding(size - 1)], ..good.clone() };
    let with = |findings: Vec<EntryRef>| Inspection { findings, ..good.clone() };
    for (body, rejection) in [
        (with(vec![finding(5), finding(4)]), Rejection::FieldMalformed),
        (with((1..=6).map(finding).collect()), Rejection::FieldMalformed),
        (smaller, Rejection::FieldMalformed),
        (with(vec![EntryRef { index: 4, ..finding(5) }]), Rejection::ReferenceMismatch),
        (with(vec![EntryRef { index: size, ..finding(5) }]), Rejection::ReferenceUnknown),
    ] {
        let posting = world.public(&qinghai, Body::Inspection(body), &[2]);
        assert_eq!(refused(&world, posting).0, rejection);
    }
    // Another authority does not report on it, nor does a school.
    for (issuer, seed) in [(world.ministry.id.clone(), 1), (world.school.id.clone(), 4)] {
        let posting = world.public(&issuer, Body::Inspection(good.clone()), &[seed]);
        assert_eq!(refused(&world, posting).0, Rejection::NotEntitled, "{issuer}");
    }
    let body = Inspection { findings: vec![later], ..good };
    let told = world.post(&qinghai, Body::Inspection(body.clone()), &[2]);
    let row = crate::query::inspection(&world.state, index).expect("memory").expect("begun");
    assert_eq!((row.reported_by, row.drawn, row.owner.as_str()), (Some(told), 5, qinghai.as_str()));
    let posting = world.public(&qinghai, Body::Inspection(body), &[2]);
    assert_eq!(refused(&world, posting), (Rejection::InspectionReported, field("commitment_index")));
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn a_commitment_tells_nothing_and_may_name_a_size_that_lies_ahead() {
    let mut world = World::furnished();
    let qinghai = world.qinghai.id.clone();
    let good = inspection(SECRET);
    let changes: [(Change, Rejection, &str); 6] = [
        (|it| it.secret_commitment = vec![1; 31], Rejection::FieldMalformed, "secret_commitment"),
        (|it| it.secret_commitment = Vec::new(), Rejection::FieldMissing, "secret_commitment"),
        (|it| it.secret = SECRET.to_vec(), Rejection::FieldMalformed, "secret"),
        (|it| it.root = vec![0; 32], Rejection::FieldMalformed, "root"),
        (|it| it.population_outcome_kind = 99, Rejection::FieldMalformed, "population_outcome_kind"),
        (|it| it.population_issuer = "school".into(), Rejection::InstitutionIdMalformed, "population_issuer"),
    ];
    for (change, rejection, name) in changes {
        let mut body = good.clone();
        change(&mut body);
        let posting = world.public(&qinghai, Body::Inspection(body), &[2]);
        assert_eq!(refused(&world, posting), (rejection, field(name)));
    }
    // The size must lie beyond the commitment itself: its own root can be guessed by who makes it.
    let next = world.state.size();
    for size in [1, next, next + 1] {
        let body = Inspection { checkpoint_size: size, ..good.clone() };
        let posting = world.public(&qinghai, Body::Inspection(body), &[2]);
        assert_eq!(refused(&world, posting), (Rejection::SampleSeedWrong, field("checkpoint_size")));
    }
    let index = world.post(&qinghai, Body::Inspection(Inspection { checkpoint_size: next + 2, ..good }), &[2]);
    world.named.insert("inspection", index);
    let school = world.school.id.clone();
    for n in 0..3 {
        let code = format!("after-{n}");
        let course = xuefen_core::proto::Course { code, ..crate::testing::course(world.named["rule"]) };
        world.post(&school, Body::Course(course), &[4]);
    }
    // Then no other size will do.
    let posting = {
        let body = report(&world);
        world.public(&qinghai, Body::Inspection(body), &[2])
    };
    assert_eq!(refused(&world, posting), (Rejection::SampleSeedWrong, field("checkpoint_size")));
    let mut tree = Frontier::new();
    let first = usize::try_from(next + 2).expect("small");
    for (entry, _) in &world.entries[..first] {
        tree.append(entry.leaf_hash());
    }
    let body = Inspection { checkpoint_size: next + 2, root: tree.root().0.to_vec(), ..report(&world) };
    world.post(&qinghai, Body::Inspection(body), &[2]);
    assert_audited(&world);
}

#[test]
fn a_key_that_audits_inspects_and_does_nothing_else() {
    let mut world = World::furnished();
    let ministry = world.ministry.id.clone();
    let genesis = world.genesis();
    let Body::Genesis(genesis) = genesis else { panic!("genesis") };
    let key = xuefen_core::key::SecretKey::from_seed(&[103; 32]);
    let grant = xuefen_core::proto::AuthorityKeyGrant {
        role: AuthorityRole::Audit as i32,
        public_key: key.public().as_bytes().to_vec(),
        ..genesis.keys[0].clone()
    };
    let body = AuthorityKey { action: Some(authority_key::Action::Grant(grant)) };
    world.post(&ministry, Body::AuthorityKey(body), &[1]);
    world.post(&ministry, Body::Inspection(inspection(SECRET)), &[103]);
    let course = crate::testing::course(world.named["rule"]);
    let posting = world.public(&ministry, Body::Course(course), &[103]);
    assert_eq!(refused(&world, posting).0, Rejection::KeyNotIssuers);
    let posting = world.public(&ministry, Body::Inspection(inspection(SECRET)), &[102]);
    assert_eq!(refused(&world, posting).0, Rejection::KeyNotIssuers);
    assert_audited(&world);
}

#[test]
fn what_is_drawn_follows_from_the_log_and_the_secret() {
    let mut world = World::furnished();
    begun(&mut world);
    let body = report(&world);
    let root = xuefen_core::Hash::from_slice(&body.root).expect("32 bytes");
    let draw = |secret: &[u8]| {
        let mut draw = sample::Draw::new(sample::seed(&root, secret), body.drawn);
        (0..body.checkpoint_size).for_each(|index| draw.push(index));
        draw.finish()
    };
    assert_eq!((draw(SECRET), draw(SECRET).len()), (draw(SECRET), 5));
    assert_ne!(draw(SECRET), draw(b"fedcba9876543210"));
}
