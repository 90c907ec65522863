//! Keys of authorities and institutions (rules.md 2, "Keys").

use super::book::{Book, KeyEnded, KeyFact};
use super::judge::{Case, Change, Judge};
use super::policies;
use super::text::{covers, is_institution, is_region};
use super::trust::introduce;
use crate::rejection::Rejection;
use xuefen_core::key::{Algorithm, KeyId, PublicKey};
use xuefen_core::proto::institution_key::Action;
use xuefen_core::proto::{
    AuthorityKey, AuthorityKeyGrant, AuthorityRole, EndKey, InstitutionKey, KeyEndGround, Name, authority_key,
};

fn public_key(algorithm: i32, bytes: &[u8], judge: &mut Judge) -> Option<PublicKey> {
    let known = Algorithm::from_number(algorithm).is_some();
    let key = PublicKey::parse(bytes).ok().filter(|_| known);
    judge.unless(key.is_some(), Rejection::PublicKeyBad, String::new);
    key
}

/// (from, until) of a new key: never before this entry; 0 = without end.
fn validity(case: &Case<'_>, from: i64, until: i64, judge: &mut Judge) -> (i64, i64) {
    let until = if until == 0 { i64::MAX } else { until };
    judge.unless(from >= 0 && from < until, Rejection::FieldMalformed, || format!("valid from {from} until {until}"));
    (from.max(case.logged_at), until)
}

/// The key of a grant; none if its public key is bad.
pub(super) fn granted(
    case: &Case<'_>,
    grant: &AuthorityKeyGrant,
    judge: &mut Judge,
) -> Option<(KeyId, KeyFact, Vec<Name>)> {
    let public = public_key(grant.algorithm, &grant.public_key, judge)?;
    judge.unless(is_institution(&grant.authority), Rejection::InstitutionIdMalformed, || grant.authority.clone());
    let role = AuthorityRole::try_from(grant.role);
    judge.unless(role != Ok(AuthorityRole::Unspecified), Rejection::FieldMissing, || "role".to_owned());
    judge.unless(role.is_ok(), Rejection::FieldMalformed, || "role".to_owned());
    let placed = grant.region.is_empty() || is_region(&grant.region);
    judge.unless(placed, Rejection::RegionMalformed, || grant.region.clone());
    let (from, until) = validity(case, grant.valid_from, grant.valid_until, judge);
    let fact = KeyFact {
        owner: grant.authority.clone(),
        role: Some((role.unwrap_or_default(), grant.region.clone())),
        custodian: grant.authority.clone(),
        from,
        until,
        entry: case.index,
        replaces: None,
        end: None,
        public,
    };
    Some((fact.public.id(), fact, grant.names.clone()))
}

pub(super) fn authority_key(case: &Case<'_>, body: &AuthorityKey, book: &Book, judge: &mut Judge) -> Option<Change> {
    let national = case.accredits_in().contains(&"");
    match &body.action {
        None => {
            judge.unless(false, Rejection::FieldMissing, || "action".to_owned());
            None
        }
        Some(authority_key::Action::Grant(grant)) => {
            let (id, fact, names) = granted(case, grant, judge)?;
            // An owner replaces a key that it has by one of the same role and region, and gains nothing by it.
            let has = case.signers.iter().any(|key| key.owner == case.issuer && key.role == fact.role);
            let own = grant.authority == case.issuer && has;
            judge.unless(national || own, Rejection::NotEntitled, || case.issuer.to_owned());
            judge.unless(!book.keys.contains_key(&id), Rejection::KeyInUse, || id.to_string());
            Some(Box::new(move |book| introduce(book, id, fact, names)))
        }
        Some(authority_key::Action::End(end)) => {
            let (id, key) = to_end(end, book, judge)?;
            judge.unless(key.role.is_some(), Rejection::ReferenceWrongKind, || "not an authority's key".to_owned());
            let own = key.owner == case.issuer;
            judge.unless(national || own, Rejection::NotEntitled, || case.issuer.to_owned());
            Some(ended(case, id, end, national, book, judge))
        }
    }
}

