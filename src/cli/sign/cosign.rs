//! `sign cosign`: a second party stands by what another institution signed, before it is posted: a host enterprise by the
//! practice done there, a home school by a course taken elsewhere. Offline. What is signed is shown first, field by
//! field, and only what was shown is signed: each payload is held against the commitment that the signature will cover.

use std::fs::File;
use std::io::{BufReader, IsTerminal as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::json;
use xuefen_core::commitment::{Nonce, Seed, Tag};
use xuefen_core::kinds::tags;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{self, OutcomeKind};
use xuefen_core::statement::Statement;

use crate::api::proto::Posting;
use crate::cli::batch_file::BatchReader;
use crate::cli::exit::Exit;
use crate::cli::messages::{self as m, Lang};
use crate::cli::output::Output;
use crate::cli::registry::statements;
use crate::cli::verify::{field_name, value};
use crate::cli::{secret_key_file, speak};
use crate::words::verification::outcome_kind;

/// Arguments of `sign cosign`.
#[derive(Debug, Args)]
pub struct Cosign {
    /// Signed batch file of the other institution, not posted yet.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Institution id of who signs too: rows that name it as their co-signer are signed, the others stay as they are.
    #[arg(long = "as", value_name = "ID")]
    party: String,
    /// Key file of who signs too.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Signed batch file to write: all rows, those of this party with both signatures.
    #[arg(long, value_name = "FILE", required_unless_present = "dry_run")]
    out: Option<PathBuf>,
    /// Sign without being asked, having seen what it is.
    #[arg(long)]
    yes: bool,
    /// Show what would be signed, sign nothing.
    #[arg(long)]
    dry_run: bool,
}

/// A row that the party is asked to stand by.
struct Asked {
    /// Place in the file.
    at: usize,
    row: u64,
    issuer: String,
    kind: OutcomeKind,
    imported: bool,
    /// Leaf index of what it corrects.
    supersedes: Option<u64>,
    /// Tag and value of what is not empty, without keys and account.
    fields: Vec<(u32, String)>,
}

/// Runs `sign cosign`.
pub fn run(args: &Cosign, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let file = File::open(&args.file).with_context(|| format!("cannot read {}", args.file.display()))?;
    let reader = BatchReader::new(BufReader::new(file)).with_context(|| format!("{}", args.file.display()))?;
    let origin = reader.origin().clone();
    let mut postings: Vec<Posting> =
        reader.collect::<Result<_, _>>().with_context(|| format!("{}", args.file.display()))?;
    let mut asked = Vec::new();
    for (at, posting) in postings.iter().enumerate() {
        let place = || format!("{}, row {}", args.file.display(), posting.sequence);
        asked.extend(ask(at, posting, &args.party, origin.as_str()).with_context(place)?);
    }
    let others = postings.len() - asked.len();
    if asked.is_empty() {
        bail!("no row of {} names {} as its co-signer", args.file.display(), args.party);
    }
    if !output.is_json() {
        show(&asked, others, output)?;
    }
    let agreed = !args.dry_run && (args.yes || agreed(&asked, args, output)?);
    let out = args.out.as_ref().filter(|_| agreed);
    if let Some(out) = out {
        let key = secret_key_file::read_key(&args.key)?;
        let theirs = asked.iter().map(|one| postings[one.at].clone()).collect();
        for (one, signed) in asked.iter().zip(statements::attest(theirs, &[&key])?) {
            postings[one.at] = signed;
        }
        speak::write(out, &origin, &postings)?;
    }
    let signed = if agreed { asked.len() } else { 0 };
    if output.is_json() {
        let rows: Vec<_> = asked.iter().map(Asked::json).collect();
        let file = out.map(|path| path.display().to_string());
        output.json(&json!({ "file": file, "signed": signed, "others": others, "rows": rows }))?;
    } else if let Some(out) = out {
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("count", &signed), ("party", &args.party), ("file", &out.display())];
        output.line(&m::COSIGNED.fill(output.lang(), &values))?;
    } else {
        output.line(output.text(m::NOT_COSIGNED))?;
    }
    Ok(if agreed || args.dry_run { Exit::Pass } else { Exit::Fail })
}

