//! What payloads about accounts say: amendments, device keys, mergers; and whether the learner's signature in them is good.

use super::{Values, field};
use crate::posting::{Message, Secrets};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{AccountKey, Short, short};
use xuefen_core::Hash;
use xuefen_core::key::{PublicKey, Signature};
use xuefen_core::kinds::tags;
use xuefen_core::learner::{Act, verify};
use xuefen_core::statement::Statement;

/// Of `AmendAccount`.
#[derive(Clone, Default)]
pub struct AmendFacts {
    pub(crate) id: Option<[u8; 16]>,
    pub(crate) account: Option<AccountKey>,
    /// HMAC of the carrier.
    pub(crate) carrier: Option<Short>,
}

/// Of `BindKey` and `UnbindKey`.
#[derive(Clone, Default)]
pub struct DeviceFacts {
    pub(crate) id: Option<[u8; 16]>,
    pub(crate) account: Option<AccountKey>,
    pub(crate) key: Option<[u8; 32]>,
}

/// Of `MergeAccounts`.
#[derive(Clone, Default)]
pub struct MergeFacts {
    pub(crate) id: Option<[u8; 16]>,
    pub(crate) account: Option<AccountKey>,
    pub(crate) other: Option<AccountKey>,
    /// The key that signed, whose signature is good.
    pub(crate) key: Option<[u8; 32]>,
}

/// HMAC of the carrier, whose kind and number come together.
pub(super) fn carrier(values: &mut Values<'_>, secrets: &dyn Secrets) -> Option<Short> {
    let (kind, number) = (values.text(tags::CARRIER_KIND), values.text(tags::CARRIER_NUMBER));
    if kind.is_some() != number.is_some() {
        let tag = if kind.is_some() { tags::CARRIER_NUMBER } else { tags::CARRIER_KIND };
        values.faults.push(Refusal::new(Rejection::ValueMissing, field(tag)));
    }
    kind.zip(number).map(|(kind, number)| short(&Hash(secrets.document_hmac(kind, number))))
}

pub(super) fn amend(values: &mut Values<'_>, secrets: &dyn Secrets) -> AmendFacts {
    let id = values.array(tags::ACCOUNT);
    let says = [tags::CARRIER_NUMBER, tags::CATEGORY, tags::RESTRICTED_CLASS];
    let carrier = carrier(values, secrets);
    if says.iter().all(|tag| values.bytes(*tag).is_none()) {
        values.faults.push(Refusal::new(Rejection::ValueMissing, field(tags::CATEGORY)));
    }
    AmendFacts { id, account: id.map(|id| secrets.account_key(&id)), carrier }
}

pub(super) fn bind(values: &mut Values<'_>, statement: &Statement<Message>, secrets: &dyn Secrets) -> DeviceFacts {
    let facts = unbind(values, secrets);
    if let Some(account) = facts.id {
        signed(values, statement, Act::Bind { account });
    }
    facts
}

pub(super) fn unbind(values: &Values<'_>, secrets: &dyn Secrets) -> DeviceFacts {
    let id = values.array(tags::ACCOUNT);
    DeviceFacts { id, account: id.map(|id| secrets.account_key(&id)), key: values.array(tags::HOLDER_KEY) }
}

pub(super) fn merge(values: &mut Values<'_>, statement: &Statement<Message>, secrets: &dyn Secrets) -> MergeFacts {
    let id = values.array(tags::ACCOUNT);
    let other = values.array(tags::OTHER_ACCOUNT);
    // Without a signature it is a merger by consent on paper; whether that is enough, the accounts tell.
    let there = [tags::HOLDER_KEY, tags::LEARNER_SIGNATURE, tags::SIGNED_AT].map(|tag| values.bytes(tag).is_some());
    let mut key = None;
    if let Some((account, other)) = id.zip(other).filter(|_| there.contains(&true)) {
        let act = Act::Merge { account, other };
        key = signed(values, statement, act).then(|| values.array(tags::HOLDER_KEY)).flatten();
    }
    MergeFacts {
        id,
        account: id.map(|id| secrets.account_key(&id)),
        other: other.map(|other| secrets.account_key(&other)),
        key,
    }
}

/// The key of the payload signed the act, at about the time of the statement.
fn signed(values: &mut Values<'_>, statement: &Statement<Message>, act: Act) -> bool {
    let key = values.bytes(tags::HOLDER_KEY).map(PublicKey::parse);
    let signature = values.array::<64>(tags::LEARNER_SIGNATURE).map(Signature);
    let time = values.number(tags::SIGNED_AT);
    let issued_at = statement.issued_at().seconds();
    let recent = time.and_then(|time| i64::try_from(time).ok()).is_some_and(|time| {
        let age = issued_at.saturating_sub(time);
        (-300..=xuefen_core::time::DEFAULT_MAX_AGE_SECONDS).contains(&age)
    });
    let good = match (key, signature, time) {
        (Some(Ok(key)), Some(signature), Some(time)) => {
            recent && verify(&key, statement.ledger(), act, time, &signature)
        }
        _ => false,
    };
    if !good {
        values.faults.push(Refusal::new(Rejection::LearnerSignatureWrong, field(tags::LEARNER_SIGNATURE)));
    }
    good
}
