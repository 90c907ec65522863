//! Audits of small ledgers: good ones, and some that were tampered with.

use super::*;
use crate::cli::init::{Init, make};
use crate::cli::messages::Lang;
use crate::cli::secret_key_file::{SecretKind, read, read_key};
use crate::journal::{Appended, FrameBuilder, Published, TreeHead};
use crate::sequencer::Verdict;
use xuefen_core::attestation::Attestation;
use xuefen_core::entry::Draft;
use xuefen_core::key::SecretKey;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::proto::Course;
use xuefen_core::proto::statement::Body;
use xuefen_core::statement::Statement;
use xuefen_core::time::Timestamp;
use xuefen_core::tree::{Frontier, TreeSize};
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use xuefen_core::{chain, note};
use xuefen_ledger::testing::{ORIGIN, World, course};
use xuefen_ledger::{RawPosting, Rejection};

/// A ledger in `dir` with everything of a world that is furnished and has an outcome.
fn ledger(dir: &Path) -> World {
    let mut world = World::furnished();
    let (body, values) = world.course_outcome();
    let school = world.school.id.clone();
    let posting = world.outcome(&school, body, &values, 4);
    world.accept(posting);
    let name = KeyName::parse(&world.ministry.id).unwrap();
    let authority = VerifierKey::new(name, KeyType::Note, world.ministry.key.public().clone());
    let url = "https://localhost:8443".to_owned();
    make(&Init { dir: dir.to_owned(), origin: ORIGIN.to_owned(), authority: vec![authority.to_string()], url })
        .unwrap();
    let postings = world.entries.iter().map(|(entry, payload)| RawPosting {
        statement: entry.statement().bytes().clone(),
        attestations: entry.attestations().iter().map(|it| it.encode().into()).collect(),
        payload: payload.clone(),
    });
    let postings: Vec<_> = postings.collect();
    let count = postings.len();
    let home = Home::new(dir);
    let secrets = start::Secrets {
        log: read_key(&home.log_key()).unwrap(),
        status: read_key(&home.status_key()).unwrap(),
        access: read(&home.access_key(), SecretKind::SigningKey).unwrap(),
    };
    let now = world.now;
    let api = start::open(&home, secrets, Arc::new(move || now), Box::new(|_, _| {})).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let verdicts = runtime.block_on(api.ledger.post(postings)).unwrap().verdicts;
    assert_eq!(verdicts.len(), count);
    assert!(verdicts.iter().all(|it| matches!(it, Verdict::Receipt(_))), "{verdicts:?}");
    world
}

fn audited(dir: &Path) -> (Exit, serde_json::Value) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut output = Output::new(true, Lang::En, &mut out, &mut err);
    let exit = of_directory(dir, &mut output).unwrap();
    (exit, serde_json::from_slice(&out).unwrap())
}

fn codes(report: &serde_json::Value) -> Vec<&str> {
    report["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap()).collect()
}

#[test]
fn a_good_ledger_passes_and_its_index_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let world = ledger(dir.path());
    let (exit, report) = audited(dir.path());
    assert_eq!((exit, codes(&report)), (Exit::Pass, vec![]), "{report:#}");
    assert_eq!(report["entries"], world.entries.len());
    assert_eq!(report["signed_size"], report["entries"]);
    let compared = report["derived"].as_u64().unwrap() + report["index_size"].as_u64().unwrap_or(0);
    assert_eq!(compared, world.entries.len() as u64);
}

/// Logs an entry behind the ledger's back, whoever would refuse it, and signs the tree with it.
fn plant(dir: &Path, world: &World, posting: &RawPosting) {
    let home = Home::new(dir);
    let mut journal = FileJournal::open(&home.journal(), ORIGIN, Mark::Head, Options::default()).unwrap();
    let tip = journal.acquire().unwrap();
    let (mut tree, mut head) = (Frontier::new(), chain::start(&world.context.origin));
    for frame in Frames::new(journal.reader(), Start::Beginning).unwrap() {
        for (_, record) in frame.unwrap().records() {
            let Record::Entry { entry, .. } = record else { continue };
            tree.append(leaf_hash(entry));
            head = chain::next(&head, &leaf_hash(entry));
        }
    }
    let statement = Statement::parse(posting.statement.clone()).unwrap();
    let attestations = posting.attestations.iter().map(|it| Attestation::parse(it).unwrap()).collect();
    let draft: Draft<proto::Statement> = Draft::new(statement, attestations).unwrap();
    let mut bytes = Vec::new();
    let leaf = draft.write(Timestamp::new(world.now).unwrap(), &mut bytes).unwrap();
    tree.append(leaf);
    let head = chain::next(&head, &leaf);
    let mut frame = FrameBuilder::new(tip.frame.next(), tip.tree.size, tip.frame_hash);
    frame.push_entry(&bytes, None).unwrap();
    let now = TreeHead { size: tree.size().0, root: tree.root() };
    let frame = frame.finish(head, now);
    assert!(matches!(journal.append(&frame, tip.expected()).unwrap(), Appended::Done(_)));
    let text = Checkpoint { origin: world.context.origin.clone(), size: TreeSize(now.size), root: now.root }.text();
    let line = note::sign(&text, &KeyName::parse(ORIGIN).unwrap(), &read_key(&home.log_key()).unwrap());
    let checkpoint = note::assemble(&text, [line.as_str()]).into_bytes();
    let head = Head { frame: frame.number(), frame_hash: frame.hash(), tree_size: now.size, checkpoint };
    assert!(matches!(journal.publish(&head).unwrap(), Published::Done));
}

