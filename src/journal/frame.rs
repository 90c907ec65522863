//! The bytes of a frame and how they are read back (formats.md 6; layout: docs/spec/journal.md 2). No files here.

use xuefen_core::Hash;
use xuefen_core::hash::{Context, derive_key};

use super::error::Problem;
use super::record::Record;
use super::types::{FrameNumber, Position, TreeHead};

/// Most entries in a frame (formats.md 6).
pub const MAX_ENTRIES: u32 = 4_096;
/// Most bytes of records in a frame of several records (formats.md 6).
pub const SOFT_BYTES: usize = 1 << 20;
/// Longest body in bytes. A record above [`SOFT_BYTES`] stands alone in its frame and this is its bound; it is also the
/// most a reader allocates on the word of a header.
pub const MAX_BODY: usize = 8 << 20;

pub(super) const MAGIC: [u8; 8] = *b"\xffXFFRAME";
pub(super) const VERSION: u32 = 1;
/// Bytes of a frame before its body.
pub(super) const HEADER_LEN: usize = HEADER_BYTES as usize;
/// The same, as positions count.
pub(super) const HEADER_BYTES: u32 = 100;
const CHECKSUM_AT: usize = 68;
/// Bytes at the end of the body: chain head, tree size, tree root.
pub(super) const TAIL_LEN: usize = 72;
const HASH_BYTES: u32 = 32;

/// `derive_key(FRAME, header || body)` (formats.md 6).
pub(super) fn frame_hash(header_and_body: &[u8]) -> Hash {
    derive_key(Context::Frame, &[header_and_body])
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// The frame's number.
    pub number: FrameNumber,
    /// Index of the frame's first entry; of the next entry to come if it has none.
    pub first_index: u64,
    /// Entries in the frame.
    pub count: u32,
    /// Frame hash of the frame before; `chain(0)` for frame 1.
    pub previous: Hash,
    /// Length of the body in bytes.
    pub body_len: u32,
}

impl FrameHeader {
    pub(super) fn encode(&self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.count.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.number.0.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.first_index.to_be_bytes());
        bytes[32..64].copy_from_slice(self.previous.as_ref());
        bytes[64..68].copy_from_slice(&self.body_len.to_be_bytes());
        let checksum = derive_key(Context::InternalChecksum, &[&bytes[..CHECKSUM_AT]]);
        bytes[CHECKSUM_AT..].copy_from_slice(checksum.as_ref());
        bytes
    }

    /// Reads the header that `bytes` begin with. What it says is within the limits, whoever wrote it.
    ///
    /// # Errors
    /// The [`Problem`], in the order short, magic, version, checksum, limits.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let bytes: &[u8; HEADER_LEN] = bytes.first_chunk().ok_or(Problem::Short)?;
        if bytes[..8] != MAGIC {
            return Err(Problem::Magic);
        }
        let checksum = derive_key(Context::InternalChecksum, &[&bytes[..CHECKSUM_AT]]);
        // A torn write leaves zeros; another version is never taken for a torn tail, and so never cut.
        if bytes[8..12] != VERSION.to_be_bytes() && bytes[8..12] != [0; 4] {
            return Err(Problem::Version);
        }
        if bytes[CHECKSUM_AT..] != checksum.0 || bytes[8..12] == [0; 4] {
            return Err(Problem::HeaderChecksum);
        }
        let header = Self {
            number: FrameNumber(u64::from_be_bytes(array(bytes, 16))),
            first_index: u64::from_be_bytes(array(bytes, 24)),
            count: u32::from_be_bytes(array(bytes, 12)),
            previous: Hash(array(bytes, 32)),
            body_len: u32::from_be_bytes(array(bytes, 64)),
        };
        let body = header.body_len as usize;
        let fits = header.count <= MAX_ENTRIES && (TAIL_LEN..=MAX_BODY).contains(&body);
        let indexed = header.first_index.checked_add(u64::from(header.count)).is_some();
        if fits && indexed { Ok(header) } else { Err(Problem::Limits) }
    }

    /// Length of the whole frame in bytes.
    #[must_use]
    pub const fn frame_len(&self) -> usize {
        HEADER_LEN + self.body_len as usize + HASH_BYTES as usize
    }

    /// Index after the frame's last entry.
    #[must_use]
    pub const fn next_index(&self) -> u64 {
        self.first_index + self.count as u64
    }
}

/// `N` bytes at a constant offset within a fixed layout.
pub(super) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    *bytes[at..].first_chunk().expect("the layout's constants lie within its length")
}

/// A frame read back, with its bytes and where they were. Whole: hash, lengths and counts have been checked; whether it
/// follows the frame before is the matter of [`super::Frames`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFrame {
    position: Position,
    bytes: Vec<u8>,
    header: FrameHeader,
    hash: Hash,
    chain: Hash,
    tree: TreeHead,
}

