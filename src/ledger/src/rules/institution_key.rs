//! `InstitutionKey`: keys of institutions are authorised, rotated and ended.

use super::authority_key::{end_rules, ended_key, unused, write_end, write_key};
use super::form::{Form, parse_key};
use super::parties;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::policy::number;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, KeyRow, Short, Status, key_short};
use crate::state::{Read, ReadError};
use xuefen_core::key::{KeyId, PublicKey};
use xuefen_core::proto::InstitutionKey;
use xuefen_core::proto::institution_key::Action;

const INSTITUTION: &str = "statement.institution_key.institution";

pub(super) fn new_key(body: &InstitutionKey) -> Option<PublicKey> {
    match body.action.as_ref()? {
        Action::Authorise(key) => parse_key(key.algorithm, &key.public_key),
        Action::Rotate(key) => parse_key(key.algorithm, &key.public_key),
        Action::End(_) => None,
    }
}

pub(super) fn form(body: &InstitutionKey, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.institution_key", faults);
    form.institution(&body.institution, "institution");
    match &body.action {
        None => form.present(false, "action"),
        Some(Action::Authorise(key)) => {
            form.key(key.algorithm, &key.public_key, key.valid_from, key.valid_until);
            form.institution(&key.custodian, "authorise.custodian");
        }
        Some(Action::Rotate(key)) => {
            form.well_formed(key.old_key_id.len() == 32, "rotate.old_key_id");
            form.key(key.algorithm, &key.public_key, 0, 0);
        }
        Some(Action::End(end)) => form.end(end),
    }
}

/// The new key signs too; without that, an institution could claim a key that it does not hold.
pub(super) fn possession<S: Read + ?Sized>(case: &Case<'_, S>, body: &InstitutionKey) -> Check {
    let Some(key) = new_key(body) else { return Ok(()) };
    let proven = case.prepared.attested.iter().any(|attested| attested.key == key.id());
    ensure(proven, Rejection::PossessionNotProven, "attestations")
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &InstitutionKey) -> Check {
    let Some(row) = case.state.institution(&body.institution)? else { return Ok(()) };
    let itself = case.acts_as_institution() && case.issuer == body.institution;
    match &body.action {
        Some(Action::Rotate(_)) => ensure(itself, Rejection::NotEntitled, "statement.issuer"),
        Some(Action::End(_)) if itself => Ok(()),
        _ => parties::authority_over(case, &row.region, INSTITUTION),
    }
}

/// The key that the action ends or replaces.
fn old_key(body: &InstitutionKey) -> Option<(Short, &'static str)> {
    match body.action.as_ref()? {
        Action::Authorise(_) => None,
        Action::Rotate(it) => {
            KeyId::from_slice(&it.old_key_id).map(|id| (key_short(&id), "statement.institution_key.rotate.old_key_id"))
        }
        Action::End(it) => ended_key(it).map(|id| (id, "statement.institution_key.end.key_id")),
    }
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &InstitutionKey) -> Check {
    let institution = case.state.institution(&body.institution)?;
    let institution = institution.ok_or_else(|| Refusal::new(Rejection::ReferenceUnknown, INSTITUTION))?;
    let old = old_key(body).map(|(id, field)| case.state.key_row(id).map(|row| (row, field))).transpose()?;
    if let Some((row, field)) = &old {
        let row = row.as_ref().ok_or_else(|| Refusal::new(Rejection::ReferenceUnknown, *field))?;
        let owned = row.owner == body.institution && row.role.is_none();
        ensure(owned, Rejection::ReferenceWrongKind, *field)?;
    }
    match (&body.action, &old) {
        (Some(Action::Authorise(_)), _) => {
            let ended = matches!(
                institution.status_at(case.logged_at),
                None | Some(Status::Revoked { .. } | Status::Merged { .. })
            );
            ensure(!ended, Rejection::ReferenceNotInForce, INSTITUTION)
        }
        (Some(Action::Rotate(_)), Some((Some(row), field))) => {
            let lasting =
                row.valid_at(case.logged_at) && row.valid_at(case.logged_at + case.policy()?.span(&number::ROTATION));
            ensure(lasting, Rejection::ReferenceNotInForce, *field)
        }
        _ => Ok(()),
    }
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &InstitutionKey) -> Check {
    case.faults(Rejection::PublicKeyBad)?;
    match &body.action {
        Some(Action::End(end)) => {
            let authority = case.is_authority_over(&body.institution)?;
            end_rules(case, end, authority, "statement.institution_key.end")
        }
        _ => unused(case, new_key(body).as_ref()),
    }
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &InstitutionKey,
) -> Result<(), ReadError> {
    let (custodian, valid_from, valid_until, replaces) = match &body.action {
        None => return Ok(()),
        Some(Action::End(end)) => return write_end(writer, entry, end),
        Some(Action::Authorise(key)) => {
            let until = if key.valid_until == 0 { i64::MAX } else { key.valid_until };
            (key.custodian.clone(), key.valid_from.max(entry.logged_at()), until, None)
        }
        Some(Action::Rotate(_)) => {
            let from = entry.logged_at() + entry.policy(writer)?.span(&number::ROTATION);
            let Some((id, _)) = old_key(body) else { return Ok(()) };
            let Some(mut old) = writer.key_row(id)? else { return Ok(()) };
            let until = old.valid_until;
            old.valid_until = until.min(from);
            writer.put(rows::key(id), &old);
            (old.custodian, from, until, Some((id, until)))
        }
    };
    let Some(public) = new_key(body) else { return Ok(()) };
    let row = KeyRow {
        id: public.id().0.0,
        algorithm: i32::from(public.algorithm().number()),
        public_key: *public.as_bytes(),
        owner: body.institution.clone(),
        role: None,
        custodian,
        valid_from,
        valid_until,
        entry: writer.index(),
        replaces,
        end: None,
    };
    write_key(writer, &row)
}
