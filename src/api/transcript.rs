//! `TranscriptService`: the outcomes of one account, for its learner, as of any tree size. How one outcome is put together
//! stands in `outcome`.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};
use xuefen_core::kinds::tags;
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::query;
use xuefen_ledger::rows::AccountKey;

use super::access::{self, AccountId, Caller};
use super::outcome::Outcomes;
use super::page::{Page, Sizes};
use super::people::{look, own_account};
use super::proto::transcript_service_server::TranscriptService;
use super::proto::{GetTranscriptRequest, Transcript, WatchTranscriptRequest};
use super::status::{internal, invalid};
use super::{Api, blocking, present, resource, transcript_sums};
use crate::sequencer::{AsOf, View};

const OUTCOMES: Sizes = Sizes { default: 200, most: 1_000 };

/// A page stops here, so that it fits a message of gRPC's usual limit of 4 MiB.
const PAGE_BYTES: usize = 2 << 20;

/// Outcomes looked through at a time when only one kind is asked for.
const LOOKED_THROUGH: usize = 256;

/// A watcher is sent the transcript at most so often.
const PACE: Duration = Duration::from_secs(1);

/// A watcher's token is looked at again at least so often.
const TOKEN_CHECK: Duration = Duration::from_secs(30);

/// See the module.
pub struct Transcripts(pub Arc<Api>);

