//! `xuefen report commit` and `reveal`: the two statements of a seeded inspection.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Inspection, OutcomeKind};
use xuefen_ledger::sample;

use super::sample::take;
use crate::cli::exit::Exit;
use crate::cli::hex::{from_hex, to_hex};
use crate::cli::output::Output;
use crate::cli::private_file::{self, IfExists};
use crate::cli::registry::import::outcome_kind;
use crate::cli::registry::statements::entry_ref;
use crate::cli::speak::{SpeakArgs, speak};

/// First line of a file with an auditor's secret.
const FORMAT: &str = "xuefen-inspection-secret/v1";

/// Arguments of `report commit`.
#[derive(Debug, Args)]
pub struct Commit {
    /// Programme of inspection, a code of your own.
    #[arg(long, value_name = "CODE")]
    scheme: String,
    /// Entries to be drawn.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=i64::from(sample::MOST_DRAWN)))]
    draw: u32,
    /// Only entries of this institution.
    #[arg(long, value_name = "ID", default_value = "")]
    of: String,
    /// Only outcomes of this kind.
    #[arg(long, value_name = "KIND", value_parser = outcome_kind)]
    kind: Option<OutcomeKind>,
    /// Size of the tree whose root decides; must lie ahead. Without it, that of a checkpoint you name when you draw.
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    size: u64,
    /// The secret is written to this new file. Keep it to yourself until you report.
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Arguments of `report reveal`.
#[derive(Debug, Args)]
pub struct Reveal {
    /// Entry that began the inspection.
    #[arg(value_name = "INDEX")]
    commitment: u64,
    /// File with the secret.
    #[arg(long, value_name = "FILE")]
    secret: PathBuf,
    /// Size of the tree that decided, as when the sample was drawn.
    #[arg(long, value_name = "SIZE")]
    size: Option<u64>,
    /// A drawn entry that was found wanting; may be repeated.
    #[arg(long, value_name = "INDEX")]
    finding: Vec<u64>,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Reads the secret of a file that `report commit` wrote.
pub fn read_secret(path: &Path) -> anyhow::Result<[u8; 32]> {
    private_file::check_mode(path)?;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut lines = text.lines();
    let wrong = || format!("{} is no file of 'xuefen report commit'", path.display());
    ensure!(lines.next() == Some(FORMAT), wrong());
    lines.next().and_then(from_hex).with_context(wrong)
}

/// Begins an inspection.
pub fn commit(args: &Commit, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).context("no randomness")?;
    // Kept before anything is said: a commitment without its secret is an inspection that cannot be held.
    private_file::write(&args.secret, format!("{FORMAT}\n{}\n", to_hex(&secret)).as_bytes(), IfExists::Refuse)?;
    let body = Inspection {
        scheme: args.scheme.clone(),
        secret_commitment: sample::commitment(&secret).0.to_vec(),
        checkpoint_size: args.size,
        drawn: args.draw,
        population_issuer: args.of.clone(),
        population_outcome_kind: args.kind.unwrap_or_default().into(),
        ..Inspection::default()
    };
    speak(&args.speak, output, async |_, signer| Ok(vec![signer.posting(Body::Inspection(body))?]))
}

/// Reports on an inspection: draws the sample again, and says what was found wanting in it.
pub fn reveal(args: &Reveal, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let secret = read_secret(&args.secret)?;
    let quiet = output.is_json();
    speak(&args.speak, output, async |client, signer| {
        let client = client.context("the sample is drawn from the log: leave --out or --origin away")?;
        let (sampler, _) = take(client, args.commitment, None, quiet).await?;
        let sample = sampler.draw(Some(&secret), args.size)?;
        let mut findings = args.finding.clone();
        findings.sort_unstable();
        findings.dedup();
        let mut refs = Vec::with_capacity(findings.len());
        for index in findings {
            let drawn = sample.drawn.iter().find(|drawn| drawn.index == index);
            let drawn = drawn.with_context(|| format!("entry {index} was not drawn"))?;
            refs.push(entry_ref(index, drawn.leaf_hash));
        }
        let body = Inspection {
            scheme: sample.scheme,
            checkpoint_size: sample.size,
            secret: secret.to_vec(),
            drawn: sample.asked,
            findings: refs,
            commitment_index: args.commitment,
            root: sample.root.0.to_vec(),
            ..Inspection::default()
        };
        Ok(vec![signer.posting(Body::Inspection(body))?])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        private_file::write(&path, format!("{FORMAT}\n{}\n", "ab".repeat(32)).as_bytes(), IfExists::Refuse).unwrap();
        assert_eq!(read_secret(&path).unwrap(), [0xab; 32]);
        private_file::write(&path, b"something else\n", IfExists::Replace).unwrap();
        assert!(read_secret(&path).unwrap_err().to_string().contains("report commit"));
    }
}
