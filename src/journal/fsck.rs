//! `fsck`: every byte of a journal, read and checked by itself. Changes nothing and judges no rules; those are the
//! matter of `audit`.

use std::path::Path;

use xuefen_core::merkle::leaf_hash;
use xuefen_core::tree::Frontier;
use xuefen_core::{Hash, chain};

use super::disk::read_up_to;
use super::error::{Damage, JournalError, Problem};
use super::file::HEAD;
use super::frame::StoredFrame;
use super::head::{self, Head, SLOT};
use super::lock::DirLock;
use super::record::Record;
use super::scan::{Step, Walk};
use super::segment::{self, Footer};
use super::types::{FrameNumber, Position, chain_start};

/// What `fsck` read, and the first problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Segment files.
    pub segments: u32,
    /// Whole frames that follow each other.
    pub frames: u64,
    /// Entries in them.
    pub entries: u64,
    /// Private records in them.
    pub private: u64,
    /// Bytes of segment files up to the end, or to the first problem.
    pub bytes: u64,
    /// The first problem; the scan ends there.
    pub damage: Option<Damage>,
}

/// Reads the whole journal in `dir`: headers, checksums, frame hashes, links, counts, the chain and the tree over the
/// leaf hashes, footers, and both head slots against the frames. With `origin`, also that the first frame begins with
/// its `chain(0)`.
///
/// # Errors
/// [`JournalError::Locked`] if a server runs on it, [`JournalError::NotAJournal`], [`JournalError::Io`]. Damage is not
/// an error but in the report.
pub fn fsck(dir: &Path, origin: Option<&str>) -> Result<Report, JournalError> {
    if !dir.is_dir() {
        return Err(JournalError::NotAJournal { dir: dir.to_owned() });
    }
    let _lock = DirLock::take(dir)?;
    let mut report = Report::default();
    match check(dir, origin, &mut report) {
        Ok(()) => {}
        Err(JournalError::Damaged(damage)) => report.damage = Some(damage),
        Err(error) => return Err(error),
    }
    Ok(report)
}

fn check(dir: &Path, origin: Option<&str>, report: &mut Report) -> Result<(), JournalError> {
    let segments = segment::count(dir)?;
    let path = dir.join(HEAD);
    if !path.try_exists().map_err(JournalError::io("look for", &path))? {
        let dir = dir.to_owned();
        return Err(if segments == 0 { JournalError::NotAJournal { dir } } else { JournalError::HeadMissing { dir } });
    }
    let file = std::fs::File::open(&path).map_err(JournalError::io("open", &path))?;
    // One byte more than there should be, so that a longer file shows.
    let bytes = read_up_to(&file, 0, 2 * SLOT + 1).map_err(JournalError::io("read", &path))?;
    let mut slots = head::slots(&bytes).map(|slot| slot.map(|(sequence, head)| Named { sequence, head, found: false }));

    let mut follow = Follow::new(origin.map(chain_start));
    for number in 0..segments {
        report.segments = number + 1;
        let last = number + 1 == segments;
        segment(dir, number, last, &mut follow, &mut slots, report)?;
    }
    if follow.frame == FrameNumber::NONE {
        // Nothing but the heads knows the origin of an empty journal.
        for slot in slots.iter_mut().flatten() {
            let start = origin.map_or(slot.head.frame_hash, chain_start);
            slot.found = slot.head.frame == FrameNumber::NONE && slot.head.frame_hash == start;
        }
    }
    check_slots(&slots, bytes.len())
}

