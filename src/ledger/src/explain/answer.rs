//! What is answered about one rule, and what a learner holds. Data only.

use super::Published;
use crate::conversion::{Candidate, Selection, Yield};
use crate::day::Day;
use crate::rejection::{Refusal, Text};
use std::cmp::Reverse;

/// An outcome that a learner holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// As rules see it.
    pub candidate: Candidate,
    /// Uses of it or of one of its parts that stand.
    pub uses: Vec<Use>,
    /// The last day on which it is valid, if it has one.
    pub expires_on: Option<Day>,
    /// Leaf index of the course, module or family that it is of; 0 = none.
    pub of: u64,
}

/// A use that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The decision.
    pub decision: u64,
    /// `ScopeKind`.
    pub scope: i32,
    /// The receiving institution.
    pub owner: String,
    /// Code of its programme.
    pub programme: String,
}

/// One rule and what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<'a> {
    /// The rule.
    pub rule: &'a Published,
    /// What comes of it.
    pub outcome: Result<'a>,
}

/// What comes of a rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Result<'a> {
    /// An application would be met today.
    Open(Open),
    /// The outcomes meet it, but were used before.
    Used(Vec<Conflict>),
    /// The outcomes meet it, but the programme's limits do not let more in.
    Refused(Refusal),
    /// Sources that no outcome meets, or that none is left for.
    Short(Vec<Short<'a>>),
    /// It is open to nobody, or gives nothing for what there is.
    Closed(Closed),
}

/// A conversion that an application would get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The outcomes that it uses, by source.
    pub sources: Vec<u64>,
    /// What it gives.
    pub given: Yield,
    /// Other members of the same families, used up with them.
    pub absorbed: Vec<u64>,
    /// An earlier decision that it would replace.
    pub replaces: Option<u64>,
    /// Until when.
    pub until: Option<Deadline>,
}

/// An outcome and the first use that keeps it from being used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The outcome.
    pub outcome: u64,
    /// The decision that used it, or a part of it.
    pub decision: u64,
}

/// A source that is not met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short<'a> {
    /// Its place in the rule.
    pub source: usize,
    /// The outcome that comes nearest; `None` if nothing is held.
    pub nearest: Option<Lack<'a>>,
}

/// An outcome and what it lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lack<'a> {
    /// The outcome.
    pub outcome: u64,
    /// Every condition with its numbers. All of them met: another source needs the same outcome.
    pub selection: Selection<'a>,
}

/// When a conversion will no longer be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// The last day on which it is.
    pub last_day: Day,
    /// What ends it.
    pub ends: Ends,
}

/// What ends a conversion that is open today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// The rule ends.
    Rule,
    /// Another version of the rule begins.
    NewVersion {
        /// That version.
        index: u64,
    },
    /// An outcome becomes older than the rule takes.
    OutcomeTooOld {
        /// Which.
        outcome: u64,
    },
    /// A certificate expires.
    CertificateExpires {
        /// Which.
        outcome: u64,
    },
}

impl Ends {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rule => "RULE_ENDS",
            Self::NewVersion { .. } => "NEW_VERSION",
            Self::OutcomeTooOld { .. } => "OUTCOME_TOO_OLD",
            Self::CertificateExpires { .. } => "CERTIFICATE_EXPIRES",
        }
    }
}

/// Why a rule is open to nobody, or gives nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// Its force has not begun.
    NotYet {
        /// Unix seconds.
        from: i64,
    },
    /// Its force is over.
    Over {
        /// Unix seconds.
        since: i64,
    },
    /// It was revoked or is suspended.
    Withdrawn,
    /// The receiving institution may not decide any more.
    OwnerEnded,
    /// A rule above it does not hold.
    ParentNotInForce,
    /// A rule above it does not take these outcomes.
    ParentRefuses {
        /// That rule.
        parent: u64,
    },
    /// What is held has no credits to give any for.
    GivesNothing,
    /// It cannot be applied.
    Malformed,
}

