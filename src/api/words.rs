//! The words that answers use for what the ledger knows as types, and names as they travel. Words are part of the schema.

use xuefen_core::kinds::Kind;
use xuefen_core::proto::Name;
use xuefen_ledger::query::EntryStatus;
use xuefen_ledger::rows::{NameRow, Status};

/// An entry's status.
pub const fn entry_status(status: &EntryStatus) -> &'static str {
    match status {
        EntryStatus::Valid => "valid",
        EntryStatus::Pending => "pending",
        EntryStatus::Suspended { .. } => "suspended",
        EntryStatus::Superseded { .. } => "superseded",
        EntryStatus::Revoked { .. } => "revoked",
        EntryStatus::Expired => "expired",
        EntryStatus::NeedsReview { .. } => "needs_review",
        EntryStatus::Erased => "erased",
    }
}

/// An institution's status; `None` = not in force yet.
pub const fn institution_status(status: Option<&Status>) -> &'static str {
    match status {
        None => "pending",
        Some(Status::InForce) => "active",
        Some(Status::Suspended { .. }) => "suspended",
        Some(Status::Revoked { .. }) => "revoked",
        Some(Status::Merged { .. }) => "merged",
    }
}

/// A kind of statement by its place in [`Kind::ALL`], as rows hold it.
pub fn kind(place: u8) -> &'static str {
    Kind::ALL.get(usize::from(place)).map_or("", |kind| kind.name())
}

/// Names as they travel.
pub fn names(rows: &[NameRow]) -> Vec<Name> {
    rows.iter().map(|row| Name { language: row.language.clone(), text: row.text.clone() }).collect()
}
