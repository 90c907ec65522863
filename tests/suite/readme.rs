//! Commands that pages tell people to type: this program's are read by its own command line, and the two of the README
//! are what continuous integration and the demo are.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser as _};
use xuefen::cli::Cli;

const PAGES: [&str; 9] = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/api.md",
    "docs/operations.md",
    "docs/threat-model.md",
    "docs/spec/index.md",
    "docs/spec/vault.md",
    "keys/README.md",
    "src/cli/demo/samples/README.md",
];
/// How the README runs the program.
const CARGO_RUN: &str = "cargo run --release --locked -- ";

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The logical lines of all fenced blocks of a page: a backslash at the end joins, a prompt is taken off.
fn fenced(page: &str) -> Vec<String> {
    let (mut lines, mut inside, mut open) = (Vec::<String>::new(), false, false);
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            (inside, open) = (!inside, false);
        } else if inside {
            let (text, goes_on) = line.strip_suffix('\\').map_or((line, false), |text| (text, true));
            let text = text.trim();
            match lines.last_mut().filter(|_| open) {
                Some(last) => *last = format!("{last} {text}"),
                None => lines.push(text.strip_prefix("$ ").unwrap_or(text).to_owned()),
            }
            open = goes_on;
        }
    }
    lines
}

/// The words of a shell command, without quotation marks and without the comment after it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            ('#', None) if word.is_empty() => break,
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(mark)) if c == mark => quote = None,
            (' ', None) => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            (c, _) => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

/// The arguments of this program, if the line runs it.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = line.strip_prefix(CARGO_RUN).or_else(|| line.strip_prefix("xuefen "))?;
    Some(words(line))
}

/// What is wrong with a command in running text, which may leave out what is not its point: words that are no
/// subcommand and options that there are not.
fn unknown(text: &str) -> Option<String> {
    let mut command = Cli::command();
    command.build();
    let mut known = &command;
    let mut is_named = false;
    for word in words(text).iter().skip(1) {
        if let Some(option) = word.strip_prefix("--") {
            let option = option.split('=').next().unwrap_or_default();
            if !known.get_arguments().any(|argument| argument.get_long() == Some(option)) {
                return Some(word.clone());
            }
            is_named = true;
        } else if let Some(inner) = known.find_subcommand(word).filter(|_| !is_named) {
            known = inner;
        } else if known.has_subcommands() && !is_named {
            return Some(word.clone());
        }
    }
    None
}

#[test]
fn every_command_in_a_block_is_one() {
    let mut seen = 0;
    for name in PAGES {
        for line in fenced(&read(name)) {
            let Some(arguments) = arguments(&line) else { continue };
            seen += 1;
            // Shortened in a sample: the names in it are checked, what is left out is not missed.
            if line.ends_with('…') {
                assert_eq!(unknown(&line), None, "{name}: {line}");
                continue;
            }
            let parsed = Cli::try_parse_from(std::iter::once("xuefen".to_owned()).chain(arguments));
            let wrong = parsed.err().map(|error| error.to_string());
            assert_eq!(wrong, None, "{name}: {line}");
        }
    }
    assert!(seen > 10, "only {seen} commands were found");
}

#[test]
fn every_command_in_running_text_is_one() {
    let mut seen = 0;
    for name in PAGES {
        for text in read(name).split('`').filter(|text| text.starts_with("xuefen ") && !text.contains('\n')) {
            assert_eq!(unknown(text), None, "{name}: {text}");
            seen += 1;
        }
    }
    assert!(seen > 3, "only {seen} commands were found");
    assert_eq!(unknown("xuefen sing outcomes").as_deref(), Some("sing"));
    assert_eq!(unknown("xuefen fsck --fast").as_deref(), Some("--fast"));
}

#[test]
fn the_two_commands_of_the_readme_are_the_demo_and_what_ci_runs() {
    let commands: Vec<_> = fenced(&read("README.md")).into_iter().take(2).map(|line| words(&line).join(" ")).collect();
    assert_eq!(commands, [format!("{CARGO_RUN}demo"), "tests/run".to_owned()]);
    let ci = read(".ci/run");
    assert_eq!(ci.lines().last(), Some("exec tests/run"), "CI runs the same command and nothing else");
    for script in [".ci/run", "tests/run"] {
        let mode = std::fs::metadata(path(script)).expect("a script").permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script} can be run");
    }
    assert!(path("Cargo.lock").exists(), "--locked needs it");
}

#[test]
fn lines_of_a_block_are_read_as_a_shell_reads_them() {
    let page = "a\n```\n$ xuefen post \\\n    'a b' # why\nno\n```\nxuefen x\n";
    assert_eq!(fenced(page), ["xuefen post 'a b' # why", "no"]);
    assert_eq!(arguments("xuefen post 'a b' # why"), Some(vec!["post".to_owned(), "a b".to_owned()]));
}
