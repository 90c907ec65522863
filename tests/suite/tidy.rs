//! What the compiler and clippy cannot hold the tree to: the direction of imports, what may stand in which folder, and
//! that the lists kept by hand (deny.toml, keys/) are true.
//!
//! Reads files and asks cargo; runs nothing of the product.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The rooms of src/, from below. A room imports rooms of lower rank and itself, nothing else.
const ROOMS: [(&str, u8); 11] = [
    ("http_client", 0),
    ("journal", 1),
    ("index", 1),
    ("vault", 1),
    ("mirror", 1),
    ("monitor", 2),
    ("sequencer", 2),
    ("witness", 3),
    ("api", 4),
    ("server", 5),
    ("cli", 6),
];

/// Columns of code, as in rustfmt.toml. It leaves macros and generated text alone, and a literal cannot be broken.
const CODE_WIDTH: usize = 120;
/// Columns of a comment, which rustfmt does not wrap: a word more is not worth a changed line.
const COMMENT_WIDTH: usize = 126;

/// Crates that core may consist of, itself and build dependencies included (docs/adr/0007).
const CORE_CRATES: usize = 42;

/// Words that docs/glossary.md has better ones for, American spellings, and praise.
const WORDS: [&str; 10] = [
    "behavior",
    "blacklist",
    "blazing",
    "blockchain",
    "organization",
    "seamless",
    "tenant",
    "utilize",
    "whitelist",
    "world-class",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `name` (a file or folder of the repository), by path from the root, in order.
fn files(name: &str) -> Vec<String> {
    fn walk(path: &Path, found: &mut Vec<String>) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).expect("a folder can be listed") {
                walk(&entry.expect("an entry can be read").path(), found);
            }
        } else if path.is_file() && path.extension().is_none_or(|extension| extension != "pyc") {
            let path = path.strip_prefix(root()).expect("it lies below the root");
            found.push(path.to_str().expect("names are UTF-8").to_owned());
        }
    }
    let mut found = Vec::new();
    walk(&root().join(name), &mut found);
    found.sort();
    found
}

/// What is in the repository, without what building and running leaves beside it.
fn whole_tree() -> Vec<String> {
    let names = [
        ".ci",
        ".gitignore",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "benches",
        "clippy.toml",
        "deny.toml",
        "docs",
        "keys",
        "proto",
        "rustfmt.toml",
        "src",
        "tests",
    ];
    names.iter().flat_map(|name| files(name)).collect()
}

/// The text of a file; `None` if it is not text.
fn text(path: &str) -> Option<String> {
    String::from_utf8(std::fs::read(root().join(path)).expect("a listed file can be read")).ok()
}

/// Rust files of src/ that people wrote, with their text.
fn sources() -> Vec<(String, String)> {
    let written = |path: &String| has_extension(path, "rs") && !path.contains("/proto/");
    let found: Vec<_> = files("src")
        .into_iter()
        .filter(written)
        .map(|path| (path.clone(), text(&path).expect("Rust is text")))
        .collect();
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// Fails with all findings at once.
fn none(findings: &[String], rule: &str) {
    assert!(findings.is_empty(), "{rule}\n{}", findings.join("\n"));
}

/// Lines of `sources()` that `is_bad` picks, as `path:line: text`.
fn lines(is_bad: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources() {
        for (number, line) in (1..).zip(text.lines()).filter(|(_, line)| is_bad(line)) {
            found.push(format!("{path}:{number}: {}", line.trim()));
        }
    }
    found
}

#[test]
fn lines_are_no_wider_than_a_screen() {
    let too_wide = lines(|line| {
        let width = line.chars().count();
        if is_comment(line) { width > COMMENT_WIDTH } else { width > CODE_WIDTH && !line.contains('"') }
    });
    none(&too_wide, &format!("wider than {CODE_WIDTH} (comments {COMMENT_WIDTH})"));
}

#[test]
fn nothing_is_left_to_do_or_printed_for_debugging() {
    let macros = ["todo!", "unimplemented!", "dbg!"];
    none(
        &lines(|line| !is_comment(line) && macros.iter().any(|name| line.contains(name))),
        "finish it, or take it out",
    );
}

/// The compiler counts an exported name as unsafe code, so one crate cannot forbid it (docs/adr/0022).
#[test]
fn unsafe_code_is_three_exported_names_and_no_block() {
    let allowed =
        ["#[allow(unsafe_code, reason = \"an exported name; there is no unsafe block\")]", "#[unsafe(no_mangle)]"];
    let named = ["forbid(unsafe_code)", "'wasm-unsafe-eval'"];
    let found =
        lines(|line| !is_comment(line) && line.contains("unsafe") && !named.iter().any(|named| line.contains(named)));
    let is_name = |line: &&String| {
        line.starts_with("src/wasm/src/abi.rs:") && allowed.iter().any(|allowed| line.ends_with(allowed))
    };
    let others: Vec<_> = found.iter().filter(|line| !is_name(line)).cloned().collect();
    none(&others, "safe Rust only");
    assert_eq!(found.len(), 6, "three names, two lines each");
}

#[test]
fn every_source_file_says_first_what_it_is() {
    let silent: Vec<_> =
        sources().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(path, _)| path).collect();
    none(&silent, "begin with a //! comment: what the file is and what may not go there");
}

