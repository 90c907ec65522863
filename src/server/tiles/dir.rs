//! A log in a directory: a mirror or an export, served like the ledger's own.

use std::sync::Arc;

use xuefen_core::tile::{TILE_WIDTH, Tile, TileLevel, entries};

use super::{PublicLog, Unreadable};
use crate::mirror::{DirSource, MAX_BUNDLE, MAX_NOTE, Source as _, SourceError};

impl PublicLog for DirSource {
    fn checkpoint(&self) -> Result<Option<Arc<str>>, Unreadable> {
        let bytes = self.get("checkpoint", MAX_NOTE).map_err(|error| unreadable(&error))?;
        bytes.map(|bytes| String::from_utf8(bytes).map(Arc::from)).transpose().map_err(|_| Unreadable)
    }

    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Unreadable> {
        let read = |tile: Tile| self.get(&tile.path(), MAX_BUNDLE).map_err(|error| unreadable(&error));
        if let Some(bytes) = read(tile)? {
            return Ok(Some(bytes));
        }
        if tile.width() == TILE_WIDTH {
            return Ok(None);
        }
        // Partial tiles go when there is a full one; what they held is its beginning.
        let Some(full) = Tile::new(tile.level(), tile.index(), TILE_WIDTH) else { return Ok(None) };
        let Some(mut bytes) = read(full)? else { return Ok(None) };
        let length = match tile.level() {
            TileLevel::Hashes(_) => 32 * usize::from(tile.width()),
            TileLevel::Entries => {
                let all = entries(&bytes).ok_or(Unreadable)?;
                all.iter().take(tile.width().into()).map(|entry| 2 + entry.len()).sum()
            }
        };
        bytes.truncate(length);
        Ok(Some(bytes))
    }
}

fn unreadable(error: &SourceError) -> Unreadable {
    tracing::error!(error = error as &dyn std::error::Error, "cannot read a mirror's file");
    Unreadable
}
