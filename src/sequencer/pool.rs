//! The verify pool: everything about a posting that needs no order, on all cores.
//!
//! Strict parsing, signatures, commitments, keyed hashes, sealing. What comes out is a list of findings; whether an entry
//! enters is decided afterwards, in order, by one thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use arc_swap::ArcSwap;
use crossbeam_channel::Receiver;
use tokio::sync::oneshot;
use xuefen_core::entry::Draft;
use xuefen_core::origin::Origin;
use xuefen_ledger::{Context, Decision, Entries, Prepared, RawPosting, Read, ReadError, Secrets, Signatures, Sources};

use super::keys::KnownKeys;
use super::read::Payloads;
use super::verified::VerifiedBatches;
use super::view::View;
use crate::journal::Reader;
use crate::vault::{AccountId, SEAL_OVERHEAD, Slot, Vault, VaultError};

/// A posting with all its stateless work done.
pub struct Ready {
    pub(super) prepared: Prepared,
    pub(super) sealed: Sealing,
}

/// What became of a payload.
pub(super) enum Sealing {
    /// There is none, or the posting is refused whatever the state.
    Nothing,
    /// Sealed, under a key that was maybe reserved for it.
    Done(SealedPayload),
    /// Signed by a key that the published state does not have; so many bytes long. Sealed once it is accepted: a stranger
    /// must not be able to make keys for learners, each of which costs a place in the key ring for ever.
    IfAccepted(usize),
}

/// A payload sealed under its learner's key.
pub(super) struct SealedPayload {
    /// Reserved for this posting: let go if it is refused.
    pub slot: Slot,
    pub bytes: Vec<u8>,
}

impl Ready {
    /// The verdict of the rules. Keys that the pool did not find yet are asked for once more, of the state.
    pub(super) fn decide(
        &mut self,
        state: &(impl Read + Entries),
        sources: &dyn Sources,
        logged_at: i64,
    ) -> Result<Decision, ReadError> {
        if self.prepared.signatures() == Signatures::UnknownKey {
            xuefen_ledger::complete(state, &mut self.prepared, sources)?;
        }
        xuefen_ledger::decide(state, &self.prepared, logged_at)
    }

    /// Gives the reserved key back: nothing of the posting is kept.
    pub(super) fn release(&self, vault: &Vault) {
        if let Sealing::Done(sealed) = &self.sealed {
            vault.release(sealed.slot);
        }
    }

    /// Bytes of its journal record, at most.
    pub(super) fn record_bytes(&self) -> usize {
        const HEADER_AND_TIME: usize = 32;
        let entry = self.prepared.draft().map_or(0, Draft::start_len);
        let payload = match &self.sealed {
            Sealing::Nothing => 0,
            Sealing::Done(sealed) => sealed.bytes.len(),
            Sealing::IfAccepted(length) => length + SEAL_OVERHEAD,
        };
        entry + payload + HEADER_AND_TIME
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
    pub reader: Arc<dyn Reader>,
    pub view: Arc<ArcSwap<View>>,
    pub batches: VerifiedBatches,
    pub keys: KnownKeys,
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
                for Job { postings, then } in jobs {
                    if let Some(ready) = preparer.all(postings) {
                        then(ready);
                    }
                }
            })
        };
        (0..threads).map(start).collect()
    }

    /// Prepares a chunk on this thread. `None` if that found a fault in this program, which costs the caller the answer and
    /// nobody else a thread.
    pub(super) fn all(&self, postings: Vec<RawPosting>) -> Option<Vec<Ready>> {
        // Nothing that is shared is left half-changed: the vault and the cache change in one step each.
        let all = || postings.into_iter().map(|posting| self.prepare(posting)).collect();
        let ready = catch_unwind(AssertUnwindSafe(all)).ok();
        if ready.is_none() {
            tracing::error!("preparing a chunk panicked; its caller gets no answer");
        }
        ready
    }

    fn prepare(&self, posting: RawPosting) -> Ready {
        let view = self.view.load();
        let keys = self.keys.beside(&view);
        let sources = Payloads { reader: &*self.reader, vault: &self.vault, view: &view };
        let secrets = VaultSecrets(&self.vault);
        let prepared = xuefen_ledger::prepare(posting, &self.context, &secrets, &keys, &sources, &self.batches);
        let sealed = self.seal(&prepared);
        Ready { prepared, sealed }
    }

    /// Seals the payload of a posting that may still be accepted.
    fn seal(&self, prepared: &Prepared) -> Sealing {
        let Some(payload) = prepared.payload().filter(|_| prepared.is_sound()) else { return Sealing::Nothing };
        match prepared.signatures() {
            Signatures::Bad => Sealing::Nothing,
            Signatures::UnknownKey => Sealing::IfAccepted(super::payload::encoded_len(payload)),
            // What cannot be sealed now is tried once more if it is accepted, and then said.
            Signatures::Good => match seal(&self.vault, &self.context.origin, prepared) {
                Ok(Some(sealed)) => Sealing::Done(sealed),
                Ok(None) | Err(_) => Sealing::IfAccepted(super::payload::encoded_len(payload)),
            },
        }
    }
}

/// Seals the payload of a posting under its learner's key, which is reserved; `None` if there is nothing to seal.
pub(super) fn seal(vault: &Vault, origin: &Origin, prepared: &Prepared) -> Result<Option<SealedPayload>, VaultError> {
    let commitment = prepared.statement().and_then(xuefen_core::statement::Statement::commitment);
    let Some(((account, payload), commitment)) = prepared.account().zip(prepared.payload()).zip(commitment) else {
        return Ok(None);
    };
    let slot = vault.reserve(AccountId(account))?;
    let write = |out: &mut Vec<u8>| super::payload::encode(payload, out);
    let sealed = vault.seal_with(slot, origin.as_str(), &commitment, super::payload::encoded_len(payload), write);
    sealed.map(|bytes| Some(SealedPayload { slot, bytes })).inspect_err(|_| vault.release(slot))
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
