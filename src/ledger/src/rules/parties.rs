//! Which authorities must sign what concerns an institution, and who has (rules.md 1, trust).

use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::ids::same_province;
use crate::rejection::Rejection;
use crate::rows::{self, KeyRow, Short, StandingRow};
use crate::state::{Read, ReadError, Table};
use prost::Message;
use serde::{Deserialize, Serialize};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, ChangeInstitution};

/// The authorities among some keys, as seen from a region.
#[derive(Clone, Copy, Debug, Default)]
struct Signed {
    nation: bool,
    province: bool,
}

impl Signed {
    fn by<'a>(keys: impl IntoIterator<Item = &'a KeyRow>, region: &str) -> Self {
        keys.into_iter().filter_map(KeyRow::accredits).fold(Self::default(), |signed, of| Self {
            nation: signed.nation || of.is_empty(),
            province: signed.province || same_province(of, region),
        })
    }

    /// The nation, and the province of the region if there is one.
    const fn both(self, region: &str) -> bool {
        self.nation && (region.is_empty() || self.province)
    }
}

/// Whether the keys that attest are those of all authorities that must sign for a region.
pub(super) fn all_sign<'a>(keys: impl IntoIterator<Item = &'a KeyRow>, region: &str) -> bool {
    Signed::by(keys, region).both(region)
}

/// Refuses unless the issuer is an authority, and one over this region.
pub(super) fn authority_over<S: Read + ?Sized>(case: &Case<'_, S>, region: &str, field: &str) -> Check {
    let is_authority = case.own_keys().any(|key| key.accredits().is_some());
    ensure(is_authority, Rejection::NotEntitled, "statement.issuer")?;
    ensure(case.acts_over(region), Rejection::RegionNotAllowed, field.to_owned())
}

/// What waits for its second signature.
#[derive(Serialize, Deserialize)]
struct WaitingRow {
    change: bool,
    body: Vec<u8>,
}

/// A body that waits.
pub(super) enum Waiting {
    Accredit(AccreditInstitution),
    Change(ChangeInstitution),
}

pub(super) fn waiting(state: &(impl Read + ?Sized), index: u64) -> Result<Option<Waiting>, ReadError> {
    let key = rows::by_index(Table::Waiting, index);
    let Some((index, row)) = state.value::<WaitingRow>(&key)? else { return Ok(None) };
    let body = if row.change {
        ChangeInstitution::decode(&row.body[..]).map(Waiting::Change)
    } else {
        AccreditInstitution::decode(&row.body[..]).map(Waiting::Accredit)
    };
    body.map(Some).map_err(|_| ReadError::Damaged { key, index })
}

/// Notes that the entry being written waits.
pub(super) fn wait<S: Read + ?Sized>(writer: &mut Writer<'_, S>, body: &Body) {
    let row = match body {
        Body::AccreditInstitution(body) => WaitingRow { change: false, body: body.encode_to_vec() },
        Body::ChangeInstitution(body) => WaitingRow { change: true, body: body.encode_to_vec() },
        _ => return,
    };
    let index = writer.index();
    writer.put(rows::by_index(Table::Waiting, index), &row);
    writer.put(rows::standing(index), &StandingRow { pending: true, ..StandingRow::default() });
}

/// The region that decides which authorities a waiting body needs.
pub(super) fn region_of(state: &(impl Read + ?Sized), waiting: &Waiting) -> Result<String, ReadError> {
    match waiting {
        Waiting::Accredit(body) => Ok(body.region.clone()),
        Waiting::Change(body) => Ok(state.institution(&body.institution)?.map_or_else(String::new, |row| row.region)),
    }
}

/// Whether the keys of an entry, of its countersignatures and of one more are all that it waits for.
pub(super) fn completes(
    state: &(impl Read + ?Sized),
    index: u64,
    region: &str,
    more: &[Short],
) -> Result<bool, ReadError> {
    let entry = state.entry(index)?;
    let standing = state.standing(index)?;
    let mut keys = Vec::new();
    let signed = entry.iter().flat_map(|entry| &entry.keys);
    let countersigned = standing.countersignatures.iter().flat_map(|signature| &signature.keys);
    for id in signed.chain(countersigned).chain(more) {
        keys.extend(state.key_row(*id)?);
    }
    Ok(all_sign(&keys, region))
}
