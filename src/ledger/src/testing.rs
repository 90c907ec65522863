//! A small world for tests: a ministry, two provinces, institutions with keys, and statements signed by whoever should.
//! For the tests of this crate and, with the feature `testing`, of others. Keys come from fixed seeds: never use them.

// Tests are what may panic; every function here does when the world it is asked for cannot be.
#![allow(clippy::missing_panics_doc)]

mod bodies;
mod conversion;
mod signing;
mod whole;

pub use bodies::{
    authorise, catalogue, charter, consortium, course, equivalence, evaluation, exam_scheme, filed, framework,
    headcount, inspection, inspection_report, policy, programme, qinghai_policy, rule, run, skill_family,
    through_training, x_family,
};
pub use conversion::{Agreed, conversion_rule, module, of_family};
pub use signing::{commit, payload, sign, sign_all, sign_with};
pub use whole::Whole;

use crate::policy::KnownPolicies;
use crate::posting::{Context, KeyLookup, Message, RawPosting, Secrets, Sources, VerifiedBatches};
use crate::rejection::Refusal;
use crate::rows::key_short;
use crate::{Accepted, Decision, Effects, MemoryState, Prepared, Read, decide, evolve, prepare};
use prost::bytes::Bytes;
use std::collections::BTreeMap;
use xuefen_core::attestation::Claim;
use xuefen_core::commitment::Tag as Number;
use xuefen_core::entry::Entry;
use xuefen_core::hash::{Hash, keyed_hash, sha256};
use xuefen_core::key::{KeyId, PublicKey, SecretKey};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::learner::{self, Act};
use xuefen_core::origin::Origin;
use xuefen_core::payload::Payload;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AccreditInstitution, Algorithm, AuthorityKeyGrant, AuthorityRole, BindKey, Countersign, EntryRef, Genesis,
    InstitutionKind, MergeAccounts, Name, OpenAccount, OutcomeKind, RecordOutcome, Sector,
};
use xuefen_core::time::Timestamp;

/// Origin of the test ledger.
pub const ORIGIN: &str = "ledger.example/test";

/// When the world begins: 2026-09-01 in UTC+8, Unix seconds.
pub const START: i64 = 1_788_192_000;

/// HMACs under a fixed key.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestSecrets;

impl Secrets for TestSecrets {
    fn document_hmac(&self, kind: &str, number: &str) -> [u8; 32] {
        keyed_hash(&Hash([1; 32]), &[kind.as_bytes(), &[0], number.as_bytes()]).0
    }

    fn source_hmac(&self, issuer: &str, kind: u32, source_id: &str) -> [u8; 32] {
        let parts: [&[u8]; 5] = [issuer.as_bytes(), &[0], &kind.to_be_bytes(), &[0], source_id.as_bytes()];
        keyed_hash(&Hash([2; 32]), &parts).0
    }
}

/// No cache of verified batches.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBatches;

impl VerifiedBatches for NoBatches {
    fn contains(&self, _: &Claim) -> bool {
        false
    }

    fn insert(&self, _: Claim) {}
}

/// Looks keys up in a state.
impl KeyLookup for MemoryState {
    fn public_key(&self, id: &KeyId) -> Option<PublicKey> {
        let row = crate::query::key(self, id).ok()??;
        PublicKey::parse(&row.public_key).ok()
    }
}

/// Payloads of a [`World`].
#[derive(Debug)]
pub struct Payloads<'a>(&'a [(Entry<Message>, Option<Payload>)]);

impl Sources for Payloads<'_> {
    fn payload(&self, index: u64) -> Option<Payload> {
        self.0.get(usize::try_from(index).ok()?)?.1.clone()
    }
}

/// An institution or authority and the key it signs with.
#[derive(Debug)]
pub struct Party {
    /// Its id.
    pub id: String,
    /// Its key.
    pub key: SecretKey,
}

impl Party {
    /// A party with the key of a fixed seed.
    #[must_use]
    pub fn new(id: &str, seed: u8) -> Self {
        Self { id: id.to_owned(), key: SecretKey::from_seed(&[seed; 32]) }
    }

    /// A party with a unified social credit code of these 17 characters.
    #[must_use]
    pub fn with_code(code17: &str, seed: u8) -> Self {
        const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
        let good = ALPHABET.chars().map(|check| format!("{code17}{check}")).find(|id| crate::ids::is_institution(id));
        Self::new(&good.expect("17 characters of the alphabet have a check character"), seed)
    }

