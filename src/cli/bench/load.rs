//! The load: what is sent, and how long it takes until it is answered.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::limits::{PARTS, quantiles};
use super::send::stream;
use super::world::{World, account_hex, logical_bytes};
use super::{Figure, figure, ms};
use crate::api::proto::run_report_response::Part;
use crate::api::proto::{GetTranscriptRequest, PostEntryRequest, Posting, RunReportRequest, VerifyRequest};
use crate::cli::client::Client;
use crate::cli::{account, login, present};

/// Statements under one signature.
pub const BATCH: usize = 4_096;
/// Batches made before they are sent, so that signing them is not measured and memory stays bounded.
const ROUND: usize = 25 * BATCH;
const READS: u32 = 500;

/// One writer that waits for each answer.
pub async fn singles(client: &Client, postings: Vec<Posting>) -> anyhow::Result<(Duration, Duration)> {
    let mut issuing = client.issuing();
    let mut times = Vec::with_capacity(postings.len());
    for posting in postings {
        let request = PostEntryRequest { posting: Some(posting), validate_only: false };
        let from = Instant::now();
        issuing.post_entry(request).await?;
        times.push(from.elapsed());
    }
    Ok(quantiles(&mut times))
}

/// What came of the batches.
pub struct Batched {
    /// Entries a second.
    pub rate: f64,
    /// Entries in the log afterwards.
    pub entries: u64,
    /// Logical bytes of all of them, taking those before the batches for as large.
    pub logical: u64,
    /// CPU time per entry, by [`PARTS`].
    pub cpu: [Duration; PARTS.len()],
}

/// So many entries in batches, round by round.
pub async fn batched(client: &Client, world: &mut World, entries: usize) -> anyhow::Result<Batched> {
    let (mut done, mut took, mut logical) = (0, Duration::ZERO, 0_u64);
    let mut cpu = [Duration::ZERO; PARTS.len()];
    while done < entries {
        let postings = world.outcomes((entries - done).min(ROUND), BATCH)?;
        done += postings.len();
        logical += postings.iter().map(logical_bytes).sum::<usize>() as u64;
        let round = stream(client, postings).await?;
        took += round.time;
        cpu.iter_mut().zip(round.cpu).for_each(|(sum, of_round)| *sum += of_round);
    }
    let each = u32::try_from(done.max(1))?;
    let checkpoint = client.log().get_checkpoint(crate::api::proto::GetCheckpointRequest {}).await?.into_inner();
    let entries = checkpoint.tree_size;
    Ok(Batched {
        rate: done as f64 / took.as_secs_f64(),
        entries,
        logical: logical * entries / u64::from(each),
        cpu: cpu.map(|time| time / each),
    })
}

/// Outcomes that a report reads in a second: all of the institution's, each payload opened.
pub async fn report(client: &Client, world: &World) -> anyhow::Result<Figure> {
    let (id, key) = world.school();
    let school = login::authenticate(client.clone(), id, key).await?;
    let request = RunReportRequest { report: "cohort".to_owned(), ..RunReportRequest::default() };
    let from = Instant::now();
    let mut answers = school.report().run_report(school.request(request)).await?.into_inner();
    let mut counted = 0;
    while let Some(answer) = answers.message().await? {
        if let Some(Part::Head(head)) = answer.part {
            counted = head.counts.unwrap_or_default().counted;
        }
    }
    Ok(figure("outcomes read by a report", counted as f64 / from.elapsed().as_secs_f64(), "/s"))
}

/// Transcripts and verifications a second, one caller at a time.
pub async fn reads(client: &Client, world: &World, learners: u32) -> anyhow::Result<Vec<Figure>> {
    let (id, key) = world.school();
    let school = login::authenticate(client.clone(), id, key).await?;
    let code = account::activation_code(&school, &account_hex(learners / 2)).await?;
    let entered = login::activate(client, &code.activation_code).await?;
    let learner = client.clone().with_token(&entered.access_token)?;
    let mut times = Vec::new();
    let mut index = None;
    for _ in 0..READS {
        let request = GetTranscriptRequest { name: format!("{}/transcript", entered.account), ..Default::default() };
        let from = Instant::now();
        let transcript = learner.transcript().get_transcript(learner.request(request)).await?.into_inner();
        times.push(from.elapsed());
        index = transcript.outcomes.first().map(|outcome| outcome.index);
    }
    let transcript = quantiles(&mut times);
    let index = index.context("the learner has no outcome")?;
    let learner = login::Learner::new(client.clone(), &entered.access_token, entered.account.clone())?;
    let presentation = present::presentation(&learner, index, Vec::new()).await?;
    let mut times = Vec::new();
    for _ in 0..READS {
        let request = VerifyRequest { presentation: presentation.clone(), ..Default::default() };
        let from = Instant::now();
        client.verification().verify(request).await?;
        times.push(from.elapsed());
    }
    let verify = quantiles(&mut times);
    let per_second = |time: Duration| 1.0 / time.as_secs_f64().max(f64::EPSILON);
    Ok(vec![
        figure("transcript p50", ms(transcript.0), "ms"),
        figure("transcript p99", ms(transcript.1), "ms"),
        figure("transcripts, one caller", per_second(transcript.0), "/s"),
        figure("verify p50", ms(verify.0), "ms"),
        figure("verify p99", ms(verify.1), "ms"),
        figure("verifications, one caller", per_second(verify.0), "/s"),
    ])
}
