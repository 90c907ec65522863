//! A sheet to be signed: its table with the fields in its columns, rows cell by cell.
//!
//! What the cells mean is not known here, nor what files they come from (`table`).

use std::path::Path;

use super::columns::{self, Columns, Mapping};
use super::problem::{Problem, Refused};
use crate::cli::table::{self, Fault, Row, Table};

/// A whole sheet.
pub struct Sheet {
    columns: Columns,
    table: Table,
}

impl Sheet {
    /// Reads a file.
    pub fn read(path: &Path, worksheet: Option<&str>, mapping: &Mapping) -> anyhow::Result<Self> {
        let worksheet = worksheet.or(mapping.worksheet());
        Self::of(table::read(path, worksheet, |cell| columns::is_field(cell, mapping))?, mapping)
    }

    /// A sheet of a file's bytes.
    #[cfg(test)]
    pub fn parse(bytes: &[u8], mapping: &Mapping) -> anyhow::Result<Self> {
        Self::of(table::parse(bytes, mapping.worksheet(), |cell| columns::is_field(cell, mapping))?, mapping)
    }

    fn of(table: Table, mapping: &Mapping) -> anyhow::Result<Self> {
        Ok(Self { columns: Columns::find(table.header.clone(), mapping)?, table })
    }

    /// The columns.
    #[must_use]
    pub const fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The rows that are not empty.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.table.rows
    }

    /// Name of the worksheet, if it is one of a workbook.
    #[must_use]
    pub fn worksheet(&self) -> Option<&str> {
        self.table.worksheet.as_deref()
    }

    /// Worksheets with something in them that were not read.
    #[must_use]
    pub fn unread(&self) -> &[String] {
        &self.table.unread
    }

    /// The row with its cells by field, if it has as many as the header and all of them are readable.
    pub fn cells<'a>(&'a self, row: &'a Row) -> Result<Cells<'a>, Refused> {
        let width = self.columns.headers().len();
        if let [(_, Fault::NotJson)] = row.faults.as_slice() {
            return Err(Refused::of_row(row.number, String::new(), Problem::Json));
        }
        // Spreadsheets drop empty cells at the end but never add one: a comma too many has moved the cells behind it.
        if row.cells.len() > width && !self.is_book() {
            return Err(Refused::of_row(row.number, row.cells.len().to_string(), Problem::Cells));
        }
        let cells = Cells { columns: &self.columns, row };
        for (at, fault) in &row.faults {
            // What stands in a column that is not read does no harm.
            let Some(field) = self.columns.fields().find(|field| self.columns.position(field) == Some(*at)) else {
                continue;
            };
            let problem = if *fault == Fault::Formula { Problem::Formula } else { Problem::DigitsLost };
            return Err(cells.refuse(field, problem));
        }
        let unreadable = |c: char| c == '\u{fffd}' || c.is_control();
        match self.columns.fields().find(|field| cells.get(field).contains(unreadable)) {
            Some(field) => Err(cells.refuse(field, Problem::Encoding)),
            None => Ok(cells),
        }
    }

    /// In a workbook a cell beyond the header is a remark beside the table; in text it is a comma too many.
    const fn is_book(&self) -> bool {
        self.table.worksheet.is_some()
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

    /// The cell of a field without white space around it, in the words of the field; what every row says if it is empty.
    #[must_use]
    pub fn get(&self, field: &str) -> &'a str {
        let cell = self.columns.position(field).and_then(|at| self.row.cells.get(at)).map_or("", str::trim);
        self.columns.meant(field, cell)
    }

    /// Whether the sheet has a column for the field, or every row says the same.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.columns.has(field)
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
        let place = self.columns.position(field).map(|at| table::place(at, self.row.number));
        Refused { row: self.row.number, place, column, value: self.get(field).to_owned(), problem }
    }
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
                let numbers: Vec<_> = sheet.rows().iter().map(|row| row.number).collect();
                prop_assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", numbers);
                prop_assert!(numbers.first().is_none_or(|first| *first > 1));
            }
        }
    }
}
