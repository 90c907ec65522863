//! One report: asked for with the key of an authority or institution, shown as a table, JSON or CSV.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::{Map, Value, json};

use super::{title, words as m};
use crate::api::proto::report_cell::Value as Cell;
use crate::api::proto::run_report_response::Part;
use crate::api::proto::{
    ReportAbsence, ReportCell, ReportColumn, ReportCounts, ReportHead, ReportPeriod, ReportRow, ReportRowKind,
    RunReportRequest,
};
use crate::cli::client::{self, Client, ClientError, ServerArgs};
use crate::cli::exit::Exit;
use crate::cli::hex::to_hex;
use crate::cli::output::Output;
use crate::cli::time_text::local;
use crate::cli::{login, progress, secret_key_file};
use crate::words::Lang;

/// Which report, of what, asked by whom. What is required is required unless a subcommand is named.
#[derive(Debug, Args)]
pub struct Run {
    /// Name of the report: training, practice, cohort, certificates (`xuefen report list`).
    #[arg(value_name = "NAME", required = true)]
    report: Option<String>,
    /// Id of who asks: an authority, or an institution for its own figures.
    #[arg(long, value_name = "ID", required = true)]
    issuer: Option<String>,
    /// Key file of who asks; of an authority, a key that accredits or audits.
    #[arg(long, value_name = "FILE", required = true)]
    key: Option<PathBuf>,
    /// As of this tree size [default: the newest].
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    tree_size: u64,
    /// What was achieved in this calendar year.
    #[arg(long, value_name = "YEAR", conflicts_with = "school_year")]
    year: Option<u32>,
    /// What was achieved in the school year that ends on 31 August of this year.
    #[arg(long, value_name = "YEAR")]
    school_year: Option<u32>,
    /// Only institutions here: GB/T 2260, six digits, 00 at the end = all below.
    #[arg(long, value_name = "CODE", default_value = "")]
    region: String,
    /// Only this institution.
    #[arg(long, value_name = "ID", default_value = "")]
    institution: String,
    /// Print CSV, one row a line.
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// An answer put together.
struct Answer {
    head: ReportHead,
    rows: Vec<ReportRow>,
}

impl Run {
    fn request(&self) -> RunReportRequest {
        let (period, year) = match (self.year, self.school_year) {
            (Some(year), _) => (ReportPeriod::CalendarYear, year),
            (None, Some(year)) => (ReportPeriod::SchoolYear, year),
            (None, None) => (ReportPeriod::Unspecified, 0),
        };
        RunReportRequest {
            report: self.report.clone().unwrap_or_default(),
            tree_size: self.tree_size,
            period: period.into(),
            year,
            region: self.region.clone(),
            institution: self.institution.clone(),
        }
    }

