//! What every implementation of [`Journal`] must do, as one function over a [`Bench`] that makes journals. Run against
//! memory and files here.

use std::sync::Arc;

use super::testing::{ORIGIN, Writer, entry, expected, payload, temp_dir};
use super::{
    Answer, Appended, Call, Epoch, Fault, FileJournal, FrameBuilder, FrameNumber, Frames, Head, Journal, JournalError,
    MAX_CHECKPOINT, Mark, MemoryJournal, MemoryStore, Moment, Options, Published, Record, Start, TreeHead, chain_start,
};

/// Makes a journal and, once its writer is gone, opens the same one again.
trait Bench {
    type Journal: Journal;
    fn create(&mut self) -> Self::Journal;
    fn reopen(&mut self, old: Self::Journal) -> Self::Journal;
}

fn conformance<B: Bench>(mut bench: B) {
    begins_empty(bench.create());
    reads_what_was_written(bench.create());
    let journal = bench.create();
    survives_reopening(&mut bench, journal);
    fences(bench.create());
    refuses_what_does_not_follow(bench.create());
    refuses_wrong_heads(bench.create());
    iterators_resume(bench.create());
}

fn begins_empty(mut journal: impl Journal) {
    let tip = journal.acquire().unwrap();
    assert_eq!((tip.frame, tip.tree), (FrameNumber::NONE, TreeHead::empty()));
    assert_eq!((tip.frame_hash, tip.chain), (chain_start(ORIGIN), chain_start(ORIGIN)));
    let head = Head { frame: FrameNumber::NONE, frame_hash: chain_start(ORIGIN), tree_size: 0, checkpoint: Vec::new() };
    assert_eq!(tip.published, head);
    let reader = journal.reader();
    assert_eq!(reader.find(FrameNumber(1)).unwrap(), None);
    assert!(Frames::new(reader, Start::Beginning).unwrap().next().is_none());
}

fn reads_what_was_written(journal: impl Journal) {
    let mut writer = Writer::new(journal);
    let positions: Vec<_> = (0..40).map(|number| writer.write(number % 5)).collect();
    assert!(positions.last().unwrap().segment() > 1, "the bench rolls its segments");
    let reader = writer.journal.reader();
    let frames: Vec<_> = Frames::new(Arc::clone(&reader), Start::Beginning).unwrap().map(Result::unwrap).collect();
    assert_eq!(frames.iter().map(super::StoredFrame::position).collect::<Vec<_>>(), positions);
    let mut index = 0;
    for (number, frame) in (1..).zip(&frames) {
        assert_eq!(frame.number(), FrameNumber(number));
        assert_eq!(frame.header().first_index, index);
        assert_eq!(reader.find(frame.number()).unwrap(), Some(frame.position()));
        assert_eq!(reader.frame_at(frame.position()).unwrap().as_ref(), Some(frame));
        for (position, record) in frame.records() {
            assert_eq!(reader.record_at(position).unwrap().get(), record, "by its own position");
            match record {
                Record::Entry { entry: bytes, sealed } => {
                    assert_eq!(bytes, entry(index));
                    let expected = index.is_multiple_of(2).then(|| (index * 3, payload(index)));
                    assert_eq!(sealed.map(|sealed| (sealed.slot, sealed.bytes.to_vec())), expected);
                    index += 1;
                }
                Record::Private { kind, sealed } => {
                    assert_eq!((kind, sealed.slot, sealed.bytes), (9, 4, &b"private"[..]));
                }
            }
        }
    }
    assert_eq!(index, writer.tip.tree.size);
    assert_eq!(frames.last().unwrap().hash(), writer.tip.frame_hash);
    assert!(reader.record_at(reader.end()).is_err());
    let big = vec![7; 300_000];
    let mut builder = FrameBuilder::new(writer.tip.frame.next(), index, writer.tip.frame_hash);
    let offset = builder.push_private(1, super::Sealed { slot: 1, bytes: &big }).unwrap();
    let frame = builder.finish(writer.tip.chain, writer.tip.tree);
    let position = writer.append(&frame).unwrap();
    let record = reader.record_at(position.plus(offset)).unwrap();
    assert!(
        matches!(record.get(), Record::Private { sealed, .. } if sealed.bytes == big),
        "longer than the first read"
    );
}

fn survives_reopening<B: Bench>(bench: &mut B, journal: B::Journal) {
    let mut writer = Writer::new(journal);
    for round in 1..12 {
        writer.commit(3);
        writer.write(2);
        let mut before = writer.tip.clone();
        writer = Writer::new(bench.reopen(writer.journal));
        assert!(writer.tip.epoch > before.epoch, "the epoch rises");
        (before.epoch, before.end) = (writer.tip.epoch, writer.tip.end);
        assert_eq!(writer.tip, before, "round {round}: also the frame that was not published");
        if round % 2 == 0 {
            writer.publish();
        }
    }
}

