//! Checks of inclusion and consistency proofs (RFC 9162 2.1.3.2, 2.1.4.2). A proof has exactly one form: too long is as
//! wrong as too short.

use super::{EMPTY_ROOT, LeafIndex, TreeSize};
use crate::{
    Hash,
    merkle::{node_hash, root_from_path},
};
use core::fmt;

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofError {
    /// Index, size and path do not lead from the leaf to the root.
    Inclusion,
    /// Sizes and path do not lead from the old root to the new one.
    Consistency,
}

impl ProofError {
    /// The stable code of this error.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inclusion => "INCLUSION",
            Self::Consistency => "CONSISTENCY",
        }
    }
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inclusion => "the path does not lead from the leaf to the root",
            Self::Consistency => "the proof does not lead from the old root to the new one",
        })
    }
}

impl core::error::Error for ProofError {}

/// Checks that the leaf stands at `index` in the tree of `size` with this `root`.
pub fn verify_inclusion(
    leaf_hash: &Hash,
    index: LeafIndex,
    size: TreeSize,
    path: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    let found = root_from_path(*leaf_hash, index.0, size.0, path.iter().copied());
    if found.as_ref() == Some(root) { Ok(()) } else { Err(ProofError::Inclusion) }
}

/// Checks that the tree of `old` size and root is a beginning of the tree of `new` size and root.
pub fn verify_consistency(
    old: TreeSize,
    new: TreeSize,
    proof: &[Hash],
    old_root: &Hash,
    new_root: &Hash,
) -> Result<(), ProofError> {
    let roots = match old.0 {
        0 => proof.is_empty().then_some((EMPTY_ROOT, if new.0 == 0 { EMPTY_ROOT } else { *new_root })),
        same if same == new.0 => proof.is_empty().then_some((*old_root, *old_root)),
        smaller if smaller < new.0 => roots_from_proof(smaller, new.0, proof, old_root),
        _ => None,
    };
    if roots == Some((*old_root, *new_root)) { Ok(()) } else { Err(ProofError::Consistency) }
}

/// Old and new root as the proof gives them; `None` if its length is not the one that the sizes ask for.
/// `0 < old < new`.
fn roots_from_proof(old: u64, new: u64, proof: &[Hash], old_root: &Hash) -> Option<(Hash, Hash)> {
    // The first hash is the last complete subtree of the old tree; left out if that is the whole old tree.
    let (first, rest) = if old.is_power_of_two() { (old_root, proof) } else { proof.split_first()? };
    let shift = (old - 1).trailing_ones();
    let (mut old_last, mut new_last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for hash in rest {
        if new_last == 0 {
            return None;
        }
        if old_last & 1 == 1 || old_last == new_last {
            old_hash = node_hash(hash, &old_hash);
            new_hash = node_hash(hash, &new_hash);
            // On the right edge without a sibling: the node moves up as it is.
            while old_last & 1 == 0 && old_last != 0 {
                old_last >>= 1;
                new_last >>= 1;
            }
        } else {
            new_hash = node_hash(&new_hash, hash);
        }
        old_last >>= 1;
        new_last >>= 1;
    }
    (new_last == 0).then_some((old_hash, new_hash))
}
