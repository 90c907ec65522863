//! The public log in bytes: tiles of hashes and bundles of entries (C2SP tlog-tiles, formats.md 4). Which protocol carries
//! them, and how long they may be kept, is the server's matter.

use xuefen_core::merkle::leaf_hash;
use xuefen_core::tile::{Tile, TileLevel, push_entry};

use super::Ledger;
use super::error::SequencerError;
use super::view::View;
use crate::journal::{Position, Record};

impl Ledger {
    /// The bytes of a tile; `None` if the tree of this view does not have it. Partial tiles are the first cells of what is
    /// stored, so those of every size are there, also once the tile is full.
    ///
    /// # Errors
    /// If the index or the journal cannot be read, or an entry does not have its leaf hash: what the disk gives back is not
    /// believed.
    pub fn tile(&self, view: &View, tile: Tile) -> Result<Option<Vec<u8>>, SequencerError> {
        match tile.level() {
            TileLevel::Hashes(_) => {
                let hashes = view.index.tile(tile)?;
                Ok(hashes.map(|hashes| hashes.iter().flat_map(|hash| hash.0).collect()))
            }
            TileLevel::Entries => self.bundle(view, tile),
        }
    }

    /// The entries of a tile, each behind its length. Nothing but the public bytes: payloads stay where they are.
    fn bundle(&self, view: &View, tile: Tile) -> Result<Option<Vec<u8>>, SequencerError> {
        let leaves = Tile::new(TileLevel::Hashes(0), tile.index(), tile.width());
        let (Some(leaves), Some(first)) = (leaves, tile.first_cell()) else { return Ok(None) };
        let Some(hashes) = view.index.tile(leaves)? else { return Ok(None) };
        let positions = view.index.positions(first, first + u64::from(tile.width()))?;
        let mut bundle = Vec::new();
        for ((index, hash), position) in (first..).zip(&hashes).zip(positions) {
            let broken = |why: &str| SequencerError::Replay { index, why: why.to_owned() };
            let record = self.reader.record_at(Position::from_u64(position))?;
            let Record::Entry { entry, .. } = record.get() else {
                return Err(broken("its position holds a private record"));
            };
            if leaf_hash(entry) != *hash {
                return Err(broken("its bytes do not have its leaf hash; run 'xuefen fsck'"));
            }
            if !push_entry(&mut bundle, entry) {
                return Err(broken("it is longer than an entry can be"));
            }
        }
        Ok(Some(bundle))
    }
}
