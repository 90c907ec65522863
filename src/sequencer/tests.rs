//! What strangers and careless callers may not do to everybody else.

use std::time::Duration;

use tempfile::TempDir;
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Course, OutcomeKind, Policy};
use xuefen_ledger::testing::{START, World, authorise, course, policy, sign, sign_all};
use xuefen_ledger::{Message, Signatures};

use super::lane::LaneIn;
use super::*;
use crate::vault::AccountId;

/// The account that a world opens.
const LEARNER: AccountId = AccountId([7; 16]);
const OTHER: AccountId = AccountId([8; 16]);

pub(super) fn ledger(world: &World) -> (TempDir, Arc<Ledger>) {
    let dir = tempfile::tempdir().unwrap();
    create(&Home::new(dir.path()), &world.context.origin).unwrap();
    let ledger = open(&dir, world).unwrap();
    (dir, ledger)
}

pub(super) fn open(dir: &TempDir, world: &World) -> Result<Arc<Ledger>, SequencerError> {
    let options = OpenOptions {
        origin: world.context.origin.clone(),
        log_key: SecretKey::from_seed(&[90; 32]),
        genesis_keys: world.context.genesis_keys.clone(),
        clock: Arc::new(|| START),
        progress: Box::new(|_, _| {}),
    };
    Ledger::open(&Home::new(dir.path()), options).map(Arc::new)
}

pub(super) fn postings(world: &World) -> Vec<RawPosting> {
    let posting = |(entry, payload): &(xuefen_core::entry::Entry<xuefen_ledger::Message>, Option<_>)| RawPosting {
        statement: entry.statement().bytes().clone(),
        attestations: entry.attestations().iter().map(|it| it.encode().into()).collect(),
        payload: payload.clone(),
    };
    world.entries.iter().map(posting).collect()
}

pub(super) fn accepted(answer: &Answer) -> usize {
    answer.verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Receipt(_))).count()
}

fn rubbish() -> Vec<RawPosting> {
    vec![RawPosting { statement: vec![0xff; 8].into(), attestations: Vec::new(), payload: None }]
}

/// Pushes until the lane takes no more.
async fn stuff(lane: &LaneIn) -> usize {
    let mut pushed = 0;
    while tokio::time::timeout(Duration::from_millis(100), lane.push(rubbish())).await.is_ok() {
        pushed += 1;
        assert!(pushed < 1_000, "the lane has no bound");
    }
    pushed
}

#[tokio::test]
async fn who_reads_no_answers_holds_up_nobody_else() {
    let (_dir, ledger) = ledger(&World::empty());
    let lanes: Vec<_> = (0..8).map(|_| ledger.lane()).collect();
    for (lane, _) in &lanes {
        assert!(stuff(lane).await > 0);
    }
    assert_eq!(ledger.queue.available_permits(), QUEUE, "answers that nobody takes hold no place in the queue");
    ledger.post(rubbish()).await.unwrap();
    let (good, mut answers) = ledger.lane();
    good.push(rubbish()).await.unwrap();
    assert_eq!(answers.next().await.unwrap().unwrap().verdicts.len(), 1);
    // Whoever begins to read goes on.
    let (lane, mut answers) = lanes.into_iter().next().unwrap();
    answers.next().await.unwrap().unwrap();
    lane.push(rubbish()).await.unwrap();
    drop(answers);
    // And whoever went away is told, not left waiting.
    while lane.push(rubbish()).await.is_ok() {}
}

#[tokio::test]
async fn keys_registered_in_the_same_chunk_seal_payloads_too() {
    let world = World::furnished();
    let (_dir, ledger) = ledger(&world);
    let postings = postings(&world);
    let count = postings.len();
    let answer = ledger.post(postings).await.unwrap();
    assert_eq!(accepted(&answer), count, "{:?}", answer.verdicts);
    assert!(ledger.vault.slot_of(LEARNER).is_some());
    let entry = ledger.opening_entry(&answer.view, ledger.account_key(&LEARNER.0)).unwrap().unwrap();
    let logged = ledger.entry(&answer.view, entry).unwrap();
    assert!(ledger.payload(&logged).unwrap().is_some());
}

