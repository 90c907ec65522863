//! What came of a posting: counts, refusals, receipts, and the two files that keep them.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use indicatif::ProgressBar;
use serde_json::json;
use xuefen_core::Hash;

use super::stream::Listener;
use super::words::rule_and_fix;
use crate::api::proto::{EntryVerdict, Receipt, Refusal, entry_verdict};
use crate::cli::client::Refused;
use crate::cli::messages::Lang;
use crate::cli::online_messages as m;
use crate::cli::output::Output;
use crate::cli::private_file::{IfExists, PrivateFile};

/// Header of the receipts file.
const RECEIPT_COLUMNS: [&str; 7] = ["row", "index", "leaf_hash", "logged_at", "replayed", "pending", "flags"];
/// Header of the rejects file.
const REJECT_COLUMNS: [&str; 6] = ["row", "reason", "field", "rule", "fix", "existing_index"];

/// Everything that was heard, in the order of the postings.
#[derive(Debug, Default)]
pub struct Summary {
    /// Row and receipt.
    pub receipts: Vec<(u64, Receipt)>,
    /// Row and refusal.
    pub refusals: Vec<(u64, Refusal)>,
    /// Newest checkpoint heard of, a signed note.
    pub checkpoint: String,
    /// How often the connection was cut.
    pub cuts: u64,
}

impl Summary {
    /// Takes a verdict.
    pub fn add(&mut self, verdict: EntryVerdict) {
        match verdict.result {
            Some(entry_verdict::Result::Receipt(receipt)) => self.receipts.push((verdict.sequence, receipt)),
            Some(entry_verdict::Result::Refusal(refusal)) => self.refusals.push((verdict.sequence, refusal)),
            // `post` takes no verdict without a result.
            None => {}
        }
    }

    /// Entries that were in the ledger before.
    #[must_use]
    pub fn replayed(&self) -> usize {
        self.receipts.iter().filter(|(_, receipt)| receipt.replayed).count()
    }

    /// Entries that are new in the ledger.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.receipts.len() - self.replayed()
    }

    /// Entries that count for nothing until someone countersigns.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.receipts.iter().filter(|(_, receipt)| receipt.pending).count()
    }

    /// By reason: how many, and the first of them.
    #[must_use]
    pub fn by_reason(&self) -> BTreeMap<&str, (u64, &(u64, Refusal))> {
        let mut reasons = BTreeMap::new();
        for one in &self.refusals {
            reasons.entry(one.1.reason.as_str()).or_insert((0, one)).0 += 1;
        }
        reasons
    }

    /// Writes the receipts, so that later commands can name the entries. Replaces an older file: an entry has one receipt
    /// for ever.
    pub fn write_receipts(&self, path: &Path) -> anyhow::Result<()> {
        write_csv(
            path,
            &RECEIPT_COLUMNS,
            self.receipts.iter().map(|(row, receipt)| {
                let flags: Vec<_> = receipt.flags.iter().map(|flag| flag.code.as_str()).collect();
                let leaf_hash = Hash::from_slice(&receipt.leaf_hash).map(|hash| hash.to_string()).unwrap_or_default();
                let (index, at) = (receipt.index.to_string(), receipt.logged_at.to_string());
                [row.to_string(), index, leaf_hash, at, yes(receipt.replayed), yes(receipt.pending), flags.join(" ")]
            }),
        )
    }

    /// Writes the refusals, with rule and fix in the language.
    pub fn write_rejects(&self, path: &Path, lang: Lang) -> anyhow::Result<()> {
        write_csv(
            path,
            &REJECT_COLUMNS,
            self.refusals.iter().map(|(row, refusal)| {
                let existing = if refusal.has_existing { refusal.existing_index.to_string() } else { String::new() };
                let Refusal { reason, field, .. } = refusal.clone();
                let (rule, fix) = rule_and_fix(refusal, lang);
                [row.to_string(), reason, field, rule, fix, existing]
            }),
        )
    }

    /// Prints counts and reasons. The files are those that were written.
    pub fn print(
        &self,
        receipts: Option<&Path>,
        rejects: Option<&Path>,
        output: &mut Output<'_>,
    ) -> anyhow::Result<()> {
        if output.is_json() {
            self.print_json(receipts, rejects, output)
        } else {
            self.print_text(receipts, rejects, output)
        }
    }

    fn print_json(
        &self,
        receipts: Option<&Path>,
        rejects: Option<&Path>,
        output: &mut Output<'_>,
    ) -> anyhow::Result<()> {
        let reasons = self.by_reason();
        let reasons: Vec<_> = reasons
            .iter()
            .map(|(reason, (count, (row, refusal)))| {
                json!({ "reason": reason, "count": count, "first_row": row, "field": refusal.field,
                        "rule": refusal.rule, "fix": refusal.fix })
            })
            .collect();
        output.json(&json!({
            "accepted": self.accepted(),
            "replayed": self.replayed(),
            "pending": self.pending(),
            "refused": self.refusals.len(),
            "reasons": reasons,
            "receipts": receipts.map(|path| path.display().to_string()),
            "rejects": rejects.map(|path| path.display().to_string()),
            "cuts": self.cuts,
            "checkpoint": self.checkpoint,
        }))
    }

    fn print_text(
        &self,
        receipts: Option<&Path>,
        rejects: Option<&Path>,
        output: &mut Output<'_>,
    ) -> anyhow::Result<()> {
        let lang = output.lang();
        let reasons = self.by_reason();
        if !reasons.is_empty() {
            let rows = reasons.iter().map(|(reason, (count, (row, refusal)))| {
                let (rule, fix) = rule_and_fix(refusal, lang);
                let what = format!("{rule}\n{fix}");
                vec![(*reason).to_owned(), count.to_string(), row.to_string(), refusal.field.clone(), what]
            });
            output.table(&[m::REASON, m::COUNT, m::FIRST_ROW, m::FIELD, m::RULE_AND_FIX], rows)?;
        }
        let (accepted, replayed, refused) = (self.accepted(), self.replayed(), self.refusals.len());
        let counts: [(&str, &dyn std::fmt::Display); 3] =
            [("accepted", &accepted), ("replayed", &replayed), ("refused", &refused)];
        output.line(&m::POSTED.fill(lang, &counts))?;
        for (count, text) in [(self.pending(), m::PENDING), (self.flagged(), m::FLAGGED)] {
            if count > 0 {
                output.line(&text.fill(lang, &[("count", &count)]))?;
            }
        }
        for (path, text) in [(receipts, m::RECEIPTS_FILE), (rejects, m::REJECTS_FILE)] {
            if let Some(path) = path {
                output.line(&text.fill(lang, &[("file", &path.display())]))?;
            }
        }
        Ok(())
    }

    fn flagged(&self) -> usize {
        self.receipts.iter().filter(|(_, receipt)| !receipt.flags.is_empty()).count()
    }
}

