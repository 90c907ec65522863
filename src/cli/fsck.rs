//! `xuefen fsck`: read every byte of a ledger's journal and say where the first damage is. Needs no keys and no index.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::exit::Exit;
use super::output::Output;
use crate::journal;
use crate::sequencer::Home;
use crate::server::start;

/// Arguments of `fsck`.
#[derive(Debug, Args)]
pub struct Fsck {
    /// Directory of the ledger.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
}

/// Runs the command.
pub fn run(args: &Fsck, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let home = Home::new(&args.dir);
    let origin = start::origin(&home)?;
    let report = journal::fsck(&home.journal(), Some(origin.as_str())).context("cannot read the journal")?;
    let damage = report.damage.as_ref().map(ToString::to_string);
    if output.is_json() {
        output.json(&json!({
            "frames": report.frames, "entries": report.entries, "bytes": report.bytes, "damage": damage,
        }))?;
    } else {
        output.line(&format!("{} frames, {} entries, {} bytes", report.frames, report.entries, report.bytes))?;
        if let Some(place) = &damage {
            output.line(&format!("damaged: {place}"))?;
            output.remark(
                "do not start this ledger; restore the newest backup and compare its checkpoint with this one's",
            );
        } else {
            output.line("no damage")?;
        }
    }
    Ok(if damage.is_none() { Exit::Pass } else { Exit::Fail })
}
