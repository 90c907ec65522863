//! `xuefen demo`: a whole credit bank on one machine, with invented people, from an empty directory to a checked certificate.
//!
//! It runs this program's own commands against a real server, so whatever it shows can be typed. Samples only: its keys are
//! made on the spot, and its ledger's name is example.

mod messages;
mod place;
mod registry;
mod samples;
mod script;
mod sheets;
mod shell;
mod summary;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::json;
use tokio::sync::oneshot;

use self::place::Place;
use self::script::Outcome;
use self::shell::Shell;
use super::exit::Exit;
use super::output::Output;
use super::{init, serve};
use crate::server::telemetry;

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Directory; kept, and used again by the next demo.
    #[arg(long, value_name = "DIR", default_value = "xuefen-demo")]
    pub dir: PathBuf,
    /// Throw an earlier demo in that directory away.
    #[arg(long)]
    pub fresh: bool,
    /// End after the checks instead of serving on.
    #[arg(long)]
    pub once: bool,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
}

/// A server in a thread of its own, so that the commands can be run as if from another terminal.
struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<anyhow::Result<()>>>,
}

impl Running {
    fn start(args: serve::Serve) -> anyhow::Result<Self> {
        let (bound, address) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let body = move || -> anyhow::Result<()> {
            let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
            runtime.block_on(async {
                let server = serve::bind(&args).await?;
                // Nobody listens any more if the demo has given up.
                let _ = bound.send(server.address);
                server.serve(async move { drop(stopped.await) }).await
            })
        };
        let thread = thread::Builder::new().name("server".to_owned()).spawn(body).context("cannot start a thread")?;
        match address.recv() {
            Ok(address) => Ok(Self { address, stop: Some(stop), thread: Some(thread) }),
            Err(_) => Err(join(thread).err().unwrap_or_else(|| anyhow!("the server ended before it listened"))),
        }
    }

    /// Lets calls in flight end and closes the ledger.
    fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stop.take());
        self.thread.take().map_or(Ok(()), join)
    }
}

fn join(thread: thread::JoinHandle<anyhow::Result<()>>) -> anyhow::Result<()> {
    thread.join().unwrap_or_else(|_| Err(anyhow!("the server panicked; see above")))
}

/// Runs the command.
pub fn run(args: &Demo, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    telemetry::start(output.is_json());
    let place = Place::open(&args.dir, args.fresh)?;
    let ministry = place.ensure_key("ministry", samples::MINISTRY)?;
    if !args.dir.join("origin").exists() {
        init::make(&init::Init {
            dir: args.dir.clone(),
            origin: samples::ORIGIN.to_owned(),
            authority: vec![ministry.to_string()],
            url: format!("https://{}", args.listen),
        })?;
    }
    let running = Running::start(serve::Serve {
        dir: args.dir.clone(),
        listen: args.listen,
        tls_cert: None,
        tls_key: None,
        dev_tls: true,
        checkpoint_file: None,
        plaintext: false,
        witnesses: None,
        witness_ca: None,
        skip_witness: Vec::new(),
    })?;
    let address = running.address;
    let server = format!("https://{address}");
    let arguments = ["--server".to_owned(), server.clone(), "--dir".to_owned(), args.dir.display().to_string()];
    let (quiet, lang) = (output.is_json(), output.lang());
    let outcome = {
        let mut shell = Shell { quiet, lang, out: output.writer(), server: arguments.to_vec() };
        script::run(&place, &mut shell, &server)
    };
    let ended = outcome.and_then(|outcome| {
        let exit = summarise(&outcome, &place, (!args.once).then_some(address), output)?;
        if !args.once {
            wait(address, output)?;
        }
        Ok(exit)
    });
    running.stop()?;
    // Told to serve on and to stop, it has done what it was asked for; a failed check stands in the summary.
    ended.map(|exit| if args.once { exit } else { Exit::Pass })
}

/// Says where the server is, and blocks until the operator asks the process to stop.
fn wait(address: SocketAddr, output: &mut Output<'_>) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot start threads")?;
    runtime.block_on(async {
        let stop = serve::stop_signal()?;
        // Programs that start the demo wait for this line; from then on they may stop it.
        output.line(&format!("listening on {address}"))?;
        stop.await;
        Ok(())
    })
}

/// Prints the end of the demo. `address` is where the server stays.
fn summarise(
    outcome: &Outcome,
    place: &Place,
    address: Option<SocketAddr>,
    output: &mut Output<'_>,
) -> anyhow::Result<Exit> {
    let dir = place.dir().display().to_string();
    if output.is_json() {
        // One line, the only one: whoever reads it takes the last.
        let line = json!({
            "origin": samples::ORIGIN,
            "tree_size": outcome.tree_size,
            "accepted": outcome.accepted,
            "refused": outcome.refused,
            "replayed": outcome.replayed,
            "verified": outcome.failed.is_empty(),
            "dir": dir,
        });
        output.line(&line.to_string())?;
    } else {
        summary::print(outcome, place, address, output)?;
    }
    Ok(if outcome.failed.is_empty() { Exit::Pass } else { Exit::Fail })
}
