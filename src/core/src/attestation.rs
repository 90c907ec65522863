//! An attestation: one key's signature over a batch of statements, with the path from one of them (formats.md 2).
//!
//! Who owns the key, whether it was valid at the time, and which attestations a statement needs is decided elsewhere.

use crate::canonical::{self, NonCanonical};
use crate::hash::Hash;
use crate::key::{Algorithm, KeyId, PublicKey, Signature};
use crate::merkle::root_from_path;
use core::fmt;
use prost::bytes::Bytes;

/// The most statements that one signature may cover.
pub const MAX_BATCH_SIZE: u32 = 65_536;

/// The wire form of an attestation. Not public: outside, there are only those that were parsed or made.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Wire {
    #[prost(int32, tag = "1")]
    algorithm: i32,
    #[prost(bytes = "bytes", tag = "2")]
    key_id: Bytes,
    #[prost(uint32, tag = "3")]
    batch_size: u32,
    #[prost(uint32, tag = "4")]
    batch_index: u32,
    #[prost(bytes = "bytes", repeated, tag = "5")]
    path: Vec<Bytes>,
    #[prost(bytes = "bytes", tag = "6")]
    signature: Bytes,
}

impl Wire {
    /// Negative enums encode to themselves again, so comparing encodings does not find them (formats.md 1).
    pub(crate) const fn has_negative_enum(&self) -> bool {
        self.algorithm < 0
    }
}

/// Why bytes are not an attestation, or an attestation does not hold for a statement and a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttestationError {
    /// The bytes are not canonical: code `NON_CANONICAL`.
    NonCanonical,
    /// The key id is not 32 bytes long: code `ATTESTATION`, in an entry `ENTRY`.
    KeyIdLength,
    /// The key id is another key's: code `ATTESTATION`.
    OtherKey,
    /// The key is known, and the attestation names another algorithm than the key's: code `ATTESTATION`.
    OtherAlgorithm,
    /// The batch size is not within 1 to 65,536: code `ATTESTATION`.
    BatchSize,
    /// The index is not below the size, or the path is not the one that they ask for: code `INCLUSION`.
    Inclusion,
    /// The signature is not this key's over this batch: code `SIGNATURE`.
    Signature,
}

impl fmt::Display for AttestationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NonCanonical => "attestation is not canonical",
            Self::KeyIdLength => "key id of the attestation is not 32 bytes long",
            Self::OtherKey => "attestation is by another key",
            Self::OtherAlgorithm => "attestation names another algorithm than its key's",
            Self::BatchSize => "batch size of the attestation is not within 1 to 65,536",
            Self::Inclusion => "path of the attestation does not fit its batch index and size",
            Self::Signature => "signature of the attestation does not verify",
        })
    }
}

impl std::error::Error for AttestationError {}

impl From<NonCanonical> for AttestationError {
    fn from(_: NonCanonical) -> Self {
        Self::NonCanonical
    }
}

/// A canonical attestation with a whole key id. Size, path and signature are checked against a statement and a key, not
/// before: an attestation by a key that nobody here knows counts for nothing, whatever it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Attestation {
    wire: Wire,
    key_id: KeyId,
}

impl Attestation {
    /// Reads an attestation that stands alone, as it is posted.
    pub fn parse(bytes: &Bytes) -> Result<Self, AttestationError> {
        let wire: Wire = canonical::decode(bytes)?;
        if wire.has_negative_enum() {
            return Err(AttestationError::NonCanonical);
        }
        Self::from_wire(wire).ok_or(AttestationError::KeyIdLength)
    }

    /// The attestation of a canonical wire form; nothing if its key id is not 32 bytes long.
    pub(crate) fn from_wire(wire: Wire) -> Option<Self> {
        let key_id = KeyId::from_slice(&wire.key_id)?;
        Some(Self { wire, key_id })
    }

