//! Accounts: one person, one account (rules.md 2, "Accounts").

use super::PayloadOf;
use super::book::{Account, AccountFact, Book};
use super::devices;
use super::judge::{Case, Change, Judge};
use crate::posting::Secrets;
use crate::rejection::Rejection;
use std::collections::BTreeSet;
use xuefen_core::kinds::tags;

/// How facts name an account.
pub(super) fn named(secrets: &dyn Secrets, id: &[u8; 16]) -> Account {
    let hmac = secrets.account_hmac(id);
    let mut account = [0; 16];
    account.copy_from_slice(&hmac[..16]);
    account
}

pub(super) fn open(case: &Case<'_>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) -> Option<Change> {
    if matches!(case.payload, PayloadOf::Erased) {
        return Some(Box::new(|book| book.accounts_unknown = true));
    }
    let account = named(secrets, &case.bytes(tags::ACCOUNT)?);
    let document = secrets.document_hmac(case.text(tags::DOCUMENT_KIND), case.text(tags::DOCUMENT_NUMBER));
    judge.unless(!book.accounts.contains_key(&account), Rejection::AccountExists, || "by id".to_owned());
    let (kind, number) = (case.text(tags::CARRIER_KIND), case.text(tags::CARRIER_NUMBER));
    judge.unless(kind.is_empty() == number.is_empty(), Rejection::ValueMissing, || "half a carrier".to_owned());
    let mut shown = vec![document];
    if !number.is_empty() {
        shown.push(secrets.document_hmac(kind, number));
    }
    let kinds = [kind, case.text(tags::DOCUMENT_KIND)];
    judge.unless(!kinds.concat().contains(':'), Rejection::ValueMalformed, || format!("{kinds:?}"));
    let taken = shown.iter().find_map(|shown| book.documents.get(shown)).map(|(_, entry)| *entry);
    judge.unless(taken.is_none(), Rejection::AccountExists, || format!("entry {taken:?}"));
    let (index, opener) = (case.index, case.issuer.to_owned());
    Some(Box::new(move |book| {
        for shown in shown {
            book.documents.insert(shown, (account, index));
        }
        let fact = AccountFact {
            entry: index,
            opener,
            document,
            kept_as: None,
            aliases: Vec::new(),
            devices: Vec::new(),
            amendments: Vec::new(),
        };
        book.accounts.insert(account, fact);
    }))
}

pub(super) fn merge(case: &Case<'_>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) -> Option<Change> {
    let kept = named(secrets, &case.bytes(tags::ACCOUNT)?);
    let other = named(secrets, &case.bytes(tags::OTHER_ACCOUNT)?);
    let (a, b) = (book.accounts.get(&kept), book.accounts.get(&other));
    let known = (a.is_some() && b.is_some()) || book.accounts_unknown;
    judge.unless(known, Rejection::ReferenceUnknown, String::new);
    judge.unless(kept != other, Rejection::AccountMerged, || "one account".to_owned());
    let (a, b) = (a?, b?);
    judge.unless(a.kept_as.is_none() && b.kept_as.is_none(), Rejection::AccountMerged, || "an alias".to_owned());
    devices::merger(case, [kept, other], book, judge);
    let parties: BTreeSet<&str> = case.signers.iter().map(|key| key.owner.as_str()).collect();
    let two = a.document == b.document || parties.len() >= 2;
    judge.unless(two, Rejection::MergeNeedsSecondParty, || format!("{parties:?}"));
    Some(Box::new(move |book| {
        let mut moved = vec![other];
        moved.extend(book.accounts.get(&other).map(|fact| fact.aliases.clone()).unwrap_or_default());
        for alias in &moved {
            if let Some(fact) = book.accounts.get_mut(alias) {
                fact.kept_as = Some(kept);
            }
        }
        let (mut keys, mut amended) = (Vec::new(), Vec::new());
        if let Some(fact) = book.accounts.get_mut(&other) {
            fact.aliases.clear();
            keys = std::mem::take(&mut fact.devices);
            amended = std::mem::take(&mut fact.amendments);
        }
        if let Some(fact) = book.accounts.get_mut(&kept) {
            fact.aliases.extend(moved);
            fact.devices.extend(keys);
            fact.amendments.extend(amended);
        }
    }))
}
