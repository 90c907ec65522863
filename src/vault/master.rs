//! The master key file and the pepper file (docs/spec/vault.md 1 and 2): made once, read at every start. Neither is ever
//! rewritten here; changing the master key means wrapping every ring anew and is not offered.

use super::VaultError;
use super::error::io;
use super::files::{self, MODE};
use super::key::{KEY, Key, OVERHEAD};
use super::pepper::Pepper;
use std::fs::{File, TryLockError};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use xuefen_core::hash::{Context, derive_key};
use zeroize::Zeroizing;

const MASTER: &str = "master.key";
const PEPPER: &str = "pepper";
const PEPPER_MAGIC: &[u8; 8] = b"XFPEPPER";

/// The secrets that a vault starts with.
#[derive(Debug)]
pub(super) struct Secrets {
    /// Wraps the ring files' keys and the pepper; derived from the master key, which itself is not kept.
    pub(super) wrapping: Key,
    pub(super) pepper: Pepper,
    /// Holds the lock that keeps a second process out.
    pub(super) _lock: File,
}

/// Where the master key of the vault in `dir` is.
pub(super) fn master_path(dir: &Path) -> PathBuf {
    dir.join(MASTER)
}

/// Makes both files. The master key comes last: a vault without one was never used and may be made again.
pub(super) fn create(dir: &Path) -> Result<Secrets, VaultError> {
    let master = Key::random()?;
    let wrapping = wrapping_key(&master);
    let mut pepper = PEPPER_MAGIC.to_vec();
    wrapping.seal_into(PEPPER_MAGIC, Key::random()?.as_bytes(), &mut pepper)?;
    files::publish(dir, PEPPER, &pepper)?;
    files::publish(dir, MASTER, master.as_bytes())?;
    open(dir)
}

/// Reads both files and takes the lock.
pub(super) fn open(dir: &Path) -> Result<Secrets, VaultError> {
    let (lock, bytes) = read_private(&master_path(dir), KEY)?;
    lock.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => VaultError::Locked(dir.to_owned()),
        TryLockError::Error(source) => VaultError::Io { action: "lock", path: master_path(dir), source },
    })?;
    let master =
        Key::from_slice(&bytes).ok_or(VaultError::Damaged { path: master_path(dir), what: "not 32 bytes long" })?;
    let wrapping = wrapping_key(&master);
    let pepper = open_pepper(&dir.join(PEPPER), &wrapping)?;
    Ok(Secrets { wrapping, pepper, _lock: lock })
}

fn wrapping_key(master: &Key) -> Key {
    let key = Zeroizing::new(derive_key(Context::InternalKeyRing, &[master.as_bytes()]).0);
    Key::from_slice(key.as_slice()).expect("a hash has the length of a key")
}

fn open_pepper(path: &Path, wrapping: &Key) -> Result<Pepper, VaultError> {
    let (_, bytes) = read_private(path, PEPPER_MAGIC.len() + KEY + OVERHEAD)?;
    let wrapped = bytes
        .strip_prefix(PEPPER_MAGIC)
        .filter(|wrapped| wrapped.len() == KEY + OVERHEAD)
        .ok_or_else(|| VaultError::Damaged { path: path.to_owned(), what: "not a pepper file" })?;
    // Lookups under another pepper would find nobody and refuse nobody: never go on with a guess.
    let key = wrapping.open(PEPPER_MAGIC, wrapped).ok_or_else(|| VaultError::WrongMasterKey(path.to_owned()))?;
    Ok(Pepper(Key::from_slice(&key).expect("the length was checked")))
}

/// The file and at most one byte more than `expected` of it, so that a longer one shows.
fn read_private(path: &Path, expected: usize) -> Result<(File, Zeroizing<Vec<u8>>), VaultError> {
    let file = File::open(path).map_err(io("open", path))?;
    let mode = file.metadata().map_err(io("inspect", path))?.permissions().mode() & 0o777;
    if mode & !MODE != 0 {
        return Err(VaultError::Permissions { path: path.to_owned(), mode });
    }
    // Capacity first: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(expected + 1));
    (&file).take(expected as u64 + 1).read_to_end(&mut bytes).map_err(io("read", path))?;
    Ok((file, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};

    #[test]
    fn files_are_private_and_come_back() {
        let dir = tempfile::tempdir().unwrap();
        let made = create(dir.path()).unwrap();
        let mac = made.pepper.document("a", "b");
        assert!(matches!(open(dir.path()), Err(VaultError::Locked(_))));
        drop(made);
        assert_eq!(open(dir.path()).unwrap().pepper.document("a", "b"), mac);
        for (name, length) in [(MASTER, 32), (PEPPER, 80)] {
            let metadata = fs::metadata(dir.path().join(name)).unwrap();
            assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, length), "{name}");
        }
    }

    #[test]
    fn a_file_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(create(dir.path()).unwrap());
        for name in [MASTER, PEPPER] {
            let path = dir.path().join(name);
            for mode in [0o640, 0o604, 0o620, 0o601, 0o700] {
                fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
                assert!(matches!(open(dir.path()), Err(VaultError::Permissions { .. })), "{name} {mode:o}");
            }
            fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
            open(dir.path()).unwrap();
        }
    }

    #[test]
    fn damage_and_a_foreign_master_key_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        drop(create(dir.path()).unwrap());
        for name in [MASTER, PEPPER] {
            let path = dir.path().join(name);
            let whole = fs::read(&path).unwrap();
            for bit in 0..whole.len() * 8 {
                let mut flipped = whole.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                fs::write(&path, flipped).unwrap();
                assert!(open(dir.path()).is_err(), "{name} bit {bit}");
            }
            for other in [&whole[1..], &[whole.as_slice(), &[0]].concat(), &[]] {
                fs::write(&path, other).unwrap();
                assert!(matches!(open(dir.path()), Err(VaultError::Damaged { .. })), "{name}");
            }
            fs::write(&path, whole).unwrap();
        }
    }
}
