//! Which batch signatures were checked before: a registrar signs 40,000 rows once, and once is enough to check it.
//!
//! Only that a signature holds is remembered, never that its key is in force (formats.md 2).

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use xuefen_core::Hash;
use xuefen_core::hash::sha256;

/// Batches remembered at most; then all are forgotten and checked once more.
const MOST: usize = 16_384;

/// Digests of (key id, batch size, batch root, signature) that verified.
#[derive(Default)]
pub struct VerifiedBatches(Mutex<BTreeSet<Hash>>);

impl VerifiedBatches {
    fn digest(key_id: &Hash, size: u32, root: &Hash, signature: &[u8]) -> Hash {
        sha256(&[key_id.as_ref(), &size.to_be_bytes(), root.as_ref(), signature])
    }
}

impl xuefen_ledger::VerifiedBatches for VerifiedBatches {
    fn contains(&self, key_id: &Hash, size: u32, root: &Hash, signature: &[u8]) -> bool {
        let digest = Self::digest(key_id, size, root, signature);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&digest)
    }

    fn insert(&self, key_id: &Hash, size: u32, root: &Hash, signature: &[u8]) {
        let digest = Self::digest(key_id, size, root, signature);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(digest);
    }
}
