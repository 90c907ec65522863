//! Posting in bulk: a stream of postings in, a verdict for each out, over as many connections as it takes.
//!
//! After a cut, everything without a verdict is sent again; what the ledger has already is answered with its first receipt,
//! so nothing can enter twice. No files and no printing here.

use std::collections::VecDeque;
use std::time::Duration;

use prost::Message as _;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::api::proto::{EntryVerdict, PostEntriesRequest, PostEntriesResponse, Posting};
use crate::cli::client::{Client, ClientError, Refused};

/// Bytes of postings in one message, unless one alone is longer. The server takes 16 MiB.
const MESSAGE_BYTES: usize = 1 << 20;
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// How hard to push and how long to try.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Postings in one message, at least 1.
    pub message: usize,
    /// Postings without a verdict at a time, at least 1. They are held in memory to be sent again.
    pub unanswered: usize,
    /// Give up after so long without any verdict.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { message: 256, unanswered: 8_192, patience: Duration::from_mins(1) }
    }
}

/// Why posting ended before every posting had its verdict. What was answered before stands.
#[derive(Debug, thiserror::Error)]
pub enum PostError<E: std::error::Error + 'static> {
    /// The next posting could not be had.
    #[error("the postings cannot be read to their end")]
    Source(#[source] E),
    /// The server refuses to go on.
    #[error("the server ended the posting")]
    Server(#[source] ClientError),
    /// No verdict for a long time, over however many connections.
    #[error("no answer for {} s; post the same file again later: what was logged is not logged twice", .after.as_secs())]
    Patience {
        /// How long.
        after: Duration,
        /// The last reason.
        #[source]
        last: ClientError,
    },
    /// The verdicts are not those of the postings: this is not a server of this protocol.
    #[error("the server answered posting {got} where posting {expected} was due")]
    OutOfOrder {
        /// Sequence number that was due.
        expected: u64,
        /// Sequence number that came.
        got: u64,
    },
}

/// What the posting hears: each verdict in order, and cuts.
pub trait Listener {
    /// The verdict of the next posting.
    fn verdict(&mut self, verdict: EntryVerdict);
    /// A checkpoint that covers every receipt heard so far.
    fn checkpoint(&mut self, _note: String) {}
    /// The connection was cut; it is tried again after `wait`.
    fn cut(&mut self, _why: &Refused, _wait: Duration) {}
}

impl Listener for Vec<EntryVerdict> {
    fn verdict(&mut self, verdict: EntryVerdict) {
        self.push(verdict);
    }
}

/// Posts everything that `postings` gives. Each posting gets exactly one verdict, in order, whatever happens to connections.
pub async fn post<E: std::error::Error + 'static>(
    client: &Client,
    postings: impl Iterator<Item = Result<Posting, E>>,
    options: Options,
    listener: &mut impl Listener,
) -> Result<(), PostError<E>> {
    let mut run = Run { postings, options, unanswered: VecDeque::new(), sent: 0, exhausted: false, failed: None };
    let (mut wait, mut heard_at) = (FIRST_WAIT, Instant::now());
    loop {
        let before = heard_at;
        let refused = match run.over_one_stream(client, listener, &mut heard_at).await {
            Ok(()) => return run.failed.map_or(Ok(()), |error| Err(PostError::Source(error))),
            Err(End::Cut(refused)) => refused,
            Err(End::Final(error)) => return Err(error),
        };
        if heard_at != before {
            wait = FIRST_WAIT;
        }
        let last = || ClientError::Refused(refused.clone());
        if !refused.is_passing() {
            return Err(PostError::Server(last()));
        }
        if heard_at.elapsed() + wait > options.patience {
            return Err(PostError::Patience { after: options.patience, last: last() });
        }
        let wish = refused.retry_after.unwrap_or_default().min(LONGEST_WAIT);
        listener.cut(&refused, wait.max(wish));
        tokio::time::sleep(wait.max(wish)).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Posts a few postings and gives their verdicts, in order.
pub async fn post_all(
    client: &Client,
    postings: Vec<Posting>,
) -> Result<Vec<EntryVerdict>, PostError<std::convert::Infallible>> {
    let mut verdicts = Vec::with_capacity(postings.len());
    post(client, postings.into_iter().map(Ok), Options::default(), &mut verdicts).await?;
    Ok(verdicts)
}

/// How a stream ended early.
enum End<E: std::error::Error + 'static> {
    Cut(Box<Refused>),
    Final(PostError<E>),
}

struct Run<I, E> {
    postings: I,
    options: Options,
    /// Oldest first. Those from `sent` on have not been sent over the stream of the moment.
    unanswered: VecDeque<Posting>,
    sent: usize,
    exhausted: bool,
    failed: Option<E>,
}

impl<I: Iterator<Item = Result<Posting, E>>, E: std::error::Error + 'static> Run<I, E> {
    async fn over_one_stream(
        &mut self,
        client: &Client,
        listener: &mut impl Listener,
        heard_at: &mut Instant,
    ) -> Result<(), End<E>> {
        self.sent = 0;
        let (sender, receiver) = mpsc::channel(4);
        let cut = |status: &tonic::Status| End::Cut(Box::new(Refused::from(status)));
        let answers =
            client.issuing().post_entries(ReceiverStream::new(receiver)).await.map_err(|status| cut(&status))?;
        let mut answers: Streaming<PostEntriesResponse> = answers.into_inner();
        loop {
            let may_send = self.has_more();
            if !may_send && self.unanswered.is_empty() {
                return Ok(());
            }
            let deadline = *heard_at + self.options.patience;
            tokio::select! {
                permit = sender.reserve(), if may_send => {
                    // A closed channel is a stream at its end; the answers say why.
                    let Ok(permit) = permit else {
                        let status = answers.message().await.err();
                        return Err(cut(&status.unwrap_or_else(ended)));
                    };
                    let postings = self.next_message();
                    if !postings.is_empty() {
                        permit.send(PostEntriesRequest { postings });
                    }
                }
                answer = answers.message() => {
                    let answer = answer.map_err(|status| cut(&status))?.ok_or_else(|| cut(&ended()))?;
                    *heard_at = Instant::now();
                    self.take(answer, listener)?;
                }
                // A peer that is gone without a word looks like a slow one until then.
                () = tokio::time::sleep_until(deadline) => {
                    return Err(cut(&tonic::Status::deadline_exceeded("no verdict came")));
                }
            }
        }
    }

    fn has_more(&self) -> bool {
        self.sent < self.unanswered.len() || (!self.exhausted && self.unanswered.len() < self.options.unanswered)
    }

    /// The next postings to send: first those sent before over a stream that was cut.
    fn next_message(&mut self) -> Vec<Posting> {
        let (mut message, mut bytes) = (Vec::new(), 0);
        while message.len() < self.options.message && bytes < MESSAGE_BYTES && self.has_more() {
            if self.sent == self.unanswered.len() {
                match self.postings.next() {
                    Some(Ok(posting)) => self.unanswered.push_back(posting),
                    Some(Err(error)) => (self.exhausted, self.failed) = (true, Some(error)),
                    None => self.exhausted = true,
                }
                continue;
            }
            let posting = &self.unanswered[self.sent];
            bytes += posting.encoded_len();
            message.push(posting.clone());
            self.sent += 1;
        }
        message
    }

    fn take(&mut self, answer: PostEntriesResponse, listener: &mut impl Listener) -> Result<(), End<E>> {
        for verdict in answer.verdicts {
            let expected = self.unanswered.front().filter(|_| self.sent > 0).map(|posting| posting.sequence);
            if expected != Some(verdict.sequence) || verdict.result.is_none() {
                let (expected, got) = (expected.unwrap_or_default(), verdict.sequence);
                return Err(End::Final(PostError::OutOfOrder { expected, got }));
            }
            self.unanswered.pop_front();
            self.sent -= 1;
            listener.verdict(verdict);
        }
        listener.checkpoint(answer.checkpoint);
        Ok(())
    }
}

fn ended() -> tonic::Status {
    tonic::Status::unavailable("the stream ended before every posting had its verdict")
}
