//! What a payload says, in types, with the HMACs that rows are keyed with. Its form is judged here, its truth elsewhere.

mod conversion;
mod learner;

pub use conversion::{ApplyFacts, AskFacts, Consent, DecideFacts};
pub use learner::{AmendFacts, DeviceFacts, MergeFacts};

use crate::day::Day;
use crate::posting::{Message, Secrets};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, Short, short};
use crate::sources::Source;
use crate::state::Key;
use std::collections::BTreeMap;
use std::fmt;
use xuefen_core::Hash;
use xuefen_core::commitment::Tag as Number;
use xuefen_core::kinds::study::StudyMode;
use xuefen_core::kinds::tags::{self, Tag, ValueType};
use xuefen_core::kinds::{Kind, conversions, outcomes};
use xuefen_core::payload::{Payload, integer, text};
use xuefen_core::proto::OutcomeKind;
use xuefen_core::proto::statement::Body;
use xuefen_core::statement::Statement;

/// Longest text value, bytes.
const TEXT_BYTES: usize = 1_024;

/// Most attempts at one offer in one run.
const ATTEMPTS: u64 = 100;

/// Most indices in a list.
const INDICES: usize = 64;

/// What a payload says. A value that is absent or malformed is `None`; the fault stands beside the facts.
#[derive(Clone, Default)]
pub enum Facts {
    /// A public kind, or a payload that was erased or has not the tags of its kind.
    #[default]
    None,
    /// Of `OpenAccount`.
    Account(AccountFacts),
    /// Of `AmendAccount`.
    Amend(AmendFacts),
    /// Of `BindKey` and `UnbindKey`.
    Device(DeviceFacts),
    /// Of `MergeAccounts`.
    Merge(MergeFacts),
    /// Of `RecordOutcome`.
    Outcome(Box<OutcomeFacts>),
    /// Of `ApplyConversion`.
    Apply(Box<ApplyFacts>),
    /// Of `DecideConversion`.
    Decide(Box<DecideFacts>),
    /// Of `AppealDecision` and `ReverseConversion`.
    Ask(Box<AskFacts>),
}

/// Without values: they are personal data.
impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Account(_) => "Account(..)",
            Self::Amend(_) => "Amend(..)",
            Self::Device(_) => "Device(..)",
            Self::Merge(_) => "Merge(..)",
            Self::Outcome(_) => "Outcome(..)",
            Self::Apply(_) => "Apply(..)",
            Self::Decide(_) => "Decide(..)",
            Self::Ask(_) => "Ask(..)",
        })
    }
}

/// Of `OpenAccount`.
#[derive(Clone, Default)]
pub struct AccountFacts {
    pub(crate) id: Option<[u8; 16]>,
    pub(crate) account: Option<AccountKey>,
    pub(crate) document: Option<Short>,
    /// HMAC of the carrier.
    pub(crate) carrier: Option<Short>,
}

/// Of `RecordOutcome`.
#[derive(Clone, Default)]
pub struct OutcomeFacts {
    pub(crate) id: Option<[u8; 16]>,
    pub(crate) account: Option<AccountKey>,
    pub(crate) nullifier_key: Option<[u8; 32]>,
    /// HMAC of kind and source id, without the issuer.
    pub(crate) source: Option<[u8; 32]>,
    pub(crate) achieved_on: Option<Day>,
    pub(crate) minutes: Option<u64>,
    pub(crate) practice_minutes: Option<u64>,
    pub(crate) credit_millis: Option<u64>,
    pub(crate) grade: Option<String>,
    pub(crate) scale: Option<String>,
    pub(crate) level: Option<u64>,
    pub(crate) run: Option<String>,
    pub(crate) offer: Option<u64>,
    pub(crate) cites: Vec<u64>,
    pub(crate) parts: Vec<u64>,
    pub(crate) attempt: Option<u32>,
    pub(crate) recording_rule: Option<u64>,
    pub(crate) family: Option<u64>,
    pub(crate) programme: Option<u64>,
    pub(crate) issuer_name: Option<String>,
    pub(crate) route: Option<String>,
    pub(crate) original_issuer: Option<String>,
    pub(crate) project_type: Option<String>,
    pub(crate) assessor_kind: Option<String>,
    pub(crate) assessor_evidence: Vec<u64>,
    /// What the outcomes say that this one rests on. Empty when rows are made: no row rests on it.
    pub(crate) sources: BTreeMap<u64, Source>,
    pub(crate) scheme: Option<u64>,
    pub(crate) component: Option<String>,
    pub(crate) admission_class: Option<String>,
    pub(crate) exempt_ground: Option<String>,
    pub(crate) pathway: Option<u64>,
    pub(crate) segment: Option<u64>,
    pub(crate) enrolment_event: Option<String>,
    pub(crate) score_millis: Option<u64>,
    pub(crate) top_score_millis: Option<u64>,
    pub(crate) from_school: Option<String>,
    pub(crate) to_school: Option<String>,
    pub(crate) start_on: Option<Day>,
    pub(crate) end_on: Option<Day>,
    pub(crate) once: Option<Once>,
    pub(crate) team: Option<Team>,
    pub(crate) keys: OutcomeKeys,
    pub(crate) major: Option<String>,
    pub(crate) study_mode: Option<StudyMode>,
}

