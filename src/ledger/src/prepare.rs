//! The stateless part of judging a posting, for a pool of threads.

use crate::posting::{Context, Form, KeyLookup, Message, Prepared, RawPosting, Secrets, VerifiedBatches};
use crate::state::Key;
use xuefen_core::payload::Payload;
use xuefen_core::statement::Statement;

/// What a payload says, and the HMACs of it that rows are keyed with.
#[derive(Clone, Debug, Default)]
pub struct Facts {}

impl Facts {
    pub(crate) fn read(_statement: &Statement<Message>, _payload: Option<&Payload>, _secrets: &dyn Secrets) -> Self {
        Self {}
    }

    pub(crate) fn account_id(&self) -> Option<[u8; 16]> {
        None
    }
}

/// Does all the work on a posting that needs no state. Failures are kept by rank, never turned into a verdict.
#[must_use]
pub fn prepare(
    posting: RawPosting,
    context: &Context,
    secrets: &dyn Secrets,
    keys: &dyn KeyLookup,
    cache: &dyn VerifiedBatches,
) -> Prepared {
    let _ = (context, secrets, keys, cache);
    Prepared {
        form: Form::Unreadable,
        attested: Vec::new(),
        faults: Vec::new(),
        facts: Facts::default(),
        payload: posting.payload,
    }
}

/// Keys that `decide` will ask for, as far as they are known without state. For prefetching; asking more or fewer is no
/// fault.
#[must_use]
pub fn reads(prepared: &Prepared) -> Vec<Key> {
    let _ = prepared;
    Vec::new()
}
