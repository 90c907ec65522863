//! One process on one directory. The lock is the operating system's: it goes when the process does.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::error::JournalError;

const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(20);

/// Holds the directory until dropped.
#[derive(Debug)]
pub struct DirLock {
    _file: File,
}

impl DirLock {
    /// # Errors
    /// [`JournalError::Locked`] if another process (or another journal of this one) holds the directory.
    pub fn take(dir: &Path) -> Result<Self, JournalError> {
        let path = dir.join("lock");
        // The file is never removed: removing it would let two processes lock two files of one name.
        let options = File::options().create(true).truncate(false).write(true).open(&path);
        let file = options.map_err(JournalError::io("open", &path))?;
        // A child process that is being started holds its parent's descriptors until it executes, and a server that is
        // being replaced may not quite have ended: so not refused at the first try.
        for _ in 0..ATTEMPTS {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
                Err(TryLockError::Error(source)) => return Err(JournalError::Io { action: "lock", path, source }),
            }
        }
        Err(JournalError::Locked { dir: dir.to_owned() })
    }
}
