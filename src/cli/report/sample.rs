//! `xuefen report sample`: the entries that an inspection draws, each with the proof that it is in the log. Drawn here, from
//! every entry of the log, under a root that is computed here and held against the signed checkpoint; the server is not
//! believed.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::json;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::policy::Policy;
use xuefen_core::tree::{Frontier, TreeSize};

use super::commit::read_secret;
use super::sampler::{Sample, Sampler};
use super::words as m;
use crate::cli::client::{self, Client, ServerArgs};
use crate::cli::exit::Exit;
use crate::cli::log::{entries_from, newest, prove_inclusion};
use crate::cli::output::Output;
use crate::cli::progress;

/// Entries asked for at a time.
const PAGE: u32 = 1_000;

/// Arguments of `report sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// Entry that began the inspection.
    #[arg(value_name = "INDEX")]
    commitment: u64,
    /// File with the secret; not needed once the inspection was reported on.
    #[arg(long, value_name = "FILE")]
    secret: Option<PathBuf>,
    /// Size of the tree whose root decides, unless the commitment named it [default: the newest checkpoint's].
    #[arg(long, value_name = "SIZE")]
    size: Option<u64>,
    /// Logs and witnesses to trust; without it the signature of the checkpoint is not checked.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Reads the whole log up to its newest checkpoint, whose root the entries must have.
pub async fn take(
    client: &Client,
    commitment: u64,
    policy: Option<&Policy>,
    quiet: bool,
) -> anyhow::Result<(Sampler, Checkpoint)> {
    let (noted, _) = newest(client, policy).await?;
    if let Some(policy) = policy {
        policy.accept(&noted.note).context("the newest checkpoint is not signed as the policy asks")?;
    }
    let checkpoint = noted.checkpoint;
    let (mut sampler, mut tree) = (Sampler::new(commitment), Frontier::new());
    let bar = progress::bar(checkpoint.size.0, "entries", quiet);
    while sampler.size() < checkpoint.size.0 {
        let page = entries_from(client, sampler.size(), PAGE).await?;
        if page.is_empty() {
            bail!("the server has fewer entries than it signed");
        }
        let left = usize::try_from(checkpoint.size.0 - sampler.size()).unwrap_or(usize::MAX);
        for entry in page.iter().take(left) {
            tree.append(leaf_hash(entry));
            sampler.push(entry);
        }
        bar.set_position(sampler.size());
    }
    bar.finish_and_clear();
    ensure!(
        tree.root() == checkpoint.root,
        "the entries do not have the root that the server signed; keep both and tell the auditor"
    );
    Ok((sampler, checkpoint))
}

/// Runs `report sample`.
pub fn run(args: &SampleArgs, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let secret = args.secret.as_deref().map(read_secret).transpose()?;
    let policy = args.policy.as_deref().map(|path| {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Policy::parse(&text).with_context(|| path.display().to_string())
    });
    let (policy, quiet) = (policy.transpose()?, output.is_json());
    let (sample, paths) = client::block_on(async {
        let client = args.server.connect().await?;
        let (sampler, checkpoint) = take(&client, args.commitment, policy.as_ref(), quiet).await?;
        let sample = sampler.draw(secret.as_ref().map(|secret| &secret[..]), args.size)?;
        let decided = Checkpoint { size: TreeSize(sample.size), root: sample.root, ..checkpoint };
        let mut paths = Vec::with_capacity(sample.drawn.len());
        for drawn in &sample.drawn {
            let path = prove_inclusion(&client, drawn.index, &drawn.leaf_hash, &decided).await?;
            paths.push(path.map_err(|why| anyhow::anyhow!("entry {}: its proof does not hold: {why}", drawn.index))?);
        }
        Ok((sample, paths))
    })?;
    if output.is_json() {
        let path = |index: u64| {
            let at = sample.drawn.iter().position(|drawn| drawn.index == index);
            let path = at.and_then(|at| paths.get(at)).into_iter().flatten();
            path.map(ToString::to_string).collect::<Vec<_>>()
        };
        output.json(&sample.as_json(|drawn| vec![("path", json!(path(drawn.index)))]))?;
    } else {
        show(&sample, output, |_| String::new())?;
    }
    Ok(if sample.strays().is_empty() { Exit::Pass } else { Exit::Fail })
}

/// The sample as a table; `verdict` says what was found of an entry.
pub fn show(sample: &Sample, output: &mut Output<'_>, verdict: impl Fn(u64) -> String) -> anyhow::Result<()> {
    let lang = output.lang();
    let found = |index: u64| {
        let wanting = sample.told.as_ref().is_some_and(|(_, findings)| findings.contains(&index));
        if wanting { m::WANTING.in_lang(lang).to_owned() } else { verdict(index) }
    };
    let rows = sample.drawn.iter().map(|drawn| {
        vec![
            drawn.index.to_string(),
            drawn.kind.to_owned(),
            drawn.issuer.clone(),
            drawn.leaf_hash.to_string(),
            found(drawn.index),
        ]
    });
    let rows: Vec<_> = rows.collect();
    output.table(&[m::INDEX, m::KIND, m::ISSUER, m::LEAF_HASH, m::FOUND], rows)?;
    let values: [(&str, &dyn std::fmt::Display); 6] = [
        ("drawn", &sample.drawn.len()),
        ("population", &sample.population),
        ("scheme", &sample.scheme),
        ("size", &sample.size),
        ("root", &sample.root),
        ("seed", &sample.seed),
    ];
    output.line(&m::SAMPLE.fill(lang, &values))?;
    if let Some((index, findings)) = &sample.told {
        output.line(&m::TOLD.fill(lang, &[("index", index), ("findings", &findings.len())]))?;
    }
    for index in sample.strays() {
        output.line(&m::STRAY.fill(lang, &[("index", &index)]))?;
    }
    Ok(())
}
