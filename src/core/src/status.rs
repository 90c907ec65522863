//! Status notes: what the log says about one entry after it was logged (formats.md 5).
//!
//! How a status comes about is the ledger's business; here it is written, read and judged.

use crate::Hash;
use crate::checkpoint::Checkpoint;
use crate::note::{Note, NoteError};
use crate::text::{TextError, from_decimal, hash_from_base64, to_base64};
use crate::time::MAX_AHEAD_SECONDS;
use crate::tree::{LeafIndex, TreeSize};
use crate::vkey::VerifierKey;
use core::fmt;

/// First line of a status note.
const FIRST_LINE: &str = "xuefen/v1/status";

/// What a status note says of its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StatusWord {
    /// Stands.
    Valid,
    /// Taken back for good.
    Revoked,
    /// Out of force for a time.
    Suspended,
    /// A later entry took its place.
    Superseded,
    /// Past its end.
    Expired,
    /// In doubt until someone decides.
    NeedsReview,
}

impl StatusWord {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Valid, Self::Revoked, Self::Suspended, Self::Superseded, Self::Expired, Self::NeedsReview];

    /// The word in a note.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Revoked => "revoked",
            Self::Suspended => "suspended",
            Self::Superseded => "superseded",
            Self::Expired => "expired",
            Self::NeedsReview => "needs_review",
        }
    }
}

/// The eight lines of a status note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Origin of the log, as it stands there.
    pub origin: String,
    /// Size of the tree that the status was computed at.
    pub size: TreeSize,
    /// Root of that tree.
    pub root: Hash,
    /// The entry.
    pub index: LeafIndex,
    /// Its leaf hash.
    pub leaf_hash: Hash,
    /// Its status.
    pub word: StatusWord,
    /// Unix seconds.
    pub time: u64,
}

/// What a status note is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// The checkpoint that the entry is proven against.
    pub checkpoint: &'a Checkpoint,
    /// The entry.
    pub index: LeafIndex,
    /// Its leaf hash.
    pub leaf_hash: Hash,
    /// Unix seconds, by the verifier's clock.
    pub now: u64,
    /// Oldest note that the verifier accepts, in seconds.
    pub max_age: u64,
}

/// Why a status note does not let its entry pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusProblem {
    /// The signatures do not stand.
    Note(NoteError),
    /// Not the eight lines, or an unknown word.
    Form,
    /// A number or hash is not written as it must be.
    Text(TextError),
    /// About another log.
    Origin,
    /// About another entry.
    Subject,
    /// Of a tree smaller than the checkpoint's.
    Size,
    /// Of a tree of the same size with another root: the log says two things.
    Root,
    /// The entry is not valid.
    Word(StatusWord),
    /// Older than the verifier accepts, or more than 300 s ahead of its clock.
    Age {
        /// The note's time, in Unix seconds.
        time: u64,
    },
    /// No key is known that may sign status notes of this log.
    NoKey,
}

impl StatusProblem {
    /// Whether this is a failure; else the status could not be checked.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::Word(StatusWord::NeedsReview) | Self::Age { .. } | Self::NoKey)
    }

    /// The stable code of this problem.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Note(error) => error.as_str(),
            Self::Form | Self::Origin => "STATUS",
            Self::Text(error) => error.as_str(),
            Self::Subject => "STATUS_SUBJECT",
            Self::Size => "STATUS_SIZE",
            Self::Root => "STATUS_ROOT",
            // Valid is never a problem.
            Self::Word(StatusWord::Valid) => "STATUS_valid",
            Self::Word(StatusWord::Revoked) => "STATUS_revoked",
            Self::Word(StatusWord::Suspended) => "STATUS_suspended",
            Self::Word(StatusWord::Superseded) => "STATUS_superseded",
            Self::Word(StatusWord::Expired) => "STATUS_expired",
            Self::Word(StatusWord::NeedsReview) => "STATUS_needs_review",
            Self::Age { .. } => "STATUS_AGE",
            Self::NoKey => "STATUS_KEY",
        }
    }
}

impl fmt::Display for StatusProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(_) => f.write_str("the status note does not stand"),
            Self::Form => f.write_str("not the eight lines of a status note"),
            Self::Text(_) => f.write_str("a number or hash of the status note cannot be read"),
            Self::Origin => f.write_str("the status note is about another log"),
            Self::Subject => f.write_str("the status note is about another entry"),
            Self::Size => f.write_str("the status note is of a smaller tree than the checkpoint"),
            Self::Root => f.write_str("the status note and the checkpoint name different roots for one size"),
            Self::Word(word) => write!(f, "the status is {}", word.as_str()),
            Self::Age { time } => write!(f, "the status is of time {time}, too old or ahead"),
            Self::NoKey => f.write_str("no status key of this log is known"),
        }
    }
}

impl core::error::Error for StatusProblem {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Note(error) => Some(error),
            Self::Text(error) => Some(error),
            _ => None,
        }
    }
}

impl From<TextError> for StatusProblem {
    fn from(error: TextError) -> Self {
        Self::Text(error)
    }
}

impl Status {
    /// The text of the note, to be signed under the name `<origin>/status`.
    #[must_use]
    pub fn text(&self) -> String {
        let Self { origin, size, root, index, leaf_hash, word, time } = self;
        let (root, leaf_hash, word) = (to_base64(root), to_base64(leaf_hash), word.as_str());
        format!("{FIRST_LINE}\n{origin}\n{size}\n{root}\n{index}\n{leaf_hash}\n{word}\n{time}\n")
    }

