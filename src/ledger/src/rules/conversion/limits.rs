//! Limits of a programme over all conversions of a learner into it, in order of decision (rules.md 3 "caps", 4, 3): each part
//! is exempted once, caps hold, and a conversion never covers a whole programme. Looked at again when accounts were merged.

use super::{programme_of, rule_at};
use crate::access::Access;
use crate::case::{Stop, predecessors};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, ConvertedRow, OfferBody};
use crate::rules::account::kept;
use crate::state::{Read, ReadError};
use prost::Message;
use std::collections::BTreeSet;
use xuefen_core::proto::{ConversionRule, OutcomeKind, Programme};

/// The class of all that was converted, in caps of a programme.
const CONVERTED: &str = "converted";

/// A conversion as the limits see it.
struct Counted {
    exempts: BTreeSet<(String, String)>,
    /// Thousandths.
    credits: u128,
    /// Names of the kinds of its sources.
    classes: BTreeSet<String>,
}

/// Credits that a decision counts in its programme: of what is exempted, or those given.
pub(crate) fn counted_millis<S: Read + ?Sized>(
    state: &S,
    exempts: &[u64],
    credit_millis: u64,
) -> Result<u64, ReadError> {
    let mut sum = credit_millis;
    for index in exempts {
        if let Some(OfferBody::Course(row) | OfferBody::Module(row)) = state.offer(*index)?.map(|offer| offer.body) {
            sum = sum.saturating_add(row.credit_millis.into());
        }
    }
    Ok(sum)
}

/// Offers by owner and code, whatever their version.
fn offers<S: Read + ?Sized>(state: &S, indices: &[u64]) -> Result<BTreeSet<(String, String)>, ReadError> {
    let mut found = BTreeSet::new();
    for index in indices {
        found.extend(state.offer(*index)?.map(|offer| (offer.owner, offer.code)));
    }
    Ok(found)
}

fn counted<S: Read + ?Sized>(state: &S, row: &ConvertedRow) -> Result<Counted, ReadError> {
    let mut classes = BTreeSet::from([CONVERTED.to_owned()]);
    for index in &row.sources {
        let kind = state.entry(*index)?.map_or(0, |entry| i32::from(entry.outcome_kind));
        let name = OutcomeKind::try_from(kind).unwrap_or_default().as_str_name();
        classes.insert(name.trim_start_matches("OUTCOME_KIND_").to_lowercase());
    }
    Ok(Counted { exempts: offers(state, &row.exempts)?, credits: row.counted_millis.into(), classes })
}

