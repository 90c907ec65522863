//! The plain GETs behind the pages: public data in the forms of docs/spec, checked here as the page checks them in the
//! browser (tests/browser has the pages themselves).

use std::time::Duration;

use xuefen::http_client::HttpClient;
use xuefen_core::Hash;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::note::Note;
use xuefen_core::policy::Policy;
use xuefen_core::proof::Receipt;
use xuefen_core::status::Status;
use xuefen_core::text::hash_from_base64;
use xuefen_core::tree::{TreeSize, verify_consistency};
use xuefen_ledger::testing::World;

use crate::support::{Server, postings};

struct Web {
    server: Server,
    http: HttpClient,
    size: u64,
}

impl Web {
    async fn new() -> Self {
        let world = World::furnished();
        let server = Server::new(&world).await;
        server.api.ledger.post(postings(&world)).await.expect("the ledger answers");
        let http = HttpClient::new(None, Duration::from_secs(20)).expect("a client");
        let size = server.api.ledger.view().tree.size;
        assert_eq!(size, world.entries.len() as u64, "everything was accepted");
        Self { server, http, size }
    }

    async fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let answer = self.http.get(&format!("http://{}{path}", self.server.address), 4 << 20).await.expect("an answer");
        (answer.status, answer.body.to_vec())
    }

    async fn bytes(&self, path: &str) -> Vec<u8> {
        let (status, body) = self.get(path).await;
        assert_eq!(status, 200, "{path}");
        body
    }

    async fn text(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path).await).expect("text")
    }

    async fn policy(&self) -> Policy {
        Policy::parse(&self.text("/verify/policy.txt").await).expect("a policy")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_is_proven_by_what_the_page_is_given() {
    let web = Web::new().await;
    let policy = web.policy().await;
    for index in [0, 1, web.size - 1] {
        let entry = web.bytes(&format!("/log/entry/{index}")).await;
        let receipt = web.text(&format!("/log/proof/{index}")).await;
        let receipt = Receipt::parse(&receipt).expect("a receipt");
        assert_eq!(receipt.index.0, index);
        receipt.verify(&policy, &leaf_hash(&entry)).expect("it is in the log");
    }
    for path in ["entry", "proof"] {
        assert_eq!(web.get(&format!("/log/{path}/{}", web.size)).await.0, 404);
        assert_eq!(web.get(&format!("/log/{path}/-1")).await.0, 400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn growth_is_proven_from_any_size() {
    let web = Web::new().await;
    let policy = web.policy().await;
    let first = leaf_hash(&web.bytes("/log/entry/0").await);
    for (old, root) in [(1, Some(first)), (web.size, None)] {
        let answer = web.text(&format!("/log/consistency/{old}")).await;
        let (proof, note) = match answer.strip_prefix('\n') {
            Some(note) => ("", note),
            None => answer.split_once("\n\n").expect("an empty line ends the proof"),
        };
        let newest = policy.accept(note).expect("its log signed it").checkpoint;
        let proof: Vec<Hash> = proof.lines().map(|line| hash_from_base64(line).expect("a hash")).collect();
        let root = root.unwrap_or(newest.root);
        verify_consistency(TreeSize(old), newest.size, &proof, &root, &newest.root).expect("it only grew");
    }
    assert_eq!(web.get(&format!("/log/consistency/{}", web.size + 1)).await.0, 404);
    let growth: serde_json::Value = serde_json::from_slice(&web.bytes("/log/growth.json").await).expect("JSON");
    let points = growth["points"].as_array().expect("points");
    assert!(points.len() <= 64 && points.windows(2).all(|pair| pair[0][0].as_u64() < pair[1][0].as_u64()), "{growth}");
    assert_eq!((&growth["size"], &points[points.len() - 1][0]), (&web.size.into(), &web.size.into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_given_to_whoever_knows_the_entry() {
    let web = Web::new().await;
    let leaf = leaf_hash(&web.bytes("/log/entry/2").await);
    let signed = web.text(&format!("/status/2/{leaf}")).await;
    let note = Note::parse(&signed).expect("a note");
    let vkey = web.text("/verify/authority.txt").await;
    let vkey = vkey.lines().find(|line| line.contains("/status+")).expect("the status key").to_owned();
    let vkey = xuefen_core::vkey::VerifierKey::parse(&vkey).expect("a vkey");
    note.verify(&[&vkey]).expect("the status key signed it");
    let status = Status::parse(note.text()).expect("eight lines");
    let newest = Checkpoint::parse_note(&web.server.api.ledger.view().checkpoint).expect("a checkpoint");
    assert_eq!((status.index.0, status.leaf_hash, status.size), (2, leaf, newest.size));
    for path in [format!("/status/3/{leaf}"), format!("/status/{}/{leaf}", web.size), "/status/2/zz".to_owned()] {
        assert_eq!(web.get(&path).await.0, 404, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_nowhere_is_answered_404_and_unknown_calls_unimplemented() {
    let web = Web::new().await;
    for path in [
        "/favicon.ico",
        "/log/",
        "/verify/",
        "/xuefen.v1.LogService/GetCheckpoint",
        "/xuefen.v1.NoService/No",
        "/tile",
        "//",
    ] {
        let (status, body) = web.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(body.is_empty() || body.starts_with(b"there is nothing here"), "{path}");
    }
    assert_eq!(
        web.get("/nowhere").await.1,
        b"there is nothing here; the pages are /verify and /log, the services speak gRPC\n"
    );
    let channel =
        tonic::transport::Endpoint::from_shared(format!("http://{}", web.server.address)).expect("an address");
    let channel = channel.connect().await.expect("the server answers");
    for path in ["/xuefen.v1.NoService/No", "/xuefen.v1.LogService/No"] {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.expect("ready");
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let answer = grpc.unary(tonic::Request::new(()), path.parse().expect("a path"), codec).await;
        assert_eq!(answer.expect_err("no such call").code(), tonic::Code::Unimplemented, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_opens_nothing_is_told_so_and_kept_nowhere() {
    let web = Web::new().await;
    let long = "A".repeat(129);
    for (code, status) in [("AAAAA-AAAAA-AAAAA-AAAAA", 404), ("", 404), ("\u{fffd}", 404), (long.as_str(), 413)] {
        let answer =
            web.http.post(&format!("http://{}/verify/grant", web.server.address), code.to_owned(), 1 << 10).await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, status, "{code}");
    }
    assert_eq!(web.get("/verify/grant").await.0, 405, "a GET would be fetched ahead");
}
