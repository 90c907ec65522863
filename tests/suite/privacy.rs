//! Nothing that says who somebody is stands in the journal, the index or what the log answers: after a whole demo, every
//! byte of them is searched for the samples' names, documents, birth dates, certificates, record numbers and accounts.
//!
//! Texts of less than six bytes are not searched for: among millions of random bytes they turn up by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use xuefen::api::proto::ListEntriesRequest;
use xuefen::api::proto::log_service_client::LogServiceClient;
use xuefen::cli::hex::to_hex;
use xuefen::index::{Applied, Direction, FrameRows, Index, IndexOptions, Row};
use xuefen::sequencer::{Home, View};
use xuefen_core::Hash;

use crate::support::Server;

/// What is searched for by its first bytes.
const PREFIX: usize = 4;
/// Shortest secret that is searched for, bytes.
const SHORTEST: usize = 6;

/// What to search for.
#[derive(Default)]
struct Needles {
    labels: BTreeMap<Vec<u8>, String>,
    /// How they begin, and how long they are.
    prefixes: BTreeSet<[u8; PREFIX]>,
    lengths: BTreeSet<usize>,
}

impl Needles {
    fn add(&mut self, label: &str, bytes: &[u8]) {
        self.prefixes.insert(*bytes.first_chunk().expect("at least four bytes"));
        self.lengths.insert(bytes.len());
        self.labels.insert(bytes.to_vec(), label.to_owned());
    }

    /// Adds a secret as it is written and in hexadecimal.
    fn add_secret(&mut self, label: &str, bytes: &[u8]) {
        if bytes.len() >= SHORTEST {
            self.add(label, bytes);
            self.add(&format!("{label} in hexadecimal"), to_hex(bytes).as_bytes());
        }
    }

    /// Adds a text in the encodings that sheets come in.
    fn add_text(&mut self, what: &str, text: &str) {
        self.add_secret(&format!("{what} {text}"), text.as_bytes());
        let gb18030 = encoding_rs::GB18030.encode(text).0;
        if *gb18030 != *text.as_bytes() {
            self.add_secret(&format!("{what} {text} in GB18030"), &gb18030);
        }
    }

    fn labels(&self) -> BTreeSet<&str> {
        self.labels.values().map(String::as_str).collect()
    }

    /// Labels of what stands in `bytes`.
    fn find(&self, bytes: &[u8]) -> BTreeSet<&str> {
        // Most places fail on their first two bytes.
        let mut begins = vec![false; 1 << 16];
        for prefix in &self.prefixes {
            begins[usize::from(u16::from_be_bytes([prefix[0], prefix[1]]))] = true;
        }
        let mut found = BTreeSet::new();
        for at in 0..bytes.len().saturating_sub(PREFIX - 1) {
            let begin = usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            if !begins[begin] || !bytes[at..].first_chunk().is_some_and(|prefix| self.prefixes.contains(prefix)) {
                continue;
            }
            let here = self.lengths.iter().filter_map(|length| self.labels.get(bytes.get(at..at + length)?));
            found.extend(here.map(String::as_str));
        }
        found
    }
}

/// Rows of a sheet by column.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).expect("a sheet");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

/// Everything of the demo in `dir` that is nobody's business.
fn secrets(dir: &Path) -> Needles {
    let mut needles = Needles::default();
    for row in rows(&dir.join("samples/accounts.csv")) {
        needles.add_text("name", &row["姓名"]);
        needles.add_text("document", &row["证件号码"]);
        needles.add_text("birth date", &row["出生日期"]);
        needles.add_text("birth date", &row["出生日期"].replace('-', ""));
    }
    for issuer in ["changzhou-rail", "sample-evaluation"] {
        for row in rows(&dir.join(format!("samples/certificates-{issuer}.csv"))) {
            needles.add_text("certificate", &row["证书编号"]);
        }
    }
    for row in rows(&dir.join("samples/outcomes-sample-a.csv")) {
        needles.add_text("record", &row["source_id"]);
    }
    for row in rows(&dir.join("office/accounts-map.csv")) {
        let hex = &row["account"];
        let account = u128::from_str_radix(hex, 16).expect("32 digits");
        needles.add_secret(&format!("account {hex}"), &account.to_be_bytes());
        needles.add_text("account", &hex.to_uppercase());
    }
    let code = std::fs::read_to_string(dir.join("out/activation-code.txt")).expect("a code");
    needles.add_text("activation code", code.trim());
    needles.add_text("activation code", &code.trim().replace('-', ""));
    needles
}

/// Every byte of the files under a directory.
fn bytes_of(dir: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            bytes.extend(bytes_of(&path));
        } else {
            bytes.extend(std::fs::read(&path).expect("a file"));
        }
    }
    bytes
}