/// What a learner can have once only, as keyed hashes.
#[derive(Clone)]
pub(crate) struct Once {
    /// What this outcome takes.
    pub(crate) holds: Short,
    /// What may not be taken already.
    pub(crate) shuts_out: Short,
    /// The field that says so.
    pub(crate) tag: Tag,
}

/// A team and its result, as keyed hashes.
#[derive(Clone)]
pub(crate) struct Team {
    pub(crate) id: Short,
    pub(crate) award: Short,
}

/// Hashes that rows of an outcome are named by, as far as they rest on the posting alone. Made once, by the pool; the one
/// thread that decides asks for most of them two or three times.
#[derive(Clone, Default)]
pub(crate) struct OutcomeKeys {
    /// Of the issuer's own record number.
    pub(crate) source: Option<Key>,
    pub(crate) run: Option<Key>,
    /// Of the account as posted.
    line: Option<Key>,
    pub(crate) course: Short,
    pub(crate) nullifier_key: Short,
}

impl OutcomeFacts {
    fn with_keys(mut self, issuer: &str) -> Self {
        let run = self.run.as_deref().unwrap_or_default();
        self.keys = OutcomeKeys {
            source: self.source.as_ref().map(|source| rows::source(issuer, source)),
            run: self.offer.map(|offer| rows::run(offer, run)),
            line: self.account.zip(self.offer).map(|(account, offer)| rows::line(account, offer, run)),
            course: match &self.once {
                Some(once) => once.holds,
                None => rows::course(self.offer.unwrap_or(0), run, self.attempt.unwrap_or(0)),
            },
            nullifier_key: self.nullifier_key.as_ref().map(rows::nullifier_key).unwrap_or_default(),
        };
        self
    }

    /// The row of a learner's attempts at the offer; `account` is the one that the posted account stands for.
    pub(crate) fn line(&self, account: AccountKey, offer: u64) -> Key {
        match &self.keys.line {
            Some(key) if self.account == Some(account) && self.offer == Some(offer) => key.clone(),
            _ => rows::line(account, offer, self.run.as_deref().unwrap_or_default()),
        }
    }
}

/// `payload.name (number)`; made once, at compile time: a good entry passes a dozen checks that name one each.
pub(crate) const fn field(tag: Tag) -> &'static str {
    tag.field
}

/// The tags that a kind's payload has, and those that may not be empty.
fn tables(body: &Body) -> Option<(&'static [Tag], &'static [Tag])> {
    match body {
        Body::OpenAccount(_) => {
            Some((tags::OPEN_ACCOUNT, &[tags::ACCOUNT, tags::HOLDER_NAME, tags::DOCUMENT_KIND, tags::DOCUMENT_NUMBER]))
        }
        Body::AmendAccount(_) => Some((tags::AMEND_ACCOUNT, &[tags::ACCOUNT])),
        Body::BindKey(_) => Some((tags::BIND_KEY, tags::BIND_KEY)),
        Body::UnbindKey(_) => Some((tags::UNBIND_KEY, tags::UNBIND_KEY)),
        Body::MergeAccounts(_) => Some((tags::MERGE_ACCOUNTS, &[tags::ACCOUNT, tags::CONSENT, tags::OTHER_ACCOUNT])),
        Body::RecordOutcome(body) => {
            let row = outcomes::of(OutcomeKind::try_from(body.outcome_kind).ok()?)?;
            Some((row.tags, row.required))
        }
        _ => conversions::table(Kind::of(body)),
    }
}

