//! Story 20, from the shell: figures as a table, JSON and CSV, and a seeded sample that is drawn from the log alone and
//! judged again from genesis.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use xuefen::cli::secret_key_file::{self, SecretKind};
use xuefen_core::proto::statement::Body;
use xuefen_ledger::testing::{course, headcount};

use super::bank::{Bank, Who, xuefen};

/// An auditor's office: keys and files.
struct Office {
    dir: TempDir,
    server: String,
}

impl Office {
    fn new(bank: &Bank, parties: &[&Who]) -> Self {
        let office = Self { dir: TempDir::new().expect("tempdir"), server: format!("http://{}", bank.server.address) };
        for who in parties {
            let path = PathBuf::from(office.file(&format!("{}.key", who.id)));
            secret_key_file::write(&path, SecretKind::SigningKey, &[who.seed; 32]).expect("a key");
        }
        for file in [bank.server.home.policy(), bank.server.home.authority()] {
            let name = file.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            std::fs::copy(&file, office.file(&name)).expect("copied");
        }
        office
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().expect("UTF-8").to_owned()
    }

    /// Runs a command of `report` as `who`.
    fn report(&self, who: &Who, args: &[&str]) -> (i32, Value) {
        let key = self.file(&format!("{}.key", who.id));
        xuefen(
            &[&["report"][..], args, &["--issuer", &who.id, "--key", &key, "--plaintext", "--server", &self.server]]
                .concat(),
        )
    }

    fn sample(&self, index: &str, more: &[&str]) -> (i32, Value) {
        let policy = self.file("policy.txt");
        let args = ["report", "sample", index, "--policy", &policy, "--plaintext", "--server", &self.server];
        xuefen(&[&args[..], more].concat())
    }