    /// Id of its key.
    #[must_use]
    pub fn key_id(&self) -> KeyId {
        self.key.public().id()
    }
}

/// A name in Chinese.
#[must_use]
pub fn zh(text: &str) -> Vec<Name> {
    vec![Name { language: "zh".to_owned(), text: text.to_owned() }]
}

/// A ledger in memory and everyone who writes into it.
#[derive(Debug)]
pub struct World {
    /// All rows.
    pub state: MemoryState,
    /// The ledger's clock, Unix seconds. Move it forward at will.
    pub now: i64,
    /// The ledger.
    pub context: Context,
    /// Entries with their payloads, for rebuilding.
    pub entries: Vec<(Entry<Message>, Option<Payload>)>,
    /// National authority.
    pub ministry: Party,
    /// Province 630000.
    pub qinghai: Party,
    /// Province 320000.
    pub jiangsu: Party,
    /// A secondary vocational school in 630000, not accredited before [`World::furnished`].
    pub school: Party,
    /// A higher vocational college in 320000, not accredited before [`World::furnished`].
    pub college: Party,
    /// An evaluation body in 320000, not accredited before [`World::furnished`].
    pub body: Party,
    /// Leaf indices by name: `rule`, `course`, `family`, ...
    pub named: BTreeMap<&'static str, u64>,
    /// What the rules remember between entries, as a running ledger does.
    known: KnownPolicies,
    counter: u64,
}

impl Default for World {
    fn default() -> Self {
        Self::empty()
    }
}

impl World {
    /// Nothing in the log yet.
    #[must_use]
    pub fn empty() -> Self {
        let ministry = Party::with_code("11100000000013610", 1);
        Self {
            state: MemoryState::default(),
            now: START,
            context: Context {
                origin: Origin::parse(ORIGIN).expect("a good origin"),
                genesis_keys: vec![ministry.key_id()],
            },
            entries: Vec::new(),
            ministry,
            qinghai: Party::with_code("11630000015000123", 2),
            jiangsu: Party::with_code("11320000014000456", 3),
            school: Party::with_code("12630100440000789", 4),
            college: Party::with_code("12320400466000321", 5),
            body: Party::with_code("52320000500000654", 6),
            named: BTreeMap::new(),
            known: KnownPolicies::default(),
            counter: 0,
        }
    }

    /// Genesis is in the log: ministry, provinces, status and intake key.
    #[must_use]
    pub fn begun() -> Self {
        Self::begun_at(START)
    }

    fn begun_at(now: i64) -> Self {
        let mut world = Self { now, ..Self::empty() };
        let body = world.genesis();
        let statement = world.statement(&world.ministry.id.clone(), body);
        let posting = sign(&statement, &[&world.ministry.key], None);
        world.accept(posting);
        world
    }

    /// School, college and evaluation body are accredited and have keys; there are a rule, courses, families, an account.
    #[must_use]
    pub fn furnished() -> Self {
        Self::furnished_at(START)
    }

    /// [`Self::furnished`], begun at another time: for tests with programs that look at the machine's clock.
    #[must_use]
    pub fn furnished_at(now: i64) -> Self {
        let mut world = Self::begun_at(now);
        for (name, accreditation) in [
            ("school", world.accreditation(&world.school, "630100", "西宁市第一职业技术学校")),
            ("college", world.accreditation(&world.college, "320400", "常州铁道高等职业技术学校")),
            ("body", world.accreditation(&world.body, "320000", "示例评价组织")),
        ] {
            let index = world.accredit(accreditation);
            world.named.insert(name, index);
        }
        for party in ["school", "college", "body"] {
            world.authorise(party);
        }
        let ministry = world.ministry.id.clone();
        let index = world.post(&ministry, Body::RecordingRule(rule()), &[1]);
        world.named.insert("rule", index);
        for (name, party, seed) in
            [("course", world.school.id.clone(), 4), ("other_course", world.college.id.clone(), 5)]
        {
            let index = world.post(&party, Body::Course(course(world.named["rule"])), &[seed]);
            world.named.insert(name, index);
        }
        let body = world.body.id.clone();
        let index = world.post(&body, Body::CertificateFamily(x_family()), &[6]);
        world.named.insert("family", index);
        let index = world.post(&body, Body::CertificateFamily(skill_family()), &[6]);
        world.named.insert("skill", index);
        let school = world.school.id.clone();
        let index = world.open(&school, 4, [7; 16], "110101199003070000");
        world.named.insert("account", index);
        world
    }

