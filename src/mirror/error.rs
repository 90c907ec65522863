//! Why a log could not be followed. Two groups that must not be mixed up: what a log or mirror did wrong, and what only
//! could not be done here and now.

use std::path::PathBuf;

use xuefen_core::policy::NotAccepted;

use super::noted::Noted;
use super::source::SourceError;

/// Two signed checkpoints that cannot both be of one log that only grows. Whoever holds both holds the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction {
    /// The one that was held.
    pub held: Noted,
    /// The one that was shown.
    pub shown: Noted,
}

/// Why a log could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// The source did not answer. Says nothing about the log.
    #[error("the log cannot be read from {name}")]
    Source {
        /// URL or directory.
        name: String,
        /// Why.
        #[source]
        source: SourceError,
    },
    /// There is no checkpoint.
    #[error("{name} has no checkpoint; is it the URL prefix or directory of a log?")]
    NoCheckpoint {
        /// URL or directory.
        name: String,
    },
    /// The checkpoint is not one to trust.
    #[error("the checkpoint of {name} is not accepted by the policy")]
    NotAccepted {
        /// URL or directory.
        name: String,
        /// Why.
        #[source]
        source: NotAccepted,
    },
    /// The checkpoint is of another log than the one that is followed.
    #[error("{name} shows the log {shown}, and here is {held}; use another directory for another log")]
    OtherLog {
        /// URL or directory.
        name: String,
        /// Origin of the log that is followed.
        held: String,
        /// Origin of the log that was shown.
        shown: String,
    },
    /// The log was cut or rewritten, and both checkpoints are signed.
    #[error(
        "the log has contradicted itself: its checkpoints over {} and {} entries are not of one tree that only grew. Keep \
         both notes: they are proof",
        .0.held.checkpoint.size,
        .0.shown.checkpoint.size
    )]
    Contradiction(Box<Contradiction>),
    /// A resource that the checkpoint vouches for is not there.
    #[error("{name} does not have {path}, which its checkpoint asks for")]
    Missing {
        /// URL or directory.
        name: String,
        /// The resource.
        path: String,
    },
    /// A resource is not the one that was signed.
    #[error("{path} of {name} is not what its checkpoint vouches for: {why}")]
    Wrong {
        /// URL or directory.
        name: String,
        /// The resource.
        path: String,
        /// What does not fit.
        why: &'static str,
    },
    /// More was asked of a log than it has.
    #[error("the log has {size} entries; {asked} is beyond them")]
    Beyond {
        /// Index or size asked for.
        asked: u64,
        /// Its size.
        size: u64,
    },
    /// The directory cannot be used.
    #[error("cannot {action} {}", path.display())]
    Store {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Another process writes there.
    #[error("{} is in use by another process", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// What the directory holds is not a mirror of this log.
    #[error("{} holds a checkpoint that this policy's log has not signed; was it changed, or is it another log's?", dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
    },
}

impl MirrorError {
    /// That two signed checkpoints cannot both be true.
    #[must_use]
    pub fn contradiction(held: &Noted, shown: &Noted) -> Self {
        Self::Contradiction(Box::new(Contradiction { held: held.clone(), shown: shown.clone() }))
    }

    /// Whether this is a finding about the log or whoever hands it over, and not about the way there.
    #[must_use]
    pub const fn is_finding(&self) -> bool {
        match self {
            Self::NotAccepted { .. }
            | Self::Contradiction(_)
            | Self::Missing { .. }
            | Self::Wrong { .. }
            | Self::Foreign { .. } => true,
            Self::Source { .. }
            | Self::NoCheckpoint { .. }
            | Self::OtherLog { .. }
            | Self::Beyond { .. }
            | Self::Store { .. }
            | Self::Locked { .. } => false,
        }
    }

    /// A stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Source { .. } => "SOURCE_UNREADABLE",
            Self::NoCheckpoint { .. } => "CHECKPOINT_MISSING",
            Self::NotAccepted { .. } => "CHECKPOINT_NOT_ACCEPTED",
            Self::OtherLog { .. } => "OTHER_LOG",
            Self::Contradiction(_) => "LOG_CONTRADICTS_ITSELF",
            Self::Missing { .. } => "RESOURCE_MISSING",
            Self::Wrong { .. } => "RESOURCE_WRONG",
            Self::Beyond { .. } => "BEYOND_THE_LOG",
            Self::Store { .. } => "DIRECTORY_UNUSABLE",
            Self::Locked { .. } => "DIRECTORY_IN_USE",
            Self::Foreign { .. } => "DIRECTORY_FOREIGN",
        }
    }
}
