//! `xuefen post`: sends a signed batch file to a server and keeps what it answers.
//!
//! The postings were signed before, by `sign` or `registry`, or just now by `sign` (`--sheet`); nothing is signed or
//! changed here.

pub mod sheet;
pub mod stream;
pub mod summary;
pub mod words;

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;

use self::sheet::SheetArgs;
use self::stream::Options;
use self::summary::{Summary, Watched};
use super::batch_file::BatchReader;
use super::client::{self, Client, ServerArgs};
use super::exit::Exit;
use super::output::Output;
use super::progress;
use super::secret_key_file::beside;
use crate::api::proto::GetCheckpointRequest;

/// Arguments of `post`.
#[derive(Debug, Args)]
pub struct Post {
    /// Signed batch file, from `xuefen sign` or `xuefen registry`.
    #[arg(value_name = "FILE", required_unless_present = "sheet")]
    file: Option<PathBuf>,
    #[command(flatten)]
    sheet: SheetArgs,
    /// File for postings that the ledger refuses [default: <FILE>.rejects.csv].
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
    /// File for receipts, which later commands read [default: <FILE>.receipts].
    #[arg(long, value_name = "FILE")]
    receipts: Option<PathBuf>,
    /// Postings in one message.
    #[arg(long, value_name = "NUMBER", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4096))]
    batch: u32,
    /// Postings that may wait for their verdict at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = 8192, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    unanswered: u32,
    /// Give up after so long without a verdict.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs `post`.
pub fn run(args: &Post, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    if let Some(file) = &args.file {
        return send(args, file, output);
    }
    let signed = sheet::sign(&args.sheet, &args.server, output)?;
    let Some(file) = &signed.file else {
        if output.is_json() {
            output.json(&json!({ "signed": signed.report, "posted": null }))?;
        }
        return Ok(signed.exit);
    };
    if !output.is_json() {
        return Ok(worse(signed.exit, send(args, file, output)?));
    }
    let (mut said, mut remarks) = (Vec::new(), Vec::new());
    let sent = send(args, file, &mut Output::new(true, output.lang(), &mut said, &mut remarks));
    for remark in String::from_utf8_lossy(&remarks).lines() {
        output.remark(remark);
    }
    let posted: serde_json::Value = serde_json::from_slice(&said).unwrap_or_default();
    output.json(&json!({ "signed": signed.report, "posted": posted }))?;
    Ok(worse(signed.exit, sent?))
}

/// Of signing and posting: a part is done if either did a part, and nothing if nothing was accepted.
const fn worse(signed: Exit, posted: Exit) -> Exit {
    match (signed, posted) {
        (Exit::Partial, Exit::Pass) => Exit::Partial,
        (_, posted) => posted,
    }
}

fn send(args: &Post, file: &Path, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let options = Options {
        message: args.batch as usize,
        unanswered: args.unanswered as usize,
        patience: Duration::from_secs(args.patience),
    };
    let quiet = output.is_json();
    let lang = output.lang();
    let (summary, ended) = client::block_on(async {
        let client = args.server.connect().await?;
        let mut reader = open(file)?;
        check_origin(&client, reader.origin().as_str()).await?;
        // By path: by dot it would be `Iterator::count`, which reads the whole file.
        let bar = progress::bar(BatchReader::count(&reader), "entries", quiet);
        let mut watched = Watched { summary: Summary::default(), bar: &bar, lang };
        let ended = stream::post(&client, &mut reader, options, &mut watched).await;
        bar.finish_and_clear();
        Ok((watched.summary, ended))
    })?;
    // What was answered is kept even when the posting could not be ended.
    let receipts = args.receipts.clone().unwrap_or_else(|| beside(file, ".receipts"));
    let rejects = args.rejects.clone().unwrap_or_else(|| beside(file, ".rejects.csv"));
    let receipts = Some(receipts).filter(|_| !summary.receipts.is_empty());
    let rejects = Some(rejects).filter(|_| !summary.refusals.is_empty());
    if let Some(path) = &receipts {
        summary.write_receipts(path)?;
    }
    if let Some(path) = &rejects {
        summary.write_rejects(path, lang)?;
    }
    summary.print(receipts.as_deref(), rejects.as_deref(), output)?;
    ended?;
    Ok(exit(&summary))
}

/// How a posting that came to its end is told to scripts.
#[must_use]
pub fn exit(summary: &Summary) -> Exit {
    match (summary.receipts.len(), summary.refusals.len()) {
        (_, 0) => Exit::Pass,
        (0, _) => Exit::Fail,
        _ => Exit::Partial,
    }
}

fn open(path: &Path) -> anyhow::Result<BatchReader<BufReader<File>>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    BatchReader::new(BufReader::with_capacity(1 << 20, file)).with_context(|| format!("{}", path.display()))
}

/// The origin of the server's ledger, from its checkpoint.
pub async fn server_origin(client: &Client) -> Result<String, client::ClientError> {
    let checkpoint = client.log().get_checkpoint(GetCheckpointRequest {}).await?.into_inner();
    Ok(checkpoint.note.lines().next().unwrap_or_default().to_owned())
}

/// A batch for another ledger would be refused entry by entry; better to say so once.
async fn check_origin(client: &Client, origin: &str) -> anyhow::Result<()> {
    let ledger = server_origin(client).await?;
    ensure!(
        ledger == origin,
        "this file was signed for the ledger {origin}, and the server keeps {ledger}: name the right server with --server, \
         or sign the sheet for that ledger"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::proto::{Receipt, Refusal};

    #[test]
    fn refused_rows_show_in_the_exit_code() {
        let made = |receipts: usize, refusals: usize| Summary {
            receipts: vec![(1, Receipt::default()); receipts],
            refusals: vec![(2, Refusal::default()); refusals],
            ..Summary::default()
        };
        let exits = [(0, 0), (2, 0), (1, 1), (0, 1)].map(|(good, bad)| exit(&made(good, bad)) as u8);
        assert_eq!(exits, [0, 0, 4, 1]);
    }
}
