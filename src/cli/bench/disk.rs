//! What the ledger takes on disk: journal and index as they lie there, and the index's share by table.

use xuefen_ledger::Table;

use super::limits::size_of;
use super::load::Batched;
use super::{Figure, figure};
use crate::index::View;
use crate::sequencer::Home;

/// Tables worth a line of their own; the others hold little.
const TABLES: [(Table, &str); 7] = [
    (Table::Nonce, "index, live: nonces"),
    (Table::Entry, "index, live: entries"),
    (Table::OutcomesOf, "index, live: outcomes by account"),
    (Table::Outcome, "index, live: outcomes"),
    (Table::Source, "index, live: record numbers"),
    (Table::Line, "index, live: attempts"),
    (Table::IssuedBy, "index, live: entries by issuer"),
];

/// Sizes, and how they compare with what was posted.
pub fn figures(home: &Home, index: &View, batched: &Batched) -> anyhow::Result<Vec<Figure>> {
    let (journal, vault, whole) = (size_of(&home.journal())?, size_of(&home.vault())?, size_of(&home.index())?);
    let mut figures = vec![
        figure("entries in the log", batched.entries as f64, ""),
        figure("disk: journal", (journal >> 20) as f64, "MiB"),
        figure("disk: index", (whole >> 20) as f64, "MiB"),
        figure("disk / logical bytes", (journal + vault + whole) as f64 / batched.logical as f64, "x"),
    ];
    let census = index.census()?;
    // What is in memory only is in none of the figures below, so they are of the entries on disk.
    let entries = census.tables.get(&Table::Entry.byte()).map_or(1, |table| table.rows.max(1)) as f64;
    let mut named = |name, bytes: u64| figures.push(figure(name, bytes as f64 / entries, "bytes an entry"));
    let stored = |table: Table| census.tables.get(&table.byte()).map_or(0, |table| table.stored);
    let all: u64 = census.tables.values().map(|table| table.stored).sum();
    for (table, name) in TABLES {
        named(name, stored(table));
    }
    named("index, live: all other rows", all - TABLES.iter().map(|(table, _)| stored(*table)).sum::<u64>());
    named("index, live: hashes of leaves and tiles", census.tiles);
    named("index, live: positions", census.positions);
    named("index, live: filters and sparse indices", census.filters + census.sparse);
    named("index, live: in all", all + census.tiles + census.positions + census.filters + census.sparse);
    Ok(figures)
}
