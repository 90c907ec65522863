//! `xuefen account …` for what changes about an account later: device keys, amendments, mergers.
//!
//! The learner signs on the device (`sign-binding`, `sign-merger`), the institution or intake posts it; neither sees the
//! other's key. What may enter is the ledger's affair.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::learner::{self, Act};
use xuefen_core::origin::Origin;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AmendAccount, BindKey, MergeAccounts, UnbindKey};

use super::exit::Exit;
use super::hex::to_hex;
use super::online_messages as m;
use super::output::Output;
use super::private_file::{self, IfExists};
use super::secret_key_file;
use super::sign::{Date, value};
use super::speak::{self, SpeakArgs};

const FORMAT: &str = "xuefen-learner-signature/v1";

/// What a learner signed, for the institution that posts it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    format: String,
    origin: String,
    account: String,
    /// With a merger, the account that becomes an alias.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    other: String,
    device_key: String,
    /// Unix seconds.
    #[serde(rename = "signed_at")]
    at: u64,
    signature: String,
}

/// Arguments of `account sign-binding` and `sign-merger`.
#[derive(Debug, Args)]
pub struct SignArgs {
    /// Account id, 32 hexadecimal digits; of a merger, the one that is kept.
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// File of the device key (`xuefen keys new`).
    #[arg(long, value_name = "FILE")]
    device_key: PathBuf,
    /// Origin of the ledger.
    #[arg(long, value_name = "ORIGIN")]
    origin: String,
    /// File to write, for the institution that posts it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Arguments of `account sign-merger`.
#[derive(Debug, Args)]
pub struct SignMerger {
    /// Account id that becomes an alias of the other.
    #[arg(long, value_name = "ACCOUNT")]
    other: String,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `account bind-key`.
#[derive(Debug, Args)]
pub struct Bind {
    /// File that the learner signed with `account sign-binding`.
    #[arg(value_name = "FILE")]
    signed: PathBuf,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Arguments of `account unbind-key`.
#[derive(Debug, Args)]
pub struct Unbind {
    /// Account id, 32 hexadecimal digits.
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// Public half of the device key, 64 hexadecimal digits.
    #[arg(long, value_name = "KEY")]
    device: String,
    /// Reference of the learner's consent.
    #[arg(long, value_name = "TEXT", default_value = "")]
    consent: String,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Arguments of `account amend`. What is left out stays as it was.
#[derive(Debug, Args)]
pub struct Amend {
    /// Account id, 32 hexadecimal digits.
    #[arg(value_name = "ACCOUNT")]
    account: String,
    /// Kind of a further carrier, such as social_security_card.
    #[arg(long, value_name = "KIND", requires = "carrier_number")]
    carrier_kind: Option<String>,
    /// Its number.
    #[arg(long, value_name = "NUMBER", requires = "carrier_kind")]
    carrier_number: Option<String>,
    /// Category of the learner, for reports only.
    #[arg(long, value_name = "TEXT")]
    category: Option<String>,
    /// First day of the category.
    #[arg(long, value_name = "DAY", requires = "category")]
    from: Option<String>,
    /// Last day of the category.
    #[arg(long, value_name = "DAY", requires = "category")]
    until: Option<String>,
    /// Class of restricted visibility.
    #[arg(long, value_name = "TEXT")]
    restricted_class: Option<String>,
    /// Reference of the learner's consent.
    #[arg(long, value_name = "TEXT", default_value = "")]
    consent: String,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// Arguments of `account merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// File that the learner signed with `account sign-merger`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["account", "other"], required_unless_present = "account")]
    signed: Option<PathBuf>,
    /// Account id that is kept, where the learner has no device key.
    #[arg(long, value_name = "ACCOUNT", requires = "other")]
    account: Option<String>,
    /// Account id that becomes an alias.
    #[arg(long, value_name = "ACCOUNT", requires = "account")]
    other: Option<String>,
    /// Reference of the learner's consent.
    #[arg(long, value_name = "TEXT", default_value = "")]
    consent: String,
    #[command(flatten)]
    speak: SpeakArgs,
}

/// An account id, as accounts/… or by its digits.
fn account(text: &str) -> anyhow::Result<[u8; 16]> {
    let digits = text.strip_prefix("accounts/").unwrap_or(text);
    value::hex(digits).with_context(|| format!("{text:?} is no account id of 32 hexadecimal digits"))
}

fn bytes<const N: usize>(what: &str, text: &str) -> anyhow::Result<Vec<u8>> {
    let bytes: Option<[u8; N]> = value::hex(text);
    Ok(bytes.with_context(|| format!("{what}: not {N} bytes in hexadecimal"))?.to_vec())
}

/// Runs `account sign-binding`.
pub fn sign_binding(args: &SignArgs, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let account = account(&args.account)?;
    sign(args, Act::Bind { account }, account, None, output)
}

/// Runs `account sign-merger`.
pub fn sign_merger(args: &SignMerger, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let (kept, other) = (account(&args.sign.account)?, account(&args.other)?);
    sign(&args.sign, Act::Merge { account: kept, other }, kept, Some(other), output)
}

fn sign(
    args: &SignArgs,
    act: Act,
    account: [u8; 16],
    other: Option<[u8; 16]>,
    output: &mut Output<'_>,
) -> anyhow::Result<Exit> {
    let origin = Origin::parse(&args.origin).with_context(|| format!("--origin {}", args.origin))?;
    let key = secret_key_file::read_key(&args.device_key)?;
    let signed_at = speak::now()?.unsigned_abs();
    let signed = Signed {
        format: FORMAT.to_owned(),
        origin: origin.to_string(),
        account: to_hex(&account),
        other: other.map(|other| to_hex(&other)).unwrap_or_default(),
        device_key: to_hex(key.public().as_bytes()),
        at: signed_at,
        signature: to_hex(learner::sign(&key, origin.as_str(), act, signed_at).as_bytes()),
    };
    private_file::write(&args.out, serde_json::to_string_pretty(&signed)?.as_bytes(), IfExists::Refuse)?;
    if output.is_json() {
        output.json(&json!({ "file": args.out.display().to_string(), "device_key": signed.device_key }))?;
    } else {
        output.line(&m::WRITTEN.fill(output.lang(), &[("file", &args.out.display())]))?;
    }
    Ok(Exit::Pass)
}

impl Signed {
    fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let signed: Self = serde_json::from_str(&text).with_context(|| format!("{}", path.display()))?;
        ensure!(signed.format == FORMAT, "{}: not {FORMAT}", path.display());
        Ok(signed)
    }

