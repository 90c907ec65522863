//! A log under one accepted checkpoint. Every tile and bundle that comes out was proven to lie below the signed root; what a
//! source says otherwise is an error that names the resource.
//!
//! Proof by tiles: the partial tiles on the right edge give the root; the root vouches for them, and each tile for those
//! below it. So bytes are checked when they arrive, in any order, and none is taken on trust until the end.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use xuefen_core::Hash;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::tile::{TILE_WIDTH, Tile, TileLevel, entries, subtree_root};
use xuefen_core::tree::{Node, NodeSource, TreeSize, root};

use super::error::MirrorError;
use super::noted::Noted;
use super::parallel;
use super::source::{MAX_BUNDLE, Source};

/// Cells of a tile.
const TILE: u64 = TILE_WIDTH as u64;

/// Tile levels that a tree of less than 2^64 entries has.
pub(super) const LEVELS: u8 = 8;

/// Proven tiles that are kept at hand: those on the way down to the leaves that are being read, and some.
const RECENT: usize = 64;

const MAX_TILE: usize = TILE_WIDTH as usize * 32;

/// Proven tiles by level and number.
type Recent = BTreeMap<(u8, u64), Arc<[Hash]>>;

/// Bytes of a bundle and its leaf hashes.
type Entries = (Vec<u8>, Vec<Hash>);

/// A log, read under a checkpoint.
#[derive(Debug)]
pub struct LogAt<'s> {
    source: &'s dyn Source,
    /// Looked at first; what does not fit there is asked of the source.
    kept: Option<&'s dyn Source>,
    noted: Noted,
    /// By tile level, the partial tile on the right edge; empty where there is none.
    edge: Vec<Arc<[Hash]>>,
    recent: Mutex<Recent>,
}

/// The entries of one tile, proven.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Which it is.
    pub tile: Tile,
    /// Each entry behind its length, as it is served.
    pub bytes: Vec<u8>,
    /// Leaf hashes of the entries.
    pub leaves: Vec<Hash>,
    /// Whether the bytes are those that were kept, and not the source's.
    pub is_kept: bool,
}

impl Bundle {
    /// Leaf index of the first entry.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.tile.first_cell().unwrap_or(u64::MAX)
    }

    /// The entries in order.
    #[must_use]
    pub fn entries(&self) -> Vec<&[u8]> {
        // They were counted when the bundle was checked.
        entries(&self.bytes).unwrap_or_default()
    }
}

impl<'s> LogAt<'s> {
    /// The log of `source` under a checkpoint. Resources are looked for in `kept` first, if there is such a place.
    ///
    /// # Errors
    /// If the right edge of the tree is not there or does not give the signed root.
    pub fn open(source: &'s dyn Source, kept: Option<&'s dyn Source>, noted: Noted) -> Result<Self, MirrorError> {
        let mut log = Self { source, kept, noted, edge: Vec::new(), recent: Mutex::default() };
        // What was kept is of an older size, or was cut short: only if all of it fits is it this tree's edge.
        let edge = match kept {
            Some(kept) => log.edge_of(kept).ok(),
            None => None,
        };
        log.edge = match edge {
            Some(edge) => edge,
            None => log.edge_of(source)?,
        };
        Ok(log)
    }

    /// The checkpoint that everything is proven under.
    #[must_use]
    pub const fn noted(&self) -> &Noted {
        &self.noted
    }