fn fences(mut journal: impl Journal) {
    let head = Head { frame: FrameNumber::NONE, frame_hash: chain_start(ORIGIN), tree_size: 0, checkpoint: Vec::new() };
    assert_eq!(journal.publish(&head).unwrap(), Published::Fenced, "nobody has acquired");
    let mut writer = Writer::new(journal);
    writer.commit(2);
    let old = writer.tip.clone();
    writer.tip.epoch = writer.journal.acquire().unwrap().epoch;
    assert!(writer.tip.epoch > old.epoch);
    let frame = writer.frame(1);
    let epochs = [old.epoch, Epoch(writer.tip.epoch.0 + 1)];
    for epoch in epochs {
        assert_eq!(writer.journal.append(&frame, expected(epoch, &writer.tip)).unwrap(), Appended::Fenced);
    }
    let mut other = writer.tip.expected();
    other.tree.size += 1;
    assert_eq!(writer.journal.append(&frame, other).unwrap(), Appended::Fenced);
    other = writer.tip.expected();
    other.tree.root.0[0] ^= 1;
    assert_eq!(writer.journal.append(&frame, other).unwrap(), Appended::Fenced);
    assert_eq!(writer.journal.acquire().unwrap().frame, old.frame, "nothing was written");
}

fn refuses_what_does_not_follow(journal: impl Journal) {
    let mut writer = Writer::new(journal);
    let first = writer.frame(2);
    writer.append(&first).unwrap();
    let (tip, chain, tree) = (writer.tip.clone(), writer.tip.chain, writer.tip.tree);
    let wrong = [
        FrameBuilder::new(FrameNumber(3), 2, tip.frame_hash).finish(chain, tree),
        FrameBuilder::new(FrameNumber(2), 2, chain_start(ORIGIN)).finish(chain, tree),
        FrameBuilder::new(FrameNumber(2), 3, tip.frame_hash).finish(chain, TreeHead { size: 3, ..tree }),
        first,
    ];
    for frame in wrong {
        let refused = writer.journal.append(&frame, tip.expected());
        assert!(matches!(refused, Err(JournalError::NotNext { .. })), "{frame:?}");
    }
    writer.write(1);
}

fn refuses_wrong_heads(journal: impl Journal) {
    let mut writer = Writer::new(journal);
    writer.write(1);
    let first = writer.head();
    writer.write(1);
    let good = writer.head();
    let mut publish = |head: &Head| writer.journal.publish(head);
    let mut wrong = [good.clone(), good.clone(), good.clone()];
    wrong[0].frame = FrameNumber(3);
    wrong[1].frame_hash.0[5] ^= 1;
    wrong[2].tree_size += 1;
    for head in wrong {
        assert!(matches!(publish(&head), Err(JournalError::NotAppended { .. })), "{head:?}");
    }
    let long = Head { checkpoint: vec![b'x'; MAX_CHECKPOINT + 1], ..good.clone() };
    assert!(matches!(publish(&long), Err(JournalError::CheckpointTooLong { .. })));
    assert_eq!(publish(&first).unwrap(), Published::Done, "not every head need name the tip");
    assert_eq!(publish(&good).unwrap(), Published::Done);
    let again = Head { checkpoint: b"another checkpoint over the same tree".to_vec(), ..good };
    assert_eq!(publish(&again).unwrap(), Published::Done);
    assert!(matches!(publish(&first), Err(JournalError::Backwards { .. })));
    assert_eq!(writer.journal.acquire().unwrap().published, again);
}

fn iterators_resume(journal: impl Journal) {
    let mut writer = Writer::new(journal);
    let mut all = Frames::new(writer.journal.reader(), Start::Beginning).unwrap();
    for number in 1..30 {
        assert!(all.next().is_none(), "nothing yet");
        let mut next = Frames::new(writer.journal.reader(), Start::Frame(FrameNumber(number))).unwrap();
        let mut at = Frames::new(writer.journal.reader(), Start::At(all.position())).unwrap();
        assert!(Frames::new(writer.journal.reader(), Start::Frame(FrameNumber(number + 1))).is_err(), "too far ahead");
        let position = writer.write(2);
        for frames in [&mut all, &mut next, &mut at] {
            let frame = frames.next().unwrap().unwrap();
            assert_eq!((frame.number(), frame.position()), (FrameNumber(number), position));
            assert!(frames.next().is_none());
        }
    }
    assert!(Frames::new(writer.journal.reader(), Start::Frame(FrameNumber::NONE)).is_err());
}

struct Memory;

impl Bench for Memory {
    type Journal = MemoryJournal;

