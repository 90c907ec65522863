//! What the audit knows: plain facts, from entries that it found good. No check stands here, and nothing of how the
//! index keeps its rows.

use super::inspections::Begun;
use super::policies::Line;
use super::remarks::{Graded, Remark};
use crate::rejection::Rejection;
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::mem;
use xuefen_core::Hash;
use xuefen_core::key::{KeyId, PublicKey};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{
    AccreditInstitution, AuthorityRole, CertificateFamily, ChangeInstitution, Charter, ConversionRule,
    DeclareHeadcount, Equivalence, EvaluateInstitution, ExamScheme, Framework, MajorCatalogue, Name, OutcomeKind,
    Pathway, Policy, Programme, RecordingRule, Run,
};

/// An account as the audit names it: 16 bytes of an HMAC of its id.
pub(super) type Account = [u8; 16];

/// Facts by key, and which of them the present entry changed, in order.
#[derive(Clone, Debug)]
pub(super) struct Facts<K, V> {
    known: BTreeMap<K, V>,
    changed: Vec<K>,
}

impl<K, V> Default for Facts<K, V> {
    fn default() -> Self {
        Self { known: BTreeMap::new(), changed: Vec::new() }
    }
}

impl<K: Ord + Clone, V> Facts<K, V> {
    pub(super) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.known.get(key)
    }

    pub(super) fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.known.contains_key(key)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        self.changed.push(key.clone());
        self.known.insert(key, value);
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.known.get_mut(key)?;
        self.changed.push(key.clone());
        Some(value)
    }

    pub(super) fn get_or(&mut self, key: K, new: impl FnOnce() -> V) -> &mut V {
        self.changed.push(key.clone());
        self.known.entry(key).or_insert_with(new)
    }

    /// Every fact, by ascending key.
    pub(super) fn all(&self) -> impl Iterator<Item = (&K, &V)> {
        self.known.iter()
    }

    /// Forgets a fact; the row that told of it stays.
    pub(super) fn remove(&mut self, key: &K) {
        self.known.remove(key);
    }

    /// What changed since this was asked last, each once.
    pub(super) fn changes(&mut self) -> Vec<(K, &V)> {
        let mut changed: Vec<K> = Vec::new();
        for key in mem::take(&mut self.changed) {
            if !changed.contains(&key) {
                changed.push(key);
            }
        }
        changed.into_iter().filter_map(|key| self.known.get(&key).map(|value| (key, value))).collect()
    }
}

/// All facts.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    /// Every entry, good or not; none for bytes that are no entry.
    pub(super) entries: Vec<Option<Seen>>,
    pub(super) nonces: Facts<(String, [u8; 16]), u64>,
    pub(super) standings: Facts<u64, Standing>,
    /// Accreditations and changes that wait for the second authority.
    pub(super) waiting: Facts<u64, Waiting>,
    pub(super) keys: Facts<KeyId, KeyFact>,
    pub(super) authorities: Facts<String, Authority>,
    pub(super) institutions: Facts<String, Institution>,
    /// (owner, kind, code) → newest version and its entry.
    pub(super) versions: Facts<(String, Kind, String), (u32, u64)>,
    pub(super) offers: Facts<u64, Offer>,
    /// Two digits of a province, or nothing → its policies.
    pub(super) policies: Facts<String, Line>,
    /// (institution, level, year) → newest filing.
    pub(super) filed: Facts<(String, u32, u32), Filed>,
    /// Charters of consortia: the newest, when it was logged, and the entries of all.
    pub(super) charters: Facts<String, (Charter, i64, Vec<u64>)>,
    /// Institution → the newest evaluation.
    pub(super) evaluations: Facts<String, (EvaluateInstitution, String)>,
    /// (institution, day) → the newest headcount and who declared it.
    pub(super) headcounts: Facts<(String, u32), (DeclareHeadcount, String)>,
    /// Inspections by the entry that began them.
    pub(super) inspections: Facts<u64, Begun>,
    /// What people call a pathway.
    pub(super) labels: Facts<String, ()>,
    /// (outcome kind, code, level) → entries that hold it equal to something.
    pub(super) equivalents: Facts<(i32, String, u32), Vec<u64>>,
    pub(super) accounts: Facts<Account, AccountFact>,
    /// HMAC of a document → account and the entry that opened it.
    pub(super) documents: Facts<[u8; 32], (Account, u64)>,
    pub(super) devices: Facts<[u8; 32], Device>,
    /// Entries whose payloads were erased and that would have told of an account.
    pub(super) accounts_unknown: bool,
    pub(super) outcomes: Facts<u64, Outcome>,
    /// (issuer, HMAC of kind and record number) → newest version.
    pub(super) sources: Facts<(String, [u8; 32]), u64>,
    /// (account, what can be had once) → newest outcome that has it.
    pub(super) held: Facts<(Account, [u8; 16]), u64>,
    /// (issuer, team) → its result and the newest outcome that says so.
    pub(super) teams: Facts<(String, [u8; 16]), ([u8; 16], u64)>,
    /// (owner, programme code) → runs that had not begun when the newest was announced.
    pub(super) announced: Facts<(String, String), Vec<(u64, u32)>>,
    /// Remarks on entries; first those that rest on the entry alone.
    pub(super) remarks: Facts<u64, (Vec<Remark>, Vec<Remark>)>,
    /// (offer, run) → its graded attempts, in the order they were logged.
    pub(super) runs: BTreeMap<(u64, String), Vec<Graded>>,
    pub(super) conversions: super::conversion::Conversions,
    /// (account, offer, run, attempt) → newest version.
    pub(super) attempts: Facts<(Account, u64, String, u32), u64>,
}

