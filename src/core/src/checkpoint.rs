//! Checkpoints: what a log says of its tree (C2SP tlog-checkpoint, formats.md 4).
//!
//! The three lines only. Whether the right parties signed them is asked of a `policy`.

use crate::origin::Origin;
use crate::text::{TextError, from_decimal, hash_from_base64, to_base64};
use crate::tree::{EMPTY_ROOT, TreeSize};
use crate::{Hash, note};
use core::fmt;

/// Origin, size and root of a log's tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// Number of its entries.
    pub size: TreeSize,
    /// Root over them.
    pub root: Hash,
}

/// Why a text is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointError {
    /// Not exactly three lines before an empty one (extension lines are not taken).
    Lines,
    /// The first line is not an origin.
    Origin,
    /// Size or root are not written as they must be.
    Text(TextError),
    /// Size 0 with another root than the empty tree's.
    EmptyRoot,
}

impl CheckpointError {
    /// The stable code of this error.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lines | Self::Origin | Self::EmptyRoot => "CHECKPOINT",
            Self::Text(error) => error.as_str(),
        }
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lines => "not the three lines of a checkpoint",
            Self::Origin => "the first line is not an origin",
            Self::Text(_) => "size or root of the checkpoint cannot be read",
            Self::EmptyRoot => "size 0 with a root that is not the empty tree's",
        })
    }
}

impl core::error::Error for CheckpointError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Text(error) => Some(error),
            _ => None,
        }
    }
}

impl From<TextError> for CheckpointError {
    fn from(error: TextError) -> Self {
        Self::Text(error)
    }
}

impl Checkpoint {
    /// Reads the text of a note: origin, size, root, nothing else.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let (Some(origin), Some(size), Some(root), None) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        let origin = Origin::parse(origin).map_err(|_| CheckpointError::Origin)?;
        let (size, root) = (TreeSize(from_decimal(size)?), hash_from_base64(root)?);
        if size.0 == 0 && root != EMPTY_ROOT {
            return Err(CheckpointError::EmptyRoot);
        }
        Ok(Self { origin, size, root })
    }

    /// Reads the three lines of a signed note and does not look at its signature lines.
    pub fn parse_note(note: &str) -> Result<Self, CheckpointError> {
        let (text, _) = note::split(note).ok_or(CheckpointError::Lines)?;
        Self::parse(text)
    }

    /// The three lines: what a log signs and a witness cosigns.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, to_base64(self.root))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_round_trip() {
        let checkpoint = Checkpoint {
            origin: Origin::parse("xuefen.example/qinghai").unwrap(),
            size: TreeSize(i64::MAX as u64),
            root: Hash([9; 32]),
        };
        assert_eq!(Checkpoint::parse(&checkpoint.text()), Ok(checkpoint.clone()));
        assert_eq!(Checkpoint::parse_note(&format!("{}\nanything", checkpoint.text())), Ok(checkpoint.clone()));
        let text = checkpoint.text();
        for bad in
            [&format!("+{text}"), &text[..text.len() - 1], &text.replace("\n9", "\n\n9"), &format!("{text}\n"), ""]
        {
            assert!(Checkpoint::parse(bad).is_err(), "{bad:?}");
        }
    }
}
