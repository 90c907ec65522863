//! The verify pool: everything about a posting that needs no order, on all cores.
//!
//! Strict parsing, signatures, commitments, keyed hashes, sealing. What comes out is a list of findings; whether an entry
//! enters is decided afterwards, in order, by one thread.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use arc_swap::ArcSwap;
use crossbeam_channel::Receiver;
use tokio::sync::oneshot;
use xuefen_core::origin::Origin;
use xuefen_core::payload::Payload;
use xuefen_core::Hash;
use xuefen_ledger::{Context, KeyLookup, Prepared, RawPosting, Secrets};

use super::verified::VerifiedBatches;
use super::view::View;
use crate::vault::{AccountId, Slot, Vault};

/// A posting with all its stateless work done.
pub struct Ready {
    pub(super) prepared: Prepared,
    pub(super) sealed: Option<SealedPayload>,
}

/// A payload sealed under its learner's key.
pub(super) struct SealedPayload {
    /// Reserved for this posting: let go if it is refused.
    pub slot: Slot,
    pub bytes: Vec<u8>,
}

impl Ready {
    /// Bytes of its journal record, at most.
    pub(super) fn record_bytes(&self) -> usize {
        const HEADER_AND_TIME: usize = 32;
        self.prepared.entry_bytes() + self.sealed.as_ref().map_or(0, |sealed| sealed.bytes.len()) + HEADER_AND_TIME
    }
}

/// Postings to prepare.
pub(super) struct Job {
    pub postings: Vec<RawPosting>,
    /// Called on the worker's thread with what came out.
    pub then: Box<dyn FnOnce(Vec<Ready>) + Send>,
}

impl Job {
    /// A job whose result is awaited.
    pub(super) fn awaited(postings: Vec<RawPosting>) -> (Self, oneshot::Receiver<Vec<Ready>>) {
        let (done, ready) = oneshot::channel();
        // A caller that went away needs no answer.
        let then = Box::new(move |out| drop(done.send(out)));
        (Self { postings, then }, ready)
    }
}

/// What every worker shares.
pub(super) struct Preparer {
    pub context: Context,
    pub origin: Origin,
    pub vault: Arc<Vault>,
    pub view: Arc<ArcSwap<View>>,
    pub batches: VerifiedBatches,
}

impl Preparer {
    /// Starts `threads` workers that end when the sending side of `jobs` is gone.
    pub(super) fn start(self: &Arc<Self>, threads: usize, jobs: &Receiver<Job>) -> std::io::Result<Vec<JoinHandle<()>>> {
        (0..threads)
            .map(|number| {
                let (preparer, jobs) = (Arc::clone(self), jobs.clone());
                thread::Builder::new().name(format!("verify-{number}")).spawn(move || {
                    for job in jobs {
                        (job.then)(job.postings.into_iter().map(|posting| preparer.prepare(posting)).collect());
                    }
                })
            })
            .collect()
    }

    fn prepare(&self, posting: RawPosting) -> Ready {
        let view = self.view.load();
        let keys = Keys(&view);
        let prepared = xuefen_ledger::prepare(posting, &self.context, &VaultSecrets(&self.vault), &keys, &self.batches);
        let sealed = self.seal(&prepared);
        Ready { prepared, sealed }
    }

    /// Seals the payload of a posting that may still be accepted.
    fn seal(&self, prepared: &Prepared) -> Option<SealedPayload> {
        let (account, commitment, payload) = prepared.to_seal()?;
        // Out of randomness is out of service: the ledger refuses what was not sealed.
        let slot = self.vault.reserve(AccountId(account)).ok()?;
        match self.vault.seal(slot, self.origin.as_str(), &commitment, &super::payload::encode(payload)) {
            Ok(bytes) => Some(SealedPayload { slot, bytes }),
            Err(error) => {
                tracing::error!(%error, "cannot seal a payload");
                self.vault.release(slot);
                None
            }
        }
    }
}
