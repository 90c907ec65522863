//! `xuefen log`: the public log, with every proof checked here and not believed.
//!
//! What an entry means is not looked at; `verify` does that for presentations.

mod witnesses;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::json;
use xuefen_core::Hash;
use xuefen_core::bytes::Bytes;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::entry::Entry;
use xuefen_core::kinds::Kind;
use xuefen_core::policy::Policy;
use xuefen_core::proto::Statement;
use xuefen_core::tree::{LeafIndex, TreeSize, verify_consistency, verify_inclusion};

use super::client::{self, Client, ServerArgs};
use super::exit::Exit;
use super::export;
use super::online_messages as m;
use super::output::Output;
use crate::api::proto::{
    GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest, ListEntriesRequest,
    WatchCheckpointsRequest, Witnessing,
};
use crate::sequencer::Home;

/// What to read of the log.
#[derive(Debug, Subcommand)]
pub enum Log {
    /// The newest checkpoint: how large the log is and what is in it. Keep it to hold the log to it later.
    Checkpoint(CheckpointArgs),
    /// Check that an entry is in the log.
    Inclusion(Inclusion),
    /// Check that the log of an older checkpoint is the beginning of that of a newer one.
    Consistency(Consistency),
    /// Entries in order.
    Entries(Entries),
    /// Write the public log of a ledger's directory as static files.
    Export(export::Export),
}

/// Whom to ask and by what to check.
#[derive(Debug, Args)]
pub struct Common {
    /// Logs and witnesses to trust; without it signatures of checkpoints are not checked [default: policy.txt of --dir].
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Arguments of `log checkpoint`.
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// Write the signed note to a file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// One that a quorum of the server's witnesses has cosigned; waits for it.
    #[arg(long)]
    witnessed: bool,
    /// Wait until it covers so many entries: for the entry at index i, i + 1.
    #[arg(long, value_name = "SIZE")]
    covering: Option<u64>,
    /// Longest wait, seconds; then exit code 3.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    wait: u64,
    #[command(flatten)]
    common: Common,
}

