//! The client against every fault that a witness, or the line to it, can have.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::post;
use xuefen_core::cosignature;
use xuefen_core::key::SecretKey;
use xuefen_core::vkey::{KeyName, KeyType};

use super::*;
use crate::witness::testing::{TestLog, name};

const NAME: &str = "w.example/x";
const NOW: u64 = 2_000_000_000;
const TEXT: &str = "text/plain; charset=utf-8";

fn line(text: &str, witness: &KeyName, seed: u8, time: u64) -> String {
    cosignature::sign(text, witness, &SecretKey::from_seed(&[seed; 32]), time)
}

/// The line that a good witness answers for the checkpoint of that size.
fn good(size: u64) -> String {
    line(&TestLog::new().text(size), &name(NAME), 9, NOW - 5)
}

fn client(address: &str) -> WitnessClient {
    let key = VerifierKey::new(name(NAME), KeyType::Cosignature, SecretKey::from_seed(&[9; 32]).public().clone());
    // Long enough for a machine that is busy with something else.
    let http = HttpClient::new(None, Duration::from_secs(5)).unwrap();
    WitnessClient { name: "w".to_owned(), key, url: address.to_owned(), http }
}

/// What a scripted witness answers.
type Answer = (u16, &'static str, Vec<u8>);

/// A witness that answers these things in turn, the last one for ever; its address, and the first lines that it heard.
async fn scripted(answers: Vec<Answer>) -> (String, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&heard);
    let handler = move |body: String| async move {
        let (status, kind, said) = {
            let mut heard = noted.lock().unwrap();
            let answer = answers[heard.len().min(answers.len() - 1)].clone();
            heard.push(body.lines().next().unwrap_or_default().to_owned());
            answer
        };
        if status == 0 {
            std::future::pending::<()>().await;
        }
        let status = StatusCode::from_u16(status).unwrap();
        (status, [(header::CONTENT_TYPE, kind)], said).into_response()
    };
    let router = Router::new().route("/add-checkpoint", post(handler));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, heard)
}

/// Asks for the checkpoint of 9 entries, after `last`.
async fn cosign(address: &str, last: u64) -> Result<Cosignature, Trouble> {
    let log = TestLog::new();
    let (size, note) = (TreeSize(9), log.note(9));
    let prove = |old: TreeSize| Ok(log.proof(old.0, 9));
    client(address).cosign(TreeSize(last), &Target { size, note: &note, prove: &prove }, NOW).await
}

#[tokio::test]
async fn a_cosignature_is_taken_out_of_what_else_is_answered() {
    let log = TestLog::new();
    let others = line(&log.text(9), &name("other.example/w"), 8, NOW);
    let same_name = line(&log.text(9), &name(NAME), 7, NOW);
    let body = format!("{others}{}{same_name}", good(9));
    let (address, heard) = scripted(vec![(200, TEXT, body.into_bytes())]).await;
    // A slash at the end of the policy's address is no second one in the path.
    let mut slashed = client(&address);
    slashed.url = WitnessClient::new(
        &policy::Witness { name: "w".to_owned(), key: slashed.key.clone(), url: format!("{address}/") },
        slashed.http.clone(),
    )
    .url;
    assert_eq!(slashed.url, address);
    let cosignature = cosign(&address, 5).await.unwrap();
    assert_eq!((cosignature.line, cosignature.time), (good(9), NOW - 5));
    assert_eq!(*heard.lock().unwrap(), ["old 5"]);
}

#[tokio::test]
async fn a_conflict_is_answered_with_the_size_that_it_names() {
    let conflict = |size: &str| (409, SIZE_TYPE, size.as_bytes().to_vec());
    let (address, heard) = scripted(vec![conflict("7\n"), (200, TEXT, good(9).into_bytes())]).await;
    assert!(cosign(&address, 3).await.is_ok());
    assert_eq!(*heard.lock().unwrap(), ["old 3", "old 7"]);
    // It knows nothing of the log: as if it had never cosigned.
    let (address, heard) = scripted(vec![conflict("0\n"), (200, TEXT, good(9).into_bytes())]).await;
    assert!(cosign(&address, 3).await.is_ok());
    assert_eq!(*heard.lock().unwrap(), ["old 3", "old 0"]);
    // Larger than anything this ledger has signed: not to be retried.
    let (address, heard) = scripted(vec![conflict("10\n")]).await;
    let trouble = cosign(&address, 3).await.unwrap_err();
    assert!(matches!(trouble, Trouble::Ahead { theirs: TreeSize(10), ours: TreeSize(9) }) && trouble.is_alarm());
    assert_eq!(heard.lock().unwrap().len(), 1);
    // Another size each time ends after a while, the same size at once.
    let sizes = (0..9).map(|size| conflict(["1\n", "2\n", "4\n", "5\n", "6\n", "7\n", "8\n", "9\n", "0\n"][size]));
    let (address, heard) = scripted(sizes.collect()).await;
    assert_eq!(cosign(&address, 3).await.unwrap_err().code(), "BUSY");
    assert_eq!(heard.lock().unwrap().len(), TRIES);
    let (address, _) = scripted(vec![conflict("3\n")]).await;
    assert_eq!(cosign(&address, 3).await.unwrap_err().code(), "UNEXPECTED");
    let (address, _) = scripted(vec![conflict("9\n")]).await;
    assert_eq!(cosign(&address, 9).await.unwrap_err().code(), "FORK", "as version 1.0 of the specification says it");
}

