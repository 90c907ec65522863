//! What an entry is worth at a time: in force, pending, suspended, superseded, revoked, expired, or in need of review.
//!
//! Expiry and doubt are computed when asked, never stored. The answer covers the entry's whole authority chain
//! (formats.md 5, "Status note").

use crate::access::Access;
use crate::authority::supports;
use crate::day::Day;
use crate::rows::{EntryRow, Force, InstitutionRow, OfferBody, Short, StandingRow, Status};
use crate::state::{Read, ReadError};
use xuefen_core::commitment::Tag as Number;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::payload::{Payload, integer};

/// An entry's status at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// In force.
    Valid,
    /// It waits for a second signature and counts for nothing.
    Pending,
    /// It waited for a second signature for too long, and counts for nothing.
    Lapsed {
        /// Since then, Unix seconds.
        at: i64,
    },
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
    /// Its payload was erased. Never given by [`status`]: only the vault knows.
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
        /// The entry signed by that key: the entry itself or one of its authority chain.
        entry: u64,
        /// The entry that says so.
        by: u64,
    },
    /// An entry that it rests on was revoked or is out of force.
    AuthorityFell {
        /// That entry.
        entry: u64,
    },
    /// An outcome that it used was revoked or corrected.
    SourceFell {
        /// The outcome.
        entry: u64,
        /// The entry that says so.
        by: u64,
    },
    /// Accounts were merged, and together their conversions break a limit.
    LimitBroken,
}

/// The status of an entry at a time (Unix seconds), as of the reader's size; `None` if there is no such entry.
///
/// Final words come first: revoked, superseded, suspended, pending; then doubt. Expiry is [`status_with`]'s.
pub fn status(state: &impl Read, index: u64, now: i64) -> Result<Option<EntryStatus>, ReadError> {
    let Some(entry) = state.entry(index)? else { return Ok(None) };
    if let Some(status) = own_status(state, index, now)?.filter(|status| *status != EntryStatus::Valid) {
        return Ok(Some(status));
    }
    if usize::from(entry.kind) == Kind::DecideConversion as usize
        && let Some(status) = of_conversion(state, index)?
    {
        return Ok(Some(status));
    }
    for support in supports(state, index, &[])? {
        if let Some(why) = support_doubt(state, support, now)? {
            return Ok(Some(EntryStatus::NeedsReview { why }));
        }
    }
    Ok(Some(EntryStatus::Valid))
}

/// The same of an entry alone: what life-cycle entries say, and doubt about its issuer and its keys.
pub(crate) fn own_status(state: &(impl Read + ?Sized), index: u64, now: i64) -> Result<Option<EntryStatus>, ReadError> {
    let Some(entry) = state.entry(index)? else { return Ok(None) };
    let standing = state.standing(index)?;
    if let Some(status) = said(&standing, now) {
        return Ok(Some(status));
    }
    let doubt = doubt(state, index, &entry, &standing)?;
    Ok(Some(doubt.map_or(EntryStatus::Valid, |why| EntryStatus::NeedsReview { why })))
}

/// What became of a decision: undone, replaced, or in doubt.
fn of_conversion(state: &(impl Read + ?Sized), index: u64) -> Result<Option<EntryStatus>, ReadError> {
    if let Some(by) = state.conversion(index)?.and_then(|row| row.ended_by) {
        let kind = state.entry(by)?.map_or(0, |entry| usize::from(entry.kind));
        let replaced = kind == Kind::DecideConversion as usize;
        let status = if replaced { EntryStatus::Superseded { by } } else { EntryStatus::Revoked { by, reason: 0 } };
        return Ok(Some(status));
    }
    Ok(conversion_review(state, index)?.map(|why| EntryStatus::NeedsReview { why }))
}

/// Why a conversion that stands must be looked at by its owner: an outcome that it used fell, or a merger broke a limit
/// (rules.md 4, 7). Whoever granted it may keep it by a countersignature.
pub(crate) fn conversion_review(state: &(impl Read + ?Sized), index: u64) -> Result<Option<Review>, ReadError> {
    let Some(row) = state.converted(index)? else { return Ok(None) };
    if state.conversion(index)?.is_none_or(|row| row.ended_by.is_some()) {
        return Ok(None);
    }
    let Some(entry) = state.entry(index)? else { return Ok(None) };
    let kept = state.standing(index)?.countersignatures;
    let kept = kept.iter().filter(|it| it.party == entry.issuer).map(|it| it.index).max();
    for outcome in row.sources.iter().chain(&row.absorbed) {
        let standing = state.standing(*outcome)?;
        let revoked = if let Force::Revoked { by, .. } = standing.force { Some(by) } else { None };
        let fell = revoked.into_iter().chain(standing.superseded_by).filter(|by| *by > index).max();
        if let Some(by) = fell.filter(|by| kept.is_none_or(|kept| kept < *by)) {
            return Ok(Some(Review::SourceFell { entry: *outcome, by }));
        }
    }
    // No entry says when a merger broke it: once kept, it stays.
    let broken = kept.is_none() && crate::rules::breached(state, index)?;
    Ok(broken.then_some(Review::LimitBroken))
}

