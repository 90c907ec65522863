//! `xuefen witness` as a process: over HTTP, with a key and a policy from files, and killed between memory and answer.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use xuefen::http_client::{HttpAnswer, HttpClient, HttpError};
use xuefen::witness::request::AddCheckpoint;
use xuefen_core::key::SecretKey;
use xuefen_core::merkle::{leaf_hash, node_hash};
use xuefen_core::note;
use xuefen_core::text::to_base64;
use xuefen_core::tree::TreeSize;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use xuefen_core::{Hash, hash::sha256};

use crate::support::{has_strace, key};

const ORIGIN: &str = "log.example/process";
const NAME: &str = "witness.example/process";

/// A witness with its files, which can be started and killed.
struct Place {
    dir: TempDir,
    vkey: VerifierKey,
}

/// A running witness; killed when dropped.
struct Running {
    child: Child,
    url: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().expect("tempdir");
        let made = Command::new(env!("CARGO_BIN_EXE_xuefen"))
            .current_dir(dir.path())
            .args(["--json", "keys", "new", "w.key", "--name", NAME, "--signs", "cosignature"])
            .output()
            .expect("the program runs");
        let made: serde_json::Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let vkey = VerifierKey::parse(made["vkey"].as_str().expect("a vkey")).expect("a vkey");
        let log = VerifierKey::new(name(ORIGIN), KeyType::Note, key(1).public().clone());
        std::fs::write(dir.path().join("logs.txt"), format!("log {log} https://log.example/\nquorum none\n"))
            .expect("written");
        Self { dir, vkey }
    }

    fn command(&self, mut command: Command, more: &[&str]) -> Command {
        command
            .current_dir(self.dir.path())
            .args(["witness", "--key", "w.key", "--name", NAME, "--policy", "logs.txt", "--dir", "memory"])
            .args(["--listen", "127.0.0.1:0", "--plaintext"])
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn start(&self, command: Command, more: &[&str]) -> Running {
        let mut child = self.command(command, more).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let Some(address) = line.trim_end().strip_prefix("listening on ") else {
            let ended = child.wait_with_output().expect("it ends");
            panic!("{}", String::from_utf8_lossy(&ended.stderr));
        };
        let url = format!("http://{address}");
        Running { child, url }
    }

    fn program() -> Command {
        Command::new(env!("CARGO_BIN_EXE_xuefen"))
    }

    fn record(&self) -> PathBuf {
        self.dir.path().join("memory").join(format!("{}.note", sha256(&[ORIGIN.as_bytes()])))
    }
}

fn name(text: &str) -> KeyName {
    KeyName::parse(text).expect("a name")
}

fn text(size: u64, root: Hash) -> String {
    format!("{ORIGIN}\n{size}\n{}\n", to_base64(root))
}

/// A log of one or two entries.
fn roots() -> [(String, Vec<Hash>); 2] {
    let leaves = [leaf_hash(b"a"), leaf_hash(b"b")];
    [(text(1, leaves[0]), vec![]), (text(2, node_hash(&leaves[0], &leaves[1])), vec![leaves[1]])]
}

async fn ask(url: &str, old: u64, proof: &[Hash], text: &str, key: &SecretKey) -> Result<HttpAnswer, HttpError> {
    let signed = note::assemble(text, [note::sign(text, &name(ORIGIN), key).as_str()]);
    let body = AddCheckpoint { old: TreeSize(old), proof: proof.to_vec(), note: &signed }.text();
    let client = HttpClient::new(None, Duration::from_secs(20)).expect("a client");
    client.post(&format!("{url}/add-checkpoint"), body, 4_096).await
}

