//! The vectors of formats.md 1 to 3 and of the chain of formats.md 4: everything between a key and an entry.
//!
//! Errors become the vectors' codes in one place each, as callers of the crate have to do it.

mod common;

use common::{
    TestBody, TestPrivate, TestPublic, TestStatement, array, bytes, expect, hex, integer, list, number, section, text,
    unhex, vectors,
};
use prost::Message;
use serde_json::Value;
use xuefen_core::attestation::{Attestation, AttestationError, signed_message};
use xuefen_core::batch::{BatchTree, sign_batch};
use xuefen_core::commitment::{Nonce, Seed, Tag, field_commitment, salt};
use xuefen_core::disclosure::{Disclosed, Disclosure, Hidden};
use xuefen_core::entry::{Draft, Entry, EntryError};
use xuefen_core::hash::sha256;
use xuefen_core::key::{Algorithm, KeyId, PublicKey, SecretKey, Signature};
use xuefen_core::merkle::leaf_hash;
use xuefen_core::nullifier::{NullifierKey, Scope, ScopeKind};
use xuefen_core::origin::Origin;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::statement::{Statement, StatementError};
use xuefen_core::time::{DEFAULT_MAX_AGE_SECONDS, Timestamp, check_window};
use xuefen_core::{Hash, chain, prost};

fn statement_code(result: &Result<Statement<TestStatement>, StatementError>) -> &'static str {
    match result {
        Ok(_) => "OK",
        Err(StatementError::NewerVersion(_)) => "VERSION",
        Err(StatementError::NonCanonical) => "NON_CANONICAL",
        Err(StatementError::Rule(_)) => "STATEMENT",
    }
}

fn entry_code(result: &Result<Entry<TestStatement>, EntryError>) -> &'static str {
    match result {
        Ok(_) => "OK",
        Err(EntryError::NewerVersion(_)) => "VERSION",
        Err(EntryError::NonCanonical) => "NON_CANONICAL",
        Err(EntryError::Rule(_)) => "ENTRY",
        Err(EntryError::Statement(_)) => "STATEMENT",
    }
}

fn attestation_code(result: Result<(), AttestationError>) -> &'static str {
    use AttestationError::{BatchSize, Inclusion, KeyIdLength, NonCanonical, OtherAlgorithm, OtherKey, Signature};
    match result {
        Ok(()) => "OK",
        Err(NonCanonical) => "NON_CANONICAL",
        Err(KeyIdLength | OtherKey | OtherAlgorithm | BatchSize) => "ATTESTATION",
        Err(Inclusion) => "INCLUSION",
        Err(Signature) => "SIGNATURE",
    }
}

fn hash(case: &Value, member: &str) -> Hash {
    Hash(array(case, member))
}

fn tag(case: &Value) -> Tag {
    Tag::new(number(case, "tag")).expect("not 0")
}

fn issuer_key() -> SecretKey {
    let keys = section("keys");
    let issuer = keys.iter().find(|key| key["name"] == "issuer").expect("the batches' signer");
    SecretKey::from_seed(&array(issuer, "seed"))
}

#[test]
fn keys() {
    for case in section("keys") {
        let secret = SecretKey::from_seed(&array(&case, "seed"));
        let algorithm = Algorithm::from_number(i32::try_from(integer(&case, "algorithm")).expect("small"));
        assert_eq!(hex(secret.public().as_bytes()), text(&case, "public_key"));
        assert_eq!(algorithm, Some(secret.public().algorithm()));
        assert_eq!(secret.public().id().to_string(), text(&case, "key_id"));
        assert_eq!(KeyId::of(Algorithm::Ed25519, &bytes(&case, "public_key")), secret.public().id());
    }
}

#[test]
fn public_keys() {
    for case in section("public_key_cases") {
        let code = if PublicKey::parse(&bytes(&case, "public_key")).is_ok() { "OK" } else { "PUBLIC_KEY" };
        assert_eq!(code, expect(&case), "{case}");
    }
}

#[test]
fn ed25519() {
    for case in section("ed25519_cases") {
        let key = PublicKey::parse(&bytes(&case, "public_key")).ok();
        let signature = Signature::from_slice(&bytes(&case, "signature"));
        let good = key.zip(signature).is_some_and(|(key, signature)| key.verify(&bytes(&case, "message"), &signature));
        assert_eq!(if good { "OK" } else { "SIGNATURE" }, expect(&case), "{case}");
    }
}

