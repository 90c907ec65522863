//! A spreadsheet saved as CSV: encoding, header, rows with the numbers that the spreadsheet shows.
//!
//! What the cells mean is not known here. A sheet is held in memory: a term of a large institution is some megabytes.

use std::path::Path;

use anyhow::{Context as _, ensure};
use csv::{ReaderBuilder, StringRecord};

use super::columns::{Columns, Mapping};
use super::problem::{Problem, Refused};

/// Largest sheet, bytes.
const MAX_SHEET: u64 = 512 * 1024 * 1024;

/// A whole sheet.
pub struct Sheet {
    columns: Columns,
    rows: Vec<Row>,
}

/// One row under the header.
pub struct Row {
    number: u64,
    cells: StringRecord,
}

impl Sheet {
    /// Reads a CSV file.
    pub fn read(path: &Path, mapping: &Mapping) -> anyhow::Result<Self> {
        Self::parse(&read_bounded(path)?, mapping).with_context(|| format!("{}", path.display()))
    }

    /// Reads CSV: UTF-8 or, if it is not valid UTF-8, GB18030; a byte order mark decides over both.
    pub fn parse(bytes: &[u8], mapping: &Mapping) -> anyhow::Result<Self> {
        let text = decode(bytes);
        let mut records = records(&text)?.into_iter();
        let (_, header) = records.next().context("the sheet is empty")?;
        let columns = Columns::find(header.iter().map(|cell| cell.trim().to_owned()).collect(), mapping)?;
        // A row of nothing but separators is what a spreadsheet leaves below the last one.
        let filled = records.filter(|(_, cells)| cells.iter().any(|cell| !cell.trim().is_empty()));
        Ok(Self { columns, rows: filled.map(|(number, cells)| Row { number, cells }).collect() })
    }

    /// The columns.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The rows that are not empty.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row with its cells by field, if it has as many as the header and all of them are readable.
    pub fn cells<'a>(&'a self, row: &'a Row) -> Result<Cells<'a>, Refused> {
        let width = self.columns.headers().len();
        // Spreadsheets drop empty cells at the end but never add one: a comma too many has moved the cells behind it.
        if row.cells.len() > width {
            let value = row.cells.len().to_string();
            return Err(Refused { row: row.number, column: String::new(), value, problem: Problem::Cells });
        }
        let cells = Cells { columns: &self.columns, row };
        let unreadable = |c: char| c == '\u{fffd}' || c.is_control();
        match self.columns.fields().find(|field| cells.get(field).contains(unreadable)) {
            Some(field) => Err(cells.refuse(field, Problem::Encoding)),
            None => Ok(cells),
        }
    }
}

impl Row {
    /// Number of the row in the spreadsheet; the header is 1.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// The cells as they stand in the file.
    #[must_use]
    pub const fn cells(&self) -> &StringRecord {
        &self.cells
    }
}

/// The cells of one row by field.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    columns: &'a Columns,
    row: &'a Row,
}

impl<'a> Cells<'a> {
    /// Number of the row.
    #[must_use]
    pub const fn row(&self) -> u64 {
        self.row.number
    }

    /// The cell of a field without white space around it; empty if there is none.
    #[must_use]
    pub fn get(&self, field: &str) -> &'a str {
        self.columns.position(field).and_then(|at| self.row.cells.get(at)).map_or("", str::trim)
    }

    /// Whether the sheet has a column for the field.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.columns.position(field).is_some()
    }

    /// The cell, if it is not empty.
    #[must_use]
    pub fn some(&self, field: &str) -> Option<&'a str> {
        Some(self.get(field)).filter(|cell| !cell.is_empty())
    }

    /// The cell, which must not be empty.
    pub fn required(&self, field: &str) -> Result<&'a str, Refused> {
        self.some(field).ok_or_else(|| self.refuse(field, Problem::Missing))
    }

    /// Says that the cell of `field` breaks a rule.
    #[must_use]
    pub fn refuse(&self, field: &str, problem: Problem) -> Refused {
        let column = self.columns.header_of(field).to_owned();
        Refused { row: self.row.number, column, value: self.get(field).to_owned(), problem }
    }
}

