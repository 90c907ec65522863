//! Sheets on their way to the ledger: signed and posted in one go, tried before anything is said, signed by a second party.

use std::io::BufReader;

use prost::Message as _;
use serde_json::json;
use xuefen::api::proto::Posting;
use xuefen::cli::batch_file::{BatchReader, BatchWriter};

use super::{MINISTRY, ORIGIN, Office, PROVINCE, SCHOOL, text, today};
use crate::workbook::{cells, workbook};

const HOST: &str = "x-enterprise";

/// A learner's account and its map.
fn learner(office: &Office) {
    office.put("learners.csv", "学号,姓名,证件号码\n1,示例一,110101199003074733\n");
    let learners = ["post", "--sheet", "learners.csv", "--learners", "--issuer", SCHOOL, "--key", "school"];
    let (code, said) = office.online(&learners);
    assert_eq!((code, &said["posted"]["accepted"], &said["signed"]["signed"]), (0, &1.into(), &1.into()), "{said}");
}

#[test]
fn a_sheet_is_signed_and_posted_in_one_go() {
    let office = Office::new();
    office.furnish();
    learner(&office);
    let day = format!("'{}", today());
    let sheet = cells(&[
        ("A1", "'原始记录号"),
        ("B1", "'学号"),
        ("C1", "'课程代码"),
        ("D1", "'取得日期"),
        ("E1", "'成绩"),
        ("A2", "'r1"),
        ("B2", "1"),
        ("C2", "'C1"),
        ("D2", &day),
        ("E2", "66"),
        ("A3", "'r2"),
        ("B3", "1"),
        ("C3", "'C1"),
        ("D3", &day),
        ("E3", "101"),
    ]);
    std::fs::write(office.path("r.xlsx"), workbook(&[("成绩", &sheet)])).expect("write");
    let post = ["post", "--sheet", "r.xlsx", "--accounts", "learners.csv.signed.accounts.csv"];
    let post = [&post[..], &["--issuer", SCHOOL, "--key", "school"]].concat();

    let (code, tried) = office.online(&[&post[..], &["--dry-run"]].concat());
    assert_eq!((code, &tried["posted"], &tried["signed"]["dry_run"]), (4, &json!(null), &true.into()), "{tried}");
    assert!(!office.path("r.xlsx.signed").exists());

    let (code, said) = office.online(&post);
    assert_eq!((code, &said["posted"]["accepted"], &said["signed"]["signed"]), (4, &1.into(), &1.into()), "{said}");
    assert_eq!(said["signed"]["refused"][0]["cell"], "E3", "{said}");
    assert!(office.path("r.xlsx.unsigned.csv").exists());
    // Nothing is recorded twice, however often it is done.
    let (_, again) = office.online(&post);
    assert_eq!((&again["posted"]["accepted"], &again["posted"]["replayed"]), (&0.into(), &1.into()), "{again}");
    // A key that is not there is no posting.
    let (code, _) = office.online(&["post", "--sheet", "r.xlsx", "--issuer", SCHOOL]);
    assert_eq!(code, 2);
}

#[test]
fn a_registry_file_is_tried_before_anything_is_said() {
    let office = Office::new();
    let sheet = cells(&[
        ("A1", "'课程清单"),
        ("A2", "'课程代码"),
        ("B2", "'名称"),
        ("C2", "'学时"),
        ("D2", "'学分"),
        ("E2", "'评分制"),
        ("A3", "'Ｃ1"),
        ("B3", "'甲"),
        ("C3", "16"),
        ("D3", "1"),
        ("E3", "'percentage"),
        ("A4", "'C2"),
        ("B4", "'乙"),
        ("C4", "=#VALUE!"),
        ("D4", "1"),
        ("E4", "'percentage"),
        ("A5", "'C3"),
        ("B5", "'丙"),
        ("C5", "16"),
        ("D5", "1.2345"),
        ("E5", "'percentage"),
    ]);
    std::fs::write(office.path("c.xlsx"), workbook(&[("课程", &sheet)])).expect("write");
    let import = ["registry", "import", "courses", "c.xlsx", "--issuer", SCHOOL, "--key", "school", "--dry-run"];
    // No server is asked: there is none at this address.
    let (code, said) = office.run(&[&import[..], &["--server", "https://127.0.0.1:1"]].concat());
    assert_eq!((code, &said["good"]), (4, &1.into()), "{said}");
    let refused: Vec<_> = said["refused"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|one| (text(&one["cell"]), text(&one["column"]), text(&one["code"])))
        .collect();
    let expected = [("C4", "学时", "FORMULA"), ("D5", "学分", "NUMBER")];
    assert_eq!(refused, expected.map(|(cell, column, code)| (cell.to_owned(), column.to_owned(), code.to_owned())));
    let (_, zh) = office.run(&[&["--lang", "zh"], &import[..]].concat());
    assert_eq!(zh["refused"][0]["reason"], "该格公式出错");
}

fn postings(office: &Office, name: &str) -> Vec<Posting> {
    let file = BufReader::new(std::fs::File::open(office.path(name)).expect("open"));
    BatchReader::new(file).expect("header").map(|posting| posting.expect("whole")).collect()
}