    /// The same without its signatures.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.noted.checkpoint
    }

    /// How people call the source.
    #[must_use]
    pub fn source_name(&self) -> String {
        self.source.name()
    }

    /// Number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.noted.checkpoint.size.0
    }

    /// Number of bundles, the partial one included.
    #[must_use]
    pub const fn bundles(&self) -> u64 {
        self.size().div_ceil(TILE)
    }

    /// The partial tiles of a source, if they give the signed root.
    fn edge_of(&self, source: &dyn Source) -> Result<Vec<Arc<[Hash]>>, MirrorError> {
        let size = self.noted.checkpoint.size;
        let mut edge: Vec<Arc<[Hash]>> = Vec::new();
        for level in 0..LEVELS {
            let of = TileLevel::Hashes(level);
            edge.push(match Tile::new(of, of.full_tiles(size), of.partial_width(size)) {
                Some(tile) => partial_tile(source, tile)?.into(),
                // Width 0: the level ends with a full tile.
                None => Arc::default(),
            });
        }
        let peak = |node: Node| -> Result<Hash, ()> {
            let (tile, first, count) = Tile::of_node(node);
            let TileLevel::Hashes(level) = tile.level() else { return Err(()) };
            cells(&edge[usize::from(level)], first, count).ok_or(())
        };
        let highest = (0..LEVELS).rev().find(|level| !edge[usize::from(*level)].is_empty()).unwrap_or(0);
        if root(&peak, size) == Ok(self.noted.checkpoint.root) {
            return Ok(edge);
        }
        let of = TileLevel::Hashes(highest);
        let path =
            Tile::new(of, of.full_tiles(size), of.partial_width(size)).map_or_else(String::new, |tile| tile.path());
        Err(MirrorError::Wrong {
            name: source.name(),
            path,
            why: "the tiles on the right edge do not give the signed root",
        })
    }

    /// The hashes of a tile: all 256, or on the right edge as many as the tree has.
    ///
    /// # Errors
    /// If the tree does not have the tile, or no source has it as it was signed.
    pub fn hashes(&self, level: u8, index: u64) -> Result<Arc<[Hash]>, MirrorError> {
        let of = TileLevel::Hashes(level);
        let full = of.full_tiles(self.noted.checkpoint.size);
        if index >= full {
            let edge = self.edge.get(usize::from(level)).filter(|edge| index == full && !edge.is_empty());
            return edge.cloned().ok_or(MirrorError::Beyond { asked: index, size: self.size() });
        }
        // Nothing panics while it holds the lock.
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(hashes) = recent().get(&(level, index)) {
            return Ok(Arc::clone(hashes));
        }
        let parent = self.root_of(level, index)?;
        let path = format!("{}", tile(of, index, TILE_WIDTH));
        let why = "it does not have the hash that the tile above says";
        let (hashes, _) = self.find(&path, MAX_TILE, why, |bytes| {
            let hashes = hashes_of(&bytes, TILE_WIDTH.into())?;
            (subtree_root(&hashes) == Some(parent)).then_some(hashes)
        })?;
        let hashes: Arc<[Hash]> = hashes.into();
        let mut recent = recent();
        if recent.len() >= RECENT {
            // The lowest level's oldest: reading goes upward by index.
            recent.pop_first();
        }
        recent.insert((level, index), Arc::clone(&hashes));
        Ok(hashes)
    }

    /// The hash over a full tile, as the tile above it says.
    fn root_of(&self, level: u8, index: u64) -> Result<Hash, MirrorError> {
        let beyond = MirrorError::Beyond { asked: index, size: self.size() };
        let above = self.hashes(level + 1, index / TILE)?;
        let cell = usize::try_from(index % TILE).ok().and_then(|at| above.get(at));
        cell.copied().ok_or(beyond)
    }

    /// The entries of tile `index`: 256, or on the right edge as many as the log has.
    ///
    /// # Errors
    /// If the log does not have them, or no source has them as they were signed.
    pub fn bundle(&self, index: u64) -> Result<Bundle, MirrorError> {
        let full = TileLevel::Entries.full_tiles(self.noted.checkpoint.size);
        let why = "its entries do not have the hashes that were signed";
        if index < full {
            let parent = self.root_of(0, index)?;
            let tile = tile(TileLevel::Entries, index, TILE_WIDTH);
            let check = |bytes: &[u8]| leaves(bytes, TILE_WIDTH).filter(|it| subtree_root(it) == Some(parent));
            let ((bytes, leaves), is_kept) = self.find_entries(&tile.path(), why, None, check)?;
            return Ok(Bundle { tile, bytes, leaves, is_kept });
        }
        let edge = self.hashes(0, index)?;
        let width = TileLevel::Entries.partial_width(self.noted.checkpoint.size);
        let partial = tile(TileLevel::Entries, index, width);
        let check = |bytes: &[u8]| leaves(bytes, width).filter(|it| it[..] == edge[..]);
        let found = match self.find_entries(&partial.path(), why, None, check) {
            // The log has grown since, and its partial tiles are gone: the full one begins with the same entries.
            Err(MirrorError::Missing { name, path }) => {
                let whole = tile(TileLevel::Entries, index, TILE_WIDTH);
                self.find_entries(&whole.path(), why, Some(width), check).map_err(|error| match error {
                    MirrorError::Missing { .. } => MirrorError::Missing { name, path },
                    error => error,
                })
            }
            found => found,
        };
        let ((bytes, leaves), is_kept) = found?;
        Ok(Bundle { tile: partial, bytes, leaves, is_kept })
    }

    /// Some bundles in order, read at once.
    ///
    /// # Errors
    /// As [`Self::bundle`]; of several failures, that of the first bundle.
    pub fn bundles_in(&self, range: Range<u64>) -> Result<Vec<Bundle>, MirrorError> {
        parallel::map(range, self.source.width(), |index| self.bundle(index))
    }

    /// The first good version of a bundle, or of its first entries, with their leaf hashes.
    fn find_entries(
        &self,
        path: &str,
        why: &'static str,
        first: Option<u16>,
        check: impl Fn(&[u8]) -> Option<Vec<Hash>>,
    ) -> Result<(Entries, bool), MirrorError> {
        self.find(path, MAX_BUNDLE, why, |bytes| {
            let bytes = if let Some(width) = first { first_entries(&bytes, width)?.to_vec() } else { bytes };
            let leaves = check(&bytes)?;
            Some((bytes, leaves))
        })
    }

    /// What `check` makes of the first version of a resource that it takes, and whether that was the kept one.
    fn find<T>(
        &self,
        path: &str,
        most: usize,
        why: &'static str,
        check: impl Fn(Vec<u8>) -> Option<T>,
    ) -> Result<(T, bool), MirrorError> {
        // Whatever is wrong with what was kept, the source is asked next.
        let kept = self.kept.and_then(|kept| kept.get(path, most).ok().flatten());
        if let Some(found) = kept.and_then(&check) {
            return Ok((found, true));
        }
        let bytes = get(self.source, path, most)?;
        let wrong = || MirrorError::Wrong { name: self.source.name(), path: path.to_owned(), why };
        check(bytes).map(|found| (found, false)).ok_or_else(wrong)
    }

    /// The root that the tree had when it had `size` entries. Asks for a few tiles at most: a proof of consistency with any
    /// older checkpoint.
    ///
    /// # Errors
    /// If it is larger than the log, or a tile cannot be had.
    pub fn root_at(&self, size: TreeSize) -> Result<Hash, MirrorError> {
        if size > self.noted.checkpoint.size {
            return Err(MirrorError::Beyond { asked: size.0, size: self.size() });
        }
        root(self, size)
    }

    /// Whether an older checkpoint of the same log is of a beginning of this tree.
    ///
    /// # Errors
    /// [`MirrorError::Contradiction`] if it is not; else as [`Self::root_at`].
    pub fn check_extends(&self, held: &Noted) -> Result<(), MirrorError> {
        if self.root_at(held.checkpoint.size)? == held.checkpoint.root {
            return Ok(());
        }
        Err(MirrorError::contradiction(held, &self.noted))
    }
}

