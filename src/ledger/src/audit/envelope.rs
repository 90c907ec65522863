//! What every entry owes whatever its kind: ledger, time, issuer, nonce, attestations and their keys (rules.md 2,
//! formats.md 2).

use super::Counts;
use super::book::{Book, KeyFact};
use super::judge::{Case, Judge};
use super::policies;
use crate::rejection::Rejection;
use std::collections::BTreeSet;
use xuefen_core::attestation::{AttestationError, Claim};
use xuefen_core::key::PublicKey;
use xuefen_core::origin::Origin;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AuthorityRole, Charter, authority_key, institution_key};

/// A statement may be this far ahead of the ledger, seconds (formats.md 2).
const AHEAD: i64 = 300;

/// Ledger, time, nonce.
pub(super) fn statement(case: &Case<'_>, origin: &Origin, book: &Book, judge: &mut Judge) {
    let named = case.entry.statement().ledger();
    judge.unless(named == origin.as_str(), Rejection::WrongLedger, || format!("{named:?}"));
    let age = case.logged_at - case.issued_at;
    judge.unless(age >= -AHEAD, Rejection::IssuedInFuture, || format!("{} s ahead", -age));
    let oldest = book.policy_for(case.issuer, case.logged_at).days(policies::STATEMENT_AGE);
    judge.unless(age <= oldest, Rejection::StatementTooOld, || format!("{age} s old"));
    let before = book.nonces.get(&(case.issuer.to_owned(), case.entry.statement().nonce().0));
    judge.unless(before.is_none(), Rejection::NonceReused, || format!("by entry {before:?}"));
}

/// Whether the issuer may speak at all.
pub(super) fn issuer(case: &Case<'_>, book: &Book, judge: &mut Judge) {
    // Genesis makes its own issuer.
    if case.index == 0 && matches!(case.body, Body::Genesis(_)) {
        return;
    }
    let institution = book.institutions.get(case.issuer);
    let authority = book.authorities.contains_key(case.issuer);
    judge.unless(institution.is_some() || authority, Rejection::IssuerUnknown, || case.issuer.to_owned());
    if let Some(institution) = institution.filter(|_| !authority) {
        for time in [case.issued_at, case.logged_at] {
            if let Some(why) = institution.hindered(time) {
                judge.unless(false, why, || format!("at {time}"));
            }
        }
        let dissolved = book.charters.get(case.issuer).is_some_and(|(charter, _, _)| charter.seats.is_empty());
        judge.unless(!dissolved, Rejection::IssuerEnded, || "dissolved".to_owned());
    }
}

/// Public keys that the statement itself brings: they may sign it without being known.
fn brought(body: &Body) -> Vec<PublicKey> {
    let bytes: Vec<&[u8]> = match body {
        Body::Genesis(genesis) => genesis.keys.iter().map(|grant| grant.public_key.as_slice()).collect(),
        Body::AuthorityKey(body) => match &body.action {
            Some(authority_key::Action::Grant(grant)) => vec![&grant.public_key],
            _ => Vec::new(),
        },
        Body::InstitutionKey(body) => match &body.action {
            Some(institution_key::Action::Authorise(key)) => vec![&key.public_key],
            Some(institution_key::Action::Rotate(key)) => vec![&key.public_key],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    bytes.into_iter().filter_map(|bytes| PublicKey::parse(bytes).ok()).collect()
}

/// Every attestation: its key, whether that was in force, its path and signature. Gives the known keys.
pub(super) fn attestations(
    case: &Case<'_>,
    book: &Book,
    verified: &mut BTreeSet<Claim>,
    counts: &mut Counts,
    judge: &mut Judge,
) -> Vec<KeyFact> {
    let brought = brought(case.body);
    let leaf = case.entry.statement().leaf_hash();
    let mut known = Vec::new();
    for attestation in case.entry.attestations() {
        counts.attestations += 1;
        let id = attestation.key_id();
        let fact = book.keys.get(&id);
        if let Some(fact) = fact {
            for time in [case.issued_at, case.logged_at] {
                // The key of an institution that may not act is as little in force as one that ended.
                let owner = book.institutions.get(&fact.owner).filter(|_| fact.role.is_none());
                let acts = owner.is_none_or(|owner| owner.hindered(time).is_none());
                let holds = fact.in_force(time) && acts;
                judge.unless(holds, Rejection::KeyNotInForce, || format!("key {id} at {time}"));
            }
            known.push(fact.clone());
        }
        let public = fact.map(|fact| &fact.public).or_else(|| brought.iter().find(|public| public.id() == id));
        let Some(public) = public else {
            judge.unless(false, Rejection::KeyUnknown, || format!("key {id}"));
            // The path must be good whoever signed.
            let shape = attestation.batch_root(leaf);
            judge.unless(shape.is_ok(), Rejection::AttestationMalformed, || format!("key {id}"));
            continue;
        };
        let checked = attestation.claim(leaf, public).and_then(|claim| {
            // One signature of a batch is verified once; whose key it was and when it held is asked every time.
            if !verified.contains(&claim) {
                counts.signatures += 1;
                claim.verify(public)?;
                verified.insert(claim);
            }
            Ok(())
        });
        if let Err(error) = checked {
            let why = match error {
                AttestationError::BatchSize | AttestationError::Inclusion => Rejection::AttestationMalformed,
                _ => Rejection::BadSignature,
            };
            judge.unless(false, why, || error.to_string());
        }
    }
    known
}

/// Which keys of an issuer may sign a kind.
fn fits(body: &Body, key: &KeyFact) -> bool {
    let role = key.role.as_ref().map(|(role, _)| *role);
    let (institution, accredit) = (role.is_none(), role == Some(AuthorityRole::Accredit));
    match body {
        Body::Genesis(_) => true,
        // Rotation of an authority's key is also its owner's business, whatever the key is for.
        Body::AuthorityKey(_) => !institution,
        Body::AccreditInstitution(_) | Body::ChangeInstitution(_) => accredit,
        Body::OpenAccount(_)
        | Body::AmendAccount(_)
        | Body::BindKey(_)
        | Body::UnbindKey(_)
        | Body::MergeAccounts(_)
        | Body::ApplyConversion(_)
        | Body::AppealDecision(_)
        | Body::ReverseConversion(_)
        | Body::WithdrawApplication(_) => institution || role == Some(AuthorityRole::Intake),
        Body::Inspection(_) => institution || accredit || role == Some(AuthorityRole::Audit),
        Body::RecordOutcome(_) | Body::Course(_) | Body::Module(_) => institution,
        _ => institution || accredit,
    }
}

/// Whether a key is the issuer's, or a member's of the consortium that the issuer is.
fn speaks(case: &Case<'_>, key: &KeyFact, book: &Book) -> bool {
    let seated = |charter: &Charter| charter.seats.iter().any(|seat| seat.institution == key.owner);
    let member = book.charters.get(case.issuer).is_some_and(|(charter, _, _)| seated(charter));
    key.owner == case.issuer || (member && key.role.is_none())
}

/// One attestation is by a key of the issuer that may sign this kind.
pub(super) fn issuers_key(case: &Case<'_>, known: &[KeyFact], book: &Book, judge: &mut Judge) {
    if matches!(case.body, Body::Genesis(_)) {
        return;
    }
    let good = known.iter().any(|key| speaks(case, key, book) && fits(case.body, key));
    judge.unless(good, Rejection::KeyNotIssuers, || case.issuer.to_owned());
}
