//! docs/spec/tags.md says what the tag tables of the code say. `UPDATE_GENERATED=1` writes its tables.

use std::fmt::Write as _;
use std::path::Path;

use xuefen_core::kinds::tags::{self, ALL, Tag, ValueType};
use xuefen_core::proto::OutcomeKind;

/// What stands between these lines is made here.
const BEGIN: &str = "<!-- begin: made by tests/suite/tags.rs -->\n";
const END: &str = "<!-- end -->\n";

/// Columns of the table of kinds.
const KINDS: [(&str, &[OutcomeKind]); 2] = [
    ("course", &[OutcomeKind::Course, OutcomeKind::Module]),
    (
        "certificate",
        &[
            OutcomeKind::DegreeCertificate,
            OutcomeKind::SkillLevelCertificate,
            OutcomeKind::XCertificate,
            OutcomeKind::MicroCertificate,
            OutcomeKind::CompletionCertificate,
        ],
    ),
];

fn value_type(value: ValueType) -> String {
    match value {
        ValueType::Text => "text".to_owned(),
        ValueType::Integer => "integer".to_owned(),
        ValueType::Date => "date".to_owned(),
        ValueType::Bytes(count) => format!("{count} bytes"),
        ValueType::Index => "index".to_owned(),
        ValueType::Indices => "indices".to_owned(),
        ValueType::Grade => "grade".to_owned(),
    }
}

fn kinds_of(tag: &Tag) -> String {
    let mut kinds = Vec::new();
    for (name, members) in KINDS {
        let tables: Vec<_> = members.iter().map(|kind| tags::of_outcome(*kind).expect("has a table")).collect();
        assert!(tables.windows(2).all(|pair| pair[0] == pair[1]), "{name} has one table");
        if tables[0].contains(tag) {
            kinds.push(name);
        }
    }
    for (name, table) in [("account", tags::OPEN_ACCOUNT), ("merge", tags::MERGE_ACCOUNTS)] {
        if table.contains(tag) {
            kinds.push(name);
        }
    }
    if kinds.is_empty() { "none yet".to_owned() } else { kinds.join(", ") }
}

fn table() -> String {
    let mut text = "| tag | name | 中文 | type | kinds |\n|---|---|---|---|---|\n".to_owned();
    for tag in ALL {
        let (number, name, zh) = (tag.number, tag.name, tag.name_zh);
        writeln!(text, "| {number} | `{name}` | {zh} | {} | {} |", value_type(tag.value), kinds_of(tag)).expect("text");
    }
    text
}

#[test]
fn the_page_says_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/spec/tags.md");
    let page = std::fs::read_to_string(&path).expect("docs/spec/tags.md");
    let (before, rest) = page.split_once(BEGIN).expect("begin line");
    let (kept, after) = rest.split_once(END).expect("end line");
    let fresh = table();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{fresh}{END}{after}")).expect("write");
        return;
    }
    assert_eq!(kept, fresh, "Run: UPDATE_GENERATED=1 cargo test --test suite tags");
}

#[test]
fn every_outcome_kind_has_a_table_on_the_page_or_none() {
    let listed: Vec<_> = KINDS.iter().flat_map(|(_, members)| *members).copied().collect();
    for number in 1.. {
        let Ok(kind) = OutcomeKind::try_from(number) else { break };
        assert_eq!(tags::of_outcome(kind).is_some(), listed.contains(&kind), "{kind:?}");
    }
}
