//! `xuefen rebuild-index`: make the index anew from the journal. Everything in it can be lost and had again.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::output::Output;
use crate::index::Index;
use crate::journal::DirLock;
use crate::sequencer::Home;
use crate::server::start::Witnessing;
use crate::server::telemetry;

/// Arguments of `rebuild-index`.
#[derive(Debug, Args)]
pub struct RebuildIndex {
    /// Directory of the ledger. No server may run on it.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// The file that `serve --checkpoint-file` names.
    #[arg(long, value_name = "FILE")]
    pub checkpoint_file: Option<PathBuf>,
    /// Go on although this witness of policy.txt does not answer. Only if the directory is certainly no restored copy.
    #[arg(long, value_name = "NAME")]
    pub skip_witness: Vec<String>,
}

/// Runs the command.
pub fn run(args: &RebuildIndex, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    telemetry::start(output.is_json());
    let home = Home::new(&args.dir).with_checkpoint_file(args.checkpoint_file.clone());
    {
        // A running server holds this lock; its index is left alone.
        let _lock = DirLock::take(&home.journal())?;
        Index::drop_dir(&home.index())?;
    }
    let bar = super::progress::bar(0, "entries", output.is_json());
    let shown = bar.clone();
    let api = super::serve::open(
        &home,
        Box::new(move |done, all| {
            shown.set_length(all);
            shown.set_position(done);
        }),
        Witnessing { skip: args.skip_witness.clone(), ..Witnessing::default() },
    )?;
    bar.finish_and_clear();
    let entries = api.ledger.view().tree.size;
    if output.is_json() {
        output.json(&json!({ "entries": entries }))?;
    } else {
        output.line(&format!("the index holds {entries} entries"))?;
    }
    Ok(Exit::Pass)
}
