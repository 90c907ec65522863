//! `VerificationService`: employers check, learners make what is checked, anybody who knows an entry asks for its status.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::SemaphorePermit;
use tonic::{Request, Response, Status};
use xuefen_core::Hash;
use xuefen_core::authority::Chain;
use xuefen_core::kinds::light::{self, Body};
use xuefen_core::kinds::tags;
use xuefen_core::verify::{Report, StepResult, Trust, Verdict, verify};
use xuefen_ledger::query;

use super::access::Caller;
use super::people::look;
use super::proto::verification_service_server::VerificationService;
use super::proto::{
    self, CreatePresentationRequest, CreatePresentationResponse, DisclosedField, GetStatusRequest, GetStatusResponse,
    VerificationStep, VerifyRequest, VerifyResponse,
};
use super::status::{internal, invalid, not_found, verifier_busy};
use super::{Api, access, blocking, grants, present};
use crate::sequencer::AsOf;
use crate::words::{Lang, verification as words};

/// Oldest status note that this server takes, seconds. A verifier of one's own chooses for oneself.
const STATUS_MAX_AGE_SECONDS: u64 = 86_400;

/// How long a presentation waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// See the module.
pub struct Verification(pub Arc<Api>);

#[tonic::async_trait]
impl VerificationService for Verification {
    async fn verify(&self, request: Request<VerifyRequest>) -> Result<Response<VerifyResponse>, Status> {
        let VerifyRequest { presentation, grant_code, certificate_number } = request.into_inner();
        let by_grant = !grant_code.is_empty();
        if by_grant && !presentation.is_empty() {
            return Err(invalid("grant_code", "send either a presentation or the code of a grant"));
        }
        let api = Arc::clone(&self.0);
        let _place = place(&self.0).await?;
        let file = if by_grant { grants::use_up(&api, &grant_code, &certificate_number).await? } else { presentation };
        // Signatures by the dozen: not on the threads that move the network.
        blocking(move || {
            let mut answer = check(&api, &file)?;
            if by_grant {
                answer.presentation = file;
            }
            Ok(Response::new(answer))
        })
        .await
    }

    async fn create_presentation(
        &self,
        request: Request<CreatePresentationRequest>,
    ) -> Result<Response<CreatePresentationResponse>, Status> {
        let account = self.0.learner(&request)?;
        let asked = request.into_inner();
        if asked.parent != format!("accounts/{account}") {
            return Err(access::AccessError::Denied.into());
        }
        let (api, index) = (Arc::clone(&self.0), asked.index);
        let (chosen, bound) = blocking(move || {
            let view = api.ledger.view();
            let mut chosen = grants::choose(&api, &view, account, index, asked.tags)?;
            let bound = if asked.holder_key.is_empty() {
                None
            } else {
                let tags = std::mem::take(&mut chosen.tags);
                let (entry, tags) = present::binding(&api, &view, &account.0, &asked.holder_key, tags)?;
                chosen.tags = tags;
                Some(entry)
            };
            look(&api, account, &Caller::Learner(account), "VerificationService.CreatePresentation")?;
            Ok((chosen, bound))
        })
        .await?;
        // Only now: who may not see it does not learn by waiting that it is there.
        let against = present::against_soon(&self.0, bound.map_or(index, |bound| bound.max(index))).await?;
        let api = Arc::clone(&self.0);
        blocking(move || {
            let view = api.ledger.view();
            let presentation =
                present::presentation(&api, &view, &chosen.logged, (index, bound), &chosen.tags, &against)?;
            Ok(Response::new(CreatePresentationResponse { presentation: presentation.into_bytes() }))
        })
        .await
    }

    async fn get_status(&self, request: Request<GetStatusRequest>) -> Result<Response<GetStatusResponse>, Status> {
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || {
            let status_note = status_of(&api, asked.index, |leaf_hash| leaf_hash.as_ref() == asked.leaf_hash)?;
            Ok(Response::new(GetStatusResponse { status_note }))
        })
        .await
    }
}

/// The presentation that a grant's code opens, for a verifier who checks it; uses the grant up. What the pages ask for.
pub async fn presentation_by_grant(api: &Arc<Api>, code: &str) -> Result<Vec<u8>, Status> {
    let _place = place(api).await?;
    grants::use_up(api, code, "").await
}