fn has_cosigned(place: &Place, text: &str, answer: &HttpAnswer) -> bool {
    let lines = std::str::from_utf8(&answer.body).expect("text");
    let signed = note::assemble(text, [lines]);
    note::Note::parse(&signed).is_ok_and(|note| note.verify(&[&place.vkey]).is_ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_types_and_bodies_over_http() {
    let place = Place::new();
    let running = place.start(Place::program(), &["--create"]);
    let url = running.url.clone();
    let [(one, _), (two, proof)] = roots();
    let http = HttpClient::new(None, Duration::from_secs(20)).expect("a client");
    let path = format!("{url}/{}/checkpoint", sha256(&[ORIGIN.as_bytes()]));
    assert_eq!(http.get(&path, 4_096).await.expect("an answer").status, 404, "nothing cosigned yet");
    let answer = ask(&url, 0, &[], &one, &key(1)).await.expect("an answer");
    assert!(answer.status == 200 && has_cosigned(&place, &one, &answer), "{answer:?}");
    let answer = ask(&url, 0, &[], &two, &key(1)).await.expect("an answer");
    assert_eq!((answer.status, answer.content_type.as_str(), &answer.body[..]), (409, "text/x.tlog.size", &b"1\n"[..]));
    assert_eq!(ask(&url, 1, &[], &two, &key(1)).await.expect("an answer").status, 422);
    assert_eq!(ask(&url, 1, &proof, &two, &key(2)).await.expect("an answer").status, 403);
    let elsewhere = two.replace(ORIGIN, "log.example/other");
    assert_eq!(ask(&url, 1, &proof, &elsewhere, &key(1)).await.expect("an answer").status, 404);
    assert_eq!(ask(&url, 3, &proof, &two, &key(1)).await.expect("an answer").status, 400);
    let answer = ask(&url, 1, &proof, &two, &key(1)).await.expect("an answer");
    assert!(answer.status == 200 && has_cosigned(&place, &two, &answer), "{answer:?}");
    let newest = http.get(&path, 4_096).await.expect("an answer");
    assert_eq!((newest.status, newest.content_type.as_str()), (200, "text/plain; charset=utf-8"));
    assert!(newest.body.starts_with(two.as_bytes()));
    // A body of any length ends somewhere.
    let other = HttpClient::new(None, Duration::from_secs(20)).expect("a client");
    let long = other.post(&format!("{url}/add-checkpoint"), vec![b'x'; 1 << 20], 4_096).await;
    assert!(long.map_or(true, |answer| answer.status == 413), "too long");
    assert_eq!(http.get(&format!("{url}/add-checkpoint"), 4_096).await.expect("an answer").status, 405);
    let metrics = http.get(&format!("{url}/metrics"), 65_536).await.expect("an answer");
    let metrics = String::from_utf8(metrics.body.to_vec()).expect("text");
    assert!(metrics.contains("xuefen_witness_requests_total{answer=\"cosigned\"} 2"), "{metrics}");
    assert!(metrics.contains(&format!("xuefen_witness_tree_size{{origin=\"{ORIGIN}\"}} 2")), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_ends_when_told_and_a_second_memory_is_not_made() {
    let place = Place::new();
    let mut running = place.start(Place::program(), &["--create"]);
    let asked = Command::new("kill").arg(running.child.id().to_string()).status().expect("kill runs");
    assert!(asked.success());
    assert!(running.child.wait().expect("it ends").success());
    let refused = |more: &[&str]| {
        let output = place.command(Place::program(), more).output().expect("the program runs");
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused(&["--create"]).contains("is the memory of a witness already"));
    std::fs::remove_dir_all(place.dir.path().join("memory")).expect("removed");
    assert!(refused(&[]).contains("make another witness"), "a lost memory ends the witness");
    let key = place.dir.path().join("w.key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o644)).expect("changed");
    assert!(refused(&["--create"]).contains("chmod 600"));
}

/// Kills the witness at each step of remembering. Whatever was answered is remembered, and whatever is remembered can be
/// gone on from; a second tree of the same size is never cosigned.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_memory_and_answer() {
    if !has_strace() {
        return;
    }
    let [(one, _), (two, proof)] = roots();
    let other = text(2, node_hash(&leaf_hash(b"a"), &leaf_hash(b"c")));
    // The calls of the second record, in their order: content, its sync, the name, the sync of the name, the answer.
    for (call, remembered) in [("fsync", 1), ("rename", 1), ("fsync+", 2), ("writev", 2)] {
        let place = Place::new();
        // Made and used once in peace.
        let running = place.start(Place::program(), &["--create"]);
        assert_eq!(ask(&running.url, 0, &[], &one, &key(1)).await.expect("an answer").status, 200);
        drop(running);
        let (name, at) = if call == "fsync+" { ("fsync", 2) } else { (call, 1) };
        let mut strace = Command::new("strace");
        let inject = format!("inject={name}:signal=SIGKILL:when={at}");
        strace.args(["-D", "-f", "-o", "/dev/null", "-e", &inject]).arg(env!("CARGO_BIN_EXE_xuefen"));
        let running = place.start(strace, &[]);
        let answer = ask(&running.url, 1, &proof, &two, &key(1)).await;
        assert!(answer.is_err(), "{call}: killed before it could answer: {answer:?}");
        drop(running);
        let record = std::fs::read_to_string(place.record()).expect("a record");
        assert!(record.starts_with(if remembered == 2 { &two } else { &one }) || remembered == 1, "{call}: {record}");

        let running = place.start(Place::program(), &[]);
        let last = ask(&running.url, 0, &[], &two, &key(1)).await.expect("an answer");
        assert_eq!(last.status, 409, "{call}");
        let last: u64 = std::str::from_utf8(&last.body).expect("text").trim().parse().expect("a size");
        assert!(last >= remembered, "{call}: {last}");
        // Another history of that size: only if the first was not remembered, and then the first no more.
        let (mine, theirs) = if last == 2 { (vec![], vec![]) } else { (proof.clone(), vec![leaf_hash(b"c")]) };
        let forked = ask(&running.url, last, &theirs, &other, &key(1)).await.expect("an answer").status;
        let again = ask(&running.url, last, &mine, &two, &key(1)).await.expect("an answer").status;
        assert_eq!((forked == 200, again == 200), (last == 1, last == 2), "{call}: {forked} {again}");
    }
}