impl Facts {
    /// Reads a payload whose commitment is known to be good, as one from a journal is.
    pub(crate) fn read(statement: &Statement<Message>, payload: Option<&Payload>, secrets: &dyn Secrets) -> Self {
        Self::judge(statement, payload, secrets, &mut Vec::new())
    }

    /// Reads a payload and notes what is wrong with its form.
    pub(crate) fn judge(
        statement: &Statement<Message>,
        payload: Option<&Payload>,
        secrets: &dyn Secrets,
        faults: &mut Vec<Refusal>,
    ) -> Self {
        let Some((payload, body)) = payload.zip(statement.message().body.as_ref()) else { return Self::None };
        let Some((table, required)) = tables(body) else { return Self::None };
        if let Some(fault) = wrong_tags(payload, table) {
            faults.push(fault);
            return Self::None;
        }
        let mut values = Values { payload, faults };
        values.check(table, required);
        match body {
            Body::OpenAccount(_) => Self::Account(account(&mut values, secrets)),
            Body::AmendAccount(_) => Self::Amend(learner::amend(&mut values, secrets)),
            Body::BindKey(_) => Self::Device(learner::bind(&mut values, statement, secrets)),
            Body::UnbindKey(_) => Self::Device(learner::unbind(&values, secrets)),
            Body::MergeAccounts(_) => Self::Merge(learner::merge(&mut values, statement, secrets)),
            Body::RecordOutcome(body) => {
                let facts = outcome(&values, body.outcome_kind, secrets).with_keys(statement.issuer());
                Self::Outcome(Box::new(facts))
            }
            Body::ApplyConversion(_) => Self::Apply(Box::new(conversion::apply(&mut values, secrets))),
            Body::DecideConversion(body) => Self::Decide(Box::new(conversion::decide(&mut values, body, secrets))),
            Body::AppealDecision(_) | Body::ReverseConversion(_) => {
                Self::Ask(Box::new(conversion::ask(&mut values, secrets)))
            }
            _ => Self::None,
        }
    }

    /// Id of the account that the payload is about.
    pub(crate) fn account_id(&self) -> Option<[u8; 16]> {
        match self {
            Self::None => None,
            Self::Account(facts) => facts.id,
            Self::Amend(facts) => facts.id,
            Self::Device(facts) => facts.id,
            Self::Merge(facts) => facts.id,
            Self::Outcome(facts) => facts.id,
            Self::Apply(facts) => facts.id,
            Self::Decide(facts) => facts.id,
            Self::Ask(facts) => facts.id,
        }
    }
}

fn wrong_tags(payload: &Payload, table: &[Tag]) -> Option<Refusal> {
    let fields = payload.fields();
    // Both ascend, so a good payload is known by one walk over the two.
    if fields.len() == table.len() && fields.iter().zip(table).all(|(field, tag)| field.tag.get() == tag.number) {
        return None;
    }
    let missing = table.iter().find(|tag| !fields.iter().any(|field| field.tag.get() == tag.number));
    let foreign = fields.iter().find(|field| !table.iter().any(|tag| tag.number == field.tag.get()));
    match (missing, foreign) {
        (Some(tag), _) => Some(Refusal::new(Rejection::TagsIncomplete, field(*tag))),
        (None, Some(foreign)) => Some(Refusal::new(Rejection::TagsIncomplete, format!("payload tag {}", foreign.tag))),
        (None, None) => None,
    }
}

/// Whether a value is written as its tag asks; empty ones are absent, not malformed.
fn well_formed(value: &[u8], form: ValueType) -> bool {
    match form {
        _ if value.is_empty() => true,
        ValueType::Text | ValueType::Grade => {
            value.len() <= TEXT_BYTES && text(value).is_ok_and(|text| !text.chars().any(char::is_control))
        }
        ValueType::Integer => number(value).is_some(),
        ValueType::Date => Day::parse(value).is_some(),
        ValueType::Bytes(length) => value.len() == length,
        ValueType::Index => number(value).is_some_and(|index| index > 0),
        ValueType::Indices => indices(value).is_some(),
        ValueType::Word(words) => words.iter().any(|word| word.code.as_bytes() == value),
    }
}

/// 0 to 2^53-1.
fn number(value: &[u8]) -> Option<u64> {
    integer(value).ok().filter(|number| *number < 1 << 53)
}

