//! What payloads about conversions say: applications, decisions, appeals, reversals. Whether a learner's signature in them is
//! good is judged where the leaf hashes are known that it is over.

use super::{Values, field};
use crate::day::Day;
use crate::posting::Secrets;
use crate::rejection::{Refusal, Rejection};
use crate::rows::AccountKey;
use crate::sources::Opened;
use std::collections::BTreeMap;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{DecideConversion, Verdict};

/// How a learner agreed.
#[derive(Clone, Default)]
pub struct Consent {
    /// Device key, its signature, when it signed.
    pub(crate) signed: Option<([u8; 32], [u8; 64], u64)>,
    /// The operator checked an activation code.
    pub(crate) activated: bool,
    /// On paper.
    pub(crate) on_paper: bool,
}

/// Of `ApplyConversion`.
#[derive(Clone, Default)]
pub struct ApplyFacts {
    pub(crate) id: Option<[u8; 16]>,
    pub(crate) account: Option<AccountKey>,
    pub(crate) consent: Consent,
    /// Ascending.
    pub(crate) sources: Vec<u64>,
    pub(crate) pathway: Option<u64>,
    pub(crate) enrolled_on: Option<Day>,
}

/// Of `DecideConversion`.
#[derive(Clone, Default)]
pub struct DecideFacts {
    pub(crate) id: Option<[u8; 16]>,
    pub(crate) account: Option<AccountKey>,
    pub(crate) credit_millis: u64,
    /// Lists ascend.
    pub(crate) sources: Vec<u64>,
    pub(crate) members: Vec<u64>,
    pub(crate) parts: Vec<u64>,
    pub(crate) exempts: Vec<u64>,
    pub(crate) before: String,
    pub(crate) after: String,
    /// What the outcomes say that it uses. Empty when rows are made: no row rests on it.
    pub(crate) opened: BTreeMap<u64, Opened>,
}

/// Of `AppealDecision` and `ReverseConversion`.
#[derive(Clone, Default)]
pub struct AskFacts {
    pub(crate) id: Option<[u8; 16]>,
    pub(crate) account: Option<AccountKey>,
    pub(crate) consent: Consent,
}

/// Of several values all are there or none.
fn together(values: &mut Values<'_>, group: &[Tag]) -> bool {
    let missing = group.iter().find(|tag| values.bytes(**tag).is_none()).copied();
    let said = group.iter().any(|tag| values.bytes(*tag).is_some());
    if let Some(tag) = missing.filter(|_| said) {
        values.faults.push(Refusal::new(Rejection::ValueMissing, field(tag)));
    }
    said
}

fn consent(values: &mut Values<'_>) -> Consent {
    together(values, &[tags::HOLDER_KEY, tags::LEARNER_SIGNATURE, tags::SIGNED_AT]);
    let paper = [tags::CONSENT, tags::CONSENT_ON, tags::CONSENT_HASH, tags::CONSENT_STAFF];
    let on_paper = together(values, &paper);
    let signature = values.array(tags::HOLDER_KEY).zip(values.array(tags::LEARNER_SIGNATURE));
    Consent {
        signed: signature.zip(values.number(tags::SIGNED_AT)).map(|((key, signature), time)| (key, signature, time)),
        activated: values.bytes(tags::ACTIVATION).is_some(),
        on_paper,
    }
}

fn account(values: &Values<'_>, secrets: &dyn Secrets) -> (Option<[u8; 16]>, Option<AccountKey>) {
    let id = values.array(tags::ACCOUNT);
    (id, id.map(|id| secrets.account_key(&id)))
}

pub(super) fn apply(values: &mut Values<'_>, secrets: &dyn Secrets) -> ApplyFacts {
    let (id, account) = account(values, secrets);
    // Only together do they say which rule held.
    together(values, &[tags::PATHWAY, tags::ENROLLED_ON]);
    ApplyFacts {
        id,
        account,
        consent: consent(values),
        sources: values.indices(tags::SOURCES),
        pathway: values.index(tags::PATHWAY),
        enrolled_on: values.day(tags::ENROLLED_ON),
    }
}

pub(super) fn decide(values: &mut Values<'_>, body: &DecideConversion, secrets: &dyn Secrets) -> DecideFacts {
    let (id, account) = account(values, secrets);
    let needed: &[Tag] = if body.verdict == Verdict::Granted as i32 {
        &[tags::CREDIT_MILLIS, tags::SOURCES, tags::BEFORE, tags::AFTER]
    } else {
        &[tags::REASON]
    };
    for tag in needed {
        if values.bytes(*tag).is_none() {
            values.faults.push(Refusal::new(Rejection::ValueMissing, field(*tag)));
        }
    }
    DecideFacts {
        id,
        account,
        credit_millis: values.number(tags::CREDIT_MILLIS).unwrap_or(0),
        sources: values.indices(tags::SOURCES),
        members: values.indices(tags::MEMBERS),
        parts: values.indices(tags::PARTS),
        exempts: values.indices(tags::EXEMPTS),
        before: values.owned(tags::BEFORE).unwrap_or_default(),
        after: values.owned(tags::AFTER).unwrap_or_default(),
        opened: BTreeMap::new(),
    }
}

pub(super) fn ask(values: &mut Values<'_>, secrets: &dyn Secrets) -> AskFacts {
    let (id, account) = account(values, secrets);
    AskFacts { id, account, consent: consent(values) }
}
