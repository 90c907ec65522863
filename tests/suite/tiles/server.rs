//! A real server's tiles, and the same log as files.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use tempfile::TempDir;
use xuefen::api::proto::PostEntriesRequest;
use xuefen::api::proto::issuing_service_client::IssuingServiceClient;
use xuefen::mirror::{self, HttpSource, Source, Store, follow};
use xuefen::sequencer::export;
use xuefen_core::policy::Policy;
use xuefen_core::proto::Course;
use xuefen_core::proto::statement::Body;
use xuefen_ledger::testing::{ORIGIN, World, course, sign_all};

use super::fetch::Connection;
use super::naive::{self, Hash};
use crate::support::{Server, postings, wire};

/// A ledger, what it was told, and its entries as they must stand in the log.
pub struct Grown {
    pub server: Server,
    pub world: World,
    pub entries: Vec<Vec<u8>>,
}

impl Grown {
    /// Furnished, with one outcome.
    pub async fn new() -> Self {
        let mut world = World::furnished();
        let (body, values) = world.course_outcome();
        let school = world.school.id.clone();
        let posting = world.outcome(&school, body, &values, 4);
        world.accept(posting);
        let server = Server::new(&world).await;
        let mut grown = Self { server, world, entries: Vec::new() };
        grown.post().await;
        grown
    }

    /// Courses until the log has `size` entries.
    pub async fn to(&mut self, size: usize) {
        let issuer = self.world.school.id.clone();
        let statements: Vec<_> = (self.world.entries.len()..size)
            .map(|number| {
                let rule = self.world.named["rule"];
                let body = Body::Course(Course { code: format!("C-{number}"), ..course(rule) });
                (self.world.statement(&issuer, body), None)
            })
            .collect();
        if !statements.is_empty() {
            for posting in sign_all(statements, &crate::support::key(4)) {
                self.world.accept(posting);
            }
        }
        self.post().await;
    }

    async fn post(&mut self) {
        let mut client = IssuingServiceClient::new(self.server.channel().await);
        let all: Vec<_> = postings(&self.world).iter().zip(0..).map(|(posting, at)| wire(at, posting)).collect();
        let new =
            all[self.entries.len()..].chunks(200).map(|postings| PostEntriesRequest { postings: postings.to_vec() });
        let new: Vec<_> = new.collect();
        let mut answers = client.post_entries(tokio_stream::iter(new)).await.expect("a stream").into_inner();
        let mut count = self.entries.len();
        while let Some(answer) = answers.message().await.expect("an answer") {
            count += answer.verdicts.len();
        }
        self.entries = self.world.entries.iter().map(|(entry, _)| entry.bytes().to_vec()).collect();
        assert_eq!(count, self.entries.len());
    }

    fn leaves(&self) -> Vec<Hash> {
        self.entries.iter().map(|entry| naive::leaf(entry)).collect()
    }
}

