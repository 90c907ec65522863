//! The journal's small types: numbers, positions, tree heads. No I/O.

use std::fmt;

use xuefen_core::Hash;
use xuefen_core::hash::{Context, derive_key};
use xuefen_core::tree::EMPTY_ROOT;

/// Number of a frame; the first frame is 1, so that 0 can say "none yet" in the head file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(pub u64);

impl FrameNumber {
    /// No frame: the state of a journal just created.
    pub const NONE: Self = Self(0);

    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The fence: each [`super::Journal::acquire`] gets a higher one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u64);

/// A place in the journal: segment number in the high 32 bits, byte offset in the low 32. Ordered as the journal is.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

impl Position {
    /// The beginning of the journal.
    pub const START: Self = Self(0);

    /// Byte `offset` of segment `segment`.
    #[must_use]
    pub const fn new(segment: u32, offset: u32) -> Self {
        Self(((segment as u64) << 32) | offset as u64)
    }

    /// As stored by an index.
    #[must_use]
    pub const fn from_u64(packed: u64) -> Self {
        Self(packed)
    }

    /// To be stored by an index.
    #[must_use]
    pub const fn to_u64(self) -> u64 {
        self.0
    }

    /// Number of the segment.
    #[must_use]
    pub const fn segment(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Byte offset within the segment.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are what is meant")]
    pub const fn offset(self) -> u32 {
        self.0 as u32
    }

    /// The place `bytes` further on in the same segment: of a record, given its offset within the frame. Saturates at the
    /// end of the segment's address space, where nothing ever lies.
    #[must_use]
    pub const fn plus(self, bytes: u32) -> Self {
        Self::new(self.segment(), self.offset().saturating_add(bytes))
    }

    /// The beginning of the segment after this one.
    #[must_use]
    pub const fn next_segment(self) -> Self {
        Self::new(self.segment().saturating_add(1), 0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "segment {} offset {}", self.segment(), self.offset())
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.segment(), self.offset())
    }
}

/// Size (in entries) and root of the RFC 6962 tree, as a frame states them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// Entries in the tree.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
}

impl TreeHead {
    /// The tree without entries.
    #[must_use]
    pub const fn empty() -> Self {
        Self { size: 0, root: EMPTY_ROOT }
    }
}

/// `chain(0)` of a ledger (formats.md 4), as `xuefen_core::chain::start` makes it. The first frame names it as its previous
/// frame hash, which ties the journal to its origin.
#[must_use]
pub fn chain_start(origin: &str) -> Hash {
    derive_key(Context::Chain, &[origin.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_pack_and_order() {
        let position = Position::new(7, 9);
        assert_eq!((position.segment(), position.offset()), (7, 9));
        assert_eq!(Position::from_u64(position.to_u64()), position);
        assert!(Position::new(1, u32::MAX) < Position::new(2, 0));
        assert_eq!(Position::new(3, 5).plus(10), Position::new(3, 15));
        assert_eq!(Position::new(3, u32::MAX).plus(1).segment(), 3, "never runs into the next segment");
        assert_eq!(Position::new(3, 5).next_segment(), Position::new(4, 0));
    }
}