impl Closed {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NotYet { .. } => "RULE_NOT_YET",
            Self::Over { .. } => "RULE_OVER",
            Self::Withdrawn => "RULE_WITHDRAWN",
            Self::OwnerEnded => "OWNER_ENDED",
            Self::ParentNotInForce => "PARENT_NOT_IN_FORCE",
            Self::ParentRefuses { .. } => "PARENT_REFUSES",
            Self::GivesNothing => "GIVES_NOTHING",
            Self::Malformed => "RULE_MALFORMED",
        }
    }

    /// The time (Unix seconds) or leaf index in it.
    #[must_use]
    pub const fn number(self) -> Option<i64> {
        match self {
            Self::NotYet { from: time } | Self::Over { since: time } => Some(time),
            Self::ParentRefuses { parent } => Some(parent.cast_signed()),
            _ => None,
        }
    }

    /// What it means.
    #[must_use]
    pub const fn rule(self) -> Text {
        let (en, zh) = match self {
            Self::NotYet { .. } => ("The rule's force has not begun.", "规则尚未生效。"),
            Self::Over { .. } => ("The rule's force is over.", "规则已失效。"),
            Self::Withdrawn => ("The rule was revoked or is suspended.", "规则已撤销或暂停。"),
            Self::OwnerEnded => ("The receiving institution decides nothing any more.", "接收机构已不再办理。"),
            Self::ParentNotInForce => ("The rule above it does not hold.", "上级规则未生效。"),
            Self::ParentRefuses { .. } => {
                ("The rule above it does not take these outcomes.", "上级规则不接受这些成果。")
            }
            Self::GivesNothing => {
                ("What is held has no credits that it gives anything for.", "现有成果按规则折算为零。")
            }
            Self::Malformed => ("The rule contradicts itself.", "规则自相矛盾，无法适用。"),
        };
        Text { en, zh }
    }

    /// What helps.
    #[must_use]
    pub const fn fix(self) -> Text {
        let (en, zh) = match self {
            Self::NotYet { .. } => ("Apply when it has begun.", "请在生效后申请。"),
            Self::Over { .. } | Self::Withdrawn | Self::OwnerEnded => ("Look for another rule.", "请查询其他规则。"),
            Self::ParentNotInForce | Self::ParentRefuses { .. } | Self::Malformed => {
                ("Ask the receiving institution to publish the rule anew.", "请接收机构重新发布规则。")
            }
            Self::GivesNothing => ("Use outcomes that carry credits.", "请使用带有学分的成果。"),
        };
        Text { en, zh }
    }
}

/// Every code of [`Closed`].
pub const CLOSED: [&str; 8] = {
    let mut codes = [""; 8];
    let mut at = 0;
    while at < codes.len() {
        codes[at] = ALL_CLOSED[at].code();
        at += 1;
    }
    codes
};

const ALL_CLOSED: [Closed; 8] = [
    Closed::NotYet { from: 0 },
    Closed::Over { since: 0 },
    Closed::Withdrawn,
    Closed::OwnerEnded,
    Closed::ParentNotInForce,
    Closed::ParentRefuses { parent: 0 },
    Closed::GivesNothing,
    Closed::Malformed,
];

/// What a code of [`Closed`] means, and what helps.
#[must_use]
pub fn closed_texts(code: &str) -> Option<(Text, Text)> {
    ALL_CLOSED.into_iter().find(|it| it.code() == code).map(|it| (it.rule(), it.fix()))
}

impl Result<'_> {
    /// Whether it is open, used up or refused, or short of what may still come only.
    #[must_use]
    pub fn is_near(&self) -> bool {
        match self {
            Self::Open(_) | Self::Used(_) | Self::Refused(_) => true,
            Self::Short(short) => short.iter().all(|it| it.nearest.is_some_and(|lack| lack.selection.is_near())),
            Self::Closed(_) => false,
        }
    }

    /// Number of conditions that are not met.
    #[must_use]
    pub fn distance(&self) -> usize {
        match self {
            Self::Short(short) => {
                let lacks =
                    |it: &Short<'_>| it.nearest.map_or(usize::MAX / 64, |lack| lack.selection.unmet().count().max(1));
                short.iter().map(lacks).fold(0, usize::saturating_add)
            }
            Self::Open(_) | Self::Used(_) | Self::Refused(_) | Self::Closed(_) => 0,
        }
    }
}

impl Answer<'_> {
    /// Open first, the most of it first; then used up, refused, nearly met, closed.
    pub(super) fn order(&self) -> (u8, usize, Reverse<(usize, u64)>, String, String) {
        let class = match &self.outcome {
            Result::Open(_) => 0,
            Result::Used(_) => 1,
            Result::Refused(_) => 2,
            Result::Short(_) => 3,
            Result::Closed(_) => 4,
        };
        let given = match &self.outcome {
            Result::Open(open) => (open.given.exempt.len(), open.given.credit_millis),
            _ => (0, 0),
        };
        (class, self.outcome.distance(), Reverse(given), self.rule.owner.clone(), self.rule.rule.code.clone())
    }
}
