//! `xuefen verify`: check a presentation offline, trusting two files and nothing else (formats.md 5). With a learner's code
//! it is fetched first; the server's own opinion of it is not asked for.
//!
//! The checks are core's; here are files in, words and an exit code out.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;
use xuefen_core::authority::Chain;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::holder::Request;
use xuefen_core::kinds::light::{Body, Statement};
use xuefen_core::kinds::tags::{self, ValueType};
use xuefen_core::policy::Policy;
use xuefen_core::proto::OutcomeKind;
use xuefen_core::text::{from_base64, to_base64};
use xuefen_core::verify::{HolderAsked, Report, Shown, Step, StepResult, Trust, Verdict};

use super::client::{self, ClientError, ServerArgs};
use super::exit::Exit;
use super::messages::{self as m, Lang, Text};
use super::output::{Output, hex};
use super::private_file::{self, IfExists};
use crate::api::proto::VerifyRequest;
use crate::words::headline::headline;
use crate::words::verification as words;

/// Largest presentation (formats.md 5), bytes.
const MAX_PRESENTATION: u64 = 4 * 1024 * 1024;

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// The presentation: a .xuefen.json file.
    #[arg(value_name = "FILE", required_unless_present_any = ["grant", "new_challenge"], conflicts_with_all = ["grant", "new_challenge"])]
    presentation: Option<PathBuf>,
    #[command(flatten)]
    by_grant: ByGrant,
    /// Logs and witnesses to trust.
    #[arg(long, value_name = "FILE", default_value = "policy.txt")]
    policy: PathBuf,
    /// Authorities to trust.
    #[arg(long, value_name = "FILE", default_value = "authority.txt")]
    authority: PathBuf,
    /// Oldest status note to accept, in hours.
    #[arg(long, value_name = "HOURS", default_value_t = 24)]
    status_max_age: u64,
    /// Ask for a holder proof: the audience that the holder was told.
    #[arg(long, value_name = "TEXT", requires = "challenge")]
    audience: Option<String>,
    /// Ask for a holder proof: the challenge that the holder was given, in base64.
    #[arg(long, value_name = "BASE64", requires = "audience")]
    challenge: Option<String>,
    /// Make a challenge for a holder proof, to be sent to the holder and given as --challenge with the answer. Checks
    /// nothing.
    #[arg(long)]
    new_challenge: bool,
    /// Check as of this time, Unix seconds, instead of now.
    #[arg(long, value_name = "SECONDS")]
    at: Option<u64>,
}

/// Instead of a file: what a learner's code shows, fetched from the server once and checked here.
#[derive(Debug, Args)]
pub struct ByGrant {
    /// Code of a learner's grant. It is used up: keep the file with --keep.
    #[arg(long, value_name = "CODE")]
    grant: Option<String>,
    /// Number of the certificate that you were told of; another one is refused.
    #[arg(long, value_name = "TEXT", requires = "grant", default_value = "")]
    certificate_number: String,
    /// Where to keep the presentation that was fetched.
    #[arg(long, value_name = "FILE", requires = "grant")]
    keep: Option<PathBuf>,
    #[command(flatten)]
    server: ServerArgs,
}

impl ByGrant {
    fn fetch(&self, code: &str) -> anyhow::Result<Vec<u8>> {
        let request = VerifyRequest {
            presentation: Vec::new(),
            grant_code: code.to_owned(),
            certificate_number: self.certificate_number.clone(),
        };
        let file = client::block_on(async {
            let client = self.server.connect().await?;
            let answer = client.verification().verify(request).await.map_err(ClientError::from)?;
            Ok(answer.into_inner().presentation)
        })?;
        if let Some(path) = &self.keep {
            // The code is used up: rather a second file than none.
            private_file::write(path, &file, IfExists::Replace)?;
        }
        Ok(file)
    }
}

fn read_file(path: &Path) -> anyhow::Result<Vec<u8>> {
    let unreadable = || format!("cannot read {}", path.display());
    let size = std::fs::metadata(path).with_context(unreadable)?.len();
    ensure!(size <= MAX_PRESENTATION, "{} is larger than any presentation", path.display());
    std::fs::read(path).with_context(unreadable)
}

