//! Conversion of outcomes (rules.md 4): rules, applications, decisions, appeals, reversals. One file a kind; what several of
//! them ask stands here. What a rule takes and gives is `crate::conversion`, without state.

mod accept;
mod appeal;
mod apply;
mod consent;
mod decide;
mod grant;
mod limits;
mod reverse;
mod rule;
mod source;
mod uses;
mod why;
mod withdraw;

pub(crate) use appeal::due;
pub(crate) use decide::would_grant;
pub use grant::Grant;
pub(crate) use limits::{breached, check as check_limits, counted_millis};
pub(crate) use source::candidate;

use crate::access::{Access, Writer};
use crate::case::{Case, Check, Stop, ensure};
use crate::evolve::Accepted;
use crate::facts::Facts;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, ApplicationRow, Force, OfferBody, OfferRow};
use crate::state::{Key, Read, ReadError};
use prost::Message;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{ConversionRule, EntryRef};

/// Most rules above a rule.
const PARENTS: usize = 4;

/// Most versions that are looked back through.
const VERSIONS: usize = 1_000;

/// A version of a rule.
pub(crate) struct Version {
    pub(crate) index: u64,
    pub(crate) owner: String,
    pub(crate) rule: ConversionRule,
}

/// The rule at an index, whatever its state.
pub(crate) fn rule_at<S: Read + ?Sized>(state: &S, index: u64) -> Result<Option<Version>, ReadError> {
    let Some(OfferRow { owner, body: OfferBody::ConversionRule(row), .. }) = state.offer(index)? else {
        return Ok(None);
    };
    let damaged = |_| ReadError::Damaged { key: rows::offer(index), index };
    let rule = ConversionRule::decode(&row.body[..]).map_err(damaged)?;
    Ok(Some(Version { index, owner, rule }))
}

/// Whether an entry was neither suspended nor revoked at a time, whatever was said of it since.
pub(crate) fn stood_at<S: Read + ?Sized>(state: &S, index: u64, time: i64) -> Result<bool, ReadError> {
    let said_later = |by: u64| Ok::<_, ReadError>(state.entry(by)?.is_some_and(|entry| entry.logged_at > time));
    match state.standing(index)?.force {
        Force::InForce => Ok(true),
        Force::Suspended { until, by } => Ok(until <= time || said_later(by)?),
        Force::Revoked { by, .. } => said_later(by),
    }
}

/// The version of a rule that held at a time: the newest that had begun and stood, unless its end had come.
pub(crate) fn version_at<S: Read + ?Sized>(state: &S, index: u64, time: i64) -> Result<Option<Version>, ReadError> {
    let Some(given) = state.offer(index)? else { return Ok(None) };
    let newest = state.display(&rows::display(&given.owner, Kind::ConversionRule, &given.code))?;
    let mut next = newest.map(|(index, _)| index);
    for _ in 0..VERSIONS {
        let Some(index) = next else { break };
        let Some(offer) = state.offer(index)? else { break };
        let OfferBody::ConversionRule(row) = &offer.body else { break };
        if row.effective_from <= time && stood_at(state, index, time)? {
            let ended = row.effective_until > 0 && row.effective_until <= time;
            return if ended { Ok(None) } else { rule_at(state, index) };
        }
        next = offer.previous;
    }
    Ok(None)
}

/// The rules above a rule as they held at a time, nearest first. `None` if one of them did not hold then.
pub(crate) fn parents_at<S: Read + ?Sized>(
    state: &S,
    rule: &ConversionRule,
    time: i64,
) -> Result<Option<Vec<Version>>, ReadError> {
    let mut found: Vec<Version> = Vec::new();
    let mut next = rule.parent_index;
    while next > 0 && found.len() < PARENTS {
        let Some(parent) = version_at(state, next, time)? else { return Ok(None) };
        next = parent.rule.parent_index;
        found.push(parent);
    }
    Ok(Some(found))
}

/// Owner and code of the programme that a rule converts into: what is the same in all its versions.
pub(crate) fn programme_of<S: Read + ?Sized>(
    state: &S,
    rule: &ConversionRule,
) -> Result<Option<(String, String)>, ReadError> {
    Ok(state.offer(rule.programme_index)?.map(|offer| (offer.owner, offer.code)))
}

/// The application that a reference names.
fn application<S: Read + ?Sized>(
    case: &Case<'_, S>,
    reference: Option<&EntryRef>,
    field: &'static str,
) -> Result<(u64, ApplicationRow), Stop> {
    let (index, _) = case.target(reference, field)?;
    let wrong = || Refusal::new(Rejection::ReferenceWrongKind, field);
    Ok((index, case.state.application(index)?.ok_or_else(wrong)?))
}

/// The owner of a rule, or its successor.
fn owns<S: Read + ?Sized>(case: &Case<'_, S>, rule: u64, field: &'static str) -> Check {
    let Some(rule) = rule_at(case.state, rule)? else { return Ok(()) };
    let own = case.acts_as_institution() && case.speaks_for(&rule.owner)?;
    ensure(own, Rejection::NotEntitled, field)
}

