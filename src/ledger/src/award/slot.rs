//! What counts at all, and together: all that is of one course or module is one slot, which counts once in each line.

use super::candidate::SHARED;
use super::{Asked, Candidate, OfferId, Origin};
use crate::day::Day;
use crate::status::EntryStatus;
use std::collections::{BTreeMap, BTreeSet};

/// Why an entry does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The programme does not list its course or module.
    NotListed,
    /// It is of no course or module, and another institution recorded it.
    Elsewhere,
    /// Its grade does not pass.
    NotPassed,
    /// It is not in force.
    NotValid(EntryStatus),
    /// It is older than the programme takes.
    TooOld {
        /// Days.
        age: u64,
        /// At most so many.
        most: u64,
    },
    /// A conversion used it, or an outcome that counts has it as a part.
    UsedBy(u64),
    /// An award of the same level counts it.
    InAward(u64),
}

impl Reason {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotListed => "NOT_LISTED",
            Self::Elsewhere => "ELSEWHERE",
            Self::NotPassed => "NOT_PASSED",
            Self::NotValid(_) => "NOT_VALID",
            Self::TooOld { .. } => "TOO_OLD",
            Self::UsedBy(_) => "USED_BY",
            Self::InAward(_) => "IN_AWARD",
        }
    }
}

/// An entry that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Leaf index.
    pub index: u64,
    /// The course or module it is of.
    pub offer: Option<OfferId>,
    /// Why.
    pub reason: Reason,
}

/// All that counts for one course or module, or one entry that is of none; ascending.
#[derive(Clone, Debug)]
pub(super) struct Slot<'a> {
    pub(super) offer: Option<&'a OfferId>,
    /// Its credits are of the programme.
    pub(super) has_credits: bool,
    pub(super) candidates: Vec<&'a Candidate>,
}

/// Which slot a candidate is in: its course or module, or itself.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    Offer(&'a OfferId),
    Alone(u64),
}

/// Sorts candidates, which come ascending and once each.
pub(super) fn sort<'a>(asked: &Asked, candidates: &[&'a Candidate], on: Day) -> (Vec<Slot<'a>>, Vec<LeftOut>) {
    let mut left_out = Vec::new();
    let mut leave = |it: &Candidate, reason| {
        left_out.push(LeftOut { index: it.index, offer: it.offer.clone(), reason });
    };
    let mut good = Vec::new();
    for candidate in candidates.iter().copied() {
        match alone(asked, candidate, on) {
            Some(reason) => leave(candidate, reason),
            None => good.push(candidate),
        }
    }
    let used = used(&good);
    let mut places: BTreeMap<Place<'_>, Slot<'_>> = BTreeMap::new();
    for candidate in good {
        if let Some(by) = used.get(&candidate.index) {
            leave(candidate, Reason::UsedBy(*by));
            continue;
        }
        let place = candidate.offer.as_ref().map_or(Place::Alone(candidate.index), Place::Offer);
        let has_credits = candidate.offer.is_some() || candidate.is_converted() || asked.parts.is_empty();
        let new = Slot { offer: candidate.offer.as_ref(), has_credits, candidates: Vec::new() };
        places.entry(place).or_insert(new).candidates.push(candidate);
    }
    left_out.sort_by(|a, b| (a.index, &a.offer).cmp(&(b.index, &b.offer)));
    (places.into_values().collect(), left_out)
}

/// Why a candidate does not count whatever else there is.
fn alone(asked: &Asked, candidate: &Candidate, on: Day) -> Option<Reason> {
    let here = !matches!(candidate.origin, Origin::Recorded { here: false, .. });
    match &candidate.offer {
        Some(offer) if !asked.lists(offer) => return Some(Reason::NotListed),
        Some(_) if asked.parts.is_empty() && !here => return Some(Reason::Elsewhere),
        None if !here => return Some(Reason::Elsewhere),
        _ => {}
    }
    if !candidate.passed {
        return Some(Reason::NotPassed);
    }
    if candidate.status != EntryStatus::Valid {
        return Some(Reason::NotValid(candidate.status.clone()));
    }
    let age = u64::try_from(i64::from(on.0) - i64::from(candidate.achieved_on.0)).unwrap_or(0);
    let most = u64::from(asked.programme.maximum_age_days);
    if most > 0 && age > most {
        return Some(Reason::TooOld { age, most });
    }
    if let Some(by) = candidate.used_by {
        return Some(Reason::UsedBy(by));
    }
    let no_share = asked.programme.caps.iter().all(|cap| cap.source_class != SHARED);
    let earlier = candidate.awarded(asked).filter(|earlier| !earlier.shared || no_share)?;
    Some(Reason::InAward(earlier.award))
}

/// What is used up by others that count: an outcome and its parts never both do, nor an outcome and what it was converted
/// into. What is itself used up still uses up its parts.
fn used(candidates: &[&Candidate]) -> BTreeMap<u64, u64> {
    let present: BTreeSet<u64> = candidates.iter().map(|it| it.index).collect();
    let mut used = BTreeMap::new();
    for candidate in candidates {
        for part in candidate.uses.iter().filter(|part| present.contains(*part) && **part != candidate.index) {
            used.entry(*part).or_insert(candidate.index);
        }
    }
    used
}
