//! Single cells of a row of outcomes, each for itself. What cells mean together stands in `outcome`.

use std::collections::BTreeMap;

use xuefen_core::Hash;
use xuefen_core::kinds::outcomes::Outcome;
use xuefen_core::kinds::tags::{self, Tag, ValueType};

use super::offers::Family;
use super::problem::{Problem, Refused};
use super::sheet::Cells;
use super::value::{self, Date};

/// Most attempts at one course that the ledger takes.
const MAX_ATTEMPTS: u64 = 100;

/// Texts that somebody will look up by.
const IDENTIFIERS: [Tag; 8] = [
    tags::SOURCE_ID,
    tags::RUN,
    tags::CERTIFICATE_NUMBER,
    tags::MAJOR,
    tags::COMPETENCY,
    tags::TEAM,
    tags::EDITION,
    tags::COMPONENT,
];

/// Values by tag number.
pub type Values = BTreeMap<u32, Vec<u8>>;

/// Gives a tag its value.
pub fn set(values: &mut Values, tag: Tag, value: impl Into<Vec<u8>>) {
    values.insert(tag.number, value.into());
}

/// The value of a tag: what was worked out, else what the column of that name says.
pub fn field(cells: Cells<'_>, tag: Tag, values: &mut Values) -> Result<Vec<u8>, Refused> {
    if let Some(value) = values.remove(&tag.number) {
        return Ok(value);
    }
    let Some(cell) = cells.some(tag.name) else { return Ok(Vec::new()) };
    let number = || value::integer(cell).ok_or(Problem::Number);
    let read = match tag.value {
        ValueType::Text if IDENTIFIERS.contains(&tag) => Ok(value::identifier(cell).into_bytes()),
        ValueType::Text | ValueType::Grade => Ok(value::text(cell).into_bytes()),
        ValueType::Integer if tag == tags::ATTEMPT && !number().is_ok_and(|at| (1..=MAX_ATTEMPTS).contains(&at)) => {
            Err(Problem::Number)
        }
        ValueType::Integer => number().map(|number| number.to_string().into_bytes()),
        ValueType::Date => Date::parse(cell).map(|date| date.to_string().into_bytes()).ok_or(Problem::Date),
        ValueType::Bytes(16) => value::hex::<16>(cell).map(|bytes| bytes.to_vec()).ok_or(Problem::Hex),
        ValueType::Bytes(_) => value::hex::<32>(cell).map(|bytes| bytes.to_vec()).ok_or(Problem::Hex),
        ValueType::Index => match number() {
            Ok(0) | Err(_) => Err(Problem::Indices),
            Ok(number) => Ok(number.to_string().into_bytes()),
        },
        ValueType::Word(words) => {
            value::word(cell, words).map(|code| code.as_bytes().to_vec()).ok_or(Problem::Word { words })
        }
        ValueType::Indices => value::indices(cell).map(String::into_bytes).ok_or(Problem::Indices),
    };
    read.map_err(|problem| cells.refuse(tag.name, problem))
}

/// The level of a certificate by its code or its place in the family, from 1; empty if the family has none.
pub fn level(cells: Cells<'_>, family: &Family) -> Result<String, Refused> {
    if family.levels.is_empty() && cells.some("level").is_none() {
        return Ok(String::new());
    }
    let cell = cells.required("level")?;
    let word = value::identifier(cell);
    let by_word = family.levels.iter().position(|level| *level == word).map(|at| at as u64 + 1);
    let place =
        by_word.or_else(|| value::integer(cell)).filter(|place| (1..=family.levels.len() as u64).contains(place));
    place.map(|place| place.to_string()).ok_or_else(|| cells.refuse("level", Problem::UnknownLevel))
}

/// The record number of the sheet; a sheet without that column gets one made of what makes the record unique.
/// Only of what is taught, or has a certificate number, something does; other kinds need the column.
pub fn source_id(cells: Cells<'_>, form: &Outcome, values: &Values) -> Result<String, Refused> {
    let numbered = form.has(tags::CERTIFICATE_NUMBER) && cells.some("certificate_number").is_some();
    if cells.has("source_id") || !(numbered || form.required.contains(&tags::OFFER)) {
        return cells.required("source_id").map(value::identifier);
    }
    if let Some(number) = cells.some("certificate_number") {
        return Ok(value::identifier(number));
    }
    let attempt = cells.some("attempt").and_then(value::integer).unwrap_or(1);
    let learner = cells.some("learner_no").map(value::plain);
    let learner = learner.or_else(|| cells.some("account").map(value::plain));
    debug_assert!(values.contains_key(&tags::ACCOUNT.number), "the account was read before");
    let parts =
        [learner.unwrap_or_default(), value::identifier(cells.get("offer_code")), value::identifier(cells.get("run"))];
    Ok(format!("{}/{attempt}", parts.join("/")))
}

/// A version number; a sheet may leave it to the newest.
pub fn version(cells: Cells<'_>, field: &str) -> Result<Option<u32>, Refused> {
    let Some(cell) = cells.some(field) else { return Ok(None) };
    let version = value::integer(cell).and_then(|number| u32::try_from(number).ok());
    version.map(Some).ok_or_else(|| cells.refuse(field, Problem::Number))
}

/// The entry that the row corrects: leaf index and leaf hash, both or neither.
pub fn supersedes(cells: Cells<'_>) -> Result<Option<(u64, Hash)>, Refused> {
    if cells.some("supersedes_index").is_none() && cells.some("supersedes_hash").is_none() {
        return Ok(None);
    }
    let index = value::integer(cells.required("supersedes_index")?).filter(|index| *index > 0);
    let index = index.ok_or_else(|| cells.refuse("supersedes_index", Problem::Indices))?;
    let hash = value::hex(cells.required("supersedes_hash")?);
    Ok(Some((index, Hash(hash.ok_or_else(|| cells.refuse("supersedes_hash", Problem::Hex))?))))
}

/// Yes or no, in either language; empty is no.
pub fn yes(cells: Cells<'_>, field: &str) -> Result<bool, Refused> {
    match value::plain(cells.get(field)).to_lowercase().as_str() {
        "" | "0" | "no" | "n" | "false" | "否" => Ok(false),
        "1" | "yes" | "y" | "true" | "是" => Ok(true),
        _ => Err(cells.refuse(field, Problem::YesNo)),
    }
}