/// Arguments of `log inclusion`.
#[derive(Debug, Args)]
pub struct Inclusion {
    /// Leaf index of the entry.
    index: u64,
    /// Write the proof (c2sp.org/tlog-proof@v1) to a file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Arguments of `log consistency`.
#[derive(Debug, Args)]
pub struct Consistency {
    /// File with the older checkpoint, as `xuefen log checkpoint --out` writes it.
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// File with the newer checkpoint; without it, the newest of the server.
    #[arg(value_name = "NEW")]
    new: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// Arguments of `log entries`.
#[derive(Debug, Args)]
pub struct Entries {
    /// First leaf index.
    #[arg(long, value_name = "INDEX", default_value_t = 0)]
    from: u64,
    /// At most so many.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    count: u64,
    #[command(flatten)]
    common: Common,
}

/// A checkpoint and the note it stands in.
pub struct Noted {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The signed note.
    pub note: String,
}

impl Noted {
    fn parse(note: String) -> anyhow::Result<Self> {
        let checkpoint = Checkpoint::parse_note(&note).context("the checkpoint cannot be read")?;
        Ok(Self { checkpoint, note })
    }
}

/// The newest checkpoint of the server. Where the policy asks for a quorum, the newest that has one, if there is any.
pub async fn newest(client: &Client, policy: Option<&Policy>) -> anyhow::Result<(Noted, Option<Witnessing>)> {
    let answer = client.log().get_checkpoint(GetCheckpointRequest {}).await.map_err(client::ClientError::from)?;
    let answer = answer.into_inner();
    let asks = policy.is_some_and(|policy| !policy.quorum_is_none());
    let witnessed = answer.witnessing.as_ref().map(|it| &it.witnessed_note).filter(|note| asks && !note.is_empty());
    let note = witnessed.unwrap_or(&answer.note).clone();
    Ok((Noted::parse(note)?, answer.witnessing))
}

/// Entries from `start` on, as many as the server sends at once, at most `most`.
pub async fn entries_from(client: &Client, start: u64, most: u32) -> anyhow::Result<Vec<Bytes>> {
    let request = ListEntriesRequest { start, page_size: most };
    let answer = client.log().list_entries(request).await.map_err(client::ClientError::from)?.into_inner();
    Ok(answer.entries.into_iter().map(Bytes::from).collect())
}

/// One entry, in its exact bytes and parsed.
pub async fn entry_at(client: &Client, index: u64) -> anyhow::Result<Entry<Statement>> {
    let bytes = entries_from(client, index, 1).await?.into_iter().next();
    let bytes = bytes.with_context(|| format!("the log has no entry {index} yet"))?;
    Entry::parse(bytes).with_context(|| format!("entry {index} cannot be read"))
}

/// Asks for the proof that `leaf_hash` stands at `index` under the checkpoint, and checks it.
pub async fn check_inclusion(
    client: &Client,
    index: u64,
    leaf_hash: &Hash,
    checkpoint: &Checkpoint,
) -> anyhow::Result<Result<(), String>> {
    Ok(prove_inclusion(client, index, leaf_hash, checkpoint).await?.map(|_| ()))
}

/// [`check_inclusion`], with the path that was checked.
pub async fn prove_inclusion(
    client: &Client,
    index: u64,
    leaf_hash: &Hash,
    checkpoint: &Checkpoint,
) -> anyhow::Result<Result<Vec<Hash>, String>> {
    let request = GetInclusionProofRequest { index, tree_size: checkpoint.size.0 };
    let proof = client.log().get_inclusion_proof(request).await.map_err(client::ClientError::from)?.into_inner();
    let path = hashes(&proof.path)?;
    let checked = verify_inclusion(leaf_hash, LeafIndex(index), checkpoint.size, &path, &checkpoint.root);
    Ok(checked.map(|()| path).map_err(|error| error.to_string()))
}

/// Asks for the proof that the older log is the beginning of the newer one, and checks it.
pub async fn check_consistency(
    client: &Client,
    old: &Checkpoint,
    new: &Checkpoint,
) -> anyhow::Result<Result<(), String>> {
    ensure!(old.origin == new.origin, "the checkpoints are of two logs, {} and {}", old.origin, new.origin);
    ensure!(old.size <= new.size, "the first checkpoint is the newer one; swap them");
    let path = if old.size == TreeSize(0) || old.size == new.size {
        Vec::new()
    } else {
        let request = GetConsistencyProofRequest { old_size: old.size.0, new_size: new.size.0 };
        let proof = client.log().get_consistency_proof(request).await.map_err(client::ClientError::from)?;
        hashes(&proof.into_inner().path)?
    };
    let checked = verify_consistency(old.size, new.size, &path, &old.root, &new.root);
    Ok(checked.map_err(|error| error.to_string()))
}

fn hashes(path: &[Vec<u8>]) -> anyhow::Result<Vec<Hash>> {
    let hash = |bytes: &Vec<u8>| Hash::from_slice(bytes).context("the server sent a proof with a damaged hash");
    path.iter().map(hash).collect()
}

/// Runs `log`.
pub fn run(command: Log, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match command {
        Log::Checkpoint(args) => checkpoint(&args, output),
        Log::Inclusion(args) => inclusion(&args, output),
        Log::Consistency(args) => consistency(&args, output),
        Log::Entries(args) => entries(&args, output),
        Log::Export(args) => export::run(&args, output),
    }
}

impl Common {
    fn policy(&self) -> anyhow::Result<Option<Policy>> {
        let of_dir = || self.server.dir.as_ref().map(|dir| Home::new(dir).policy()).filter(|path| path.exists());
        let Some(path) = self.policy.clone().or_else(of_dir) else { return Ok(None) };
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Policy::parse(&text).map(Some).with_context(|| format!("{}", path.display()))
    }
}

/// Whether the note is signed as the policy asks; nothing without a policy.
fn signed(note: &str, policy: Option<&Policy>) -> Option<Result<(), String>> {
    policy.map(|policy| policy.accept(note).map(|_| ()).map_err(|error| error.to_string()))
}

/// What was found about one claim.
struct Finding {
    text: m::Text,
    result: Option<Result<(), String>>,
}

fn print(findings: &[Finding], facts: serde_json::Value, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let word = |finding: &Finding| match &finding.result {
        None => m::NOT_CHECKED,
        Some(Ok(())) => m::HOLDS,
        Some(Err(_)) => m::DOES_NOT_HOLD,
    };
    let failed = findings.iter().any(|finding| matches!(finding.result, Some(Err(_))));
    if output.is_json() {
        let mut value = facts;
        value["holds"] = (!failed).into();
        value["checks"] = findings
            .iter()
            .map(|finding| {
                let error = finding.result.as_ref().and_then(|result| result.as_ref().err());
                json!({ "check": finding.text.en, "result": word(finding).en, "error": error })
            })
            .collect();
        output.json(&value)?;
    } else {
        let rows = findings.iter().map(|finding| {
            let error = finding.result.as_ref().and_then(|result| result.as_ref().err()).cloned().unwrap_or_default();
            vec![output.text(finding.text).to_owned(), output.text(word(finding)).to_owned(), error]
        });
        let rows: Vec<_> = rows.collect();
        output.table(&[m::CHECKED, m::RESULT, m::REASON], rows)?;
    }
    Ok(if failed { Exit::Fail } else { Exit::Pass })
}

fn save(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn checkpoint(args: &CheckpointArgs, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let policy = args.common.policy()?;
    let waits = args.witnessed || args.covering.is_some();
    let (newest, witnessing) = client::block_on(async {
        let client = args.common.server.connect().await?;
        if !waits {
            let answer =
                client.log().get_checkpoint(GetCheckpointRequest {}).await.map_err(client::ClientError::from)?;
            let answer = answer.into_inner();
            return Ok((Some(Noted::parse(answer.note)?), answer.witnessing));
        }
        let asked = WatchCheckpointsRequest { witnessed: args.witnessed, min_size: args.covering.unwrap_or(0) };
        let note = witnesses::wait(&client, asked, Duration::from_secs(args.wait)).await?;
        Ok((note.map(Noted::parse).transpose()?, None))
    })?;
    let Some(newest) = newest else {
        output.remark(&m::NOT_YET_COVERED.fill(output.lang(), &[("seconds", &args.wait)]));
        return Ok(Exit::CouldNotCheck);
    };
    if let Some(path) = &args.out {
        save(path, &newest.note)?;
    }
    let Checkpoint { origin, size, root } = &newest.checkpoint;
    let findings = [Finding { text: m::SIGNED_AS_TRUSTED, result: signed(&newest.note, policy.as_ref()) }];
    if !output.is_json() {
        output.line(newest.note.trim_end())?;
        output.line("")?;
        if let Some(witnessing) = &witnessing {
            witnesses::print(witnessing, output)?;
        }
    }
    let mut facts = json!({ "origin": origin.to_string(), "tree_size": size.0, "root": root.to_string(),
                        "note": newest.note });
    if let Some(witnessing) = &witnessing {
        facts["witnessing"] = witnesses::json(witnessing);
    }
    print(&findings, facts, output)
}

fn inclusion(args: &Inclusion, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let policy = args.common.policy()?;
    let (newest, entry, included, proof) = client::block_on(async {
        let client = args.common.server.connect().await?;
        let (newest, _) = newest(&client, policy.as_ref()).await?;
        ensure!(
            args.index < newest.checkpoint.size.0,
            "the log has {} entries; an index is below",
            newest.checkpoint.size
        );
        let entry = entry_at(&client, args.index).await?;
        let included = check_inclusion(&client, args.index, &entry.leaf_hash(), &newest.checkpoint).await?;
        let size = newest.checkpoint.size;
        let proof = if args.out.is_some() { Some(proof_text(&client, args.index, size).await?) } else { None };
        Ok((newest, entry, included, proof))
    })?;
    if let (Some(path), Some(proof)) = (&args.out, &proof) {
        save(path, proof)?;
    }
    let findings = [
        Finding { text: m::IN_THE_LOG, result: Some(included) },
        Finding { text: m::SIGNED_AS_TRUSTED, result: signed(&newest.note, policy.as_ref()) },
    ];
    let facts = json!({ "index": args.index, "leaf_hash": entry.leaf_hash().to_string(),
                        "tree_size": newest.checkpoint.size.0, "checkpoint": newest.note });
    print(&findings, facts, output)
}

async fn proof_text(client: &Client, index: u64, size: TreeSize) -> anyhow::Result<String> {
    let request = GetInclusionProofRequest { index, tree_size: size.0 };
    let proof = client.log().get_inclusion_proof(request).await.map_err(client::ClientError::from)?.into_inner().proof;
    ensure!(!proof.is_empty(), "the server gave no proof as text; try again");
    Ok(proof)
}

fn consistency(args: &Consistency, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let read = |path: &PathBuf| -> anyhow::Result<Noted> {
        let note = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Noted::parse(note).with_context(|| format!("{}", path.display()))
    };
    let policy = args.common.policy()?;
    let old = read(&args.old)?;
    let given = args.new.as_ref().map(read).transpose()?;
    let (new, consistent) = client::block_on(async {
        let client = args.common.server.connect().await?;
        let new = match given {
            Some(new) => new,
            None => newest(&client, policy.as_ref()).await?.0,
        };
        if new.checkpoint.size < old.checkpoint.size && args.new.is_none() {
            bail!(
                "the server's log has {} entries, fewer than the {} of the older checkpoint: it was cut or replaced. Keep \
                 your checkpoint: it is evidence",
                new.checkpoint.size,
                old.checkpoint.size
            );
        }
        let consistent = check_consistency(&client, &old.checkpoint, &new.checkpoint).await?;
        Ok((new, consistent))
    })?;
    let findings = [
        Finding { text: m::OLD_SIGNED, result: signed(&old.note, policy.as_ref()) },
        Finding { text: m::SIGNED_AS_TRUSTED, result: signed(&new.note, policy.as_ref()) },
        Finding { text: m::NOTHING_CHANGED, result: Some(consistent) },
    ];
    let facts = json!({ "old_size": old.checkpoint.size.0, "new_size": new.checkpoint.size.0 });
    print(&findings, facts, output)
}

fn entries(args: &Entries, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let found = client::block_on(async {
        let client = args.common.server.connect().await?;
        let mut found = Vec::new();
        while (found.len() as u64) < args.count {
            let left = args.count - found.len() as u64;
            let most = u32::try_from(left.min(1_000)).expect("at most 1,000");
            let page = entries_from(&client, args.from + found.len() as u64, most).await?;
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        Ok(found)
    })?;
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    for (index, bytes) in (args.from..).zip(found) {
        let entry = Entry::<Statement>::parse(bytes).with_context(|| format!("entry {index} cannot be read"))?;
        let statement = entry.statement();
        let kind = statement.message().body.as_ref().map_or("", |body| Kind::of(body).name());
        let (issuer, at) = (statement.issuer().to_owned(), entry.logged_at().seconds());
        values.push(json!({ "index": index, "kind": kind, "issuer": issuer, "logged_at": at,
                            "issued_at": statement.issued_at().seconds(), "leaf_hash": entry.leaf_hash().to_string(),
                            "attestations": entry.attestations().len() }));
        rows.push(vec![index.to_string(), kind.to_owned(), issuer, super::time_text::local(at)]);
    }
    if output.is_json() {
        output.json(&values.into())?;
    } else {
        output.table(&[m::INDEX, m::KIND, m::ISSUER, m::LOGGED_AT], rows)?;
    }
    Ok(Exit::Pass)
}
