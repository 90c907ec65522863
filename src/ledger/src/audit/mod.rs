//! The audit: every entry judged again, slowly and simply, by code that shares nothing with what accepted it
//! (architecture.md, "Determinism and replay"; the rules are those of rules.md 2).
//!
//! It keeps plain facts in ordered maps, asks *everything* of every entry and reports the fault that comes first in the
//! order of [`Rejection`]. An entry with a fault counts for nothing afterwards: what rests on it is a fault too.
//!
//! Must not be used here: `decide`, `evolve`, `prepare`, `facts`, `rules`, `case`, `access`, `query`, `policy`,
//! `threshold`, `grade`, `day`, `ids` (a test reads the imports). Of `rows` only the format that the digest is made of is
//! used.
#![allow(clippy::unnecessary_wraps, reason = "the checks of all kinds have one shape")]

mod accounts;
mod book;
mod charters;
mod control;
mod conversion;
mod cosign;
mod devices;
mod dump;
mod envelope;
mod evidence;
mod inspections;
mod judge;
mod keys;
mod lifecycle;
mod offers;
mod outcomes;
mod pathways;
mod payload;
mod policies;
mod programmes;
mod published;
mod records;
mod registry;
mod remarks;
mod study;
mod text;
mod trust;
mod ways;

pub use dump::{Difference, compare};

use crate::posting::Secrets;
use crate::rejection::{Rejection, Text};
use book::{Book, Seen};
use dump::Rows;
use judge::{Case, Change, Judge};
use prost::bytes::Bytes;
use std::collections::BTreeSet;
use xuefen_core::attestation::Claim;
use xuefen_core::chain;
use xuefen_core::entry::{Entry, EntryError, EntryRule};
use xuefen_core::hash::sha256;
use xuefen_core::key::KeyId;
use xuefen_core::kinds::Kind;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::origin::Origin;
use xuefen_core::payload::Payload;
use xuefen_core::proto::statement::Body;
use xuefen_core::tree::Frontier;
use xuefen_core::{Hash, proto};

/// What came with an entry.
#[derive(Clone, Debug)]
pub enum PayloadOf {
    /// Its payload.
    Present(Payload),
    /// It had one, which was erased.
    Erased,
    /// It has none.
    None,
}

/// In place of a ledger's secrets where no payload is at hand ([`Auditor::push_public`]): then there is nothing to hash.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPayloads;

impl Secrets for NoPayloads {
    fn document_hmac(&self, kind: &str, number: &str) -> [u8; 32] {
        sha256(&[kind.as_bytes(), &[0], number.as_bytes()]).0
    }

    fn source_hmac(&self, issuer: &str, kind: u32, source_id: &str) -> [u8; 32] {
        sha256(&[issuer.as_bytes(), &[0], &kind.to_be_bytes(), source_id.as_bytes()]).0
    }
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It is not the next entry.
    OutOfOrder,
    /// It was logged before the entry before it.
    LoggedBackwards,
    /// It should have been refused.
    Refusable(Rejection),
}

impl Fault {
    /// A stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OutOfOrder => "OUT_OF_ORDER",
            Self::LoggedBackwards => "LOGGED_BACKWARDS",
            Self::Refusable(rejection) => rejection.code(),
        }
    }

    /// What ought to hold, in English.
    #[must_use]
    pub const fn rule(self) -> &'static str {
        self.text().en
    }

    /// What ought to hold.
    #[must_use]
    pub const fn text(self) -> Text {
        match self {
            Self::OutOfOrder => {
                Text { en: "Entries are numbered from 0 without gaps.", zh: "记录须从 0 起连续编号。" }
            }
            Self::LoggedBackwards => Text {
                en: "No entry is logged before the one before it.",
                zh: "记录的入账时间不得早于前一条。",
            },
            Self::Refusable(rejection) => rejection.rule(),
        }
    }
}

/// An entry that ought not to be in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which entry.
    pub index: u64,
    /// The first of its faults, in order of precedence.
    pub fault: Fault,
    /// What was found. Never a payload value.
    pub detail: String,
    /// All its faults, in order of precedence.
    pub faults: Vec<Fault>,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "entry {}: {}: {}", self.index, self.fault.code(), self.fault.rule())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, " ({})", self.detail) }
    }
}

impl std::error::Error for Finding {}

/// How much was looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries pushed.
    pub entries: u64,
    /// Attestations that were looked at.
    pub attestations: u64,
    /// Signatures verified: one for each batch.
    pub signatures: u64,
    /// Payloads opened and held against their commitments.
    pub payloads: u64,
    /// Payloads erased: what they said was not judged.
    pub erased: u64,
}

