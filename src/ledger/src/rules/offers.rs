//! `Course`, `Module`, `CertificateFamily`: what an institution offers, and display ids with their versions.

use super::form::Form;
use super::framework;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::grade::credit_millis;
use crate::ids;
use crate::policy;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, CourseRow, DisplayRow, FamilyRow, OfferBody, OfferRow};
use crate::state::{Read, ReadError};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{CertificateFamily, Course, Module, OutcomeKind};

/// Versions of a code are the next integer, from 1.
pub(super) fn next_version<S: Read + ?Sized>(case: &Case<'_, S>, kind: Kind, code: &str, version: u32) -> Check {
    let newest = case.state.display(&rows::display(case.issuer, kind, code))?;
    let next = newest.map_or(Some(1), |(_, row)| row.version.checked_add(1));
    if next == Some(version) {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::VersionNotNext, format!("statement.{}.version", kind.name()));
    let refusal = refusal.detail(format!("{version} given, {} expected", next.unwrap_or(u32::MAX)));
    Err(newest.map_or_else(|| refusal.clone(), |(index, _)| refusal.clone().existing(index)).into())
}

pub(super) fn write_offer<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    kind: Kind,
    (code, version): (&str, u32),
    body: OfferBody,
) -> Result<(), ReadError> {
    let owner = entry.issuer();
    let index = writer.index();
    let display = rows::display(owner, kind, code);
    let previous = writer.display(&display)?.map(|(index, _)| index);
    writer.put(display, &DisplayRow { version });
    writer.mark(rows::offers_of(owner));
    let row = OfferRow { owner: owner.to_owned(), code: code.to_owned(), version, previous, body };
    writer.put(rows::offer(index), &row);
    Ok(())
}

fn minutes_form(form: &mut Form<'_>, minutes: u32, practice: u32) {
    form.present(minutes > 0, "minutes");
    form.well_formed(practice <= minutes, "practice_minutes");
}

pub(super) fn course_form(body: &Course, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.course", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.names(&body.names, "names");
    minutes_form(&mut form, body.minutes, body.practice_minutes);
    form.well_formed(ids::is_code_or_empty(&body.category), "category");
    form.present(!body.scale.is_empty(), "scale");
    form.ask(policy::scale(&body.scale).is_some(), Rejection::ScaleUnknown, "scale");
    form.codes(&body.majors, "majors");
    form.well_formed(body.majors.is_sorted(), "majors");
    form.well_formed(ids::is_code_or_empty(&body.competency), "competency");
}

pub(super) fn module_form(body: &Module, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.module", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.names(&body.names, "names");
    minutes_form(&mut form, body.minutes, body.practice_minutes);
    form.present(!body.scale.is_empty(), "scale");
    form.ask(policy::scale(&body.scale).is_some(), Rejection::ScaleUnknown, "scale");
    form.well_formed(ids::is_code_or_empty(&body.competency), "competency");
}

pub(super) fn family_form(body: &CertificateFamily, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.certificate_family", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.names(&body.names, "names");
    form.present(body.outcome_kind != 0, "outcome_kind");
    let kind = OutcomeKind::try_from(body.outcome_kind);
    form.well_formed(body.outcome_kind == 0 || kind.is_ok_and(super::certificate::is_certificate), "outcome_kind");
    let codes: Vec<String> = body.levels.iter().map(|level| level.code.clone()).collect();
    form.codes(&codes, "levels.code");
    form.well_formed(body.levels.iter().all(|level| ids::are_names(&level.names)), "levels.names");
    if kind == Ok(OutcomeKind::SkillLevelCertificate) {
        form.present(!body.occupation.is_empty(), "occupation");
        let eight = u64::try_from(body.levels.len()) == Ok(policy::TOP_SKILL_LEVEL);
        form.well_formed(eight, "levels");
    }
    form.well_formed(ids::is_code_or_empty(&body.occupation), "occupation");
    form.well_formed(body.validity_days <= 36_500, "validity_days");
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, field: &'static str) -> Check {
    ensure(case.acts_as_institution(), Rejection::NotEntitled, field)
}

/// An institution offers families that it is accredited for; an authority may publish any.
pub(super) fn family_may<S: Read + ?Sized>(case: &Case<'_, S>, body: &CertificateFamily) -> Check {
    if case.own_keys().any(|key| key.accredits().is_some()) {
        return Ok(());
    }
    may(case, "statement.certificate_family")?;
    let accredited = case.institution.as_ref().is_some_and(|row| row.families.contains(&body.code));
    ensure(accredited, Rejection::FamilyNotAllowed, "statement.certificate_family.code")
}

