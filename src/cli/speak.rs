//! What the commands share that sign a statement themselves: keys and issuer, then to the server or into a file.
//!
//! Which statement is the command's affair.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::json;
use xuefen_core::Hash;
use xuefen_core::key::SecretKey;
use xuefen_core::origin::Origin;

use super::batch_file::BatchWriter;
use super::client::{self, Client, ServerArgs};
use super::exit::Exit;
use super::online_messages as m;
use super::output::Output;
use super::post::{self, stream, summary::Summary};
use super::private_file::{IfExists, PrivateFile};
use super::registry::statements::Signer;
use super::secret_key_file;
use crate::api::proto::Posting;

/// Who speaks, and where to.
#[derive(Clone, Debug, Args)]
pub struct SpeakArgs {
    /// Institution id of who says it.
    #[arg(long, value_name = "ID")]
    pub issuer: String,
    /// Key file that signs. Repeat where several parties sign the same statement, such as province and ministry.
    #[arg(long, value_name = "FILE", required = true)]
    pub key: Vec<PathBuf>,
    /// Origin of the ledger; asked of the server if not given.
    #[arg(long, value_name = "ORIGIN")]
    pub origin: Option<String>,
    /// Write a signed batch file for `xuefen post` instead of posting. With --origin no server is needed.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Where it is posted.
    #[command(flatten)]
    pub server: ServerArgs,
}

/// Unix seconds by this machine's clock.
pub fn now() -> anyhow::Result<i64> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    i64::try_from(now).context("the clock is wrong")
}

/// Makes postings with the issuer's keys, then posts them or writes them to a file, and prints what came of it. Where the
/// postings can be made without a server, `make` gets none if none is needed.
pub fn speak(
    args: &SpeakArgs,
    output: &mut Output<'_>,
    make: impl AsyncFnOnce(Option<&Client>, &Signer<'_>) -> anyhow::Result<Vec<Posting>>,
) -> anyhow::Result<Exit> {
    let keys: Vec<SecretKey> = args.key.iter().map(|path| secret_key_file::read_key(path)).collect::<Result<_, _>>()?;
    let needs_server = args.out.is_none() || args.origin.is_none();
    let summary = client::block_on(async {
        let client = if needs_server { Some(args.server.connect().await?) } else { None };
        let origin = match (&args.origin, &client) {
            (Some(origin), _) => origin.clone(),
            (None, Some(client)) => post::server_origin(client).await?,
            (None, None) => bail!("--origin is needed to sign without a server"),
        };
        let origin = Origin::parse(&origin).with_context(|| format!("--origin {origin}"))?;
        let signer =
            Signer { origin: origin.as_str(), issuer: &args.issuer, issued_at: now()?, keys: keys.iter().collect() };
        let postings = make(client.as_ref(), &signer).await?;
        match (&args.out, &client) {
            (Some(path), _) => write(path, &origin, &postings).map(|()| None),
            (None, Some(client)) => {
                let mut summary = Summary::default();
                for verdict in stream::post_all(client, postings).await? {
                    summary.add(verdict);
                }
                Ok(Some(summary))
            }
            (None, None) => bail!("nowhere to post to"),
        }
    })?;
    match (summary, &args.out) {
        (Some(summary), _) => {
            print(&summary, output)?;
            Ok(post::exit(&summary))
        }
        (None, Some(path)) => {
            if output.is_json() {
                output.json(&json!({ "file": path.display().to_string() }))?;
            } else {
                output.line(&m::WRITTEN.fill(output.lang(), &[("file", &path.display())]))?;
            }
            Ok(Exit::Pass)
        }
        (None, None) => Ok(Exit::Pass),
    }
}

/// Writes a signed batch file.
pub fn write(path: &std::path::Path, origin: &Origin, postings: &[Posting]) -> anyhow::Result<()> {
    let file = PrivateFile::create(path, IfExists::Refuse)?;
    let mut writer = BatchWriter::new(file, origin, postings.len() as u64)?;
    for posting in postings {
        writer.write(posting)?;
    }
    writer.finish()?.finish()
}

/// Most entries that are shown one by one.
const SHOWN: usize = 50;

/// Every receipt and refusal by itself if they are few; else counts.
fn print(summary: &Summary, output: &mut Output<'_>) -> anyhow::Result<()> {
    let hash = |bytes: &[u8]| Hash::from_slice(bytes).map(|hash| hash.to_string()).unwrap_or_default();
    if output.is_json() {
        let receipts = summary.receipts.iter().map(|(row, receipt)| {
            let flags: Vec<_> = receipt.flags.iter().map(|flag| flag.code.as_str()).collect();
            json!({ "row": row, "index": receipt.index, "leaf_hash": hash(&receipt.leaf_hash),
                    "logged_at": receipt.logged_at, "replayed": receipt.replayed, "pending": receipt.pending,
                    "flags": flags })
        });
        let refusals = summary.refusals.iter().map(|(row, refusal)| {
            json!({ "row": row, "reason": refusal.reason, "field": refusal.field, "rule": refusal.rule,
                    "fix": refusal.fix,
                    "existing_index": refusal.has_existing.then_some(refusal.existing_index) })
        });
        return output.json(&json!({
            "receipts": receipts.collect::<Vec<_>>(),
            "refusals": refusals.collect::<Vec<_>>(),
            "checkpoint": summary.checkpoint,
        }));
    }
    if !summary.receipts.is_empty() && summary.receipts.len() <= SHOWN {
        let rows = summary.receipts.iter().map(|(row, receipt)| {
            let state = if receipt.pending { m::STATE_PENDING } else { m::STATE_LOGGED };
            let state = output.text(state).to_owned();
            vec![row.to_string(), receipt.index.to_string(), hash(&receipt.leaf_hash), state]
        });
        let rows: Vec<_> = rows.collect();
        output.table(&[m::ROW, m::INDEX, m::LEAF_HASH, m::STATUS], rows)?;
    }
    summary.print(None, None, output)
}
