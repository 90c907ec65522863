//! The verify pool: everything about a posting that needs no order, on all cores.
//!
//! Strict parsing, signatures, commitments, keyed hashes, sealing. What comes out is a list of findings; whether an entry
//! enters is decided afterwards, in order, by one thread.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use arc_swap::ArcSwap;
use crossbeam_channel::Receiver;
use tokio::sync::oneshot;
use xuefen_core::entry::Draft;
use xuefen_core::key::{KeyId, PublicKey};
use xuefen_ledger::{Context, KeyLookup, Prepared, RawPosting, Secrets, query};

use super::state::AsOf;
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
    /// Gives the reserved key back: nothing of the posting is kept.
    pub(super) fn release(&self, vault: &Vault) {
        if let Some(sealed) = &self.sealed {
            vault.release(sealed.slot);
        }
    }

    /// Bytes of its journal record, at most.
    pub(super) fn record_bytes(&self) -> usize {
        const HEADER_AND_TIME: usize = 32;
        let entry = self.prepared.draft().map_or(0, Draft::start_len);
        entry + self.sealed.as_ref().map_or(0, |sealed| sealed.bytes.len()) + HEADER_AND_TIME
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
    pub vault: Arc<Vault>,
    pub view: Arc<ArcSwap<View>>,
    pub batches: VerifiedBatches,
}

impl Preparer {
    /// Starts `threads` workers that end when the sending side of `jobs` is gone.
    pub(super) fn start(
        self: &Arc<Self>,
        threads: usize,
        jobs: &Receiver<Job>,
    ) -> std::io::Result<Vec<JoinHandle<()>>> {
        let start = |number| {
            let (preparer, jobs) = (Arc::clone(self), jobs.clone());
            thread::Builder::new().name(format!("verify-{number}")).spawn(move || {
                for job in jobs {
                    (job.then)(job.postings.into_iter().map(|posting| preparer.prepare(posting)).collect());
                }
            })
        };
        (0..threads).map(start).collect()
    }

    fn prepare(&self, posting: RawPosting) -> Ready {
        let view = self.view.load();
        let keys = Keys(&view);
        let prepared = xuefen_ledger::prepare(posting, &self.context, &VaultSecrets(&self.vault), &keys, &self.batches);
        let sealed = if prepared.is_sound() { self.seal(&prepared) } else { None };
        Ready { prepared, sealed }
    }

    /// Seals the payload of a posting that may still be accepted.
    fn seal(&self, prepared: &Prepared) -> Option<SealedPayload> {
        let commitment = prepared.statement()?.commitment()?;
        let (account, payload) = (prepared.account()?, prepared.payload()?);
        // Out of randomness is out of service: an entry whose payload was not sealed is not taken.
        let slot = self.vault.reserve(AccountId(account)).ok()?;
        match self.vault.seal(slot, self.context.origin.as_str(), &commitment, &super::payload::encode(payload)) {
            Ok(bytes) => Some(SealedPayload { slot, bytes }),
            Err(error) => {
                tracing::error!(%error, "cannot seal a payload");
                self.vault.release(slot);
                None
            }
        }
    }
}

/// Keyed hashes under the ledger's pepper, for the rules.
pub(super) struct VaultSecrets<'a>(pub &'a Vault);

impl Secrets for VaultSecrets<'_> {
    fn document_hmac(&self, kind: &str, number: &str) -> [u8; 32] {
        self.0.document_hmac(kind, number)
    }

    fn source_hmac(&self, issuer: &str, kind: u32, source_id: &str) -> [u8; 32] {
        self.0.source_hmac(issuer, kind, source_id)
    }
}

/// Public keys from the published state. One that is still on its way is checked by the sequencer instead.
struct Keys<'a>(&'a View);

impl KeyLookup for Keys<'_> {
    fn public_key(&self, id: &KeyId) -> Option<PublicKey> {
        let state = AsOf::new(&self.0.index, self.0.tree.size);
        let row = query::key(&state, id).inspect_err(|error| tracing::error!(%error, "cannot read a key")).ok()??;
        PublicKey::parse(&row.public_key).ok()
    }
}
