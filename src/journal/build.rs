//! Building a frame: one buffer, filled in place, ready to be written. The reverse is `frame.rs`.

use xuefen_core::Hash;

use super::frame::{FrameHeader, HEADER_LEN, MAX_BODY, MAX_ENTRIES, SOFT_BYTES, TAIL_LEN, frame_hash};
use super::record::{MAX_ENTRY, Record, Sealed};
use super::types::{FrameNumber, TreeHead};

/// Why a record was not taken into a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// It fits into the next frame: finish this one first.
    #[error("the frame is full")]
    Frame,
    /// It fits into no frame.
    #[error("the record is longer than any frame may be")]
    Record,
}

/// A frame under construction. At most [`MAX_ENTRIES`] entries and [`SOFT_BYTES`] bytes of records; a longer record may
/// stand alone in its frame, up to [`MAX_BODY`].
#[derive(Debug)]
pub struct FrameBuilder {
    /// Room for the header, then the records.
    bytes: Vec<u8>,
    number: FrameNumber,
    first_index: u64,
    previous: Hash,
    count: u32,
}

impl FrameBuilder {
    /// An empty frame `number` whose first entry would be `first_index`, after the frame of hash `previous`
    /// (for frame 1: [`super::chain_start`]).
    #[must_use]
    pub fn new(number: FrameNumber, first_index: u64, previous: Hash) -> Self {
        Self::with_capacity(number, first_index, previous, 0)
    }

    /// The same with room for `records` bytes of records, so that the buffer need not grow.
    #[must_use]
    pub fn with_capacity(number: FrameNumber, first_index: u64, previous: Hash, records: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER_LEN + records.min(MAX_BODY) + TAIL_LEN + size_of::<Hash>());
        bytes.resize(HEADER_LEN, 0);
        Self { bytes, number, first_index, previous, count: 0 }
    }

    /// Adds an entry (at most 65,535 bytes) with its sealed payload. Returns its offset within the frame in bytes.
    ///
    /// # Errors
    /// [`Full`]; the frame is as it was.
    pub fn push_entry(&mut self, entry: &[u8], sealed: Option<Sealed<'_>>) -> Result<u32, Full> {
        if entry.len() > MAX_ENTRY {
            return Err(Full::Record);
        }
        if self.count >= MAX_ENTRIES {
            return Err(Full::Frame);
        }
        let offset = self.push(&Record::Entry { entry, sealed })?;
        self.count += 1;
        Ok(offset)
    }

    /// Adds a private record. Returns its offset within the frame in bytes.
    ///
    /// # Errors
    /// [`Full`]; the frame is as it was.
    pub fn push_private(&mut self, kind: u8, sealed: Sealed<'_>) -> Result<u32, Full> {
        self.push(&Record::Private { kind, sealed })
    }

    fn push(&mut self, record: &Record<'_>) -> Result<u32, Full> {
        let length = record.encoded_len();
        let offset = self.bytes.len();
        if length > MAX_BODY - TAIL_LEN {
            return Err(Full::Record);
        }
        if !self.is_empty() && offset - HEADER_LEN + length > SOFT_BYTES {
            return Err(Full::Frame);
        }
        record.write(&mut self.bytes);
        Ok(u32::try_from(offset).expect("a frame is shorter than 4 GiB"))
    }

    /// Entries so far.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// Bytes of records so far.
    #[must_use]
    pub const fn record_bytes(&self) -> usize {
        self.bytes.len() - HEADER_LEN
    }

    /// True while there is no record.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.record_bytes() == 0
    }

    /// Index that the next entry gets.
    #[must_use]
    pub const fn next_index(&self) -> u64 {
        self.first_index + self.count as u64
    }

    /// Closes the frame with the chain head and the tree after its entries. A frame without records is a frame too.
    ///
    /// # Panics
    /// If `tree.size` is not [`Self::next_index`]: the caller's tree and frame have gone apart, and nothing may be written.
    #[must_use]
    pub fn finish(mut self, chain: Hash, tree: TreeHead) -> Frame {
        assert_eq!(tree.size, self.next_index(), "the tree holds exactly the entries up to this frame's end");
        self.bytes.reserve_exact(TAIL_LEN + size_of::<Hash>());
        self.bytes.extend_from_slice(chain.as_ref());
        self.bytes.extend_from_slice(&tree.size.to_be_bytes());
        self.bytes.extend_from_slice(tree.root.as_ref());
        let header = FrameHeader {
            number: self.number,
            first_index: self.first_index,
            count: self.count,
            previous: self.previous,
            body_len: u32::try_from(self.bytes.len() - HEADER_LEN).expect("a body is at most MAX_BODY"),
        };
        self.bytes[..HEADER_LEN].copy_from_slice(&header.encode());
        let hash = frame_hash(&self.bytes);
        self.bytes.extend_from_slice(hash.as_ref());
        Frame { bytes: self.bytes, header, hash, chain, tree }
    }
}

