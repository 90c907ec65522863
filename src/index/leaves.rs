//! What is known of every entry by its leaf index: leaf hash and journal position, and the tile levels above. Proofs
//! themselves are core's.
//!
//! The recent end of each level is in memory, the rest in sled in pieces that never change once they are full
//! (docs/spec/index.md 4). Every 8th tree level is kept; nodes between are computed from at most 128 hashes.

use super::codec::{Reader, put_varint};
use super::error::Result;
use super::run::Backing;
use super::store::{Batch, Kind, damaged, key, seal};
use bytes::Bytes;
use std::sync::{Arc, PoisonError, RwLock};
use xuefen_core::Hash;
use xuefen_core::tile::{TILE_HEIGHT, TILE_WIDTH, subtree_root};
use xuefen_core::tree::Node;

/// Hashes of a tile.
const TILE: u64 = TILE_WIDTH as u64;
/// Tile levels; each spans [`TILE_HEIGHT`] levels of the tree.
const LEVELS: u8 = 64 / TILE_HEIGHT;
/// Hashes of a stored piece: half a tile, so that the value stays small.
const PIECE_HASHES: u64 = 128;
/// Positions of a stored piece.
const PIECE_POSITIONS: u64 = 512;

/// The end of a sequence, from a piece's beginning on.
#[derive(Default)]
struct Tail<T> {
    start: u64,
    items: Vec<T>,
}

impl<T: Copy> Tail<T> {
    fn end(&self) -> u64 {
        self.start + self.items.len() as u64
    }

    /// The items `from..to`, which must be here.
    fn slice(&self, from: u64, to: u64) -> Option<&[T]> {
        let from = usize::try_from(from.checked_sub(self.start)?).ok()?;
        let to = usize::try_from(to.checked_sub(self.start)?).ok()?;
        self.items.get(from..to)
    }

    /// Lets go of whole groups of `group` items that lie before `stored`.
    fn trim(&mut self, stored: u64, group: u64) {
        let start = stored - stored % group;
        if let Some(gone) = start.checked_sub(self.start).and_then(|gone| usize::try_from(gone).ok()) {
            self.items.drain(..gone.min(self.items.len()));
            self.start = start;
        }
    }
}

#[derive(Default)]
struct Tails {
    levels: Vec<Tail<Hash>>,
    positions: Tail<u64>,
}

impl Tails {
    /// Adds a hash at a tile level, and the parent of each tile that this fills.
    fn push(&mut self, level: usize, hash: Hash) {
        if self.levels.len() == level {
            self.levels.push(Tail::default());
        }
        let tail = &mut self.levels[level];
        tail.items.push(hash);
        let end = tail.end();
        if end.is_multiple_of(TILE) {
            let tile = tail.slice(end - TILE, end).expect("the unfinished tile is never trimmed");
            let parent = subtree_root(tile).expect("a tile has a power of two of hashes");
            self.push(level + 1, parent);
        }
    }
}

/// Leaf hashes, tiles and positions.
pub(super) struct Leaves {
    tails: RwLock<Tails>,
    backing: Arc<Backing>,
}

impl Leaves {
    /// What the store has of the first `size` entries.
    pub fn load(size: u64, backing: Arc<Backing>) -> Result<Self> {
        let leaves = Self { tails: RwLock::default(), backing };
        let mut tails = Tails::default();
        for level in 0..LEVELS {
            let count = size >> (level * TILE_HEIGHT);
            if count == 0 {
                break;
            }
            let start = count - count % TILE;
            let items = if start == count { Vec::new() } else { leaves.stored_hashes(level, start, count, false)? };
            tails.levels.push(Tail { start, items });
        }
        let start = size - size % PIECE_POSITIONS;
        tails.positions = Tail { start, items: Vec::new() };
        if start < size {
            let positions = leaves.stored_positions(start / PIECE_POSITIONS, false)?;
            let wanted = usize::try_from(size - start).ok().and_then(|wanted| positions.get(..wanted));
            tails.positions.items = wanted.ok_or_else(|| damaged("positions are missing"))?.to_vec();
        }
        *leaves.tails.write().unwrap_or_else(PoisonError::into_inner) = tails;
        Ok(leaves)
    }

