//! `ExamScheme`: the parts of an entrance examination (职教高考) and who is exempt from its culture test. What scores come to
//! stands in `exam`; the share of skill is a threshold of the policy.

use super::form::Form;
use super::offers::{next_version, write_offer};
use super::parties;
use crate::access::Writer;
use crate::case::{Case, Check};
use crate::evolve::Accepted;
use crate::policy::InForce;
use crate::rejection::Refusal;
use crate::rows::{ExamPartRow, ExamSchemeRow, OfferBody};
use crate::state::{Read, ReadError};
use crate::threshold::{Breach, Threshold, share};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::ExamScheme;

/// Most parts of a scheme.
const PARTS: usize = 64;

/// Highest score of a part, points.
const TOP_SCORE: u32 = 10_000;

pub(super) fn form(body: &ExamScheme, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.exam_scheme", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.time(body.effective_from, "effective_from");
    form.region_or_empty(&body.region, "region");
    form.present(!body.parts.is_empty(), "parts");
    let codes: Vec<String> = body.parts.iter().map(|part| part.code.clone()).collect();
    form.codes(&codes, "parts.code");
    form.well_formed(body.parts.len() <= PARTS, "parts");
    form.well_formed(body.parts.iter().all(|part| (1..=TOP_SCORE).contains(&part.top_score)), "parts.top_score");
    form.codes(&body.exempt_grounds, "exempt_grounds");
    // Who is exempt from the culture test sits a test of skill.
    let skill = body.parts.iter().any(|part| part.skill_test);
    form.well_formed(body.exempt_grounds.is_empty() || (skill && !body.general), "exempt_grounds");
}

/// The province of the examination, or the nation.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &ExamScheme) -> Check {
    parties::authority_over(case, &body.region, "statement.exam_scheme.region")
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &ExamScheme) -> Check {
    next_version(case, Kind::ExamScheme, &body.code, body.version)
}

/// The share that tests of skill have of the highest score; the general examination has none to keep.
pub(super) fn breach(policy: &InForce, body: &ExamScheme) -> Option<Breach> {
    let (skill, whole) = row(body).skill_of_whole();
    let share = share(skill, whole);
    if body.general { None } else { Threshold::SkillTestShare.hold(policy, share, "statement.exam_scheme.parts") }
}

fn row(body: &ExamScheme) -> ExamSchemeRow {
    let part = |part: &xuefen_core::proto::ExamPart| ExamPartRow {
        code: part.code.clone(),
        top_score: part.top_score,
        skill_test: part.skill_test,
    };
    ExamSchemeRow {
        effective_from: body.effective_from,
        region: body.region.clone(),
        parts: body.parts.iter().map(part).collect(),
        exempt_grounds: body.exempt_grounds.clone(),
        general: body.general,
    }
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &ExamScheme,
) -> Result<(), ReadError> {
    write_offer(writer, entry, Kind::ExamScheme, (&body.code, body.version), OfferBody::ExamScheme(row(body)))
}
