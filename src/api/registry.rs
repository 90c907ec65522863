//! `RegistryService`: institutions, keys and offers, public and as of any tree size.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xuefen_core::Hash;
use xuefen_ledger::rows::{InstitutionRow, KeyRow, OfferRow, Status as Standing};
use xuefen_ledger::{Query as _, query};

use super::page::{Page, Sizes};
use super::proto::registry_service_server::RegistryService;
use super::proto::{
    GetCharterRequest, GetCharterResponse, GetInstitutionRequest, Institution, Key, ListEquivalentsRequest,
    ListEquivalentsResponse, ListEvaluationsRequest, ListEvaluationsResponse, ListFiledMajorsRequest,
    ListFiledMajorsResponse, ListInstitutionsRequest, ListInstitutionsResponse, ListKeysRequest, ListKeysResponse,
    ListOffersRequest, ListOffersResponse, ListPathwaysRequest, ListPathwaysResponse, Offer,
};
use super::status::{internal, invalid, not_found};
use super::{Api, blocking, resource, standards, words};
use crate::sequencer::{AsOf, View};

const ROWS: Sizes = Sizes { default: 100, most: 1_000 };

/// A page of offers stops here, so that it fits a message of gRPC's usual limit of 4 MiB.
const PAGE_BYTES: usize = 2 << 20;

/// Of what is read as the state of a time, the newest that can still come true: no end.
const OPEN: i64 = xuefen_core::time::Timestamp::MAX.seconds();

/// The word for what an institution is; `None` before it was accredited.
pub fn status_word(status: Option<&Standing>) -> &'static str {
    match status {
        None => "pending",
        Some(Standing::InForce) => "active",
        Some(Standing::Suspended { .. }) => "suspended",
        Some(Standing::Revoked { .. }) => "revoked",
        Some(Standing::Merged { .. }) => "merged",
    }
}

/// See the module.
pub struct Registry(pub Arc<Api>);

#[tonic::async_trait]
impl RegistryService for Registry {
    async fn get_institution(&self, request: Request<GetInstitutionRequest>) -> Result<Response<Institution>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || get_institution(&api, &asked)).await.map(Response::new)
    }

    async fn list_institutions(
        &self,
        request: Request<ListInstitutionsRequest>,
    ) -> Result<Response<ListInstitutionsResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || list_institutions(&api, &asked)).await.map(Response::new)
    }

    async fn list_keys(&self, request: Request<ListKeysRequest>) -> Result<Response<ListKeysResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || list_keys(&api, &asked)).await.map(Response::new)
    }

    async fn list_offers(&self, request: Request<ListOffersRequest>) -> Result<Response<ListOffersResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || list_offers(&api, &asked)).await.map(Response::new)
    }

    async fn list_filed_majors(
        &self,
        request: Request<ListFiledMajorsRequest>,
    ) -> Result<Response<ListFiledMajorsResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || standards::filed_majors(&api, &asked)).await.map(Response::new)
    }

    async fn get_charter(&self, request: Request<GetCharterRequest>) -> Result<Response<GetCharterResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || standards::charter(&api, &asked)).await.map(Response::new)
    }

    async fn list_evaluations(
        &self,
        request: Request<ListEvaluationsRequest>,
    ) -> Result<Response<ListEvaluationsResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || standards::evaluations(&api, &asked)).await.map(Response::new)
    }

    async fn list_pathways(
        &self,
        request: Request<ListPathwaysRequest>,
    ) -> Result<Response<ListPathwaysResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || standards::pathways(&api, &asked)).await.map(Response::new)
    }

    async fn list_equivalents(
        &self,
        request: Request<ListEquivalentsRequest>,
    ) -> Result<Response<ListEquivalentsResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || standards::equivalents(&api, &asked)).await.map(Response::new)
    }
}

/// A tree size that the newest view covers; 0 = its own.
pub(super) fn size(asked: u64, view: &View) -> Result<u64, Status> {
    match asked {
        0 => Ok(view.tree.size),
        asked if asked <= view.tree.size => Ok(asked),
        _ => Err(invalid("tree_size", format!("the log has {} entries; ask for that or fewer", view.tree.size))),
    }
}

/// The time at which a tree of `size` entries is looked at: now for the newest, else that of its last entry.
pub(super) fn time_of(api: &Api, view: &View, size: u64) -> Result<i64, Status> {
    let last = size.checked_sub(1).filter(|_| size < view.tree.size);
    let Some(last) = last else { return Ok(api.ledger.now()) };
    let row = query::entry(&AsOf::new(&view.index, size), last).map_err(|error| internal(&error))?;
    Ok(row.map_or_else(|| api.ledger.now(), |row| row.logged_at))
}

