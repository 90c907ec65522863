//! The verification of a presentation as JSON: eight steps with their codes and words, and what the file shows.

use std::collections::BTreeMap;

use serde::Serialize;
use xuefen_core::authority::Chain;
use xuefen_core::disclosure::Disclosed;
use xuefen_core::entry::Entry;
use xuefen_core::holder::Request as HolderRequest;
use xuefen_core::kinds::light::{Body, Statement};
use xuefen_core::kinds::tags::{self, ValueType};
use xuefen_core::presentation::Presentation;
use xuefen_core::proto::{AuthorityKeyGrant, authority_key::Action};
use xuefen_core::status::Status;
use xuefen_core::verify::{HolderAsked, Reason, Report, Shown, Step, StepResult, Trust};
use xuefen_words::{Lang, Text, headline, verification as words};

use crate::policy;
use crate::request::{Bad, Request};

/// Largest presentation (formats.md 5), bytes.
const MAX_PRESENTATION: usize = 4 * 1024 * 1024;

/// Oldest holder proof that is taken, seconds; as on the command line.
const HOLDER_MAX_AGE: u64 = 300;

/// A text in both languages.
#[derive(Serialize)]
struct Both {
    en: &'static str,
    zh: &'static str,
}

/// The same, with values in it.
#[derive(Serialize)]
struct Filled {
    en: String,
    zh: String,
}

/// What came out.
#[derive(Serialize)]
struct Answer<'a> {
    result: &'static str,
    verdict: Both,
    headline: Both,
    steps: Vec<StepAnswer>,
    quorum_none: bool,
    subject: Option<Subject<'a>>,
}

#[derive(Serialize)]
struct StepAnswer {
    step: u8,
    title: Both,
    result: &'static str,
    word: Both,
    code: Option<&'static str>,
    reason: Option<Filled>,
}

/// What the file shows, with the checkpoint that it is proven against. Worth as much as the steps say.
#[derive(Serialize)]
struct Subject<'a> {
    index: u64,
    leaf_hash: String,
    ledger: &'a str,
    kind_code: Option<&'static str>,
    /// For outcomes.
    kind: Option<Both>,
    issuer: &'a str,
    /// Language and text.
    issuer_names: Vec<(&'a str, &'a str)>,
    accredited: Vec<Accredited>,
    issued_at: i64,
    logged_at: i64,
    disclosed: Vec<Field>,
    origin: &'a str,
    size: u64,
    root: String,
    /// Witnesses that cosigned, with the times.
    cosigned: &'a [(String, u64)],
    status: Option<StatusAnswer>,
}

/// Who accredited the issuer, and where that stands in the log.
#[derive(Serialize)]
struct Accredited {
    by: String,
    /// Names of that authority, if a grant of a key among the items has them: language and text.
    names: Vec<(String, String)>,
    index: u64,
}

