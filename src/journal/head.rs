//! The head file: the high-water mark of what was acknowledged (formats.md 6; layout: docs/spec/journal.md 5).
//! Two 4 KiB slots written in turn, so that a torn write leaves the other. Nothing here decides what a head may name.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use xuefen_core::Hash;
use xuefen_core::hash::{Context, derive_key};

use super::disk::read_up_to;
use super::error::JournalError;
use super::frame::array;
use super::types::FrameNumber;

/// Bytes of a slot: what a disk overwrites at once.
pub(super) const SLOT: usize = 4_096;
const MAGIC: [u8; 8] = *b"\xffXFHEAD\n";
const VERSION: u32 = 1;
const FIXED: usize = 72;
const CHECKSUM_AT: usize = SLOT - 32;

/// Longest signed checkpoint that a slot holds, in bytes.
pub const MAX_CHECKPOINT: usize = CHECKSUM_AT - FIXED;

/// What was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last frame that the checkpoint covers; [`FrameNumber::NONE`] before the first.
    pub frame: FrameNumber,
    /// Its frame hash; `chain(0)` before the first.
    pub frame_hash: Hash,
    /// Entries up to the end of that frame.
    pub tree_size: u64,
    /// The signed note over that tree (formats.md 4), at most [`MAX_CHECKPOINT`] bytes; empty before the first.
    pub checkpoint: Vec<u8>,
}

impl Head {
    /// Refuses a checkpoint that does not fit into a slot.
    pub(super) const fn check_length(&self) -> Result<(), JournalError> {
        let length = self.checkpoint.len();
        if length <= MAX_CHECKPOINT { Ok(()) } else { Err(JournalError::CheckpointTooLong { length }) }
    }
}

/// One slot's bytes: `head` as number `sequence`.
fn encode(sequence: u64, head: &Head) -> Result<Box<[u8; SLOT]>, JournalError> {
    head.check_length()?;
    let length = head.checkpoint.len();
    let mut slot = Box::new([0; SLOT]);
    slot[..8].copy_from_slice(&MAGIC);
    slot[8..12].copy_from_slice(&VERSION.to_be_bytes());
    slot[12..16].copy_from_slice(&u32::try_from(length).expect("checked against MAX_CHECKPOINT").to_be_bytes());
    slot[16..24].copy_from_slice(&sequence.to_be_bytes());
    slot[24..32].copy_from_slice(&head.frame.0.to_be_bytes());
    slot[32..64].copy_from_slice(head.frame_hash.as_ref());
    slot[64..72].copy_from_slice(&head.tree_size.to_be_bytes());
    slot[FIXED..FIXED + length].copy_from_slice(&head.checkpoint);
    let checksum = derive_key(Context::InternalChecksum, &[&slot[..CHECKSUM_AT]]);
    slot[CHECKSUM_AT..].copy_from_slice(checksum.as_ref());
    Ok(slot)
}

/// The slot's sequence and head, if it is whole.
fn parse(slot: &[u8]) -> Option<(u64, Head)> {
    let checksum = derive_key(Context::InternalChecksum, &[slot.get(..CHECKSUM_AT)?]);
    if slot.len() != SLOT || slot[CHECKSUM_AT..] != checksum.0 || slot[..8] != MAGIC {
        return None;
    }
    let length = u32::from_be_bytes(array(slot, 12)) as usize;
    if slot[8..12] != VERSION.to_be_bytes() || length > MAX_CHECKPOINT {
        return None;
    }
    let head = Head {
        frame: FrameNumber(u64::from_be_bytes(array(slot, 24))),
        frame_hash: Hash(array(slot, 32)),
        tree_size: u64::from_be_bytes(array(slot, 64)),
        checkpoint: slot[FIXED..FIXED + length].to_vec(),
    };
    Some((u64::from_be_bytes(array(slot, 16)), head))
}

/// The slots of a head file's bytes, each if whole and in the place that its sequence has. Longer or shorter files have
/// no second or no whole slot.
pub(super) fn slots(bytes: &[u8]) -> [Option<(u64, Head)>; 2] {
    let slot = |number: u64, range| {
        let (sequence, head) = parse(bytes.get(range)?)?;
        (sequence % 2 == number).then_some((sequence, head))
    };
    [slot(0, 0..SLOT), slot(1, SLOT..2 * SLOT)]
}

