//! One caller's stream of postings: prepared on all cores, decided in the order they came.
//!
//! The lane holds a bounded number of chunks; when it is full, `push` waits, the server stops reading and the peer's
//! flow-control window closes. Nothing is dropped and nothing piles up. A chunk keeps its place in the lane until its answer
//! is taken, and its place in the ledger's queue only until it is answered: a caller that does not read its answers holds up
//! itself and nobody else.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use xuefen_ledger::RawPosting;

use super::answer::Answer;
use super::order::{Ask, Chunk};
use super::pool::{Job, Ready};
use super::{Ledger, Stopped};

/// Chunks of one stream on their way at once, those with an answer that nobody has taken yet included.
const DEPTH: usize = 16;

/// A chunk's place in its lane.
type Place = OwnedSemaphorePermit;

/// A chunk that is being prepared, with its places in the ledger's queue and in the lane.
type Preparing = (oneshot::Receiver<Vec<Ready>>, OwnedSemaphorePermit, Place);

/// Where postings go in.
pub struct LaneIn {
    ledger: Arc<Ledger>,
    places: Arc<Semaphore>,
    prepared: mpsc::Sender<Preparing>,
}

/// Where answers come out, one per chunk, in order.
pub struct LaneOut(mpsc::Receiver<(oneshot::Receiver<Answer>, Place)>);

pub(super) fn open(ledger: Arc<Ledger>) -> (LaneIn, LaneOut) {
    let (prepared, mut preparing) = mpsc::channel::<Preparing>(DEPTH);
    let (submitted, answers) = mpsc::channel(DEPTH);
    // The ledger itself, not its channel: a channel kept open by a lane would keep the ledger from ever ending.
    let sequencer = Arc::clone(&ledger);
    tokio::spawn(async move {
        // Chunks are prepared in any order and submitted in theirs.
        while let Some((ready, permit, place)) = preparing.recv().await {
            let Ok(ready) = ready.await else { break };
            let (to, answer) = oneshot::channel();
            let chunk = Chunk { ready, to, permit };
            // There is room: there are as many places as the channel holds.
            if sequencer.asks.send(Ask::Post(chunk)).is_err() || submitted.send((answer, place)).await.is_err() {
                break;
            }
        }
        // Nobody is left to answer: what was reserved for the chunks behind goes back.
        preparing.close();
        while let Some((ready, ..)) = preparing.recv().await {
            ready.await.unwrap_or_default().iter().for_each(|ready| ready.release(&sequencer.vault));
        }
    });
    (LaneIn { ledger, places: Arc::new(Semaphore::new(DEPTH)), prepared }, LaneOut(answers))
}

impl LaneIn {
    /// Hands in a chunk of at most [`super::CHUNK`] postings; waits while the ledger is busy.
    pub async fn push(&self, postings: Vec<RawPosting>) -> Result<(), Stopped> {
        // The lane's place first: whoever waits for a reader must not hold what others wait for.
        let place = tokio::select! {
            place = Arc::clone(&self.places).acquire_owned() => place.map_err(|_| Stopped)?,
            // Nobody will take an answer any more.
            () = self.prepared.closed() => return Err(Stopped),
        };
        let permit = Arc::clone(&self.ledger.queue).acquire_owned().await.map_err(|_| Stopped)?;
        let (job, ready) = Job::awaited(postings);
        self.ledger.jobs.send(job).map_err(|_| Stopped)?;
        self.prepared.send((ready, permit, place)).await.map_err(|_| Stopped)
    }
}

impl LaneOut {
    /// The next chunk's answer; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Answer, Stopped>> {
        let (answer, _place) = self.0.recv().await?;
        Some(answer.await.map_err(|_| Stopped))
    }
}
