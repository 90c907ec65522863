//! What happens to entries after they were logged (rules.md 1, "life cycle"; 2, "Keys", "Attempts").

use super::book::{Book, Countersigned, Seen, Waiting};
use super::judge::{Case, Change, Judge};
use super::text::covers;
use super::trust;
use crate::rejection::Rejection;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{Countersign, EntryRef, Reinstate, Revoke, Suspend};

/// Longest suspension, seconds: 180 days.
const LONGEST: i64 = 180 * 86_400;

/// The entry that is referred to: there, and the one that is meant.
pub(super) fn target<'b>(
    case: &Case<'_>,
    target: Option<&EntryRef>,
    book: &'b Book,
    judge: &mut Judge,
) -> Option<(u64, &'b Seen)> {
    if !judge.unless(target.is_some(), Rejection::FieldMissing, || "target".to_owned()) {
        return None;
    }
    let target = target?;
    let entry = book.entry(target.index).filter(|_| target.index < case.index);
    let there = entry.is_some_and(|entry| entry.good);
    judge.unless(there, Rejection::ReferenceUnknown, || format!("entry {}", target.index));
    let entry = entry?;
    let meant = entry.leaf_hash.0 == target.leaf_hash.as_slice();
    judge.unless(meant, Rejection::ReferenceMismatch, || format!("entry {}", target.index));
    Some((target.index, entry))
}

/// Outcomes, standards, offers and what still waits for its second authority go out of force by life-cycle entries; keys,
/// institutions and accounts have their own kinds for it.
fn has_life(index: u64, entry: &Seen, book: &Book, judge: &mut Judge) {
    let kinds = [Kind::RecordOutcome, Kind::RecordingRule, Kind::Course, Kind::Module, Kind::CertificateFamily];
    let has = kinds.contains(&entry.kind) || book.waiting.contains_key(&index);
    judge.unless(has, Rejection::ReferenceWrongKind, || entry.kind.name().to_owned());
}

/// By the issuer, its successor, or an authority that accredits in its region.
fn entitled(case: &Case<'_>, entry: &Seen, book: &Book, judge: &mut Judge) {
    if book.line_of(case.issuer).contains(&entry.issuer) {
        return;
    }
    let regions = case.accredits_in();
    if judge.unless(!regions.is_empty(), Rejection::NotEntitled, || case.issuer.to_owned()) {
        match book.institutions.get(&entry.issuer) {
            Some(institution) => {
                let place = &institution.rights.region;
                let own = regions.iter().any(|of| covers(of, place));
                judge.unless(own, Rejection::RegionNotAllowed, || format!("{regions:?} in {place:?}"));
            }
            // Of another authority's entry only the nation.
            None => {
                judge.unless(regions.contains(&""), Rejection::NotEntitled, || case.issuer.to_owned());
            }
        }
    }
}

fn not_revoked(index: u64, book: &Book, judge: &mut Judge) {
    judge.unless(!book.is_revoked(index), Rejection::AlreadyRevoked, || format!("entry {index}"));
}

pub(super) fn suspend(case: &Case<'_>, body: &Suspend, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(body.reason != 0, Rejection::FieldMissing, || "reason".to_owned());
    let ahead = body.until - case.logged_at;
    judge.unless(ahead > 0 && ahead <= LONGEST, Rejection::SuspensionTooLong, || format!("{ahead} s"));
    let (index, entry) = target(case, body.target.as_ref(), book, judge)?;
    entitled(case, entry, book, judge);
    has_life(index, entry, book, judge);
    not_revoked(index, book, judge);
    let (until, by) = (body.until, case.index);
    Some(Box::new(move |book| book.standing(index).suspended = Some((until, by))))
}

pub(super) fn reinstate(case: &Case<'_>, body: &Reinstate, book: &Book, judge: &mut Judge) -> Option<Change> {
    let (index, entry) = target(case, body.target.as_ref(), book, judge)?;
    entitled(case, entry, book, judge);
    has_life(index, entry, book, judge);
    let suspended = book.standings.get(&index).and_then(|standing| standing.suspended);
    let held = suspended.is_some_and(|(until, _)| until > case.logged_at);
    judge.unless(held, Rejection::NotSuspended, || format!("entry {index}"));
    Some(Box::new(move |book| book.standing(index).suspended = None))
}

pub(super) fn revoke(case: &Case<'_>, body: &Revoke, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(body.reason != 0, Rejection::FieldMissing, || "reason".to_owned());
    let (index, entry) = target(case, body.target.as_ref(), book, judge)?;
    entitled(case, entry, book, judge);
    has_life(index, entry, book, judge);
    not_revoked(index, book, judge);
    let (reason, by) = (body.reason, case.index);
    Some(Box::new(move |book| {
        let standing = book.standing(index);
        standing.revoked = Some((reason, by));
        standing.suspended = None;
    }))
}

/// Whether a key that signed the entry had been in other hands when it was logged.
fn compromised(entry: &Seen, book: &Book) -> bool {
    entry
        .keys
        .iter()
        .filter_map(|id| book.keys.get(id)?.end.as_ref()?.compromised_since)
        .any(|since| entry.logged_at >= since)
}

pub(super) fn countersign(case: &Case<'_>, body: &Countersign, book: &Book, judge: &mut Judge) -> Option<Change> {
    let (index, entry) = target(case, body.target.as_ref(), book, judge)?;
    let about_another = [Kind::Countersign, Kind::Suspend, Kind::Reinstate, Kind::Revoke].contains(&entry.kind);
    judge.unless(!about_another, Rejection::ReferenceWrongKind, || entry.kind.name().to_owned());
    not_revoked(index, book, judge);
    let doubtful = compromised(entry, book);
    let own = entry.issuer == case.issuer && !doubtful;
    judge.unless(!own, Rejection::AlreadyCountersigned, || "its own".to_owned());
    let before = book.standings.get(&index).is_some_and(|it| it.countersigned.iter().any(|it| it.party == case.issuer));
    judge.unless(!before || doubtful, Rejection::AlreadyCountersigned, || "twice".to_owned());
    let by_authority = !case.accredits_in().is_empty();
    // Anyone may stand by what waits; it takes force with the authority that was missing, if it still fits.
    if trust::completes(book, index, &case.key_ids)
        && let Some(Waiting::Change(change)) = book.waiting.get(&index)
        && let Some(what) = &change.change
    {
        trust::change_fits(&change.institution, what, case.logged_at, book, judge);
    }
    let (by, logged_at, keys) = (case.index, case.logged_at, case.key_ids.clone());
    let party = case.issuer.to_owned();
    Some(Box::new(move |book| {
        if trust::completes(book, index, &keys) {
            trust::completed(book, index, by, logged_at);
        }
        let countersigned = Countersigned { party, index: by, logged_at, keys, by_authority };
        book.standing(index).countersigned.push(countersigned);
    }))
}
