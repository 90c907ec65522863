//! An outcome as rules see it. Filled in by whoever has read the payload and the state; nothing is read here.

use crate::day::Day;
use crate::status::EntryStatus;

/// What rules may ask of an outcome. Texts are empty and numbers 0 where it says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Leaf index.
    pub index: u64,
    /// `OutcomeKind`.
    pub kind: i32,
    /// Its issuer, then whom that took over: a rule that names one of them takes it.
    pub issuers: Vec<String>,
    /// `InstitutionKind` of the issuer.
    pub issuer_kind: i32,
    /// `Sector` of the issuer.
    pub issuer_sector: i32,
    /// Code of its certificate family.
    pub family: String,
    /// Its place among the levels of the family, from 1.
    pub level: u32,
    /// Code of the course or module it is of.
    pub course_code: String,
    /// Class of its major.
    pub major_class: String,
    /// Scale of its grade.
    pub scale: String,
    /// Its grade on that scale ([`mark_on`](crate::grade::mark_on)).
    pub mark_millis: Option<u64>,
    /// Its grade passes, or it has none.
    pub passed: bool,
    /// Assurance tier ([`tier`](crate::tier)).
    pub tier: u32,
    /// When it was achieved.
    pub achieved_on: Day,
    /// Its credits, thousandths.
    pub credit_millis: u64,
    /// What it is worth now.
    pub status: EntryStatus,
}

impl Candidate {
    /// Whether it may still count, now or later: what is revoked, corrected or erased never will.
    #[must_use]
    pub const fn is_held(&self) -> bool {
        match self.status {
            EntryStatus::Valid
            | EntryStatus::Pending
            | EntryStatus::Suspended { .. }
            | EntryStatus::Expired
            | EntryStatus::NeedsReview { .. } => true,
            EntryStatus::Lapsed { .. }
            | EntryStatus::Superseded { .. }
            | EntryStatus::Revoked { .. }
            | EntryStatus::Erased => false,
        }
    }
}
