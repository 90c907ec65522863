//! The first part of the demo: genesis, authorities, accreditation, keys, recording rule, courses, families. Turns the
//! sample sheets into what `xuefen registry import` reads.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::messages as m;
use super::place::{Place, write};
use super::samples::{self, JIANGSU, MINISTRY, QINGHAI};
use super::shell::Shell;

/// Rows of a sheet by column.
pub type Rows = Vec<BTreeMap<String, String>>;

/// Reads a sheet in UTF-8.
pub fn rows(path: &str) -> anyhow::Result<Rows> {
    let mut reader = csv::ReaderBuilder::new().from_path(path).with_context(|| format!("cannot read {path}"))?;
    let header: Vec<String> =
        reader.headers()?.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    let row = |record: csv::StringRecord| header.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
    Ok(reader.records().map(|record| record.map(row)).collect::<Result<_, _>>()?)
}

/// How many rows a sheet has.
pub fn records(sheet: &[u8]) -> anyhow::Result<u64> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(sheet);
    reader.records().try_fold(0, |count, record| record.map(|_| count + 1).map_err(Into::into))
}

fn sheet(path: &Path, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(header)?;
    for row in rows {
        out.write_record(row)?;
    }
    write(path, &out.into_inner()?)
}

/// A party's key file as a sheet in `office` names it: from the sheet's own directory.
fn beside(party: &str) -> String {
    format!("../parties/{party}.key")
}

/// Institution ids by slug.
pub fn institutions(place: &Place) -> anyhow::Result<BTreeMap<String, String>> {
    let rows = rows(&place.sample("institutions.csv"))?;
    Ok(rows.into_iter().map(|row| (row["slug"].clone(), row["institution"].clone())).collect())
}

/// Says everything public, in order. `status` is the vkey of status notes.
pub fn furnish(place: &Place, shell: &mut Shell<'_>, status: &str) -> anyhow::Result<()> {
    for (party, id) in [("ministry", MINISTRY), ("qinghai", QINGHAI), ("jiangsu", JIANGSU)] {
        place.ensure_key(party, id)?;
    }
    let ministry = place.key("ministry");
    let by_ministry = ["--issuer", MINISTRY, "--key", &ministry];
    shell.say(m::FURNISH)?;
    let names = ["--name", "学分银行样例账本", "--authority-name", "样例教育主管部门", "--status", status];
    shell.must(&[&["registry", "genesis"], &names[..], &by_ministry].concat())?;

    let path = place.work("authorities.csv");
    let authority = |id: &str, region: &str, party: &str, name: &str| {
        vec![id.to_owned(), "accredit".to_owned(), region.to_owned(), beside(party), name.to_owned()]
    };
    let provinces = [
        authority(QINGHAI, "630000", "qinghai", "样例省级主管部门（青海）"),
        authority(JIANGSU, "320000", "jiangsu", "样例省级主管部门（江苏）"),
    ];
    sheet(&path, &["authority", "role", "region", "key_file", "name"], provinces)?;
    let path = place.work_arg("authorities.csv");
    shell.must(&[&["registry", "import", "authorities", &path], &by_ministry[..]].concat())?;

    let all = rows(&place.sample("institutions.csv"))?;
    accredit(place, shell, &all)?;
    keys(place, shell, &all)?;

    let rules = rows(&place.sample("recording-rules.csv"))?;
    let header =
        ["code", "version", "hour_minutes", "theory_hours_per_credit", "practice_hours_per_credit", "step_millis"];
    sheet(&place.work("rules.csv"), &header, rules.iter().map(|row| header.map(|name| row[name].clone()).to_vec()))?;
    let path = place.work_arg("rules.csv");
    let said = shell.must(&[&["registry", "import", "recording-rules", &path], &by_ministry[..]].concat())?;
    let rule = said["receipts"][0]["index"].as_u64().context("the recording rule has no receipt")?;
    for row in &all {
        offers(place, shell, row, rule)?;
    }
    Ok(())
}

