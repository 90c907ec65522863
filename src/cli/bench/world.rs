//! An invented world to measure with: one authority, one institution with one course, learners, and course results. Every
//! row is a sample; nothing of it is anybody's data.

use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message as _;
use prost::bytes::Bytes;
use xuefen_core::commitment::{Nonce, Seed, Tag as Number};
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::nullifier::NullifierKey;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    AccreditInstitution, Course, InstitutionKind, OpenAccount, OutcomeKind, RecordOutcome, RecordingRule, Sector,
};
use xuefen_core::vkey::VerifierKey;

use crate::api::proto::Posting;
use crate::cli::registry::genesis::{First, genesis};
use crate::cli::registry::statements::{self, SignError, Signer, attest};
use crate::sequencer::payload_to_message;

/// Origin of the ledger.
pub const ORIGIN: &str = "xuefen.example/bench";
/// The authority; an invented code with a right check character.
pub const MINISTRY: &str = "11990000000000010E";
const SCHOOL: &str = "129900000000000197";
const SCHOOL_NAME: &str = "样例学校";

/// Indices that the first entries get: genesis is 0.
const RULE: u64 = 3;
const COURSE: u64 = 4;

/// Who speaks.
pub struct World {
    /// The authority's key.
    pub ministry: SecretKey,
    school: SecretKey,
    issued_at: i64,
    /// YYYY-MM-DD in UTC+8.
    achieved_on: String,
    learners: u32,
    next: u32,
}

impl World {
    /// A world of so many learners, at this machine's time.
    pub fn new(learners: u32) -> anyhow::Result<Self> {
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
        let key =
            || -> anyhow::Result<SecretKey> { Ok(SecretKey::from_seed(&*crate::cli::secret_key_file::random()?)) };
        let achieved_on = crate::cli::time_text::local(now - 86_400)[..10].to_owned();
        // A minute ahead, which formats.md 2 allows: everything is signed before the keys it rests on are in force.
        let issued_at = now + 60;
        Ok(Self { ministry: key()?, school: key()?, issued_at, achieved_on, learners, next: 0 })
    }

    fn signer<'a>(&self, issuer: &'a str, key: &'a SecretKey) -> Signer<'a> {
        Signer { origin: ORIGIN, issuer, issued_at: self.issued_at, keys: vec![key] }
    }

    /// Genesis to course, one posting after the other: each rests on those before it.
    pub fn registry(&self, status: &VerifierKey) -> anyhow::Result<Vec<Posting>> {
        let names = ["学分银行性能样例".to_owned()];
        let first = First { names: &names, authority_names: &names, status, intake: None };
        let ministry = self.signer(MINISTRY, &self.ministry);
        let accreditation = AccreditInstitution {
            institution: SCHOOL.to_owned(),
            kind: InstitutionKind::HigherVocational.into(),
            sector: Sector::Vocational.into(),
            outcome_kinds: vec![OutcomeKind::Course.into()],
            names: vec![statements::name(SCHOOL_NAME)],
            ..AccreditInstitution::default()
        };
        let rule = RecordingRule {
            code: "样例规则".to_owned(),
            version: 1,
            hour_minutes: 45,
            theory_hours_per_credit: 16,
            practice_hours_per_credit: 32,
            step_millis: 500,
            ..RecordingRule::default()
        };
        let course = Course {
            code: "GG01".to_owned(),
            version: 1,
            names: vec![statements::name("样例课程")],
            minutes: 1_440,
            credit_millis: 2_000,
            recording_rule_index: RULE,
            category: "公共基础".to_owned(),
            scale: "percentage".to_owned(),
            ..Course::default()
        };
        let authorise = statements::authorise_key(SCHOOL, self.school.public(), SCHOOL);
        Ok(vec![
            genesis(&ministry, &first)?,
            ministry.posting(Body::AccreditInstitution(accreditation))?,
            ministry.posting_with(1, authorise, &[&self.school])?,
            ministry.posting(Body::RecordingRule(rule))?,
            self.signer(SCHOOL, &self.school).posting(Body::Course(course))?,
        ])
    }

    /// Every learner's account, in batches.
    pub fn accounts(&self, batch: usize) -> anyhow::Result<Vec<Posting>> {
        let open = |number: u32| {
            let values = [
                (tags::ACCOUNT, account(number).to_vec()),
                (tags::SOURCE_ID, format!("A{number}").into_bytes()),
                (tags::HOLDER_NAME, "样例学习者".into()),
                (tags::DOCUMENT_KIND, "passport".into()),
                (tags::DOCUMENT_NUMBER, format!("X{number:08}").into_bytes()),
                (tags::CATEGORY, "enrolled".into()),
            ];
            self.private(|commitment| Body::OpenAccount(OpenAccount { commitment }), tags::OPEN_ACCOUNT, &values)
        };
        let postings = (0..self.learners).map(open).collect::<Result<Vec<_>, _>>()?;
        Ok(self.attested(postings, batch)?)
    }

