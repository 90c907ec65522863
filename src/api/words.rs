//! The words that answers use for what the ledger knows as types, and names as they travel. Words are part of the schema.

use xuefen_core::proto::Name;
use xuefen_ledger::query::EntryStatus;
use xuefen_ledger::rows::NameRow;

/// An entry's status.
pub const fn entry_status(status: &EntryStatus) -> &'static str {
    match status {
        EntryStatus::Valid => "valid",
        EntryStatus::Pending => "pending",
        EntryStatus::Lapsed { .. } => "lapsed",
        EntryStatus::Suspended { .. } => "suspended",
        EntryStatus::Superseded { .. } => "superseded",
        EntryStatus::Revoked { .. } => "revoked",
        EntryStatus::Expired => "expired",
        EntryStatus::NeedsReview { .. } => "needs_review",
        EntryStatus::Erased => "erased",
    }
}

/// Names as they travel.
pub fn names(rows: &[NameRow]) -> Vec<Name> {
    rows.iter().map(|row| Name { language: row.language.clone(), text: row.text.clone() }).collect()
}
