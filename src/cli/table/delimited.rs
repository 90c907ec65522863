//! CSV: rows of a text with commas, tabs or semicolons between, numbered as a spreadsheet numbers them.

use anyhow::Context as _;
use csv::ReaderBuilder;

use super::{Fault, Row, number};

/// The records with the numbers of their rows. The parser skips empty lines and counts those within quotation marks.
pub fn rows(text: &str) -> anyhow::Result<Vec<Row>> {
    let first_line = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';'].into_iter().find(|d| first_line.contains(*d as char) && !first_line.contains(','));
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter.unwrap_or(b','))
        .from_reader(text.as_bytes());
    let (mut row, mut counted, mut within) = (1, 0, 0);
    let mut rows: Vec<Row> = Vec::new();
    for record in reader.records() {
        let record = record.context("not CSV")?;
        // The parser's position is where it began to look: in front of line ends it then skipped.
        let from = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(counted);
        let start = text.len() - text[from..].trim_start_matches(['\r', '\n']).len();
        row += line_ends(&text[counted..start]);
        counted = start;
        let number = row - within;
        within += record.iter().map(line_ends).sum::<u64>();
        let lost = |(at, cell): (usize, &str)| number::has_lost_digits(cell).then_some((at, Fault::DigitsLost));
        let faults = record.iter().enumerate().filter_map(lost).collect();
        rows.push(Row { number, cells: record, faults });
    }
    Ok(rows)
}

/// Line ends as the parser takes them: `\r\n`, `\n` or `\r`.
fn line_ends(text: &str) -> u64 {
    let pairs = text.matches("\r\n").count();
    (text.matches(['\r', '\n']).count() - pairs) as u64
}
