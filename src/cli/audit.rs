//! `xuefen audit`: judge every entry of a ledger again, by code that shares nothing with what accepted it.
//!
//! Frames of the journal → entries and payloads → [`Auditor`]; its chain and tree against what the frames state, its root
//! against the signed checkpoint, its state against the index. No rule lives here. Writes nothing but what opening a
//! journal repairs after a crash (formats.md 6, "On open").

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::json;
use xuefen_core::Hash;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::entry::Entry;
use xuefen_core::key::{Algorithm, KeyId};
use xuefen_core::note::Note;
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::proto;
use xuefen_ledger::Secrets;
use xuefen_ledger::audit::{Auditor, Counts, Fault, PayloadOf, compare};
use xuefen_ledger::query::state_digest;

use super::exit::Exit;
use super::output::Output;
use crate::index::{self, Index, IndexError, IndexOptions};
use crate::journal::{FileJournal, Frames, Head, Journal as _, Mark, Options, Record, Sealed, Start, StoredFrame};
use crate::sequencer::{AsOf, Home, payload_from_message};
use crate::server::start;
use crate::vault::{Slot, Vault, VaultError};

/// Findings that are printed; all are counted.
const SHOWN: usize = 100;

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// Directory of the ledger. No server may run on it.
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
}

/// Keyed hashes under the ledger's pepper.
struct Pepper<'a>(&'a Vault);

impl Secrets for Pepper<'_> {
    fn document_hmac(&self, kind: &str, number: &str) -> [u8; 32] {
        self.0.document_hmac(kind, number)
    }

    fn source_hmac(&self, issuer: &str, kind: u32, source_id: &str) -> [u8; 32] {
        self.0.source_hmac(issuer, kind, source_id)
    }
}

/// One thing that is wrong, and what to do.
#[derive(Debug)]
struct Item {
    /// The entry, or the size of the tree, that it is about.
    index: u64,
    code: &'static str,
    rule: String,
    detail: String,
    advice: &'static str,
}

const BY_HAND: &str = "keep a copy of the directory; an entry that its ledger ought to have refused was logged by a faulty \
                       or foreign program: have its issuer revoke and record anew";
const DAMAGED: &str =
    "keep a copy of the directory, run xuefen fsck, restore the newest backup and compare checkpoints";
const REBUILD: &str = "the journal is right: run xuefen rebuild-index, then audit again; report it if it stays";
const UNOPENED: &str = "restore the key ring's backup that belongs to this journal";

/// What became of the comparison with the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compared {
    /// There is no index, or it cannot be opened.
    No,
    /// As of this size they agree.
    Equal(u64),
    /// As of this size they do not.
    Different(u64),
}

/// What the audit saw.
#[derive(Debug)]
struct Report {
    frames: u64,
    size: u64,
    root: Hash,
    counts: Counts,
    findings: usize,
    items: Vec<Item>,
    /// Payloads that could be neither opened nor told erased.
    unopened: u64,
    /// The tree size of the checkpoint that was checked; none if nothing was signed yet.
    signed: Option<u64>,
    index: Compared,
}

impl Report {
    fn find(&mut self, item: Item) {
        self.findings += 1;
        if self.items.len() < SHOWN {
            self.items.push(item);
        }
    }

    const fn exit(&self) -> Exit {
        if self.findings > 0 {
            Exit::Fail
        } else if self.unopened > 0 {
            Exit::CouldNotCheck
        } else {
            Exit::Pass
        }
    }
}

/// The parts of a ledger's directory.
struct Parts {
    origin: Origin,
    policy: Policy,
    genesis_keys: Vec<KeyId>,
    journal: FileJournal,
    vault: Vault,
    index: Option<Arc<index::View>>,
    /// Keeps the index open for its view.
    _index: Option<Index>,
}

fn open(home: &Home) -> anyhow::Result<Parts> {
    let origin = start::origin(home)?;
    let text =
        |path: PathBuf| std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()));
    let policy = Policy::parse(&text(home.policy())?).context("policy.txt is no trust policy")?;
    let authority = AuthorityFile::parse(&text(home.authority())?).context("authority.txt is no list of keys")?;
    let authorities = authority.keys().iter().filter(|key| !key.name().as_str().ends_with("/status"));
    let genesis_keys = authorities.map(|key| KeyId::of(Algorithm::Ed25519, key.public_key().as_bytes())).collect();
    // Takes the lock: a running server's files are left alone.
    let journal = FileJournal::open(&home.journal(), origin.as_str(), Mark::Head, Options::default())
        .context("cannot open the journal; xuefen fsck names the damage")?;
    let vault = Vault::open(&home.vault(), &[]).context("cannot open the vault")?;
    let index = match Index::open(&home.index(), IndexOptions::default()) {
        Ok((index, _)) => Some(index),
        Err(IndexError::Missing { .. } | IndexError::Damaged { .. }) => None,
        Err(error) => return Err(anyhow!(error).context("cannot open the index")),
    };
    let view = index.as_ref().map(Index::view).filter(|view| view.size() > 0);
    Ok(Parts { origin, policy, genesis_keys, journal, vault, index: view, _index: index })
}