    /// Adds entries.
    pub fn append(&self, hashes: &[Hash], positions: &[u64]) {
        let mut tails = self.tails.write().unwrap_or_else(PoisonError::into_inner);
        for hash in hashes {
            tails.push(0, *hash);
        }
        tails.positions.items.extend_from_slice(positions);
    }

    /// Writes the entries `from..to` to the store. Pieces at the end are written unfinished and again next time; what a
    /// manifest has not counted yet is not read back.
    pub fn store(&self, from: u64, to: u64) -> Result<()> {
        let store = &self.backing.store;
        let mut batch = Batch::default();
        for level in 0..LEVELS {
            let (from, to) = (from >> (level * TILE_HEIGHT), to >> (level * TILE_HEIGHT));
            for (piece, start, end) in pieces(from, to, PIECE_HASHES) {
                let bytes = self.with_tail(usize::from(level), |tail| tail.slice(start, end).map(hashes_to_bytes));
                let key = key(Kind::Tile, level.into(), piece);
                batch.put(&key, seal(&key, bytes.ok_or_else(|| damaged("hashes in memory are missing"))?));
                if batch.is_full() {
                    store.write(&mut batch)?;
                }
            }
        }
        for (piece, start, end) in pieces(from, to, PIECE_POSITIONS) {
            let tails = self.tails.read().unwrap_or_else(PoisonError::into_inner);
            let bytes = tails.positions.slice(start, end).map(positions_to_bytes);
            drop(tails);
            let key = key(Kind::Positions, 0, piece);
            batch.put(&key, seal(&key, bytes.ok_or_else(|| damaged("positions in memory are missing"))?));
        }
        store.write(&mut batch)
    }

    /// Lets go of what the store has of the first `stored` entries.
    pub fn trim(&self, stored: u64) {
        let mut tails = self.tails.write().unwrap_or_else(PoisonError::into_inner);
        for (level, tail) in (0..LEVELS).zip(&mut tails.levels) {
            tail.trim(stored >> (level * TILE_HEIGHT), TILE);
        }
        tails.positions.trim(stored, PIECE_POSITIONS);
    }

    /// The journal position of an entry that exists.
    pub fn position(&self, index: u64) -> Result<u64> {
        let found = self.positions(index, index + 1)?.first().copied();
        found.ok_or_else(|| damaged("a position is missing"))
    }

    /// The journal positions of the entries `from..to`, which exist.
    pub fn positions(&self, from: u64, to: u64) -> Result<Vec<u64>> {
        let mut positions = Vec::new();
        let mut at = from;
        while at < to {
            let piece_end = (at / PIECE_POSITIONS + 1) * PIECE_POSITIONS;
            let end = to.min(piece_end);
            let tails = self.tails.read().unwrap_or_else(PoisonError::into_inner);
            if at >= tails.positions.start {
                let found = tails.positions.slice(at, end);
                positions.extend(found.ok_or_else(|| damaged("a position in memory is missing"))?);
            } else {
                drop(tails);
                let piece = self.stored_positions(at / PIECE_POSITIONS, true)?;
                let start = piece_end - PIECE_POSITIONS;
                let range = usize::try_from(at - start).ok().zip(usize::try_from(end - start).ok());
                let found = range.and_then(|(first, last)| piece.get(first..last));
                positions.extend(found.ok_or_else(|| damaged("a position is missing"))?);
            }
            at = end;
        }
        Ok(positions)
    }