#[tonic::async_trait]
impl TranscriptService for Transcripts {
    async fn get_transcript(&self, request: Request<GetTranscriptRequest>) -> Result<Response<Transcript>, Status> {
        let caller = self.0.learner(&request)?;
        let (api, asked) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || {
            let account = resource::transcript("name", &asked.name)?;
            let view = api.ledger.view();
            own_account(&api, &view, caller, account)?;
            look(&api, account, &Caller::Learner(caller), "TranscriptService.GetTranscript")?;
            transcript(&api, &view, account, &asked)
        })
        .await
        .map(Response::new)
    }

    type WatchTranscriptStream = Pin<Box<dyn Stream<Item = Result<Transcript, Status>> + Send>>;

    async fn watch_transcript(
        &self,
        request: Request<WatchTranscriptRequest>,
    ) -> Result<Response<Self::WatchTranscriptStream>, Status> {
        let caller = self.0.learner(&request)?;
        let account = resource::transcript("name", &request.get_ref().name)?;
        own_account(&self.0, &self.0.ledger.view(), caller, account)?;
        look(&self.0, account, &Caller::Learner(caller), "TranscriptService.WatchTranscript")?;
        let (sender, receiver) = mpsc::channel(1);
        let (api, metadata) = (Arc::clone(&self.0), request.metadata().clone());
        tokio::spawn(async move {
            if let Err(status) = watch(api, metadata, caller, account, &sender).await {
                // The peer may be gone already.
                drop(sender.send(Err(status)).await);
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// Sends the transcript now and after each change of it, until the peer goes or its token runs out.
async fn watch(
    api: Arc<Api>,
    metadata: MetadataMap,
    caller: AccountId,
    account: AccountId,
    sender: &mpsc::Sender<Result<Transcript, Status>>,
) -> Result<(), Status> {
    let mut published = api.ledger.watch();
    let mut sent = None;
    loop {
        access::caller(&metadata, &api.tokens, api.ledger.now())?;
        published.mark_unchanged();
        let (reader, before) = (Arc::clone(&api), sent.take());
        let (now, transcript) = blocking(move || {
            let view = reader.ledger.view();
            own_account(&reader, &view, caller, account)?;
            let now = standings(&reader, &view, account)?;
            let changed = before.as_ref() != Some(&now);
            let transcript = if changed { Some(whole(&reader, &view, account)?) } else { None };
            Ok((now, transcript))
        })
        .await?;
        sent = Some(now);
        if let Some(transcript) = transcript
            && sender.send(Ok(transcript)).await.is_err()
        {
            return Ok(());
        }
        tokio::time::sleep(PACE).await;
        tokio::select! {
            // Statuses also change by time alone: a suspension ends.
            changed = tokio::time::timeout(TOKEN_CHECK, published.changed()) => {
                if let Ok(Err(_)) = changed {
                    return Ok(());
                }
            }
            () = sender.closed() => return Ok(()),
        }
    }
}

/// The account that `account` stood for as of the state; `None` if it was not open yet.
fn kept(api: &Api, state: &AsOf<'_>, account: AccountId) -> Result<Option<AccountKey>, Status> {
    let found = query::account(state, api.ledger.account_key(&account.0)).map_err(|error| internal(&error))?;
    Ok(found.map(|(kept, _)| kept))
}

/// The outcomes of a largest page and their statuses: what a watcher compares. Only of what can expire the payload is opened.
fn standings(api: &Api, view: &View, account: AccountId) -> Result<Vec<(u64, Option<query::EntryStatus>)>, Status> {
    let state = AsOf::new(&view.index, view.tree.size);
    let Some(kept) = kept(api, &state, account)? else { return Ok(Vec::new()) };
    let indices = query::outcomes(&state, kept, None, OUTCOMES.most as usize).map_err(|error| internal(&error))?;
    let now = api.ledger.now();
    let standing = |index| {
        let row = query::entry(&state, index).map_err(|error| internal(&error))?;
        let payload = match row {
            Some(row) if can_expire(i32::from(row.outcome_kind)) => {
                let logged = api.ledger.entry(view, index).map_err(|error| internal(&error))?;
                api.ledger.payload(&logged).map_err(|error| internal(&error))?
            }
            _ => None,
        };
        Ok((index, present::entry_status(&state, index, payload.as_ref(), now)?))
    };
    indices.into_iter().map(standing).collect()
}

/// Certificates have a family, and that says for how long they are valid.
fn can_expire(kind: i32) -> bool {
    let kind = OutcomeKind::try_from(kind).unwrap_or_default();
    tags::of_outcome(kind).is_some_and(|table| table.contains(&tags::FAMILY))
}

fn whole(api: &Api, view: &View, account: AccountId) -> Result<Transcript, Status> {
    let name = resource::transcript_name(account);
    transcript(api, view, account, &GetTranscriptRequest { name, page_size: OUTCOMES.most, ..Default::default() })
}

/// A page of the transcript of `account`, which the caller may see.
fn transcript(api: &Api, view: &View, account: AccountId, asked: &GetTranscriptRequest) -> Result<Transcript, Status> {
    let call =
        format!("TranscriptService.GetTranscript {account} {} {} {}", asked.outcome_kind, asked.view, asked.time);
    let (size, now) = as_of(api, view, asked)?;
    let page = api.pages.read(&call, &asked.page_token, size, view.tree.size)?;
    let state = AsOf::new(&view.index, page.tree_size);
    let from = page.cursor.first_chunk().map(|from| u64::from_be_bytes(*from));
    let limit = OUTCOMES.of(asked.page_size);
    let indices = match kept(api, &state, account)? {
        Some(kept) => indices(&state, kept, wanted(asked).as_deref(), from, limit + 1)?,
        None => Vec::new(),
    };
    let mut reader = Outcomes::new(api, view, page.tree_size, now);
    let (mut outcomes, mut next, mut bytes) = (Vec::with_capacity(indices.len()), None, 0);
    for index in indices {
        if outcomes.len() == limit || bytes > PAGE_BYTES {
            next = Some(index);
            break;
        }
        let outcome = reader.read(index)?;
        bytes += outcome.encoded_len();
        outcomes.push(outcome);
    }
    let mut stages = BTreeMap::new();
    for outcome in &outcomes {
        stages.insert(outcome.issuer.clone(), transcript_sums::stage(reader.kind_of(&outcome.issuer)?));
    }
    let stage_of = |issuer: &str| stages.get(issuer).copied().unwrap_or("other");
    let token =
        |index: u64| api.pages.write(&call, &Page { tree_size: page.tree_size, cursor: index.to_be_bytes().to_vec() });
    let mut transcript = Transcript {
        name: resource::transcript_name(account),
        groups: transcript_sums::groups(&outcomes, asked.grouping(), stage_of),
        outcomes,
        tree_size: page.tree_size,
        checkpoint: view.checkpoint.to_string(),
        next_page_token: next.map(token).unwrap_or_default(),
        ..Transcript::default()
    };
    transcript_sums::sum(&mut transcript);
    Ok(transcript)
}

/// The tree size and the time that a transcript is asked as of; 0 = the newest.
fn as_of(api: &Api, view: &View, asked: &GetTranscriptRequest) -> Result<(u64, i64), Status> {
    if asked.time == 0 {
        return Ok((asked.tree_size, api.ledger.now()));
    }
    if asked.tree_size > 0 || asked.time < 0 {
        return Err(invalid("time", "give a time in Unix seconds or a tree size, not both"));
    }
    let state = AsOf::new(&view.index, view.tree.size);
    let size = query::size_at(&state, view.tree.size, asked.time).map_err(|error| internal(&error))?;
    // Size 0 asks for the newest: before genesis there was nothing to see, and after it at least genesis.
    Ok((size.max(1), asked.time))
}

/// The kinds asked for; `None` = all.
fn wanted(asked: &GetTranscriptRequest) -> Option<Vec<OutcomeKind>> {
    let one = Some(asked.outcome_kind()).filter(|kind| *kind != OutcomeKind::Unspecified);
    match (transcript_sums::kinds_of(asked.view()), one) {
        (None, None) => None,
        (None, Some(kind)) => Some(vec![kind]),
        (Some(kinds), one) => Some(kinds.iter().copied().filter(|kind| one.is_none_or(|one| one == *kind)).collect()),
    }
}

/// Outcomes of some kinds, or of all, from entry `from` on, at most `limit`.
fn indices(
    state: &AsOf<'_>,
    account: AccountKey,
    kinds: Option<&[OutcomeKind]>,
    mut from: Option<u64>,
    limit: usize,
) -> Result<Vec<u64>, Status> {
    let Some(kinds) = kinds else {
        return query::outcomes(state, account, from, limit).map_err(|error| internal(&error));
    };
    let mut found = Vec::new();
    loop {
        let some = query::outcomes(state, account, from, LOOKED_THROUGH).map_err(|error| internal(&error))?;
        for index in &some {
            let row = query::entry(state, *index).map_err(|error| internal(&error))?;
            if row.is_some_and(|row| kinds.iter().any(|kind| i32::from(row.outcome_kind) == *kind as i32)) {
                found.push(*index);
            }
            if found.len() == limit {
                return Ok(found);
            }
        }
        match some.last() {
            Some(last) if some.len() == LOOKED_THROUGH => from = Some(last + 1),
            _ => return Ok(found),
        }
    }
}
