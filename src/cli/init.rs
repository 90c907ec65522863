//! `xuefen init`: make the directory of a new ledger. Its first entry, genesis, is signed by the authority and posted.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::origin::Origin;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

use super::exit::Exit;
use super::output::Output;
use super::private_file::IfExists;
use super::secret_key_file::{self, SecretKind};
use crate::sequencer::{self, Home};

/// Arguments of `init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Directory to make.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Origin of the ledger, for ever: lower-case host/path, such as xuefen.example/qinghai.
    #[arg(long)]
    pub origin: String,
    /// vkey of the national authority, named by its institution id. Genesis is taken from nobody else. Repeat for several.
    #[arg(long, value_name = "VKEY", required = true)]
    pub authority: Vec<String>,
    /// Address under which the log is read, for policy.txt.
    #[arg(long, value_name = "URL", default_value = "https://localhost:8443")]
    pub url: String,
}

/// A ledger's directory as it was just made.
pub struct Made {
    /// Where.
    pub home: Home,
    /// What verifiers know its log by.
    pub log: VerifierKey,
    /// What verifiers know its status notes by.
    pub status: VerifierKey,
}

/// Makes the directory: keys of the log, of status notes and of access; journal and vault; policy.txt and authority.txt.
pub fn make(args: &Init) -> anyhow::Result<Made> {
    let origin = Origin::parse(&args.origin).with_context(|| format!("{:?} is not an origin", args.origin))?;
    for vkey in &args.authority {
        AuthorityFile::parse(&format!("{vkey}\n")).with_context(|| format!("{vkey:?} is not an authority's vkey"))?;
    }
    let home = Home::new(&args.dir);
    ensure!(!home.origin().exists(), "{} holds a ledger already", args.dir.display());
    for dir in [args.dir.clone(), args.dir.join("keys"), args.dir.join("tls")] {
        fs::create_dir_all(&dir).with_context(|| format!("cannot make {}", dir.display()))?;
    }
    let key = |path: PathBuf, name: &str| -> anyhow::Result<VerifierKey> {
        let seed = secret_key_file::random()?;
        secret_key_file::write(&path, SecretKind::SigningKey, &seed)?;
        let public = xuefen_core::key::SecretKey::from_seed(&seed).public().clone();
        Ok(VerifierKey::new(KeyName::parse(name)?, KeyType::Note, public))
    };
    let log = key(home.log_key(), origin.as_str())?;
    let status = key(home.status_key(), &format!("{origin}/status"))?;
    key(home.access_key(), origin.as_str())?;
    let operator = key(home.operator_key(), &format!("{origin}/operator"))?;
    let policy = format!(
        "# Trust policy of {origin}. Add witnesses and a quorum before others rely on it.\nlog {log} {}\nquorum none\n",
        args.url
    );
    let authority = format!(
        "# Authorities of {origin}, and the key of its status notes.\n{}\n{status}\n",
        args.authority.join("\n")
    );
    write(&home.policy(), &policy)?;
    write(&home.authority(), &authority)?;
    write(&home.operators(), &format!("# Who may log in as operator of {origin}. Read at start.\n{operator}\n"))?;
    sequencer::create(&home, &origin)?;
    // Last: a directory without it is one whose making was cut short.
    super::private_file::write(&home.origin(), format!("{origin}\n").as_bytes(), IfExists::Refuse)?;
    Ok(Made { home, log, status })
}

fn write(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Runs the command.
pub fn run(args: &Init, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let Made { home, log, status } = make(args)?;
    if output.is_json() {
        output.json(&json!({ "dir": home.dir(), "log": log.to_string(), "status": status.to_string() }))?;
        return Ok(Exit::Pass);
    }
    output.line(&format!("{}", home.dir().display()))?;
    output.line(&format!("log     {log}"))?;
    output.line(&format!("status  {status}"))?;
    output.remark("next: have the authority sign genesis (xuefen registry genesis), then xuefen serve");
    Ok(Exit::Pass)
}
