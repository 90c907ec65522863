//! `DecideConversion`: the receiving institution grants or refuses. The first decision that is logged wins; a grant says
//! exactly what the rule gives for the application's outcomes, and publishes their nullifiers.

use super::grant::{Asked, Grant, expected};
use super::{application, limits, owns, rule_at, uses};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, Stop, ensure};
use crate::evolve::Accepted;
use crate::facts::{DecideFacts, Facts, field};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, ConversionRow, ConvertedRow};
use crate::rules::account::kept;
use crate::rules::form::Form;
use crate::state::{Key, Read, ReadError};
use crate::status::conversion_review;
use xuefen_core::kinds::tags;
use xuefen_core::nullifier::ScopeKind;
use xuefen_core::proto::{DecideConversion, NullifierTriple, Verdict};

const APPLICATION: &str = "statement.decide_conversion.application";
const REPLACES: &str = "statement.decide_conversion.replaces";
const NULLIFIERS: &str = "statement.decide_conversion.nullifiers";

fn granted(body: &DecideConversion) -> bool {
    body.verdict == Verdict::Granted as i32
}

pub(super) fn form(body: &DecideConversion, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.decide_conversion", faults);
    form.present(body.verdict != 0, "verdict");
    form.well_formed(Verdict::try_from(body.verdict).is_ok(), "verdict");
    let whole = |it: &NullifierTriple| [&it.programme, &it.institution, &it.bank].iter().all(|it| it.len() == 32);
    form.well_formed(body.nullifiers.iter().all(whole), "nullifiers");
    let order = |it: &NullifierTriple| (it.programme.clone(), it.institution.clone(), it.bank.clone());
    form.well_formed(body.nullifiers.windows(2).all(|pair| order(&pair[0]) < order(&pair[1])), "nullifiers");
    if granted(body) {
        form.present(body.scope != 0, "scope");
        form.well_formed(ScopeKind::from_number(body.scope).is_some() || body.scope == 0, "scope");
        form.present(!body.nullifiers.is_empty(), "nullifiers");
    } else {
        let bare = body.scope == 0 && body.nullifiers.is_empty() && body.replaces.is_none();
        form.well_formed(bare, "verdict");
    }
}

fn facts<'a, S: Read + ?Sized>(case: &Case<'a, S>) -> Option<&'a DecideFacts> {
    match &case.prepared.facts {
        Facts::Decide(facts) => Some(facts),
        _ => None,
    }
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &DecideConversion) -> Check {
    let Some(target) = &body.application else { return Ok(()) };
    let Some(application) = case.state.application(target.index)? else { return Ok(()) };
    owns(case, application.rule, "statement.decide_conversion")
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &DecideConversion) -> Check {
    let (_, application) = application(case, body.application.as_ref(), APPLICATION)?;
    let same = application.rule == body.rule_index;
    ensure(same, Rejection::ReferenceWrongKind, "statement.decide_conversion.rule_index")?;
    if body.replaces.is_some() {
        let (index, _) = case.target(body.replaces.as_ref(), REPLACES)?;
        let decision = case.state.conversion(index)?.is_some();
        ensure(decision, Rejection::ReferenceWrongKind, REPLACES)?;
    }
    super::consent::known(case, facts(case).and_then(|facts| facts.account))
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &DecideConversion) -> Check {
    let (index, row) = application(case, body.application.as_ref(), APPLICATION)?;
    ensure(row.is_open() && row.accepted_by.is_some(), Rejection::ApplicationState, APPLICATION)?;
    let Some(facts) = facts(case) else { return Ok(()) };
    let erased = || Refusal::new(Rejection::SourceErased, APPLICATION).existing(index);
    let applied = case.state.applied(index)?.ok_or_else(erased)?;
    let account = kept(case.state, Some(applied.account))?.ok_or_else(crate::rules::account::unknown)?;
    let same = kept(case.state, facts.account)? == Some(account);
    ensure(same, Rejection::ApplicationDiffers, field(tags::ACCOUNT))?;
    if !granted(body) {
        return Ok(());
    }
    ensure(facts.sources == applied.sources, Rejection::ApplicationDiffers, field(tags::SOURCES))?;
    let Some(rule) = rule_at(case.state, body.rule_index)? else { return Ok(()) };
    let applied_at = case.state.entry(index)?.map_or(0, |entry| entry.logged_at);
    let ledger = case.prepared.statement().map(xuefen_core::statement::Statement::ledger).unwrap_or_default();
    let asked = Asked {
        rule: &rule,
        account,
        sources: &applied.sources,
        issuer: case.issuer,
        ledger,
        applied_at,
        now: case.logged_at,
    };
    let right = expected(case.state, &asked, &|index| facts.opened.get(&index).cloned())?;
    used(body, facts, &right, rule.rule.scope)?;
    let replaced = replaces(case, body, &right, account)?;
    allocated(case, body, replaced)?;
    given(facts, &right)?;
    limits::check(case.state, &rule.rule, case.issuer, &counted(case.state, account, &right)?, replaced)
}

