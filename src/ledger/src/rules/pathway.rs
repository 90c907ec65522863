//! `Pathway`: through-training over several levels (贯通培养), known by its code and never by what people call it.

use super::form::Form;
use super::framework::by_authority;
use super::offers::{next_version, write_offer};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, OfferBody, PathwayRow, SegmentRow};
use crate::state::{Read, ReadError};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::Pathway;

/// Most segments of a pathway, and most years of one.
const SEGMENTS: usize = 8;
const YEARS: u32 = 12;

/// Longest label, bytes: it is the key of a table.
const LABEL_BYTES: usize = 120;

const INSTITUTION: &str = "statement.pathway.segments.institution";

pub(super) fn form(body: &Pathway, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.pathway", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.time(body.effective_from, "effective_from");
    form.time(body.phased_out_from, "phased_out_from");
    form.names(&body.labels, "labels");
    form.well_formed(body.labels.iter().all(|label| label.text.len() <= LABEL_BYTES), "labels");
    form.present(!body.segments.is_empty(), "segments");
    form.well_formed(body.segments.len() <= SEGMENTS, "segments");
    let levels: Vec<u32> = body.segments.iter().map(|segment| segment.training_level).collect();
    let rising = levels.windows(2).all(|pair| pair[0] < pair[1]) && levels.iter().all(|level| (1..=3).contains(level));
    form.well_formed(rising, "segments.training_level");
    form.well_formed(body.segments.iter().all(|segment| (1..=YEARS).contains(&segment.years)), "segments.years");
    for segment in body.segments.iter().filter(|segment| !segment.institution.is_empty()) {
        form.institution(&segment.institution, "segments.institution");
    }
}

/// An authority; a province for pathways of its own schools, or that name none.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &Pathway) -> Check {
    by_authority(case)?;
    let mut named = body.segments.iter().filter(|segment| !segment.institution.is_empty()).peekable();
    if named.peek().is_none() {
        return Ok(());
    }
    for segment in named {
        // An institution that is not there is a fault of its own.
        let row = case.state.institution(&segment.institution)?;
        if row.is_none_or(|row| case.acts_over(&row.region)) {
            return Ok(());
        }
    }
    Err(Refusal::new(Rejection::RegionNotAllowed, INSTITUTION).into())
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Pathway) -> Check {
    for segment in body.segments.iter().filter(|segment| !segment.institution.is_empty()) {
        let known = case.state.institution(&segment.institution)?.is_some();
        ensure(known, Rejection::ReferenceUnknown, INSTITUTION)?;
    }
    Ok(())
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Pathway) -> Check {
    next_version(case, Kind::Pathway, &body.code, body.version)
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Pathway,
) -> Result<(), ReadError> {
    let segment = |it: &xuefen_core::proto::PathwaySegment| SegmentRow {
        training_level: it.training_level,
        years: it.years,
        institution: it.institution.clone(),
    };
    let row = PathwayRow {
        effective_from: body.effective_from,
        segments: body.segments.iter().map(segment).collect(),
        phased_out_from: body.phased_out_from,
        keeps_enrolment_rules: body.keeps_enrolment_rules,
    };
    write_offer(writer, entry, Kind::Pathway, (&body.code, body.version), OfferBody::Pathway(row))?;
    for label in &body.labels {
        writer.mark(rows::label(&label.text));
    }
    Ok(())
}
