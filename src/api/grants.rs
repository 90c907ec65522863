//! Grants: a learner lets whoever holds a code see one outcome, once. Making, listing and withdrawing belong to
//! `AccountService`; using one to `VerificationService`.

use std::sync::Arc;

use tonic::Status;
use xuefen_core::commitment::Tag;
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_ledger::rows::Short;

use super::access::{AccountId, Caller};
use super::page::{Page, Sizes};
use super::people::{look, own_account};
use super::proto::{
    self, CreateGrantRequest, CreateGrantResponse, ListGrantsRequest, ListGrantsResponse, WithdrawGrantRequest,
};
use super::status::{internal, invalid, not_found, too_many};
use super::{Api, blocking, present, resource};
use crate::sequencer::{Ended, Grant, GrantState, LoggedEntry, Private, View};

const GRANTS: Sizes = Sizes { default: 100, most: 1_000 };

/// How long a grant is good, seconds, if the learner does not say: a week.
const LIFETIME_SECONDS: u32 = 7 * 86_400;
const LONGEST_SECONDS: u32 = 90 * 86_400;

/// Longest label, characters.
const LABEL: usize = 100;

/// What an employer asks for when the learner does not choose: what it is, from whom, at what level; never a mark.
const EMPLOYER_TAGS: [tags::Tag; 7] = [
    tags::ACHIEVED_ON,
    tags::HOLDER_NAME,
    tags::LEVEL,
    tags::CERTIFICATE_NUMBER,
    tags::FAMILY,
    tags::ISSUER_NAME,
    tags::TITLE,
];

/// An outcome that its learner wants to show, and the tags to show of it.
pub struct Chosen {
    pub logged: LoggedEntry,
    pub tags: Vec<u32>,
}

/// The outcome `index` of `account`. The answer is the same for one of somebody else and for an entry that is none, so
/// indices tell nobody whose they are.
pub fn choose(api: &Api, view: &View, account: AccountId, index: u64, tags: Vec<u32>) -> Result<Chosen, Status> {
    if index >= view.tree.size {
        return Err(not_found("the outcome"));
    }
    let logged = api.ledger.entry(view, index).map_err(|error| internal(&error))?;
    let Some(Body::RecordOutcome(outcome)) = logged.entry.statement().message().body.as_ref() else {
        return Err(not_found("the outcome"));
    };
    if !api.ledger.is_outcome_of(view, index, &account.0).map_err(|error| internal(&error))? {
        return Err(not_found("the outcome"));
    }
    let table = tags::of_outcome(outcome.outcome_kind()).unwrap_or_default();
    let usual = || EMPLOYER_TAGS.iter().filter(|tag| table.contains(tag)).map(|tag| tag.number).collect();
    let tags = if tags.is_empty() { usual() } else { tags };
    Ok(Chosen { logged, tags })
}

/// Makes a grant; the code leaves the server here and never again.
pub async fn create(
    api: &Arc<Api>,
    caller: AccountId,
    asked: CreateGrantRequest,
) -> Result<CreateGrantResponse, Status> {
    let account = resource::account("parent", &asked.parent)?;
    let lifetime = if asked.lifetime_seconds == 0 { LIFETIME_SECONDS } else { asked.lifetime_seconds };
    if lifetime > LONGEST_SECONDS {
        return Err(invalid("lifetime_seconds", format!("at most {LONGEST_SECONDS} (90 days)")));
    }
    let label_is_fine = asked.label.chars().count() <= LABEL && !asked.label.chars().any(char::is_control);
    if !label_is_fine {
        return Err(invalid("label", format!("at most {LABEL} characters, on one line")));
    }
    let (reader, index) = (Arc::clone(api), asked.index);
    let tags = blocking(move || {
        let view = reader.ledger.view();
        own_account(&reader, &view, caller, account)?;
        let chosen = choose(&reader, &view, account, index, asked.tags)?;
        // Whoever gets the code must not be the first to learn that it shows nothing.
        present::disclosure(&reader, &chosen.logged, &chosen.tags)?;
        Ok(chosen.tags)
    })
    .await?;
    let code = api.codes.draw().map_err(|error| internal(&error))?;
    let hash = api.codes.grant_hash(&code).expect("what was drawn is a code");
    let made_at = api.ledger.now();
    let expires_at = made_at.saturating_add(i64::from(lifetime));
    let grant = Grant { account: account.0, code: hash, index, tags, label: asked.label, made_at, expires_at };
    let shown = message(account, &grant, GrantState::Open, made_at);
    look(api, account, &Caller::Learner(caller), "AccountService.CreateGrant")?;
    api.ledger.record(&Private::Grant(grant)).await?;
    let link = link(api, &code);
    Ok(CreateGrantResponse { grant: Some(shown), code, link })
}

