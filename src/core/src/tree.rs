//! The public tree over the log's entries: RFC 6962 with SHA-256 (formats.md 4).
//!
//! Here: positions, roots, proofs and their checks, for any store of nodes. Not here: how leaves and nodes are hashed
//! (`merkle`), how they are stored, and tiles (`tile`).

mod frontier;
mod prove;
mod verify;

pub use frontier::Frontier;
pub use prove::{NodeSource, ProveError, consistency_proof, inclusion_proof, root};
pub use verify::{ProofError, verify_consistency, verify_inclusion};

use crate::Hash;
use core::fmt;

/// Root of the tree without leaves: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = Hash([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// Position of an entry in the log, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(pub u64);

/// Number of entries of a tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeSize(pub u64);

impl TreeSize {
    /// Whether a tree of this size has an entry at `index`.
    #[must_use]
    pub const fn contains(self, index: LeafIndex) -> bool {
        index.0 < self.0
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A complete subtree: the hash over the leaves `index << level .. (index + 1) << level`. Level 0 are the leaf hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height above the leaves, 0 to 63.
    pub level: u8,
    /// Position among the nodes of that level, counted from 0.
    pub index: u64,
}

/// The complete subtrees that the leaves `begin..end` fall into, left to right, largest first: the binary digits of the
/// length. `begin` is a multiple of the largest power of two that is not above the length, as it is for every range
/// that RFC 6962 splits off.
fn complete_subtrees(begin: u64, end: u64) -> impl DoubleEndedIterator<Item = Node> {
    let length = end - begin;
    (0..64u8).rev().filter(move |level| length >> level & 1 == 1).map(move |level| {
        // Everything larger than this subtree lies before it.
        let before = length >> level >> 1 << 1 << level;
        Node { level, index: (begin + before) >> level }
    })
}

/// The largest power of two below `length`, where RFC 6962 splits a range of more than one leaf.
const fn split(length: u64) -> u64 {
    1 << (length - 1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::sha256;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(EMPTY_ROOT, sha256(&[]));
    }

    #[test]
    fn a_range_falls_into_its_binary_digits() {
        let nodes: Vec<_> = complete_subtrees(8, 15).map(|node| (node.level, node.index)).collect();
        assert_eq!(nodes, [(2, 2), (1, 6), (0, 14)]);
        assert_eq!(complete_subtrees(5, 5).count(), 0);
        assert_eq!(complete_subtrees(0, u64::MAX).count(), 64);
    }

    #[test]
    fn split_is_the_largest_power_of_two_below() {
        let splits: Vec<_> = (2..=9).map(split).collect();
        assert_eq!(splits, [1, 2, 2, 4, 4, 4, 4, 8]);
    }
}
