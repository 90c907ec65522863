//! What the outcomes say that a posting rests on: cited evidence, parts, an assessor's own outcomes. Read by the pool, so
//! that the thread that decides opens no payload; only rules ask for it, rows never rest on it (rows.rs).

use crate::day::Day;
use crate::facts::OutcomeFacts;
use crate::posting::Sources;
use std::collections::BTreeMap;
use xuefen_core::commitment::Tag as Number;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::payload::{Payload, integer, text};

/// Deepest that parts have parts (rules.md 4).
pub(crate) const DEPTH: usize = 4;

/// Most parts of an outcome, parts of parts included.
pub(crate) const PARTS: usize = 64;

/// What rules ask of an outcome that another one rests on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    pub(crate) level: u64,
    pub(crate) family: u64,
    pub(crate) contest_tier: String,
    pub(crate) activity_kind: String,
    pub(crate) project_type: String,
    pub(crate) title_rank: String,
    pub(crate) achieved_on: Option<Day>,
    pub(crate) scheme: u64,
    pub(crate) component: String,
    pub(crate) score_millis: Option<u64>,
    pub(crate) parts: Vec<u64>,
}

impl Source {
    fn of(payload: &Payload) -> Self {
        let value = |tag: Tag| Number::new(tag.number).and_then(|number| payload.value(number)).unwrap_or_default();
        let number = |tag: Tag| integer(value(tag)).unwrap_or(0);
        let word = |tag: Tag| text(value(tag)).unwrap_or_default().to_owned();
        Self {
            level: number(tags::LEVEL),
            family: number(tags::FAMILY),
            contest_tier: word(tags::CONTEST_TIER),
            activity_kind: word(tags::ACTIVITY_KIND),
            project_type: word(tags::PROJECT_TYPE),
            title_rank: word(tags::TITLE_RANK),
            achieved_on: Day::parse(value(tags::ACHIEVED_ON)),
            scheme: number(tags::SCHEME),
            component: word(tags::COMPONENT),
            score_millis: integer(value(tags::SCORE_MILLIS)).ok(),
            parts: value(tags::PARTS).split(|byte| *byte == b',').filter_map(|part| integer(part).ok()).collect(),
        }
    }
}

/// The outcomes that a posting rests on, as far as they are there.
pub(crate) fn read(facts: &OutcomeFacts, sources: &dyn Sources) -> BTreeMap<u64, Source> {
    let mut found = BTreeMap::new();
    // Level by level, so that what is a part twice is looked into where it is least deep.
    let mut open: Vec<(u64, usize)> = facts.parts.iter().map(|index| (*index, 1)).collect();
    let mut at = 0;
    // Far more than may be: the rest changes no answer.
    while let Some((index, depth)) = open.get(at).copied().filter(|_| found.len() <= 4 * PARTS) {
        at += 1;
        let Some(source) = one(index, &mut found, sources).filter(|_| depth <= DEPTH) else { continue };
        open.extend(source.parts.iter().map(|part| (*part, depth + 1)));
    }
    // Other evidence is looked at for itself alone.
    let cites = facts.cites.iter().filter(|_| facts.route.is_some());
    for index in cites.chain(&facts.assessor_evidence) {
        one(*index, &mut found, sources);
    }
    found
}

/// Reads one outcome; `None` if it was read already, or is not there.
fn one<'a>(index: u64, found: &'a mut BTreeMap<u64, Source>, sources: &dyn Sources) -> Option<&'a Source> {
    if found.contains_key(&index) {
        return None;
    }
    let source = Source::of(&sources.payload(index)?);
    Some(found.entry(index).or_insert(source))
}

/// What a decision on a conversion asks of an outcome that it uses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opened {
    /// Tag 1.
    pub(crate) nullifier_key: Option<[u8; 32]>,
    pub(crate) achieved_on: Option<Day>,
    /// As it is written.
    pub(crate) achieved_text: String,
    pub(crate) credit_millis: u64,
    pub(crate) grade: String,
    pub(crate) scale: String,
    pub(crate) level: u64,
    pub(crate) offer: u64,
    pub(crate) family: u64,
    pub(crate) major: String,
    pub(crate) parts: Vec<u64>,
}

impl Opened {
    pub(crate) fn of(payload: &Payload) -> Self {
        let value = |tag: Tag| Number::new(tag.number).and_then(|number| payload.value(number)).unwrap_or_default();
        let number = |tag: Tag| integer(value(tag)).unwrap_or(0);
        let word = |tag: Tag| text(value(tag)).unwrap_or_default().to_owned();
        Self {
            nullifier_key: value(tags::NULLIFIER_KEY).try_into().ok(),
            achieved_on: Day::parse(value(tags::ACHIEVED_ON)),
            achieved_text: word(tags::ACHIEVED_ON),
            credit_millis: number(tags::CREDIT_MILLIS),
            grade: word(tags::GRADE),
            scale: word(tags::SCALE),
            level: number(tags::LEVEL),
            offer: number(tags::OFFER),
            family: number(tags::FAMILY),
            major: word(tags::MAJOR),
            parts: value(tags::PARTS).split(|byte| *byte == b',').filter_map(|part| integer(part).ok()).collect(),
        }
    }
}

/// Outcomes and, as deep as they go, their parts.
pub(crate) fn open(indices: impl IntoIterator<Item = u64>, sources: &dyn Sources) -> BTreeMap<u64, Opened> {
    let mut found = BTreeMap::new();
    let mut open: Vec<(u64, usize)> = indices.into_iter().map(|index| (index, 0)).collect();
    let mut at = 0;
    // Level by level, as above.
    while let Some((index, depth)) = open.get(at).copied() {
        at += 1;
        if found.len() > 4 * PARTS || found.contains_key(&index) {
            continue;
        }
        let Some(opened) = sources.payload(index).as_ref().map(Opened::of) else { continue };
        if depth < DEPTH {
            open.extend(opened.parts.iter().map(|part| (*part, depth + 1)));
        }
        found.insert(index, opened);
    }
    found
}

/// How many parts an outcome has, and how deep they go; stops as soon as either is too much. Fails with a part that was not
/// read, as one that was erased: of what it is made of nothing can be said.
pub(crate) fn extent(parts: &[u64], sources: &BTreeMap<u64, Source>) -> Result<(usize, usize), u64> {
    let (mut count, mut depth) = (0, 0);
    let mut level = parts.to_vec();
    while !level.is_empty() {
        depth += 1;
        count += level.len();
        if depth > DEPTH || count > PARTS {
            break;
        }
        let mut below = Vec::new();
        for index in level {
            below.extend(&sources.get(&index).ok_or(index)?.parts);
        }
        level = below;
    }
    Ok((count, depth))
}
