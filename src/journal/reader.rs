//! Reading durable frames: by frame, by record, and as an iterator that can be resumed. Independent of the writer; what
//! is read is parsed here, once for every implementation.

use std::sync::Arc;

use xuefen_core::Hash;

use super::error::{JournalError, Problem};
use super::frame::{FrameHeader, HEADER_BYTES, HEADER_LEN, StoredFrame};
use super::record::{OwnedRecord, Record};
use super::segment;
use super::types::{FrameNumber, Position};

/// Most records are shorter than this, and so take one read.
const FIRST_READ: usize = 2_048;

/// A reader of durable frames, shared between threads as `Arc<dyn Reader>`.
///
/// An implementation owes [`Reader::end`] and [`Reader::read_at`]; neither may wait for the writer's disk.
pub trait Reader: Send + Sync + std::fmt::Debug {
    /// Where the durable frames end. Never goes back; nothing from here on is readable yet.
    fn end(&self) -> Position;

    /// Appends up to `len` bytes from `at` on to `into`; fewer only where the segment, or what is durable of it, ends.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    fn read_at(&self, at: Position, len: usize, into: &mut Vec<u8>) -> Result<(), JournalError>;

    /// The frame that begins at `at`, or at the beginning of the next segment if `at` is the end of one. `None` if it is
    /// not there yet. Whether it follows another frame is the matter of [`Frames`].
    ///
    /// # Errors
    /// [`JournalError::Damaged`] if no whole frame is there, [`JournalError::Io`].
    fn frame_at(&self, at: Position) -> Result<Option<StoredFrame>, JournalError> {
        let Some((at, header, mut bytes)) = header_at(self, at)? else { return Ok(None) };
        let rest = header.frame_len() - bytes.len();
        self.read_at(at.plus(HEADER_BYTES), rest, &mut bytes)?;
        let parsed = StoredFrame::parse(at, bytes);
        parsed.map(Some).map_err(|problem| JournalError::damaged(at, header.number, problem))
    }

    /// The record at `at`. Only its lengths are checked: the caller checks an entry against its leaf hash and a payload by
    /// its AEAD tag (formats.md 6).
    ///
    /// # Errors
    /// [`JournalError::Damaged`] if no record can be there, [`JournalError::Io`].
    fn record_at(&self, at: Position) -> Result<OwnedRecord, JournalError> {
        let damaged = |problem| JournalError::damaged(at, FrameNumber::NONE, problem);
        let mut bytes = Vec::with_capacity(FIRST_READ);
        self.read_at(at, FIRST_READ, &mut bytes)?;
        let length = Record::length(&bytes).map_err(damaged)?;
        if length > super::MAX_BODY {
            return Err(damaged(Problem::Limits));
        }
        if length > bytes.len() {
            let read = u32::try_from(bytes.len()).expect("FIRST_READ bytes");
            self.read_at(at.plus(read), length - bytes.len(), &mut bytes)?;
        }
        bytes.truncate(length);
        OwnedRecord::new(bytes).map_err(damaged)
    }

    /// Where frame `number` begins; `None` if it is not there yet. Walks the headers of one segment: for a start, not for
    /// every read.
    ///
    /// # Errors
    /// [`JournalError::Damaged`], [`JournalError::Io`].
    fn find(&self, number: FrameNumber) -> Result<Option<Position>, JournalError> {
        let end = self.end();
        // The last segment that begins at or before the frame. A last segment without frames begins after all of them.
        let (mut low, mut high) = (0, end.segment());
        while low < high {
            let middle = low + (high - low).div_ceil(2);
            match header_at(self, Position::new(middle, 0))? {
                Some((_, header, _)) if header.number <= number => low = middle,
                _ => high = middle - 1,
            }
        }
        let mut at = Position::new(low, 0);
        while let Some((place, header, _)) = header_at(self, at)? {
            if header.number >= number {
                return Ok((header.number == number).then_some(place));
            }
            at = place.plus(u32::try_from(header.frame_len()).expect("a frame is shorter than 4 GiB"));
        }
        Ok(None)
    }
}

/// The header of the frame at `at`, its place (the next segment's beginning behind a footer) and its bytes.
fn header_at<R: Reader + ?Sized>(
    reader: &R,
    mut at: Position,
) -> Result<Option<(Position, FrameHeader, Vec<u8>)>, JournalError> {
    let end = reader.end();
    loop {
        if at >= end {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(HEADER_LEN);
        reader.read_at(at, HEADER_LEN, &mut bytes)?;
        if segment::is_footer(&bytes) {
            at = at.next_segment();
            continue;
        }
        let header = FrameHeader::parse(&bytes);
        let header = header.map_err(|problem| JournalError::damaged(at, FrameNumber::NONE, problem))?;
        // The reader's buffer grows to the whole frame: within MAX_BODY by the header's own check.
        return Ok(Some((at, header, bytes)));
    }
}

/// Where to begin reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Frame 1.
    Beginning,
    /// A frame, which may be the next one to come.
    Frame(FrameNumber),
    /// The position of a frame.
    At(Position),
}

/// The durable frames from a start on, in order, each checked to follow the one before.
///
/// `None` means "not yet": once more frames are durable the same iterator goes on (that is what following is). After an
/// error it repeats the error: it never skips.
#[derive(Clone, Debug)]
pub struct Frames {
    reader: Arc<dyn Reader>,
    next: Position,
    /// Number and hash of the frame before; unknown at the start unless that is the beginning.
    last: Option<(FrameNumber, Hash)>,
}

impl Frames {
    /// Frames from `start` on.
    ///
    /// # Errors
    /// [`JournalError::NotNext`] if the frame to start from is neither there nor the next one; what [`Reader::find`] says.
    pub fn new(reader: Arc<dyn Reader>, start: Start) -> Result<Self, JournalError> {
        let next = match start {
            Start::Beginning => Position::START,
            Start::At(position) => position,
            Start::Frame(frame) => match reader.find(frame)? {
                Some(position) => position,
                None => return Self::after(reader, frame),
            },
        };
        Ok(Self { reader, next, last: None })
    }

    /// Frames from the present end on, if the next one is `frame`.
    fn after(reader: Arc<dyn Reader>, frame: FrameNumber) -> Result<Self, JournalError> {
        let not_next = JournalError::NotNext { frame };
        let Some(before) = frame.0.checked_sub(1).map(FrameNumber) else { return Err(not_next) };
        if before == FrameNumber::NONE {
            return Ok(Self { reader, next: Position::START, last: None });
        }
        let Some(position) = reader.find(before)? else { return Err(not_next) };
        let mut frames = Self { reader, next: position, last: None };
        frames.next().transpose()?;
        Ok(frames)
    }

    /// Where the next frame begins, or will begin unless the segment rolls: may be kept and given to [`Start::At`].
    pub const fn position(&self) -> Position {
        self.next
    }

    fn read(&mut self) -> Result<Option<StoredFrame>, JournalError> {
        let Some(frame) = self.reader.frame_at(self.next)? else { return Ok(None) };
        if let Some((number, hash)) = self.last {
            let problem = match frame.header() {
                header if header.number != number.next() => Some(Problem::Number),
                header if header.previous != hash => Some(Problem::Link),
                _ => None,
            };
            if let Some(problem) = problem {
                return Err(JournalError::damaged(frame.position(), number.next(), problem));
            }
        }
        self.next = frame.end();
        self.last = Some((frame.number(), frame.hash()));
        Ok(Some(frame))
    }
}

impl Iterator for Frames {
    type Item = Result<StoredFrame, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
