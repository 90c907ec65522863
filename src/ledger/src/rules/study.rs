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

/// How it was studied: as it says, or as its kind shows.
fn mode(facts: &OutcomeFacts, kind: i32) -> Option<StudyMode> {
    let kind = OutcomeKind::try_from(kind);
    let outside = matches!(kind, Ok(OutcomeKind::CompletionCertificate | OutcomeKind::MicroCertificate));
    facts.study_mode.or_else(|| outside.then_some(StudyMode::NonDegree))
}

pub(super) fn may<S: Read + ?Sized>(
    case: &Case<'_, S>,
    issuer: &InstitutionRow,
    body: &RecordOutcome,
    facts: &OutcomeFacts,
) -> Check {
    match mode(facts, body.outcome_kind) {
        // An old paper record proves no right, and is older than the filings.
        Some(StudyMode::SelfStudy | StudyMode::Continuing) if body.imported => Ok(()),
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
        Some(StudyMode::Regular) | None => Ok(()),
    }
}

/// The major is among those filed for continuing education in the year it was achieved.
fn filed<S: Read + ?Sized>(case: &Case<'_, S>, facts: &OutcomeFacts) -> Check {
    let Some((major, day)) = facts.major.as_deref().zip(facts.achieved_on) else { return Ok(()) };
    let year = u32::try_from(Day::year(day)).unwrap_or(0);
    if majors::is_filed(case, (majors::CONTINUING, year), major)? {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::MajorNotFiled, field(tags::MAJOR));
    Err(refusal.detail(format!("not filed for {year}")).into())
}