/// Where a page uses the code. It stands after the hash sign, which browsers do not send: fetching a preview of the link
/// uses nothing up, and no server's log has the code.
fn link(api: &Api, code: &str) -> String {
    let trust = api.trust.load();
    let own = trust.policy.logs().iter().find(|log| log.key.name().as_str() == api.ledger.origin().as_str());
    own.map(|log| format!("{}/verify#grant={code}", log.url.trim_end_matches('/'))).unwrap_or_default()
}

/// Grants of the learner, newest first.
pub fn list(api: &Api, caller: AccountId, asked: &ListGrantsRequest) -> Result<ListGrantsResponse, Status> {
    let account = resource::account("parent", &asked.parent)?;
    let call = format!("AccountService.ListGrants {account}");
    let view = api.ledger.view();
    let (kept, row) = own_account(api, &view, caller, account)?;
    let page = api.pages.read(&call, &asked.page_token, 0, view.tree.size)?;
    let accounts: Vec<_> = std::iter::once(kept).chain(row.aliases).collect();
    let limit = GRANTS.of(asked.page_size);
    let after = page.cursor.first_chunk();
    let mut found = api.ledger.grants(&view, &accounts, after, limit + 1).map_err(|error| internal(&error))?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found
        .last()
        .filter(|_| more)
        .map(|(cursor, ..)| api.pages.write(&call, &Page { tree_size: page.tree_size, cursor: cursor.to_vec() }));
    let now = api.ledger.now();
    look(api, account, &Caller::Learner(caller), "AccountService.ListGrants")?;
    let grants = found.iter().map(|(_, grant, state)| message(AccountId(grant.account), grant, *state, now)).collect();
    Ok(ListGrantsResponse { grants, next_page_token: next.unwrap_or_default() })
}

/// Ends a grant of the learner.
pub async fn withdraw(api: &Arc<Api>, caller: AccountId, asked: &WithdrawGrantRequest) -> Result<proto::Grant, Status> {
    let (account, code) = resource::grant("name", &asked.name)?;
    // A grant must not be used while it is being withdrawn.
    let _using = api.codes.using.lock().await;
    let known = find(api, caller, account, code).await?;
    let (grant, state) = known.ok_or_else(|| not_found("the grant"))?;
    let now = api.ledger.now();
    if state != GrantState::Open || now >= grant.expires_at {
        return Ok(message(account, &grant, state, now));
    }
    let end = Private::GrantEnd { account: grant.account, code, ended: Ended::Withdrawn, at: now };
    api.ledger.record(&end).await?;
    Ok(message(account, &grant, GrantState::Ended { how: Ended::Withdrawn, at: now }, now))
}

/// The learner's own grant with this keyed hash of its code.
async fn find(
    api: &Arc<Api>,
    caller: AccountId,
    account: AccountId,
    code: Short,
) -> Result<Option<(Grant, GrantState)>, Status> {
    let api = Arc::clone(api);
    blocking(move || {
        let view = api.ledger.view();
        let (kept, row) = own_account(&api, &view, caller, account)?;
        let accounts: Vec<_> = std::iter::once(kept).chain(row.aliases).collect();
        let found = api.ledger.grants(&view, &accounts, None, usize::MAX).map_err(|error| internal(&error))?;
        Ok(found.into_iter().find(|(_, grant, _)| grant.code == code).map(|(_, grant, state)| (grant, state)))
    })
    .await
}

