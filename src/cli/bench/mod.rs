//! `xuefen bench`: figures of the whole path over loopback gRPC, client and server in one process on the same cores, beside
//! what disk and signatures allow in the same run. It measures; it asserts nothing about time.
#![expect(clippy::cast_precision_loss, reason = "figures for people; counts stay far below 2^52")]

mod disk;
mod limits;
mod load;
mod send;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

use self::world::World;
use super::client::Client;
use super::exit::Exit;
use super::output::Output;
use super::{client, init, serve};
use crate::api::Api;
use crate::sequencer::Home;
use crate::server::start::Witnessing;
use crate::server::{listener, routes};

/// Arguments of `bench`.
#[derive(Clone, Debug, Args)]
pub struct Bench {
    /// Entries to log in batches; a tenth of them, at most 100,000, are logged singly signed before.
    #[arg(long, value_name = "NUMBER", default_value_t = 100_000)]
    pub entries: usize,
    /// Learners they are spread over.
    #[arg(long, value_name = "NUMBER", default_value_t = 20_000)]
    pub learners: u32,
    /// Directory for the ledger, kept afterwards; without it a temporary one, removed at the end.
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Bench, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let temporary = std::env::temp_dir().join(format!("xuefen-bench-{}", std::process::id()));
    let dir = args.dir.clone().unwrap_or_else(|| temporary.clone());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let figures = runtime.context("cannot start threads")?.block_on(measure(args, &dir));
    if args.dir.is_none() {
        // Nothing in it is worth keeping; what cannot be removed is named by the system's own clean-up.
        drop(std::fs::remove_dir_all(&temporary));
    }
    let figures = figures?;
    if output.is_json() {
        output.json(&Value::Object(
            figures.into_iter().map(|figure| (figure.name.to_owned(), figure.json())).collect(),
        ))?;
    } else {
        for figure in &figures {
            output.line(&format!("{:<44} {}", figure.name, figure.text))?;
        }
    }
    Ok(Exit::Pass)
}

/// One measured thing.
struct Figure {
    name: &'static str,
    value: f64,
    text: String,
}

impl Figure {
    fn json(&self) -> Value {
        json!(self.value)
    }
}

fn figure(name: &'static str, value: f64, unit: &str) -> Figure {
    let digits = match value {
        ..10.0 => 3,
        ..100.0 => 1,
        _ => 0,
    };
    Figure { name, value, text: format!("{value:.digits$} {unit}") }
}

async fn measure(args: &Bench, dir: &std::path::Path) -> anyhow::Result<Vec<Figure>> {
    let mut world = World::new(args.learners)?;
    let (client, status, api) = start(dir, &world).await?;
    let mut figures = Vec::new();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    figures.push(figure("cores", f64::from(u32::try_from(cores)?), ""));
    let sync = limits::fdatasync(dir)?;
    figures.push(figure("limit: fdatasync p50", ms(sync.0), "ms"));
    figures.push(figure("limit: fdatasync p99", ms(sync.1), "ms"));
    let strict = limits::verify_strict();
    figures.push(figure("limit: verify_strict, one core", strict, "/s"));

    for posting in world.registry(&status)? {
        send::stream(&client, vec![posting]).await?;
    }
    let accounts = world.accounts(load::BATCH)?;
    figures.push(figure("accounts opened, batch-signed", send::rate(&client, accounts).await?, "/s"));
    let (p50, p99) = load::singles(&client, world.outcomes(1_000, 1)?).await?;
    figures.push(figure("single posts p50", ms(p50), "ms"));
    figures.push(figure("single posts p99", ms(p99), "ms"));
    figures.push(figure("single posts p50 / fdatasync p50", p50.as_secs_f64() / sync.0.as_secs_f64(), "x"));
    let single = send::rate(&client, world.outcomes((args.entries / 10).clamp(1, 100_000), 1)?).await?;
    figures.push(figure("streamed, singly signed", single, "/s"));
    figures.push(figure("streamed, singly signed / verify_strict on all cores", single / strict / cores as f64, "x"));
    let batched = load::batched(&client, &mut world, args.entries).await?;
    figures.push(figure("streamed, signed in batches of 4,096", batched.rate, "/s"));
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    figures.push(figure("CPU per batch-signed entry", micros(batched.cpu.iter().sum()), "µs"));
    let parts = limits::PARTS.iter().zip(batched.cpu);
    figures.extend(parts.map(|((_, name), time)| figure(name, micros(time), "µs")));
    figures.extend(load::reads(&client, &world, args.learners).await?);
    figures.push(load::report(&client, &world).await?);
    figures.push(figure("resident memory", (limits::resident()? >> 20) as f64, "MiB"));
    figures.extend(disk::figures(&Home::new(dir), &api.ledger.view().index, &batched)?);
    Ok(figures)
}

/// A new ledger in `dir`, served in clear on a free loopback port.
async fn start(dir: &std::path::Path, world: &World) -> anyhow::Result<(Client, VerifierKey, Arc<Api>)> {
    let name = KeyName::parse(world::MINISTRY)?;
    let ministry = VerifierKey::new(name, KeyType::Note, world.ministry.public().clone());
    let made = init::make(&init::Init {
        dir: dir.to_owned(),
        origin: world::ORIGIN.to_owned(),
        authority: vec![ministry.to_string()],
        url: "https://localhost:8443".to_owned(),
    })?;
    let api = serve::open(&made.home, Box::new(|_, _| {}), Witnessing::default())?;
    let socket = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
    let address = socket.local_addr()?;
    let routes = routes::routes(Arc::clone(&api)).await.context("cannot set up the services")?;
    tokio::spawn(listener::serve(socket, None, routes, std::future::pending()));
    let client = client::connect(&format!("http://{address}"), None, true).await?;
    Ok((client, made.status, api))
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
