//! `Genesis`: entry 0, which names the first authorities. Trusted through authority.txt only (formats.md 4).

use super::authority_key::{grant_form, write_grant};
use super::form::parse_key;
use crate::access::{Access, Writer};
use crate::case::{Case, Check};
use crate::evolve::Accepted;
use crate::ids;
use crate::rejection::{Refusal, Rejection};
use crate::state::{Read, ReadError};
use xuefen_core::key::{KeyId, PublicKey};
use xuefen_core::proto::{AuthorityKeyGrant, AuthorityRole, Genesis};

fn is_national_accreditor(grant: &AuthorityKeyGrant) -> bool {
    grant.role == AuthorityRole::Accredit as i32 && grant.region.is_empty()
}

pub(super) fn keys(body: &Genesis) -> Vec<PublicKey> {
    body.keys.iter().filter_map(|grant| parse_key(grant.algorithm, &grant.public_key)).collect()
}

/// Whether a key is a national accredit key of this genesis.
pub(crate) fn names(body: &Genesis, key: KeyId) -> bool {
    let accreditors = body.keys.iter().filter(|grant| is_national_accreditor(grant));
    accreditors.filter_map(|grant| parse_key(grant.algorithm, &grant.public_key)).any(|public| public.id() == key)
}

pub(super) fn form(body: &Genesis, faults: &mut Vec<Refusal>) {
    let has = |role: AuthorityRole| body.keys.iter().any(|grant| grant.role == role as i32);
    if !body.keys.iter().any(is_national_accreditor) || !has(AuthorityRole::Status) {
        faults.push(Refusal::new(Rejection::GenesisUntrusted, "statement.genesis.keys"));
    }
    if body.names.is_empty() {
        faults.push(Refusal::new(Rejection::FieldMissing, "statement.genesis.names"));
    }
    let repeated = body
        .keys
        .iter()
        .enumerate()
        .any(|(at, grant)| body.keys[..at].iter().any(|earlier| earlier.public_key == grant.public_key));
    if !ids::are_names(&body.names) || repeated || body.keys.len() > 64 {
        faults.push(Refusal::new(Rejection::FieldMalformed, "statement.genesis"));
    }
    for grant in &body.keys {
        grant_form(grant, "statement.genesis.keys", faults);
    }
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>) -> Check {
    match case.state.entry(0)? {
        None => Ok(()),
        Some(_) => Err(Refusal::new(Rejection::GenesisExists, "statement.genesis").existing(0).into()),
    }
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Genesis,
) -> Result<(), ReadError> {
    body.keys.iter().try_for_each(|grant| write_grant(writer, entry, grant))
}
