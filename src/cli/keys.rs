//! `xuefen keys`: make a key, show its public half, write the trust files of a verifier. Talks to no server.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;
use xuefen_core::Hash;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::key::PublicKey;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

use super::exit::Exit;
use super::messages as m;
use super::output::Output;
use super::private_file::IfExists;
use super::secret_key_file::{self, SecretKind, issued_path, nonce_secret_path};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum Keys {
    /// Make an Ed25519 key file and, unless it is a witness's, the nonce secret beside it; mode 0600. Never replaces a file.
    New(New),
    /// Show the public key of a key file: hexadecimal, key id and, with a name, its vkey.
    Show(Show),
    /// Write policy.txt (C2SP tlog-policy) and authority.txt from vkeys, for verifiers.
    Policy(Policy),
}

/// Arguments of `keys new`.
#[derive(Debug, Args)]
pub struct New {
    /// Key file to make.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Key that this one takes over from: its nonce secret and memory are copied, so that sheets signed again stay the same.
    #[arg(long, value_name = "FILE")]
    after: Option<PathBuf>,
    /// Name for the vkey: an origin, an institution id, <origin>/status, or a witness's host and path.
    #[arg(long)]
    name: Option<String>,
    /// What the key signs. A witness's key signs nothing else, and has no nonce secret.
    #[arg(long, value_enum, default_value = "note", requires = "name", conflicts_with = "after")]
    signs: Signs,
}

/// Arguments of `keys show`.
#[derive(Debug, Args)]
pub struct Show {
    /// Key file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name for the vkey: an origin, an institution id, or <origin>/status.
    #[arg(long)]
    name: Option<String>,
    /// What the key signs.
    #[arg(long, value_enum, default_value = "note", requires = "name")]
    signs: Signs,
}

/// What a named key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Signs {
    /// Checkpoints, status notes, statements of an authority (type 0x01).
    Note,
    /// Cosignatures of a witness (type 0x04).
    Cosignature,
}

/// Arguments of `keys policy`.
#[derive(Debug, Args)]
pub struct Policy {
    /// vkey of the log.
    #[arg(long, value_name = "VKEY")]
    log: String,
    /// Address of the log.
    #[arg(long, value_name = "URL")]
    log_url: String,
    /// A witness: name, vkey and address with commas between. Repeat for each.
    #[arg(long, value_name = "NAME,VKEY,URL")]
    witness: Vec<String>,
    /// How many witnesses must have cosigned; `none` for no witness.
    #[arg(long, value_name = "NUMBER|none")]
    quorum: String,
    /// vkey of an authority or of <origin>/status. Repeat for each.
    #[arg(long, value_name = "VKEY", required = true)]
    authority: Vec<String>,
    /// Directory for the two files.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
}

/// Runs `keys`.
pub fn run(command: Keys, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match command {
        Keys::New(args) => new(&args, output),
        Keys::Show(args) => show(&args, output),
        Keys::Policy(args) => policy(&args, output),
    }
}

impl Signs {
    const fn key_type(self) -> KeyType {
        match self {
            Self::Note => KeyType::Note,
            Self::Cosignature => KeyType::Cosignature,
        }
    }
}

fn new(args: &New, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    if args.signs == Signs::Cosignature {
        secret_key_file::write(&args.file, SecretKind::SigningKey, &*secret_key_file::random()?)?;
        let key = secret_key_file::read_key(&args.file)?;
        let files = [(m::KEY_FILE, "key_file", &args.file)];
        print(key.public(), args.name.as_deref(), args.signs.key_type(), &files, output)?;
        return Ok(Exit::Pass);
    }
    let nonce_path = nonce_secret_path(&args.file);
    for path in [&args.file, &nonce_path] {
        ensure!(path.symlink_metadata().is_err(), "{} exists already; keys are never replaced", path.display());
    }
    let nonce_secret = match &args.after {
        Some(old) => secret_key_file::read(&nonce_secret_path(old), SecretKind::NonceSecret)?,
        None => secret_key_file::random()?,
    };
    secret_key_file::write(&nonce_path, SecretKind::NonceSecret, &nonce_secret)?;
    if let Some(memory) = args.after.as_deref().map(issued_path).filter(|memory| memory.exists()) {
        let memory = std::fs::read(&memory).with_context(|| format!("cannot read {}", memory.display()))?;
        super::private_file::write(&issued_path(&args.file), &memory, IfExists::Refuse)?;
    }
    secret_key_file::write(&args.file, SecretKind::SigningKey, &*secret_key_file::random()?)?;
    let key = secret_key_file::read_key(&args.file)?;
    let files = [(m::KEY_FILE, "key_file", &args.file), (m::NONCE_SECRET_FILE, "nonce_secret_file", &nonce_path)];
    print(key.public(), args.name.as_deref(), KeyType::Note, &files, output)?;
    output.remark(output.text(m::KEYS_BACKUP));
    Ok(Exit::Pass)
}

