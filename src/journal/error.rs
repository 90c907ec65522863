//! What can go wrong with a journal, and the words for damage.

use std::io;
use std::path::{Path, PathBuf};

use super::types::{FrameNumber, Position};

/// Why a journal could not be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// An earlier write or sync failed; see the contract of [`super::Journal`], point 4.
    #[error("the journal has stopped after a failed write; restart to go on from what is on disk")]
    Stopped,
    /// The operating system refused.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// A second process on one directory.
    #[error("{} is in use by another process", dir.display())]
    Locked {
        /// The journal's directory.
        dir: PathBuf,
    },
    /// There is a journal where one was to be created.
    #[error("{} already holds a journal", dir.display())]
    Exists {
        /// The directory.
        dir: PathBuf,
    },
    /// Neither head nor segments: nothing was ever created here.
    #[error("{} holds no journal", dir.display())]
    NotAJournal {
        /// The directory.
        dir: PathBuf,
    },
    /// Segments without their high-water mark: a cut-off tail could not be noticed, so the start is refused.
    #[error("{} has segments but no head file; restore the newest head, never an older one", dir.display())]
    HeadMissing {
        /// The journal's directory.
        dir: PathBuf,
    },
    /// No slot of the head file is whole.
    #[error("{}: neither slot of the head file is whole", path.display())]
    HeadDamaged {
        /// The head file.
        path: PathBuf,
    },
    /// The frames end before what was acknowledged: an old backup, or a lost tail.
    #[error("the head names frame {head} but the frames end with {last} at {end}: acknowledged entries are missing")]
    BehindHead {
        /// The frame that the head names.
        head: FrameNumber,
        /// The last whole frame.
        last: FrameNumber,
        /// Where it ends.
        end: Position,
    },
    /// The frame that the head names is another one.
    #[error("frame {frame} is not the one that the head names: hash or tree size differ")]
    HeadMismatch {
        /// Its number.
        frame: FrameNumber,
    },
    /// The first frame does not begin with `chain(0)` of this origin.
    #[error("the journal in {} belongs to another origin", dir.display())]
    WrongOrigin {
        /// The journal's directory.
        dir: PathBuf,
    },
    /// The mark's frame does not end at its position, is another one, or lies above the head. The index is not of this
    /// journal: drop it, open from [`super::Mark::Beginning`] and rebuild.
    #[error("the index reflects a frame {frame} at {position} that this journal does not have under its head")]
    MarkMismatch {
        /// The mark's frame.
        frame: FrameNumber,
        /// The mark's position.
        position: Position,
    },
    /// Bytes that no crash can leave behind.
    #[error("the journal is damaged: {0}")]
    Damaged(Damage),
    /// The frame to append does not continue the tip.
    #[error("frame {frame} does not continue the journal")]
    NotNext {
        /// The frame refused.
        frame: FrameNumber,
    },
    /// The head to publish names a frame that was not appended, or with another hash or size.
    #[error("the head names frame {frame}, which was not appended like this")]
    NotAppended {
        /// The frame named.
        frame: FrameNumber,
    },
    /// The head to publish is older than the newest.
    #[error("the head names frame {frame}, but frame {published} has been published")]
    Backwards {
        /// The frame named.
        frame: FrameNumber,
        /// The frame of the newest head.
        published: FrameNumber,
    },
    /// The signed checkpoint does not fit into a head slot.
    #[error("a checkpoint of {length} bytes does not fit into a head slot")]
    CheckpointTooLong {
        /// Its length in bytes.
        length: usize,
    },
}

impl JournalError {
    /// Wraps an I/O error with what was tried.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, path: path.to_owned(), source }
    }

    /// Damage at a place of the segments.
    pub(super) fn damaged(position: Position, frame: FrameNumber, problem: Problem) -> Self {
        Self::Damaged(Damage { position: Some(position), frame, problem })
    }
}

/// Damage and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Segment and offset; none if it is in the head file.
    pub position: Option<Position>,
    /// The frame that is, or should be, there.
    pub frame: FrameNumber,
    /// What is wrong.
    pub problem: Problem,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.position {
            Some(position) => write!(f, "{position}, frame {}: {}", self.frame, self.problem),
            None => write!(f, "head file, frame {}: {}", self.frame, self.problem),
        }
    }
}

/// What is wrong with bytes of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Fewer bytes than the frame or footer needs.
    #[error("ends too early")]
    Short,
    /// Neither frame nor footer begins here.
    #[error("no frame begins here")]
    Magic,
    /// A format version this program does not know.
    #[error("unknown format version")]
    Version,
    /// The header's bytes have changed.
    #[error("the header checksum differs")]
    HeaderChecksum,
    /// A length or count beyond the limits.
    #[error("a length or count is beyond the limits")]
    Limits,
    /// The frame's bytes have changed.
    #[error("the frame hash differs")]
    FrameHash,
    /// The body is not a sequence of records followed by chain and tree head.
    #[error("the records do not fill the frame")]
    Records,
    /// Another frame number than the next.
    #[error("the frame number is not the next one")]
    Number,
    /// The previous frame hash is not the hash of the previous frame.
    #[error("does not link to the previous frame")]
    Link,
    /// First index or tree size do not continue the frame before.
    #[error("the entry index does not continue the frame before")]
    Index,
    /// The chain over the leaf hashes gives another chain head.
    #[error("the chain head differs from the entries")]
    Chain,
    /// The tree over the leaf hashes has another root.
    #[error("the tree root differs from the entries")]
    Root,
    /// The footer's bytes have changed, or bytes follow it.
    #[error("the footer is damaged or bytes follow it")]
    Footer,
    /// The footer is whole but does not describe its segment.
    #[error("the footer does not describe this segment")]
    FooterMismatch,
    /// A segment that is not the last has no footer.
    #[error("a rolled segment ends without footer")]
    FooterMissing,
    /// A segment file is missing, or its name is malformed.
    #[error("a segment file is missing")]
    SegmentMissing,
    /// A bad frame with a whole one, a footer or another segment after it: damage, not a torn tail.
    #[error("bad frame, and whole data follows it")]
    NotTail,
    /// Bytes after the last whole frame that a crash may have left; opening cuts them.
    #[error("a torn tail; opening cuts it off")]
    TornTail,
    /// A slot of the head file is not whole.
    #[error("slot {0} is damaged")]
    HeadSlot(u8),
    /// A slot of the head file names what is not in the frames.
    #[error("slot {0} names a frame that is missing or different")]
    HeadNames(u8),
    /// The two sequence numbers do not follow each other.
    #[error("the slots are not successive")]
    HeadSequence,
}
