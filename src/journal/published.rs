//! Reading what is acknowledged of a journal while its server may be writing it: takes no lock, repairs nothing, judges
//! nothing. Frames up to the one that the head names never change again.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use super::disk::read_up_to;
use super::error::JournalError;
use super::file::HEAD;
use super::file_reader::FileReader;
use super::head::{self, Head, SLOT};
use super::reader::Reader;
use super::segment;
use super::types::Position;

/// The newest head, and a reader of the frames up to it. What stands behind that frame may be a frame in the making: whoever
/// reads stops at [`Head::frame`].
///
/// # Errors
/// [`JournalError::NotAJournal`], [`JournalError::HeadMissing`], [`JournalError::HeadDamaged`], [`JournalError::Io`].
pub fn published(dir: &Path) -> Result<(Head, Arc<dyn Reader>), JournalError> {
    let path = dir.join(HEAD);
    if !path.try_exists().map_err(JournalError::io("look for", &path))? {
        let dir = dir.to_owned();
        let bare = !dir.is_dir() || segment::count(&dir)? == 0;
        return Err(if bare { JournalError::NotAJournal { dir } } else { JournalError::HeadMissing { dir } });
    }
    let file = File::open(&path).map_err(JournalError::io("open", &path))?;
    // The head before the segments: what it names is there already. A slot that is being written is not whole; then the other
    // one counts.
    let bytes = read_up_to(&file, 0, 2 * SLOT).map_err(JournalError::io("read", &path))?;
    let newest = head::slots(&bytes).into_iter().flatten().max_by_key(|(sequence, _)| *sequence);
    let (_, head) = newest.ok_or(JournalError::HeadDamaged { path })?;
    let end = match segment::count(dir)?.checked_sub(1) {
        None => Position::START,
        Some(last) => {
            let path = segment::path(dir, last);
            let length = std::fs::metadata(&path).map_err(JournalError::io("look at", &path))?.len();
            Position::new(last, u32::try_from(length).unwrap_or(u32::MAX))
        }
    };
    Ok((head, Arc::new(FileReader::new(dir, end))))
}