/// An entry as it stands in the log.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) leaf_hash: Hash,
    pub(super) kind: Kind,
    pub(super) outcome_kind: i32,
    pub(super) issuer: String,
    pub(super) issued_at: i64,
    pub(super) logged_at: i64,
    pub(super) keys: Vec<KeyId>,
    pub(super) supersedes: Option<u64>,
    pub(super) imported: bool,
    pub(super) cosigner: String,
    /// Nothing was found wrong with it. What was counts for nothing.
    pub(super) good: bool,
}

/// What later entries did to an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing {
    pub(super) suspended: Option<(i64, u64)>,
    pub(super) revoked: Option<(i32, u64)>,
    pub(super) superseded_by: Option<u64>,
    pub(super) pending: bool,
    /// When it lapses.
    pub(super) lapses_at: Option<i64>,
    pub(super) completed_by: Option<u64>,
    pub(super) countersigned: Vec<Countersigned>,
}

#[derive(Clone, Debug)]
pub(super) struct Countersigned {
    pub(super) party: String,
    pub(super) index: u64,
    pub(super) logged_at: i64,
    pub(super) keys: Vec<KeyId>,
    pub(super) by_authority: bool,
}

/// A statement that the nation and a province must both sign.
#[derive(Clone, Debug)]
pub(super) enum Waiting {
    Accredit(AccreditInstitution),
    Change(ChangeInstitution),
}

#[derive(Clone, Debug)]
pub(super) struct KeyFact {
    pub(super) public: PublicKey,
    pub(super) owner: String,
    pub(super) role: Option<(AuthorityRole, String)>,
    pub(super) custodian: String,
    pub(super) from: i64,
    /// Exclusive.
    pub(super) until: i64,
    pub(super) entry: u64,
    /// Rotated from this key, which would have been valid until then.
    pub(super) replaces: Option<(KeyId, i64)>,
    pub(super) end: Option<KeyEnded>,
}

#[derive(Clone, Debug)]
pub(super) struct KeyEnded {
    pub(super) at: i64,
    pub(super) by: u64,
    pub(super) ground: i32,
    pub(super) compromised_since: Option<i64>,
}

impl KeyFact {
    pub(super) fn in_force(&self, time: i64) -> bool {
        let ended = matches!(&self.end, Some(end) if end.at <= time);
        !ended && time >= self.from && time < self.until
    }