/// Runs `verify`.
pub fn run(args: &Verify, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    if args.new_challenge {
        let challenge = to_base64(&super::secret_key_file::random()?[..]);
        return if output.is_json() {
            output.json(&json!({ "challenge": challenge }))
        } else {
            output.line(&challenge)
        }
        .map(|()| Exit::Pass);
    }
    let text = |path: &Path| std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()));
    let policy = Policy::parse(&text(&args.policy)?).with_context(|| format!("{}", args.policy.display()))?;
    let authority = AuthorityFile::parse(&text(&args.authority)?);
    let authority = authority.with_context(|| format!("{}", args.authority.display()))?;
    let file = match (&args.presentation, &args.by_grant.grant) {
        (Some(path), _) => read_file(path)?,
        (None, Some(code)) => args.by_grant.fetch(code)?,
        (None, None) => anyhow::bail!("give a FILE or --grant CODE"),
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock is before 1970")?.as_secs();
    let challenge = args.challenge.as_deref().map(from_base64).transpose().context("--challenge")?;
    let request = args.audience.as_deref().zip(challenge.as_deref());
    let trust = Trust {
        policy: &policy,
        now: args.at.unwrap_or(now),
        status_max_age: args.status_max_age.saturating_mul(3600),
        holder: request
            .map(|(audience, challenge)| HolderAsked { request: Request { audience, challenge }, max_age: 300 }),
    };
    let mut chain = Chain::new(&authority);
    let report = xuefen_core::verify::verify::<Statement, _>(&file, &trust, &mut chain);
    if output.is_json() {
        print_json(&report, &chain, output)?;
    } else {
        print_text(&report, &chain, output)?;
    }
    Ok(exit(report.verdict()))
}

const fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Pass => Exit::Pass,
        Verdict::CouldNotCheck => Exit::CouldNotCheck,
        Verdict::Fail => Exit::Fail,
    }
}

/// Whether step 2 passed: only then are the shown fields those that were logged.
fn fields_hold(report: &Report<Statement>) -> bool {
    matches!(report.step(Step::Commitment), StepResult::Pass)
}

fn print_text(report: &Report<Statement>, chain: &Chain, output: &mut Output<'_>) -> anyhow::Result<()> {
    let lang = output.lang();
    let steps = report.steps().map(|(step, result)| {
        let reason = result
            .reason()
            .map_or_else(String::new, |reason| format!("{} ({})", words::reason(reason, lang), reason.as_str()));
        let number = step.number().to_string();
        vec![number, words::step(step).in_lang(lang).to_owned(), words::result(result).in_lang(lang).to_owned(), reason]
    });
    output.table(&[m::STEP, m::CHECKED, m::RESULT, m::REASON], steps)?;
    if let Some(shown) = &report.shown {
        let mut rows = facts(shown, chain, lang);
        if fields_hold(report) {
            let fields =
                shown.disclosed.iter().map(|field| (field_name(field.tag, lang), value(field.tag, &field.value)));
            rows.extend(fields);
        }
        output.table(&[m::FIELD, m::VALUE], rows.into_iter().map(|(name, value)| vec![name, value]))?;
    }
    if report.quorum_none {
        output.remark(output.text(m::QUORUM_NONE));
    }
    if report.verdict() != Verdict::Pass {
        output.line(headline(report).in_lang(lang))?;
    }
    output.line(words::verdict(report.verdict()).in_lang(lang))
}

/// What a person wants to know of the subject beside its fields.
fn facts(shown: &Shown<Statement>, chain: &Chain, lang: Lang) -> Vec<(String, String)> {
    let statement = shown.entry.statement();
    let mut facts: Vec<(Text, String)> = Vec::new();
    if let Some(Body::RecordOutcome(outcome)) = statement.message().said() {
        facts.push((m::OUTCOME_KIND, words::outcome_kind(outcome.outcome_kind()).in_lang(lang).to_owned()));
    }
    facts.push((m::ISSUER, issuer(statement.issuer(), chain, lang)));
    facts.push((m::LEDGER, statement.ledger().to_owned()));
    facts.push((m::LEAF_INDEX, shown.index.to_string()));
    facts.push((m::TREE_SIZE, shown.checkpoint.size.to_string()));
    facts.extend(shown.status.as_ref().map(|status| (m::STATUS, words::status(status.word).in_lang(lang).to_owned())));
    if !shown.cosigned.is_empty() {
        let names: Vec<_> = shown.cosigned.iter().map(|(name, _)| name.as_str()).collect();
        facts.push((m::WITNESSES, names.join(", ")));
    }
    facts.into_iter().map(|(text, value)| (text.in_lang(lang).to_owned(), value)).collect()
}

