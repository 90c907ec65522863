//! What a caller gets back: one verdict per posting, and the view under which every one of them holds.

use std::sync::Arc;

use xuefen_core::Hash;
use xuefen_ledger::{Flag, Refusal};

use super::view::View;

/// Verdicts in the order of the postings.
pub struct Answer {
    /// One per posting.
    pub verdicts: Vec<Verdict>,
    /// A view that covers every receipt among them.
    pub view: Arc<View>,
}

/// What became of one posting.
#[derive(Debug)]
pub enum Verdict {
    /// Logged and acknowledged.
    Receipt(Receipt),
    /// Refused; nothing was kept.
    Refused(Box<Refusal>),
}

/// Index assigned, durable, in the tree, under a signed checkpoint.
#[derive(Clone, Debug)]
pub struct Receipt {
    /// Leaf index.
    pub index: u64,
    /// RFC 6962 leaf hash of the entry.
    pub leaf_hash: Hash,
    /// Unix seconds.
    pub logged_at: i64,
    /// The same statement had been logged before; this is its first receipt.
    pub replayed: bool,
    /// Counts for nothing until countersigned.
    pub pending: bool,
    /// Remarks of the rules.
    pub flags: Vec<Flag>,
}
