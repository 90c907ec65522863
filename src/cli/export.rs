//! `xuefen log export`: the public log of a ledger's directory as static files, for whoever serves files.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use xuefen_core::policy::Policy;

use super::exit::Exit;
use super::output::Output;
use super::outside_messages as m;
use super::progress;
use crate::mirror::Store;
use crate::sequencer::{ExportError, Home, export};
use crate::witness::records::Records;

/// Arguments of `log export`.
#[derive(Debug, Args)]
pub struct Export {
    /// Directory of the files: checkpoint, tiles, entry bundles. A second run writes only what is new.
    #[arg(value_name = "DIR")]
    out: PathBuf,
    /// Directory of the ledger. A server may run on it.
    #[arg(long = "dir", value_name = "DIR")]
    ledger: PathBuf,
}

/// The newest checkpoint with the cosignatures that the ledger's policy asks for, which is what its server shows; `None` if
/// the policy asks for none.
fn witnessed(home: &Home) -> anyhow::Result<Option<String>> {
    let path = home.policy();
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let policy = Policy::parse(&text).with_context(|| path.display().to_string())?;
    if policy.quorum_is_none() {
        return Ok(None);
    }
    let note = Records::new(home.witnesses()).witnessed().filter(|note| policy.accept(note).is_ok());
    let note = note
        .context("no checkpoint has the witnesses yet that policy.txt asks for; serve the ledger with --witnesses")?;
    Ok(Some(note))
}

/// Runs the command.
pub fn run(args: &Export, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let store = Store::open(&args.out)?;
    let bar = progress::bar(0, "entries", output.is_json());
    let shown = |done, all| {
        bar.set_length(all);
        bar.set_position(done);
    };
    let home = Home::new(&args.ledger);
    let witnessed = witnessed(&home)?;
    let exported = export(&home.journal(), witnessed.as_deref(), &store, &shown);
    bar.finish_and_clear();
    let exported = match exported {
        Ok(exported) => exported,
        Err(error @ (ExportError::NotTheSame { .. } | ExportError::Damaged)) => {
            output.remark(&format!("xuefen: {error}"));
            return Ok(Exit::Fail);
        }
        Err(error) => return Err(error).with_context(|| format!("cannot export {}", args.ledger.display())),
    };
    let checkpoint = &exported.checkpoint;
    if output.is_json() {
        output.json(&json!({
            "origin": checkpoint.origin.to_string(), "before": exported.before, "tree_size": checkpoint.size.0,
            "root": checkpoint.root.to_string(), "files": exported.files,
        }))?;
        return Ok(Exit::Pass);
    }
    let values: [(&str, &dyn std::fmt::Display); 5] = [
        ("files", &exported.files),
        ("from", &exported.before),
        ("size", &checkpoint.size),
        ("origin", &checkpoint.origin),
        ("dir", &args.out.display()),
    ];
    output.line(&m::EXPORTED.fill(output.lang(), &values))?;
    output.line(&m::ROOT.fill(output.lang(), &[("root", &checkpoint.root)]))?;
    Ok(Exit::Pass)
}