#[tokio::test]
async fn every_other_answer_is_told_for_what_it_is() {
    let log = TestLog::new();
    let lies = [
        ("nothing", String::new()),
        ("garbage", "<html>".to_owned()),
        ("another key's cosignature", line(&log.text(9), &name("other.example/w"), 8, NOW)),
        ("another key's under this name", line(&log.text(9), &name(NAME), 8, NOW)),
        ("its cosignature of another checkpoint", good(8)),
        ("its cosignature, one character changed", good(9).replace('A', "B")),
        ("its plain signature", note::sign(&log.text(9), &name(NAME), &SecretKey::from_seed(&[9; 32]))),
        ("no time", line(&log.text(9), &name(NAME), 9, 0)),
        ("a time to come", line(&log.text(9), &name(NAME), 9, NOW + AHEAD + 1)),
        ("more than anybody reads", "x".repeat(ANSWER + 1)),
        ("a good line and a false one of its key", format!("{}{}", good(9), good(8))),
    ];
    for (what, body) in lies {
        let (address, _) = scripted(vec![(200, TEXT, body.into_bytes())]).await;
        let trouble = cosign(&address, 5).await.expect_err(what);
        assert!(matches!(trouble, Trouble::Lie { .. }) && trouble.is_alarm(), "{what}: {trouble:?}");
    }
    let table: [(&str, Answer, &str, bool); 13] = [
        ("unknown log", (404, TEXT, vec![]), "UNKNOWN_LOG", true),
        ("another history", (422, TEXT, b"no".to_vec()), "FORK", true),
        ("our signature is refused", (403, TEXT, vec![]), "UNEXPECTED", true),
        ("our request is refused", (400, TEXT, vec![]), "UNEXPECTED", true),
        ("it is broken", (500, TEXT, b"a\nb\x1b[31m".to_vec()), "UNEXPECTED", true),
        ("it sends us elsewhere", (302, TEXT, vec![]), "UNEXPECTED", true),
        ("no content", (204, TEXT, vec![]), "UNEXPECTED", true),
        ("a size in another type", (409, TEXT, b"7\n".to_vec()), "UNEXPECTED", true),
        ("no newline behind the size", (409, SIZE_TYPE, b"7".to_vec()), "UNEXPECTED", true),
        ("no size", (409, SIZE_TYPE, b"07\n".to_vec()), "UNEXPECTED", true),
        ("down for repair", (503, TEXT, vec![]), "BUSY", false),
        ("too many requests", (429, TEXT, vec![]), "BUSY", false),
        ("it says nothing", (0, TEXT, vec![]), "AWAY", false),
    ];
    for (what, answer, code, alarm) in table {
        let (address, _) = scripted(vec![answer]).await;
        let trouble = cosign(&address, 5).await.expect_err(what);
        assert_eq!((trouble.code(), trouble.is_alarm()), (code, alarm), "{what}: {trouble:?}");
        assert!(!trouble.text().contains(char::is_control), "{what}: fit for a log line");
    }
}

#[tokio::test]
async fn a_witness_that_is_away_is_away() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert_eq!(cosign(&address, 5).await.unwrap_err().code(), "AWAY");
}

#[tokio::test]
async fn a_proof_that_cannot_be_made_is_not_sent() {
    let (address, heard) = scripted(vec![(200, TEXT, good(9).into_bytes())]).await;
    let note = TestLog::new().note(9);
    let prove = |_| Err("the index is gone".to_owned());
    let target = Target { size: TreeSize(9), note: &note, prove: &prove };
    assert_eq!(client(&address).cosign(TreeSize(5), &target, NOW).await.unwrap_err().code(), "NO_PROOF");
    assert!(heard.lock().unwrap().is_empty());
}