impl StoredFrame {
    /// Checks and takes exactly one frame.
    ///
    /// # Errors
    /// The first [`Problem`].
    pub(super) fn parse(position: Position, bytes: Vec<u8>) -> Result<Self, Problem> {
        let header = FrameHeader::parse(&bytes)?;
        let body_end = HEADER_LEN + header.body_len as usize;
        if bytes.len() != header.frame_len() {
            return Err(Problem::Short);
        }
        let hash = frame_hash(&bytes[..body_end]);
        if bytes[body_end..] != hash.0 {
            return Err(Problem::FrameHash);
        }
        let records_end = body_end - TAIL_LEN;
        check_records(&bytes[HEADER_LEN..records_end], header.count)?;
        let chain = Hash(array(&bytes, records_end));
        let size = u64::from_be_bytes(array(&bytes, records_end + 32));
        if size != header.next_index() {
            return Err(Problem::Index);
        }
        let tree = TreeHead { size, root: Hash(array(&bytes, records_end + 40)) };
        Ok(Self { position, bytes, header, hash, chain, tree })
    }

    /// Where the frame begins.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Where it ends.
    #[must_use]
    pub const fn end(&self) -> Position {
        self.position.plus(HEADER_BYTES).plus(self.header.body_len).plus(HASH_BYTES)
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &FrameHeader {
        &self.header
    }

    /// The frame's number.
    #[must_use]
    pub const fn number(&self) -> FrameNumber {
        self.header.number
    }

    /// The frame hash.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Chain head after the frame's entries.
    #[must_use]
    pub const fn chain(&self) -> Hash {
        self.chain
    }

    /// Tree after the frame's entries, as the writer stated it.
    #[must_use]
    pub const fn tree(&self) -> TreeHead {
        self.tree
    }

    /// The records in order, each with its position. Entries carry the indices from `header().first_index` on.
    #[expect(clippy::missing_panics_doc, reason = "`parse` has walked the same records")]
    pub fn records(&self) -> impl Iterator<Item = (Position, Record<'_>)> {
        let end = HEADER_LEN + self.header.body_len as usize - TAIL_LEN;
        let mut rest = &self.bytes[HEADER_LEN..end];
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let offset = u32::try_from(end - rest.len()).expect("a frame is shorter than 4 GiB");
            let (record, after) = Record::parse(rest).expect("`parse` walked the same records");
            rest = after;
            Some((self.position.plus(offset), record))
        })
    }
}

/// The records fill the bytes, and `count` of them are entries.
fn check_records(mut bytes: &[u8], count: u32) -> Result<(), Problem> {
    let mut entries = 0;
    while !bytes.is_empty() {
        let (record, rest) = Record::parse(bytes).map_err(|_| Problem::Records)?;
        entries += u32::from(matches!(record, Record::Entry { .. }));
        bytes = rest;
    }
    if entries == count { Ok(()) } else { Err(Problem::Records) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{FrameBuilder, Sealed};

    fn frame() -> Vec<u8> {
        let mut builder = FrameBuilder::new(FrameNumber(3), 8, Hash([4; 32]));
        builder.push_entry(b"entry", Some(Sealed { slot: 1, bytes: b"sealed" })).unwrap();
        builder.push_private(2, Sealed { slot: 2, bytes: b"private" }).unwrap();
        builder.finish(Hash([5; 32]), TreeHead { size: 9, root: Hash([6; 32]) }).bytes().to_vec()
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let whole = frame();
        assert!(StoredFrame::parse(Position::START, whole.clone()).is_ok());
        for bit in 0..whole.len() * 8 {
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(StoredFrame::parse(Position::START, bytes).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn every_other_length_is_refused() {
        let whole = frame();
        for length in 0..whole.len() {
            assert_eq!(StoredFrame::parse(Position::START, whole[..length].to_vec()), Err(Problem::Short));
        }
        let longer = [whole, vec![0]].concat();
        assert_eq!(StoredFrame::parse(Position::START, longer), Err(Problem::Short));
    }

    #[test]
    fn lengths_beyond_the_limits_are_refused_before_anything_is_allocated() {
        let good = FrameHeader::parse(&frame()).unwrap();
        for header in [
            FrameHeader { body_len: u32::MAX, ..good },
            FrameHeader { body_len: 0, ..good },
            FrameHeader { count: MAX_ENTRIES + 1, ..good },
            FrameHeader { first_index: u64::MAX, ..good },
        ] {
            assert_eq!(FrameHeader::parse(&header.encode()), Err(Problem::Limits), "{header:?}");
        }
    }

    #[test]
    fn a_whole_frame_with_wrong_counts_is_refused() {
        let rehash = |header: FrameHeader| {
            let mut bytes = frame();
            bytes[..HEADER_LEN].copy_from_slice(&header.encode());
            let end = bytes.len() - 32;
            let hash = frame_hash(&bytes[..end]);
            bytes[end..].copy_from_slice(hash.as_ref());
            StoredFrame::parse(Position::START, bytes)
        };
        let good = FrameHeader::parse(&frame()).unwrap();
        assert!(rehash(good).is_ok());
        assert_eq!(rehash(FrameHeader { count: 2, ..good }), Err(Problem::Records));
        assert_eq!(rehash(FrameHeader { first_index: 7, ..good }), Err(Problem::Index));
    }
}
