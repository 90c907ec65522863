//! Witnesses and ledgers together: cosignatures on every checkpoint, two histories caught, a restored copy that does
//! not sign.

mod place;
mod process;

use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use xuefen::api::proto::entry_verdict::Result as Verdict;
use xuefen::api::proto::{
    Checkpoint, GetCheckpointRequest, GetInclusionProofRequest, StepResult, WatchCheckpointsRequest, WitnessStanding,
};
use xuefen::server::start::{StartError, Witnessing};
use xuefen_core::policy::Policy;
use xuefen_ledger::testing::{ORIGIN, World};

use crate::stories::bank::{Bank, status_step};
use crate::support::{Server, init, postings};
use place::{Cosigner, copy, witnessing};

const PATIENCE: Duration = Duration::from_secs(30);

/// A ledger's directory with three witnesses for it.
struct Place {
    dir: TempDir,
    world: World,
    cosigners: [Cosigner; 3],
}

impl Place {
    async fn new() -> Self {
        let (dir, world) = (TempDir::new().expect("tempdir"), World::furnished());
        init(dir.path(), &world);
        let cosigner = async |seed| Cosigner::new(seed, dir.path(), world.now).await;
        let cosigners = [cosigner(201).await, cosigner(202).await, cosigner(203).await];
        Self { dir, world, cosigners }
    }

    fn witnessing(&self, dir: &Path) -> Witnessing {
        witnessing(dir, &self.cosigners.each_ref(), "2")
    }

    async fn open(&self, dir: &Path) -> Result<Bank, StartError> {
        self.reopen(dir, World::furnished()).await
    }

    /// Opens a ledger whose entries are those of `world`.
    async fn reopen(&self, dir: &Path, world: World) -> Result<Bank, StartError> {
        let server = Box::pin(Server::open_witnessed(dir, self.world.now, self.witnessing(dir))).await?;
        Ok(Bank::on(world, server).await)
    }

    /// Opens a ledger that must be held back; why it is.
    async fn held(&self, dir: &Path, change: impl FnOnce(&mut Witnessing)) -> String {
        let mut witnessing = self.witnessing(dir);
        change(&mut witnessing);
        match Box::pin(Server::open_witnessed(dir, self.world.now, witnessing)).await {
            Ok(_) => panic!("it opened"),
            Err(error) => {
                let mut said = error.to_string();
                let mut source = std::error::Error::source(&error);
                while let Some(inner) = source {
                    said = format!("{said}: {inner}");
                    source = inner.source();
                }
                said
            }
        }
    }
}

/// Largest size of the checkpoints in the head file.
fn signed_size(dir: &Path) -> u64 {
    let head = std::fs::read(dir.join("journal/head")).expect("a head");
    let text = String::from_utf8_lossy(&head).into_owned();
    let origin = format!("{ORIGIN}\n");
    let sizes = text.split(&origin).skip(1).map(|rest| rest.lines().next().expect("a size"));
    sizes.map(|size| size.parse().expect("a number")).max().expect("the head has a checkpoint")
}

/// Waits for a checkpoint with a quorum.
async fn witnessed(bank: &Bank, min_size: u64) -> Checkpoint {
    let asked = WatchCheckpointsRequest { witnessed: true, min_size };
    let mut stream = bank.log().watch_checkpoints(asked).await.expect("a stream").into_inner();
    let first = tokio::time::timeout(PATIENCE, stream.message()).await.expect("in time");
    first.expect("an answer").expect("a checkpoint")
}

