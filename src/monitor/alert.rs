//! What a monitor may find.

use serde::{Deserialize, Serialize};

/// Which kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Code {
    /// Two checkpoints that the log signed cannot both be true. Both notes were kept.
    LogContradictsItself,
    /// A source shows fewer entries than it has shown before.
    LogShrank,
    /// A resource is not what the checkpoint vouches for, or is missing.
    ResourceWrong,
    /// A checkpoint that the log did not sign, or of another log.
    CheckpointNotAccepted,
    /// The log signed, and fewer witnesses than the policy asks for.
    Unwitnessed,
    /// Nothing new was signed for too long.
    Stale,
    /// The source cannot be read.
    SourceUnreadable,
    /// An entry in one's own name that one does not know.
    UnknownStatement,
    /// An entry of somebody else about one's own keys or accreditation.
    AboutIssuer,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 9] = [
        Self::LogContradictsItself,
        Self::LogShrank,
        Self::ResourceWrong,
        Self::CheckpointNotAccepted,
        Self::Unwitnessed,
        Self::Stale,
        Self::SourceUnreadable,
        Self::UnknownStatement,
        Self::AboutIssuer,
    ];

    /// As it is written; stable.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogContradictsItself => "LOG_CONTRADICTS_ITSELF",
            Self::LogShrank => "LOG_SHRANK",
            Self::ResourceWrong => "RESOURCE_WRONG",
            Self::CheckpointNotAccepted => "CHECKPOINT_NOT_ACCEPTED",
            Self::Unwitnessed => "UNWITNESSED",
            Self::Stale => "STALE",
            Self::SourceUnreadable => "SOURCE_UNREADABLE",
            Self::UnknownStatement => "UNKNOWN_STATEMENT",
            Self::AboutIssuer => "ABOUT_ISSUER",
        }
    }

    /// Whether it is an event that is told once, and not a state that lasts until it is over.
    #[must_use]
    pub const fn is_event(self) -> bool {
        matches!(self, Self::UnknownStatement | Self::AboutIssuer)
    }
}

/// Something that somebody should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What it is.
    pub code: Code,
    /// Where it was seen: a URL or directory.
    pub source: String,
    /// What was seen, in English.
    pub detail: String,
    /// The entry that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// Its leaf hash, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf_hash: Option<String>,
}

impl Alert {
    /// About a source as a whole.
    #[must_use]
    pub fn of(code: Code, source: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { code, source: source.into(), detail: detail.into(), index: None, leaf_hash: None }
    }
}

/// An error and what it rests on, in a line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
