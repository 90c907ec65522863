//! Story 5: a cohort of 951 learners in 16 majors of a school far away, posted by its host in one signed batch, from the
//! sample sheets and by the program's own `sign`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use xuefen::api::proto::entry_verdict::Result as Verdict;
use xuefen::api::proto::{Posting, Receipt, ReportRowKind, RunReportRequest};
use xuefen::cli::batch_file::BatchReader;
use xuefen::cli::hex::to_hex;
use xuefen::cli::secret_key_file::{self, SecretKind, nonce_secret_path};
use xuefen_core::attestation::Attestation;
use xuefen_core::kinds::tags;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, Course, InstitutionKind};
use xuefen_ledger::testing::{ORIGIN, Party, course, zh};

use super::bank::{Bank, Who, xuefen};
use super::regulator;

const LEARNERS: usize = 951;
const MAJORS: usize = 16;
/// Of the sheet's rows, those that are put right later.
const WRONG: [usize; 3] = [17, 400, 950];

/// Rows of a sample sheet by column.
fn sample(name: &str) -> Vec<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo/samples").join(name);
    let mut reader = csv::Reader::from_path(path).expect("a sample");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

/// The registrar's desk: sheets, keys and signed files.
struct Desk {
    dir: TempDir,
}

impl Desk {
    fn new(signers: &[&Who]) -> Self {
        let desk = Self { dir: TempDir::new().expect("tempdir") };
        for who in signers {
            let path = desk.key(who);
            secret_key_file::write(&path, SecretKind::SigningKey, &[who.seed; 32]).expect("a key");
            let secret = nonce_secret_path(&path);
            secret_key_file::write(&secret, SecretKind::NonceSecret, &[who.seed + 100; 32]).expect("a secret");
        }
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn arg(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    fn key(&self, who: &Who) -> PathBuf {
        self.path(&format!("{}.key", who.id))
    }

    /// Signs a sheet with one signature; what it holds.
    fn sign(&self, what: &str, who: &Who, csv: &str, more: &[&str]) -> Vec<Posting> {
        let key = self.key(who);
        let (key, out) = (key.to_str().expect("UTF-8"), self.arg("out.signed"));
        let args = ["sign", what, "--issuer", &who.id, "--key", key, "--origin", ORIGIN, "--sheet", csv, "--out", &out];
        let (code, said) = xuefen(&[&args[..], &["--force"], more].concat());
        assert_eq!((code, &said["refused"], &said["batches"]), (0, &Value::Array(Vec::new()), &1.into()), "{said}");
        let file = std::io::BufReader::new(std::fs::File::open(out).expect("a batch file"));
        let reader = BatchReader::new(file).expect("a batch file");
        reader.map(|posting| posting.expect("a posting")).collect()
    }
}

/// How the host's sheet stands: marks by row, and what corrected rows correct.
struct Sheet {
    marks: Vec<u32>,
    corrects: BTreeMap<usize, Receipt>,
}

impl Sheet {
    fn write(&self, path: &Path, day: &str) {
        let mut out = csv::Writer::from_path(path).expect("a sheet");
        let header =
            ["原始记录号", "学号", "姓名", "课程代码", "班次", "考试日期", "成绩", "考试次数", "更正序号", "更正散列"];
        out.write_record(header).expect("write");
        for (at, learner) in sample("accounts.csv").iter().enumerate() {
            let (number, major) = (&learner["学号"], &learner["专业代码"]);
            let (index, hash) = self
                .corrects
                .get(&at)
                .map_or_else(Default::default, |receipt| (receipt.index.to_string(), to_hex(&receipt.leaf_hash)));
            let (record, course) = (format!("HOST-{number}"), format!("ZY-{major}"));
            let (run, mark) = (format!("2026-spring-{major}"), self.marks[at].to_string());
            let row = [&record, number, &learner["姓名"], &course, &run, day, &mark, "1", &index, &hash];
            out.write_record(row).expect("write");
        }
        out.flush().expect("write");
    }
}

/// The home school of the learners.
async fn home_school(bank: &mut Bank) -> Who {
    let party = Party::with_code("12632500990000222", 22);
    let accreditation = AccreditInstitution {
        kind: InstitutionKind::SecondaryVocational as i32,
        ..bank.world.accreditation(&party, "632500", "海南州职业技术学校")
    };
    bank.admit(&party, 22, accreditation).await
}

/// A course of the host for each major of the cohort.
async fn publish(bank: &mut Bank, host: &Who) {
    let rule = bank.world.named["rule"];
    for major in sample("majors.csv") {
        let code = &major["code"];
        let course = Course {
            code: format!("ZY-{code}"),
            names: zh(&format!("{}综合实训", major["name_zh"])),
            majors: vec![code.clone()],
            ..course(rule)
        };
        bank.say(host, Body::Course(course), &[host.seed]).await;
    }
}

fn receipts(verdicts: Vec<Verdict>) -> Vec<Receipt> {
    let receipt = |verdict| match verdict {
        Verdict::Receipt(receipt) => receipt,
        Verdict::Refusal(refusal) => panic!("{refusal:?}"),
    };
    verdicts.into_iter().map(receipt).collect()
}

fn new(receipts: &[Receipt]) -> usize {
    receipts.iter().filter(|receipt| !receipt.replayed).count()
}

/// The host's own report: learners and majors of what it issued and is in force.
async fn report(bank: &Bank, host: &Who, receipts: &[Receipt]) -> (usize, usize, usize) {
    let token = bank.login(host).await;
    let (mut learners, mut majors, mut in_force) = (BTreeSet::new(), BTreeSet::new(), 0);
    for receipt in receipts {
        let entry = bank.entry(Some(&token), receipt.index).await.expect("the entry");
        if entry.status != "valid" {
            continue;
        }
        let payload = entry.payload.expect("its issuer may read it");
        let value = |tag: tags::Tag| {
            let field = payload.fields.iter().find(|field| field.tag == tag.number).expect("all tags are there");
            field.value.clone()
        };
        learners.insert(value(tags::ACCOUNT));
        majors.insert(value(tags::MAJOR));
        in_force += 1;
    }
    (learners.len(), majors.len(), in_force)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_05_a_cohort_in_one_batch_is_logged_once_however_often_it_is_posted() {
    let mut bank = Bank::now().await;
    let (home, host) = (home_school(&mut bank).await, bank.college());
    publish(&mut bank, &host).await;
    let desk = Desk::new(&[&home, &host]);

    let day = xuefen::cli::time_text::local(bank.world.now);
    let (day, _) = day.split_once(' ').expect("day and time");

    // The home school opens the accounts; their map goes to the host.
    let accounts = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/demo/samples/accounts.csv");
    let map = desk.arg("map.csv");
    let accounts = accounts.to_str().expect("UTF-8");
    let opened = desk.sign("accounts", &home, accounts, &["--map", &map]);
    assert_eq!(new(&receipts(bank.post_wire(opened).await)), LEARNERS);

    // The host asks the registry for its offers, and signs the term.
    let (server, offers) = (format!("http://{}", bank.server.address), desk.arg("offers.json"));
    let ask = ["registry", "offers", &host.id, "--out", &offers, "--plaintext", "--server", &server];
    let (code, said) = xuefen(&ask);
    assert_eq!(code, 0, "{said}");
    let marks = (0..LEARNERS).map(|at| 60 + u32::try_from(at * 7 % 41).expect("small"));
    let mut sheet = Sheet { marks: marks.collect(), corrects: BTreeMap::new() };
    let csv = desk.arg("term.csv");
    sheet.write(Path::new(&csv), day);
    let more = ["--offers", &offers, "--accounts", &map];
    let term = desk.sign("outcomes", &host, &csv, &more);
    let root = |posting: &Posting| {
        let attestation = Attestation::parse(&posting.attestations[0]).expect("an attestation");
        assert_eq!(posting.attestations.len(), 1);
        attestation.batch_root(leaf_hash(&posting.statement)).expect("its path fits")
    };
    assert_eq!((term.len(), term.iter().map(root).collect::<BTreeSet<_>>().len()), (LEARNERS, 1), "one signature");
    let before = bank.tree_size().await;
    let first = receipts(bank.post_wire(term.clone()).await);
    let after = before + LEARNERS as u64;
    assert_eq!((new(&first), bank.tree_size().await), (LEARNERS, after));
    assert_eq!(report(&bank, &host, &first).await, (LEARNERS, MAJORS, LEARNERS));

    // The same file again, an hour later: the first receipts, byte for byte but for the word that says so.
    bank.advance(3_600);
    let again = receipts(bank.post_wire(term.clone()).await);
    let replayed = |receipt: &Receipt| Receipt { replayed: true, ..receipt.clone() };
    assert_eq!(again.len(), first.len());
    for (again, first) in again.iter().zip(&first) {
        assert_eq!(*again, replayed(first));
    }
    assert_eq!(bank.tree_size().await, after);

    // The same sheet signed again.
    let signed_again = desk.sign("outcomes", &host, &csv, &more);
    let again = receipts(bank.post_wire(signed_again).await);
    assert_eq!((again.len(), new(&again), bank.tree_size().await), (LEARNERS, 0, after));

    // Three marks were wrong. Changed without a word they are refused, each with the record that it would overwrite.
    for row in WRONG {
        sheet.marks[row] = 59;
    }
    sheet.write(Path::new(&csv), day);
    let changed = desk.sign("outcomes", &host, &csv, &more);
    // The header is row 1 of a sheet.
    let by_row: BTreeMap<u64, Receipt> = term.iter().map(|posting| posting.sequence).zip(first.clone()).collect();
    let mut refused = 0;
    for (posting, verdict) in changed.iter().zip(bank.post_wire(changed.clone()).await) {
        let row = usize::try_from(posting.sequence).expect("small") - 2;
        match verdict {
            Verdict::Receipt(receipt) => assert!(receipt.replayed && !WRONG.contains(&row), "{receipt:?}"),
            Verdict::Refusal(refusal) => {
                assert!(WRONG.contains(&row), "{row}: {refusal:?}");
                assert_eq!(refusal.reason, "NONCE_REUSED");
                assert_eq!(refusal.existing_index, by_row[&posting.sequence].index);
                refused += 1;
            }
        }
    }
    assert_eq!((refused, bank.tree_size().await), (WRONG.len(), after));

    // As corrections of those records: three new entries, everything else is as it was.
    for row in WRONG {
        sheet.corrects.insert(row, by_row[&(row as u64 + 2)].clone());
    }
    sheet.write(Path::new(&csv), day);
    let corrected = desk.sign("outcomes", &host, &csv, &more);
    let last = receipts(bank.post_wire(corrected).await);
    assert_eq!((new(&last), bank.tree_size().await), (WRONG.len(), after + WRONG.len() as u64));
    let mut all = first;
    all.extend(last.into_iter().filter(|receipt| !receipt.replayed));
    assert_eq!(report(&bank, &host, &all).await, (LEARNERS, MAJORS, LEARNERS), "951 learners in 16 majors");

    // And so says the server's own report, to the host and to its province.
    for who in [&host, &Who { id: bank.world.jiangsu.id.clone(), seed: 3 }] {
        let token = bank.login(who).await;
        let asked = RunReportRequest { report: "cohort".into(), ..RunReportRequest::default() };
        let said = regulator::report(&bank, &token, asked).await.expect("a report");
        let rows = said.of(ReportRowKind::Part, ["institution", "persons", "majors", "outcomes"]);
        assert_eq!(rows, [[host.id.as_str(), "951", "16", "951"].map(str::to_owned)]);
    }
}
