//! What the page about the log checks here: an entry under its receipt, who vouches for a checkpoint, and that one
//! checkpoint's log extends another's.

use serde::Serialize;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::entry::Entry;
use xuefen_core::kinds::Kind;
use xuefen_core::kinds::light::Statement;
use xuefen_core::merkle::{leaf_hash, node_hash};
use xuefen_core::policy::{NotAccepted, Policy, Witness};
use xuefen_core::proof::{Receipt, ReceiptError};
use xuefen_core::text::hash_from_base64;
use xuefen_core::tree::{LeafIndex, ProofError, TreeSize, verify_consistency};
use xuefen_core::{Hash, prost::bytes::Bytes};

use crate::request::{Bad, Request};

/// An entry, its place and its proof.
#[derive(Serialize)]
pub struct Shown {
    /// `OK`, or the code of the refusal.
    result: &'static str,
    leaf_hash: String,
    /// `None` here and below unless the receipt holds.
    index: Option<u64>,
    size: Option<u64>,
    root: Option<String>,
    way: Option<Vec<Pair>>,
    /// `None` if the bytes are no entry of this version.
    says: Option<Says>,
}

/// One step up: the sibling, whether it stands left, and the node that the two make.
#[derive(Serialize)]
struct Pair {
    sibling: String,
    left: bool,
    node: String,
}

/// The public part of an entry.
#[derive(Serialize)]
struct Says {
    issuer: String,
    ledger: String,
    kind: Option<&'static str>,
    private: bool,
    issued_at: i64,
    logged_at: i64,
    attestations: usize,
    bytes: usize,
}

/// Whether one checkpoint's log extends another's.
#[derive(Serialize)]
pub struct Extends {
    /// `OK`, or the code of the refusal.
    result: &'static str,
    old: Option<u64>,
    new: Option<u64>,
}

/// `entry`: arguments policy.txt, the entry's bytes, its receipt (C2SP tlog-proof).
pub fn entry(request: &mut Request<'_>) -> Result<Shown, Bad> {
    let policy = Policy::parse(request.text("policy")?).map_err(|error| Bad::new("policy", error))?;
    let bytes = request.bytes("entry")?;
    let receipt = Receipt::parse(request.text("receipt")?);
    let leaf = leaf_hash(bytes);
    let checked = receipt.as_ref().map_err(ReceiptError::as_str).and_then(|receipt| {
        let accepted = receipt.verify(&policy, &leaf).map_err(|error| error.as_str())?;
        Ok((receipt, accepted.checkpoint))
    });
    let tree = checked.as_ref().ok();
    Ok(Shown {
        result: checked.as_ref().err().copied().unwrap_or("OK"),
        leaf_hash: leaf.to_string(),
        index: tree.map(|(receipt, _)| receipt.index.0),
        size: tree.map(|(_, tree)| tree.size.0),
        root: tree.map(|(_, tree)| tree.root.to_string()),
        way: tree.map(|(receipt, tree)| way(leaf, receipt.index, tree.size, &receipt.path)),
        says: Entry::parse(Bytes::copy_from_slice(bytes)).ok().map(|entry| says(&entry)),
    })
}

fn says(entry: &Entry<Statement>) -> Says {
    let statement = entry.statement();
    let kind = statement.message().kind();
    Says {
        issuer: statement.issuer().to_owned(),
        ledger: statement.ledger().to_owned(),
        kind: kind.map(Kind::name),
        private: kind.is_some_and(Kind::is_private),
        issued_at: statement.issued_at().seconds(),
        logged_at: entry.logged_at().seconds(),
        attestations: entry.attestations().len(),
        bytes: entry.bytes().len(),
    }
}

/// From leaf to root (RFC 9162, 2.1.3.2). Only drawn; that the way leads to the root was checked before.
fn way(leaf: Hash, index: LeafIndex, size: TreeSize, path: &[Hash]) -> Vec<Pair> {
    let (mut node, mut last, mut hash) = (index.0, size.0.saturating_sub(1), leaf);
    let steps = path.iter().map(|sibling| {
        let left = node & 1 == 1 || node == last;
        hash = if left { node_hash(sibling, &hash) } else { node_hash(&hash, sibling) };
        while left && node & 1 == 0 && node != 0 {
            (node, last) = (node >> 1, last >> 1);
        }
        (node, last) = (node >> 1, last >> 1);
        Pair { sibling: sibling.to_string(), left, node: hash.to_string() }
    });
    steps.collect()
}

/// `consistency`: arguments policy.txt, an older checkpoint, a newer one (signed notes), and the proof, base64 a line.
/// The policy has to accept both.
pub fn consistency(request: &mut Request<'_>) -> Result<Extends, Bad> {
    let policy = Policy::parse(request.text("policy")?).map_err(|error| Bad::new("policy", error))?;
    let (old, new, proof) = (request.text("old")?, request.text("new")?, request.text("proof")?);
    let proof = proof.lines().map(hash_from_base64).collect::<Result<Vec<_>, _>>();
    let proof = proof.map_err(|error| Bad::new("proof", error))?;
    let size = |note| Checkpoint::parse_note(note).ok().map(|checkpoint| checkpoint.size.0);
    let result = extends(&policy, old, new, &proof).err().unwrap_or("OK");
    Ok(Extends { result, old: size(old), new: size(new) })
}

fn extends(policy: &Policy, old: &str, new: &str, proof: &[Hash]) -> Result<(), &'static str> {
    let accept = |note| policy.accept(note).map(|accepted| accepted.checkpoint).map_err(|error| error.as_str());
    let (old, new) = (accept(old)?, accept(new)?);
    if old.origin != new.origin {
        return Err("ORIGIN");
    }
    verify_consistency(old.size, new.size, proof, &old.root, &new.root).map_err(ProofError::as_str)
}

/// A signed checkpoint under a policy.
#[derive(Serialize)]
pub struct Vouched {
    /// `OK`, or the code of the refusal.
    result: &'static str,
    origin: Option<String>,
    size: Option<u64>,
    root: Option<String>,
    /// The policy's witnesses, each with the Unix seconds of its cosignature if there is one. Empty unless accepted.
    witnesses: Vec<(String, Option<u64>)>,
}

/// `checkpoint`: arguments policy.txt, a checkpoint (signed note). What it says and who vouches for it.
pub fn checkpoint(request: &mut Request<'_>) -> Result<Vouched, Bad> {
    let policy = Policy::parse(request.text("policy")?).map_err(|error| Bad::new("policy", error))?;
    let note = request.text("checkpoint")?;
    let accepted = policy.accept(note);
    let tree = Checkpoint::parse_note(note).ok();
    let seen = |witness: &Witness| {
        let cosigned = accepted.as_ref().map_or(&[][..], |accepted| &accepted.cosigned);
        cosigned.iter().find(|(other, _)| other.name == witness.name).map(|(_, time)| *time)
    };
    Ok(Vouched {
        result: accepted.as_ref().map_or_else(NotAccepted::as_str, |_| "OK"),
        origin: tree.as_ref().map(|tree| tree.origin.as_str().to_owned()),
        size: tree.as_ref().map(|tree| tree.size.0),
        root: tree.as_ref().map(|tree| tree.root.to_string()),
        witnesses: policy.witnesses().iter().map(|witness| (witness.name.clone(), seen(witness))).collect(),
    })
}