#[test]
fn an_entry_that_was_never_judged_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = ledger(dir.path());
    let school = world.school.id.clone();
    let third = Course { version: 3, ..course(world.named["rule"]) };
    let posting = world.public(&school, Body::Course(third), &[4]);
    plant(dir.path(), &world, &posting);
    let (exit, report) = audited(dir.path());
    assert_eq!((exit, codes(&report)), (Exit::Fail, vec![Rejection::VersionNotNext.code()]), "{report:#}");
    assert_eq!(report["items"][0]["index"], world.entries.len());
    assert_eq!(report["signed_size"], world.entries.len() + 1, "the forged tree is signed, and yet found out");
}

/// What somebody finds who has nothing but the public log.
fn audited_from_outside(dir: &Path) -> (Exit, serde_json::Value) {
    let (home, out) = (Home::new(dir), tempfile::tempdir().unwrap());
    let store = crate::mirror::Store::open(out.path()).unwrap();
    crate::sequencer::export(&home.journal(), None, &store, &|_, _| {}).unwrap();
    let args = Audit {
        source: Some(out.path().to_str().unwrap().to_owned()),
        authority: home.authority(),
        trust: LogTrust { policy: home.policy(), vkey: None, ca: None },
        sample: None,
        secret: None,
        sample_size: None,
        dir: None,
    };
    let (mut text, mut err) = (Vec::new(), Vec::new());
    let exit = run(&args, &mut Output::new(true, Lang::En, &mut text, &mut err)).unwrap();
    (exit, serde_json::from_slice(&text).unwrap())
}

#[test]
fn an_entry_that_was_never_judged_is_found_from_outside_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = ledger(dir.path());
    let (exit, report) = audited_from_outside(dir.path());
    assert_eq!((exit, codes(&report), &report["withheld"]), (Exit::Pass, vec![], &2.into()), "{report:#}");
    let school = world.school.id.clone();
    let third = Course { version: 3, ..course(world.named["rule"]) };
    let posting = world.public(&school, Body::Course(third), &[4]);
    plant(dir.path(), &world, &posting);
    let (exit, report) = audited_from_outside(dir.path());
    assert_eq!((exit, codes(&report)), (Exit::Fail, vec![Rejection::VersionNotNext.code()]), "{report:#}");
    assert_eq!(report["items"][0]["index"], world.entries.len());
}

#[test]
fn another_log_key_and_another_authority_are_found() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    ledger(dir.path());
    ledger(other.path());
    std::fs::copy(Home::new(other.path()).policy(), Home::new(dir.path()).policy()).unwrap();
    let (exit, report) = audited(dir.path());
    assert_eq!((exit, codes(&report)), (Exit::Fail, vec!["CHECKPOINT_NOT_SIGNED"]), "{report:#}");

    let stranger = VerifierKey::new(
        KeyName::parse("x-stranger").unwrap(),
        KeyType::Note,
        SecretKey::from_seed(&[200; 32]).public().clone(),
    );
    std::fs::write(Home::new(other.path()).authority(), format!("{stranger}\n")).unwrap();
    let (exit, report) = audited(other.path());
    assert_eq!((exit, codes(&report)[0]), (Exit::Fail, Rejection::GenesisUntrusted.code()), "{report:#}");
}

#[test]
fn payloads_that_cannot_be_opened_are_not_called_good() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    ledger(dir.path());
    ledger(other.path());
    // The key ring of another ledger.
    std::fs::remove_dir_all(Home::new(dir.path()).vault()).unwrap();
    std::fs::rename(Home::new(other.path()).vault(), Home::new(dir.path()).vault()).unwrap();
    let (exit, report) = audited(dir.path());
    assert_eq!(exit, Exit::CouldNotCheck, "{report:#}");
    assert_eq!(report["unopened"], 2);
}

#[test]
fn a_ledger_in_use_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    ledger(dir.path());
    let _lock = crate::journal::DirLock::take(&Home::new(dir.path()).journal()).unwrap();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut output = Output::new(true, Lang::En, &mut out, &mut err);
    assert!(of_directory(dir.path(), &mut output).is_err());
}
