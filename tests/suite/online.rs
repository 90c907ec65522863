//! The commands that talk to a server, through the program itself and over TLS: from an empty directory to a posted term.

mod devices;
mod erasure;
mod issued;
mod learner;
mod resume;
mod sheets;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const ORIGIN: &str = "xuefen.example/online";
const MINISTRY: &str = "x-ministry";
const PROVINCE: &str = "x-province";
const SCHOOL: &str = "x-school";

/// A directory with keys, and a ledger in it that the program serves.
struct Office {
    dir: TempDir,
    server: Option<Child>,
    address: String,
}

impl Drop for Office {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // It may have ended by itself.
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl Office {
    /// Keys, an initialised ledger, a server. No entry yet.
    fn new() -> Self {
        let mut office = Self { dir: TempDir::new().expect("tempdir"), server: None, address: String::new() };
        let mut vkey = String::new();
        for (name, id) in [("ministry", MINISTRY), ("province", PROVINCE), ("school", SCHOOL)] {
            let made = office.json(&["keys", "new", name, "--name", id]);
            if id == MINISTRY {
                vkey = text(&made["vkey"]);
            }
        }
        let made = office.json(&["init", "--dir", "ledger", "--origin", ORIGIN, "--authority", &vkey]);
        std::fs::write(office.path("status.vkey"), text(&made["status"])).expect("write");
        office.serve();
        office
    }

    fn serve(&mut self) {
        let mut server = Command::new(env!("CARGO_BIN_EXE_xuefen"))
            .current_dir(self.dir.path())
            .args(["serve", "--dir", "ledger", "--listen", "127.0.0.1:0", "--dev-tls"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = server.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        self.server = Some(server);
        let address = line.trim_end().strip_prefix("listening on ").expect("the address").to_owned();
        self.address = format!("https://{address}");
    }

    /// Genesis, the province's key, the school with its key, a recording rule and a course: entries 0 to 5.
    fn furnish(&self) {
        let status = std::fs::read_to_string(self.path("status.vkey")).expect("read");
        let first = ["--name", "示例账本", "--authority-name", "示例主管部门", "--status", &status];
        self.say(&[&["registry", "genesis"][..], &first].concat(), MINISTRY, &["ministry"]);
        self.put(
            "authorities.csv",
            &format!("authority,role,region,key_file,name\n{PROVINCE},accredit,630000,province,示例省\n"),
        );
        self.say(&["registry", "import", "authorities", "authorities.csv"], MINISTRY, &["ministry"]);
        self.put(
            "institutions.csv",
            &format!(
                "institution,kind,sector,region,outcome_kinds,name\n\
                 {SCHOOL},secondary_vocational,vocational,630100,course,示例学校\n"
            ),
        );
        self.say(&["registry", "import", "institutions", "institutions.csv"], PROVINCE, &["province", "ministry"]);
        self.put("keys.csv", &format!("institution,key_file\n{SCHOOL},school\n"));
        self.say(&["registry", "import", "keys", "keys.csv"], PROVINCE, &["province"]);
        self.put(
            "rules.csv",
            "code,hour_minutes,theory_hours_per_credit,practice_hours_per_credit,step_millis\nR,45,16,32,500\n",
        );
        self.say(&["registry", "import", "recording-rules", "rules.csv"], MINISTRY, &["ministry"]);
        self.put(
            "courses.csv",
            "课程代码,名称,学时,实践学时,学分,评分制,recording_rule_index\nC1,甲,16,0,1,percentage,4\n",
        );
        self.say(&["registry", "import", "courses", "courses.csv"], SCHOOL, &["school"]);
    }

    /// Says something and asks that the ledger took all of it.
    fn say(&self, words: &[&str], issuer: &str, keys: &[&str]) -> Value {
        let mut args = words.to_vec();
        args.extend(["--issuer", issuer]);
        for key in keys {
            args.extend(["--key", key]);
        }
        let (code, said) = self.online(&args);
        assert_eq!(code, 0, "{words:?}: {said}");
        said
    }

    /// Runs a command that talks to the server: its exit code and JSON.
    fn online(&self, args: &[&str]) -> (i32, Value) {
        self.run(&[args, &["--server", &self.address, "--dir", "ledger"]].concat())
    }

    fn run(&self, args: &[&str]) -> (i32, Value) {
        let output = Command::new(env!("CARGO_BIN_EXE_xuefen"))
            .current_dir(self.dir.path())
            .env_remove("XUEFEN_SERVER")
            .args([&["--json"], args].concat())
            .output()
            .expect("the program runs");
        let code = output.status.code().expect("it was not killed");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        (code, serde_json::from_slice(&output.stdout).unwrap_or(Value::String(errors)))
    }

    fn json(&self, args: &[&str]) -> Value {
        let (code, said) = self.run(args);
        assert_eq!(code, 0, "{args:?}: {said}");
        said
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, content: &str) {
        std::fs::write(self.path(name), content).expect("write");
    }
}

/// A day on which something may have been achieved: today, in UTC+8.
fn today() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs();
    let now = xuefen::cli::time_text::local(i64::try_from(now).expect("a time"));
    now.split_once(' ').expect("day and time").0.to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

#[test]
fn a_term_is_posted_posted_again_and_partly_refused() {
    let office = Office::new();
    office.furnish();
    let learners = "学号,姓名,证件号码\n1,示例一,110101199003074733\n2,示例二,11010119900307109X\n";
    office.put("learners.csv", learners);
    let sign =
        ["sign", "accounts", "--issuer", SCHOOL, "--key", "school", "--origin", ORIGIN, "--sheet", "learners.csv"];
    office.json(&[&sign[..], &["--out", "a.signed"]].concat());
    let (code, posted) = office.online(&["post", "a.signed"]);
    assert_eq!((code, &posted["accepted"], &posted["refused"]), (0, &2.into(), &0.into()), "{posted}");
    let receipts = std::fs::read_to_string(office.path("a.signed.receipts")).expect("receipts");
    assert_eq!(receipts.lines().count(), 3);

    // The same file again: the first receipts again.
    let (code, again) = office.online(&["post", "a.signed"]);
    assert_eq!((code, &again["accepted"], &again["replayed"]), (0, &0.into(), &2.into()), "{again}");
    let rows = |text: &str| -> Vec<String> {
        let row = |line: &str| line.rsplitn(4, ',').last().expect("a first part").to_owned();
        text.lines().skip(1).map(row).collect()
    };
    let receipts_again = std::fs::read_to_string(office.path("a.signed.receipts")).expect("receipts");
    assert_eq!(rows(&receipts), rows(&receipts_again), "row, index, hash and time are those of the first posting");

    // A file in which one row names an account that is not there: refused alone.
    let offers = format!(
        "{{\"format\":\"xuefen-offers/v1\",\"origin\":\"{ORIGIN}\",\"issuer\":\"{SCHOOL}\",\"tree_size\":6}}\n\
         {{\"kind\":\"institution\",\"names\":[\"示例学校\"]}}\n\
         {{\"kind\":\"scale\",\"code\":\"percentage\",\"pass_mark_millis\":60000,\"top_mark_millis\":100000}}\n\
         {{\"kind\":\"recording_rule\",\"code\":\"R\",\"version\":1,\"index\":4,\"hour_minutes\":45,\
         \"theory_hours_per_credit\":16,\"practice_hours_per_credit\":32,\"step_millis\":500}}\n\
         {{\"kind\":\"course\",\"code\":\"C1\",\"version\":1,\"index\":5,\"minutes\":720,\"practice_minutes\":0,\
         \"credit_millis\":1000,\"recording_rule_index\":4,\"scale\":\"percentage\"}}\n"
    );
    office.put("offers.json", &offers);
    let day = today();
    let map = std::fs::read_to_string(office.path("a.signed.accounts.csv")).expect("the map");
    office.put("map.csv", &format!("{}\n9,{}\n", map.trim_end(), "0".repeat(32)));
    office.put(
        "results.csv",
        &format!("原始记录号,学号,姓名,课程代码,取得日期,成绩\nr1,1,示例一,C1,{day},66\nr9,9,示例九,C1,{day},70\n"),
    );
    let sign =
        ["sign", "outcomes", "--issuer", SCHOOL, "--key", "school", "--origin", ORIGIN, "--sheet", "results.csv"];
    office.json(&[&sign[..], &["--offers", "offers.json", "--accounts", "map.csv", "--out", "r.signed"]].concat());
    let (code, posted) = office.online(&["post", "r.signed"]);
    assert_eq!((code, &posted["accepted"], &posted["refused"]), (4, &1.into(), &1.into()), "{posted}");
    let rejects = std::fs::read_to_string(office.path("r.signed.rejects.csv")).expect("rejects");
    assert!(rejects.lines().nth(1).expect("a row").starts_with("3,"), "{rejects}");

    // The school takes it back, naming it by its receipt; a stranger's key may not.
    let index = "8";
    let receipts = ["--receipts", "r.signed.receipts", "--reason", "error"];
    let (code, refused) =
        office.online(&[&["revoke", index][..], &receipts, &["--issuer", PROVINCE, "--key", "school"]].concat());
    assert_eq!(code, 1, "{refused}");
    office.say(&[&["revoke", index][..], &receipts].concat(), SCHOOL, &["school"]);
}

#[test]
fn the_log_is_checked_against_kept_checkpoints() {
    let office = Office::new();
    office.furnish();
    let (code, kept) = office.online(&["log", "checkpoint", "--out", "old.note"]);
    assert_eq!((code, &kept["tree_size"], &kept["origin"]), (0, &6.into(), &ORIGIN.into()), "{kept}");
    assert_eq!(kept["checks"][0]["result"], "holds", "{kept}");
    office.put("more.csv", "code,name,minutes,scale\nC2,乙,90,pass_fail\nC3,丙,90,pass_fail\n");
    office.say(&["registry", "import", "courses", "more.csv"], SCHOOL, &["school"]);
    let (code, included) = office.online(&["log", "inclusion", "7", "--out", "proof"]);
    assert_eq!((code, &included["holds"]), (0, &true.into()), "{included}");
    assert!(std::fs::read_to_string(office.path("proof")).expect("proof").starts_with("c2sp.org/tlog-proof@v1\n"));
    let (code, grown) = office.online(&["log", "consistency", "old.note"]);
    assert_eq!((code, &grown["old_size"], &grown["new_size"]), (0, &6.into(), &8.into()), "{grown}");
    let (code, entries) = office.online(&["log", "entries", "--from", "5"]);
    let kinds: Vec<_> = entries.as_array().expect("a list").iter().map(|entry| text(&entry["kind"])).collect();
    assert_eq!((code, kinds), (0, vec!["course".to_owned(); 3]));

    // A checkpoint of another history does not hold, though its form is right.
    let note = std::fs::read_to_string(office.path("old.note")).expect("the note");
    let root = note.lines().nth(2).expect("a root").to_owned();
    let other = format!("{}{}", if root.starts_with('A') { 'B' } else { 'A' }, &root[1..]);
    office.put("false.note", &note.replace(&root, &other));
    let (code, caught) = office.online(&["log", "consistency", "false.note"]);
    assert_eq!((code, &caught["holds"]), (1, &false.into()), "{caught}");
    // Its signature fails too; that the histories differ is found by itself.
    assert_eq!(caught["checks"][2]["result"], "does not hold", "{caught}");
    assert_eq!(grown["checks"][2]["result"], "holds", "{grown}");
}

#[test]
fn what_two_parties_sign_one_after_the_other_holds_as_if_at_once() {
    let office = Office::new();
    office.furnish();
    office.put(
        "two.csv",
        "institution,kind,sector,region,outcome_kinds,name\nx-other,higher_vocational,vocational,630100,course,另一学校\n",
    );
    let import = ["registry", "import", "institutions", "two.csv", "--issuer", PROVINCE, "--key", "province"];
    office.json(&[&import[..], &["--origin", ORIGIN, "--out", "one.signed"]].concat());
    office.json(&["registry", "attest", "one.signed", "--key", "ministry", "--out", "both.signed"]);
    let (code, posted) = office.online(&["post", "both.signed"]);
    assert_eq!((code, &posted["accepted"], &posted["pending"]), (0, &1.into(), &0.into()), "{posted}");

    // The province alone: it waits, until the ministry countersigns.
    office.put(
        "three.csv",
        "institution,kind,sector,region,outcome_kinds,name\nx-third,higher_vocational,vocational,630100,course,第三学校\n",
    );
    let said = office.say(&["registry", "import", "institutions", "three.csv"], PROVINCE, &["province"]);
    assert_eq!(said["receipts"][0]["pending"], true, "{said}");
    let index = said["receipts"][0]["index"].to_string();
    office.say(&["registry", "countersign", &index], MINISTRY, &["ministry"]);
    office.say(&["registry", "change", "suspend", "x-third", "--ground", "idle"], PROVINCE, &["province"]);
}

#[test]
fn wrong_servers_say_what_to_do() {
    let office = Office::new();
    // Another server's certificate does not vouch for this one.
    let other = Office::new();
    let ca = other.path("ledger/tls/cert.pem");
    let ca = ca.to_str().expect("a path");
    let (code, said) = office.run(&["log", "checkpoint", "--server", &office.address, "--ca", ca]);
    assert_eq!(code, 2);
    assert!(text(&said).contains("is it this server's certificate?"), "{said}");
    // A batch for another ledger is not even sent.
    office.put("other.signed", "xuefen-signed-batch/v1 other.example/x 0\n");
    let (code, said) = office.online(&["post", "other.signed"]);
    assert_eq!(code, 2);
    assert!(text(&said).contains("was signed for the ledger other.example/x"), "{said}");
}
