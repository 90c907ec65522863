//! `RecordingRule`: how minutes become credits. An authority's stands by itself; an institution's cites one and is stricter.

use super::form::Form;
use super::offers::{next_version, write_offer};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{OfferBody, RecordingRuleRow};
use crate::state::{Read, ReadError};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::RecordingRule;

const PARENT: &str = "statement.recording_rule.parent_index";

pub(super) fn form(body: &RecordingRule, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.recording_rule", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.time(body.effective_from, "effective_from");
    for (number, field) in [
        (body.hour_minutes, "hour_minutes"),
        (body.theory_hours_per_credit, "theory_hours_per_credit"),
        (body.practice_hours_per_credit, "practice_hours_per_credit"),
        (body.step_millis, "step_millis"),
    ] {
        form.present(number > 0, field);
        form.well_formed(number <= 10_000, field);
    }
}

pub(super) fn row(body: &RecordingRule) -> RecordingRuleRow {
    RecordingRuleRow {
        effective_from: body.effective_from,
        hour_minutes: body.hour_minutes,
        theory_hours_per_credit: body.theory_hours_per_credit,
        practice_hours_per_credit: body.practice_hours_per_credit,
        step_millis: body.step_millis,
    }
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordingRule) -> Check {
    let authority = case.own_keys().any(|key| key.accredits().is_some());
    let below = case.acts_as_institution() && body.parent_index > 0;
    ensure(authority || below, Rejection::NotEntitled, "statement.issuer")
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordingRule) -> Check {
    if body.parent_index == 0 {
        return Ok(());
    }
    let parent = case.offer(body.parent_index, PARENT)?;
    ensure(matches!(parent.body, OfferBody::RecordingRule(_)), Rejection::ReferenceWrongKind, PARENT)?;
    case.in_force(body.parent_index, PARENT)
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordingRule) -> Check {
    next_version(case, Kind::RecordingRule, &body.code, body.version)?;
    let parent = if body.parent_index == 0 { None } else { case.state.offer(body.parent_index)? };
    let Some(OfferBody::RecordingRule(parent)) = parent.map(|parent| parent.body) else { return Ok(()) };
    let minutes = |hour: u32, hours: u32| u64::from(hour) * u64::from(hours);
    let strict = [
        (body.theory_hours_per_credit, parent.theory_hours_per_credit, "theory_hours_per_credit"),
        (body.practice_hours_per_credit, parent.practice_hours_per_credit, "practice_hours_per_credit"),
    ];
    for (own, asked, field) in strict {
        let good = minutes(body.hour_minutes, own) >= minutes(parent.hour_minutes, asked);
        ensure(good, Rejection::LooserThanParent, format!("statement.recording_rule.{field}"))?;
    }
    let coarser = body.step_millis.is_multiple_of(parent.step_millis);
    ensure(coarser, Rejection::LooserThanParent, "statement.recording_rule.step_millis")
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &RecordingRule,
) -> Result<(), ReadError> {
    let rule = OfferBody::RecordingRule(row(body));
    write_offer(writer, entry, Kind::RecordingRule, (&body.code, body.version), rule)
}
