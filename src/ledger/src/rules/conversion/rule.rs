//! `ConversionRule`: what an institution converts into one of its programmes, in versions with dates, or what an authority or
//! an institution bounds the rules below by (a rule without a programme).

use crate::access::Access;
use crate::access::Writer;
use crate::case::{Case, Check, ensure};
use crate::conversion::{looser, malformed};
use crate::evolve::Accepted;
use crate::ids;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, ConversionRuleRow, OfferBody};
use crate::rules::form::Form;
use crate::rules::offers::{next_version, write_offer};
use crate::state::{Read, ReadError};
use prost::Message;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{ConversionRule, InstitutionKind, OutcomeKind, Programme, ScopeKind, Sector};

const PROGRAMME: &str = "statement.conversion_rule.programme_index";
const PARENT: &str = "statement.conversion_rule.parent_index";
const EXEMPT: &str = "statement.conversion_rule.target.exempt";

/// Most members of a list in a rule: its version must fit into a row's continuations and be read at once.
const LIST: usize = 200;

pub(super) fn form(body: &ConversionRule, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.conversion_rule", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.names(&body.names, "names");
    form.present(body.effective_from > 0, "effective_from");
    form.time(body.effective_from, "effective_from");
    form.time(body.effective_until, "effective_until");
    let interval = body.effective_until == 0 || body.effective_until > body.effective_from;
    form.well_formed(interval, "effective_until");
    form.present(body.scope != 0, "scope");
    form.well_formed(ScopeKind::try_from(body.scope).is_ok(), "scope");
    form.well_formed(body.cap_credit_millis < 1 << 40, "cap_credit_millis");
    sources(body, &mut form);
    if let Some(target) = &body.target {
        form.well_formed(target.exempt.len() <= LIST, "target.exempt");
        form.well_formed(target.ratio_basis_points <= 100_000, "target.ratio_basis_points");
        let small = target.table.iter().all(|step| step.credit_millis < 1 << 40);
        form.well_formed(target.table.len() <= LIST && small, "target.table");
        form.well_formed(target.fixed_credit_millis < 1 << 40, "target.fixed_credit_millis");
        form.well_formed(ids::is_code_or_empty(&target.category), "target.category");
    }
    for wrong in malformed(body) {
        // A rule that only bounds others may leave open what they give.
        if wrong.field == "target" && body.programme_index == 0 && body.target.is_none() {
            continue;
        }
        form.faults().push(
            Refusal::new(Rejection::FieldMalformed, format!("statement.conversion_rule.{}", wrong.field))
                .detail(wrong.rule),
        );
    }
}

fn sources(body: &ConversionRule, form: &mut Form<'_>) {
    let kind = |kind: &i32| OutcomeKind::try_from(*kind).is_ok_and(|kind| kind != OutcomeKind::Unspecified);
    let body_kind = |kind: &i32| InstitutionKind::try_from(*kind).is_ok_and(|it| it != InstitutionKind::Unspecified);
    let sector = |sector: &i32| Sector::try_from(*sector).is_ok_and(|it| it != Sector::Unspecified);
    for source in &body.sources {
        let lists = [source.outcome_kinds.len(), source.issuer_kinds.len(), source.issuer_sectors.len()];
        form.well_formed(lists.iter().all(|length| *length <= LIST), "sources");
        form.well_formed(source.outcome_kinds.iter().all(kind), "sources.outcome_kinds");
        form.well_formed(source.issuer_kinds.iter().all(body_kind), "sources.issuer_kinds");
        form.well_formed(source.issuer_sectors.iter().all(sector), "sources.issuer_sectors");
        let issuers = source.issuers.len() <= LIST && source.issuers.iter().all(|id| ids::is_institution(id));
        form.ask(issuers, Rejection::InstitutionIdMalformed, "sources.issuers");
        form.well_formed(ids::is_code_or_empty(&source.family), "sources.family");
        form.codes(&source.course_codes, "sources.course_codes");
        form.well_formed(source.course_codes.len() <= LIST, "sources.course_codes");
        form.well_formed(ids::is_code_or_empty(&source.major_class), "sources.major_class");
        form.well_formed(source.lowest_tier <= crate::tier::AUTHORITY, "sources.lowest_tier");
        form.well_formed(source.maximum_age_days <= 36_500, "sources.maximum_age_days");
    }
}

/// An institution for its own programmes; an authority for all below it.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    let authority = case.own_keys().any(|key| key.accredits().is_some());
    ensure(authority || case.acts_as_institution(), Rejection::NotEntitled, "statement.conversion_rule")
}

