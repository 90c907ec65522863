//! Segment files: their names and the footer of a rolled one (formats.md 6; layout: docs/spec/journal.md 4).

use std::path::{Path, PathBuf};

use xuefen_core::Hash;
use xuefen_core::hash::{Context, derive_key};

use super::error::{JournalError, Problem};
use super::frame::array;
use super::types::{FrameNumber, Position};

pub(super) const FOOTER_LEN: usize = 92;
const MAGIC: [u8; 8] = *b"\xffXFFOOT\n";
const VERSION: u32 = 1;
const CHECKSUM_AT: usize = 60;
const SUFFIX: &str = ".segment";

/// What ends a rolled segment: the segment was whole when the next one was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Footer {
    /// Index of the segment's first entry, or of the next one to come.
    pub first_index: u64,
    /// Entries in the segment.
    pub count: u64,
    /// Frame hash of the segment's last frame.
    pub last_hash: Hash,
}

impl Footer {
    pub(super) fn encode(&self) -> [u8; FOOTER_LEN] {
        let mut bytes = [0; FOOTER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_be_bytes());
        bytes[12..20].copy_from_slice(&self.first_index.to_be_bytes());
        bytes[20..28].copy_from_slice(&self.count.to_be_bytes());
        bytes[28..60].copy_from_slice(self.last_hash.as_ref());
        let checksum = derive_key(Context::InternalChecksum, &[&bytes[..CHECKSUM_AT]]);
        bytes[CHECKSUM_AT..].copy_from_slice(checksum.as_ref());
        bytes
    }

    /// Exactly one footer.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let bytes: &[u8; FOOTER_LEN] = bytes.try_into().map_err(|_| Problem::Footer)?;
        let checksum = derive_key(Context::InternalChecksum, &[&bytes[..CHECKSUM_AT]]);
        if bytes[..8] != MAGIC || bytes[8..12] != VERSION.to_be_bytes() || bytes[CHECKSUM_AT..] != checksum.0 {
            return Err(Problem::Footer);
        }
        Ok(Self {
            first_index: u64::from_be_bytes(array(bytes, 12)),
            count: u64::from_be_bytes(array(bytes, 20)),
            last_hash: Hash(array(bytes, 28)),
        })
    }
}

/// Whether a footer, whole or not, begins here.
pub(super) fn is_footer(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// The file of segment `number`.
pub(super) fn path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:010}{SUFFIX}"))
}

/// How many segments there are.
///
/// # Errors
/// [`Problem::SegmentMissing`] if they are not numbered 0, 1, 2 … without gaps, or a name is malformed.
pub(super) fn count(dir: &Path) -> Result<u32, JournalError> {
    let missing = |number| JournalError::damaged(Position::new(number, 0), FrameNumber::NONE, Problem::SegmentMissing);
    let mut numbers = Vec::new();
    for item in std::fs::read_dir(dir).map_err(JournalError::io("list", dir))? {
        let name = item.map_err(JournalError::io("list", dir))?.file_name();
        let Some(name) = name.to_str() else { continue };
        let Some(digits) = name.strip_suffix(SUFFIX) else { continue };
        let number: u32 = digits.parse().map_err(|_| missing(0))?;
        if format!("{number:010}") != digits {
            return Err(missing(number));
        }
        numbers.push(number);
    }
    numbers.sort_unstable();
    match (0..).zip(&numbers).find(|(expected, number)| expected != *number) {
        Some((expected, _)) => Err(missing(expected)),
        None => Ok(u32::try_from(numbers.len()).expect("each has its own u32")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footer_round_trip_and_every_flipped_bit() {
        let footer = Footer { first_index: 3, count: 9, last_hash: Hash([8; 32]) };
        let whole = footer.encode();
        assert_eq!(Footer::parse(&whole), Ok(footer));
        assert!(is_footer(&whole));
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Footer::parse(&bytes), Err(Problem::Footer), "bit {bit}");
        }
        assert_eq!(Footer::parse(&whole[1..]), Err(Problem::Footer));
    }

    #[test]
    fn gaps_and_strange_names_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let touch = |name: &str| std::fs::write(dir.path().join(name), b"").unwrap();
        assert_eq!(count(dir.path()).unwrap(), 0);
        touch("head");
        touch("0000000000.segment");
        touch("0000000001.segment");
        assert_eq!(count(dir.path()).unwrap(), 2);
        touch("0000000003.segment");
        let error = count(dir.path()).unwrap_err();
        assert!(error.to_string().contains("segment 2 "), "{error}");
        touch("0000000002.segment");
        touch("4.segment");
        assert!(count(dir.path()).is_err());
    }
}
