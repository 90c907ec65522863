//! Rows that are decided but not yet visible in the index: what the next decision must already see. Beside them the rows that
//! decisions keep asking for (the issuer, its key, its course), so that those are not looked up in the index each time.
//!
//! Point lookups only. As-of reads and lists belong to the index, which never shows rows above the signed size.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::collections::hash_map::Entry;

use bytes::Bytes;
use xuefen_core::Hash;
use xuefen_ledger::Table;
use xuefen_ledger::policy::KnownPolicies;

use crate::index::Row;

/// Rows remembered from the index at most; then all are forgotten and read once more.
const HOT_ROWS: usize = 1 << 16;

/// Tables of which decisions read nothing.
const LISTS: [u8; 2] = [Table::OutcomesOf.byte(), Table::IssuedBy.byte()];

/// What is known of a key before, or instead of, asking the index.
struct Known {
    /// The leaf index that wrote the newest row, and its value; `None`: the key has no row.
    row: Option<(u64, Bytes)>,
    /// The row is not published yet: it must not be forgotten.
    in_flight: bool,
    /// It was asked for. Whoever decides is the only writer, so it stays the newest until [`Overlay::insert`] says otherwise.
    hot: bool,
}

/// One map for both: a decision looks up some twenty keys, and hashing them is most of what that costs. The hash stays the
/// seeded one of the standard library, since issuers can choose what keys are made of.
#[expect(clippy::disallowed_types, reason = "looked up by key; iterated only to forget")]
type Rows = std::collections::HashMap<Bytes, Known>;

/// Newest row per key of the frames in flight, and what was read from the index.
#[derive(Default)]
pub(super) struct Overlay {
    known: RefCell<Rows>,
    /// Number of hot ones.
    hot: Cell<usize>,
    /// Keys and leaf indices of the rows since the last frame was closed.
    open: Vec<(Bytes, u64)>,
    frames: VecDeque<InFlight>,
    entries: Recent,
    /// Decoded policies. Whose line was written by which entry is asked of the rows each time.
    pub policies: KnownPolicies,
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
    rows: Vec<(Bytes, u64)>,
}

impl Overlay {
    /// The newest row of `key`: in flight, remembered, or as `index` reads it. That there is none is remembered only if
    /// `absence` says so: right for what every decision asks for, a waste for what is asked for once.
    pub fn newest<E>(
        &self,
        key: &[u8],
        absence: bool,
        index: impl FnOnce() -> Result<Option<(u64, Bytes)>, E>,
    ) -> Result<Option<(u64, Bytes)>, E> {
        let mut known = self.known.borrow_mut();
        if let Some(known) = known.get(key) {
            return Ok(known.row.clone());
        }
        let found = index()?;
        if found.is_some() || absence {
            if self.hot.get() >= HOT_ROWS {
                self.hot.set(0);
                known.retain(|_, known| {
                    known.hot = false;
                    known.in_flight
                });
            }
            self.hot.set(self.hot.get() + 1);
            // Copied, so that a few bytes do not keep a whole block alive.
            let row = found.as_ref().map(|(at, value)| (*at, Bytes::copy_from_slice(value)));
            known.insert(Bytes::copy_from_slice(key), Known { row, in_flight: false, hot: true });
        }
        Ok(found)
    }