impl NodeSource for LogAt<'_> {
    type Error = MirrorError;

    fn node(&self, node: Node) -> Result<Hash, MirrorError> {
        let (tile, first, count) = Tile::of_node(node);
        let beyond = MirrorError::Beyond { asked: node.index, size: self.size() };
        let TileLevel::Hashes(level) = tile.level() else { return Err(beyond) };
        cells(&self.hashes(level, tile.index())?, first, count).ok_or(beyond)
    }
}

/// A tile of a width that exists.
fn tile(level: TileLevel, index: u64, width: u16) -> Tile {
    Tile::new(level, index, width).expect("levels up to 8 and widths of 1 to 256 exist")
}

/// The hash over some neighbouring cells.
fn cells(hashes: &[Hash], first: u16, count: u16) -> Option<Hash> {
    subtree_root(hashes.get(usize::from(first)..usize::from(first) + usize::from(count))?)
}

fn get(source: &dyn Source, path: &str, most: usize) -> Result<Vec<u8>, MirrorError> {
    let found = source.get(path, most).map_err(|error| MirrorError::Source { name: source.name(), source: error })?;
    found.ok_or_else(|| MirrorError::Missing { name: source.name(), path: path.to_owned() })
}

/// A partial tile, or the beginning of the full one where only that is left.
fn partial_tile(source: &dyn Source, partial: Tile) -> Result<Vec<Hash>, MirrorError> {
    let (path, width) = (partial.path(), usize::from(partial.width()));
    let wrong = |path| {
        let why = "a tile has 32 bytes for each of its hashes";
        MirrorError::Wrong { name: source.name(), path, why }
    };
    match get(source, &path, MAX_TILE) {
        Err(MirrorError::Missing { name, path }) => {
            let full = tile(partial.level(), partial.index(), TILE_WIDTH).path();
            let bytes = get(source, &full, MAX_TILE).map_err(|error| match error {
                MirrorError::Missing { .. } => MirrorError::Missing { name, path },
                error => error,
            })?;
            let mut hashes = hashes_of(&bytes, TILE_WIDTH.into()).ok_or_else(|| wrong(full))?;
            hashes.truncate(width);
            Ok(hashes)
        }
        bytes => hashes_of(&bytes?, width).ok_or_else(|| wrong(path)),
    }
}

/// The hashes of a tile of exactly this width.
fn hashes_of(bytes: &[u8], width: usize) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() == width).then(|| hashes.iter().map(|bytes| Hash(*bytes)).collect())
}

/// The first `width` entries of a full bundle.
fn first_entries(bundle: &[u8], width: u16) -> Option<&[u8]> {
    let all = entries(bundle)?;
    let end: usize = all.iter().take(width.into()).map(|entry| 2 + entry.len()).sum();
    if all.len() == usize::from(TILE_WIDTH) { bundle.get(..end) } else { None }
}

/// Leaf hashes of the entries of a bundle of exactly this width.
fn leaves(bundle: &[u8], width: u16) -> Option<Vec<Hash>> {
    let entries = entries(bundle)?;
    (entries.len() == usize::from(width)).then(|| entries.into_iter().map(leaf_hash).collect())
}
