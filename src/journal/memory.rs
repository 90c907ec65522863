//! A journal in memory that does what the contract allows to go wrong, when told to: for the conformance suite and for
//! tests of whoever uses a journal. Keeps the same bytes as the files, and nothing after the process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::build::Frame;
use super::error::JournalError;
use super::head::Head;
use super::reader::Reader;
use super::segment::Footer;
use super::state::State;
use super::types::{Epoch, Position};
use super::{Appended, Expected, Journal, Published, Tip};

/// The call that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// [`Journal::acquire`].
    Acquire,
    /// [`Journal::append`].
    Append,
    /// [`Journal::publish`].
    Publish,
}

/// Whether the write has applied when it goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has not.
    Before,
    /// It has.
    After,
}

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// [`JournalError::Io`] with "no space left on device"; the writer has stopped.
    Error,
    /// `Unknown`; the writer is fenced. An `acquire` has no such answer and fails instead.
    Unknown,
}

/// One thing to go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In which call.
    pub call: Call,
    /// After how many calls of that kind that go well.
    pub after: u32,
    /// Before or after the write applied.
    pub moment: Moment,
    /// How it is told.
    pub answer: Answer,
}

#[derive(Debug)]
struct Inner {
    segments: Vec<Vec<u8>>,
    segment_size: usize,
    segment_index: u64,
    state: State,
    epoch: Epoch,
    faults: Vec<Fault>,
}

/// What would be the disk, or the database: outlives its writers.
#[derive(Clone, Debug)]
pub struct MemoryStore(Arc<Mutex<Inner>>);

impl MemoryStore {
    /// An empty journal of `origin`.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self::with_segments(origin, 1 << 30)
    }

    /// The same, rolling its segments at `segment_size` bytes.
    #[must_use]
    pub fn with_segments(origin: &str, segment_size: usize) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            segments: vec![Vec::new()],
            segment_size,
            segment_index: 0,
            state: State::empty(origin),
            epoch: Epoch(0),
            faults: Vec::new(),
        })))
    }

    /// A writer. There may be several: the last that acquired fences the others.
    #[must_use]
    pub fn writer(&self) -> MemoryJournal {
        MemoryJournal { store: self.clone(), epoch: None, stopped: false }
    }

    /// Arranges for something to go wrong once.
    pub fn inject(&self, fault: Fault) {
        self.lock().faults.push(fault);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each change below is made after the checks that could panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The fault that this call meets, if it is its turn.
    fn fault(&mut self, call: Call) -> Option<Fault> {
        let index = self.faults.iter().position(|fault| fault.call == call)?;
        match self.faults[index].after.checked_sub(1) {
            Some(left) => {
                self.faults[index].after = left;
                None
            }
            None => Some(self.faults.remove(index)),
        }
    }

    fn end(&self) -> Position {
        let segment = u32::try_from(self.segments.len() - 1).unwrap_or(u32::MAX);
        let offset = self.segments.last().map_or(0, Vec::len);
        Position::new(segment, u32::try_from(offset).unwrap_or(u32::MAX))
    }

    fn append(&mut self, frame: &Frame) -> Position {
        let tail = self.segments.last_mut().expect("there is always a segment");
        if !tail.is_empty() && tail.len() + frame.bytes().len() > self.segment_size {
            let count = self.state.tree.size - self.segment_index;
            let footer = Footer { first_index: self.segment_index, count, last_hash: self.state.hash };
            tail.extend_from_slice(&footer.encode());
            self.segments.push(Vec::new());
            self.segment_index = self.state.tree.size;
        }
        let at = self.end();
        let tail = self.segments.last_mut().expect("there is always a segment");
        tail.extend_from_slice(frame.bytes());
        self.state.appended(frame);
        at
    }
}

/// A writer of a [`MemoryStore`].
#[derive(Debug)]
pub struct MemoryJournal {
    store: MemoryStore,
    epoch: Option<Epoch>,
    stopped: bool,
}

/// How a faulty call ends.
enum Outcome<T> {
    Well(T),
    Unknown,
}

impl MemoryJournal {
    /// The store behind this writer: for further writers, and for faults.
    pub const fn store(&self) -> &MemoryStore {
        &self.store
    }

    /// Applies `write` unless a fault says otherwise. The caller holds the store, so that its checks still stand.
    fn call<T>(
        &mut self,
        inner: &mut Inner,
        call: Call,
        write: impl FnOnce(&mut Inner) -> T,
    ) -> Result<Outcome<T>, JournalError> {
        let Some(fault) = inner.fault(call) else { return Ok(Outcome::Well(write(inner))) };
        if fault.moment == Moment::After {
            write(inner);
        }
        self.epoch = None;
        if fault.answer == Answer::Unknown && call != Call::Acquire {
            return Ok(Outcome::Unknown);
        }
        self.stopped = true;
        let source = std::io::Error::from(std::io::ErrorKind::StorageFull);
        Err(JournalError::Io { action: "write", path: "memory".into(), source })
    }

    const fn check_running(&self) -> Result<(), JournalError> {
        if self.stopped { Err(JournalError::Stopped) } else { Ok(()) }
    }
}

impl Journal for MemoryJournal {
    fn acquire(&mut self) -> Result<Tip, JournalError> {
        self.check_running()?;
        let store = self.store.clone();
        let bump = |inner: &mut Inner| {
            inner.epoch = Epoch(inner.epoch.0 + 1);
            inner.state.tip(inner.epoch, inner.end())
        };
        match self.call(&mut store.lock(), Call::Acquire, bump)? {
            Outcome::Well(tip) => {
                self.epoch = Some(tip.epoch);
                Ok(tip)
            }
            Outcome::Unknown => unreachable!("`call` fails an acquire instead"),
        }
    }

    fn append(&mut self, frame: &Frame, expected: Expected) -> Result<Appended, JournalError> {
        self.check_running()?;
        let store = self.store.clone();
        let mut inner = store.lock();
        if self.epoch != Some(inner.epoch) || !inner.state.admits(self.epoch, expected) {
            return Ok(Appended::Fenced);
        }
        inner.state.check_frame(frame)?;
        Ok(match self.call(&mut inner, Call::Append, |inner| inner.append(frame))? {
            Outcome::Well(position) => Appended::Done(position),
            Outcome::Unknown => Appended::Unknown,
        })
    }

    fn publish(&mut self, head: &Head) -> Result<Published, JournalError> {
        self.check_running()?;
        let store = self.store.clone();
        let mut inner = store.lock();
        if self.epoch != Some(inner.epoch) {
            return Ok(Published::Fenced);
        }
        head.check_length()?;
        inner.state.check_head(head)?;
        Ok(match self.call(&mut inner, Call::Publish, |inner| inner.state.published(head))? {
            Outcome::Well(()) => Published::Done,
            Outcome::Unknown => Published::Unknown,
        })
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(self.store.clone())
    }
}

impl Reader for MemoryStore {
    fn end(&self) -> Position {
        self.lock().end()
    }

    fn read_at(&self, at: Position, len: usize, into: &mut Vec<u8>) -> Result<(), JournalError> {
        let inner = self.lock();
        let segment = inner.segments.get(at.segment() as usize).map_or(&[][..], Vec::as_slice);
        let rest = segment.get(at.offset() as usize..).unwrap_or_default();
        into.extend_from_slice(&rest[..len.min(rest.len())]);
        Ok(())
    }
}
