//! `xuefen serve`: open a ledger and answer until told to stop.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Args;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::exit::Exit;
use super::output::Output;
use super::secret_key_file::{self, SecretKind};
use crate::api::Api;
use crate::sequencer::Home;
use crate::server::{listener, routes, start, telemetry, tls};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// Directory of the ledger.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// File for the newest signed checkpoint, best on another disk or machine: after a restore it tells that the copy is an
    /// older one. Default DIR/checkpoint.
    #[arg(long, value_name = "FILE")]
    pub checkpoint_file: Option<PathBuf>,
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
    /// Certificate chain (PEM); default DIR/tls/cert.pem.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Key of the certificate (PEM); default DIR/tls/key.pem.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Make a throwaway certificate for loopback if there is none. Not for anything that others reach.
    #[arg(long)]
    pub dev_tls: bool,
    /// Serve without TLS. Loopback addresses only.
    #[arg(long, conflicts_with_all = ["tls_cert", "dev_tls"])]
    pub plaintext: bool,
    /// Witnesses to ask for cosignatures, with their quorum (C2SP tlog-policy) [default: those of the ledger's policy.txt].
    #[arg(long, value_name = "FILE")]
    pub witnesses: Option<PathBuf>,
    /// Certificates (PEM) to know the witnesses by, beside those that this machine trusts.
    #[arg(long, value_name = "FILE")]
    pub witness_ca: Option<PathBuf>,
    /// Start although this witness does not answer. Only if the directory is certainly no restored copy. Repeat for each.
    #[arg(long, value_name = "NAME")]
    pub skip_witness: Vec<String>,
}

/// A server that is about to answer: socket bound, ledger open.
pub struct Bound {
    /// The API, for whoever runs it in process.
    pub api: Arc<Api>,
    /// Where it will answer.
    pub address: SocketAddr,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    home: Home,
    witnessing: start::Witnessing,
}

/// Reads the server's own keys and opens the ledger.
pub fn open(home: &Home, progress: Box<dyn Fn(u64, u64)>, witnessing: start::Witnessing) -> anyhow::Result<Arc<Api>> {
    let secrets = start::Secrets {
        log: secret_key_file::read_key(&home.log_key())?,
        status: secret_key_file::read_key(&home.status_key())?,
        access: secret_key_file::read(&home.access_key(), SecretKind::SigningKey)?,
    };
    Ok(start::open_witnessed(home, secrets, start::system_clock(), progress, witnessing)?)
}

/// Opens the ledger and binds the socket.
pub async fn bind(args: &Serve) -> anyhow::Result<Bound> {
    let home = Home::new(&args.dir).with_checkpoint_file(args.checkpoint_file.clone());
    let tls = acceptor(args, &home)?;
    let bar = super::progress::bar(0, "entries", false);
    let shown = bar.clone();
    let progress = Box::new(move |done, all| {
        shown.set_length(all);
        shown.set_position(done);
    });
    let witnessing = start::Witnessing {
        policy: args.witnesses.clone(),
        ca: args.witness_ca.clone(),
        skip: args.skip_witness.clone(),
        pace: start::Pace::default(),
    };
    let api = open(&home, progress, witnessing.clone())?;
    bar.finish_and_clear();
    let listener = TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr().context("the socket has no address")?;
    Ok(Bound { api, address, listener, tls, home, witnessing })
}

fn acceptor(args: &Serve, home: &Home) -> anyhow::Result<Option<TlsAcceptor>> {
    if args.plaintext {
        ensure!(args.listen.ip().is_loopback(), "--plaintext is for loopback addresses only, not {}", args.listen);
        return Ok(None);
    }
    let certificate = args.tls_cert.clone().unwrap_or_else(|| home.tls_certificate());
    let key = args.tls_key.clone().unwrap_or_else(|| home.tls_key());
    if args.dev_tls {
        tls::ensure_dev_certificate(&certificate, &key)?;
    }
    let missing = || format!("put a certificate at {} and its key beside it, or try --dev-tls", certificate.display());
    Ok(Some(tls::acceptor(&certificate, &key).with_context(missing)?))
}

impl Bound {
    /// Answers until `shutdown` resolves.
    pub async fn serve(self, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
        let routes = routes::routes(Arc::clone(&self.api)).await.context("cannot set up the services")?;
        if let Some(witnesses) = &self.api.witnesses {
            witnesses.start();
        }
        listener::serve(self.listener, self.tls, routes, shutdown).await;
        if let Some(witnesses) = &self.api.witnesses {
            witnesses.stop().await;
        }
        Ok(())
    }
}

impl Bound {
    /// Reads the trust files and the witnesses' policy again at each SIGHUP, from this call on. An error leaves everything as
    /// it was, and is in the server's log.
    fn reload_on_hangup(&self) -> anyhow::Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut hangup = signal(SignalKind::hangup()).context("cannot listen for signals")?;
        let (api, home, witnessing) = (Arc::downgrade(&self.api), self.home.clone(), self.witnessing.clone());
        let log = secret_key_file::read_key(&home.log_key())?.public().clone();
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                // Whoever stops the server wants the ledger closed.
                let Some(api) = api.upgrade() else { return };
                if let Err(error) = start::reload(&api, &home, &log, &witnessing).await {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, "the trust files were NOT read again; those of before stay in force");
                }
            }
        });
        Ok(())
    }
}

/// Listens for the operator's signals from this call on, so that none is missed between it and the first await; resolves
/// when one asks the process to stop. Within a runtime only.
pub fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for signals")?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Runs the command.
pub fn run(args: &Serve, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    telemetry::start(output.is_json());
    let runtime = tokio::runtime::Runtime::new().context("cannot start threads")?;
    runtime.block_on(async {
        let bound = bind(args).await?;
        let stop = stop_signal()?;
        bound.reload_on_hangup()?;
        // Programs that start the server wait for this line.
        output.line(&format!("listening on {}", bound.address))?;
        bound.serve(stop).await
    })?;
    Ok(Exit::Pass)
}