fn yes(value: bool) -> String {
    u8::from(value).to_string()
}

/// UTF-8 with the mark that Excel wants. Which row of a sheet became which public entry is private: mode 0600.
fn write_csv<const N: usize>(
    path: &Path,
    header: &[&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> anyhow::Result<()> {
    let mut file = PrivateFile::create(path, IfExists::Replace)?;
    file.write_all("\u{feff}".as_bytes())?;
    let mut out = csv::Writer::from_writer(&mut file);
    out.write_record(header)?;
    for row in rows {
        out.write_record(row)?;
    }
    out.flush()?;
    drop(out);
    file.finish()
}

/// A summary under a progress bar.
pub struct Watched<'a> {
    /// What was heard.
    pub summary: Summary,
    /// One step for each verdict.
    pub bar: &'a ProgressBar,
    /// Language of remarks.
    pub lang: Lang,
}

impl Listener for Watched<'_> {
    fn verdict(&mut self, verdict: EntryVerdict) {
        self.summary.add(verdict);
        self.bar.inc(1);
    }

    fn checkpoint(&mut self, note: String) {
        self.summary.checkpoint = note;
    }

    fn cut(&mut self, why: &Refused, wait: std::time::Duration) {
        self.summary.cuts += 1;
        let seconds = format!("{:.1}", wait.as_secs_f64());
        self.bar.suspend(|| eprintln!("{}", m::CUT.fill(self.lang, &[("why", why), ("seconds", &seconds)])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(row: u64, replayed: bool) -> EntryVerdict {
        let receipt =
            Receipt { index: row + 10, leaf_hash: vec![0xab; 32], logged_at: 7, replayed, ..Receipt::default() };
        EntryVerdict { sequence: row, result: Some(entry_verdict::Result::Receipt(receipt)) }
    }

    fn refusal(row: u64, reason: &str) -> EntryVerdict {
        let refusal =
            Refusal { reason: reason.to_owned(), existing_index: 3, has_existing: row == 5, ..Refusal::default() };
        EntryVerdict { sequence: row, result: Some(entry_verdict::Result::Refusal(refusal)) }
    }

    fn summary() -> Summary {
        let mut summary = Summary::default();
        for verdict in [receipt(2, false), receipt(3, true), refusal(4, "B"), refusal(5, "A"), refusal(6, "B")] {
            summary.add(verdict);
        }
        summary
    }

    #[test]
    fn verdicts_are_counted_by_what_they_say() {
        let summary = summary();
        assert_eq!((summary.accepted(), summary.replayed(), summary.refusals.len()), (1, 1, 3));
        let reasons: Vec<_> =
            summary.by_reason().iter().map(|(reason, (count, (row, _)))| (*reason, *count, *row)).collect();
        assert_eq!(reasons, [("A", 1, 5), ("B", 2, 4)]);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        summary.print(None, None, &mut Output::new(true, Lang::En, &mut out, &mut err)).unwrap();
        let printed: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!((&printed["refused"], &printed["reasons"][1]["count"]), (&json!(3), &json!(2)));
    }

    #[test]
    fn the_files_name_rows_and_entries() {
        let dir = tempfile::tempdir().unwrap();
        let (receipts, rejects) = (dir.path().join("receipts"), dir.path().join("rejects"));
        summary().write_receipts(&receipts).unwrap();
        summary().write_rejects(&rejects, Lang::En).unwrap();
        let text = std::fs::read_to_string(&receipts).unwrap();
        assert_eq!(text.lines().count(), 3);
        assert!(text.contains("\n3,13,abab") && text.contains(",7,1,0,"), "{text}");
        let text = std::fs::read_to_string(&rejects).unwrap();
        assert!(text.ends_with("4,B,,,,\n5,A,,,,3\n6,B,,,,\n"), "{text}");
    }
}
