//! `xuefen report`: figures for authorities and auditors, as of a tree size. What a report computes is the server's; here is
//! how it is asked for and read.

mod commit;
mod run;
pub mod sample;
pub mod sampler;
mod words;

pub use commit::read_secret;

use clap::{Args, Subcommand};

use super::client::{self, ServerArgs};
use super::exit::Exit;
use super::output::Output;
use crate::api::proto::ListReportsRequest;
use crate::words::Lang;
use serde_json::json;

/// Arguments of `report`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Report {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Run,
}

/// What else there is to do.
#[derive(Debug, Subcommand)]
enum Command {
    /// The reports that there are, with their columns and units.
    List(ServerArgs),
    /// Begin a seeded inspection: be bound to a secret before the tree is known that decides with it.
    Commit(commit::Commit),
    /// The entries that an inspection draws, with proofs.
    Sample(sample::SampleArgs),
    /// Report on an inspection: the secret, and the entries found wanting.
    Reveal(commit::Reveal),
}

/// Runs `report`.
pub fn run(args: &Report, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match &args.command {
        Some(Command::List(server)) => list(server, output),
        Some(Command::Commit(args)) => commit::commit(args, output),
        Some(Command::Sample(args)) => sample::run(args, output),
        Some(Command::Reveal(args)) => commit::reveal(args, output),
        None => run::run(&args.run, output),
    }
}

fn list(server: &ServerArgs, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let reports = client::block_on(async {
        let client = server.connect().await?;
        let answer = client.report().list_reports(ListReportsRequest {}).await;
        Ok(answer.map_err(client::ClientError::from)?.into_inner().reports)
    })?;
    if output.is_json() {
        let column = |column: &crate::api::proto::ReportColumn| {
            json!({ "name": column.name, "unit": column.unit, "zh": title(&column.titles, Lang::Zh),
                    "en": title(&column.titles, Lang::En) })
        };
        let report = |report: &crate::api::proto::ReportKind| {
            json!({ "name": report.name, "zh": title(&report.titles, Lang::Zh), "en": title(&report.titles, Lang::En),
                    "columns": report.columns.iter().map(column).collect::<Vec<_>>() })
        };
        output.json(&json!({ "reports": reports.iter().map(report).collect::<Vec<_>>() }))?;
        return Ok(Exit::Pass);
    }
    let lang = output.lang();
    let rows = reports.iter().map(|report| {
        let columns: Vec<_> = report.columns.iter().map(|column| title(&column.titles, lang)).collect();
        vec![report.name.clone(), title(&report.titles, lang).to_owned(), columns.join(", ")]
    });
    output.table(&[words::REPORT, words::TITLE, words::COLUMNS], rows)?;
    Ok(Exit::Pass)
}

/// The name in a language, or in any.
fn title(names: &[xuefen_core::proto::Name], lang: Lang) -> &str {
    let wanted = if lang == Lang::Zh { "zh" } else { "en" };
    let name = names.iter().find(|name| name.language == wanted).or(names.first());
    name.map_or("", |name| &name.text)
}

/// What is said of an entry that was judged again and is good.
pub(super) const fn holds(lang: Lang) -> &'static str {
    words::HOLDS.in_lang(lang)
}