/// What a grant would have to say, if it may be made.
pub(crate) fn would_grant<S: Read + ?Sized>(
    state: &S,
    (ledger, issuer): (&str, &str),
    application: u64,
    replaces: Option<u64>,
    now: i64,
    open: super::grant::Open<'_>,
) -> Result<Grant, Stop> {
    let unknown = || Refusal::new(Rejection::ReferenceUnknown, APPLICATION);
    let row = state.application(application)?.ok_or_else(unknown)?;
    ensure(row.is_open(), Rejection::ApplicationState, APPLICATION)?;
    let erased = || Refusal::new(Rejection::SourceErased, APPLICATION).existing(application);
    let applied = state.applied(application)?.ok_or_else(erased)?;
    let account = kept(state, Some(applied.account))?.ok_or_else(crate::rules::account::unknown)?;
    let rule = rule_at(state, row.rule)?.ok_or_else(unknown)?;
    let applied_at = state.entry(application)?.map_or(0, |entry| entry.logged_at);
    let asked = Asked { rule: &rule, account, sources: &applied.sources, issuer, ledger, applied_at, now };
    let right = expected(state, &asked, open)?;
    if let Some(scope) = ScopeKind::from_number(rule.rule.scope)
        && let Some(first) = uses::conflict(state, &right.nullifiers, scope, replaces)?
    {
        return Err(Refusal::new(Rejection::AlreadyAllocated, NULLIFIERS).existing(first).into());
    }
    limits::check(state, &rule.rule, issuer, &counted(state, account, &right)?, replaces)?;
    Ok(right)
}

/// A grant as the limits of its programme see it.
fn counted<S: Read + ?Sized>(state: &S, account: rows::AccountKey, right: &Grant) -> Result<ConvertedRow, ReadError> {
    Ok(ConvertedRow {
        account,
        sources: right.sources.clone(),
        absorbed: Vec::new(),
        counted_millis: limits::counted_millis(state, &right.exempts, right.credit_millis)?,
        exempts: right.exempts.clone(),
    })
}

/// Everything that is used up is named, and its nullifiers are published at the rule's scope.
fn used(body: &DecideConversion, facts: &DecideFacts, right: &Grant, scope: i32) -> Check {
    for (said, right, tag) in
        [(&facts.members, &right.members, tags::MEMBERS), (&facts.parts, &right.parts, tags::PARTS)]
    {
        if said != right {
            let detail = format!("{said:?} given, {right:?} expected");
            return Err(Refusal::new(Rejection::UsesIncomplete, field(tag)).detail(detail).into());
        }
    }
    ensure(body.scope == scope, Rejection::NullifiersWrong, "statement.decide_conversion.scope")?;
    ensure(body.nullifiers == right.nullifiers, Rejection::NullifiersWrong, NULLIFIERS)
}

/// What is replaced stands, is this learner's and in this programme; its outcomes are used again, or one of them fell.
fn replaces<S: Read + ?Sized>(
    case: &Case<'_, S>,
    body: &DecideConversion,
    right: &Grant,
    account: rows::AccountKey,
) -> Result<Option<u64>, Stop> {
    let Some(target) = &body.replaces else { return Ok(None) };
    let refusal = || Stop::from(Refusal::new(Rejection::ReplacesWrong, REPLACES).existing(target.index));
    let Some(old) = case.state.conversion(target.index)? else { return Err(refusal()) };
    let stands = old.verdict == Verdict::Granted as i32 && old.ended_by.is_none();
    let programme = |rule: u64| match rule_at(case.state, rule)? {
        Some(version) => super::programme_of(case.state, &version.rule),
        None => Ok(None),
    };
    let erased = || Refusal::new(Rejection::SourceErased, REPLACES).existing(target.index);
    let row = case.state.converted(target.index)?.ok_or_else(erased)?;
    let same = kept(case.state, Some(row.account))? == Some(account);
    if !stands || !same || programme(old.rule)? != programme(body.rule_index)? {
        return Err(refusal());
    }
    let all =
        |index: &u64| right.sources.contains(index) || right.members.contains(index) || right.parts.contains(index);
    if row.sources.iter().all(all) || conversion_review(case.state, target.index)?.is_some() {
        return Ok(Some(target.index));
    }
    Err(refusal())
}

