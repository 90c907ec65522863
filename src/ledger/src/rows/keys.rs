//! The keys of the tables, and the hashes in them.

use super::{AccountKey, Name, Short, StandingOf, short};
use crate::state::{Key, Table};
use xuefen_core::hash::{Context, Deriver};

/// A hash for keys of this state, over parts behind their lengths.
fn state_hash(purpose: &str, parts: &[&[u8]]) -> Short {
    let mut hash = Deriver::new(Context::InternalState);
    hash.update(purpose.as_bytes());
    hash.update(&[0]);
    for part in parts {
        hash.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(part);
    }
    short(&hash.finish())
}

/// The first 12 bytes of a state hash.
fn state_name(purpose: &str, parts: &[&[u8]]) -> Name {
    let mut name = [0; 12];
    name.copy_from_slice(&state_hash(purpose, parts)[..12]);
    name
}

pub(crate) fn nonce(issuer: &str, nonce: &[u8; 16]) -> Key {
    Key::fixed(Table::Nonce, &state_name("nonce", &[issuer.as_bytes(), nonce]))
}

pub(crate) fn issued_by(issuer: &str) -> Key {
    Key::texts(Table::IssuedBy, &[issuer])
}

pub(crate) fn by_index(table: Table, index: u64) -> Key {
    Key::fixed(table, &index.to_be_bytes())
}

pub(crate) fn entry(index: u64) -> Key {
    by_index(Table::Entry, index)
}

pub(crate) fn standing(index: u64) -> Key {
    by_index(Table::Standing, index)
}

pub(crate) fn flags(index: u64) -> Key {
    by_index(Table::Flags, index)
}

pub(crate) fn counted_flags(index: u64) -> Key {
    by_index(Table::CountedFlags, index)
}

pub(crate) fn key(id: Short) -> Key {
    Key::fixed(Table::Key, &id)
}

pub(crate) fn keys_of(owner: &str) -> Key {
    Key::texts(Table::KeysOf, &[owner])
}

pub(crate) fn authority(id: &str) -> Key {
    Key::texts(Table::Authority, &[id])
}

pub(crate) fn institution(id: &str) -> Key {
    Key::texts(Table::Institution, &[id])
}

pub(crate) fn display(owner: &str, kind: xuefen_core::kinds::Kind, code: &str) -> Key {
    Key::texts(Table::Display, &[owner, kind.name(), code])
}

pub(crate) fn offer(index: u64) -> Key {
    by_index(Table::Offer, index)
}

/// `province` is two digits, empty for the nation.
pub(crate) fn policies(province: &str) -> Key {
    Key::texts(Table::Policies, &[province])
}

pub(crate) fn runs_of(owner: &str, programme: &str) -> Key {
    Key::texts(Table::RunsOf, &[owner, programme])
}

pub(crate) fn offers_of(owner: &str) -> Key {
    Key::texts(Table::OffersOf, &[owner])
}

pub(crate) fn account(account: AccountKey) -> Key {
    Key::fixed(Table::Account, &account.0)
}

pub(crate) fn document(hmac: Short) -> Key {
    Key::fixed(Table::Document, &hmac)
}

pub(crate) fn outcomes_of(account: AccountKey) -> Key {
    Key::fixed(Table::OutcomesOf, &account.0)
}

pub(crate) fn outcome(index: u64) -> Key {
    by_index(Table::Outcome, index)
}

/// `source` is an HMAC of kind and source id without the issuer, so that predecessors' keys can be made without secrets.
pub(crate) fn source(issuer: &str, source: &[u8; 32]) -> Key {
    Key::fixed(Table::Source, &state_name("source", &[issuer.as_bytes(), source]))
}

pub(crate) fn line(account: AccountKey, offer: u64, run: &str) -> Key {
    Key::fixed(Table::Line, &state_name("line", &[&account.0, &offer.to_be_bytes(), run.as_bytes()]))
}

pub(crate) fn run(offer: u64, run: &str) -> Key {
    Key::fixed(Table::Run, &state_hash("run", &[&offer.to_be_bytes(), run.as_bytes()]))
}

