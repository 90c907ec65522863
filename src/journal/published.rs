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

#[cfg(test)]
mod tests {
    use super::super::testing::{ORIGIN, Writer, entry, temp_dir};
    use super::super::{FileJournal, Frames, Options, Record, Start};
    use super::*;

    /// Entries of the frames up to the head's.
    fn entries(dir: &Path) -> Vec<Vec<u8>> {
        let (head, reader) = published(dir).unwrap();
        let mut entries = Vec::new();
        for frame in Frames::new(reader, Start::Beginning).unwrap() {
            if entries.len() as u64 == head.tree_size {
                break;
            }
            let frame = frame.unwrap();
            entries.extend(frame.records().filter_map(|(_, record)| match record {
                Record::Entry { entry, .. } => Some(entry.to_vec()),
                Record::Private { .. } => None,
            }));
        }
        entries
    }

    #[test]
    fn what_is_acknowledged_is_read_beside_its_writer() {
        let dir = temp_dir();
        let small = Options { segment_size: 600 };
        let mut writer = Writer::new(FileJournal::create(dir.path(), ORIGIN, small).unwrap());
        assert_eq!(entries(dir.path()), Vec::<Vec<u8>>::new());
        for size in [3, 4, 9, 10] {
            while writer.tip.tree.size < size {
                writer.commit(1);
            }
            assert_eq!(entries(dir.path()), (0..size).map(entry).collect::<Vec<_>>());
        }
        assert!(segment::count(dir.path()).unwrap() > 1);
        // Durable, and not acknowledged yet; then a frame in the making.
        writer.write(2);
        assert_eq!(entries(dir.path()).len(), 10);
        let last = segment::path(dir.path(), segment::count(dir.path()).unwrap() - 1);
        let mut bytes = std::fs::read(&last).unwrap();
        bytes.truncate(bytes.len() - 7);
        std::fs::write(&last, bytes).unwrap();
        assert_eq!(entries(dir.path()).len(), 10);
    }

    #[test]
    fn a_slot_that_is_being_written_leaves_the_other() {
        let dir = temp_dir();
        let mut writer = Writer::new(FileJournal::create(dir.path(), ORIGIN, Options::default()).unwrap());
        writer.commit(3);
        writer.commit(4);
        let path = dir.path().join(HEAD);
        let mut bytes = std::fs::read(&path).unwrap();
        let newest = head::slots(&bytes).iter().flatten().map(|(sequence, _)| *sequence).max().unwrap();
        bytes[SLOT * usize::try_from(newest % 2).unwrap() + 100] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(entries(dir.path()).len(), 3);
        std::fs::write(&path, []).unwrap();
        assert!(matches!(published(dir.path()), Err(JournalError::HeadDamaged { .. })));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(published(dir.path()), Err(JournalError::HeadMissing { .. })));
        assert!(matches!(published(&dir.path().join("none")), Err(JournalError::NotAJournal { .. })));
    }
}
