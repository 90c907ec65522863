//! What is derived may be deleted, and every damaged byte of what is not is found.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use tonic::transport::Channel;
use xuefen::api::proto::log_service_client::LogServiceClient;
use xuefen::api::proto::{
    Checkpoint, GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest, ListEntriesRequest,
};
use xuefen::cli::secret_key_file::{SecretKind, write};
use xuefen::journal::{FileJournal, Frames, Journal as _, Mark, Options, Start};
use xuefen_ledger::testing::ORIGIN;

use super::learners::{School, account, now};
use super::memory::Memory;
use super::process::{Process, assert_sound, refused, run};
use crate::samples::random::Random;

/// Bytes changed, one at a time.
const FLIPS: usize = 200;

/// A ledger with learners in many frames, private records among them, and a learner's token.
pub struct Bench {
    temp: TempDir,
    pub dir: PathBuf,
    pub school: School,
    pub memory: Memory,
    /// A learner with an account and an outcome.
    learner: [u8; 16],
    /// The learner's activation code, which is used.
    code: String,
    /// Who looked at the learner's account, newest first, when that was last asked.
    accesses: Vec<Value>,
}

impl Bench {
    pub async fn new() -> Self {
        let temp = TempDir::new().expect("temporary directory");
        let dir = temp.path().join("ledger");
        let (school, first) = School::new(&dir);
        let memory = Memory::new(&dir);
        let learner = account(first.len() as u64);
        let mut bench = Self { temp, dir, school, memory, learner, code: String::new(), accesses: Vec::new() };
        write(&bench.file("school.key"), SecretKind::SigningKey, &[4; 32]).expect("a key file");
        let server = Process::start(&bench.dir);
        let channel = server.channel().await;
        bench.memory.post(&channel, first).await.expect("a school");
        for round in 0..20 {
            // Each post waits for the one before: a frame each.
            let next = bench.school.learner().to_vec();
            bench.memory.post(&channel, next).await.expect("a learner");
            if round == 10 {
                bench.log_in(&server);
            }
        }
        server.stop();
        bench
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// The command by which the school makes an activation code for the learner.
    pub fn activation_code(&self) -> Vec<String> {
        let account = xuefen::cli::hex::to_hex(&self.learner);
        let key = self.file("school.key");
        let words =
            ["account", "activation-code", &account, "--issuer", &self.school.world.school.id, "--key", text(&key)];
        words.map(str::to_owned).to_vec()
    }

    fn log_in(&mut self, server: &Process) {
        let ask = self.activation_code();
        let made = self.online(server, &ask.iter().map(|word| &**word).collect::<Vec<_>>());
        made["activation_code"].as_str().expect("a code").clone_into(&mut self.code);
        self.online(server, &["account", "activate", &self.code, "--out", text(&self.file("token"))]);
    }

    /// Private records have no leaf, but are kept like entries: a used code stays used, and no look is forgotten.
    fn check_private(&mut self, server: &Process) {
        let again = self.run_online(server, &["account", "activate", &self.code]);
        assert_eq!(again.status.code(), Some(2), "the code is used: {again:?}");
        let token = self.file("token");
        let list = self.online(server, &["account", "accesses", "--token", text(&token)]);
        let list = list["accesses"].as_array().expect("a list").clone();
        let count = |all: &[Value], one| all.iter().filter(|other| *other == one).count();
        for look in &self.accesses {
            assert!(count(&list, look) >= count(&self.accesses, look), "{look} is forgotten: {list:?}");
        }
        assert!(list.len() > self.accesses.len(), "every look is recorded: {list:?}");
        self.accesses = list;
    }

    pub fn run_online(&self, server: &Process, words: &[&str]) -> Output {
        let address = format!("http://{}", server.address);
        let mut command = Command::new(env!("CARGO_BIN_EXE_xuefen"));
        command.args(words).args(["--json", "--plaintext", "--server", &address, "--dir", text(&self.dir)]);
        command.output().expect("the program runs")
    }

    /// Runs a command that talks to `server`, for its JSON.
    pub fn online(&self, server: &Process, words: &[&str]) -> Value {
        let output = self.run_online(server, words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    /// Starts the server, asks it everything, and stops it.
    async fn ask_everything(&mut self) -> Answers {
        let server = Process::start(&self.dir);
        let channel = server.channel().await;
        self.memory.check_consistent(&channel).await;
        self.memory.check_all(&channel).await;
        let token = self.file("token");
        let transcript = self.online(&server, &["transcript", "--token", text(&token)]);
        assert_eq!(transcript["outcomes"].as_array().expect("outcomes").len(), 1, "{transcript}");
        let account = self.online(&server, &["account", "show", "--token", text(&token)]);
        self.check_private(&server);
        let again = self.memory.sent.values().cloned().collect();
        self.memory.post(&channel, again).await.expect("the first receipts");
        let answers = Answers::of(&channel, transcript, account).await;
        server.stop();
        answers
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// What readers were told.
#[derive(Debug, PartialEq)]
struct Answers {
    checkpoint: Checkpoint,
    entries: Vec<Vec<u8>>,
    inclusion: Vec<String>,
    consistency: Vec<Vec<Vec<u8>>>,
    transcript: Value,
    account: Value,
}

impl Answers {
    async fn of(channel: &Channel, transcript: Value, account: Value) -> Self {
        let mut log = LogServiceClient::new(channel.clone());
        let checkpoint = log.get_checkpoint(GetCheckpointRequest {}).await.expect("a checkpoint").into_inner();
        let request = ListEntriesRequest { start: 0, page_size: 1_000 };
        let entries = log.list_entries(request).await.expect("entries").into_inner().entries;
        assert_eq!(entries.len() as u64, checkpoint.tree_size);
        let (mut inclusion, mut consistency) = (Vec::new(), Vec::new());
        for index in 0..checkpoint.tree_size {
            let request = GetInclusionProofRequest { index, tree_size: 0 };
            inclusion.push(log.get_inclusion_proof(request).await.expect("a proof").into_inner().proof);
            let request = GetConsistencyProofRequest { old_size: index + 1, new_size: 0 };
            consistency.push(log.get_consistency_proof(request).await.expect("a proof").into_inner().path);
        }
        Self { checkpoint, entries, inclusion, consistency, transcript, account }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_index_the_ledger_answers_the_same() {
    let mut bench = Bench::new().await;
    let before = bench.ask_everything().await;
    fs::remove_dir_all(bench.dir.join("index")).expect("an index");
    assert_eq!(bench.ask_everything().await, before, "started without an index");
    let rebuilt = run(&["rebuild-index"], &bench.dir);
    assert_eq!(rebuilt.status.code(), Some(0), "{rebuilt:?}");
    assert_eq!(bench.ask_everything().await, before, "rebuilt by hand");
    for damaged in index_files(&bench.dir.join("index")) {
        fs::write(&damaged, b"not what was here").expect("written");
    }
    assert_eq!(bench.ask_everything().await, before, "every file of the index damaged");
    assert_sound(&bench.dir);
}

fn index_files(dir: &Path) -> Vec<PathBuf> {
    let items = fs::read_dir(dir).expect("a folder").map(|item| item.expect("an item").path());
    items.flat_map(|path| if path.is_dir() { index_files(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_changed_byte_of_the_journal_is_found_and_its_frame_named() {
    let seed = u64::try_from(now()).expect("after 1970");
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let bench = Bench::new().await;
    assert_sound(&bench.dir);
    let copy = bench.file("copy");
    fs::create_dir_all(copy.join("journal")).expect("a folder");
    for name in ["origin", "journal/head", "journal/0000000000.segment"] {
        fs::copy(bench.dir.join(name), copy.join(name)).expect("copied");
    }
    let path = copy.join("journal/0000000000.segment");
    let whole = fs::read(&path).expect("a segment");
    let frames = frames(&bench.dir.join("journal"));
    assert_eq!(frames.last().map(|(_, end)| *end), Some(whole.len()), "frames fill the segment");
    let mut hit = BTreeSet::new();
    for _ in 0..FLIPS {
        let (at, bit) = (random.below(whole.len()), random.below(8));
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << bit;
        fs::write(&path, &bytes).expect("written");
        let (frame, _) = frames.iter().find(|(_, end)| at < *end).expect("in a frame");
        let output = run(&["--json", "fsck"], &copy);
        let what = format!("bit {bit} of byte {at} in frame {frame}: {output:?}");
        assert_eq!(output.status.code(), Some(1), "{what}");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let damage = report["damage"].as_str().unwrap_or_default();
        assert!(damage.starts_with("segment 0 offset ") && damage.contains(&format!(", frame {frame}: ")), "{what}");
        hit.insert(*frame);
    }
    assert!(hit.len() > frames.len() / 2, "few frames were hit: {hit:?}");
    fs::write(&path, &whole).expect("written");
    assert_eq!(run(&["fsck"], &copy).status.code(), Some(0), "the copy itself is sound");
}

/// Number and end of each frame of the first segment.
fn frames(journal: &Path) -> Vec<(u64, usize)> {
    let journal = FileJournal::open(journal, ORIGIN, Mark::Beginning, Options::default()).expect("a journal");
    let frames = Frames::new(journal.reader(), Start::Beginning).expect("frames").map(|frame| frame.expect("whole"));
    frames.map(|frame| (frame.number().0, frame.end().offset() as usize)).collect()
}

/// Copies a directory over another one, which loses what it had.
fn replace(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).expect("removed");
    }
    fs::create_dir_all(to).expect("made");
    for item in fs::read_dir(from).expect("a folder").map(|item| item.expect("an item").path()) {
        let there = to.join(item.file_name().expect("a name"));
        if item.is_dir() {
            replace(&item, &there);
        } else {
            fs::copy(&item, &there).expect("copied");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_of_an_older_copy_are_refused_by_name() {
    let mut bench = Bench::new().await;
    let (older, newest) = (bench.file("older"), bench.file("newest"));
    replace(&bench.dir, &older);
    let server = Process::start(&bench.dir);
    let next = bench.school.learner().to_vec();
    bench.memory.post(&server.channel().await, next).await.expect("a learner that the copy does not know");
    server.stop();
    replace(&bench.dir, &newest);
    for (part, without_index, says) in [
        ("journal/0000000000.segment", true, "acknowledged entries are missing"),
        ("journal/0000000000.segment", false, "that this journal does not have under its head"),
        // With an older head too, only the index is left to tell of what is missing.
        ("journal", false, "that this journal does not have under its head"),
        // Without it, the checkpoint file.
        ("journal", true, "an older copy was put in its place"),
        ("vault", false, "restore the key ring"),
        ("vault", true, "restore the key ring"),
    ] {
        replace(&newest, &bench.dir);
        bench.accesses.clear();
        if without_index {
            fs::remove_dir_all(bench.dir.join("index")).expect("an index");
        }
        match older.join(part) {
            from if from.is_dir() => replace(&from, &bench.dir.join(part)),
            from => drop(fs::copy(from, bench.dir.join(part)).expect("copied")),
        }
        for attempt in ["first", "second"] {
            let said = refused(&bench.dir);
            assert!(said.contains(says), "older {part}, {attempt} attempt: {said}");
        }
        // Refusing wrote nothing that the right part could not put right.
        let folder = part.split('/').next().expect("a name");
        replace(&newest.join(folder), &bench.dir.join(folder));
        bench.ask_everything().await;
        assert_sound(&bench.dir);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_everything_is_refused_by_a_checkpoint_file_elsewhere() {
    let mut bench = Bench::new().await;
    let (older, elsewhere) = (bench.file("older"), bench.file("elsewhere"));
    replace(&bench.dir, &older);
    let learners = [0; 2].map(|_| bench.school.learner().to_vec());
    let size = |path: &Path| {
        let note = fs::read_to_string(path).expect("a checkpoint");
        note.lines().nth(1).expect("a size").parse::<u64>().expect("a number")
    };
    let before = size(&older.join("checkpoint"));
    let grow = async |learner: Vec<_>| {
        let server = Process::start(&bench.dir);
        let mut memory = Memory::new(&bench.dir);
        memory.post(&server.channel().await, learner).await.expect("a learner");
        server.stop();
    };
    let [first, second] = learners;
    grow(first).await;
    fs::copy(bench.dir.join("checkpoint"), &elsewhere).expect("copied");
    let signed = size(&elsewhere);
    assert!(signed > before, "written at the end at the latest");
    let open = || run(&["rebuild-index", "--checkpoint-file", text(&elsewhere)], &bench.dir);
    assert_eq!(open().status.code(), Some(0), "the tree in it is the journal's");
    replace(&older, &bench.dir);
    let refused = |why: &str| {
        let output = open();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why) && said.contains(&signed.to_string()), "{said}");
        said
    };
    let said = refused("an older copy was put in its place");
    assert!(said.contains(&before.to_string()), "{said}");
    // Gone on without the file, it is another log.
    grow(second).await;
    assert_eq!(size(&bench.dir.join("checkpoint")), signed, "as large, and another tree");
    refused("the log went two ways");
    fs::write(&elsewhere, "no checkpoint").expect("written");
    let output = open();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no checkpoint that this log's key signed"), "{output:?}");
}