/// Uses a grant up: the presentation it stands for. One answer for every code that is not good.
pub async fn use_up(api: &Arc<Api>, code: &str, certificate_number: &str) -> Result<Vec<u8>, Status> {
    let now = api.ledger.now();
    let (user, code, number) = (Arc::clone(api), code.to_owned(), certificate_number.to_owned());
    // Runs to its end even if the peer goes away: let go half-way, the code could be used again.
    let using = tokio::spawn(async move { redeem(&user, &code, &number, now).await });
    if let Some(presentation) = using.await.map_err(|error| internal(&error))?? {
        return Ok(presentation);
    }
    // Only failures are held back: else whoever guesses wrongly all day would keep everybody out.
    api.codes.may_try(now).map_err(too_many)?;
    api.codes.failed(now);
    Err(not_found("an open grant with this code (and certificate number); ask the learner for a new one: it"))
}

async fn redeem(api: &Arc<Api>, code: &str, number: &str, now: i64) -> Result<Option<Vec<u8>>, Status> {
    let Some(hash) = api.codes.grant_hash(code) else { return Ok(None) };
    // Guesses need not wait for good codes, nor good codes for guesses.
    if made(api, hash, number, now).await?.is_none() {
        return Ok(None);
    }
    // Until the use can be seen in the index, nobody else may look the code up.
    let _using = api.codes.using.lock().await;
    let Some((grant, presentation)) = made(api, hash, number, now).await? else { return Ok(None) };
    let call = "VerificationService.Verify";
    api.ledger.record_access(grant.account, "grant", call, Some(hash))?;
    let end = Private::GrantEnd { account: grant.account, code: hash, ended: Ended::Used, at: now };
    api.ledger.record(&end).await?;
    Ok(Some(presentation))
}

/// The grant that a code opens now, and the presentation made for it; `None` for every code that is not good.
async fn made(api: &Arc<Api>, code: Short, number: &str, now: i64) -> Result<Option<(Grant, Vec<u8>)>, Status> {
    let (api, number) = (Arc::clone(api), number.trim().to_owned());
    blocking(move || {
        let view = api.ledger.view();
        let grant = api.ledger.open_grant(&view, &code).map_err(|error| internal(&error))?;
        let Some(grant) = grant.filter(|grant| now < grant.expires_at) else { return Ok(None) };
        let chosen = choose(&api, &view, AccountId(grant.account), grant.index, grant.tags.clone())?;
        if !number.is_empty() && !is_numbered(&api, &chosen.logged, &number)? {
            return Ok(None);
        }
        let against = present::against(&api, grant.index)?;
        // A view that is not older than the checkpoint.
        let view = api.ledger.view();
        let presentation =
            present::presentation(&api, &view, &chosen.logged, (grant.index, None), &chosen.tags, &against)?;
        Ok(Some((grant, presentation.into_bytes())))
    })
    .await
}

fn is_numbered(api: &Api, logged: &LoggedEntry, number: &str) -> Result<bool, Status> {
    let payload = api.ledger.payload(logged).map_err(|error| internal(&error))?;
    let tag = Tag::new(tags::CERTIFICATE_NUMBER.number).expect("a tag from the table");
    Ok(payload.is_some_and(|payload| payload.value(tag).is_some_and(|value| value == number.as_bytes())))
}

fn message(account: AccountId, grant: &Grant, state: GrantState, now: i64) -> proto::Grant {
    let (word, ended_at) = match state {
        GrantState::Ended { how: Ended::Used, at } => (proto::GrantState::Used, at),
        GrantState::Ended { how: Ended::Withdrawn, at } => (proto::GrantState::Withdrawn, at),
        GrantState::Open if now >= grant.expires_at => (proto::GrantState::Expired, 0),
        GrantState::Open => (proto::GrantState::Open, 0),
    };
    proto::Grant {
        name: resource::grant_name(account, &grant.code),
        index: grant.index,
        tags: grant.tags.clone(),
        label: grant.label.clone(),
        created_at: grant.made_at,
        expires_at: grant.expires_at,
        state: word as i32,
        ended_at,
    }
}
