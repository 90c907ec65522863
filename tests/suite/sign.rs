//! `xuefen sign` as a registrar uses it: through the program, files in, files out.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use xuefen::api::proto::Posting;
use xuefen::cli::batch_file::BatchReader;
use xuefen_core::attestation::Attestation;
use xuefen_core::commitment::{Nonce, Seed, Tag};
use xuefen_core::key::PublicKey;
use xuefen_core::nullifier::NullifierKey;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto;
use xuefen_core::statement::Statement;

use crate::workbook::{cells, workbook};

pub const ORIGIN: &str = "xuefen.example/test";
pub const ISSUER: &str = "x-host";

/// A directory with a key, an offers file and an accounts map.
pub struct Office {
    pub dir: tempfile::TempDir,
    pub public: PublicKey,
}

impl Office {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("tempdir");
        let made = xuefen(dir.path(), &["--json", "keys", "new", "key"]);
        assert!(made.status.success(), "{made:?}");
        let made: serde_json::Value = serde_json::from_slice(&made.stdout).expect("JSON");
        let hex = made["public_key"].as_str().expect("hexadecimal");
        let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).expect("hexadecimal");
        let public = PublicKey::parse(&(0..32).map(byte).collect::<Vec<_>>()).expect("a public key");
        let office = Self { dir, public };
        let head = format!(r#"{{"format":"xuefen-offers/v1","origin":"{ORIGIN}","issuer":"{ISSUER}","tree_size":9}}"#);
        let lines = [
            head.as_str(),
            r#"{"kind":"institution","names":["某职业学校"]}"#,
            r#"{"kind":"scale","code":"percentage","pass_mark_millis":60000,"top_mark_millis":100000}"#,
            r#"{"kind":"recording_rule","code":"r","version":1,"index":3,"hour_minutes":45,"theory_hours_per_credit":16,"practice_hours_per_credit":32,"step_millis":500}"#,
            r#"{"kind":"course","code":"C1","version":1,"index":10,"minutes":720,"practice_minutes":0,"credit_millis":1000,"recording_rule_index":3,"scale":"percentage"}"#,
        ];
        office.put("offers.json", &lines.join("\n"));
        office
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn put(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).expect("write");
    }

    /// Learners numbered from 1, and as many rows of results with these grades.
    pub fn results(&self, grades: &[&str]) {
        let mut map = "learner_no,account\n".to_owned();
        let mut rows = "原始记录号,学号,姓名,课程代码,取得日期,成绩\n".to_owned();
        for (at, grade) in grades.iter().enumerate() {
            writeln!(map, "{at},{at:032x}").expect("text");
            writeln!(rows, "r{at},{at},某人,C1,2026/6/30,{grade}").expect("text");
        }
        self.put("map.csv", &map);
        self.put("results.csv", &rows);
    }

    pub fn sign(&self, out: &str, more: &[&str]) -> Output {
        let args = ["--json", "sign", "outcomes", "--issuer", ISSUER, "--key", "key", "--origin", ORIGIN];
        let files = ["--sheet", "results.csv", "--offers", "offers.json", "--accounts", "map.csv", "--out", out];
        xuefen(self.dir.path(), &[&args[..], &files, more].concat())
    }

    pub fn read(&self, name: &str) -> Vec<Posting> {
        let file = std::fs::File::open(self.path(name)).expect("open");
        let reader = BatchReader::new(std::io::BufReader::new(file)).expect("header");
        assert_eq!(reader.origin().as_str(), ORIGIN);
        reader.map(|posting| posting.expect("whole")).collect()
    }

    /// Statement bytes by row.
    fn statements(&self, name: &str) -> BTreeMap<u64, Vec<u8>> {
        self.read(name).into_iter().map(|posting| (posting.sequence, posting.statement.to_vec())).collect()
    }
}

pub fn xuefen(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xuefen")).current_dir(dir).args(args).output().expect("the program runs")
}

pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

#[test]
fn every_posting_holds_by_itself() {
    let office = Office::new();
    office.results(&["60", "59.5", "100", "71", "0"]);
    let signed = office.sign("out.signed", &[]);
    assert_eq!(signed.status.code(), Some(0), "{signed:?}");
    let postings = office.read("out.signed");
    assert_eq!(postings.len(), 5);
    for posting in postings {
        let statement = Statement::<proto::Statement>::parse(posting.statement.clone()).expect("canonical");
        assert_eq!((statement.ledger(), statement.issuer()), (ORIGIN, ISSUER));
        let attestation = Attestation::parse(&posting.attestations[0]).expect("canonical");
        attestation.verify(statement.leaf_hash(), &office.public).expect("verifies");

        let sent = posting.payload.expect("private kinds have a payload");
        let seed = Seed::from_slice(&sent.seed).expect("32 bytes");
        let field = |field: proto::PayloadField| Field { tag: Tag::new(field.tag).expect("not 0"), value: field.value };
        let payload = Payload::new(seed.clone(), sent.fields.into_iter().map(field).collect()).expect("ascending");
        let nonce = Nonce::from_slice(statement.nonce().as_bytes()).expect("16 bytes");
        assert_eq!(statement.commitment(), Some(payload.commitment(&nonce)));
        let key = NullifierKey::derive(&seed, &nonce);
        assert_eq!(payload.value(Tag::NULLIFIER_KEY), Some(key.as_bytes().as_slice()));
    }
}

#[test]
fn an_unchanged_row_signed_again_is_the_same_statement_and_a_changed_one_keeps_its_nonce() {
    let office = Office::new();
    office.results(&["60", "61", "62"]);
    assert_eq!(office.sign("first.signed", &["--issued-at", "2026-07-01"]).status.code(), Some(0));
    office.results(&["60", "99", "62", "63"]);
    let again = office.sign("second.signed", &[]);
    assert_eq!((&json(&again)["as_before"], &json(&again)["changed"]), (&2.into(), &1.into()));
    let (first, second) = (office.statements("first.signed"), office.statements("second.signed"));
    let nonce = |bytes: &[u8]| Statement::<proto::Statement>::parse(bytes.to_vec().into()).expect("canonical").nonce();
    for row in [2, 4] {
        assert_eq!(first[&row], second[&row], "row {row}");
    }
    assert_ne!(first[&3], second[&3]);
    assert_eq!(nonce(&first[&3]), nonce(&second[&3]));
    assert_eq!((first.len(), second.len()), (3, 4));

    // Changed back: what the ledger has, again.
    office.results(&["60", "61", "62"]);
    office.sign("third.signed", &[]);
    assert_eq!(office.statements("third.signed"), first);
    // The next key carries on.
    xuefen(office.dir.path(), &["keys", "new", "next", "--after", "key"]);
    let args = ["sign", "outcomes", "--issuer", ISSUER, "--key", "next", "--origin", ORIGIN, "--sheet", "results.csv"];
    let files = ["--offers", "offers.json", "--accounts", "map.csv", "--out", "fourth.signed"];
    assert_eq!(xuefen(office.dir.path(), &[&args[..], &files].concat()).status.code(), Some(0));
    assert_eq!(office.statements("fourth.signed"), first);
}

