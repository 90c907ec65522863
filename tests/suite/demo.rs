//! `xuefen demo` by the program itself: what it leaves, and that a second run changes nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// What the reader is pointed to, and what the tests in Python begin with.
const OUT: [&str; 9] = [
    "activation-code.txt",
    "authority.txt",
    "batch.signed",
    "checkpoint",
    "fresh.signed",
    "policy.txt",
    "presentation-bad.xuefen.json",
    "presentation.xuefen.json",
    "rejects.csv",
];
/// What of it everybody may read.
const PUBLIC: [&str; 3] = ["authority.txt", "checkpoint", "policy.txt"];

/// Runs the demo below `dir` to its end; what it printed.
fn demo(dir: &Path, args: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_xuefen"))
        .current_dir(dir)
        .args(["demo", "--once", "--dir", "bank", "--listen", "127.0.0.1:0"])
        .args(args)
        .output()
        .expect("the demo runs");
    let said = String::from_utf8(run.stdout).expect("UTF-8");
    assert!(run.status.success(), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
    said
}

/// Columns that a line takes in a terminal: Chinese characters and their punctuation take two.
fn columns(line: &str) -> usize {
    line.chars().map(|c| if ('\u{2e80}'..='\u{9fff}').contains(&c) || c > '\u{ff00}' { 2 } else { 1 }).sum()
}

#[test]
fn the_demo_shows_a_whole_bank_and_does_it_once() {
    let dir = TempDir::new().expect("tempdir");
    let said = demo(dir.path(), &["--json"]);
    assert_eq!(said.lines().count(), 1, "programs read one line: {said}");
    let first: Value = serde_json::from_str(&said).expect("JSON");
    let size = first["tree_size"].as_u64().expect("a size");
    assert_eq!((&first["verified"], &first["refused"]), (&true.into(), &12.into()), "{first}");
    assert_eq!((&first["origin"], &first["dir"]), (&"xuefen.example/sample".into(), &"bank".into()), "{first}");
    let accepted = first["accepted"].as_u64().expect("a count");
    assert!(accepted > 6_000 && size > accepted, "{first}");

    let out = dir.path().join("bank/out");
    let mut found: Vec<_> =
        std::fs::read_dir(&out).expect("out").map(|entry| entry.expect("entry").file_name()).collect();
    found.sort();
    assert_eq!(found, OUT);
    for name in OUT {
        let mode = std::fs::metadata(out.join(name)).expect("a file").permissions().mode() & 0o777;
        assert!(PUBLIC.contains(&name) || mode == 0o600, "{name} has mode {mode:o}");
    }
    let fresh = std::fs::read(out.join("fresh.signed")).expect("fresh.signed");
    assert!(fresh.starts_with(b"xuefen-signed-batch/v1 xuefen.example/sample 3\n"));

    // The same directory again, for a person: nothing new, and a screen of a hundred columns is enough.
    let again = demo(dir.path(), &["--lang", "zh"]);
    assert!(again.contains(&format!("共 {size} 条；新增 0 条，重复应答 {} 条，被拒 12 条", 7_260)), "{again}");
    assert!(again.contains("沿用先前演示的账本") && !again.contains("未通过"), "{again}");
    // A sentence in Chinese has no blanks to be broken at; the terminal breaks it anywhere.
    let wide: Vec<_> = again.lines().filter(|line| columns(line) > 100 && line.contains(['│', '\\'])).collect();
    assert!(wide.is_empty(), "{wide:?}");
}

#[test]
fn a_directory_that_is_no_demo_is_left_alone() {
    let dir = TempDir::new().expect("tempdir");
    std::fs::create_dir(dir.path().join("bank")).expect("a directory");
    std::fs::write(dir.path().join("bank/thesis.txt"), "ten years of work").expect("a file");
    let run = Command::new(env!("CARGO_BIN_EXE_xuefen"))
        .current_dir(dir.path())
        .args(["demo", "--once", "--fresh", "--dir", "bank", "--listen", "127.0.0.1:0"])
        .output()
        .expect("the demo runs");
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("name another --dir"));
    assert!(dir.path().join("bank/thesis.txt").exists());
}
