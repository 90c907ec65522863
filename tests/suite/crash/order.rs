//! One acknowledged post as the kernel sees it: learner's key, frame and head are on disk, in the order of formats.md 6,
//! before a byte of the answer leaves.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::learners::School;
use super::memory::Memory;
use super::process::Process;
use crate::support::has_strace;

const CALLS: &str =
    "trace=openat,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync,rename,renameat,renameat2";

/// A system call that ended well: when it began and ended, counted in lines of the log.
#[derive(Debug)]
struct Call {
    name: String,
    text: String,
    begun: usize,
    ended: usize,
}

/// The calls of all threads. What another thread interrupted stands there in two halves.
fn calls(log: &str) -> Vec<Call> {
    let (mut open, mut calls) = (BTreeMap::new(), Vec::new());
    for (at, line) in log.lines().enumerate() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(half) = rest.strip_suffix(" <unfinished ...>") {
            open.insert(thread, (at, half));
        } else if let Some(half) = rest.strip_prefix("<... ") {
            let (begun, first) = open.remove(thread).expect("a second half has a first");
            let name = half.split(' ').next().expect("a name").to_owned();
            calls.push(Call { name, text: format!("{first}{half}"), begun, ended: at });
        } else if let Some((name, _)) = rest.split_once('(') {
            calls.push(Call { name: name.to_owned(), text: rest.to_owned(), begun: at, ended: at });
        }
    }
    calls.sort_by_key(|call| call.begun);
    calls
}

/// What a call did to what, in the words of formats.md 6.
fn step(call: &Call) -> Option<&'static str> {
    let sync = matches!(&*call.name, "fsync" | "fdatasync");
    let write = call.name.contains("write") || call.name.starts_with("send");
    if write && call.text.contains("<TCP:") {
        // The answer carries the signed checkpoint; settings and window updates do not.
        return call.text.contains("ledger.example/test").then_some("answer");
    }
    for (file, [written, synced]) in [
        ("/vault/ring-", ["key written", "key synced"]),
        (".segment>", ["frame written", "frame synced"]),
        ("/journal/head>", ["head written", "head synced"]),
    ] {
        if call.text.contains(file) && (write || sync) {
            return Some(if sync { synced } else { written });
        }
    }
    None
}

/// Posts to a traced server and gives the steps that followed, each with its call.
async fn trace(postings: usize) -> Vec<(&'static str, Call)> {
    let temp = TempDir::new().expect("temporary directory");
    let (dir, log) = (temp.path().join("ledger"), temp.path().join("strace"));
    let (mut school, first) = School::new(&dir);
    let mut memory = Memory::new(&dir);
    let server = Process::start(&dir);
    memory.post(&server.channel().await, first).await.expect("a school");
    let [account, outcome] = school.learner();
    if postings == 1 {
        memory.post(&server.channel().await, vec![account.clone()]).await.expect("an account");
    }
    server.stop();
    let server = Process::traced(&dir, &log, &["-yy", "-s", "100000", "-e", CALLS]);
    let asked = if postings == 1 { vec![outcome] } else { vec![account, outcome] };
    memory.post(&server.channel().await, asked).await.expect("a receipt");
    server.stop();
    let log = ended(&log);
    let ready = calls(&log).iter().find(|call| call.text.contains("listening on")).expect("it answers").ended;
    let done = calls(&log).into_iter().filter(|call| call.begun > ready);
    done.filter_map(|call| Some((step(&call)?, call))).collect()
}

/// The whole log: strace is nobody's child here, so its last line is waited for.
fn ended(path: &std::path::Path) -> String {
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        let log = std::fs::read_to_string(path).expect("a log");
        let first = log.split(' ').next().unwrap_or_default();
        if log.lines().any(|line| line.starts_with(&format!("{first} ")) && line.contains("+++ exited with")) {
            return log;
        }
        assert!(Instant::now() < patience, "strace does not end");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn assert_order(steps: &[(&'static str, Call)], expected: &[&str]) {
    let names: Vec<_> = steps.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, expected, "{steps:#?}");
    for pair in steps.windows(2) {
        assert!(pair[0].1.ended < pair[1].1.begun, "one began before the other had ended: {pair:#?}");
    }
    for (name, call) in steps.iter().filter(|(name, _)| name.ends_with("synced")) {
        assert!(call.text.ends_with("= 0"), "{name}: {call:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_leaves_after_key_frame_and_head_are_synced_in_this_order() {
    if !has_strace() {
        return;
    }
    let commit = ["frame written", "frame synced", "head written", "head synced", "answer"];
    let steps = trace(2).await;
    assert_order(&steps, &[&["key written", "key synced"], &commit[..]].concat());
    // A learner whose key is on disk costs no third sync.
    assert_order(&trace(1).await, &commit);
}
