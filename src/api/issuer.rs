//! The unary calls of `IssuingService` that are about one institution: logging in, accounts it opened, what it issued.

use tonic::Status;
use xuefen_core::key::{KeyId, PublicKey, Signature};
use xuefen_core::kinds::tags;
use xuefen_core::payload::Payload;
use xuefen_ledger::query;
use xuefen_ledger::rows::Status as Standing;

use super::access::{AccountId, Caller, LIFETIME_SECONDS};
use super::people::account_id;
use super::proto::{
    AuthenticateRequest, AuthenticateResponse, CreateChallengeRequest, CreateChallengeResponse, GetEntryRequest,
    GetEntryResponse, ResolveAccountsRequest, ResolveAccountsResponse, ResolvedAccount,
};
use super::status::{internal, invalid, not_found, unproven};
use super::{Api, convert, people, present, resource, words};
use crate::sequencer::{AsOf, View, payload_to_message};

/// How long a challenge is good, seconds.
const CHALLENGE_SECONDS: i64 = 120;

/// Stands in place of an institution id where an operator logs in; no institution has it.
pub const OPERATOR: &str = "operator";

/// Documents looked up in one call, at most.
const MOST_DOCUMENTS: usize = 1_000;

/// A challenge is u64be time || 16 random bytes, sealed for its institution: nothing is kept of it here.
pub fn create_challenge(api: &Api, request: &CreateChallengeRequest) -> Result<CreateChallengeResponse, Status> {
    if request.institution != OPERATOR && !resource::is_institution_id(&request.institution) {
        return Err(invalid("institution", "send an institution id".to_owned()));
    }
    let mut body = [0; 24];
    let (time, random) = body.split_at_mut(8);
    time.copy_from_slice(&api.ledger.now().to_be_bytes());
    getrandom::fill(random).map_err(|error| internal(&error))?;
    Ok(CreateChallengeResponse { challenge: api.pages.seal(&purpose(&request.institution), &body) })
}

fn purpose(institution: &str) -> String {
    format!("challenge {institution}")
}

/// Gives a bearer token to who signs a fresh challenge with a key in force of an institution in force.
pub fn authenticate(api: &Api, request: &AuthenticateRequest) -> Result<AuthenticateResponse, Status> {
    let refused = || {
        let message = "the signature is not by a key in force of an institution in force over a challenge of the last \
                       two minutes; ask for a new challenge and check key and institution";
        unproven("AUTHENTICATION_FAILED", message)
    };
    let now = api.ledger.now();
    let made = api.pages.unseal(&purpose(&request.institution), &request.challenge).ok_or_else(refused)?;
    let made = i64::from_be_bytes(*made.first_chunk().ok_or_else(refused)?);
    if !(0..CHALLENGE_SECONDS).contains(&now.saturating_sub(made)) {
        return Err(refused());
    }
    let key_id = KeyId::from_slice(&request.key_id).ok_or_else(refused)?;
    let signature = Signature::from_slice(&request.signature).ok_or_else(refused)?;
    let message = signed_message(api.ledger.origin().as_str(), request);
    if request.institution == OPERATOR {
        let known = api.operators.iter().find(|key| key.id() == key_id).ok_or_else(refused)?;
        let caller = known.verify(&message, &signature).then_some(Caller::Operator).ok_or_else(refused)?;
        return Ok(token(api, &caller, now));
    }
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, view.tree.size);
    let key = query::key(&state, &key_id).map_err(|error| internal(&error))?.ok_or_else(refused)?;
    // A key with a role is an authority's, and authorities end by their keys.
    let in_force = key.role.is_some() || {
        let institution = query::institution(&state, &request.institution).map_err(|error| internal(&error))?;
        matches!(institution.as_ref().and_then(|row| row.status_at(now)), Some(Standing::InForce))
    };
    if key.owner != request.institution || !key.valid_at(now) || key.compromised_at(now) || !in_force {
        return Err(refused());
    }
    let public = PublicKey::parse(&key.public_key).map_err(|error| internal(&error))?;
    if !public.verify(&message, &signature) {
        return Err(refused());
    }
    let id = request.institution.clone();
    let caller = if key.role.is_some() { Caller::Authority { id, key: key_id } } else { Caller::Institution(id) };
    Ok(token(api, &caller, now))
}

