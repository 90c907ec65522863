//! `xuefen issued`: what an institution issued, newest first: since a day, of a status, or signed by one key.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use xuefen_core::Hash;
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::day::Day;

use super::client::{self, Client, ClientError, ServerArgs};
use super::exit::Exit;
use super::hex::{from_hex, to_hex};
use super::login;
use super::online_messages as m;
use super::output::Output;
use super::registry::enums;
use super::secret_key_file;
use super::time_text::local;
use super::transcript::status;
use crate::api::proto::{IssuedEntry, ListIssuedRequest};

/// Words that `--status` takes.
const STATUSES: [&str; 6] = ["valid", "pending", "suspended", "superseded", "revoked", "needs_review"];

/// Arguments of `issued`.
#[derive(Debug, Args)]
pub struct Issued {
    /// Institution id of who asks.
    #[arg(long, value_name = "ID")]
    issuer: String,
    /// Key file of the institution.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Entries of this institution, which was merged into yours.
    #[arg(long, value_name = "ID")]
    of: Option<String>,
    /// Only what was logged on this day (YYYY-MM-DD, UTC+8) or later.
    #[arg(long, value_name = "DAY", value_parser = day)]
    since: Option<Day>,
    /// Only entries of this status; may be repeated.
    #[arg(long, value_name = "STATUS", value_parser = STATUSES)]
    status: Vec<String>,
    /// Only what this key attests: its id, 64 hexadecimal digits. For a key that was lost.
    #[arg(long, value_name = "HEX", value_parser = key_id)]
    key_id: Option<Hash>,
    #[command(flatten)]
    server: ServerArgs,
}

fn day(text: &str) -> anyhow::Result<Day> {
    Day::parse(text.as_bytes()).context("write the day as YYYY-MM-DD")
}

fn key_id(text: &str) -> anyhow::Result<Hash> {
    from_hex(text).map(Hash).context("not 64 hexadecimal digits")
}

/// What was asked for, and the tree size it is of.
struct Found {
    entries: Vec<IssuedEntry>,
    tree_size: u64,
}

impl Issued {
    fn wants(&self, entry: &IssuedEntry) -> bool {
        (self.status.is_empty() || self.status.contains(&entry.status))
            && self.key_id.is_none_or(|id| entry.key_ids.iter().any(|key| key[..] == id.0))
    }

    /// Reads page after page, until the entries are older than was asked for.
    async fn find(&self, client: &Client) -> Result<Found, ClientError> {
        // A day begins where the one before ends.
        let since = self.since.map_or(0, |day| Day(day.0 - 1).end());
        let mut found = Found { entries: Vec::new(), tree_size: 0 };
        let mut page_token = String::new();
        loop {
            let institution = self.of.clone().unwrap_or_default();
            let request = client.request(ListIssuedRequest { page_size: 1_000, page_token, institution });
            let page = client.issuing().list_issued(request).await?.into_inner();
            found.tree_size = page.tree_size;
            let older = page.entries.last().is_none_or(|last| last.logged_at < since);
            let entries = page.entries.into_iter().filter(|entry| entry.logged_at >= since);
            found.entries.extend(entries.filter(|entry| self.wants(entry)));
            if older || page.next_page_token.is_empty() {
                return Ok(found);
            }
            page_token = page.next_page_token;
        }
    }
}

/// Runs `issued`.
pub fn run(args: &Issued, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let key = secret_key_file::read_key(&args.key)?;
    let found = client::block_on(async {
        let client = login::authenticate(args.server.connect().await?, &args.issuer, &key).await?;
        Ok(args.find(&client).await?)
    })?;
    if output.is_json() {
        let entries: Vec<_> = found.entries.iter().map(as_json).collect();
        output.json(&json!({ "entries": entries, "tree_size": found.tree_size }))?;
        return Ok(Exit::Pass);
    }
    let lang = output.lang();
    let row = |entry: &IssuedEntry| {
        vec![entry.index.to_string(), what(entry), local(entry.logged_at), status(&entry.status, lang).to_owned()]
    };
    output.table(&[m::INDEX, m::KIND, m::LOGGED_AT, m::STATUS], found.entries.iter().map(row))?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in &found.entries {
        *counts.entry(&entry.status).or_default() += 1;
    }
    let counts: Vec<_> = counts.into_iter().map(|(word, count)| format!("{} {count}", status(word, lang))).collect();
    let (count, counts) = (found.entries.len(), counts.join(", "));
    let values: [(&str, &dyn std::fmt::Display); 3] =
        [("count", &count), ("counts", &counts), ("size", &found.tree_size)];
    output.line(&m::ISSUED_TOTAL.fill(lang, &values))?;
    Ok(Exit::Pass)
}

/// The kind of statement, and of an outcome its own kind.
fn what(entry: &IssuedEntry) -> String {
    match entry.outcome_kind() {
        OutcomeKind::Unspecified => entry.kind.clone(),
        kind => format!("{} {}", entry.kind, enums::name::<OutcomeKind>(&kind)),
    }
}

fn as_json(entry: &IssuedEntry) -> Value {
    let outcome_kind = Some(entry.outcome_kind()).filter(|kind| *kind != OutcomeKind::Unspecified);
    json!({
        "index": entry.index,
        "leaf_hash": to_hex(&entry.leaf_hash),
        "logged_at": entry.logged_at,
        "kind": entry.kind,
        "outcome_kind": outcome_kind.map(|kind| enums::name::<OutcomeKind>(&kind)),
        "status": entry.status,
        "key_ids": entry.key_ids.iter().map(|id| to_hex(id)).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_and_a_key_id_say_how_they_are_written() {
        assert!(day("2026-11-23").is_ok());
        assert!(day("23.11.2026").unwrap_err().to_string().contains("YYYY-MM-DD"));
        assert!(key_id(&"ab".repeat(32)).is_ok());
        assert!(key_id("ab").unwrap_err().to_string().contains("64"));
    }
}
