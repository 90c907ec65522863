//! One caller's stream of postings: prepared on all cores, decided in the order they came.
//!
//! The lane holds a bounded number of chunks; when it is full, `push` waits, the server stops reading and the peer's
//! flow-control window closes. Nothing is dropped and nothing piles up.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use xuefen_ledger::RawPosting;

use super::answer::Answer;
use super::order::{Ask, Chunk};
use super::pool::{Job, Ready};
use super::{Ledger, Stopped};

/// Chunks of one stream on their way at once.
const DEPTH: usize = 16;

/// Where postings go in.
pub struct LaneIn {
    ledger: Arc<Ledger>,
    prepared: mpsc::Sender<(oneshot::Receiver<Vec<Ready>>, OwnedSemaphorePermit)>,
}

/// Where answers come out, one per chunk, in order.
pub struct LaneOut(mpsc::Receiver<oneshot::Receiver<Answer>>);

pub(super) fn open(ledger: Arc<Ledger>) -> (LaneIn, LaneOut) {
    let (prepared, mut preparing) = mpsc::channel::<(oneshot::Receiver<Vec<Ready>>, OwnedSemaphorePermit)>(DEPTH);
    let (submitted, answers) = mpsc::channel(DEPTH);
    let asks = ledger.asks.clone();
    tokio::spawn(async move {
        // Chunks are prepared in any order and submitted in theirs.
        while let Some((ready, permit)) = preparing.recv().await {
            let Ok(ready) = ready.await else { return };
            let (to, answer) = oneshot::channel();
            if asks.send(Ask::Post(Chunk { ready, to, permit })).is_err() || submitted.send(answer).await.is_err() {
                return;
            }
        }
    });
    (LaneIn { ledger, prepared }, LaneOut(answers))
}

impl LaneIn {
    /// Hands in a chunk of at most [`super::CHUNK`] postings; waits while the ledger is busy.
    pub async fn push(&self, postings: Vec<RawPosting>) -> Result<(), Stopped> {
        let permit = Arc::clone(&self.ledger.queue).acquire_owned().await.map_err(|_| Stopped)?;
        let (job, ready) = Job::awaited(postings);
        self.ledger.jobs.send(job).map_err(|_| Stopped)?;
        self.prepared.send((ready, permit)).await.map_err(|_| Stopped)
    }
}

impl LaneOut {
    /// The next chunk's answer; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Answer, Stopped>> {
        Some(self.0.recv().await?.await.map_err(|_| Stopped))
    }
}
