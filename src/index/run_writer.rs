//! Writes a run: sorted rows in, blocks, sparse index and filter out. Nothing it writes counts before a manifest names
//! the run, so it writes in batches as it goes; what a crash leaves is removed at open.

use super::block::Builder;
use super::codec::put_varint;
use super::error::Result;
use super::filter::{Filter, key_hash};
use super::manifest::RunMeta;
use super::run::{Backing, Run, Sparse, SparseEntry};
use super::store::{Batch, Kind, Store, checksum, key};
use super::types::Row;
use bytes::Bytes;
use lz4_flex::block::compress_prepend_size;
use std::sync::Arc;

/// Bytes of a stored piece of a sparse index or filter.
const PIECE_BYTES: usize = 4_096;

/// A run being written.
pub(super) struct RunWriter {
    meta: RunMeta,
    block: Builder,
    /// First row of the block being filled.
    first: Option<(Bytes, u64)>,
    last_key: Bytes,
    sparse: Sparse,
    filter: Filter,
    batch: Batch,
}

impl RunWriter {
    /// Begins run `id`, with a filter for at most `keys` distinct keys.
    pub fn new(id: u64, tier: u64, keys: usize) -> Self {
        let meta = RunMeta {
            id,
            tier,
            rows: 0,
            keys: 0,
            blocks: 0,
            sparse_pieces: 0,
            filter_pieces: 0,
            lowest_index: u64::MAX,
            sparse_sum: [0; 8],
            filter_sum: [0; 8],
        };
        Self {
            meta,
            block: Builder::default(),
            first: None,
            last_key: Bytes::new(),
            sparse: Sparse::default(),
            filter: Filter::new(keys),
            batch: Batch::default(),
        }
    }

    /// Adds the next row; `true` when a batch was written to the store.
    pub fn push(&mut self, row: &Row, store: &Store) -> Result<bool> {
        if !self.block.push(row) {
            self.end_block();
            let fits = self.block.push(row);
            debug_assert!(fits, "the limits of keys and values let every row fit into an empty block");
        }
        if self.first.is_none() {
            self.first = Some((row.key.clone(), row.index));
        }
        if self.meta.rows == 0 || self.last_key != row.key {
            self.filter.insert(key_hash(&row.key));
            self.meta.keys += 1;
            self.last_key = row.key.clone();
        }
        self.meta.rows += 1;
        self.meta.lowest_index = self.meta.lowest_index.min(row.index);
        let full = self.batch.is_full();
        if full {
            store.write(&mut self.batch)?;
        }
        Ok(full)
    }

    /// Writes the rest. The run may be named by a manifest afterwards; `None` if it has no rows.
    pub fn finish(mut self, context: &Arc<Backing>) -> Result<Option<Run>> {
        if self.block.is_empty() {
            return Ok(None);
        }
        self.end_block();
        let mut bytes = Vec::new();
        for entry in &self.sparse.entries {
            put_varint(&mut bytes, entry.key.len() as u64);
            bytes.extend_from_slice(&self.sparse.keys[entry.key.clone()]);
            put_varint(&mut bytes, entry.index);
            bytes.extend_from_slice(&entry.sum);
        }
        self.meta.sparse_sum = checksum(&key(Kind::Sparse, self.meta.id, 0), &bytes);
        self.meta.sparse_pieces = self.put_pieces(Kind::Sparse, &bytes, &context.store)?;
        let bytes = self.filter.to_bytes();
        self.meta.filter_sum = checksum(&key(Kind::Filter, self.meta.id, 0), &bytes);
        self.meta.filter_pieces = self.put_pieces(Kind::Filter, &bytes, &context.store)?;
        context.store.write(&mut self.batch)?;
        self.sparse.keys.shrink_to_fit();
        self.sparse.entries.shrink_to_fit();
        Ok(Some(Run::new(self.meta, self.sparse, self.filter, Arc::clone(context))))
    }

    fn end_block(&mut self) {
        let Some((first, index)) = self.first.take() else { return };
        let block = compress_prepend_size(&self.block.finish());
        let key = key(Kind::Block, self.meta.id, self.meta.blocks);
        let start = self.sparse.keys.len();
        self.sparse.keys.extend_from_slice(&first);
        let entry = SparseEntry { key: start..self.sparse.keys.len(), index, sum: checksum(&key, &block) };
        self.sparse.entries.push(entry);
        self.batch.put(&key, block);
        self.meta.blocks += 1;
    }

    fn put_pieces(&mut self, kind: Kind, bytes: &[u8], store: &Store) -> Result<u64> {
        let mut count = 0;
        for piece in bytes.chunks(PIECE_BYTES) {
            self.batch.put(&key(kind, self.meta.id, count), piece.to_vec());
            count += 1;
            if self.batch.is_full() {
                store.write(&mut self.batch)?;
            }
        }
        Ok(count)
    }
}