/// Decisions that convert into a programme for a learner and still stand, ascending: under all ids of the account, and under
/// whoever the institution took over.
fn standing<S: Read + ?Sized>(
    state: &S,
    account: AccountKey,
    institution: &str,
    rule: &ConversionRule,
) -> Result<Vec<u64>, ReadError> {
    let Some((owner, code)) = programme_of(state, rule)? else { return Ok(Vec::new()) };
    let aliases = state.account(account)?.map(|row| row.aliases).unwrap_or_default();
    let mut line: BTreeSet<String> = [owner, institution.to_owned()].into();
    line.extend(predecessors(state, state.institution(institution)?.as_ref())?);
    let mut found = BTreeSet::new();
    for id in std::iter::once(account).chain(aliases) {
        for owner in &line {
            for index in state.list(&rows::converted_in(id, owner, &code))? {
                if state.conversion(index)?.is_some_and(|row| row.ended_by.is_none()) {
                    found.insert(index);
                }
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// Refuses what does not fit beside the conversions before it.
pub(crate) fn check<S: Read + ?Sized>(
    state: &S,
    rule: &ConversionRule,
    institution: &str,
    new: &ConvertedRow,
    replaces: Option<u64>,
) -> Result<(), Stop> {
    let mut before = Vec::new();
    for index in standing(state, new.account, institution, rule)? {
        if Some(index) != replaces {
            before.extend(state.converted(index)?.map(|row| (index, row)));
        }
    }
    fits(state, rule, &before, new)
}

fn fits<S: Read + ?Sized>(
    state: &S,
    rule: &ConversionRule,
    before: &[(u64, ConvertedRow)],
    new: &ConvertedRow,
) -> Result<(), Stop> {
    let Some(OfferBody::Programme(row)) = state.offer(rule.programme_index)?.map(|offer| offer.body) else {
        return Ok(());
    };
    let damaged = |_| ReadError::Damaged { key: rows::offer(rule.programme_index), index: rule.programme_index };
    let programme = Programme::decode(&row.body[..]).map_err(damaged)?;
    let own = counted(state, new)?;
    let mut others = Vec::with_capacity(before.len());
    for (index, row) in before {
        let other = counted(state, row)?;
        if !own.exempts.is_disjoint(&other.exempts) {
            return Err(Refusal::new(Rejection::AlreadyExempt, "payload.exempts (102)").existing(*index).into());
        }
        others.push(other);
    }
    caps(&programme, &own, &others)?;
    whole(state, &programme, &own, &others)
}

/// Every cap on what comes from elsewhere: basis points of the required total, rounded down.
fn caps(programme: &Programme, own: &Counted, others: &[Counted]) -> Result<(), Stop> {
    for cap in &programme.caps {
        if !own.classes.contains(&cap.source_class) {
            continue;
        }
        let most = u128::from(programme.total_credit_millis) * u128::from(cap.basis_points) / 10_000;
        let of_class = others.iter().chain([own]).filter(|it| it.classes.contains(&cap.source_class));
        let sum: u128 = of_class.map(|it| it.credits).sum();
        if sum > most {
            let detail = format!("{}: {sum} of at most {most} milli-credits", cap.source_class);
            return Err(Refusal::new(Rejection::CapExceeded, "payload.credit_millis (8)").detail(detail).into());
        }
    }
    Ok(())
}

/// Something is always left to be learned here (部分课程或模块).
fn whole<S: Read + ?Sized>(state: &S, programme: &Programme, own: &Counted, others: &[Counted]) -> Result<(), Stop> {
    let parts: Vec<u64> = programme.parts.iter().map(|part| part.offer_index).collect();
    let parts = offers(state, &parts)?;
    let exempt: BTreeSet<_> = others.iter().chain([own]).flat_map(|it| it.exempts.iter().cloned()).collect();
    let sum: u128 = others.iter().chain([own]).map(|it| it.credits).sum();
    let total = u128::from(programme.total_credit_millis);
    let everything = !parts.is_empty() && parts.is_subset(&exempt);
    if everything || (total > 0 && sum >= total) {
        let detail = format!("{} of {} parts, {sum} of {total} milli-credits", exempt.len(), parts.len());
        return Err(Refusal::new(Rejection::WholeProgramme, "payload.exempts (102)").detail(detail).into());
    }
    Ok(())
}

/// Whether a decision that stands breaks a limit that held when it was made: two accounts were merged since.
pub(crate) fn breached<S: Read + ?Sized>(state: &S, index: u64) -> Result<bool, ReadError> {
    let Some((decision, row)) = state.conversion(index)?.zip(state.converted(index)?) else { return Ok(false) };
    let Some(account) = kept(state, Some(row.account))? else { return Ok(false) };
    // Only a merger brings together what was not counted together before.
    if state.account(account)?.is_none_or(|it| it.aliases.is_empty()) {
        return Ok(false);
    }
    let Some(rule) = rule_at(state, decision.rule)? else { return Ok(false) };
    let Some(entry) = state.entry(index)? else { return Ok(false) };
    let mut before = Vec::new();
    for other in standing(state, account, &entry.issuer, &rule.rule)? {
        if other < index {
            before.extend(state.converted(other)?.map(|row| (other, row)));
        }
    }
    match fits(state, &rule.rule, &before, &row) {
        Ok(()) => Ok(false),
        Err(Stop::Read(error)) => Err(error),
        Err(Stop::Refused(_) | Stop::Replay(_)) => Ok(true),
    }
}
