//! What the demo does, in order, and what must come of it. Every check that fails is named at the end.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::place::{Place, write};
use super::registry::{self, count};
use super::samples::{CERTIFIERS, HOME, HOSTS, ORIGIN};
use super::shell::Shell;
use crate::cli::exit::Exit;
use crate::cli::output::Output;

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// Entries in the log at the end.
    pub tree_size: u64,
    /// Entries newly logged by this run.
    pub accepted: u64,
    /// Rows refused, by signing or by the ledger.
    pub refused: u64,
    /// Entries that were in the log already, answered with their first receipt.
    pub replayed: u64,
    /// Checks that failed.
    pub failed: Vec<String>,
    /// Commands to try next.
    pub next: Vec<String>,
}

impl Outcome {
    fn check(&mut self, what: &str, holds: bool) {
        if !holds {
            self.failed.push(what.to_owned());
        }
    }

    fn posted(&mut self, json: &Value) {
        self.accepted += count(json, "accepted");
        self.replayed += count(json, "replayed");
        self.refused += count(json, "refused");
    }
}

/// A sheet to be signed and posted, and who does it.
struct Sheet {
    name: String,
    slug: String,
}

struct Script<'a, 'b> {
    place: &'a Place,
    shell: &'a mut Shell<'b>,
    /// Arguments that name the server and how to trust it.
    server: [String; 4],
    ids: BTreeMap<String, String>,
    outcome: Outcome,
}

/// Runs everything against the server at `address`.
pub fn run(place: &Place, shell: &mut Shell<'_>, address: &str) -> anyhow::Result<Outcome> {
    let dir = place.dir().display().to_string();
    let server = ["--server".to_owned(), address.to_owned(), "--dir".to_owned(), dir];
    let ids = registry::institutions(place)?;
    let mut script = Script { place, shell, server, ids, outcome: Outcome::default() };
    script.furnish()?;
    script.accounts()?;
    script.term()?;
    script.again()?;
    script.learner()?;
    script.close()?;
    Ok(script.outcome)
}