    /// The body of this world's genesis.
    #[must_use]
    pub fn genesis(&self) -> Body {
        let grant = |party: &Party, role: AuthorityRole, region: &str, key: &SecretKey| AuthorityKeyGrant {
            authority: party.id.clone(),
            role: role as i32,
            region: region.to_owned(),
            algorithm: Algorithm::Ed25519 as i32,
            public_key: key.public().as_bytes().to_vec(),
            valid_from: 0,
            valid_until: 0,
            names: zh("主管部门"),
        };
        let key = |seed: u8| SecretKey::from_seed(&[seed; 32]);
        Body::Genesis(Genesis {
            names: zh("测试账本"),
            keys: vec![
                grant(&self.ministry, AuthorityRole::Accredit, "", &self.ministry.key),
                grant(&self.qinghai, AuthorityRole::Accredit, "630000", &self.qinghai.key),
                grant(&self.jiangsu, AuthorityRole::Accredit, "320000", &self.jiangsu.key),
                grant(&self.ministry, AuthorityRole::Status, "", &key(101)),
                grant(&self.ministry, AuthorityRole::Intake, "", &key(102)),
            ],
        })
    }

    /// An accreditation for every kind of outcome.
    #[must_use]
    pub fn accreditation(&self, party: &Party, region: &str, name: &str) -> AccreditInstitution {
        AccreditInstitution {
            institution: party.id.clone(),
            kind: InstitutionKind::HigherVocational as i32,
            sector: Sector::Vocational as i32,
            region: region.to_owned(),
            parent: String::new(),
            outcome_kinds: (1..=16).collect(),
            families: vec!["x-bim".to_owned(), "skill-cook".to_owned()],
            names: zh(name),
            full_ladder: Vec::new(),
            may_import: false,
            highest_skill_level: 6,
        }
    }

    /// Posts an accreditation that the ministry and the region's province sign together.
    pub fn accredit(&mut self, body: AccreditInstitution) -> u64 {
        let province = if body.region.starts_with("63") { 2 } else { 3 };
        let ministry = self.ministry.id.clone();
        self.post(&ministry, Body::AccreditInstitution(body), &[1, province])
    }

    /// The ministry authorises the key of `school`, `college` or `body`.
    pub fn authorise(&mut self, name: &'static str) -> u64 {
        let (party, seed) = match name {
            "school" => (&self.school, 4),
            "college" => (&self.college, 5),
            _ => (&self.body, 6),
        };
        let body = authorise(&party.id, &party.key);
        let ministry = self.ministry.id.clone();
        self.post(&ministry, body, &[1, seed])
    }

    /// Opens an account with an identity card.
    pub fn open(&mut self, issuer: &str, seed: u8, account: [u8; 16], document: &str) -> u64 {
        let (body, payload) = self.account(account, document);
        let posting = self.private(issuer, body, &payload, &[seed]);
        self.accept(posting)
    }

    /// Body and payload of a new account.
    #[must_use]
    pub fn account(&self, account: [u8; 16], document: &str) -> (Body, Payload) {
        let values = [
            (tags::ACCOUNT, account.to_vec()),
            (tags::HOLDER_NAME, "示例学习者".into()),
            (tags::DOCUMENT_KIND, "resident_id".into()),
            (tags::DOCUMENT_NUMBER, document.into()),
        ];
        (Body::OpenAccount(OpenAccount::default()), payload(tags::OPEN_ACCOUNT, &values))
    }

    /// Body and payload of a merger.
    #[must_use]
    pub fn merger(&self, kept: [u8; 16], other: [u8; 16]) -> (Body, Payload) {
        let values =
            [(tags::ACCOUNT, kept.to_vec()), (tags::CONSENT, "同意书-1".into()), (tags::OTHER_ACCOUNT, other.to_vec())];
        (Body::MergeAccounts(MergeAccounts::default()), payload(tags::MERGE_ACCOUNTS, &values))
    }