/// The audit of one log, entry by entry.
#[derive(Clone, Debug)]
pub struct Auditor<S> {
    origin: Origin,
    genesis_keys: Vec<KeyId>,
    secrets: S,
    chain: Hash,
    tree: Frontier,
    last_logged_at: i64,
    book: Book,
    verified: BTreeSet<Claim>,
    counts: Counts,
    rows: Rows,
}

impl<S: Secrets> Auditor<S> {
    /// Begins with an empty log. `genesis_keys` are the keys of authority.txt.
    pub fn new(origin: Origin, genesis_keys: Vec<KeyId>, secrets: S) -> Self {
        Self {
            chain: chain::start(&origin),
            origin,
            genesis_keys,
            secrets,
            tree: Frontier::new(),
            last_logged_at: 0,
            book: Book::default(),
            verified: BTreeSet::new(),
            counts: Counts::default(),
            rows: Rows::default(),
        }
    }

    /// Judges the next entry. Chain and tree grow by it in any case.
    ///
    /// # Errors
    /// The first of its faults. The audit goes on with the next entry.
    pub fn push(&mut self, index: u64, entry_bytes: Bytes, payload: &PayloadOf) -> Result<(), Finding> {
        let at = self.tree.size().0;
        let leaf = leaf_hash(&entry_bytes);
        self.tree.append(leaf);
        self.chain = chain::next(&self.chain, &leaf);
        self.counts.entries += 1;
        let mut judge = Judge::default();
        judge.fault(index == at, Fault::OutOfOrder, || format!("called {index}, is entry {at}"));
        let change = match Entry::<proto::Statement>::parse(entry_bytes) {
            Ok(entry) => {
                let change = self.judge(at, &entry, payload, &mut judge);
                self.last_logged_at = self.last_logged_at.max(entry.logged_at().seconds());
                self.book.entries.push(logged(&entry, judge.is_content()));
                change
            }
            Err(error) => {
                judge.unless(false, rejection_of(error), || error.to_string());
                self.book.entries.push(None);
                None
            }
        };
        let faults = judge.all();
        let verdict = judge.verdict();
        if let (None, Some(change)) = (&verdict, change) {
            change(&mut self.book);
        }
        self.rows.write(at, &mut self.book);
        verdict.map_or(Ok(()), |(fault, detail)| Err(Finding { index: at, fault, detail, faults }))
    }

    fn judge(
        &mut self,
        index: u64,
        entry: &Entry<proto::Statement>,
        payload: &PayloadOf,
        judge: &mut Judge,
    ) -> Option<Change> {
        let case = Case::new(index, entry, payload, &self.book)?;
        let logged_at = entry.logged_at().seconds();
        judge.fault(logged_at >= self.last_logged_at, Fault::LoggedBackwards, String::new);
        envelope::statement(&case, &self.origin, &self.book, judge);
        envelope::issuer(&case, &self.book, judge);
        let known = envelope::attestations(&case, &self.book, &mut self.verified, &mut self.counts, judge);
        envelope::issuers_key(&case, &known, &self.book, judge);
        charters::quorum(&case, &self.book, judge);
        payload::check(&case, &mut self.counts, judge);
        let (book, secrets) = (&self.book, &self.secrets as &dyn Secrets);
        let change: Option<Change> = match case.body {
            Body::Genesis(body) => trust::genesis(&case, body, &self.genesis_keys, judge),
            Body::AuthorityKey(body) => keys::authority_key(&case, body, book, judge),
            Body::AccreditInstitution(body) => trust::accredit(&case, body, book, judge),
            Body::ChangeInstitution(body) => trust::change(&case, body, book, judge),
            Body::InstitutionKey(body) => keys::institution_key(&case, body, book, judge),
            Body::Policy(body) => policies::policy(&case, body, book, judge),
            Body::Charter(body) => charters::charter(&case, body, book, judge),
            Body::EvaluateInstitution(body) => charters::evaluate(&case, body, book, judge),
            Body::FiledMajors(body) => registry::filed(&case, body, book, judge),
            Body::Framework(body) => registry::framework(&case, body, book, judge),
            Body::MajorCatalogue(body) => registry::catalogue(&case, body, book, judge),
            Body::Equivalence(body) => pathways::equivalence(&case, body, book, judge),
            Body::ExamScheme(body) => pathways::exam_scheme(&case, body, book, judge),
            Body::Pathway(body) => pathways::pathway(&case, body, book, judge),
            Body::RecordingRule(body) => offers::recording_rule(&case, body, book, judge),
            Body::Course(body) => offers::course(&case, body, book, judge),
            Body::Module(body) => offers::module(&case, body, book, judge),
            Body::Programme(body) => programmes::programme(&case, body, book, judge),
            Body::Run(body) => programmes::run(&case, body, book, judge),
            Body::CertificateFamily(body) => offers::family(&case, body, book, judge),
            Body::OpenAccount(_) => accounts::open(&case, book, secrets, judge),
            Body::AmendAccount(_) => devices::amend(&case, book, secrets, judge),
            Body::BindKey(_) => devices::bind(&case, book, secrets, judge),
            Body::UnbindKey(_) => devices::unbind(&case, book, secrets, judge),
            Body::MergeAccounts(_) => accounts::merge(&case, book, secrets, judge),
            Body::RecordOutcome(body) => outcomes::record(&case, body, book, secrets, judge),
            Body::Countersign(body) => lifecycle::countersign(&case, body, book, judge),
            Body::Suspend(body) => lifecycle::suspend(&case, body, book, judge),
            Body::Reinstate(body) => lifecycle::reinstate(&case, body, book, judge),
            Body::Revoke(body) => lifecycle::revoke(&case, body, book, judge),
            Body::Inspection(body) => inspections::inspection(&case, body, book, judge),
            Body::DeclareHeadcount(body) => control::headcount(&case, body, book, judge),
            Body::ConversionRule(body) => conversion::rule(&case, body, book, judge),
            Body::ApplyConversion(body) => conversion::apply(&case, body, book, secrets, judge),
            Body::AcceptApplication(body) => conversion::accept(&case, body, book, judge),
            Body::DecideConversion(body) => conversion::decide(&case, body, book, secrets, judge),
            Body::AppealDecision(body) => conversion::appeal(&case, body, book, secrets, judge),
            Body::DecideAppeal(body) => conversion::decide_appeal(&case, body, book, judge),
            Body::ReverseConversion(body) => conversion::reverse(&case, body, book, secrets, judge),
            Body::WithdrawApplication(body) => conversion::withdraw(&case, body, book, judge),
            _ => {
                judge.unless(false, Rejection::KindNotEnabled, || case.kind.name().to_owned());
                None
            }
        };
        let nonce = (case.issuer.to_owned(), entry.statement().nonce().0);
        if !self.book.nonces.contains_key(&nonce) {
            self.book.nonces.insert(nonce, index);
        }
        change
    }

