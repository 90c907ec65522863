//! Roots and proofs from stored nodes (RFC 6962 2.1.1, 2.1.2). Their checks stand in `verify`.

use super::{EMPTY_ROOT, LeafIndex, Node, TreeSize, complete_subtrees, split};
use crate::{Hash, merkle::node_hash};
use core::fmt;

/// Where the hashes of complete subtrees come from: memory, a file of hashes, tiles.
///
/// A source is only asked for nodes that are complete in the tree whose root or proof is wanted.
pub trait NodeSource {
    /// Why a node cannot be had.
    type Error;

    /// The hash over the leaves `index << level .. (index + 1) << level`.
    fn node(&self, node: Node) -> Result<Hash, Self::Error>;
}

impl<E, F: Fn(Node) -> Result<Hash, E>> NodeSource for F {
    type Error = E;

    fn node(&self, node: Node) -> Result<Hash, E> {
        self(node)
    }
}

/// Why there is no proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProveError<E> {
    /// The leaf is not in a tree of that size, or the old tree is larger than the new one.
    OutOfRange,
    /// The source failed.
    Source(E),
}

impl<E> fmt::Display for ProveError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfRange => "the tree is too small for this proof",
            Self::Source(_) => "a node of the tree cannot be read",
        })
    }
}

impl<E: core::error::Error + 'static> core::error::Error for ProveError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::OutOfRange => None,
            Self::Source(error) => Some(error),
        }
    }
}

/// The root of the tree over the first `size` leaves.
pub fn root<S: NodeSource + ?Sized>(source: &S, size: TreeSize) -> Result<Hash, S::Error> {
    range_root(source, 0, size.0)
}

/// The inclusion path of the leaf `index` in the tree of `size`: the leaf's sibling first, upward.
pub fn inclusion_proof<S: NodeSource + ?Sized>(
    source: &S,
    index: LeafIndex,
    size: TreeSize,
) -> Result<Vec<Hash>, ProveError<S::Error>> {
    if !size.contains(index) {
        return Err(ProveError::OutOfRange);
    }
    let mut siblings = Vec::new();
    let (mut begin, mut end) = (0, size.0);
    while end - begin > 1 {
        let middle = begin + split(end - begin);
        if index.0 < middle {
            siblings.push((middle, end));
            end = middle;
        } else {
            siblings.push((begin, middle));
            begin = middle;
        }
    }
    ranges_upward(source, &siblings)
}

/// The proof that the tree of `old` leaves is a beginning of the tree of `new` leaves, in the order of RFC 6962. Empty if
/// `old` is 0 or equals `new`.
pub fn consistency_proof<S: NodeSource + ?Sized>(
    source: &S,
    old: TreeSize,
    new: TreeSize,
) -> Result<Vec<Hash>, ProveError<S::Error>> {
    if old > new {
        return Err(ProveError::OutOfRange);
    }
    if old.0 == 0 || old == new {
        return Ok(Vec::new());
    }
    let mut ranges = Vec::new();
    let (mut begin, mut end) = (0, new.0);
    // Down to the subtree whose right edge is the old tree's.
    while end != old.0 {
        let middle = begin + split(end - begin);
        if old.0 <= middle {
            ranges.push((middle, end));
            end = middle;
        } else {
            ranges.push((begin, middle));
            begin = middle;
        }
    }
    // If that subtree is the whole old tree, the verifier has its hash already.
    if begin != 0 {
        ranges.push((begin, end));
    }
    ranges_upward(source, &ranges)
}

/// The hashes of ranges found on the way down, the last one first.
fn ranges_upward<S: NodeSource + ?Sized>(source: &S, ranges: &[(u64, u64)]) -> Result<Vec<Hash>, ProveError<S::Error>> {
    ranges.iter().rev().map(|(begin, end)| range_root(source, *begin, *end).map_err(ProveError::Source)).collect()
}

fn range_root<S: NodeSource + ?Sized>(source: &S, begin: u64, end: u64) -> Result<Hash, S::Error> {
    let mut nodes = complete_subtrees(begin, end).rev();
    let Some(last) = nodes.next() else { return Ok(EMPTY_ROOT) };
    nodes.try_fold(source.node(last)?, |right, node| Ok(node_hash(&source.node(node)?, &right)))
}
