//! The committer: makes one batch durable, signed, visible and answered, in the order that formats.md 6 asks for.
//!
//! There is one committer and whoever holds it commits: the sequencer's thread what is small, a thread of its own what is not
//! (docs/adr/0040). Nothing else writes to the journal. Any error ends it for good: after a failed write or sync nobody
//! knows what is on the disk, so the only way on is to start again and look (architecture.md, failure policy).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, Sender};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use xuefen_core::Hash;

use super::answer::{Answer, Verdict};
use super::erasure::{self, Erasure};
use super::error::SequencerError;
use super::kept::News;
use super::pool::Ready;
use super::signer::CheckpointSigner;
use super::view::View;
use crate::index::{FrameRows, Index, Row};
use crate::journal::{Appended, Expected, Frame, Head, Journal, Position, Published, TreeHead};
use crate::vault::{Slot, Vault};

/// What one round of the sequencer hands over.
pub(super) struct Batch {
    /// The frame, unless the round only refused and replayed.
    pub frame: Option<Closed>,
    /// Verdicts that wait for it, in order.
    pub waiting: Vec<Waiting>,
}

/// A finished frame and what the index needs to know of it.
pub(super) struct Closed {
    pub frame: Frame,
    pub rows: Vec<Row>,
    pub leaf_hashes: Vec<Hash>,
    /// Offset of each entry's record within the frame, bytes.
    pub offsets: Vec<u32>,
    /// Key-ring slots that its payloads are sealed under; those of new learners are not on disk yet.
    pub slots: Vec<Slot>,
    /// What the frame erases.
    pub erasure: Option<Erasure>,
}

/// One caller and the verdicts it waits for.
pub(super) struct Waiting {
    pub verdicts: Vec<Verdict>,
    pub to: oneshot::Sender<Answer>,
    /// What was posted. Dropped here: freeing some hundred small things per posting is not for the sequencer's thread.
    pub _ready: Vec<Ready>,
    /// The caller's place in the queue, free again when it is answered.
    pub _permit: Option<OwnedSemaphorePermit>,
}

/// Everything the committer owns.
pub(super) struct Committer {
    pub journal: Box<dyn Journal>,
    pub expected: Expected,
    pub vault: Arc<Vault>,
    pub index: Arc<Index>,
    pub signer: CheckpointSigner,
    pub view: Arc<ArcSwap<View>>,
    /// Set before any caller learns that the writer has stopped.
    pub stopped: Arc<AtomicBool>,
    /// Tells watchers that a larger tree can be seen.
    pub published: watch::Sender<u64>,
    /// Tells the thread that writes the checkpoint file.
    pub keep: News,
}

/// The committer on its way to its thread, with what it is to commit.
pub(super) type Round = (Box<Committer>, Batch);

/// The committer's thread: commits what it is handed and hands the committer back, until the sequencer hangs up or
/// something fails. A committer that does not come back has failed.
pub(super) fn run(rounds: &Receiver<Round>, back: &Sender<Box<Committer>>) -> Result<(), SequencerError> {
    for (mut committer, batch) in rounds {
        committer.commit(batch)?;
        // A sequencer that is gone has said why.
        let _ = back.send(committer);
    }
    Ok(())
}

impl Committer {
    /// Makes a batch durable and answers it. After an error there is no going on.
    pub(super) fn commit(&mut self, batch: Batch) -> Result<(), SequencerError> {
        let Batch { frame, waiting } = batch;
        if let Some(closed) = frame
            && let Err(error) = self.write(closed)
        {
            // Before the callers' channels close with this batch: who is told so must not find the ledger ready.
            self.stopped.store(true, Ordering::Release);
            return Err(error);
        }
        let view = self.view.load_full();
        for waiting in waiting {
            // A caller that went away is no failure: its entries are in the ledger and it may ask again.
            let _ = waiting.to.send(Answer { verdicts: waiting.verdicts, view: Arc::clone(&view) });
        }
        // Nobody's answer waits for this.
        self.keep.tell();
        Ok(())
    }

    /// A clean stop: the next start has nothing to replay. Not worth a word if it fails, the journal has everything.
    pub(super) fn end(self) {
        drop(self.index.flush());
    }

    fn write(&mut self, closed: Closed) -> Result<(), SequencerError> {
        // 1. Keys before the payloads they seal: the other way round a cut would leave ciphertext that nobody can read.
        self.vault.commit(&closed.slots)?;
        // 2. The frame: from here on the entries exist.
        let start = match self.journal.append(&closed.frame, self.expected)? {
            Appended::Done(start) => start,
            Appended::Fenced => return Err(SequencerError::Fenced),
            Appended::Unknown => return Err(SequencerError::Unknown),
        };
        let tree = closed.frame.tree();
        self.expected.tree = tree;
        // 3. Signed only once durable: a checkpoint over entries that a cut could undo would be a lie.
        let checkpoint = self.signer.sign(tree)?;
        // 4. The head: from here on the entries can never be cut away at open.
        let head = Head {
            frame: closed.frame.number(),
            frame_hash: closed.frame.hash(),
            tree_size: tree.size,
            checkpoint: checkpoint.clone().into_bytes(),
        };
        match self.journal.publish(&head)? {
            Published::Done => {}
            Published::Fenced => return Err(SequencerError::Fenced),
            Published::Unknown => return Err(SequencerError::Unknown),
        }
        // 5. Keys after the frame that says so: the other way round a cut would leave a loss that nothing explains.
        if let Some(erasure) = &closed.erasure {
            self.vault.erase_all(&erasure.slots())?;
            self.index.hide(erasure::hidden(erasure.entries()));
        }
        // 6. Visible before the verdicts leave, so that who is answered can read what was answered.
        self.publish(closed, start, tree, checkpoint)
    }

    fn publish(
        &mut self,
        closed: Closed,
        start: Position,
        tree: TreeHead,
        checkpoint: String,
    ) -> Result<(), SequencerError> {
        let positions: Vec<u64> = closed.offsets.iter().map(|offset| start.plus(*offset).to_u64()).collect();
        let end = start.plus(u32::try_from(closed.frame.bytes().len()).expect("a frame is shorter than 4 GiB"));
        self.index.apply(FrameRows {
            frame: closed.frame.number().0,
            first_index: tree.size - closed.leaf_hashes.len() as u64,
            rows: closed.rows,
            leaf_hashes: &closed.leaf_hashes,
            positions: &positions,
            chain: closed.frame.chain(),
            frame_hash: closed.frame.hash(),
            next_position: end.to_u64(),
        })?;
        self.index.publish(tree.size)?;
        self.view.store(Arc::new(View { index: self.index.view(), checkpoint: checkpoint.into(), tree }));
        // Nobody may be watching.
        let _ = self.published.send(tree.size);
        Ok(())
    }
}
