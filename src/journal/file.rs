//! The journal on files: the one writer. How a directory is opened and recovered is in `open.rs`.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::build::Frame;
use super::disk::sync_dir;
use super::error::JournalError;
use super::file_reader::FileReader;
use super::head::{self, Head, HeadFile};
use super::lock::DirLock;
use super::open::{self, Cut, Mark};
use super::reader::Reader;
use super::segment::{self, Footer};
use super::state::State;
use super::types::{Epoch, Position};
use super::{Appended, Expected, Journal, Published, Tip};

/// Name of the head file within the directory.
pub(super) const HEAD: &str = "head";
/// Largest segment size: offsets are 32 bits, and one frame may run over.
const MAX_SEGMENT: u32 = 1 << 30;

/// What may be chosen.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// A segment is rolled before it grows beyond this many bytes (at most 1 GiB). Default 256 MiB.
    pub segment_size: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_size: 256 << 20 }
    }
}

/// The journal in a directory of its own: `head`, `lock`, and the segments.
#[derive(Debug)]
pub struct FileJournal {
    dir: PathBuf,
    segment_size: u32,
    state: State,
    head: HeadFile,
    /// The segment that grows; none before its first frame.
    tail: Option<File>,
    /// Where the next frame goes, unless the segment rolls.
    end: Position,
    /// First index of the segment that grows, for its footer.
    segment_index: u64,
    epoch: Option<Epoch>,
    stopped: bool,
    cut: Option<Cut>,
    reader: Arc<FileReader>,
    /// Held until the writer is gone.
    _lock: DirLock,
}