    /// Adds the row of an entry just accepted. Those of lists are left out: no decision reads them.
    pub fn insert(&mut self, row: &Row) {
        if row.key.first().is_some_and(|table| LISTS.contains(table)) {
            return;
        }
        self.open.push((row.key.clone(), row.index));
        let newest = Some((row.index, row.value.clone()));
        match self.known.get_mut().entry(row.key.clone()) {
            Entry::Vacant(place) => drop(place.insert(Known { row: newest, in_flight: true, hot: false })),
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.row = newest;
                known.in_flight = true;
            }
        }
    }

    /// Remembers that the rows inserted since the last frame become visible together at `size`.
    pub fn close(&mut self, size: u64) {
        self.frames.push_back(InFlight { size, rows: std::mem::take(&mut self.open) });
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
            for (key, written_by) in frame.rows {
                let Entry::Occupied(mut known) = self.known.get_mut().entry(key) else { continue };
                // A later frame may have written the key again; that row stays.
                if known.get().row.as_ref().is_none_or(|(index, _)| *index > written_by) {
                    continue;
                }
                if known.get().hot {
                    known.get_mut().in_flight = false;
                } else {
                    known.remove();
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

    /// The index of the newest row of a key, if the index has it at `index`.
    fn newest(overlay: &Overlay, key: &str, absence: bool, index: Option<u64>) -> Option<u64> {
        let from_index = || Ok::<_, Infallible>(index.map(|index| (index, Bytes::from(index.to_string()))));
        let row = overlay.newest(key.as_bytes(), absence, from_index).unwrap();
        row.map(|(index, value)| {
            assert_eq!(value, index.to_string());
            index
        })
    }

    fn fly(overlay: &mut Overlay, size: u64, rows: &[Row]) {
        for row in rows {
            overlay.insert(row);
        }
        overlay.close(size);
    }

    #[test]
    fn rows_stay_until_their_frame_is_published() {
        let mut overlay = Overlay::default();
        fly(&mut overlay, 2, &[row("a", 0), row("b", 1)]);
        fly(&mut overlay, 4, &[row("a", 2), row("c", 3)]);
        let flying = |overlay: &Overlay| ["a", "b", "c"].map(|key| newest(overlay, key, false, None));
        overlay.drain(1);
        assert_eq!(flying(&overlay), [Some(2), Some(1), Some(3)], "size 1 does not show the first frame");
        overlay.drain(2);
        assert_eq!(flying(&overlay), [Some(2), None, Some(3)], "written again by the second frame");
        overlay.drain(4);
        assert_eq!(flying(&overlay), [None; 3]);
        assert!(overlay.known.borrow().is_empty());
    }

    #[test]
    fn what_was_read_is_remembered_until_it_is_written() {
        let mut overlay = Overlay::default();
        assert_eq!(newest(&overlay, "a", false, None), None);
        assert_eq!(newest(&overlay, "a", false, Some(1)), Some(1), "nothing is remembered of what is not there");
        assert_eq!(newest(&overlay, "a", false, None), Some(1), "remembered");
        fly(&mut overlay, 6, &[row("a", 5)]);
        assert_eq!(newest(&overlay, "a", false, Some(1)), Some(5));
        overlay.drain(6);
        assert_eq!(newest(&overlay, "a", false, Some(1)), Some(5), "published, and remembered as written");
    }

    #[test]
    fn absence_is_remembered_if_asked_and_until_it_is_written() {
        let mut overlay = Overlay::default();
        assert_eq!(newest(&overlay, "a", true, None), None);
        assert_eq!(newest(&overlay, "a", false, Some(1)), None, "remembered");
        fly(&mut overlay, 6, &[row("a", 5)]);
        assert_eq!(newest(&overlay, "a", true, None), Some(5));
        overlay.drain(6);
        assert_eq!(newest(&overlay, "a", true, None), Some(5));
    }

    #[test]
    fn what_is_in_flight_is_not_forgotten_with_the_rest() {
        let mut overlay = Overlay::default();
        for key in ["a", "b"] {
            assert_eq!(newest(&overlay, key, false, Some(1)), Some(1));
        }
        fly(&mut overlay, 6, &[row("a", 5)]);
        overlay.hot.set(HOT_ROWS);
        assert_eq!(newest(&overlay, "c", false, Some(2)), Some(2));
        assert_eq!(newest(&overlay, "a", false, Some(1)), Some(5), "in flight");
        assert_eq!(newest(&overlay, "b", false, Some(3)), Some(3), "forgotten and read again");
        overlay.drain(6);
        assert_eq!(newest(&overlay, "a", false, Some(5)), Some(5));
        assert_eq!((overlay.hot.get(), overlay.known.borrow().len()), (3, 3));
    }
}