    /// The province it accredits in; empty for the whole country.
    pub(super) fn accredits(&self) -> Option<&str> {
        match &self.role {
            Some((AuthorityRole::Accredit, region)) => Some(region),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Authority {
    pub(super) names: Vec<Name>,
    pub(super) entry: u64,
}

#[derive(Clone, Debug)]
pub(super) enum State {
    InForce,
    Suspended { until: i64, ground: i32 },
    Revoked { ground: i32, since: Option<i64> },
    Merged { successor: String },
}

#[derive(Clone, Debug)]
pub(super) struct Institution {
    /// The accreditation in force.
    pub(super) rights: AccreditInstitution,
    /// (from, entry, completed by).
    pub(super) accreditations: Vec<(i64, u64, Option<u64>)>,
    /// (from, by, names).
    pub(super) names: Vec<(i64, u64, Vec<Name>)>,
    /// (from, by, state).
    pub(super) states: Vec<(i64, u64, State)>,
    pub(super) took_over: Vec<String>,
}

impl Institution {
    /// What it was at a time; none before it was accredited.
    pub(super) fn at(&self, time: i64) -> Option<State> {
        let (_, _, state) = self.states.iter().rfind(|(from, _, _)| *from <= time)?;
        match state {
            State::Suspended { until, .. } if time >= *until => Some(State::InForce),
            other => Some(other.clone()),
        }
    }

    /// Why it could not act at a time.
    pub(super) fn hindered(&self, time: i64) -> Option<Rejection> {
        match self.at(time) {
            Some(State::InForce) => None,
            Some(State::Suspended { .. }) => Some(Rejection::IssuerSuspended),
            Some(State::Revoked { .. } | State::Merged { .. }) => Some(Rejection::IssuerEnded),
            None => Some(Rejection::IssuerNotInForce),
        }
    }
}

/// Standards and offers, as their owners published them.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    pub(super) owner: String,
    pub(super) code: String,
    pub(super) version: u32,
    /// The entry of the version before.
    pub(super) previous: Option<u64>,
    pub(super) what: What,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Policy(Box<Policy>),
    Programme(Box<Programme>),
    Run(Run),
    Rule(RecordingRule),
    Course(Teaching),
    Module(Teaching),
    Family(CertificateFamily),
    Framework(Framework),
    Catalogue(MajorCatalogue),
    ExamScheme(ExamScheme),
    Pathway(Pathway),
    Equivalence(Equivalence),
    Conversion(Box<ConversionRule>),
}

/// Majors filed.
#[derive(Clone, Debug)]
pub(super) struct Filed {
    pub(super) entry: u64,
    pub(super) catalogue: u64,
    pub(super) majors: Vec<String>,
}

/// What courses and modules have in common.
#[derive(Clone, Debug)]
pub(super) struct Teaching {
    pub(super) minutes: u32,
    pub(super) practice_minutes: u32,
    pub(super) credit_millis: u32,
    /// 0 = none.
    pub(super) rule: u64,
    pub(super) scale: String,
}

#[derive(Clone, Debug)]
pub(super) struct AccountFact {
    pub(super) entry: u64,
    pub(super) opener: String,
    pub(super) document: [u8; 32],
    pub(super) kept_as: Option<Account>,
    pub(super) aliases: Vec<Account>,
    /// Device keys bound to it, in order.
    pub(super) devices: Vec<[u8; 32]>,
    /// The entries that amended it, in order.
    pub(super) amendments: Vec<u64>,
}

/// A device key of a learner.
#[derive(Clone, Debug)]
pub(super) struct Device {
    pub(super) account: Account,
    pub(super) entry: u64,
    pub(super) unbound_by: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) issuer: String,
    pub(super) kind: OutcomeKind,
    /// As it was kept when the outcome was logged.
    pub(super) account: Account,
    pub(super) source: [u8; 32],
    /// Course, module or family; 0 = none.
    pub(super) offer: u64,
    pub(super) run: String,
    pub(super) attempt: u32,
    /// What others may rest on.
    pub(super) says: super::evidence::Says,
    /// What conversions ask for.
    pub(super) converts: super::conversion::Said,
    /// What can be had once only.
    pub(super) holds: Option<[u8; 16]>,
    pub(super) nullifier_key: [u8; 32],
}

impl Book {
    pub(super) fn entry(&self, index: u64) -> Option<&Seen> {
        self.entries.get(usize::try_from(index).ok()?)?.as_ref()
    }

    /// The account that an id stands for.
    pub(super) fn kept(&self, account: Account) -> Option<Account> {
        self.accounts.get(&account).map(|fact| fact.kept_as.unwrap_or(account))
    }

    /// An institution and whomever it took over, however far back.
    pub(super) fn line_of(&self, id: &str) -> Vec<String> {
        let mut line = vec![id.to_owned()];
        let mut at = 0;
        while at < line.len() {
            let before = self.institutions.get(&line[at]).map(|it| it.took_over.clone()).unwrap_or_default();
            for older in before {
                if !line.contains(&older) {
                    line.push(older);
                }
            }
            at += 1;
        }
        line
    }

    /// An outcome and the corrections made of it since.
    pub(super) fn versions_from(&self, index: u64) -> Vec<u64> {
        let mut versions = vec![index];
        let newer = |index: u64| self.standings.get(&index).and_then(|standing| standing.superseded_by);
        while let Some(next) = versions.last().copied().and_then(newer) {
            versions.push(next);
        }
        versions
    }

    /// Whether an outcome and all that it corrects are revoked or lapsed: then it may be recorded anew.
    pub(super) fn all_out(&self, newest: u64, time: i64) -> bool {
        let mut version = Some(newest);
        while let Some(index) = version {
            let lapsed = self.standings.get(&index).is_some_and(|it| super::cosign::has_lapsed(it, time));
            if !self.is_revoked(index) && !lapsed {
                return false;
            }
            version = self.entry(index).and_then(|entry| entry.supersedes);
        }
        true
    }

    pub(super) fn is_revoked(&self, index: u64) -> bool {
        self.standings.get(&index).is_some_and(|standing| standing.revoked.is_some())
    }

    /// Whether an entry counts at a time, as far as life-cycle entries say.
    pub(super) fn counts(&self, index: u64, time: i64) -> bool {
        self.standings.get(&index).is_none_or(|standing| {
            standing.revoked.is_none()
                && standing.superseded_by.is_none()
                && !standing.pending
                && standing.suspended.is_none_or(|(until, _)| until <= time)
        })
    }

    /// The standing of an entry, to be changed.
    pub(super) fn standing(&mut self, index: u64) -> &mut Standing {
        self.standings.get_or(index, Standing::default)
    }

    /// Authorities among the owners of keys: those that accredit, with their region.
    pub(super) fn accrediting(&self, keys: &[KeyId]) -> Vec<(String, String)> {
        let facts = keys.iter().filter_map(|id| self.keys.get(id));
        facts.filter_map(|key| Some((key.owner.clone(), key.accredits()?.to_owned()))).collect()
    }
}
