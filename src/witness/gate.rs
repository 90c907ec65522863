//! Before a ledger signs anything after a start: does any witness know more of this log than this directory holds?
//!
//! A backup that an operator put back looks like any other directory from within. Only others can tell, so each configured
//! witness is asked, with the newest checkpoint that this directory signed: nothing new is signed for it (formats.md 4).

use std::time::Duration;

use xuefen_core::note::Note;
use xuefen_core::policy::Policy;
use xuefen_core::tree::TreeSize;
use xuefen_core::vkey::VerifierKey;

use super::client::{Target, Trouble, WitnessClient};
use super::records::Records;
use super::request::AnyCheckpoint;
use crate::http_client::HttpClient;
use crate::sequencer::Found;

/// Times that a witness is asked before the start gives up on it.
const ATTEMPTS: u32 = 3;

/// Why nothing may be signed.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// An older copy.
    #[error(
        "the witness {witness} has cosigned {theirs} entries of this log and this directory has {ours}: it is an older \
         copy. Nothing was signed. Put the newest journal/ back; if it is lost, this ledger cannot go on under its \
         origin: see Restore in docs/operations.md"
    )]
    Older {
        /// Name of the witness.
        witness: String,
        /// Size that it cosigned.
        theirs: u64,
        /// Size of the journal.
        ours: u64,
    },
    /// Two histories.
    #[error(
        "the witness {witness} has cosigned another history of this log: {what}. Nothing was signed. Somebody signs with \
         this log's key elsewhere, or this directory is a copy that went its own way. Keep it as evidence and find the \
         other one: see Two histories in docs/operations.md"
    )]
    OtherHistory {
        /// Name of the witness.
        witness: String,
        /// What does not fit.
        what: String,
    },
    /// No answer.
    #[error(
        "the witness {witness} {why}, so nobody knows whether it has cosigned more than this directory has. Nothing was \
         signed. Start again when it answers; only if this directory is certainly no restored copy: \
         --skip-witness {witness}"
    )]
    NotAsked {
        /// Name of the witness.
        witness: String,
        /// What went wrong.
        why: String,
    },
    /// A thread or runtime could not be had.
    #[error("cannot ask the witnesses")]
    Io(#[from] std::io::Error),
}

/// Whom to ask, and where earlier answers are kept.
pub struct Gate {
    /// The witnesses.
    pub policy: Policy,
    /// What they cosigned, as far as this directory knows.
    pub records: Records,
    /// How they are reached.
    pub http: HttpClient,
    /// Names of witnesses that the operator starts without.
    pub skip: Vec<String>,
    /// Pause before a witness that did not answer is asked again.
    pub pause: Duration,
}

impl Gate {
    /// Asks all witnesses; the first that stands against signing is the error.
    pub fn check(self, found: &Found<'_>) -> Result<(), GateError> {
        // A thread of its own: whoever opens a ledger may or may not be inside a runtime.
        std::thread::scope(|scope| {
            let asking = std::thread::Builder::new().name("witnesses".to_owned()).spawn_scoped(scope, || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(self.ask_all(found))
            })?;
            asking.join().unwrap_or_else(|_| Err(std::io::Error::other("the thread that asks ended").into()))
        })
    }

    async fn ask_all(&self, found: &Found<'_>) -> Result<(), GateError> {
        for witness in self.policy.witnesses() {
            self.check_record(&witness.name, &witness.key, found)?;
        }
        for witness in self.policy.witnesses() {
            if self.skip.contains(&witness.name) {
                tracing::error!(
                    witness = witness.name,
                    "signing begins without asking this witness, as the operator said"
                );
                continue;
            }
            let client = WitnessClient::new(witness, self.http.clone());
            let mut attempt = 1;
            while let Err(error) = self.ask(&client, found).await {
                if attempt == ATTEMPTS || !matches!(error, GateError::NotAsked { .. }) {
                    return Err(error);
                }
                tracing::warn!(error = &error as &dyn std::error::Error, "asking once more");
                attempt += 1;
                tokio::time::sleep(self.pause).await;
            }
        }
        Ok(())
    }

    /// What this directory itself knows of a witness: only the journal may have been put back.
    fn check_record(&self, witness: &str, key: &VerifierKey, found: &Found<'_>) -> Result<(), GateError> {
        let Some(record) = self.records.read(key) else { return Ok(()) };
        compare(witness, record.size, record.root, found)
    }

    /// Submits the newest checkpoint that was signed already. Cosigned again means that nothing larger and nothing else was.
    async fn ask(&self, client: &WitnessClient, found: &Found<'_>) -> Result<(), GateError> {
        let size = TreeSize(found.signed_size);
        let prove = |old| found.index.consistency_proof(old, size).map_err(|error| error.to_string());
        let target = Target { size, note: found.signed, prove: &prove };
        let last = self.records.read(client.key()).map_or(TreeSize(0), |record| record.size);
        let witness = client.name().to_owned();
        match client.cosign(last, &target, found.now.unsigned_abs()).await {
            Ok(cosignature) => {
                self.records.write(client.key(), &format!("{}{}", found.signed, cosignature.line));
                Ok(())
            }
            // It has nothing of this log, so nothing that could be contradicted.
            Err(trouble @ Trouble::UnknownLog) => {
                tracing::error!(witness, trouble = trouble.text(), "a configured witness");
                Ok(())
            }
            Err(Trouble::Fork { said, .. }) => Err(GateError::OtherHistory { witness, what: said }),
            Err(Trouble::Ahead { theirs, .. }) => self.ahead(client, theirs, found).await,
            Err(trouble) => Err(GateError::NotAsked { witness, why: trouble.text() }),
        }
    }

    /// It has cosigned more than the newest signed checkpoint. If it shows a checkpoint that this journal has too, then only
    /// the head was older.
    async fn ahead(&self, client: &WitnessClient, theirs: TreeSize, found: &Found<'_>) -> Result<(), GateError> {
        let witness = client.name().to_owned();
        let ours = found.tree.size;
        if theirs.0 <= ours
            && let Some(shown) = client.newest(found.origin).await
            && let Ok(note) = Note::parse(&shown)
            && note.verify(&[client.key()]).is_ok()
            && let Ok(checkpoint) = AnyCheckpoint::parse(note.text())
            && checkpoint.origin == found.origin
            && checkpoint.size >= theirs
        {
            return compare(&witness, checkpoint.size, checkpoint.root, found);
        }
        Err(GateError::Older { witness, theirs: theirs.0, ours: ours.min(found.signed_size) })
    }
}

/// Whether a tree that a witness cosigned is the beginning of the journal's.
fn compare(witness: &str, size: TreeSize, root: xuefen_core::Hash, found: &Found<'_>) -> Result<(), GateError> {
    if size.0 > found.tree.size {
        let (theirs, ours) = (size.0, found.tree.size);
        return Err(GateError::Older { witness: witness.to_owned(), theirs, ours });
    }
    match found.index.root(size) {
        Ok(ours) if ours == root => Ok(()),
        Ok(_) => {
            let what = format!("another root for its first {size} entries");
            Err(GateError::OtherHistory { witness: witness.to_owned(), what })
        }
        Err(error) => Err(GateError::NotAsked { witness: witness.to_owned(), why: error.to_string() }),
    }
}