/// The row, if it names the party; an error if it is not what it would be signed for.
fn ask(at: usize, posting: &Posting, party: &str, origin: &str) -> anyhow::Result<Option<Asked>> {
    let statement =
        Statement::<proto::Statement>::parse(posting.statement.clone()).context("the statement is damaged")?;
    let Some(Body::RecordOutcome(body)) = &statement.message().body else { return Ok(None) };
    if body.cosigner != party {
        return Ok(None);
    }
    ensure!(statement.ledger() == origin, "the statement is for another ledger than its file");
    let payload = posting.payload.as_ref().context("the content is missing: ask for the whole batch file")?;
    let nonce = Nonce::from_slice(statement.nonce().as_bytes()).context("the nonce is damaged")?;
    let tag = |tag| Tag::new(tag).context("a tag is 0");
    let fields = payload.fields.iter().map(|field| Ok(Field { tag: tag(field.tag)?, value: field.value.clone() }));
    let fields = fields.collect::<anyhow::Result<Vec<_>>>()?;
    let seed = Seed::from_slice(&payload.seed).context("the seed is damaged")?;
    let content = Payload::new(seed, fields).context("the content is damaged")?;
    // Or one would be shown something and sign something else.
    ensure!(
        statement.commitment() == Some(content.commitment(&nonce)),
        "the content is not what the statement commits to: do not sign it, and tell {}",
        statement.issuer()
    );
    let hidden = [tags::NULLIFIER_KEY, tags::ACCOUNT];
    let shown = payload
        .fields
        .iter()
        .filter(|field| !field.value.is_empty() && !hidden.iter().any(|tag| tag.number == field.tag));
    Ok(Some(Asked {
        at,
        row: posting.sequence,
        issuer: statement.issuer().to_owned(),
        kind: body.outcome_kind(),
        imported: body.imported,
        supersedes: body.supersedes.as_ref().map(|entry| entry.index),
        fields: shown.map(|field| (field.tag, value(field.tag, &field.value))).collect(),
    }))
}

fn show(asked: &[Asked], others: usize, output: &mut Output<'_>) -> anyhow::Result<()> {
    let lang = output.lang();
    let rows = asked.iter().map(|one| {
        let kind = outcome_kind(one.kind).in_lang(lang).to_owned();
        vec![one.row.to_string(), one.issuer.clone(), kind, one.text(lang)]
    });
    output.table(&[m::ROW, m::ISSUER, m::OUTCOME_KIND, m::TO_BE_SIGNED], rows.collect::<Vec<_>>())?;
    if others > 0 {
        output.line(&m::COSIGN_OTHERS.fill(lang, &[("count", &others)]))?;
    }
    Ok(())
}

/// Whether the person agrees, who has just seen the rows.
fn agreed(asked: &[Asked], args: &Cosign, output: &mut Output<'_>) -> anyhow::Result<bool> {
    ensure!(
        !output.is_json() && std::io::stdin().is_terminal(),
        "nobody is there to be asked: look with --dry-run, then give --yes"
    );
    let values: [(&str, &dyn std::fmt::Display); 2] = [("count", &asked.len()), ("party", &args.party)];
    output.line(&m::COSIGN_QUESTION.fill(output.lang(), &values))?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("the answer cannot be read")?;
    Ok(["y", "yes", "是"].contains(&answer.trim().to_lowercase().as_str()))
}

impl Asked {
    fn text(&self, lang: Lang) -> String {
        let field = |(tag, value): &(u32, String)| format!("{}: {value}", field_name(*tag, lang));
        let imported = self.imported.then(|| m::COSIGN_IMPORTED.in_lang(lang).to_owned());
        let corrects = self.supersedes.map(|index| m::COSIGN_CORRECTS.fill(lang, &[("index", &index)]));
        self.fields.iter().map(field).chain(imported).chain(corrects).collect::<Vec<_>>().join("\n")
    }

    fn json(&self) -> serde_json::Value {
        let name = |tag| tags::by_number(tag).map_or_else(|| tag.to_string(), |tag| tag.name.to_owned());
        let fields: serde_json::Map<_, _> =
            self.fields.iter().map(|(tag, value)| (name(*tag), value.clone().into())).collect();
        let kind = xuefen_core::kinds::outcomes::of(self.kind).map_or("", |row| row.name);
        json!({ "row": self.row, "issuer": self.issuer, "outcome_kind": kind, "imported": self.imported,
                "supersedes_index": self.supersedes, "fields": fields })
    }
}
