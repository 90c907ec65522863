//! `mirror`, `monitor`, `log export` and `audit` of a public log, as they are typed.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::server::{Grown, files};

/// Runs the program; its exit code and JSON, or what it said of its failure.
async fn run(dir: &Path, args: &[&str]) -> (i32, Value) {
    let (dir, args): (_, Vec<String>) = (dir.to_owned(), args.iter().map(ToString::to_string).collect());
    tokio::task::spawn_blocking(move || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xuefen"));
        let output = command.current_dir(dir).args(["--json", "--lang", "en"]).args(&args).output().expect("it runs");
        let said = serde_json::from_slice(&output.stdout);
        let said = said.unwrap_or_else(|_| String::from_utf8_lossy(&output.stderr).into_owned().into());
        (output.status.code().expect("no signal"), said)
    })
    .await
    .expect("no panic")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_is_mirrored_exported_and_judged_from_outside() {
    let mut log = Grown::new().await;
    log.to(300).await;
    let office = TempDir::new().expect("tempdir");
    let dir = office.path();
    for file in [log.server.home.policy(), log.server.home.authority()] {
        std::fs::copy(&file, dir.join(file.file_name().expect("a name"))).expect("copied");
    }
    let url = format!("http://{}", log.server.address);
    let (code, said) = run(dir, &["mirror", &url, "--dir", "mirror"]).await;
    assert_eq!((code, &said["state"], &said["tree_size"]), (0, &"extended".into(), &300.into()), "{said}");
    let (code, said) = run(dir, &["mirror", &url, "--dir", "mirror"]).await;
    assert_eq!((code, &said["state"]), (0, &"unchanged".into()), "{said}");

    let ledger = log.server.home.dir().to_str().expect("text");
    let (code, said) = run(dir, &["log", "export", "export", "--dir", ledger]).await;
    assert_eq!((code, &said["tree_size"]), (0, &300.into()), "{said}");
    assert!(files(&dir.join("mirror")) == files(&dir.join("export")));

    for source in [url.as_str(), "mirror", "export"] {
        let (code, said) = run(dir, &["audit", source]).await;
        assert_eq!((code, &said["findings"], &said["entries"]), (0, &0.into(), &300.into()), "{source}: {said}");
        // The account and the outcome.
        assert_eq!(said["withheld"], 2, "{source}: {said}");
    }
    // Without the right authority nothing of it holds.
    std::fs::write(dir.join("nobody.txt"), "").expect("written");
    let (code, said) = run(dir, &["audit", "mirror", "--authority", "nobody.txt"]).await;
    assert_eq!((code, &said["items"][0]["code"]), (1, &"GENESIS_UNTRUSTED".into()), "{said}");
    // And by the log's key alone.
    let policy = std::fs::read_to_string(dir.join("policy.txt")).expect("policy.txt");
    let vkey = policy
        .lines()
        .find_map(|line| line.strip_prefix("log "))
        .and_then(|line| line.split(' ').next())
        .expect("a key");
    let (code, said) = run(dir, &["mirror", "export", "--dir", "other", "--vkey", vkey]).await;
    assert_eq!(code, 0, "{said}");

    // A byte of a mirror changed, and nobody to tell but the hashes.
    let bundle = dir.join("mirror/tile/entries/000");
    let mut bytes = std::fs::read(&bundle).expect("a bundle");
    bytes[1_000] ^= 1;
    std::fs::write(&bundle, bytes).expect("written");
    let (code, said) = run(dir, &["audit", "mirror"]).await;
    assert_eq!((code, &said["code"]), (1, &"RESOURCE_WRONG".into()), "{said}");
    assert!(said["error"].as_str().expect("text").contains("tile/entries/000"), "{said}");
    log.server.stop().await;
    let (code, said) = run(dir, &["audit", "http://127.0.0.1:1"]).await;
    assert_eq!(code, 2, "{said}");
    assert!(said.as_str().expect("an error").contains("127.0.0.1:1"), "{said}");
    assert_eq!(run(dir, &["audit"]).await.0, 2);
    assert_eq!(run(dir, &["audit", "nowhere"]).await.0, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_begun_again_contradicts_its_mirrors() {
    let mut log = Grown::new().await;
    log.to(40).await;
    let office = TempDir::new().expect("tempdir");
    let dir = office.path();
    std::fs::copy(log.server.home.policy(), dir.join("policy.txt")).expect("copied");
    let ledger = log.server.home.dir().to_owned();
    let url = format!("http://{}", log.server.address);
    assert_eq!(run(dir, &["mirror", &url, "--dir", "mirror"]).await.0, 0);
    // The operator begins again with the same key, and other entries.
    let mut again = Grown::new().await;
    again.world.now += 5;
    again.server.set_clock(again.world.now);
    again.to(60).await;
    let other = again.server.home.dir().to_owned();
    let temporary = (log.server.stop().await, again.server.stop().await);
    std::fs::copy(ledger.join("keys/log.key"), other.join("keys/log.key")).expect("copied");
    // The checkpoint file would forbid it.
    std::fs::remove_file(other.join("checkpoint")).expect("a checkpoint file");
    let server = crate::support::Server::open(&other, again.world.now).await;
    let url = format!("http://{}", server.address);
    let (code, said) = run(dir, &["mirror", &url, "--dir", "mirror"]).await;
    assert_eq!((code, &said["code"]), (1, &"LOG_CONTRADICTS_ITSELF".into()), "{said}");
    assert_ne!(said["notes"]["held"], said["notes"]["shown"]);
    let kept = std::fs::read_dir(dir.join("mirror/contradictions")).expect("both notes").count();
    assert_eq!(kept, 2);
    server.stop().await;
    drop(temporary);
}

/// The program, as long as this is held.
struct Serving(Child);

impl Serving {
    fn start(dir: &Path, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xuefen"));
        Self(command.current_dir(dir).args(args).stdout(Stdio::piped()).spawn().expect("it starts"))
    }

    /// The address of its first line.
    fn address(&mut self) -> SocketAddr {
        let mut line = String::new();
        BufReader::new(self.0.stdout.as_mut().expect("piped")).read_line(&mut line).expect("a line");
        let said: Value = serde_json::from_str(&line).expect("JSON");
        said["listening"].as_str().and_then(|address| address.parse().ok()).expect("an address")
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirrors_directory_is_served_like_the_log() {
    let mut log = Grown::new().await;
    log.to(300).await;
    let out = TempDir::new().expect("tempdir");
    let url = format!("http://{}", log.server.address);
    let policy = log.server.home.policy();
    let policy = policy.to_str().expect("text");
    assert_eq!(run(out.path(), &["mirror", &url, "--dir", "first", "--policy", policy]).await.0, 0);
    log.to(520).await;
    // The old checkpoint may be shown for its second yet.
    while run(out.path(), &["mirror", &url, "--dir", "first", "--policy", policy]).await.1["tree_size"] != 520 {}

    let first =
        ["mirror", "--json", &url, "--dir", "first", "--policy", policy, "--every", "60", "--listen", "127.0.0.1:0"];
    let mut serving = Serving::start(out.path(), &first);
    let address = serving.address();
    let mut theirs = super::fetch::Connection::http1(log.server.address).await;
    let mut ours = super::fetch::Connection::http1(address).await;
    // The partial tiles of the first size are gone from the directory and served all the same.
    for path in [
        "tile/0/001.p/44",
        "tile/entries/001.p/44",
        "tile/entries/002.p/8",
        "tile/0/001",
        "tile/1/000.p/1",
        "tile/0/007",
    ] {
        let path = format!("/{path}");
        let (theirs, ours) = (theirs.get(&path).await, ours.get(&path).await);
        assert!(theirs.status == ours.status && (theirs.status == 404 || theirs.body == ours.body), "{path}");
    }
    let url = format!("http://{address}");
    assert_eq!(run(out.path(), &["mirror", &url, "--dir", "second", "--policy", policy]).await.0, 0);
    assert_eq!(files(&out.path().join("second")).len(), 8);
    drop(serving);
    log.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_institution_hears_of_what_is_said_in_its_name() {
    let mut log = Grown::new().await;
    log.to(20).await;
    let office = TempDir::new().expect("tempdir");
    let dir = office.path();
    std::fs::copy(log.server.home.policy(), dir.join("policy.txt")).expect("copied");
    let url = format!("http://{}", log.server.address);
    let issuer = log.world.school.id.clone();
    let watch = ["monitor", url.as_str(), "--dir", "watch", "--issuer", &issuer, "--exec", "cat >> told"];
    // Everything that it has signed itself.
    let own: Vec<String> = log.world.entries.iter().map(|(entry, _)| entry.leaf_hash().to_string()).collect();
    std::fs::write(dir.join("own"), own.join("\n")).expect("written");
    let known = [&watch[..], &["--known", "own", "--metrics", "figures"]].concat();
    assert_eq!(run(dir, &known).await.0, 0);
    assert!(!dir.join("told").exists());
    let figures = std::fs::read_to_string(dir.join("figures")).expect("figures");
    assert!(figures.contains("xuefen_monitor_tree_size 20\n"), "{figures}");
    // Somebody has its key.
    log.to(21).await;
    while !dir.join("told").exists() {
        // The old checkpoint may be shown for its second yet.
        run(dir, &known).await;
    }
    let told = std::fs::read_to_string(dir.join("told")).expect("an alert");
    let told: Value = serde_json::from_str(&told).expect("one alert");
    assert_eq!((&told["code"], &told["index"]), (&"UNKNOWN_STATEMENT".into(), &20.into()), "{told}");
    let hash = log.world.entries[20].0.leaf_hash().to_string();
    assert_eq!(told["leaf_hash"], hash);
    // Told once.
    std::fs::remove_file(dir.join("told")).expect("removed");
    assert_eq!(run(dir, &known).await.0, 0);
    assert!(!dir.join("told").exists());
    log.server.stop().await;
    assert_eq!(run(dir, &known).await.0, 3, "nothing is known of a log that is away");
}
