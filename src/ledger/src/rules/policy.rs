//! `Policy`: the numbers and lists of the nation or a province (docs/adr/0024). One line of versions for each; what they
//! mean to an entry stands in [`policy`](crate::policy).

use super::form::Form;
use super::offers::{next_version, write_offer};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::ids::{self, province, same_province};
use crate::policy::{self, Scale, looser, number};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, OfferBody, PolicyLineRow, PolicyRow};
use crate::state::{Key, Read, ReadError};
use crate::threshold::Threshold;
use prost::Message;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{
    CosignTime, EndEffect, InstitutionKind, LifecycleReason, OutcomeKind, Policy, ReasonCode, Severity,
};

const CODE: &str = "statement.policy.code";
const EFFECTIVE_FROM: &str = "statement.policy.effective_from";

pub(super) fn reads(body: &Policy, keys: &mut Vec<Key>) {
    keys.push(rows::policies(province(&body.region)));
}

pub(super) fn form(body: &Policy, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.policy", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.time(body.effective_from, "effective_from");
    form.region_or_empty(&body.region, "region");
    form.well_formed(body.region.is_empty() || body.region.ends_with("0000"), "region");
    for number in number::ALL {
        let said = (number.of)(body);
        form.well_formed(said == 0 || (number.range.0..=number.range.1).contains(&said), number.field);
    }
    rights_form(&mut form, body);
    let scales: Vec<String> = body.scales.iter().map(|scale| scale.code.clone()).collect();
    form.codes(&scales, "scales.code");
    form.well_formed(body.scales.iter().all(is_scale), "scales");
    reasons_form(&mut form, &body.grounds, "grounds");
    reasons_form(&mut form, &body.reasons, "reasons");
    let of_nobody = body.reasons.iter().all(|reason| reason.default_effect == 0);
    form.well_formed(of_nobody, "reasons.default_effect");
    thresholds_form(&mut form, body);
    if let Some(calendar) = &body.calendar {
        let ascends = |days: &[u32]| days.len() <= 4 * ids::LIST && days.windows(2).all(|pair| pair[0] < pair[1]);
        let days = |days: &[u32]| ascends(days) && days.iter().all(|day| *day < 1 << 22);
        form.well_formed(days(&calendar.holidays), "calendar.holidays");
        let both = calendar.make_up_days.iter().any(|day| calendar.holidays.contains(day));
        form.well_formed(days(&calendar.make_up_days) && !both, "calendar.make_up_days");
    }
    if !body.appeal_body.is_empty() {
        form.institution(&body.appeal_body, "appeal_body");
    }
}

fn rights_form(form: &mut Form<'_>, body: &Policy) {
    let outcome = |kind: i32| kind != 0 && OutcomeKind::try_from(kind).is_ok();
    let institution = |kind: &i32| *kind != 0 && InstitutionKind::try_from(*kind).is_ok();
    let right = body.issue_rights.iter().all(|right| {
        outcome(right.outcome_kind)
            && right.institution_kinds.iter().all(institution)
            && (right.highest_level == 0 || right.lowest_level <= right.highest_level)
    });
    form.well_formed(right && body.issue_rights.len() <= ids::LIST, "issue_rights");
    let rules = &body.cosign_rules;
    let good = rules.iter().enumerate().all(|(at, rule)| {
        let known = outcome(rule.outcome_kind) && institution(&rule.cosigner_kind);
        let time = rule.time != 0 && CosignTime::try_from(rule.time).is_ok();
        let pair = (rule.outcome_kind, rule.cosigner_kind);
        known && time && !rules[..at].iter().any(|other| (other.outcome_kind, other.cosigner_kind) == pair)
    });
    form.well_formed(good && rules.len() <= ids::LIST, "cosign_rules");
}

/// Marks up to a top, or words of which some pass.
fn is_scale(scale: &Scale) -> bool {
    if scale.words.is_empty() {
        let pass = 1..=scale.top_mark_millis;
        return scale.passing_words == 0
            && pass.contains(&scale.pass_mark_millis)
            && scale.top_mark_millis < 1_000_000_000;
    }
    let words = &scale.words;
    let distinct = words.iter().enumerate().all(|(at, word)| ids::is_code(word) && !words[..at].contains(word));
    let passing = usize::try_from(scale.passing_words).is_ok_and(|passing| (1..=words.len()).contains(&passing));
    distinct && passing && words.len() <= 100 && scale.top_mark_millis == 0 && scale.pass_mark_millis == 0
}

