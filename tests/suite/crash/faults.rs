//! Each write and each sync of a commit fails or kills, by strace's injection. The ledger stops for writers and goes on for
//! readers; started anew, it has what was acknowledged.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tonic::Code;
use tonic_types::StatusExt as _;
use xuefen::api::proto::Posting;

use super::learners::School;
use super::memory::Memory;
use super::process::{Process, assert_sound, said};
use crate::support::has_strace;

/// A school's ledger on disk, and a client that knows all of it.
struct Bench {
    _temp: TempDir,
    dir: PathBuf,
    school: School,
    memory: Memory,
}

impl Bench {
    async fn new() -> Self {
        let temp = TempDir::new().expect("temporary directory");
        let dir = temp.path().join("ledger");
        let (mut school, first) = School::new(&dir);
        let mut memory = Memory::new(&dir);
        let server = Process::start(&dir);
        let channel = server.channel().await;
        memory.post(&channel, first).await.expect("a school");
        memory.post(&channel, school.learner().to_vec()).await.expect("a learner");
        server.stop();
        Self { _temp: temp, dir, school, memory }
    }

    /// The journal's only segment, its head, the only ring of keys.
    fn files(&self) -> [PathBuf; 3] {
        ["vault/ring-00000000", "journal/0000000000.segment", "journal/head"].map(|name| self.dir.join(name))
    }

    /// One commit that is good and one that is hit: what the client heard of the second.
    async fn hit(&mut self, server: &Process) -> Result<(), tonic::Status> {
        let channel = server.channel().await;
        let good = self.school.learner().to_vec();
        self.memory.post(&channel, good).await.expect("the first commit is good");
        let hit: Vec<Posting> = self.school.learner().to_vec();
        self.memory.post(&channel, hit).await
    }

    /// Without faults: everything acknowledged is there, what was not can be posted again, and the files are sound.
    async fn check_recovery(&mut self) {
        let server = Process::start(&self.dir);
        let channel = server.channel().await;
        self.memory.check_consistent(&channel).await;
        for number in self.memory.receipts.keys() {
            self.memory.check_included(&channel, *number).await;
        }
        let again = self.memory.sent.values().cloned().collect();
        self.memory.post(&channel, again).await.expect("verdicts");
        self.memory.check_all(&channel).await;
        server.stop();
        assert_sound(&self.dir);
    }
}

/// A server in which `action` befalls the second such call on `file` that one thread makes. Opening makes at most one (it
/// writes the head anew), and the committing thread is another one: its first commit is good, the second is hit.
fn faulty(dir: &Path, file: &Path, action: &str) -> Process {
    let (call, what) = action.split_once(':').expect("a call and what befalls it");
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:{what}:when=2"));
    let path = file.to_str().expect("UTF-8");
    Process::traced(dir, &dir.with_extension("strace"), &["-P", path, "-e", &trace, "-e", &inject])
}