#[test]
fn good_rows_are_signed_and_the_others_come_back_with_what_to_do() {
    let office = Office::new();
    office.results(&["60", "1000", "62"]);
    let signed = office.sign("out.signed", &["--lang", "en"]);
    assert_eq!(signed.status.code(), Some(4));
    let refused = &json(&signed)["refused"][0];
    assert_eq!(
        (&refused["row"], &refused["column"], &refused["code"]),
        (&3.into(), &"成绩".into(), &"GRADE_OFF_SCALE".into())
    );
    assert!(!signed.stdout.windows(6).any(|window| window == "某人".as_bytes()), "nothing else of the row is shown");
    let rejects = std::fs::read_to_string(office.path("out.signed.rejects.csv")).expect("rejects");
    assert!(rejects.starts_with("\u{feff}row,column,reason,fix,原始记录号,学号"), "{rejects}");
    assert!(rejects.contains("3,成绩,GRADE_OFF_SCALE:"), "{rejects}");
    assert_eq!(office.statements("out.signed").into_keys().collect::<Vec<_>>(), [2, 4]);

    // The rejects file, corrected, is a sheet.
    office.put("results.csv", &rejects.replace("1000", "100"));
    let corrected = office.sign("corrected.signed", &[]);
    assert_eq!(corrected.status.code(), Some(0), "{corrected:?}");
    assert_eq!(office.read("corrected.signed").len(), 1);
}

#[test]
fn a_dry_run_writes_nothing_and_no_file_is_replaced() {
    let office = Office::new();
    office.results(&["60", "x"]);
    let files = || std::fs::read_dir(office.dir.path()).expect("directory").count();
    let before = files();
    assert_eq!(office.sign("out.signed", &["--dry-run"]).status.code(), Some(4));
    assert_eq!(files(), before);
    office.results(&["60"]);
    assert_eq!(office.sign("out.signed", &[]).status.code(), Some(0));
    let again = office.sign("out.signed", &[]);
    assert_eq!(again.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&again.stderr).contains("exists already"));
    assert_eq!(office.sign("out.signed", &["--force"]).status.code(), Some(0));
    office.results(&["x"]);
    assert_eq!(office.sign("none.signed", &[]).status.code(), Some(1));
    assert!(!office.path("none.signed").exists());
}

