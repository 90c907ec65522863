//! SIGKILL at any moment, fifty times on one directory, while a client posts: what it was told stays true.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use xuefen::api::proto::PostEntriesRequest;
use xuefen::api::proto::issuing_service_client::IssuingServiceClient;

use super::learners::{School, now};
use super::memory::Memory;
use super::process::{Process, assert_sound, start_and_kill};
use crate::samples::random::Random;

const ROUNDS: usize = 50;

/// Postings that wait for their verdict at a time.
const WINDOW: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_that_was_acknowledged() {
    let seed = std::env::var("XUEFEN_CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| u64::try_from(now()).expect("after 1970"));
    println!("XUEFEN_CRASH_SEED={seed} brings these moments about again, as far as the machine does");
    let mut random = Random::new(seed);
    let temp = TempDir::new().expect("temporary directory");
    let dir = temp.path().join("ledger");
    let (mut school, first) = School::new(&dir);
    let mut memory = Memory::new(&dir);
    let server = Process::start(&dir);
    memory.post(&server.channel().await, first).await.expect("a school");
    server.kill_after(Duration::ZERO);
    for round in 0..ROUNDS {
        if random.percent(10) {
            // A clean stop writes the index: the next starts go on from its mark.
            recovered(&dir, &mut memory, &mut random).await.stop();
        }
        if random.percent(5) {
            std::fs::remove_dir_all(dir.join("index")).expect("an index");
        }
        if random.percent(20) {
            // Recovery itself is cut off.
            start_and_kill(&dir, Duration::from_millis(random.below(60) as u64));
        }
        let known = memory.receipts.len();
        let server = recovered(&dir, &mut memory, &mut random).await;
        let channel = server.channel().await;
        let wait = Duration::from_millis(random.below(120) as u64);
        let killed = tokio::task::spawn_blocking(move || server.kill_after(wait));
        pour(&channel, &mut school, &mut memory, &mut random).await;
        killed.await.expect("killed");
        let (new, unanswered) = (memory.receipts.len() - known, memory.unanswered().len());
        println!("round {round}: killed after {wait:?}, {new} more receipts, {unanswered} postings unanswered");
    }
    let server = recovered(&dir, &mut memory, &mut random).await;
    let channel = server.channel().await;
    memory.check_some(&channel, &mut random, 100).await;
    memory.check_all(&channel).await;
    assert!(memory.receipts.len() > 10 * ROUNDS, "too few to have been in the middle of anything");
    server.stop();
    assert_sound(&dir);
}

/// Starts on what the last kill left and holds it against what the client knows.
async fn recovered(dir: &Path, memory: &mut Memory, random: &mut Random) -> Process {
    let server = Process::start(dir);
    let channel = server.channel().await;
    memory.check_consistent(&channel).await;
    memory.check_some(&channel, random, 5).await;
    // What nobody answered may or may not be in the log; what was answered gets its first receipt.
    let answered: Vec<u64> = memory.receipts.keys().copied().collect();
    let mut again: BTreeSet<u64> = memory.unanswered().into_iter().collect();
    again.extend((0..10).map(|_| *random.one_of(&answered)));
    let again = again.iter().map(|number| memory.sent[number].clone()).collect();
    memory.post(&channel, again).await.expect("verdicts");
    server
}

/// Posts new learners until the line is dead.
async fn pour(channel: &Channel, school: &mut School, memory: &mut Memory, random: &mut Random) {
    let (sender, receiver) = mpsc::channel(1);
    let opened = IssuingServiceClient::new(channel.clone()).post_entries(ReceiverStream::new(receiver)).await;
    let Ok(answers) = opened else { return };
    let mut answers = answers.into_inner();
    let mut waiting = 0;
    loop {
        tokio::select! {
            permit = sender.reserve(), if waiting < WINDOW => {
                let Ok(permit) = permit else { return };
                let learners = 1 + random.below(6);
                let postings: Vec<_> = (0..learners).flat_map(|_| school.learner()).collect();
                memory.sent.extend(postings.iter().map(|posting| (posting.sequence, posting.clone())));
                waiting += postings.len();
                permit.send(PostEntriesRequest { postings });
            }
            answer = answers.message() => {
                let Ok(Some(answer)) = answer else { return };
                waiting -= answer.verdicts.len();
                memory.hear(answer);
            }
        }
    }
}