pub(super) fn institution_key(
    case: &Case<'_>,
    body: &InstitutionKey,
    book: &Book,
    judge: &mut Judge,
) -> Option<Change> {
    let institution = book.institutions.get(&body.institution);
    judge.unless(institution.is_some(), Rejection::ReferenceUnknown, || body.institution.clone());
    let region = institution.map(|it| it.rights.region.clone()).unwrap_or_default();
    let regions = case.accredits_in();
    let authority = regions.iter().any(|of| covers(of, &region));
    let own = case.issuer == body.institution && case.signs_as_institution();
    match body.action.as_ref() {
        None => {
            judge.unless(false, Rejection::FieldMissing, || "action".to_owned());
            None
        }
        Some(Action::Authorise(new)) => {
            if judge.unless(!regions.is_empty(), Rejection::NotEntitled, || case.issuer.to_owned()) {
                judge.unless(authority, Rejection::RegionNotAllowed, || format!("{regions:?} in {region}"));
            }
            // A suspended one may get a new key; one that ended may not.
            let ended = institution.is_some_and(|it| it.hindered(case.logged_at) == Some(Rejection::IssuerEnded));
            judge.unless(!ended, Rejection::ReferenceNotInForce, || body.institution.clone());
            let custodian = is_institution(&new.custodian);
            judge.unless(!new.custodian.is_empty(), Rejection::FieldMissing, || "custodian".to_owned());
            judge.unless(custodian, Rejection::InstitutionIdMalformed, || "custodian".to_owned());
            let public = new_key(case, new.algorithm, &new.public_key, book, judge)?;
            let (from, until) = validity(case, new.valid_from, new.valid_until, judge);
            let fact = KeyFact {
                owner: body.institution.clone(),
                role: None,
                custodian: new.custodian.clone(),
                from,
                until,
                entry: case.index,
                replaces: None,
                end: None,
                public,
            };
            Some(Box::new(move |book| book.keys.insert(fact.public.id(), fact)))
        }
        Some(Action::Rotate(new)) => {
            judge.unless(own, Rejection::NotEntitled, || case.issuer.to_owned());
            let old = known(&new.old_key_id, book, judge);
            let public = new_key(case, new.algorithm, &new.public_key, book, judge);
            let ((old_id, old), public) = (old?, public?);
            rotated(case, body, (old_id, old), public, book, judge)
        }
        Some(Action::End(end)) => {
            let (id, key) = to_end(end, book, judge)?;
            let theirs = key.owner == body.institution && key.role.is_none();
            judge.unless(theirs, Rejection::ReferenceWrongKind, || id.to_string());
            if !own && judge.unless(!regions.is_empty(), Rejection::NotEntitled, || case.issuer.to_owned()) {
                judge.unless(authority, Rejection::RegionNotAllowed, || format!("{regions:?} in {region}"));
            }
            Some(ended(case, id, end, authority, book, judge))
        }
    }
}

/// A key that no one has, and that signs its own introduction.
fn new_key(case: &Case<'_>, algorithm: i32, bytes: &[u8], book: &Book, judge: &mut Judge) -> Option<PublicKey> {
    let public = public_key(algorithm, bytes, judge)?;
    let id = public.id();
    judge.unless(case.key_ids.contains(&id), Rejection::PossessionNotProven, || id.to_string());
    judge.unless(!book.keys.contains_key(&id), Rejection::KeyInUse, || id.to_string());
    Some(public)
}

