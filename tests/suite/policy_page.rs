//! docs/policy.md: every row of the demands is there, every field, tag and code it names exists, and every test it names is
//! declared, reachable and run. Reads sources and this binary's own list of tests; what the rows claim is those tests'
//! affair.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use xuefen_core::kinds::tags;
use xuefen_ledger::{FlagCode, Rejection, Threshold};

/// The themes and how many rows each has; E has E1a between.
const ROWS: [(char, u32); 6] = [('A', 14), ('B', 17), ('C', 9), ('D', 10), ('E', 7), ('F', 15)];

/// What a row without a test waits for.
const WAITS: [&str; 3] = ["conversions", "awards", "reports"];

/// A row of the page.
struct Row {
    id: String,
    held: String,
    tests: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(root().join(path)).ok()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn rows() -> Vec<Row> {
    let page = read("docs/policy.md").expect("the page is there");
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| row");
    let row = |line: &str| {
        let cells: Vec<_> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [id, _, held, tests] = cells.as_slice() else { panic!("not four cells: {line}") };
        Row { id: (*id).to_owned(), held: (*held).to_owned(), tests: quoted(tests) }
    };
    page.lines().filter(is_row).map(row).collect()
}

#[test]
fn every_demand_has_its_row() {
    let mut expected = Vec::new();
    for (theme, count) in ROWS {
        for number in 1..=count {
            expected.push(format!("{theme}{number}"));
            if (theme, number) == ('E', 1) {
                expected.push("E1a".to_owned());
            }
        }
    }
    let found: Vec<_> = rows().into_iter().map(|row| row.id).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_row_has_tests_or_says_what_it_waits_for() {
    let waits = |row: &Row| {
        let said = row.held.to_lowercase();
        WAITS.iter().any(|what| said.contains("wait") && said.contains(what))
    };
    let silent: Vec<_> =
        rows().into_iter().filter(|row| row.tests.is_empty() && !waits(row)).map(|row| row.id).collect();
    assert_eq!(silent, Vec::<String>::new(), "neither a test nor a reason");
}

/// Fields of messages as `Message.field`, and the messages.
fn of_proto() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let protos = std::fs::read_dir(root().join("proto/xuefen/v1")).expect("the protos are there");
    for path in protos.map(|entry| entry.expect("an entry can be read").path()) {
        let text = std::fs::read_to_string(path).expect("it is text");
        let mut message = String::new();
        for line in text.lines().map(str::trim) {
            let words: Vec<_> = line.split_whitespace().collect();
            if let ["message", name, ..] = words.as_slice() {
                found.insert((*name).to_owned());
                (*name).clone_into(&mut message);
            } else if let Some(at) = words.iter().position(|word| *word == "=") {
                found.insert(format!("{message}.{}", words[at - 1]));
            }
        }
    }
    found
}

/// Which word of the page is of no proto, tag, refusal, flag or threshold.
fn unknown_names(rows: &[Row]) -> Vec<String> {
    let protos = of_proto();
    let codes: BTreeSet<&str> = Rejection::ALL
        .iter()
        .map(|it| it.code())
        .chain(FlagCode::ALL.iter().map(|it| it.code()))
        .chain(Threshold::ALL.iter().map(|it| it.code()))
        .collect();
    let mut unknown = Vec::new();
    for row in rows {
        for (before, name) in row
            .held
            .split('`')
            .collect::<Vec<_>>()
            .chunks(2)
            .filter_map(|pair| pair.get(1).map(|name| (pair[0], *name)))
        {
            let number = before.trim_end().rsplit_once(['T', 't']).and_then(|(_, said)| said.strip_prefix("ag "));
            let good = match number.and_then(|number| number.parse::<u32>().ok()) {
                Some(number) => tags::ALL.iter().any(|tag| (tag.number, tag.name) == (number, name)),
                None => name == "x-" || protos.contains(name) || codes.contains(name),
            };
            if !good {
                unknown.push(format!("{}: {name}", row.id));
            }
        }
    }
    unknown
}

#[test]
fn what_a_row_names_exists() {
    assert_eq!(unknown_names(&rows()), Vec::<String>::new(), "no such field, tag or code");
    // Wrong names of each kind are found.
    let wrong = "`Policy.nothing` `Nothing` tag 6 `credits` (`NO_SUCH_REFUSAL`), Tag 6 `minutes`";
    let row = Row { id: "Z1".to_owned(), held: wrong.to_owned(), tests: Vec::new() };
    assert_eq!(unknown_names(&[row]).len(), 4);
}

/// Where the crate of a test begins: its own name on the page, its root file and the folder of its modules.
fn crate_of(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "suite" => ("tests/suite/main.rs", "tests/suite"),
        "xuefen" => ("src/lib.rs", "src"),
        "ledger" => ("src/ledger/src/lib.rs", "src/ledger/src"),
        "core" => ("src/core/src/lib.rs", "src/core/src"),
        _ => return None,
    })
}

