//! Sealing and opening payloads (formats.md 3). What a payload says, and where the sealed bytes are kept, is not known
//! here.

use super::key::{Key, OVERHEAD};
use super::table::Entry;
use super::{Slot, Vault, VaultError};
use xuefen_core::Hash;
use zeroize::Zeroizing;

/// What sealing adds to a payload in bytes: 24 of nonce before, 16 of tag behind.
pub const SEAL_OVERHEAD: usize = OVERHEAD;

/// The longest payload that is sealed, in bytes: far above any record, far below any trouble.
pub const MAX_SEALED_PLAINTEXT: usize = 1 << 20;

impl Vault {
    /// `nonce || ciphertext || tag` of a payload under the slot's key (formats.md 3). The same payload sealed twice
    /// gives different bytes. Any number of threads; a read lock is held while the key is copied, not while sealing.
    pub fn seal(&self, slot: Slot, ledger: &str, commitment: &Hash, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.seal_with(slot, ledger, commitment, plaintext.len(), |out| out.extend_from_slice(plaintext))
    }

    /// [`Self::seal`] of the `length` bytes that `write` appends: encrypted where they were written, so that nothing has to
    /// be copied or wiped.
    pub fn seal_with(
        &self,
        slot: Slot,
        ledger: &str,
        commitment: &Hash,
        length: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Vec<u8>, VaultError> {
        if length > MAX_SEALED_PLAINTEXT {
            return Err(VaultError::TooLong);
        }
        let mut sealed = Vec::with_capacity(length + SEAL_OVERHEAD);
        self.key(slot)?.seal_with(&associated_data(slot, ledger, commitment), length, &mut sealed, write)?;
        Ok(sealed)
    }

    /// The payload in `sealed`. `Erased` if the key was destroyed, `MissingKey` if there never was one, `Forged` if the
    /// bytes, the ledger, the commitment or the slot are not the ones of sealing.
    pub fn unseal(
        &self,
        slot: Slot,
        ledger: &str,
        commitment: &Hash,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.key(slot)?.open(&associated_data(slot, ledger, commitment), sealed).ok_or(VaultError::Forged(slot))
    }

    fn key(&self, slot: Slot) -> Result<Key, VaultError> {
        match self.table().get(slot) {
            Some(Entry::Key { key, .. }) => Ok(key.clone()),
            Some(Entry::Erased) => Err(VaultError::Erased(slot)),
            Some(Entry::Void) | None => Err(VaultError::MissingKey(slot)),
        }
    }
}

/// ledger || commitment || u64be slot. The last 40 bytes have fixed places, so no two triples give the same bytes.
fn associated_data(slot: Slot, ledger: &str, commitment: &Hash) -> Vec<u8> {
    [ledger.as_bytes(), commitment.as_bytes(), &slot.0.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::AccountId;

    const LEDGER: &str = "bank.example/2026";

    #[test]
    fn a_payload_opens_only_where_it_was_sealed() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::create(dir.path()).unwrap();
        let [a, b] = [1, 2].map(|account| vault.reserve(AccountId([account; 16])).unwrap());
        let commitment = Hash([9; 32]);
        for length in [0, 1, 400, 65_536] {
            let payload = vec![7; length];
            let sealed = vault.seal(a, LEDGER, &commitment, &payload).unwrap();
            assert_eq!(sealed.len(), length + SEAL_OVERHEAD);
            // The associated data spelt out: two slots differ by their keys already.
            let aad = [LEDGER.as_bytes(), &[9; 32], &[0; 8]].concat();
            assert_eq!(*vault.key(a).unwrap().open(&aad, &sealed).unwrap(), payload);
            assert_eq!(*vault.unseal(a, LEDGER, &commitment, &sealed).unwrap(), payload);
            assert!(matches!(vault.unseal(b, LEDGER, &commitment, &sealed), Err(VaultError::Forged(Slot(1)))));
            assert!(matches!(vault.unseal(a, "bank.example", &commitment, &sealed), Err(VaultError::Forged(_))));
            assert!(matches!(vault.unseal(a, LEDGER, &Hash([8; 32]), &sealed), Err(VaultError::Forged(_))));
            assert!(matches!(vault.unseal(Slot(2), LEDGER, &commitment, &sealed), Err(VaultError::MissingKey(_))));
            assert_ne!(vault.seal(a, LEDGER, &commitment, &payload).unwrap(), sealed);
        }
        assert!(matches!(
            vault.seal(a, LEDGER, &commitment, &vec![0; MAX_SEALED_PLAINTEXT + 1]),
            Err(VaultError::TooLong)
        ));
    }

    #[test]
    fn flipped_and_short_bytes_are_forged() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::create(dir.path()).unwrap();
        let slot = vault.reserve(AccountId([1; 16])).unwrap();
        let commitment = Hash([9; 32]);
        let sealed = vault.seal(slot, LEDGER, &commitment, b"payload").unwrap();
        for place in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[place] ^= 0x10;
            assert!(matches!(vault.unseal(slot, LEDGER, &commitment, &flipped), Err(VaultError::Forged(_))));
            assert!(matches!(vault.unseal(slot, LEDGER, &commitment, &sealed[..place]), Err(VaultError::Forged(_))));
        }
    }
}
