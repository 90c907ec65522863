//! Two faults at once: the earlier in the order of rules.md 2 is the answer. Every pair of the faults below is tried.

use crate::testing::{World, commit, payload, sign_with};
use crate::{Decision, RawPosting, Rejection};
use prost::Message as _;
use prost::bytes::Bytes;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    Attestation, ChangeInstitution, EndKey, InstitutionKey, KeyEndGround, OutcomeKind, RecordOutcome,
    SuspendInstitution, change_institution, institution_key,
};

/// A posting in the making.
#[allow(clippy::struct_excessive_bools)] // Each is a fault of its own, set by name.
struct Build {
    world: World,
    ledger: String,
    issuer: String,
    issued_after: i64,
    nonce: Option<Bytes>,
    body: RecordOutcome,
    values: Vec<(Tag, Vec<u8>)>,
    seeds: Vec<u8>,
    spoil_commitment: bool,
    drop_payload: bool,
    drop_last_tag: bool,
    spoil_signature: bool,
    append: bool,
    long: bool,
    attested: bool,
}

impl Build {
    fn new() -> Self {
        let world = World::furnished();
        let (body, values) = world.course_outcome();
        Self {
            ledger: crate::testing::ORIGIN.to_owned(),
            issuer: world.school.id.clone(),
            issued_after: 0,
            nonce: None,
            body,
            values,
            seeds: vec![4],
            spoil_commitment: false,
            drop_payload: false,
            drop_last_tag: false,
            spoil_signature: false,
            append: false,
            long: false,
            attested: true,
            world,
        }
    }

    fn set(&mut self, tag: Tag, value: &str) {
        self.values.push((tag, value.into()));
    }

    fn record_first(&mut self, source: &str, attempt: &str) {
        let (body, mut values) = self.world.course_outcome();
        values.push((tags::SOURCE_ID, source.into()));
        values.push((tags::ATTEMPT, attempt.into()));
        let school = self.world.school.id.clone();
        let posting = self.world.outcome(&school, body, &values, 4);
        self.world.accept(posting);
    }

    fn finish(mut self) -> (World, RawPosting) {
        let table = tags::of_outcome(OutcomeKind::Course).expect("has a table");
        let table = if self.drop_last_tag { &table[..table.len() - 1] } else { table };
        let mut statement = self.world.statement(&self.issuer, Body::RecordOutcome(self.body));
        statement.ledger = self.ledger;
        statement.issued_at += self.issued_after;
        if let Some(nonce) = self.nonce {
            statement.nonce = nonce;
        }
        let payload = commit(&mut statement, &payload(table, &self.values));
        if self.spoil_commitment
            && let Some(Body::RecordOutcome(body)) = &mut statement.body
        {
            body.commitment[0] ^= 1;
        }
        let mut posting = sign_with(&statement, &self.seeds, Some(payload));
        if self.spoil_signature {
            statement.issued_at += 1;
            posting.attestations = sign_with(&statement, &self.seeds, None).attestations;
        }
        if self.drop_payload {
            posting.payload = None;
        }
        if !self.attested {
            posting.attestations.clear();
        }
        if self.long {
            let key_id = Bytes::from(vec![0; 32]);
            let path = vec![Bytes::from(vec![1; 32]); 2_000];
            let long = Attestation { algorithm: 1, key_id, batch_size: 1, path, ..Attestation::default() };
            posting.attestations.insert(0, long.encode_to_vec().into());
        }
        if self.append {
            posting.statement = [posting.statement.as_ref(), &[0xf8, 0x7f, 0x01]].concat().into();
        }
        (self.world, posting)
    }
}

/// Ends the school's key.
fn end_key(build: &mut Build) {
    let key_id = build.world.school.key_id().as_bytes().to_vec();
    let end = EndKey { key_id, ground: KeyEndGround::Retired as i32, compromised_since: 0 };
    let action = Some(institution_key::Action::End(end));
    let body = Body::InstitutionKey(InstitutionKey { institution: build.world.school.id.clone(), action });
    let ministry = build.world.ministry.id.clone();
    build.world.post(&ministry, body, &[1]);
}

fn suspend_school(build: &mut Build) {
    let change = change_institution::Change::Suspend(SuspendInstitution { ground: 2, until: 0 });
    let body = ChangeInstitution { institution: build.world.school.id.clone(), change: Some(change) };
    let ministry = build.world.ministry.id.clone();
    build.world.post(&ministry, Body::ChangeInstitution(body), &[1]);
}

fn accredit_modules_only(build: &mut Build) {
    let body = xuefen_core::proto::AccreditInstitution {
        outcome_kinds: vec![OutcomeKind::Module as i32],
        ..build.world.accreditation(&build.world.school, "630100", "西宁市第一职业技术学校")
    };
    build.world.accredit(body);
}

fn reuse_nonce(build: &mut Build) {
    let body = xuefen_core::proto::Course { version: 2, ..crate::testing::course(build.world.named["rule"]) };
    let school = build.world.school.id.clone();
    let statement = build.world.statement(&school, Body::Course(body));
    build.world.accept(sign_with(&statement, &[4], None));
    build.nonce = Some(statement.nonce);
}