/// What is wrong with a public body whatever the state.
pub(super) fn form(body: &Body, faults: &mut Vec<Refusal>) {
    match body {
        Body::ConversionRule(body) => rule::form(body, faults),
        Body::DecideConversion(body) => decide::form(body, faults),
        Body::DecideAppeal(body) => appeal::decide_form(body, faults),
        _ => {}
    }
}

/// Keys that will be asked for.
pub(super) fn reads(body: &Body, issuer: &str, facts: &Facts, keys: &mut Vec<Key>) {
    let of = |target: Option<&EntryRef>, keys: &mut Vec<Key>| {
        keys.extend(target.into_iter().flat_map(|it| [rows::entry(it.index), rows::application(it.index)]));
    };
    match body {
        Body::ConversionRule(body) => {
            keys.extend([
                rows::display(issuer, Kind::ConversionRule, &body.code),
                rows::offer(body.programme_index),
                rows::offer(body.parent_index),
            ]);
        }
        Body::ApplyConversion(body) => {
            keys.push(rows::offer(body.rule_index));
            let Facts::Apply(facts) = facts else { return };
            keys.extend(facts.account.map(rows::account));
            keys.extend(facts.sources.iter().flat_map(|index| [rows::entry(*index), rows::outcome(*index)]));
        }
        Body::AcceptApplication(body) => of(body.application.as_ref(), keys),
        Body::WithdrawApplication(body) => of(body.application.as_ref(), keys),
        Body::DecideConversion(body) => {
            of(body.application.as_ref(), keys);
            keys.extend(body.application.as_ref().map(|it| rows::applied(it.index)));
            keys.push(rows::offer(body.rule_index));
            for triple in &body.nullifiers {
                keys.extend([&triple.programme, &triple.institution, &triple.bank].map(|it| rows::use_of(it)));
            }
            let Facts::Decide(facts) = facts else { return };
            let used = facts.sources.iter().chain(&facts.members).chain(&facts.parts);
            keys.extend(used.flat_map(|at| [rows::entry(*at), rows::outcome(*at), rows::standing(*at)]));
        }
        _ => {}
    }
}

/// Stage: may this issuer.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    match body {
        Body::ConversionRule(_) => rule::may(case),
        Body::ApplyConversion(_) => super::account::may(case, "statement.apply_conversion"),
        Body::AcceptApplication(body) => accept::may(case, body),
        Body::DecideConversion(body) => decide::may(case, body),
        Body::AppealDecision(_) => super::account::may(case, "statement.appeal_decision"),
        Body::DecideAppeal(body) => appeal::decide_may(case, body),
        Body::ReverseConversion(body) => reverse::may(case, body),
        Body::WithdrawApplication(body) => withdraw::may(case, body),
        _ => Ok(()),
    }
}

/// Stage: references.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    match body {
        Body::ConversionRule(body) => rule::references(case, body),
        Body::ApplyConversion(body) => apply::references(case, body),
        Body::AcceptApplication(body) => {
            application(case, body.application.as_ref(), "statement.accept_application.application").map(|_| ())
        }
        Body::DecideConversion(body) => decide::references(case, body),
        Body::AppealDecision(body) => appeal::references(case, body),
        Body::DecideAppeal(body) => appeal::decide_references(case, body),
        Body::ReverseConversion(body) => reverse::references(case, body),
        Body::WithdrawApplication(body) => {
            application(case, body.application.as_ref(), "statement.withdraw_application.application").map(|_| ())
        }
        _ => Ok(()),
    }
}

/// Stage: the learner's signature, which is over leaf hashes.
pub(super) fn signature<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    consent::signature(case, body)
}

/// Stage: the rules of the kind.
pub(super) fn of_kind<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    match body {
        Body::ConversionRule(body) => rule::rules(case, body),
        Body::ApplyConversion(body) => apply::rules(case, body),
        Body::AcceptApplication(body) => accept::rules(case, body),
        Body::DecideConversion(body) => decide::rules(case, body),
        Body::AppealDecision(body) => appeal::rules(case, body),
        Body::DecideAppeal(body) => appeal::decide_rules(case, body),
        Body::ReverseConversion(body) => reverse::rules(case, body),
        Body::WithdrawApplication(body) => withdraw::rules(case, body),
        _ => Ok(()),
    }
}

/// The rows of an accepted entry.
pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Body,
) -> Result<(), ReadError> {
    match body {
        Body::ConversionRule(body) => rule::write(writer, entry, body),
        Body::ApplyConversion(body) => apply::write(writer, entry, body),
        Body::AcceptApplication(body) => accept::write(writer, body),
        Body::DecideConversion(body) => decide::write(writer, entry, body),
        Body::AppealDecision(body) => {
            appeal::write(writer, body);
            Ok(())
        }
        Body::DecideAppeal(body) => appeal::write_decided(writer, body),
        Body::ReverseConversion(body) => reverse::write(writer, body),
        Body::WithdrawApplication(body) => withdraw::write(writer, body),
        _ => Ok(()),
    }
}