#[tokio::test]
async fn strangers_make_no_keys_for_learners() {
    let mut world = World::furnished();
    let (_dir, ledger) = ledger(&world);
    let furnished = postings(&world);
    ledger.post(furnished).await.unwrap();
    let before = ledger.vault.slot_of(LEARNER).unwrap();
    let school = world.school.id.clone();
    let (body, payload) = world.account([66; 16], "110101199003070001");
    let unknown_key = world.private(&school, body.clone(), &payload, &[77]);
    assert_eq!(world.prepare(unknown_key.clone()).signatures(), Signatures::UnknownKey);
    let mut forged = world.private(&school, body, &payload, &[4]);
    let mut attestation = forged.attestations[0].to_vec();
    *attestation.last_mut().unwrap() ^= 1;
    forged.attestations[0] = attestation.into();
    assert_eq!(world.prepare(forged.clone()).signatures(), Signatures::Bad);
    for posting in [unknown_key, forged] {
        assert_eq!(accepted(&ledger.post(vec![posting.clone()]).await.unwrap()), 0);
        assert!(ledger.check(posting).await.unwrap().is_err());
    }
    world.open(&school, 4, OTHER.0, "110101199003070001");
    let good = postings(&world).pop().unwrap();
    assert_eq!(accepted(&ledger.post(vec![good]).await.unwrap()), 1);
    let after = ledger.vault.slot_of(OTHER).unwrap();
    assert_eq!(after.0, before.0 + 1, "what was refused took places in the key ring");
}

/// The pool prepares both before the first is in the state.
#[tokio::test]
async fn a_key_of_a_moment_ago_signs_what_rests_on_evidence() {
    let mut world = World::furnished();
    let (_dir, ledger) = ledger(&world);
    let body = world.body.id.clone();
    let skill = |world: &mut World, level: &str, cites: &str, seed: u8| {
        let (outcome, mut values) = world.certificate_outcome(OutcomeKind::SkillLevelCertificate, "skill");
        values.extend([
            (tags::SOURCE_ID, level.into()),
            (tags::LEVEL, level.into()),
            (tags::ROUTE, b"standard".to_vec()),
            (tags::CITES, cites.into()),
        ]);
        let posting = world.outcome(&body, outcome, &values, seed);
        world.accept(posting)
    };
    let fourth = skill(&mut world, "4", "", 6).to_string();
    let before = postings(&world);
    ledger.post(before.clone()).await.unwrap();
    let ministry = world.ministry.id.clone();
    let new = SecretKey::from_seed(&[77; 32]);
    world.post(&ministry, authorise(&world.body.id.clone(), &new), &[1, 77]);
    skill(&mut world, "5", &fourth, 77);
    let both = postings(&world).split_off(before.len());
    assert_eq!(both.len(), 2);
    let answer = ledger.post(both).await.unwrap();
    assert_eq!(accepted(&answer), 2, "{:?}", answer.verdicts);
}

#[tokio::test]
async fn asking_whether_takes_a_place_in_the_queue() {
    let (_dir, ledger) = ledger(&World::empty());
    let all = Arc::clone(&ledger.queue).acquire_many_owned(u32::try_from(QUEUE).unwrap()).await.unwrap();
    let posting = || rubbish().remove(0);
    assert!(matches!(ledger.check(posting()).await, Err(PostError::Busy)));
    drop(all);
    assert!(ledger.check(posting()).await.unwrap().is_err());
}

/// What is said of each posting; nothing of those that are in the log now.
fn refusals(answer: &Answer) -> Vec<&str> {
    let detail = |verdict| match verdict {
        &Verdict::Receipt(_) => "",
        Verdict::Refused(refusal) => &*refusal.detail,
    };
    answer.verdicts.iter().map(detail).collect()
}

