//! What the tests of this module share: a writer that keeps chain and tree, and frames made of a few small records.

use xuefen_core::merkle::leaf_hash;
use xuefen_core::tree::Frontier;

use super::{
    Appended, Epoch, Expected, Frame, FrameBuilder, Head, Journal, JournalError, Position, Published, Sealed, Tip,
    TreeHead, chain_next,
};

pub(super) const ORIGIN: &str = "ledger.example/credit";

/// A directory to be removed at the end: in memory where there is such a place, since these tests are about bytes and
/// sync thousands of times.
pub(super) fn temp_dir() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// The sequencer's part, as small as it can be.
pub(super) struct Writer<J> {
    pub journal: J,
    pub tip: Tip,
}

impl<J: Journal> Writer<J> {
    /// Acquires.
    pub(super) fn new(mut journal: J) -> Self {
        let tip = journal.acquire().unwrap();
        Self { journal, tip }
    }

    /// The next frame, of `entries` entries (every second one with a payload) and a private record.
    pub(super) fn frame(&self, entries: u64) -> Frame {
        let mut builder = FrameBuilder::new(self.tip.frame.next(), self.tip.tree.size, self.tip.frame_hash);
        let mut chain = self.tip.chain;
        for index in self.tip.tree.size..self.tip.tree.size + entries {
            let (entry, payload) = (entry(index), payload(index));
            let sealed = Sealed { slot: index * 3, bytes: &payload };
            builder.push_entry(&entry, index.is_multiple_of(2).then_some(sealed)).unwrap();
            chain = chain_next(&chain, &leaf_hash(&entry));
        }
        builder.push_private(9, Sealed { slot: 4, bytes: b"private" }).unwrap();
        let size = self.tip.tree.size + entries;
        builder.finish(chain, tree_head(size))
    }

    pub(super) fn append(&mut self, frame: &Frame) -> Result<Position, JournalError> {
        match self.journal.append(frame, self.tip.expected())? {
            Appended::Done(position) => {
                self.follow(frame);
                Ok(position)
            }
            other => panic!("{other:?}"),
        }
    }

    /// Takes `frame` as the tip.
    pub(super) fn follow(&mut self, frame: &Frame) {
        self.tip.frame = frame.number();
        self.tip.frame_hash = frame.hash();
        self.tip.chain = frame.chain();
        self.tip.tree = frame.tree();
    }

    /// Appends the next frame of `entries` entries.
    pub(super) fn write(&mut self, entries: u64) -> Position {
        let frame = self.frame(entries);
        self.append(&frame).unwrap()
    }

    /// The head that names the tip.
    pub(super) fn head(&self) -> Head {
        Head {
            frame: self.tip.frame,
            frame_hash: self.tip.frame_hash,
            tree_size: self.tip.tree.size,
            checkpoint: format!("{ORIGIN}\n{}\n", self.tip.tree.size).into_bytes(),
        }
    }

    /// Publishes the tip.
    pub(super) fn publish(&mut self) {
        let head = self.head();
        assert_eq!(self.journal.publish(&head).unwrap(), Published::Done);
        self.tip.published = head;
    }

    /// Appends and publishes.
    pub(super) fn commit(&mut self, entries: u64) -> Position {
        let position = self.write(entries);
        self.publish();
        position
    }
}

/// Entry `index`.
pub(super) fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

/// The payload of entry `index`, if that has one.
pub(super) fn payload(index: u64) -> Vec<u8> {
    format!("sealed {index}").into_bytes()
}

/// The tree over the entries `0..size`.
fn tree_head(size: u64) -> TreeHead {
    let mut tree = Frontier::new();
    (0..size).for_each(|index| tree.append(leaf_hash(&entry(index))));
    TreeHead { size, root: tree.root() }
}

/// What a writer of `epoch` expects of `tip`.
pub(super) const fn expected(epoch: Epoch, tip: &Tip) -> Expected {
    Expected { epoch, tree: tip.tree }
}
