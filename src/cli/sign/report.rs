//! What `sign` tells: how many rows were signed, which were not and why, and what to expect of the ledger.

use std::path::Path;

use serde_json::json;

use super::batch::Compared;
use super::problem::{self, Refused};
use super::sheet::Sheet;
use crate::cli::messages as m;
use crate::cli::output::Output;

/// The result of one signing.
pub struct Report<'a> {
    /// What was read.
    pub sheet: &'a Sheet,
    /// Rows that were not signed.
    pub refused: &'a [Refused],
    /// Rows that were, or would be.
    pub signed: u64,
    /// Signatures made.
    pub batches: u64,
    /// Against earlier signings.
    pub compared: Compared,
    /// The batch file.
    pub out: &'a Path,
    /// The rejects file.
    pub rejects: &'a Path,
    /// The accounts map, if one was written.
    pub map: Option<&'a Path>,
    /// Nothing was written.
    pub dry_run: bool,
}

impl Report<'_> {
    /// Prints it.
    pub fn print(&self, output: &mut Output<'_>) -> anyhow::Result<()> {
        if output.is_json() { self.print_json(output) } else { self.print_text(output) }
    }

    fn print_text(&self, output: &mut Output<'_>) -> anyhow::Result<()> {
        let lang = output.lang();
        if !self.sheet.unread().is_empty() {
            let (read, others) = (self.sheet.worksheet().unwrap_or_default(), self.sheet.unread().join(", "));
            output.remark(&m::UNREAD_WORKSHEETS.fill(lang, &[("read", &read), ("others", &others)]));
        }
        if !self.sheet.columns().ignored().is_empty() {
            let columns = self.sheet.columns().ignored().join(", ");
            output.remark(&m::IGNORED_COLUMNS.fill(lang, &[("columns", &columns)]));
        }
        problem::print(self.refused, output)?;
        let count = self.refused.len();
        let total = self.sheet.rows().len();
        let (out, rejects) = (self.out.display(), self.rejects.display());
        let summary = match (self.dry_run, self.signed) {
            (true, _) => m::WOULD_SIGN.fill(lang, &[("signed", &self.signed), ("rows", &total)]),
            (false, 0) => m::NOTHING_TO_SIGN.in_lang(lang).to_owned(),
            (false, _) => {
                let values: [(&str, &dyn std::fmt::Display); 4] =
                    [("signed", &self.signed), ("rows", &total), ("batches", &self.batches), ("file", &out)];
                m::SIGNED.fill(lang, &values)
            }
        };
        output.line(&summary)?;
        if count > 0 {
            let text = if self.dry_run { m::WOULD_REJECT } else { m::REJECTED };
            output.line(&text.fill(lang, &[("count", &count), ("file", &rejects)]))?;
        }
        if let (Some(map), false) = (self.map, self.dry_run) {
            output.line(&m::ACCOUNTS_MAP.fill(lang, &[("file", &map.display())]))?;
        }
        let Compared { as_before, changed, stale } = self.compared;
        for (text, count) in [(m::AS_BEFORE, as_before), (m::CHANGED, changed), (m::STALE, stale)] {
            if count > 0 {
                output.remark(&text.fill(lang, &[("count", &count)]));
            }
        }
        Ok(())
    }

    fn print_json(&self, output: &mut Output<'_>) -> anyhow::Result<()> {
        let lang = output.lang();
        let refused: Vec<_> = self.refused.iter().map(|one| one.json(lang)).collect();
        let written = !self.dry_run && self.signed > 0;
        let path = |path: &Path, there: bool| there.then(|| path.display().to_string());
        output.json(&json!({
            "worksheet": self.sheet.worksheet(),
            "worksheets_not_read": self.sheet.unread(),
            "rows": self.sheet.rows().len(),
            "signed": self.signed,
            "batches": self.batches,
            "dry_run": self.dry_run,
            "file": path(self.out, written),
            "rejects": path(self.rejects, !self.dry_run && !self.refused.is_empty()),
            "accounts_map": self.map.and_then(|map| path(map, written)),
            "as_before": self.compared.as_before,
            "changed": self.compared.changed,
            "stale": self.compared.stale,
            "ignored_columns": self.sheet.columns().ignored(),
            "refused": refused,
        }))
    }
}
