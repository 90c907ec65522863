//! Opening a journal: the head, the footers, the frames from a mark on, and the one case in which bytes are cut
//! (formats.md 6, "On open"). Everything is read and judged before anything is changed.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::disk::{read_up_to, sync_dir};
use super::error::{JournalError, Problem};
use super::file::HEAD;
use super::file_reader::FileReader;
use super::frame::{FrameHeader, HEADER_LEN, StoredFrame};
use super::head::HeadFile;
use super::reader::Reader;
use super::scan::{Step, Walk};
use super::segment::{self, FOOTER_LEN, Footer};
use super::state::State;
use super::types::{FrameNumber, Position, chain_start};

/// Begin where on opening reads every frame. Frames before it are only covered by the footers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The first frame.
    Beginning,
    /// The beginning of the segment that holds the head's frame.
    Head,
    /// The last frame that the index has applied ([`FrameNumber::NONE`] is [`Mark::Beginning`]).
    Applied {
        /// Its number.
        frame: FrameNumber,
        /// Where it ends, which is where the next frame begins unless the segment rolls. The index keeps this, not where the
        /// frame began.
        position: Position,
    },
}

/// A torn tail that was cut off. Nobody was told of anything in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Where the journal ends now.
    pub position: Position,
    /// Bytes removed.
    pub bytes: u64,
}

/// What recovery found, ready to be written to.
pub(super) struct Found {
    pub state: State,
    pub head: HeadFile,
    pub tail: Option<File>,
    pub end: Position,
    pub segment_index: u64,
    pub cut: Option<Cut>,
}

/// Reads, judges, then repairs what a crash can have left. The caller holds the lock.
pub(super) fn recover(dir: &Path, origin: &str, mark: Mark) -> Result<Found, JournalError> {
    let segments = segment::count(dir)?;
    let path = dir.join(HEAD);
    if !path.try_exists().map_err(JournalError::io("look for", &path))? {
        let dir = dir.to_owned();
        return Err(if segments == 0 { JournalError::NotAJournal { dir } } else { JournalError::HeadMissing { dir } });
    }
    let head = HeadFile::open(&path)?;
    let table = Table::read(dir, segments, origin)?;
    let start = table.start(dir, mark, head.newest().frame)?;
    let mut scan = Scan {
        dir,
        table: &table,
        state: State::empty(origin).with_head(head.newest().clone()),
        settled: Position::START,
        linked: start.marked.is_none() && start.expected == FrameNumber(1),
    };
    if head.newest().frame == FrameNumber::NONE && head.newest().frame_hash != chain_start(origin) {
        return Err(JournalError::WrongOrigin { dir: dir.to_owned() });
    }
    let tail = scan.run(start)?;
    let Scan { state, settled, .. } = scan;
    let cut = (tail.torn > 0).then_some(Cut { position: tail.end, bytes: tail.torn });
    let file = if tail.end.segment() < segments { Some(open_tail(dir, tail.end, cut)?) } else { None };
    settle(dir, segments, settled)?;
    let last = table.0.get(tail.end.segment() as usize);
    let first = last.and_then(|segment| segment.first).filter(|_| tail.end.offset() > 0);
    let segment_index = first.map_or(state.tree.size, |first| first.first_index);
    Ok(Found { state, head, tail: file, end: tail.end, segment_index, cut })
}

/// The last segment for writing, cut at the end of its last whole frame.
fn open_tail(dir: &Path, end: Position, cut: Option<Cut>) -> Result<File, JournalError> {
    let path = segment::path(dir, end.segment());
    let file = File::options().read(true).write(true).open(&path).map_err(JournalError::io("open", &path))?;
    if cut.is_some() {
        file.set_len(u64::from(end.offset())).map_err(JournalError::io("cut", &path))?;
        // Durability: the cut must not come undone under the frames that are written next.
        file.sync_all().map_err(JournalError::io("sync", &path))?;
    }
    Ok(file)
}

/// Makes the frames above the head durable. The process that wrote them may have died before its sync, or after one that
/// failed: then the page cache shows clean pages that never reached the disk, and a sync alone would not write them. So
/// the same bytes are written in place first. The frames up to the head were synced before the head was written.
fn settle(dir: &Path, segments: u32, from: Position) -> Result<(), JournalError> {
    for number in from.segment()..segments {
        let path = segment::path(dir, number);
        let file = File::options().read(true).write(true).open(&path).map_err(JournalError::io("open", &path))?;
        let mut at = if number == from.segment() { u64::from(from.offset()) } else { 0 };
        loop {
            let bytes = read_up_to(&file, at, 1 << 20).map_err(JournalError::io("read", &path))?;
            if bytes.is_empty() {
                break;
            }
            file.write_all_at(&bytes, at).map_err(JournalError::io("write", &path))?;
            at += bytes.len() as u64;
        }
        file.sync_all().map_err(JournalError::io("sync", &path))?;
    }
    sync_dir(dir)
}