    /// Values of the tags that hold the signature.
    fn values(&self) -> anyhow::Result<Vec<(Tag, Vec<u8>)>> {
        Ok(vec![
            (tags::ACCOUNT, account(&self.account)?.to_vec()),
            (tags::HOLDER_KEY, bytes::<32>("device_key", &self.device_key)?),
            (tags::LEARNER_SIGNATURE, bytes::<64>("signature", &self.signature)?),
            (tags::SIGNED_AT, self.at.to_string().into_bytes()),
        ])
    }
}

/// Runs `account bind-key`.
pub fn bind(args: &Bind, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let signed = Signed::read(&args.signed)?;
    if !signed.other.is_empty() {
        bail!("{} is the signature under a merger: use account merge", args.signed.display());
    }
    let values = signed.values()?;
    say(&args.speak, output, tags::BIND_KEY, &values, |commitment| Body::BindKey(BindKey { commitment }))
}

/// Runs `account unbind-key`.
pub fn unbind(args: &Unbind, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let values = [
        (tags::ACCOUNT, account(&args.account)?.to_vec()),
        (tags::HOLDER_KEY, bytes::<32>("--device", &args.device)?),
        (tags::CONSENT, value::text(&args.consent).into_bytes()),
    ];
    say(&args.speak, output, tags::UNBIND_KEY, &values, |commitment| Body::UnbindKey(UnbindKey { commitment }))
}

/// Runs `account amend`.
pub fn amend(args: &Amend, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let day = |option: &str, text: &Option<String>| match text {
        Some(text) => {
            let date = Date::parse(text).with_context(|| format!("{option} {text}: write a day as 2026-09-01"))?;
            anyhow::Ok(date.to_string().into_bytes())
        }
        None => Ok(Vec::new()),
    };
    let text = |text: &Option<String>| text.as_deref().map(value::text).unwrap_or_default().into_bytes();
    let number = args.carrier_number.as_deref().map(crate::vault::normalise_document_number).unwrap_or_default();
    let values = [
        (tags::ACCOUNT, account(&args.account)?.to_vec()),
        (tags::CARRIER_KIND, text(&args.carrier_kind)),
        (tags::CARRIER_NUMBER, number.into_bytes()),
        (tags::CATEGORY, text(&args.category)),
        (tags::RESTRICTED_CLASS, text(&args.restricted_class)),
        (tags::CONSENT, value::text(&args.consent).into_bytes()),
        (tags::CATEGORY_FROM, day("--from", &args.from)?),
        (tags::CATEGORY_UNTIL, day("--until", &args.until)?),
    ];
    say(&args.speak, output, tags::AMEND_ACCOUNT, &values, |commitment| Body::AmendAccount(AmendAccount { commitment }))
}

/// Runs `account merge`.
pub fn merge(args: &Merge, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let mut values = match (&args.signed, &args.account, &args.other) {
        (Some(path), ..) => {
            let signed = Signed::read(path)?;
            ensure!(!signed.other.is_empty(), "{} is no signature under a merger", path.display());
            let mut values = signed.values()?;
            values.push((tags::OTHER_ACCOUNT, account(&signed.other)?.to_vec()));
            values
        }
        (None, Some(kept), Some(other)) => {
            vec![(tags::ACCOUNT, account(kept)?.to_vec()), (tags::OTHER_ACCOUNT, account(other)?.to_vec())]
        }
        _ => bail!("give --signed, or --account and --other"),
    };
    values.push((tags::CONSENT, value::text(&args.consent).into_bytes()));
    say(&args.speak, output, tags::MERGE_ACCOUNTS, &values, |commitment| {
        Body::MergeAccounts(MergeAccounts { commitment })
    })
}

/// Signs a private statement about an account and posts it.
fn say(
    args: &SpeakArgs,
    output: &mut Output<'_>,
    table: &[Tag],
    values: &[(Tag, Vec<u8>)],
    body: impl Fn(Vec<u8>) -> Body,
) -> anyhow::Result<Exit> {
    let value = |tag: &Tag| values.iter().find(|(other, _)| other == tag).map(|(_, value)| value.clone());
    let fields: Vec<_> = table.iter().map(|tag| (*tag, value(tag).unwrap_or_default())).collect();
    speak::speak(args, output, async |_, signer| Ok(vec![signer.private(fields, body)?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::messages::Lang;

    #[test]
    fn what_a_learner_signs_is_read_back_and_verifies() {
        let dir = tempfile::tempdir().unwrap();
        let (key, out) = (dir.path().join("device"), dir.path().join("signed"));
        secret_key_file::write(&key, secret_key_file::SecretKind::SigningKey, &[9; 32]).unwrap();
        let hex = "07".repeat(16);
        let args = SignArgs { account: hex, device_key: key, origin: "x.example/a".to_owned(), out: out.clone() };
        let (mut said, mut remarks) = (Vec::new(), Vec::new());
        let mut output = Output::new(true, Lang::En, &mut said, &mut remarks);
        let args = SignMerger { other: format!("accounts/{}", "08".repeat(16)), sign: args };
        sign_merger(&args, &mut output).unwrap();
        let signed = Signed::read(&out).unwrap();
        let public = xuefen_core::key::SecretKey::from_seed(&[9; 32]).public().clone();
        let signature = signed.values().unwrap().remove(2).1;
        let signature = xuefen_core::key::Signature(signature.try_into().unwrap());
        let act = Act::Merge { account: [7; 16], other: [8; 16] };
        assert!(learner::verify(&public, "x.example/a", act, signed.at, &signature));
        assert_eq!((signed.account, signed.other), ("07".repeat(16), "08".repeat(16)));
        assert!(account("07").is_err() && account("accounts/zz").is_err());
    }
}