    async fn ask(&self, client: &Client, quiet: bool, what: &'static str) -> anyhow::Result<Answer> {
        let request = client.request(self.request());
        let mut parts = client.report().run_report(request).await.map_err(ClientError::from)?.into_inner();
        let bar = progress::bar(0, what, quiet);
        let (mut head, mut rows) = (None, Vec::new());
        while let Some(answer) = parts.message().await.map_err(ClientError::from)? {
            match answer.part {
                Some(Part::Progress(progress)) => {
                    bar.set_length(progress.institutions);
                    bar.set_position(progress.institutions_done);
                }
                Some(Part::Head(part)) => head = Some(part),
                Some(Part::Rows(part)) => rows.extend(part.rows),
                None => bail!("the server sent what this program does not know; use a newer one"),
            }
        }
        bar.finish_and_clear();
        let head = head.context("the answer was cut; ask again")?;
        let whole = rows.iter().all(|row| row.cells.len() == head.columns.len());
        ensure!(whole, "the answer has rows of another shape than its columns");
        Ok(Answer { head, rows })
    }
}

/// Runs a report.
pub fn run(args: &Run, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (Some(issuer), Some(key)) = (&args.issuer, &args.key) else { bail!("give --issuer and --key") };
    let key = secret_key_file::read_key(key)?;
    let (quiet, what) = (output.is_json() || args.csv, output.text(m::READING));
    let answer = client::block_on(async {
        let client = login::authenticate(args.server.connect().await?, issuer, &key).await?;
        args.ask(&client, quiet, what).await
    })?;
    if output.is_json() {
        output.json(&as_json(&answer))?;
    } else if args.csv {
        write_csv(&answer, output.writer())?;
    } else {
        show(&answer, output)?;
    }
    Ok(Exit::Pass)
}

/// The word of an absence, or of a kind of row, in files.
fn word(name: &'static str) -> String {
    let last = name.strip_prefix("REPORT_ABSENCE_").or(name.strip_prefix("REPORT_ROW_KIND_"));
    last.unwrap_or(name).to_lowercase()
}

fn absence(why: i32) -> ReportAbsence {
    ReportAbsence::try_from(why).unwrap_or_default()
}

fn as_json(answer: &Answer) -> Value {
    let head = &answer.head;
    let cell = |cell: &Option<Cell>| match cell {
        Some(Cell::Text(text)) => json!(text),
        Some(Cell::Number(number)) => json!(number),
        Some(Cell::Absent(why)) => json!({ "absent": word(absence(*why).as_str_name()) }),
        None => Value::Null,
    };
    let row = |row: &ReportRow| {
        let named = head.columns.iter().zip(&row.cells);
        let mut members: Map<String, Value> =
            named.map(|(column, value)| (column.name.clone(), cell(&value.value))).collect();
        members.insert("row".to_owned(), json!(word(row.kind().as_str_name())));
        Value::Object(members)
    };
    let column = |column: &ReportColumn| json!({ "name": column.name, "unit": column.unit });
    let counts = head.counts.unwrap_or_default();
    json!({
        "report": head.report,
        "origin": head.origin,
        "tree_size": head.tree_size,
        "root": to_hex(&head.root),
        "as_of": head.as_of,
        "year": head.year,
        "period": head.period().as_str_name().trim_start_matches("REPORT_PERIOD_").to_lowercase(),
        "first_day": day(head.first_day),
        "last_day": day(head.last_day),
        "headcount_day": day(head.headcount_day),
        "region": head.region,
        "institution": head.institution,
        "least_persons": head.least_persons,
        "columns": head.columns.iter().map(column).collect::<Vec<_>>(),
        "rows": answer.rows.iter().map(row).collect::<Vec<_>>(),
        "counts": counts_json(&counts),
    })
}

fn counts_json(counts: &ReportCounts) -> Value {
    json!({
        "counted": counts.counted,
        "other_period": counts.other_period,
        "pending": counts.pending,
        "out_of_force": counts.out_of_force,
        "in_review": counts.in_review,
        "erased": counts.erased,
    })
}

/// `YYYY-MM-DD`; empty = no bound.
fn day(day: u32) -> String {
    if day == 0 {
        return String::new();
    }
    local(i64::from(day) * 86_400).split(' ').next().unwrap_or_default().to_owned()
}

/// A header, then a line for each row; every line names the tree size. What may not be told is `suppressed`.
fn write_csv(answer: &Answer, out: &mut dyn std::io::Write) -> anyhow::Result<()> {
    let mut out = csv::Writer::from_writer(out);
    let names = answer.head.columns.iter().map(|column| column.name.as_str());
    out.write_record(std::iter::once("row").chain(names).chain(["tree_size"]))?;
    let size = answer.head.tree_size.to_string();
    for row in &answer.rows {
        let cells = row.cells.iter().map(|cell| match &cell.value {
            Some(Cell::Text(text)) => text.clone(),
            Some(Cell::Number(number)) => number.to_string(),
            Some(Cell::Absent(why)) if absence(*why) == ReportAbsence::NotApplicable => String::new(),
            Some(Cell::Absent(why)) => word(absence(*why).as_str_name()),
            None => String::new(),
        });
        let kind = word(row.kind().as_str_name());
        out.write_record(std::iter::once(kind).chain(cells).chain([size.clone()]))?;
    }
    out.flush()?;
    Ok(())
}

fn show(answer: &Answer, output: &mut Output<'_>) -> anyhow::Result<()> {
    let (head, lang) = (&answer.head, output.lang());
    let titles: Vec<_> = head.columns.iter().map(|column| title(&column.titles, lang).to_owned()).collect();
    let rows = answer.rows.iter().map(|row| {
        let mut cells: Vec<String> = row.cells.iter().map(|cell| shown(cell.value.as_ref(), lang)).collect();
        if row.kind() == ReportRowKind::Total
            && let Some(first) = cells.first_mut()
        {
            m::TOTAL.in_lang(lang).clone_into(first);
        }
        cells
    });
    let rows: Vec<_> = rows.collect();
    output.table_of(&titles, rows)?;
    let (root, time) = (to_hex(&head.root), local(head.as_of));
    output.line(&m::AS_OF.fill(
        lang,
        &[
            ("report", &head.report),
            ("size", &head.tree_size),
            ("origin", &head.origin),
            ("time", &time),
            ("root", &root),
        ],
    ))?;
    if head.first_day > 0 {
        let days: [(&str, &dyn std::fmt::Display); 3] =
            [("first", &day(head.first_day)), ("last", &day(head.last_day)), ("headcount", &day(head.headcount_day))];
        output.line(&m::DAYS.fill(lang, &days))?;
    }
    remarks(answer, output)
}

/// What is in no figure, and why.
fn remarks(answer: &Answer, output: &mut Output<'_>) -> anyhow::Result<()> {
    let (lang, counts) = (output.lang(), answer.head.counts.unwrap_or_default());
    let values: [(&str, &dyn std::fmt::Display); 5] = [
        ("counted", &counts.counted),
        ("other", &counts.other_period),
        ("pending", &counts.pending),
        ("out", &counts.out_of_force),
        ("review", &counts.in_review),
    ];
    output.line(&m::COUNTED.fill(lang, &values))?;
    if counts.erased > 0 {
        output.line(&m::ERASED.fill(lang, &[("erased", &counts.erased)]))?;
    }
    let hidden = |cell: &ReportCell| {
        let absent = if let Some(Cell::Absent(why)) = cell.value { absence(why) } else { ReportAbsence::Unspecified };
        absent == ReportAbsence::Suppressed
    };
    if answer.rows.iter().flat_map(|row| &row.cells).any(hidden) {
        output.line(&m::HIDDEN.fill(lang, &[("least", &answer.head.least_persons)]))?;
    }
    Ok(())
}

fn shown(value: Option<&Cell>, lang: Lang) -> String {
    match value {
        Some(Cell::Text(text)) => text.clone(),
        Some(Cell::Number(number)) => number.to_string(),
        Some(Cell::Absent(why)) => match absence(*why) {
            ReportAbsence::Suppressed => m::SUPPRESSED.in_lang(lang).to_owned(),
            ReportAbsence::NotDeclared => m::NOT_DECLARED.in_lang(lang).to_owned(),
            ReportAbsence::NotApplicable | ReportAbsence::Unspecified => String::new(),
        },
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        let column = |name: &str, unit: &str| ReportColumn { name: name.into(), unit: unit.into(), titles: Vec::new() };
        let cell = |value| ReportCell { value: Some(value) };
        let row =
            |kind: ReportRowKind, cells: [Cell; 2]| ReportRow { kind: kind.into(), cells: cells.map(cell).into() };
        let head = ReportHead {
            report: "cohort".into(),
            tree_size: 7,
            columns: vec![column("institution", ""), column("persons", "persons")],
            ..ReportHead::default()
        };
        let suppressed = Cell::Absent(ReportAbsence::Suppressed.into());
        let rows = vec![
            row(ReportRowKind::Total, [Cell::Text(String::new()), Cell::Number(951)]),
            row(ReportRowKind::Part, [Cell::Text("x, y".into()), suppressed]),
        ];
        Answer { head, rows }
    }

    #[test]
    fn csv_names_the_tree_size_on_every_line_and_says_what_is_suppressed() {
        let mut out = Vec::new();
        write_csv(&answer(), &mut out).unwrap();
        let text = "row,institution,persons,tree_size\ntotal,,951,7\npart,\"x, y\",suppressed,7\n";
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }

    #[test]
    fn json_tells_a_number_from_its_absence() {
        let json = as_json(&answer());
        assert_eq!(json["rows"][0]["persons"], 951);
        assert_eq!(json["rows"][1]["persons"]["absent"], "suppressed");
        assert_eq!((&json["tree_size"], &json["rows"][1]["row"]), (&json!(7), &json!("part")));
    }

    #[test]
    fn a_table_says_when_something_is_hidden() {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        show(&answer(), &mut Output::new(false, Lang::Zh, &mut out, &mut err)).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("合计") && text.contains('＊') && text.contains("日志大小 7"), "{text}");
    }

    #[test]
    fn days_are_those_of_utc_8() {
        assert_eq!((day(20_697).as_str(), day(0).as_str()), ("2026-09-01", ""));
    }
}
