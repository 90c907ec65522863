//! The public tree as a view shows it: roots, proofs and tiles of every size up to the view's. How they are made from
//! nodes is core's; where nodes are kept is [`super::leaves`].

use super::error::{IndexError, Result};
use super::view::View;
use xuefen_core::Hash;
use xuefen_core::tile::{Tile, TileLevel};
use xuefen_core::tree::{
    Frontier, LeafIndex, Node, NodeSource, ProveError, TreeSize, consistency_proof, inclusion_proof, root,
};

impl View {
    /// Root of the tree over the first `size` entries (formats.md 4).
    pub fn root(&self, size: TreeSize) -> Result<Hash> {
        self.check("tree size", size.0, size.0 <= self.size())?;
        root(self, size)
    }

    /// The complete subtrees of the first `size` entries: where a writer goes on.
    ///
    /// # Panics
    /// Never: the peaks are asked for by the size that they are put together for.
    pub fn frontier(&self, size: TreeSize) -> Result<Frontier> {
        self.check("tree size", size.0, size.0 <= self.size())?;
        let peaks = Frontier::peaks_of(size).map(|node| self.node(node)).collect::<Result<_>>()?;
        Ok(Frontier::from_peaks(size, peaks).expect("the peaks are those of this size"))
    }

    /// Inclusion path of the entry `index` in the tree of `size`, leaf upward.
    pub fn inclusion_proof(&self, index: LeafIndex, size: TreeSize) -> Result<Vec<Hash>> {
        self.check("tree size", size.0, size.0 <= self.size())?;
        inclusion_proof(self, index, size).map_err(|error| out_of_range(error, "entry", index.0, size))
    }

    /// Proof that the tree of `old` is a beginning of the tree of `new`.
    pub fn consistency_proof(&self, old: TreeSize, new: TreeSize) -> Result<Vec<Hash>> {
        self.check("tree size", new.0, new.0 <= self.size())?;
        consistency_proof(self, old, new).map_err(|error| out_of_range(error, "tree size", old.0, new))
    }

    /// The hashes of a tile; `None` if the tree of this view does not have it, or it is one of entries (their bytes are
    /// in the journal).
    pub fn tile(&self, tile: Tile) -> Result<Option<Vec<Hash>>> {
        let TileLevel::Hashes(level) = tile.level() else { return Ok(None) };
        match tile.first_cell() {
            Some(first) if tile.exists_in(TreeSize(self.size())) => {
                self.leaves.hashes(level, first, first + u64::from(tile.width())).map(Some)
            }
            _ => Ok(None),
        }
    }
}

impl NodeSource for View {
    type Error = IndexError;

    fn node(&self, node: Node) -> Result<Hash> {
        let complete = self.size().checked_shr(node.level.into()).is_some_and(|nodes| node.index < nodes);
        self.check("node", node.index, complete)?;
        self.leaves.node(node)
    }
}

fn out_of_range(error: ProveError<IndexError>, what: &'static str, asked: u64, size: TreeSize) -> IndexError {
    match error {
        ProveError::OutOfRange => IndexError::Beyond { what, asked, size: size.0 },
        ProveError::Source(error) => error,
    }
}