/// Into a programme of its own; what is exempted is part of it; a parent is another's, or its own that bounds it.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &ConversionRule) -> Check {
    programme(case, body)?;
    if body.parent_index > 0 {
        let parent = case.offer(body.parent_index, PARENT)?;
        let rule = matches!(parent.body, OfferBody::ConversionRule(_));
        // No version of a rule is above another version of it.
        let itself = parent.owner == case.issuer && parent.code == body.code;
        ensure(rule && !itself, Rejection::ReferenceWrongKind, PARENT)?;
        case.in_force(body.parent_index, PARENT)?;
    }
    Ok(())
}

fn programme<S: Read + ?Sized>(case: &Case<'_, S>, body: &ConversionRule) -> Check {
    let exempt = body.target.as_ref().map(|target| target.exempt.as_slice()).unwrap_or_default();
    if body.programme_index == 0 {
        for index in exempt.iter().take(LIST) {
            let offer = case.offer(*index, EXEMPT)?;
            let taught = matches!(offer.body, OfferBody::Course(_) | OfferBody::Module(_));
            ensure(taught, Rejection::ReferenceWrongKind, EXEMPT)?;
        }
        return Ok(());
    }
    let offer = case.offer(body.programme_index, PROGRAMME)?;
    let OfferBody::Programme(row) = &offer.body else {
        return Err(Refusal::new(Rejection::ReferenceWrongKind, PROGRAMME).into());
    };
    let own = case.acts_as_institution() && case.speaks_for(&offer.owner)?;
    ensure(own, Rejection::ReferenceWrongKind, PROGRAMME)?;
    case.in_force(body.programme_index, PROGRAMME)?;
    let parts = Programme::decode(&row.body[..]).map(|programme| programme.parts).unwrap_or_default();
    let part = |index: &u64| parts.iter().any(|part| part.offer_index == *index);
    ensure(exempt.iter().all(part), Rejection::ReferenceWrongKind, EXEMPT)
}

/// The next version, from now on or later and after the version before; as strict as the rule above it.
pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &ConversionRule) -> Check {
    next_version(case, Kind::ConversionRule, &body.code, body.version)?;
    let field = "statement.conversion_rule.effective_from";
    if body.effective_from < case.logged_at {
        let detail = format!("{}, logged at {}", body.effective_from, case.logged_at);
        return Err(Refusal::new(Rejection::EffectiveInPast, field).detail(detail).into());
    }
    overlaps(case, body)?;
    parent(case, body)
}

/// A version that was left open ends where the next begins; one with an end of its own ends before it.
fn overlaps<S: Read + ?Sized>(case: &Case<'_, S>, body: &ConversionRule) -> Check {
    let newest = case.state.display(&crate::rows::display(case.issuer, Kind::ConversionRule, &body.code))?;
    let Some(index) = newest.map(|(index, _)| index) else { return Ok(()) };
    let Some(OfferBody::ConversionRule(row)) = case.state.offer(index)?.map(|offer| offer.body) else { return Ok(()) };
    let after = row.effective_from < body.effective_from && row.effective_until <= body.effective_from;
    let refusal = || {
        let until = if row.effective_until == 0 { row.effective_from } else { row.effective_until };
        let detail = format!("version {} runs from {} until {until}", body.version.wrapping_sub(1), row.effective_from);
        Refusal::new(Rejection::VersionsOverlap, "statement.conversion_rule.effective_from")
            .existing(index)
            .detail(detail)
    };
    if after { Ok(()) } else { Err(refusal().into()) }
}

fn parent<S: Read + ?Sized>(case: &Case<'_, S>, body: &ConversionRule) -> Check {
    if body.parent_index == 0 {
        return Ok(());
    }
    let Some(parent) = super::rule_at(case.state, body.parent_index)? else { return Ok(()) };
    match looser(body, &parent.rule).first() {
        None => Ok(()),
        Some(found) => {
            let field = format!("statement.conversion_rule.{}", found.clause.field());
            let detail = format!("{} given, {} in the rule of entry {}", found.said, found.asked, parent.index);
            Err(Refusal::new(Rejection::LooserThanParent, field).existing(parent.index).detail(detail).into())
        }
    }
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &ConversionRule,
) -> Result<(), ReadError> {
    let row = ConversionRuleRow {
        effective_from: body.effective_from,
        effective_until: body.effective_until,
        body: body.encode_to_vec(),
    };
    writer.mark(rows::all_rules());
    let version = (body.code.as_str(), body.version);
    write_offer(writer, entry, Kind::ConversionRule, version, OfferBody::ConversionRule(row))
}
