//! The journal: the ledger's one source of truth on disk (formats.md 6, byte layout in docs/spec/journal.md).
//!
//! What stands here: the [`Journal`] trait with its contract, the bytes of frames, segments and the head file, the
//! implementation on files, one in memory that can be made to fail, and `fsck`.
//!
//! What must not: rules, signatures, the tree (the caller brings chain and root), keys, and anything that can be
//! derived from the journal and rebuilt.

mod build;
mod disk;
mod error;
mod file;
mod file_reader;
mod frame;
mod fsck;
mod head;
mod lock;
mod memory;
mod open;
mod published;
mod reader;
mod record;
mod scan;
mod segment;
mod state;
mod types;

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod testing;

use std::sync::Arc;

pub use build::{Frame, FrameBuilder, Full};
pub use error::{Damage, JournalError, Problem};
pub use file::{FileJournal, Options};
pub use frame::{FrameHeader, MAX_BODY, MAX_ENTRIES, SOFT_BYTES, StoredFrame};
pub use fsck::{Report, fsck};
pub use head::{Head, MAX_CHECKPOINT};
pub use lock::DirLock;
pub use memory::{Answer, Call, Fault, MemoryJournal, MemoryStore, Moment};
pub use open::{Cut, Mark};
pub use published::published;
pub use reader::{Frames, Reader, Start};
pub use record::{MAX_ENTRY, OwnedRecord, Record, Sealed};
pub use types::{Epoch, FrameNumber, Position, TreeHead, chain_start};
pub use xuefen_core::chain::next as chain_next;

/// The one writer's side of a journal. Readers use [`Journal::reader`] and never wait for the writer.
///
/// # Contract
/// 1. Life of a writer: `acquire`, then `append` and `publish` in any interleaving, each head after its frame.
/// 2. Order of a commit (formats.md 6): new learner keys are on disk → `append` returned `Done` → the checkpoint is
///    signed → `publish` returned `Done` → the view is swapped → verdicts leave. The journal does the second and the
///    fourth; the caller owes the rest.
/// 3. `Done` means durable: the bytes and the names of the files that hold them survive a loss of power.
/// 4. Any error of a write or a sync may or may not have applied. The writer has then stopped for good: every later call
///    answers [`JournalError::Stopped`]. Only a new `open`, which looks at the disk again, can go on.
/// 5. Errors that say the caller asked for something impossible ([`JournalError::NotNext`],
///    [`JournalError::NotAppended`], [`JournalError::Backwards`], [`JournalError::CheckpointTooLong`]) wrote nothing and do
///    not stop the writer.
/// 6. `Fenced` wrote nothing. Another writer has acquired, or this one has an `Unknown` to clear up: stand down or acquire.
/// 7. `Unknown` may or may not have applied, and the writer is fenced until it acquires again. Compare the new tip with
///    the old head and with the head that was sent: old → send again; new → it applied, answer the clients; anything
///    else → another leader was there, stand down. The journal on files never answers `Unknown`.
///
/// One conformance suite holds every implementation to this (`conformance.rs`).
pub trait Journal: Send {
    /// Takes the writer's part: bumps the epoch durably, so that whoever held it before is fenced, and says where the
    /// journal ends. The frames up to the tip are durable when this returns.
    ///
    /// # Errors
    /// [`JournalError::Stopped`], or [`JournalError::Io`] after which the writer has stopped.
    fn acquire(&mut self) -> Result<Tip, JournalError>;

    /// Appends one frame; durable when it answers [`Appended::Done`]. A frame without entries is synced like any other.
    ///
    /// # Errors
    /// [`JournalError::NotNext`] if the frame does not continue the tip, [`JournalError::Stopped`], or
    /// [`JournalError::Io`] after which the writer has stopped.
    fn append(&mut self, frame: &Frame, expected: Expected) -> Result<Appended, JournalError>;

    /// Writes the head: what is acknowledged from now on can never be cut away at open. One head may cover several frames.
    ///
    /// # Errors
    /// [`JournalError::NotAppended`] if the head names no frame that was appended, [`JournalError::Backwards`] if an
    /// earlier head named a later one, [`JournalError::CheckpointTooLong`], [`JournalError::Stopped`], or
    /// [`JournalError::Io`] after which the writer has stopped.
    fn publish(&mut self, head: &Head) -> Result<Published, JournalError>;

    /// A reader of the durable frames, to be shared between threads. It outlives the writer.
    fn reader(&self) -> Arc<dyn Reader>;
}

/// Where the journal ends, as [`Journal::acquire`] found it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// This writer's epoch, higher than any before.
    pub epoch: Epoch,
    /// The last whole frame; [`FrameNumber::NONE`] if there is none.
    pub frame: FrameNumber,
    /// Its frame hash: the `previous` of the next frame. `chain(0)` if there is none.
    pub frame_hash: xuefen_core::Hash,
    /// Chain head after that frame (formats.md 4).
    pub chain: xuefen_core::Hash,
    /// Tree after that frame, as the frame states it.
    pub tree: TreeHead,
    /// Where the next frame begins, unless the segment rolls first.
    pub end: Position,
    /// The newest head. Frames above it are durable but nobody was told of them.
    pub published: Head,
}

impl Tip {
    /// What the next append must expect.
    pub const fn expected(&self) -> Expected {
        Expected { epoch: self.epoch, tree: self.tree }
    }
}

/// What the writer believes the journal to be; the fence of [`Journal::append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// The epoch that `acquire` gave.
    pub epoch: Epoch,
    /// The tree before the frame.
    pub tree: TreeHead,
}

/// Answer to [`Journal::append`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "only Done is durable"]
pub enum Appended {
    /// Durable. A record's position is this position plus its offset within the frame.
    Done(Position),
    /// Nothing was written: this writer is not, or no longer, the one.
    Fenced,
    /// May or may not have been written; see the contract, point 7.
    Unknown,
}

/// Answer to [`Journal::publish`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "only Done is durable"]
pub enum Published {
    /// Durable.
    Done,
    /// Nothing was written: this writer is not, or no longer, the one.
    Fenced,
    /// May or may not have been written; see the contract, point 7.
    Unknown,
}
