//! The few file operations that several files here share.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::error::JournalError;

/// Appends up to `len` bytes from `at` on to `into`; fewer only at the end of the file.
pub(super) fn read_more(file: &File, at: u64, len: usize, into: &mut Vec<u8>) -> io::Result<()> {
    let start = into.len();
    into.resize(start + len, 0);
    let mut filled = start;
    while filled < into.len() {
        match file.read_at(&mut into[filled..], at + (filled - start) as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    into.truncate(filled);
    Ok(())
}

/// Up to `len` bytes from `at` on; fewer only at the end of the file.
pub(super) fn read_up_to(file: &File, at: u64, len: usize) -> io::Result<Vec<u8>> {
    // No more room than there are bytes.
    let left = file.metadata()?.len().saturating_sub(at);
    let len = usize::try_from(left).map_or(len, |left| left.min(len));
    let mut bytes = Vec::new();
    read_more(file, at, len, &mut bytes)?;
    Ok(bytes)
}

/// Makes the names in `dir` durable.
pub(super) fn sync_dir(dir: &Path) -> Result<(), JournalError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(JournalError::io("sync", dir))
}
