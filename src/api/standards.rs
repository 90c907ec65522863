//! What `RegistryService` answers about standards: filed majors, pathways of a label, equivalences. Public, as of any size.

use tonic::Status;
use xuefen_core::proto::{Charter, CharterMinimum, CharterSeat};
use xuefen_ledger::rows::{EvaluationRow, OfferRow, StandingOf};
use xuefen_ledger::{Query as _, query};

use super::Api;
use super::proto::{
    Evaluation, Filing, GetCharterRequest, GetCharterResponse, ListEquivalentsRequest, ListEquivalentsResponse,
    ListEvaluationsRequest, ListEvaluationsResponse, ListFiledMajorsRequest, ListFiledMajorsResponse,
    ListPathwaysRequest, ListPathwaysResponse, Offer,
};
use super::registry::{offer, size, time_of};
use super::resource;
use super::status::{internal, invalid, not_found};
use crate::sequencer::{AsOf, View};

/// Levels of training that majors are filed for.
const LEVELS: std::ops::RangeInclusive<u32> = 1..=4;

pub fn filed_majors(api: &Api, asked: &ListFiledMajorsRequest) -> Result<ListFiledMajorsResponse, Status> {
    let institution = resource::institution("parent", &asked.parent)?;
    if asked.year == 0 {
        return Err(invalid("year", "name the calendar year of the filing"));
    }
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, size(asked.tree_size, &view)?);
    let time = time_of(api, &view, state.size())?;
    let mut filings = Vec::new();
    for training_level in LEVELS {
        let filed = query::filed(&state, institution, (training_level, asked.year), time);
        filings.extend(filed.map_err(|error| internal(&error))?.map(|row| Filing {
            training_level,
            year: asked.year,
            majors: row.majors,
            catalogue_index: row.catalogue,
            index: row.entry,
        }));
    }
    Ok(ListFiledMajorsResponse { filings, tree_size: state.size() })
}

pub fn pathways(api: &Api, asked: &ListPathwaysRequest) -> Result<ListPathwaysResponse, Status> {
    if asked.label.is_empty() {
        return Err(invalid("label", "say what people call the pathway, such as 3+2"));
    }
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, size(asked.tree_size, &view)?);
    let found = query::pathways(&state, &asked.label).map_err(|error| internal(&error))?;
    Ok(ListPathwaysResponse { pathways: offers(api, &view, &found)?, tree_size: state.size() })
}

pub fn equivalents(api: &Api, asked: &ListEquivalentsRequest) -> Result<ListEquivalentsResponse, Status> {
    let from = asked.from.as_ref().ok_or_else(|| invalid("from", "say what somebody has"))?;
    let from = StandingOf { outcome_kind: from.outcome_kind, code: from.code.clone(), level: from.level };
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, size(asked.tree_size, &view)?);
    let time = time_of(api, &view, state.size())?;
    let found = query::equivalents(&state, &from, time).map_err(|error| internal(&error))?;
    Ok(ListEquivalentsResponse { equivalences: offers(api, &view, &found)?, tree_size: state.size() })
}

pub fn charter(api: &Api, asked: &GetCharterRequest) -> Result<GetCharterResponse, Status> {
    let consortium = resource::institution("name", &asked.name)?;
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, size(asked.tree_size, &view)?);
    let row = query::charter(&state, consortium).map_err(|error| internal(&error))?;
    let row = row.ok_or_else(|| not_found("a charter of the institution"))?;
    let seat = |(institution, kind): &(String, i32)| CharterSeat { institution: institution.clone(), kind: *kind };
    let minimum = |(kind, count): &(i32, u32)| CharterMinimum { kind: *kind, count: *count };
    let charter = Charter {
        consortium: consortium.to_owned(),
        version: row.version,
        seats: row.seats.iter().map(seat).collect(),
        threshold: row.threshold,
        minimums: row.minimums.iter().map(minimum).collect(),
    };
    Ok(GetCharterResponse {
        charter: Some(charter),
        in_force_from: row.from,
        indices: row.entries,
        tree_size: state.size(),
    })
}

pub fn evaluations(api: &Api, asked: &ListEvaluationsRequest) -> Result<ListEvaluationsResponse, Status> {
    let institution = resource::institution("parent", &asked.parent)?;
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, size(asked.tree_size, &view)?);
    let found = query::evaluations(&state, institution).map_err(|error| internal(&error))?;
    let evaluation = |(index, row): (u64, EvaluationRow)| Evaluation {
        scheme: row.scheme,
        year: row.year,
        grade: row.grade,
        evaluator: row.evaluator,
        index,
    };
    Ok(ListEvaluationsResponse { evaluations: found.into_iter().map(evaluation).collect(), tree_size: state.size() })
}

/// With the statements that said so.
fn offers(api: &Api, view: &View, found: &[(u64, OfferRow)]) -> Result<Vec<Offer>, Status> {
    let said = |(index, row): &(u64, OfferRow)| {
        let logged = api.ledger.entry(view, *index).map_err(|error| internal(&error))?;
        Ok(offer(*index, row, logged.entry.statement().bytes()))
    };
    found.iter().map(said).collect()
}
