//! Tables that people keep: CSV, XLSX and JSON lines, read into rows of text with the numbers that their program shows.
//!
//! What the columns mean is not known here: `sign` and `registry` say that. A table is held in memory: a term of a large
//! institution is some megabytes. What is wrong with one row is kept with that row and never holds the others up.

mod columns_file;
mod delimited;
mod encoding;
mod json_lines;
mod number;
mod workbook;

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use csv::StringRecord;

pub use self::columns_file::ColumnsFile;

/// Largest file, bytes. Spreadsheets are packed, so what comes out of one is bounded by itself.
const MAX_FILE: u64 = 512 * 1024 * 1024;

/// What cannot be taken for what a cell or row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A formula that failed, such as #N/A.
    Formula,
    /// A number of more digits than the spreadsheet keeps: the rest are lost.
    DigitsLost,
    /// A line that is no JSON object of plain values.
    NotJson,
}

/// One row under the header.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number in the spreadsheet, or its line.
    pub number: u64,
    /// The cells as text.
    pub cells: StringRecord,
    /// What is wrong with cells, by place from 0; of a whole row at place 0.
    pub faults: Vec<(usize, Fault)>,
}

impl Row {
    /// Whether nothing stands in it.
    fn is_empty(&self) -> bool {
        self.faults.is_empty() && self.cells.iter().all(|cell| cell.trim().is_empty())
    }
}

/// A header and what stands under it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Name of the worksheet; `None` if the file has none.
    pub worksheet: Option<String>,
    /// Other visible worksheets with something in them, which were not read.
    pub unread: Vec<String>,
    /// The header, without white space around its cells.
    pub header: Vec<String>,
    /// The rows that are not empty, by ascending number.
    pub rows: Vec<Row>,
    /// Each row has its own header (JSON lines): a column it does not name is empty.
    pub by_name: bool,
}

/// Reads a table. `is_header` says of a cell whether it names a column: titles above the header are passed over.
pub fn read(path: &Path, worksheet: Option<&str>, is_header: impl Fn(&str) -> bool) -> anyhow::Result<Table> {
    parse(&read_bounded(path)?, worksheet, is_header).with_context(|| format!("{}", path.display()))
}

/// [`read`] of a file's bytes.
pub fn parse(bytes: &[u8], worksheet: Option<&str>, is_header: impl Fn(&str) -> bool) -> anyhow::Result<Table> {
    if bytes.starts_with(b"PK\x03\x04") {
        let read = workbook::read(bytes, worksheet)?;
        return with_header(read.rows, is_header).map(|table| Table {
            worksheet: Some(read.worksheet),
            unread: read.unread,
            ..table
        });
    }
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        bail!("this is a workbook of the old form (.xls) or one with a password: save it as .xlsx without a password");
    }
    ensure!(worksheet.is_none(), "only a workbook (.xlsx) has worksheets: leave --worksheet out");
    let text = encoding::decode(bytes)?;
    if text.trim_start().starts_with('{') {
        return Ok(json_lines::read(&text));
    }
    with_header(delimited::rows(&text)?, is_header)
}

/// The content of a file of reasonable size.
pub fn read_bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(size <= MAX_FILE, "{} is larger than {MAX_FILE} bytes; split it", path.display());
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Rows in which the header is looked for: a title, a term and a line on how to fill it in may stand above.
const TITLES: usize = 10;

/// The header is the first of the first rows with two cells that name columns, else the first row.
fn with_header(rows: Vec<Row>, is_header: impl Fn(&str) -> bool) -> anyhow::Result<Table> {
    let mut rows: Vec<_> = rows.into_iter().filter(|row| !row.is_empty()).collect();
    let names = |row: &Row| row.cells.iter().filter(|cell| is_header(cell)).count();
    let at = rows.iter().take(TITLES).position(|row| names(row) >= 2).unwrap_or(0);
    ensure!(!rows.is_empty(), "the table is empty");
    let below = rows.split_off(at + 1);
    let header = rows.pop().map(|row| row.cells.iter().map(|cell| cell.trim().to_owned()).collect());
    Ok(Table { worksheet: None, unread: Vec::new(), header: header.unwrap_or_default(), rows: below, by_name: false })
}

/// The name of a cell in a spreadsheet, such as F12.
#[must_use]
pub fn place(column: usize, row: u64) -> String {
    let (mut letters, mut rest) = (Vec::new(), column + 1);
    while rest > 0 {
        letters.extend(('A'..='Z').nth((rest - 1) % 26));
        rest = (rest - 1) / 26;
    }
    format!("{}{row}", letters.into_iter().rev().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> Table {
        parse(text.as_bytes(), None, |cell| ["学号", "成绩"].contains(&cell.trim())).unwrap()
    }

    #[test]
    fn titles_above_the_header_are_passed_over() {
        let table = headers("2026 年春季学期成绩表,\n说明：学号,,\n学号 ,成绩\n1,60\n,,\n2,70\n");
        assert_eq!(table.header, ["学号", "成绩"]);
        assert_eq!(table.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [4, 6]);
        assert_eq!(headers("别的,表头\n1,60\n").header, ["别的", "表头"]);
    }

    #[test]
    fn a_cell_has_the_name_that_the_spreadsheet_gives_it() {
        let places = [(0, 1), (25, 2), (26, 3), (701, 4), (702, 5)].map(|(column, row)| place(column, row));
        assert_eq!(places, ["A1", "Z2", "AA3", "ZZ4", "AAA5"]);
    }

    #[test]
    fn what_is_no_table_says_what_to_do() {
        let error = |bytes: &[u8]| format!("{:#}", parse(bytes, None, |_| false).unwrap_err());
        assert!(error(b"\xd0\xcf\x11\xe0\xa1\xb1").contains(".xlsx"));
        assert!(error(b"PK\x03\x04 and nothing more").contains("save it"), "{}", error(b"PK\x03\x04 and nothing more"));
        assert!(error(b"").contains("empty"));
        let utf16: Vec<u8> = "学号,成绩\n1,60\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(error(&utf16).contains("UTF-16"), "{}", error(&utf16));
        let named = parse(b"a,b\n", Some("Sheet1"), |_| false).unwrap_err().to_string();
        assert!(named.contains("--worksheet"), "{named}");
    }
}
