//! Genesis, accreditation, and what becomes of institutions (rules.md 1 "trust", 2 "Institution ended").

use super::book::{Authority, Book, Institution, KeyFact, State, Waiting};
use super::judge::{Case, Change, Judge};
use super::keys::granted;
use super::policies::InForce;
use super::remarks::Remark;
use super::text::{are_names, covers, is_institution, is_region};
use crate::flag::FlagCode;
use crate::rejection::Rejection;
use xuefen_core::key::KeyId;
use xuefen_core::proto::change_institution::Change as What;
use xuefen_core::proto::{
    AccreditInstitution, AuthorityRole, ChangeInstitution, EndEffect, Genesis, InstitutionGround, InstitutionKind,
    Name, Severity,
};

/// The first entry: trusted only through authority.txt.
pub(super) fn genesis(case: &Case<'_>, body: &Genesis, trusted: &[KeyId], judge: &mut Judge) -> Option<Change> {
    judge.unless(case.index == 0, Rejection::GenesisExists, String::new);
    let keys: Vec<(KeyId, KeyFact, Vec<Name>)> =
        body.keys.iter().filter_map(|grant| granted(case, grant, judge)).collect();
    judge.unless(keys.len() == body.keys.len(), Rejection::PublicKeyBad, String::new);
    let national = |key: &KeyFact| key.accredits() == Some("");
    let status = |key: &KeyFact| matches!(&key.role, Some((AuthorityRole::Status, _)));
    let whole = keys.iter().any(|(_, key, _)| national(key)) && keys.iter().any(|(_, key, _)| status(key));
    judge.unless(whole, Rejection::GenesisUntrusted, || "national accredit key or status key is missing".to_owned());
    let signed = keys.iter().any(|(id, key, _)| {
        trusted.contains(id) && case.key_ids.contains(id) && national(key) && key.owner == case.issuer
    });
    judge.unless(signed, Rejection::GenesisUntrusted, || "no key of authority.txt that it names signed it".to_owned());
    Some(Box::new(move |book| {
        for (id, key, names) in keys {
            introduce(book, id, key, names);
        }
    }))
}

/// A key with a role makes its owner an authority.
pub(super) fn introduce(book: &mut Book, id: KeyId, key: KeyFact, names: Vec<Name>) {
    let entry = key.entry;
    let authority = book.authorities.get_or(key.owner.clone(), || Authority { names: Vec::new(), entry });
    if !names.is_empty() {
        authority.names = names;
    }
    book.keys.insert(id, key);
}

/// Whether the nation and, where there is a region, its province are among these (authority, region).
fn both(parties: &[(String, String)], region: &str) -> bool {
    let nation = parties.iter().any(|(_, of)| of.is_empty());
    let province = parties.iter().any(|(_, of)| !of.is_empty() && covers(of, region));
    nation && (province || region.is_empty())
}

/// The issuer accredits, and in this region.
pub(super) fn may_accredit(case: &Case<'_>, region: &str, judge: &mut Judge) {
    let regions = case.accredits_in();
    if judge.unless(!regions.is_empty(), Rejection::NotEntitled, || case.issuer.to_owned()) {
        let own = regions.iter().any(|of| covers(of, region));
        judge.unless(own, Rejection::RegionNotAllowed, || format!("{regions:?} in {region:?}"));
    }
}

/// An accreditation brings nobody back: that is what `Reinstate` is for.
pub(super) fn not_ended(body: &AccreditInstitution, time: i64, book: &Book, judge: &mut Judge) {
    let now = book.institutions.get(&body.institution).and_then(|it| it.at(time));
    let ended = matches!(now, Some(State::Revoked { .. } | State::Merged { .. }));
    judge.unless(!ended, Rejection::InstitutionState, || format!("{now:?}"));
}