/// The bytes of a new head file: both slots whole, so that a damaged one is always damage.
pub(super) fn initial(head: &Head) -> Result<Vec<u8>, JournalError> {
    Ok([&encode(0, head)?[..], &encode(1, head)?[..]].concat())
}

/// The head file, open for writing.
#[derive(Debug)]
pub(super) struct HeadFile {
    file: File,
    path: PathBuf,
    sequence: u64,
    newest: Head,
}

impl HeadFile {
    /// Opens the file and takes the whole slot of the higher sequence. A damaged slot is what a torn write leaves: the
    /// next write goes there.
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let file = File::options().read(true).write(true).open(path).map_err(JournalError::io("open", path))?;
        let bytes = read_up_to(&file, 0, 2 * SLOT).map_err(JournalError::io("read", path))?;
        let newest = slots(&bytes).into_iter().flatten().max_by_key(|(sequence, _)| *sequence);
        let (sequence, newest) = newest.ok_or_else(|| JournalError::HeadDamaged { path: path.to_owned() })?;
        Ok(Self { file, path: path.to_owned(), sequence, newest })
    }

    pub(super) const fn newest(&self) -> &Head {
        &self.newest
    }

    pub(super) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Writes `head` over the older slot and syncs it. After an error the file may hold either; the caller stops.
    pub(super) fn write(&mut self, head: &Head) -> Result<(), JournalError> {
        let sequence = self.sequence + 1;
        let slot = encode(sequence, head)?;
        let offset = (sequence % 2) * SLOT as u64;
        self.file.write_all_at(&slot[..], offset).map_err(JournalError::io("write", &self.path))?;
        // Durability: the size never changes, so fdatasync covers all there is.
        self.file.sync_data().map_err(JournalError::io("sync", &self.path))?;
        self.sequence = sequence;
        self.newest.clone_from(head);
        Ok(())
    }

    /// Puts another descriptor in place, to make the next write fail.
    #[cfg(test)]
    pub(super) fn break_with(&mut self, file: File) {
        self.file = file;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(frame: u64) -> Head {
        Head { frame: FrameNumber(frame), frame_hash: Hash([7; 32]), tree_size: 3, checkpoint: b"note\n".to_vec() }
    }

    #[test]
    fn slots_alternate_and_a_torn_one_leaves_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("head");
        std::fs::write(&path, initial(&head(0)).unwrap()).unwrap();
        let mut file = HeadFile::open(&path).unwrap();
        for frame in 1..=5 {
            file.write(&head(frame)).unwrap();
            assert_eq!(HeadFile::open(&path).unwrap().newest(), &head(frame));
        }
        // Sequence 6 is in slot 0: damage it, and number 4 of the other slot stands.
        let whole = std::fs::read(&path).unwrap();
        for byte in [0, 9, 20, 100, SLOT - 1] {
            let mut bytes = whole.clone();
            bytes[byte] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let mut file = HeadFile::open(&path).unwrap();
            assert_eq!(file.newest(), &head(4));
            file.write(&head(6)).unwrap();
            assert!(
                slots(&std::fs::read(&path).unwrap()).iter().all(Option::is_some),
                "the damaged slot is written next"
            );
        }
    }

    #[test]
    fn swapped_slots_are_not_whole() {
        let mut bytes = initial(&head(1)).unwrap();
        bytes.rotate_left(SLOT);
        assert_eq!(slots(&bytes), [None, None]);
    }

    #[test]
    fn a_checkpoint_fits_or_is_refused() {
        let mut long = head(1);
        long.checkpoint = vec![b'x'; MAX_CHECKPOINT];
        assert_eq!(parse(&encode(1, &long).unwrap()[..]), Some((1, long.clone())));
        long.checkpoint.push(b'x');
        assert!(
            matches!(encode(1, &long), Err(JournalError::CheckpointTooLong { length }) if length == MAX_CHECKPOINT + 1)
        );
    }
}
