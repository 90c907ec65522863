//! `xuefen audit`: judge every entry of a ledger again, by code that shares nothing with what accepted it. Of somebody else's
//! log, from its public bytes ([`public`]); of one's own, with all that its directory holds:
//!
//! Frames of the journal → entries and payloads → [`Auditor`]; its chain and tree against what the frames state, its root
//! against the signed checkpoint, its state against the index and, where that is behind, against what the ledger's own
//! code derives. No rule lives here. Writes nothing but what opening a journal or an index repairs after a crash.

mod public;
mod report;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use bytes::Bytes;
use clap::Args;
use indicatif::ProgressBar;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::entry::Entry;
use xuefen_core::key::{Algorithm, KeyId};
use xuefen_core::note::Note;
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::proto;
use xuefen_ledger::audit::{Auditor, Difference, Fault, PayloadOf, compare};
use xuefen_ledger::query::state_digest;
use xuefen_ledger::{Accepted, Key, MemoryState, Read, ReadError, Row, Secrets, evolve};

use self::report::{Item, Report, SHOWN};
use super::exit::Exit;
use super::log_trust::LogTrust;
use super::output::Output;
use crate::index::{self, Index, IndexError, IndexOptions};
use crate::journal::{FileJournal, Frames, Head, Journal as _, Mark, Options, Record, Sealed, Start, StoredFrame};
use crate::sequencer::{AsOf, Home, payload_from_message};
use crate::server::start;
use crate::vault::{Slot, Vault, VaultError};

const BY_HAND: &str = "keep a copy of the directory; the ledger ought to have refused this entry, so a faulty or foreign \
                       program logged it: have its issuer revoke it and record anew";
const DAMAGED: &str =
    "keep a copy of the directory, run xuefen fsck, restore the newest backup and compare checkpoints";
const REBUILD: &str = "the journal is right: run xuefen rebuild-index and audit again; report it if it stays";
const UNOPENED: &str = "restore the backup of the key ring that belongs to this journal";

/// Arguments of `audit`.
#[derive(Debug, Args)]
pub struct Audit {
    /// A public log to judge from outside: its URL prefix, or a directory of its tiles, such as a mirror.
    #[arg(value_name = "URL|DIR", required_unless_present = "dir", conflicts_with = "dir")]
    source: Option<String>,
    /// Authorities to trust, for a log judged from outside.
    #[arg(long, value_name = "FILE", default_value = "authority.txt")]
    authority: PathBuf,
    #[command(flatten)]
    trust: LogTrust,
    /// The inspection that this entry began: draw its sample again, and say what is found of the entries drawn.
    #[arg(long, value_name = "INDEX", conflicts_with = "dir")]
    sample: Option<u64>,
    /// File with the inspection's secret, as long as it was not reported on.
    #[arg(long, value_name = "FILE", requires = "sample")]
    secret: Option<PathBuf>,
    /// Size of the tree that decides the sample, unless commitment or report name it [default: all entries].
    #[arg(long, value_name = "SIZE", requires = "sample")]
    sample_size: Option<u64>,
    /// Directory of the ledger, to judge it with its payloads and its index. No server may run on it.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The authorities' own keys: what genesis may be signed with.
fn genesis_keys(authority: &AuthorityFile) -> Vec<KeyId> {
    let authorities = authority.keys().iter().filter(|key| !key.name().as_str().ends_with("/status"));
    authorities.map(|key| KeyId::of(Algorithm::Ed25519, key.public_key().as_bytes())).collect()
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

/// State as it follows from the entries by the ledger's own code, where the index does not reflect them yet.
struct Derived<'a> {
    rows: MemoryState,
    index: Option<AsOf<'a>>,
}

impl Read for Derived<'_> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        match (self.rows.newest(key)?, &self.index) {
            (None, Some(index)) => index.newest(key),
            (row, _) => Ok(row),
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
    let genesis_keys = genesis_keys(&authority);
    // Takes the lock: a running server's files are left alone.
    let journal = FileJournal::open(&home.journal(), origin.as_str(), Mark::Head, Options::default())
        .context("cannot open the journal; xuefen fsck names the damage")?;
    let vault = Vault::open(&home.vault(), &[]).context("cannot open the vault")?;
    let index = match Index::open(&home.index(), IndexOptions::default()) {
        Ok((index, _)) => Some(index),
        // It is only derived: all of it is derived again below.
        Err(IndexError::Missing { .. } | IndexError::Damaged { .. }) => None,
        Err(error) => return Err(anyhow!(error).context("cannot open the index")),
    };
    let view = index.as_ref().map(Index::view).filter(|view| view.size() > 0);
    Ok(Parts { origin, policy, genesis_keys, journal, vault, index: view, _index: index })
}