fn write(office: &Office, name: &str, postings: &[Posting]) {
    let origin = xuefen_core::origin::Origin::parse(ORIGIN).expect("an origin");
    let mut writer = BatchWriter::new(Vec::new(), &origin, postings.len() as u64).expect("memory");
    for posting in postings {
        writer.write(posting).expect("memory");
    }
    std::fs::write(office.path(name), writer.finish().expect("the count")).expect("write");
}

/// The ministry's policy says who signs internships; the enterprise and the school may record them.
fn furnish_practice(office: &Office) {
    office.furnish();
    assert!(office.json(&["keys", "new", "host", "--name", HOST]).is_object());
    let school = "x-college";
    assert!(office.json(&["keys", "new", "college", "--name", school]).is_object());
    office.put(
        "more.csv",
        &format!(
            "institution,kind,sector,region,outcome_kinds,name\n{HOST},enterprise,work,630100,practice_record,示例企业\n\
             {school},higher_vocational,vocational,630100,practice_record,示例学院\n"
        ),
    );
    office.say(&["registry", "import", "institutions", "more.csv"], PROVINCE, &["province", "ministry"]);
    office.put("morekeys.csv", &format!("institution,key_file\n{HOST},host\n{school},college\n"));
    office.say(&["registry", "import", "keys", "morekeys.csv"], PROVINCE, &["province"]);
    let (code, said) = office.online(&["registry", "institution", MINISTRY]);
    assert!(code <= 2, "{said}");
}

#[test]
fn a_host_sees_what_it_signs_and_signs_before_it_is_posted() {
    let office = Office::new();
    furnish_practice(&office);
    learner(&office);
    let (day, hash) = (today(), "ab".repeat(32));
    office.put(
        "practice.csv",
        &format!(
            "原始记录号,学号,姓名,成果类型,取得日期,实践类型,总分钟数,协议散列,会签机构,岗位\n\
             p1,1,示例一,实习,{day},岗位实习,2400,{hash},{HOST},接触网工\n\
             p2,1,示例一,实习,{day},认知实习,480,{hash},x-elsewhere,参观\n"
        ),
    );
    let (_, offers) = office.online(&["registry", "offers", "x-college", "--out", "offers.jsonl"]);
    assert!(offers["file"].is_string(), "{offers}");
    let sign = ["sign", "outcomes", "--issuer", "x-college", "--key", "college", "--origin", ORIGIN];
    let files =
        ["--sheet", "practice.csv", "--offers", "offers.jsonl", "--accounts", "learners.csv.signed.accounts.csv"];
    office.json(&[&sign[..], &files, &["--out", "p.signed"]].concat());

    // Shown before anything is signed; nobody is there to say yes.
    let cosign = ["sign", "cosign", "p.signed", "--as", HOST, "--key", "host"];
    let shown = office.json(&[&cosign[..], &["--dry-run"]].concat());
    assert_eq!((&shown["signed"], &shown["others"], &shown["file"]), (&0.into(), &1.into(), &json!(null)), "{shown}");
    let fields = &shown["rows"][0]["fields"];
    assert_eq!(
        (&fields["minutes"], &fields["post"], &fields["holder_name"]),
        (&"2400".into(), &"接触网工".into(), &"示例一".into())
    );
    assert!(fields["nk"].is_null() && fields["account"].is_null(), "{fields}");
    let (code, said) = office.run(&[&cosign[..], &["--out", "never.signed"]].concat());
    assert!(code == 2 && text(&said).contains("--yes") && !office.path("never.signed").exists(), "{said}");

    // What is shown is what the signature covers.
    let mut changed = postings(&office, "p.signed");
    for posting in &mut changed {
        let minutes = &mut posting.payload.as_mut().expect("a payload").fields;
        minutes.iter_mut().find(|field| field.tag == 6).expect("minutes").value = b"4800".as_slice().into();
    }
    write(&office, "changed.signed", &changed);
    let (code, said) = office.run(&["sign", "cosign", "changed.signed", "--as", HOST, "--key", "host", "--dry-run"]);
    assert!(code == 2 && text(&said).contains("do not sign it"), "{said}");

    office.json(&[&cosign[..], &["--yes", "--out", "both.signed"]].concat());
    let both = postings(&office, "both.signed");
    let signatures = |host: bool| {
        let is_hosts = |posting: &&Posting| posting.encode_to_vec().windows(12).any(|bytes| bytes == HOST.as_bytes());
        both.iter()
            .filter(|posting| is_hosts(posting) == host)
            .map(|posting| posting.attestations.len())
            .collect::<Vec<_>>()
    };
    assert_eq!((signatures(true), signatures(false)), (vec![2], vec![1]));
    // Alone it would wait for the host; with both it does not.
    let (_, posted) = office.online(&["post", "both.signed"]);
    assert_eq!((&posted["accepted"], &posted["pending"]), (&1.into(), &0.into()), "{posted}");
    assert_eq!(posted["refused"], 1, "a co-signer that nobody knows: {posted}");
}
