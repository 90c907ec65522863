//! What an issuer's nonce secret gives: nonces, seeds, account ids, row order (docs/adr/0010).
//!
//! All of them must be such that nobody else can predict them, and the same again for the same record: a sheet signed
//! twice is then the same sheet to the ledger. Nothing here is random and nothing is stored.

use std::path::Path;

use xuefen_core::Hash;
use xuefen_core::commitment::{Nonce, Seed};
use xuefen_core::hash::{Context, Deriver};
use zeroize::Zeroizing;

use crate::cli::secret_key_file::{self, SecretKind};

/// Which record of which issuer in which ledger: what makes a nonce. Parts are length-prefixed, so no two identities
/// have the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(Vec<u8>);

impl Identity {
    /// The identity made of these parts; the first says what kind of thing it is.
    #[must_use]
    pub fn new(parts: &[&[u8]]) -> Self {
        let mut bytes = Vec::new();
        for part in parts {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }
}

/// 32 bytes that only the issuer has.
pub struct NonceSecret(Zeroizing<[u8; 32]>);

impl NonceSecret {
    /// A secret of these bytes.
    #[cfg(test)]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Reads a secret file.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        Ok(Self(secret_key_file::read(path, SecretKind::NonceSecret)?))
    }

    /// The nonce of a record: 16 bytes that look random to everybody else.
    #[must_use]
    pub fn nonce(&self, identity: &Identity) -> Nonce {
        Nonce(self.first_16(identity))
    }

    /// The seed of a record's payload.
    #[must_use]
    pub fn seed(&self, identity: &Identity) -> Seed {
        Seed::new(self.derive(Context::InternalSeed, &identity.0).0)
    }

    /// The id of a new account. Its identity must not be that of a record.
    #[must_use]
    pub fn account(&self, identity: &Identity) -> [u8; 16] {
        self.first_16(identity)
    }

    /// Where a record stands in its batch: roster order would put one learner's rows side by side in public.
    #[must_use]
    pub fn order(&self, nonce: &Nonce) -> Hash {
        self.derive(Context::InternalOrder, nonce.as_bytes())
    }

    fn first_16(&self, identity: &Identity) -> [u8; 16] {
        *self.derive(Context::InternalNonce, &identity.0).0.first_chunk().expect("a hash has 32 bytes")
    }

    fn derive(&self, context: Context, input: &[u8]) -> Hash {
        let mut deriver = Deriver::new(context);
        deriver.update(self.0.as_ref());
        deriver.update(input);
        deriver.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> NonceSecret {
        NonceSecret::new(Zeroizing::new([byte; 32]))
    }

    #[test]
    fn the_same_record_gives_the_same_and_any_other_gives_others() {
        let identity = Identity::new(&[b"outcome", b"ab", b"c"]);
        assert_eq!(secret(1).nonce(&identity), secret(1).nonce(&identity));
        assert_ne!(secret(1).nonce(&identity), secret(2).nonce(&identity));
        for other in [&[b"outcome".as_slice(), b"a", b"bc"], &[b"outcome", b"abc", b""]] {
            assert_ne!(secret(1).nonce(&identity), secret(1).nonce(&Identity::new(other)));
            assert_ne!(secret(1).seed(&identity), secret(1).seed(&Identity::new(other)));
        }
    }

    #[test]
    fn nonce_and_seed_have_nothing_in_common() {
        let identity = Identity::new(&[b"outcome"]);
        assert_ne!(secret(1).nonce(&identity).as_bytes(), &secret(1).seed(&identity).as_bytes()[..16]);
    }
}