/// Waits until a witness stands as asked.
async fn standing(bank: &Bank, name: &str, is: impl Fn(&WitnessStanding) -> bool) -> WitnessStanding {
    let wait = async {
        loop {
            let newest = bank.log().get_checkpoint(GetCheckpointRequest {}).await.expect("a checkpoint").into_inner();
            let found = newest.witnessing.expect("witnesses").witnesses;
            let found = found.into_iter().find(|it| it.name == name).expect("the witness");
            if is(&found) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("in time")
}

async fn open_account(bank: &mut Bank, number: u8) -> u64 {
    let school = bank.school().id;
    let index = bank.world.open(&school, 4, [number; 16], &format!("11010119900307{number:04}"));
    let last = postings(&bank.world).pop().expect("a posting");
    let verdicts = bank.post(&[last]).await;
    assert!(matches!(verdicts[..], [Verdict::Receipt(_)]), "{verdicts:?}");
    index
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_get_their_quorum_also_while_a_witness_is_down() {
    let mut place = Place::new().await;
    let dir = place.dir.path().to_owned();
    let bank = place.open(&dir).await.expect("it opens");
    let first = postings(&bank.world);
    bank.post(&first).await;
    let size = first.len() as u64;
    let checkpoint = witnessed(&bank, size).await;
    let policy = std::fs::read_to_string(dir.join("witnesses.txt")).expect("the policy");
    let policy = Policy::parse(&policy).expect("a policy");
    let accepted = policy.accept(&checkpoint.note).expect("its quorum");
    assert!(accepted.checkpoint.size.0 == size && accepted.cosigned.len() >= 2, "{accepted:?}");
    // The public is shown the same, over plain HTTP.
    let shown = bank.server.api.published_note();
    assert_eq!(policy.accept(&shown).expect("its quorum").checkpoint.size.0, size);
    for name in ["w201", "w202", "w203"] {
        let standing = standing(&bank, name, |standing| standing.tree_size == size).await;
        assert_eq!((standing.lag, standing.problem.as_str(), standing.alarm), (0, "", false));
    }

    // One is down: the quorum is met without it, and everybody can see which one lags.
    place.cosigners[0].stop().await;
    let mut bank = bank;
    open_account(&mut bank, 40).await;
    assert_eq!(witnessed(&bank, size + 1).await.tree_size, size + 1);
    let away = standing(&bank, "w201", |standing| standing.problem == "AWAY").await;
    assert_eq!((away.tree_size, away.lag, away.alarm), (size, 1, false));
    // It comes back and is brought up to date without anything being posted.
    place.cosigners[0].start().await;
    standing(&bank, "w201", |standing| standing.tree_size == size + 1 && standing.problem.is_empty()).await;

    // After a restart all of it is known at once, before any witness has answered anew.
    bank.server.stop().await;
    let bank = place.open(&dir).await.expect("it opens");
    assert_eq!(witnessed(&bank, size + 1).await.tree_size, size + 1);
    assert!(bank.server.api.witnesses.as_ref().expect("witnesses").metrics().contains("tree_size{witness=\"w202\"}"));
    bank.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_presentation_has_a_checkpoint_with_a_quorum() {
    let place = Place::new().await;
    let dir = place.dir.path().to_owned();
    let mut bank = place.open(&dir).await.expect("it opens");
    bank.post(&postings(&bank.world)).await;
    // A verifier of this ledger asks for the quorum.
    let (body, values) = bank.world.course_outcome();
    let school = bank.world.school.id.clone();
    let posting = bank.world.outcome(&school, body, &values, 4);
    let index = bank.accept(posting).await.index;
    let learner = bank.learner(&bank.school(), [7; 16]).await;
    let presentation = bank.present(&learner, index).await;
    let text = String::from_utf8(presentation.clone()).expect("JSON");
    assert!(text.contains("w201.example/x") || text.contains("w202.example/x"), "{text}");
    let trust = std::fs::read_to_string(dir.join("witnesses.txt")).expect("the policy");
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let note = json["checkpoint"].as_str().expect("a note");
    assert!(Policy::parse(&trust).expect("a policy").accept(note).is_ok(), "{note}");
    // So has a receipt: the proof as text for the size of a checkpoint with a quorum.
    let tree_size = witnessed(&bank, index + 1).await.tree_size;
    let proof = bank.log().get_inclusion_proof(GetInclusionProofRequest { index, tree_size }).await.expect("a proof");
    let proof = proof.into_inner().proof;
    let note = proof.split_once("\n\n").expect("a note behind the path").1;
    assert!(Policy::parse(&trust).expect("a policy").accept(note).is_ok(), "{proof}");
    let answer = bank.verify(&presentation).await;
    assert_eq!((answer.result(), status_step(&answer).0), (StepResult::Pass, StepResult::Pass), "{answer:?}");
    bank.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forked_directory_is_caught_with_its_first_checkpoint() {
    let place = Place::new().await;
    let (one, other) = (place.dir.path().to_owned(), TempDir::new().expect("tempdir"));
    let bank = place.open(&one).await.expect("it opens");
    let first = postings(&bank.world);
    bank.post(&first).await;
    let size = first.len() as u64;
    witnessed(&bank, size).await;
    bank.server.stop().await;
    copy(&one, other.path());

    // Both copies start from what the witnesses have seen, under one log key; then each takes another entry.
    let mut bank = place.open(&one).await.expect("it opens");
    let mut fork = place.open(other.path()).await.expect("it opens: nothing has happened yet");
    open_account(&mut bank, 50).await;
    witnessed(&bank, size + 1).await;
    // All three, or the fork could find one that has not seen it yet.
    for name in ["w201", "w202", "w203"] {
        standing(&bank, name, |standing| standing.tree_size == size + 1).await;
    }
    open_account(&mut fork, 51).await;
    for name in ["w201", "w202", "w203"] {
        let caught = standing(&fork, name, |standing| !standing.problem.is_empty()).await;
        assert_eq!((caught.problem.as_str(), caught.alarm, caught.tree_size), ("FORK", true, size), "{caught:?}");
    }
    // Its public checkpoint is still the last one that all agreed on, and the honest one goes on.
    assert!(fork.server.api.published_note().contains(&format!("\n{size}\n")));
    let metrics = fork.server.api.witnesses.as_ref().expect("witnesses").metrics();
    assert!(metrics.contains("xuefen_witness_alarm{witness=\"w201\"} 1"), "{metrics}");
    open_account(&mut bank, 52).await;
    assert_eq!(witnessed(&bank, size + 2).await.tree_size, size + 2);
    // The fork falls behind: now its witnesses have more than it ever signed, and it never gets another cosignature.
    fork.server.stop().await;
    let said = place.held(other.path(), |_| {}).await;
    assert!(said.contains("has cosigned") && said.contains("Nothing was signed"), "{said}");
    bank.server.stop().await;
    let mut cosigners = place.cosigners;
    for cosigner in &mut cosigners {
        cosigner.stop().await;
        // The log's own signature over the other history is kept.
        let kept = std::fs::read_dir(cosigner.memory.path().join("evidence")).expect("a folder").count();
        assert!(kept >= 1, "evidence of {}", cosigner.name);
        assert_eq!(cosigner.last(), Some(size + 2));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_copy_signs_nothing_until_every_witness_agrees() {
    let mut place = Place::new().await;
    let (dir, backup) = (place.dir.path().to_owned(), TempDir::new().expect("tempdir"));
    let bank = place.open(&dir).await.expect("it opens");
    let first = postings(&bank.world);
    bank.post(&first).await;
    let size = first.len() as u64;
    witnessed(&bank, size).await;
    bank.server.stop().await;
    copy(&dir, backup.path());
    let mut bank = place.open(&dir).await.expect("it opens");
    open_account(&mut bank, 60).await;
    for name in ["w201", "w202", "w203"] {
        standing(&bank, name, |standing| standing.tree_size == size + 1).await;
    }
    bank.server.stop().await;

    // The copy knows nothing of it; the witnesses do.
    let before = signed_size(backup.path());
    let said = place.held(backup.path(), |_| {}).await;
    assert!(said.contains(&format!("has cosigned {} entries", size + 1)), "{said}");
    assert!(said.contains(&format!("this directory has {size}")) && said.contains("docs/operations.md"), "{said}");
    // One alone would have been enough.
    for cosigner in &mut place.cosigners[..2] {
        cosigner.stop().await;
    }
    let skip = |witnessing: &mut Witnessing| witnessing.skip = vec!["w201".to_owned(), "w202".to_owned()];
    assert!(place.held(backup.path(), skip).await.contains("w203 has cosigned"));
    // One that does not answer keeps it closed too, and the message names the way on.
    let said = place.held(backup.path(), |_| {}).await;
    assert!(said.contains("--skip-witness w201"), "{said}");
    let said = place.held(backup.path(), |witnessing| witnessing.skip = vec!["w9".to_owned()]).await;
    assert!(said.contains("names no witness \"w9\""), "{said}");
    // Without any network: a directory in which only the journal was put back has their newer records itself.
    place.cosigners[2].stop().await;
    copy(&dir.join("witnesses"), &backup.path().join("witnesses"));
    let all = |witnessing: &mut Witnessing| witnessing.skip = ["w201", "w202", "w203"].map(str::to_owned).into();
    assert!(place.held(backup.path(), all).await.contains("it is an older copy"));
    assert_eq!(signed_size(backup.path()), before, "nothing was signed");

    // The newest directory opens, also while witnesses are down if the operator says so.
    let mut witnessing = place.witnessing(&dir);
    all(&mut witnessing);
    let server = Server::open_witnessed(&dir, place.world.now, witnessing).await.expect("it opens");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_of_another_log_is_refused() {
    let place = Place::new().await;
    let dir = place.dir.path().to_owned();
    let mut witnessing = place.witnessing(&dir);
    let path = dir.join("other.txt");
    let text = std::fs::read_to_string(witnessing.policy.take().expect("a policy")).expect("read");
    let lines: Vec<_> = text.split_inclusive('\n').filter(|line| !line.starts_with("log ")).collect();
    std::fs::write(&path, lines.concat()).expect("written");
    let said = place.held(&dir, |witnessing| witnessing.policy = Some(path)).await;
    assert!(said.contains("has no log line with this ledger's own key"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_quorum_nothing_can_be_waited_for() {
    let bank = Bank::new().await;
    let asked = WatchCheckpointsRequest { witnessed: true, min_size: 0 };
    let refused = bank.log().watch_checkpoints(asked).await.expect_err("no quorum");
    assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    let newest = bank.log().get_checkpoint(GetCheckpointRequest {}).await.expect("a checkpoint").into_inner();
    assert_eq!(newest.witnessing, None);
    // A size can be waited for without witnesses too.
    let asked = WatchCheckpointsRequest { witnessed: false, min_size: newest.tree_size };
    let mut stream = bank.log().watch_checkpoints(asked).await.expect("a stream").into_inner();
    assert_eq!(stream.message().await.expect("an answer").expect("a checkpoint").tree_size, newest.tree_size);
}
