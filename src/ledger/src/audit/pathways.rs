//! Ways through education that authorities publish: entrance examinations, pathways, equivalences (rules.md 1 "standards").

use super::book::{Book, What};
use super::judge::{Case, Change, Judge};
use super::offers::{published, version};
use super::registry::{by_authority, malformed, missing};
use super::text::{are_names, covers, is_institution, is_region};
use super::trust::may_accredit;
use crate::rejection::Rejection;
use std::collections::BTreeSet;
use xuefen_core::proto::{Equivalence, ExamScheme, OutcomeKind, Pathway, Standing};

/// Tests of skill are at least so many in ten thousand of the score of a vocational examination.
const SKILL_SHARE: u64 = 5_000;

pub(super) fn exam_scheme(case: &Case<'_>, body: &ExamScheme, book: &Book, judge: &mut Judge) -> Option<Change> {
    may_accredit(case, &body.region, judge);
    judge.unless(body.region.is_empty() || is_region(&body.region), Rejection::RegionMalformed, || body.region.clone());
    version(case, &body.code, body.version, None, book, judge);
    malformed(judge, body.effective_from >= 0, "effective_from");
    missing(judge, !body.parts.is_empty(), "parts");
    let mut codes = BTreeSet::new();
    for part in &body.parts {
        let good = codes.insert(&part.code) && !part.code.is_empty() && (1..=10_000).contains(&part.top_score);
        malformed(judge, good, "parts");
    }
    malformed(judge, body.parts.len() <= 64, "parts");
    let grounds: BTreeSet<&String> = body.exempt_grounds.iter().collect();
    let distinct = grounds.len() == body.exempt_grounds.len() && grounds.iter().all(|ground| !ground.is_empty());
    let sensible = grounds.is_empty() || (!body.general && body.parts.iter().any(|part| part.skill_test));
    malformed(judge, distinct && sensible, "exempt_grounds");
    let (mut skill, mut whole) = (0_u64, 0_u64);
    for part in &body.parts {
        whole += u64::from(part.top_score);
        skill += if part.skill_test { u64::from(part.top_score) } else { 0 };
    }
    let kept = body.general || skill * 10_000 >= whole * SKILL_SHARE;
    judge.unless(kept, Rejection::ThresholdNotMet, || format!("{skill} of {whole}"));
    Some(published(case, &body.code, body.version, What::ExamScheme(body.clone())))
}

pub(super) fn pathway(case: &Case<'_>, body: &Pathway, book: &Book, judge: &mut Judge) -> Option<Change> {
    by_authority(case, judge);
    version(case, &body.code, body.version, Some(&body.labels), book, judge);
    malformed(judge, body.effective_from >= 0 && body.phased_out_from >= 0, "effective_from, phased_out_from");
    let labels = are_names(&body.labels) && body.labels.iter().all(|label| label.text.len() <= 120);
    malformed(judge, labels, "labels");
    missing(judge, !body.segments.is_empty(), "segments");
    malformed(judge, body.segments.len() <= 8, "segments");
    let mut level = 0;
    for segment in &body.segments {
        let next = segment.training_level > level && segment.training_level <= 3;
        malformed(judge, next && matches!(segment.years, 1..=12), "segments");
        level = segment.training_level;
    }
    let schools: Vec<&String> = body.segments.iter().map(|it| &it.institution).filter(|id| !id.is_empty()).collect();
    let mut own = schools.is_empty();
    for school in &schools {
        judge.unless(is_institution(school), Rejection::InstitutionIdMalformed, || (*school).clone());
        let known = book.institutions.get(*school);
        judge.unless(known.is_some(), Rejection::ReferenceUnknown, || (*school).clone());
        own |= known.is_none_or(|it| case.accredits_in().iter().any(|of| covers(of, &it.rights.region)));
    }
    judge.unless(own || case.accredits_in().is_empty(), Rejection::RegionNotAllowed, || format!("{schools:?}"));
    let labels: Vec<String> = body.labels.iter().map(|label| label.text.clone()).collect();
    let publish = published(case, &body.code, body.version, What::Pathway(body.clone()));
    Some(Box::new(move |book| {
        publish(book);
        for label in labels {
            book.labels.insert(label, ());
        }
    }))
}

/// Whether this is a standing that something can be held equal to.
fn is_standing(standing: &Standing) -> bool {
    let kind = OutcomeKind::try_from(standing.outcome_kind).unwrap_or_default();
    let shown = matches!(
        kind,
        OutcomeKind::Title
            | OutcomeKind::DegreeCertificate
            | OutcomeKind::XCertificate
            | OutcomeKind::SkillLevelCertificate
    );
    shown && standing.level <= 64
}

pub(super) fn equivalence(case: &Case<'_>, body: &Equivalence, book: &Book, judge: &mut Judge) -> Option<Change> {
    by_authority(case, judge);
    version(case, &body.code, body.version, None, book, judge);
    malformed(judge, body.effective_from >= 0, "effective_from");
    for standing in [&body.from, &body.to] {
        missing(judge, standing.as_ref().is_some_and(|it| !it.code.is_empty()), "from, to");
        malformed(judge, standing.as_ref().is_none_or(is_standing), "from, to");
    }
    let (from, to) = (body.from.as_ref()?, body.to.as_ref()?);
    malformed(judge, from.outcome_kind != to.outcome_kind, "one ladder");
    let key = (from.outcome_kind, from.code.clone(), from.level);
    let room = book.equivalents.get(&key).is_none_or(|listed| listed.len() < 64);
    malformed(judge, room, "from");
    let index = case.index;
    let publish = published(case, &body.code, body.version, What::Equivalence(body.clone()));
    Some(Box::new(move |book| {
        publish(book);
        book.equivalents.get_or(key, Vec::new).push(index);
    }))
}
