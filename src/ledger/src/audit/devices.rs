//! What changes about an account after it was opened, and the learner's device keys (rules.md 2, "Accounts").

use super::PayloadOf;
use super::accounts::named;
use super::book::{Account, Book, Device};
use super::judge::{Case, Change, Judge};
use crate::posting::Secrets;
use crate::rejection::Rejection;
use xuefen_core::key::{PublicKey, Signature};
use xuefen_core::kinds::tags;
use xuefen_core::learner::{Act, verify};

/// Whether the key of the payload signed an act, at most 30 days before the statement and 5 minutes after it.
fn signed(case: &Case<'_>, act: Act) -> bool {
    let Some(signature) = case.bytes::<64>(tags::LEARNER_SIGNATURE).map(Signature) else { return false };
    let Ok(key) = PublicKey::parse(case.value(tags::HOLDER_KEY)) else { return false };
    let Some(time) = case.number(tags::SIGNED_AT) else { return false };
    let since = i128::from(case.issued_at) - i128::from(time);
    (-300..=30 * 86_400).contains(&since) && verify(&key, case.entry.statement().ledger(), act, time, &signature)
}

fn learners(case: &Case<'_>, act: Act, judge: &mut Judge) {
    judge.unless(signed(case, act), Rejection::LearnerSignatureWrong, || "payload.learner_signature".to_owned());
}

/// The account that is kept of the one in the payload.
fn account(case: &Case<'_>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) -> Option<Account> {
    let kept = book.kept(named(secrets, &case.bytes(tags::ACCOUNT)?));
    judge.unless(kept.is_some() || book.accounts_unknown, Rejection::ReferenceUnknown, || "payload.account".to_owned());
    kept
}

pub(super) fn amend(case: &Case<'_>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) -> Option<Change> {
    if matches!(case.payload, PayloadOf::Erased) {
        return Some(Box::new(|_| {}));
    }
    let (kind, number) = (case.text(tags::CARRIER_KIND), case.text(tags::CARRIER_NUMBER));
    let whole = kind.is_empty() == number.is_empty();
    let says = [kind, case.text(tags::CATEGORY), case.text(tags::RESTRICTED_CLASS)].iter().any(|it| !it.is_empty());
    judge.unless(!kind.contains(':'), Rejection::ValueMalformed, || kind.to_owned());
    judge.unless(whole && says, Rejection::ValueMissing, || "carrier, category or class".to_owned());
    let account = account(case, book, secrets, judge)?;
    let fact = book.accounts.get(&account)?;
    judge.unless(fact.amendments.len() < 100, Rejection::FieldMalformed, || "too many".to_owned());
    let carrier = (whole && !kind.is_empty()).then(|| secrets.document_hmac(kind, number));
    let owner = carrier.and_then(|carrier| book.documents.get(&carrier)).map(|(owner, _)| book.kept(*owner));
    judge
        .unless(owner.is_none_or(|owner| owner == Some(account)), Rejection::AccountExists, || "by carrier".to_owned());
    let index = case.index;
    Some(Box::new(move |book| {
        if let Some(fact) = book.accounts.get_mut(&account) {
            fact.amendments.push(index);
        }
        if let Some(carrier) = carrier {
            book.documents.insert(carrier, (account, index));
        }
    }))
}

pub(super) fn bind(case: &Case<'_>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) -> Option<Change> {
    if matches!(case.payload, PayloadOf::Erased) {
        return Some(Box::new(|_| {}));
    }
    let (id, key) = (case.bytes(tags::ACCOUNT)?, case.bytes::<32>(tags::HOLDER_KEY)?);
    learners(case, Act::Bind { account: id }, judge);
    judge.unless(!book.devices.contains_key(&key), Rejection::DeviceKeyInUse, || "payload.holder_key".to_owned());
    let account = account(case, book, secrets, judge)?;
    let room = book.accounts.get(&account).is_none_or(|fact| fact.devices.len() < 16);
    judge.unless(room, Rejection::DeviceKeyInUse, || "too many".to_owned());
    let entry = case.index;
    Some(Box::new(move |book| {
        if let Some(fact) = book.accounts.get_mut(&account) {
            fact.devices.push(key);
        }
        book.devices.insert(key, Device { account, entry, unbound_by: None });
    }))
}

/// Whether a key is bound to an account or one that it took over.
pub(super) fn is_bound(key: [u8; 32], account: Option<Account>, book: &Book) -> bool {
    let device = book.devices.get(&key).filter(|device| device.unbound_by.is_none());
    device.is_some_and(|device| book.kept(device.account) == account)
}

pub(super) fn unbind(case: &Case<'_>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) -> Option<Change> {
    if matches!(case.payload, PayloadOf::Erased) {
        return Some(Box::new(|_| {}));
    }
    let key = case.bytes::<32>(tags::HOLDER_KEY)?;
    let account = account(case, book, secrets, judge)?;
    judge.unless(is_bound(key, Some(account), book), Rejection::ReferenceUnknown, || "payload.holder_key".to_owned());
    let index = case.index;
    Some(Box::new(move |book| {
        if let Some(fact) = book.accounts.get_mut(&account) {
            fact.devices.retain(|device| *device != key);
        }
        if let Some(device) = book.devices.get_mut(&key) {
            device.unbound_by = Some(index);
        }
    }))
}

/// Who has a device key signs a merger with it.
pub(super) fn merger(case: &Case<'_>, accounts: [Account; 2], book: &Book, judge: &mut Judge) {
    let there = [tags::HOLDER_KEY, tags::LEARNER_SIGNATURE, tags::SIGNED_AT].map(|tag| !case.value(tag).is_empty());
    if there == [false; 3] {
        let keyless = accounts.iter().all(|it| book.accounts.get(it).is_none_or(|fact| fact.devices.is_empty()));
        judge.unless(keyless, Rejection::LearnerSignatureMissing, String::new);
        return;
    }
    let ids = case.bytes(tags::ACCOUNT).zip(case.bytes(tags::OTHER_ACCOUNT));
    if let Some((account, other)) = ids {
        learners(case, Act::Merge { account, other }, judge);
    }
    let key = case.bytes::<32>(tags::HOLDER_KEY).unwrap_or_default();
    let bound = accounts.iter().any(|account| is_bound(key, book.kept(*account), book));
    judge.unless(bound, Rejection::LearnerSignatureMissing, || "a key of neither account".to_owned());
}
