//! `AccountService`: activation codes, the learner's own account, and who looked at it.

use std::sync::Arc;

use tonic::{Request, Response, Status};
use xuefen_core::kinds::tags;
use xuefen_ledger::query;
use xuefen_ledger::rows::Short;

use super::access::{AccessError, AccountId, Caller, LIFETIME_SECONDS};
use super::page::{Page, Sizes};
use super::people::{self, look, own_account};
use super::proto::account_service_server::AccountService;
use super::proto::{
    Access, Account, ActivateRequest, ActivateResponse, CreateActivationCodeRequest, CreateActivationCodeResponse,
    CreateGrantRequest, CreateGrantResponse, EraseAccountRequest, EraseAccountResponse, GetAccountRequest, Grant,
    ListAccessesRequest, ListAccessesResponse, ListGrantsRequest, ListGrantsResponse, WithdrawGrantRequest,
};
use super::status::{internal, not_found, too_many, unproven};
use super::{Api, blocking, codes, erase, grants, resource};
use crate::sequencer::{AsOf, Private};

const ACCESSES: Sizes = Sizes { default: 100, most: 1_000 };

/// See the module.
pub struct Accounts(pub Arc<Api>);

#[tonic::async_trait]
impl AccountService for Accounts {
    async fn create_activation_code(
        &self,
        request: Request<CreateActivationCodeRequest>,
    ) -> Result<Response<CreateActivationCodeResponse>, Status> {
        let api = &self.0;
        let caller = api.caller(&request)?;
        let account = resource::account("name", &request.get_ref().name)?;
        let reader = Arc::clone(api);
        blocking(move || may_make_code(&reader, &caller, account)).await?;
        let activation_code = api.codes.draw().map_err(|error| internal(&error))?;
        let code = api.codes.hash(&activation_code).expect("what was drawn is a code");
        let expires_at = api.ledger.now().saturating_add(codes::LIFETIME_SECONDS);
        api.ledger.record(&Private::Activation { account: account.0, code, expires_at }).await?;
        Ok(Response::new(CreateActivationCodeResponse { activation_code, expires_at }))
    }

    async fn activate(&self, request: Request<ActivateRequest>) -> Result<Response<ActivateResponse>, Status> {
        let api = &self.0;
        let now = api.ledger.now();
        let (user, code) = (Arc::clone(api), request.into_inner().activation_code);
        // Runs to its end even if the peer goes away: let go half-way, the code could be used again.
        let using = tokio::spawn(async move { use_code(&user, &code, now).await });
        let Some(account) = using.await.map_err(|error| internal(&error))?? else {
            // Only failures are held back: else whoever guesses wrongly all day would keep everybody out.
            api.codes.may_try(now).map_err(too_many)?;
            api.codes.failed(now);
            let message = "the code is wrong, was used, or has run out; ask the institution that opened the account \
                           for a new one";
            return Err(unproven("ACTIVATION_FAILED", message));
        };
        let caller = Caller::Learner(account);
        look(api, account, &caller, "AccountService.Activate")?;
        Ok(Response::new(ActivateResponse {
            access_token: api.tokens.issue(&caller, now),
            expires_in_seconds: LIFETIME_SECONDS,
            account: resource::account_name(account),
        }))
    }

    async fn get_account(&self, request: Request<GetAccountRequest>) -> Result<Response<Account>, Status> {
        let caller = self.0.learner(&request)?;
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || get_account(&api, caller, &asked)).await.map(Response::new)
    }

    async fn list_accesses(
        &self,
        request: Request<ListAccessesRequest>,
    ) -> Result<Response<ListAccessesResponse>, Status> {
        let caller = self.0.learner(&request)?;
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || list_accesses(&api, caller, &asked)).await.map(Response::new)
    }

    async fn create_grant(
        &self,
        request: Request<CreateGrantRequest>,
    ) -> Result<Response<CreateGrantResponse>, Status> {
        let caller = self.0.learner(&request)?;
        grants::create(&self.0, caller, request.into_inner()).await.map(Response::new)
    }

    async fn list_grants(&self, request: Request<ListGrantsRequest>) -> Result<Response<ListGrantsResponse>, Status> {
        let caller = self.0.learner(&request)?;
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || grants::list(&api, caller, &asked)).await.map(Response::new)
    }

    async fn withdraw_grant(&self, request: Request<WithdrawGrantRequest>) -> Result<Response<Grant>, Status> {
        let caller = self.0.learner(&request)?;
        grants::withdraw(&self.0, caller, request.get_ref()).await.map(Response::new)
    }

    async fn erase_account(
        &self,
        request: Request<EraseAccountRequest>,
    ) -> Result<Response<EraseAccountResponse>, Status> {
        self.0.operator(&request)?;
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || erase::erase(&api, &asked)).await.map(Response::new)
    }
}