impl Script<'_, '_> {
    fn online<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        args.iter().copied().chain(self.server.iter().map(String::as_str)).collect()
    }

    fn ask_online(&mut self, args: &[&str]) -> anyhow::Result<(Exit, Value)> {
        let args: Vec<String> = self.online(args).into_iter().map(str::to_owned).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let ran = self.shell.ask(&args)?;
        Ok((ran.exit, ran.json))
    }

    fn show_online(&mut self, args: &[&str]) -> anyhow::Result<Exit> {
        let args: Vec<String> = self.online(args).into_iter().map(str::to_owned).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        self.shell.show(&args)
    }

    fn furnish(&mut self) -> anyhow::Result<()> {
        if self.place.is_furnished() {
            return self.shell.say("Using the ledger of an earlier demo; --fresh begins a new one.");
        }
        let authority = fs::read_to_string(self.place.dir().join("authority.txt")).context("authority.txt")?;
        let status = authority.lines().find(|line| line.starts_with(&format!("{ORIGIN}/status+")));
        let status = status.context("authority.txt has no status key")?.to_owned();
        let server: Vec<&str> = self.server.iter().map(String::as_str).collect();
        registry::furnish(self.place, self.shell, &server, &status)?;
        self.place.set_furnished()
    }

    /// The home school opens an account for each of its learners.
    fn accounts(&mut self) -> anyhow::Result<()> {
        let (id, key) = (self.ids[HOME].clone(), self.place.key(HOME));
        let (sheet, out) = (self.place.sample("accounts.csv"), self.place.work_arg("accounts.signed"));
        let map = self.place.work_arg("accounts-map.csv");
        self.shell.say("\nThe home school opens 951 accounts: one sheet, one signature.")?;
        let args = ["sign", "accounts", "--issuer", &id, "--key", &key, "--origin", ORIGIN, "--csv", &sheet];
        let rest = ["--out", &out, "--map", &map, "--force"];
        let exit = self.shell.show(&[&args[..], &rest].concat())?;
        self.outcome.check("the home school's accounts are signed", exit == Exit::Pass);
        self.post("accounts.signed", 951)
    }

    /// Posts a signed file and checks that the ledger knows all of it afterwards.
    fn post(&mut self, name: &str, expected: u64) -> anyhow::Result<()> {
        let file = self.place.work_arg(name);
        let (_, json) = self.ask_online(&["post", &file])?;
        self.outcome.posted(&json);
        let known = count(&json, "accepted") + count(&json, "replayed");
        self.outcome.check(&format!("every row of {name} is in the log"), known == expected);
        let (accepted, replayed, refused) =
            (count(&json, "accepted"), count(&json, "replayed"), count(&json, "refused"));
        self.shell.say(&format!(
            "\n$ xuefen post {file}\n{accepted} accepted, {replayed} in the log already, {refused} refused"
        ))
    }

    fn sheets() -> Vec<Sheet> {
        let outcomes = HOSTS.iter().map(|slug| Sheet { name: format!("outcomes-{slug}"), slug: (*slug).to_owned() });
        let certificates =
            CERTIFIERS.iter().map(|slug| Sheet { name: format!("certificates-{slug}"), slug: (*slug).to_owned() });
        outcomes.chain(certificates).collect()
    }

    fn sign(&mut self, sheet: &Sheet, show: bool) -> anyhow::Result<Value> {
        let Sheet { name, slug } = sheet;
        let (id, key) = (self.ids[slug].clone(), self.place.key(slug));
        let csv = self.place.sample(&format!("{name}.csv"));
        let (out, rejects) =
            (self.place.work_arg(&format!("{name}.signed")), self.place.work_arg(&format!("{name}.rejects.csv")));
        let offers = self.place.work_arg(&format!("offers-{slug}.jsonl"));
        let map = self.place.work_arg("accounts-map.csv");
        let mapping = format!("mapping-{slug}.csv");
        let mapping_path = self.place.sample(&mapping);
        let mut args = vec!["sign", "outcomes", "--issuer", &id, "--key", &key, "--origin", ORIGIN, "--csv", &csv];
        args.extend(["--offers", &offers, "--accounts", &map, "--out", &out, "--rejects", &rejects, "--force"]);
        if super::samples::FILES.iter().any(|(file, _)| *file == mapping) {
            args.extend(["--mapping", &mapping_path]);
        }
        if name.starts_with("outcomes") {
            args.extend(["--kind", "course"]);
        }
        let ran = self.shell.ask(&args)?;
        if show {
            self.shell.show(&args)?;
        }
        Ok(ran.json)
    }

    /// The hosts sign and post the term; wrong rows are left out one by one.
    fn term(&mut self) -> anyhow::Result<()> {
        self.shell.say("\nFour hosts and an evaluation body sign the term: course results, resits, certificates, twelve rows wrong on purpose.")?;
        let mut rejects = String::new();
        for sheet in Self::sheets() {
            let json = self.sign(&sheet, true)?;
            self.outcome.refused += json["refused"].as_array().map_or(0, |rows| rows.len() as u64);
            let path = self.place.work(&format!("{}.rejects.csv", sheet.name));
            if let Ok(text) = fs::read_to_string(&path) {
                rejects.push_str(&format!("# {}\n{}", sheet.name, text.trim_start_matches('\u{feff}')));
            }
            self.post(&format!("{}.signed", sheet.name), count(&json, "signed"))?;
        }
        write(&self.place.out("rejects.csv"), rejects.as_bytes())?;
        // Personal data lies beside the statements in a batch file, so it keeps its mode.
        fs::copy(self.place.work("outcomes-changzhou-rail.signed"), self.place.out("batch.signed"))
            .context("out/batch.signed")?;
        self.outcome.check("twelve rows were refused", self.outcome.refused == 12);
        Ok(())
    }

    /// The same file again, and the same sheet signed again: nothing new.
    fn again(&mut self) -> anyhow::Result<()> {
        let before = self.tree_size()?;
        self.shell.say("\nThe same file again, and the same sheet signed again: the first receipts, nothing new.")?;
        let sheet = &Self::sheets()[0];
        let signed = count(&self.sign(sheet, false)?, "signed");
        let (_, json) = self.ask_online(&["post", &self.place.work_arg(&format!("{}.signed", sheet.name))])?;
        self.outcome.replayed += count(&json, "replayed");
        self.outcome
            .check("a sheet signed again is answered with its first receipts", count(&json, "replayed") == signed);
        let after = self.tree_size()?;
        self.outcome.check("posting again logs nothing", before == after);
        self.shell.say(&format!("{} replayed, tree size {before} before and {after} after", count(&json, "replayed")))
    }

    fn tree_size(&mut self) -> anyhow::Result<u64> {
        let (_, json) = self.ask_online(&["log", "checkpoint"])?;
        json["tree_size"].as_u64().context("the checkpoint has no size")
    }

    /// A learner with a certificate opens the account, reads the transcript, and shows the certificate to an employer.
    fn learner(&mut self) -> anyhow::Result<()> {
        let certificates = registry::rows(&self.place.sample("certificates-sample-evaluation.csv"))?;
        let number = certificates.first().context("no certificate")?["学号"].clone();
        let map = registry::rows(&self.place.work_arg("accounts-map.csv"))?;
        let account =
            map.iter().find(|row| row["learner_no"] == number).context("the learner has no account")?["account"]
                .clone();
        let (id, key) = (self.ids[HOME].clone(), self.place.key(HOME));
        let code = |script: &mut Self| -> anyhow::Result<String> {
            let (_, json) =
                script.ask_online(&["account", "activation-code", &account, "--issuer", &id, "--key", &key])?;
            Ok(json["activation_code"].as_str().context("no activation code")?.to_owned())
        };
        let (mine, spare) = (code(self)?, code(self)?);
        // For whoever tries the next commands, or tests the server: good for one use.
        write(&self.place.out("activation-code.txt"), format!("{spare}\n").as_bytes())?;
        self.shell.say(
            "\nA learner activates the account, opens the transcript, and makes a presentation of a certificate.",
        )?;
        let token = self.place.work_arg("learner.token");
        self.ask_online(&["account", "activate", &mine, "--out", &token])?;
        let exit = self.show_online(&["transcript", "--token", &token])?;
        self.outcome.check("the learner's transcript opens", exit == Exit::Pass);
        let (_, transcript) = self.ask_online(&["transcript", "--token", &token])?;
        let outcomes = transcript["outcomes"].as_array().context("the transcript has no outcomes")?;
        let of_kind =
            |outcome: &&Value| outcome["kind"] == "x_certificate" || outcome["outcome_kind"] == "x_certificate";
        let index = outcomes.iter().find(of_kind).and_then(|outcome| outcome["index"].as_u64());
        let index = index.context("the transcript shows no X certificate")?.to_string();
        let file = self.place.out_arg("presentation.xuefen.json");
        let exit = self.show_online(&["present", &index, "--token", &token, "--out", &file, "--force"])?;
        self.outcome.check("a presentation is made", exit == Exit::Pass);
        self.employer(&file)?;
        self.outcome.next.push(format!("xuefen transcript --code {spare} {}", self.server.join(" ")));
        Ok(())
    }

    /// The employer has two text files and the presentation, and no server.
    fn employer(&mut self, file: &str) -> anyhow::Result<()> {
        for name in ["policy.txt", "authority.txt"] {
            fs::copy(self.place.dir().join(name), self.place.out(name)).with_context(|| name.to_owned())?;
        }
        let (policy, authority) = (self.place.out_arg("policy.txt"), self.place.out_arg("authority.txt"));
        self.shell.say("\nAn employer checks it offline …")?;
        let exit = self.shell.show(&["verify", file, "--policy", &policy, "--authority", &authority])?;
        self.outcome.check("the presentation verifies offline", exit == Exit::Pass);
        let bad = self.place.out_arg("presentation-bad.xuefen.json");
        flip(&self.place.out("presentation.xuefen.json"), &self.place.out("presentation-bad.xuefen.json"))?;
        self.shell.say("\n… and the same file with one byte changed:")?;
        let exit = self.shell.show(&["verify", &bad, "--policy", &policy, "--authority", &authority])?;
        self.outcome.check("the changed presentation fails", exit == Exit::Fail);
        self.outcome.next.push(format!("xuefen verify {file} --policy {policy} --authority {authority}"));
        Ok(())
    }

    /// The last checkpoint, and a file that nobody has posted yet.
    fn close(&mut self) -> anyhow::Result<()> {
        let (_, json) = self.ask_online(&["log", "checkpoint"])?;
        let note = json["checkpoint"].as_str().or_else(|| json["note"].as_str()).context("no checkpoint")?;
        write(&self.place.out("checkpoint"), note.as_bytes())?;
        self.outcome.tree_size = json["tree_size"].as_u64().context("the checkpoint has no size")?;
        Ok(())
    }
}

