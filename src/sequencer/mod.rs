//! From postings to verdicts: the verify pool, the one thread that decides, the one that commits; start-up; the handle
//! that everything above works with.
//!
//! ```text
//! post / lane ─▶ pool (all cores) ─▶ order (one thread) ─▶ commit (one thread) ─▶ view, verdicts
//!                signatures,         rules, logged_at,     keys, frame, sign,
//!                commitments, seal   tree, rows            head, index
//! ```
//!
//! No rule lives here (that is the ledger crate), no byte of a file (journal, vault, index), nothing of gRPC (api).

mod answer;
mod commit;
mod erasure;
mod error;
mod export;
mod gather;
mod home;
mod kept;
mod keys;
mod lane;
mod lent;
mod open;
mod order;
mod overlay;
mod payload;
mod pool;
mod private;
mod public;
mod read;
mod replay;
mod signer;
mod slots;
mod state;
mod verified;
mod view;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use crossbeam_channel::Sender;
use tokio::sync::{Semaphore, oneshot, watch};
use xuefen_core::origin::Origin;
use xuefen_ledger::{Decision, RawPosting, Refusal};

pub use answer::{Answer, Receipt, Verdict};
pub use erasure::{EraseError, ErasedAccounts};
pub use error::SequencerError;
pub use export::{ExportError, Exported, export};
pub use home::Home;
pub use kept::KeptError;
pub use lane::{LaneIn, LaneOut};
pub use open::{Found, Gate, OpenOptions, create, open_index, rebuild_index};
pub use order::Clock;
pub use payload::{from_message as payload_from_message, to_message as payload_to_message};
pub use private::{Access, AccessCursor, Code, Ended, Grant, GrantCursor, GrantState, Private, RecordError};
pub use read::LoggedEntry;
pub use state::AsOf;
pub use view::View;

use order::{Ask, Chunk};
use overlay::Overlay;
use pool::{Job, Preparer};
use read::Payloads;
use state::{Deciding, Judging};

use crate::journal::Reader;
use crate::vault::Vault;

/// Postings that travel together through the pool and the sequencer, at most.
pub const CHUNK: usize = 256;

/// Chunks on their way at once, over all callers. Streams wait for a place; unary calls are told to come back.
const QUEUE: usize = 64;

/// The writer has stopped. What was acknowledged is safe; the server's log says why.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the ledger takes no entries now")]
pub struct Stopped;

/// Why one posting was not taken in.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum PostError {
    /// Too many on their way already.
    #[error("the queue is full")]
    Busy,
    /// The writer has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Largest posting that is prepared on the thread that brings it: the bytes that are signed, and how many signed.
const SMALL_BYTES: usize = 4_096;
const SMALL_ATTESTATIONS: usize = 2;

fn is_small(postings: &[RawPosting]) -> bool {
    let [RawPosting { statement, attestations, .. }] = postings else { return false };
    statement.len() <= SMALL_BYTES && attestations.len() <= SMALL_ATTESTATIONS
}

/// A running ledger: posts go in, views come out. Shared by everything that serves it; stops when dropped.
pub struct Ledger {
    origin: Origin,
    vault: Arc<Vault>,
    reader: Arc<dyn Reader>,
    view: Arc<ArcSwap<View>>,
    published: watch::Receiver<u64>,
    preparer: Arc<Preparer>,
    jobs: Sender<Job>,
    asks: Sender<Ask>,
    queue: Arc<Semaphore>,
    /// Places of private records on their way.
    private: Arc<Semaphore>,
    stopped: Arc<AtomicBool>,
    clock: Clock,
    /// Last, so that the channels close before the threads are waited for.
    _threads: open::Threads,
}

impl Ledger {
    /// The ledger's origin.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The newest published view.
    pub fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// Changes whenever a larger tree is published; the value is its size.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.published.clone()
    }

    /// Whether the writer has stopped. Readers go on.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    /// Time as this ledger sees it, Unix seconds.
    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    /// Posts one chunk of at most [`CHUNK`] and waits for its verdicts, or says at once that the queue is full.
    pub async fn post(&self, postings: Vec<RawPosting>) -> Result<Answer, PostError> {
        let permit = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| PostError::Busy)?;
        let (to, answer) = oneshot::channel();
        if is_small(&postings) {
            // A tenth of a millisecond of work, where waking a thread of the pool costs half of that again.
            let ready = self.preparer.all(postings).ok_or(Stopped)?;
            self.asks.send(Ask::Post(Chunk { ready, to, permit })).map_err(|_| Stopped)?;
        } else {
            let asks = self.asks.clone();
            // From the pool straight to the sequencer: what is posted at once has no order to keep with others.
            let then = Box::new(move |ready| drop(asks.send(Ask::Post(Chunk { ready, to, permit }))));
            self.jobs.send(Job { postings, then }).map_err(|_| Stopped)?;
        }
        Ok(answer.await.map_err(|_| Stopped)?)
    }

    /// Whether a posting would be accepted by the ledger as it stands. Logs nothing and promises nothing. Takes a place in
    /// the queue like one that is posted, so that nobody can pile up work by asking.
    pub async fn check(&self, posting: RawPosting) -> Result<Result<(), Refusal>, PostError> {
        let _permit = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| PostError::Busy)?;
        let (job, ready) = Job::awaited(vec![posting]);
        self.jobs.send(job).map_err(|_| Stopped)?;
        let mut ready = ready.await.map_err(|_| Stopped)?;
        let view = self.view();
        let nothing_in_flight = Overlay::default();
        let state = Deciding { overlay: &nothing_in_flight, index: &view.index };
        let state = Judging { state, reader: &*self.reader };
        let sources = Payloads { reader: &*self.reader, vault: &self.vault, view: &view };
        for ready in &mut ready {
            ready.release(&self.vault);
            let decision = ready.decide(&state, &sources, self.now()).map_err(|error| {
                tracing::error!(%error, "cannot read the state");
                Stopped
            })?;
            if let Decision::Refuse(refusal) = decision {
                return Ok(Err(refusal));
            }
        }
        Ok(Ok(()))
    }

    /// A stream of postings with verdicts in the same order.
    pub fn lane(self: &Arc<Self>) -> (LaneIn, LaneOut) {
        lane::open(Arc::clone(self))
    }
}

#[cfg(test)]
mod tests;