/// The content of a file of reasonable size.
pub fn read_bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(size <= MAX_SHEET, "{} is larger than {MAX_SHEET} bytes; split it", path.display());
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// The text of a CSV file. What GB18030 does not have becomes U+FFFD, which refuses the row and not the file.
fn decode(bytes: &[u8]) -> String {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes) {
        return encoding.decode(bytes).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

/// The records with the numbers of their rows. The parser skips empty lines and counts those within quotation marks.
fn records(text: &str) -> anyhow::Result<Vec<(u64, StringRecord)>> {
    let first_line = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';'].into_iter().find(|d| first_line.contains(*d as char) && !first_line.contains(','));
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(text.as_bytes());
    let (mut row, mut counted, mut within) = (1, 0, 0);
    let mut records = Vec::new();
    for record in reader.records() {
        let record = record.context("not CSV")?;
        // The parser's position is where it began to look: in front of line ends it then skipped.
        let from = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(counted);
        let start = text.len() - text[from..].trim_start_matches(['\r', '\n']).len();
        row += line_ends(&text[counted..start]);
        counted = start;
        records.push((row - within, record));
        within += records.last().map_or(0, |(_, record)| record.iter().map(line_ends).sum());
    }
    Ok(records)
}

/// Line ends as the parser takes them: `\r\n`, `\n` or `\r`.
fn line_ends(text: &str) -> u64 {
    let pairs = text.matches("\r\n").count();
    (text.matches(['\r', '\n']).count() - pairs) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sheet(bytes: &[u8]) -> Sheet {
        Sheet::parse(bytes, &Mapping::default()).unwrap()
    }

    fn grades(bytes: &[u8]) -> Vec<(u64, String)> {
        let sheet = sheet(bytes);
        let cells = sheet.rows().iter().map(|row| sheet.cells(row).unwrap());
        cells.map(|cells| (cells.row(), cells.get("grade").to_owned())).collect()
    }

    #[test]
    fn utf8_with_and_without_mark_gb18030_and_utf16_read_the_same() {
        let text = "学号,成绩\r\n1,优秀\r\n";
        let gb18030 = encoding_rs::GB18030.encode(text).0.into_owned();
        assert_ne!(gb18030, text.as_bytes());
        let utf16: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for bytes in [text.as_bytes().to_vec(), [b"\xef\xbb\xbf", text.as_bytes()].concat(), gb18030, utf16] {
            assert_eq!(grades(&bytes), [(2, "优秀".to_owned())]);
        }
    }

    #[test]
    fn rows_have_the_numbers_of_the_spreadsheet() {
        let text = "学号,备注,成绩\n1,\"two\nlines\",60\n\n2,,70\n,,\n3,,80\n";
        let numbers: Vec<_> = grades(text.as_bytes()).into_iter().map(|(row, _)| row).collect();
        assert_eq!(numbers, [2, 4, 6]);
        let numbers: Vec<_> = grades(text.replace('\n', "\r\n").as_bytes()).into_iter().map(|(row, _)| row).collect();
        assert_eq!(numbers, [2, 4, 6]);
    }

    #[test]
    fn a_row_of_another_width_or_unreadable_is_refused_alone() {
        let sheet = sheet("学号,成绩\n1,60,\n2,\u{fffd}\n3,70\n4\n".as_bytes());
        let problems: Vec<_> =
            sheet.rows().iter().map(|row| sheet.cells(row).err().map(|refused| refused.problem)).collect();
        assert_eq!(problems, [Some(Problem::Cells), Some(Problem::Encoding), None, None]);
    }

    #[test]
    fn tabs_and_semicolons_separate_too() {
        for text in ["学号\t成绩\n1\t60\n", "学号;成绩\n1;60\n"] {
            assert_eq!(grades(text.as_bytes()), [(2, "60".to_owned())]);
        }
    }

    #[test]
    fn a_refusal_shows_the_cell_and_its_header_only() {
        let sheet = sheet("学号,姓名,成绩\n1,某人,x\n".as_bytes());
        let refused = sheet.cells(&sheet.rows()[0]).unwrap().refuse("grade", Problem::Number);
        assert_eq!((refused.row, refused.column.as_str(), refused.value.as_str()), (2, "成绩", "x"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_sheet_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Sheet::parse(&bytes, &Mapping::default());
        }

        #[test]
        fn numbers_of_rows_ascend_whatever_stands_in_them(text in "(学号|成绩|,|\"|\r|\n|\t|;|a|\u{feff}){0,40}") {
            if let Ok(sheet) = Sheet::parse(text.as_bytes(), &Mapping::default()) {
                let numbers: Vec<_> = sheet.rows().iter().map(Row::number).collect();
                prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", numbers);
                prop_assert!(numbers.first().is_none_or(|first| *first > 1));
            }
        }
    }
}
