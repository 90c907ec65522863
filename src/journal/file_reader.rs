//! Reading segment files: positioned reads on descriptors that stay open, no memory maps. Never writes.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::disk::read_more;
use super::error::JournalError;
use super::reader::Reader;
use super::segment;
use super::types::Position;

/// Descriptors kept open: 16 GiB of segments of the default size.
const OPEN_FILES: usize = 64;

/// The reader that a [`super::FileJournal`] hands out.
#[derive(Debug)]
pub(super) struct FileReader {
    dir: PathBuf,
    /// End of the durable frames; the writer moves it after each sync.
    end: AtomicU64,
    files: RwLock<BTreeMap<u32, Arc<File>>>,
}

impl FileReader {
    pub(super) fn new(dir: &Path, end: Position) -> Self {
        let files = RwLock::new(BTreeMap::new());
        Self { dir: dir.to_owned(), end: AtomicU64::new(end.to_u64()), files }
    }

    /// Shows the frames up to `end`, which are durable.
    pub(super) fn advance(&self, end: Position) {
        // Release pairs with the Acquire in `end`: who sees the position sees the bytes written before it.
        self.end.store(end.to_u64(), Ordering::Release);
    }

    fn file(&self, number: u32) -> Result<Arc<File>, JournalError> {
        // A panic elsewhere cannot leave a map of descriptors half changed.
        if let Some(file) = self.files.read().unwrap_or_else(PoisonError::into_inner).get(&number) {
            return Ok(Arc::clone(file));
        }
        let path = segment::path(&self.dir, number);
        let file = Arc::new(File::open(&path).map_err(JournalError::io("open", &path))?);
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= OPEN_FILES {
            // The oldest segment goes: reads cluster at the end.
            files.pop_first();
        }
        files.insert(number, Arc::clone(&file));
        Ok(file)
    }
}

impl Reader for FileReader {
    fn end(&self) -> Position {
        Position::from_u64(self.end.load(Ordering::Acquire))
    }

    fn read_at(&self, at: Position, len: usize, into: &mut Vec<u8>) -> Result<(), JournalError> {
        let end = self.end();
        let len = match end.segment() {
            last if at.segment() > last => 0,
            last if at.segment() == last => len.min(end.offset().saturating_sub(at.offset()) as usize),
            _ => len,
        };
        if len == 0 {
            return Ok(());
        }
        let file = self.file(at.segment())?;
        let path = || segment::path(&self.dir, at.segment());
        read_more(&file, u64::from(at.offset()), len, into).map_err(|error| JournalError::io("read", &path())(error))
    }
}