/// The answers of `ListEntries`, from the first to the last.
async fn entries(server: &Server) -> Vec<u8> {
    let mut log = LogServiceClient::new(server.channel().await);
    let (mut bytes, mut start) = (Vec::new(), 0);
    loop {
        let answer = log.list_entries(ListEntriesRequest { start, page_size: 0 }).await.expect("entries").into_inner();
        start += answer.entries.len() as u64;
        bytes.extend(prost::Message::encode_to_vec(&answer));
        if start == answer.tree_size {
            return bytes;
        }
        assert!(!answer.entries.is_empty(), "it goes on to the end");
    }
}

/// The rows of `view` as they are, and the files of an index with them: blocks are packed, so a text of a row need not
/// stand in a file although anybody could read it there. A ledger as small as this keeps its rows in memory and leaves
/// hardly anything in its own.
fn index_files(view: &View) -> Vec<u8> {
    let (size, index) = (view.tree.size, &view.index);
    let mut rows = Vec::new();
    for row in index.scan_prefix(&[], size, None) {
        let key = row.expect("a row").key;
        for version in index.history(&key, size, None, Direction::Ascending) {
            let (index, value) = version.expect("a row");
            rows.push(Row { key: key.clone(), index, value });
        }
    }
    assert!(rows.len() as u64 > 3 * size, "{} rows of {size} entries", rows.len());
    let mut bytes: Vec<u8> = rows.iter().flat_map(|row| [&row.key[..], &row.value].concat()).collect();
    let leaf_hashes: Vec<Hash> = (0..size).map(|at| index.leaf_hash(at).expect("a leaf")).collect();
    let positions: Vec<u64> = (0..size).map(|at| index.position(at).expect("a position")).collect();
    let dir = tempfile::tempdir().expect("tempdir");
    let zero = Hash([0; 32]);
    let start = Applied { frame: 0, tree_size: 0, chain: zero, frame_hash: zero, position: 0 };
    let copy = Index::create(dir.path(), IndexOptions::default(), start).expect("an index");
    let (leaf_hashes, positions) = (leaf_hashes.as_slice(), positions.as_slice());
    let frame = FrameRows {
        frame: 1,
        first_index: 0,
        rows,
        leaf_hashes,
        positions,
        chain: zero,
        frame_hash: zero,
        next_position: 0,
    };
    copy.apply(frame).expect("a frame");
    copy.settle().expect("written");
    copy.close().expect("closed");
    bytes.extend(bytes_of(dir.path()));
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_somebody_is_stands_in_no_journal_index_or_log() {
    let place = tempfile::tempdir().expect("tempdir");
    let dir = place.path().join("demo");
    let mut demo = std::process::Command::new(env!("CARGO_BIN_EXE_xuefen"));
    demo.args(["--json", "demo", "--once", "--listen", "127.0.0.1:0", "--dir"]).arg(&dir);
    let output = tokio::task::block_in_place(|| demo.output()).expect("the program runs");
    assert_eq!(output.status.code(), Some(0), "{output:?}");

    let home = Home::new(&dir);
    let own_index = bytes_of(&home.index());
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let server = Server::open(&dir, i64::try_from(now).expect("a time")).await;
    let log = entries(&server).await;
    let index = index_files(&server.api.ledger.view());
    server.stop().await;
    let places = [
        ("journal", bytes_of(&home.journal())),
        ("index", index),
        ("index as the ledger left it", own_index),
        ("ListEntries", log),
    ];

    let secrets = secrets(&dir);
    for (kind, least) in
        [("name", 951), ("document", 951), ("birth", 900), ("certificate", 121), ("record", 1_000), ("account", 951)]
    {
        let count = secrets.labels().iter().filter(|label| label.starts_with(kind)).count();
        assert!(count >= least, "only {count} of {kind}");
    }
    let leaks =
        places.iter().map(|(place, bytes)| (*place, secrets.find(bytes))).filter(|(_, found)| !found.is_empty());
    let leaks: Vec<_> =
        leaks.map(|(place, found)| format!("{place}: {} such as {:?}", found.len(), found.first())).collect();
    assert_eq!(leaks, Vec::<String>::new());

    // The search finds what is public, in the same bytes, and every secret, where it stands.
    let mut public = Needles::default();
    for row in rows(&dir.join("samples/institutions.csv")) {
        public.add(&row["name_zh"], row["name_zh"].as_bytes());
    }
    public.add("course", b"GG02");
    for (place, bytes) in places.iter().filter(|(place, _)| *place != "index as the ledger left it") {
        assert_eq!(public.find(bytes), public.labels(), "{place}");
    }
    let mut planted = places[0].1[..100_000].to_vec();
    secrets.labels.keys().for_each(|needle| planted.extend_from_slice(needle));
    assert_eq!(secrets.find(&planted), secrets.labels());
}
