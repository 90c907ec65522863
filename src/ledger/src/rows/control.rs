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
