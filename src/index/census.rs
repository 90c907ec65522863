//! What an index consists of, counted: for the figures of `xuefen bench`. Reads every block; nothing else asks for it.

use super::block;
use super::error::Result;
use super::store::Kind;
use super::view::View;
use std::collections::BTreeMap;

/// Rows of one table, and the bytes they take. A table is the first byte of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableBytes {
    /// Rows.
    pub rows: u64,
    /// Bytes of their keys and values, as given.
    pub given: u64,
    /// Bytes of their blocks, as stored. A block that two tables share counts for the first.
    pub stored: u64,
}

/// What the runs of an index hold, and what stands beside them. What is only in memory is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// By table.
    pub tables: BTreeMap<u8, TableBytes>,
    /// Bytes of sparse indices.
    pub sparse: u64,
    /// Bytes of Bloom filters.
    pub filters: u64,
    /// Bytes of leaf and tile hashes.
    pub tiles: u64,
    /// Bytes of journal positions.
    pub positions: u64,
}

impl View {
    /// Counts what is on disk, dead values of sled's left out.
    pub fn census(&self) -> Result<Census> {
        let mut census = Census::default();
        for run in &self.sources.runs {
            run.each_block(|stored, block| {
                let Some(rows) = block::rows(block) else { return };
                if let Some(first) = rows.first().and_then(|row| row.key.first()) {
                    census.tables.entry(*first).or_default().stored += stored as u64;
                }
                for row in rows {
                    let table = row.key.first().copied().unwrap_or_default();
                    let table = census.tables.entry(table).or_default();
                    table.rows += 1;
                    table.given += (row.key.len() + row.value.len()) as u64;
                }
            })?;
        }
        census.sparse = self.leaves.stored_bytes(Kind::Sparse)?;
        census.filters = self.leaves.stored_bytes(Kind::Filter)?;
        census.tiles = self.leaves.stored_bytes(Kind::Tile)?;
        census.positions = self.leaves.stored_bytes(Kind::Positions)?;
        Ok(census)
    }
}
