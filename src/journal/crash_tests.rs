//! What crashes, damage and wrong restores do to the journal on files. Each test looks at the disk as a new process would.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xuefen_core::Hash;

use super::testing::{ORIGIN, Writer, temp_dir};
use super::{
    FileJournal, FrameBuilder, FrameNumber, Frames, Journal, JournalError, Mark, Options, Position, Problem, Sealed,
    Start, fsck, segment,
};

const OPTIONS: Options = Options { segment_size: 1_200 };

fn open(dir: &Path, mark: Mark) -> Result<FileJournal, JournalError> {
    FileJournal::open(dir, ORIGIN, mark, OPTIONS)
}

fn problem(result: Result<FileJournal, JournalError>) -> Problem {
    match result {
        Err(JournalError::Damaged(damage)) => damage.problem,
        other => panic!("{other:?}"),
    }
}

/// A journal and the bytes of all its files, to be put back after each trial.
struct Bench {
    _temp: tempfile::TempDir,
    dir: PathBuf,
    files: Vec<(PathBuf, Vec<u8>)>,
    /// Position, end and number of entries of each frame.
    frames: Vec<(Position, Position, u64)>,
}

impl Bench {
    /// `published` frames under the head, then `more` above it; 0 to 3 entries each.
    fn new(published: u64, more: u64) -> Self {
        let temp = temp_dir();
        let dir = temp.path().join("journal");
        let mut writer = Writer::new(FileJournal::create(&dir, ORIGIN, OPTIONS).unwrap());
        for number in 0..published + more {
            writer.write(number % 4);
            if number < published {
                writer.publish();
            }
        }
        drop(writer);
        Self::of(temp, dir)
    }

    fn of(temp: tempfile::TempDir, dir: PathBuf) -> Self {
        let reader = open(&dir, Mark::Beginning).unwrap().reader();
        let frames = Frames::new(reader, Start::Beginning).unwrap().map(Result::unwrap);
        let frames = frames.map(|frame| (frame.position(), frame.end(), frame.tree().size)).collect();
        let mut bench = Self { _temp: temp, dir, files: Vec::new(), frames };
        let listed = std::fs::read_dir(&bench.dir).unwrap().map(|item| item.unwrap().path());
        bench.files = listed.map(|path| (path.clone(), std::fs::read(&path).unwrap())).collect();
        bench.files.sort();
        bench
    }

