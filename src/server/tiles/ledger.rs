//! The log of the ledger that this server runs.

use std::sync::Arc;

use xuefen_core::tile::Tile;

use super::{PublicLog, Unreadable};
use crate::api::Api;

impl PublicLog for Api {
    fn checkpoint(&self) -> Result<Option<Arc<str>>, Unreadable> {
        Ok(Some(self.published_note()))
    }

    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Unreadable> {
        self.ledger.tile(&self.ledger.view(), tile).map_err(|error| {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, source, %tile, "cannot read a tile");
            Unreadable
        })
    }
}
