//! Logs for the tests of this room: trees of any size, signed as a log signs them, and forks of them.

use xuefen_core::Hash;
use xuefen_core::key::SecretKey;
use xuefen_core::merkle::{leaf_hash, node_hash};
use xuefen_core::note;
use xuefen_core::text::to_base64;
use xuefen_core::tree::{Node, TreeSize, consistency_proof, root};
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

use super::request::AddCheckpoint;

pub(super) const ORIGIN: &str = "log.example/a";

/// A log whose entries from `fork` on are those of `branch`.
pub(super) struct TestLog {
    pub key: SecretKey,
    pub fork: u64,
    pub branch: u8,
}

impl TestLog {
    pub(super) fn new() -> Self {
        Self { key: SecretKey::from_seed(&[1; 32]), fork: u64::MAX, branch: 0 }
    }

    /// The same log and key with another history from `fork` on.
    pub(super) fn forked(fork: u64) -> Self {
        Self { fork, branch: 1, ..Self::new() }
    }

    fn node(&self, node: Node) -> Hash {
        if node.level == 0 {
            let branch = if node.index >= self.fork { self.branch } else { 0 };
            return leaf_hash(&[&[branch][..], &node.index.to_be_bytes()].concat());
        }
        let child = |index| self.node(Node { level: node.level - 1, index });
        node_hash(&child(2 * node.index), &child(2 * node.index + 1))
    }

    fn source(&self) -> impl Fn(Node) -> Result<Hash, ()> {
        |node| Ok(self.node(node))
    }

    pub(super) fn root(&self, size: u64) -> Hash {
        root(&self.source(), TreeSize(size)).expect("all nodes are there")
    }

    pub(super) fn text(&self, size: u64) -> String {
        format!("{ORIGIN}\n{size}\n{}\n", to_base64(self.root(size)))
    }

    pub(super) fn note(&self, size: u64) -> String {
        self.sign(&self.text(size))
    }

    pub(super) fn sign(&self, text: &str) -> String {
        note::assemble(text, [note::sign(text, &name(ORIGIN), &self.key).as_str()])
    }

    pub(super) fn proof(&self, old: u64, new: u64) -> Vec<Hash> {
        consistency_proof(&self.source(), TreeSize(old), TreeSize(new)).expect("all nodes are there")
    }

    /// The body that a well-behaved log sends.
    pub(super) fn body(&self, old: u64, new: u64) -> Vec<u8> {
        AddCheckpoint { old: TreeSize(old), proof: self.proof(old, new), note: &self.note(new) }.text().into_bytes()
    }

    pub(super) fn vkey(&self) -> VerifierKey {
        VerifierKey::new(name(ORIGIN), KeyType::Note, self.key.public().clone())
    }
}

pub(super) fn name(text: &str) -> KeyName {
    KeyName::parse(text).expect("a name")
}
