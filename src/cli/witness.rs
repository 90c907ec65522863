//! `xuefen witness`: cosign the checkpoints of logs, for whoever wants to be sure that a log has one history.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use clap::Args;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use xuefen_core::policy::Policy;
use xuefen_core::vkey::KeyName;

use super::exit::Exit;
use super::online_messages as m;
use super::output::Output;
use super::secret_key_file;
use super::serve::stop_signal;
use crate::server::{listener, telemetry, tls};
use crate::witness::server::{self, Clock, Witness};

/// Arguments of `witness`.
#[derive(Debug, Args)]
pub struct WitnessArgs {
    /// Key file of the witness, as `xuefen keys new --signs cosignature` makes it.
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Name of the witness in its vkey: a host and path without scheme, such as witness.example/xuefen.
    #[arg(long)]
    pub name: String,
    /// Logs to cosign: the log lines of a trust policy (C2SP tlog-policy).
    #[arg(long, value_name = "FILE")]
    pub policy: PathBuf,
    /// Directory of its memory: the last checkpoint cosigned of each log. Losing it ends the witness.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Make the memory of a new witness. Never again for the same key.
    #[arg(long)]
    pub create: bool,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8444")]
    pub listen: SocketAddr,
    /// Certificate chain (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_key", required_unless_present = "plaintext")]
    pub tls_cert: Option<PathBuf>,
    /// Key of the certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Serve without TLS, behind a proxy that has it. Loopback addresses only.
    #[arg(long, conflicts_with = "tls_cert")]
    pub plaintext: bool,
}

fn acceptor(args: &WitnessArgs) -> anyhow::Result<Option<TlsAcceptor>> {
    if let (Some(certificate), Some(key)) = (&args.tls_cert, &args.tls_key) {
        return Ok(Some(tls::acceptor(certificate, key)?));
    }
    ensure!(args.listen.ip().is_loopback(), "--plaintext is for loopback addresses only, not {}", args.listen);
    Ok(None)
}

fn open(args: &WitnessArgs) -> anyhow::Result<Witness> {
    let name = KeyName::parse(&args.name).context("--name")?;
    let key = secret_key_file::read_key(&args.key)?;
    let text =
        std::fs::read_to_string(&args.policy).with_context(|| format!("cannot read {}", args.policy.display()))?;
    let policy = Policy::parse(&text).with_context(|| format!("{}", args.policy.display()))?;
    ensure!(!policy.logs().is_empty(), "{} has no log line; there is nothing to cosign", args.policy.display());
    if args.create {
        Witness::create(&args.dir, &name, &key)?;
    }
    let clock: Clock = Arc::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs()));
    Ok(Witness::open(&args.dir, name, key, &policy, clock)?)
}

/// Runs the command.
pub fn run(args: &WitnessArgs, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    telemetry::start(output.is_json());
    let tls = acceptor(args)?;
    let witness = Arc::new(open(args)?);
    let vkey = witness.vkey();
    let logs = witness.logs().count();
    output.remark(&m::WITNESS_STARTS.fill(output.lang(), &[("vkey", &vkey), ("logs", &logs)]));
    let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await;
        let listener = listener.with_context(|| format!("cannot listen on {}", args.listen))?;
        let address = listener.local_addr().context("the socket has no address")?;
        let stop = stop_signal()?;
        // Programs that start the witness wait for this line.
        output.line(&format!("listening on {address}"))?;
        listener::serve(listener, tls, server::http::router(witness), stop).await;
        anyhow::Ok(())
    })?;
    Ok(Exit::Pass)
}
