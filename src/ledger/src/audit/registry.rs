//! What authorities publish for everybody (rules.md 1 "trust", "standards"): frameworks, catalogues of majors, filed majors.

use super::book::{Book, Filed, What};
use super::judge::{Case, Change, Judge};
use super::lifecycle::reference;
use super::offers::{published, version};
use super::text::{are_names, is_institution};
use super::trust::may_accredit;
use crate::rejection::Rejection;
use std::collections::BTreeSet;
use xuefen_core::proto::{FiledMajors, Framework, LevelRef, MajorCatalogue, Name};

pub(super) fn by_authority(case: &Case<'_>, judge: &mut Judge) {
    judge.unless(!case.accredits_in().is_empty(), Rejection::NotEntitled, || case.issuer.to_owned());
}

pub(super) fn malformed(judge: &mut Judge, good: bool, field: &str) {
    judge.unless(good, Rejection::FieldMalformed, || field.to_owned());
}

pub(super) fn missing(judge: &mut Judge, there: bool, field: &str) {
    judge.unless(there, Rejection::FieldMissing, || field.to_owned());
}

pub(super) fn framework(case: &Case<'_>, body: &Framework, book: &Book, judge: &mut Judge) -> Option<Change> {
    by_authority(case, judge);
    version(case, &body.code, body.version, None, book, judge);
    missing(judge, !body.levels.is_empty(), "levels");
    let mut codes = BTreeSet::new();
    let mut link = 0;
    for level in &body.levels {
        let new = codes.insert(&level.code) && !level.code.is_empty() && are_names(&level.names);
        malformed(judge, new, "levels");
        if level.eqf_level > 0 {
            malformed(judge, level.eqf_level >= link && level.eqf_level <= 8, "levels.eqf_level");
            link = level.eqf_level;
        }
    }
    malformed(judge, body.levels.len() <= 32 && body.effective_from >= 0, "levels, effective_from");
    Some(published(case, &body.code, body.version, What::Framework(body.clone())))
}

/// A level that is named is one of a framework in force.
pub(super) fn level(case: &Case<'_>, level: Option<&LevelRef>, book: &Book, judge: &mut Judge) {
    let Some(level) = level else { return };
    let Some(what) = reference(case, level.framework_index, book, judge) else { return };
    let What::Framework(framework) = what else {
        judge.unless(false, Rejection::ReferenceWrongKind, || format!("entry {}", level.framework_index));
        return;
    };
    let there = level.level > 0 && level.level as usize <= framework.levels.len();
    judge.unless(there, Rejection::ReferenceUnknown, || format!("level {}", level.level));
    let begun = framework.effective_from <= case.logged_at;
    judge.unless(begun, Rejection::ReferenceNotInForce, || format!("entry {}", level.framework_index));
}

/// Codes and names of one tier: ascending, so none twice.
fn tier<'a>(items: impl Iterator<Item = (&'a str, &'a [Name])>, judge: &mut Judge, field: &str) -> BTreeSet<String> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for (code, names) in items {
        let next = seen.last().is_none_or(|last| last.as_str() < code);
        malformed(judge, next && !code.is_empty() && are_names(names), field);
        seen.insert(code.to_owned());
    }
    seen
}

pub(super) fn catalogue(case: &Case<'_>, body: &MajorCatalogue, book: &Book, judge: &mut Judge) -> Option<Change> {
    by_authority(case, judge);
    version(case, &body.code, body.version, None, book, judge);
    missing(judge, !body.majors.is_empty(), "majors");
    malformed(judge, body.effective_from >= 0, "effective_from");
    let categories =
        tier(body.categories.iter().map(|it| (it.code.as_str(), it.names.as_slice())), judge, "categories");
    let classes = tier(body.classes.iter().map(|it| (it.code.as_str(), it.names.as_slice())), judge, "classes");
    tier(body.majors.iter().map(|it| (it.code.as_str(), it.names.as_slice())), judge, "majors");
    malformed(judge, body.classes.iter().all(|it| categories.contains(&it.category)), "classes.category");
    for major in &body.majors {
        malformed(judge, classes.contains(&major.major_class), "majors.major_class");
        malformed(judge, matches!(major.training_level, 1..=3), "majors.training_level");
    }
    Some(published(case, &body.code, body.version, What::Catalogue(body.clone())))
}

pub(super) fn filed(case: &Case<'_>, body: &FiledMajors, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(is_institution(&body.institution), Rejection::InstitutionIdMalformed, || body.institution.clone());
    missing(judge, body.training_level > 0 && body.year > 0 && body.catalogue_index > 0, "level, year or catalogue");
    malformed(judge, body.training_level <= 4, "training_level");
    malformed(judge, body.year == 0 || (1950..=2200).contains(&body.year), "year");
    let ascend = body.majors.windows(2).all(|pair| pair[0] < pair[1]);
    malformed(judge, ascend && body.majors.iter().all(|code| !code.is_empty()) && body.majors.len() <= 1_000, "majors");
    let institution = book.institutions.get(&body.institution);
    judge.unless(institution.is_some(), Rejection::ReferenceUnknown, || body.institution.clone());
    if let Some(institution) = institution {
        may_accredit(case, &institution.rights.region, judge);
    }
    let what = if body.catalogue_index == 0 { None } else { reference(case, body.catalogue_index, book, judge) };
    match what {
        Some(What::Catalogue(catalogue)) => {
            let begun = catalogue.effective_from <= case.logged_at;
            judge.unless(begun, Rejection::ReferenceNotInForce, || format!("entry {}", body.catalogue_index));
            for code in &body.majors {
                let mut majors = catalogue.majors.iter().filter(|major| major.code == *code);
                let there = majors.any(|major| body.training_level == 4 || major.training_level == body.training_level);
                judge.unless(there, Rejection::ReferenceUnknown, || code.clone());
            }
        }
        Some(_) => {
            judge.unless(false, Rejection::ReferenceWrongKind, || format!("entry {}", body.catalogue_index));
        }
        None => {}
    }
    let key = (body.institution.clone(), body.training_level, body.year);
    let filed = Filed { entry: case.index, catalogue: body.catalogue_index, majors: body.majors.clone() };
    Some(Box::new(move |book| book.filed.insert(key, filed)))
}

/// Whether a major was filed for continuing education in a year, by an institution or one that it took over.
pub(super) fn continuing(case: &Case<'_>, year: u32, major: Option<&str>, book: &Book) -> bool {
    let of = |institution: String| book.filed.get(&(institution, 4, year));
    let in_force = |filed: &&Filed| book.counts(filed.entry, case.logged_at);
    let mut filings = book.line_of(case.issuer).into_iter().filter_map(of).filter(in_force);
    filings.any(|filed| filed.majors.iter().any(|code| major.is_none_or(|major| code == major)))
}