/// First header and footer of every segment: enough to check that they follow each other, without reading the frames.
struct Table(Vec<Segment>);

struct Segment {
    /// None in a last segment without a whole first header.
    first: Option<FrameHeader>,
    footer: Option<Footer>,
}

/// Where to begin scanning, and which frame must be there.
#[derive(Clone, Copy)]
struct Begin {
    position: Position,
    expected: FrameNumber,
    /// End of that frame, if it is the index's word and not the journal's that it is there.
    marked: Option<Position>,
}

impl Table {
    fn read(dir: &Path, segments: u32, origin: &str) -> Result<Self, JournalError> {
        let mut table = Vec::new();
        for number in 0..segments {
            let path = segment::path(dir, number);
            let file = File::open(&path).map_err(JournalError::io("open", &path))?;
            let len = file.metadata().map_err(JournalError::io("look at", &path))?.len();
            let first = read_up_to(&file, 0, HEADER_LEN).map_err(JournalError::io("read", &path))?;
            let footer_at = len.saturating_sub(FOOTER_LEN as u64);
            let footer = read_up_to(&file, footer_at, FOOTER_LEN).map_err(JournalError::io("read", &path))?;
            let segment = Segment { first: FrameHeader::parse(&first).ok(), footer: Footer::parse(&footer).ok() };
            let damaged = |position, problem| Err(JournalError::damaged(position, FrameNumber::NONE, problem));
            if number + 1 < segments {
                if segment.first.is_none() {
                    return damaged(Position::new(number, 0), Problem::Magic);
                }
                if segment.footer.is_none() {
                    let at = Position::new(number, u32::try_from(footer_at).unwrap_or(u32::MAX));
                    return damaged(at, Problem::FooterMissing);
                }
            }
            if let Some(problem) = segment.mismatch(table.last()) {
                return damaged(Position::new(number, 0), problem);
            }
            table.push(segment);
        }
        // Frame 1 names chain(0) as the frame before it.
        match table.first().and_then(|segment| segment.first) {
            Some(first) if first.number != FrameNumber(1) => {
                Err(JournalError::damaged(Position::START, FrameNumber(1), Problem::Number))
            }
            Some(first) if first.previous != chain_start(origin) => {
                Err(JournalError::WrongOrigin { dir: dir.to_owned() })
            }
            _ => Ok(Self(table)),
        }
    }

    /// Where to begin. A mark must not lie above the head: the index applies nothing that was not published.
    fn start(&self, dir: &Path, mark: Mark, head: FrameNumber) -> Result<Begin, JournalError> {
        match mark {
            Mark::Applied { frame, position: end } if frame > FrameNumber::NONE => {
                let mismatch = JournalError::MarkMismatch { frame, position: end };
                if frame > head || end.segment() as usize >= self.0.len() {
                    return Err(mismatch);
                }
                // What is damaged on the way does not matter here: a scan from the beginning will name it.
                match FileReader::new(dir, end).find(frame) {
                    Ok(Some(position)) => Ok(Begin { position, expected: frame, marked: Some(end) }),
                    _ => Err(mismatch),
                }
            }
            Mark::Head if head > FrameNumber::NONE => {
                let firsts = (0..).zip(&self.0).filter_map(|(number, segment)| Some((number, segment.first?)));
                let found = firsts.take_while(|(_, first)| first.number <= head).last();
                Ok(found.map_or(Begin::BEGINNING, |(number, first)| Begin {
                    position: Position::new(number, 0),
                    expected: first.number,
                    marked: None,
                }))
            }
            _ => Ok(Begin::BEGINNING),
        }
    }
}

impl Begin {
    const BEGINNING: Self = Self { position: Position::START, expected: FrameNumber(1), marked: None };

    /// Whether `frame`, the first one read, is the one that must be there.
    fn is(&self, frame: &StoredFrame) -> bool {
        frame.number() == self.expected && self.marked.is_none_or(|end| end == frame.end())
    }

    const fn mismatch(&self) -> JournalError {
        JournalError::MarkMismatch { frame: self.expected, position: self.position }
    }
}