    /// The hashes `from..to` of a tile level, all of one tile, which must exist.
    pub fn hashes(&self, level: u8, from: u64, to: u64) -> Result<Vec<Hash>> {
        let in_memory = self.with_tail(usize::from(level), |tail| {
            (from >= tail.start).then(|| tail.slice(from, to).map(<[Hash]>::to_vec))
        });
        match in_memory {
            Some(Some(hashes)) => Ok(hashes),
            Some(None) => Err(damaged("a hash in memory is missing")),
            None => self.stored_hashes(level, from, to, true),
        }
    }

    /// The hash of a complete subtree, which must exist.
    pub fn node(&self, node: Node) -> Result<Hash> {
        let height = node.level % TILE_HEIGHT;
        let from = node.index << height;
        let hashes = self.hashes(node.level / TILE_HEIGHT, from, from + (1 << height))?;
        subtree_root(&hashes).ok_or_else(|| damaged("a node of the tree is missing"))
    }

    /// Bytes of all values of a kind.
    pub fn stored_bytes(&self, kind: Kind) -> Result<u64> {
        self.backing.store.bytes_of(kind)
    }

    fn with_tail<T>(&self, level: usize, read: impl FnOnce(&Tail<Hash>) -> Option<T>) -> Option<T> {
        let tails = self.tails.read().unwrap_or_else(PoisonError::into_inner);
        tails.levels.get(level).and_then(read)
    }

    fn stored_hashes(&self, level: u8, from: u64, to: u64, keep: bool) -> Result<Vec<Hash>> {
        let mut hashes = Vec::new();
        for (piece, start, _) in pieces(from, to, PIECE_HASHES) {
            let bytes = self.piece(Kind::Tile, level.into(), piece, keep)?;
            let items = bytes.as_chunks::<32>().0;
            let (first, last) = (from.max(start) - start, to.min(start + PIECE_HASHES) - start);
            let range = usize::try_from(first).ok().zip(usize::try_from(last).ok());
            let items = range.and_then(|(first, last)| items.get(first..last));
            hashes.extend(items.ok_or_else(|| damaged("hashes are missing"))?.iter().map(|bytes| Hash(*bytes)));
        }
        Ok(hashes)
    }

    fn stored_positions(&self, piece: u64, keep: bool) -> Result<Vec<u64>> {
        let bytes = self.piece(Kind::Positions, 0, piece, keep)?;
        positions_from_bytes(&bytes).ok_or_else(|| damaged("positions cannot be read"))
    }

    fn piece(&self, kind: Kind, of: u64, piece: u64, keep: bool) -> Result<Bytes> {
        let key = key(kind, of, piece);
        if keep && let Some(bytes) = self.backing.cache.get(&key) {
            return Ok(bytes);
        }
        let bytes = self.backing.store.get_sealed(&key)?.ok_or_else(|| damaged("a piece of a tile is missing"))?;
        // Only pieces that are full are asked for with `keep`: an unfinished one changes.
        if keep {
            self.backing.cache.put(&key, bytes.clone());
        }
        Ok(bytes)
    }
}

/// The pieces that `from..to` touches: number, first item, and end (at most `to`).
fn pieces(from: u64, to: u64, size: u64) -> impl Iterator<Item = (u64, u64, u64)> {
    let numbers = if from < to { from / size..to.div_ceil(size) } else { 0..0 };
    numbers.map(move |piece| (piece, piece * size, to.min((piece + 1) * size)))
}

fn hashes_to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Each position as its distance from the one before.
fn positions_to_bytes(positions: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut last = 0_u64;
    for position in positions {
        put_varint(&mut out, position.wrapping_sub(last));
        last = *position;
    }
    out
}

fn positions_from_bytes(bytes: &[u8]) -> Option<Vec<u64>> {
    let mut reader = Reader(bytes);
    let mut positions = Vec::new();
    let mut last = 0_u64;
    while !reader.0.is_empty() {
        last = last.wrapping_add(reader.varint()?);
        positions.push(last);
    }
    Some(positions)
}