fn is_checkpoint_of(note: &[u8], leaves: &[Hash], policy: &Path) {
    let note = std::str::from_utf8(note).expect("text");
    let policy = Policy::parse(&std::fs::read_to_string(policy).expect("policy.txt")).expect("a policy");
    let checkpoint = policy.accept(note).expect("signed by the log").checkpoint;
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size.0), (ORIGIN, leaves.len() as u64));
    assert_eq!(checkpoint.root.0, naive::root(leaves));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tile_of_every_size_up_to_600_is_there_and_right() {
    let mut log = Grown::new().await;
    let mut sizes = Vec::new();
    for size in [255, 256, 257, 512, 600] {
        log.to(size).await;
        sizes.push(size);
    }
    let leaves = log.leaves();
    let mut one = Connection::http1(log.server.address).await;
    let mut two = Connection::http2(log.server.address).await;
    let note = one.get("/checkpoint").await;
    is_checkpoint_of(&note.body, &leaves, &log.server.home.policy());
    assert_eq!(note.headers["content-type"], "text/plain; charset=utf-8");
    // The path of the origin is served, too.
    assert_eq!(two.get("/test/checkpoint").await.body, note.body);
    // Together the tiles of all sizes are the first 1 to 256 cells of each.
    let mut count = 0;
    for size in 1..=600 {
        for (path, bytes) in naive::tiles(&log.entries[..size]) {
            // Each full tile once.
            if !path.contains(".p/") && size % 256 != 0 {
                continue;
            }
            count += 1;
            let connection = if count % 2 == 0 { &mut one } else { &mut two };
            let answer = connection.get(&format!("/{path}")).await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(answer.body == bytes, "{path}");
            assert_eq!(answer.headers["content-type"], "application/octet-stream", "{path}");
            assert_eq!(answer.headers["cache-control"], "public, max-age=31536000, immutable", "{path}");
        }
    }
    assert!(count > 1_200, "{count}");
    for path in [
        "tile/0/002.p/89",
        "tile/0/002",
        "tile/0/003.p/1",
        "tile/entries/002.p/89",
        "tile/entries/002",
        "tile/1/000.p/3",
        "tile/1/000",
        "tile/2/000.p/1",
        "tile/63/000",
        "tile/entries/x018/x446/x744/x073/x709/x551/615",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/0",
        "tile/0/x000/001",
        "tile/data/000",
    ] {
        assert_eq!(one.get(&format!("/{path}")).await.status, 404, "{path}");
    }
    log.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_compressed_where_it_is_asked_for() {
    let mut log = Grown::new().await;
    log.to(256).await;
    let mut connection = Connection::http1(log.server.address).await;
    let plain = connection.get("/tile/entries/000").await;
    let short = connection.ask("GET", "/tile/entries/000", &[("accept-encoding", "gzip, identity")]).await;
    assert_eq!(
        (plain.headers.get("content-encoding"), &short.headers["content-encoding"]),
        (None, &"gzip".parse().unwrap())
    );
    assert!(short.body.len() * 10 < plain.body.len() * 9, "{} of {}", short.body.len(), plain.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&short.body[..]).read_to_end(&mut unpacked).expect("gzip");
    assert!(unpacked == plain.body && plain.body == naive::bundle(&log.entries));
    let head = connection.ask("HEAD", "/tile/0/000", &[]).await;
    assert_eq!((head.status, head.body.len(), &head.headers["content-length"]), (200, 0, &"8192".parse().unwrap()));
    log.server.stop().await;
}

/// Files below a directory that the public sees, by path.
pub fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("below").to_str().expect("text").to_owned();
            if path.is_dir() && !name.starts_with('.') {
                walk(root, &path, found);
            } else if path.is_file() && !name.starts_with('.') {
                found.insert(name, std::fs::read(&path).expect("a file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
    found
}

/// When each file was made, to see which were written again.
fn made(dir: &Path, paths: impl Iterator<Item = String>) -> BTreeMap<String, u64> {
    use std::os::unix::fs::MetadataExt as _;
    let inode = |path: &str| std::fs::metadata(dir.join(path)).map(|it| it.ino());
    paths.filter_map(|path| Some((path.clone(), inode(&path).ok()?))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_beside_the_running_server_is_what_it_serves() {
    let mut log = Grown::new().await;
    let out = TempDir::new().expect("tempdir");
    let mut before = BTreeMap::new();
    for (size, written) in [(300, 6), (300, 0), (700, 6), (1_130, 8)] {
        log.to(size).await;
        let store = Store::open(out.path()).expect("a directory");
        let exported = export(&log.server.home.journal(), None, &store, &|_, _| {}).expect("an export");
        assert_eq!((exported.checkpoint.size.0, exported.files), (size as u64, written));
        let here = files(out.path());
        let mut expected = naive::tiles(&log.entries);
        is_checkpoint_of(&here["checkpoint"], &log.leaves(), &log.server.home.policy());
        // Level 1 has no full tile: its partial ones of sizes that were shown stay.
        expected.extend(
            here.iter()
                .filter(|(path, _)| path.starts_with("tile/1/") || *path == "checkpoint")
                .map(|(p, b)| (p.clone(), b.clone())),
        );
        assert!(here == expected, "{size}: {:?}", here.keys());
        let mut connection = Connection::http1(log.server.address).await;
        // Another second has begun by then, or the one before it is shown for its second.
        for (path, bytes) in here.iter().filter(|(path, _)| *path != "checkpoint") {
            assert!(connection.get(&format!("/{path}")).await.body == *bytes, "{path}");
        }
        let full = |path: &String| path.starts_with("tile/") && !path.contains(".p/");
        let now = made(out.path(), here.keys().filter(|path| full(path)).cloned());
        assert!(before.iter().all(|(path, inode)| now.get(path) == Some(inode)), "what is there is not written again");
        before = now;
    }
    assert!(!out.path().join("tile/0/001.p").exists() && out.path().join("tile/0/001").exists());
    // A ledger begun again under the same origin is not written over the first one's log.
    let mut other = Grown::new().await;
    let refused = |server: &Server| {
        let store = Store::open(out.path()).expect("a directory");
        export(&server.home.journal(), None, &store, &|_, _| {}).expect_err("another history").to_string()
    };
    let error = refused(&other.server);
    assert!(error.starts_with("the directory holds 1130 entries and the journal's checkpoint"), "{error}");
    other.world.now += 5;
    other.server.set_clock(other.world.now);
    other.to(1_131).await;
    let error = refused(&other.server);
    assert!(error.contains("over 1130 entries that is not of this journal"), "{error}");
    other.server.stop().await;
    log.server.stop().await;
}

/// Follows `source` into `dir` on a thread that may wait.
async fn followed(source: impl Source + 'static, dir: &Path, policy: &Path) -> mirror::Followed {
    let (dir, policy) = (dir.to_owned(), std::fs::read_to_string(policy).expect("policy.txt"));
    tokio::task::spawn_blocking(move || {
        let policy = Policy::parse(&policy).expect("a policy");
        follow(&source, &Store::open(&dir).expect("a directory"), &policy, &|_, _| {}).expect("a good log")
    })
    .await
    .expect("no panic")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mirror_over_http_has_the_bytes_of_the_log_and_is_mirrored_itself() {
    let mut log = Grown::new().await;
    log.to(777).await;
    let (first, second) = (TempDir::new().expect("tempdir"), TempDir::new().expect("tempdir"));
    let policy = log.server.home.policy();
    let url = format!("http://{}/test/", log.server.address);
    let source =
        tokio::task::spawn_blocking(move || HttpSource::new(&url, None).expect("a source")).await.expect("no panic");
    let result = followed(source, first.path(), &policy).await;
    assert_eq!((result.state, result.fetched), (mirror::State::Extended, 777));
    let mut here = files(first.path());
    let note = here.remove("checkpoint").expect("a checkpoint");
    is_checkpoint_of(&note, &log.leaves(), &policy);
    assert!(here == naive::tiles(&log.entries));
    let result = followed(mirror::DirSource::new(first.path()), second.path(), &policy).await;
    assert_eq!(result.fetched, 777);
    assert!(files(second.path()) == files(first.path()));
    log.server.stop().await;
}
