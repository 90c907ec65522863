//! `xuefen registry offers`: what an institution has published, as the file that `xuefen sign` reads.
//!
//! The server's list is checked entry by entry: each line comes from the signed statement, not from what is said about it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;
use xuefen_core::bytes::Bytes;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Scale, Statement};
use xuefen_core::statement::Statement as Parsed;

use super::read;
use crate::api::proto::{GetPolicyRequest, Institution, ListOffersRequest};
use crate::cli::client::{self, Client, ClientError, ServerArgs};
use crate::cli::exit::Exit;
use crate::cli::log::entry_at;
use crate::cli::online_messages as m;
use crate::cli::output::Output;
use crate::cli::post::server_origin;
use crate::cli::private_file::{IfExists, PrivateFile};
use crate::cli::sign::offers::{self as file, Head, Line};

/// Arguments of `registry offers`.
#[derive(Debug, Args)]
pub struct OffersArgs {
    /// Institution id.
    #[arg(value_name = "ID")]
    institution: String,
    /// Write the file that `xuefen sign outcomes --offers` reads.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Owner of certificate families or recording rules that the institution uses too. Repeat for several.
    #[arg(long, value_name = "ID")]
    also: Vec<String>,
    /// As of this tree size; without it, now.
    #[arg(long, value_name = "SIZE", default_value_t = 0)]
    tree_size: u64,
    /// Replace a file that exists.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// The offers of an owner, by leaf index, and the tree size of the answer.
pub async fn list(
    client: &Client,
    owner: &str,
    tree_size: u64,
) -> anyhow::Result<(BTreeMap<u64, Parsed<Statement>>, u64)> {
    let (mut found, mut page_token) = (BTreeMap::new(), String::new());
    loop {
        let parent = format!("institutions/{owner}");
        let request = ListOffersRequest { parent, page_size: 1_000, page_token, tree_size };
        let page = client.registry().list_offers(request).await.map_err(ClientError::from)?.into_inner();
        for offer in page.offers {
            let statement = Parsed::parse(Bytes::from(offer.statement))
                .with_context(|| format!("the server sent entry {} damaged", offer.index))?;
            ensure!(
                statement.issuer() == owner,
                "the server sent an offer of {} as one of {owner}",
                statement.issuer()
            );
            found.insert(offer.index, statement);
        }
        if page.next_page_token.is_empty() {
            return Ok((found, page.tree_size));
        }
        page_token = page.next_page_token;
    }
}

/// An offers file: its head and lines.
pub struct OffersFile {
    /// For whom and from where.
    pub head: Head,
    /// Everything else.
    pub lines: Vec<Line>,
}

/// Makes the offers file of an institution: its own offers, the families it is accredited for as far as `also` owns them,
/// the recording rules that its courses name, and the scales of the policy in force.
pub async fn collect(
    client: &Client,
    institution: &str,
    also: &[String],
    tree_size: u64,
) -> anyhow::Result<OffersFile> {
    let origin = server_origin(client).await?;
    let (mut statements, tree_size) = list(client, institution, tree_size).await?;
    let about = read::institution(client, institution, tree_size).await?;
    for owner in also {
        let (others, _) = list(client, owner, tree_size).await?;
        statements.extend(others.into_iter().filter(|(_, statement)| is_shared(statement, &about)));
    }
    for index in missing_rules(&statements) {
        statements.insert(index, entry_at(client, index).await?.statement().clone());
    }
    let mut lines = vec![Line::Institution { names: about.names.iter().map(|name| name.text.clone()).collect() }];
    let request = GetPolicyRequest { name: format!("institutions/{institution}"), tree_size, time: 0 };
    let policy = client.registry().get_policy(request).await.map_err(ClientError::from)?.into_inner();
    lines.extend(policy.scales.into_iter().map(|scale| Line::Scale(scale_line(scale))));
    lines.extend(statements.iter().filter_map(|(index, statement)| line(*index, statement)));
    let head = Head { format: file::FORMAT.to_owned(), origin, issuer: institution.to_owned(), tree_size };
    Ok(OffersFile { head, lines })
}

/// Offers of others that an institution may use: recording rules, and families of its accreditation.
fn is_shared(statement: &Parsed<Statement>, institution: &Institution) -> bool {
    match &statement.message().body {
        Some(Body::RecordingRule(_)) => true,
        Some(Body::CertificateFamily(family)) => institution.families.contains(&family.code),
        _ => false,
    }
}

/// Recording rules that are named and not there.
fn missing_rules(statements: &BTreeMap<u64, Parsed<Statement>>) -> BTreeSet<u64> {
    let rule = |statement: &Parsed<Statement>| match &statement.message().body {
        Some(Body::Course(course)) => course.recording_rule_index,
        Some(Body::Module(module)) => module.recording_rule_index,
        _ => 0,
    };
    statements.values().map(rule).filter(|index| *index != 0 && !statements.contains_key(index)).collect()
}

fn line(index: u64, statement: &Parsed<Statement>) -> Option<Line> {
    Some(match statement.message().body.clone()? {
        Body::Course(course) => Line::Course(file::Offer {
            code: course.code,
            version: course.version,
            index,
            minutes: course.minutes.into(),
            practice_minutes: course.practice_minutes.into(),
            credit_millis: course.credit_millis.into(),
            recording_rule_index: course.recording_rule_index,
            scale: course.scale,
            level: course.level.map_or(0, |level| level.level),
            majors: course.majors,
            competency: course.competency,
        }),
        Body::Module(module) => Line::Module(file::Offer {
            code: module.code,
            version: module.version,
            index,
            minutes: module.minutes.into(),
            practice_minutes: module.practice_minutes.into(),
            credit_millis: module.credit_millis.into(),
            recording_rule_index: module.recording_rule_index,
            scale: module.scale,
            level: 0,
            majors: Vec::new(),
            competency: module.competency,
        }),
        Body::CertificateFamily(family) => Line::CertificateFamily(file::Family {
            outcome_kind: file::kind_name(family.outcome_kind()).unwrap_or_default().to_owned(),
            title: family.names.first().map_or_else(|| family.code.clone(), |name| name.text.clone()),
            code: family.code,
            version: family.version,
            index,
            levels: family.levels.into_iter().map(|level| level.code).collect(),
        }),
        Body::RecordingRule(rule) => Line::RecordingRule(file::RecordingRule {
            code: rule.code,
            version: rule.version,
            index,
            hour_minutes: rule.hour_minutes,
            theory_hours_per_credit: rule.theory_hours_per_credit,
            practice_hours_per_credit: rule.practice_hours_per_credit,
            step_millis: rule.step_millis,
        }),
        _ => return None,
    })
}

fn scale_line(scale: Scale) -> file::Scale {
    file::Scale {
        code: scale.code,
        pass_mark_millis: scale.pass_mark_millis.into(),
        top_mark_millis: scale.top_mark_millis.into(),
        words: scale.words,
        passing_words: scale.passing_words as usize,
    }
}

impl OffersFile {
    /// The file as text.
    pub fn text(&self) -> anyhow::Result<String> {
        let mut text = serde_json::to_string(&self.head)?;
        text.push('\n');
        for line in &self.lines {
            text.push_str(&serde_json::to_string(line)?);
            text.push('\n');
        }
        Ok(text)
    }
}

/// Runs `registry offers`.
pub fn run(args: &OffersArgs, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    if let Some(path) = &args.out {
        let made = client::block_on(async {
            let client = args.server.connect().await?;
            collect(&client, &args.institution, &args.also, args.tree_size).await
        })?;
        let if_exists = if args.force { IfExists::Replace } else { IfExists::Refuse };
        let mut file = PrivateFile::create(path, if_exists)?;
        file.write_all(made.text()?.as_bytes())?;
        file.finish()?;
        let (lines, size) = (made.lines.len(), made.head.tree_size);
        if output.is_json() {
            output.json(&json!({ "file": path.display().to_string(), "lines": lines, "tree_size": size }))?;
        } else {
            output.line(&m::OFFERS_WRITTEN.fill(output.lang(), &[("file", &path.display()), ("count", &lines)]))?;
        }
        return Ok(Exit::Pass);
    }
    let (found, tree_size) =
        client::block_on(async { list(&args.server.connect().await?, &args.institution, args.tree_size).await })?;
    let rows = found.iter().map(|(index, statement)| {
        let (kind, code, version) = id(statement);
        (*index, kind, code, version)
    });
    if output.is_json() {
        let offers = rows.map(
            |(index, kind, code, version)| json!({ "index": index, "kind": kind, "code": code, "version": version }),
        );
        output.json(&json!({ "offers": offers.collect::<Vec<_>>(), "tree_size": tree_size }))?;
        return Ok(Exit::Pass);
    }
    let rows =
        rows.map(|(index, kind, code, version)| vec![kind.to_owned(), code, version.to_string(), index.to_string()]);
    let rows: Vec<_> = rows.collect();
    output.table(&[m::KIND, m::CODE, m::VERSION, m::INDEX], rows)?;
    output.line(&m::AS_OF.fill(output.lang(), &[("count", &found.len()), ("size", &tree_size)]))?;
    Ok(Exit::Pass)
}

/// Kind, code and version of an offer.
fn id(statement: &Parsed<Statement>) -> (&'static str, String, u32) {
    let Some(body) = &statement.message().body else { return ("", String::new(), 0) };
    let (code, version) = match body {
        Body::Course(it) => (it.code.clone(), it.version),
        Body::Module(it) => (it.code.clone(), it.version),
        Body::CertificateFamily(it) => (it.code.clone(), it.version),
        Body::RecordingRule(it) => (it.code.clone(), it.version),
        _ => (String::new(), 0),
    };
    (Kind::of(body).name(), code, version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::registry::statements::{self, Signer};
    use crate::cli::sign::offers::Offers;
    use xuefen_core::key::SecretKey;
    use xuefen_core::proto::{CertificateFamily, Course, RecordingRule};

    fn statement(body: Body) -> Parsed<Statement> {
        let key = SecretKey::from_seed(&[1; 32]);
        let signer = Signer { origin: "x.example/a", issuer: "x-school", issued_at: 1, keys: vec![&key] };
        Parsed::parse(signer.posting(body).unwrap().statement).unwrap()
    }

    fn rule() -> Body {
        Body::RecordingRule(RecordingRule {
            code: "R".into(),
            version: 1,
            hour_minutes: 45,
            theory_hours_per_credit: 16,
            practice_hours_per_credit: 32,
            step_millis: 500,
            ..RecordingRule::default()
        })
    }

    fn course() -> Body {
        Body::Course(Course {
            code: "C1".into(),
            version: 2,
            names: vec![statements::name("甲")],
            minutes: 900,
            recording_rule_index: 4,
            scale: "percentage".into(),
            ..Course::default()
        })
    }

    #[test]
    fn sign_reads_the_file_that_is_made_here() {
        let family =
            CertificateFamily { code: "F".into(), version: 1, outcome_kind: 6, ..CertificateFamily::default() };
        let made = [(4, rule()), (9, course()), (11, Body::CertificateFamily(family))];
        let mut lines = vec![Line::Institution { names: vec!["甲校".into()] }];
        let words = Scale { words: vec!["合格".into(), "不合格".into()], passing_words: 1, ..Scale::default() };
        let marks = Scale { pass_mark_millis: 60_000, top_mark_millis: 100_000, ..Scale::default() };
        let scales = [("pass_fail", words), ("percentage", marks)];
        lines.extend(scales.map(|(code, scale)| Line::Scale(scale_line(Scale { code: code.into(), ..scale }))));
        lines.extend(made.into_iter().filter_map(|(index, body)| line(index, &statement(body))));
        assert_eq!(lines.len(), 1 + 2 + 3);
        let head = Head {
            format: file::FORMAT.into(),
            origin: "x.example/a".into(),
            issuer: "x-school".into(),
            tree_size: 12,
        };
        let text = OffersFile { head, lines }.text().unwrap();
        let read = Offers::parse(&text, "x.example/a", "x-school").unwrap();
        assert_eq!(read.names(), ["甲校"]);
        assert!(Offers::parse(&text, "x.example/b", "x-school").is_err());
    }

    #[test]
    fn rules_that_courses_name_are_fetched_once() {
        let statements = BTreeMap::from([(9, statement(course())), (10, statement(course()))]);
        assert_eq!(missing_rules(&statements), BTreeSet::from([4]));
        let statements = BTreeMap::from([(4, statement(rule())), (9, statement(course()))]);
        assert!(missing_rules(&statements).is_empty());
    }

    #[test]
    fn only_families_of_the_accreditation_are_shared() {
        let institution = Institution { families: vec!["F".into()], ..Institution::default() };
        let family = |code: &str| {
            statement(Body::CertificateFamily(CertificateFamily { code: code.into(), ..CertificateFamily::default() }))
        };
        assert!(is_shared(&family("F"), &institution) && !is_shared(&family("G"), &institution));
        assert!(!is_shared(&statement(course()), &institution));
    }
}