fn show(args: &Show, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let key = secret_key_file::read_key(&args.file)?;
    print(key.public(), args.name.as_deref(), args.signs.key_type(), &[], output)?;
    Ok(Exit::Pass)
}

fn print(
    key: &PublicKey,
    name: Option<&str>,
    key_type: KeyType,
    files: &[(m::Text, &str, &PathBuf)],
    output: &mut Output<'_>,
) -> anyhow::Result<()> {
    let vkey = match name {
        Some(name) => {
            Some(VerifierKey::new(KeyName::parse(name).context("--name")?, key_type, key.clone()).to_string())
        }
        None => None,
    };
    let public = Hash(*key.as_bytes()).to_string();
    if output.is_json() {
        let mut value = json!({ "public_key": public, "key_id": key.id().to_string(), "vkey": vkey });
        for (_, member, path) in files {
            value[*member] = path.display().to_string().into();
        }
        return output.json(&value);
    }
    let mut rows = vec![(m::PUBLIC_KEY, public), (m::KEY_ID, key.id().to_string())];
    rows.extend(vkey.map(|vkey| (m::VKEY, vkey)));
    rows.extend(files.iter().map(|(text, _, path)| (*text, path.display().to_string())));
    let rows: Vec<_> = rows.into_iter().map(|(text, value)| vec![output.text(text).to_owned(), value]).collect();
    output.table(&[m::FIELD, m::VALUE], rows)
}

fn policy(args: &Policy, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let policy = policy_text(args)?;
    xuefen_core::policy::Policy::parse(&policy).context("these keys make no policy")?;
    let authority = authority_text(&args.authority)?;
    let (policy_path, authority_path) = (args.out.join("policy.txt"), args.out.join("authority.txt"));
    for (path, text) in [(&policy_path, policy), (&authority_path, authority)] {
        super::private_file::write(path, text.as_bytes(), IfExists::Refuse)?;
        make_public(path)?;
    }
    let names = (policy_path.display(), authority_path.display());
    if output.is_json() {
        output.json(&json!({ "policy": names.0.to_string(), "authority": names.1.to_string() }))?;
    } else {
        output.line(&m::POLICY_WRITTEN.fill(output.lang(), &[("policy", &names.0), ("authority", &names.1)]))?;
    }
    if args.quorum == "none" {
        output.remark(output.text(m::QUORUM_NONE));
    }
    Ok(Exit::Pass)
}

/// Public keys are for everybody.
fn make_public(path: &Path) -> anyhow::Result<()> {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(path, mode).with_context(|| format!("cannot write {}", path.display()))
}

fn policy_text(args: &Policy) -> anyhow::Result<String> {
    let mut text = format!("log {} {}\n", args.log, args.log_url);
    let mut names = Vec::new();
    for witness in &args.witness {
        let parts: Vec<_> = witness.split(',').collect();
        let [name, vkey, url] = parts[..] else { bail!("--witness {witness}: not NAME,VKEY,URL") };
        writeln!(text, "witness {name} {vkey} {url}")?;
        names.push(name);
    }
    if args.quorum == "none" {
        text.push_str("quorum none\n");
    } else {
        write!(text, "group witnesses {} {}\nquorum witnesses\n", args.quorum, names.join(" "))?;
    }
    Ok(text)
}