/// The first names after `crate::` in a source text: `crate::a::b` and `crate::{a::b, c}` give a, and a and c.
fn crate_names(text: &str) -> BTreeSet<String> {
    let code: String = text.lines().filter(|line| !is_comment(line)).flat_map(|line| [line, "\n"]).collect();
    let name = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut names = BTreeSet::new();
    for (at, found) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + found.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(name(rest));
            continue;
        };
        // Names stand at the start of the list and after each comma that is in no inner list.
        let (mut depth, mut starts) = (0, vec![0]);
        for (place, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => starts.push(place + 1),
                _ => {}
            }
        }
        names.extend(starts.into_iter().map(|start| name(list[start..].trim_start())));
    }
    names.remove("");
    names
}

#[test]
fn names_after_crate_are_found_in_every_form_of_use() {
    let names = |text: &str| crate_names(text).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(names("use crate::api::page;\nlet x = crate::cli::run();"), "api cli");
    assert_eq!(
        names("use crate::{\n    api::{self, log},\n    index::Index, vault,\n};\nuse crate::server;"),
        "api index server vault"
    );
    assert_eq!(names("// use crate::api;\n//! [`crate::cli`]\nuse xuefen_crate::x; $crate::y!()"), "");
}

#[test]
fn imports_point_one_way() {
    let ranks = BTreeMap::from(ROOMS);
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (path, text) in sources() {
        let room = path.split('/').nth(1).unwrap_or_default().trim_end_matches(".rs");
        if ["core", "ledger", "scan", "wasm", "words", "lib", "main"].contains(&room) {
            continue; // crates, which the compiler watches, and the two roots
        }
        let Some(rank) = ranks.get(room) else {
            wrong.push(format!("{path}: the room {room} has no place in the order; give it one here"));
            continue;
        };
        seen.insert(room.to_owned());
        for name in crate_names(&text) {
            if name != room && ranks.get(name.as_str()).is_some_and(|other| other >= rank) {
                wrong.push(format!("{path} imports {name}"));
            }
        }
    }
    none(&wrong, "core <- ledger <- {journal, index, vault, mirror} <- sequencer <- witness <- api <- server <- cli");
    assert!(seen.len() >= 4, "the rooms were not found: {seen:?}");
}

#[test]
fn words_are_those_of_the_glossary() {
    let is_text = |path: &String| {
        let folders = ["src/", "proto/", "docs/", "README.md", "CONTRIBUTING.md", "keys/"];
        folders.iter().any(|folder| path.starts_with(folder)) && path != "docs/glossary.md"
    };
    let mut found = Vec::new();
    for path in whole_tree().into_iter().filter(is_text) {
        let Some(text) = text(&path) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.to_lowercase();
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '-');
            if let Some(word) = words.find(|word| WORDS.contains(word)) {
                found.push(format!("{path}:{number}: {word}"));
            }
        }
    }
    none(&found, "docs/glossary.md and British spelling have another word");
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    // Written in pieces, or this file would find itself.
    let places = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/op", "t/"),
        concat!("C:", "\\"),
    ];
    let mut found = Vec::new();
    for path in whole_tree() {
        let Some(text) = text(&path) else { continue };
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(place) = places.iter().find(|place| line.contains(**place)) {
                found.push(format!("{path}:{number}: {place}"));
            }
        }
    }
    none(&found, "nobody else has this path");
}

/// `docs/....md` wherever a file of the repository names one, and the targets of links between pages.
fn named_pages(path: &str, text: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, _) in text.match_indices("docs/") {
        let word = |c: &char| c.is_ascii_alphanumeric() || "/-_.".contains(*c);
        let name: String = text[at..].chars().take_while(word).collect();
        if let Some((name, _)) = name.split_once(".md") {
            named.insert(format!("{name}.md"));
        }
    }
    if has_extension(path, "md") {
        let folder = Path::new(path).parent().expect("a file is in a folder");
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next());
        for target in targets.filter(|target| !target.is_empty() && !target.contains(':')) {
            named.insert(folder.join(target).to_str().expect("it is text").to_owned());
        }
    }
    named
}