fn get_institution(api: &Api, asked: &GetInstitutionRequest) -> Result<Institution, Status> {
    let id = resource::institution("name", &asked.name)?;
    let view = api.ledger.view();
    let size = size(asked.tree_size, &view)?;
    let row = query::institution(&AsOf::new(&view.index, size), id).map_err(|error| internal(&error))?;
    let row = row.ok_or_else(|| not_found("the institution"))?;
    Ok(institution(id, &row, time_of(api, &view, size)?))
}

fn list_institutions(api: &Api, asked: &ListInstitutionsRequest) -> Result<ListInstitutionsResponse, Status> {
    const CALL: &str = "RegistryService.ListInstitutions";
    let view = api.ledger.view();
    let page = api.pages.read(CALL, &asked.page_token, asked.tree_size, view.tree.size)?;
    let state = AsOf::new(&view.index, page.tree_size);
    let after = (!page.cursor.is_empty()).then(|| String::from_utf8_lossy(&page.cursor).into_owned());
    let limit = ROWS.of(asked.page_size);
    let mut rows = query::institutions(&state, after.as_deref(), limit + 1).map_err(|error| internal(&error))?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| more);
    let next_page_token =
        last.map(|(id, _)| api.pages.write(CALL, &Page { tree_size: page.tree_size, cursor: id.clone().into_bytes() }));
    let time = time_of(api, &view, page.tree_size)?;
    Ok(ListInstitutionsResponse {
        institutions: rows.iter().map(|(id, row)| institution(id, row, time)).collect(),
        next_page_token: next_page_token.unwrap_or_default(),
        tree_size: state.size(),
    })
}

fn institution(id: &str, row: &InstitutionRow, time: i64) -> Institution {
    let status = row.status_at(time);
    let (ground, successor) = match status {
        Some(Standing::Suspended { ground, .. } | Standing::Revoked { ground, .. }) => (*ground, String::new()),
        Some(Standing::Merged { successor }) => (0, successor.clone()),
        Some(Standing::InForce) | None => (0, String::new()),
    };
    let accredited = row.accreditations.iter().map(|row| row.completed_by.unwrap_or(row.entry));
    let changed = row.periods.iter().map(|period| period.by).chain(row.names.iter().map(|names| names.by));
    Institution {
        name: format!("institutions/{id}"),
        institution: id.to_owned(),
        kind: row.kind,
        sector: row.sector,
        region: row.region.clone(),
        names: words::names(row.names_at(time)),
        status: status_word(status).to_owned(),
        ground,
        successor,
        outcome_kinds: row.outcome_kinds.clone(),
        families: row.families.clone(),
        index: accredited.chain(changed).max().unwrap_or_default(),
    }
}

fn list_keys(api: &Api, asked: &ListKeysRequest) -> Result<ListKeysResponse, Status> {
    let owner = resource::institution("parent", &asked.parent)?;
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, size(asked.tree_size, &view)?);
    let rows = query::keys_of(&state, owner).map_err(|error| internal(&error))?;
    if rows.is_empty() && query::institution(&state, owner).map_err(|error| internal(&error))?.is_none() {
        return Err(not_found("the institution"));
    }
    Ok(ListKeysResponse { keys: rows.iter().map(|row| key(owner, row)).collect(), tree_size: state.size() })
}

fn key(owner: &str, row: &KeyRow) -> Key {
    let until = row.end.as_ref().map_or(row.valid_until, |end| end.at.min(row.valid_until));
    Key {
        name: format!("institutions/{owner}/keys/{}", Hash(row.id)),
        key_id: row.id.to_vec(),
        public_key: row.public_key.to_vec(),
        valid_from: row.valid_from,
        valid_until: if until >= OPEN { 0 } else { until },
        role: row.role.as_ref().map_or(0, |role| role.role),
        compromised_since: row.end.as_ref().and_then(|end| end.compromised_since).unwrap_or_default(),
        index: row.end.as_ref().map_or(row.entry, |end| end.by),
    }
}