fn rotated(
    case: &Case<'_>,
    body: &InstitutionKey,
    (old_id, old): (KeyId, &KeyFact),
    public: PublicKey,
    book: &Book,
    judge: &mut Judge,
) -> Option<Change> {
    let theirs = old.owner == body.institution && old.role.is_none();
    judge.unless(theirs, Rejection::ReferenceWrongKind, || old_id.to_string());
    judge.unless(old.end.is_none(), Rejection::KeyAlreadyEnded, || old_id.to_string());
    // "With its old key": the one that hands over must be among the signers.
    judge.unless(case.key_ids.contains(&old_id), Rejection::KeyNotIssuers, || old_id.to_string());
    let from = case.logged_at + book.policy_for(case.issuer, case.logged_at).days(policies::ROTATION);
    // It signs until the new one takes over: without that there would be a time without any key.
    let lasts = old.from <= case.logged_at && from < old.until;
    judge.unless(lasts, Rejection::ReferenceNotInForce, || old_id.to_string());
    let fact = KeyFact {
        owner: body.institution.clone(),
        role: None,
        custodian: old.custodian.clone(),
        from,
        until: i64::MAX,
        entry: case.index,
        replaces: Some((old_id, old.until)),
        end: None,
        public,
    };
    Some(Box::new(move |book| {
        if let Some(old) = book.keys.get_mut(&old_id) {
            old.until = old.until.min(from);
        }
        book.keys.insert(fact.public.id(), fact);
    }))
}

fn known<'b>(id: &[u8], book: &'b Book, judge: &mut Judge) -> Option<(KeyId, &'b KeyFact)> {
    let found = KeyId::from_slice(id).and_then(|id| Some((id, book.keys.get(&id)?)));
    judge.unless(found.is_some(), Rejection::ReferenceUnknown, || "key_id".to_owned());
    found
}

fn to_end<'b>(end: &EndKey, book: &'b Book, judge: &mut Judge) -> Option<(KeyId, &'b KeyFact)> {
    let (id, key) = known(&end.key_id, book, judge)?;
    // It may turn out later that a key that was only retired had been in other hands.
    let worse = key
        .end
        .as_ref()
        .is_none_or(|before| end.ground == KeyEndGround::Compromised as i32 && before.compromised_since.is_none());
    judge.unless(worse, Rejection::KeyAlreadyEnded, || id.to_string());
    Some((id, key))
}

fn ended(case: &Case<'_>, id: KeyId, end: &EndKey, by_authority: bool, book: &Book, judge: &mut Judge) -> Change {
    let own_compromise = book.policy_for(case.issuer, case.logged_at).days(policies::COMPROMISE) * 86_400;
    judge.unless(end.ground != 0, Rejection::FieldMissing, || "ground".to_owned());
    let compromised = end.ground == KeyEndGround::Compromised as i32;
    if compromised {
        let back = case.logged_at - end.compromised_since;
        judge.unless(end.compromised_since > 0, Rejection::FieldMissing, || "compromised_since".to_owned());
        judge.unless(back >= 0, Rejection::FieldMalformed, || "compromised_since".to_owned());
        judge.unless(by_authority || back <= own_compromise, Rejection::CompromiseNeedsAuthority, || {
            format!("{back} s back")
        });
    } else {
        judge.unless(end.compromised_since == 0, Rejection::FieldMalformed, || "compromised_since".to_owned());
    }
    let fact = KeyEnded {
        at: case.logged_at,
        by: case.index,
        ground: end.ground,
        compromised_since: compromised.then_some(end.compromised_since),
    };
    let time = case.logged_at;
    Box::new(move |book| {
        let Some(key) = book.keys.get_mut(&id) else { return };
        let at = key.end.as_ref().map_or(fact.at, |before| before.at);
        key.end = Some(KeyEnded { at, ..fact });
        // Ended before it took force: the rotation is cancelled, and the key before it goes on as it would have.
        let cancelled = key.replaces.filter(|_| time < key.from);
        if let Some((old, until)) = cancelled
            && let Some(old) = book.keys.get_mut(&old)
        {
            old.until = until;
        }
    })
}
