//! What happens to entries after they were logged (rules.md 1, "life cycle"; 2, "Keys", "Attempts").

use super::book::{Book, Countersigned, Seen, State, Waiting, What};
use super::cosign;
use super::judge::{Case, Change, Judge};
use super::policies;
use super::text::covers;
use super::trust;
use crate::rejection::Rejection;
use xuefen_core::key::KeyId;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::{ChangeInstitution, Countersign, EntryRef, LifecycleReason, Reinstate, Revoke, Suspend};

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

/// What was published by the entry that is referred to by its index, if it is there; it must be in force.
pub(super) fn reference<'b>(case: &Case<'_>, index: u64, book: &'b Book, judge: &mut Judge) -> Option<&'b What> {
    let known = index < case.index && book.entry(index).is_some_and(|entry| entry.good);
    if !judge.unless(known, Rejection::ReferenceUnknown, || format!("entry {index}")) {
        return None;
    }
    let offer = book.offers.get(&index);
    judge.unless(offer.is_some(), Rejection::ReferenceWrongKind, || format!("entry {index}"));
    let holds = book.counts(index, case.logged_at);
    judge.unless(holds, Rejection::ReferenceNotInForce, || format!("entry {index}"));
    offer.map(|offer| &offer.what)
}

/// Outcomes, standards and offers go out of force by life-cycle entries; keys, institutions and accounts have their own
/// kinds for it. What still waits for its second authority can be revoked.
fn has_life(entry: &Seen, waits: bool, judge: &mut Judge) {
    let kinds = [
        Kind::RecordOutcome,
        Kind::RecordingRule,
        Kind::Course,
        Kind::Module,
        Kind::CertificateFamily,
        Kind::Programme,
        Kind::Run,
        Kind::ConversionRule,
    ];
    let published =
        [Kind::Framework, Kind::MajorCatalogue, Kind::FiledMajors, Kind::Equivalence, Kind::ExamScheme, Kind::Pathway];
    let has = kinds.contains(&entry.kind) || published.contains(&entry.kind) || waits;
    judge.unless(has, Rejection::ReferenceWrongKind, || entry.kind.name().to_owned());
}

/// By the issuer, its successor, or an authority that accredits in its region.
fn entitled(case: &Case<'_>, entry: &Seen, book: &Book, judge: &mut Judge) {
    if book.line_of(case.issuer).contains(&entry.issuer) {
        return;
    }
    // An authority's own entries have no region: only the nation accredits there.
    let place = book.institutions.get(&entry.issuer).map(|it| it.rights.region.as_str()).unwrap_or_default();
    let accredits = case.accredits_in().iter().any(|of| covers(of, place));
    judge.unless(accredits, Rejection::NotEntitled, || format!("{} in {place:?}", case.issuer));
}

/// The reason is one that the policy lists, if it lists any.
fn listed(case: &Case<'_>, reason: i32, book: &Book, judge: &mut Judge) {
    let Ok(reason) = LifecycleReason::try_from(reason) else { return };
    let code = reason.as_str_name().replace("LIFECYCLE_REASON_", "").to_lowercase();
    let good = book.policy_for(case.issuer, case.logged_at).lists_reason(&code);
    judge.unless(good, Rejection::GroundNotListed, || code);
}

fn not_revoked(index: u64, book: &Book, judge: &mut Judge) {
    judge.unless(!book.is_revoked(index), Rejection::AlreadyRevoked, || format!("entry {index}"));
}

pub(super) fn suspend(case: &Case<'_>, body: &Suspend, book: &Book, judge: &mut Judge) -> Option<Change> {
    judge.unless(body.reason != 0, Rejection::FieldMissing, || "reason".to_owned());
    listed(case, body.reason, book, judge);
    let ahead = body.until - case.logged_at;
    let longest = book.policy_for(case.issuer, case.logged_at).days(policies::SUSPENSION) * 86_400;
    judge.unless(ahead > 0 && ahead <= longest, Rejection::SuspensionTooLong, || format!("{ahead} s"));
    let (index, entry) = target(case, body.target.as_ref(), book, judge)?;
    entitled(case, entry, book, judge);
    has_life(entry, false, judge);
    not_revoked(index, book, judge);
    let (until, by) = (body.until, case.index);
    Some(Box::new(move |book| book.standing(index).suspended = Some((until, by))))
}

