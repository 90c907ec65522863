//! The whole path over loopback gRPC, client and server in one process on the same cores: single posts, streams of singly
//! signed and of batch-signed entries, and beside them what this machine's disk and signatures allow in the same run.
//!
//! `cargo bench --bench ledger [-- entries]`. Prints figures; asserts nothing about them.

use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use xuefen::api::proto::entry_verdict::Result as Verdict;
use xuefen::api::proto::issuing_service_client::IssuingServiceClient;
use xuefen::api::proto::{PostEntriesRequest, PostEntryRequest, Posting};
use xuefen::cli::init::{Init, make};
use xuefen::sequencer::{Clock, Home, payload_to_message};
use xuefen::server::{listener, routes, start};
use xuefen_core::kinds::tags;
use xuefen_core::payload::Payload;
use xuefen_core::proto::statement::Body;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use xuefen_ledger::testing::{ORIGIN, World, payload, sign_all};
use xuefen_ledger::{Message, RawPosting};

const LEARNERS: u32 = 20_000;
const BATCH: usize = 4_096;
const PER_MESSAGE: usize = 256;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Fallible<()> {
    let entries: usize = std::env::args().find_map(|arg| arg.parse().ok()).unwrap_or(100_000);
    let dir = tempfile::tempdir()?;
    println!("machine: {} cores", std::thread::available_parallelism()?);
    let sync = fdatasync(dir.path())?;
    println!("fdatasync of 4 KiB overwritten: p50 {:.3} ms, p99 {:.3} ms", ms(sync.0), ms(sync.1));
    let strict = verify_strict();
    println!("verify_strict, one core: {strict:.0}/s");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(dir.path(), entries, sync.0, strict))
}

async fn run(dir: &Path, entries: usize, sync: Duration, strict: f64) -> Fallible<()> {
    let mut world = World::furnished();
    let api = serve(dir, &world).await?;
    let (channel, _api) = api;
    let mut client = IssuingServiceClient::new(channel).max_decoding_message_size(64 << 20);
    let setup = world.entries.iter().map(|(entry, payload)| RawPosting {
        statement: entry.statement().bytes().clone(),
        attestations: entry.attestations().iter().map(|attestation| attestation.encode().into()).collect(),
        payload: payload.clone(),
    });
    stream(&mut client, setup.collect()).await?;
    let accounts = (0..LEARNERS).map(|number| account(&mut world, number)).collect();
    let took = stream(&mut client, batches(accounts)).await?;
    println!("accounts opened, batch-signed: {:.0}/s", f64::from(LEARNERS) / took.as_secs_f64());

    let mut next = 0;
    let mut outcomes = |count: usize| -> Vec<(Message, Option<Payload>)> {
        let numbers = next..next + u32::try_from(count).expect("fewer than 2^32");
        next = numbers.end;
        numbers.map(|number| outcome(&mut world, number)).collect()
    };
    let mut times = Vec::new();
    for posting in singly(outcomes(1_000)) {
        let request = PostEntryRequest { posting: Some(wire(&posting)), validate_only: false };
        let from = Instant::now();
        client.post_entry(request).await?;
        times.push(from.elapsed());
    }
    let (p50, p99) = quantiles(&mut times);
    let ratio = p50.as_secs_f64() / sync.as_secs_f64();
    println!("single posts, one writer: p50 {:.3} ms, p99 {:.3} ms, p50 = {ratio:.1} x fdatasync", ms(p50), ms(p99));

    let count = entries.min(100_000);
    let took = stream(&mut client, singly(outcomes(count))).await?;
    let rate = count as f64 / took.as_secs_f64();
    println!("streamed, singly signed: {rate:.0}/s = {:.2} x verify_strict on both cores", rate / strict / 2.0);

    let mut done = 0;
    let mut took = Duration::ZERO;
    let mut logical = 0;
    while done < entries {
        let some = batches(outcomes((entries - done).min(25 * BATCH)));
        done += some.len();
        logical += some.iter().map(logical_bytes).sum::<usize>();
        took += stream(&mut client, some).await?;
    }
    println!("streamed, batch-signed in batches of {BATCH}: {:.0}/s", done as f64 / took.as_secs_f64());
    println!("memory {} MiB; logical bytes per batch-signed entry {}", resident()? >> 20, logical / done);
    for part in ["journal", "vault", "index"] {
        println!("disk: {part} {} MiB", size_of_dir(&dir.join(part))? >> 20);
    }
    Ok(())
}

async fn serve(dir: &Path, world: &World) -> Fallible<(Channel, Arc<xuefen::api::Api>)> {
    let ministry = VerifierKey::new(KeyName::parse(&world.ministry.id)?, KeyType::Note, world.ministry.key.public().clone());
    make(&Init {
        dir: dir.to_owned(),
        origin: ORIGIN.to_owned(),
        authority: vec![ministry.to_string()],
        url: "https://localhost:8443".to_owned(),
    })?;
    let home = Home::new(dir);
    let clock = Arc::new(AtomicI64::new(world.now));
    let clock: Clock = Arc::new(move || clock.load(Ordering::Relaxed));
    let key = xuefen::cli::secret_key_file::read_key;
    let kind = xuefen::cli::secret_key_file::SecretKind::SigningKey;
    let access = xuefen::cli::secret_key_file::read(&home.access_key(), kind)?;
    let secrets = start::Secrets { log: key(&home.log_key())?, status: key(&home.status_key())?, access };
    let api = start::open(&home, secrets, clock, Box::new(|_, _| {}))?;
    let socket = TcpListener::bind("127.0.0.1:0").await?;
    let address = socket.local_addr()?;
    let routes = routes::routes(Arc::clone(&api)).await?;
    tokio::spawn(listener::serve(socket, None, routes, std::future::pending()));
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?;
    let endpoint = endpoint.tcp_nodelay(true).initial_stream_window_size(4 << 20).initial_connection_window_size(4 << 20);
    Ok((endpoint.connect().await?, api))
}