    /// The attestation of statement `batch_index` in a batch, by whoever signed its root.
    pub(crate) fn of_batch(signer: &PublicKey, size: u32, index: u32, path: &[Hash], signature: &Signature) -> Self {
        // One buffer for the whole path; its nodes are slices of it.
        let nodes: Bytes = path.iter().flat_map(|node| node.0).collect();
        let wire = Wire {
            algorithm: i32::from(signer.algorithm().number()),
            key_id: Bytes::copy_from_slice(signer.id().as_bytes()),
            batch_size: size,
            batch_index: index,
            path: (0..path.len()).map(|node| nodes.slice(32 * node..32 * (node + 1))).collect(),
            signature: Bytes::copy_from_slice(signature.as_bytes()),
        };
        Self { wire, key_id: signer.id() }
    }

    /// The wire form, which encodes canonically.
    pub(crate) const fn wire(&self) -> &Wire {
        &self.wire
    }

    /// The canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        prost::Message::encode_to_vec(&self.wire)
    }

    /// Whose attestation it is; to be looked up by the caller.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The algorithm, if it is a known one. If not, and the key is unknown too, this is one more unknown key.
    #[must_use]
    pub const fn algorithm(&self) -> Option<Algorithm> {
        Algorithm::from_number(self.wire.algorithm)
    }

    /// How many statements the signature covers, as claimed.
    #[must_use]
    pub const fn batch_size(&self) -> u32 {
        self.wire.batch_size
    }

    /// Which of them this one is, as claimed.
    #[must_use]
    pub const fn batch_index(&self) -> u32 {
        self.wire.batch_index
    }

    /// The root of the batch tree that the statement with this leaf hash would stand in.
    pub fn batch_root(&self, statement_leaf: Hash) -> Result<Hash, AttestationError> {
        let Wire { batch_size, batch_index, path, .. } = &self.wire;
        if !(1..=MAX_BATCH_SIZE).contains(batch_size) {
            return Err(AttestationError::BatchSize);
        }
        if path.iter().any(|node| node.len() != 32) {
            return Err(AttestationError::Inclusion);
        }
        let nodes = path.iter().filter_map(|node| Hash::from_slice(node));
        root_from_path(statement_leaf, u64::from(*batch_index), u64::from(*batch_size), nodes)
            .ok_or(AttestationError::Inclusion)
    }

    /// What is left to verify once key, algorithm and path fit: one signature, the same for all statements of a batch.
    pub fn claim(&self, statement_leaf: Hash, key: &PublicKey) -> Result<Claim, AttestationError> {
        if self.key_id != key.id() {
            return Err(AttestationError::OtherKey);
        }
        if self.algorithm() != Some(key.algorithm()) {
            return Err(AttestationError::OtherAlgorithm);
        }
        let root = self.batch_root(statement_leaf)?;
        let signature = Signature::from_slice(&self.wire.signature).ok_or(AttestationError::Signature)?;
        Ok(Claim { public_key: *key.as_bytes(), batch_size: self.wire.batch_size, root, signature })
    }

    /// Verifies everything about the attestation but whether the key was the right one.
    pub fn verify(&self, statement_leaf: Hash, key: &PublicKey) -> Result<(), AttestationError> {
        self.claim(statement_leaf, key)?.verify(key)
    }
}

/// That a key signed the root of a batch. Who has verified one need not verify an equal one again (formats.md 2), so it
/// can be the key of a cache; whether the public key was valid must never be cached with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// The full key, so that two claims by different keys are never equal.
    pub public_key: [u8; 32],
    /// Number of statements in the batch.
    pub batch_size: u32,
    /// Root of the batch tree.
    pub root: Hash,
    /// The signature.
    pub signature: Signature,
}

