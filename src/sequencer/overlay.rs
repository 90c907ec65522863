//! Rows that are decided but not yet visible in the index: what the next decision must already see. Beside them the rows that
//! decisions keep asking for (the issuer, its key, its course), so that those are not looked up in the index each time.
//!
//! Point lookups only. As-of reads and lists belong to the index, which never shows rows above the signed size.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use xuefen_core::Hash;
use xuefen_ledger::Table;

use crate::index::Row;

/// Rows remembered from the index at most; then all are forgotten and read once more.
const HOT_ROWS: usize = 1 << 16;

/// Tables of which decisions read nothing.
const LISTS: [u8; 2] = [Table::OutcomesOf.byte(), Table::IssuedBy.byte()];

/// The newest row of a key, as the leaf index that wrote it and the value.
#[expect(clippy::disallowed_types, reason = "looked up by key, never iterated")]
type Newest = std::collections::HashMap<Bytes, (u64, Bytes)>;

/// Newest row per key of the frames in flight.
#[derive(Default)]
pub(super) struct Overlay {
    newest: Newest,
    frames: VecDeque<InFlight>,
    /// Newest rows that were read from the index. Whoever decides is the only writer, so they stay the newest until
    /// [`Self::insert`] says otherwise.
    hot: RefCell<Newest>,
    entries: Recent,
}

/// Leaf hash of each entry in flight, and hash of its statement.
#[derive(Default)]
struct Recent {
    /// Index of the first.
    first: u64,
    hashes: VecDeque<(Hash, Hash)>,
}

struct InFlight {
    /// Tree size after the frame: once it is published the frame's rows are in the index.
    size: u64,
    rows: Arc<[Row]>,
}

impl Overlay {
    /// The newest row of `key` in flight.
    pub fn get(&self, key: &[u8]) -> Option<&(u64, Bytes)> {
        self.newest.get(key)
    }

    /// The newest row of `key`: in flight, remembered, or as `index` reads it.
    pub fn newest<E>(
        &self,
        key: &[u8],
        index: impl FnOnce() -> Result<Option<(u64, Bytes)>, E>,
    ) -> Result<Option<(u64, Bytes)>, E> {
        if let Some(row) = self.get(key) {
            return Ok(Some(row.clone()));
        }
        let mut hot = self.hot.borrow_mut();
        if let Some(row) = hot.get(key) {
            return Ok(Some(row.clone()));
        }
        let found = index()?;
        if let Some((at, value)) = &found {
            if hot.len() >= HOT_ROWS {
                hot.clear();
            }
            // Copied, so that a few bytes do not keep a whole block alive.
            hot.insert(Bytes::copy_from_slice(key), (*at, Bytes::copy_from_slice(value)));
        }
        Ok(found)
    }

    /// Adds the row of an entry just accepted. Those of lists are left out: no decision reads them.
    pub fn insert(&mut self, row: &Row) {
        if row.key.first().is_some_and(|table| LISTS.contains(table)) {
            return;
        }
        if let Some(hot) = self.hot.get_mut().get_mut(&row.key) {
            *hot = (row.index, row.value.clone());
        }
        self.newest.insert(row.key.clone(), (row.index, row.value.clone()));
    }

    /// Remembers that `rows`, inserted before, become visible together at `size`.
    pub fn close(&mut self, size: u64, rows: Arc<[Row]>) {
        self.frames.push_back(InFlight { size, rows });
    }

    /// Adds an entry just accepted, the next after those before: its leaf hash and that of its statement.
    pub fn log(&mut self, index: u64, leaf_hash: Hash, statement_hash: Hash) {
        if self.entries.hashes.is_empty() {
            self.entries.first = index;
        }
        self.entries.hashes.push_back((leaf_hash, statement_hash));
    }

    /// Leaf hash and statement hash of an entry in flight.
    pub fn hashes(&self, index: u64) -> Option<(Hash, Hash)> {
        let at = usize::try_from(index.checked_sub(self.entries.first)?).ok()?;
        self.entries.hashes.get(at).copied()
    }

    /// Drops what the index shows since `published` became visible.
    pub fn drain(&mut self, published: u64) {
        while self.entries.first < published && self.entries.hashes.pop_front().is_some() {
            self.entries.first += 1;
        }
        while self.frames.front().is_some_and(|frame| frame.size <= published) {
            let frame = self.frames.pop_front().expect("looked at just now");
            for row in frame.rows.iter() {
                // A later frame may have written the key again; that row stays.
                if self.newest.get(&row.key).is_some_and(|(index, _)| *index <= row.index) {
                    self.newest.remove(&row.key);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn entries_in_flight_are_told_until_they_are_published() {
        let mut overlay = Overlay::default();
        let hash = |number: u8| Hash([number; 32]);
        for number in 5..8 {
            overlay.log(number.into(), hash(number), hash(number + 100));
        }
        assert_eq!(overlay.hashes(6), Some((hash(6), hash(106))));
        overlay.drain(7);
        assert_eq!((overlay.hashes(6), overlay.hashes(8)), (None, None));
        assert_eq!(overlay.hashes(7), Some((hash(7), hash(107))));
        overlay.drain(20);
        overlay.log(8, hash(8), hash(108));
        assert_eq!(overlay.hashes(8), Some((hash(8), hash(108))));
    }

    fn row(key: &'static str, index: u64) -> Row {
        Row { key: Bytes::from_static(key.as_bytes()), index, value: Bytes::from(index.to_string()) }
    }

    #[test]
    fn rows_stay_until_their_frame_is_published() {
        let mut overlay = Overlay::default();
        for (size, rows) in [(2, vec![row("a", 0), row("b", 1)]), (4, vec![row("a", 2), row("c", 3)])] {
            for row in &rows {
                overlay.insert(row);
            }
            overlay.close(size, rows.into());
        }
        overlay.drain(1);
        assert!(overlay.get(b"b").is_some(), "size 1 does not show the first frame");
        overlay.drain(2);
        assert!(overlay.get(b"b").is_none());
        assert_eq!(overlay.get(b"a").map(|(index, _)| *index), Some(2), "written again by the second frame");
        overlay.drain(4);
        assert!(overlay.get(b"a").is_none() && overlay.get(b"c").is_none());
    }

    #[test]
    fn what_was_read_is_remembered_until_it_is_written() {
        let mut overlay = Overlay::default();
        let read = |overlay: &Overlay, index: Option<u64>| {
            let from_index = || Ok::<_, Infallible>(index.map(|index| (index, Bytes::from(index.to_string()))));
            overlay.newest(b"a", from_index).unwrap().map(|(index, _)| index)
        };
        assert_eq!(read(&overlay, None), None);
        assert_eq!(read(&overlay, Some(1)), Some(1), "nothing is remembered of what is not there");
        assert_eq!(read(&overlay, None), Some(1), "remembered");
        let rows = [row("a", 5)];
        overlay.insert(&rows[0]);
        assert_eq!(read(&overlay, Some(1)), Some(5));
        overlay.close(6, rows.into());
        overlay.drain(6);
        assert_eq!(read(&overlay, Some(1)), Some(5), "published, and remembered as written");
    }
}
