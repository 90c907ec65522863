//! The sample sheets under `src/cli/demo/samples` are made by this code and are what it makes; `UPDATE_SAMPLES=1` writes
//! them. And `xuefen sign` takes them as the list of wrong rows says.

mod files;
mod learners;
pub mod random;
mod results;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use xuefen::cli::batch_file::BatchReader;
use xuefen_core::kinds::tags;

const ORIGIN: &str = "xuefen.example/samples";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo/samples")
}

fn made() -> BTreeMap<String, Vec<u8>> {
    let syllables = std::fs::read_to_string(directory().join("syllables.txt")).expect("syllables");
    files::all(&syllables)
}

#[test]
fn the_samples_are_what_this_code_makes() {
    let update = std::env::var_os("UPDATE_SAMPLES").is_some();
    for (name, content) in made() {
        let path = directory().join(&name);
        if update {
            std::fs::write(&path, &content).expect("write");
        }
        let kept = std::fs::read(&path).unwrap_or_default();
        assert!(kept == content, "{name} differs. Run: UPDATE_SAMPLES=1 cargo test --test suite samples");
    }
}

#[test]
fn every_file_of_the_samples_is_made_or_written_by_hand() {
    let made = made();
    for entry in std::fs::read_dir(directory()).expect("samples") {
        let name = entry.expect("entry").file_name().into_string().expect("UTF-8");
        assert!(made.contains_key(&name) || ["README.md", "syllables.txt"].contains(&name.as_str()), "{name}");
    }
}

/// The rows of a made file as maps from header to cell.
fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let made = made();
    let mut reader = csv::Reader::from_reader(made[name].as_slice());
    reader.deserialize().map(|row| row.expect("CSV")).collect()
}

/// The offers file of an institution, with leaf indices as they might be.
fn offers(slug: &str, id: &str) -> String {
    let institution = rows("institutions.csv").into_iter().find(|row| row["institution"] == id).expect("there");
    let rule = &rows("recording-rules.csv")[0];
    let number = |row: &BTreeMap<String, String>, column: &str| row[column].parse::<u64>().expect("a number");
    let list = |cell: &str| cell.split(';').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let mut lines = vec![
        json!({ "format": "xuefen-offers/v1", "origin": ORIGIN, "issuer": id, "tree_size": 1000 }),
        json!({ "kind": "institution", "names": [institution["name_zh"]] }),
        json!({ "kind": "scale", "code": "percentage", "pass_mark_millis": 60_000, "top_mark_millis": 100_000 }),
        json!({ "kind": "scale", "code": "five_grade", "words": ["优秀", "良好", "中等", "及格", "不及格"], "passing_words": 4 }),
        json!({ "kind": "scale", "code": "pass_fail", "words": ["合格", "不合格"], "passing_words": 1 }),
        json!({
            "kind": "recording_rule", "code": rule["code"], "version": number(rule, "version"), "index": 5,
            "hour_minutes": number(rule, "hour_minutes"), "step_millis": number(rule, "step_millis"),
            "theory_hours_per_credit": number(rule, "theory_hours_per_credit"),
            "practice_hours_per_credit": number(rule, "practice_hours_per_credit"),
        }),
    ];
    if made().contains_key(&format!("courses-{slug}.csv")) {
        for (at, row) in rows(&format!("courses-{slug}.csv")).iter().enumerate() {
            lines.push(json!({
                "kind": "course", "code": row["code"], "version": number(row, "version"), "index": 100 + at,
                "minutes": number(row, "minutes"), "practice_minutes": number(row, "practice_minutes"),
                "credit_millis": number(row, "credit_millis"), "recording_rule_index": 5, "scale": row["scale"],
                "majors": list(&row["majors"]), "competency": row["competency"],
            }));
        }
    }
    if made().contains_key(&format!("families-{slug}.csv")) {
        for (at, row) in rows(&format!("families-{slug}.csv")).iter().enumerate() {
            lines.push(json!({
                "kind": "certificate_family", "code": row["code"], "version": number(row, "version"), "index": 200 + at,
                "title": row["name_zh"], "outcome_kind": row["outcome_kind"], "levels": list(&row["levels"]),
            }));
        }
    }
    lines.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn xuefen(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xuefen")).current_dir(dir).args(args).output().expect("the program runs")
}

/// Signs a sample sheet in `dir`; answers the report.
fn sign(dir: &Path, what: &str, (slug, id): (&str, &str), file: &str, more: &[&str]) -> Value {
    let key = format!("{slug}.key");
    if !dir.join(&key).exists() {
        assert!(xuefen(dir, &["keys", "new", &key]).status.success());
    }
    let (csv, out) = (directory().join(file), format!("{file}.signed"));
    let csv = csv.to_str().expect("UTF-8");
    let args =
        ["--json", "sign", what, "--issuer", id, "--key", &key, "--origin", ORIGIN, "--sheet", csv, "--out", &out];
    let output = xuefen(dir, &[&args[..], more].concat());
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn signing_the_samples_refuses_the_wrong_rows_and_no_other() {
    let dir = tempfile::tempdir().expect("tempdir");
    let dir = dir.path();
    let institutions = rows("institutions.csv");
    let home = (world::INSTITUTIONS[world::HOME].slug, institutions[world::HOME]["institution"].as_str());
    let opened = sign(dir, "accounts", home, "accounts.csv", &[]);
    assert_eq!((&opened["signed"], &opened["refused"]), (&951.into(), &json!([])));

    let wrong: Vec<_> = rows("wrong-rows.csv");
    let (mut learners, mut majors) = (BTreeSet::new(), BTreeSet::new());
    let mut refused = Vec::new();
    for (institution, row) in world::INSTITUTIONS.iter().zip(&institutions) {
        let identity = (institution.slug, row["institution"].as_str());
        std::fs::write(dir.join("offers.json"), offers(identity.0, identity.1)).expect("write");
        for file in ["outcomes", "certificates"].map(|what| format!("{what}-{}.csv", institution.slug)) {
            if !made().contains_key(&file) {
                continue;
            }
            let columns = directory().join(format!("columns-{}.toml", institution.slug));
            let mut more = vec!["--offers", "offers.json", "--accounts", "accounts.csv.signed.accounts.csv"];
            if file.starts_with("outcomes") && columns.exists() {
                more.extend(["--columns", columns.to_str().expect("UTF-8")]);
            }
            let report = sign(dir, "outcomes", identity, &file, &more);
            assert!(report["signed"].as_u64() > Some(15), "{file}: {report}");
            for one in report["refused"].as_array().expect("a list") {
                refused.push([file.clone(), one["row"].to_string(), one["code"].as_str().expect("text").to_owned()]);
            }
            let signed = std::fs::File::open(dir.join(format!("{file}.signed"))).expect("signed");
            for posting in BatchReader::new(std::io::BufReader::new(signed)).expect("a batch") {
                let payload = posting.expect("whole").payload.expect("private");
                let value = |tag: tags::Tag| {
                    payload.fields.iter().find(|field| field.tag == tag.number).expect("there").value.to_vec()
                };
                learners.insert(value(tags::ACCOUNT));
                majors.insert(value(tags::MAJOR));
            }
        }
    }
    let expected: BTreeSet<_> =
        wrong.iter().map(|row| ["file", "row", "code"].map(|column| row[column].clone())).collect();
    assert_eq!(refused.into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!((learners.len(), majors.len(), wrong.len()), (951, 16, 12));
}