pub(super) fn reinstate(case: &Case<'_>, body: &Reinstate, book: &Book, judge: &mut Judge) -> Option<Change> {
    let (index, entry) = target(case, body.target.as_ref(), book, judge)?;
    entitled(case, entry, book, judge);
    has_life(entry, false, judge);
    let suspended = book.standings.get(&index).and_then(|standing| standing.suspended);
    let held = suspended.is_some_and(|(until, _)| until > case.logged_at);
    judge.unless(held, Rejection::NotSuspended, || format!("entry {index}"));
    // What an authority suspended the issuer does not bring back.
    let by = suspended.and_then(|(_, by)| book.entry(by)).map(|entry| entry.issuer.clone());
    let own = by.is_none_or(|by| book.line_of(case.issuer).contains(&by)) || !case.accredits_in().is_empty();
    judge.unless(own, Rejection::NotEntitled, || case.issuer.to_owned());
    Some(Box::new(move |book| book.standing(index).suspended = None))
}

pub(super) fn revoke(case: &Case<'_>, body: &Revoke, book: &Book, judge: &mut Judge) -> Option<Change> {
    listed(case, body.reason, book, judge);
    judge.unless(body.reason != 0, Rejection::FieldMissing, || "reason".to_owned());
    let (index, entry) = target(case, body.target.as_ref(), book, judge)?;
    entitled(case, entry, book, judge);
    has_life(entry, book.waiting.contains_key(&index), judge);
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

/// Whether an entry is in doubt: its issuer ended back to before it, or one of its keys had been in other hands, and nobody
/// entitled has stood by it since.
pub(super) fn in_doubt(index: u64, entry: &Seen, book: &Book) -> bool {
    let standing = book.standings.get(&index);
    let stand_by = || standing.into_iter().flat_map(|it| &it.countersigned);
    let ended = book.institutions.get(&entry.issuer).and_then(|it| it.states.last()).is_some_and(|(_, by, state)| {
        let reaches = matches!(state, State::Revoked { since: Some(since), .. } if *since <= entry.logged_at);
        reaches && !stand_by().any(|it| it.by_authority && it.index > *by)
    });
    let sound = |keys: &[KeyId], logged_at: i64| {
        keys.iter().all(|id| {
            let since = book.keys.get(id).and_then(|key| key.end.as_ref()?.compromised_since);
            book.keys.contains_key(id) && since.is_none_or(|since| logged_at < since)
        })
    };
    let confirmed =
        || stand_by().any(|it| (it.by_authority || it.party == entry.issuer) && sound(&it.keys, it.logged_at));
    ended || (compromised(entry, book) && !confirmed())
}

pub(super) fn countersign(case: &Case<'_>, body: &Countersign, book: &Book, judge: &mut Judge) -> Option<Change> {
    let (index, entry) = target(case, body.target.as_ref(), book, judge)?;
    let about_another = [Kind::Countersign, Kind::Suspend, Kind::Reinstate, Kind::Revoke].contains(&entry.kind);
    judge.unless(!about_another, Rejection::ReferenceWrongKind, || entry.kind.name().to_owned());
    not_revoked(index, book, judge);
    let doubtful = compromised(entry, book);
    let review = entry.kind == Kind::DecideConversion && super::conversion::in_review(book, index);
    let own = entry.issuer == case.issuer && !doubtful && !review;
    judge.unless(!own, Rejection::AlreadyCountersigned, || "its own".to_owned());
    let before = book.standings.get(&index).is_some_and(|it| it.countersigned.iter().any(|it| it.party == case.issuer));
    judge.unless(!before || (review && entry.issuer == case.issuer), Rejection::AlreadyCountersigned, || {
        "twice".to_owned()
    });
    let lapsed = book.standings.get(&index).is_some_and(|it| cosign::has_lapsed(it, case.logged_at));
    judge.unless(!lapsed, Rejection::PendingLapsed, || format!("entry {index}"));
    let cosigned = cosign::completes(case, entry, book);
    let by_authority = !case.accredits_in().is_empty();
    // Anyone may stand by what waits; it takes force with the authority that was missing, if it still fits.
    if trust::completes(book, index, &case.key_ids) {
        match book.waiting.get(&index) {
            Some(Waiting::Accredit(body)) => trust::not_ended(body, case.logged_at, book, judge),
            Some(Waiting::Change(ChangeInstitution { institution, change: Some(what) })) => {
                trust::change_fits(institution, what, case.logged_at, book, judge);
            }
            _ => {}
        }
    }
    let (by, logged_at, keys) = (case.index, case.logged_at, case.key_ids.clone());
    let party = case.issuer.to_owned();
    Some(Box::new(move |book| {
        if trust::completes(book, index, &keys) {
            trust::completed(book, index, by, logged_at);
        }
        let standing = book.standing(index);
        if cosigned && standing.pending {
            standing.pending = false;
            standing.completed_by = Some(by);
        }
        let countersigned = Countersigned { party, index: by, logged_at, keys, by_authority };
        book.standing(index).countersigned.push(countersigned);
    }))
}
