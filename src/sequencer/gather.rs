//! The frame being gathered, and who waits for it.

use xuefen_core::Hash;
use xuefen_core::entry::Draft;
use xuefen_core::time::Timestamp;

use super::commit::Waiting;
use super::erasure::Erasure;
use crate::index::Row;
use crate::journal::{FrameBuilder, FrameNumber, MAX_ENTRIES, SOFT_BYTES, Sealed};
use crate::vault::Slot;

/// Room set aside for a frame at first, bytes; most frames under little load are one entry.
const SMALL_FRAME: usize = 4_096;

/// A frame under construction.
pub(super) struct Gathering {
    pub builder: FrameBuilder,
    pub rows: Vec<Row>,
    pub leaf_hashes: Vec<Hash>,
    /// Offset of each entry's record within the frame, bytes.
    pub offsets: Vec<u32>,
    /// Key-ring slots that its payloads are sealed under.
    pub slots: Vec<Slot>,
    pub waiting: Vec<Waiting>,
    pub erasure: Option<Erasure>,
    scratch: Vec<u8>,
}

impl Gathering {
    /// An empty frame with room for `before` bytes of records, those of the frame before: under load frames come out alike,
    /// and growing one to a megabyte by doubling copies it once more.
    pub(super) fn new(number: FrameNumber, first_index: u64, previous: Hash, before: usize) -> Self {
        let room = before.clamp(SMALL_FRAME, SOFT_BYTES);
        Self {
            builder: FrameBuilder::with_capacity(number, first_index, previous, room),
            rows: Vec::new(),
            leaf_hashes: Vec::new(),
            offsets: Vec::new(),
            slots: Vec::new(),
            waiting: Vec::new(),
            erasure: None,
            scratch: Vec::new(),
        }
    }

    /// Nobody waits for anything.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// One caller waits, for one posting or private record at most.
    pub(super) fn is_small(&self) -> bool {
        self.waiting.len() <= 1 && self.leaf_hashes.len() <= 1
    }

    /// There is nothing to write, only verdicts to deliver.
    pub(super) fn has_no_records(&self) -> bool {
        self.builder.is_empty()
    }

    /// Whether a chunk of so many entries and bytes still fits; a chunk is never split over two frames, and a chunk that
    /// is larger than a frame's soft limit stands alone.
    pub(super) fn fits(&self, entries: usize, bytes: usize) -> bool {
        self.builder.is_empty()
            || (self.builder.count() as usize + entries <= MAX_ENTRIES as usize
                && self.builder.record_bytes() + bytes <= SOFT_BYTES)
    }

    /// Adds an accepted entry and gives its leaf hash.
    pub(super) fn push_entry<M>(
        &mut self,
        draft: &Draft<M>,
        logged_at: Timestamp,
        sealed: Option<Sealed<'_>>,
    ) -> Result<Hash, String> {
        self.scratch.clear();
        let leaf_hash = draft.write(logged_at, &mut self.scratch).map_err(|error| error.to_string())?;
        let offset = self.builder.push_entry(&self.scratch, sealed).map_err(|error| error.to_string())?;
        self.offsets.push(offset);
        self.leaf_hashes.push(leaf_hash);
        Ok(leaf_hash)
    }

    /// Adds a private record; false if it fits into no frame.
    pub(super) fn push_private(&mut self, kind: u8, sealed: Sealed<'_>) -> bool {
        self.builder.push_private(kind, sealed).is_ok()
    }
}
