//! What readers see: one signed tree and the index up to it, swapped as a whole.

use std::sync::Arc;

use crate::index;
use crate::journal::TreeHead;

/// A consistent picture of the ledger at one signed size. Cheap to hold; never changes.
pub struct View {
    /// Rows, leaf hashes and positions of the entries below the signed size.
    pub index: Arc<index::View>,
    /// The signed checkpoint over `tree`.
    pub checkpoint: Arc<str>,
    /// Size and root in it.
    pub tree: TreeHead,
}
