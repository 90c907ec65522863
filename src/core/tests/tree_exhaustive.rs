//! Every (index, size) and every (old, new) up to 64 leaves, against the definitions of RFC 6962 taken word for word.

use xuefen_core::Hash;
use xuefen_core::merkle::{leaf_hash, node_hash};
use xuefen_core::tree::{
    EMPTY_ROOT, Frontier, LeafIndex, Node, ProofError, ProveError, TreeSize, consistency_proof, inclusion_proof, root,
    verify_consistency, verify_inclusion,
};

const MOST: usize = 64;

/// MTH of RFC 6962, 2.1.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962, 2.1.1.
fn naive_path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, sibling) = if index < left.len() {
        (naive_path(index, left), naive_root(right))
    } else {
        (naive_path(index - left.len(), right), naive_root(left))
    };
    path.push(sibling);
    path
}

/// SUBPROOF of RFC 6962, 2.1.2; `whole` says that the old tree is one that the verifier has the root of.
fn naive_subproof(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut proof, sibling) = if old <= left.len() {
        (naive_subproof(old, left, whole), naive_root(right))
    } else {
        (naive_subproof(old - left.len(), right, false), naive_root(left))
    };
    proof.push(sibling);
    proof
}

fn leaves() -> Vec<Hash> {
    (0..MOST).map(|number| leaf_hash(&number.to_be_bytes())).collect()
}

/// Serves the complete subtrees over `leaves`; a question about another node is an error.
fn source(leaves: &[Hash]) -> impl Fn(Node) -> Result<Hash, Node> {
    move |node| {
        let begin = usize::try_from(node.index << node.level).expect("small");
        leaves.get(begin..begin + (1 << node.level)).map(naive_root).ok_or(node)
    }
}

fn size(leaves: &[Hash]) -> TreeSize {
    TreeSize(leaves.len() as u64)
}

/// Every way to spoil a proof by one hash: left out, put in, changed.
fn spoiled(proof: &[Hash]) -> impl Iterator<Item = Vec<Hash>> {
    let left_out = (0..proof.len()).map(|at| [&proof[..at], &proof[at + 1..]].concat());
    let put_in = (0..=proof.len()).map(|at| [&proof[..at], &[Hash([7; 32])], &proof[at..]].concat());
    let changed = (0..proof.len()).map(|at| {
        let mut proof = proof.to_vec();
        proof[at].0[31] ^= 1;
        proof
    });
    left_out.chain(put_in).chain(changed)
}

#[test]
fn roots() {
    let leaves = leaves();
    let mut frontier = Frontier::new();
    for count in 0..=MOST {
        let part = &leaves[..count];
        assert_eq!(frontier.root(), naive_root(part));
        assert_eq!(root(&source(part), size(part)), Ok(naive_root(part)));
        leaves.get(count).into_iter().for_each(|leaf| frontier.append(*leaf));
    }
}

#[test]
fn inclusion() {
    let leaves = leaves();
    for part in (1..=MOST).map(|count| &leaves[..count]) {
        let (size, root) = (size(part), naive_root(part));
        for (at, leaf) in part.iter().enumerate() {
            let index = LeafIndex(at as u64);
            let path = inclusion_proof(&source(part), index, size).expect("the nodes are there");
            assert_eq!(path, naive_path(at, part));
            assert_eq!(verify_inclusion(leaf, index, size, &path, &root), Ok(()));
            let mut wrong = spoiled(&path);
            assert!(wrong.all(|path| verify_inclusion(leaf, index, size, &path, &root) == Err(ProofError::Inclusion)));
            let others = (0..size.0 + 2).map(LeafIndex).filter(|other| *other != index);
            for other in others {
                assert_eq!(verify_inclusion(leaf, other, size, &path, &root), Err(ProofError::Inclusion));
            }
        }
        assert_eq!(inclusion_proof(&source(part), LeafIndex(size.0), size), Err(ProveError::OutOfRange));
    }
}

#[test]
fn consistency() {
    let leaves = leaves();
    for new in (0..=MOST).map(|count| &leaves[..count]) {
        for old in (0..=new.len()).map(|count| &new[..count]) {
            let (old_root, new_root) = (naive_root(old), naive_root(new));
            let (old_size, new_size) = (size(old), size(new));
            let check =
                |proof: &[Hash], old_root, new_root| verify_consistency(old_size, new_size, proof, old_root, new_root);
            let proof = consistency_proof(&source(new), old_size, new_size).expect("the nodes are there");
            let naive = if old.is_empty() { Vec::new() } else { naive_subproof(old.len(), new, true) };
            assert_eq!(proof, naive);
            assert_eq!(check(&proof, &old_root, &new_root), Ok(()));
            let wrong = Err(ProofError::Consistency);
            assert!(spoiled(&proof).all(|proof| check(&proof, &old_root, &new_root) == wrong));
            assert_eq!(check(&proof, &Hash([9; 32]), &new_root), wrong);
            // From nothing, everything follows: old 0 says nothing about the new root.
            let from_nothing = old.is_empty() && !new.is_empty();
            assert_eq!(check(&proof, &old_root, &Hash([9; 32])) == wrong, !from_nothing);
            if old.len() < new.len() {
                assert_eq!(consistency_proof(&source(new), new_size, old_size), Err(ProveError::OutOfRange));
                assert_eq!(verify_consistency(new_size, old_size, &proof, &new_root, &old_root), wrong);
            }
        }
    }
}

#[test]
fn a_missing_node_is_an_error_and_no_proof() {
    let leaves = leaves();
    let short = source(&leaves[..6]);
    let missing = Err(ProveError::Source(Node { level: 1, index: 3 }));
    assert_eq!(inclusion_proof(&short, LeafIndex(4), TreeSize(8)), missing);
}