fn reason(status: &tonic::Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

/// The ledger takes nothing more, says so everywhere, and answers whoever reads.
async fn check_stopped(bench: &mut Bench, server: &Process, what: &str) {
    let stopped = (Code::Unavailable, "LEDGER_STOPPED".to_owned());
    let channel = server.channel().await;
    let next = bench.school.learner().to_vec();
    let refused = bench.memory.post(&channel, next).await.expect_err("it has stopped");
    assert_eq!(reason(&refused), stopped, "{what}");
    // Not even what it need only look up: a receipt comes with a checkpoint, and that with a promise.
    let known = bench.memory.sent.values().next().expect("genesis").clone();
    let refused = bench.memory.post(&channel, vec![known]).await.expect_err("it has stopped");
    assert_eq!(reason(&refused), stopped, "{what}, a replay");
    let (ready, why) = server.get("/readyz").await;
    assert_eq!(ready, 503, "{what}: {why}");
    assert_eq!(server.get("/healthz").await.0, 200, "{what}: alive for readers");
    let (found, checkpoint) = server.get("/checkpoint").await;
    assert_eq!(found, 200, "{what}: {checkpoint}");
    bench.memory.check_consistent(&channel).await;
    for number in bench.memory.receipts.keys() {
        bench.memory.check_included(&channel, *number).await;
    }
    let log = said(&bench.dir);
    assert!(log.contains("the ledger has stopped writing"), "{what}: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_write_or_sync_stops_the_ledger_and_loses_nothing() {
    if !has_strace() {
        return;
    }
    let mut bench = Bench::new().await;
    for file in bench.files() {
        for action in ["pwrite64:error=ENOSPC", "pwrite64:error=EIO", "fdatasync:error=EIO"] {
            let what = format!("{action} of {}", file.display());
            let server = faulty(&bench.dir, &file, action);
            let (ready, said) = server.get("/readyz").await;
            assert_eq!(ready, 200, "{what}: {said}");
            let status = bench.hit(&server).await.expect_err("no receipt without a durable entry");
            assert_eq!(reason(&status), (Code::Unavailable, "LEDGER_STOPPED".to_owned()), "{what}: {status:?}");
            check_stopped(&mut bench, &server, &what).await;
            server.stop();
            bench.check_recovery().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn learners_read_on_when_the_ledger_has_stopped() {
    if !has_strace() {
        return;
    }
    let mut bench = super::restart::Bench::new().await;
    let head = bench.dir.join("journal/head");
    let server = faulty(&bench.dir, &head, "fdatasync:error=EIO");
    let channel = server.channel().await;
    let mut commits = 0;
    let status = loop {
        let next = bench.school.learner().to_vec();
        match bench.memory.post(&channel, next).await {
            Ok(()) => commits += 1,
            Err(status) => break status,
        }
    };
    assert_eq!((commits, reason(&status)), (1, (Code::Unavailable, "LEDGER_STOPPED".to_owned())));
    let token = bench.file("token");
    let token = token.to_str().expect("UTF-8");
    for _ in 0..2 {
        let transcript = bench.online(&server, &["transcript", "--token", token]);
        assert_eq!(transcript["outcomes"].as_array().expect("outcomes").len(), 1, "{transcript}");
    }
    // What must be kept to be of use is refused.
    let again = bench.run_online(&server, &bench.activation_code().iter().map(|word| &**word).collect::<Vec<_>>());
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.code() == Some(2) && said.contains("LEDGER_STOPPED"), "{again:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_each_write_and_sync_of_a_commit_loses_nothing() {
    if !has_strace() {
        return;
    }
    let mut bench = Bench::new().await;
    for file in bench.files() {
        for action in ["pwrite64:signal=SIGKILL", "fdatasync:signal=SIGKILL"] {
            let mut server = faulty(&bench.dir, &file, action);
            let unanswered = bench.hit(&server).await;
            assert!(unanswered.is_err(), "{action} of {}: the server lives", file.display());
            let ended = tokio::task::spawn_blocking(move || server.wait()).await.expect("it ends");
            assert!(!ended.success(), "{ended}");
            bench.check_recovery().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_the_directory_refuses_and_harms_nothing() {
    let mut bench = Bench::new().await;
    let server = Process::start(&bench.dir);
    for (command, words) in [
        ("serve", &["serve", "--listen", "127.0.0.1:0", "--plaintext"][..]),
        ("fsck", &["fsck"]),
        ("rebuild-index", &["rebuild-index"]),
    ] {
        let output = super::process::run(words, &bench.dir);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        assert!(said.contains("journal is in use by another process"), "{command}: {said}");
        assert!(output.stdout.is_empty(), "{command}: {output:?}");
    }
    let channel = server.channel().await;
    let next = bench.school.learner().to_vec();
    bench.memory.post(&channel, next).await.expect("the first one writes on");
    bench.memory.check_consistent(&channel).await;
    bench.memory.check_all(&channel).await;
    server.kill_after(Duration::ZERO);
    bench.check_recovery().await;
}