/// Changes one byte inside the first shown value of a presentation, so that it is still base64 and still JSON.
fn flip(from: &std::path::Path, to: &std::path::Path) -> anyhow::Result<()> {
    let mut text = fs::read(from).context("the presentation")?;
    let needle = b"\"value\":\"";
    let at = text.windows(needle.len()).position(|window| window == needle).context("nothing is shown in it")?
        + needle.len();
    ensure!(text.get(at).is_some_and(u8::is_ascii_alphanumeric), "the first value shown is empty");
    text[at] = if text[at] == b'A' { b'B' } else { b'A' };
    write(to, &text)
}

/// The end of the demo for people.
pub fn print_summary(outcome: &Outcome, dir: &str, output: &mut Output<'_>) -> anyhow::Result<()> {
    output.line(&format!(
        "\n{ORIGIN}: {} entries; {} new, {} answered again, {} refused. Files: {dir}/out",
        outcome.tree_size, outcome.accepted, outcome.replayed, outcome.refused
    ))?;
    for failed in &outcome.failed {
        output.line(&format!("FAILED: {failed}"))?;
    }
    if !outcome.next.is_empty() {
        output.line("\nTry next, in another terminal:")?;
        for command in &outcome.next {
            output.line(&format!("  {command}"))?;
        }
    }
    Ok(())
}
