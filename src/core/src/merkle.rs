//! The hashes of an RFC 6962 Merkle tree: leaf, inner node, and the walk from a leaf to a root along a path.
//!
//! Shared by the log's tree and by the batch tree under an attestation (formats.md 2 and 4). How a tree is stored, tiled
//! or grown does not belong here.

use crate::hash::{Hash, sha256};
use core::fmt;
use sha2::Digest;

/// SHA-256(0x00 || leaf): RFC 6962, 2.1.
#[must_use]
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    sha256(&[&[0x00], leaf])
}

/// SHA-256(0x01 || left || right): RFC 6962, 2.1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut block = [0x01; 65];
    block[1..33].copy_from_slice(&left.0);
    block[33..].copy_from_slice(&right.0);
    sha256(&[&block])
}

/// [`leaf_hash`] for a leaf whose end is not known yet. A clone carries the work done so far.
#[derive(Clone)]
pub struct LeafHasher(sha2::Sha256);

impl LeafHasher {
    /// Starts a leaf with its first bytes.
    #[must_use]
    pub fn new(start: &[u8]) -> Self {
        let mut hasher = sha2::Sha256::new();
        hasher.update([0x00]);
        hasher.update(start);
        Self(hasher)
    }

    /// The hash of the leaf that ends with `rest`.
    #[must_use]
    pub fn finish(mut self, rest: &[u8]) -> Hash {
        self.0.update(rest);
        Hash(self.0.finalize().into())
    }
}

impl fmt::Debug for LeafHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafHasher")
    }
}

/// The root that `path` (leaf upward) leads to from the leaf hash at `index` in a tree of `size` leaves: RFC 9162, 2.1.3.2.
///
/// `None` if the index is not below the size, or the path has not exactly the length that (index, size) asks for. A root
/// that comes out is only as good as what the caller compares it with.
#[must_use]
pub fn root_from_path(leaf: Hash, index: u64, size: u64, path: impl IntoIterator<Item = Hash>) -> Option<Hash> {
    if index >= size {
        return None;
    }
    // Number of the current node in its level, and of the last node of that level.
    let (mut node, mut last) = (index, size - 1);
    let mut root = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if node & 1 == 1 || node == last {
            root = node_hash(&sibling, &root);
            // A last node without right sibling rises unchanged until it is someone's right child.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            root = node_hash(&root, &sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6962, 2.1, word for word.
    fn naive_root(leaves: &[Hash]) -> Hash {
        if leaves.len() == 1 {
            return leaves[0];
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        node_hash(&naive_root(left), &naive_root(right))
    }

    /// RFC 6962, 2.1.1, word for word.
    fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut path, other) = if index < left.len() {
            (naive_path(index, left), naive_root(right))
        } else {
            (naive_path(index - left.len(), right), naive_root(left))
        };
        path.push(other);
        path
    }

    fn leaves(count: usize) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn every_path_up_to_64_leaves_leads_to_the_root() {
        for size in 1..=64 {
            let leaves = leaves(size);
            let root = naive_root(&leaves);
            for (index, leaf) in leaves.iter().enumerate() {
                let path = naive_path(index, &leaves);
                let walked = root_from_path(*leaf, index as u64, size as u64, path.iter().copied());
                assert_eq!(walked, Some(root), "leaf {index} of {size}");
            }
        }
    }

    #[test]
    fn a_path_of_another_length_leads_nowhere() {
        for size in 1..=33 {
            let leaves = leaves(size);
            for (index, leaf) in leaves.iter().enumerate() {
                let mut path = naive_path(index, &leaves);
                let walk = |path: &[Hash]| root_from_path(*leaf, index as u64, size as u64, path.iter().copied());
                if !path.is_empty() {
                    assert_eq!(walk(&path[1..]), None, "short, leaf {index} of {size}");
                }
                path.push(*leaf);
                assert_eq!(walk(&path), None, "long, leaf {index} of {size}");
            }
        }
    }

    #[test]
    fn an_index_at_or_above_the_size_leads_nowhere() {
        let leaf = leaf_hash(b"x");
        assert_eq!(root_from_path(leaf, 0, 0, []), None);
        assert_eq!(root_from_path(leaf, 1, 1, []), None);
        assert_eq!(root_from_path(leaf, u64::MAX, u64::MAX, []), None);
    }

    #[test]
    fn a_leaf_hashed_in_two_parts_is_the_same_leaf() {
        let hasher = LeafHasher::new(b"one ");
        assert_eq!(hasher.clone().finish(b"leaf"), leaf_hash(b"one leaf"));
        assert_eq!(hasher.finish(b""), leaf_hash(b"one "));
    }
}
