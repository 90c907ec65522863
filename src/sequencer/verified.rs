//! Which batch signatures were checked before: a registrar signs 40,000 rows once, and once is enough to check it.
//!
//! Only that a signature holds is remembered, never that its key is in force (formats.md 2).

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

use xuefen_core::attestation::Claim;

/// Batches remembered at most; then all are forgotten and checked once more.
const MOST: usize = 16_384;

/// Claims that verified.
#[derive(Default)]
pub(super) struct VerifiedBatches(RwLock<BTreeSet<Claim>>);

impl xuefen_ledger::VerifiedBatches for VerifiedBatches {
    fn contains(&self, claim: &Claim) -> bool {
        claim.batch_size > 1 && self.0.read().unwrap_or_else(PoisonError::into_inner).contains(claim)
    }

    fn insert(&self, claim: Claim) {
        // A signature over one statement is met again only if the same posting is: not worth the place of a batch.
        if claim.batch_size == 1 {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(claim);
    }
}