/// Only who opened the account, and the operator, may let its learner in.
fn may_make_code(api: &Api, caller: &Caller, account: AccountId) -> Result<(), Status> {
    let view = api.ledger.view();
    let key = api.ledger.account_key(&account.0);
    let opened = match caller {
        Caller::Operator => api.ledger.opening_entry(&view, key).map_err(|error| internal(&error))?,
        Caller::Institution(id) => people::opened_by(api, &view, key, id)?,
        Caller::Learner(_) | Caller::Authority { .. } => None,
    };
    // To others, an account that is there looks like one that is not.
    if opened.is_some() { Ok(()) } else { Err(AccessError::Denied.into()) }
}

/// The kept account that a good code opens; from then on the code is used. `None` for every code that is not good.
async fn use_code(api: &Arc<Api>, code: &str, now: i64) -> Result<Option<AccountId>, Status> {
    let Some(hash) = api.codes.hash(code) else { return Ok(None) };
    // Guesses need not wait for good codes, nor good codes for guesses.
    if opened_by_code(api, hash, now).await?.is_none() {
        return Ok(None);
    }
    // Until the use can be seen in the index, nobody else may look the code up.
    let _using = api.codes.using.lock().await;
    let account = opened_by_code(api, hash, now).await?;
    if let Some(account) = account {
        api.ledger.record(&Private::Use { account: account.0, code: hash, at: now }).await?;
    }
    Ok(account)
}

/// The kept account that a code which is good now opens.
async fn opened_by_code(api: &Arc<Api>, code: Short, now: i64) -> Result<Option<AccountId>, Status> {
    let api = Arc::clone(api);
    blocking(move || {
        let view = api.ledger.view();
        let known = api.ledger.activation(&view, &code).map_err(|error| internal(&error))?;
        let Some(known) = known.filter(|known| !known.used && now < known.expires_at) else { return Ok(None) };
        let state = AsOf::new(&view.index, view.tree.size);
        let row = query::account(&state, known.account).map_err(|error| internal(&error))?;
        row.map_or(Ok(None), |(_, row)| people::account_id(&api, &view, row.entry))
    })
    .await
}

fn get_account(api: &Api, caller: AccountId, asked: &GetAccountRequest) -> Result<Account, Status> {
    let asked = resource::account("name", &asked.name)?;
    let view = api.ledger.view();
    let (_, row) = own_account(api, &view, caller, asked)?;
    look(api, asked, &Caller::Learner(caller), "AccountService.GetAccount")?;
    let state = AsOf::new(&view.index, view.tree.size);
    let opened = query::entry(&state, row.entry).map_err(|error| internal(&error))?;
    let opened = opened.ok_or_else(|| not_found("the account"))?;
    let payload = people::opening(api, &view, row.entry)?.ok_or_else(|| not_found("the account"))?;
    let kept = people::value(&payload, tags::ACCOUNT).and_then(|id| id.try_into().ok()).map(AccountId);
    let kept = kept.ok_or_else(|| not_found("the account"))?;
    let aliases = people::aliases(api, &view, &row)?.into_iter().map(|id| id.0.to_vec()).collect();
    Ok(Account {
        name: resource::account_name(kept),
        account: kept.0.to_vec(),
        opened_by: row.opener,
        opened_at: opened.logged_at,
        holder_name: people::text(&payload, tags::HOLDER_NAME),
        aliases,
        tree_size: view.tree.size,
    })
}

fn list_accesses(api: &Api, caller: AccountId, asked: &ListAccessesRequest) -> Result<ListAccessesResponse, Status> {
    let account = resource::account("parent", &asked.parent)?;
    let call = format!("AccountService.ListAccesses {account}");
    let view = api.ledger.view();
    let (kept, row) = own_account(api, &view, caller, account)?;
    let page = api.pages.read(&call, &asked.page_token, 0, view.tree.size)?;
    let after = page.cursor.first_chunk();
    let accounts: Vec<_> = std::iter::once(kept).chain(row.aliases).collect();
    let limit = ACCESSES.of(asked.page_size);
    let mut found = api.ledger.accesses(&view, &accounts, after, limit + 1).map_err(|error| internal(&error))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(cursor, _)| api.pages.write(&call, &Page { tree_size: page.tree_size, cursor: cursor.to_vec() }));
    look(api, account, &Caller::Learner(caller), "AccountService.ListAccesses")?;
    let accesses = found.into_iter().map(|(_, access)| Access {
        at: access.at,
        by: access.by,
        call: access.call,
        grant: access.grant.map(|grant| resource::grant_name(account, &grant)).unwrap_or_default(),
    });
    Ok(ListAccessesResponse { accesses: accesses.collect(), next_page_token: next.unwrap_or_default() })
}