/// As [`status`], for an outcome whose payload is at hand: a certificate is valid for so many days from `achieved_on` as its
/// family says. Both are payload values, so without the payload nobody knows that it expired.
pub fn status_with(
    state: &impl Read,
    index: u64,
    payload: &Payload,
    now: i64,
) -> Result<Option<EntryStatus>, ReadError> {
    let status = status(state, index, now)?;
    if status != Some(EntryStatus::Valid) {
        return Ok(status);
    }
    let value = |tag: tags::Tag| Number::new(tag.number).and_then(|number| payload.value(number));
    let achieved_on = value(tags::ACHIEVED_ON).and_then(Day::parse);
    let family = value(tags::FAMILY).and_then(|index| integer(index).ok());
    let family = family.map(|index| state.offer(index)).transpose()?.flatten();
    let through = match (achieved_on, family.map(|family| family.body)) {
        (Some(day), Some(OfferBody::Family(family))) if family.validity_days > 0 => {
            Some(Day(day.0.saturating_add_unsigned(family.validity_days)))
        }
        _ => None,
    };
    let expired = through.is_some_and(|day| day.end() <= now);
    Ok(Some(if expired { EntryStatus::Expired } else { EntryStatus::Valid }))
}

/// What an institution is at a time, for answers beside an entry's status; `None` if it is none or was not yet.
pub fn issuer_status(state: &impl Read, id: &str, now: i64) -> Result<Option<Status>, ReadError> {
    Ok(state.institution(id)?.and_then(|row| row.status_at(now).cloned()))
}

/// What life-cycle entries and corrections say.
fn said(standing: &StandingRow, now: i64) -> Option<EntryStatus> {
    match (&standing.force, standing.superseded_by) {
        (Force::Revoked { reason, by }, _) => Some(EntryStatus::Revoked { by: *by, reason: *reason }),
        (_, Some(by)) => Some(EntryStatus::Superseded { by }),
        (Force::Suspended { until, .. }, None) if *until > now => Some(EntryStatus::Suspended { until: *until }),
        _ if standing.has_lapsed(now) => Some(EntryStatus::Lapsed { at: standing.lapses_at }),
        _ if standing.pending => Some(EntryStatus::Pending),
        _ => None,
    }
}

/// Doubt about the entry itself: its issuer or its keys.
fn doubt(
    state: &(impl Read + ?Sized),
    index: u64,
    entry: &EntryRow,
    standing: &StandingRow,
) -> Result<Option<Review>, ReadError> {
    if let Some(row) = state.institution(&entry.issuer)?
        && let Some(by) = ended_since(&row, entry.logged_at)
    {
        let confirmed = standing.countersignatures.iter().any(|it| it.by_authority && it.index > by);
        if !confirmed {
            return Ok(Some(Review::IssuerEnded { issuer: entry.issuer.clone(), by }));
        }
    }
    Ok(compromise(state, entry, standing)?.map(|by| Review::KeyCompromised { entry: index, by }))
}

/// The entry that ended the institution back to before a time.
fn ended_since(row: &InstitutionRow, logged_at: i64) -> Option<u64> {
    let newest = row.periods.last()?;
    match newest.status {
        Status::Revoked { retroactive_since: Some(since), .. } if since <= logged_at => Some(newest.by),
        _ => None,
    }
}

/// The entry that says that a key of this one had been in other hands, unless a good key has stood by it since.
fn compromise(
    state: &(impl Read + ?Sized),
    entry: &EntryRow,
    standing: &StandingRow,
) -> Result<Option<u64>, ReadError> {
    let mut said = None;
    for id in &entry.keys {
        let end = state.key_row(*id)?.filter(|key| key.compromised_at(entry.logged_at)).and_then(|key| key.end);
        said = said.max(end.map(|end| end.by));
    }
    let Some(by) = said else { return Ok(None) };
    for signature in &standing.countersignatures {
        let entitled = signature.by_authority || signature.party == entry.issuer;
        if entitled && all_good(state, &signature.keys, signature.logged_at)? {
            return Ok(None);
        }
    }
    Ok(Some(by))
}

fn all_good(state: &(impl Read + ?Sized), keys: &[Short], logged_at: i64) -> Result<bool, ReadError> {
    for id in keys {
        if state.key_row(*id)?.is_none_or(|key| key.compromised_at(logged_at)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Doubt about an entry of the authority chain.
fn support_doubt(state: &(impl Read + ?Sized), index: u64, now: i64) -> Result<Option<Review>, ReadError> {
    let Some(entry) = state.entry(index)? else { return Ok(Some(Review::AuthorityFell { entry: index })) };
    let standing = state.standing(index)?;
    let fell = match said(&standing, now) {
        None | Some(EntryStatus::Superseded { .. }) => false,
        Some(_) => true,
    };
    if fell {
        return Ok(Some(Review::AuthorityFell { entry: index }));
    }
    Ok(compromise(state, &entry, &standing)?.map(|by| Review::KeyCompromised { entry: index, by }))
}
