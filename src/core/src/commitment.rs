//! Commitments to the fields of a payload and to the payload as a whole (formats.md 3).
//!
//! Only the hashes: what a payload is stands in [`payload`](crate::payload), what of it is shown in
//! [`disclosure`](crate::disclosure).

use crate::hash::{Context, Deriver, Hash, keyed_hash};
use core::fmt;
use core::num::NonZeroU32;

/// The number of a payload field, 1 to 2^32−1. What each means is fixed per kind of statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(NonZeroU32);

impl Tag {
    /// Tag 1 of every outcome: its nullifier key.
    pub const NULLIFIER_KEY: Self = Self(NonZeroU32::MIN);

    /// The tag of a number, if that is not 0.
    #[must_use]
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The 16 bytes of a statement that nobody can predict.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub [u8; 16]);

impl Nonce {
    /// The nonce, if the bytes are exactly 16.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Lower-case hexadecimal.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The 32 random bytes from which all salts of a payload come. Never given to a verifier: it opens every field.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The seed, if the bytes are exactly 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// salt(tag) = `derive_key`(FIELD_SALT, seed || nonce || u32be tag).
#[must_use]
pub fn salt(seed: &Seed, nonce: &Nonce, tag: Tag) -> Hash {
    Salts::new(seed, nonce).of(tag)
}

/// All salts of one payload, by one hasher: every entry with a payload comes through here with some 25 fields, and setting
/// a hasher up, or copying one, costs more than a salt.
pub(crate) struct Salts {
    deriver: Deriver,
    /// seed || nonce || room for the tag.
    input: [u8; 52],
}

impl Salts {
    pub(crate) fn new(seed: &Seed, nonce: &Nonce) -> Self {
        let mut input = [0; 52];
        input[..32].copy_from_slice(&seed.0);
        input[32..48].copy_from_slice(&nonce.0);
        Self { deriver: Deriver::new(Context::FieldSalt), input }
    }

    pub(crate) fn of(&mut self, tag: Tag) -> Hash {
        self.input[48..].copy_from_slice(&tag.get().to_be_bytes());
        self.deriver.reset();
        self.deriver.update(&self.input);
        self.deriver.finish()
    }
}

/// c(tag) = `keyed_hash`(salt(tag), u32be tag || value).
#[must_use]
pub fn field_commitment(salt: &Hash, tag: Tag, value: &[u8]) -> Hash {
    keyed_hash(salt, &[&tag.get().to_be_bytes(), value])
}

/// commitment = `derive_key`(RECORD, for each tag ascending: u32be tag || c(tag)). The caller keeps the order.
pub(crate) fn record(fields: impl IntoIterator<Item = (Tag, Hash)>) -> Hash {
    let mut hasher = Deriver::new(Context::Record);
    for (tag, commitment) in fields {
        let mut input = [0; 36];
        input[..4].copy_from_slice(&tag.get().to_be_bytes());
        input[4..].copy_from_slice(&commitment.0);
        hasher.update(&input);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(number: u32) -> Tag {
        Tag::new(number).expect("not 0")
    }

    #[test]
    fn a_salt_depends_on_seed_nonce_and_tag() {
        let (seed, nonce) = (Seed::new([1; 32]), Nonce([2; 16]));
        let first = salt(&seed, &nonce, tag(1));
        assert_ne!(first, salt(&Seed::new([3; 32]), &nonce, tag(1)));
        assert_ne!(first, salt(&seed, &Nonce([3; 16]), tag(1)));
        assert_ne!(first, salt(&seed, &nonce, tag(2)));
    }

    #[test]
    fn a_field_commitment_depends_on_salt_tag_and_value() {
        let first = field_commitment(&Hash([1; 32]), tag(1), b"value");
        assert_ne!(first, field_commitment(&Hash([2; 32]), tag(1), b"value"));
        assert_ne!(first, field_commitment(&Hash([1; 32]), tag(2), b"value"));
        assert_ne!(first, field_commitment(&Hash([1; 32]), tag(1), b"valu"));
    }

    #[test]
    fn a_seed_does_not_print_itself() {
        assert_eq!(format!("{:?}", Seed::new([0xa5; 32])), "Seed(..)");
    }

    #[test]
    fn there_is_no_tag_0() {
        assert_eq!(Tag::new(0), None);
        assert_eq!(Tag::NULLIFIER_KEY.get(), 1);
        assert_eq!(tag(u32::MAX).to_string(), "4294967295");
    }
}