/// Runs the command.
pub fn run(args: &Audit, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let parts = open(&Home::new(&args.dir))?;
    let report = audit(&parts, output.is_json())?;
    print(&report, output)?;
    Ok(report.exit())
}

fn audit(parts: &Parts, quiet: bool) -> anyhow::Result<Report> {
    let mut auditor = Auditor::new(parts.origin.clone(), parts.genesis_keys.clone(), Pepper(&parts.vault));
    let mut report = Report {
        frames: 0,
        size: 0,
        root: auditor.root(),
        counts: Counts::default(),
        findings: 0,
        items: Vec::new(),
        unopened: 0,
        signed: None,
        index: Compared::No,
    };
    let head = parts.journal.published();
    let bar = super::progress::bar(head.tree_size, "entries", quiet);
    let mut erased = BTreeSet::new();
    if head.tree_size == 0 {
        checkpoint(parts, head, &auditor, &mut report);
    }
    for read in Frames::new(parts.journal.reader(), Start::Beginning)? {
        let frame = read.context("cannot read the journal; xuefen fsck names the damage")?;
        for (_, record) in frame.records() {
            let Record::Entry { entry, sealed } = record else { continue };
            let index = auditor.size();
            let payload = payload_of(&parts.vault, index, entry, sealed, &mut erased, &mut report);
            if let Err(finding) = auditor.push(index, entry.to_vec().into(), &payload) {
                report.find(Item {
                    index,
                    code: finding.fault.code(),
                    rule: finding.fault.rule().to_owned(),
                    detail: finding.detail,
                    advice: if matches!(finding.fault, Fault::Refusable(_)) { BY_HAND } else { DAMAGED },
                });
            }
            if auditor.size() == head.tree_size {
                checkpoint(parts, head, &auditor, &mut report);
            }
            if parts.index.as_ref().is_some_and(|view| view.size() == auditor.size()) {
                index_against(parts, &auditor, &erased, &mut report)?;
            }
            bar.inc(1);
        }
        against_frame(&frame, &auditor, &mut report);
        report.frames += 1;
    }
    bar.finish_and_clear();
    if auditor.size() < head.tree_size {
        let detail = format!("{} of {} acknowledged entries are there", auditor.size(), head.tree_size);
        report.find(Item {
            advice: DAMAGED,
            ..item(auditor.size(), "ENTRIES_MISSING", "What was acknowledged stays.", detail)
        });
    }
    if let Some(view) = parts.index.as_ref().filter(|view| view.size() > auditor.size()) {
        let detail = format!("{} of {} entries are in the journal", auditor.size(), view.size());
        report.find(item(auditor.size(), "ENTRIES_MISSING", "The index is never ahead of the journal.", detail));
    }
    report.size = auditor.size();
    report.root = auditor.root();
    report.counts = auditor.counts();
    Ok(report)
}

fn item(index: u64, code: &'static str, rule: &str, detail: String) -> Item {
    Item { index, code, rule: rule.to_owned(), detail, advice: DAMAGED }
}

/// The payload of an entry, opened. What cannot be opened is judged as if it were erased, and counted.
fn payload_of(
    vault: &Vault,
    index: u64,
    entry: &[u8],
    sealed: Option<Sealed<'_>>,
    erased: &mut BTreeSet<u64>,
    report: &mut Report,
) -> PayloadOf {
    let Some(sealed) = sealed else { return PayloadOf::None };
    let Ok(parsed) = Entry::<proto::Statement>::parse(entry.to_vec().into()) else { return PayloadOf::None };
    let statement = parsed.statement();
    let commitment = statement.commitment().unwrap_or_default();
    let opened = vault.unseal(Slot(sealed.slot), statement.ledger(), &commitment, sealed.bytes);
    let payload = opened.map(|bytes| {
        let message = <proto::Payload as prost::Message>::decode(bytes.as_slice()).ok();
        message.as_ref().and_then(payload_from_message)
    });
    match payload {
        Ok(Some(payload)) => return PayloadOf::Present(payload),
        Err(VaultError::Erased(_)) => {}
        failed => {
            report.unopened += 1;
            if report.items.len() < SHOWN {
                let why = failed.err().map_or_else(|| "it is no payload".to_owned(), |error| error.to_string());
                let rule = "A payload that was not erased can be opened.";
                report.items.push(Item { advice: UNOPENED, ..item(index, "PAYLOAD_UNOPENED", rule, why) });
            }
        }
    }
    erased.insert(index);
    PayloadOf::Erased
}

/// What the frame states of chain and tree.
fn against_frame(frame: &StoredFrame, auditor: &Auditor<Pepper<'_>>, report: &mut Report) {
    let size = auditor.size();
    let mut ask = |holds: bool, code, rule| {
        if !holds {
            report.find(item(size, code, rule, format!("frame {}", frame.number())));
        }
    };
    ask(frame.chain() == auditor.chain(), "CHAIN_WRONG", "A frame states the chain over all entries up to its end.");
    let tree = frame.tree();
    let right = tree.size == size && tree.root == auditor.root();
    ask(right, "TREE_WRONG", "A frame states size and root of the tree at its end.");
}