fn token(api: &Api, caller: &Caller, now: i64) -> AuthenticateResponse {
    AuthenticateResponse { access_token: api.tokens.issue(caller, now), expires_in_seconds: LIFETIME_SECONDS }
}

/// "xuefen/v1/authenticate" || 0x00 || u16be length || origin || u16be length || institution || challenge.
fn signed_message(origin: &str, request: &AuthenticateRequest) -> Vec<u8> {
    let mut message = b"xuefen/v1/authenticate\0".to_vec();
    for part in [origin, &request.institution] {
        // Origins and institution ids are far shorter; a longer text verifies under no signature.
        message.extend_from_slice(&u16::try_from(part.len()).unwrap_or(u16::MAX).to_be_bytes());
        message.extend_from_slice(part.as_bytes());
    }
    message.extend_from_slice(&request.challenge);
    message
}

/// Account ids by document, of accounts that the caller opened. Says nothing of the learner beyond the id that the caller
/// itself once drew, so it is no look at the learner's data.
pub fn resolve_accounts(
    api: &Api,
    institution: &str,
    request: &ResolveAccountsRequest,
) -> Result<ResolveAccountsResponse, Status> {
    if request.documents.len() > MOST_DOCUMENTS {
        return Err(invalid("documents", format!("send at most {MOST_DOCUMENTS} at a time")));
    }
    let view = api.ledger.view();
    let one = |document: &super::proto::DocumentQuery| {
        let found = resolve(api, &view, institution, &document.kind, &document.number)?;
        Ok(ResolvedAccount { account: found.map(|id| id.0.to_vec()).unwrap_or_default() })
    };
    let accounts = request.documents.iter().map(one).collect::<Result<_, Status>>()?;
    Ok(ResolveAccountsResponse { accounts })
}

fn resolve(api: &Api, view: &View, caller: &str, kind: &str, number: &str) -> Result<Option<AccountId>, Status> {
    // Rows name accounts beside documents under kinds with a colon; no document has one.
    if kind.contains(':') {
        return Ok(None);
    }
    let account = api.ledger.account_of_document(view, kind, number).map_err(|error| internal(&error))?;
    let Some(account) = account else { return Ok(None) };
    people::opened_by(api, view, account, caller)?.map_or(Ok(None), |opened| account_id(api, view, opened))
}

/// One entry. The payload only for its issuer, or who took its issuer over; that look is recorded.
pub fn get_entry(api: &Api, caller: Option<&str>, request: GetEntryRequest) -> Result<GetEntryResponse, Status> {
    let view = api.ledger.view();
    if request.index >= view.tree.size {
        return Err(not_found("the entry"));
    }
    let state = AsOf::new(&view.index, view.tree.size);
    let now = api.ledger.now();
    let logged = api.ledger.entry(&view, request.index).map_err(|error| internal(&error))?;
    let payload = match caller {
        Some(caller) if people::speaks_for(&state, caller, logged.entry.statement().issuer(), now)? => {
            api.ledger.payload(&logged).map_err(|error| internal(&error))?
        }
        _ => None,
    };
    // That a certificate has expired tells the day in its payload, so only who may read that is told.
    let status = present::entry_status(&state, request.index, payload.as_ref(), now)?;
    let status = status.as_ref().map_or("", words::entry_status).to_owned();
    if let Some((payload, caller)) = payload.as_ref().zip(caller)
        && let Some(account) = account_in(payload)
    {
        people::look(api, account, &Caller::Institution(caller.to_owned()), "IssuingService.GetEntry")?;
    }
    // So do remarks on private kinds.
    let told = payload.is_some() || logged.entry.statement().commitment().is_none();
    let flags = if told { query::flags(&state, request.index).map_err(|error| internal(&error))? } else { Vec::new() };
    Ok(GetEntryResponse {
        flags: flags.into_iter().map(convert::flag).collect(),
        entry: logged.bytes.to_vec(),
        payload: payload.as_ref().map(payload_to_message),
        status,
        tree_size: view.tree.size,
    })
}

fn account_in(payload: &Payload) -> Option<AccountId> {
    people::value(payload, tags::ACCOUNT)?.try_into().ok().map(AccountId)
}