/// At most 64 indices, ascending, separated by one comma.
fn indices(value: &[u8]) -> Option<Vec<u64>> {
    let indices: Vec<u64> = value.split(|byte| *byte == b',').map(number).collect::<Option<_>>()?;
    let ascending = indices.windows(2).all(|pair| pair[0] < pair[1]);
    (indices[0] > 0 && ascending && indices.len() <= INDICES).then_some(indices)
}

struct Values<'a> {
    payload: &'a Payload,
    faults: &'a mut Vec<Refusal>,
}

impl<'a> Values<'a> {
    fn check(&mut self, table: &[Tag], required: &[Tag]) {
        for tag in required {
            if self.bytes(*tag).is_none() {
                self.faults.push(Refusal::new(Rejection::ValueMissing, field(*tag)));
            }
        }
        for tag in table {
            if self.bytes(*tag).is_some_and(|value| !well_formed(value, tag.value)) {
                self.faults.push(Refusal::new(Rejection::ValueMalformed, field(*tag)));
            }
        }
        // Rows name accounts beside documents; the colon keeps the two apart (`Secrets::account_hmac`).
        for tag in [tags::DOCUMENT_KIND, tags::CARRIER_KIND] {
            if self.text(tag).is_some_and(|kind| kind.contains(':')) {
                self.faults.push(Refusal::new(Rejection::ValueMalformed, field(tag)));
            }
        }
        if self.number(tags::ATTEMPT).is_some_and(|attempt| attempt == 0 || attempt > ATTEMPTS) {
            self.faults.push(Refusal::new(Rejection::ValueMalformed, field(tags::ATTEMPT)));
        }
        self.check_study();
    }

    /// Degree continuing education and self-study are always of a major.
    fn check_study(&mut self) {
        let Some(word) = self.text(tags::STUDY_MODE) else { return };
        match StudyMode::parse(word) {
            None => self.faults.push(Refusal::new(Rejection::ValueMalformed, field(tags::STUDY_MODE))),
            Some(StudyMode::Continuing | StudyMode::SelfStudy) if self.bytes(tags::MAJOR).is_none() => {
                self.faults.push(Refusal::new(Rejection::ValueMissing, field(tags::MAJOR)));
            }
            Some(_) => {}
        }
    }

    fn bytes(&self, tag: Tag) -> Option<&'a [u8]> {
        let number = Number::new(tag.number)?;
        self.payload.value(number).filter(|value| !value.is_empty())
    }

    fn text(&self, tag: Tag) -> Option<&'a str> {
        self.bytes(tag).filter(|value| well_formed(value, tag.value)).and_then(|value| text(value).ok())
    }

    fn owned(&self, tag: Tag) -> Option<String> {
        self.text(tag).map(str::to_owned)
    }

    fn day(&self, tag: Tag) -> Option<Day> {
        self.bytes(tag).and_then(Day::parse)
    }

    fn number(&self, tag: Tag) -> Option<u64> {
        self.bytes(tag).and_then(number)
    }

    fn index(&self, tag: Tag) -> Option<u64> {
        self.number(tag).filter(|index| *index > 0)
    }

    fn indices(&self, tag: Tag) -> Vec<u64> {
        self.bytes(tag).and_then(indices).unwrap_or_default()
    }

    fn array<const N: usize>(&self, tag: Tag) -> Option<[u8; N]> {
        self.bytes(tag).and_then(|value| value.try_into().ok())
    }
}

fn account(values: &mut Values<'_>, secrets: &dyn Secrets) -> AccountFacts {
    let id = values.array(tags::ACCOUNT);
    let carrier = learner::carrier(values, secrets);
    let document = values.text(tags::DOCUMENT_KIND).zip(values.text(tags::DOCUMENT_NUMBER));
    AccountFacts {
        id,
        account: id.map(|id| secrets.account_key(&id)),
        document: document.map(|(kind, number)| short(&Hash(secrets.document_hmac(kind, number)))),
        carrier,
    }
}

