//! The ledger's state as the rules read it: the index, and for the sequencer the rows in flight above it.

use bytes::Bytes;
use xuefen_core::Hash;
use xuefen_core::tree::TreeSize;
use xuefen_ledger::policy::KnownPolicies;
use xuefen_ledger::{Direction, Entries, Key, Query, Read, ReadError, Row, Table};

use super::overlay::Overlay;
use super::read;
use crate::index;
use crate::journal::Reader;

/// State as the next decision must see it: rows in flight first, then the published index.
pub(super) struct Deciding<'a> {
    pub overlay: &'a Overlay,
    pub index: &'a index::View,
}

impl Read for Deciding<'_> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        // Every posting asks whether its issuer is an authority or a consortium, which policies bind it, whether its offer
        // was ended and its run published; mostly there is none.
        let absence = matches!(
            key.table(),
            Some(Table::Authority | Table::Charter | Table::Display | Table::Policies | Table::Standing)
        );
        let key = key.as_bytes();
        self.overlay.newest(key, absence, || self.index.newest(key, self.index.size()).map_err(store))
    }

    fn known_policies(&self) -> Option<&KnownPolicies> {
        Some(&self.overlay.policies)
    }
}

/// The same, with the journal to read entries back from: what `decide` is given.
pub(super) struct Judging<'a> {
    pub state: Deciding<'a>,
    pub reader: &'a dyn Reader,
}

impl Read for Judging<'_> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        self.state.newest(key)
    }

    fn known_policies(&self) -> Option<&KnownPolicies> {
        self.state.known_policies()
    }
}

impl Entries for Judging<'_> {
    fn leaf_hash(&self, index: u64) -> Result<Option<Hash>, ReadError> {
        if let Some((leaf_hash, _)) = self.state.overlay.hashes(index) {
            return Ok(Some(leaf_hash));
        }
        let known = index < self.state.index.size();
        known.then(|| self.state.index.leaf_hash(index)).transpose().map_err(store)
    }

    fn statement_hash(&self, index: u64) -> Result<Option<Hash>, ReadError> {
        if let Some((_, statement_hash)) = self.state.overlay.hashes(index) {
            return Ok(Some(statement_hash));
        }
        if index >= self.state.index.size() {
            return Ok(None);
        }
        let logged =
            read::entry(self.reader, self.state.index, index).map_err(|error| ReadError::Store(Box::new(error)))?;
        Ok(Some(logged.entry.statement().leaf_hash()))
    }

    fn root(&self, size: u64) -> Result<Option<Hash>, ReadError> {
        let published = size <= self.state.index.size();
        published.then(|| self.state.index.root(TreeSize(size))).transpose().map_err(store)
    }
}

/// State as of a tree size, for answers to people.
pub struct AsOf<'a> {
    index: &'a index::View,
    size: u64,
}

impl<'a> AsOf<'a> {
    /// State as of `size` entries, or as of the view's own size if that is smaller.
    pub fn new(index: &'a index::View, size: u64) -> Self {
        Self { index, size: size.min(index.size()) }
    }
}

impl Read for AsOf<'_> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        self.index.newest(key.as_bytes(), self.size).map_err(store)
    }
}

impl Query for AsOf<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    fn history(
        &self,
        key: &Key,
        from: Option<u64>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(u64, Bytes)>, ReadError> {
        // The index takes the cursor exclusive; the rules take it inclusive.
        let (after, direction) = match direction {
            Direction::Ascending => (from.and_then(|from| from.checked_sub(1)), index::Direction::Ascending),
            Direction::Descending => (from.and_then(|from| from.checked_add(1)), index::Direction::Descending),
        };
        self.index
            .history(key.as_bytes(), self.size, after, direction)
            .take(limit)
            .collect::<Result<_, _>>()
            .map_err(store)
    }

    fn scan(&self, prefix: &[u8], after: Option<&Key>, limit: usize) -> Result<Vec<Row>, ReadError> {
        self.index
            .scan_prefix(prefix, self.size, after.map(Key::as_bytes))
            .take(limit)
            .map(|row| {
                row.map(|row| Row {
                    key: Key::from_bytes(row.key.to_vec()),
                    index: row.index,
                    value: row.value.to_vec(),
                })
            })
            .collect::<Result<_, _>>()
            .map_err(store)
    }
}

fn store(error: index::IndexError) -> ReadError {
    ReadError::Store(Box::new(error))
}
