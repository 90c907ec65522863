//! Tiles of the public tree: coordinates, paths, widths and the bytes of entry bundles (C2SP tlog-tiles, formats.md 4).
//!
//! A tile of level L holds up to 256 hashes of tree level 8 L, one after the other; it can be cut from stored nodes at any
//! time, so nothing here stores or serves one.

use crate::{Hash, merkle::node_hash, tree::Node, tree::TreeSize};
use core::fmt;

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u16 = 256;
/// Tree levels that one tile level spans.
pub const TILE_HEIGHT: u8 = 8;
/// The largest entry a bundle can hold, in bytes.
pub const MAX_ENTRY: usize = u16::MAX as usize;

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TileLevel {
    /// Hashes of tree level 8 times this, 0 to 63.
    Hashes(u8),
    /// The entries themselves, each behind its length.
    Entries,
}

impl TileLevel {
    /// Tree level of one cell of the tile; entries count as level 0.
    const fn cell_level(self) -> u32 {
        match self {
            Self::Hashes(level) => level as u32 * TILE_HEIGHT as u32,
            Self::Entries => 0,
        }
    }

    /// Number of full tiles at this level in a tree of `size`.
    #[must_use]
    pub fn full_tiles(self, size: TreeSize) -> u64 {
        size.0.checked_shr(self.cell_level() + u32::from(TILE_HEIGHT)).unwrap_or(0)
    }

    /// Width of the partial tile behind the full ones; 0 = there is none.
    #[must_use]
    pub fn partial_width(self, size: TreeSize) -> u16 {
        let cells = size.0.checked_shr(self.cell_level()).unwrap_or(0);
        cell_in_tile(cells)
    }
}

/// One tile: where it is and how much of it there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    level: TileLevel,
    index: u64,
    width: u16,
}

impl Tile {
    /// A tile of `width` cells, 1 to 256. `None` for another width or a level above 63.
    #[must_use]
    pub const fn new(level: TileLevel, index: u64, width: u16) -> Option<Self> {
        let level_exists = !matches!(level, TileLevel::Hashes(64..));
        if level_exists && width >= 1 && width <= TILE_WIDTH { Some(Self { level, index, width }) } else { None }
    }

    /// What it holds.
    #[must_use]
    pub const fn level(&self) -> TileLevel {
        self.level
    }

    /// Its number at that level, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// Cells in it, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Number of its first cell: a leaf index for level 0 and entries, a node index at tree level 8 L above.
    /// `None` if no tree of less than 2^64 leaves reaches it.
    #[must_use]
    pub fn first_cell(&self) -> Option<u64> {
        self.index.checked_mul(u64::from(TILE_WIDTH))
    }

    /// Whether a tree of `size` has this tile. A partial tile exists at every size that has its cells: a client may ask
    /// for the tile of an older checkpoint.
    #[must_use]
    pub fn exists_in(&self, size: TreeSize) -> bool {
        let cells = size.0.checked_shr(self.level.cell_level()).unwrap_or(0);
        self.first_cell().and_then(|first| first.checked_add(self.width.into())).is_some_and(|end| end <= cells)
    }

    /// All tiles of one level in a tree of `size`: the full ones, then the partial one.
    pub fn of_level(level: TileLevel, size: TreeSize) -> impl Iterator<Item = Self> {
        let (full, width) = (level.full_tiles(size), level.partial_width(size));
        let partial = (width > 0).then_some(Self { level, index: full, width });
        (0..full).map(move |index| Self { level, index, width: TILE_WIDTH }).chain(partial)
    }

    /// The path behind the log's URL prefix: `tile/0/x001/234.p/7`.
    #[must_use]
    pub fn path(&self) -> String {
        self.to_string()
    }

    /// Reads [`Tile::path`]. `None` unless it is written exactly so.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let level = match level {
            "entries" => TileLevel::Entries,
            number => TileLevel::Hashes(number.parse().ok()?),
        };
        let (groups, width) = match rest.split_once(".p/") {
            Some((groups, width)) => (groups, width.parse().ok()?),
            None => (rest, TILE_WIDTH),
        };
        let index = groups.split('/').try_fold(0u64, |index, group| {
            let digits = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
            index.checked_mul(1000)?.checked_add(digits)
        })?;
        // Written again and compared: one tile has one path (no sign, no leading group of zeros, no ".p/256").
        Self::new(level, index, width).filter(|tile| tile.path() == path)
    }

    /// Where the hash of a tree node comes from: the tile (as wide as its level ever gets), the first cell in it and the
    /// number of cells whose [`subtree_root`] it is.
    #[must_use]
    pub fn of_node(node: Node) -> (Self, u16, u16) {
        let (level, height) = (node.level / TILE_HEIGHT, node.level % TILE_HEIGHT);
        let cell = node.index << height;
        let first = cell_in_tile(cell);
        let tile = Self { level: TileLevel::Hashes(level), index: cell / u64::from(TILE_WIDTH), width: TILE_WIDTH };
        (tile, first, 1 << height)
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            TileLevel::Hashes(level) => write!(f, "tile/{level}/")?,
            TileLevel::Entries => f.write_str("tile/entries/")?,
        }
        write_groups(f, self.index / 1000)?;
        write!(f, "{:03}", self.index % 1000)?;
        if self.width < TILE_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// The number of a cell in its tile: its last eight bits, since a tile has 256.