type Fault = (Rejection, fn(&mut Build));

/// Faults that do not touch one another, in order of precedence.
const FAULTS: &[Fault] = &[
    (Rejection::NonCanonical, |build| build.append = true),
    (Rejection::TooLarge, |build| build.long = true),
    (Rejection::WrongLedger, |build| build.ledger = "ledger.example/other".to_owned()),
    (Rejection::IssuedInFuture, |build| build.issued_after = 301),
    (Rejection::IssuerUnknown, |build| build.issuer = "x-nobody".to_owned()),
    (Rejection::IssuerSuspended, suspend_school),
    (Rejection::AttestationMalformed, |build| build.attested = false),
    (Rejection::KeyUnknown, |build| build.seeds.push(77)),
    (Rejection::KeyNotIssuers, |build| build.seeds[0] = 5),
    (Rejection::KeyNotInForce, end_key),
    (Rejection::BadSignature, |build| build.spoil_signature = true),
    (Rejection::NonceReused, reuse_nonce),
    (Rejection::OutcomeKindNotAllowed, accredit_modules_only),
    (Rejection::ImportNotAllowed, |build| build.body.imported = true),
    (Rejection::NameNotAllowed, |build| build.set(tags::ISSUER_NAME, "某实训基地")),
    (Rejection::ReferenceUnknown, |build| build.set(tags::CITES, "9999")),
    (Rejection::PayloadMissing, |build| build.drop_payload = true),
    (Rejection::CommitmentMismatch, |build| build.spoil_commitment = true),
    (Rejection::TagsIncomplete, |build| build.drop_last_tag = true),
    (Rejection::ValueMissing, |build| build.set(tags::GRADE, "")),
    (Rejection::ValueMalformed, |build| build.set(tags::VENUE, "e\u{301}")),
    (Rejection::NullifierKeyWrong, |build| build.values.push((tags::NULLIFIER_KEY, vec![3; 32]))),
    (Rejection::DuplicateOutcome, |build| {
        build.record_first("2026-0001", "9");
    }),
    (Rejection::MinutesOutOfBounds, |build| build.set(tags::MINUTES, "2881")),
    (Rejection::RecordingRuleWrong, |build| build.set(tags::RECORDING_RULE, "1")),
    (Rejection::CreditsExceedOffer, |build| build.set(tags::CREDIT_MILLIS, "3500")),
    (Rejection::AchievedInFuture, |build| build.set(tags::ACHIEVED_ON, "2026-09-02")),
    (Rejection::ScaleUnknown, |build| build.set(tags::SCALE, "gpa")),
    (Rejection::AttemptExists, |build| build.record_first("other", "1")),
];

/// A payload that is not there, or not whole, has no values that could be at fault.
fn hides(later: Rejection, earlier: Rejection) -> bool {
    matches!(later, Rejection::PayloadMissing | Rejection::TagsIncomplete)
        && matches!(earlier, Rejection::NameNotAllowed | Rejection::ReferenceUnknown)
}

fn refusal(faults: &[Fault]) -> Option<Rejection> {
    let mut build = Build::new();
    // Later faults first: what they post must come before an earlier one ends key or issuer.
    for (_, apply) in faults.iter().rev() {
        apply(&mut build);
    }
    let (world, posting) = build.finish();
    match world.decide(posting) {
        Decision::Refuse(refusal) => Some(refusal.rejection),
        _ => None,
    }
}

#[test]
fn the_faults_are_in_order_and_each_is_told_alone() {
    assert!(FAULTS.is_sorted_by_key(|(rejection, _)| *rejection));
    assert_eq!(refusal(&[]), None);
    for fault in FAULTS {
        assert_eq!(refusal(&[*fault]), Some(fault.0));
    }
}

#[test]
fn of_two_faults_the_earlier_is_told() {
    for (at, first) in FAULTS.iter().enumerate() {
        for second in FAULTS[at + 1..].iter().filter(|second| !hides(second.0, first.0)) {
            assert_eq!(refusal(&[*first, *second]), Some(first.0), "{:?} and {:?}", first.0, second.0);
        }
    }
}

#[test]
fn a_nonce_is_told_only_after_a_good_signature_and_a_replay_whatever_attests_it() {
    let mut build = Build::new();
    reuse_nonce(&mut build);
    build.spoil_signature = true;
    let (world, posting) = build.finish();
    let Decision::Refuse(refused) = world.decide(posting) else { panic!("a bad signature") };
    assert_eq!((refused.rejection, refused.existing), (Rejection::BadSignature, None));

    let (mut world, posting) = Build::new().finish();
    let index = world.accept(posting.clone());
    for attestations in [Vec::new(), vec![Bytes::from_static(b"\x08\x01")]] {
        let again = RawPosting { attestations, payload: None, ..posting.clone() };
        assert_eq!(world.decide(again), Decision::Replay { index });
    }
}
