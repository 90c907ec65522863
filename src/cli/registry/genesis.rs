//! `xuefen registry genesis`: the first entry of a ledger, and `attest`: another party signs what one has signed.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;
use xuefen_core::key::SecretKey;
use xuefen_core::proto::AuthorityRole;
use xuefen_core::vkey::VerifierKey;

use super::statements::{self, Signer};
use crate::api::proto::Posting;
use crate::cli::batch_file::BatchReader;
use crate::cli::exit::Exit;
use crate::cli::online_messages as m;
use crate::cli::output::Output;
use crate::cli::secret_key_file;
use crate::cli::speak::{self, SpeakArgs};

/// Arguments of `registry genesis`. The issuer is the national authority, and `--key` its accredit key.
#[derive(Debug, Args)]
pub struct Genesis {
    /// Name of the ledger. Repeat for other languages.
    #[arg(long, value_name = "NAME", required = true)]
    name: Vec<String>,
    /// Name of the national authority. Repeat for other languages.
    #[arg(long, value_name = "NAME", required = true)]
    authority_name: Vec<String>,
    /// vkey of the ledger's status notes, as `xuefen init` prints it.
    #[arg(long, value_name = "VKEY")]
    status: String,
    /// vkey of the operator's key for learners' applications and accounts.
    #[arg(long, value_name = "VKEY")]
    intake: Option<String>,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Arguments of `registry attest`.
#[derive(Debug, Args)]
pub struct Attest {
    /// Signed batch file, not posted yet.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Key file that signs too. Repeat for several.
    #[arg(long, value_name = "FILE", required = true)]
    key: Vec<PathBuf>,
    /// Signed batch file to write.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// What the first entry says.
pub struct First<'a> {
    /// Names of the ledger.
    pub names: &'a [String],
    /// Names of the national authority, which is the signer's issuer.
    pub authority_names: &'a [String],
    /// Signs the ledger's status notes.
    pub status: &'a VerifierKey,
    /// Posts for learners and the operator, if there is one.
    pub intake: Option<&'a VerifierKey>,
}

/// The first entry, signed by the national authority's accredit key: the signer's first.
pub fn genesis(signer: &Signer<'_>, first: &First<'_>) -> anyhow::Result<Posting> {
    let national = signer.keys.first().context("the national authority's key is needed")?.public();
    let named = |names: &[String]| names.iter().map(|name| statements::name(name)).collect::<Vec<_>>();
    let grant = |role, key| statements::authority_key(signer.issuer, named(first.authority_names), role, "", key);
    let mut keys =
        vec![grant(AuthorityRole::Accredit, national), grant(AuthorityRole::Status, first.status.public_key())];
    keys.extend(first.intake.map(|key| grant(AuthorityRole::Intake, key.public_key())));
    Ok(signer.posting(statements::genesis(named(first.names), keys))?)
}

/// Runs `registry genesis`.
pub fn run(args: &Genesis, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let status = VerifierKey::parse(&args.status).context("--status")?;
    ensure!(
        status.name().as_str().ends_with("/status"),
        "--status {}: not the vkey of status notes; its name ends in /status",
        args.status
    );
    let intake = args.intake.as_deref().map(VerifierKey::parse).transpose().context("--intake")?;
    let first =
        First { names: &args.name, authority_names: &args.authority_name, status: &status, intake: intake.as_ref() };
    speak::speak(&args.speak, output, async |_, signer| {
        let of = status.name().as_str().trim_end_matches("/status");
        ensure!(of == signer.origin, "--status is of the ledger {of}, not {}", signer.origin);
        Ok(vec![genesis(signer, &first)?])
    })
}

/// Runs `registry attest`.
pub fn attest(args: &Attest, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let file = File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let reader = BatchReader::new(BufReader::new(file)).with_context(|| format!("{}", args.file.display()))?;
    let origin = reader.origin().clone();
    let postings: Vec<Posting> =
        reader.collect::<Result<_, _>>().with_context(|| format!("{}", args.file.display()))?;
    let keys: Vec<SecretKey> = args.key.iter().map(|path| secret_key_file::read_key(path)).collect::<Result<_, _>>()?;
    let count = postings.len();
    let postings = statements::attest(postings, &keys.iter().collect::<Vec<_>>())?;
    speak::write(&args.out, &origin, &postings)?;
    let shown = args.out.display();
    if output.is_json() {
        output.json(&json!({ "file": shown.to_string(), "count": count }))?;
    } else {
        output.line(&m::WRITTEN.fill(output.lang(), &[("file", &shown)]))?;
    }
    Ok(Exit::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;
    use xuefen_core::proto::Statement;
    use xuefen_core::proto::statement::Body;
    use xuefen_core::statement::Statement as Parsed;
    use xuefen_core::vkey::{KeyName, KeyType};

    #[test]
    fn genesis_names_the_key_that_signs_it_and_the_status_key() {
        let (ministry, status) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let name = KeyName::parse("x.example/a/status").unwrap();
        let status = VerifierKey::new(name, KeyType::Note, status.public().clone());
        let signer = Signer { origin: "x.example/a", issuer: "x-ministry", issued_at: 1, keys: vec![&ministry] };
        let names = ["示例账本".to_owned()];
        let first = First { names: &names, authority_names: &names, status: &status, intake: None };
        let posting = genesis(&signer, &first).unwrap();
        let statement = Parsed::<Statement>::parse(posting.statement).unwrap();
        let Some(Body::Genesis(genesis)) = &statement.message().body else { panic!("a genesis") };
        let keys: Vec<_> = genesis.keys.iter().map(|key| (key.role(), key.public_key.clone())).collect();
        assert_eq!(
            keys,
            [
                (AuthorityRole::Accredit, ministry.public().as_bytes().to_vec()),
                (AuthorityRole::Status, status.public_key().as_bytes().to_vec())
            ]
        );
        assert_eq!(posting.attestations.len(), 1);
    }
}
