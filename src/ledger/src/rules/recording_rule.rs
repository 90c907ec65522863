//! `RecordingRule`: how minutes become credits, in three tiers: the nation's stands by itself, a province's cites one of the
//! nation, an institution's one of its province or the nation. Each is as strict as the one that it cites, or stricter.

use super::form::Form;
use super::offers::{next_version, write_offer};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::ids::same_province;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, OfferBody, OfferRow, RecordingRuleRow};
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

fn row(body: &RecordingRule, tier: Option<String>) -> RecordingRuleRow {
    RecordingRuleRow {
        tier,
        effective_from: body.effective_from,
        hour_minutes: body.hour_minutes,
        theory_hours_per_credit: body.theory_hours_per_credit,
        practice_hours_per_credit: body.practice_hours_per_credit,
        step_millis: body.step_millis,
    }
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordingRule) -> Check {
    let authority = case.own_keys().any(|key| key.accredits().is_some());
    let nation = case.own_keys().any(|key| key.accredits() == Some(""));
    let below = (authority || case.acts_as_institution()) && body.parent_index > 0;
    ensure(nation || below, Rejection::NotEntitled, "statement.issuer")
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordingRule) -> Check {
    if body.parent_index == 0 {
        return Ok(());
    }
    let parent = case.offer(body.parent_index, PARENT)?;
    let OfferBody::RecordingRule(rule) = parent.body else {
        return Err(Refusal::new(Rejection::ReferenceWrongKind, PARENT).into());
    };
    let place = case.institution.as_ref().filter(|_| case.acts_as_institution()).map(|row| row.region.as_str());
    let above = match rule.tier.as_deref() {
        Some("") => true,
        Some(province) => place.is_some_and(|place| same_province(province, place)),
        None => false,
    };
    if !above {
        let refusal = Refusal::new(Rejection::ReferenceWrongKind, PARENT);
        let detail = "it is not a rule of the nation, or of the institution's own province";
        return Err(refusal.detail(detail).into());
    }
    case.in_force(body.parent_index, PARENT)
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordingRule) -> Check {
    next_version(case, Kind::RecordingRule, &body.code, body.version)?;
    let parent = if body.parent_index == 0 { None } else { case.state.offer(body.parent_index)? };
    let Some(OfferRow { owner, code, version, body: OfferBody::RecordingRule(parent), .. }) = parent else {
        return Ok(());
    };
    let name = format!("{code}@{version} of {owner} (entry {})", body.parent_index);
    let minutes = |hour: u32, hours: u32| u64::from(hour) * u64::from(hours);
    let strict = [
        (body.theory_hours_per_credit, parent.theory_hours_per_credit, "theory_hours_per_credit"),
        (body.practice_hours_per_credit, parent.practice_hours_per_credit, "practice_hours_per_credit"),
    ];
    for (own, asked, field) in strict {
        let (own, asked) = (minutes(body.hour_minutes, own), minutes(parent.hour_minutes, asked));
        if own < asked {
            let refusal = Refusal::new(Rejection::LooserThanParent, format!("statement.recording_rule.{field}"));
            let detail = format!("{own} minutes for a credit, where {name} asks at least {asked}");
            return Err(refusal.existing(body.parent_index).detail(detail).into());
        }
    }
    if body.step_millis.is_multiple_of(parent.step_millis) {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::LooserThanParent, "statement.recording_rule.step_millis");
    let detail = format!("{}, where {name} asks a multiple of {}", body.step_millis, parent.step_millis);
    Err(refusal.existing(body.parent_index).detail(detail).into())
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &RecordingRule,
) -> Result<(), ReadError> {
    // The widest region that a key of its issuer accredits in.
    let mut tier: Option<String> = None;
    for key in entry.keys() {
        let key = writer.key_row(rows::key_short(key))?.filter(|key| key.owner == entry.issuer());
        let region = key.as_ref().and_then(rows::KeyRow::accredits).map(str::to_owned);
        tier = match (tier, region) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    let rule = OfferBody::RecordingRule(row(body, tier));
    write_offer(writer, entry, Kind::RecordingRule, (&body.code, body.version), rule)
}
