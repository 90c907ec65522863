//! The sequencer thread: decides, in order, what enters, and gathers what it accepts into frames.
//!
//! It never waits for a disk. While the committer makes one frame durable the next one gathers here; as soon as the
//! committer is free it gets whatever there is, so a lone entry waits for nobody and a burst shares one sync.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender, select};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use xuefen_core::Hash;
use xuefen_core::tree::Frontier;
use xuefen_ledger::{Decision, Refusal, Rejection};

use super::answer::{Answer, Receipt, Verdict};
use super::commit::{Batch, Closed, Waiting};
use super::error::SequencerError;
use super::overlay::Overlay;
use super::pool::Ready;
use super::state::State;
use super::view::View;
use crate::index::Row;
use crate::journal::{FrameBuilder, FrameNumber, MAX_ENTRIES, SOFT_BYTES, Sealed, TreeHead, chain_next};
use crate::vault::{Slot, Vault};
use arc_swap::ArcSwap;

/// Postings that travel together; their verdicts leave together.
pub(super) struct Chunk {
    pub ready: Vec<Ready>,
    pub to: oneshot::Sender<Answer>,
    /// Frees the place in the queue when the chunk is answered.
    pub permit: OwnedSemaphorePermit,
}

/// What the sequencer thread is asked to do.
pub(super) enum Ask {
    Post(Chunk),
    /// A sealed record without a leaf (grants, activations, access), with the rows that make it findable.
    Private {
        kind: u8,
        slot: Slot,
        bytes: Vec<u8>,
        rows: Vec<(Bytes, Bytes)>,
        to: oneshot::Sender<Answer>,
    },
}

/// Time, so that tests need not wait. Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Everything the sequencer thread owns.
pub(super) struct Sequencer {
    pub vault: Arc<Vault>,
    pub view: Arc<ArcSwap<View>>,
    pub clock: Clock,
    pub stopped: Arc<AtomicBool>,
    pub tree: Frontier,
    pub chain: Hash,
    pub next_frame: FrameNumber,
    pub previous: Hash,
    pub logged_at: i64,
    pub overlay: Overlay,
    pub open: Open,
}

/// The frame being gathered.
pub(super) struct Open {
    builder: FrameBuilder,
    rows: Vec<Row>,
    leaf_hashes: Vec<Hash>,
    offsets: Vec<u32>,
    new_slots: Vec<Slot>,
    waiting: Vec<Waiting>,
    permits: Vec<OwnedSemaphorePermit>,
}

impl Open {
    pub(super) fn new(number: FrameNumber, first_index: u64, previous: Hash) -> Self {
        Self {
            builder: FrameBuilder::with_capacity(number, first_index, previous, 4_096),
            rows: Vec::new(),
            leaf_hashes: Vec::new(),
            offsets: Vec::new(),
            new_slots: Vec::new(),
            waiting: Vec::new(),
            permits: Vec::new(),
        }
    }

    fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a chunk of so many entries and bytes still fits; a chunk is never split over two frames.
    fn fits(&self, entries: usize, bytes: usize) -> bool {
        self.builder.count() as usize + entries <= MAX_ENTRIES as usize
            && (self.builder.is_empty() || self.builder.record_bytes() + bytes <= SOFT_BYTES)
    }
}

impl Sequencer {
    /// Takes what is asked until everybody who could ask is gone, or something fails.
    pub(super) fn run(mut self, asks: &Receiver<Ask>, batches: &Sender<Batch>) -> Result<(), SequencerError> {
        loop {
            if self.open.is_idle() {
                let Ok(ask) = asks.recv() else { return Ok(()) };
                self.take(ask, batches)?;
                continue;
            }
            // Whichever comes first: the committer is free, or there is more to gather.
            select! {
                send(batches, self.close()) -> sent => if sent.is_err() { return Ok(()) },
                recv(asks) -> ask => match ask {
                    Ok(ask) => self.take(ask, batches)?,
                    Err(_) => { let batch = self.close(); let _ = batches.send(batch); return Ok(()) }
                },
            }
        }
    }

    fn take(&mut self, ask: Ask, batches: &Sender<Batch>) -> Result<(), SequencerError> {
        let (entries, bytes) = match &ask {
            Ask::Post(chunk) => (chunk.ready.len(), chunk.ready.iter().map(Ready::record_bytes).sum()),
            Ask::Private { bytes, .. } => (0, bytes.len()),
        };
        if !self.open.fits(entries, bytes) {
            let batch = self.close();
            // A committer that is gone has said why; the callers see their channels close.
            if batches.send(batch).is_err() {
                return Ok(());
            }
        }
        self.overlay.drain(self.view.load().tree.size);
        match ask {
            Ask::Post(chunk) => self.post(chunk),
            Ask::Private { kind, slot, bytes, rows, to } => {
                self.private(kind, slot, &bytes, rows, to);
                Ok(())
            }
        }
    }

    fn post(&mut self, chunk: Chunk) -> Result<(), SequencerError> {
        let view = self.view.load_full();
        let now = (self.clock)();
        let mut verdicts = Vec::with_capacity(chunk.ready.len());
        for ready in chunk.ready {
            verdicts.push(self.one(&ready, &view, now)?);
        }
        self.open.waiting.push(Waiting { verdicts, to: chunk.to });
        self.open.permits.push(chunk.permit);
        Ok(())
    }

    fn one(&mut self, ready: &Ready, view: &View, now: i64) -> Result<Verdict, SequencerError> {
        // The log's clock never runs backwards; a machine whose clock does holds it still.
        let logged_at = self.logged_at.max(now);
        let state = State { overlay: &self.overlay, view: &view.index };
        match xuefen_ledger::decide(&state, &ready.prepared, logged_at) {
            Ok(Decision::Accept(effects)) => self.accept(ready, view, logged_at, effects),
            Ok(Decision::Replay { index }) => Ok(Verdict::Receipt(self.replay(view, index)?)),
            Err(xuefen_ledger::DecideError::Refused(refusal)) => {
                if let Some(slot) = ready.fresh_slot() {
                    self.vault.release(slot);
                }
                Ok(Verdict::Refused(refusal))
            }
            Err(xuefen_ledger::DecideError::Read(error)) => Err(error.into()),
        }
    }
}
