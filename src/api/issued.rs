//! `IssuingService.ListIssued`: what an institution issued, page by page. The entries are public; that a list is made for its
//! own institution only keeps strangers from having it made for everybody.

use tonic::Status;
use xuefen_core::kinds::Kind;
use xuefen_ledger::query;

use super::access::AccessError;
use super::page::{Page, Sizes};
use super::proto::{IssuedEntry, ListIssuedRequest, ListIssuedResponse};
use super::status::{internal, invalid, not_found};
use super::{Api, people, present, resource, words};
use crate::sequencer::{AsOf, View};

const ROWS: Sizes = Sizes { default: 100, most: 1_000 };

/// A page of what the caller, or an institution that was merged into it, issued.
pub fn list(api: &Api, caller: &str, request: &ListIssuedRequest) -> Result<ListIssuedResponse, Status> {
    let view = api.ledger.view();
    let issuer = if request.institution.is_empty() { caller } else { &request.institution };
    if !resource::is_institution_id(issuer) {
        return Err(invalid("institution", "send an institution id, or nothing for your own".to_owned()));
    }
    let now = api.ledger.now();
    if !people::speaks_for(&AsOf::new(&view.index, view.tree.size), caller, issuer, now)? {
        return Err(AccessError::Denied.into());
    }
    let call = format!("IssuingService.ListIssued {issuer}");
    let page = api.pages.read(&call, &request.page_token, 0, view.tree.size)?;
    let state = AsOf::new(&view.index, page.tree_size);
    let from = page.cursor.first_chunk().map(|from| u64::from_be_bytes(*from));
    let limit = ROWS.of(request.page_size);
    let mut indices = query::issued_by(&state, issuer, from, limit + 1).map_err(|error| internal(&error))?;
    // The first of the next page.
    let next = indices.get(limit).copied();
    indices.truncate(limit);
    let token =
        |index: u64| api.pages.write(&call, &Page { tree_size: page.tree_size, cursor: index.to_be_bytes().to_vec() });
    let entries = indices.into_iter().map(|index| entry(&view, &state, index, now)).collect::<Result<_, _>>()?;
    Ok(ListIssuedResponse { entries, next_page_token: next.map(token).unwrap_or_default(), tree_size: page.tree_size })
}

fn entry(view: &View, state: &AsOf<'_>, index: u64, now: i64) -> Result<IssuedEntry, Status> {
    let row = query::entry(state, index).map_err(|error| internal(&error))?;
    let row = row.ok_or_else(|| not_found("the entry"))?;
    let status = present::entry_status(state, index, None, now)?;
    let keys = query::attesting_keys(state, &row).map_err(|error| internal(&error))?;
    Ok(IssuedEntry {
        index,
        leaf_hash: view.index.leaf_hash(index).map_err(|error| internal(&error))?.as_ref().to_vec(),
        logged_at: row.logged_at,
        kind: Kind::ALL.get(usize::from(row.kind)).map_or("", |kind| kind.name()).to_owned(),
        status: status.as_ref().map_or("", words::entry_status).to_owned(),
        outcome_kind: row.outcome_kind.into(),
        key_ids: keys.iter().map(|key| key.0.as_ref().to_vec()).collect(),
    })
}