/// No outcome is used twice where the wider of the two uses reaches.
fn allocated<S: Read + ?Sized>(case: &Case<'_, S>, body: &DecideConversion, replaced: Option<u64>) -> Check {
    let Some(scope) = ScopeKind::from_number(body.scope) else { return Ok(()) };
    match uses::conflict(case.state, &body.nullifiers, scope, replaced)? {
        None => Ok(()),
        Some(first) => Err(Refusal::new(Rejection::AlreadyAllocated, NULLIFIERS).existing(first).into()),
    }
}

/// What is given is what the rule gives, in numbers and in words.
fn given(facts: &DecideFacts, right: &Grant) -> Check {
    let wrong = |tag, said: &dyn std::fmt::Display, right: &dyn std::fmt::Display| {
        let detail = format!("{said} given, {right} by the rule");
        Stop::from(Refusal::new(Rejection::YieldWrong, field(tag)).detail(detail))
    };
    if facts.credit_millis != right.credit_millis {
        return Err(wrong(tags::CREDIT_MILLIS, &facts.credit_millis, &right.credit_millis));
    }
    if facts.exempts != right.exempts {
        return Err(wrong(tags::EXEMPTS, &format!("{:?}", facts.exempts), &format!("{:?}", right.exempts)));
    }
    for (said, right, tag) in [(&facts.before, &right.before, tags::BEFORE), (&facts.after, &right.after, tags::AFTER)]
    {
        if said != right {
            return Err(wrong(tag, said, right));
        }
    }
    Ok(())
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &DecideConversion,
) -> Result<(), ReadError> {
    let index = writer.index();
    let Some(target) = &body.application else { return Ok(()) };
    let Some(mut application) = writer.application(target.index)? else { return Ok(()) };
    application.decisions.push(index);
    writer.put(rows::application(target.index), &application);
    let row = ConversionRow {
        application: target.index,
        rule: body.rule_index,
        verdict: body.verdict,
        scope: body.scope,
        ended_by: None,
    };
    writer.put(rows::conversion(index), &row);
    if let Some(replaced) = &body.replaces {
        super::reverse::end(writer, replaced.index)?;
    }
    if !granted(body) {
        return Ok(());
    }
    uses::write(writer, &body.nullifiers, u8::try_from(body.scope).unwrap_or(0))?;
    let Facts::Decide(facts) = entry.facts() else { return Ok(()) };
    write_private(writer, body, facts)
}

fn write_private<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    body: &DecideConversion,
    facts: &DecideFacts,
) -> Result<(), ReadError> {
    let index = writer.index();
    let Some(account) = kept(writer, facts.account)? else { return Ok(()) };
    let mut absorbed: Vec<u64> = facts.members.iter().chain(&facts.parts).copied().collect();
    absorbed.sort_unstable();
    for outcome in facts.sources.iter().chain(&absorbed) {
        push(writer, rows::used_by(*outcome), index)?;
    }
    let row = ConvertedRow {
        account,
        sources: facts.sources.clone(),
        absorbed,
        counted_millis: limits::counted_millis(writer, &facts.exempts, facts.credit_millis)?,
        exempts: facts.exempts.clone(),
    };
    writer.put(rows::converted(index), &row);
    let Some(rule) = rule_at(writer, body.rule_index)? else { return Ok(()) };
    let Some((owner, code)) = super::programme_of(writer, &rule.rule)? else { return Ok(()) };
    push(writer, rows::converted_in(account, &owner, &code), index)
}

/// Adds a decision to a list of those that stand.
fn push<S: Read + ?Sized>(writer: &mut Writer<'_, S>, key: Key, index: u64) -> Result<(), ReadError> {
    let mut list = Vec::new();
    for known in writer.list(&key)? {
        if writer.conversion(known)?.is_some_and(|row| row.ended_by.is_none()) {
            list.push(known);
        }
    }
    list.push(index);
    writer.put(key, &list);
    Ok(())
}
