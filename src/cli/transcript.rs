//! `xuefen transcript`: what a learner has, outcome by outcome, with credits and status.

use clap::Args;
use serde_json::{Value, json};
use xuefen_core::Hash;
use xuefen_core::kinds::tags::{self, ValueType};
use xuefen_core::proto::{OutcomeKind, PayloadField};

use super::client::{self, ClientError, ServerArgs};
use super::exit::Exit;
use super::hex::to_hex;
use super::login::{Learner, LearnerArgs};
use super::messages::Lang;
use super::online_messages as m;
use super::output::Output;
use super::registry::enums;
use super::registry::read::name;
use crate::api::proto::{GetTranscriptRequest, Transcript, TranscriptOutcome};

/// Arguments of `transcript`.
#[derive(Debug, Args)]
pub struct TranscriptArgs {
    #[command(flatten)]
    learner: LearnerArgs,
    /// As of this tree size; without it, now.
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    tree_size: u64,
    /// Only this kind of outcome.
    #[arg(long, value_name = "KIND", value_parser = enums::parse::<OutcomeKind>)]
    kind: Option<OutcomeKind>,
    #[command(flatten)]
    server: ServerArgs,
}

/// The whole transcript, over all its pages; credits are those of all of them.
pub async fn get(learner: &Learner, tree_size: u64, kind: Option<OutcomeKind>) -> Result<Transcript, ClientError> {
    let mut whole: Option<Transcript> = None;
    let mut page_token = String::new();
    loop {
        let request = learner.client.request(GetTranscriptRequest {
            name: format!("{}/transcript", learner.account),
            tree_size,
            outcome_kind: kind.unwrap_or_default().into(),
            page_size: 1_000,
            page_token: page_token.clone(),
        });
        let page = learner.client.transcript().get_transcript(request).await?.into_inner();
        page_token.clone_from(&page.next_page_token);
        match &mut whole {
            None => whole = Some(page),
            Some(whole) => {
                whole.credit_millis = whole.credit_millis.saturating_add(page.credit_millis);
                whole.outcomes.extend(page.outcomes);
            }
        }
        if page_token.is_empty() {
            return Ok(whole.unwrap_or_default());
        }
    }
}

