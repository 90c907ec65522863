//! Tests of the whole index: against a model, with damaged files, with readers beside the writer.

mod damage;
mod kill;
mod model;
mod readers;

use super::{Applied, Direction, FrameRows, Index, IndexOptions, Outcome, Row, View};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::path::Path;
use xuefen_core::Hash;
use xuefen_core::hash::sha256;
use xuefen_core::tree::{Frontier, LeafIndex, TreeSize, verify_consistency, verify_inclusion};

/// Small limits, so that a few hundred rows are flushed, merged and evicted many times.
fn tiny() -> IndexOptions {
    IndexOptions {
        memtable_rows: 24,
        memtable_bytes: 1 << 20,
        max_frozen: 2,
        cache_bytes: 16 * 5_000,
        sled_cache_bytes: 1 << 20,
        fan_in: 3,
        merge_rest: 0,
    }
}

fn start() -> Applied {
    Applied { frame: 0, tree_size: 0, chain: sha256(&[b"chain"]), frame_hash: Hash::default(), position: 0 }
}

/// One frame as a journal would keep it.
#[derive(Clone, Debug)]
struct Frame {
    first_index: u64,
    rows: Vec<Row>,
    leaf_hashes: Vec<Hash>,
    positions: Vec<u64>,
}

/// A journal and the plainest possible index of it.
#[derive(Clone, Default)]
struct Model {
    frames: Vec<Frame>,
    rows: BTreeMap<(Bytes, u64), Bytes>,
    leaf_hashes: Vec<Hash>,
    positions: Vec<u64>,
    /// Root of the tree of every size.
    roots: Vec<Hash>,
    frontier: Frontier,
}

impl Model {
    fn new() -> Self {
        let frontier = Frontier::new();
        Self { roots: vec![frontier.root()], frontier, ..Self::default() }
    }

    fn size(&self) -> u64 {
        self.leaf_hashes.len() as u64
    }

    /// Adds a frame of `entries` entries; rows are (key, entry within the frame, value), a frame without entries adds to
    /// the entry before.
    fn add(&mut self, entries: u64, rows: Vec<(Bytes, u64, Bytes)>) {
        let first_index = self.size();
        let index =
            |entry: u64| if entries == 0 { first_index.saturating_sub(1) } else { first_index + entry % entries };
        let mut rows: Vec<_> =
            rows.into_iter().map(|(key, entry, value)| Row { key, index: index(entry), value }).collect();
        rows.sort_by_key(|row| row.index);
        for row in &rows {
            self.rows.insert((row.key.clone(), row.index), row.value.clone());
        }
        let leaf_hashes: Vec<_> = (0..entries).map(|entry| sha256(&[&(first_index + entry).to_be_bytes()])).collect();
        for hash in &leaf_hashes {
            self.frontier.append(*hash);
            self.roots.push(self.frontier.root());
        }
        let segment = self.frames.len() as u64 / 10;
        let positions: Vec<_> = (0..entries).map(|entry| (segment << 32) + (first_index + entry) * 411).collect();
        self.leaf_hashes.extend(&leaf_hashes);
        self.positions.extend(&positions);
        self.frames.push(Frame { first_index, rows, leaf_hashes, positions });
    }

    /// Applies all frames from number `from` on and publishes them.
    fn replay(&self, index: &Index, from: u64) {
        for number in from..=self.frames.len() as u64 {
            assert_eq!(self.apply(index, number), Outcome::Applied);
        }
        index.publish(self.size()).unwrap();
    }

    fn apply(&self, index: &Index, number: u64) -> Outcome {
        index.apply(self.frame_rows(number)).unwrap()
    }

