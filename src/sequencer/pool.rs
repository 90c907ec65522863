//! The verify pool: everything about a posting that needs no order, on all cores.
//!
//! Strict parsing, signatures, commitments, keyed hashes, sealing. What comes out is a list of findings; whether an entry
//! enters is decided afterwards, in order, by one thread.

use std::sync::Arc;
use std::thread;

use arc_swap::ArcSwap;
use bytes::Bytes;
use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;
use xuefen_ledger::{Prepared, RawPosting};

use super::error::SequencerError;
use super::prepare::Preparer;
use super::view::View;
use crate::vault::{Slot, Vault};

/// A posting with all its stateless work done.
pub struct Ready {
    pub(super) prepared: Prepared,
    pub(super) sealed: Option<SealedPayload>,
}

/// A payload sealed under its learner's key.
pub(super) struct SealedPayload {
    pub slot: Slot,
    pub bytes: Vec<u8>,
    /// The slot was reserved for this posting's learner and is not on disk yet.
    pub fresh: bool,
}

impl Ready {
    /// Bytes of its journal record, at most.
    pub(super) fn record_bytes(&self) -> usize {
        const HEADER_AND_TIME: usize = 32;
        self.prepared.entry_bytes() + self.sealed.as_ref().map_or(0, |sealed| sealed.bytes.len()) + HEADER_AND_TIME
    }

    /// The slot to let go if the posting is refused.
    pub(super) fn fresh_slot(&self) -> Option<Slot> {
        self.sealed.as_ref().filter(|sealed| sealed.fresh).map(|sealed| sealed.slot)
    }
}

pub(super) struct Job {
    pub postings: Vec<RawPosting>,
    pub done: oneshot::Sender<Vec<Ready>>,
}
