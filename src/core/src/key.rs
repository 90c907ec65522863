//! Signing keys, public keys and their ids: Ed25519 with every check that verifiers differ on settled (formats.md 1).
//!
//! Who owns a key, and when it is valid, is not known here; nor are the named keys of signed notes.

use crate::hash::{Hash, sha256};
use core::fmt;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

/// A signature algorithm, by the number that signatures and key ids carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Algorithm {
    /// Ed25519, strict as formats.md 1 has it.
    Ed25519 = 1,
}

impl Algorithm {
    /// The algorithm of a number on the wire. An unknown one is no error there: it is handled as an unknown key.
    #[must_use]
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Ed25519),
            _ => None,
        }
    }

    /// The number on the wire and in key ids.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// SHA-256("xuefen/v1/key" || 0x00 || u8 algorithm || public key): formats.md 2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub Hash);

impl KeyId {
    /// The id of a public key. The bytes need not be a good key.
    #[must_use]
    pub fn of(algorithm: Algorithm, public_key: &[u8]) -> Self {
        Self(sha256(&[b"xuefen/v1/key\0", &[algorithm.number()], public_key]))
    }

    /// The id, if the bytes are exactly 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Hash::from_slice(bytes).map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The bytes are no public key that may be registered: code `PUBLIC_KEY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublicKeyError {
    /// Not exactly 32 bytes.
    Length,
    /// Not a point of the curve.
    NotOnCurve,
    /// Another encoding of its point than the one that RFC 8032 prescribes.
    NotCanonical,
    /// Of small order: anyone can make signatures that such a key accepts.
    SmallOrder,
}

impl fmt::Display for PublicKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "public key is not 32 bytes long",
            Self::NotOnCurve => "public key is not a point of the curve",
            Self::NotCanonical => "public key is not canonically encoded",
            Self::SmallOrder => "public key is of small order",
        })
    }
}

impl std::error::Error for PublicKeyError {}

/// A public key that keeps the registration rule (formats.md 1), decompressed once for all its verifications.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: VerifyingKey,
    id: KeyId,
}

impl PublicKey {
    /// Reads an Ed25519 key of 32 bytes.
    pub fn parse(bytes: &[u8]) -> Result<Self, PublicKeyError> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| PublicKeyError::Length)?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| PublicKeyError::NotOnCurve)?;
        if key.to_edwards().compress().to_bytes() != *bytes {
            return Err(PublicKeyError::NotCanonical);
        }
        if key.is_weak() {
            return Err(PublicKeyError::SmallOrder);
        }
        Ok(Self { key, id: KeyId::of(Algorithm::Ed25519, bytes) })
    }

    /// The key's algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        Algorithm::Ed25519
    }

    /// The key's id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes that were parsed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether this key made the signature: S < L, R canonical and not of small order, cofactorless equation.
    #[must_use]
    pub fn verify(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.key.verify_strict(message, &signature).is_ok()
    }
}

/// The key in lower-case hexadecimal.
impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Hash(*self.as_bytes()), f)
    }
}

/// The 64 bytes of a signature, not verified.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature(pub [u8; 64]);

impl Signature {
    /// The signature, if the bytes are exactly 64.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 64 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// Lower-case hexadecimal.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// An Ed25519 secret key, overwritten when it is dropped and never printed.
pub struct SecretKey {
    key: SigningKey,
    public: PublicKey,
}

impl SecretKey {
    /// The key of a 32-byte RFC 8032 seed. Wiping the caller's own copy of the seed is up to the caller.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        // A clamped scalar times the base point keeps the registration rule, so this need not go through `parse`.
        let verifying = key.verifying_key();
        let id = KeyId::of(Algorithm::Ed25519, verifying.as_bytes());
        Self { key, public: PublicKey { key: verifying, id } }
    }

    /// The public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs `message`; the same message always gives the same signature (RFC 8032).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.key.sign(message).to_bytes())
    }
}

/// The public half only.
impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("public", &self.public).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_good_for_its_message_and_key_only() {
        let (one, two) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let signature = one.sign(b"said");
        assert!(one.public().verify(b"said", &signature));
        assert!(!one.public().verify(b"unsaid", &signature));
        assert!(!two.public().verify(b"said", &signature));
        for position in 0..64 {
            let mut flipped = signature;
            flipped.0[position] ^= 1;
            assert!(!one.public().verify(b"said", &flipped), "byte {position}");
        }
    }

    #[test]
    fn a_secret_key_does_not_print_itself() {
        let secret = SecretKey::from_seed(&[0xa5; 32]);
        assert!(!format!("{secret:?}").contains("a5a5"));
    }

    #[test]
    fn a_key_that_is_made_keeps_the_rule_for_keys_that_are_read() {
        for seed in 0..=u8::MAX {
            let made = SecretKey::from_seed(&[seed; 32]);
            assert_eq!(PublicKey::parse(made.public().as_bytes()).as_ref(), Ok(made.public()));
        }
    }

    #[test]
    fn a_key_id_depends_on_the_algorithm() {
        let key = SecretKey::from_seed(&[1; 32]);
        let without = sha256(&[b"xuefen/v1/key\0", key.public().as_bytes()]);
        assert_ne!(key.public().id().0, without);
        assert_eq!(key.public().id(), KeyId::of(Algorithm::Ed25519, key.public().as_bytes()));
        assert_eq!(Algorithm::from_number(1), Some(Algorithm::Ed25519));
        assert_eq!(Algorithm::from_number(0), None);
        assert_eq!(Algorithm::from_number(257), None);
    }
}