/// Whether a name such as `suite::stories::contest::story_13` is that of a test that is run, or why not.
fn is_run(path: &str) -> Result<(), String> {
    let names: Vec<_> = path.split("::").collect();
    let [krate, modules @ .., function] = names.as_slice() else { return Err("no path".to_owned()) };
    let (file, folder) = crate_of(krate).ok_or("no such crate")?;
    let (mut file, mut folder) = (PathBuf::from(file), PathBuf::from(folder));
    let mut text = read(&file).ok_or("the crate has no root")?;
    for (at, module) in modules.iter().enumerate() {
        let declared = text.lines().map(str::trim).any(|line| {
            let line = line.trim_start_matches("pub ").trim_start_matches("pub(crate) ");
            line == format!("mod {module};") || line == format!("mod {module} {{")
        });
        if !declared {
            return Err(format!("{} has no module {module}", file.display()));
        }
        if *module == "tests" && at + 1 == modules.len() && text.contains("mod tests {") {
            break;
        }
        let found = [folder.join(format!("{module}.rs")), folder.join(module).join("mod.rs")];
        file = found.into_iter().find(|path| root().join(path).exists()).ok_or("a module without a file")?;
        folder = folder.join(module);
        text = read(&file).ok_or("a module that is no text")?;
    }
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let heads = [format!("fn {function}("), format!("async fn {function}(")];
    let is_head = |line: &&str| heads.iter().any(|head| line.starts_with(head));
    let at = lines.iter().position(is_head).ok_or_else(|| format!("{} has no such function", file.display()))?;
    let attributes: Vec<_> = lines[..at].iter().rev().take_while(|line| line.starts_with("#[")).collect();
    let is_test = attributes.iter().any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"));
    let left_out = attributes.iter().any(|line| line.contains("ignore") || line.contains("cfg"));
    if is_test && !left_out { Ok(()) } else { Err("no test that is run".to_owned()) }
}

#[test]
fn every_test_named_is_declared_and_run() {
    let mut wrong = Vec::new();
    for row in rows() {
        let faults = row.tests.iter().filter_map(|test| Some(format!("{}: {test}: {}", row.id, is_run(test).err()?)));
        wrong.extend(faults);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // A helper, a test of another module, a module that nobody declares, a crate that is none.
    for wrong in [
        "suite::policy_page::rows",
        "suite::policy_page::a_demo_that_is_not_here",
        "suite::nowhere::every_demand_has_its_row",
        "nobody::policy_page::every_demand_has_its_row",
    ] {
        assert!(is_run(wrong).is_err(), "{wrong}");
    }
}

/// What the compiler put into this binary, not what the sources look like.
#[test]
fn tests_of_this_binary_are_in_its_list() {
    let program = std::env::current_exe().expect("a running program has a file");
    let listed = Command::new(program).arg("--list").output().expect("the suite lists its tests");
    let listed = String::from_utf8(listed.stdout).expect("names are text");
    let listed: BTreeSet<_> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let named: BTreeSet<String> = rows()
        .into_iter()
        .flat_map(|row| row.tests)
        .filter_map(|test| test.strip_prefix("suite::").map(str::to_owned))
        .collect();
    assert!(named.len() > 15, "the names were not found");
    let missing: Vec<_> = named.iter().filter(|name| !listed.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "not run: {missing:?}");
}