    /// Judges the next entry of a public log, without its payload: whatever only that says is left out and counted as erased
    /// ([`Counts::erased`]).
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_public(&mut self, index: u64, entry_bytes: Bytes) -> Result<(), Finding> {
        let entry = Entry::<proto::Statement>::parse(entry_bytes.clone());
        let body = entry.as_ref().ok().and_then(|entry| entry.statement().message().body.as_ref());
        let private = body.is_some_and(|body| Kind::of(body).is_private());
        let payload = if private { PayloadOf::Erased } else { PayloadOf::None };
        self.push(index, entry_bytes, &payload)
    }

    /// Chain head after the last entry (formats.md 4).
    #[must_use]
    pub const fn chain(&self) -> Hash {
        self.chain
    }

    /// Number of entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.tree.size().0
    }

    /// RFC 6962 root over the entries.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Digest of the state that the entries make (digest.rs says of what).
    #[must_use]
    pub fn state_digest(&self) -> Hash {
        self.rows.digest(self.size())
    }

    /// What was looked at so far.
    #[must_use]
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

fn logged(entry: &Entry<proto::Statement>, good: bool) -> Option<Seen> {
    let statement = entry.statement();
    let body = statement.message().body.as_ref()?;
    let outcome =
        if let Body::RecordOutcome(outcome) = body { outcome.clone() } else { proto::RecordOutcome::default() };
    Some(Seen {
        leaf_hash: entry.leaf_hash(),
        kind: Kind::of(body),
        outcome_kind: outcome.outcome_kind,
        issuer: statement.issuer().to_owned(),
        issued_at: statement.issued_at().seconds(),
        logged_at: entry.logged_at().seconds(),
        keys: entry.attestations().iter().map(xuefen_core::attestation::Attestation::key_id).collect(),
        supersedes: outcome.supersedes.map(|target| target.index),
        imported: outcome.imported,
        cosigner: outcome.cosigner,
        good,
    })
}

const fn rejection_of(error: EntryError) -> Rejection {
    match error {
        EntryError::NewerVersion(_) => Rejection::VersionUnknown,
        EntryError::NonCanonical => Rejection::NonCanonical,
        EntryError::Rule(EntryRule::Length) => Rejection::TooLarge,
        EntryError::Rule(EntryRule::AttestationCount | EntryRule::KeyIdLength | EntryRule::KeyIdOrder) => {
            Rejection::AttestationMalformed
        }
        EntryError::Rule(EntryRule::LoggedAt) | EntryError::Statement(_) => Rejection::StatementMalformed,
    }
}
