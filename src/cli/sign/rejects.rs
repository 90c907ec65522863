//! The rejects file: rows that were not signed, with what to do, beside their own columns. Correct it and sign it.
//!
//! It has the rows as they were, so it is as private as the sheet: mode 0600. UTF-8 with the mark that Excel wants.

use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use super::columns::REJECT_COLUMNS;
use super::problem::Refused;
use super::sheet::Sheet;
use crate::cli::messages::Lang;
use crate::cli::private_file::{IfExists, PrivateFile};

/// Writes the refused rows of a sheet. `refused` ascends by row, one for each.
pub fn write(path: &Path, sheet: &Sheet, refused: &[Refused], lang: Lang, if_exists: IfExists) -> anyhow::Result<()> {
    let mut file = PrivateFile::create(path, if_exists)?;
    file.write_all("\u{feff}".as_bytes())?;
    let mut out = csv::WriterBuilder::new().flexible(true).from_writer(&mut file);
    out.write_record(REJECT_COLUMNS.into_iter().chain(sheet.columns().headers().iter().map(String::as_str)))?;
    let mut rows = sheet.rows().iter();
    for one in refused {
        let row = rows.find(|row| row.number == one.row).context("a refused row is one of the sheet")?;
        let reason = format!("{}: {}", one.problem.code(), one.reason(lang));
        let (number, fix) = (one.row.to_string(), one.fix(lang));
        out.write_record([number.as_str(), &one.column, &reason, &fix].into_iter().chain(&row.cells))?;
    }
    out.flush()?;
    drop(out);
    file.finish()
}
