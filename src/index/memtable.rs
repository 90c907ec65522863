//! The rows that are not in sled yet: written by one thread, read by all. Knows nothing of sizes that are published; a
//! reader gives the bound.

use super::filter::Filter;
use super::page::{Bound, PAGE_ROWS};
use super::types::{Applied, Direction, Row};
use bytes::Bytes;
use std::borrow::Borrow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, btree_map};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Rows inserted under one hold of the write lock, so that readers never wait for a whole frame of 4,096 entries.
const INSERT_CHUNK: usize = 256;

/// All rows of one key in memory, ascending by leaf index. Most keys have one.
enum Versions {
    One(u64, Bytes),
    Many(Vec<(u64, Bytes)>),
}

impl Versions {
    /// Adds a row; indices never descend, and an equal one replaces.
    fn push(&mut self, index: u64, value: Bytes) {
        match self {
            Self::One(have, old) if *have == index => *old = value,
            Self::One(have, old) => *self = Self::Many(vec![(*have, std::mem::take(old)), (index, value)]),
            Self::Many(rows) => match rows.last_mut() {
                Some((have, old)) if *have == index => *old = value,
                _ => rows.push((index, value)),
            },
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::One(..) => 1,
            Self::Many(rows) => rows.len(),
        }
    }

    fn get(&self, at: usize) -> (u64, &Bytes) {
        match self {
            Self::One(index, value) => (*index, value),
            Self::Many(rows) => (rows[at].0, &rows[at].1),
        }
    }

    /// Number of rows with an index below `below`.
    fn below(&self, below: u64) -> usize {
        match self {
            Self::One(index, _) => usize::from(*index < below),
            Self::Many(rows) => rows.partition_point(|(index, _)| *index < below),
        }
    }
}

/// A key with its first bytes beside it. They decide nearly every comparison, without a jump to where the key lies: going
/// down the map was most of what adding a row cost.
struct Place {
    head: u128,
    key: Bytes,
}

impl Place {
    fn new(key: Bytes) -> Self {
        let mut head = [0; 16];
        let length = key.len().min(head.len());
        head[..length].copy_from_slice(&key[..length]);
        Self { head: u128::from_be_bytes(head), key }
    }
}

/// That of the keys: a head compares as its bytes do, and where zeros filled it up the keys themselves decide.
impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.head.cmp(&other.head).then_with(|| self.key.cmp(&other.key))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Place {}

impl Borrow<[u8]> for Place {
    fn borrow(&self) -> &[u8] {
        &self.key
    }
}

type Map = BTreeMap<Place, Versions>;

/// A memtable.
pub(super) struct Memtable {
    rows: RwLock<Map>,
    filter: Filter,
    count: AtomicUsize,
    bytes: AtomicUsize,
    lowest_index: AtomicU64,
    /// The mark after the newest frame in it; set by the writer only.
    mark: RwLock<Applied>,
}

impl Memtable {
    /// An empty memtable that continues after `mark`, its filter sized for `rows`.
    pub fn new(rows: usize, mark: Applied) -> Self {
        Self {
            rows: RwLock::new(Map::new()),
            filter: Filter::new(rows),
            count: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            lowest_index: AtomicU64::new(u64::MAX),
            mark: RwLock::new(mark),
        }
    }

    /// Adds a frame's rows (key hash and row) and moves the mark.
    pub fn insert(&self, rows: Vec<(u64, Row)>, mark: Applied) {
        let mut bytes = 0;
        let mut count = 0;
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let mut map = self.write();
            for (hash, row) in rows.by_ref().take(INSERT_CHUNK) {
                bytes += row.key.len() + row.value.len();
                count += 1;
                self.lowest_index.fetch_min(row.index, Relaxed);
                match map.entry(Place::new(row.key)) {
                    btree_map::Entry::Vacant(slot) => {
                        self.filter.insert(hash);
                        slot.insert(Versions::One(row.index, row.value));
                    }
                    btree_map::Entry::Occupied(mut slot) => slot.get_mut().push(row.index, row.value),
                }
            }
        }
        self.count.fetch_add(count, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        *self.mark.write().unwrap_or_else(PoisonError::into_inner) = mark;
    }

    /// The mark after its newest frame.
    pub fn mark(&self) -> Applied {
        *self.mark.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows inserted.
    pub fn count(&self) -> usize {
        self.count.load(Relaxed)
    }

    /// Bytes of keys and values inserted.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Number of distinct keys.
    pub fn keys(&self) -> usize {
        self.read().len()
    }

    /// The newest row of `key` below `below`; `hash` is the key's.
    pub fn newest(&self, key: &[u8], hash: u64, below: u64) -> Option<(u64, Bytes)> {
        if !self.may_have(hash, below) {
            return None;
        }
        let map = self.read();
        let versions = map.get(key)?;
        let at = versions.below(below).checked_sub(1)?;
        let (index, value) = versions.get(at);
        Some((index, value.clone()))
    }

    /// Whether rows of the key below `below` may be here.
    pub fn may_have(&self, hash: u64, below: u64) -> bool {
        self.filter.may_contain(hash) && self.lowest_index.load(Relaxed) < below
    }

    /// Appends rows of `[low, high)` to `out`, from its beginning or its end: at least one if there is any.
    pub fn page(&self, low: &Bound, high: Option<&Bound>, direction: Direction, out: &mut Vec<Row>) {
        let map = self.read();
        let upper = match high {
            Some((key, 0)) => Excluded(&key[..]),
            Some((key, _)) => Included(&key[..]),
            None => Unbounded,
        };
        if high.is_some_and(|high| high <= low) {
            return;
        }
        let range = map.range::<[u8], _>((Included(&low.0[..]), upper));
        match direction {
            Direction::Ascending => range.for_each_while(|entry| take_key(entry, low, high, direction, out)),
            Direction::Descending => range.rev().for_each_while(|entry| take_key(entry, low, high, direction, out)),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Map> {
        // A panic while inserting leaves the map whole (its entries are moved in one by one); the frame is then not
        // published, so readers see nothing of it.
        self.rows.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Map> {
        self.rows.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes one key's rows within the bounds; `false` when the page is full.
fn take_key(
    (Place { key, .. }, versions): (&Place, &Versions),
    low: &Bound,
    high: Option<&Bound>,
    direction: Direction,
    out: &mut Vec<Row>,
) -> bool {
    let first = if *key == low.0 { versions.below(low.1) } else { 0 };
    let end = match high {
        Some((high_key, index)) if key == high_key => versions.below(*index),
        _ => versions.len(),
    };
    let row = |at: usize| {
        let (index, value) = versions.get(at);
        Row { key: key.clone(), index, value: value.clone() }
    };
    let room = PAGE_ROWS - out.len();
    match direction {
        Direction::Ascending => out.extend((first..end).take(room).map(row)),
        Direction::Descending => out.extend((first..end).rev().take(room).map(row)),
    }
    out.len() < PAGE_ROWS
}

trait ForEachWhile: Iterator + Sized {
    fn for_each_while(mut self, mut f: impl FnMut(Self::Item) -> bool) {
        while self.next().is_some_and(&mut f) {}
    }
}
impl<I: Iterator> ForEachWhile for I {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_are_ordered_as_their_keys(
            a in proptest::collection::vec(0..3_u8, 0..20),
            b in proptest::collection::vec(0..3_u8, 0..20),
        ) {
            let [left, right] = [&a, &b].map(|key| Place::new(Bytes::copy_from_slice(key)));
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
            prop_assert_eq!(left == right, a == b);
        }
    }
}
