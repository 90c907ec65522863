//! The table of every status of C2SP tlog-witness, the race on one record, and what survives a restart.

use std::sync::atomic::AtomicU64;

use tempfile::TempDir;
use xuefen_core::Hash;
use xuefen_core::note;
use xuefen_core::text::to_base64;
use xuefen_core::tree::TreeSize;

use super::*;
use crate::witness::request::AddCheckpoint;
use crate::witness::testing::{ORIGIN, TestLog, name};

const NAME: &str = "witness.example/w";

struct Place {
    dir: TempDir,
    clock: Arc<AtomicU64>,
}

fn secret() -> SecretKey {
    SecretKey::from_seed(&[9; 32])
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: TempDir::new().unwrap(), clock: Arc::new(AtomicU64::new(1_000)) };
        Witness::create(place.dir.path(), &name(NAME), &secret()).unwrap();
        place
    }

    fn open(&self) -> Result<Witness, StoreError> {
        let policy = format!("log {} https://log.example/\nquorum none\n", TestLog::new().vkey());
        let clock = Arc::clone(&self.clock);
        let clock: Clock = Arc::new(move || clock.load(Ordering::Relaxed));
        Witness::open(self.dir.path(), name(NAME), secret(), &Policy::parse(&policy).unwrap(), clock)
    }
}

/// Time of a cosignature over `text`, which must be good.
fn time_of(answer: &Answer, text: &str) -> u64 {
    let Answer::Cosigned(line) = answer else { panic!("{answer:?}") };
    let vkey = VerifierKey::new(name(NAME), KeyType::Cosignature, secret().public().clone());
    let note = note::assemble(text, [line.as_str()]);
    note::Note::parse(&note).unwrap().verify(&[&vkey]).unwrap()[0].time.unwrap()
}

fn status(answer: &Answer) -> u16 {
    axum::response::IntoResponse::into_response(answer.clone()).status().as_u16()
}

/// A request, its parts changed.
fn body(old: u64, proof: Vec<Hash>, note: &str) -> Vec<u8> {
    AddCheckpoint { old: TreeSize(old), proof, note }.text().into_bytes()
}

