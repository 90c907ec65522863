//! `xuefen transcript`: what a learner has, outcome by outcome, with credits and status.

use clap::{Args, ValueEnum};
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
use super::sign::Date;
use crate::api::proto::{GetTranscriptRequest, Transcript, TranscriptGrouping, TranscriptOutcome, TranscriptView};

/// Arguments of `transcript`.
#[derive(Debug, Args)]
pub struct TranscriptArgs {
    #[command(flatten)]
    learner: LearnerArgs,
    /// As of this tree size; without it, now.
    #[arg(long, value_name = "SIZE", default_value_t = 0, conflicts_with = "at")]
    tree_size: u64,
    /// As of the end of this day (2026-07-05, UTC+8), with the statuses of then.
    #[arg(long, value_name = "DAY", value_parser = end_of)]
    at: Option<i64>,
    /// Only what makes up the training file (培训档案) or the worker's archive (产业工人电子档案).
    #[arg(long, value_name = "VIEW")]
    view: Option<View>,
    /// Sums by competency, stage of education or programme.
    #[arg(long, value_name = "GROUP")]
    by: Option<Group>,
    /// Only this kind of outcome.
    #[arg(long, value_name = "KIND", value_parser = enums::parse::<OutcomeKind>)]
    kind: Option<OutcomeKind>,
    #[command(flatten)]
    server: ServerArgs,
}

/// Outcomes that make up a file with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum View {
    /// 培训档案
    TrainingFile,
    /// 产业工人电子档案
    WorkArchive,
}

/// What sums are by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Group {
    /// 能力
    Competency,
    /// 学段
    Stage,
    /// 人才培养方案或专业
    Programme,
}

/// The last second of a day in UTC+8.
fn end_of(day: &str) -> Result<i64, String> {
    let date = Date::parse(day).ok_or_else(|| format!("{day} is no day as 2026-07-05"))?;
    Ok(date.unix_start() + 86_399)
}

/// Which outcomes, as of when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Tree size; 0 = now.
    pub tree_size: u64,
    /// Unix seconds; 0 = now.
    pub time: i64,
    /// Only this kind.
    pub kind: Option<OutcomeKind>,
    view: TranscriptView,
    grouping: TranscriptGrouping,
}

impl TranscriptArgs {
    fn asked(&self) -> Asked {
        Asked {
            tree_size: self.tree_size,
            time: self.at.unwrap_or(0),
            kind: self.kind,
            view: match self.view {
                None => TranscriptView::Unspecified,
                Some(View::TrainingFile) => TranscriptView::TrainingFile,
                Some(View::WorkArchive) => TranscriptView::WorkArchive,
            },
            grouping: match self.by {
                None => TranscriptGrouping::Unspecified,
                Some(Group::Competency) => TranscriptGrouping::Competency,
                Some(Group::Stage) => TranscriptGrouping::Stage,
                Some(Group::Programme) => TranscriptGrouping::Programme,
            },
        }
    }
}

/// The whole transcript, over all its pages; sums are those of all of them.
pub async fn get(learner: &Learner, asked: Asked) -> Result<Transcript, ClientError> {
    let mut whole: Option<Transcript> = None;
    let mut page_token = String::new();
    loop {
        let request = learner.client.request(GetTranscriptRequest {
            name: format!("{}/transcript", learner.account),
            tree_size: asked.tree_size,
            outcome_kind: asked.kind.unwrap_or_default().into(),
            time: asked.time,
            view: asked.view.into(),
            grouping: asked.grouping.into(),
            page_size: 1_000,
            page_token: page_token.clone(),
        });
        let page = learner.client.transcript().get_transcript(request).await?.into_inner();
        page_token.clone_from(&page.next_page_token);
        match &mut whole {
            None => whole = Some(page),
            Some(whole) => add(whole, page),
        }
        if page_token.is_empty() {
            return Ok(whole.unwrap_or_default());
        }
    }
}

/// Adds a later page.
fn add(whole: &mut Transcript, page: Transcript) {
    whole.credit_millis = whole.credit_millis.saturating_add(page.credit_millis);
    whole.minutes = whole.minutes.saturating_add(page.minutes);
    whole.practice_minutes = whole.practice_minutes.saturating_add(page.practice_minutes);
    let share = (u128::from(whole.practice_minutes) * 10_000).checked_div(u128::from(whole.minutes)).unwrap_or(0);
    whole.practice_basis_points = u32::try_from(share).unwrap_or(u32::MAX);
    let about_home = |outcome: &TranscriptOutcome| {
        let kind = outcome.outcome_kind();
        outcome.status == "valid" && matches!(kind, OutcomeKind::EnrolmentEvent | OutcomeKind::HomeSchoolTransfer)
    };
    if page.outcomes.iter().any(about_home) {
        whole.home_school = page.home_school;
    }
    whole.outcomes.extend(page.outcomes);
    for group in page.groups {
        match whole.groups.iter_mut().find(|other| other.key == group.key) {
            None => whole.groups.push(group),
            Some(other) => {
                other.credit_millis = other.credit_millis.saturating_add(group.credit_millis);
                other.minutes = other.minutes.saturating_add(group.minutes);
                other.practice_minutes = other.practice_minutes.saturating_add(group.practice_minutes);
                other.outcomes.extend(group.outcomes);
            }
        }
    }
    whole.groups.sort_by(|a, b| a.key.cmp(&b.key));
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
        Ok(get(&learner, args.asked()).await?)
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
    if !transcript.groups.is_empty() {
        output.table(
            &[m::GROUP, m::COUNT, m::CREDITS, m::MINUTES, m::PRACTICE],
            transcript.groups.iter().map(|group| {
                let count = group.outcomes.len().to_string();
                let (minutes, practice) = (group.minutes.to_string(), group.practice_minutes.to_string());
                vec![group.key.clone(), count, credits(group.credit_millis), minutes, practice]
            }),
        )?;
    }
    let (total, count) = (credits(transcript.credit_millis), transcript.outcomes.len());
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("count", &count), ("credits", &total), ("size", &transcript.tree_size)];
    output.line(&m::TRANSCRIPT_TOTAL.fill(lang, &values))?;
    if transcript.minutes > 0 {
        let share = format!("{}.{:02}", transcript.practice_basis_points / 100, transcript.practice_basis_points % 100);
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("minutes", &transcript.minutes), ("practice", &transcript.practice_minutes), ("share", &share)];
        output.line(&m::TRANSCRIPT_PRACTICE.fill(lang, &values))?;
    }
    if !transcript.home_school.is_empty() {
        output.line(&m::TRANSCRIPT_HOME.fill(lang, &[("school", &transcript.home_school)]))?;
    }
    Ok(())
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
        "lapsed" => m::LAPSED,
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
    let groups: Vec<_> = transcript
        .groups
        .iter()
        .map(|group| {
            json!({
                "key": group.key,
                "outcomes": group.outcomes,
                "credit_millis": group.credit_millis,
                "minutes": group.minutes,
                "practice_minutes": group.practice_minutes,
            })
        })
        .collect();
    json!({
        "name": transcript.name,
        "home_school": transcript.home_school,
        "minutes": transcript.minutes,
        "practice_minutes": transcript.practice_minutes,
        "practice_basis_points": transcript.practice_basis_points,
        "groups": groups,
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
        "practice_minutes": outcome.practice_minutes,
        "assurance_tier": outcome.assurance_tier,
        "cosigner": outcome.cosigner,
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