/// A place among those who are served with presentations.
async fn place(api: &Api) -> Result<SemaphorePermit<'_>, Status> {
    let place = tokio::time::timeout(PATIENCE, api.verifying.acquire()).await.map_err(|_| verifier_busy())?;
    place.map_err(|error| internal(&error))
}

/// A status note of the entry at `index` if it has this leaf hash, given in hexadecimal: what the pages ask for.
pub fn current_status(api: &Api, index: u64, leaf_hash: &str) -> Result<String, Status> {
    status_of(api, index, |known| known.to_string() == leaf_hash)
}

fn status_of(api: &Api, index: u64, is_it: impl FnOnce(&Hash) -> bool) -> Result<String, Status> {
    let view = api.ledger.view();
    let known = index < view.tree.size && is_it(&view.index.leaf_hash(index).map_err(|error| internal(&error))?);
    if !known {
        return Err(not_found("an entry of this index and leaf hash"));
    }
    present::status_note(api, &view, index)
}

fn check(api: &Api, file: &[u8]) -> Result<VerifyResponse, Status> {
    let now = api.ledger.now().unsigned_abs();
    let own = api.trust.load();
    let trust = Trust { policy: &own.policy, now, status_max_age: STATUS_MAX_AGE_SECONDS, holder: None };
    let mut chain = Chain::new(&own.authority);
    let report: Report<light::Statement> = verify(file, &trust, &mut chain);
    let mut response = VerifyResponse {
        result: verdict(report.verdict()) as i32,
        steps: report.steps().map(|(step, result)| self::step(step.number(), result)).collect(),
        quorum_none: report.quorum_none,
        ..VerifyResponse::default()
    };
    if let Some(shown) = &report.shown {
        let statement = shown.entry.statement();
        statement.issuer().clone_into(&mut response.issuer);
        response.issuer_names = chain.names(statement.issuer()).to_vec();
        response.status = shown.status.as_ref().map(|status| status.word.as_str().to_owned()).unwrap_or_default();
        response.tree_size = shown.checkpoint.size.0;
        response.issuer_status = issuer_status(api, statement.issuer())?;
        if let Some(Body::RecordOutcome(outcome)) = statement.message().said() {
            response.outcome_kind = outcome.outcome_kind;
        }
        // Fields that do not match the commitment are not what was logged, so they are not passed on.
        if matches!(report.step(xuefen_core::verify::Step::Commitment), StepResult::Pass) {
            response.disclosed = shown.disclosed.iter().map(disclosed).collect();
        }
    }
    Ok(response)
}

/// What the issuer is now, as this server knows it: a certificate may be good while its issuer has ended since.
fn issuer_status(api: &Api, issuer: &str) -> Result<String, Status> {
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, view.tree.size);
    let institution = query::institution(&state, issuer).map_err(|error| internal(&error))?;
    let status = institution.as_ref().and_then(|row| row.status_at(api.ledger.now()));
    Ok(super::registry::status_word(status).to_owned())
}

fn disclosed(field: &xuefen_core::disclosure::Disclosed) -> DisclosedField {
    let name = tags::by_number(field.tag).map_or("", |tag| tag.name).to_owned();
    DisclosedField { tag: field.tag, name, value: field.value.clone() }
}

fn step(number: u8, result: &StepResult) -> VerificationStep {
    let reason = result.reason().map_or("", |reason| reason.as_str()).to_owned();
    let word = match result {
        StepResult::Pass => proto::StepResult::Pass,
        StepResult::NotAsked => proto::StepResult::NotAsked,
        StepResult::CouldNotCheck(_) => proto::StepResult::CouldNotCheck,
        StepResult::Fail(_) => proto::StepResult::Fail,
    };
    let message = result.reason().map(|reason| words::reason(reason, Lang::En)).unwrap_or_default();
    VerificationStep { number: u32::from(number), result: word as i32, reason, message }
}

fn verdict(verdict: Verdict) -> proto::StepResult {
    match verdict {
        Verdict::Pass => proto::StepResult::Pass,
        Verdict::CouldNotCheck => proto::StepResult::CouldNotCheck,
        Verdict::Fail => proto::StepResult::Fail,
    }
}