fn outcome(values: &Values<'_>, kind: i32, secrets: &dyn Secrets) -> OutcomeFacts {
    let id = values.array(tags::ACCOUNT);
    let kind = u32::try_from(kind).unwrap_or_default();
    OutcomeFacts {
        id,
        account: id.map(|id| secrets.account_key(&id)),
        nullifier_key: values.array(tags::NULLIFIER_KEY),
        source: values.text(tags::SOURCE_ID).map(|source| secrets.source_hmac("", kind, source)),
        achieved_on: values.day(tags::ACHIEVED_ON),
        minutes: values.number(tags::MINUTES),
        practice_minutes: values.number(tags::PRACTICE_MINUTES),
        credit_millis: values.number(tags::CREDIT_MILLIS),
        grade: values.owned(tags::GRADE),
        scale: values.owned(tags::SCALE),
        level: values.number(tags::LEVEL),
        run: values.owned(tags::RUN),
        offer: values.index(tags::OFFER),
        cites: values.indices(tags::CITES),
        parts: values.indices(tags::PARTS),
        attempt: values.number(tags::ATTEMPT).and_then(|attempt| u32::try_from(attempt).ok()),
        recording_rule: values.index(tags::RECORDING_RULE),
        family: values.index(tags::FAMILY),
        programme: values.index(tags::PROGRAMME),
        issuer_name: values.owned(tags::ISSUER_NAME),
        route: values.owned(tags::ROUTE),
        original_issuer: values.owned(tags::ORIGINAL_ISSUER),
        scheme: values.index(tags::SCHEME),
        component: values.owned(tags::COMPONENT),
        admission_class: values.owned(tags::ADMISSION_CLASS),
        exempt_ground: values.owned(tags::EXEMPT_GROUND),
        pathway: values.index(tags::PATHWAY),
        segment: values.number(tags::SEGMENT),
        enrolment_event: values.owned(tags::ENROLMENT_EVENT),
        score_millis: values.number(tags::SCORE_MILLIS),
        top_score_millis: values.number(tags::TOP_SCORE_MILLIS),
        from_school: values.owned(tags::FROM_SCHOOL),
        to_school: values.owned(tags::TO_SCHOOL),
        start_on: values.day(tags::START_ON),
        end_on: values.day(tags::END_ON),
        once: once(values, |text| short(&Hash(secrets.source_hmac("", kind, text)))),
        team: team(values, |text| short(&Hash(secrets.source_hmac("", kind, text)))),
        project_type: values.owned(tags::PROJECT_TYPE),
        assessor_kind: values.owned(tags::ASSESSOR_KIND),
        assessor_evidence: values.indices(tags::ASSESSOR_EVIDENCE),
        sources: BTreeMap::new(),
        keys: OutcomeKeys::default(),
        major: values.owned(tags::MAJOR),
        study_mode: values.text(tags::STUDY_MODE).and_then(StudyMode::parse),
    }
}

/// One result in a contest; one way of admission in a year: who was admitted by classified examination takes no ordinary
/// one (分类考试录取的学生不再参加普通高考), and the other way round.
fn once(values: &Values<'_>, hash: impl Fn(&str) -> Short) -> Option<Once> {
    if let Some(contest) = contest(values) {
        let holds = hash(&contest);
        return Some(Once { holds, shuts_out: holds, tag: tags::TITLE });
    }
    let year = values.text(tags::ACHIEVED_ON)?.get(..4)?;
    let ordinary = match values.text(tags::ADMISSION_CLASS)? {
        "ordinary" => true,
        "classified" | "recommended" => false,
        _ => return None,
    };
    let [of_ordinary, of_classified] = ["ordinary", "classified"].map(|class| hash(&format!("{class}/{year}")));
    let (holds, shuts_out) = if ordinary { (of_ordinary, of_classified) } else { (of_classified, of_ordinary) };
    Some(Once { holds, shuts_out, tag: tags::ADMISSION_CLASS })
}

fn contest(values: &Values<'_>) -> Option<String> {
    let parts = [tags::CONTEST_TIER, tags::EDITION, tags::TITLE].map(|tag| values.text(tag));
    let [Some(tier), Some(edition), Some(title)] = parts else { return None };
    // Texts hold no control characters.
    Some([tier, edition, title].join("\u{1f}"))
}

fn team(values: &Values<'_>, hash: impl Fn(&str) -> Short) -> Option<Team> {
    let team = format!("{}\u{1f}{}", contest(values)?, values.text(tags::TEAM)?);
    let award = format!("{team}\u{1f}{}", values.text(tags::AWARD)?);
    Some(Team { id: hash(&team), award: hash(&award) })
}
