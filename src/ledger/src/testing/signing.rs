//! Payloads, commitments and signatures, good ones and faulty ones.

use crate::posting::{Message, RawPosting};
use prost::bytes::Bytes;
use xuefen_core::batch::sign_batch;
use xuefen_core::commitment::{Nonce, Seed, Tag as Number};
use xuefen_core::key::{KeyId, SecretKey};
use xuefen_core::kinds::tags::Tag;
use xuefen_core::nullifier::NullifierKey;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto::statement::Body;

/// A payload with all tags of a table, empty where nothing is given.
#[must_use]
pub fn payload(table: &[Tag], values: &[(Tag, Vec<u8>)]) -> Payload {
    let value =
        |tag: &Tag| values.iter().rfind(|(of, _)| of == tag).map(|(_, value)| value.clone()).unwrap_or_default();
    let field = |tag: &Tag| Field { tag: Number::new(tag.number).expect("tags are above 0"), value: value(tag).into() };
    Payload::new(Seed::new([9; 32]), table.iter().map(field).collect()).expect("tables ascend")
}

/// Puts the commitment into a private statement. An outcome without a nullifier key gets the one it derives.
pub fn commit(statement: &mut Message, payload: &Payload) -> Payload {
    let nonce = Nonce::from_slice(&statement.nonce).unwrap_or(Nonce([0; 16]));
    let mut fields = payload.fields().to_vec();
    if let Some(first) = fields.first_mut().filter(|field| field.tag == Number::NULLIFIER_KEY && field.value.is_empty())
    {
        first.value = NullifierKey::derive(payload.seed(), &nonce).as_bytes().to_vec().into();
    }
    let payload = Payload::new(payload.seed().clone(), fields).expect("tags did not change");
    let commitment = payload.commitment(&nonce).0.to_vec();
    match &mut statement.body {
        Some(Body::OpenAccount(body)) => body.commitment = commitment,
        Some(Body::MergeAccounts(body)) => body.commitment = commitment,
        Some(Body::AmendAccount(body)) => body.commitment = commitment,
        Some(Body::BindKey(body)) => body.commitment = commitment,
        Some(Body::UnbindKey(body)) => body.commitment = commitment,
        Some(Body::RecordOutcome(body)) => body.commitment = commitment,
        Some(Body::ApplyConversion(body)) => body.commitment = commitment,
        Some(Body::DecideConversion(body)) => body.commitment = commitment,
        Some(Body::AppealDecision(body)) => body.commitment = commitment,
        Some(Body::ReverseConversion(body)) => body.commitment = commitment,
        _ => {}
    }
    payload
}

/// Signs one statement with the keys of these seeds.
#[must_use]
pub fn sign_with(statement: &Message, seeds: &[u8], payload: Option<Payload>) -> RawPosting {
    let keys: Vec<SecretKey> = seeds.iter().map(|seed| SecretKey::from_seed(&[*seed; 32])).collect();
    sign(statement, &keys.iter().collect::<Vec<_>>(), payload)
}

/// Signs one statement with these keys.
#[must_use]
pub fn sign(statement: &Message, keys: &[&SecretKey], payload: Option<Payload>) -> RawPosting {
    let bytes: Bytes = prost::Message::encode_to_vec(statement).into();
    // Not through `Statement::parse`: tests sign faulty statements too.
    let leaf = xuefen_core::merkle::leaf_hash(&bytes);
    let mut attestations: Vec<(KeyId, Bytes)> = Vec::new();
    for key in keys {
        for attestation in sign_batch(key, vec![leaf]).expect("a batch of one") {
            attestations.push((attestation.key_id(), attestation.encode().into()));
        }
    }
    attestations.sort();
    let attestations = attestations.into_iter().map(|(_, bytes)| bytes).collect();
    RawPosting { statement: bytes, attestations, payload }
}

/// Signs many statements with one signature.
#[must_use]
pub fn sign_all(statements: Vec<(Message, Option<Payload>)>, key: &SecretKey) -> Vec<RawPosting> {
    let encoded: Vec<(Bytes, Option<Payload>)> =
        statements.into_iter().map(|(it, payload)| (prost::Message::encode_to_vec(&it).into(), payload)).collect();
    let leaves = encoded.iter().map(|(bytes, _)| xuefen_core::merkle::leaf_hash(bytes)).collect();
    let attestations = sign_batch(key, leaves).expect("1 to 65,536 statements");
    let posting = |((statement, payload), attestation): ((Bytes, Option<Payload>), _)| {
        let attestation: xuefen_core::attestation::Attestation = attestation;
        RawPosting { statement, attestations: vec![attestation.encode().into()], payload }
    };
    encoded.into_iter().zip(attestations).map(posting).collect()
}
