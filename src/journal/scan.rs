//! Walking one segment file from an offset on, frame by frame, and looking for whole frames behind a bad one. Used by
//! `open.rs` and `fsck.rs`; judges single frames, not how they follow each other.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::disk::read_up_to;
use super::error::{JournalError, Problem};
use super::frame::{FrameHeader, HEADER_LEN, MAGIC, StoredFrame};
use super::segment::{self, FOOTER_LEN, Footer};
use super::types::{FrameNumber, Position};

const BUFFER: usize = 1 << 20;

/// What stands at a place.
pub(super) enum Step {
    /// A whole frame.
    Frame(StoredFrame),
    /// A whole footer, which ends the file.
    Footer(Footer),
    /// The end of the file, without footer.
    End,
    /// Something else.
    Bad(Problem),
}

/// A segment file and the place reached.
pub(super) struct Walk {
    input: BufReader<File>,
    path: PathBuf,
    at: Position,
    len: u64,
}

impl Walk {
    /// Begins at `at`, which may lie behind the end of the file.
    pub(super) fn open(dir: &Path, at: Position) -> Result<Self, JournalError> {
        let path = segment::path(dir, at.segment());
        let mut file = File::open(&path).map_err(JournalError::io("open", &path))?;
        let len = file.metadata().map_err(JournalError::io("look at", &path))?.len();
        if u32::try_from(len).is_err() {
            return Err(JournalError::damaged(at, FrameNumber::NONE, Problem::Limits));
        }
        file.seek(SeekFrom::Start(u64::from(at.offset()))).map_err(JournalError::io("read", &path))?;
        let capacity = usize::try_from(len).map_or(BUFFER, |len| len.clamp(HEADER_LEN, BUFFER));
        Ok(Self { input: BufReader::with_capacity(capacity, file), path, at, len })
    }

    /// The place of the next step.
    pub(super) const fn at(&self) -> Position {
        self.at
    }

    /// Length of the file in bytes when it was opened.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    fn remaining(&self) -> u64 {
        self.len.saturating_sub(u64::from(self.at.offset()))
    }

    /// What stands here. Only a whole frame moves the place on.
    pub(super) fn step(&mut self) -> Result<Step, JournalError> {
        let remaining = self.remaining();
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        self.read(remaining.min(HEADER_LEN as u64), &mut bytes)?;
        if bytes.is_empty() {
            return Ok(Step::End);
        }
        if segment::is_footer(&bytes) {
            return Ok(match Footer::parse(&bytes) {
                Ok(footer) => Step::Footer(footer),
                // Nothing is ever written behind a footer, so no crash leaves this.
                Err(_) if remaining > FOOTER_LEN as u64 => Step::Bad(Problem::FooterMismatch),
                Err(problem) => Step::Bad(problem),
            });
        }
        let header = match FrameHeader::parse(&bytes) {
            Ok(header) => header,
            Err(problem) => return Ok(Step::Bad(problem)),
        };
        let length = header.frame_len() as u64;
        if length > remaining {
            return Ok(Step::Bad(Problem::Short));
        }
        self.read(length - HEADER_LEN as u64, &mut bytes)?;
        Ok(match StoredFrame::parse(self.at, bytes) {
            Ok(frame) => {
                self.at = frame.end();
                Step::Frame(frame)
            }
            Err(problem) => Step::Bad(problem),
        })
    }

    fn read(&mut self, len: u64, into: &mut Vec<u8>) -> Result<(), JournalError> {
        let read = self.input.by_ref().take(len).read_to_end(into);
        read.map(drop).map_err(JournalError::io("read", &self.path))
    }

    /// Whether anything whole comes behind the bad bytes at this place: a frame with a number above `last`, or a footer at
    /// the end of the file. If the frame here has a header that continues `last`, its length is trusted and the search begins
    /// behind it, so that a payload that looks like a frame is not taken for one.
    pub(super) fn whole_data_follows(&self, last: FrameNumber, hash: &xuefen_core::Hash) -> Result<bool, JournalError> {
        let file = self.input.get_ref();
        let start = u64::from(self.at.offset());
        let read = |at: u64, len: usize| read_up_to(file, at, len).map_err(JournalError::io("read", &self.path));
        if self.len >= start + FOOTER_LEN as u64
            && Footer::parse(&read(self.len - FOOTER_LEN as u64, FOOTER_LEN)?).is_ok()
        {
            return Ok(true);
        }
        let mut from = match FrameHeader::parse(&read(start, HEADER_LEN)?) {
            Ok(header) if header.number == last.next() && header.previous == *hash => start + header.frame_len() as u64,
            _ => start + 1,
        };
        while from < self.len {
            let window = read(from, BUFFER)?;
            for (offset, _) in window.windows(MAGIC.len()).enumerate().filter(|(_, bytes)| *bytes == MAGIC) {
                let at = from + offset as u64;
                let Ok(header) = FrameHeader::parse(&read(at, HEADER_LEN)?) else { continue };
                let place = Position::new(self.at.segment(), u32::try_from(at).expect("`open` checked the length"));
                if header.number > last && StoredFrame::parse(place, read(at, header.frame_len())?).is_ok() {
                    return Ok(true);
                }
            }
            if window.len() < BUFFER {
                break;
            }
            // Overlap, for a magic that two windows share.
            from += (window.len() - MAGIC.len() + 1) as u64;
        }
        Ok(false)
    }
}
