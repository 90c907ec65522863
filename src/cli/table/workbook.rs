//! XLSX: one worksheet of a workbook, cell by cell, so that a stray cell far out costs nothing.

use std::io::Cursor;

use anyhow::{Context as _, bail, ensure};
use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx};
use csv::StringRecord;

use super::{Fault, Row, number};

/// Most cells of one worksheet: a hundred columns of a hundred thousand rows.
const MAX_CELLS: u64 = 10_000_000;

/// Most columns of a row, as many as a spreadsheet program has.
const MAX_COLUMNS: u32 = 16_384;

/// What is read of a workbook.
pub struct Read {
    /// The worksheet.
    pub worksheet: String,
    /// Other visible ones with something in them.
    pub unread: Vec<String>,
    /// Rows of the worksheet.
    pub rows: Vec<Row>,
}

type Workbook<'a> = Xlsx<Cursor<&'a [u8]>>;

/// Reads the worksheet of that name; without one the first visible worksheet with something in it.
pub fn read(bytes: &[u8], worksheet: Option<&str>) -> anyhow::Result<Read> {
    let mut book: Workbook<'_> =
        Xlsx::new(Cursor::new(bytes)).context("this workbook cannot be read: open it and save it again as .xlsx")?;
    let is_shown =
        |sheet: &&calamine::Sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet;
    let names: Vec<String> = book.sheets_metadata().iter().filter(is_shown).map(|sheet| sheet.name.clone()).collect();
    if let Some(wanted) = worksheet {
        let name = book.sheet_names().into_iter().find(|name| name.trim() == wanted.trim());
        let name = name.with_context(|| format!("no worksheet {wanted:?}; there are {}", names.join(", ")))?;
        let rows = rows(&mut book, &name)?;
        return Ok(Read { worksheet: name, unread: Vec::new(), rows });
    }
    let mut first: Option<Read> = None;
    for name in names {
        match &mut first {
            None => {
                let rows = rows(&mut book, &name)?;
                if rows.iter().any(|row| !row.is_empty()) {
                    first = Some(Read { worksheet: name, unread: Vec::new(), rows });
                }
            }
            Some(first) => {
                if has_cells(&mut book, &name)? {
                    first.unread.push(name);
                }
            }
        }
    }
    let Some(first) = first else { bail!("the table is empty") };
    Ok(first)
}

fn has_cells(book: &mut Workbook<'_>, name: &str) -> anyhow::Result<bool> {
    let mut cells = book.worksheet_cells_reader(name).with_context(|| format!("worksheet {name}"))?;
    while let Some(cell) = cells.next_cell().with_context(|| format!("worksheet {name}"))? {
        if *cell.get_value() != DataRef::Empty {
            return Ok(true);
        }
    }
    Ok(false)
}

fn rows(book: &mut Workbook<'_>, name: &str) -> anyhow::Result<Vec<Row>> {
    let mut cells = book.worksheet_cells_reader(name).with_context(|| format!("worksheet {name}"))?;
    let (mut rows, mut count): (Vec<Row>, u64) = (Vec::new(), 0);
    while let Some(cell) = cells.next_cell().with_context(|| format!("worksheet {name}"))? {
        let ((row, column), value) = (cell.get_position(), cell.get_value());
        if *value == DataRef::Empty {
            continue;
        }
        ensure!(column < MAX_COLUMNS, "worksheet {name}: a row has more than {MAX_COLUMNS} columns");
        let (number, column) = (u64::from(row) + 1, column as usize);
        if rows.last().is_none_or(|last| last.number != number) {
            ensure!(rows.last().is_none_or(|last| last.number < number), "worksheet {name}: its rows are not in order");
            rows.push(Row { number, cells: StringRecord::new(), faults: Vec::new() });
        }
        let row = rows.last_mut().expect("it was pushed");
        let said = text(value);
        // Empty cells are not written; those in between have their place all the same.
        count += (column + 1).saturating_sub(row.cells.len()) as u64;
        ensure!(count <= MAX_CELLS, "worksheet {name} has more than {MAX_CELLS} cells; split it");
        ensure!(row.cells.len() <= column, "worksheet {name}: the cells of row {number} are not in order");
        while row.cells.len() < column {
            row.cells.push_field("");
        }
        match said {
            Ok(said) => row.cells.push_field(&said),
            Err((shown, fault)) => {
                row.cells.push_field(&shown);
                row.faults.push((column, fault));
            }
        }
    }
    Ok(rows)
}

