//! Proof that whoever shows an entry holds its key, here and now (formats.md 5): message, signature, check.
//!
//! Which key belongs to an entry, and how old a proof may be, is decided in `verify`.

use crate::Hash;
use crate::commitment::Tag;
use crate::hash::sha256;
use crate::key::{PublicKey, SecretKey, Signature};
use core::fmt;

/// Audience and challenge have at most this many bytes.
pub const MAX_PART: usize = u16::MAX as usize;

/// What the verifier chose and the holder answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Who asks.
    pub audience: &'a str,
    /// Bytes that were never used before.
    pub challenge: &'a [u8],
}

/// What the holder shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Origin of the ledger.
    pub origin: &'a str,
    /// Leaf hash of the subject.
    pub subject: Hash,
    /// Tag and commitment of each disclosed field, ascending.
    pub fields: &'a [(Tag, Hash)],
}

/// The proof as it stands in a presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderProof {
    /// The key; 32 bytes if it is one.
    pub key: Vec<u8>,
    /// Who it is for.
    pub audience: String,
    /// The verifier's challenge.
    pub challenge: Vec<u8>,
    /// Unix seconds, by the holder's clock.
    pub time: u64,
    /// By the key, over [`message`].
    pub signature: Signature,
}

/// Audience or challenge is over 65,535 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "audience or challenge has more than {MAX_PART} bytes")
    }
}

impl core::error::Error for TooLong {}

/// SHA-256 over u32be tag and commitment of each disclosed field, ascending: so the shown selection cannot be changed.
#[must_use]
pub fn fields_hash(fields: &[(Tag, Hash)]) -> Hash {
    let mut bytes = Vec::with_capacity(36 * fields.len());
    for (tag, commitment) in fields {
        bytes.extend_from_slice(&tag.get().to_be_bytes());
        bytes.extend_from_slice(&commitment.0);
    }
    sha256(&[&bytes])
}

/// The bytes that the holder signs at `time` (Unix seconds).
pub fn message(request: Request<'_>, time: u64, shown: Shown<'_>) -> Result<Vec<u8>, TooLong> {
    let mut message = b"xuefen/v1/holder\0".to_vec();
    for part in [shown.origin.as_bytes(), request.audience.as_bytes(), request.challenge] {
        let length = u16::try_from(part.len()).map_err(|_| TooLong)?;
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(part);
    }
    message.extend_from_slice(&time.to_be_bytes());
    message.extend_from_slice(&shown.subject.0);
    message.extend_from_slice(&fields_hash(shown.fields).0);
    Ok(message)
}

impl HolderProof {
    /// Signs at `time` (Unix seconds).
    pub fn sign(key: &SecretKey, request: Request<'_>, time: u64, shown: Shown<'_>) -> Result<Self, TooLong> {
        Ok(Self {
            key: key.public().as_bytes().to_vec(),
            audience: request.audience.to_owned(),
            challenge: request.challenge.to_vec(),
            time,
            signature: key.sign(&message(request, time, shown)?),
        })
    }

    /// Whether the signature is the named key's, over what is shown. Not: whose key that is.
    #[must_use]
    pub fn verify(&self, shown: Shown<'_>) -> bool {
        let request = Request { audience: &self.audience, challenge: &self.challenge };
        let Ok(key) = PublicKey::parse(&self.key) else { return false };
        message(request, self.time, shown).is_ok_and(|message| key.verify(&message, &self.signature))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_for_what_it_was_made_for() {
        let key = SecretKey::from_seed(&[3; 32]);
        let fields = [(Tag::new(2).unwrap(), Hash([1; 32]))];
        let shown = Shown { origin: "x.example/a", subject: Hash([2; 32]), fields: &fields };
        let proof = HolderProof::sign(&key, Request { audience: "a", challenge: b"bc" }, 7, shown).unwrap();
        assert!(proof.verify(shown));
        assert!(!proof.verify(Shown { origin: "x.example/b", ..shown }));
        assert!(!proof.verify(Shown { subject: Hash([3; 32]), ..shown }));
        assert!(!proof.verify(Shown { fields: &[], ..shown }));
        assert!(!HolderProof { time: 8, ..proof.clone() }.verify(shown));
        // The lengths in the message keep a byte from moving between the two.
        assert!(!HolderProof { audience: "ab".into(), challenge: b"c".to_vec(), ..proof.clone() }.verify(shown));
        assert!(!HolderProof { key: vec![0; 31], ..proof }.verify(shown));
    }

    #[test]
    fn parts_have_at_most_65535_bytes() {
        let shown = Shown { origin: "x.example/a", subject: Hash([2; 32]), fields: &[] };
        let long = "x".repeat(MAX_PART + 1);
        for (audience, challenge, good) in
            [(MAX_PART, MAX_PART, true), (MAX_PART + 1, 0, false), (0, MAX_PART + 1, false)]
        {
            let request = Request { audience: &long[..audience], challenge: &long.as_bytes()[..challenge] };
            assert_eq!(message(request, 0, shown).is_ok(), good);
        }
    }
}
