//! State in memory, readable as of any size. For tests, and for ledgers small enough to keep whole.

use crate::state::{Direction, Key, Query, Read, ReadError, Row};
use prost::bytes::Bytes;
use std::collections::BTreeMap;

/// All rows of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryState {
    rows: BTreeMap<Key, BTreeMap<u64, Bytes>>,
    size: u64,
}

impl MemoryState {
    /// Adds the rows of the next entry.
    pub fn apply(&mut self, rows: Vec<Row>) {
        for row in rows {
            self.rows.entry(row.key).or_default().insert(row.index, row.value.into());
        }
        self.size += 1;
    }

    /// The state as of a size, which may be larger than what is there.
    #[must_use]
    pub const fn as_of(&self, size: u64) -> AsOf<'_> {
        AsOf { state: self, size }
    }

    /// Number of entries applied.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Number of rows, and bytes of their keys, indices and values.
    #[must_use]
    pub fn weight(&self) -> (usize, usize) {
        let rows =
            self.rows.iter().flat_map(|(key, rows)| rows.values().map(|row| key.as_bytes().len() + 8 + row.len()));
        rows.fold((0, 0), |(count, bytes), row| (count + 1, bytes + row))
    }

    /// Drops the private rows of an erased entry.
    pub fn erase(&mut self, index: u64) {
        for (key, rows) in &mut self.rows {
            if key.table().is_some_and(crate::Table::is_private) {
                rows.remove(&index);
            }
        }
        self.rows.retain(|_, rows| !rows.is_empty());
    }
}

impl Read for MemoryState {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        self.as_of(u64::MAX).newest(key)
    }
}

/// [`MemoryState`] as of a size.
#[derive(Clone, Copy, Debug)]
pub struct AsOf<'a> {
    state: &'a MemoryState,
    size: u64,
}

impl Read for AsOf<'_> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        let newest = self.state.rows.get(key).and_then(|rows| rows.range(..self.size).next_back());
        Ok(newest.map(|(index, value)| (*index, value.clone())))
    }
}

impl Query for AsOf<'_> {
    fn size(&self) -> u64 {
        self.size.min(self.state.size)
    }

    fn history(
        &self,
        key: &Key,
        from: Option<u64>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(u64, Bytes)>, ReadError> {
        let Some(rows) = self.state.rows.get(key) else { return Ok(Vec::new()) };
        let give = |(index, value): (&u64, &Bytes)| (*index, value.clone());
        let first = from.unwrap_or(0);
        let end = from.map_or(self.size, |from| self.size.min(from.saturating_add(1)));
        Ok(match direction {
            Direction::Ascending if first >= self.size => Vec::new(),
            Direction::Ascending => rows.range(first..self.size).take(limit).map(give).collect(),
            Direction::Descending => rows.range(..end).rev().take(limit).map(give).collect(),
        })
    }

    fn scan(&self, prefix: &[u8], after: Option<&Key>, limit: usize) -> Result<Vec<Row>, ReadError> {
        let start = Key::from_bytes(prefix.to_vec());
        let keys = self.state.rows.range(start..).take_while(|(key, _)| key.as_bytes().starts_with(prefix));
        let newest = keys.filter(|(key, _)| after.is_none_or(|after| *key > after)).filter_map(|(key, rows)| {
            let (index, value) = rows.range(..self.size).next_back()?;
            Some(Row { key: key.clone(), index: *index, value: value.to_vec() })
        });
        Ok(newest.take(limit).collect())
    }
}

impl Query for MemoryState {
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
        self.as_of(self.size).history(key, from, direction, limit)
    }

    fn scan(&self, prefix: &[u8], after: Option<&Key>, limit: usize) -> Result<Vec<Row>, ReadError> {
        self.as_of(self.size).scan(prefix, after, limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::Table;

    fn row(id: u8, index: u64, value: u8) -> Row {
        Row { key: Key::fixed(Table::Nonce, &[id]), index, value: vec![value] }
    }

    #[test]
    fn the_newest_row_below_the_size_is_the_state() {
        let mut state = MemoryState::default();
        state.apply(vec![row(1, 0, 10)]);
        state.apply(vec![row(2, 1, 20)]);
        state.apply(vec![row(1, 2, 30)]);
        let newest = |size: u64| state.as_of(size).newest(&Key::fixed(Table::Nonce, &[1])).expect("memory");
        assert_eq!(newest(0), None);
        assert_eq!(newest(2).map(|(index, value)| (index, value[0])), Some((0, 10)));
        assert_eq!(newest(3).map(|(index, value)| (index, value[0])), Some((2, 30)));
        let key = Key::fixed(Table::Nonce, &[1]);
        let indices = |from, direction, limit| -> Vec<u64> {
            state.history(&key, from, direction, limit).expect("memory").into_iter().map(|(index, _)| index).collect()
        };
        assert_eq!(indices(None, Direction::Ascending, 9), [0, 2]);
        assert_eq!(indices(Some(1), Direction::Ascending, 9), [2]);
        assert_eq!(indices(Some(7), Direction::Ascending, 9), Vec::<u64>::new());
        assert_eq!(indices(Some(1), Direction::Descending, 9), [0]);
        assert_eq!(indices(None, Direction::Descending, 1), [2]);
        let all = state.scan(&[Table::Nonce.byte()], None, 9).expect("memory");
        assert_eq!(all.iter().map(|row| row.index).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(state.scan(&[Table::Nonce.byte()], Some(&all[0].key), 9).expect("memory").len(), 1);
    }
}
