//! The hash chain over the log's leaves, kept with each journal frame (formats.md 4).
//!
//! It finds damage and gaps in one pass. Against an operator who tampers it is the signed root that counts, so nothing in
//! a presentation depends on it.

use crate::hash::{Context, Hash, derive_key, keyed_hash};
use crate::origin::Origin;

/// chain(0) = `derive_key`(CHAIN, origin): the head of an empty log.
#[must_use]
pub fn start(origin: &Origin) -> Hash {
    derive_key(Context::Chain, &[origin.as_str().as_bytes()])
}

/// chain(i+1) = `keyed_hash`(chain(i), `leaf_hash`(i)).
#[must_use]
pub fn next(head: &Hash, leaf_hash: &Hash) -> Hash {
    keyed_hash(head, &[leaf_hash.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_depends_on_origin_leaf_and_order() {
        let origin = |text| Origin::parse(text).expect("a valid origin");
        let (one, two) = (Hash([1; 32]), Hash([2; 32]));
        let begin = start(&origin("x.example/a"));
        assert_ne!(begin, start(&origin("x.example/b")));
        assert_ne!(next(&begin, &one), next(&begin, &two));
        assert_ne!(next(&next(&begin, &one), &two), next(&next(&begin, &two), &one));
    }
}
