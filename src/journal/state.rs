//! Where the journal ends and what may come next: the checks that every implementation of the trait shares. No I/O.

use std::collections::VecDeque;

use xuefen_core::Hash;

use super::build::Frame;
use super::error::JournalError;
use super::frame::StoredFrame;
use super::head::Head;
use super::types::{Epoch, FrameNumber, Position, TreeHead, chain_start};
use super::{Expected, Tip};

/// The last frame, the newest head, and the frames between the two.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub frame: FrameNumber,
    pub hash: Hash,
    pub chain: Hash,
    pub tree: TreeHead,
    head: Head,
    /// Frames above the head, oldest first: what a head may name next.
    unpublished: VecDeque<(FrameNumber, Hash, u64)>,
}

impl State {
    /// A journal without frames, with the head it was created with.
    pub(super) fn empty(origin: &str) -> Self {
        let start = chain_start(origin);
        let head = Head { frame: FrameNumber::NONE, frame_hash: start, tree_size: 0, checkpoint: Vec::new() };
        Self {
            frame: FrameNumber::NONE,
            hash: start,
            chain: start,
            tree: TreeHead::empty(),
            head,
            unpublished: VecDeque::new(),
        }
    }

    /// The same with `head` as the newest, before the frames are read.
    pub(super) fn with_head(self, head: Head) -> Self {
        Self { head, ..self }
    }

    pub(super) const fn head(&self) -> &Head {
        &self.head
    }

    pub(super) fn tip(&self, epoch: Epoch, end: Position) -> Tip {
        Tip {
            epoch,
            frame: self.frame,
            frame_hash: self.hash,
            chain: self.chain,
            tree: self.tree,
            end,
            published: self.head.clone(),
        }
    }

    /// The fence: true if the writer of `epoch` may write what it expects to write.
    pub(super) fn admits(&self, epoch: Option<Epoch>, expected: Expected) -> bool {
        epoch == Some(expected.epoch) && self.tree == expected.tree
    }

    /// Refuses a frame that does not continue the last one.
    pub(super) fn check_frame(&self, frame: &Frame) -> Result<(), JournalError> {
        let header = frame.header();
        let follows =
            header.number == self.frame.next() && header.previous == self.hash && header.first_index == self.tree.size;
        if follows { Ok(()) } else { Err(JournalError::NotNext { frame: header.number }) }
    }

    pub(super) fn appended(&mut self, frame: &Frame) {
        self.advance(frame.number(), frame.hash(), frame.chain(), frame.tree());
    }

    /// The same for a frame read back.
    pub(super) fn read(&mut self, frame: &StoredFrame) {
        self.advance(frame.number(), frame.hash(), frame.chain(), frame.tree());
    }

    fn advance(&mut self, number: FrameNumber, hash: Hash, chain: Hash, tree: TreeHead) {
        (self.frame, self.hash, self.chain, self.tree) = (number, hash, chain, tree);
        if number > self.head.frame {
            self.unpublished.push_back((number, hash, tree.size));
        }
    }

    /// Refuses a head that names no frame, or an older one than the newest head. The newest may be named again, with
    /// another checkpoint over the same tree.
    pub(super) fn check_head(&self, head: &Head) -> Result<(), JournalError> {
        if head.frame < self.head.frame {
            return Err(JournalError::Backwards { frame: head.frame, published: self.head.frame });
        }
        let newest = (self.head.frame, self.head.frame_hash, self.head.tree_size);
        let named = (head.frame, head.frame_hash, head.tree_size);
        if named == newest || self.unpublished.contains(&named) {
            Ok(())
        } else {
            Err(JournalError::NotAppended { frame: head.frame })
        }
    }

    pub(super) fn published(&mut self, head: &Head) {
        self.head.clone_from(head);
        while self.unpublished.front().is_some_and(|(number, ..)| *number <= head.frame) {
            self.unpublished.pop_front();
        }
    }
}
