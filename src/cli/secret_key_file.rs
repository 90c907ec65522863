//! The two secret files of an institution: its signing key, and beside it the secret that nonces and seeds come from.
//!
//! Both are three lines of text, mode 0600: what the file is, the algorithm, 32 bytes in base64. What is derived from them
//! stands in `sign::secret`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use xuefen_core::key::SecretKey;
use xuefen_core::text::{array_from_base64, to_base64};
use zeroize::Zeroizing;

use super::private_file::{self, IfExists};

/// What a secret file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Seed of an Ed25519 key (RFC 8032).
    SigningKey,
    /// Secret behind nonces, seeds, account ids and row order.
    NonceSecret,
}

impl SecretKind {
    const fn header(self) -> &'static str {
        match self {
            Self::SigningKey => "xuefen-secret-key/v1\ned25519\n",
            Self::NonceSecret => "xuefen-nonce-secret/v1\nblake3\n",
        }
    }
}

/// Where the nonce secret of a key file lies: `<key>.nonce-secret`.
#[must_use]
pub fn nonce_secret_path(key: &Path) -> PathBuf {
    beside(key, ".nonce-secret")
}

/// Where the memory of what a key has signed lies: `<key>.issued` (docs/adr/0010).
#[must_use]
pub fn issued_path(key: &Path) -> PathBuf {
    beside(key, ".issued")
}

/// The path with `suffix` added to its name.
#[must_use]
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// 32 bytes from the system's random generator.
pub fn random() -> anyhow::Result<Zeroizing<[u8; 32]>> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut()).context("the system gives no random bytes")?;
    Ok(bytes)
}

/// Writes a new secret file; never replaces one.
pub fn write(path: &Path, kind: SecretKind, secret: &[u8; 32]) -> anyhow::Result<()> {
    let text = Zeroizing::new(format!("{}{}\n", kind.header(), to_base64(secret)));
    private_file::write(path, text.as_bytes(), IfExists::Refuse)
}

/// Reads a secret file that only its owner may read.
pub fn read(path: &Path, kind: SecretKind) -> anyhow::Result<Zeroizing<[u8; 32]>> {
    private_file::check_mode(path)?;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let text = Zeroizing::new(text);
    let Some(secret) = text.strip_prefix(kind.header()).and_then(|rest| rest.strip_suffix('\n')) else {
        let what = kind.header().lines().next().unwrap_or_default();
        bail!("{} is not a file of kind {what}", path.display());
    };
    let secret = array_from_base64(secret).with_context(|| format!("{} is damaged", path.display()))?;
    Ok(Zeroizing::new(secret))
}

/// Reads a signing key.
pub fn read_key(path: &Path) -> anyhow::Result<SecretKey> {
    Ok(SecretKey::from_seed(&*read(path, SecretKind::SigningKey)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_round_trip_and_are_not_taken_for_one_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write(&path, SecretKind::SigningKey, &[7; 32]).unwrap();
        assert_eq!(*read(&path, SecretKind::SigningKey).unwrap(), [7; 32]);
        assert!(read(&path, SecretKind::NonceSecret).is_err());
        assert!(write(&path, SecretKind::SigningKey, &[8; 32]).is_err(), "never replaced");
        assert_eq!(nonce_secret_path(&path), dir.path().join("key.nonce-secret"));
    }

    #[test]
    fn a_damaged_secret_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        private_file::write(&path, b"xuefen-secret-key/v1\ned25519\nAAAA\n", IfExists::Refuse).unwrap();
        assert!(read(&path, SecretKind::SigningKey).unwrap_err().to_string().contains("damaged"));
    }
}