impl FileJournal {
    /// Creates the journal of `origin` in `dir`, which is made if it is not there, and opens it.
    ///
    /// # Errors
    /// [`JournalError::Exists`] if there is one, [`JournalError::Locked`], [`JournalError::Io`].
    pub fn create(dir: &Path, origin: &str, options: Options) -> Result<Self, JournalError> {
        // The directory itself and those above it that are made now; their names must be durable too.
        let made =
            1 + dir.ancestors().skip(1).take_while(|above| !above.as_os_str().is_empty() && !above.exists()).count();
        std::fs::create_dir_all(dir).map_err(JournalError::io("create", dir))?;
        let lock = DirLock::take(dir)?;
        let path = dir.join(HEAD);
        let exists = path.try_exists().map_err(JournalError::io("look for", &path))?;
        if exists || segment::count(dir)? > 0 {
            return Err(JournalError::Exists { dir: dir.to_owned() });
        }
        // Durability: written aside, synced, renamed, and the directory synced. So the head is whole or not there, and a
        // create that was cut short can be run again.
        let aside = dir.join("head.new");
        std::fs::write(&aside, head::initial(State::empty(origin).head())?)
            .map_err(JournalError::io("write", &aside))?;
        let synced = File::open(&aside).and_then(|file| file.sync_all());
        synced.map_err(JournalError::io("sync", &aside))?;
        std::fs::rename(&aside, &path).map_err(JournalError::io("rename", &aside))?;
        sync_dir(dir)?;
        for parent in dir.ancestors().skip(1).take(made) {
            sync_dir(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
        }
        Self::from_dir(dir, origin, Mark::Beginning, options, lock)
    }

    /// Opens the journal of `origin` in `dir`, reading frames from `mark` on; formats.md 6, "On open".
    ///
    /// # Errors
    /// Every refusal of formats.md 6: [`JournalError::Locked`], [`JournalError::NotAJournal`],
    /// [`JournalError::HeadMissing`], [`JournalError::HeadDamaged`], [`JournalError::HeadMismatch`],
    /// [`JournalError::BehindHead`], [`JournalError::WrongOrigin`], [`JournalError::Damaged`]; and
    /// [`JournalError::MarkMismatch`], [`JournalError::Io`]. Nothing has been changed on disk then.
    pub fn open(dir: &Path, origin: &str, mark: Mark, options: Options) -> Result<Self, JournalError> {
        if !dir.is_dir() {
            return Err(JournalError::NotAJournal { dir: dir.to_owned() });
        }
        let lock = DirLock::take(dir)?;
        Self::from_dir(dir, origin, mark, options, lock)
    }

    /// [`Self::open`] by whoever took the lock before, so that what is derived from the journal (and tells the mark) is not
    /// touched while another process works on it.
    ///
    /// # Errors
    /// As [`Self::open`], but for [`JournalError::Locked`].
    pub fn open_locked(
        lock: DirLock,
        dir: &Path,
        origin: &str,
        mark: Mark,
        options: Options,
    ) -> Result<Self, JournalError> {
        Self::from_dir(dir, origin, mark, options, lock)
    }

    fn from_dir(dir: &Path, origin: &str, mark: Mark, options: Options, lock: DirLock) -> Result<Self, JournalError> {
        let found = open::recover(dir, origin, mark)?;
        Ok(Self {
            dir: dir.to_owned(),
            segment_size: options.segment_size.min(MAX_SEGMENT),
            reader: Arc::new(FileReader::new(dir, found.end)),
            state: found.state,
            head: found.head,
            tail: found.tail,
            end: found.end,
            segment_index: found.segment_index,
            epoch: None,
            stopped: false,
            cut: found.cut,
            _lock: lock,
        })
    }

    /// The torn tail that opening cut off, to be logged.
    pub const fn cut(&self) -> Option<Cut> {
        self.cut
    }

    /// The newest head that was written: what was acknowledged. [`Journal::acquire`] tells it too, but writes.
    pub const fn published(&self) -> &Head {
        self.head.newest()
    }

    /// Runs one write. After an error the writer has stopped: what is in the page cache and what is on disk may differ,
    /// and a second sync on the descriptor would say nothing about the first.
    fn write<T>(&mut self, write: impl FnOnce(&mut Self) -> Result<T, JournalError>) -> Result<T, JournalError> {
        let result = write(self);
        self.stopped = result.is_err();
        result
    }

    fn write_frame(&mut self, frame: &Frame) -> Result<Position, JournalError> {
        let length = u32::try_from(frame.bytes().len()).expect("a frame is shorter than 4 GiB");
        if self.end.offset() > 0 && self.end.offset().saturating_add(length) > self.segment_size {
            self.roll()?;
        }
        let path = segment::path(&self.dir, self.end.segment());
        let file = match self.tail.take() {
            Some(file) => file,
            None => self.begin_segment(&path)?,
        };
        let at = self.end;
        file.write_all_at(frame.bytes(), u64::from(at.offset())).map_err(JournalError::io("write", &path))?;
        // Durability: fdatasync covers the bytes and the new length of the file. Only now may the frame be read, signed
        // over, or followed by another.
        file.sync_data().map_err(JournalError::io("sync", &path))?;
        self.tail = Some(file);
        self.end = at.plus(length);
        self.state.appended(frame);
        self.reader.advance(self.end);
        Ok(at)
    }

    /// Ends the segment with its footer. Synced before the next segment is begun: a segment that has a successor is whole.
    fn roll(&mut self) -> Result<(), JournalError> {
        let path = segment::path(&self.dir, self.end.segment());
        let file = self.tail.take().expect("a segment with frames is open");
        let count = self.state.tree.size - self.segment_index;
        let footer = Footer { first_index: self.segment_index, count, last_hash: self.state.hash };
        let end = u64::from(self.end.offset());
        file.write_all_at(&footer.encode(), end).map_err(JournalError::io("write", &path))?;
        file.sync_data().map_err(JournalError::io("sync", &path))?;
        self.end = self.end.next_segment();
        Ok(())
    }

    fn begin_segment(&mut self, path: &Path) -> Result<File, JournalError> {
        let options = File::options().read(true).write(true).create_new(true).open(path);
        let file = options.map_err(JournalError::io("create", path))?;
        // Durability: without this the file's name may be lost, and the synced frames with it.
        sync_dir(&self.dir)?;
        self.segment_index = self.state.tree.size;
        Ok(file)
    }

    /// Puts other descriptors in place, to make the next write fail.
    #[cfg(test)]
    pub(super) fn break_with(&mut self, file: &File) {
        self.tail = Some(file.try_clone().unwrap());
        self.head.break_with(file.try_clone().unwrap());
    }
}

impl Journal for FileJournal {
    fn acquire(&mut self) -> Result<Tip, JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        // The newest head is written again under the next sequence number, which is the epoch. It also puts on disk what
        // the page cache may only seem to hold after a sync that failed in an earlier process.
        self.write(|journal| journal.head.write(&journal.head.newest().clone()))?;
        let epoch = Epoch(self.head.sequence());
        self.epoch = Some(epoch);
        Ok(self.state.tip(epoch, self.end))
    }

    fn append(&mut self, frame: &Frame, expected: Expected) -> Result<Appended, JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        if !self.state.admits(self.epoch, expected) {
            return Ok(Appended::Fenced);
        }
        self.state.check_frame(frame)?;
        self.write(|journal| journal.write_frame(frame)).map(Appended::Done)
    }

    fn publish(&mut self, head: &Head) -> Result<Published, JournalError> {
        if self.stopped {
            return Err(JournalError::Stopped);
        }
        if self.epoch.is_none() {
            return Ok(Published::Fenced);
        }
        head.check_length()?;
        self.state.check_head(head)?;
        self.write(|journal| journal.head.write(head))?;
        self.state.published(head);
        Ok(Published::Done)
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::clone(&self.reader) as _
    }
}