/// Runs the command.
pub fn run(args: &Audit, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    match (&args.source, &args.dir) {
        (Some(source), _) => public::run(args, source, output),
        (None, Some(dir)) => of_directory(dir, output),
        (None, None) => bail!("name a log to judge, or the directory of a ledger with --dir"),
    }
}

fn of_directory(dir: &Path, output: &mut Output<'_>) -> anyhow::Result<Exit> {
    let parts = open(&Home::new(dir))?;
    let bar = super::progress::bar(parts.journal.published().tree_size, "entries", output.is_json());
    let report = Run::new(&parts).finish(&bar)?;
    bar.finish_and_clear();
    report.print(output)?;
    Ok(report.exit())
}

/// One audit.
struct Run<'a> {
    parts: &'a Parts,
    head: &'a Head,
    auditor: Auditor<Pepper<'a>>,
    derived: Derived<'a>,
    /// Entries whose payloads are gone.
    erased: BTreeSet<u64>,
    report: Report,
}

fn item(index: u64, code: &'static str, rule: &'static str, detail: String) -> Item {
    Item { index, code, rule, detail, advice: DAMAGED }
}

impl<'a> Run<'a> {
    fn new(parts: &'a Parts) -> Self {
        let index = parts.index.as_ref().map(|view| AsOf::new(view, view.size()));
        Self {
            parts,
            head: parts.journal.published(),
            auditor: Auditor::new(parts.origin.clone(), parts.genesis_keys.clone(), Pepper(&parts.vault)),
            derived: Derived { rows: MemoryState::default(), index },
            erased: BTreeSet::new(),
            report: Report::default(),
        }
    }

    fn index_size(&self) -> u64 {
        self.parts.index.as_ref().map_or(0, |view| view.size())
    }

    fn finish(mut self, bar: &ProgressBar) -> anyhow::Result<Report> {
        self.checkpoint();
        for read in Frames::new(self.parts.journal.reader(), Start::Beginning)? {
            let frame = read.context("cannot read the journal; xuefen fsck names the damage")?;
            for (_, record) in frame.records() {
                if let Record::Entry { entry, sealed } = record {
                    self.entry(Bytes::copy_from_slice(entry), sealed)?;
                    bar.inc(1);
                }
            }
            self.against_frame(&frame);
            self.report.frames += 1;
        }
        let size = self.auditor.size();
        for (there, rule) in [
            (self.head.tree_size, "What was acknowledged stays."),
            (self.index_size(), "The index is never ahead of the journal."),
        ] {
            if size < there {
                let detail = format!("{size} of {there} entries are in the journal");
                self.report.find(item(size, "ENTRIES_MISSING", rule, detail));
            }
        }
        self.report.size = size;
        self.report.root = self.auditor.root();
        self.report.counts = self.auditor.counts();
        Ok(self.report)
    }

    fn entry(&mut self, bytes: Bytes, sealed: Option<Sealed<'_>>) -> anyhow::Result<()> {
        let index = self.auditor.size();
        let parsed = Entry::<proto::Statement>::parse(bytes.clone()).ok();
        let payload = self.payload(index, parsed.as_ref(), sealed);
        if let Err(finding) = self.auditor.push(index, bytes, &payload) {
            let advice = if matches!(finding.fault, Fault::Refusable(_)) { BY_HAND } else { DAMAGED };
            let (code, rule) = (finding.fault.code(), finding.fault.rule());
            self.report.find(Item { index, code, rule, detail: finding.detail, advice });
        }
        // After a finding the states differ of necessity: the audit leaves out what ought not to be there.
        if self.report.findings == 0 {
            let at = self.index_size();
            if index >= at
                && let Some(entry) = &parsed
            {
                self.against_derived(index, entry, &payload)?;
            }
            if index + 1 == at {
                self.against_index()?;
            }
        }
        self.checkpoint();
        Ok(())
    }