    fn create(&mut self) -> MemoryJournal {
        MemoryStore::with_segments(ORIGIN, 1_500).writer()
    }

    fn reopen(&mut self, old: MemoryJournal) -> MemoryJournal {
        old.store().writer()
    }
}

struct Files {
    dir: tempfile::TempDir,
    count: u32,
}

impl Files {
    const OPTIONS: Options = Options { segment_size: 1_500 };

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join(self.count.to_string())
    }
}

impl Bench for Files {
    type Journal = FileJournal;

    fn create(&mut self) -> FileJournal {
        self.count += 1;
        FileJournal::create(&self.path(), ORIGIN, Self::OPTIONS).unwrap()
    }

    fn reopen(&mut self, old: FileJournal) -> FileJournal {
        drop(old);
        let journal = FileJournal::open(&self.path(), ORIGIN, Mark::Head, Self::OPTIONS).unwrap();
        assert_eq!(journal.cut(), None);
        journal
    }
}

#[test]
fn memory() {
    conformance(Memory);
}

#[test]
fn files() {
    conformance(Files { dir: temp_dir(), count: 0 });
}

fn fault(call: Call, moment: Moment, answer: Answer) -> Fault {
    Fault { call, after: 1, moment, answer }
}

#[test]
fn after_an_error_everything_is_stopped_and_a_new_writer_sees_what_applied() {
    for call in [Call::Append, Call::Publish] {
        for moment in [Moment::Before, Moment::After] {
            let mut writer = Writer::new(MemoryStore::new(ORIGIN).writer());
            let store = writer.journal.store().clone();
            store.inject(fault(call, moment, Answer::Error));
            writer.commit(2);
            let old = writer.tip.clone();
            let frame = writer.frame(1);
            if call == Call::Append {
                assert!(matches!(writer.append(&frame), Err(JournalError::Io { .. })));
            } else {
                writer.append(&frame).unwrap();
                let head = writer.head();
                assert!(matches!(writer.journal.publish(&head), Err(JournalError::Io { .. })));
            }
            assert!(matches!(writer.journal.append(&frame, old.expected()), Err(JournalError::Stopped)));
            assert!(matches!(writer.journal.publish(&old.published), Err(JournalError::Stopped)));
            assert!(matches!(writer.journal.acquire(), Err(JournalError::Stopped)));
            let tip = store.writer().acquire().unwrap();
            let appended = call == Call::Publish || moment == Moment::After;
            assert_eq!(tip.frame, if appended { frame.number() } else { old.frame });
            let published = call == Call::Publish && moment == Moment::After;
            assert_eq!(tip.published.frame, if published { frame.number() } else { old.frame });
        }
    }
}

#[test]
fn after_unknown_the_writer_acquires_and_compares() {
    for moment in [Moment::Before, Moment::After] {
        let mut writer = Writer::new(MemoryStore::new(ORIGIN).writer());
        writer.journal.store().inject(fault(Call::Append, moment, Answer::Unknown));
        writer.journal.store().inject(fault(Call::Publish, moment, Answer::Unknown));
        writer.commit(2);
        let frame = writer.frame(1);
        let expected = writer.tip.expected();
        assert_eq!(writer.journal.append(&frame, expected).unwrap(), Appended::Unknown);
        assert_eq!(writer.journal.append(&frame, expected).unwrap(), Appended::Fenced, "until it has acquired");
        let mut tip = writer.journal.acquire().unwrap();
        if moment == Moment::Before {
            assert_eq!(tip.tree, expected.tree);
            assert!(matches!(writer.journal.append(&frame, tip.expected()).unwrap(), Appended::Done(_)));
            tip = writer.journal.acquire().unwrap();
        }
        assert_eq!((tip.tree, tip.frame_hash), (frame.tree(), frame.hash()));
        writer.tip = tip;
        let head = writer.head();
        assert_eq!(writer.journal.publish(&head).unwrap(), Published::Unknown);
        assert_eq!(writer.journal.publish(&head).unwrap(), Published::Fenced);
        let tip = writer.journal.acquire().unwrap();
        assert_eq!(tip.published == head, moment == Moment::After);
        assert_eq!(writer.journal.publish(&head).unwrap(), Published::Done, "naming it again is harmless");
    }
}

#[test]
fn the_last_writer_to_acquire_fences_the_others() {
    let store = MemoryStore::new(ORIGIN);
    let mut first = Writer::new(store.writer());
    first.commit(1);
    let mut second = Writer::new(store.writer());
    let frame = first.frame(1);
    assert_eq!(first.journal.append(&frame, first.tip.expected()).unwrap(), Appended::Fenced);
    assert_eq!(first.journal.publish(&first.head()).unwrap(), Published::Fenced);
    second.commit(1);
}