/// Thousandths as people write them: `3.5`.
#[must_use]
pub fn credits(millis: u64) -> String {
    let text = format!("{}.{:03}", millis / 1_000, millis % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Runs `transcript`.
pub fn run(args: &TranscriptArgs, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let transcript = client::block_on(async {
        let learner = args.learner.login(args.server.connect().await?).await?;
        Ok(get(&learner, args.tree_size, args.kind).await?)
    })?;
    print(&transcript, output)?;
    Ok(Exit::Pass)
}

/// Prints a transcript.
pub fn print(transcript: &Transcript, output: &mut Output<'_>) -> anyhow::Result<()> {
    if output.is_json() {
        return output.json(&as_json(transcript));
    }
    let lang = output.lang();
    output.table(
        &[m::INDEX, m::WHAT, m::ISSUER, m::ACHIEVED_ON, m::GRADE, m::CREDITS, m::STATUS],
        transcript.outcomes.iter().map(|outcome| row(outcome, lang)),
    )?;
    let (total, count) = (credits(transcript.credit_millis), transcript.outcomes.len());
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("count", &count), ("credits", &total), ("size", &transcript.tree_size)];
    output.line(&m::TRANSCRIPT_TOTAL.fill(lang, &values))
}

fn row(outcome: &TranscriptOutcome, lang: Lang) -> Vec<String> {
    let title = name(&outcome.titles, lang);
    let kind = enums::name::<OutcomeKind>(&outcome.outcome_kind());
    let what = if title.is_empty() { kind } else { title.to_owned() };
    let issuer = match name(&outcome.issuer_names, lang) {
        "" => outcome.issuer.clone(),
        name => name.to_owned(),
    };
    let issuer = if matches!(outcome.issuer_status.as_str(), "" | "active") {
        issuer
    } else {
        format!("{issuer} ({})", outcome.issuer_status)
    };
    let grade =
        if outcome.attempt > 1 { format!("{} (#{})", outcome.grade, outcome.attempt) } else { outcome.grade.clone() };
    let flags: Vec<_> = outcome.flags.iter().map(|flag| flag.code.as_str()).collect();
    let status = [status(&outcome.status, lang).to_owned(), flags.join(" ")].join(" ").trim_end().to_owned();
    let earned = credits(outcome.credit_millis);
    vec![outcome.index.to_string(), what, issuer, outcome.achieved_on.clone(), grade, earned, status]
}

/// A status word of the service in the language; an unknown one as it is.
pub fn status(word: &str, lang: Lang) -> &str {
    let text = match word {
        "valid" => m::VALID,
        "pending" => m::STATUS_PENDING,
        "suspended" => m::SUSPENDED,
        "superseded" => m::SUPERSEDED,
        "revoked" => m::REVOKED,
        "expired" => m::EXPIRED,
        "needs_review" => m::NEEDS_REVIEW,
        "erased" => m::ERASED,
        other => return other,
    };
    text.in_lang(lang)
}

fn as_json(transcript: &Transcript) -> Value {
    let outcomes: Vec<_> = transcript.outcomes.iter().map(outcome_json).collect();
    json!({
        "name": transcript.name,
        "outcomes": outcomes,
        "credits": credits(transcript.credit_millis),
        "credit_millis": transcript.credit_millis,
        "tree_size": transcript.tree_size,
        "checkpoint": transcript.checkpoint,
    })
}

fn outcome_json(outcome: &TranscriptOutcome) -> Value {
    let names = |names: &[xuefen_core::proto::Name]| -> Vec<Value> {
        names.iter().map(|name| json!({ &name.language: name.text })).collect()
    };
    let flags: Vec<_> = outcome.flags.iter().map(|flag| flag.code.as_str()).collect();
    let fields: Vec<_> = outcome.fields.iter().filter(|field| !field.value.is_empty()).map(field).collect();
    json!({
        "index": outcome.index,
        "leaf_hash": Hash::from_slice(&outcome.leaf_hash).map(|hash| hash.to_string()),
        "kind": enums::name::<OutcomeKind>(&outcome.outcome_kind()),
        "issuer": outcome.issuer,
        "issuer_names": names(&outcome.issuer_names),
        "issuer_status": outcome.issuer_status,
        "logged_at": outcome.logged_at,
        "status": outcome.status,
        "titles": names(&outcome.titles),
        "achieved_on": outcome.achieved_on,
        "minutes": outcome.minutes,
        "credits": credits(outcome.credit_millis),
        "credit_millis": outcome.credit_millis,
        "grade": outcome.grade,
        "scale": outcome.scale,
        "passed": outcome.passed,
        "attempt": outcome.attempt,
        "certificate_number": outcome.certificate_number,
        "flags": flags,
        "fields": fields,
    })
}

/// A payload field by name, its value as text or, for bytes, in hexadecimal.
fn field(field: &PayloadField) -> Value {
    let tag = tags::by_number(field.tag);
    let bytes = tag.is_none_or(|tag| matches!(tag.value, ValueType::Bytes(_)));
    let value = match std::str::from_utf8(&field.value) {
        Ok(text) if !bytes => text.to_owned(),
        _ => to_hex(&field.value),
    };
    json!({ "tag": field.tag, "name": tag.map(|tag| tag.name), "value": value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::registry::statements;

    fn transcript() -> Transcript {
        let outcome = TranscriptOutcome {
            index: 12,
            outcome_kind: OutcomeKind::Course.into(),
            issuer: "x-school".into(),
            issuer_names: vec![statements::name("示例学校")],
            issuer_status: "revoked".into(),
            status: "valid".into(),
            titles: vec![statements::name("甲")],
            grade: "66".into(),
            attempt: 2,
            credit_millis: 3_500,
            ..TranscriptOutcome::default()
        };
        Transcript { outcomes: vec![outcome], credit_millis: 3_500, tree_size: 20, ..Transcript::default() }
    }

    #[test]
    fn credits_are_decimals() {
        let written = [0, 500, 1_000, 3_250, 12_001].map(credits);
        assert_eq!(written, ["0", "0.5", "1", "3.25", "12.001"]);
    }

    #[test]
    fn a_line_says_what_from_whom_and_that_the_issuer_has_ended() {
        let row = row(&transcript().outcomes[0], Lang::Zh);
        assert_eq!(row, ["12", "甲", "示例学校 (revoked)", "", "66 (#2)", "3.5", "有效"]);
    }

    #[test]
    fn programs_get_everything_by_name() {
        let mut transcript = transcript();
        let value = "x".into();
        transcript.outcomes[0].fields = vec![PayloadField { tag: tags::GRADE.number, value }];
        let json = as_json(&transcript);
        assert_eq!((&json["credits"], &json["outcomes"][0]["kind"]), (&"3.5".into(), &"course".into()));
        assert_eq!(json["outcomes"][0]["fields"][0]["name"], "grade");
    }
}