#[derive(Serialize)]
struct Field {
    tag: u32,
    code: Option<&'static str>,
    name: Option<(String, &'static str)>,
    value: String,
}

#[derive(Serialize)]
struct StatusAnswer {
    code: &'static str,
    word: Both,
    time: u64,
    size: u64,
}

fn both(text: Text) -> Both {
    Both { en: text.en, zh: text.zh }
}

/// `verify`: arguments policy.txt, authority.txt, the file, time in Unix seconds, oldest status to accept in seconds, a
/// fresh status note or nothing, audience and challenge of a holder proof or nothing.
pub fn verify(request: &mut Request<'_>) -> Result<Vec<u8>, Bad> {
    let (policy, authority) = policy::read(request)?;
    let file = request.bytes("presentation")?;
    if file.len() > MAX_PRESENTATION {
        return Err(Bad::new("presentation", "is larger than any presentation"));
    }
    let (now, status_max_age) = (request.number("now")?, request.number("status_max_age")?);
    let fresh = request.text("fresh_status")?;
    let (audience, challenge) = (request.text("audience")?, request.bytes("challenge")?);
    let asked = HolderAsked { request: HolderRequest { audience, challenge }, max_age: HOLDER_MAX_AGE };
    let holder = (!challenge.is_empty()).then_some(asked);
    let trust = Trust { policy: &policy, now, status_max_age, holder };
    let mut chain = Chain::new(&authority);
    let refreshed = with_status(file, fresh);
    let report = xuefen_core::verify::verify(refreshed.as_deref().unwrap_or(file), &trust, &mut chain);
    Ok(crate::json(&Answer {
        result: report.verdict().as_str(),
        verdict: both(words::verdict(report.verdict())),
        headline: both(headline::headline(&report)),
        steps: report.steps().map(|(step, result)| step_answer(step, result)).collect(),
        quorum_none: report.quorum_none,
        subject: report.shown.as_ref().map(|shown| subject(&report, shown, &chain, file)),
    }))
}

/// The file with a newer status note in place of its own. A file that cannot be read stays as it is, for step 1 to say so.
fn with_status(file: &[u8], note: &str) -> Option<Vec<u8>> {
    if note.is_empty() {
        return None;
    }
    let mut presentation = Presentation::parse(file).ok()?;
    if presentation.subject.tag_too_large.is_some()
        || presentation.authority.iter().any(|item| item.tag_too_large.is_some())
    {
        // Written again it would lose that fault.
        return None;
    }
    presentation.status = Some(note.to_owned());
    Some(presentation.to_json().into_bytes())
}

fn step_answer(step: Step, result: &StepResult) -> StepAnswer {
    let sentence = |reason| Filled { en: words::reason(reason, Lang::En), zh: words::reason(reason, Lang::Zh) };
    StepAnswer {
        step: step.number(),
        title: both(words::step(step)),
        result: result.as_str(),
        word: both(words::result(result)),
        code: result.reason().map(Reason::as_str),
        reason: result.reason().map(sentence),
    }
}

fn passed(report: &Report<Statement>, step: Step) -> bool {
    matches!(report.step(step), StepResult::Pass)
}

fn subject<'a>(report: &Report<Statement>, shown: &'a Shown<Statement>, chain: &'a Chain, file: &[u8]) -> Subject<'a> {
    let statement = shown.entry.statement();
    let (issuer, body) = (statement.issuer(), statement.message().said());
    let kind = match body {
        Some(Body::RecordOutcome(outcome)) => Some(both(words::outcome_kind(outcome.outcome_kind()))),
        _ => None,
    };
    let accredited = if passed(report, Step::Authority) { accreditations(file, issuer) } else { Vec::new() };
    Subject {
        index: shown.index.0,
        leaf_hash: shown.entry.leaf_hash().to_string(),
        ledger: statement.ledger(),
        kind_code: body.map(|body| body.kind().name()),
        kind,
        issuer,
        issuer_names: chain.names(issuer).iter().map(|name| (&*name.language, &*name.text)).collect(),
        accredited,
        issued_at: statement.issued_at().seconds(),
        logged_at: shown.entry.logged_at().seconds(),
        // Fields that do not match the commitment are not what was logged, so they are not passed on.
        disclosed: shown.disclosed.iter().filter(|_| passed(report, Step::Commitment)).map(field).collect(),
        origin: shown.checkpoint.origin.as_str(),
        size: shown.checkpoint.size.0,
        root: shown.checkpoint.root.to_string(),
        cosigned: &shown.cosigned,
        status: shown.status.as_ref().map(status),
    }
}

fn status(status: &Status) -> StatusAnswer {
    let word = both(words::status(status.word));
    StatusAnswer { code: status.word.as_str(), word, time: status.time, size: status.size.0 }
}

/// A shown field: its names, and its value as text, or in hexadecimal if it is bytes.
fn field(field: &Disclosed) -> Field {
    let tag = tags::by_number(field.tag);
    let is_bytes = tag.is_none_or(|tag| matches!(tag.value, ValueType::Bytes(_)));
    let hex = || field.value.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    let value = match std::str::from_utf8(&field.value) {
        Ok(text) if !is_bytes => text.to_owned(),
        _ => hex(),
    };
    let name = tag.map(|tag| (tag.name.replace('_', " "), tag.name_zh));
    Field { tag: field.tag, code: tag.map(|tag| tag.name), name, value }
}

/// The accreditations of the issuer among the items. For files whose step 4 passed: then each item has been judged, and one
/// of these is the accreditation that counted.
fn accreditations(file: &[u8], issuer: &str) -> Vec<Accredited> {
    let Ok(presentation) = Presentation::parse(file) else { return Vec::new() };
    let mut found: Vec<Accredited> = Vec::new();
    let mut names = BTreeMap::new();
    for item in presentation.authority {
        let Ok(entry) = Entry::<Statement>::parse(item.entry) else { continue };
        let statement = entry.statement();
        match statement.message().said() {
            Some(Body::AccreditInstitution(body)) if body.institution == issuer => {
                found.push(Accredited { by: statement.issuer().to_owned(), names: Vec::new(), index: item.index.0 });
            }
            Some(Body::Genesis(body)) => body.keys.iter().for_each(|grant| name(&mut names, grant)),
            Some(Body::AuthorityKey(body)) => {
                if let Some(Action::Grant(grant)) = &body.action {
                    name(&mut names, grant);
                }
            }
            _ => {}
        }
    }
    for accredited in &mut found {
        accredited.names = names.get(&accredited.by).cloned().unwrap_or_default();
    }
    found
}

/// Notes what a grant calls its authority.
fn name(names: &mut BTreeMap<String, Vec<(String, String)>>, grant: &AuthorityKeyGrant) {
    if !grant.names.is_empty() {
        let pairs = grant.names.iter().map(|name| (name.language.clone(), name.text.clone()));
        names.insert(grant.authority.clone(), pairs.collect());
    }
}