impl Claim {
    /// Verifies the signature; `key` is the claim's own key, decompressed.
    pub fn verify(&self, key: &PublicKey) -> Result<(), AttestationError> {
        if *key.as_bytes() != self.public_key {
            return Err(AttestationError::OtherKey);
        }
        let good = key.verify(&signed_message(self.batch_size, &self.root), &self.signature);
        if good { Ok(()) } else { Err(AttestationError::Signature) }
    }
}

/// "xuefen/v1/attestation" || 0x00 || u32be `batch_size` || batch root.
#[must_use]
pub fn signed_message(batch_size: u32, root: &Hash) -> [u8; 58] {
    let mut message = *b"xuefen/v1/attestation\0____________________________________";
    message[22..26].copy_from_slice(&batch_size.to_be_bytes());
    message[26..].copy_from_slice(&root.0);
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::sign_batch;
    use crate::key::SecretKey;
    use crate::merkle::leaf_hash;

    fn signed() -> (Attestation, Hash, SecretKey) {
        let secret = SecretKey::from_seed(&[1; 32]);
        let leaves: Vec<Hash> = [b"a", b"b", b"c"].map(|statement| leaf_hash(statement)).to_vec();
        let attestations = sign_batch(&secret, leaves.clone()).expect("three statements");
        (attestations[1].clone(), leaves[1], secret)
    }

    #[test]
    fn an_attestation_reads_back_and_verifies() {
        let (made, leaf, secret) = signed();
        let read = Attestation::parse(&made.encode().into()).expect("canonical");
        assert_eq!(read, made);
        assert_eq!(read.verify(leaf, secret.public()), Ok(()));
        assert_eq!((read.batch_size(), read.batch_index()), (3, 1));
    }

    #[test]
    fn another_statement_key_or_algorithm_fails() {
        let (attestation, leaf, secret) = signed();
        let stranger = SecretKey::from_seed(&[2; 32]);
        assert_eq!(attestation.verify(leaf, stranger.public()), Err(AttestationError::OtherKey));
        assert_eq!(attestation.verify(leaf_hash(b"x"), secret.public()), Err(AttestationError::Signature));
        for algorithm in [0, 2, 257, i32::MAX] {
            let mut other = attestation.clone();
            other.wire.algorithm = algorithm;
            let read = Attestation::parse(&other.encode().into()).expect("an unknown algorithm is no fault of form");
            assert_eq!(read.algorithm(), None);
            assert_eq!(read.verify(leaf, secret.public()), Err(AttestationError::OtherAlgorithm));
        }
    }

    #[test]
    fn a_node_of_another_length_is_not_passed_over() {
        let (attestation, leaf, secret) = signed();
        for length in [0, 31, 33] {
            for position in 0..=attestation.wire.path.len() {
                let mut other = attestation.clone();
                other.wire.path.insert(position, vec![0; length].into());
                assert_eq!(other.verify(leaf, secret.public()), Err(AttestationError::Inclusion));
            }
        }
    }

    #[test]
    fn a_negative_algorithm_is_not_canonical() {
        let (mut attestation, ..) = signed();
        attestation.wire.algorithm = -1;
        assert_eq!(Attestation::parse(&attestation.encode().into()), Err(AttestationError::NonCanonical));
    }

    #[test]
    fn a_claim_is_the_same_for_all_of_a_batch_and_bound_to_its_key() {
        let secret = SecretKey::from_seed(&[1; 32]);
        let leaves: Vec<Hash> = (0..5_u8).map(|number| leaf_hash(&[number])).collect();
        let attestations = sign_batch(&secret, leaves.clone()).expect("five statements");
        let claims: Vec<Claim> = attestations
            .iter()
            .zip(&leaves)
            .map(|(attestation, leaf)| attestation.claim(*leaf, secret.public()).expect("a good path"))
            .collect();
        assert!(claims.iter().all(|claim| *claim == claims[0]));
        let stranger = SecretKey::from_seed(&[2; 32]);
        assert_eq!(claims[0].verify(stranger.public()), Err(AttestationError::OtherKey));
    }
}
