//! What the demo does, in order, and what must come of it. Every check that fails is named at the end.

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;

use anyhow::{Context as _, ensure};

use super::messages::{self as m, Text};
use super::place::{Place, write, write_private};
use super::registry::{self, count};
use super::samples::{FILES, HOME, ORIGIN};
use super::sheets::{self, Sheet};
use super::shell::Shell;
use crate::cli::batch_file::BatchReader;
use crate::cli::exit::Exit;
use crate::cli::online_messages::POSTED;

/// What came of it.
#[derive(Default)]
pub struct Outcome {
    /// Entries in the log at the end.
    pub tree_size: u64,
    /// Entries newly logged by this run, without those of the registry.
    pub accepted: u64,
    /// Rows refused, by signing or by the ledger.
    pub refused: u64,
    /// Entries that were in the log already, answered with their first receipt.
    pub replayed: u64,
    /// Checks that failed, in the language of the demo.
    pub failed: Vec<String>,
    /// An activation code that nobody has used.
    pub code: String,
}

struct Script<'a, 'b> {
    place: &'a Place,
    shell: &'a mut Shell<'b>,
    /// Institution ids by slug.
    ids: BTreeMap<String, String>,
    outcome: Outcome,
}

/// Runs everything against the server at `address`.
pub fn run(place: &Place, shell: &mut Shell<'_>, address: &str) -> anyhow::Result<Outcome> {
    let ids = registry::institutions(place)?;
    let mut script = Script { place, shell, ids, outcome: Outcome::default() };
    script.environment(address)?;
    script.furnish()?;
    script.accounts()?;
    script.term()?;
    script.again()?;
    script.corrected()?;
    script.learner()?;
    script.close()?;
    Ok(script.outcome)
}

impl Script<'_, '_> {
    fn check(&mut self, what: Text, holds: bool) {
        self.check_file(what, "", holds);
    }

    /// [`Self::check`] of a text with the name of a file in it.
    fn check_file(&mut self, what: Text, file: &str, holds: bool) {
        if !holds {
            self.outcome.failed.push(what.fill(self.shell.lang, &[("file", &file)]));
        }
    }

    /// What to type once, so that the lines below need no address.
    fn environment(&mut self, address: &str) -> anyhow::Result<()> {
        self.shell.say(m::ENVIRONMENT)?;
        let ca = self.place.dir().join("tls/cert.pem");
        self.shell.line(&format!("$ export XUEFEN_SERVER={address} XUEFEN_CA={}", ca.display()))
    }

    fn furnish(&mut self) -> anyhow::Result<()> {
        if self.place.is_furnished() {
            return self.shell.say(m::FURNISHED);
        }
        let authority = fs::read_to_string(self.place.dir().join("authority.txt")).context("authority.txt")?;
        let status = authority.lines().find(|line| line.starts_with(&format!("{ORIGIN}/status+")));
        registry::furnish(self.place, self.shell, status.context("authority.txt has no status key")?)?;
        self.place.set_furnished()
    }

    /// The home school opens an account for each of its learners.
    fn accounts(&mut self) -> anyhow::Result<()> {
        let (id, key) = (self.ids[HOME].clone(), self.place.key(HOME));
        let (sheet, out) = (self.place.sample("accounts.csv"), self.place.work_arg("accounts.signed"));
        let map = self.place.work_arg("accounts-map.csv");
        self.shell.say(m::ACCOUNTS)?;
        let args = ["sign", "accounts", "--issuer", &id, "--key", &key, "--origin", ORIGIN, "--sheet", &sheet];
        let rest = ["--out", &out, "--map", &map, "--force"];
        let exit = self.shell.show(&[&args[..], &rest].concat())?;
        self.check(m::SIGNED_ALL, exit == Exit::Pass);
        self.post("accounts.signed").map(drop)
    }