#[test]
fn every_status_of_the_specification() {
    let (log, fork) = (TestLog::new(), TestLog::forked(3));
    let stranger = TestLog { key: SecretKey::from_seed(&[2; 32]), ..TestLog::new() };
    let foreign_line = note::sign(&log.text(9), &name("other.example/x"), &stranger.key);
    let both = |text: &str, lines: [String; 2]| note::assemble(text, lines.iter().map(String::as_str));
    let line = |of: &TestLog, text: &str| note::sign(text, &name(ORIGIN), &of.key);
    let wrong = log.note(9).replace("\n9\n", "\n8\n");
    let elsewhere = log.text(9).replace(ORIGIN, "log.example/b");
    let empty_wrong = format!("{ORIGIN}\n0\n{}\n", to_base64([7; 32]));
    let extended = format!("{}extension\n", log.text(9));
    // The last size cosigned before the request, what is asked, what is answered.
    let table: Vec<(&str, u64, Vec<u8>, u16)> = vec![
        ("the first checkpoint", 0, log.body(0, 5), 200),
        ("the first checkpoint is of the empty tree", 0, log.body(0, 0), 200),
        ("a checkpoint that extends the last one", 5, log.body(5, 9), 200),
        ("the same checkpoint again", 5, log.body(5, 5), 200),
        (
            "signature lines of unknown keys are ignored",
            5,
            body(5, log.proof(5, 9), &both(&log.text(9), [line(&log, &log.text(9)), foreign_line.clone()])),
            200,
        ),
        ("extension lines are cosigned with the rest", 5, body(5, log.proof(5, 9), &log.sign(&extended)), 200),
        ("no body", 5, Vec::new(), 400),
        ("no empty line", 5, b"old 5\n".to_vec(), 400),
        ("not UTF-8", 5, [&log.body(5, 9)[..], &[0xff]].concat(), 400),
        ("64 lines of proof", 5, body(5, vec![Hash([1; 32]); 64], &log.note(9)), 400),
        ("no signature line at all", 5, body(5, log.proof(5, 9), &log.text(9)), 400),
        ("old size with a leading zero", 5, [b"old 05", &log.body(5, 9)[5..]].concat(), 400),
        ("old size above the checkpoint's", 5, body(9, vec![], &log.note(5)), 400),
        ("old size above the checkpoint's, and not the last", 4, body(9, vec![], &log.note(5)), 400),
        ("an unknown log", 5, body(5, log.proof(5, 9), &log.sign(&elsewhere)), 404),
        ("an unknown log, unsigned by anybody known", 5, body(5, vec![], &stranger.sign(&elsewhere)), 404),
        ("signed by another key under the log's name", 5, body(5, log.proof(5, 9), &stranger.note(9)), 403),
        ("signed by others only", 5, body(5, log.proof(5, 9), &note::assemble(&log.text(9), [&*foreign_line])), 403),
        ("a wrong signature of the known key", 5, body(5, log.proof(5, 8), &wrong), 403),
        (
            "a good and a wrong signature of the known key",
            5,
            body(5, log.proof(5, 9), &both(&log.text(9), [line(&log, &log.text(9)), line(&log, &log.text(8))])),
            403,
        ),
        ("wrong signature before old size above", 5, body(99, vec![], &wrong), 403),
        ("old size below the last", 5, log.body(3, 9), 409),
        ("old size zero, to ask where the witness is", 5, log.body(0, 9), 409),
        ("old size above the last", 5, log.body(7, 9), 409),
        ("never cosigned, old size not zero", 0, log.body(5, 9), 409),
        ("conflict before a bad proof", 5, body(3, vec![Hash([1; 32])], &log.note(9)), 409),
        ("a smaller tree", 5, log.body(3, 4), 409),
        ("a proof of another history", 5, fork.body(5, 9), 422),
        ("an empty proof", 5, body(5, vec![], &log.note(9)), 422),
        ("a proof too long", 5, body(5, [log.proof(5, 9), vec![Hash([1; 32])]].concat(), &log.note(9)), 422),
        ("a proof from size zero", 0, body(0, vec![Hash([1; 32])], &log.note(9)), 422),
        ("the same size with another root", 5, fork.body(5, 5), 422),
        ("the same size with a proof", 5, body(5, vec![Hash([1; 32])], &log.note(5)), 422),
        ("size zero with another root", 0, body(0, vec![], &log.sign(&empty_wrong)), 422),
    ];
    for (what, last, body, expected) in table {
        let place = Place::new();
        let witness = place.open().unwrap();
        if last > 0 {
            time_of(&witness.add_checkpoint(&log.body(0, last)), &log.text(last));
        }
        let answer = witness.add_checkpoint(&body);
        assert_eq!(status(&answer), expected, "{what}: {answer:?}");
        match answer {
            Answer::Cosigned(_) => {
                let text = AddCheckpoint::parse(&body).unwrap().note;
                assert!(time_of(&answer, note::split(text).unwrap().0) > 0, "{what}");
            }
            Answer::Conflict(size) => assert_eq!(size.0, last, "{what}"),
            _ => {}
        }
        // Whatever was refused has changed nothing.
        let size = witness.logs().next().unwrap().1;
        let accepted = expected == 200;
        assert!(accepted || size == (last > 0).then_some(last), "{what}: {size:?}");
    }
}

