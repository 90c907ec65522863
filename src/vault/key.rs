//! Symmetric keys, random bytes, and the one AEAD everything in the vault is sealed with. No files and no layouts here.
//!
//! Sealed bytes are always `nonce (24, random) || ciphertext || tag (16)`, XChaCha20-Poly1305 (formats.md 3). A random
//! 24-byte nonce may be drawn 2^80 times under one key before a repetition is worth a thought.

use super::VaultError;
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use std::cell::RefCell;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Length of a key in bytes.
pub(super) const KEY: usize = 32;
/// Length of a nonce in bytes.
pub(super) const NONCE: usize = 24;
/// Length of an authentication tag in bytes.
pub(super) const TAG: usize = 16;
/// What sealing adds to the length of a plaintext.
pub(super) const OVERHEAD: usize = NONCE + TAG;

/// A symmetric key: wiped when dropped, never printed, never compared.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(super) struct Key([u8; KEY]);

impl Key {
    /// A key nobody can predict.
    pub(super) fn random() -> Result<Self, VaultError> {
        let mut key = Self([0; KEY]);
        getrandom::fill(&mut key.0).map_err(VaultError::Random)?;
        Ok(key)
    }

    /// The key with these bytes, if there are exactly 32 of them.
    pub(super) fn from_slice(bytes: &[u8]) -> Option<Self> {
        <[u8; KEY]>::try_from(bytes).ok().map(Self)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; KEY] {
        &self.0
    }

    /// Appends `nonce || ciphertext || tag` of `plaintext` to `out`.
    pub(super) fn seal_into(&self, aad: &[u8], plaintext: &[u8], out: &mut Vec<u8>) -> Result<(), VaultError> {
        self.seal_with(aad, plaintext.len(), out, |out| out.extend_from_slice(plaintext))
    }

    /// The same of the `length` bytes that `write` appends. They are encrypted where they were written, so no copy in clear
    /// is left to be wiped.
    pub(super) fn seal_with(
        &self,
        aad: &[u8],
        length: usize,
        out: &mut Vec<u8>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), VaultError> {
        let nonce = nonce()?;
        out.reserve(length + OVERHEAD);
        out.extend_from_slice(&nonce);
        let start = out.len();
        write(out);
        debug_assert_eq!(out.len() - start, length, "a buffer that grew would leave a copy in clear behind");
        let tag = XChaCha20Poly1305::new((&self.0).into())
            .encrypt_inout_detached((&nonce).into(), aad, (&mut out[start..]).into())
            // The only limit of the cipher is 256 GiB a message.
            .map_err(|_| VaultError::TooLong)?;
        out.extend_from_slice(&tag);
        Ok(())
    }

    /// The plaintext of `nonce || ciphertext || tag`, or nothing if a single bit of it, of `aad` or of the key differs.
    pub(super) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, rest) = sealed.split_first_chunk::<NONCE>()?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG>()?;
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        XChaCha20Poly1305::new((&self.0).into())
            .decrypt_inout_detached(nonce.into(), aad, plaintext.as_mut_slice().into(), tag.into())
            .ok()?;
        Some(plaintext)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Nonces drawn in one call to the operating system; a call a nonce would cost as much as sealing a short payload.
const DRAWN: usize = 128;

/// Random bytes drawn ahead, of one thread.
struct Drawn {
    bytes: [u8; DRAWN * NONCE],
    used: usize,
}

thread_local! {
    // Per thread, so that sealing threads share nothing. Nonces are public once used: nothing here is secret.
    static NONCES: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; DRAWN * NONCE], used: DRAWN }) };
}

/// The next nonce of this thread; each is handed out once.
fn nonce() -> Result<[u8; NONCE], VaultError> {
    NONCES.with_borrow_mut(|drawn| {
        if drawn.used == DRAWN {
            getrandom::fill(&mut drawn.bytes).map_err(VaultError::Random)?;
            drawn.used = 0;
        }
        let mut nonce = [0; NONCE];
        nonce.copy_from_slice(&drawn.bytes[drawn.used * NONCE..][..NONCE]);
        drawn.used += 1;
        Ok(nonce)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_flipped_bit_is_noticed() {
        let key = Key::random().unwrap();
        let mut sealed = Vec::new();
        key.seal_into(b"aad", b"payload", &mut sealed).unwrap();
        assert_eq!(key.open(b"aad", &sealed).unwrap().as_slice(), b"payload");
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(b"aad", &flipped).is_none(), "bit {bit}");
        }
        assert!(key.open(b"aae", &sealed).is_none());
        assert!(Key::random().unwrap().open(b"aad", &sealed).is_none());
        for short in 0..sealed.len() {
            assert!(key.open(b"aad", &sealed[..short]).is_none());
        }
    }

    #[test]
    fn nonces_differ_within_and_between_threads() {
        let draw = || (0..3 * DRAWN).map(|_| nonce().unwrap()).collect::<Vec<_>>();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(draw)).collect();
        let all: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 4 * 3 * DRAWN);
        assert!(!all.contains(&[0; NONCE]));
    }

    #[test]
    fn the_construction_is_xchacha20_poly1305() {
        // draft-irtf-cfrg-xchacha-03, A.3.1.
        let key = Key(std::array::from_fn(|i| 0x80 + u8::try_from(i).unwrap()));
        let aad = [0x50, 0x51, 0x52, 0x53, 0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7];
        let plaintext = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
        let nonce: [u8; NONCE] = std::array::from_fn(|i| 0x40 + u8::try_from(i).unwrap());
        let mut sealed = nonce.to_vec();
        sealed.extend_from_slice(plaintext);
        let tag = XChaCha20Poly1305::new((&key.0).into())
            .encrypt_inout_detached((&nonce).into(), &aad, (&mut sealed[NONCE..]).into())
            .unwrap();
        assert_eq!(sealed[NONCE..NONCE + 4], [0xbd, 0x6d, 0x17, 0x9d]);
        assert_eq!(tag[..4], [0xc0, 0x87, 0x59, 0x24]);
        sealed.extend_from_slice(&tag);
        assert_eq!(key.open(&aad, &sealed).unwrap().as_slice(), plaintext);
    }

    #[test]
    fn keys_do_not_print() {
        assert_eq!(format!("{:?}", Key::random().unwrap()), "…");
    }
}
