//! A real server for tests: a ledger in a directory of its own, served on a free loopback port, with a clock that the test
//! sets.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tonic::transport::{Channel, Endpoint};
use xuefen::api::Api;
use xuefen::api::proto::Posting;
use xuefen::cli::init::{Init, make};
use xuefen::sequencer::{Clock, Home};
use xuefen::server::{listener, routes, start};
use xuefen_core::key::SecretKey;
use xuefen_core::payload::Payload;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use xuefen_ledger::testing::{ORIGIN, World};

/// A running server; it stops when dropped.
pub struct Server {
    /// Its ledger's directory.
    pub home: Home,
    /// Where it answers, in clear.
    pub address: SocketAddr,
    /// Its API, in process.
    pub api: Arc<Api>,
    clock: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    done: Option<tokio::task::JoinHandle<()>>,
    /// Goes with the server, unless [`Self::stop`] gives it back.
    temporary: Option<TempDir>,
}

impl Server {
    /// A new, empty ledger that takes genesis from `world`'s ministry.
    pub async fn new(world: &World) -> Self {
        let dir = TempDir::new().expect("temporary directory");
        init(dir.path(), world);
        let mut server = Self::open(dir.path(), world.now).await;
        server.temporary = Some(dir);
        server
    }

    /// Serves the ledger in `dir`.
    pub async fn open(dir: &Path, now: i64) -> Self {
        Box::pin(Self::open_witnessed(dir, now, start::Witnessing::default())).await.expect("a ledger that opens")
    }

    /// Serves the ledger in `dir`, with witnesses.
    pub async fn open_witnessed(
        dir: &Path,
        now: i64,
        witnessing: start::Witnessing,
    ) -> Result<Self, start::StartError> {
        let home = Home::new(dir);
        let clock = Arc::new(AtomicI64::new(now));
        let api = open_api(&home, &clock, witnessing)?;
        if let Some(witnesses) = &api.witnesses {
            witnesses.start();
        }
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("bound");
        let routes = routes::routes(Arc::clone(&api)).await.expect("services");
        let (stop, stopped) = oneshot::channel::<()>();
        let done = tokio::spawn(listener::serve(socket, None, routes, async move { drop(stopped.await) }));
        Ok(Self { home, address, api, clock, stop: Some(stop), done: Some(done), temporary: None })
    }

    /// Moves the ledger's clock, Unix seconds.
    pub fn set_clock(&self, now: i64) {
        self.clock.store(now, Ordering::Relaxed);
    }

    /// A connection.
    pub async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address))
            .expect("an address")
            .connect()
            .await
            .expect("a server")
    }

    /// Stops serving, closes the ledger and gives the directory back.
    pub async fn stop(mut self) -> Option<TempDir> {
        drop(self.stop.take());
        if let Some(done) = self.done.take() {
            done.await.expect("the server ends");
        }
        if let Some(witnesses) = &self.api.witnesses {
            witnesses.stop().await;
        }
        self.temporary.take()
    }
}

/// Makes the directory of a ledger for `world`.
pub fn init(dir: &Path, world: &World) {
    let name = KeyName::parse(&world.ministry.id).expect("an id");
    let vkey = VerifierKey::new(name, KeyType::Note, world.ministry.key.public().clone());
    let args = Init {
        dir: dir.to_owned(),
        origin: ORIGIN.to_owned(),
        authority: vec![vkey.to_string()],
        url: "https://localhost:8443".to_owned(),
    };
    make(&args).expect("a new ledger");
}

fn open_api(home: &Home, clock: &Arc<AtomicI64>, witnessing: start::Witnessing) -> Result<Arc<Api>, start::StartError> {
    let read = |path| xuefen::cli::secret_key_file::read_key(path).expect("a key");
    let kind = xuefen::cli::secret_key_file::SecretKind::SigningKey;
    let secrets = start::Secrets {
        log: read(&home.log_key()),
        status: read(&home.status_key()),
        access: xuefen::cli::secret_key_file::read(&home.access_key(), kind).expect("a key"),
    };
    let shared = Arc::clone(clock);
    let clock: Clock = Arc::new(move || shared.load(Ordering::Relaxed));
    start::open_witnessed(home, secrets, clock, Box::new(|_, _| {}), witnessing)
}

/// A posting as a client sends it.
pub fn wire(sequence: u64, posting: &xuefen_ledger::RawPosting) -> Posting {
    Posting {
        sequence,
        statement: posting.statement.clone(),
        attestations: posting.attestations.clone(),
        payload: posting.payload.as_ref().map(xuefen::sequencer::payload_to_message),
    }
}

/// The postings that made `world`, in order.
pub fn postings(world: &World) -> Vec<xuefen_ledger::RawPosting> {
    let raw = |(entry, payload): &(_, Option<Payload>)| {
        let entry: &xuefen_core::entry::Entry<xuefen_ledger::Message> = entry;
        xuefen_ledger::RawPosting {
            statement: entry.statement().bytes().clone(),
            attestations: entry.attestations().iter().map(|attestation| attestation.encode().into()).collect(),
            payload: payload.clone(),
        }
    };
    world.entries.iter().map(raw).collect()
}

/// A key from a seed byte, as the world's parties have them.
pub fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

/// Whether strace is here and may trace; says so if not.
pub fn has_strace() -> bool {
    let tried = std::process::Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    let works = tried.is_ok_and(|output| output.status.success());
    if !works {
        println!("skipped: strace is not installed or may trace nothing here");
    }
    works
}
