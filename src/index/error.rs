//! What can go wrong in the index. Nothing here loses data: the journal is the truth, the index is made again from it.

use std::path::PathBuf;

/// Errors of the index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// There is no index here: create one and apply the journal from its beginning.
    #[error("no index in {}", .0.display())]
    Missing(PathBuf),
    /// The stored index cannot be opened or read, or a checksum fails: drop the directory and rebuild.
    #[error("the index is damaged and must be rebuilt: {0}")]
    Damaged(String),
    /// Another process, or this one, has the index open.
    #[error("the index in {} is in use", .0.display())]
    InUse(PathBuf),
    /// A frame does not follow the last one that was applied.
    #[error("frame {got} does not follow: expected frame {expected}")]
    OutOfOrder {
        /// The frame number that comes next.
        expected: u64,
        /// The frame number that was given.
        got: u64,
    },
    /// A frame contradicts itself or the limits of a row; the caller has a bug.
    #[error("frame {frame} cannot be indexed: {why}")]
    BadFrame {
        /// The frame's number.
        frame: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A size, leaf index or node beyond what the view has was asked for.
    #[error("{what} {asked} is beyond the {size} entries of this view")]
    Beyond {
        /// What was asked for.
        what: &'static str,
        /// Its number.
        asked: u64,
        /// The size of the view.
        size: u64,
    },
    /// The directory of the index could not be read or changed.
    #[error("cannot access {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl IndexError {
    /// Whether dropping the directory and rebuilding is the answer to this error.
    #[must_use]
    pub fn wants_rebuild(&self) -> bool {
        matches!(self, Self::Missing(_) | Self::Damaged(_))
    }
}

/// A result of the index.
pub type Result<T> = std::result::Result<T, IndexError>;
