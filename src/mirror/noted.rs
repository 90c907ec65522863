//! A checkpoint that a policy accepts, with the note it stands in: what everything else is held against.

use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::note::Note;
use xuefen_core::policy::Policy;

use super::error::MirrorError;
use super::source::{CHECKPOINT, MAX_NOTE, Source};

/// An accepted checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// The whole signed note, as it was read.
    pub note: String,
    /// Names of the policy's witnesses that cosigned, and when (Unix seconds).
    pub cosigned: Vec<(String, u64)>,
}

impl Noted {
    /// The newest checkpoint of a source, if the policy accepts it.
    ///
    /// # Errors
    /// If there is none, or it is not accepted.
    pub fn newest(source: &dyn Source, policy: &Policy) -> Result<Self, MirrorError> {
        let name = source.name();
        let bytes = source
            .get(CHECKPOINT, MAX_NOTE)
            .map_err(|error| MirrorError::Source { name: name.clone(), source: error })?;
        let Some(bytes) = bytes else { return Err(MirrorError::NoCheckpoint { name }) };
        Self::accept(&String::from_utf8_lossy(&bytes), policy)
            .map_err(|source| MirrorError::NotAccepted { name, source })
    }

    /// The note, if the policy accepts it.
    ///
    /// # Errors
    /// As [`Policy::accept`].
    pub fn accept(note: &str, policy: &Policy) -> Result<Self, xuefen_core::policy::NotAccepted> {
        let accepted = policy.accept(note)?;
        let cosigned = accepted.cosigned.iter().map(|(witness, time)| (witness.name.clone(), *time)).collect();
        Ok(Self { checkpoint: accepted.checkpoint, note: note.to_owned(), cosigned })
    }

    /// A note that was accepted before, maybe under a policy that asked for fewer witnesses: the log's signature decides.
    #[must_use]
    pub fn held(note: &str, policy: &Policy) -> Option<Self> {
        let checkpoint = Checkpoint::parse_note(note).ok()?;
        let keys: Vec<_> = policy
            .logs()
            .iter()
            .map(|log| &log.key)
            .filter(|key| key.name().as_str() == checkpoint.origin.as_str())
            .collect();
        Note::parse(note).ok()?.verify(&keys).ok()?;
        Some(Self { checkpoint, note: note.to_owned(), cosigned: Vec::new() })
    }
}
