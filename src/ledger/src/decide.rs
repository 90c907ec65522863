//! Judges a posting against the state, in exactly the order of rules.md 2: the first failure is the answer. Changes nothing.

use crate::posting::Prepared;
use crate::rejection::{Refusal, Rejection};
use crate::state::{Read, ReadError};

/// A remark on an accepted entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flag {
    /// Many fails of a run became passes soon after its end (清考).
    MassPass,
}

impl Flag {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::MassPass => "MASS_PASS",
        }
    }

    /// What it means.
    #[must_use]
    pub const fn message(self) -> crate::Text {
        match self {
            Self::MassPass => crate::Text {
                en: "Ten or more learners, and 30 % or more of the run's fails, passed within 30 days of its end.",
                zh: "该班次结束 30 天内有 10 人以上且 30% 以上不合格者转为合格（清考）。",
            },
        }
    }
}

/// What acceptance brings with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// It counts for nothing until someone countersigns.
    pub pending: bool,
    /// Remarks.
    pub flags: Vec<Flag>,
}

/// The verdict on a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It enters the log.
    Accept(Effects),
    /// The same statement is in the log already; its first receipt is the answer.
    Replay {
        /// Its leaf index.
        index: u64,
    },
    /// It is refused.
    Refuse(Refusal),
}

/// Judges a posting that would be logged at `logged_at`, Unix seconds.
pub fn decide(state: &impl Read, prepared: &Prepared, logged_at: i64) -> Result<Decision, ReadError> {
    let _ = (state, prepared, logged_at);
    Ok(Decision::Refuse(Refusal::new(Rejection::KindNotEnabled, "statement.body")))
}