/// A cell as a person reads it; days as YYYY-MM-DD, whatever form the spreadsheet shows them in.
fn text(value: &DataRef<'_>) -> Result<String, (String, Fault)> {
    Ok(match value {
        DataRef::Empty => String::new(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number::shown(*number).ok_or_else(|| (number.to_string(), Fault::DigitsLost))?,
        DataRef::Bool(yes) => (if *yes { "yes" } else { "no" }).to_owned(),
        DataRef::DateTime(time) if time.is_duration() => time.as_f64().to_string(),
        DataRef::DateTime(time) => {
            let (year, month, day, hour, minute, second, _) = time.to_ymd_hms_milli();
            let date = format!("{year:04}-{month:02}-{day:02}");
            // Whether a time of day may stand there is for the column to say.
            let midnight = (hour, minute, second) == (0, 0, 0);
            if midnight { date } else { format!("{date} {hour:02}:{minute:02}:{second:02}") }
        }
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::Error(error) => return Err((error.to_string(), Fault::Formula)),
    })
}

#[cfg(test)]
#[path = "../../../tests/suite/workbook.rs"]
mod made;

#[cfg(test)]
mod tests {
    use super::made::{cells, workbook};
    use super::*;

    #[test]
    fn cells_are_read_at_their_places_as_people_read_them() {
        let sheet = cells(&[
            ("A1", "'学号"),
            ("C1", "'成绩"),
            ("A3", "20260101"),
            ("B3", "@46203"),
            ("C3", "66.5"),
            ("A7", "110105194912310020"),
            ("B7", "@46203.5"),
            ("C7", "=#N/A"),
        ]);
        let read = read(&workbook(&[("春季", &sheet)]), None).unwrap();
        let rows: Vec<_> = read.rows.iter().map(|row| (row.number, row.cells.iter().collect::<Vec<_>>())).collect();
        assert_eq!(rows[0], (1, vec!["学号", "", "成绩"]));
        assert_eq!(rows[1], (3, vec!["20260101", "2026-06-30", "66.5"]));
        assert_eq!(read.rows[2].number, 7);
        assert_eq!(read.rows[2].cells.get(1), Some("2026-06-30 12:00:00"));
        assert_eq!(read.rows[2].faults, [(0, Fault::DigitsLost), (2, Fault::Formula)]);
    }

    #[test]
    fn the_first_shown_worksheet_with_something_in_it_is_read_or_the_one_named() {
        let one = |word: &str| cells(&[("A1", &format!("'{word}"))]);
        let (hidden, second, third) = (one("h"), one("二"), one("三"));
        let book = workbook(&[("-隐藏", &hidden), ("空", ""), ("第二", &second), ("第三", &third)]);
        let by_itself = read(&book, None).unwrap();
        assert_eq!((by_itself.worksheet.as_str(), by_itself.unread.as_slice()), ("第二", &["第三".to_owned()][..]));
        let named = read(&book, Some("第三")).unwrap();
        assert_eq!((named.worksheet.as_str(), named.rows[0].cells.get(0)), ("第三", Some("三")));
        let error = read(&book, Some("第四")).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("第四") && error.contains("第三"), "{error}");
    }

    #[test]
    fn a_stray_cell_far_out_costs_nothing() {
        let sheet = cells(&[("A1", "'学号"), ("B1048576", "1")]);
        let read = read(&workbook(&[("a", &sheet)]), None).unwrap();
        assert_eq!(read.rows.iter().map(|row| row.number).collect::<Vec<_>>(), [1, 1_048_576]);
        let far = cells(&[("A1", "'学号"), ("ZZZZ2", "1")]);
        assert!(super::read(&workbook(&[("a", &far)]), None).is_err());
    }
}
