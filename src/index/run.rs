//! One run: an immutable sorted set of rows in sled, its sparse index and Bloom filter in memory. Writing one is in
//! [`super::run_writer`]; when runs are made and dropped is decided elsewhere.

use super::block;
use super::cache::Cache;
use super::codec::Reader;
use super::error::Result;
use super::filter::Filter;
use super::manifest::RunMeta;
use super::page::Bound;
use super::store::{Kind, Store, Sum, checksum, damaged, key};
use super::types::{Direction, Row};
use bytes::Bytes;
use lz4_flex::block::decompress_size_prepended;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What all runs share: where blocks come from and where dropped runs are reported.
pub(super) struct Backing {
    pub store: Store,
    pub cache: Cache,
    /// Runs that were merged away and that no view uses any more; their values can be removed.
    pub dead: Mutex<Vec<RunMeta>>,
}

/// First row of a block and the block's checksum.
pub(super) struct SparseEntry {
    /// Where the first key stands in the buffer of keys.
    pub key: std::ops::Range<usize>,
    pub index: u64,
    pub sum: Sum,
}

/// The sparse index of a run.
#[derive(Default)]
pub(super) struct Sparse {
    pub keys: Vec<u8>,
    pub entries: Vec<SparseEntry>,
}

impl Sparse {
    /// Reads the stored form: per block, key length, key, index, checksum.
    fn decode(bytes: &[u8]) -> Option<Self> {
        let mut sparse = Self::default();
        let mut reader = Reader(bytes);
        while !reader.0.is_empty() {
            let len = reader.length()?;
            let first = reader.take(len)?;
            let start = sparse.keys.len();
            sparse.keys.extend_from_slice(first);
            let entry = SparseEntry { key: start..sparse.keys.len(), index: reader.varint()?, sum: reader.array()? };
            sparse.entries.push(entry);
        }
        Some(sparse)
    }

    fn first(&self, block: usize) -> (&[u8], u64) {
        let entry = &self.entries[block];
        (&self.keys[entry.key.clone()], entry.index)
    }

    /// Number of blocks whose first row is before the bound.
    fn before(&self, key: &[u8], index: u64) -> usize {
        self.entries.partition_point(|entry| (&self.keys[entry.key.clone()], entry.index) < (key, index))
    }
}

/// A run.
pub(super) struct Run {
    pub meta: RunMeta,
    sparse: Sparse,
    filter: Filter,
    context: Arc<Backing>,
    doomed: AtomicBool,
}

impl Run {
    /// A run just written.
    pub fn new(meta: RunMeta, sparse: Sparse, filter: Filter, context: Arc<Backing>) -> Self {
        Self { meta, sparse, filter, context, doomed: AtomicBool::new(false) }
    }

    /// Loads the sparse index and the filter of a run that the manifest names. Blocks are checked when they are read.
    pub fn load(meta: RunMeta, context: Arc<Backing>) -> Result<Self> {
        let pieces = |kind, count, sum: Sum| {
            let mut bytes = Vec::new();
            for piece in 0..count {
                let value = context.store.get(&key(kind, meta.id, piece))?;
                bytes.extend_from_slice(&value.ok_or_else(|| damaged("a piece of a run is missing"))?);
            }
            if checksum(&key(kind, meta.id, 0), &bytes) == sum { Ok(bytes) } else { Err(damaged("a run's checksum")) }
        };
        let sparse = Sparse::decode(&pieces(Kind::Sparse, meta.sparse_pieces, meta.sparse_sum)?);
        let filter = Filter::from_bytes(&pieces(Kind::Filter, meta.filter_pieces, meta.filter_sum)?);
        match (sparse, filter) {
            (Some(sparse), Some(filter)) if sparse.entries.len() as u64 == meta.blocks => {
                Ok(Self::new(meta, sparse, filter, context))
            }
            _ => Err(damaged("a run's index cannot be read")),
        }
    }

    /// Whether rows of the key with this hash and an index below `below` may be here.
    pub fn may_have(&self, hash: u64, below: u64) -> bool {
        self.meta.lowest_index < below && self.filter.may_contain(hash)
    }

    /// The newest row of `key` below `below`.
    pub fn newest(&self, key: &[u8], below: u64) -> Result<Option<(u64, Bytes)>> {
        // Only the last block that begins before (key, below) can hold the row.
        let Some(at) = self.sparse.before(key, below).checked_sub(1) else { return Ok(None) };
        block::newest(&self.block(at, true)?, key, below).ok_or_else(|| damaged("a block is not well-formed"))
    }

    /// Appends rows of `[low, high)` to `out`, from its beginning or its end: the rows of one block, at least one if
    /// there is any.
    pub fn page(
        &self,
        low: &Bound,
        high: Option<&Bound>,
        direction: Direction,
        keep: bool,
        out: &mut Vec<Row>,
    ) -> Result<()> {
        let first = self.sparse.before(&low.0, low.1.saturating_add(1)).saturating_sub(1);
        let end = high.map_or(self.sparse.entries.len(), |high| self.sparse.before(&high.0, high.1));
        let mut blocks = first..end;
        while out.is_empty() {
            let next = if direction == Direction::Ascending { blocks.next() } else { blocks.next_back() };
            let Some(at) = next else { break };
            let rows = block::rows(&self.block(at, keep)?).ok_or_else(|| damaged("a block is not well-formed"))?;
            let within = |row: &Row| {
                let place = (&row.key[..], row.index);
                place >= (&low.0[..], low.1) && high.is_none_or(|high| place < (&high.0[..], high.1))
            };
            out.extend(rows.into_iter().filter(within));
        }
        if direction == Direction::Descending {
            out.reverse();
        }
        Ok(())
    }

    /// Marks the run as merged away: when the last view lets go of it, its values are reported as dead.
    pub fn doom(&self) {
        self.doomed.store(true, Ordering::Release);
    }

    /// Every block, as it is stored (its length) and unpacked.
    pub fn each_block(&self, mut see: impl FnMut(usize, &Bytes)) -> Result<()> {
        for at in 0..self.sparse.entries.len() {
            let stored = self.context.store.get(&key(Kind::Block, self.meta.id, at as u64))?.map_or(0, |it| it.len());
            see(stored, &self.block(at, false)?);
        }
        Ok(())
    }

    fn block(&self, at: usize, keep: bool) -> Result<Bytes> {
        let key = key(Kind::Block, self.meta.id, at as u64);
        if let Some(block) = self.context.cache.get(&key) {
            return Ok(block);
        }
        let block = self.context.store.get(&key)?.ok_or_else(|| damaged("a block is missing"))?;
        // Its checksum stands in the sparse index: a block of an earlier life of this run number is found as well.
        if checksum(&key, &block) != self.sparse.entries[at].sum {
            return Err(damaged("a block's checksum is wrong"));
        }
        // After the checksum: only what this program packed is ever unpacked.
        let block = decompress_size_prepended(&block).map_err(|_| damaged("a block cannot be unpacked"))?;
        let block = Bytes::from(block);
        if keep {
            self.context.cache.put(&key, block.clone());
        }
        Ok(block)
    }

    /// Whether a bound lies behind everything in this run; lets scans leave it out.
    pub fn ends_before(&self, high: Option<&Bound>) -> bool {
        high.is_some_and(|high| self.sparse.first(0) >= (&high.0[..], high.1))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire) {
            self.context.dead.lock().unwrap_or_else(PoisonError::into_inner).push(self.meta.clone());
        }
    }
}