#[test]
fn pages_that_are_named_are_there() {
    let (mut missing, mut count) = (Vec::new(), 0);
    for path in whole_tree() {
        let Some(text) = text(&path).filter(|_| path != "tests/suite/tidy.rs") else { continue };
        for name in named_pages(&path, &text) {
            count += 1;
            if !root().join(&name).exists() {
                missing.push(format!("{path}: {name}"));
            }
        }
    }
    none(&missing, "a page that is named does not exist");
    assert!(count > 30, "the names of pages were not found");
}

#[test]
fn no_private_key_is_in_the_tree() {
    let endings = [".key", ".pem", ".nonce-secret"];
    let headers = [
        concat!("PRIVATE ", "KEY-----"),
        concat!("xuefen-secret", "-key/v1\n"),
        concat!("xuefen-nonce", "-secret/v1\n"),
    ];
    let mut found = Vec::new();
    for path in whole_tree() {
        let by_name = endings.iter().any(|ending| path.ends_with(ending));
        // The code that writes such files names their first lines.
        let is_code = has_extension(&path, "rs") || has_extension(&path, "py");
        let by_text = !is_code && text(&path).is_some_and(|text| headers.iter().any(|header| text.contains(header)));
        if by_name || by_text {
            found.push(path);
        }
    }
    none(&found, "a private key in the repository is everybody's key");
}

#[test]
fn the_keys_folder_holds_examples_from_the_test_vectors_only() {
    let vectors = text("tests/vectors/vectors.json").expect("JSON is text");
    let (mut wrong, mut keys) = (Vec::new(), 0);
    for path in files("keys") {
        if path.ends_with("/README.md") {
            continue;
        }
        let Some(text) = text(&path).filter(|_| has_extension(&path, "txt")) else {
            wrong.push(format!("{path}: only README.md and .txt files belong here"));
            continue;
        };
        // A vkey is name+id+base64; names may be written in the vectors with escapes, the rest is ASCII.
        for word in text.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(' ')) {
            if let Some((_, key)) = word.split_once('+') {
                keys += 1;
                if !vectors.contains(key) {
                    wrong.push(format!("{path}: {word} is no key of the test vectors"));
                }
            }
        }
    }
    none(&wrong, "keys/ holds examples");
    assert!(keys >= 6, "the example policies were not found");
}

/// What `cargo tree` says of the tree for this platform, one `name version` a line, without doubles.
fn cargo_tree(arguments: &[&str]) -> BTreeSet<(String, String)> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let shape = ["--locked", "--offline", "--prefix", "none", "--format", "{p}"];
    let output = Command::new(cargo)
        .arg("tree")
        .args(arguments)
        .args(shape)
        .current_dir(root())
        .output()
        .expect("cargo runs: it runs this test");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let listed = String::from_utf8(output.stdout).expect("cargo prints UTF-8");
    let name_and_version = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    };
    listed.lines().filter_map(name_and_version).collect()
}

#[test]
fn core_stays_small_enough_to_be_read() {
    let crates = cargo_tree(&["--package", "xuefen-core", "--edges", "normal,build"]);
    assert!(crates.len() > 10, "cargo tree was not understood: {crates:?}");
    assert!(crates.len() <= CORE_CRATES, "core consists of {} crates: {crates:#?}", crates.len());
}

#[test]
fn every_duplicate_version_is_named_in_deny_toml() {
    let deny = text("deny.toml").expect("TOML is text");
    let list = deny
        .split_once("\nskip = [\n")
        .and_then(|(_, rest)| rest.split_once("\n]"))
        .expect("deny.toml has a skip list")
        .0;
    let named: BTreeSet<String> = list
        .lines()
        .filter_map(|line| line.split('"').nth(1))
        .filter(|name| name.contains('@'))
        .map(str::to_owned)
        .collect();

    let mut versions = BTreeMap::<String, Vec<String>>::new();
    for (name, version) in cargo_tree(&["--workspace", "--duplicates", "--edges", "normal,build,dev", "--depth", "0"]) {
        versions.entry(name).or_default().push(version);
    }
    let number =
        |version: &String| -> Vec<u64> { version.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect() };
    let mut older = BTreeSet::new();
    for (name, mut versions) in versions {
        versions.sort_by_key(number);
        versions.pop();
        older.extend(versions.into_iter().map(|version| format!("{name}@{version}")));
    }
    let difference = |a: &BTreeSet<String>, b: &BTreeSet<String>| a.difference(b).cloned().collect::<Vec<_>>();
    none(&difference(&older, &named), "older versions that deny.toml does not skip, with a reason");
    none(&difference(&named, &older), "skipped in deny.toml, but no longer a duplicate");
}
