//! `AmendAccount`, `BindKey`, `UnbindKey`: what changes about an account after it was opened, and the learner's device keys.

use super::account::{kept, unknown};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::facts::{DeviceFacts, Facts, field};
use crate::rejection::Rejection;
use crate::rows::{self, AccountKey, AccountRow, DeviceRow};
use crate::state::{Key, Read, ReadError};
use xuefen_core::kinds::tags;

/// Most device keys, and most amendments, of an account: its row stays short.
const DEVICES: usize = 16;
const AMENDMENTS: usize = 100;

pub(super) fn reads(facts: &Facts, keys: &mut Vec<Key>) {
    match facts {
        Facts::Amend(facts) => {
            keys.extend(facts.account.map(rows::account));
            keys.extend(facts.carrier.map(rows::document));
        }
        Facts::Device(facts) => {
            keys.extend(facts.account.map(rows::account));
            keys.extend(facts.key.as_ref().map(rows::device));
        }
        _ => {}
    }
}

/// The account that is spoken of.
fn account<S: Read + ?Sized>(case: &Case<'_, S>) -> Option<AccountKey> {
    match case.facts() {
        Facts::Amend(facts) => facts.account,
        Facts::Device(facts) => facts.account,
        _ => None,
    }
}

/// Bound to this account, or to one that it took over.
pub(super) fn is_bound<S: Read + ?Sized>(state: &S, key: &[u8; 32], account: AccountKey) -> Result<bool, ReadError> {
    let Some((_, row)) = state.value::<DeviceRow>(&rows::device(key))? else { return Ok(false) };
    Ok(row.unbound_by.is_none() && kept(state, Some(row.account))? == kept(state, Some(account))?)
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, unbinds: bool) -> Check {
    let Some(account) = account(case) else { return Ok(()) };
    case.state.account(account)?.ok_or_else(unknown)?;
    let (Facts::Device(DeviceFacts { key: Some(key), .. }), true) = (case.facts(), unbinds) else { return Ok(()) };
    ensure(is_bound(case.state, key, account)?, Rejection::ReferenceUnknown, field(tags::HOLDER_KEY))
}

/// The row of the account that is kept.
fn row<S: Read + ?Sized>(
    state: &S,
    account: Option<AccountKey>,
) -> Result<Option<(AccountKey, AccountRow)>, ReadError> {
    let Some(account) = kept(state, account)? else { return Ok(None) };
    Ok(state.account(account)?.map(|row| (account, row)))
}

/// A carrier is one person's, as a document is.
pub(super) fn amend_rules<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    let Facts::Amend(facts) = case.facts() else { return Ok(()) };
    let Some((account, row)) = row(case.state, facts.account)? else { return Ok(()) };
    ensure(row.amendments.len() < AMENDMENTS, Rejection::FieldMalformed, field(tags::ACCOUNT))?;
    let Some(carrier) = facts.carrier else { return Ok(()) };
    let owner: Option<AccountKey> = case.state.value(&rows::document(carrier))?.map(|(_, owner)| owner);
    let free = owner.is_none() || kept(case.state, owner)? == Some(account);
    ensure(free, Rejection::AccountExists, "payload")
}

/// A device key belongs to one account for ever.
pub(super) fn bind_rules<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    let Facts::Device(facts) = case.facts() else { return Ok(()) };
    let Some((key, (_, row))) = facts.key.zip(row(case.state, facts.account)?) else { return Ok(()) };
    let unused = case.state.newest(&rows::device(&key))?.is_none();
    let room = row.devices.len() < DEVICES;
    ensure(unused && room, Rejection::DeviceKeyInUse, field(tags::HOLDER_KEY))
}

/// Who has a device key signs a merger with it.
pub(super) fn merge_signature<S: Read + ?Sized>(
    case: &Case<'_, S>,
    accounts: [(AccountKey, &AccountRow); 2],
    key: Option<&[u8; 32]>,
) -> Check {
    let Some(key) = key else {
        let keyless = accounts.iter().all(|(_, row)| row.devices.is_empty());
        return ensure(keyless, Rejection::LearnerSignatureMissing, field(tags::LEARNER_SIGNATURE));
    };
    let mut bound = false;
    for (account, _) in accounts {
        bound |= is_bound(case.state, key, account)?;
    }
    ensure(bound, Rejection::LearnerSignatureMissing, field(tags::HOLDER_KEY))
}

pub(super) fn write_amend<S: Read + ?Sized>(writer: &mut Writer<'_, S>, facts: &Facts) -> Result<(), ReadError> {
    let Facts::Amend(facts) = facts else { return Ok(()) };
    let Some((account, mut row)) = row(writer, facts.account)? else { return Ok(()) };
    row.amendments.push(writer.index());
    writer.put(rows::account(account), &row);
    if let Some(carrier) = facts.carrier {
        writer.put(rows::document(carrier), &account);
    }
    Ok(())
}

pub(super) fn write_bind<S: Read + ?Sized>(writer: &mut Writer<'_, S>, facts: &Facts) -> Result<(), ReadError> {
    let Facts::Device(facts) = facts else { return Ok(()) };
    let Some((key, (account, mut row))) = facts.key.zip(row(writer, facts.account)?) else { return Ok(()) };
    row.devices.push(rows::device_short(&key));
    writer.put(rows::account(account), &row);
    let device = DeviceRow { account, entry: writer.index(), unbound_by: None };
    writer.put(rows::device(&key), &device);
    Ok(())
}

pub(super) fn write_unbind<S: Read + ?Sized>(writer: &mut Writer<'_, S>, facts: &Facts) -> Result<(), ReadError> {
    let Facts::Device(facts) = facts else { return Ok(()) };
    let Some((key, (account, mut row))) = facts.key.zip(row(writer, facts.account)?) else { return Ok(()) };
    row.devices.retain(|device| *device != rows::device_short(&key));
    writer.put(rows::account(account), &row);
    if let Some((_, device)) = writer.value::<DeviceRow>(&rows::device(&key))? {
        writer.put(rows::device(&key), &DeviceRow { unbound_by: Some(writer.index()), ..device });
    }
    Ok(())
}
