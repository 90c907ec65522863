//! `MajorCatalogue`: the catalogue of majors (专业目录) in its three tiers; `FiledMajors`: which of them an institution runs
//! in a year (专业备案).

use super::form::Form;
use super::offers::{next_version, write_offer};
use super::parties;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure, is_in_force};
use crate::evolve::Accepted;
use crate::ids;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, CatalogueRow, FiledRow, MajorRow, OfferBody};
use crate::state::{Key, Read, ReadError};
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{FiledMajors, MajorCatalogue};

/// Years that majors are filed for.
pub(super) const YEARS: std::ops::RangeInclusive<u32> = 1950..=2200;

/// Level of a filing for degree continuing education, whose majors may be of any level of the catalogue.
pub(super) const CONTINUING: u32 = 4;

const CATALOGUE: &str = "statement.filed_majors.catalogue_index";

/// Codes, each greater than the one before.
fn ascend<'a>(codes: impl Iterator<Item = &'a String>) -> bool {
    let codes: Vec<&String> = codes.collect();
    codes.iter().all(|code| ids::is_code(code)) && codes.windows(2).all(|pair| pair[0] < pair[1])
}

pub(super) fn catalogue_form(body: &MajorCatalogue, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.major_catalogue", faults);
    form.code(&body.code, "code");
    form.version(body.version);
    form.time(body.effective_from, "effective_from");
    form.present(!body.majors.is_empty(), "majors");
    form.well_formed(ascend(body.categories.iter().map(|it| &it.code)), "categories.code");
    form.well_formed(ascend(body.classes.iter().map(|it| &it.code)), "classes.code");
    form.well_formed(ascend(body.majors.iter().map(|it| &it.code)), "majors.code");
    form.well_formed(body.categories.iter().all(|it| ids::are_names(&it.names)), "categories.names");
    form.well_formed(body.classes.iter().all(|it| ids::are_names(&it.names)), "classes.names");
    form.well_formed(body.majors.iter().all(|it| ids::are_names(&it.names)), "majors.names");
    let category = |code: &String| body.categories.iter().any(|it| it.code == *code);
    form.well_formed(body.classes.iter().all(|it| category(&it.category)), "classes.category");
    let class = |code: &String| body.classes.iter().any(|it| it.code == *code);
    form.well_formed(body.majors.iter().all(|it| class(&it.major_class)), "majors.major_class");
    form.well_formed(body.majors.iter().all(|it| (1..=3).contains(&it.training_level)), "majors.training_level");
}

pub(super) fn catalogue_rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &MajorCatalogue) -> Check {
    next_version(case, Kind::MajorCatalogue, &body.code, body.version)
}

pub(super) fn write_catalogue<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &MajorCatalogue,
) -> Result<(), ReadError> {
    let majors = body.majors.iter().map(|it| MajorRow {
        code: it.code.clone(),
        class: it.major_class.clone(),
        training_level: it.training_level,
    });
    let row = CatalogueRow {
        effective_from: body.effective_from,
        classes: body.classes.iter().map(|it| (it.code.clone(), it.category.clone())).collect(),
        majors: majors.collect(),
    };
    write_offer(writer, entry, Kind::MajorCatalogue, (&body.code, body.version), OfferBody::Catalogue(row))
}

pub(super) fn filed_form(body: &FiledMajors, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.filed_majors", faults);
    form.institution(&body.institution, "institution");
    form.present(body.training_level > 0, "training_level");
    form.well_formed(body.training_level <= CONTINUING, "training_level");
    form.present(body.year > 0, "year");
    form.well_formed(body.year == 0 || YEARS.contains(&body.year), "year");
    form.well_formed(body.majors.len() <= ids::LIST && ascend(body.majors.iter()), "majors");
    form.present(body.catalogue_index > 0, "catalogue_index");
}

pub(super) fn filed_reads(body: &FiledMajors, keys: &mut Vec<Key>) {
    let index = body.catalogue_index;
    keys.extend([rows::institution(&body.institution), rows::offer(index), rows::standing(index)]);
}

/// The province of the institution, or the nation.
pub(super) fn filed_may<S: Read + ?Sized>(case: &Case<'_, S>, body: &FiledMajors) -> Check {
    let Some(row) = case.state.institution(&body.institution)? else { return Ok(()) };
    parties::authority_over(case, &row.region, "statement.filed_majors.institution")
}

/// The institution is there; every major is one of the catalogue in force, of the level that is filed for.
pub(super) fn filed_references<S: Read + ?Sized>(case: &Case<'_, S>, body: &FiledMajors) -> Check {
    let known = case.state.institution(&body.institution)?.is_some();
    ensure(known, Rejection::ReferenceUnknown, "statement.filed_majors.institution")?;
    if body.catalogue_index == 0 {
        return Ok(()); // its own fault
    }
    let OfferBody::Catalogue(catalogue) = case.offer(body.catalogue_index, CATALOGUE)?.body else {
        return Err(Refusal::new(Rejection::ReferenceWrongKind, CATALOGUE).into());
    };
    let of_level = |level: u32| body.training_level == CONTINUING || body.training_level == level;
    let unknown = body.majors.iter().find(|code| !catalogue.major(code).is_some_and(|it| of_level(it.training_level)));
    if let Some(code) = unknown {
        let refusal = Refusal::new(Rejection::ReferenceUnknown, "statement.filed_majors.majors");
        return Err(refusal.detail(format!("{code} is no major of the catalogue at this level")).into());
    }
    case.in_force(body.catalogue_index, CATALOGUE)?;
    ensure(catalogue.effective_from <= case.logged_at, Rejection::ReferenceNotInForce, CATALOGUE)
}

pub(super) fn write_filed<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &FiledMajors) {
    let row = FiledRow { entry: writer.index(), catalogue: body.catalogue_index, majors: body.majors.clone() };
    writer.put(rows::filed(&body.institution, body.training_level, body.year), &row);
}

/// Whether an institution, or one that it took over, filed a major for a level and year.
pub(super) fn is_filed<S: Read + ?Sized>(
    case: &Case<'_, S>,
    which: (u32, u32),
    major: &str,
) -> Result<bool, ReadError> {
    let lists = |row: &FiledRow| row.majors.binary_search_by(|code| code.as_str().cmp(major)).is_ok();
    any_filing(case, which, lists)
}

/// Whether it filed any.
pub(super) fn has_filed<S: Read + ?Sized>(case: &Case<'_, S>, which: (u32, u32)) -> Result<bool, ReadError> {
    any_filing(case, which, |row| !row.majors.is_empty())
}

fn any_filing<S: Read + ?Sized>(
    case: &Case<'_, S>,
    (level, year): (u32, u32),
    is: impl Fn(&FiledRow) -> bool,
) -> Result<bool, ReadError> {
    let mut line = crate::case::predecessors(case.state, case.institution.as_ref())?;
    line.insert(0, case.issuer.to_owned());
    for institution in line {
        let Some((_, row)) = case.state.value::<FiledRow>(&rows::filed(&institution, level, year))? else { continue };
        if is_in_force(&case.state.standing(row.entry)?, case.logged_at) && is(&row) {
            return Ok(true);
        }
    }
    Ok(false)
}
