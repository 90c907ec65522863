//! Turns an accepted entry into rows. Judges nothing: on the hot path `decide` has, at start-up and rebuild the journal did.

use crate::access::Writer;
use crate::facts::Facts;
use crate::posting::{Message, Prepared, Secrets};
use crate::rows::{self, EntryRow, key_short};
use crate::rules;
use crate::state::{Read, ReadError, Row};
use std::borrow::Cow;
use xuefen_core::attestation::Attestation;
use xuefen_core::entry::Entry;
use xuefen_core::key::KeyId;
use xuefen_core::kinds::Kind;
use xuefen_core::payload::Payload;
use xuefen_core::proto::statement::Body;
use xuefen_core::statement::Statement;

/// An entry in the log, as [`evolve`] sees it.
#[derive(Debug)]
pub struct Accepted<'a> {
    statement: &'a Statement<Message>,
    keys: Vec<KeyId>,
    facts: Cow<'a, Facts>,
    logged_at: i64,
}

impl<'a> Accepted<'a> {
    /// A posting that was just accepted. `None` if it could not even be read.
    #[must_use]
    pub fn new(prepared: &'a Prepared, logged_at: i64) -> Option<Self> {
        let statement = prepared.statement()?;
        let keys = prepared.attested.iter().map(|attested| attested.key).collect();
        Some(Self { statement, keys, facts: Cow::Borrowed(&prepared.facts), logged_at })
    }

    /// An entry read from a journal, with its payload; `None` for public kinds and for what was erased.
    #[must_use]
    pub fn replayed(entry: &'a Entry<Message>, payload: Option<&Payload>, secrets: &dyn Secrets) -> Self {
        let statement = entry.statement();
        Self {
            statement,
            keys: entry.attestations().iter().map(Attestation::key_id).collect(),
            facts: Cow::Owned(Facts::read(statement, payload, secrets)),
            logged_at: entry.logged_at().seconds(),
        }
    }

    pub(crate) fn issuer(&self) -> &str {
        self.statement.issuer()
    }

    pub(crate) const fn logged_at(&self) -> i64 {
        self.logged_at
    }

    pub(crate) fn keys(&self) -> &[KeyId] {
        &self.keys
    }

    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    fn row(&self, body: &Body) -> EntryRow {
        let (outcome_kind, supersedes, imported) = match body {
            Body::RecordOutcome(body) => {
                (body.outcome_kind, body.supersedes.as_ref().map(|target| target.index), body.imported)
            }
            _ => (0, None, false),
        };
        EntryRow {
            kind: Kind::of(body) as u8,
            outcome_kind: u8::try_from(outcome_kind).unwrap_or(u8::MAX),
            issuer: self.issuer().to_owned(),
            issued_at: self.statement.issued_at().seconds(),
            logged_at: self.logged_at,
            keys: self.keys.iter().map(key_short).collect(),
            supersedes,
            imported,
        }
    }
}

/// The rows that entry `index` adds to a state that holds all entries before it, by ascending key.
pub fn evolve(state: &impl Read, index: u64, entry: &Accepted<'_>) -> Result<Vec<Row>, ReadError> {
    let mut writer = Writer::new(state, index);
    writer.mark(rows::nonce(entry.issuer(), entry.statement.nonce().as_bytes()));
    if let Some(body) = &entry.statement.message().body {
        writer.put(rows::entry(index), &entry.row(body));
        writer.mark(rows::issued_by(entry.issuer()));
        rules::write(&mut writer, entry, body)?;
    }
    Ok(writer.finish())
}
