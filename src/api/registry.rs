//! `RegistryService`: institutions, keys and offers, public and as of any tree size.

use xuefen_ledger::rows::Status;

/// The word for what an institution is; `None` before it was accredited.
pub fn status_word(status: Option<&Status>) -> &'static str {
    match status {
        None => "pending",
        Some(Status::InForce) => "active",
        Some(Status::Suspended { .. }) => "suspended",
        Some(Status::Revoked { .. }) => "revoked",
        Some(Status::Merged { .. }) => "merged",
    }
}
