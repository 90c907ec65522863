//! `IssuingService`: institutions post signed entries, log in, and look up what they issued.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};
use xuefen_ledger::RawPosting;

use super::proto::issuing_service_server::IssuingService;
use super::proto::{
    AuthenticateRequest, AuthenticateResponse, CreateChallengeRequest, CreateChallengeResponse, GetEntryRequest,
    GetEntryResponse, ListIssuedRequest, ListIssuedResponse, PostEntriesRequest, PostEntriesResponse, PostEntryRequest,
    PostEntryResponse, ResolveAccountsRequest, ResolveAccountsResponse,
};
use super::status::{busy, invalid, stopped};
use super::{Api, blocking, convert, issued, issuer};
use crate::sequencer::{Answer, CHUNK, LaneIn, LaneOut, PostError, Verdict};

/// Bytes of postings that travel together, at most, unless one alone is longer.
const CHUNK_BYTES: usize = 256 << 10;

/// Postings of one message, at most. They are all in memory while the stream waits for the ledger, each with more than its
/// own bytes.
const MOST_POSTINGS: usize = 4_096;

/// See the module.
pub struct Issuing(pub Arc<Api>);

/// For each chunk handed in, the numbers that its sender gave; at the end maybe why no more was read. One channel for both,
/// so that everything handed in is answered before the error is.
type Numbers = Result<Vec<u64>, Status>;

#[tonic::async_trait]
impl IssuingService for Issuing {
    type PostEntriesStream = Pin<Box<dyn Stream<Item = Result<PostEntriesResponse, Status>> + Send>>;

    async fn post_entries(
        &self,
        request: Request<Streaming<PostEntriesRequest>>,
    ) -> Result<Response<Self::PostEntriesStream>, Status> {
        let (lane_in, lane_out) = self.0.ledger.lane();
        let (numbers, numbered) = mpsc::channel(64);
        let (answers, stream) = mpsc::channel(16);
        let requests = request.into_inner();
        tokio::spawn(async move {
            if let Err(status) = feed(requests, &lane_in, &numbers).await {
                // The peer may be gone already.
                drop(numbers.send(Err(status)).await);
            }
        });
        tokio::spawn(drain(lane_out, numbered, answers));
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn post_entry(&self, request: Request<PostEntryRequest>) -> Result<Response<PostEntryResponse>, Status> {
        let PostEntryRequest { posting, validate_only } = request.into_inner();
        let posting = posting.ok_or_else(|| invalid("posting", "send the entry to post".to_owned()))?;
        let posting = convert::posting(posting);
        if validate_only {
            let checked = self.0.ledger.check(posting).await.map_err(post_error)?;
            return match checked {
                Ok(()) => Ok(Response::new(PostEntryResponse::default())),
                Err(refusal) => Err(convert::refused(&refusal)),
            };
        }
        let answer = self.0.ledger.post(vec![posting]).await.map_err(post_error)?;
        match answer.verdicts.into_iter().next() {
            Some(Verdict::Receipt(receipt)) => Ok(Response::new(PostEntryResponse {
                receipt: Some(convert::receipt(receipt)),
                checkpoint: answer.view.checkpoint.to_string(),
            })),
            Some(Verdict::Refused(refusal)) => Err(convert::refused(&refusal)),
            None => Err(stopped()),
        }
    }

    async fn create_challenge(
        &self,
        request: Request<CreateChallengeRequest>,
    ) -> Result<Response<CreateChallengeResponse>, Status> {
        issuer::create_challenge(&self.0, &request.into_inner()).map(Response::new)
    }

    async fn authenticate(
        &self,
        request: Request<AuthenticateRequest>,
    ) -> Result<Response<AuthenticateResponse>, Status> {
        issuer::authenticate(&self.0, &request.into_inner()).map(Response::new)
    }

    async fn resolve_accounts(
        &self,
        request: Request<ResolveAccountsRequest>,
    ) -> Result<Response<ResolveAccountsResponse>, Status> {
        let institution = self.0.institution(&request)?;
        let (api, request) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || issuer::resolve_accounts(&api, &institution, &request)).await.map(Response::new)
    }

    async fn list_issued(&self, request: Request<ListIssuedRequest>) -> Result<Response<ListIssuedResponse>, Status> {
        let institution = self.0.institution(&request)?;
        let (api, request) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || issued::list(&api, &institution, &request)).await.map(Response::new)
    }

    async fn get_entry(&self, request: Request<GetEntryRequest>) -> Result<Response<GetEntryResponse>, Status> {
        // The entry is public; only its payload asks for a caller, so a call without a token is answered too.
        let caller =
            if request.metadata().contains_key("authorization") { Some(self.0.institution(&request)?) } else { None };
        let (api, request) = (Arc::clone(&self.0), request.into_inner());
        blocking(move || issuer::get_entry(&api, caller.as_deref(), request)).await.map(Response::new)
    }
}

fn post_error(error: PostError) -> Status {
    match error {
        PostError::Busy => busy(),
        PostError::Stopped(_) => stopped(),
    }
}

/// Reads what the peer sends and hands it in, in chunks, in order.
async fn feed(
    mut requests: Streaming<PostEntriesRequest>,
    lane: &LaneIn,
    numbers: &mpsc::Sender<Numbers>,
) -> Result<(), Status> {
    while let Some(request) = requests.message().await? {
        if request.postings.len() > MOST_POSTINGS {
            return Err(invalid("postings", format!("send at most {MOST_POSTINGS} in a message, better 100 to 1,000")));
        }
        let (mut chunk, mut sequences, mut bytes) = (Vec::new(), Vec::new(), 0);
        for posting in request.postings {
            let (sequence, size) = (posting.sequence, prost::Message::encoded_len(&posting));
            if !chunk.is_empty() && (chunk.len() == CHUNK || bytes + size > CHUNK_BYTES) {
                hand_in(lane, numbers, &mut chunk, &mut sequences).await?;
                bytes = 0;
            }
            chunk.push(convert::posting(posting));
            sequences.push(sequence);
            bytes += size;
        }
        if !chunk.is_empty() {
            hand_in(lane, numbers, &mut chunk, &mut sequences).await?;
        }
    }
    Ok(())
}

async fn hand_in(
    lane: &LaneIn,
    numbers: &mpsc::Sender<Numbers>,
    chunk: &mut Vec<RawPosting>,
    sequences: &mut Vec<u64>,
) -> Result<(), Status> {
    lane.push(std::mem::take(chunk)).await.map_err(|_| stopped())?;
    numbers.send(Ok(std::mem::take(sequences))).await.map_err(|_| stopped())
}

/// Sends the verdicts back in the order of the postings.
async fn drain(
    mut lane: LaneOut,
    mut numbered: mpsc::Receiver<Numbers>,
    answers: mpsc::Sender<Result<PostEntriesResponse, Status>>,
) {
    while let Some(numbers) = numbered.recv().await {
        let response = match numbers {
            Ok(sequences) => match lane.next().await {
                Some(Ok(answer)) => Ok(respond(sequences, answer)),
                Some(Err(_)) | None => Err(stopped()),
            },
            Err(status) => Err(status),
        };
        let failed = response.is_err();
        if answers.send(response).await.is_err() || failed {
            return;
        }
    }
}

fn respond(sequences: Vec<u64>, answer: Answer) -> PostEntriesResponse {
    let verdicts = sequences.into_iter().zip(answer.verdicts);
    let verdicts = verdicts.map(|(sequence, verdict)| convert::verdict(sequence, verdict)).collect();
    PostEntriesResponse { verdicts, checkpoint: answer.view.checkpoint.to_string() }
}