    /// Reads the text of a note.
    pub fn parse(text: &str) -> Result<Self, StatusProblem> {
        let lines: Vec<_> = text.strip_suffix('\n').ok_or(StatusProblem::Form)?.splitn(9, '\n').collect();
        let [FIRST_LINE, origin, size, root, index, leaf_hash, word, time] = lines[..] else {
            return Err(StatusProblem::Form);
        };
        let word = StatusWord::ALL.into_iter().find(|known| known.as_str() == word).ok_or(StatusProblem::Form)?;
        Ok(Self {
            origin: origin.to_owned(),
            size: TreeSize(from_decimal(size)?),
            root: hash_from_base64(root)?,
            index: LeafIndex(from_decimal(index)?),
            leaf_hash: hash_from_base64(leaf_hash)?,
            word,
            time: from_decimal(time)?,
        })
    }

    /// Whether this status, whose signature the caller has checked, lets the entry pass.
    pub fn judge(&self, context: Context<'_>) -> Result<(), StatusProblem> {
        let checkpoint = context.checkpoint;
        if self.origin != checkpoint.origin.as_str() {
            return Err(StatusProblem::Origin);
        }
        if (self.index, self.leaf_hash) != (context.index, context.leaf_hash) {
            return Err(StatusProblem::Subject);
        }
        if self.size < checkpoint.size {
            return Err(StatusProblem::Size);
        }
        if self.size == checkpoint.size && self.root != checkpoint.root {
            return Err(StatusProblem::Root);
        }
        // A failure does not wear off: the word before the age.
        if self.word != StatusWord::Valid {
            return Err(StatusProblem::Word(self.word));
        }
        let fresh = self.time <= context.now.saturating_add(MAX_AHEAD_SECONDS.unsigned_abs())
            && context.now.saturating_sub(self.time) <= context.max_age;
        if fresh { Ok(()) } else { Err(StatusProblem::Age { time: self.time }) }
    }
}

/// Step 7 as a whole: signatures, form, content. `keys` are those that may sign status notes of the checkpoint's log.
/// Returns what the note says, if it can be read, beside the judgement. Without any key a note that would fail still
/// fails, and a good one cannot be checked.
pub fn check(note: &str, keys: &[&VerifierKey], context: Context<'_>) -> (Option<Status>, Result<(), StatusProblem>) {
    let note = match Note::parse(note) {
        Ok(note) => note,
        Err(error) => return (None, Err(StatusProblem::Note(error))),
    };
    if !keys.is_empty()
        && let Err(error) = note.verify(keys)
    {
        return (None, Err(StatusProblem::Note(error)));
    }
    match Status::parse(note.text()) {
        Err(problem) => (None, Err(problem)),
        Ok(status) => {
            let judged = match status.judge(context) {
                Err(problem) if keys.is_empty() && !problem.is_failure() => Err(StatusProblem::NoKey),
                Ok(()) if keys.is_empty() => Err(StatusProblem::NoKey),
                judged => judged,
            };
            (Some(status), judged)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::Origin;

    fn status(word: StatusWord) -> Status {
        let (origin, size, index) = ("x.example/a".to_owned(), TreeSize(9), LeafIndex(3));
        Status { origin, size, root: Hash([1; 32]), index, leaf_hash: Hash([2; 32]), word, time: 1000 }
    }

    #[test]
    fn status_notes_round_trip() {
        for word in StatusWord::ALL {
            assert_eq!(Status::parse(&status(word).text()), Ok(status(word)));
        }
        let text = status(StatusWord::Valid).text();
        for bad in
            [&text[..text.len() - 1], &format!("{text}\n"), &text.replace("valid", " valid"), "", "\n\n\n\n\n\n\n\n"]
        {
            assert_eq!(Status::parse(bad), Err(StatusProblem::Form), "{bad:?}");
        }
    }

    #[test]
    fn a_status_holds_for_its_entry_and_its_time() {
        let origin = Origin::parse("x.example/a").expect("an origin");
        let checkpoint = Checkpoint { origin, size: TreeSize(9), root: Hash([1; 32]) };
        let context = |now, max_age| {
            let (index, leaf_hash) = (LeafIndex(3), Hash([2; 32]));
            Context { checkpoint: &checkpoint, index, leaf_hash, now, max_age }
        };
        let valid = status(StatusWord::Valid);
        let old = Err(StatusProblem::Age { time: 1000 });
        for (now, max_age, expected) in [
            (1000, 0, Ok(())),
            (700, 0, Ok(())),
            (699, 0, old.clone()),
            (1050, 50, Ok(())),
            (1051, 50, old),
            (u64::MAX, u64::MAX, Ok(())),
        ] {
            assert_eq!(valid.judge(context(now, max_age)), expected, "{now} {max_age}");
        }
        let with = |change: &dyn Fn(&mut Status)| {
            let mut changed = valid.clone();
            change(&mut changed);
            changed.judge(context(1000, 0)).map_err(|problem| problem.as_str())
        };
        assert_eq!(with(&|status| status.size = TreeSize(10)), Ok(()));
        assert_eq!(with(&|status| (status.size, status.root) = (TreeSize(10), Hash([5; 32]))), Ok(()));
        assert_eq!(with(&|status| status.root = Hash([5; 32])), Err("STATUS_ROOT"));
        assert_eq!(with(&|status| status.size = TreeSize(8)), Err("STATUS_SIZE"));
        assert_eq!(with(&|status| status.index = LeafIndex(4)), Err("STATUS_SUBJECT"));
        assert_eq!(with(&|status| status.leaf_hash = Hash([5; 32])), Err("STATUS_SUBJECT"));
        assert_eq!(with(&|status| status.origin.push('x')), Err("STATUS"));
        // What fails goes before what is too old.
        assert_eq!(with(&|status| (status.word, status.time) = (StatusWord::Revoked, 0)), Err("STATUS_revoked"));
    }
}
