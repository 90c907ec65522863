//! `xuefen present`: a file that shows one outcome to whoever it is given to, and no more than was chosen.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use xuefen_core::holder::{HolderProof, Request, Shown};
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::presentation::Presentation;
use xuefen_core::text::from_base64;

use super::client::{self, ClientError, ServerArgs};
use super::exit::Exit;
use super::login::{Learner, LearnerArgs};
use super::online_messages as m;
use super::output::Output;
use super::private_file::{self, IfExists};
use super::secret_key_file;
use super::speak::now;
use crate::api::proto::CreatePresentationRequest;

/// Arguments of `present`.
#[derive(Debug, Args)]
pub struct Present {
    /// Leaf index of the outcome, as the transcript shows it.
    #[arg(value_name = "INDEX")]
    index: u64,
    /// File to write, as diploma.xuefen.json.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// What to show: tags by name (title, grade, …) or number, with commas between; without it, what an employer asks for.
    #[arg(long, value_name = "TAG,…", value_delimiter = ',', value_parser = tag)]
    show: Vec<u32>,
    /// Device key that proves its holder to whoever asked: its file. Shows the account id, too.
    #[arg(long, value_name = "FILE", requires_all = ["audience", "challenge"])]
    device_key: Option<PathBuf>,
    /// With --device-key: who asks, as the verifier said.
    #[arg(long, value_name = "TEXT", requires = "device_key")]
    audience: Option<String>,
    /// With --device-key: the verifier's challenge, in base64.
    #[arg(long, value_name = "BASE64", requires = "device_key")]
    challenge: Option<String>,
    /// Replace a file that exists.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    learner: LearnerArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// A tag by name or by number.
pub fn tag(text: &str) -> anyhow::Result<u32> {
    let plain = text.trim().replace([' ', '-'], "_");
    if let Ok(number) = plain.parse() {
        return Ok(number);
    }
    let tag = tags::by_name(&plain).with_context(|| format!("{text:?} is no tag; docs/spec/tags.md lists them"))?;
    Ok(tag.number)
}

/// A presentation of an outcome that shows `tags`; none = those that an employer asks for.
pub async fn presentation(learner: &Learner, index: u64, tags: Vec<u32>) -> Result<Vec<u8>, ClientError> {
    presentation_of(learner, index, tags, Vec::new()).await
}

/// [`presentation`] with the entry that binds a device key, if one is given.
async fn presentation_of(
    learner: &Learner,
    index: u64,
    mut tags: Vec<u32>,
    holder_key: Vec<u8>,
) -> Result<Vec<u8>, ClientError> {
    tags.sort_unstable();
    tags.dedup();
    let request = CreatePresentationRequest { parent: learner.account.clone(), index, tags, holder_key };
    let request = learner.client.request(request);
    Ok(learner.client.verification().create_presentation(request).await?.into_inner().presentation)
}

/// Adds the holder's proof to a presentation: over its subject, what is shown of it, and what the verifier asked.
fn prove(file: &[u8], key: &SecretKey, request: Request<'_>, time: u64) -> anyhow::Result<Vec<u8>> {
    let mut made = Presentation::parse(file).context("the server sent a damaged presentation")?;
    let fields = made.subject.disclosure.field_commitments().context("the server sent a damaged presentation")?;
    let origin = made.checkpoint.lines().next().unwrap_or_default().to_owned();
    let shown = Shown { origin: &origin, subject: leaf_hash(&made.subject.entry), fields: &fields };
    made.holder = Some(HolderProof::sign(key, request, time, shown)?);
    Ok(made.to_json().into_bytes())
}

/// Runs `present`.
pub fn run(args: &Present, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let key = args.device_key.as_deref().map(secret_key_file::read_key).transpose()?;
    let holder_key = key.as_ref().map(|key| key.public().as_bytes().to_vec()).unwrap_or_default();
    let mut file = client::block_on(async {
        let learner = args.learner.login(args.server.connect().await?).await?;
        Ok(presentation_of(&learner, args.index, args.show.clone(), holder_key).await?)
    })?;
    if let (Some(key), Some(audience), Some(challenge)) = (&key, &args.audience, &args.challenge) {
        let challenge = from_base64(challenge).context("--challenge")?;
        file = prove(&file, key, Request { audience, challenge: &challenge }, now()?.unsigned_abs())?;
    }
    let if_exists = if args.force { IfExists::Replace } else { IfExists::Refuse };
    private_file::write(&args.out, &file, if_exists)?;
    let shown = args.out.display();
    if output.is_json() {
        output.json(&json!({ "file": shown.to_string(), "bytes": file.len() }))?;
    } else {
        output.line(&m::PRESENTED.fill(output.lang(), &[("file", &shown)]))?;
    }
    Ok(Exit::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_named_or_numbered() {
        assert_eq!(tag("grade").unwrap(), tags::GRADE.number);
        assert_eq!(tag(" holder-name ").unwrap(), tags::HOLDER_NAME.number);
        assert_eq!(tag("7").unwrap(), 7);
        assert!(tag("nothing").is_err());
    }
}
