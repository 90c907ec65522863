//! Why the sequencer does not start, or stopped.

use crate::index::IndexError;
use crate::journal::JournalError;
use crate::vault::VaultError;

use super::signer::Contradiction;

/// Every one of these ends the writer for good; readers go on.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
    /// The journal could not be read or written.
    #[error("the journal failed")]
    Journal(#[from] JournalError),
    /// The key ring could not be read or written.
    #[error("the key ring failed")]
    Vault(#[from] VaultError),
    /// The index could not be read or written.
    #[error("the index failed; 'xuefen rebuild-index' makes it anew from the journal")]
    Index(#[from] IndexError),
    /// The next checkpoint would contradict the last.
    #[error("refused to sign a checkpoint")]
    Signer(#[from] Contradiction),
    /// Another writer took over.
    #[error("another writer has taken this ledger over; this one has stood down")]
    Fenced,
    /// The journal does not know whether the last frame was written.
    #[error("the journal cannot say whether the last frame was written; start again to find out")]
    Unknown,
    /// A row of the state cannot be read.
    #[error("the ledger's state cannot be read")]
    State(#[from] xuefen_ledger::ReadError),
    /// An accepted entry could not be turned into rows.
    #[error("entry {index} of the journal cannot be replayed: {why}")]
    Replay {
        /// Leaf index.
        index: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A private record or a row of one cannot be read.
    #[error("a private record cannot be read: {why}")]
    Private {
        /// What is wrong with it.
        why: String,
    },
    /// The journal and its own signed checkpoint do not agree.
    #[error("the tree of the journal's first {size} entries is not the one that was signed; restore the newest backup")]
    Inconsistent {
        /// Tree size of the signed checkpoint.
        size: u64,
    },
    /// The journal is not the one that was signed from last.
    #[error("the checkpoint file forbids to go on")]
    Kept(#[from] super::kept::KeptError),
    /// The clock is behind the log.
    #[error("the last entry was logged {ahead} s ahead of this machine's clock; set the clock before starting")]
    Clock {
        /// Seconds.
        ahead: i64,
    },
    /// Somebody else may know more of this log.
    #[error("the ledger is not opened")]
    Held(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A worker thread could not be started.
    #[error("cannot start a worker thread")]
    Spawn(#[source] std::io::Error),
}
