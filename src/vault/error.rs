//! What can go wrong in the vault. No message here may show key material, a document number or an account id.

use super::{MAX_SEALED_PLAINTEXT, Slot};
use std::path::{Path, PathBuf};

/// Why the vault refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The key in this slot was destroyed: what it sealed is unreadable for ever, on purpose.
    #[error("the key in slot {0} was erased")]
    Erased(Slot),
    /// The slot was never given a key, or its reservation was released.
    #[error("there is no key in slot {0}")]
    MissingKey(Slot),
    /// The sealed bytes are damaged, or belong to another slot, ledger or commitment.
    #[error("the payload sealed under slot {0} does not open: damaged, or of another slot, ledger or commitment")]
    Forged(Slot),
    /// The payload is longer than any entry can carry.
    #[error("the payload is longer than {MAX_SEALED_PLAINTEXT} bytes")]
    TooLong,
    /// The journal used a slot that the key ring does not hold and that no erasure explains.
    #[error("slot {slot} is in use in the journal, was not erased, and has no key in {}: restore the key ring", path.display())]
    Incomplete {
        /// The first such slot.
        slot: Slot,
        /// The ring file that should hold it.
        path: PathBuf,
    },
    /// A ring file is damaged at a place that no interrupted write explains.
    #[error("{} is damaged at slot {slot}: restore it from a backup", path.display())]
    DamagedSlot {
        /// The damaged file.
        path: PathBuf,
        /// The first unreadable slot in it.
        slot: Slot,
    },
    /// A file is damaged as a whole.
    #[error("{} is damaged ({what}): restore it from a backup", path.display())]
    Damaged {
        /// The damaged file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A file of the directory is whole, but was not wrapped under this master key.
    #[error("the master key does not open {}", .0.display())]
    WrongMasterKey(PathBuf),
    /// Others than the owner can read a key file.
    #[error("{} has mode {mode:03o}; it must be readable by its owner only (chmod 600)", path.display())]
    Permissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is a vault already where one was to be made.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// Another process has this vault open.
    #[error("another process has {} open", .0.display())]
    Locked(PathBuf),
    /// An earlier write or sync failed; what is on disk is uncertain until the vault is opened anew.
    #[error("the vault stopped after a failed write; restart to open it anew")]
    Stopped,
    /// Every slot number that a ring file can be named for has been used.
    #[error("the key ring is full")]
    Full,
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] getrandom::Error),
    /// A file operation failed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

/// For `map_err`: names the action and the file of a failed operation.
pub(super) fn io<'a>(action: &'static str, path: &'a Path) -> impl FnOnce(std::io::Error) -> VaultError + 'a {
    move |source| VaultError::Io { action, path: path.to_owned(), source }
}
