//! 32-byte hashes and the only ways this project makes them.
//!
//! Public structures use SHA-256 as RFC 6962 does; everything internal is BLAKE3, always keyed or in derive-key mode
//! (formats.md 1). Every BLAKE3 context string of the project stands in [`Context`] and nowhere else (formats.md 7).

use blake3::hazmat::HasherExt as _;
use core::fmt;
use sha2::Digest;
use std::sync::OnceLock;

/// A 32-byte hash, commitment, key id or salt. Ordered and compared as bytes; public, so not in constant time.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The bytes as a hash, if there are exactly 32 of them.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; 32]>::try_from(bytes).ok().map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl AsRef<[u8]> for Hash {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Lower-case hexadecimal.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// SHA-256 over the parts, one after the other.
#[must_use]
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = sha2::Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// BLAKE3 `keyed_hash` over the parts, one after the other.
#[must_use]
pub fn keyed_hash(key: &Hash, parts: &[&[u8]]) -> Hash {
    // In one piece if it is short, as nearly all of them are: a hasher that takes pieces has two kilobytes of state to set
    // up, which costs more than the hash.
    let mut room = [0; 256];
    if let Some(input) = join(parts, &mut room) {
        return Hash(blake3::keyed_hash(&key.0, input).into());
    }
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    for part in parts {
        hasher.update(part);
    }
    Hash(hasher.finalize().into())
}

/// The parts one after the other, if there is room.
fn join<'a>(parts: &[&[u8]], room: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut end = 0;
    for part in parts {
        room.get_mut(end..end + part.len())?.copy_from_slice(part);
        end += part.len();
    }
    Some(&room[..end])
}

/// BLAKE3 `derive_key` in `context` over the parts, one after the other.
#[must_use]
pub fn derive_key(context: Context, parts: &[&[u8]]) -> Hash {
    let mut hasher = Deriver::new(context);
    for part in parts {
        hasher.update(part);
    }
    hasher.finish()
}

/// [`derive_key`] for input that arrives in pieces.
pub struct Deriver(blake3::Hasher);

impl Deriver {
    /// Starts a derivation in `context`.
    #[must_use]
    pub fn new(context: Context) -> Self {
        // The context is hashed once in a program's life: derivations of a few bytes run ten times and more per entry.
        static CONTEXTS: [OnceLock<blake3::hazmat::ContextKey>; Context::COUNT] =
            [const { OnceLock::new() }; Context::COUNT];
        let hash = || blake3::hazmat::hash_derive_key_context(context.as_str());
        Self(blake3::Hasher::new_from_context_key(CONTEXTS[context as usize].get_or_init(hash)))
    }

    /// Starts over in the same context.
    pub fn reset(&mut self) {
        self.0.reset();
    }

    /// Adds input.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The derived key.
    #[must_use]
    pub fn finish(&self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

/// The BLAKE3 derive-key contexts (formats.md 7). Internal ones never leave the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Salt of one payload field.
    FieldSalt,
    /// Commitment to a payload.
    Record,
    /// Nullifier key of an outcome.
    Nullifier,
    /// Start of the hash chain.
    Chain,
    /// Hash of a journal frame.
    Frame,
    /// Header and record checksums of the journal, the head file and the key ring.
    InternalChecksum,
    /// Wrapping of key-ring files under the master key.
    InternalKeyRing,
    /// Nonces that `sign` derives from the issuer's secret and its record number.
    InternalNonce,
    /// Payload seeds that `sign` derives beside the nonces.
    InternalSeed,
    /// Sealing of page tokens.
    InternalPageToken,
    /// Digest of the ledger's state.
    InternalState,
    /// Order in which `sign` permutes its rows.
    InternalOrder,
    /// Activation codes and one-time grants at rest.
    InternalCode,
}

impl Context {
    /// How many there are.
    const COUNT: usize = Self::InternalCode as usize + 1;

    /// The context string, byte for byte.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FieldSalt => "xuefen v1 field salt",
            Self::Record => "xuefen v1 record",
            Self::Nullifier => "xuefen v1 nullifier",
            Self::Chain => "xuefen v1 chain",
            Self::Frame => "xuefen v1 frame",
            Self::InternalChecksum => "xuefen v1 internal checksum",
            Self::InternalKeyRing => "xuefen v1 internal key ring",
            Self::InternalNonce => "xuefen v1 internal nonce",
            Self::InternalSeed => "xuefen v1 internal seed",
            Self::InternalPageToken => "xuefen v1 internal page token",
            Self::InternalState => "xuefen v1 internal state",
            Self::InternalOrder => "xuefen v1 internal order",
            Self::InternalCode => "xuefen v1 internal code",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivations_are_those_of_blake3() {
        for context in [Context::FieldSalt, Context::Frame, Context::InternalCode] {
            let mut again = Deriver::new(context);
            for input in [&b""[..], b"abc", &[7; 3_000]] {
                assert_eq!(derive_key(context, &[input]).0, blake3::derive_key(context.as_str(), input));
                again.reset();
                again.update(input);
                assert_eq!(again.finish(), derive_key(context, &[input]));
            }
        }
    }

    #[test]
    fn a_keyed_hash_is_that_of_the_whole_whatever_its_length_and_pieces() {
        let (key, input) = ([9; 32], [7; 600]);
        for length in [0, 1, 63, 64, 65, 255, 256, 257, 600] {
            let whole = &input[..length];
            let expected = *blake3::keyed_hash(&key, whole).as_bytes();
            let (first, rest) = whole.split_at(length / 3);
            for parts in [&[whole][..], &[first, rest], &[first, &[], rest]] {
                assert_eq!(keyed_hash(&Hash(key), parts).0, expected, "{length}");
            }
        }
    }
}