#[tokio::test]
async fn a_policy_binds_the_next_posting_of_its_chunk() {
    let mut world = World::furnished();
    let (dir, ledger) = ledger(&world);
    ledger.post(postings(&world)).await.unwrap();
    let (ministry, school, now) = (world.ministry.id.clone(), world.school.id.clone(), world.now);
    let mut version = |version, achieved_age_days| {
        let body = Policy { achieved_age_days, ..policy(version, now) };
        world.public(&ministry, Body::Policy(body), &[1])
    };
    let versions = [version(1, 0), version(2, 10), version(3, 20)];
    let mut outcome = |number: u8, achieved_on: &str| {
        let (body, mut values) = world.course_outcome();
        values.push((tags::SOURCE_ID, format!("of the chunk {number}").into()));
        values.push((tags::ATTEMPT, number.to_string().into()));
        values.push((tags::ACHIEVED_ON, achieved_on.into()));
        world.outcome(&school, body, &values, 4)
    };
    // One chunk is one frame: nothing of it is published while it is judged.
    let chunk =
        versions.into_iter().zip(11..).flat_map(|(policy, number)| [policy, outcome(number, "2026-08-20")]).collect();
    let after = [(14, "2026-08-13"), (15, "2026-08-12"), (16, "2026-08-11")].map(|(number, day)| outcome(number, day));
    assert_eq!(refusals(&ledger.post(chunk).await.unwrap()), ["", "", "", "12 days ago, at most 10", "", ""]);
    drop(ledger);
    let ledger = open(&dir, &world).unwrap();
    let answer = ledger.post(after.to_vec()).await.unwrap();
    assert_eq!(refusals(&answer), ["", "", "21 days ago, at most 20"], "after a restart");
}

/// Receipts of one chunk: index, and whether it was in the log already; `None` for a refusal.
fn receipts(answer: &Answer) -> Vec<Option<(u64, bool)>> {
    let receipt = |verdict: &Verdict| match verdict {
        Verdict::Receipt(receipt) => Some((receipt.index, receipt.replayed)),
        Verdict::Refused(refusal) => {
            assert_eq!(refusal.rejection, xuefen_ledger::Rejection::NonceReused);
            None
        }
    };
    answer.verdicts.iter().map(receipt).collect()
}

#[tokio::test]
async fn a_statement_is_one_entry_however_signed_whether_on_its_way_or_logged() {
    let mut world = World::furnished();
    let (_dir, ledger) = ledger(&world);
    ledger.post(postings(&world)).await.unwrap();
    let (school, key, next) = (world.school.id.clone(), SecretKey::from_seed(&[4; 32]), world.entries.len() as u64);
    let version = |version| Body::Course(Course { version, ..course(world.named["rule"]) });
    let (second, third) = (version(2), version(3));
    let statement = world.statement(&school, second);
    let single = sign(&statement, &[&key], None);
    let another = world.statement(&school, third);
    let batched = sign_all(vec![(statement.clone(), None), (another.clone(), None)], &key).remove(0);
    assert_ne!(single.attestations, batched.attestations);
    let reused = sign(&Message { nonce: statement.nonce.clone(), ..another }, &[&key], None);
    // In one chunk the first is still on its way when the others are judged; afterwards the journal has it.
    let chunk = [&single, &single, &batched, &reused].map(RawPosting::clone).to_vec();
    let answer = ledger.post(chunk.clone()).await.unwrap();
    assert_eq!(receipts(&answer), [Some((next, false)), Some((next, true)), Some((next, true)), None]);
    let answer = ledger.post(chunk).await.unwrap();
    assert_eq!(receipts(&answer), [Some((next, true)), Some((next, true)), Some((next, true)), None]);
    let hashes: Vec<_> = answer
        .verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Receipt(receipt) => Some(receipt.leaf_hash),
            Verdict::Refused(_) => None,
        })
        .collect();
    assert!(hashes.iter().all(|hash| *hash == answer.view.index.leaf_hash(next).unwrap()));
    assert!(ledger.check(batched).await.unwrap().is_ok());
    assert!(ledger.check(reused).await.unwrap().is_err());
}
