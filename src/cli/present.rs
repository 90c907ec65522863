//! `xuefen present`: a file that shows one outcome to whoever it is given to, and no more than was chosen.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use xuefen_core::kinds::tags;

use super::client::{self, ClientError, ServerArgs};
use super::exit::Exit;
use super::login::{Learner, LearnerArgs};
use super::online_messages as m;
use super::output::Output;
use super::private_file::{self, IfExists};
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
pub async fn presentation(learner: &Learner, index: u64, mut tags: Vec<u32>) -> Result<Vec<u8>, ClientError> {
    tags.sort_unstable();
    tags.dedup();
    let request = CreatePresentationRequest { parent: learner.account.clone(), index, tags };
    let request = learner.client.request(request);
    Ok(learner.client.verification().create_presentation(request).await?.into_inner().presentation)
}

/// Runs `present`.
pub fn run(args: &Present, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let file = client::block_on(async {
        let learner = args.learner.login(args.server.connect().await?).await?;
        Ok(presentation(&learner, args.index, args.show.clone()).await?)
    })?;
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
