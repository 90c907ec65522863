//! Verifies one presentation without a network, and sets it against the Ed25519 verifications that it cannot do without:
//! `cargo bench --bench presentation [-- rounds]`. One core.
//!
//! The presentation is as an employer gets it: a course result from a batch of 4,096, its school's authority up to genesis,
//! inclusion in a log of 2^20 entries, a checkpoint with three witnesses, a status note. Nobody's data.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use xuefen_core::authority::Chain;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::batch::sign_batch;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::commitment::Tag;
use xuefen_core::disclosure::Disclosure;
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::light::Statement;
use xuefen_core::kinds::tags;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::policy::Policy;
use xuefen_core::presentation::{Item, Presentation};
use xuefen_core::status::{Status, StatusWord};
use xuefen_core::tree::{Frontier, LeafIndex, Node, inclusion_proof};
use xuefen_core::verify::{Trust, Verdict, verify};
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use xuefen_core::{Hash, cosignature, note};
use xuefen_ledger::query;
use xuefen_ledger::testing::{ORIGIN, World};

/// Entries in the log.
const LEAVES: u64 = 1 << 20;
/// Statements under the school's signature.
const BATCH: u32 = 4_096;
const WITNESSES: u8 = 3;

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn name(text: &str) -> KeyName {
    KeyName::parse(text).expect("a name")
}

fn vkey(text: &str, key_type: KeyType, key: &SecretKey) -> VerifierKey {
    VerifierKey::new(name(text), key_type, key.public().clone())
}

/// What a verifier has: the file, and whom it trusts.
struct Case {
    file: String,
    policy: Policy,
    authority: AuthorityFile,
    now: u64,
    /// Signatures to verify: of every item, of log and witnesses, of the status note. All of the items' count, also that by
    /// which the school's new key proves that somebody has it.
    signatures: usize,
}

fn main() {
    let rounds = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(2_000);
    let case = case();
    let (school, message) = (secret(4), [7; 58]);
    let signature = school.sign(&message);
    let (mut whole, mut bare) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    // In turns, so that what else the machine does falls on both alike.
    for _ in 0..rounds {
        let from = Instant::now();
        check(black_box(&case));
        whole.push(from.elapsed());
        let from = Instant::now();
        for _ in 0..case.signatures {
            assert!(school.public().verify(black_box(&message), &signature), "a good signature");
        }
        bare.push(from.elapsed());
    }
    let (whole, bare) = (median(&mut whole), median(&mut bare));
    println!("{:<44} {} bytes", "the file", case.file.len());
    println!("{:<44} {}", "signatures to verify", case.signatures);
    println!("{:<44} {:.1} µs", "one presentation p50", whole.as_secs_f64() * 1e6);
    println!("{:<44} {:.1} µs", "its signatures alone p50", bare.as_secs_f64() * 1e6);
    println!("{:<44} {:.2} x", "ratio", whole.as_secs_f64() / bare.as_secs_f64());
}

fn check(case: &Case) {
    let trust = Trust { policy: &case.policy, now: case.now, status_max_age: 3_600, holder: None };
    let report = verify::<Statement, _>(case.file.as_bytes(), &trust, &mut Chain::new(&case.authority));
    assert_eq!(report.verdict(), Verdict::Pass, "{:?}", report.steps().collect::<Vec<_>>());
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn case() -> Case {
    let mut world = World::furnished();
    let subject = course_result(&mut world);
    let now = world.now.unsigned_abs();
    let mut tree = Frontier::default();
    let mut nodes: BTreeMap<Node, Hash> = BTreeMap::new();
    let hashes = world.entries.iter().map(|(entry, _)| entry.leaf_hash());
    let others = (0..LEAVES).map(|number| leaf_hash(&number.to_be_bytes()));
    for hash in hashes.chain(others).take(usize::try_from(LEAVES).expect("2^20")) {
        tree.append_with(hash, |node, hash| {
            nodes.insert(node, hash);
        });
    }
    let item = |index: u64| {
        let (entry, payload) = &world.entries[usize::try_from(index).expect("few entries")];
        let source = |node| nodes.get(&node).copied().ok_or(node);
        let shown = [tags::ACHIEVED_ON, tags::GRADE, tags::ISSUER_NAME].map(|tag| Tag::new(tag.number).expect("not 0"));
        let shown = if index == subject { &shown[..] } else { &[] };
        let nonce = entry.statement().nonce();
        let disclose = |payload: &xuefen_core::payload::Payload| payload.disclose(&nonce, shown).expect("its own tags");
        Item {
            entry: entry.bytes().clone(),
            index: LeafIndex(index),
            path: inclusion_proof(&source, LeafIndex(index), tree.size()).expect("the nodes are there"),
            disclosure: payload.as_ref().map_or_else(Disclosure::default, disclose),
            tag_too_large: None,
        }
    };
    let chain = query::authority_chain(&world.state, subject, &[]).expect("memory is readable");
    let origin = world.context.origin.clone();
    let (size, root) = (tree.size(), tree.root());
    let text = Checkpoint { origin, size, root }.text();
    let mut lines = vec![note::sign(&text, &name(ORIGIN), &secret(100))];
    let witness = |number: u8| format!("w{number}.example");
    lines.extend(
        (0..WITNESSES).map(|number| cosignature::sign(&text, &name(&witness(number)), &secret(110 + number), now)),
    );
    let leaf_hash = world.entries[usize::try_from(subject).expect("few entries")].0.leaf_hash();
    let (origin, index, valid) = (ORIGIN.to_owned(), LeafIndex(subject), StatusWord::Valid);
    let status = Status { origin, size, root, index, leaf_hash, word: valid, time: now }.text();
    let signed = note::sign(&status, &name(&format!("{ORIGIN}/status")), &secret(101));
    let presentation = Presentation {
        subject: item(subject),
        authority: chain.iter().map(|index| item(*index)).collect(),
        checkpoint: note::assemble(&text, lines.iter().map(String::as_str)),
        status: Some(note::assemble(&status, [signed.as_str()])),
        holder: None,
    };
    let mut policy = format!("log {} https://log.example/\n", vkey(ORIGIN, KeyType::Note, &secret(100)));
    policy.extend((0..WITNESSES).map(|number| {
        let key = vkey(&witness(number), KeyType::Cosignature, &secret(110 + number));
        format!("witness w{number} {key} https://w{number}.example/\n")
    }));
    policy += "group two 2 w0 w1 w2\nquorum two\n";
    let of = |index: &u64| world.entries[usize::try_from(*index).expect("few entries")].0.attestations().len();
    let attestations = chain.iter().chain([&subject]).map(of).sum::<usize>();
    let authority = vkey(&world.ministry.id, KeyType::Note, &world.ministry.key).to_string();
    Case {
        file: presentation.to_json(),
        policy: Policy::parse(&policy).expect("a policy"),
        authority: AuthorityFile::parse(&authority).expect("a vkey"),
        now,
        signatures: attestations + 1 + usize::from(WITNESSES) + 1,
    }
}

/// Logs a result that the school signed with 4,095 others; its index.
fn course_result(world: &mut World) -> u64 {
    let school = world.school.id.clone();
    let (body, values) = world.course_outcome();
    let mut posting = world.outcome(&school, body, &values, 4);
    let others = (1..BATCH).map(|number| leaf_hash(&number.to_be_bytes()));
    let leaves = std::iter::once(leaf_hash(&posting.statement)).chain(others).collect();
    let signed = sign_batch(&world.school.key, leaves).expect("a good size");
    posting.attestations = vec![signed[0].encode().into()];
    world.accept(posting)
}