/// One segment, frame by frame.
fn segment(
    dir: &Path,
    number: u32,
    last: bool,
    follow: &mut Follow,
    slots: &mut [Option<Named>; 2],
    report: &mut Report,
) -> Result<(), JournalError> {
    let mut walk = Walk::open(dir, Position::new(number, 0))?;
    let first_index = follow.size;
    loop {
        let at = walk.at();
        let damaged = |follow: &Follow, problem| Err(JournalError::damaged(at, follow.frame.next(), problem));
        match walk.step()? {
            Step::Frame(frame) => {
                if let Err(problem) = follow.frame(&frame, report) {
                    return damaged(follow, problem);
                }
                slots.iter_mut().flatten().for_each(|slot| slot.compare(&frame, follow.start));
                report.bytes += u64::from(walk.at().offset() - at.offset());
            }
            Step::Footer(footer) => {
                let expected = Footer {
                    first_index,
                    count: follow.size - first_index,
                    last_hash: follow.previous.unwrap_or_default(),
                };
                if footer != expected {
                    return damaged(follow, Problem::FooterMismatch);
                }
                report.bytes += segment::FOOTER_LEN as u64;
                return Ok(());
            }
            Step::End if last => return Ok(()),
            Step::End => return damaged(follow, Problem::FooterMissing),
            Step::Bad(problem) => {
                let previous = follow.previous.unwrap_or_default();
                let tail = last
                    && slots.iter().flatten().all(|slot| slot.head.frame <= follow.frame)
                    && !walk.whole_data_follows(follow.frame, &previous)?;
                return damaged(follow, if tail { Problem::TornTail } else { problem });
            }
        }
    }
}

/// What the next frame must continue.
struct Follow {
    frame: FrameNumber,
    /// `chain(0)`, once it is known: given, or from frame 1.
    start: Option<Hash>,
    previous: Option<Hash>,
    chain: Hash,
    tree: Frontier,
    size: u64,
}

impl Follow {
    fn new(start: Option<Hash>) -> Self {
        let chain = start.unwrap_or_default();
        Self { frame: FrameNumber::NONE, start, previous: start, chain, tree: Frontier::new(), size: 0 }
    }

    fn frame(&mut self, frame: &StoredFrame, report: &mut Report) -> Result<(), Problem> {
        let header = frame.header();
        if header.number != self.frame.next() {
            return Err(Problem::Number);
        }
        if self.previous.is_some_and(|previous| previous != header.previous) {
            return Err(Problem::Link);
        }
        if self.start.is_none() {
            self.start = Some(header.previous);
            self.chain = header.previous;
        }
        if header.first_index != self.size {
            return Err(Problem::Index);
        }
        for (_, record) in frame.records() {
            match record {
                Record::Entry { entry, .. } => {
                    let leaf = leaf_hash(entry);
                    self.chain = chain::next(&self.chain, &leaf);
                    self.tree.append(leaf);
                    report.entries += 1;
                }
                Record::Private { .. } => report.private += 1,
            }
        }
        if frame.chain() != self.chain {
            return Err(Problem::Chain);
        }
        if frame.tree().root != self.tree.root() {
            return Err(Problem::Root);
        }
        report.frames += 1;
        (self.frame, self.previous, self.size) = (frame.number(), Some(frame.hash()), header.next_index());
        Ok(())
    }
}

/// A slot of the head file and whether what it names was seen.
struct Named {
    sequence: u64,
    head: Head,
    found: bool,
}

impl Named {
    fn compare(&mut self, frame: &StoredFrame, start: Option<Hash>) {
        let named = (self.head.frame_hash, self.head.tree_size);
        if frame.number() == self.head.frame {
            self.found = named == (frame.hash(), frame.tree().size);
        } else if self.head.frame == FrameNumber::NONE {
            self.found = Some(named) == start.map(|start| (start, 0));
        }
    }
}

fn check_slots(slots: &[Option<Named>; 2], file_len: usize) -> Result<(), JournalError> {
    let damaged = |frame, problem| Err(JournalError::Damaged(Damage { position: None, frame, problem }));
    for (number, slot) in (0..).zip(slots) {
        match slot {
            None => return damaged(FrameNumber::NONE, Problem::HeadSlot(number)),
            Some(slot) if !slot.found => return damaged(slot.head.frame, Problem::HeadNames(number)),
            Some(_) => {}
        }
    }
    if file_len != 2 * SLOT {
        return damaged(FrameNumber::NONE, Problem::HeadSequence);
    }
    match slots {
        [Some(even), Some(odd)] if even.sequence.abs_diff(odd.sequence) != 1 => {
            damaged(even.head.frame, Problem::HeadSequence)
        }
        _ => Ok(()),
    }
}