/// The issuer by name in the language, else any, and by id.
fn issuer(id: &str, chain: &Chain, lang: Lang) -> String {
    let names = chain.names(id);
    let wanted = if lang == Lang::Zh { "zh" } else { "en" };
    let name = names.iter().find(|name| name.language.starts_with(wanted)).or_else(|| names.first());
    name.map_or_else(|| id.to_owned(), |name| format!("{} ({id})", name.text))
}

/// What a tag is called; its number if it is not known.
pub fn field_name(tag: u32, lang: Lang) -> String {
    tags::by_number(tag).map_or_else(
        || tag.to_string(),
        |tag| if lang == Lang::Zh { tag.name_zh.to_owned() } else { tag.name.replace('_', " ") },
    )
}

/// The value as text; bytes in hexadecimal.
pub fn value(tag: u32, value: &[u8]) -> String {
    let bytes = tags::by_number(tag).is_none_or(|tag| matches!(tag.value, ValueType::Bytes(_)));
    match std::str::from_utf8(value) {
        Ok(text) if !bytes => text.to_owned(),
        _ => hex(value),
    }
}

fn print_json(report: &Report<Statement>, chain: &Chain, output: &mut Output<'_>) -> anyhow::Result<()> {
    let lang = output.lang();
    let steps = report.steps().map(|(step, result)| {
        json!({
            "step": step.number(),
            "result": result.as_str(),
            "code": result.reason().map(xuefen_core::verify::Reason::as_str),
            "message": result.reason().map(|reason| words::reason(reason, lang)),
        })
    });
    let steps: Vec<_> = steps.collect();
    let subject = report.shown.as_ref().map(|shown| {
        let statement = shown.entry.statement();
        let kind = match statement.message().said() {
            Some(Body::RecordOutcome(outcome)) => outcome.outcome_kind(),
            _ => OutcomeKind::Unspecified,
        };
        let names: Vec<_> =
            chain.names(statement.issuer()).iter().map(|name| json!({ &name.language: name.text })).collect();
        let fields = shown.disclosed.iter().filter(|_| fields_hold(report)).map(|field| {
            let name = tags::by_number(field.tag).map(|tag| tag.name);
            json!({ "tag": field.tag, "name": name, "value": value(field.tag, &field.value) })
        });
        json!({
            "index": shown.index.0,
            "ledger": statement.ledger(),
            "issuer": statement.issuer(),
            "issuer_names": names,
            "outcome_kind": super::sign::offers::kind_name(kind),
            "tree_size": shown.checkpoint.size.0,
            "status": shown.status.as_ref().map(|status| status.word.as_str()),
            "witnesses": shown.cosigned.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            "disclosed": fields.collect::<Vec<_>>(),
        })
    });
    output.json(&json!({
        "result": report.verdict().as_str(),
        "headline": headline(report).in_lang(lang),
        "steps": steps,
        "quorum_none": report.quorum_none,
        "subject": subject,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn could_not_check_is_an_answer_of_its_own() {
        let exits = [Verdict::Pass, Verdict::Fail, Verdict::CouldNotCheck].map(|verdict| exit(verdict) as u8);
        assert_eq!(exits, [0, 1, 3]);
    }

    #[test]
    fn values_are_text_or_hexadecimal() {
        assert_eq!(value(tags::HOLDER_NAME.number, "甲".as_bytes()), "甲");
        assert_eq!(value(tags::ACCOUNT.number, b"0123456789abcdef"), "30313233343536373839616263646566");
        assert_eq!(value(tags::HOLDER_NAME.number, &[0xff]), "ff");
        assert_eq!(field_name(tags::GRADE.number, Lang::Zh), "成绩");
        assert_eq!(field_name(99_999, Lang::En), "99999");
    }
}
