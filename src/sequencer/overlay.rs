//! Rows that are decided but not yet visible in the index: what the next decision must already see.
//!
//! Point lookups only. As-of reads and lists belong to the index, which never shows rows above the signed size.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use crate::index::Row;

/// Newest row per key of the frames in flight.
#[derive(Default)]
pub(super) struct Overlay {
    #[expect(clippy::disallowed_types, reason = "looked up by key, never iterated")]
    newest: std::collections::HashMap<Bytes, (u64, Bytes)>,
    frames: VecDeque<InFlight>,
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

    /// Adds the row of an entry just accepted.
    pub fn insert(&mut self, row: &Row) {
        self.newest.insert(row.key.clone(), (row.index, row.value.clone()));
    }

    /// Remembers that `rows`, inserted before, become visible together at `size`.
    pub fn close(&mut self, size: u64, rows: Arc<[Row]>) {
        self.frames.push_back(InFlight { size, rows });
    }

    /// Drops what the index shows since `published` became visible.
    pub fn drain(&mut self, published: u64) {
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

    fn row(key: &'static str, index: u64) -> Row {
        Row { key: Bytes::from_static(key.as_bytes()), index, value: Bytes::from(index.to_string()) }
    }

    #[test]
    fn rows_stay_until_their_frame_is_published() {
        let mut overlay = Overlay::default();
        for (size, rows) in [(2, vec![row("a", 0), row("b", 1)]), (4, vec![row("a", 2), row("c", 3)])] {
            rows.iter().for_each(|row| overlay.insert(row));
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
}
