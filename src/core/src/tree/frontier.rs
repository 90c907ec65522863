//! A growing tree in O(log n) memory. Proofs need stored nodes and stand in `prove`.

use super::{EMPTY_ROOT, Node, TreeSize, complete_subtrees};
use crate::{Hash, merkle::node_hash};

/// The roots of the complete subtrees of a tree: all that is needed to add leaves and to give the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// One per binary digit 1 of `size`, largest subtree (leftmost) first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree without leaves.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// A frontier as [`Frontier::peaks`] gave it. `None` if the number of peaks is not the one that `size` asks for.
    #[must_use]
    pub fn from_peaks(size: TreeSize, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.0.count_ones() as usize).then_some(Self { size: size.0, peaks })
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        TreeSize(self.size)
    }

    /// The nodes whose hashes are the peaks of a tree of `size`, largest (leftmost) first.
    pub fn peaks_of(size: TreeSize) -> impl Iterator<Item = Node> {
        complete_subtrees(0, size.0)
    }

    /// Roots of the complete subtrees, largest (leftmost) first.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The complete subtrees and their roots, largest (leftmost) first.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (Node, Hash)> {
        // Both sides have one element per binary digit 1 of the size.
        let nodes: Vec<_> = complete_subtrees(0, self.size).collect();
        nodes.into_iter().zip(self.peaks.iter().copied())
    }

    /// Adds a leaf by its hash.
    pub fn append(&mut self, leaf_hash: Hash) {
        self.append_with(leaf_hash, |_, _| ());
    }

    /// Adds a leaf by its hash and reports every node that this completes, the leaf itself first, then upward: what a
    /// store of nodes has to add.
    ///
    /// # Panics
    /// At 2^64-1 leaves.
    pub fn append_with(&mut self, leaf_hash: Hash, mut completed: impl FnMut(Node, Hash)) {
        let mut node = Node { level: 0, index: self.size };
        let mut hash = leaf_hash;
        completed(node, hash);
        // A trailing 1 of the old size is a peak as large as what we carry: the two make the next larger one.
        for _ in 0..self.size.trailing_ones() {
            let left = self.peaks.pop().expect("one peak per binary digit 1 of the size");
            hash = node_hash(&left, &hash);
            node = Node { level: node.level + 1, index: node.index >> 1 };
            completed(node, hash);
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root: O(log n) hashes.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.peaks.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    #[test]
    fn peaks_round_trip() {
        let mut frontier = Frontier::new();
        for i in 0..100u8 {
            let again = Frontier::from_peaks(frontier.size(), frontier.peaks().to_vec()).unwrap();
            assert_eq!(again, frontier);
            assert!(Frontier::from_peaks(TreeSize(frontier.size().0 ^ 128), frontier.peaks().to_vec()).is_none());
            frontier.append(leaf_hash(&[i]));
        }
    }

    #[test]
    fn completed_nodes_are_those_of_the_tree() {
        let mut frontier = Frontier::new();
        let mut nodes = std::collections::BTreeMap::new();
        for i in 0..64u8 {
            frontier.append_with(leaf_hash(&[i]), |node, hash| assert!(nodes.insert(node, hash).is_none()));
            assert!(frontier.nodes().all(|(node, hash)| nodes[&node] == hash));
        }
        assert_eq!(nodes.len(), 127);
        assert_eq!(nodes[&Node { level: 6, index: 0 }], frontier.root());
        let (left, right) = (nodes[&Node { level: 2, index: 6 }], nodes[&Node { level: 2, index: 7 }]);
        assert_eq!(nodes[&Node { level: 3, index: 3 }], node_hash(&left, &right));
    }
}
