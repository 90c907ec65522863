//! Every answer that C2SP tlog-witness has for an `add-checkpoint`, and the one order in which they are given.
//!
//! Pure: what was cosigned last comes in, and nothing is signed or written here.

use xuefen_core::Hash;
use xuefen_core::note::{self, Note, NoteError};
use xuefen_core::tree::{EMPTY_ROOT, TreeSize, verify_consistency};
use xuefen_core::vkey::VerifierKey;

use crate::witness::request::{AddCheckpoint, AnyCheckpoint};

/// The tree that was cosigned last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// Its size.
    pub size: TreeSize,
    /// Its root.
    pub root: Hash,
}

/// What a witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200: the cosignature line, on stable storage.
    Cosigned(String),
    /// 400: not the form of a request, or `old` larger than the checkpoint.
    Malformed(&'static str),
    /// 403: no signature by a key of that log, or a wrong one.
    NotSigned(&'static str),
    /// 404: not a log of this witness.
    UnknownOrigin,
    /// 409: `old` is not the size that was cosigned last, which is this one.
    Conflict(TreeSize),
    /// 422: no proof that the checkpoint extends the last one.
    Inconsistent(&'static str),
    /// 500: the disk failed, now or earlier.
    Broken,
    /// 503: the clock is far behind the last cosignature of this log.
    Clock,
}

impl Answer {
    /// Names of the answers, for metrics.
    pub const KINDS: [&str; 8] =
        ["cosigned", "malformed", "not_signed", "unknown_origin", "conflict", "inconsistent", "broken", "clock"];

    /// Place in [`Self::KINDS`].
    pub(super) const fn kind(&self) -> usize {
        match self {
            Self::Cosigned(_) => 0,
            Self::Malformed(_) => 1,
            Self::NotSigned(_) => 2,
            Self::UnknownOrigin => 3,
            Self::Conflict(_) => 4,
            Self::Inconsistent(_) => 5,
            Self::Broken => 6,
            Self::Clock => 7,
        }
    }
}

/// A request whose form is good.
pub(super) struct Asked<'a> {
    request: AddCheckpoint<'a>,
    note: Note<'a>,
    checkpoint: AnyCheckpoint<'a>,
}

impl<'a> Asked<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, Answer> {
        let request = AddCheckpoint::parse(body).map_err(Answer::Malformed)?;
        let note = Note::parse(request.note).map_err(|_| Answer::Malformed("the checkpoint is not a signed note"))?;
        let checkpoint = AnyCheckpoint::parse(note.text()).map_err(Answer::Malformed)?;
        Ok(Self { request, note, checkpoint })
    }

    pub(super) const fn origin(&self) -> &'a str {
        self.checkpoint.origin
    }

    /// The text that is cosigned, extension lines included.
    pub(super) const fn text(&self) -> &'a str {
        self.note.text()
    }

    pub(super) const fn note(&self) -> &'a str {
        self.request.note
    }

    pub(super) const fn tree(&self) -> Last {
        Last { size: self.checkpoint.size, root: self.checkpoint.root }
    }

    /// The signature lines by keys of the log, all of which must be good, and one there must be. Other lines are ignored.
    pub(super) fn signed_by(&self, keys: &[VerifierKey]) -> Result<String, Answer> {
        let known: Vec<_> = keys.iter().collect();
        self.note.verify(&known).map_err(|error| {
            Answer::NotSigned(match error {
                NoteError::Signature { .. } => "a signature of the log is wrong",
                _ => "no signature by a key of this log",
            })
        })?;
        let (_, lines) = note::split(self.request.note).expect("it was read as a note");
        let by_log = |line: &&str| {
            let alone = format!("{}\n{line}", self.text());
            Note::parse(&alone).is_ok_and(|note| note.verify(&known).is_ok())
        };
        Ok(lines.split_inclusive('\n').filter(by_log).collect())
    }

    /// What can be said without knowing the last checkpoint.
    pub(super) fn check_sizes(&self) -> Result<(), Answer> {
        if self.request.old > self.checkpoint.size {
            return Err(Answer::Malformed("the old size is larger than the checkpoint's"));
        }
        Ok(())
    }

    /// Whether the checkpoint extends `last`.
    pub(super) fn extends(&self, last: Option<Last>) -> Result<(), Answer> {
        // Never cosigned: as if the empty tree had been, which every tree extends.
        let last = last.unwrap_or(Last { size: TreeSize(0), root: EMPTY_ROOT });
        let (old, tree) = (self.request.old, self.tree());
        if old != last.size {
            return Err(Answer::Conflict(last.size));
        }
        if tree.size.0 == 0 && tree.root != EMPTY_ROOT {
            return Err(Answer::Inconsistent("size 0 with a root that is not the empty tree's"));
        }
        if old.0 == 0 && !self.request.proof.is_empty() {
            return Err(Answer::Inconsistent("a proof from size 0 has no lines"));
        }
        if old == tree.size && tree.root != last.root {
            return Err(Answer::Inconsistent("another root for the size that was cosigned last"));
        }
        verify_consistency(old, tree.size, &self.request.proof, &last.root, &tree.root)
            .map_err(|_| Answer::Inconsistent("the proof does not lead from the last root to this one"))
    }
}