fn authority_text(vkeys: &[String]) -> anyhow::Result<String> {
    let text = vkeys.join("\n") + "\n";
    AuthorityFile::parse(&text).context("these keys make no authority file")?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::messages::Lang;

    fn run_json(command: Keys) -> anyhow::Result<serde_json::Value> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        run(command, &mut Output::new(true, Lang::En, &mut out, &mut err))?;
        Ok(serde_json::from_slice(&out)?)
    }

    fn new_key(file: PathBuf, after: Option<PathBuf>) -> anyhow::Result<serde_json::Value> {
        run_json(Keys::New(New { file, after, name: Some("x.example/a".to_owned()), signs: Signs::Note }))
    }

    #[test]
    fn a_new_key_shows_as_it_was_made_and_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let made = new_key(file.clone(), None).unwrap();
        let name = Some("x.example/a".to_owned());
        let shown = run_json(Keys::Show(Show { file: file.clone(), name, signs: Signs::Note })).unwrap();
        assert_eq!((&made["public_key"], &made["vkey"]), (&shown["public_key"], &shown["vkey"]));
        assert!(made["vkey"].as_str().unwrap().starts_with("x.example/a+"));
        assert!(new_key(file, None).unwrap_err().to_string().contains("never replaced"));
    }

    #[test]
    fn a_witness_key_has_its_own_type_and_no_nonce_secret() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("w.key");
        let name = Some("w.example/x".to_owned());
        let new = New { file: file.clone(), after: None, name: name.clone(), signs: Signs::Cosignature };
        let made = run_json(Keys::New(new)).unwrap();
        let shown = run_json(Keys::Show(Show { file: file.clone(), name, signs: Signs::Cosignature })).unwrap();
        assert_eq!(made["vkey"], shown["vkey"]);
        assert_eq!(VerifierKey::parse(made["vkey"].as_str().unwrap()).unwrap().key_type(), KeyType::Cosignature);
        assert!(!nonce_secret_path(&file).exists());
    }

    #[test]
    fn the_key_after_a_key_keeps_its_nonce_secret() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new, other) = (dir.path().join("old"), dir.path().join("new"), dir.path().join("other"));
        let keys = [new_key(old.clone(), None), new_key(new.clone(), Some(old.clone())), new_key(other.clone(), None)];
        let keys = keys.map(|key| key.unwrap()["public_key"].to_string());
        assert_ne!(keys[0], keys[1]);
        let secret = |key| secret_key_file::read(&nonce_secret_path(key), SecretKind::NonceSecret).unwrap();
        assert_eq!(*secret(&old), *secret(&new));
        assert_ne!(*secret(&old), *secret(&other));
        std::fs::write(issued_path(&old), "memory").unwrap();
        let third = dir.path().join("third");
        new_key(third.clone(), Some(old)).unwrap();
        assert_eq!(std::fs::read(issued_path(&third)).unwrap(), b"memory");
    }

    fn policy_args(dir: &Path, quorum: &str) -> Policy {
        let vkey = |name: &str, file: &str, signs| {
            let file = dir.join(file);
            if !file.exists() {
                new_key(file.clone(), None).unwrap();
            }
            let show = Keys::Show(Show { file, name: Some(name.to_owned()), signs });
            run_json(show).unwrap()["vkey"].as_str().unwrap().to_owned()
        };
        Policy {
            log: vkey("x.example/a", "log", Signs::Note),
            log_url: "https://x.example/a".to_owned(),
            witness: vec![format!("w1,{},https://w.example/", vkey("w.example", "w1", Signs::Cosignature))],
            quorum: quorum.to_owned(),
            authority: vec![vkey("x-ministry", "ministry", Signs::Note)],
            out: dir.to_owned(),
        }
    }

    #[test]
    fn a_policy_is_one_that_verifiers_read_and_an_impossible_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        assert!(run_json(Keys::Policy(policy_args(dir.path(), "2"))).is_err(), "two of one witness");
        run_json(Keys::Policy(policy_args(dir.path(), "1"))).unwrap();
        let policy = std::fs::read_to_string(dir.path().join("policy.txt")).unwrap();
        assert_eq!(xuefen_core::policy::Policy::parse(&policy).unwrap().witnesses().len(), 1);
        let authority = std::fs::read_to_string(dir.path().join("authority.txt")).unwrap();
        assert!(authority.starts_with("x-ministry+") && authority.ends_with('\n'));
    }
}
