//! How an outcome was studied, and who may record it then (rules.md 6, story 17).

use super::book::{Book, Institution};
use super::judge::{Case, Judge};
use super::registry::continuing;
use super::text::day;
use crate::rejection::Rejection;
use xuefen_core::kinds::tags;
use xuefen_core::proto::{InstitutionKind, OutcomeKind, RecordOutcome};

/// The year of a day as it is written; 0 for what is no day.
fn year_of(written: &[u8]) -> u32 {
    let text = std::str::from_utf8(written).unwrap_or_default();
    if day(written).is_some() { text[..4].parse().unwrap_or(0) } else { 0 }
}

pub(super) fn check(case: &Case<'_>, body: &RecordOutcome, rights: &Institution, book: &Book, judge: &mut Judge) {
    let said = case.text(tags::STUDY_MODE);
    let known = ["", "regular", "continuing", "self_study", "non_degree"].contains(&said);
    judge.unless(known, Rejection::ValueMalformed, || format!("payload.study_mode {said:?}"));
    let kind = OutcomeKind::try_from(body.outcome_kind).unwrap_or_default();
    let no_degree = kind == OutcomeKind::CompletionCertificate || kind == OutcomeKind::MicroCertificate;
    let degree = kind == OutcomeKind::DegreeCertificate;
    let taught = degree || kind == OutcomeKind::Course || kind == OutcomeKind::Module;
    let of = InstitutionKind::try_from(rights.rights.kind).unwrap_or_default();
    // What is left out is as the kinds of outcome and institution show.
    let mode = match (said, of) {
        ("", _) if no_degree => "non_degree",
        ("", InstitutionKind::OpenUniversity) if taught => "continuing",
        ("", InstitutionKind::ExamBody) if taught => "self_study",
        (said, _) => said,
    };
    if mode == "non_degree" {
        let bound = [InstitutionKind::University, InstitutionKind::OpenUniversity, InstitutionKind::HigherVocational]
            .contains(&of);
        let mut own = case.signers.iter().filter(|key| key.owner == case.issuer && key.role.is_none());
        let kept = own.all(|key| key.custodian == case.issuer);
        judge.unless(kept || !bound, Rejection::CustodianNotIssuer, || case.issuer.to_owned());
    }
    let year = year_of(case.value(tags::ACHIEVED_ON));
    if mode.is_empty() && taught && !body.imported {
        let open = degree || continuing(case, year, None, book);
        judge.unless(!open, Rejection::ValueMissing, || "payload.study_mode".to_owned());
    }
    if mode != "continuing" && mode != "self_study" {
        return;
    }
    let major = case.text(tags::MAJOR);
    judge.unless(!major.is_empty() || (said.is_empty() && body.imported), Rejection::ValueMissing, || {
        "payload.major".to_owned()
    });
    if body.imported {
        return;
    }
    let rightly = mode == "continuing" || of == InstitutionKind::ExamBody;
    judge.unless(rightly, Rejection::NotEntitled, || format!("{of:?}"));
    let filed = major.is_empty() || continuing(case, year, Some(major), book);
    judge.unless(filed, Rejection::MajorNotFiled, || format!("{major} in {year}"));
}
