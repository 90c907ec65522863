//! Signs checkpoints: the log key, and the rule that it never signs two trees that do not agree.
//!
//! The log key signs checkpoints and nothing else (formats.md 4); status notes have their own key, elsewhere.

use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::key::SecretKey;
use xuefen_core::note;
use xuefen_core::origin::Origin;
use xuefen_core::tree::TreeSize;
use xuefen_core::vkey::KeyName;

use crate::journal::TreeHead;

/// The log's key and the newest tree it signed.
pub struct CheckpointSigner {
    origin: Origin,
    name: KeyName,
    key: SecretKey,
    last: TreeHead,
}

/// A tree that must not be signed after the last one.
#[derive(Debug, thiserror::Error)]
#[error("asked to sign a tree of {asked} entries after one of {signed}: the log would contradict itself")]
pub struct Contradiction {
    asked: u64,
    signed: u64,
}

impl CheckpointSigner {
    /// A signer that goes on from `last`, which the caller has shown to be consistent with everything signed before.
    #[must_use]
    pub fn new(origin: Origin, key: SecretKey, last: TreeHead) -> Self {
        let name = KeyName::parse(origin.as_str()).expect("an origin has no '+', no space and is not empty");
        Self { origin, name, key, last }
    }

    /// The signed note over `tree`. The caller has appended the tree's entries to a journal whose last signed tree is a
    /// prefix of it.
    pub fn sign(&mut self, tree: TreeHead) -> Result<String, Contradiction> {
        if tree.size < self.last.size || (tree.size == self.last.size && tree.root != self.last.root) {
            return Err(Contradiction { asked: tree.size, signed: self.last.size });
        }
        self.last = tree;
        let text = Checkpoint { origin: self.origin.clone(), size: TreeSize(tree.size), root: tree.root }.text();
        let line = note::sign(&text, &self.name, &self.key);
        Ok(note::assemble(&text, [line.as_str()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xuefen_core::Hash;

    #[test]
    fn never_smaller_and_never_another_root() {
        let origin = Origin::parse("a.example/x").unwrap();
        let mut signer = CheckpointSigner::new(origin, SecretKey::from_seed(&[1; 32]), TreeHead::empty());
        let tree = |size, root| TreeHead { size, root: Hash([root; 32]) };
        assert!(signer.sign(tree(2, 1)).is_ok());
        assert_eq!(signer.sign(tree(2, 1)).unwrap(), signer.sign(tree(2, 1)).unwrap());
        assert!(signer.sign(tree(2, 2)).is_err());
        assert!(signer.sign(tree(1, 1)).is_err());
        assert!(signer.sign(tree(3, 9)).is_ok());
    }
}