pub(super) fn accredit(case: &Case<'_>, body: &AccreditInstitution, book: &Book, judge: &mut Judge) -> Option<Change> {
    not_ended(body, case.logged_at, book, judge);
    may_accredit(case, &body.region, judge);
    judge.unless(is_institution(&body.institution), Rejection::InstitutionIdMalformed, || body.institution.clone());
    let placed = body.region.is_empty() || is_region(&body.region);
    judge.unless(placed, Rejection::RegionMalformed, || body.region.clone());
    let kind = InstitutionKind::try_from(body.kind);
    judge.unless(kind != Ok(InstitutionKind::Unspecified), Rejection::FieldMissing, || "kind".to_owned());
    judge.unless(kind.is_ok(), Rejection::FieldMalformed, || "kind".to_owned());
    judge.unless(!body.names.is_empty(), Rejection::FieldMissing, || "names".to_owned());
    judge.unless(are_names(&body.names), Rejection::FieldMalformed, || "names".to_owned());
    judge.unless(body.highest_skill_level <= 8, Rejection::FieldMalformed, || "highest_skill_level".to_owned());
    let parent = body.parent.is_empty() || is_institution(&body.parent);
    judge.unless(parent, Rejection::InstitutionIdMalformed, || "parent".to_owned());
    Some(proposed(case, Waiting::Accredit(body.clone()), body.region.clone()))
}

/// In force at once if both have signed; else it waits for a Countersign.
fn proposed(case: &Case<'_>, what: Waiting, region: String) -> Change {
    let (index, logged_at, keys) = (case.index, case.logged_at, case.key_ids.clone());
    Box::new(move |book| {
        if both(&book.accrediting(&keys), &region) {
            take_force(book, &what, index, None, logged_at);
        } else {
            book.waiting.insert(index, what);
            book.standing(index).pending = true;
        }
    })
}

/// The region that decides which province has a say in something that waits.
fn region_of(waiting: &Waiting, book: &Book) -> String {
    match waiting {
        Waiting::Accredit(body) => body.region.clone(),
        Waiting::Change(body) => {
            book.institutions.get(&body.institution).map(|it| it.rights.region.clone()).unwrap_or_default()
        }
    }
}

/// Whether these keys are what a waiting entry waits for.
pub(super) fn completes(book: &Book, target: u64, keys: &[KeyId]) -> bool {
    let Some(waiting) = book.waiting.get(&target) else { return false };
    let mut all: Vec<KeyId> = book.entry(target).map(|entry| entry.keys.clone()).unwrap_or_default();
    all.extend(book.standings.get(&target).iter().flat_map(|it| &it.countersigned).flat_map(|it| &it.keys));
    all.extend(keys);
    both(&book.accrediting(&all), &region_of(waiting, book))
}

/// What waits takes force.
pub(super) fn completed(book: &mut Book, target: u64, by: u64, logged_at: i64) {
    let Some(waiting) = book.waiting.get(&target).cloned() else { return };
    book.waiting.remove(&target);
    let standing = book.standing(target);
    standing.pending = false;
    standing.completed_by = Some(by);
    take_force(book, &waiting, target, Some(by), logged_at);
}

fn take_force(book: &mut Book, what: &Waiting, entry: u64, completed_by: Option<u64>, from: i64) {
    let by = entry;
    match what {
        Waiting::Accredit(body) => {
            let new = || Institution {
                rights: body.clone(),
                accreditations: Vec::new(),
                names: Vec::new(),
                states: vec![(from, by, State::InForce)],
                took_over: Vec::new(),
            };
            let institution = book.institutions.get_or(body.institution.clone(), new);
            institution.rights = body.clone();
            institution.accreditations.push((from, entry, completed_by));
            institution.names.push((from, by, body.names.clone()));
        }
        Waiting::Change(body) => changed(book, body, by, from),
    }
}

fn changed(book: &mut Book, body: &ChangeInstitution, by: u64, from: i64) {
    let state = match &body.change {
        None => return,
        Some(What::Rename(it)) => {
            if let Some(institution) = book.institutions.get_mut(&body.institution) {
                institution.names.push((from, by, it.names.clone()));
            }
            return;
        }
        Some(What::Merge(it)) => {
            if let Some(successor) = book.institutions.get_mut(&it.successor) {
                successor.took_over.push(body.institution.clone());
            }
            State::Merged { successor: it.successor.clone() }
        }
        Some(What::Suspend(it)) => {
            State::Suspended { until: if it.until == 0 { i64::MAX } else { it.until }, ground: it.ground }
        }
        Some(What::Revoke(it)) => {
            let since = (it.effect == EndEffect::Retroactive as i32).then_some(it.since);
            State::Revoked { ground: it.ground, since }
        }
        Some(What::Reinstate(_)) => State::InForce,
    };
    if let Some(institution) = book.institutions.get_mut(&body.institution) {
        institution.states.push((from, by, state));
    }
}

