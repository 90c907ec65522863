//! Where the one committer is: with the sequencer, or lent to the thread that commits beside it (docs/adr/0040). It decides
//! nothing about what is committed, and when is the sequencer's business.

use crossbeam_channel::{Receiver, Sender};

use super::commit::{Batch, Committer, Round};
use super::error::SequencerError;

/// The sequencer's end.
pub(super) struct Lent {
    /// `None` while it is away. It cannot be in two places, so batches are committed one after the other.
    committer: Option<Box<Committer>>,
    rounds: Sender<Round>,
    /// Where it comes back; closed if it failed.
    pub returned: Receiver<Box<Committer>>,
}

impl Lent {
    pub(super) fn new(committer: Committer, rounds: Sender<Round>, returned: Receiver<Box<Committer>>) -> Self {
        Self { committer: Some(Box::new(committer)), rounds, returned }
    }

    /// Whether it is still away.
    pub(super) fn is_away(&mut self) -> bool {
        if self.committer.is_none() {
            self.committer = self.returned.try_recv().ok();
        }
        self.committer.is_none()
    }

    pub(super) fn take_back(&mut self, committer: Box<Committer>) {
        self.committer = Some(committer);
    }

    /// Waits until it is back; false if it failed.
    pub(super) fn wait(&mut self) -> bool {
        if self.committer.is_none() {
            self.committer = self.returned.recv().ok();
        }
        self.committer.is_some()
    }

    /// Commits on this thread: no other is woken, and nothing is decided meanwhile.
    pub(super) fn here(&mut self, batch: Batch) -> Result<(), SequencerError> {
        self.committer.as_mut().map_or(Ok(()), |committer| committer.commit(batch))
    }

    /// Commits on the committer's thread, while this one goes on.
    pub(super) fn away(&mut self, batch: Batch) {
        if let Some(committer) = self.committer.take() {
            // A thread that is gone has said why, and this is noticed when the committer does not come back.
            let _ = self.rounds.send((committer, batch));
        }
    }

    /// Commits what is left once it is back, and ends it.
    pub(super) fn end(mut self, batch: Option<Batch>) -> Result<(), SequencerError> {
        if self.wait() {
            batch.map_or(Ok(()), |batch| self.here(batch))?;
        }
        if let Some(committer) = self.committer {
            committer.end();
        }
        Ok(())
    }
}
