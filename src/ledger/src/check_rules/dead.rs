//! Rules that nothing can ever meet: what they name is not there, has ended, or cannot be what they ask.

use super::{Finding, FindingCode, Registry};
use crate::explain::{Published, When};
use crate::state::ReadError;
use xuefen_core::kinds::outcomes;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{ConversionSource, OutcomeKind};

/// What a source asks for, the field that does, and the tag that outcomes need for it.
type Needed = (fn(&ConversionSource) -> bool, &'static str, Tag);

const NEEDED: [Needed; 4] = [
    (|it| !it.family.is_empty(), "sources.family", tags::FAMILY),
    (|it| !it.course_codes.is_empty(), "sources.course_codes", tags::OFFER),
    (|it| !it.major_class.is_empty(), "sources.major_class", tags::MAJOR),
    (|it| !it.scale.is_empty(), "sources.scale", tags::SCALE),
];

pub(super) fn check(
    rule: &Published,
    when: When,
    state: &impl Registry,
    found: &mut Vec<Finding>,
) -> Result<(), ReadError> {
    if (1..=when.time).contains(&rule.rule.effective_until) {
        return Ok(()); // its own finding
    }
    let index = rule.index;
    if !rule.programme.1.is_empty() {
        if !state.may_decide(&rule.owner)? {
            found.push(Finding::of(FindingCode::OwnerEnded, index, "").numbers(&rule.owner, &""));
        }
        let programme = rule.rule.programme_index;
        if state.offer(programme)?.is_none_or(|it| !it.stands) {
            found.push(Finding::of(FindingCode::ProgrammeEnded, index, "programme_index").numbers(&programme, &""));
        }
    }
    for offer in rule.rule.target.iter().flat_map(|target| &target.exempt) {
        if state.offer(*offer)?.is_none_or(|it| !it.stands) {
            found.push(Finding::of(FindingCode::ExemptEnded, index, "target.exempt").numbers(&offer, &""));
        }
    }
    for source in &rule.rule.sources {
        kinds(index, source, found);
        scale(rule, source, state, found)?;
        issuers(index, source, state, found)?;
    }
    Ok(())
}

/// Kinds of outcome that never have what is asked for.
fn kinds(index: u64, source: &ConversionSource, found: &mut Vec<Finding>) {
    let rows: Vec<_> = source
        .outcome_kinds
        .iter()
        .filter_map(|kind| outcomes::of(OutcomeKind::try_from(*kind).unwrap_or_default()))
        .collect();
    if rows.is_empty() {
        return;
    }
    for (_, field, tag) in NEEDED.iter().filter(|(asks, ..)| asks(source)) {
        if rows.iter().all(|row| !row.has(*tag)) {
            let names: Vec<&str> = rows.iter().map(|row| row.name).collect();
            found.push(Finding::of(FindingCode::KindWithout, index, *field).numbers(&names.join(","), &tag.name));
        }
    }
}

fn scale(
    rule: &Published,
    source: &ConversionSource,
    state: &impl Registry,
    found: &mut Vec<Finding>,
) -> Result<(), ReadError> {
    if source.scale.is_empty() {
        return Ok(());
    }
    match state.top_mark(&rule.owner, &source.scale)? {
        None => {
            found.push(Finding::of(FindingCode::ScaleUnknown, rule.index, "sources.scale").numbers(&source.scale, &""));
        }
        Some(top) if u64::from(source.lowest_mark_millis) > top => {
            let finding = Finding::of(FindingCode::MarkTooHigh, rule.index, "sources.lowest_mark_millis");
            found.push(finding.numbers(&source.lowest_mark_millis, &top));
        }
        Some(_) => {}
    }
    Ok(())
}

/// Issuers that a source names, and whether any of them has the family or course that it asks for. Of a source that names
/// none, anybody may have it.
fn issuers(
    index: u64,
    source: &ConversionSource,
    state: &impl Registry,
    found: &mut Vec<Finding>,
) -> Result<(), ReadError> {
    if source.issuers.is_empty() {
        return Ok(());
    }
    let field = "sources.issuers";
    let mut left = Vec::new();
    for issuer in &source.issuers {
        match state.issues(issuer)? {
            Some(true) => left.push(issuer),
            Some(false) => found.push(Finding::of(FindingCode::IssuerEnded, index, field).numbers(&issuer, &"")),
            None => found.push(Finding::of(FindingCode::IssuerUnknown, index, field).numbers(&issuer, &"")),
        }
    }
    if left.is_empty() {
        found.push(Finding::of(FindingCode::NoIssuerLeft, index, field));
    }
    if !source.family.is_empty() {
        let mut most = None;
        for issuer in &source.issuers {
            most = most.max(state.levels(issuer, &source.family)?);
        }
        match most {
            None => {
                found.push(
                    Finding::of(FindingCode::FamilyUnknown, index, "sources.family").numbers(&source.family, &""),
                );
            }
            Some(levels) if source.lowest_level > levels => {
                let finding = Finding::of(FindingCode::LevelUnknown, index, "sources.lowest_level");
                found.push(finding.numbers(&source.lowest_level, &levels));
            }
            Some(_) => {}
        }
    }
    let mut taught = source.course_codes.is_empty();
    for (issuer, code) in source.issuers.iter().flat_map(|it| source.course_codes.iter().map(move |code| (it, code))) {
        taught = taught || state.teaches(issuer, code)?;
    }
    if !taught {
        let codes = source.course_codes.join(",");
        found.push(Finding::of(FindingCode::CourseUnknown, index, "sources.course_codes").numbers(&codes, &""));
    }
    Ok(())
}
