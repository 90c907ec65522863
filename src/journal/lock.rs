//! One process on one directory. The lock is the operating system's: it goes when the process does.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::error::JournalError;

/// Holds the directory until dropped.
#[derive(Debug)]
pub(super) struct DirLock {
    _file: File,
}

impl DirLock {
    /// # Errors
    /// [`JournalError::Locked`] if another process (or another journal of this one) holds the directory.
    pub(super) fn take(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join("lock");
        // The file is never removed: removing it would let two processes lock two files of one name.
        let options = File::options().create(true).truncate(false).write(true).open(&path);
        let file = options.map_err(JournalError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(JournalError::Io { action: "lock", path, source }),
        }
    }
}
