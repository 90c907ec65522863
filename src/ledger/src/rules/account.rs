//! `OpenAccount`, `MergeAccounts`: one person, one account for life.

use super::device;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::facts::{Facts, field};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, AccountRow};
use crate::state::{Key, Read, ReadError};
use xuefen_core::kinds::tags;
use xuefen_core::proto::AuthorityRole;

/// Most aliases of an account: its row stays short.
const ALIASES: usize = 100;

pub(super) fn reads(facts: &Facts, keys: &mut Vec<Key>) {
    match facts {
        Facts::Account(facts) => {
            keys.extend(facts.account.map(rows::account));
            keys.extend([facts.document, facts.carrier].into_iter().flatten().map(rows::document));
        }
        Facts::Merge(facts) => keys.extend([facts.account, facts.other].into_iter().flatten().map(rows::account)),
        _ => {}
    }
}

/// Any institution, or whoever takes in applications for the operator.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, field: &'static str) -> Check {
    let entitled = case.acts_as_institution() || case.acts_as(AuthorityRole::Intake);
    ensure(entitled, Rejection::NotEntitled, field)
}

pub(super) fn open_rules<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    let Facts::Account(facts) = case.facts() else { return Ok(()) };
    let same_id = facts.account.map(|account| case.state.account(account)).transpose()?.flatten().is_some();
    let mut taken = same_id;
    for shown in [facts.document, facts.carrier].into_iter().flatten() {
        taken |= case.state.newest(&rows::document(shown))?.is_some();
    }
    // Opaque: neither which of them it was, nor anything about the other account.
    ensure(!taken, Rejection::AccountExists, "payload")
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    let Facts::Merge(facts) = case.facts() else { return Ok(()) };
    for (account, tag) in [(facts.account, tags::ACCOUNT), (facts.other, tags::OTHER_ACCOUNT)] {
        let Some(account) = account else { continue };
        let known = case.state.account(account)?.is_some();
        ensure(known, Rejection::ReferenceUnknown, field(tag))?;
    }
    Ok(())
}

pub(super) fn merge_rules<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    let Facts::Merge(facts) = case.facts() else { return Ok(()) };
    let Some((kept, other)) = facts.account.zip(facts.other) else { return Ok(()) };
    let Some((kept_row, other_row)) = case.state.account(kept)?.zip(case.state.account(other)?) else { return Ok(()) };
    ensure(kept_row.alias_of.is_none(), Rejection::AccountMerged, field(tags::ACCOUNT))?;
    let fresh = other_row.alias_of.is_none() && kept != other;
    let room = kept_row.aliases.len() + other_row.aliases.len() < ALIASES;
    ensure(fresh && room, Rejection::AccountMerged, field(tags::OTHER_ACCOUNT))?;
    device::merge_signature(case, [(kept, &kept_row), (other, &other_row)], facts.key.as_ref())?;
    let two = case.keys.iter().any(|key| key.owner != case.issuer);
    ensure(two || kept_row.document == other_row.document, Rejection::MergeNeedsSecondParty, "attestations")
}

pub(super) fn write_open<S: Read + ?Sized>(writer: &mut Writer<'_, S>, entry: &Accepted<'_>) {
    let Facts::Account(facts) = entry.facts() else { return };
    let Some((account, document)) = facts.account.zip(facts.document) else { return };
    let row = AccountRow {
        entry: writer.index(),
        opener: entry.issuer().to_owned(),
        document,
        alias_of: None,
        aliases: Vec::new(),
        devices: Vec::new(),
        amendments: Vec::new(),
    };
    writer.put(rows::account(account), &row);
    for shown in std::iter::once(document).chain(facts.carrier) {
        writer.put(rows::document(shown), &account);
    }
}

pub(super) fn write_merge<S: Read + ?Sized>(writer: &mut Writer<'_, S>, entry: &Accepted<'_>) -> Result<(), ReadError> {
    let Facts::Merge(facts) = entry.facts() else { return Ok(()) };
    let Some((kept, other)) = facts.account.zip(facts.other) else { return Ok(()) };
    let Some((mut kept_row, other_row)) = writer.account(kept)?.zip(writer.account(other)?) else { return Ok(()) };
    kept_row.devices.extend(other_row.devices);
    kept_row.amendments.extend(other_row.amendments);
    let moved: Vec<AccountKey> = std::iter::once(other).chain(other_row.aliases).collect();
    for alias in &moved {
        if let Some(row) = writer.account(*alias)? {
            writer.put(rows::account(*alias), &as_alias(kept, row));
        }
    }
    kept_row.aliases.extend(moved);
    writer.put(rows::account(kept), &kept_row);
    Ok(())
}

/// What is left of an account that became an alias: its keys and amendments are the kept account's.
fn as_alias(kept: AccountKey, row: AccountRow) -> AccountRow {
    let (aliases, devices, amendments) = (Vec::new(), Vec::new(), Vec::new());
    AccountRow { alias_of: Some(kept), aliases, devices, amendments, ..row }
}

/// The account that a payload's account stands for, if it is known.
pub(super) fn kept<S: Read + ?Sized>(state: &S, account: Option<AccountKey>) -> Result<Option<AccountKey>, ReadError> {
    match account {
        Some(account) => state.kept(account),
        None => Ok(None),
    }
}

/// A reference to the learner's account that is not there.
pub(super) fn unknown() -> Refusal {
    Refusal::new(Rejection::ReferenceUnknown, field(tags::ACCOUNT))
}
