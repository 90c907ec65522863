//! What goes in and comes out: rows, frames, the `applied` mark and the options. No behaviour beyond checks of a frame.

use super::error::{IndexError, Result};
use bytes::Bytes;
use xuefen_core::Hash;

/// Most bytes of a key; with [`MAX_VALUE`] a row always fits into one block of 4 KiB.
pub const MAX_KEY: usize = 512;
/// Most bytes of a value.
pub const MAX_VALUE: usize = 3_400;

/// One row. Opaque to the index. Keys of one table are never prefixes of one another (the caller sees to it), so a scan
/// by prefix never meets another table's rows.
///
/// The bytes are kept in memory as given until they are flushed: cut them from one buffer per frame, never from a
/// network message that they would keep alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key, 1 to [`MAX_KEY`] bytes.
    pub key: Bytes,
    /// The leaf index of the entry that made the row. The row is visible in trees larger than this.
    pub index: u64,
    /// The value, at most [`MAX_VALUE`] bytes.
    pub value: Bytes,
}

/// What one journal frame adds to the index.
#[derive(Clone, Debug)]
pub struct FrameRows<'a> {
    /// The frame's number.
    pub frame: u64,
    /// The leaf index of the frame's first entry = the tree size before it.
    pub first_index: u64,
    /// The rows in the order in which they were made. A row's index lies between `first_index` - 1 (rows of private
    /// records, which have no leaf, belong to the entry before) and the frame's last entry. Of two rows with the same
    /// key and index the later one counts.
    pub rows: Vec<Row>,
    /// Leaf hashes of the frame's entries (RFC 6962).
    pub leaf_hashes: &'a [Hash],
    /// Where each entry stands in the journal, one position per leaf hash.
    pub positions: &'a [u64],
    /// Chain head after the frame (formats.md 4).
    pub chain: Hash,
    /// Hash of the frame (formats.md 6).
    pub frame_hash: Hash,
    /// Journal position at which the next frame starts.
    pub next_position: u64,
}

impl FrameRows<'_> {
    /// Number of entries after the frame.
    #[must_use]
    pub fn next_size(&self) -> u64 {
        self.first_index + self.leaf_hashes.len() as u64
    }

    /// The mark that stands in the index once the frame is in it.
    #[must_use]
    pub fn mark(&self) -> Applied {
        Applied {
            frame: self.frame,
            tree_size: self.next_size(),
            chain: self.chain,
            frame_hash: self.frame_hash,
            position: self.next_position,
        }
    }

    /// Checks everything that later steps rely on.
    pub(super) fn check(&self, applied: &Applied) -> Result<()> {
        let bad = |why| Err(IndexError::BadFrame { frame: self.frame, why });
        let expected = applied.frame + 1;
        if self.frame != expected {
            return Err(IndexError::OutOfOrder { expected, got: self.frame });
        }
        if self.first_index != applied.tree_size {
            return bad("its first index is not the tree size");
        }
        if self.positions.len() != self.leaf_hashes.len() {
            return bad("positions and leaf hashes differ in number");
        }
        let lowest = self.first_index.saturating_sub(1);
        let end = self.next_size().max(1);
        for row in &self.rows {
            if row.key.is_empty() || row.key.len() > MAX_KEY || row.value.len() > MAX_VALUE {
                return bad("a row is too large or has no key");
            }
            // Every source of rows is at least as new as the one before it: reads stop at the first hit.
            if row.index < lowest || row.index >= end {
                return bad("a row's index is outside the frame");
            }
        }
        Ok(())
    }
}

/// The place in the journal that an index reflects: every frame up to `frame`, nothing after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Number of the last frame applied; 0 = none yet, the first frame is 1.
    pub frame: u64,
    /// Number of entries in the index.
    pub tree_size: u64,
    /// Chain head after those entries.
    pub chain: Hash,
    /// Hash of the last frame applied; without one, what the first frame names as its previous.
    pub frame_hash: Hash,
    /// Where the next frame starts in the journal.
    pub position: u64,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the index now.
    Applied,
    /// The index reflected it already; nothing was changed.
    Skipped,
}

/// Order in which a history is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest leaf index first.
    #[default]
    Ascending,
    /// Largest leaf index first.
    Descending,
}

/// Limits of memory and of background work.
#[derive(Clone, Copy, Debug)]
pub struct IndexOptions {
    /// Rows in the active memtable at which it is frozen and written as a run.
    pub memtable_rows: usize,
    /// Bytes of keys and values at which it is frozen as well.
    pub memtable_bytes: usize,
    /// Frozen memtables waiting to be written at which `apply` waits.
    pub max_frozen: usize,
    /// Bytes of row blocks and tile pieces kept in memory.
    pub cache_bytes: usize,
    /// sled's own page cache. It does not bound sled's memory (docs/spec/index.md), so keep it small.
    pub sled_cache_bytes: u64,
    /// Runs of one tier that are merged into one of the next, 2 to 16.
    pub fan_in: usize,
    /// After each step of a merge, the background thread rests this many times as long as the step took, unless flushes
    /// have fallen behind.
    pub merge_rest: u32,
}

impl Default for IndexOptions {
    fn default() -> Self {
        Self {
            memtable_rows: 128 * 1024,
            memtable_bytes: 32 << 20,
            max_frozen: 2,
            cache_bytes: 32 << 20,
            sled_cache_bytes: 16 << 20,
            fan_in: 8,
            merge_rest: 1,
        }
    }
}

/// Figures of a running index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// What memory and runs together reflect.
    pub applied: Applied,
    /// What would be left after a crash now.
    pub durable: Applied,
    /// Rows that are only in memory.
    pub memory_rows: usize,
    /// Their keys and values in bytes.
    pub memory_bytes: usize,
    /// Memtables waiting to be written.
    pub frozen: usize,
    /// Runs in sled.
    pub runs: usize,
    /// Rows in them.
    pub run_rows: u64,
    /// Whether a merge is under way or due.
    pub merging: bool,
}
