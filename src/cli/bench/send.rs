//! Sending a stream of postings and counting the verdicts, with as little work of the sender's own as a real call allows:
//! it shares its cores with the server that is measured, which senders elsewhere do not.

use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use prost::Message as _;
use prost::bytes::Bytes;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{IntoStreamingRequest as _, Streaming};

use super::limits::{PARTS, cpu_time};
use crate::api::proto::entry_verdict::Result as Verdict;
use crate::api::proto::{PostEntriesResponse, Posting};
use crate::cli::client::Client;

const PER_MESSAGE: usize = 256;

/// `PostEntriesRequest` with its postings encoded beforehand: the same bytes on the wire.
#[derive(Clone, PartialEq, prost::Message)]
struct Encoded {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    postings: Vec<Bytes>,
}

fn encode(postings: &[Posting]) -> Vec<Encoded> {
    let one = |posting: &Posting| Bytes::from(posting.encode_to_vec());
    postings.chunks(PER_MESSAGE).map(|postings| Encoded { postings: postings.iter().map(one).collect() }).collect()
}

/// What a stream took from the first posting to the last verdict.
pub struct Took {
    /// Wall-clock.
    pub time: Duration,
    /// Of this process, by [`PARTS`].
    pub cpu: [Duration; PARTS.len()],
}

/// Posts everything on one stream.
pub async fn stream(client: &Client, postings: Vec<Posting>) -> anyhow::Result<Took> {
    let expected = postings.len();
    let requests = encode(&postings);
    drop(postings);
    let before = cpu_time()?;
    let from = Instant::now();
    let mut answers = post(client, requests).await?;
    let mut receipts = 0;
    while let Some(answer) = answers.message().await? {
        for verdict in answer.verdicts {
            match verdict.result {
                Some(Verdict::Receipt(_)) => receipts += 1,
                Some(Verdict::Refusal(refusal)) => bail!("refused: {} at {}", refusal.reason, refusal.field),
                None => bail!("a verdict without a result"),
            }
        }
    }
    ensure!(receipts == expected, "{receipts} receipts for {expected} postings");
    let (time, after) = (from.elapsed(), cpu_time()?);
    Ok(Took { time, cpu: std::array::from_fn(|part| after[part].saturating_sub(before[part])) })
}

/// `PostEntries` as the generated client calls it, but for the type of the message.
async fn post(client: &Client, requests: Vec<Encoded>) -> anyhow::Result<Streaming<PostEntriesResponse>> {
    let mut grpc = tonic::client::Grpc::new(client.channel());
    grpc.ready().await?;
    let codec = tonic_prost::ProstCodec::<Encoded, PostEntriesResponse>::default();
    let path = PathAndQuery::from_static("/xuefen.v1.IssuingService/PostEntries");
    let requests = tokio_stream::iter(requests).into_streaming_request();
    Ok(grpc.streaming(requests, path, codec).await?.into_inner())
}

/// Entries a second.
#[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
pub async fn rate(client: &Client, postings: Vec<Posting>) -> anyhow::Result<f64> {
    let count = postings.len();
    Ok(count as f64 / stream(client, postings).await?.time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::proto::PostEntriesRequest;

    #[test]
    fn what_is_encoded_beforehand_is_the_same_request() {
        let posting =
            |sequence| Posting { sequence, statement: Bytes::from_static(b"statement"), ..Posting::default() };
        let postings: Vec<_> = (0..300).map(posting).collect();
        let encoded = encode(&postings);
        let plain = postings.chunks(PER_MESSAGE).map(|part| PostEntriesRequest { postings: part.to_vec() });
        assert!(plain.map(|plain| plain.encode_to_vec()).eq(encoded.iter().map(Encoded::encode_to_vec)));
    }
}
