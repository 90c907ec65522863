//! Signing a batch: the tree over its statements, and an attestation for each (formats.md 2).
//!
//! For whoever signs. Verifying needs no tree; see [`attestation`](crate::attestation).

use crate::attestation::{Attestation, MAX_BATCH_SIZE, signed_message};
use crate::hash::Hash;
use crate::key::SecretKey;
use crate::merkle::node_hash;
use core::fmt;

/// The number of statements is not within 1 to 65,536.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSizeError(pub usize);

impl fmt::Display for BatchSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a batch has 1 to {MAX_BATCH_SIZE} statements, not {}", self.0)
    }
}

impl std::error::Error for BatchSizeError {}

/// All nodes of the RFC 6962 tree over 1 to 65,536 statements.
#[derive(Clone, Debug)]
pub struct BatchTree {
    /// From the leaves to the root. A last node without sibling stands in the level above as it is, which gives the tree
    /// of RFC 6962: its left subtrees are full.
    levels: Vec<Vec<Hash>>,
    size: u32,
}

impl BatchTree {
    /// Builds the tree over the leaf hashes of statements, in time linear in their number.
    pub fn new(leaves: Vec<Hash>) -> Result<Self, BatchSizeError> {
        let count = leaves.len();
        let size = u32::try_from(count).ok().filter(|size| (1..=MAX_BATCH_SIZE).contains(size));
        let size = size.ok_or(BatchSizeError(count))?;
        let mut levels = Vec::new();
        let mut level = leaves;
        while level.len() > 1 {
            let above = level.chunks(2).map(|pair| match pair {
                [left, right] => node_hash(left, right),
                alone => alone[0],
            });
            let above = above.collect();
            levels.push(core::mem::replace(&mut level, above));
        }
        levels.push(level);
        Ok(Self { levels, size })
    }

    /// Number of statements.
    #[must_use]
    pub const fn size(&self) -> u32 {
        self.size
    }

    /// The root; of a single statement, its leaf hash.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.levels[self.levels.len() - 1][0]
    }

    /// The inclusion path of the statement at `index`, leaf upward; nothing if there is none.
    #[must_use]
    pub fn path(&self, index: u32) -> Option<Vec<Hash>> {
        let mut node = usize::try_from(index).ok().filter(|_| index < self.size)?;
        let mut path = Vec::with_capacity(self.levels.len() - 1);
        for level in &self.levels[..self.levels.len() - 1] {
            path.extend(level.get(node ^ 1));
            node /= 2;
        }
        Some(path)
    }
}

/// Signs statements, given by their leaf hashes, with one signature; the attestations are in the order of the statements.
pub fn sign_batch(secret: &SecretKey, leaves: Vec<Hash>) -> Result<Vec<Attestation>, BatchSizeError> {
    let tree = BatchTree::new(leaves)?;
    let signature = secret.sign(&signed_message(tree.size(), &tree.root()));
    let attest = |index| {
        let path = tree.path(index)?;
        Some(Attestation::of_batch(secret.public(), tree.size(), index, &path, &signature))
    };
    Ok((0..tree.size()).filter_map(attest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{leaf_hash, root_from_path};

    fn leaves(count: u32) -> Vec<Hash> {
        (0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect()
    }

    #[test]
    fn every_path_up_to_64_statements_leads_to_the_root() {
        for size in 1..=64 {
            let leaves = leaves(size);
            let tree = BatchTree::new(leaves.clone()).expect("a good size");
            for (index, leaf) in (0..).zip(&leaves) {
                let path = tree.path(index).expect("index below size");
                let walked = root_from_path(*leaf, u64::from(index), u64::from(size), path);
                assert_eq!(walked, Some(tree.root()), "statement {index} of {size}");
            }
            assert_eq!(tree.path(size), None);
        }
    }

    #[test]
    fn every_attestation_of_a_batch_verifies() {
        let secret = SecretKey::from_seed(&[1; 32]);
        for size in [1, 2, 3, 87] {
            let leaves = leaves(size);
            let attestations = sign_batch(&secret, leaves.clone()).expect("a good size");
            assert_eq!(attestations.len(), leaves.len());
            for (attestation, leaf) in attestations.iter().zip(leaves) {
                assert_eq!(attestation.verify(leaf, secret.public()), Ok(()));
            }
        }
    }

    #[test]
    fn a_batch_has_1_to_65536_statements() {
        assert_eq!(BatchTree::new(Vec::new()).err(), Some(BatchSizeError(0)));
        assert_eq!(BatchTree::new(leaves(65_537)).err(), Some(BatchSizeError(65_537)));
        assert_eq!(BatchTree::new(leaves(65_536)).map(|tree| tree.size()), Ok(65_536));
    }
}
