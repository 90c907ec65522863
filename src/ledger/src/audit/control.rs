//! Inspections and declarations (rules.md 1 "control").

use super::book::Book;
use super::judge::{Case, Change, Judge};
use super::registry::{malformed, missing};
use super::text::{covers, day_of, is_institution};
use crate::rejection::Rejection;
use xuefen_core::proto::DeclareHeadcount;

pub(super) fn headcount(case: &Case<'_>, body: &DeclareHeadcount, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(is_institution(&body.institution), Rejection::InstitutionIdMalformed, || body.institution.clone());
    missing(judge, body.day > 0, "day");
    malformed(judge, body.learners.max(body.staff) <= 100_000_000, "learners, staff");
    let institution = book.institutions.get(&body.institution);
    judge.unless(institution.is_some(), Rejection::ReferenceUnknown, || body.institution.clone());
    let region = institution.map(|it| it.rights.region.clone()).unwrap_or_default();
    let by_itself = case.signs_as_institution() && book.line_of(case.issuer).contains(&body.institution);
    let by_authority = case.accredits_in().iter().any(|of| covers(of, &region));
    judge.unless(by_itself || by_authority, Rejection::NotEntitled, || case.issuer.to_owned());
    let today = day_of(case.logged_at);
    judge.unless(i64::from(body.day) <= today, Rejection::DayInFuture, || format!("day {}", body.day));
    let key = (body.institution.clone(), body.day);
    let value = (body.clone(), case.issuer.to_owned());
    Some(Box::new(move |book| book.headcounts.insert(key, value)))
}