#[test]
fn files_with_persons_in_them_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let office = Office::new();
    office.results(&["60", "x"]);
    office.sign("out.signed", &[]);
    for name in ["key", "key.nonce-secret", "key.issued", "out.signed", "out.signed.rejects.csv"] {
        let mode = std::fs::metadata(office.path(name)).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    std::fs::set_permissions(office.path("key"), std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let refused = office.sign("other.signed", &[]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("chmod 600"));
}

#[test]
fn the_order_in_a_batch_is_not_that_of_the_sheet() {
    let office = Office::new();
    office.results(&["60"; 64]);
    office.sign("out.signed", &[]);
    let rows: Vec<_> = office.read("out.signed").iter().map(|posting| posting.sequence).collect();
    let neighbours = rows.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
    assert!(neighbours < 16, "{rows:?}");
}

/// The rows of a sheet as a workbook with a title, JSON lines, and CSV in another encoding.
#[test]
fn a_workbook_json_lines_and_csv_of_any_encoding_are_signed_alike() {
    let office = Office::new();
    office.results(&["60", "59.5"]);
    let at = ["--issued-at", "2026-07-01"];
    assert_eq!(office.sign("csv.signed", &at).status.code(), Some(0));
    let expected: Vec<_> = office.statements("csv.signed").into_values().collect();

    let sheet = cells(&[
        ("A1", "'2026 年春季学期成绩"),
        ("A3", "'原始记录号"),
        ("B3", "'学号"),
        ("C3", "'姓名"),
        ("E3", "'课程代码"),
        ("F3", "'取得日期"),
        ("G3", "'成绩"),
        ("A4", "'r0"),
        ("B4", "0"),
        ("C4", "'某人"),
        ("E4", "'Ｃ１"),
        ("F4", "@46203"),
        ("G4", "60"),
        ("H4", "'缓考"),
        ("A6", "'r1"),
        ("B6", "'1"),
        ("C6", "'某人"),
        ("E6", "'C1"),
        ("F6", "46203"),
        ("G6", "59.5"),
    ]);
    std::fs::write(office.path("results.csv"), workbook(&[("说明", ""), ("成绩", &sheet)])).expect("write");
    let signed = office.sign("xlsx.signed", &at);
    assert_eq!((&json(&signed)["signed"], &json(&signed)["worksheet"]), (&2.into(), &"成绩".into()), "{signed:?}");
    let statements = office.statements("xlsx.signed");
    assert_eq!(statements.keys().copied().collect::<Vec<_>>(), [4, 6], "rows as the spreadsheet numbers them");
    assert_eq!(statements.into_values().collect::<Vec<_>>(), expected);

    let lines = "{\"原始记录号\":\"r0\",\"学号\":0,\"姓名\":\"某人\",\"offer_code\":\"C1\",\"取得日期\":\"2026年6月30日\",\"成绩\":60}\n\
                 {\"成绩\":59.5,\"取得日期\":46203,\"offer_code\":\"C1\",\"姓名\":\"某人\",\"学号\":\"１\",\"原始记录号\":\"r1\"}\n";
    office.put("results.csv", lines);
    assert_eq!(office.sign("lines.signed", &at).status.code(), Some(0));
    assert_eq!(office.statements("lines.signed").into_values().collect::<Vec<_>>(), expected);

    let own = "流水\t学生\t谁\t结果\nr0\t0\t某人\t60\nr1\t1\t某人\t59.5\n";
    std::fs::write(office.path("results.csv"), encoding_rs::GB18030.encode(own).0).expect("write");
    office.put(
        "map.toml",
        "[columns]\n\"流水\" = \"source_id\"\n\"学生\" = \"学号\"\n\"谁\" = \"姓名\"\n\"结果\" = \"grade\"\n\
         [constants]\nachieved_on = \"2026.6.30\"\noffer_code = \"C1\"\n",
    );
    let signed = office.sign("own.signed", &[&at[..], &["--columns", "map.toml"]].concat());
    assert_eq!(signed.status.code(), Some(0), "{signed:?}");
    assert_eq!(office.statements("own.signed").into_values().collect::<Vec<_>>(), expected);
}

#[test]
fn bad_cells_of_a_workbook_are_named_as_the_spreadsheet_names_them() {
    let office = Office::new();
    office.results(&["60"]);
    let head = [("A1", "'学号"), ("B1", "'课程代码"), ("C1", "'取得日期"), ("D1", "'成绩"), ("E1", "'备注")];
    let rows = [
        ("A2", "0"),
        ("B2", "'C1"),
        ("C2", "@46203"),
        ("D2", "60"),
        ("E2", "=#REF!"),
        ("A3", "110105194912310020"),
        ("B3", "'C1"),
        ("C3", "@46203"),
        ("D3", "60"),
        ("A4", "0"),
        ("B4", "'C1"),
        ("C4", "@46203.5"),
        ("D4", "60"),
        ("A5", "0"),
        ("B5", "'C1"),
        ("C5", "@46203"),
        ("D5", "=#N/A"),
    ];
    let sheet = cells(&[&head[..], &rows].concat());
    std::fs::write(office.path("results.csv"), workbook(&[("a", &sheet), ("b", &sheet)])).expect("write");
    let signed = office.sign("x.signed", &["--dry-run"]);
    let said = json(&signed);
    assert_eq!((signed.status.code(), &said["signed"]), (Some(4), &1.into()), "{said}");
    assert_eq!(said["worksheets_not_read"], serde_json::json!(["b"]));
    let refused: Vec<_> =
        said["refused"].as_array().expect("rows").iter().map(|one| (&one["cell"], &one["code"])).collect();
    let expected =
        [("A3", "DIGITS_LOST"), ("C4", "DATE"), ("D5", "FORMULA")].map(|(cell, code)| (cell.into(), code.into()));
    assert_eq!(
        refused,
        expected.iter().map(|(cell, code): &(serde_json::Value, serde_json::Value)| (cell, code)).collect::<Vec<_>>()
    );
    assert!(!office.path("x.signed").exists());
}