impl Segment {
    /// What does not fit between first header and footer, and to the segment before.
    fn mismatch(&self, before: Option<&Self>) -> Option<Problem> {
        let first = self.first?;
        if self.footer.is_some_and(|footer| footer.first_index != first.first_index) {
            return Some(Problem::FooterMismatch);
        }
        let before = before?;
        let (footer, earlier) = (before.footer?, before.first?);
        if footer.last_hash != first.previous || earlier.number >= first.number {
            return Some(Problem::Link);
        }
        (footer.first_index.checked_add(footer.count) != Some(first.first_index)).then_some(Problem::Index)
    }
}

/// Reads frames and judges how they follow each other.
struct Scan<'a> {
    dir: &'a Path,
    table: &'a Table,
    state: State,
    /// End of the head's frame: what lies behind it may not be on disk yet.
    settled: Position,
    /// False until a frame has been read, when the scan does not begin with frame 1.
    linked: bool,
}

/// Where the whole frames end.
struct Tail {
    end: Position,
    /// Bytes behind it that a crash left.
    torn: u64,
}

impl Scan<'_> {
    fn run(&mut self, begin: Begin) -> Result<Tail, JournalError> {
        let mut at = begin.position;
        let tail = loop {
            if at.segment() as usize >= self.table.0.len() {
                break Tail { end: at, torn: 0 };
            }
            let last_segment = at.segment() as usize + 1 == self.table.0.len();
            let mut walk = Walk::open(self.dir, at)?;
            let step = loop {
                let step = walk.step()?;
                match step {
                    Step::Frame(frame) => self.frame(&frame, begin)?,
                    other => break other,
                }
            };
            if begin.marked.is_some() && !self.linked {
                return Err(begin.mismatch());
            }
            match step {
                Step::Footer(footer) => {
                    self.footer(&footer, walk.at())?;
                    at = at.next_segment();
                }
                Step::End if last_segment => break Tail { end: walk.at(), torn: 0 },
                Step::End => return Err(self.damaged(walk.at(), Problem::FooterMissing)),
                Step::Bad(problem) => break self.torn(&walk, problem, last_segment)?,
                Step::Frame(_) => unreachable!("the loop above takes every frame"),
            }
        };
        let head = self.state.head();
        if self.state.frame < head.frame {
            // An old backup under a newer head, or a tail that is gone: nothing is cut, nothing is served.
            return Err(JournalError::BehindHead { head: head.frame, last: self.state.frame, end: tail.end });
        }
        Ok(tail)
    }

    fn damaged(&self, at: Position, problem: Problem) -> JournalError {
        JournalError::damaged(at, self.state.frame.next(), problem)
    }

    fn frame(&mut self, frame: &StoredFrame, begin: Begin) -> Result<(), JournalError> {
        let header = frame.header();
        if self.linked {
            let problem = match () {
                () if header.number != self.state.frame.next() => Some(Problem::Number),
                () if header.previous != self.state.hash => Some(Problem::Link),
                () if header.first_index != self.state.tree.size => Some(Problem::Index),
                () => None,
            };
            if let Some(problem) = problem {
                return Err(self.damaged(frame.position(), problem));
            }
        } else if !begin.is(frame) {
            return Err(begin.mismatch());
        }
        self.linked = true;
        self.state.read(frame);
        let head = self.state.head();
        if frame.number() == head.frame {
            if frame.hash() != head.frame_hash || frame.tree().size != head.tree_size {
                return Err(JournalError::HeadMismatch { frame: frame.number() });
            }
            self.settled = frame.end();
        }
        Ok(())
    }

    fn footer(&self, footer: &Footer, at: Position) -> Result<(), JournalError> {
        let fits = footer.last_hash == self.state.hash
            && footer.first_index.checked_add(footer.count) == Some(self.state.tree.size);
        if fits { Ok(()) } else { Err(self.damaged(at, Problem::FooterMismatch)) }
    }

    /// The end at the first bad frame, if a crash can have left what follows: the last write was torn, and nothing was
    /// written after it. Anything else is damage, and cutting would lose what somebody may have been told.
    fn torn(&self, walk: &Walk, problem: Problem, last_segment: bool) -> Result<Tail, JournalError> {
        match problem {
            Problem::Short | Problem::Magic | Problem::HeaderChecksum | Problem::FrameHash | Problem::Footer => {}
            // The hashes are right, so these bytes were written like this.
            _ => return Err(self.damaged(walk.at(), problem)),
        }
        if !last_segment || walk.whole_data_follows(self.state.frame, &self.state.hash)? {
            return Err(self.damaged(walk.at(), Problem::NotTail));
        }
        Ok(Tail { end: walk.at(), torn: walk.len() - u64::from(walk.at().offset()) })
    }
}
