//! Rows of inspections and declarations.

use serde::{Deserialize, Serialize};

/// How many people an institution has on a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadcountRow {
    /// Learners enrolled.
    pub learners: u64,
    /// Staff.
    pub staff: u64,
    /// Who said so: the institution, who took it over, or an authority over it.
    pub declared_by: String,
}

/// A seeded inspection: what its auditor is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InspectionRow {
    /// Who began it.
    pub owner: String,
    /// Programme of inspection.
    pub scheme: String,
    /// SHA-256 of the secret.
    pub secret_commitment: [u8; 32],
    /// Entries to be drawn.
    pub drawn: u32,
    /// Size that was named beforehand; 0 = none.
    pub checkpoint_size: u64,
    /// Only entries of this institution; empty = of everybody.
    pub population_issuer: String,
    /// Only outcomes of this kind; 0 = every entry.
    pub population_outcome_kind: i32,
    /// The entry that reports on it.
    pub reported_by: Option<u64>,
}
