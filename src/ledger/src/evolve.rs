//! Turns an accepted entry into rows. Judges nothing: on the hot path `decide` has, at start-up and rebuild the journal did.

use crate::access::Writer;
use crate::case::Said;
use crate::decide::Effects;
use crate::facts::Facts;
use crate::flag::Flag;
use crate::policy::InForce;
use crate::posting::{Message, Prepared, Secrets};
use crate::rows::{self, EntryRow, key_short};
use crate::rules;
use crate::state::{Key, Read, ReadError, Row};
use crate::threshold::Breach;
use std::borrow::Cow;
use std::cell::OnceCell;
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
    nonce: Key,
    keys: Vec<KeyId>,
    facts: Cow<'a, Facts>,
    logged_at: i64,
    /// What `decide` remarked; `None` for what it did not judge just now.
    flags: Option<&'a [Flag]>,
    /// The policy in force, worked out when it is first asked for.
    policy: OnceCell<InForce>,
}

impl<'a> Accepted<'a> {
    /// A posting that was just accepted, with these effects. `None` if it could not even be read.
    #[must_use]
    pub fn new(prepared: &'a Prepared, logged_at: i64, effects: &'a Effects) -> Option<Self> {
        let statement = prepared.statement()?;
        let nonce = prepared.nonce.clone()?;
        let keys = prepared.attested.iter().map(|attested| attested.key).collect();
        let policy = effects.policy.clone().map_or_else(OnceCell::new, OnceCell::from);
        let (facts, flags) = (Cow::Borrowed(&prepared.facts), Some(&*effects.flags));
        Some(Self { statement, nonce, keys, facts, logged_at, flags, policy })
    }

    /// An entry read from a journal, with its payload; `None` for public kinds and for what was erased.
    #[must_use]
    pub fn replayed(entry: &'a Entry<Message>, payload: Option<&Payload>, secrets: &dyn Secrets) -> Self {
        let statement = entry.statement();
        Self {
            statement,
            nonce: rows::nonce(statement.issuer(), statement.nonce().as_bytes()),
            keys: entry.attestations().iter().map(Attestation::key_id).collect(),
            facts: Cow::Owned(Facts::read(statement, payload, secrets)),
            logged_at: entry.logged_at().seconds(),
            flags: None,
            policy: OnceCell::new(),
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

    /// The entry, as the rules that remark on it see it.
    fn said(&self) -> Said<'_> {
        Said { issuer: self.issuer(), logged_at: self.logged_at, facts: self.facts(), policy: &self.policy }
    }

    /// The policy by which it was judged. Asked before anything of the entry is written.
    pub(crate) fn policy<S: Read + ?Sized>(&self, state: &S) -> Result<&InForce, ReadError> {
        self.said().policy(state)
    }

    fn row(&self, body: &Body) -> EntryRow {
        let outcome = if let Body::RecordOutcome(body) = body { Some(body) } else { None };
        EntryRow {
            kind: Kind::of(body) as u8,
            outcome_kind: outcome.map_or(0, |body| u8::try_from(body.outcome_kind).unwrap_or(u8::MAX)),
            issuer: self.issuer().to_owned(),
            issued_at: self.statement.issued_at().seconds(),
            logged_at: self.logged_at,
            keys: self.keys.iter().map(key_short).collect(),
            supersedes: outcome.and_then(|body| body.supersedes.as_ref()).map(|target| target.index),
            imported: outcome.is_some_and(|body| body.imported),
            cosigner: outcome.map(|body| body.cosigner.clone()).unwrap_or_default(),
        }
    }
}

/// The rows that entry `index` adds to a state that holds all entries before it, by ascending key.
pub fn evolve(state: &impl Read, index: u64, entry: &Accepted<'_>) -> Result<Vec<Row>, ReadError> {
    let mut writer = Writer::new(state, index);
    writer.mark(entry.nonce.clone());
    if let Some(body) = &entry.statement.message().body {
        writer.put(rows::entry(index), &entry.row(body));
        writer.mark(rows::issued_by(entry.issuer()));
        flags(&mut writer, entry, body)?;
        rules::write(&mut writer, entry, body)?;
    }
    Ok(writer.finish())
}

/// What is remarked of the entry: by the state before it, so this is written first. Remarks that rest on other entries'
/// payloads stand apart, for a rebuild may not find them again once one of those was erased.
fn flags<S: Read + ?Sized>(writer: &mut Writer<'_, S>, entry: &Accepted<'_>, body: &Body) -> Result<(), ReadError> {
    let flags = match entry.flags {
        Some(flags) => flags.to_vec(),
        None => rules::breaches(writer, &entry.said(), body)?.into_iter().map(Breach::into_flag).collect(),
    };
    let (counted, own): (Vec<Flag>, Vec<Flag>) = flags.into_iter().partition(|flag| flag.code.is_counted());
    let index = writer.index();
    for (flags, key) in [(own, rows::flags(index)), (counted, rows::counted_flags(index))] {
        if !flags.is_empty() {
            writer.put(key, &flags.iter().map(Flag::row).collect::<Vec<_>>());
        }
    }
    Ok(())
}