    fn frame_rows(&self, number: u64) -> FrameRows<'_> {
        let frame = &self.frames[usize::try_from(number).unwrap() - 1];
        FrameRows {
            frame: number,
            first_index: frame.first_index,
            rows: frame.rows.clone(),
            leaf_hashes: &frame.leaf_hashes,
            positions: &frame.positions,
            chain: sha256(&[b"chain", &number.to_be_bytes()]),
            frame_hash: sha256(&[b"frame", &number.to_be_bytes()]),
            next_position: number * 1_000,
        }
    }

    fn mark(&self, number: u64) -> Applied {
        if number == 0 { start() } else { self.frame_rows(number).mark() }
    }

    fn history(&self, key: &Bytes, below: u64) -> Vec<(u64, Bytes)> {
        let rows = self.rows.range((key.clone(), 0)..(key.clone(), below));
        rows.map(|((_, index), value)| (*index, value.clone())).collect()
    }

    fn scan(&self, prefix: &[u8], below: u64, after: Option<&Bytes>) -> Vec<Row> {
        let mut newest: BTreeMap<Bytes, Row> = BTreeMap::new();
        for ((key, index), value) in &self.rows {
            if *index < below && key.starts_with(prefix) && after.is_none_or(|after| key > after) {
                newest.insert(key.clone(), Row { key: key.clone(), index: *index, value: value.clone() });
            }
        }
        newest.into_values().collect()
    }

    /// Everything the view says of rows as of `below` is what the model says. An error is returned, a wrong answer panics.
    fn check_rows(&self, view: &View, below: u64, keys: &[Bytes]) -> super::Result<()> {
        for (at, key) in keys.iter().enumerate() {
            let expected = self.history(key, below.min(view.size()));
            assert_eq!(view.newest(key, below)?, expected.last().cloned(), "newest {key:?} below {below}");
            let from = expected.get(at % 5).map(|(index, _)| *index);
            let mut ascending = expected.clone();
            ascending.retain(|(index, _)| from.is_none_or(|from| *index > from));
            let found = view.history(key, below, from, Direction::Ascending).collect::<super::Result<Vec<_>>>()?;
            assert_eq!(found, ascending, "history of {key:?} below {below} after {from:?}");
            let mut descending: Vec<_> = expected.into_iter().rev().collect();
            descending.retain(|(index, _)| from.is_none_or(|from| *index < from));
            let found = view.history(key, below, from, Direction::Descending).collect::<super::Result<Vec<_>>>()?;
            assert_eq!(found, descending, "history of {key:?} below {below} before {from:?}");
        }
        for prefix in [&b""[..], b"a", b"b/", b"b/1", b"c", b"\xff"] {
            for after in [None, keys.get(usize::try_from(below).unwrap() % keys.len())] {
                let found = view.scan_prefix(prefix, below, after.map(|key| &key[..]));
                let found = found.collect::<super::Result<Vec<_>>>()?;
                assert_eq!(found, self.scan(prefix, below.min(view.size()), after), "{prefix:?} {below} {after:?}");
            }
        }
        Ok(())
    }

    /// What the view says of entry `index` and of the trees of `old` and `size` is what the model says.
    fn check_tree(&self, view: &View, index: u64, old: u64, size: u64) -> super::Result<()> {
        let at = usize::try_from(index).unwrap();
        let (old_root, root) = (self.roots[usize::try_from(old).unwrap()], self.roots[usize::try_from(size).unwrap()]);
        assert_eq!(view.root(TreeSize(size))?, root);
        let proof = view.consistency_proof(TreeSize(old), TreeSize(size))?;
        verify_consistency(TreeSize(old), TreeSize(size), &proof, &old_root, &root).unwrap();
        if index < size {
            assert_eq!(view.leaf_hash(index)?, self.leaf_hashes[at]);
            assert_eq!(view.position(index)?, self.positions[at]);
            let path = view.inclusion_proof(LeafIndex(index), TreeSize(size))?;
            verify_inclusion(&self.leaf_hashes[at], LeafIndex(index), TreeSize(size), &path, &root).unwrap();
        }
        Ok(())
    }
}

fn create(parent: &Path, options: IndexOptions) -> Index {
    let index = Index::create(parent, options, start()).unwrap();
    index.install().unwrap();
    index
}
