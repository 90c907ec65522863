//! Names and public keys of those who sign notes: C2SP "vkeys" (signed-note, tlog-cosignature; formats.md 4).
//!
//! Which keys are trusted for what stands in `policy`; the signatures themselves in `note` and `cosignature`.

use crate::hash::sha256;
use crate::key::PublicKey;
use crate::text::{from_base64, to_base64};
use core::fmt;

/// Name of a key in a note: not empty, no white space, no `+`, no control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The name, if it is one.
    pub fn parse(text: &str) -> Result<Self, VkeyError> {
        if is_key_name(text) { Ok(Self(text.to_owned())) } else { Err(VkeyError::Name) }
    }

    /// The name as it stands in a note.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `text` can be the name of a key.
pub(crate) fn is_key_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c == '+' || c < ' ' || c.is_whitespace())
}

/// What a key signs. The same key never serves two types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyType {
    /// Plain Ed25519 note signature (0x01): logs, status notes, authorities.
    Note = 1,
    /// Ed25519 cosignature/v1 with its time (0x04): witnesses.
    Cosignature = 4,
}

/// Why a text is no vkey of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VkeyError {
    /// The key name is empty or has white space, `+` or a control character.
    Name,
    /// Not `name+8 hex digits+base64`, or the base64 is not canonical.
    Form,
    /// The digits are not the hash of name, type and key.
    KeyHash,
    /// A signature type that this version does not know (ML-DSA, ECDSA...).
    Type(u8),
    /// The public key is not a good Ed25519 key (formats.md 1).
    PublicKey,
}

impl fmt::Display for VkeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => f.write_str("the key name is empty or has white space, a plus sign or a control character"),
            Self::Form => f.write_str("not of the form name+hash+key"),
            Self::KeyHash => f.write_str("the hash does not belong to this name and key"),
            Self::Type(number) => write!(f, "signature type {number:#04x} is not known"),
            Self::PublicKey => f.write_str("not a valid Ed25519 public key"),
        }
    }
}

impl core::error::Error for VkeyError {}

/// A public key with the name and the type it signs notes under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    key_type: KeyType,
    public_key: PublicKey,
    hash: [u8; 4],
}

impl VerifierKey {
    /// Joins the parts.
    #[must_use]
    pub fn new(name: KeyName, key_type: KeyType, public_key: PublicKey) -> Self {
        let full = sha256(&[name.as_str().as_bytes(), b"\n", &[key_type as u8], public_key.as_bytes()]);
        let [a, b, c, d, ..] = full.0;
        Self { name, key_type, public_key, hash: [a, b, c, d] }
    }

    /// Reads `name+hash+key`.
    pub fn parse(text: &str) -> Result<Self, VkeyError> {
        let (name, rest) = text.split_once('+').ok_or(VkeyError::Form)?;
        // The base64 may have plus signs of its own.
        let (hash, key) = rest.split_once('+').ok_or(VkeyError::Form)?;
        let name = KeyName::parse(name)?;
        let key = from_base64(key).map_err(|_| VkeyError::Form)?;
        let (&number, key) = key.split_first().ok_or(VkeyError::Form)?;
        let key_type = match number {
            1 => KeyType::Note,
            4 => KeyType::Cosignature,
            other => return Err(VkeyError::Type(other)),
        };
        let public_key = PublicKey::parse(key).map_err(|_| VkeyError::PublicKey)?;
        let vkey = Self::new(name, key_type, public_key);
        if hash == vkey.hash_text() { Ok(vkey) } else { Err(VkeyError::KeyHash) }
    }

    /// The name in notes.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What the key signs.
    #[must_use]
    pub const fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The key itself.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The four bytes that lead each of its signatures: a hint, not an identity.
    #[must_use]
    pub const fn hash(&self) -> [u8; 4] {
        self.hash
    }

    fn hash_text(&self) -> String {
        format!("{:08x}", u32::from_be_bytes(self.hash))
    }
}

/// `name+hash+key`.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![self.key_type as u8];
        key.extend_from_slice(self.public_key.as_bytes());
        write!(f, "{}+{}+{}", self.name, self.hash_text(), to_base64(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VKEY: &str = "witness1.example+4df62071+BEiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm73";

    #[test]
    fn vkeys_round_trip() {
        let key = VerifierKey::parse(VKEY).unwrap();
        assert_eq!(key.to_string(), VKEY);
        assert_eq!((key.name().as_str(), key.key_type()), ("witness1.example", KeyType::Cosignature));
    }

    #[test]
    fn broken_vkeys_are_refused() {
        let cases = [
            ("", VkeyError::Form),
            ("witness1.example", VkeyError::Form),
            ("+4df62071+BEiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm73", VkeyError::Name),
            ("a b+4df62071+BEiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm73", VkeyError::Name),
            ("witness2.example+4df62071+BEiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm73", VkeyError::KeyHash),
            ("witness1.example+4DF62071+BEiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm73", VkeyError::KeyHash),
            ("witness1.example+4df62071+AUiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm73", VkeyError::KeyHash),
            ("witness1.example+4df62071+BkiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm73", VkeyError::Type(6)),
            ("witness1.example+4df62071+BEiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm4", VkeyError::Form),
            ("witness1.example+4df62071+BEiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhg==", VkeyError::PublicKey),
            ("witness1.example+4df62071+", VkeyError::Form),
        ];
        for (text, error) in cases {
            assert_eq!(VerifierKey::parse(text), Err(error), "{text}");
        }
    }
}
