//! Which log is read from outside, and by what it is known: shared by the commands that follow one.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use xuefen_core::policy::Policy;
use xuefen_core::vkey::VerifierKey;

use super::exit::Exit;
use super::output::Output;
use super::outside_messages as m;
use crate::mirror::{self, MirrorError, Noted, Source};

/// By what a log is known.
#[derive(Clone, Debug, Args)]
pub struct LogTrust {
    /// Logs and witnesses to trust.
    #[arg(long, value_name = "FILE", default_value = "policy.txt")]
    pub policy: PathBuf,
    /// Trust this log key instead, as C2SP writes it (name+hash+key), and ask for no witness.
    #[arg(long, value_name = "VKEY", conflicts_with = "policy")]
    pub vkey: Option<String>,
    /// Certificates (PEM) to trust beside this machine's when the log is read over https.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

impl LogTrust {
    /// The policy of the file, or one of the key alone.
    pub fn policy(&self) -> anyhow::Result<Policy> {
        if let Some(vkey) = &self.vkey {
            let key = VerifierKey::parse(vkey).with_context(|| format!("--vkey {vkey}"))?;
            let text = format!("log {key} https://{}\nquorum none\n", key.name());
            return Policy::parse(&text).with_context(|| format!("--vkey {vkey}"));
        }
        let path = self.policy.display();
        let text = std::fs::read_to_string(&self.policy).with_context(|| {
            format!("cannot read {path}; name the log's policy with --policy, or its key with --vkey")
        })?;
        Policy::parse(&text).with_context(|| format!("{path}"))
    }

    /// The log at a URL or in a directory.
    pub fn open(&self, name: &str) -> anyhow::Result<Box<dyn Source>> {
        mirror::open(name, self.ca.as_deref()).with_context(|| format!("cannot read a log from {name}"))
    }
}

/// Who stands behind a checkpoint, in a line.
pub fn backing(noted: &Noted, output: &Output<'_>) -> String {
    if noted.cosigned.is_empty() {
        return output.text(m::SIGNED_ALONE).to_owned();
    }
    let names: Vec<&str> = noted.cosigned.iter().map(|(name, _)| name.as_str()).collect();
    m::COSIGNED.fill(output.lang(), &[("witnesses", &names.join(", "))])
}

/// The same for programs.
pub fn backing_json(noted: &Noted) -> Value {
    noted.cosigned.iter().map(|(name, time)| json!({ "witness": name, "time": time })).collect()
}

/// Says why a log was not followed. A finding about the log is a result, anything else an error.
pub fn not_followed(error: MirrorError, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    if !error.is_finding() {
        return Err(error.into());
    }
    let code = error.code();
    let notes = match &error {
        MirrorError::Contradiction(it) => Some((it.held.note.clone(), it.shown.note.clone())),
        _ => None,
    };
    let error = anyhow::Error::from(error);
    let chain: Vec<String> = error.chain().map(ToString::to_string).collect();
    let text = chain.join(": ");
    if output.is_json() {
        let notes = notes.map(|(held, shown)| json!({ "held": held, "shown": shown }));
        output.json(&json!({ "holds": false, "code": code, "error": text, "notes": notes }))?;
    } else {
        output.line(&m::NOT_FOLLOWED.fill(output.lang(), &[("code", &code), ("error", &text)]))?;
    }
    Ok(Exit::Fail)
}
