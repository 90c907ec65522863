//! How an outcome was studied (学习形式), and what follows for who may record it: degree continuing education keeps to the
//! majors filed for the year, self-study passes come from an examination body, and what a university teaches outside of
//! degrees it records with keys of its own (自招自办自管).

use super::majors;
use crate::case::{Case, Check, ensure};
use crate::day::Day;
use crate::facts::{OutcomeFacts, field};
use crate::rejection::{Refusal, Rejection};
use crate::rows::InstitutionRow;
use crate::state::Read;
use xuefen_core::kinds::study::StudyMode;
use xuefen_core::kinds::tags;
use xuefen_core::proto::{InstitutionKind, OutcomeKind, RecordOutcome};

/// Bodies whose teaching outside of degrees is bound to their own keys.
const UNIVERSITIES: [InstitutionKind; 3] =
    [InstitutionKind::HigherVocational, InstitutionKind::University, InstitutionKind::OpenUniversity];

/// What is said of a way to study is asked of these.
fn is_teaching(kind: OutcomeKind) -> bool {
    matches!(kind, OutcomeKind::Course | OutcomeKind::Module | OutcomeKind::DegreeCertificate)
}

/// How it was studied: as it says, or as its kind or its issuer's shows.
fn mode(facts: &OutcomeFacts, kind: OutcomeKind, issuer: &InstitutionRow) -> Option<StudyMode> {
    let outside = matches!(kind, OutcomeKind::CompletionCertificate | OutcomeKind::MicroCertificate);
    let shown = match InstitutionKind::try_from(issuer.kind) {
        _ if outside => Some(StudyMode::NonDegree),
        Ok(InstitutionKind::OpenUniversity) if is_teaching(kind) => Some(StudyMode::Continuing),
        Ok(InstitutionKind::ExamBody) if is_teaching(kind) => Some(StudyMode::SelfStudy),
        _ => None,
    };
    facts.study_mode.or(shown)
}

pub(super) fn may<S: Read + ?Sized>(
    case: &Case<'_, S>,
    issuer: &InstitutionRow,
    body: &RecordOutcome,
    facts: &OutcomeFacts,
) -> Check {
    let kind = OutcomeKind::try_from(body.outcome_kind).unwrap_or_default();
    match mode(facts, kind, issuer) {
        // An old paper record proves no right, and is older than the filings.
        Some(StudyMode::SelfStudy | StudyMode::Continuing) | None if body.imported => Ok(()),
        Some(StudyMode::SelfStudy) => {
            let exam_body = issuer.kind == InstitutionKind::ExamBody as i32;
            ensure(exam_body, Rejection::NotEntitled, field(tags::STUDY_MODE))?;
            filed(case, facts)
        }
        Some(StudyMode::Continuing) => filed(case, facts),
        Some(StudyMode::NonDegree) => {
            let university = UNIVERSITIES.iter().any(|kind| issuer.kind == *kind as i32);
            let own = case.own_keys().all(|key| key.role.is_some() || key.custodian == case.issuer);
            ensure(!university || own, Rejection::CustodianNotIssuer, "attestations")
        }
        None if is_teaching(kind) => silent(case, kind, facts),
        Some(StudyMode::Regular) | None => Ok(()),
    }
}

/// Who has filed majors for continuing education says of what is taught in that year how it was studied, and a certificate of
/// a degree always does: silence is no way around the filing.
fn silent<S: Read + ?Sized>(case: &Case<'_, S>, kind: OutcomeKind, facts: &OutcomeFacts) -> Check {
    let said = kind != OutcomeKind::DegreeCertificate
        && !facts.achieved_on.map_or(Ok(false), |day| majors::has_filed(case, (majors::CONTINUING, year(day))))?;
    if said { Ok(()) } else { missing(case, field(tags::STUDY_MODE)) }
}

/// A value that is not there; unless it is, and malformed.
fn missing<S: Read + ?Sized>(case: &Case<'_, S>, field: &'static str) -> Check {
    case.faults(Rejection::ValueMalformed)?;
    Err(Refusal::new(Rejection::ValueMissing, field).into())
}

fn year(day: Day) -> u32 {
    u32::try_from(day.year()).unwrap_or(0)
}

/// The major is among those filed for continuing education in the year it was achieved.
fn filed<S: Read + ?Sized>(case: &Case<'_, S>, facts: &OutcomeFacts) -> Check {
    let Some(day) = facts.achieved_on else { return Ok(()) };
    let Some(major) = facts.major.as_deref() else { return missing(case, field(tags::MAJOR)) };
    let year = year(day);
    if majors::is_filed(case, (majors::CONTINUING, year), major)? {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::MajorNotFiled, field(tags::MAJOR));
    Err(refusal.detail(format!("not filed for {year}")).into())
}
