//! From leaf hashes in order to the tiles of the log: for whoever has the entries themselves.

use xuefen_core::Hash;
use xuefen_core::tile::{TILE_WIDTH, Tile, TileLevel, subtree_root};
use xuefen_core::tree::{Frontier, TreeSize};

/// Hashes of a tile.
const TILE: usize = TILE_WIDTH as usize;

/// Grows a log and gives out its tiles as they become full.
#[derive(Clone, Debug, Default)]
pub struct TileBuilder {
    tree: Frontier,
    /// By tile level, the tile that is being filled.
    open: Vec<Vec<Hash>>,
}

impl TileBuilder {
    /// Adds an entry by its leaf hash; `full` gets the tiles of hashes that it fills, from below.
    ///
    /// # Errors
    /// Those of `full`.
    ///
    /// # Panics
    /// At 2^64-1 entries.
    pub fn push<E>(&mut self, leaf: Hash, mut full: impl FnMut(Tile, &[Hash]) -> Result<(), E>) -> Result<(), E> {
        self.tree.append(leaf);
        let mut hash = leaf;
        for level in 0_u8.. {
            let at = usize::from(level);
            if self.open.len() == at {
                self.open.push(Vec::with_capacity(TILE));
            }
            self.open[at].push(hash);
            if self.open[at].len() < TILE {
                return Ok(());
            }
            let hashes = std::mem::take(&mut self.open[at]);
            let of = TileLevel::Hashes(level);
            let index = of.full_tiles(self.size()) - 1;
            full(Tile::new(of, index, TILE_WIDTH).expect("a full tile of a level that exists"), &hashes)?;
            hash = subtree_root(&hashes).expect("256 is a power of two");
        }
        Ok(())
    }

    /// The partial tiles on the right edge, from below.
    pub fn edge(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        (0_u8..).zip(&self.open).filter_map(|(level, hashes)| {
            let of = TileLevel::Hashes(level);
            let width = u16::try_from(hashes.len()).ok()?;
            Some((Tile::new(of, of.full_tiles(self.size()), width)?, hashes.as_slice()))
        })
    }

    /// Entries so far.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.tree.size()
    }

    /// Root over them.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.tree.root()
    }
}