#[test]
fn a_hundred_at_once_never_get_two_trees_of_one_size_cosigned() {
    let place = Place::new();
    let witness = place.open().unwrap();
    let log = TestLog::new();
    time_of(&witness.add_checkpoint(&log.body(0, 3)), &log.text(3));
    // All begin at the same record. Each branch is a history of its own; ten ask for each size.
    let asked: Vec<(u64, Vec<u8>)> = (0..100)
        .map(|number| {
            let size = 4 + number % 10;
            let fork = TestLog { branch: u8::try_from(number).unwrap(), ..TestLog::forked(3) };
            (size, fork.body(3, size))
        })
        .collect();
    let start = std::sync::Barrier::new(asked.len());
    let ask = |(size, body): &(u64, Vec<u8>)| {
        start.wait();
        (*size, witness.add_checkpoint(body))
    };
    let ask = &ask;
    let answers: Vec<(u64, Answer)> = std::thread::scope(|scope| {
        let threads: Vec<_> = asked.iter().map(|asked| scope.spawn(move || ask(asked))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let cosigned: Vec<_> = answers.iter().filter(|(_, answer)| matches!(answer, Answer::Cosigned(_))).collect();
    assert_eq!(cosigned.len(), 1, "all but the first find another last size");
    let size = cosigned[0].0;
    for (_, answer) in &answers {
        assert!(matches!(answer, Answer::Cosigned(_)) || *answer == Answer::Conflict(TreeSize(size)), "{answer:?}");
    }
}

#[test]
fn what_was_cosigned_is_remembered_and_served() {
    let place = Place::new();
    let log = TestLog::new();
    let witness = place.open().unwrap();
    assert_eq!(witness.newest(&origin_hash_of(ORIGIN)), None);
    time_of(&witness.add_checkpoint(&log.body(0, 5)), &log.text(5));
    drop(witness);
    let witness = place.open().unwrap();
    let note = witness.newest(&origin_hash_of(ORIGIN)).unwrap();
    // Both the log's and the witness's signature stand under it.
    let vkeys = [log.vkey(), witness.vkey()];
    let signed = note::Note::parse(&note).unwrap().verify(&[&vkeys[0], &vkeys[1]]).unwrap().len();
    assert_eq!((signed, note.starts_with(&log.text(5))), (2, true));
    assert_eq!(witness.add_checkpoint(&log.body(0, 9)), Answer::Conflict(TreeSize(5)));
    // The client that never heard of the cosignature of 5 asks again from there.
    time_of(&witness.add_checkpoint(&log.body(5, 5)), &log.text(5));
    time_of(&witness.add_checkpoint(&log.body(5, 9)), &log.text(9));
}

#[test]
fn times_never_go_back() {
    let place = Place::new();
    let log = TestLog::new();
    let witness = place.open().unwrap();
    assert_eq!(time_of(&witness.add_checkpoint(&log.body(0, 5)), &log.text(5)), 1_000);
    place.clock.store(699, Ordering::Relaxed);
    assert_eq!(witness.add_checkpoint(&log.body(5, 6)), Answer::Clock, "not a time that nobody can vouch for");
    place.clock.store(700, Ordering::Relaxed);
    assert_eq!(time_of(&witness.add_checkpoint(&log.body(5, 6)), &log.text(6)), 1_000);
    drop(witness);
    assert_eq!(time_of(&place.open().unwrap().add_checkpoint(&log.body(6, 7)), &log.text(7)), 1_000);
}

#[test]
fn a_memory_that_is_not_its_own_is_refused() {
    let place = Place::new();
    let path = place.dir.path();
    assert!(matches!(Witness::create(path, &name(NAME), &secret()), Err(StoreError::Exists { .. })));
    let policy = Policy::parse("quorum none\n").unwrap();
    let other = SecretKey::from_seed(&[8; 32]);
    let clock: Clock = Arc::new(|| 1);
    let opened = Witness::open(path, name(NAME), other, &policy, Arc::clone(&clock));
    assert!(matches!(opened.err(), Some(StoreError::OtherWitness { .. })));
    let nowhere = path.join("nowhere");
    let opened = Witness::open(&nowhere, name(NAME), secret(), &policy, clock);
    assert!(matches!(opened.err(), Some(StoreError::Missing { .. })), "a lost memory is not made anew");
    let witness = place.open().unwrap();
    assert!(matches!(place.open().err(), Some(StoreError::Lock(_))));
    let log = TestLog::new();
    time_of(&witness.add_checkpoint(&log.body(0, 5)), &log.text(5));
    drop(witness);
    // A record that this key did not sign, or that is half: refused, not taken for "never cosigned".
    let record = path.join(format!("{}.note", origin_hash_of(ORIGIN)));
    for content in [log.note(4), String::new()] {
        std::fs::write(&record, content).unwrap();
        assert!(matches!(place.open().err(), Some(StoreError::Damaged { .. })));
    }
}

#[test]
fn after_a_failed_write_nothing_is_cosigned() {
    let place = Place::new();
    let log = TestLog::new();
    let witness = place.open().unwrap();
    // A directory in the place of the part: the record cannot be written.
    let part = place.dir.path().join(format!("{}.note.part", origin_hash_of(ORIGIN)));
    std::fs::create_dir(&part).unwrap();
    assert_eq!(witness.add_checkpoint(&log.body(0, 5)), Answer::Broken);
    std::fs::remove_dir(&part).unwrap();
    assert_eq!(witness.add_checkpoint(&log.body(0, 5)), Answer::Broken, "not before a restart");
    drop(witness);
    time_of(&place.open().unwrap().add_checkpoint(&log.body(0, 5)), &log.text(5));
}

#[test]
fn a_fork_is_kept_as_evidence_within_bounds() {
    let place = Place::new();
    let log = TestLog::new();
    let witness = place.open().unwrap();
    time_of(&witness.add_checkpoint(&log.body(0, 5)), &log.text(5));
    for branch in 0..=80 {
        let fork = TestLog { branch: branch + 1, ..TestLog::forked(3) };
        assert_eq!(status(&witness.add_checkpoint(&fork.body(5, 5))), 422);
    }
    let kept: Vec<_> = std::fs::read_dir(place.dir.path().join("evidence")).unwrap().collect();
    assert_eq!(kept.len(), 64);
    assert!(witness.metrics().contains("requests_total{answer=\"inconsistent\"} 81"), "{}", witness.metrics());
}
