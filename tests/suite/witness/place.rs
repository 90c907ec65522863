//! Witnesses on loopback, whose operators stop and start them, and ledgers that ask them.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use xuefen::sequencer::Home;
use xuefen::server::listener;
use xuefen::server::start::{Pace, Witnessing};
use xuefen::witness::server::{self, Witness};
use xuefen_core::policy::Policy;
use xuefen_core::vkey::KeyName;

use crate::support::key;

/// A witness of our own, in this process, with a memory on disk.
pub struct Cosigner {
    pub name: String,
    pub memory: TempDir,
    pub address: std::net::SocketAddr,
    seed: u8,
    policy: String,
    clock: Arc<AtomicU64>,
    running: Option<(oneshot::Sender<()>, tokio::task::JoinHandle<()>)>,
}

impl Cosigner {
    /// A new witness for the log of the ledger in `dir`, up.
    pub async fn new(seed: u8, dir: &Path, now: i64) -> Self {
        let memory = TempDir::new().expect("tempdir");
        let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = socket.local_addr().expect("bound");
        drop(socket);
        let policy = std::fs::read_to_string(Home::new(dir).policy()).expect("policy.txt");
        let clock = Arc::new(AtomicU64::new(now.unsigned_abs()));
        let name = format!("w{seed}");
        let mut cosigner = Self { name, memory, address, seed, policy, clock, running: None };
        Witness::create(cosigner.memory.path(), &cosigner.key_name(), &key(seed)).expect("a memory");
        cosigner.start().await;
        cosigner
    }

    fn key_name(&self) -> KeyName {
        KeyName::parse(&format!("{}.example/x", self.name)).expect("a name")
    }

    fn open(&self) -> Witness {
        let clock = Arc::clone(&self.clock);
        let clock: server::Clock = Arc::new(move || clock.load(Ordering::Relaxed));
        let policy = Policy::parse(&self.policy).expect("a policy");
        Witness::open(self.memory.path(), self.key_name(), key(self.seed), &policy, clock).expect("a witness")
    }

    /// Its line in a policy.
    pub fn line(&self) -> String {
        let name = self.key_name();
        let key = xuefen_core::vkey::VerifierKey::new(
            name,
            xuefen_core::vkey::KeyType::Cosignature,
            key(self.seed).public().clone(),
        );
        format!("witness {} {key} http://{}/\n", self.name, self.address)
    }

    pub async fn start(&mut self) {
        let socket = TcpListener::bind(self.address).await.expect("its port");
        let router = server::http::router(Arc::new(self.open()));
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(listener::serve(socket, None, router, async move { drop(stopped.await) }));
        self.running = Some((stop, serving));
    }

    pub async fn stop(&mut self) {
        if let Some((stop, serving)) = self.running.take() {
            drop(stop);
            serving.await.expect("it ends");
        }
    }

    /// Size of the tree that it cosigned last, asked of its memory; it must be down.
    pub fn last(&self) -> Option<u64> {
        self.open().logs().next().expect("a log").1
    }
}

/// Witnesses with this quorum, asked without long pauses.
pub fn witnessing(dir: &Path, cosigners: &[&Cosigner], quorum: &str) -> Witnessing {
    let own = std::fs::read_to_string(Home::new(dir).policy()).expect("policy.txt");
    let log = own.lines().find(|line| line.starts_with("log ")).expect("a log line");
    let lines: String = cosigners.iter().map(|cosigner| cosigner.line()).collect();
    let names: Vec<_> = cosigners.iter().map(|cosigner| cosigner.name.as_str()).collect();
    let group = format!("group all-of-them {quorum} {}\nquorum all-of-them\n", names.join(" "));
    let path = dir.join("witnesses.txt");
    std::fs::write(&path, format!("{log}\n{lines}{group}")).expect("a policy");
    let pace = Pace {
        least: Duration::from_millis(20),
        round: Duration::from_secs(5),
        first_retry: Duration::from_millis(20),
        last_retry: Duration::from_millis(200),
        refresh: Duration::from_mins(10),
    };
    Witnessing { policy: Some(path), ca: None, skip: Vec::new(), pace }
}

/// Copies a directory with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("made");
    for entry in std::fs::read_dir(from).expect("listed") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).expect("copied");
        }
    }
}
