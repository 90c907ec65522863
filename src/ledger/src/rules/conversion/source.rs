//! Outcomes as rules of conversion see them: what the state knows and what their payloads say, put together.

use crate::access::Access;
use crate::case::{policy_of, predecessors};
use crate::conversion::Candidate;
use crate::day::Day;
use crate::grade::{mark_on, passes};
use crate::rows::{OfferBody, OfferRow};
use crate::sources::Opened;
use crate::state::{Read, ReadError};
use crate::status::{EntryStatus, own_status};

/// Characters of a major's code that are its class (专业类), as catalogues of majors number them.
const CLASS: usize = 4;

/// An outcome as of a time; `None` if there is no such entry.
pub(crate) fn candidate<S: Read + ?Sized>(
    state: &S,
    index: u64,
    opened: &Opened,
    now: i64,
) -> Result<Option<Candidate>, ReadError> {
    let Some(entry) = state.entry(index)? else { return Ok(None) };
    let issuer = state.institution(&entry.issuer)?;
    let mut issuers = vec![entry.issuer.clone()];
    issuers.extend(predecessors(state, issuer.as_ref())?);
    let policy = policy_of(state, &entry.issuer, entry.logged_at)?;
    let scale = policy.scale(&opened.scale);
    let graded = scale.filter(|_| !opened.grade.is_empty());
    let family = if opened.family == 0 { None } else { state.offer(opened.family)? };
    let offer = if opened.offer == 0 { None } else { state.offer(opened.offer)? };
    let tier = crate::tier::assurance_tier(&state, index, (opened.offer > 0).then_some(opened.offer))?;
    Ok(Some(Candidate {
        index,
        kind: i32::from(entry.outcome_kind),
        issuers,
        issuer_kind: issuer.as_ref().map_or(0, |row| row.kind),
        issuer_sector: issuer.as_ref().map_or(0, |row| row.sector),
        family: family.as_ref().map(|offer| offer.code.clone()).unwrap_or_default(),
        level: u32::try_from(opened.level).unwrap_or(0),
        course_code: offer.map(|offer| offer.code).unwrap_or_default(),
        major_class: opened.major.get(..CLASS).unwrap_or_default().to_owned(),
        scale: opened.scale.clone(),
        mark_millis: graded.and_then(|scale| mark_on(scale, &opened.grade)),
        passed: graded.and_then(|scale| passes(scale, &opened.grade)).unwrap_or(true),
        tier: tier.unwrap_or(0),
        achieved_on: opened.achieved_on.unwrap_or(Day(0)),
        credit_millis: opened.credit_millis,
        status: worth(state, index, opened, family.as_ref(), now)?,
    }))
}

/// What it is worth: what was said of it, doubt about it, and the end of its family's validity.
fn worth<S: Read + ?Sized>(
    state: &S,
    index: u64,
    opened: &Opened,
    family: Option<&OfferRow>,
    now: i64,
) -> Result<EntryStatus, ReadError> {
    let status = own_status(state, index, now)?.unwrap_or(EntryStatus::Erased);
    let validity = match family.map(|offer| &offer.body) {
        Some(OfferBody::Family(row)) => row.validity_days,
        _ => 0,
    };
    let through = opened.achieved_on.filter(|_| validity > 0).map(|day| Day(day.0.saturating_add_unsigned(validity)));
    let expired = status == EntryStatus::Valid && through.is_some_and(|day| day.end() <= now);
    Ok(if expired { EntryStatus::Expired } else { status })
}
