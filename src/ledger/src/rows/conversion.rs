//! Rows of conversions: applications, decisions, uses, appeals (rules.md 4).

use super::AccountKey;
use serde::{Deserialize, Serialize};

/// A conversion rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversionRuleRow {
    /// Unix seconds.
    pub effective_from: i64,
    /// Unix seconds, exclusive; 0 = until the next version begins.
    pub effective_until: i64,
    /// The statement's body, canonical bytes.
    pub body: Vec<u8>,
}

/// What became of an application, as far as it is public.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationRow {
    /// The rule.
    pub rule: u64,
    /// The AcceptApplication entry.
    pub accepted_by: Option<u64>,
    /// The WithdrawApplication entry.
    pub withdrawn_by: Option<u64>,
    /// Its decisions, oldest first: a second one only after an appeal.
    pub decisions: Vec<u64>,
    /// The DecideAppeal entry that opened it again.
    pub reopened_by: Option<u64>,
}

impl ApplicationRow {
    /// The decision that stands; `None` while it waits for one.
    #[must_use]
    pub fn decision(&self) -> Option<u64> {
        self.decisions.last().copied().filter(|decision| self.reopened_by.is_none_or(|by| by < *decision))
    }

    /// Whether it waits for a decision, accepted or not.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.withdrawn_by.is_none() && self.decision().is_none()
    }
}

/// The public side of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConversionRow {
    /// The application.
    pub application: u64,
    /// The rule.
    pub rule: u64,
    /// `Verdict`.
    pub verdict: i32,
    /// `ScopeKind`; 0 when refused.
    pub scope: i32,
    /// What undid it: a ReverseConversion, or the decision that replaces it.
    pub ended_by: Option<u64>,
}

/// One use of an outcome, under one of its nullifiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UseRow {
    /// The decision or award.
    pub entry: u64,
    /// `ScopeKind` of the use.
    pub scope: u8,
}

/// An appeal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealRow {
    /// What is appealed.
    pub target: u64,
    /// The DecideAppeal entry and its `Verdict`.
    pub decided: Option<(u64, i32)>,
}

/// The private side of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedRow {
    /// Whose it is: the account as it was kept then.
    pub account: AccountKey,
    /// The outcomes to convert, ascending.
    pub sources: Vec<u64>,
}

/// The private side of a decision that grants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConvertedRow {
    /// Whose it is: the account as it was kept then.
    pub account: AccountKey,
    /// The outcomes converted, ascending.
    pub sources: Vec<u64>,
    /// What is used up with them: parts, and other certificates of a family of which only the highest counts. Ascending.
    pub absorbed: Vec<u64>,
    /// Courses and modules exempted, ascending.
    pub exempts: Vec<u64>,
    /// Credits that it counts in the programme, thousandths: those of what is exempted, or those given.
    pub counted_millis: u64,
}