/// The signed checkpoint of the head, once the tree has its size.
fn checkpoint(parts: &Parts, head: &Head, auditor: &Auditor<Pepper<'_>>, report: &mut Report) {
    if head.checkpoint.is_empty() {
        return;
    }
    let note = String::from_utf8_lossy(&head.checkpoint);
    let logs: Vec<_> = parts.policy.logs().iter().map(|log| &log.key).collect();
    let signed = Note::parse(&note)
        .and_then(|parsed| parsed.verify(&logs).map(|_| ()))
        .map_err(|error| error.to_string())
        .and_then(|()| Checkpoint::parse_note(&note).map_err(|error| error.to_string()));
    let size = auditor.size();
    match signed {
        Err(why) => {
            let rule = "The published checkpoint is signed by the log key of policy.txt.";
            report.find(item(size, "CHECKPOINT_NOT_SIGNED", rule, why));
        }
        Ok(signed) if signed.origin != parts.origin || signed.size.0 != size || signed.root != auditor.root() => {
            let rule = "The signed checkpoint is that of the entries.";
            let detail = format!("signed: {} {}; found: {}", signed.size.0, signed.root, auditor.root());
            report.find(item(size, "CHECKPOINT_WRONG", rule, detail));
        }
        Ok(_) => report.signed = Some(size),
    }
}

/// The state by the audit and by the index, as of the index's size.
fn index_against(
    parts: &Parts,
    auditor: &Auditor<Pepper<'_>>,
    erased: &BTreeSet<u64>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let Some(view) = &parts.index else { return Ok(()) };
    let size = auditor.size();
    let state = AsOf::new(view, size);
    let gone = |index: u64| erased.contains(&index);
    if state_digest(&state, gone).context("cannot read the index")? == auditor.state_digest() {
        report.index = Compared::Equal(size);
        return Ok(());
    }
    report.index = Compared::Different(size);
    let rule = "The index holds what follows from the entries.";
    for difference in compare(auditor, &state, gone, SHOWN).context("cannot read the index")? {
        let words = match (&difference.state, &difference.audit) {
            (None, _) => "is missing",
            (_, None) => "follows from nothing",
            _ => "is another",
        };
        let detail = format!("row {:?} {words}", difference.key);
        report.find(Item { advice: REBUILD, ..item(difference.index, "STATE_DIFFERS", rule, detail) });
    }
    Ok(())
}

fn print(report: &Report, output: &mut Output<'_>) -> anyhow::Result<()> {
    let Report { size, counts, .. } = report;
    let (compared, equal) = match report.index {
        Compared::No => (None, None),
        Compared::Equal(size) => (Some(size), Some(true)),
        Compared::Different(size) => (Some(size), Some(false)),
    };
    if output.is_json() {
        let items: Vec<_> = report
            .items
            .iter()
            .map(|item| {
                json!({
                    "index": item.index, "code": item.code, "rule": item.rule, "detail": item.detail,
                    "advice": item.advice,
                })
            })
            .collect();
        return output.json(&json!({
            "entries": size, "frames": report.frames, "root": report.root.to_string(),
            "attestations": counts.attestations, "signatures": counts.signatures, "payloads": counts.payloads,
            "erased": counts.erased.saturating_sub(report.unopened), "unopened": report.unopened,
            "signed_size": report.signed, "index_size": compared, "index_agrees": equal,
            "findings": report.findings, "items": items,
        }));
    }
    output.line(&format!("{size} entries in {} frames, root {}", report.frames, report.root))?;
    output.line(&format!(
        "{} attestations by {} signatures; {} payloads opened, {} erased",
        counts.attestations,
        counts.signatures,
        counts.payloads,
        counts.erased.saturating_sub(report.unopened)
    ))?;
    match report.signed {
        Some(signed) => output.line(&format!("the signed checkpoint over {signed} entries is right"))?,
        None => output.line("no checkpoint was found right")?,
    }
    match report.index {
        Compared::No => output.line("there is no index to compare; the next start makes one")?,
        Compared::Equal(at) => output.line(&format!("the index agrees as of {at} entries"))?,
        Compared::Different(at) => output.line(&format!("the index does not agree as of {at} entries"))?,
    }
    for item in &report.items {
        output.line(&format!("entry {}: {}: {} ({})", item.index, item.code, item.rule, item.detail))?;
        output.line(&format!("    {}", item.advice))?;
    }
    if report.findings > report.items.len() {
        output.line(&format!("and {} more", report.findings - report.items.len()))?;
    }
    output.line(&format!("{} findings", report.findings))?;
    if report.unopened > 0 {
        output.remark(&format!("{} payloads could not be opened: what they say was not checked", report.unopened));
    }
    Ok(())
}