#[test]
fn origins() {
    for case in section("origin_cases") {
        let code = if Origin::parse(text(&case, "origin_text")).is_ok() { "OK" } else { "ORIGIN" };
        assert_eq!(code, expect(&case), "{case}");
    }
}

#[test]
fn statements() {
    for case in section("statements") {
        let fields = &case["fields"];
        let body = if fields["private"].is_null() {
            TestBody::Public(TestPublic { opaque: bytes(&fields["public"], "opaque").into() })
        } else {
            TestBody::Private(TestPrivate { commitment: bytes(&fields["private"], "commitment").into() })
        };
        let message = TestStatement {
            version: number(fields, "version"),
            ledger: text(fields, "ledger").to_owned(),
            issuer: text(fields, "issuer").to_owned(),
            nonce: bytes(fields, "nonce").into(),
            issued_at: integer(fields, "issued_at"),
            body: Some(body),
        };
        let made = Statement::from_message(message).expect("a good statement");
        assert_eq!(hex(made.bytes()), text(&case, "bytes"));
        assert_eq!(made.leaf_hash().to_string(), text(&case, "leaf_hash"));
        let read = Statement::<TestStatement>::parse(bytes(&case, "bytes").into()).expect("a good statement");
        assert_eq!(read.message(), made.message());
        let commitment = fields["private"]["commitment"].as_str().map(str::to_owned);
        assert_eq!(read.commitment().map(|commitment| commitment.to_string()), commitment);
    }
}

#[test]
fn statement_cases() {
    for case in section("statement_cases") {
        assert_eq!(statement_code(&Statement::parse(bytes(&case, "bytes").into())), expect(&case), "{case}");
    }
}

/// The statement and the attestations of the first entry case, which is good.
fn good_parts() -> (Statement<TestStatement>, Vec<Attestation>, Timestamp) {
    let entry = Entry::parse(bytes(&section("entry_cases")[0], "bytes").into()).expect("a good entry");
    (entry.statement().clone(), entry.attestations().to_vec(), entry.logged_at())
}

/// The first entry case with `zeros` opaque bytes of zero, at any length.
fn padded_entry(zeros: usize) -> Vec<u8> {
    let (statement, attestations, logged_at) = good_parts();
    let mut message = statement.message().clone();
    message.body = Some(TestBody::Public(TestPublic { opaque: vec![0; zeros].into() }));
    let mut entry = Vec::new();
    prost::encoding::bytes::encode(1, &message.encode_to_vec(), &mut entry);
    for attestation in &attestations {
        prost::encoding::bytes::encode(2, &attestation.encode(), &mut entry);
    }
    prost::encoding::int64::encode(3, &logged_at.seconds(), &mut entry);
    entry
}

#[test]
fn entry_cases() {
    for case in section("entry_cases") {
        let entry = if case["bytes"].is_null() {
            let size = usize::try_from(integer(&case, "size")).expect("a size");
            let entry = padded_entry(60_000 + size - padded_entry(60_000).len());
            assert_eq!(entry.len(), size);
            assert_eq!(sha256(&[&entry]).to_string(), text(&case, "sha256"), "the recipe was followed");
            entry
        } else {
            bytes(&case, "bytes")
        };
        assert_eq!(entry_code(&Entry::parse(entry.into())), expect(&case), "{}", case["case"]);
    }
}

#[test]
fn a_draft_gives_the_bytes_of_the_vectors() {
    for case in section("entry_cases").iter().filter(|case| expect(case) == "OK" && case["bytes"].is_string()) {
        let read: Entry<TestStatement> = Entry::parse(bytes(case, "bytes").into()).expect("a good entry");
        let draft = Draft::new(read.statement().clone(), read.attestations().to_vec()).expect("good parts");
        let logged = draft.log(read.logged_at()).expect("short");
        assert_eq!(logged.bytes(), read.bytes(), "{case}");
        assert_eq!(logged.leaf_hash(), leaf_hash(read.bytes()));
    }
}