fn rule_reference<S: Read + ?Sized>(case: &Case<'_, S>, index: u64, field: &'static str) -> Check {
    if index == 0 {
        return Ok(());
    }
    let rule = case.offer(index, field)?;
    let OfferBody::RecordingRule(rule) = rule.body else {
        return Err(Refusal::new(Rejection::ReferenceWrongKind, field).into());
    };
    case.in_force(index, field)?;
    ensure(rule.effective_from <= case.logged_at, Rejection::ReferenceNotInForce, field)
}

pub(super) fn course_references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Course) -> Check {
    rule_reference(case, body.recording_rule_index, "statement.course.recording_rule_index")?;
    framework::level(case, body.level.as_ref(), "statement.course.level")
}

pub(super) fn module_references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Module) -> Check {
    let field = "statement.module.course_index";
    if body.course_index > 0 {
        let course = case.offer(body.course_index, field)?;
        let is_course = matches!(course.body, OfferBody::Course(_));
        ensure(is_course && case.speaks_for(&course.owner)?, Rejection::ReferenceWrongKind, field)?;
        case.in_force(body.course_index, field)?;
    }
    rule_reference(case, body.recording_rule_index, "statement.module.recording_rule_index")
}

pub(super) fn family_references<S: Read + ?Sized>(case: &Case<'_, S>, body: &CertificateFamily) -> Check {
    let field = "statement.certificate_family.levels.level";
    body.levels.iter().try_for_each(|level| framework::level(case, level.level.as_ref(), field))
}

/// Credits are at most what the rule gives for the minutes.
fn credits<S: Read + ?Sized>(case: &Case<'_, S>, row: &CourseRow, field: &'static str) -> Check {
    let most = match row.recording_rule.map(|index| case.state.offer(index)).transpose()?.flatten() {
        Some(OfferRow { body: OfferBody::RecordingRule(rule), .. }) => {
            credit_millis(&rule, u64::from(row.minutes), u64::from(row.practice_minutes)).unwrap_or(0)
        }
        _ => 0,
    };
    if u64::from(row.credit_millis) <= most {
        return Ok(());
    }
    let detail = format!("{} claimed, the rule gives {most}", row.credit_millis);
    Err(Refusal::new(Rejection::OfferCredits, field).detail(detail).into())
}

fn course_row(body: &Course) -> CourseRow {
    CourseRow {
        minutes: body.minutes,
        practice_minutes: body.practice_minutes,
        credit_millis: body.credit_millis,
        recording_rule: (body.recording_rule_index > 0).then_some(body.recording_rule_index),
        scale: body.scale.clone(),
    }
}

fn module_row(body: &Module) -> CourseRow {
    CourseRow {
        minutes: body.minutes,
        practice_minutes: body.practice_minutes,
        credit_millis: body.credit_millis,
        recording_rule: (body.recording_rule_index > 0).then_some(body.recording_rule_index),
        scale: body.scale.clone(),
    }
}

pub(super) fn course_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Course) -> Check {
    next_version(case, Kind::Course, &body.code, body.version)?;
    credits(case, &course_row(body), "statement.course.credit_millis")
}

pub(super) fn module_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Module) -> Check {
    next_version(case, Kind::Module, &body.code, body.version)?;
    let row = module_row(body);
    credits(case, &row, "statement.module.credit_millis")?;
    let course = if body.course_index == 0 { None } else { case.state.offer(body.course_index)? };
    let Some(OfferBody::Course(course)) = course.map(|course| course.body) else { return Ok(()) };
    for (part, whole, field) in [
        (row.minutes, course.minutes, "statement.module.minutes"),
        (row.practice_minutes, course.practice_minutes, "statement.module.practice_minutes"),
        (row.credit_millis, course.credit_millis, "statement.module.credit_millis"),
    ] {
        let detail = format!("{part}, the course has {whole}");
        if part > whole {
            return Err(Refusal::new(Rejection::OfferCredits, field).detail(detail).into());
        }
    }
    Ok(())
}

pub(super) fn family_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &CertificateFamily) -> Check {
    next_version(case, Kind::CertificateFamily, &body.code, body.version)
}

pub(super) fn write_course<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Course,
) -> Result<(), ReadError> {
    write_offer(writer, entry, Kind::Course, (&body.code, body.version), OfferBody::Course(course_row(body)))
}

pub(super) fn write_module<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Module,
) -> Result<(), ReadError> {
    write_offer(writer, entry, Kind::Module, (&body.code, body.version), OfferBody::Module(module_row(body)))
}

pub(super) fn write_family<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &CertificateFamily,
) -> Result<(), ReadError> {
    let row = FamilyRow {
        outcome_kind: body.outcome_kind,
        levels: u32::try_from(body.levels.len()).unwrap_or(u32::MAX),
        occupation: body.occupation.clone(),
        validity_days: body.validity_days,
    };
    write_offer(writer, entry, Kind::CertificateFamily, (&body.code, body.version), OfferBody::Family(row))
}