/// Province and nation sign together; a body without region needs the nation alone.
fn accredit(place: &Place, shell: &mut Shell<'_>, all: &Rows) -> anyhow::Result<()> {
    let header = ["institution", "kind", "sector", "region", "outcome_kinds", "families", "name_zh", "name_en"];
    for (part, keys) in
        [("63", vec!["ministry", "qinghai"]), ("32", vec!["ministry", "jiangsu"]), ("", vec!["ministry"])]
    {
        let name = format!("institutions-{part}.csv");
        let of_part = all
            .iter()
            .filter(|row| if part.is_empty() { row["region"].is_empty() } else { row["region"].starts_with(part) });
        sheet(&place.work(&name), &header, of_part.map(|row| header.map(|name| row[name].clone()).to_vec()))?;
        let files: Vec<String> = keys.iter().map(|party| place.key(party)).collect();
        let path = place.work_arg(&name);
        let mut args = vec!["registry", "import", "institutions", &path, "--issuer", MINISTRY];
        args.extend(files.iter().flat_map(|file| ["--key", file.as_str()]));
        shell.must(&args)?;
    }
    Ok(())
}

/// Each institution's key, authorised by the nation and signed by the key itself.
fn keys(place: &Place, shell: &mut Shell<'_>, all: &Rows) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    for row in all {
        place.ensure_key(&row["slug"], &row["institution"])?;
        lines.push(vec![row["institution"].clone(), beside(&row["slug"]), row["institution"].clone()]);
    }
    sheet(&place.work("keys.csv"), &["institution", "key_file", "custodian"], lines)?;
    let (path, ministry) = (place.work_arg("keys.csv"), place.key("ministry"));
    shell.must(&["registry", "import", "keys", &path, "--issuer", MINISTRY, "--key", &ministry])?;
    Ok(())
}

/// Courses and families of an institution, and the offers file that its registrar signs with.
fn offers(place: &Place, shell: &mut Shell<'_>, row: &BTreeMap<String, String>, rule: u64) -> anyhow::Result<()> {
    let (slug, id) = (row["slug"].as_str(), row["institution"].as_str());
    let key = place.key(slug);
    let own = ["--issuer", id, "--key", &key];
    let has = |name: &str| samples::FILES.iter().any(|(file, _)| *file == name);
    let (courses, families) = (format!("courses-{slug}.csv"), format!("families-{slug}.csv"));
    if has(&courses) {
        let header = [
            "code",
            "version",
            "name_zh",
            "name_en",
            "minutes",
            "practice_minutes",
            "category",
            "scale",
            "majors",
            "competency",
        ];
        let full: Vec<&str> = header.into_iter().chain(["credits", "recording_rule_index"]).collect();
        let line = |row: &BTreeMap<String, String>| -> anyhow::Result<Vec<String>> {
            let millis: u64 = row["credit_millis"].parse().context("credit_millis")?;
            let credits = crate::cli::transcript::credits(millis);
            Ok(header.iter().map(|name| row[*name].clone()).chain([credits, rule.to_string()]).collect())
        };
        let lines = rows(&place.sample(&courses))?.iter().map(line).collect::<Result<Vec<_>, _>>()?;
        sheet(&place.work(&courses), &full, lines)?;
        shell.must(&[&["registry", "import", "courses", &place.work_arg(&courses)], &own[..]].concat())?;
    }
    if has(&families) {
        shell.must(&[&["registry", "import", "families", &place.sample(&families)], &own[..]].concat())?;
    }
    if has(&courses) || has(&families) {
        let out = place.work_arg(&format!("offers-{slug}.jsonl"));
        shell.must(&["registry", "offers", id, "--also", MINISTRY, "--out", &out, "--force"])?;
    }
    Ok(())
}

/// A member of a command's JSON as a count.
pub fn count(json: &Value, member: &str) -> u64 {
    json[member].as_u64().unwrap_or_default()
}
