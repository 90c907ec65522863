//! `ReverseConversion`: a conversion is undone and its nullifiers are free again. By its owner at any time; by the learner
//! within the cooling-off period.

use super::{consent, owns};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure, policy_of};
use crate::facts::{AskFacts, Facts, field};
use crate::policy::{DAY_SECONDS, number};
use crate::rejection::{Refusal, Rejection};
use crate::rows;
use crate::rules::account;
use crate::state::{Read, ReadError};
use xuefen_core::kinds::tags;
use xuefen_core::proto::{ReverseConversion, Verdict};

const FIELD: &str = "statement.reverse_conversion.conversion";

fn facts<'a, S: Read + ?Sized>(case: &Case<'a, S>) -> Option<&'a AskFacts> {
    match &case.prepared.facts {
        Facts::Ask(facts) => Some(facts),
        _ => None,
    }
}

/// Whether the receiving institution itself undoes it.
fn is_owner<S: Read + ?Sized>(case: &Case<'_, S>, body: &ReverseConversion) -> Result<bool, crate::case::Stop> {
    let Some(target) = &body.conversion else { return Ok(false) };
    let Some(row) = case.state.conversion(target.index)? else { return Ok(false) };
    match owns(case, row.rule, "statement.reverse_conversion") {
        Ok(()) => Ok(true),
        Err(crate::case::Stop::Refused(_)) => Ok(false),
        Err(other) => Err(other),
    }
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, _: &ReverseConversion) -> Check {
    account::may(case, "statement.reverse_conversion")
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &ReverseConversion) -> Check {
    let (index, _) = case.target(body.conversion.as_ref(), FIELD)?;
    let granted = case.state.conversion(index)?.is_some_and(|row| row.verdict == Verdict::Granted as i32);
    ensure(granted, Rejection::ReferenceWrongKind, FIELD)?;
    consent::known(case, facts(case).and_then(|facts| facts.account))
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &ReverseConversion) -> Check {
    let (index, entry) = case.target(body.conversion.as_ref(), FIELD)?;
    let Some(facts) = facts(case) else { return Ok(()) };
    let owner = is_owner(case, body)?;
    let Some(kept) = account::kept(case.state, facts.account)? else { return Err(account::unknown().into()) };
    if !owner {
        consent::given(case, kept, &facts.consent, false)?;
    }
    let erased = || Refusal::new(Rejection::SourceErased, FIELD).existing(index);
    let row = case.state.converted(index)?.ok_or_else(erased)?;
    let same = account::kept(case.state, Some(row.account))? == Some(kept);
    ensure(same, Rejection::ApplicationDiffers, field(tags::ACCOUNT))?;
    let ended = case.state.conversion(index)?.and_then(|row| row.ended_by);
    if let Some(by) = ended {
        return Err(Refusal::new(Rejection::AlreadyReversed, FIELD).existing(by).into());
    }
    if owner {
        return Ok(());
    }
    let days = policy_of(case.state, &entry.issuer, case.logged_at)?.span(&number::COOLING_OFF_DAYS);
    let age = case.logged_at.saturating_sub(entry.logged_at);
    if age <= days * DAY_SECONDS {
        return Ok(());
    }
    let detail = format!("{} days after the decision, at most {days}", age / DAY_SECONDS);
    Err(Refusal::new(Rejection::CoolingOffOver, FIELD).existing(index).detail(detail).into())
}

/// Ends a conversion.
pub(super) fn end<S: Read + ?Sized>(writer: &mut Writer<'_, S>, index: u64) -> Result<(), ReadError> {
    let Some(mut row) = writer.conversion(index)? else { return Ok(()) };
    row.ended_by = Some(writer.index());
    writer.put(rows::conversion(index), &row);
    Ok(())
}

pub(super) fn write<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &ReverseConversion) -> Result<(), ReadError> {
    let Some(target) = &body.conversion else { return Ok(()) };
    end(writer, target.index)
}