pub(super) fn change(case: &Case<'_>, body: &ChangeInstitution, book: &Book, judge: &mut Judge) -> Option<Change> {
    let institution = book.institutions.get(&body.institution);
    judge.unless(institution.is_some(), Rejection::ReferenceUnknown, || body.institution.clone());
    let institution = institution?;
    let region = institution.rights.region.clone();
    may_accredit(case, &region, judge);
    judge.unless(body.change.is_some(), Rejection::FieldMissing, || "change".to_owned());
    let change = body.change.as_ref()?;
    well_formed(case, change, judge);
    change_fits(&body.institution, change, case.logged_at, book, judge);
    let (index, place, time) = (case.index, region.clone(), case.logged_at);
    let remark = ground(change, &book.policy_in(&place, time), judge);
    let done: Change = match change {
        // The province alone, or the nation.
        What::Rename(_) | What::Suspend(_) => {
            let (what, from) = (Waiting::Change(body.clone()), case.logged_at);
            Box::new(move |book| take_force(book, &what, index, None, from))
        }
        _ => proposed(case, Waiting::Change(body.clone()), region),
    };
    Some(Box::new(move |book| {
        done(book);
        if let Some(remark) = remark {
            book.remarks.insert(index, (vec![remark], Vec::new()));
        }
    }))
}

/// The ground is on the policy's list, and what becomes of earlier entries is what the policy says of it, or remarked on.
fn ground(change: &What, policy: &InForce<'_>, judge: &mut Judge) -> Option<Remark> {
    let (ground, effect) = match change {
        What::Suspend(it) => (it.ground, 0),
        What::Revoke(it) => (it.ground, it.effect),
        _ => return None,
    };
    let name = InstitutionGround::try_from(ground).ok()?.as_str_name();
    let code = name.replace("INSTITUTION_GROUND_", "").to_lowercase();
    let usual = policy.ground(&code);
    judge.unless(usual.is_some(), Rejection::GroundNotListed, || code);
    let usual = i32::try_from(usual?).ok().filter(|usual| *usual != 0 && effect != 0 && *usual != effect);
    usual.map(|_| Remark {
        code: FlagCode::EffectNotDefault,
        severity: Severity::Advisory,
        policy: 0,
        field: "statement.change_institution.revoke.effect".to_owned(),
        reason: String::new(),
    })
}

fn well_formed(case: &Case<'_>, change: &What, judge: &mut Judge) {
    match change {
        What::Rename(it) => {
            judge.unless(!it.names.is_empty(), Rejection::FieldMissing, || "names".to_owned());
            judge.unless(are_names(&it.names), Rejection::FieldMalformed, || "names".to_owned());
        }
        What::Suspend(it) => {
            judge.unless(it.ground != 0, Rejection::FieldMissing, || "ground".to_owned());
            let ahead = it.until == 0 || it.until > case.logged_at;
            judge.unless(ahead, Rejection::FieldMalformed, || format!("until {}", it.until));
        }
        What::Revoke(it) => {
            judge.unless(it.ground != 0, Rejection::FieldMissing, || "ground".to_owned());
            judge.unless(it.effect != 0, Rejection::FieldMissing, || "effect".to_owned());
            let retroactive = it.effect == EndEffect::Retroactive as i32;
            judge.unless(!retroactive || it.since > 0, Rejection::FieldMissing, || "since".to_owned());
            judge.unless(retroactive || it.since == 0, Rejection::FieldMalformed, || "since".to_owned());
        }
        What::Merge(_) | What::Reinstate(_) => {}
    }
}

/// Whether a change fits what the institution is at a time. Also asked when a Countersign completes it.
pub(super) fn change_fits(id: &str, change: &What, time: i64, book: &Book, judge: &mut Judge) {
    let now = book.institutions.get(id).and_then(|it| it.at(time));
    let fits = match change {
        What::Rename(_) => !matches!(now, Some(State::Merged { .. })),
        What::Reinstate(_) => matches!(now, Some(State::Suspended { .. } | State::Revoked { .. })),
        What::Suspend(_) | What::Revoke(_) | What::Merge(_) => {
            !matches!(now, Some(State::Merged { .. } | State::Revoked { .. }))
        }
    };
    judge.unless(fits, Rejection::InstitutionState, || format!("{now:?}"));
    if let What::Merge(it) = change {
        let successor = book.institutions.get(&it.successor);
        judge.unless(successor.is_some(), Rejection::ReferenceUnknown, || it.successor.clone());
        let good = successor.is_some_and(|it| it.hindered(time).is_none()) && it.successor != id;
        judge.unless(good, Rejection::SuccessorWrong, || it.successor.clone());
    }
}
