//! The gRPC services: one file per service. They parse, ask the sequencer or a view, and answer; no rule lives here.
//!
//! What a service may answer to whom is decided by `access`; how an error looks by `status`; how a list goes on by `page`.

pub mod access;
mod account;
mod codes;
mod convert;
mod erase;
mod grants;
mod issued;
mod issuer;
mod issuing;
mod log;
mod outcome;
mod page;
mod people;
mod present;
mod registry;
mod reports;
mod resource;
mod standards;
mod status;
mod transcript;
mod transcript_sums;
mod trust;
mod verification;
mod witnessing;
mod words;

pub use account::Accounts;
pub use codes::Codes;
pub use issuer::OPERATOR;
pub use issuing::Issuing;
pub use log::Log;
pub use page::Pages;
pub use registry::Registry;
pub use reports::{REPORTING, Reports};
pub use transcript::Transcripts;
pub use trust::OwnTrust;
pub use verification::{Verification, current_status, presentation_by_grant};
pub use witnessing::shown as witness_standings;

/// Messages and services, generated from `proto/` (`tests/generated` keeps them in step).
#[allow(clippy::all, clippy::pedantic, missing_docs)]
pub mod proto {
    include!("proto/xuefen.v1.rs");

    /// Every message and service, for reflection.
    pub const DESCRIPTORS: &[u8] = include_bytes!("proto/descriptors.binpb");
}

use std::sync::Arc;

use access::{AccessError, AccountId, Caller, LocalTokens};
use arc_swap::ArcSwap;
use tokio::sync::Semaphore;
use tonic::Request;
use xuefen_core::key::{PublicKey, SecretKey};

use crate::sequencer::Ledger;
use crate::witness::feeder::Witnesses;

/// What every service shares.
pub struct Api {
    /// The running ledger.
    pub ledger: Arc<Ledger>,
    /// Issues and verifies bearer tokens.
    pub tokens: LocalTokens,
    /// Seals page tokens and challenges.
    pub pages: Pages,
    /// Makes and knows activation codes.
    pub codes: Codes,
    /// Signs status notes (formats.md 5).
    pub status_key: SecretKey,
    /// What this server itself trusts when it is asked to verify.
    pub trust: ArcSwap<OwnTrust>,
    /// Places for presentations that are being verified: [`VERIFYING`] of them.
    pub verifying: Semaphore,
    /// Keys of those who operate the server.
    pub operators: Vec<PublicKey>,
    /// Places for reports that are being made: [`REPORTING`] of them.
    pub reporting: Arc<Semaphore>,
    /// Who cosigns the checkpoints; `None` if nobody is asked to.
    pub witnesses: Option<Arc<Witnesses>>,
}

/// Presentations verified at once. Anybody may ask, and each may take thousands of signatures.
pub const VERIFYING: usize = 4;

/// Reads the disk away from the threads that move the network.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, tonic::Status> + Send + 'static,
) -> Result<T, tonic::Status> {
    tokio::task::spawn_blocking(read).await.map_err(|error| status::internal(&error))?
}

impl Api {
    /// The signed note that the public is shown: that of the newest tree, or, where a quorum is asked for, of the newest
    /// tree that has it. How often it moves is the server's matter.
    pub fn published_note(&self) -> Arc<str> {
        let witnessed = self.quorum().and_then(|witnesses| witnesses.newest());
        witnessed.map_or_else(|| Arc::clone(&self.ledger.view().checkpoint), |witnessed| witnessed.note)
    }

    /// The witnesses, where a quorum of them is asked for.
    fn quorum(&self) -> Option<&Arc<Witnesses>> {
        self.witnesses.as_ref().filter(|witnesses| witnesses.has_quorum())
    }

    /// Who is calling.
    fn caller<T>(&self, request: &Request<T>) -> Result<Caller, AccessError> {
        access::caller(request.metadata(), &self.tokens, self.ledger.now())
    }

    /// The caller, if it is an institution; its id.
    fn institution<T>(&self, request: &Request<T>) -> Result<String, AccessError> {
        match self.caller(request)? {
            Caller::Institution(id) => Ok(id),
            Caller::Learner(_) | Caller::Authority { .. } | Caller::Operator => Err(AccessError::Denied),
        }
    }

    /// Whether the caller is the operator.
    fn operator<T>(&self, request: &Request<T>) -> Result<(), AccessError> {
        match self.caller(request)? {
            Caller::Operator => Ok(()),
            Caller::Learner(_) | Caller::Institution(_) | Caller::Authority { .. } => Err(AccessError::Denied),
        }
    }

    /// The caller, if it is a learner; the account.
    fn learner<T>(&self, request: &Request<T>) -> Result<AccountId, AccessError> {
        match self.caller(request)? {
            Caller::Learner(account) => Ok(account),
            Caller::Institution(_) | Caller::Authority { .. } | Caller::Operator => Err(AccessError::Denied),
        }
    }
}

#[cfg(test)]
mod tests;