    /// Body and payload of a passed course outcome of account `[7; 16]` at the school.
    #[must_use]
    pub fn course_outcome(&self) -> (RecordOutcome, Vec<(Tag, Vec<u8>)>) {
        let values = vec![
            (tags::ACCOUNT, vec![7; 16]),
            (tags::SOURCE_ID, b"2026-0001".to_vec()),
            (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
            (tags::MINUTES, b"2880".to_vec()),
            (tags::PRACTICE_MINUTES, b"1440".to_vec()),
            (tags::CREDIT_MILLIS, b"3000".to_vec()),
            (tags::GRADE, b"66".to_vec()),
            (tags::SCALE, b"percentage".to_vec()),
            (tags::RUN, b"2026-spring".to_vec()),
            (tags::OFFER, self.index("course").into()),
            (tags::ATTEMPT, b"1".to_vec()),
            (tags::RECORDING_RULE, self.index("rule").into()),
            (tags::ISSUER_NAME, "西宁市第一职业技术学校".into()),
        ];
        let body = RecordOutcome { outcome_kind: OutcomeKind::Course as i32, ..RecordOutcome::default() };
        (body, values)
    }

    /// Body and payload of an X certificate of account `[7; 16]` by the evaluation body.
    #[must_use]
    pub fn certificate_outcome(&self, kind: OutcomeKind, family: &str) -> (RecordOutcome, Vec<(Tag, Vec<u8>)>) {
        let values = vec![
            (tags::ACCOUNT, vec![7; 16]),
            (tags::SOURCE_ID, b"C-0001".to_vec()),
            (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
            (tags::CERTIFICATE_NUMBER, b"X2026000001".to_vec()),
            (tags::FAMILY, self.index(family).into()),
            (tags::LEVEL, b"1".to_vec()),
            (tags::ISSUER_NAME, "示例评价组织".into()),
        ];
        (RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() }, values)
    }

    /// Body and payload that bind the device key of a seed to an account.
    #[must_use]
    pub fn binding(&self, account: [u8; 16], seed: u8) -> (Body, Payload) {
        let key = SecretKey::from_seed(&[seed; 32]);
        let time = self.now.unsigned_abs();
        let values = [
            (tags::ACCOUNT, account.to_vec()),
            (tags::HOLDER_KEY, key.public().as_bytes().to_vec()),
            (tags::LEARNER_SIGNATURE, learner::sign(&key, ORIGIN, Act::Bind { account }, time).0.to_vec()),
            (tags::SIGNED_AT, time.to_string().into()),
        ];
        (Body::BindKey(BindKey::default()), payload(tags::BIND_KEY, &values))
    }

    /// Body and payload of a merger that the learner signed with the device key of a seed.
    #[must_use]
    pub fn signed_merger(&self, kept: [u8; 16], other: [u8; 16], seed: u8) -> (Body, Payload) {
        let key = SecretKey::from_seed(&[seed; 32]);
        let time = self.now.unsigned_abs();
        let act = Act::Merge { account: kept, other };
        let values = [
            (tags::ACCOUNT, kept.to_vec()),
            (tags::HOLDER_KEY, key.public().as_bytes().to_vec()),
            (tags::CONSENT, "同意书-1".into()),
            (tags::OTHER_ACCOUNT, other.to_vec()),
            (tags::LEARNER_SIGNATURE, learner::sign(&key, ORIGIN, act, time).0.to_vec()),
            (tags::SIGNED_AT, time.to_string().into()),
        ];
        (Body::MergeAccounts(MergeAccounts::default()), payload(tags::MERGE_ACCOUNTS, &values))
    }

    /// The nullifier key of a recorded outcome, for a correction.
    #[must_use]
    pub fn nullifier_key(&self, index: u64) -> Vec<u8> {
        let entry = usize::try_from(index).ok().and_then(|at| self.entries.get(at));
        let payload = entry.and_then(|(_, payload)| payload.as_ref());
        payload.and_then(|payload| payload.value(Number::NULLIFIER_KEY)).map(<[u8]>::to_vec).unwrap_or_default()
    }

    /// A leaf index by name, as a payload value.
    #[must_use]
    pub fn index(&self, name: &str) -> String {
        self.named.get(name).copied().unwrap_or_default().to_string()
    }

    /// The reference to an entry.
    #[must_use]
    pub fn reference(&self, index: u64) -> EntryRef {
        let entry = usize::try_from(index).ok().and_then(|at| self.entries.get(at));
        EntryRef { index, leaf_hash: entry.map(|(entry, _)| entry.leaf_hash().0.to_vec()).unwrap_or_default() }
    }

    /// A countersignature on an entry.
    #[must_use]
    pub fn countersign(&self, index: u64) -> Body {
        Body::Countersign(Countersign { target: Some(self.reference(index)) })
    }

    /// A statement issued now with a fresh nonce.
    pub fn statement(&mut self, issuer: &str, body: Body) -> Message {
        self.counter += 1;
        let nonce = sha256(&[&self.counter.to_be_bytes()]);
        Message {
            version: 1,
            ledger: ORIGIN.to_owned(),
            issuer: issuer.to_owned(),
            nonce: Bytes::copy_from_slice(&nonce.0[..16]),
            issued_at: self.now,
            body: Some(body),
        }
    }

    /// A signed posting of a public body; keys by their seeds.
    pub fn public(&mut self, issuer: &str, body: Body, seeds: &[u8]) -> RawPosting {
        let statement = self.statement(issuer, body);
        sign_with(&statement, seeds, None)
    }

    /// A signed posting of a private body: commitment and, for outcomes that supersede none, nullifier key are filled in.
    pub fn private(&mut self, issuer: &str, body: Body, payload: &Payload, seeds: &[u8]) -> RawPosting {
        let mut statement = self.statement(issuer, body);
        let payload = commit(&mut statement, payload);
        sign_with(&statement, seeds, Some(payload))
    }

    /// A signed posting of an outcome.
    pub fn outcome(&mut self, issuer: &str, body: RecordOutcome, values: &[(Tag, Vec<u8>)], seed: u8) -> RawPosting {
        let kind = OutcomeKind::try_from(body.outcome_kind).unwrap_or_default();
        let table = tags::of_outcome(kind).unwrap_or(tags::OPEN_ACCOUNT);
        self.private(issuer, Body::RecordOutcome(body), &payload(table, values), &[seed])
    }

    /// Posts a public body that must be accepted.
    pub fn post(&mut self, issuer: &str, body: Body, seeds: &[u8]) -> u64 {
        let posting = self.public(issuer, body, seeds);
        self.accept(posting)
    }

    /// Everything that is done without state.
    #[must_use]
    pub fn prepare(&self, posting: RawPosting) -> Prepared {
        prepare(posting, &self.context, &TestSecrets, &self.state, &self.payloads(), &NoBatches)
    }

    /// The payloads of what is in the log.
    #[must_use]
    pub fn payloads(&self) -> Payloads<'_> {
        Payloads(&self.entries)
    }