fn list_offers(api: &Api, asked: &ListOffersRequest) -> Result<ListOffersResponse, Status> {
    let owner = resource::institution("parent", &asked.parent)?;
    let call = format!("RegistryService.ListOffers {owner}");
    let view = api.ledger.view();
    let page = api.pages.read(&call, &asked.page_token, asked.tree_size, view.tree.size)?;
    let state = AsOf::new(&view.index, page.tree_size);
    let from = page.cursor.first_chunk().map(|from| u64::from_be_bytes(*from));
    let limit = ROWS.of(asked.page_size);
    let rows = query::offers_of(&state, owner, from, limit + 1).map_err(|error| internal(&error))?;
    let institution = query::institution(&state, owner).map_err(|error| internal(&error))?;
    if rows.is_empty() && from.is_none() && institution.is_none() {
        return Err(not_found("the institution"));
    }
    let (mut offers, mut next, mut bytes) = (Vec::new(), None, 0);
    for (index, row) in &rows {
        if offers.len() == limit || bytes > PAGE_BYTES {
            next = Some(*index);
            break;
        }
        let logged = api.ledger.entry(&view, *index).map_err(|error| internal(&error))?;
        let offer = offer(*index, row, logged.entry.statement().bytes());
        bytes += offer.statement.len();
        offers.push(offer);
    }
    let token =
        |index: u64| api.pages.write(&call, &Page { tree_size: page.tree_size, cursor: index.to_be_bytes().to_vec() });
    Ok(ListOffersResponse { offers, next_page_token: next.map(token).unwrap_or_default(), tree_size: state.size() })
}

pub(super) fn offer(index: u64, row: &OfferRow, statement: &[u8]) -> Offer {
    let OfferRow { owner, code, version, body, .. } = row;
    let kind = body.kind().name();
    Offer {
        name: format!("institutions/{owner}/{kind}/{code}@{version}"),
        kind: kind.to_owned(),
        code: code.clone(),
        version: *version,
        index,
        statement: statement.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xuefen_ledger::rows::{AccreditationRow, KeyEnd, NameRow, NamesPeriod, Period};

    fn row() -> InstitutionRow {
        let name = |text: &str| vec![NameRow { language: "zh".into(), text: text.into() }];
        InstitutionRow {
            kind: 4,
            sector: 1,
            region: "630000".into(),
            parent: String::new(),
            outcome_kinds: vec![1],
            families: Vec::new(),
            full_ladder: Vec::new(),
            may_import: false,
            highest_skill_level: 0,
            names: vec![
                NamesPeriod { from: 100, by: 5, names: name("甲校") },
                NamesPeriod { from: 300, by: 9, names: name("乙校") },
            ],
            periods: vec![
                Period { from: 100, by: 5, status: Standing::InForce },
                Period { from: 200, by: 7, status: Standing::Suspended { until: 250, ground: 2 } },
                Period { from: 400, by: 11, status: Standing::Merged { successor: "x-next".into() } },
            ],
            accreditations: vec![AccreditationRow { from: 100, entry: 4, completed_by: Some(5) }],
            predecessors: Vec::new(),
        }
    }

    #[test]
    fn an_institution_is_shown_as_it_was_at_the_time() {
        let seen = |time| {
            let it = institution("x-school", &row(), time);
            (it.status, it.names.first().map(|name| name.text.clone()).unwrap_or_default(), it.ground, it.successor)
        };
        assert_eq!(seen(99), ("pending".into(), String::new(), 0, String::new()));
        assert_eq!(seen(100), ("active".into(), "甲校".into(), 0, String::new()));
        assert_eq!(seen(249), ("suspended".into(), "甲校".into(), 2, String::new()));
        assert_eq!(seen(250), ("active".into(), "甲校".into(), 0, String::new()));
        assert_eq!(seen(400), ("merged".into(), "乙校".into(), 0, "x-next".into()));
        assert_eq!(institution("x-school", &row(), 400).index, 11);
    }

    #[test]
    fn a_key_ends_when_it_was_ended_and_no_end_is_zero() {
        let mut row = KeyRow {
            id: [1; 32],
            algorithm: 1,
            public_key: [2; 32],
            owner: "x-school".into(),
            role: None,
            custodian: "x-school".into(),
            valid_from: 10,
            valid_until: i64::MAX,
            entry: 3,
            replaces: None,
            end: None,
        };
        let open = key("x-school", &row);
        assert_eq!((open.valid_until, open.compromised_since, open.index), (0, 0, 3));
        assert_eq!(open.name, format!("institutions/x-school/keys/{}", "01".repeat(32)));
        row.end = Some(KeyEnd { at: 50, by: 8, ground: 2, compromised_since: Some(40) });
        let ended = key("x-school", &row);
        assert_eq!((ended.valid_until, ended.compromised_since, ended.index), (50, 40, 8));
    }
}
