//! `xuefen mirror`: keep a copy of a public log that needs no trust in where it came from. What is checked, and how, is
//! [`crate::mirror`]'s.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;

use super::exit::Exit;
use super::log_trust::{LogTrust, backing, backing_json, not_followed};
use super::output::Output;
use super::outside_messages as m;
use super::progress;
use crate::mirror::{DirSource, Followed, MirrorError, State, Store, follow};
use crate::server::{listener, tiles};

/// Arguments of `mirror`.
#[derive(Debug, Args)]
pub struct Mirror {
    /// URL prefix of the log, or a directory of its tiles: another mirror, an export, a copy on a disk.
    #[arg(value_name = "URL|DIR")]
    source: String,
    /// Directory of the mirror; made if it is not there. Any web server can serve it.
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    #[command(flatten)]
    trust: LogTrust,
    /// Go on: look for a new checkpoint every so many seconds, until stopped or the log contradicts itself.
    #[arg(long, value_name = "SECONDS")]
    every: Option<u64>,
    /// Serve the mirror at this address as well, over plain HTTP: what it shows is signed. Port 0 takes a free one.
    #[arg(long, value_name = "ADDR", requires = "every")]
    listen: Option<SocketAddr>,
}

/// Runs the command.
pub fn run(args: &Mirror, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let policy = args.trust.policy()?;
    let source = args.trust.open(&args.source)?;
    let store = Store::open(&args.dir)?;
    if let Some(address) = args.listen {
        let address = serve(address, store.files().clone())?;
        // Programs that start the mirror wait for this line.
        if output.is_json() {
            output.line(&json!({ "listening": address.to_string() }).to_string())?;
        } else {
            output.line(&format!("listening on {address}"))?;
        }
    }
    loop {
        let bar = progress::bar(0, "entries", output.is_json());
        let shown = |done, all| {
            bar.set_length(all);
            bar.set_position(done);
        };
        let followed = follow(&*source, &store, &policy, &shown);
        bar.finish_and_clear();
        match (followed, args.every) {
            (Ok(followed), None) => {
                print(args, &followed, output)?;
                return Ok(Exit::Pass);
            }
            (Ok(followed), Some(_)) if followed.state == State::Extended => print(args, &followed, output)?,
            (Ok(_), Some(_)) => {}
            (Err(error), Some(seconds)) if is_passing(&error) => {
                let error = format!("{:#}", anyhow::Error::from(error));
                output.remark(&m::TRY_AGAIN.fill(output.lang(), &[("error", &error), ("seconds", &seconds)]));
            }
            (Err(error), _) => {
                let proof = matches!(error, MirrorError::Contradiction(_));
                let exit = not_followed(error, output)?;
                if proof {
                    let dir = args.dir.join("contradictions");
                    output.remark(&m::KEPT_PROOF.fill(output.lang(), &[("dir", &dir.display())]));
                }
                return Ok(exit);
            }
        }
        std::thread::sleep(Duration::from_secs(args.every.unwrap_or(1).max(1)));
    }
}

/// Serves the directory from a thread of its own for as long as this process lives. Answers where.
fn serve(address: SocketAddr, files: DirSource) -> anyhow::Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let socket = runtime.block_on(TcpListener::bind(address)).with_context(|| format!("cannot listen on {address}"))?;
    let address = socket.local_addr().context("the socket has no address")?;
    let router = tiles::router(Arc::new(files), None);
    std::thread::spawn(move || runtime.block_on(listener::serve(socket, None, router, std::future::pending())));
    Ok(address)
}

/// Whether it may be gone by the next look: a source that is away, or a cache in front of it that is behind itself.
const fn is_passing(error: &MirrorError) -> bool {
    matches!(
        error,
        MirrorError::Source { .. }
            | MirrorError::NoCheckpoint { .. }
            | MirrorError::NotAccepted { .. }
            | MirrorError::Missing { .. }
            | MirrorError::Wrong { .. }
    )
}

fn print(args: &Mirror, followed: &Followed, output: &mut Output<'_>) -> anyhow::Result<()> {
    let Followed { state, noted, before, fetched } = followed;
    let checkpoint = &noted.checkpoint;
    let word = match state {
        State::Extended => "extended",
        State::Unchanged => "unchanged",
        State::Behind => "behind",
    };
    if output.is_json() {
        return output.json(&json!({
            "holds": true, "state": word, "origin": checkpoint.origin.to_string(), "before": before,
            "tree_size": checkpoint.size.0, "root": checkpoint.root.to_string(), "fetched": fetched,
            "cosigned": backing_json(noted),
        }));
    }
    let text = match state {
        State::Extended => m::EXTENDED,
        State::Unchanged => m::UNCHANGED,
        State::Behind => m::BEHIND,
    };
    let entries = checkpoint.size.0.saturating_sub(*before);
    let values: [(&str, &dyn std::fmt::Display); 7] = [
        ("entries", &entries),
        ("from", before),
        ("held", before),
        ("size", &checkpoint.size),
        ("origin", &checkpoint.origin),
        ("dir", &args.dir.display()),
        ("source", &args.source),
    ];
    output.line(&text.fill(output.lang(), &values))?;
    output.line(&m::ROOT.fill(output.lang(), &[("root", &checkpoint.root)]))?;
    output.line(&backing(noted, output))
}