/// `once` is a keyed hash of what a learner can have once only.
pub(crate) fn held(account: AccountKey, once: &Short) -> Key {
    Key::fixed(Table::Held, &state_hash("held", &[&account.0, once]))
}

/// `team` is a keyed hash of a contest and a team in it.
pub(crate) fn team(issuer: &str, team: &Short) -> Key {
    Key::fixed(Table::Team, &state_hash("team", &[issuer.as_bytes(), team]))
}

/// What people call a pathway.
pub(crate) fn label(label: &str) -> Key {
    Key::texts(Table::Label, &[label])
}

pub(crate) fn equivalent(from: &StandingOf) -> Key {
    let parts: [&[u8]; 3] = [&from.outcome_kind.to_be_bytes(), from.code.as_bytes(), &from.level.to_be_bytes()];
    Key::fixed(Table::Equivalent, &state_hash("equivalent", &parts))
}

/// A device key by its hash.
pub(crate) fn device_short(key: &[u8; 32]) -> Short {
    state_hash("device key", &[key])
}

pub(crate) fn device(key: &[u8; 32]) -> Key {
    Key::fixed(Table::Device, &device_short(key))
}

pub(crate) fn charter(consortium: &str) -> Key {
    Key::texts(Table::Charter, &[consortium])
}

pub(crate) fn evaluations(institution: &str) -> Key {
    Key::texts(Table::Evaluations, &[institution])
}

pub(crate) fn filed(institution: &str, level: u32, year: u32) -> Key {
    Key::texts(Table::Filed, &[institution, &level.to_string(), &year.to_string()])
}

pub(crate) fn inspection(commitment: u64) -> Key {
    by_index(Table::Inspection, commitment)
}

pub(crate) fn headcount(institution: &str, day: u32) -> Key {
    Key::texts(Table::Headcount, &[institution, &day.to_string()])
}

pub(crate) fn application(index: u64) -> Key {
    by_index(Table::Application, index)
}

pub(crate) fn applications_to(owner: &str) -> Key {
    Key::texts(Table::ApplicationsTo, &[owner])
}

pub(crate) fn conversion(index: u64) -> Key {
    by_index(Table::Conversion, index)
}

/// `nullifier` has 32 bytes. Half of them name the row: who makes two meet harms an outcome of its own making only.
pub(crate) fn use_of(nullifier: &[u8]) -> Key {
    let mut id = [0; 16];
    let length = nullifier.len().min(16);
    id[..length].copy_from_slice(&nullifier[..length]);
    Key::fixed(Table::Use, &id)
}

pub(crate) fn appeal(index: u64) -> Key {
    by_index(Table::Appeal, index)
}

pub(crate) fn appealed(index: u64) -> Key {
    by_index(Table::Appealed, index)
}

pub(crate) fn applied(index: u64) -> Key {
    by_index(Table::Applied, index)
}

pub(crate) fn applications_of(account: AccountKey) -> Key {
    Key::fixed(Table::ApplicationsOf, &account.0)
}

pub(crate) fn converted(index: u64) -> Key {
    by_index(Table::Converted, index)
}

/// A programme by its owner and code, whatever its version.
pub(crate) fn converted_in(account: AccountKey, owner: &str, programme: &str) -> Key {
    let parts: [&[u8]; 3] = [&account.0, owner.as_bytes(), programme.as_bytes()];
    Key::fixed(Table::ConvertedIn, &state_hash("converted in", &parts))
}

pub(crate) fn used_by(outcome: u64) -> Key {
    by_index(Table::UsedBy, outcome)
}

pub(crate) fn certified(account: AccountKey, family: &str) -> Key {
    Key::fixed(Table::Certified, &state_hash("certified", &[&account.0, family.as_bytes()]))
}

/// Every conversion rule.
pub(crate) fn all_rules() -> Key {
    Key::fixed(Table::Rules, &[])
}

/// [`OutcomeRow::course`].
pub(crate) fn course(offer: u64, run: &str, attempt: u32) -> Short {
    state_hash("course", &[&offer.to_be_bytes(), run.as_bytes(), &attempt.to_be_bytes()])
}

/// [`OutcomeRow::nullifier_key`].
pub(crate) fn nullifier_key(nk: &[u8; 32]) -> Short {
    state_hash("nullifier key", &[nk])
}