    /// The verdict now. Changes nothing.
    #[must_use]
    pub fn decide(&self, posting: RawPosting) -> Decision {
        self.decide_at(&self.prepare(posting))
    }

    /// Rows and entries so far.
    #[must_use]
    pub const fn whole(&self) -> Whole<'_> {
        Whole(self)
    }

    fn decide_at(&self, prepared: &Prepared) -> Decision {
        decide(&self.whole(), prepared, self.now).expect("memory is readable")
    }

    /// Posts what must be accepted; its index.
    pub fn accept(&mut self, posting: RawPosting) -> u64 {
        match self.try_post(posting) {
            Ok((index, _)) => index,
            Err(refusal) => panic!("refused: {refusal}"),
        }
    }

    /// Posts; the index and effects of what was accepted, or the refusal. A replay gives the first index.
    pub fn try_post(&mut self, posting: RawPosting) -> Result<(u64, Effects), Refusal> {
        let prepared = self.prepare(posting);
        let effects = match self.decide_at(&prepared) {
            Decision::Accept(effects) => effects,
            Decision::Replay { index } => return Ok((index, Effects::default())),
            Decision::Refuse(refusal) => return Err(refusal),
        };
        let index = self.state.size();
        let draft = prepared.draft().expect("an accepted posting has a good form");
        let payload = prepared.payload().cloned();
        let logged_at = Timestamp::new(self.now).expect("the world's clock is within 53 bits");
        let mut bytes = Vec::new();
        draft.write(logged_at, &mut bytes).expect("an accepted posting fits");
        let entry = Entry::parse(bytes.into()).expect("what a draft writes is an entry");
        let accepted = Accepted::new(&prepared, self.now, &effects).expect("an accepted posting is readable");
        let rows = evolve(&self.whole(), index, &accepted).expect("memory is readable");
        self.state.apply(rows);
        self.entries.push((entry, payload));
        Ok((index, effects))
    }

    /// The state made anew from entries and payloads alone.
    #[must_use]
    pub fn rebuilt(&self) -> MemoryState {
        let mut state = MemoryState::default();
        for (entry, payload) in &self.entries {
            let accepted = Accepted::replayed(entry, payload.as_ref(), &TestSecrets);
            let rows = evolve(&state, state.size(), &accepted).expect("memory is readable");
            state.apply(rows);
        }
        state
    }

    /// The row of a key by its seed.
    #[must_use]
    pub fn key_known(&self, seed: u8) -> bool {
        let id = SecretKey::from_seed(&[seed; 32]).public().id();
        self.state.newest(&crate::rows::key(key_short(&id))).is_ok_and(|row| row.is_some())
    }
}
