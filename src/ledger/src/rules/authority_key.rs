//! `AuthorityKey`: keys of authorities come and go. By the nation; an owner may replace its own.

use super::form::{Form, name_rows, parse_key};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::policy::{DAY_SECONDS, number};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AuthorityRow, KeyEnd, KeyRow, RoleRow, Short, key_short};
use crate::state::{Read, ReadError};
use xuefen_core::Hash;
use xuefen_core::key::{KeyId, PublicKey};
use xuefen_core::proto::authority_key::Action;
use xuefen_core::proto::{AuthorityKey, AuthorityKeyGrant, AuthorityRole, EndKey, KeyEndGround};

const FIELD: &str = "statement.authority_key";

pub(super) fn grant_form(grant: &AuthorityKeyGrant, prefix: &'static str, faults: &mut Vec<Refusal>) {
    let mut form = Form::new(prefix, faults);
    form.institution(&grant.authority, "authority");
    form.present(grant.role != 0, "role");
    form.well_formed(AuthorityRole::try_from(grant.role).is_ok(), "role");
    form.region_or_empty(&grant.region, "region");
    form.key(grant.algorithm, &grant.public_key, grant.valid_from, grant.valid_until);
    form.well_formed(crate::ids::are_names(&grant.names), "names");
}

pub(super) fn form(body: &AuthorityKey, faults: &mut Vec<Refusal>) {
    match &body.action {
        None => Form::new(FIELD, faults).present(false, "action"),
        Some(Action::Grant(grant)) => grant_form(grant, "statement.authority_key.grant", faults),
        Some(Action::End(end)) => Form::new(FIELD, faults).end(end),
    }
}

/// 16 bytes of the key that an `EndKey` names.
pub(super) fn ended_key(end: &EndKey) -> Option<Short> {
    KeyId::from_slice(&end.key_id).map(|id| key_short(&id))
}

pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &AuthorityKey) -> Check {
    let nation = case.own_keys().any(|key| key.accredits() == Some(""));
    let own = match &body.action {
        None => true,
        Some(Action::Grant(grant)) => {
            let role = RoleRow { role: grant.role, region: grant.region.clone() };
            grant.authority == case.issuer && case.own_keys().any(|key| key.role.as_ref() == Some(&role))
        }
        Some(Action::End(end)) => {
            let key = ended_key(end).map(|id| case.state.key_row(id)).transpose()?.flatten();
            key.is_none_or(|key| key.owner == case.issuer)
        }
    };
    ensure(nation || own, Rejection::NotEntitled, "statement.issuer")
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &AuthorityKey) -> Check {
    let Some(Action::End(end)) = &body.action else { return Ok(()) };
    let Some(id) = ended_key(end) else { return Ok(()) };
    let field = "statement.authority_key.end.key_id";
    let key = case.state.key_row(id)?.ok_or_else(|| Refusal::new(Rejection::ReferenceUnknown, field))?;
    ensure(key.role.is_some(), Rejection::ReferenceWrongKind, field)
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &AuthorityKey) -> Check {
    case.faults(Rejection::PublicKeyBad)?;
    match &body.action {
        None => Ok(()),
        Some(Action::Grant(grant)) => unused(case, parse_key(grant.algorithm, &grant.public_key).as_ref()),
        Some(Action::End(end)) => {
            let nation = case.own_keys().any(|key| key.accredits() == Some(""));
            end_rules(case, end, nation, "statement.authority_key.end")
        }
    }
}

/// A public key belongs to one institution for ever.
pub(super) fn unused<S: Read + ?Sized>(case: &Case<'_, S>, key: Option<&PublicKey>) -> Check {
    let Some(key) = key else { return Ok(()) };
    let known = case.state.key_row(key_short(&key.id()))?;
    ensure(known.is_none(), Rejection::KeyInUse, "public_key")
}