/// An attestation of any content, encoded from the vectors' JSON with `changes` laid over it.
fn attestation_bytes(fields: &Value, changes: &Value) -> Vec<u8> {
    let member = |name: &str| if changes[name].is_null() { fields } else { changes };
    let uint32 = |name: &str| number(member(name), name);
    let mut encoded = Vec::new();
    prost::encoding::int32::encode(1, &i32::try_from(uint32("algorithm")).expect("small"), &mut encoded);
    prost::encoding::bytes::encode(2, &bytes(member("key_id"), "key_id"), &mut encoded);
    for (field, name) in [(3, "batch_size"), (4, "batch_index")] {
        if uint32(name) != 0 {
            prost::encoding::uint32::encode(field, &uint32(name), &mut encoded);
        }
    }
    for node in list(member("path"), "path") {
        prost::encoding::bytes::encode(5, &unhex(node.as_str().expect("hex")), &mut encoded);
    }
    prost::encoding::bytes::encode(6, &bytes(member("signature"), "signature"), &mut encoded);
    encoded
}

fn verify(encoded: Vec<u8>, statement: Hash, key: &PublicKey) -> &'static str {
    attestation_code(Attestation::parse(&encoded.into()).and_then(|attestation| attestation.verify(statement, key)))
}

/// The leaf hashes of the statements of a batch: the first statement with its index, four times, as nonce.
fn batch_leaves(size: u32) -> Vec<Hash> {
    let first: Statement<TestStatement> =
        Statement::parse(bytes(&section("statements")[0], "bytes").into()).expect("a good statement");
    let leaf = |index: u32| {
        let nonce = index.to_be_bytes().repeat(4).into();
        let message = TestStatement { nonce, ..first.message().clone() };
        Statement::from_message(message).expect("a good statement").leaf_hash()
    };
    (0..size).map(leaf).collect()
}

#[test]
fn batches() {
    let secret = issuer_key();
    for case in section("batches") {
        let size = number(&case, "size");
        let leaves = batch_leaves(size);
        let tree = BatchTree::new(leaves.clone()).expect("a good size");
        assert_eq!(tree.root().to_string(), text(&case, "root"), "size {size}");
        let message = signed_message(size, &tree.root());
        assert_eq!(hex(message), text(&case, "signed_message"));
        assert_eq!(hex(secret.sign(&message).as_bytes()), text(&case, "signature"));
        let attestations = sign_batch(&secret, leaves.clone()).expect("a good size");
        let position = |index: u32| usize::try_from(index).expect("small");
        let fields = |index: u32, path: &Value| {
            serde_json::json!({ "algorithm": 1, "key_id": secret.public().id().to_string(), "batch_size": size,
                "batch_index": index, "path": path, "signature": case["signature"] })
        };
        for path in list(&case, "paths") {
            let index = number(path, "index");
            let encoded = attestation_bytes(&fields(index, &path["path"]), &Value::Null);
            assert_eq!(hex(attestations[position(index)].encode()), hex(&encoded), "attestation {index} of {size}");
            assert_eq!(verify(encoded, leaves[position(index)], secret.public()), "OK");
        }
        for bad in list(&case, "bad") {
            let index = number(bad, "attestation_index");
            let path = tree.path(index).expect("below the size");
            let path = path.iter().map(ToString::to_string).collect::<Vec<_>>().into();
            let encoded = attestation_bytes(&fields(index, &path), &bad["changes"]);
            let code = verify(encoded, leaves[position(index)], secret.public());
            assert_eq!(code, expect(bad), "size {size}: {}", bad["case"]);
        }
    }
}

#[test]
fn attestation_cases() {
    for case in section("attestation_cases") {
        let encoded = bytes(&case, "bytes");
        assert_eq!(hex(attestation_bytes(&case["attestation"], &Value::Null)), hex(&encoded));
        let key = PublicKey::parse(&bytes(&case, "public_key")).expect("a good key");
        let code = verify(encoded, leaf_hash(&bytes(&case, "statement")), &key);
        assert_eq!(code, expect(&case), "{}", case["case"]);
    }
}

#[test]
fn a_known_key_with_another_algorithm_fails() {
    let good = &section("attestation_cases")[0];
    let key = PublicKey::parse(&bytes(good, "public_key")).expect("a good key");
    let statement = leaf_hash(&bytes(good, "statement"));
    for algorithm in [2, 3, 255, 256 + 1] {
        let encoded = attestation_bytes(&good["attestation"], &serde_json::json!({ "algorithm": algorithm }));
        assert_eq!(verify(encoded, statement, &key), "ATTESTATION");
    }
}