    fn restore(&self) {
        for item in std::fs::read_dir(&self.dir).unwrap() {
            let path = item.unwrap().path();
            if !self.files.iter().any(|(kept, _)| *kept == path) {
                std::fs::remove_file(path).unwrap();
            }
        }
        for (path, bytes) in &self.files {
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// The head file as it was after two frames.
    fn older_head(&self) -> Vec<u8> {
        let dir = self.dir.with_file_name("older");
        let mut writer = Writer::new(FileJournal::create(&dir, ORIGIN, OPTIONS).unwrap());
        writer.commit(0);
        writer.commit(1);
        std::fs::read(dir.join("head")).unwrap()
    }

    fn segments(&self) -> impl Iterator<Item = (u32, &Path, &[u8])> {
        let files = self.files.iter().filter(|(path, _)| path.extension().is_some_and(|suffix| suffix == "segment"));
        (0..).zip(files).map(|(number, (path, bytes))| (number, path.as_path(), bytes.as_slice()))
    }

    /// Cuts the segment and removes the later ones: what a disk holds when nothing later was written.
    fn cut(&self, at: Position) {
        self.restore();
        for (number, path, bytes) in self.segments() {
            if number == at.segment() {
                std::fs::write(path, &bytes[..at.offset() as usize]).unwrap();
            } else if number > at.segment() {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    /// Writes `change` over the bytes at `at`.
    fn overwrite(&self, at: Position, change: &[u8]) {
        let path = segment::path(&self.dir, at.segment());
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[at.offset() as usize..][..change.len()].copy_from_slice(change);
        std::fs::write(path, bytes).unwrap();
    }

    /// The journal can be written to and is sound.
    fn goes_on(&self, journal: FileJournal) {
        let mut writer = Writer::new(journal);
        writer.commit(2);
        writer.commit(2);
        let tip = writer.tip.clone();
        drop(writer);
        let report = fsck(&self.dir, Some(ORIGIN)).unwrap();
        assert_eq!((report.damage, report.entries, report.frames), (None, tip.tree.size, tip.frame.0));
    }
}

#[test]
fn cut_at_every_byte() {
    let (published, more) = (9, 6);
    let bench = Bench::new(published, more);
    let head_end = bench.frames[8].1;
    assert!(bench.frames.last().unwrap().0.segment() > head_end.segment(), "the frames above the head cross a roll");
    assert!(head_end.segment() > 0);
    for (number, _, bytes) in bench.segments() {
        for offset in 0..=bytes.len() {
            let at = Position::new(number, u32::try_from(offset).unwrap());
            bench.cut(at);
            let whole = bench.frames.iter().take_while(|(_, end, _)| *end <= at).count() as u64;
            let mark = if offset % 2 == 0 { Mark::Head } else { Mark::Beginning };
            if at < head_end {
                let refused = open(&bench.dir, mark);
                assert!(matches!(refused, Err(JournalError::BehindHead { .. })), "{at}: {refused:?}");
                assert_eq!(
                    std::fs::metadata(segment::path(&bench.dir, number)).unwrap().len(),
                    offset as u64,
                    "untouched"
                );
                assert!(fsck(&bench.dir, None).unwrap().damage.is_some());
                continue;
            }
            let mut journal = open(&bench.dir, mark).unwrap();
            let tip = journal.acquire().unwrap();
            assert_eq!(tip.frame, FrameNumber(whole), "{at}");
            assert_eq!(tip.tree.size, bench.frames[usize::try_from(whole).unwrap() - 1].2);
            let boundary = bench.frames.iter().any(|(_, end, _)| *end == at) || offset == 0 || offset == bytes.len();
            assert_eq!(journal.cut().is_none(), boundary, "{at}: {:?}", journal.cut());
            if let Some(cut) = journal.cut() {
                let path = segment::path(&bench.dir, cut.position.segment());
                assert_eq!(std::fs::metadata(path).unwrap().len(), u64::from(cut.position.offset()));
                assert_eq!(
                    (cut.position, u64::from(cut.position.offset()) + cut.bytes),
                    (tip.end, u64::from(at.offset()))
                );
            }
            if offset % 7 == 0 {
                bench.goes_on(journal);
            }
        }
    }
}

#[test]
fn a_cut_in_front_of_later_segments_is_refused() {
    let bench = Bench::new(3, 12);
    let segments: Vec<_> =
        bench.segments().map(|(number, path, bytes)| (number, path.to_owned(), bytes.len())).collect();
    for (_, path, length) in &segments[..segments.len() - 1] {
        for cut in [1, 50, 92, 93, 200, *length] {
            bench.restore();
            File::options().write(true).open(path).unwrap().set_len((length - cut) as u64).unwrap();
            assert!(
                matches!(open(&bench.dir, Mark::Beginning), Err(JournalError::Damaged(_))),
                "{}: {cut}",
                path.display()
            );
        }
    }
    bench.restore();
    std::fs::remove_file(&segments[1].1).unwrap();
    assert_eq!(problem(open(&bench.dir, Mark::Head)), Problem::SegmentMissing);
    assert_eq!(fsck(&bench.dir, None).unwrap().damage.unwrap().problem, Problem::SegmentMissing);
}

/// Some pages of the last writes reached the disk and others did not, in any order. Pages of 64 bytes, since the frames
/// are small.
#[test]
fn torn_and_reordered_pages() {
    const PAGE: u32 = 64;
    let bench = Bench::new(4, 2);
    let (last, before) = (bench.frames[5], bench.frames[4]);
    assert_eq!(last.0, before.1, "both in one segment");
    let pages = |from: Position, to: Position| (from.offset()..to.offset()).step_by(PAGE as usize);
    let wipe = |lost: u32, within: (Position, Position, u64)| {
        for (bit, start) in pages(within.0, within.1).enumerate() {
            if lost & (1 << bit) != 0 {
                let length = PAGE.min(within.1.offset() - start);
                bench.overwrite(Position::new(last.0.segment(), start), &vec![0; length as usize]);
            }
        }
    };
    // The last frame: every subset of its pages.
    for lost in 1..1_u32 << pages(last.0, last.1).count() {
        bench.restore();
        wipe(lost, last);
        let journal = open(&bench.dir, Mark::Head).unwrap();
        assert_eq!(journal.cut().map(|cut| cut.position), Some(last.0), "{lost:b}");
        if lost % 5 == 0 {
            bench.goes_on(journal);
        }
    }
    // The frame before it, while the last one is whole: no order of syncs leaves this.
    for lost in 1..1_u32 << pages(before.0, before.1).count() {
        bench.restore();
        wipe(lost, before);
        assert_eq!(problem(open(&bench.dir, Mark::Head)), Problem::NotTail, "{lost:b}");
    }
    // Both torn: one tail.
    bench.restore();
    wipe(1, before);
    wipe(1, last);
    assert_eq!(open(&bench.dir, Mark::Head).unwrap().cut().map(|cut| cut.position), Some(before.0));
    // Length without content, as some file systems leave it.
    bench.restore();
    let file = File::options().write(true).open(segment::path(&bench.dir, last.0.segment())).unwrap();
    file.set_len(100_000).unwrap();
    assert_eq!(open(&bench.dir, Mark::Head).unwrap().cut().map(|cut| cut.position), Some(last.1));
}

#[test]
fn a_head_torn_at_every_page_leaves_the_one_before() {
    let bench = Bench::new(5, 0);
    let (path, whole) = bench.files.iter().find(|(path, _)| path.ends_with("head")).unwrap();
    for slot in [0, 1] {
        let mut bytes = whole.clone();
        bytes[slot * 4_096 + 512..(slot + 1) * 4_096].fill(0);
        std::fs::write(path, &bytes).unwrap();
        let damage = fsck(&bench.dir, None).unwrap().damage.unwrap();
        assert_eq!(damage.problem, Problem::HeadSlot(u8::try_from(slot).unwrap()));
        let mut journal = open(&bench.dir, Mark::Head).unwrap();
        assert_eq!(journal.acquire().unwrap().frame, FrameNumber(5), "frames above the older head stay");
        bench.goes_on(journal);
        bench.restore();
    }
    std::fs::write(path, vec![0; 8_192]).unwrap();
    assert!(matches!(open(&bench.dir, Mark::Head), Err(JournalError::HeadDamaged { .. })));
    std::fs::write(path, &whole[..4_000]).unwrap();
    assert!(matches!(open(&bench.dir, Mark::Head), Err(JournalError::HeadDamaged { .. })));
    std::fs::remove_file(path).unwrap();
    assert!(matches!(open(&bench.dir, Mark::Head), Err(JournalError::HeadMissing { .. })));
    assert!(matches!(FileJournal::create(&bench.dir, ORIGIN, OPTIONS), Err(JournalError::Exists { .. })));
    assert!(fsck(&bench.dir, None).is_err());
}

#[test]
fn an_old_backup_under_a_newer_head_is_refused() {
    let bench = Bench::new(9, 0);
    for frames in 0..9 {
        bench.cut(if frames == 0 { Position::START } else { bench.frames[frames - 1].1 });
        for mark in [Mark::Beginning, Mark::Head] {
            let refused = open(&bench.dir, mark);
            assert!(matches!(refused, Err(JournalError::BehindHead { .. })), "{frames}: {refused:?}");
        }
    }
    // All segments gone is the oldest backup there is.
    bench.segments().for_each(|(_, path, _)| drop(std::fs::remove_file(path)));
    assert!(matches!(open(&bench.dir, Mark::Head), Err(JournalError::BehindHead { .. })));
    // Another history of the same length.
    bench.restore();
    let other = Bench::new(10, 0);
    for ((_, path, _), (_, _, bytes)) in bench.segments().zip(other.segments()) {
        std::fs::write(path, bytes).unwrap();
    }
    let mut shorter = Writer::new(FileJournal::create(&bench.dir.join("fork"), ORIGIN, OPTIONS).unwrap());
    for _ in 0..9 {
        shorter.commit(1);
    }
    bench.segments().for_each(|(_, path, _)| drop(std::fs::remove_file(path)));
    for (number, _, _) in bench.segments() {
        let from = segment::path(&bench.dir.join("fork"), number);
        if from.exists() {
            std::fs::copy(from, segment::path(&bench.dir, number)).unwrap();
        }
    }
    let refused = open(&bench.dir, Mark::Beginning);
    assert!(matches!(refused, Err(JournalError::HeadMismatch { frame: FrameNumber(9) })), "{refused:?}");
}

/// Frames of the same numbers, sizes and lengths, but of another history: only the links tell.
#[test]
fn pieces_of_another_history_are_refused() {
    let bench = Bench::new(9, 0);
    let fork = bench.dir.join("fork");
    let mut writer = Writer::new(FileJournal::create(&fork, ORIGIN, OPTIONS).unwrap());
    writer.tip.chain.0[0] ^= 1;
    for number in 0..9 {
        writer.commit(number % 4);
    }
    let segments: Vec<_> = bench.segments().map(|(number, path, _)| (number, path.to_owned())).collect();
    assert!(segments.len() > 1);
    // Below the mark: the frames are not read, the footers tell.
    std::fs::copy(segment::path(&fork, 0), &segments[0].1).unwrap();
    assert_eq!(problem(open(&bench.dir, Mark::Head)), Problem::Link);
    std::fs::write(&segments[0].1, &bench.files.iter().find(|(path, _)| *path == segments[0].1).unwrap().1).unwrap();
    // Under a reader.
    let journal = open(&bench.dir, Mark::Head).unwrap();
    let mut frames = Frames::new(journal.reader(), Start::Beginning).unwrap();
    let read = bench.frames.iter().take_while(|(position, ..)| position.segment() == 0).count();
    assert_eq!(frames.by_ref().take(read).map(Result::unwrap).count(), read);
    std::fs::copy(segment::path(&fork, 1), &segments[1].1).unwrap();
    for _ in 0..2 {
        match frames.next() {
            Some(Err(JournalError::Damaged(damage))) => assert_eq!(damage.problem, Problem::Link),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn one_process_at_a_time() {
    let bench = Bench::new(1, 0);
    let held = open(&bench.dir, Mark::Head).unwrap();
    let refused = open(&bench.dir, Mark::Head).unwrap_err();
    assert!(refused.to_string().ends_with("is in use by another process"), "{refused}");
    assert!(matches!(fsck(&bench.dir, None), Err(JournalError::Locked { .. })));
    let reader = held.reader();
    drop(held);
    open(&bench.dir, Mark::Head).unwrap();
    assert!(reader.frame_at(Position::START).unwrap().is_some(), "readers outlive the writer");
}

#[test]
fn a_failed_write_or_sync_stops_the_writer_and_not_the_readers() {
    // /dev/full refuses every write; /dev/null takes writes and refuses to sync.
    for device in ["/dev/full", "/dev/null"] {
        for publish in [false, true] {
            let bench = Bench::new(2, 0);
            let mut writer = Writer::new(open(&bench.dir, Mark::Head).unwrap());
            let good = writer.head();
            writer.journal.break_with(&File::options().read(true).write(true).open(device).unwrap());
            let frame = writer.frame(1);
            let failed = if publish { writer.journal.publish(&good).err() } else { writer.append(&frame).err() };
            assert!(matches!(failed, Some(JournalError::Io { .. })), "{device}: {failed:?}");
            let expected = writer.tip.expected();
            assert!(matches!(writer.journal.append(&frame, expected), Err(JournalError::Stopped)));
            assert!(matches!(writer.journal.publish(&good), Err(JournalError::Stopped)));
            assert!(matches!(writer.journal.acquire(), Err(JournalError::Stopped)));
            let read = Frames::new(writer.journal.reader(), Start::Beginning).unwrap();
            assert_eq!(read.map(Result::unwrap).count(), 2);
            drop(writer);
            bench.goes_on(open(&bench.dir, Mark::Head).unwrap());
        }
    }
}

#[test]
fn every_frame_can_be_the_mark_and_nothing_else() {
    let bench = Bench::new(12, 2);
    let whole = Writer::new(open(&bench.dir, Mark::Beginning).unwrap()).tip;
    bench.restore();
    for (number, (_, end, _)) in (1..).zip(&bench.frames) {
        let mark = |frame, position| open(&bench.dir, Mark::Applied { frame: FrameNumber(frame), position });
        let opened = mark(number, *end);
        if number > 12 {
            assert!(matches!(opened, Err(JournalError::MarkMismatch { .. })), "above the head");
            continue;
        }
        assert_eq!(opened.unwrap().acquire().unwrap(), whole, "frame {number}");
        bench.restore();
        for (frame, next) in [
            (number + 1, *end),
            (number, end.plus(1)),
            (number, Position::new(end.segment(), end.offset() - 1)),
            (number, end.next_segment().plus(9)),
            (number, Position::START),
            (number, Position::from_u64(u64::MAX)),
        ] {
            let refused = mark(frame, next);
            assert!(matches!(refused, Err(JournalError::MarkMismatch { .. })), "{frame} to {next}: {refused:?}");
        }
    }
    let none = Mark::Applied { frame: FrameNumber::NONE, position: Position::START };
    assert_eq!(open(&bench.dir, none).unwrap().acquire().unwrap(), whole);
}

#[test]
fn only_a_journal_of_this_origin_is_opened() {
    let bench = Bench::new(1, 0);
    let other = "other.example/credit";
    let open = |dir: &Path| FileJournal::open(dir, other, Mark::Head, OPTIONS);
    assert!(matches!(open(&bench.dir), Err(JournalError::WrongOrigin { .. })));
    assert!(fsck(&bench.dir, Some(other)).unwrap().damage.is_some());
    let empty = Bench::new(0, 0);
    assert!(matches!(open(&empty.dir), Err(JournalError::WrongOrigin { .. })));
    assert!(fsck(&empty.dir, Some(other)).unwrap().damage.is_some());
    assert_eq!(fsck(&empty.dir, None).unwrap().damage, None);
    let none = temp_dir();
    assert!(matches!(open(none.path()), Err(JournalError::NotAJournal { .. })));
    assert!(matches!(open(&none.path().join("absent")), Err(JournalError::NotAJournal { .. })));
    // A creation that was cut short can be run again.
    std::fs::write(none.path().join("head.new"), b"half").unwrap();
    drop(FileJournal::create(none.path(), ORIGIN, OPTIONS).unwrap());
    FileJournal::create(&none.path().join("a/b/c"), ORIGIN, OPTIONS).unwrap();
    assert!(matches!(FileJournal::create(none.path(), ORIGIN, OPTIONS), Err(JournalError::Exists { .. })));
}

/// Any one byte changed, anywhere: fsck reports it, and opening either refuses or has lost nothing that was published.
#[test]
fn every_damaged_byte_is_reported_and_nothing_published_is_lost() {
    let bench = Bench::new(7, 2);
    assert!(bench.segments().count() >= 3);
    assert_eq!(fsck(&bench.dir, Some(ORIGIN)).unwrap().damage, None);
    for (path, whole) in &bench.files {
        if path.ends_with("lock") {
            continue;
        }
        let is_head = path.ends_with("head");
        for (offset, byte) in whole.iter().enumerate() {
            let bits: &[u8] = if is_head { &[1] } else { &[1, 0x10, 0x80, 0xff] };
            for bit in bits {
                let file = File::options().write(true).open(path).unwrap();
                std::os::unix::fs::FileExt::write_all_at(&file, &[byte ^ bit], offset as u64).unwrap();
                let report = fsck(&bench.dir, None).unwrap();
                assert!(report.damage.is_some(), "{} byte {offset} bit {bit:x}", path.display());
                if *bit == 0xff || (is_head && offset % 97 == 0) {
                    if let Ok(mut journal) = open(&bench.dir, Mark::Beginning) {
                        assert!(journal.acquire().unwrap().frame >= FrameNumber(7), "byte {offset}");
                    }
                    bench.restore();
                } else {
                    std::os::unix::fs::FileExt::write_all_at(&file, &[*byte], offset as u64).unwrap();
                }
            }
        }
    }
    assert_eq!(fsck(&bench.dir, Some(ORIGIN)).unwrap().damage, None);
}

#[test]
fn fsck_names_the_place() {
    let bench = Bench::new(9, 0);
    for (number, (position, ..)) in (1..).zip(&bench.frames) {
        bench.restore();
        bench.overwrite(position.plus(140), &[0x55]);
        let damage = fsck(&bench.dir, None).unwrap().damage.unwrap();
        assert_eq!((damage.position, damage.frame), (Some(*position), FrameNumber(number)));
        let text = damage.to_string();
        assert!(text.starts_with(&format!("{position}, frame {number}: ")), "{text}");
    }
}

/// A wrong chain head or root cannot come from the disk, only from a broken writer; fsck sees it all the same.
#[test]
fn fsck_recomputes_chain_and_tree() {
    let bench = Bench::new(2, 0);
    let mut writer = Writer::new(open(&bench.dir, Mark::Head).unwrap());
    writer.tip.chain.0[0] ^= 1;
    writer.commit(1);
    drop(writer);
    let damage = fsck(&bench.dir, None).unwrap().damage.unwrap();
    assert_eq!((damage.problem, damage.frame), (Problem::Chain, FrameNumber(3)));
    bench.restore();
    let mut writer = Writer::new(open(&bench.dir, Mark::Head).unwrap());
    let tip = &writer.tip;
    let frame = FrameBuilder::new(FrameNumber(3), tip.tree.size, tip.frame_hash);
    let frame = frame.finish(tip.chain, super::TreeHead { root: Hash([1; 32]), ..tip.tree });
    writer.append(&frame).unwrap();
    drop(writer);
    let damage = fsck(&bench.dir, None).unwrap().damage.unwrap();
    assert_eq!((damage.problem, damage.frame), (Problem::Root, FrameNumber(3)));
}

/// Each part whole by its own checksum, but not of this journal.
#[test]
fn whole_parts_in_the_wrong_place_are_reported() {
    let bench = Bench::new(9, 0);
    let damage = || fsck(&bench.dir, None).unwrap().damage.unwrap().problem;
    let (path, newest) = bench.files.iter().find(|(path, _)| path.ends_with("head")).unwrap();
    let older = bench.older_head();
    // One slot of now, the other of long ago: both name frames that are there.
    for (keep, slot) in [(0, 4_096..8_192), (1, 0..4_096)] {
        let mut bytes = newest.clone();
        bytes[slot.clone()].copy_from_slice(&older[slot]);
        std::fs::write(path, bytes).unwrap();
        assert_eq!(damage(), Problem::HeadSequence, "slot {keep} kept");
    }
    std::fs::write(path, [newest.as_slice(), &[0]].concat()).unwrap();
    assert_eq!(damage(), Problem::HeadSequence, "longer");
    bench.restore();
    let first = bench.segments().next().unwrap();
    let at = first.2.len() - segment::FOOTER_LEN;
    let right = segment::Footer::parse(&first.2[at..]).unwrap();
    for wrong in [
        segment::Footer { first_index: 1, ..right },
        segment::Footer { count: right.count + 1, ..right },
        segment::Footer { last_hash: Hash([1; 32]), ..right },
    ] {
        bench.overwrite(Position::new(0, u32::try_from(at).unwrap()), &wrong.encode());
        assert_eq!(damage(), Problem::FooterMismatch);
        assert!(matches!(open(&bench.dir, Mark::Beginning), Err(JournalError::Damaged(_))));
    }
    // The same at the very end, where no later segment contradicts it.
    let bench = Bench::new(3, 0);
    let end = bench.frames[2].1;
    let footer = segment::Footer { first_index: 0, count: 3, last_hash: Hash([1; 32]) };
    let whole = bench.segments().next().unwrap().2.to_vec();
    std::fs::write(segment::path(&bench.dir, 0), [whole.as_slice(), &footer.encode()].concat()).unwrap();
    assert_eq!(bench.segments().count(), 1);
    assert!(end.offset() as usize == whole.len());
    assert_eq!(problem(open(&bench.dir, Mark::Beginning)), Problem::FooterMismatch);
}

/// A payload that looks like a later frame does not turn a torn tail into damage, as long as the frame's header is whole.
#[test]
fn a_frame_within_a_payload_is_no_frame() {
    let temp = temp_dir();
    let dir = temp.path().join("journal");
    let mut writer = Writer::new(FileJournal::create(&dir, ORIGIN, OPTIONS).unwrap());
    writer.commit(1);
    let fake = FrameBuilder::new(FrameNumber(9), 0, writer.tip.frame_hash);
    let fake = fake.finish(writer.tip.chain, super::TreeHead { size: 0, ..writer.tip.tree });
    let mut builder = FrameBuilder::new(FrameNumber(2), 1, writer.tip.frame_hash);
    builder.push_private(1, Sealed { slot: 1, bytes: fake.bytes() }).unwrap();
    let frame = builder.finish(writer.tip.chain, writer.tip.tree);
    let position = writer.append(&frame).unwrap();
    drop(writer);
    let bench = Bench::of(temp, dir);
    let last = u32::try_from(frame.bytes().len()).unwrap() - 1;
    bench.overwrite(position.plus(last), &[!frame.bytes()[last as usize]]);
    assert_eq!(open(&bench.dir, Mark::Head).unwrap().cut().map(|cut| cut.position), Some(position));
    bench.restore();
    bench.overwrite(position, &[0]);
    assert_eq!(problem(open(&bench.dir, Mark::Head)), Problem::NotTail, "without its header nobody can tell");
}

/// Bytes that are in the file but not yet synced do not exist for a reader.
#[test]
fn readers_see_nothing_that_is_not_durable() {
    let bench = Bench::new(1, 0);
    let writer = Writer::new(open(&bench.dir, Mark::Head).unwrap());
    let reader = writer.journal.reader();
    let (end, frame) = (reader.end(), writer.frame(1));
    let path = segment::path(&bench.dir, 0);
    std::fs::write(&path, [std::fs::read(&path).unwrap().as_slice(), frame.bytes()].concat()).unwrap();
    assert_eq!(reader.frame_at(end).unwrap(), None);
    assert_eq!(reader.find(frame.number()).unwrap(), None);
    assert!(reader.record_at(end.plus(100)).is_err());
}

/// What a later program wrote is never taken for a torn tail.
#[test]
fn another_version_is_refused_and_not_cut() {
    let bench = Bench::new(2, 1);
    bench.overwrite(bench.frames[2].0.plus(8), &2_u32.to_be_bytes());
    assert_eq!(problem(open(&bench.dir, Mark::Head)), Problem::Version);
}

#[test]
fn readers_follow_a_writer_in_other_threads() {
    let temp = temp_dir();
    let mut writer = Writer::new(FileJournal::create(&temp.path().join("journal"), ORIGIN, OPTIONS).unwrap());
    let reader = writer.journal.reader();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let reader = Arc::clone(&reader);
            scope.spawn(move || {
                let mut frames = Frames::new(reader, Start::Beginning).unwrap();
                let mut seen = 0;
                while seen < 150 {
                    match frames.next() {
                        Some(frame) => seen = frame.unwrap().number().0,
                        None => std::thread::yield_now(),
                    }
                }
            });
        }
        for number in 0..150 {
            writer.write(number % 4);
        }
    });
}