/// A key ends once; only an authority dates a compromise further back than policy lets its owner.
pub(super) fn end_rules<S: Read + ?Sized>(case: &Case<'_, S>, end: &EndKey, authority: bool, field: &str) -> Check {
    let since = end.compromised_since;
    ensure(since <= case.logged_at, Rejection::FieldMalformed, format!("{field}.compromised_since"))?;
    let Some(key) = ended_key(end).map(|id| case.state.key_row(id)).transpose()?.flatten() else { return Ok(()) };
    // A retired key may turn out to have been compromised; nothing else is said twice.
    let worse = end.ground == KeyEndGround::Compromised as i32
        && key.end.as_ref().is_some_and(|end| end.ground == KeyEndGround::Retired as i32);
    ensure(key.end.is_none() || worse, Rejection::KeyAlreadyEnded, format!("{field}.key_id"))?;
    let days = case.policy()?.span(&number::COMPROMISE);
    if authority || since == 0 || since >= case.logged_at - days * DAY_SECONDS {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::CompromiseNeedsAuthority, format!("{field}.compromised_since"));
    Err(refusal.detail(format!("at most {days} days back")).into())
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &AuthorityKey,
) -> Result<(), ReadError> {
    match &body.action {
        None => Ok(()),
        Some(Action::Grant(grant)) => write_grant(writer, entry, grant),
        Some(Action::End(end)) => write_end(writer, entry, end),
    }
}

pub(super) fn write_grant<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    grant: &AuthorityKeyGrant,
) -> Result<(), ReadError> {
    let Some(public) = parse_key(grant.algorithm, &grant.public_key) else { return Ok(()) };
    let row = KeyRow {
        id: public.id().0.0,
        algorithm: grant.algorithm,
        public_key: *public.as_bytes(),
        owner: grant.authority.clone(),
        role: Some(RoleRow { role: grant.role, region: grant.region.clone() }),
        custodian: grant.authority.clone(),
        valid_from: grant.valid_from.max(entry.logged_at()),
        valid_until: if grant.valid_until == 0 { i64::MAX } else { grant.valid_until },
        entry: writer.index(),
        replaces: None,
        end: None,
    };
    let index = writer.index();
    let mut authority =
        writer.authority(&grant.authority)?.unwrap_or_else(|| AuthorityRow { names: Vec::new(), entry: index });
    if !grant.names.is_empty() {
        authority.names = name_rows(&grant.names);
    }
    writer.put(rows::authority(&grant.authority), &authority);
    write_key(writer, &row)
}

/// A new key, and its owner's list of keys: one row per entry, since an entry can bring several.
pub(super) fn write_key<S: Read + ?Sized>(writer: &mut Writer<'_, S>, row: &KeyRow) -> Result<(), ReadError> {
    let short = key_short(&KeyId(Hash(row.id)));
    writer.put(rows::key(short), row);
    let list = rows::keys_of(&row.owner);
    let here = writer.value::<Vec<Short>>(&list)?.filter(|(index, _)| *index == writer.index());
    let mut keys = here.map(|(_, keys)| keys).unwrap_or_default();
    keys.push(short);
    writer.put(list, &keys);
    Ok(())
}

/// Ends a key. One that had not yet taken over gives the old one its time back.
pub(super) fn write_end<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    end: &EndKey,
) -> Result<(), ReadError> {
    let Some(id) = ended_key(end) else { return Ok(()) };
    let Some(mut row) = writer.key_row(id)? else { return Ok(()) };
    let at = row.end.as_ref().map_or(entry.logged_at(), |earlier| earlier.at.min(entry.logged_at()));
    let compromised = end.ground == KeyEndGround::Compromised as i32;
    let compromised_since = compromised.then_some(end.compromised_since);
    row.end = Some(KeyEnd { at, by: writer.index(), ground: end.ground, compromised_since });
    if entry.logged_at() < row.valid_from
        && let Some((old, until)) = row.replaces
        && let Some(mut replaced) = writer.key_row(old)?
    {
        replaced.valid_until = until;
        writer.put(rows::key(old), &replaced);
    }
    writer.put(rows::key(id), &row);
    Ok(())
}