#[test]
fn times() {
    for case in section("time_cases") {
        let at = |member| Timestamp::new(integer(&case, member)).expect("within range");
        let result = check_window(at("issued_at"), at("logged_at"), integer(&case, "max_age"));
        assert_eq!(if result.is_ok() { "OK" } else { "TIME" }, expect(&case), "{case}");
        assert_eq!(integer(&case, "max_age"), DEFAULT_MAX_AGE_SECONDS);
    }
}

#[test]
fn commitments() {
    let mut first_key = None;
    for case in section("commitments") {
        let (seed, nonce) = (Seed::new(array(&case, "seed")), Nonce(array(&case, "nonce")));
        let fields = list(&case, "fields");
        for field in fields {
            let salt = salt(&seed, &nonce, tag(field));
            assert_eq!(salt.to_string(), text(field, "salt"));
            assert_eq!(field_commitment(&salt, tag(field), &bytes(field, "value")).to_string(), text(field, "c"));
        }
        let field = |field| Field { tag: tag(field), value: bytes(field, "value").into() };
        let payload = Payload::new(seed.clone(), fields.iter().map(field).collect()).expect("ascending");
        assert_eq!(payload.commitment(&nonce).to_string(), text(&case, "commitment"));
        if let Some(value) = payload.value(Tag::NULLIFIER_KEY) {
            let first = first_key.get_or_insert_with(|| NullifierKey::derive(&seed, &nonce));
            assert_eq!(value, first.as_bytes(), "the record's own key, or that of the one it supersedes");
        }
        for shown in [payload.disclose_all(&nonce), payload.disclose(&nonce, &[]).expect("nothing to show")] {
            assert_eq!(
                shown.commitment().map(|commitment| commitment.to_string()),
                Ok(text(&case, "commitment").into())
            );
        }
    }
}

fn scope_kind(case: &Value) -> Option<ScopeKind> {
    ScopeKind::from_number(i32::try_from(integer(case, "kind")).expect("small"))
}

#[test]
fn nullifiers() {
    for case in section("nullifiers") {
        let key = NullifierKey::derive(&Seed::new(array(&case, "seed")), &Nonce(array(&case, "nonce")));
        assert_eq!(hex(key.as_bytes()), text(&case, "nk"));
        let kind = scope_kind(&case).expect("a known kind");
        let scope = Scope::new(kind, text(&case, "ledger_text"), text(&case, "id_text")).expect("a good scope");
        assert_eq!(hex(scope.encode()), text(&case, "scope"));
        assert_eq!(key.nullifier(&scope).to_string(), text(&case, "nullifier"));
    }
}

#[test]
fn scopes() {
    for case in section("scope_cases") {
        let id = match text(&case, "id_text") {
            "x, 65,536 times" => "x".repeat(65_536),
            id => id.to_owned(),
        };
        let scope = scope_kind(&case).and_then(|kind| Scope::new(kind, text(&case, "ledger_text"), &id).ok());
        assert_eq!(if scope.is_some() { "OK" } else { "SCOPE" }, expect(&case), "{case}");
    }
}

#[test]
fn disclosures() {
    for case in section("disclosures") {
        let disclosed = |field: &Value| Disclosed {
            tag: number(field, "tag"),
            salt: hash(field, "salt"),
            value: bytes(field, "value"),
        };
        let hidden = |field: &Value| Hidden { tag: number(field, "tag"), commitment: hash(field, "c") };
        let disclosure = Disclosure {
            disclosed: list(&case, "disclosed").iter().map(disclosed).collect(),
            hidden: list(&case, "hidden").iter().map(hidden).collect(),
        };
        let good = disclosure.commitment() == Ok(hash(&case, "commitment"));
        assert_eq!(if good { "OK" } else { "COMMITMENT" }, expect(&case), "{}", case["case"]);
    }
}

#[test]
fn chain_heads() {
    let case = &vectors()["chain"];
    let heads = list(case, "heads");
    let leaves = list(case, "leaf_hashes");
    assert_eq!(heads.len(), leaves.len() + 1);
    let mut head = chain::start(&Origin::parse(text(case, "origin_text")).expect("a good origin"));
    assert_eq!(head.to_string(), heads[0]);
    for (leaf, expected) in leaves.iter().zip(&heads[1..]) {
        let leaf = Hash::from_slice(&unhex(leaf.as_str().expect("hex"))).expect("32 bytes");
        head = chain::next(&head, &leaf);
        assert_eq!(head.to_string(), *expected);
    }
}