    /// Posts a signed file and checks that the ledger knows all of it afterwards; how many it knew before.
    fn post(&mut self, name: &str) -> anyhow::Result<u64> {
        let file = self.place.work_arg(name);
        let expected = signed(&file)?;
        self.shell.typed(&["post", &file])?;
        let json = self.shell.ask(&["post", &file])?.json;
        let of = |member| count(&json, member);
        let (accepted, replayed, refused) = (of("accepted"), of("replayed"), of("refused"));
        self.outcome.accepted += accepted;
        self.outcome.replayed += replayed;
        self.outcome.refused += refused;
        self.check_file(m::ALL_KNOWN, name, accepted + replayed == expected);
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("accepted", &accepted), ("replayed", &replayed), ("refused", &refused)];
        self.shell.line(&POSTED.fill(self.shell.lang, &values))?;
        Ok(replayed)
    }

    /// Signs the sheet `csv` of an institution into `name`.signed, shown or not.
    fn sign(&mut self, sheet: &Sheet, csv: &str, name: &str, is_shown: bool) -> anyhow::Result<Exit> {
        let slug = &sheet.slug;
        let (id, key) = (self.ids[slug].clone(), self.place.key(slug));
        let work = |name: &str| self.place.work_arg(name);
        let (out, rejects) = (work(&format!("{name}.signed")), work(&format!("{name}.rejects.csv")));
        let (offers, map) = (work(&format!("offers-{slug}.jsonl")), work("accounts-map.csv"));
        let columns = format!("columns-{slug}.toml");
        let columns_path = self.place.sample(&columns);
        let mut args = vec!["sign", "outcomes", "--issuer", &id, "--key", &key, "--origin", ORIGIN, "--sheet", csv];
        args.extend(["--offers", &offers, "--accounts", &map, "--out", &out, "--rejects", &rejects, "--force"]);
        if FILES.iter().any(|(file, _)| *file == columns) {
            args.extend(["--columns", &columns_path]);
        }
        if sheet.name.starts_with("outcomes") {
            args.extend(["--kind", "course"]);
        }
        if is_shown { self.shell.show(&args) } else { self.shell.hidden(&args) }
    }

    /// The hosts sign and post the term; wrong rows are left out one by one.
    fn term(&mut self) -> anyhow::Result<()> {
        self.shell.say(m::TERM)?;
        let mut rejects = String::new();
        for sheet in &sheets::all() {
            let name = &sheet.name;
            let path = self.place.work(&format!("{name}.rejects.csv"));
            // One of an earlier demo would be read for this one's.
            if path.exists() {
                fs::remove_file(&path).context("the rejects file of an earlier demo")?;
            }
            self.sign(sheet, &self.place.sample(&format!("{name}.csv")), name, true)?;
            if let Ok(text) = fs::read_to_string(&path) {
                self.outcome.refused += registry::records(text.as_bytes())?;
                rejects.extend(["# ", name, "\n", text.trim_start_matches('\u{feff}')]);
            }
            self.post(&format!("{name}.signed"))?;
        }
        write_private(&self.place.out("rejects.csv"), rejects.as_bytes())?;
        // Personal data lies beside the statements in a batch file, so the copy has its mode, too.
        fs::copy(self.place.work("outcomes-changzhou-rail.signed"), self.place.out("batch.signed"))
            .context("out/batch.signed")?;
        self.check(m::TWELVE, self.outcome.refused == 12);
        Ok(())
    }

    /// The same sheet signed and posted again: nothing new.
    fn again(&mut self) -> anyhow::Result<()> {
        let before = self.tree_size()?;
        self.shell.say(m::AGAIN)?;
        let sheet = &sheets::all()[0];
        self.sign(sheet, &self.place.sample(&format!("{}.csv", sheet.name)), &sheet.name, false)?;
        let name = format!("{}.signed", sheet.name);
        let replayed = self.post(&name)?;
        self.check(m::FIRST_RECEIPTS, replayed == signed(&self.place.work_arg(&name))?);
        let after = self.tree_size()?;
        self.check(m::NOTHING_NEW, before == after);
        self.shell.line(&m::SIZES.fill(self.shell.lang, &[("before", &before), ("after", &after)]))
    }

    /// Three wrong rows corrected and signed, and left for the reader to post.
    fn corrected(&mut self) -> anyhow::Result<()> {
        self.shell.say(m::FIXED)?;
        let sheet = &sheets::all()[0];
        let rows = sheets::correct(self.place, &sheet.name, "fixed.csv")?;
        let exit = self.sign(sheet, &self.place.work_arg("fixed.csv"), "fixed", true)?;
        fs::copy(self.place.work("fixed.signed"), self.place.out("fresh.signed")).context("out/fresh.signed")?;
        let are_signed = exit == Exit::Pass && rows == 3 && signed(&self.place.out_arg("fresh.signed"))? == rows;
        self.check(m::THREE_FIXED, are_signed);
        Ok(())
    }

    fn tree_size(&mut self) -> anyhow::Result<u64> {
        self.shell.ask(&["log", "checkpoint"])?.json["tree_size"].as_u64().context("the checkpoint has no size")
    }

    /// A one-time code for an account of the home school.
    fn code(&mut self, account: &str) -> anyhow::Result<String> {
        let (id, key) = (self.ids[HOME].clone(), self.place.key(HOME));
        let json = self.shell.must(&["account", "activation-code", account, "--issuer", &id, "--key", &key])?;
        Ok(json["activation_code"].as_str().context("no activation code")?.to_owned())
    }

    /// A learner with a certificate opens the account, reads the transcript, and shows the certificate to an employer.
    fn learner(&mut self) -> anyhow::Result<()> {
        let certificates = registry::rows(&self.place.sample("certificates-sample-evaluation.csv"))?;
        let number = &certificates.first().context("no certificate")?["学号"];
        let map = registry::rows(&self.place.work_arg("accounts-map.csv"))?;
        let account = map.iter().find(|row| row["learner_no"] == *number).context("the learner has no account")?;
        let (mine, spare) = (self.code(&account["account"])?, self.code(&account["account"])?);
        // For whoever tries the next commands, or tests the server: good for one use.
        write_private(&self.place.out("activation-code.txt"), format!("{spare}\n").as_bytes())?;
        self.outcome.code = spare;
        self.shell.say(m::LEARNER)?;
        let token = self.place.work_arg("learner.token");
        self.shell.show_online(&["account", "activate", &mine, "--out", &token])?;
        let exit = self.shell.show_online(&["transcript", "--token", &token])?;
        self.check(m::OPENS, exit == Exit::Pass);
        let transcript = self.shell.must(&["transcript", "--token", &token])?;
        let outcomes = transcript["outcomes"].as_array().context("the transcript has no outcomes")?;
        let certificate = outcomes.iter().find(|outcome| outcome["kind"] == "x_certificate");
        let index = certificate.and_then(|outcome| outcome["index"].as_u64());
        let index = index.context("the transcript shows no X certificate")?.to_string();
        let file = self.place.out_arg("presentation.xuefen.json");
        let exit = self.shell.show_online(&["present", &index, "--token", &token, "--out", &file, "--force"])?;
        self.check(m::PRESENTS, exit == Exit::Pass);
        self.employer(&file)
    }

    /// The employer has two text files and the presentation, and no server.
    fn employer(&mut self, file: &str) -> anyhow::Result<()> {
        for name in ["policy.txt", "authority.txt"] {
            fs::copy(self.place.dir().join(name), self.place.out(name)).with_context(|| name.to_owned())?;
        }
        let (policy, authority) = (self.place.out_arg("policy.txt"), self.place.out_arg("authority.txt"));
        self.shell.say(m::EMPLOYER)?;
        let exit = self.shell.show(&["verify", file, "--policy", &policy, "--authority", &authority])?;
        self.check(m::GENUINE, exit == Exit::Pass);
        let bad = self.place.out_arg("presentation-bad.xuefen.json");
        flip(&self.place.out("presentation.xuefen.json"), &self.place.out("presentation-bad.xuefen.json"))?;
        self.shell.say(m::CHANGED)?;
        let exit = self.shell.show(&["verify", &bad, "--policy", &policy, "--authority", &authority])?;
        self.check(m::CAUGHT, exit == Exit::Fail);
        Ok(())
    }

    /// The last checkpoint.
    fn close(&mut self) -> anyhow::Result<()> {
        let json = self.shell.ask(&["log", "checkpoint"])?.json;
        let note = json["checkpoint"].as_str().or_else(|| json["note"].as_str()).context("no checkpoint")?;
        write(&self.place.out("checkpoint"), note.as_bytes())?;
        self.outcome.tree_size = json["tree_size"].as_u64().context("the checkpoint has no size")?;
        Ok(())
    }
}

/// Postings in a signed batch file.
fn signed(path: &str) -> anyhow::Result<u64> {
    let file = fs::File::open(path).with_context(|| format!("cannot read {path}"))?;
    let reader = BatchReader::new(BufReader::new(file)).with_context(|| path.to_owned())?;
    // By path: by dot it would be `Iterator::count`.
    Ok(BatchReader::count(&reader))
}

/// Changes one byte inside the first shown value of a presentation, so that it is still base64 and still JSON.
fn flip(from: &std::path::Path, to: &std::path::Path) -> anyhow::Result<()> {
    let mut text = fs::read(from).context("the presentation")?;
    let needle = b"\"value\":\"";
    let at = text.windows(needle.len()).position(|window| window == needle).context("nothing is shown in it")?
        + needle.len();
    ensure!(text.get(at).is_some_and(u8::is_ascii_alphanumeric), "the first value shown is empty");
    text[at] = if text[at] == b'A' { b'B' } else { b'A' };
    write_private(to, &text)
}