/// Posts everything on one stream and gives the time to the last verdict.
async fn stream(client: &mut IssuingServiceClient<Channel>, postings: Vec<RawPosting>) -> Fallible<Duration> {
    let requests: Vec<_> = postings
        .chunks(PER_MESSAGE)
        .map(|chunk| PostEntriesRequest { postings: chunk.iter().map(wire).collect() })
        .collect();
    let from = Instant::now();
    let mut answers = client.post_entries(tokio_stream::iter(requests)).await?.into_inner();
    let mut receipts = 0;
    while let Some(answer) = answers.message().await? {
        for verdict in answer.verdicts {
            match verdict.result {
                Some(Verdict::Receipt(_)) => receipts += 1,
                other => return Err(format!("{other:?}").into()),
            }
        }
    }
    assert_eq!(receipts, postings.len());
    Ok(from.elapsed())
}

fn wire(posting: &RawPosting) -> Posting {
    Posting {
        sequence: 0,
        statement: posting.statement.clone(),
        attestations: posting.attestations.clone(),
        payload: posting.payload.as_ref().map(payload_to_message),
    }
}

fn account_id(number: u32) -> Vec<u8> {
    let mut id = vec![1; 16];
    id[..4].copy_from_slice(&number.to_be_bytes());
    id
}

fn account(world: &mut World, number: u32) -> (Message, Option<Payload>) {
    let values = [
        (tags::ACCOUNT, account_id(number)),
        (tags::HOLDER_NAME, "示例学习者".into()),
        (tags::DOCUMENT_KIND, "passport".into()),
        (tags::DOCUMENT_NUMBER, format!("X{number:08}").into_bytes()),
        (tags::CATEGORY, "enrolled".into()),
    ];
    private(world, Body::OpenAccount(Default::default()), payload(tags::OPEN_ACCOUNT, &values))
}

fn outcome(world: &mut World, number: u32) -> (Message, Option<Payload>) {
    let (body, mut values) = world.course_outcome();
    values.push((tags::ACCOUNT, account_id(number % LEARNERS)));
    values.push((tags::SOURCE_ID, format!("2026-{number:07}").into_bytes()));
    values.push((tags::RUN, format!("2026-{}", number / LEARNERS).into_bytes()));
    let table = tags::of_outcome(body.outcome_kind()).expect("courses have a table");
    private(world, Body::RecordOutcome(body), payload(table, &values))
}

fn private(world: &mut World, body: Body, payload: Payload) -> (Message, Option<Payload>) {
    let school = world.school.id.clone();
    let mut statement = world.statement(&school, body);
    let payload = xuefen_ledger::testing::commit(&mut statement, payload);
    (statement, Some(payload))
}

fn school_key() -> xuefen_core::key::SecretKey {
    xuefen_core::key::SecretKey::from_seed(&[4; 32])
}

fn singly(statements: Vec<(Message, Option<Payload>)>) -> Vec<RawPosting> {
    let key = school_key();
    statements.into_iter().flat_map(|one| sign_all(vec![one], &key)).collect()
}

fn batches(statements: Vec<(Message, Option<Payload>)>) -> Vec<RawPosting> {
    let key = school_key();
    let mut postings = Vec::with_capacity(statements.len());
    let mut statements = statements.into_iter().peekable();
    while statements.peek().is_some() {
        postings.extend(sign_all(statements.by_ref().take(BATCH).collect(), &key));
    }
    postings
}

/// Entry and payload, without envelope and sealing.
fn logical_bytes(posting: &RawPosting) -> usize {
    let payload = posting.payload.as_ref().map_or(0, |payload| payload.fields().iter().map(|field| 6 + field.value.len()).sum());
    posting.statement.len() + posting.attestations.iter().map(|bytes| bytes.len()).sum::<usize>() + payload + 32
}

fn fdatasync(dir: &Path) -> Fallible<(Duration, Duration)> {
    let mut file = std::fs::File::create(dir.join("sync"))?;
    let block = [7; 4_096];
    let mut times = Vec::new();
    for _ in 0..500 {
        file.rewind()?;
        file.write_all(&block)?;
        let from = Instant::now();
        file.sync_data()?;
        times.push(from.elapsed());
    }
    Ok(quantiles(&mut times))
}

fn verify_strict() -> f64 {
    let key = school_key();
    let signature = key.sign(b"a message");
    let public = key.public();
    let from = Instant::now();
    let count = 20_000;
    for _ in 0..count {
        assert!(public.verify(std::hint::black_box(b"a message"), &signature));
    }
    f64::from(count) / from.elapsed().as_secs_f64()
}

fn quantiles(times: &mut [Duration]) -> (Duration, Duration) {
    times.sort_unstable();
    (times[times.len() / 2], times[times.len() * 99 / 100])
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn resident() -> Fallible<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).ok_or("no number")?.parse::<u64>()? << 10)
}

fn size_of_dir(dir: &Path) -> Fallible<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        size += if metadata.is_dir() { size_of_dir(&entry.path())? } else { metadata.len() };
    }
    Ok(size)
}