/// A finished frame: the bytes to write and what stands in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    bytes: Vec<u8>,
    header: FrameHeader,
    hash: Hash,
    chain: Hash,
    tree: TreeHead,
}

impl Frame {
    /// Header, body and frame hash, as they are written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
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

    /// The frame hash: `derive_key(FRAME, header || body)` (formats.md 6).
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// Chain head after the frame's entries.
    #[must_use]
    pub const fn chain(&self) -> Hash {
        self.chain
    }

    /// Tree after the frame's entries.
    #[must_use]
    pub const fn tree(&self) -> TreeHead {
        self.tree
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::frame::StoredFrame;
    use crate::journal::types::Position;

    fn builder() -> FrameBuilder {
        FrameBuilder::new(FrameNumber(1), 5, Hash([9; 32]))
    }

    #[test]
    fn offsets_lead_to_the_records() {
        let mut builder = builder();
        let first = builder.push_entry(b"one", Some(Sealed { slot: 4, bytes: b"sealed" })).unwrap();
        let second = builder.push_private(7, Sealed { slot: 5, bytes: b"private" }).unwrap();
        assert_eq!((builder.count(), builder.next_index()), (1, 6));
        let frame = builder.finish(Hash([1; 32]), TreeHead { size: 6, root: Hash([2; 32]) });
        let at = Position::new(2, 40);
        let stored = StoredFrame::parse(at, frame.bytes().to_vec()).unwrap();
        let positions: Vec<_> = stored.records().map(|(position, _)| position).collect();
        assert_eq!(positions, [at.plus(first), at.plus(second)]);
        assert_eq!((stored.hash(), stored.chain(), stored.tree()), (frame.hash(), frame.chain(), frame.tree()));
    }

    #[test]
    fn limits_hold_and_leave_the_frame_as_it_was() {
        let mut full = builder();
        for _ in 0..MAX_ENTRIES {
            full.push_entry(b"e", None).unwrap();
        }
        assert_eq!(full.push_entry(b"e", None), Err(Full::Frame));
        assert!(full.push_private(1, Sealed { slot: 0, bytes: b"" }).is_ok(), "the count is of entries");

        let mut long = builder();
        assert_eq!(long.push_entry(&vec![0; MAX_ENTRY + 1], None), Err(Full::Record));
        assert_eq!(long.push_private(1, Sealed { slot: 0, bytes: &vec![0; MAX_BODY] }), Err(Full::Record));
        assert!(long.is_empty());
        let big = vec![0; SOFT_BYTES + 1];
        long.push_entry(b"long", Some(Sealed { slot: 0, bytes: &big })).expect("a longer one may stand alone");
        assert_eq!(long.push_entry(b"e", None), Err(Full::Frame), "but alone");
    }

    #[test]
    #[should_panic(expected = "exactly the entries")]
    fn a_tree_of_another_size_is_never_written() {
        let _ = builder().finish(Hash([0; 32]), TreeHead { size: 6, root: Hash([0; 32]) });
    }
}
