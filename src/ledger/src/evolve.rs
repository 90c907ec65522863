//! Turns an accepted entry into rows. Judges nothing: on the hot path `decide` has, at start-up and rebuild the journal did.

use crate::posting::{Message, Prepared, Secrets};
use crate::prepare::Facts;
use crate::state::{Read, ReadError, Row};
use std::borrow::Cow;
use xuefen_core::Hash;
use xuefen_core::entry::Entry;
use xuefen_core::payload::Payload;
use xuefen_core::statement::Statement;

/// An entry in the log, as [`evolve`] sees it.
#[derive(Debug)]
pub struct Accepted<'a> {
    statement: &'a Statement<Message>,
    keys: Vec<xuefen_core::key::KeyId>,
    facts: Cow<'a, Facts>,
    logged_at: i64,
    leaf_hash: Hash,
}

impl<'a> Accepted<'a> {
    /// A posting that was just accepted, and the leaf hash it got. `None` if its form was not good.
    #[must_use]
    pub fn new(prepared: &'a Prepared, logged_at: i64, leaf_hash: Hash) -> Option<Self> {
        let statement = prepared.statement()?;
        let keys = prepared.attested.iter().map(|attested| attested.key).collect();
        Some(Self { statement, keys, facts: Cow::Borrowed(&prepared.facts), logged_at, leaf_hash })
    }

    /// An entry read from a journal, with its payload; `None` for public kinds and for what was erased.
    #[must_use]
    pub fn replayed(entry: &'a Entry<Message>, payload: Option<&Payload>, secrets: &dyn Secrets) -> Self {
        let statement = entry.statement();
        Self {
            statement,
            keys: entry.attestations().iter().map(xuefen_core::attestation::Attestation::key_id).collect(),
            facts: Cow::Owned(Facts::read(statement, payload, secrets)),
            logged_at: entry.logged_at().seconds(),
            leaf_hash: entry.leaf_hash(),
        }
    }
}

/// The rows that entry `index` adds to a state that holds all entries before it.
pub fn evolve(state: &impl Read, index: u64, entry: &Accepted<'_>) -> Result<Vec<Row>, ReadError> {
    let _ = (state, index, entry.statement, &entry.keys, &entry.facts, entry.logged_at, entry.leaf_hash);
    Ok(Vec::new())
}
