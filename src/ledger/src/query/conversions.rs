//! Answers about conversions: applications and where they stand, what a decision would have to say, and why it may not be
//! made.
//! `open` gives the payload of an entry, to whoever may see it.

use super::{Direction, Query, Read, ReadError};
use crate::access::Access;
use crate::case::{Stop, policy_of};
use crate::policy::{DAY_SECONDS, number};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, AppealRow, ApplicationRow, AppliedRow, ConversionRow, ConvertedRow};
use crate::rules;
use crate::sources::Opened;
use xuefen_core::payload::Payload;
use xuefen_core::proto::ConversionRule;

pub use crate::rules::Grant;
pub use crate::status::Review;

/// A version of a conversion rule.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleVersion {
    /// Its entry.
    pub index: u64,
    /// Who published it.
    pub owner: String,
    /// What it says.
    pub rule: ConversionRule,
}

impl From<rules::Version> for RuleVersion {
    fn from(rules::Version { index, owner, rule }: rules::Version) -> Self {
        Self { index, owner, rule }
    }
}

/// The conversion rule of an entry, in force or not.
pub fn conversion_rule(state: &impl Read, index: u64) -> Result<Option<RuleVersion>, ReadError> {
    Ok(rules::rule_at(state, index)?.map(Into::into))
}

/// The version that held at a time of the conversion rule that an entry is a version of.
pub fn conversion_rule_at(state: &impl Read, index: u64, time: i64) -> Result<Option<RuleVersion>, ReadError> {
    Ok(rules::version_at(state, index, time)?.map(Into::into))
}

/// The public side of an application.
pub fn application(state: &impl Read, index: u64) -> Result<Option<ApplicationRow>, ReadError> {
    state.application(index)
}

/// Whose application it is, and of which outcomes; `None` if that was erased.
pub fn applied(state: &impl Read, index: u64) -> Result<Option<AppliedRow>, ReadError> {
    state.applied(index)
}

/// The public side of a decision.
pub fn conversion(state: &impl Read, index: u64) -> Result<Option<ConversionRow>, ReadError> {
    state.conversion(index)
}

/// The private side of a decision that grants; `None` if it was erased.
pub fn converted(state: &impl Read, index: u64) -> Result<Option<ConvertedRow>, ReadError> {
    state.converted(index)
}

/// An appeal.
pub fn appeal(state: &impl Read, index: u64) -> Result<Option<AppealRow>, ReadError> {
    state.appeal(index)
}

/// The newest appeal against an entry.
pub fn newest_appeal(state: &impl Read, target: u64) -> Result<Option<u64>, ReadError> {
    Ok(state.newest(&rows::appealed(target))?.map(|(index, _)| index))
}

/// Granted decisions that used an outcome, oldest first; those that ended may be missing.
pub fn used_by(state: &impl Read, outcome: u64) -> Result<Vec<u64>, ReadError> {
    state.list(&rows::used_by(outcome))
}

/// Applications under an institution's rules, newest first, from entry `from` downwards, at most `limit`.
pub fn applications_to(
    state: &impl Query,
    owner: &str,
    from: Option<u64>,
    limit: usize,
) -> Result<Vec<u64>, ReadError> {
    let rows = state.history(&rows::applications_to(owner), from, Direction::Descending, limit)?;
    Ok(rows.into_iter().map(|(index, _)| index).collect())
}

/// Applications of a learner under all ids of the account, oldest first, from entry `from` on, at most `limit`.
pub fn applications_of(
    state: &impl Query,
    id: AccountKey,
    from: Option<u64>,
    limit: usize,
) -> Result<Vec<u64>, ReadError> {
    let Some((kept, row)) = super::account(state, id)? else { return Ok(Vec::new()) };
    let mut all = std::collections::BTreeSet::new();
    for id in std::iter::once(kept).chain(row.aliases) {
        let history = state.history(&rows::applications_of(id), from, Direction::Ascending, limit)?;
        all.extend(history.into_iter().map(|(index, _)| index));
    }
    Ok(all.into_iter().take(limit).collect())
}

/// When the next step on an application is due, Unix seconds; `None` if policy sets no day, or nothing is left to do.
pub fn due(state: &impl Read, index: u64) -> Result<Option<i64>, ReadError> {
    match state.application(index)? {
        Some(row) => rules::due(state, index, &row),
        None => Ok(None),
    }
}

/// Why a decision must be looked at by its owner, and until when (Unix seconds) if policy sets a day.
pub fn review(state: &impl Read, decision: u64) -> Result<Option<(Review, Option<i64>)>, ReadError> {
    let Some(why) = crate::status::conversion_review(state, decision)? else { return Ok(None) };
    let Some(entry) = state.entry(decision)? else { return Ok(None) };
    let Review::SourceFell { by, .. } = why else { return Ok(Some((why, None))) };
    let since = state.entry(by)?.map_or(entry.logged_at, |by| by.logged_at);
    let days = policy_of(state, &entry.issuer, since)?.number(&number::REVIEW_DAYS);
    let until = days.and_then(|days| i64::try_from(days).ok()).map(|days| since + days * DAY_SECONDS);
    Ok(Some((why, until)))
}

/// What a decision that grants an application would have to say now, by its rule's owner or successor `issuer`; or why it may
/// not be made. `ledger` is the origin.
///
/// # Errors
/// If the state cannot be read.
pub fn grant(
    state: &impl Read,
    (ledger, issuer): (&str, &str),
    application: u64,
    replaces: Option<u64>,
    now: i64,
    open: &dyn Fn(u64) -> Option<Payload>,
) -> Result<Result<Grant, Refusal>, ReadError> {
    let open = |index| open(index).as_ref().map(Opened::of);
    match rules::would_grant(state, (ledger, issuer), application, replaces, now, &open) {
        Ok(grant) => Ok(Ok(grant)),
        Err(Stop::Refused(refusal)) => Ok(Err(*refusal)),
        Err(Stop::Read(error)) => Err(error),
        // Nothing is posted, so nothing is posted again.
        Err(Stop::Replay(index)) => Ok(Err(Refusal::new(Rejection::NonceReused, "statement.nonce").existing(index))),
    }
}
