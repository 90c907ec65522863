//! The sheets of the demo: which there are, and the three wrong rows that a registrar corrects.

use anyhow::Context as _;

use super::place::{Place, write_private};
use super::registry;
use super::samples::{CERTIFIERS, HOSTS};

/// A sheet to be signed and posted, and who does it.
pub struct Sheet {
    /// File name without its ending.
    pub name: String,
    /// Slug of the institution.
    pub slug: String,
}

/// The sheets of the term, in the order in which they are posted.
pub fn all() -> Vec<Sheet> {
    let of = |what: &str, slug: &str| Sheet { name: format!("{what}-{slug}"), slug: slug.to_owned() };
    let outcomes = HOSTS.iter().map(|slug| of("outcomes", slug));
    outcomes.chain(CERTIFIERS.iter().map(|slug| of("certificates", slug))).collect()
}

/// Corrects the rejects file of a sheet as `wrong-rows.csv` says, into the file `fixed`; how many rows that are.
pub fn correct(place: &Place, sheet: &str, fixed: &str) -> anyhow::Result<u64> {
    let file = format!("{sheet}.csv");
    let wrong = registry::rows(&place.sample("wrong-rows.csv"))?;
    let path = place.work_arg(&format!("{sheet}.rejects.csv"));
    let mut reader = csv::ReaderBuilder::new().from_path(&path).with_context(|| format!("cannot read {path}"))?;
    let header = reader.headers()?.clone();
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(&header)?;
    let mut rows = 0;
    for record in reader.records() {
        let record = record?;
        // The first column is the number of the row in the sheet.
        let right = wrong.iter().find(|row| row["file"] == file && Some(row["row"].as_str()) == record.get(0));
        let right = right.with_context(|| format!("{path}: nobody knows how to correct a row"))?;
        // The rejects file names the column in its own second column, too.
        let cells = header.iter().zip(&record).enumerate();
        out.write_record(cells.map(
            |(at, (name, cell))| {
                if at > 3 && name == right["column"] { right["right"].as_str() } else { cell }
            },
        ))?;
        rows += 1;
    }
    write_private(&place.work(fixed), &out.into_inner()?)?;
    Ok(rows)
}