fn cell_in_tile(cell: u64) -> u16 {
    u16::from(cell.to_le_bytes()[0])
}

/// All groups of three digits but the last, each behind an `x`.
fn write_groups(f: &mut fmt::Formatter<'_>, above: u64) -> fmt::Result {
    if above == 0 {
        return Ok(());
    }
    write_groups(f, above / 1000)?;
    write!(f, "x{:03}/", above % 1000)
}

/// The root over a power of two of neighbouring hashes. `None` for another number.
#[must_use]
pub fn subtree_root(hashes: &[Hash]) -> Option<Hash> {
    match hashes {
        [one] => Some(*one),
        _ if hashes.len().is_power_of_two() => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(node_hash(&subtree_root(left)?, &subtree_root(right)?))
        }
        _ => None,
    }
}

/// Adds an entry to a bundle: its length in two bytes, then itself. `false`, and nothing added, if it is over 65,535 bytes.
#[must_use]
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> bool {
    let Ok(length) = u16::try_from(entry.len()) else { return false };
    bundle.extend_from_slice(&length.to_be_bytes());
    bundle.extend_from_slice(entry);
    true
}

/// The entries of a bundle. `None` if it does not end where an entry ends.
#[must_use]
pub fn entries(mut bundle: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    while let Some((length, rest)) = bundle.split_first_chunk() {
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        entries.push(entry);
        bundle = rest;
    }
    bundle.is_empty().then_some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;
    use crate::tree::Frontier;

    #[test]
    fn a_path_has_one_form() {
        for bad in [
            "tile/0/0",
            "tile/0/x000/001",
            "tile/0/001/002",
            "tile/0/x001",
            "tile/0/000.p/256",
            "tile/0/000.p/0",
            "tile/0/000.p/+1",
            "tile/00/000",
            "tile/64/000",
            "tile/0/+01",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "tile/entries/000/",
            "/tile/0/000",
        ] {
            assert_eq!(Tile::parse(bad), None, "{bad}");
        }
        let last = Tile::new(TileLevel::Entries, u64::MAX, 1).unwrap();
        assert_eq!(last.path(), "tile/entries/x018/x446/x744/x073/x709/x551/615.p/1");
        assert_eq!(Tile::parse(&last.path()), Some(last));
        assert!(!last.exists_in(TreeSize(u64::MAX)));
    }

    #[test]
    fn tiles_of_older_sizes_exist_and_later_ones_do_not() {
        let tile = |width| Tile::new(TileLevel::Hashes(0), 1, width).unwrap();
        assert!(tile(5).exists_in(TreeSize(261)));
        assert!(tile(4).exists_in(TreeSize(261)));
        assert!(!tile(6).exists_in(TreeSize(261)));
        assert_eq!(Tile::of_level(TileLevel::Hashes(1), TreeSize(255)).count(), 0);
        assert_eq!(Tile::of_level(TileLevel::Hashes(63), TreeSize(u64::MAX)).count(), 0);
    }

    #[test]
    fn every_node_is_in_its_tile() {
        let leaves: Vec<_> = (0..=u8::MAX).cycle().take(1024).map(|i| leaf_hash(&[i, i])).collect();
        let mut frontier = Frontier::new();
        let mut cells = std::collections::BTreeMap::new();
        let mut nodes = Vec::new();
        for leaf in leaves {
            frontier.append_with(leaf, |node, hash| {
                nodes.push((node, hash));
                if node.level % TILE_HEIGHT == 0 {
                    cells.insert((node.level / TILE_HEIGHT, node.index), hash);
                }
            });
        }
        for (node, hash) in nodes {
            let (tile, first, count) = Tile::of_node(node);
            let TileLevel::Hashes(level) = tile.level() else { panic!("hashes") };
            let first = tile.first_cell().unwrap() + u64::from(first);
            let hashes: Vec<_> = (first..first + u64::from(count)).map(|cell| cells[&(level, cell)]).collect();
            assert_eq!(subtree_root(&hashes), Some(hash));
        }
    }

    #[test]
    fn bundles_round_trip_and_end_with_an_entry() {
        let mut bundle = Vec::new();
        assert!(
            push_entry(&mut bundle, b"one")
                && push_entry(&mut bundle, b"")
                && !push_entry(&mut bundle, &vec![0; 65_536])
        );
        assert_eq!(bundle, b"\0\x03one\0\0");
        assert_eq!(entries(&bundle), Some(vec![&b"one"[..], b""]));
        assert_eq!(entries(&bundle[..6]), None);
        assert_eq!(entries(&bundle[..4]), None);
        assert!(push_entry(&mut bundle, &vec![7; MAX_ENTRY]));
        assert_eq!(entries(&bundle).unwrap()[2].len(), MAX_ENTRY);
    }
}