fn reasons_form(form: &mut Form<'_>, reasons: &[ReasonCode], field: &str) {
    let codes: Vec<String> = reasons.iter().map(|reason| reason.code.clone()).collect();
    form.codes(&codes, field);
    let good = |reason: &ReasonCode| {
        let effect = i32::try_from(reason.default_effect).is_ok_and(|effect| EndEffect::try_from(effect).is_ok());
        effect && ids::are_names(&reason.names)
    };
    form.well_formed(reasons.iter().all(good), field);
}

fn thresholds_form(form: &mut Form<'_>, body: &Policy) {
    let codes: Vec<String> = body.thresholds.iter().map(|threshold| threshold.code.clone()).collect();
    form.codes(&codes, "thresholds.code");
    let good = body.thresholds.iter().all(|threshold| {
        let severity = threshold.severity != 0 && Severity::try_from(threshold.severity).is_ok();
        let known = Threshold::by_code(&threshold.code).is_some();
        severity && known && threshold.bound <= 10_000 && ids::is_code_or_empty(&threshold.reason)
    });
    form.well_formed(good, "thresholds");
}

/// The nation for the country, a province for itself; whoever began the line goes on with it.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &Policy) -> Check {
    let regions: Vec<&str> = case.own_keys().filter_map(rows::KeyRow::accredits).collect();
    ensure(!regions.is_empty(), Rejection::NotEntitled, "statement.issuer")?;
    let own = |of: &&str| if body.region.is_empty() { of.is_empty() } else { same_province(of, &body.region) };
    ensure(regions.iter().any(own), Rejection::RegionNotAllowed, "statement.policy.region")?;
    let line = case.state.policies(province(&body.region))?;
    let theirs = line.is_none_or(|line| line.owner == case.issuer);
    ensure(theirs, Rejection::NotEntitled, "statement.policy.region")
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Policy) -> Check {
    if let Some(line) = case.state.policies(province(&body.region))?.filter(|line| line.code != body.code) {
        let refusal = Refusal::new(Rejection::FieldMalformed, CODE);
        return Err(refusal.detail(format!("the policy here is called {}", line.code)).into());
    }
    next_version(case, Kind::Policy, &body.code, body.version)?;
    if body.effective_from < case.logged_at {
        let refusal = Refusal::new(Rejection::EffectiveInPast, EFFECTIVE_FROM);
        let detail = format!("{}, logged at {}", body.effective_from, case.logged_at);
        return Err(refusal.detail(detail).into());
    }
    if body.region.is_empty() {
        return Ok(());
    }
    let above = policy::in_force(case.state, "", body.effective_from)?;
    match looser(body, &above) {
        None => Ok(()),
        Some((field, detail)) => Err(Refusal::new(Rejection::LooserThanParent, field).detail(detail).into()),
    }
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Policy,
) -> Result<(), ReadError> {
    let new = || PolicyLineRow { owner: entry.issuer().to_owned(), code: body.code.clone(), versions: Vec::new() };
    let of = province(&body.region);
    let mut line = writer.policies(of)?.unwrap_or_else(new);
    line.versions.push((body.effective_from, writer.index()));
    writer.put(rows::policies(of), &line);
    let row = OfferBody::Policy(PolicyRow { effective_from: body.effective_from, body: body.encode_to_vec() });
    write_offer(writer, entry, Kind::Policy, (&body.code, body.version), row)
}

/// The code of an enum's value in a policy's lists: its name without the prefix, in lower case.
pub(super) fn code_of(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_lowercase()
}

/// A reason for a life-cycle entry is on the policy's list, if there is one.
pub(super) fn reason<S: Read + ?Sized>(case: &Case<'_, S>, reason: i32, field: &'static str) -> Check {
    let Ok(reason) = LifecycleReason::try_from(reason) else { return Ok(()) };
    let code = code_of(reason.as_str_name(), "LIFECYCLE_REASON_");
    if case.policy()?.has_reason(&code) {
        return Ok(());
    }
    Err(Refusal::new(Rejection::GroundNotListed, field).detail(code).into())
}