    /// So many new course results, signed in batches of `batch`.
    pub fn outcomes(&mut self, count: usize, batch: usize) -> anyhow::Result<Vec<Posting>> {
        let numbers = self.next..self.next + u32::try_from(count)?;
        self.next = numbers.end;
        let postings = numbers.map(|number| self.outcome(number)).collect::<Result<Vec<_>, _>>()?;
        Ok(self.attested(postings, batch)?)
    }

    fn attested(&self, postings: Vec<Posting>, batch: usize) -> Result<Vec<Posting>, SignError> {
        let mut postings = postings.into_iter().peekable();
        let mut all = Vec::with_capacity(postings.len());
        while postings.peek().is_some() {
            all.extend(attest(postings.by_ref().take(batch).collect(), &[&self.school])?);
        }
        Ok(all)
    }

    fn outcome(&self, number: u32) -> Result<Posting, SignError> {
        let values = [
            (tags::ACCOUNT, account(number % self.learners).to_vec()),
            (tags::SOURCE_ID, format!("2026-{number:07}").into_bytes()),
            (tags::ACHIEVED_ON, self.achieved_on.clone().into_bytes()),
            (tags::HOLDER_NAME, "样例学习者".into()),
            (tags::MINUTES, b"1440".to_vec()),
            (tags::PRACTICE_MINUTES, b"0".to_vec()),
            (tags::CREDIT_MILLIS, b"2000".to_vec()),
            (tags::GRADE, b"66".to_vec()),
            (tags::SCALE, b"percentage".to_vec()),
            (tags::RUN, format!("2026-{}", number / self.learners).into_bytes()),
            (tags::OFFER, COURSE.to_string().into_bytes()),
            (tags::ATTEMPT, b"1".to_vec()),
            (tags::RECORDING_RULE, RULE.to_string().into_bytes()),
            (tags::ISSUER_NAME, SCHOOL_NAME.into()),
        ];
        let table = tags::of_outcome(OutcomeKind::Course).unwrap_or_default();
        let body = |commitment| {
            Body::RecordOutcome(RecordOutcome {
                commitment,
                outcome_kind: OutcomeKind::Course.into(),
                ..RecordOutcome::default()
            })
        };
        self.private(body, table, &values)
    }

    /// An unsigned private posting.
    fn private(
        &self,
        body: impl FnOnce(Vec<u8>) -> Body,
        table: &[Tag],
        values: &[(Tag, Vec<u8>)],
    ) -> Result<Posting, SignError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(SignError::Random)?;
        let seed = Seed::new(seed);
        // The body is set once its commitment is known, which rests on the statement's nonce.
        let mut statement = self.signer(SCHOOL, &self.school).statement(Body::OpenAccount(OpenAccount::default()))?;
        let nonce = Nonce::from_slice(&statement.nonce).expect("a fresh nonce has 16 bytes");
        let value = |tag: &Tag| match values.iter().find(|(of, _)| of == tag) {
            Some((_, value)) => value.clone(),
            None if *tag == tags::NULLIFIER_KEY => NullifierKey::derive(&seed, &nonce).as_bytes().to_vec(),
            None => Vec::new(),
        };
        let field =
            |tag: &Tag| Field { tag: Number::new(tag.number).expect("tags are above 0"), value: value(tag).into() };
        let payload = Payload::new(seed.clone(), table.iter().map(field).collect()).expect("tables ascend");
        statement.body = Some(body(payload.commitment(&nonce).0.to_vec()));
        let statement = Bytes::from(statement.encode_to_vec());
        Ok(Posting { sequence: 0, statement, attestations: Vec::new(), payload: Some(payload_to_message(&payload)) })
    }
}

fn account(number: u32) -> [u8; 16] {
    let mut id = [1; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    id
}

/// Account id of a learner as names have it.
#[must_use]
pub fn account_hex(number: u32) -> String {
    crate::cli::hex::to_hex(&account(number))
}

/// The institution and its key, to log in with.
impl World {
    /// Institution id and key.
    #[must_use]
    pub const fn school(&self) -> (&'static str, &SecretKey) {
        (SCHOOL, &self.school)
    }
}

/// Bytes of entry and payload as the ledger's users see them: without frames, sealing and index.
#[must_use]
pub fn logical_bytes(posting: &Posting) -> usize {
    let payload = posting.payload.as_ref().map_or(0, prost::Message::encoded_len);
    posting.statement.len() + posting.attestations.iter().map(Bytes::len).sum::<usize>() + payload
}