    /// The audit of the whole public log, with the sample of an inspection.
    fn audit(&self, index: &str, size: &Value, more: &[&str]) -> (i32, Value) {
        let (policy, authority) = (self.file("policy.txt"), self.file("authority.txt"));
        let args = ["audit", &self.server, "--policy", &policy, "--authority", &authority, "--sample", index];
        // The public checkpoint moves once a second.
        loop {
            let (code, said) = xuefen(&[&args[..], more].concat());
            if said["entries"] == *size || code == 1 {
                return (code, said);
            }
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    }
}

fn indices(said: &Value) -> Vec<u64> {
    said["drawn"]
        .as_array()
        .unwrap_or_else(|| panic!("{said}"))
        .iter()
        .map(|it| it["index"].as_u64().expect("an index"))
        .collect()
}

/// Publishes a few more courses, so that the log goes on.
async fn go_on(bank: &mut Bank, from: u32) {
    let school = bank.school();
    for n in from..from + 5 {
        let body = course(bank.world.named["rule"]);
        let body = xuefen_core::proto::Course { code: format!("more-{n}"), ..body };
        bank.say(&school, Body::Course(body), &[school.seed]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_20_a_seeded_sample_is_drawn_from_the_log_and_judged_again_from_genesis() {
    let mut bank = Bank::now().await;
    let auditor = Who { id: bank.world.qinghai.id.clone(), seed: 2 };
    let office = Office::new(&bank, &[&auditor]);
    go_on(&mut bank, 0).await;

    // Bound to a secret first.
    let secret = office.file("secret.txt");
    let commit = ["commit", "--scheme", "2026-抽查", "--draw", "6", "--secret", &secret];
    let (code, said) = office.report(&auditor, &commit);
    assert_eq!(code, 0, "{said}");
    let index = said["receipts"][0]["index"].as_u64().expect("a receipt").to_string();
    assert_eq!(office.report(&auditor, &commit).0, 2, "the secret of the first is not overwritten");
    let (code, said) = office.sample(&index, &["--secret", &secret]);
    assert_eq!(code, 2, "nothing has come after it yet: {said}");
    let other = office.file("other.txt");
    let (code, said) = office.report(&auditor, &["commit", "--scheme", "另一", "--draw", "1", "--secret", &other]);
    assert_eq!(code, 0, "{said}");

    // Nobody draws without the secret, or with another.
    for more in [&[][..], &["--secret", &other]] {
        let (code, said) = office.sample(&index, more);
        assert_eq!(code, 2, "{said}");
    }
    let before = bank.tree_size().await;
    let (code, drawn) = office.sample(&index, &["--secret", &secret]);
    assert_eq!((code, &drawn["checkpoint_size"], indices(&drawn).len()), (0, &before.into(), 6), "{drawn}");
    assert!(
        drawn["drawn"].as_array().expect("drawn").iter().all(|it| !it["path"].as_array().expect("path").is_empty())
    );
    let judged = office.audit(&index, &before.into(), &["--secret", &secret]);
    assert_eq!((judged.0, indices(&judged.1["sample"])), (0, indices(&drawn)), "{}", judged.1);
    assert!(judged.1["sample"]["drawn"].as_array().expect("drawn").iter().all(|it| it["holds"] == true));

    // The report: what was found wanting must have been drawn.
    let (first, size) = (indices(&drawn)[0].to_string(), before.to_string());
    let stranger = (0..before).find(|at| !indices(&drawn).contains(at)).expect("not all are drawn").to_string();
    let reveal = ["reveal", &index, "--secret", &secret, "--size", &size, "--finding"];
    let (code, said) = office.report(&auditor, &[&reveal[..], &[&stranger]].concat());
    assert_eq!(code, 2, "{said}");
    let (code, said) = office.report(&auditor, &[&reveal[..], &[&first]].concat());
    assert_eq!(code, 0, "{said}");
    let (code, said) = office.report(&auditor, &[&reveal[..], &[&first]].concat());
    assert_eq!((code, &said["refusals"][0]["reason"]), (1, &"INSPECTION_REPORTED".into()), "{said}");

    // Now anybody draws the same, from the log alone, and sees what was found.
    let (code, again) = office.sample(&index, &[]);
    assert_eq!((code, &again["drawn"], &again["seed"]), (0, &drawn["drawn"], &drawn["seed"]), "{again}");
    assert_eq!(again["findings"], serde_json::json!([first.parse::<u64>().expect("a number")]));
    let (code, judged) = office.audit(&index, &(before + 1).into(), &[]);
    assert_eq!((code, indices(&judged["sample"]), &judged["findings"]), (0, indices(&drawn), &0.into()), "{judged}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_20_the_report_from_the_shell() {
    let mut bank = Bank::now().await;
    let (school, province) = (bank.school(), Who { id: bank.world.qinghai.id.clone(), seed: 2 });
    let office = Office::new(&bank, &[&school, &province]);
    let day = xuefen_ledger::day::Day::of(bank.world.now);
    let year = day.year().to_string();
    let last = xuefen_ledger::day::Day::parse(format!("{year}-09-30").as_bytes()).expect("a day");
    let learners = headcount(&school.id, u32::try_from(last.0.min(day.0)).expect("a day"), 2_400);
    bank.say(&school, Body::DeclareHeadcount(learners), &[school.seed]).await;

    let (code, said) = office.report(&province, &["training", "--year", &year]);
    assert_eq!((code, &said["report"], &said["rows"][0]["row"]), (0, &"training".into(), &"total".into()), "{said}");
    assert_eq!(said["tree_size"], bank.tree_size().await);
    let key = office.file(&format!("{}.key", province.id));
    let table = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xuefen"));
        command.args(["--lang", "zh", "report"]).args(args).args(["--issuer", &province.id, "--key", &key]);
        command.args(["--plaintext", "--server", &office.server]).env_remove("XUEFEN_SERVER");
        let output = tokio::task::block_in_place(|| command.output()).expect("it runs");
        (output.status.code().expect("no signal"), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, text) = table(&["training", "--year", &year]);
    assert!(code == 0 && text.contains("培训人次") && text.contains("日志大小"), "{text}");
    let (code, text) = table(&["cohort", "--csv"]);
    assert!(code == 0 && text.starts_with("row,institution,name,major,persons,majors,outcomes,tree_size\n"), "{text}");
    // Denied, unknown and asked wrongly: nothing was decided.
    for wrong in [&["training", "--region", "320000"][..], &["salaries"], &["training", "--year", "1"], &[]] {
        assert_eq!(office.report(&province, wrong).0, 2, "{wrong:?}");
    }
    let (code, said) = xuefen(&["report", "list", "--plaintext", "--server", &office.server]);
    assert_eq!((code, said["reports"].as_array().map(Vec::len)), (0, Some(4)), "{said}");
}