    /// The payload of an entry, opened. What cannot be opened is judged as if it were erased, and counted.
    fn payload(
        &mut self,
        index: u64,
        entry: Option<&Entry<proto::Statement>>,
        sealed: Option<Sealed<'_>>,
    ) -> PayloadOf {
        let (Some(sealed), Some(entry)) = (sealed, entry) else { return PayloadOf::None };
        let statement = entry.statement();
        let commitment = statement.commitment().unwrap_or_default();
        let opened = self.parts.vault.unseal(Slot(sealed.slot), statement.ledger(), &commitment, sealed.bytes);
        let why = match opened {
            Ok(bytes) => {
                let message = <proto::Payload as prost::Message>::decode(bytes.as_slice()).ok();
                match message.and_then(payload_from_message) {
                    Some(payload) => return PayloadOf::Present(payload),
                    None => Some("it is no payload".to_owned()),
                }
            }
            Err(VaultError::Erased(_)) => None,
            Err(error) => Some(error.to_string()),
        };
        if let Some(why) = why {
            self.report.unopened += 1;
            let rule = "A payload that was not erased can be opened.";
            self.report.note(Item { advice: UNOPENED, ..item(index, "PAYLOAD_UNOPENED", rule, why) });
        }
        self.erased.insert(index);
        PayloadOf::Erased
    }

    /// What the frame states of chain and tree.
    fn against_frame(&mut self, frame: &StoredFrame) {
        let size = self.auditor.size();
        let tree = frame.tree();
        let tree = tree.size == size && tree.root == self.auditor.root();
        for (holds, code, rule) in [
            (frame.chain() == self.auditor.chain(), "CHAIN_WRONG", "A frame states the chain over all entries so far."),
            (tree, "TREE_WRONG", "A frame states size and root of the tree at its end."),
        ] {
            if !holds {
                self.report.find(item(size, code, rule, format!("frame {}", frame.number())));
            }
        }
    }

    /// The signed checkpoint of the head, once the tree has its size.
    fn checkpoint(&mut self) {
        let size = self.auditor.size();
        if size != self.head.tree_size || self.head.checkpoint.is_empty() {
            return;
        }
        let note = String::from_utf8_lossy(&self.head.checkpoint);
        let logs: Vec<_> = self.parts.policy.logs().iter().map(|log| &log.key).collect();
        let signed = Note::parse(&note).and_then(|parsed| parsed.verify(&logs).map(|_| ()));
        let signed = signed.map_err(|error| error.to_string());
        let read = || Checkpoint::parse_note(&note).map_err(|error| error.to_string());
        match signed.and_then(|()| read()) {
            Err(why) => {
                let rule = "The published checkpoint is signed by the log key of policy.txt.";
                self.report.find(item(size, "CHECKPOINT_NOT_SIGNED", rule, why));
            }
            Ok(it) if it.origin != self.parts.origin || it.size.0 != size || it.root != self.auditor.root() => {
                let rule = "The signed checkpoint is that of the entries.";
                let detail = format!("signed {} {}, found {}", it.size.0, it.root, self.auditor.root());
                self.report.find(item(size, "CHECKPOINT_WRONG", rule, detail));
            }
            Ok(_) => self.report.signed = Some(size),
        }
    }

    /// The rows of an entry that the index does not have: as the ledger's own code makes them.
    fn against_derived(
        &mut self,
        index: u64,
        entry: &Entry<proto::Statement>,
        payload: &PayloadOf,
    ) -> anyhow::Result<()> {
        let payload = if let PayloadOf::Present(payload) = payload { Some(payload) } else { None };
        let accepted = Accepted::replayed(entry, payload, &Pepper(&self.parts.vault));
        let rows: Vec<Row> = evolve(&self.derived, index, &accepted).context("cannot read the index")?;
        let differences = self.auditor.compare_last(&rows);
        self.derived.rows.apply(rows);
        self.report.derived += u64::from(differences.is_empty());
        self.differences(differences);
        Ok(())
    }

    /// The state as of the index's size.
    fn against_index(&mut self) -> anyhow::Result<()> {
        let Some(view) = &self.parts.index else { return Ok(()) };
        let state = AsOf::new(view, view.size());
        let gone = |index: u64| self.erased.contains(&index);
        let differences = if state_digest(&state, gone).context("cannot read the index")? == self.auditor.state_digest()
        {
            self.report.index = Some(view.size());
            Vec::new()
        } else {
            compare(&self.auditor, &state, gone, SHOWN).context("cannot read the index")?
        };
        self.differences(differences);
        Ok(())
    }

    fn differences(&mut self, differences: Vec<Difference>) {
        for difference in differences {
            let words = match (&difference.state, &difference.audit) {
                (None, _) => "is missing",
                (_, None) => "follows from nothing",
                _ => "is another",
            };
            let rule = "The index holds what follows from the entries.";
            let detail = format!("row {:?} {words}", difference.key);
            self.report.find(Item { advice: REBUILD, ..item(difference.index, "STATE_DIFFERS", rule, detail) });
        }
    }
}
