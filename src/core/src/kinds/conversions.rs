//! Tag tables of the private kinds by which outcomes are converted: application, decision, appeal, reversal (rules.md 4).
//!
//! What may be converted, and what it gives, is decided by the ledger.

use super::statement::Kind;
use super::tags::{self, Tag};

/// The table of `ApplyConversion`.
///
/// The learner consents by a signature with a device key, by an activation code that the operator checked, or on paper:
/// number, day, hash of the scan, who took it in. `enrolled_on` and `pathway` only where a pathway keeps the rules of the
/// time of enrolment.
pub const APPLY: &[Tag] = &[
    tags::ACCOUNT,
    tags::HOLDER_KEY,
    tags::CONSENT,
    tags::PATHWAY,
    tags::LEARNER_SIGNATURE,
    tags::SIGNED_AT,
    tags::SOURCES,
    tags::ENROLLED_ON,
    tags::ACTIVATION,
    tags::CONSENT_ON,
    tags::CONSENT_HASH,
    tags::CONSENT_STAFF,
];

/// The table of `DecideConversion`: what was used, what that gives, and both in words.
pub const DECIDE: &[Tag] = &[
    tags::ACCOUNT,
    tags::CREDIT_MILLIS,
    tags::PARTS,
    tags::SOURCES,
    tags::MEMBERS,
    tags::EXEMPTS,
    tags::BEFORE,
    tags::AFTER,
    tags::REASON,
];

/// The table of `AppealDecision` and of `ReverseConversion`. The owner of a conversion reverses it without consent.
pub const ASK: &[Tag] = &[
    tags::ACCOUNT,
    tags::HOLDER_KEY,
    tags::CONSENT,
    tags::LEARNER_SIGNATURE,
    tags::SIGNED_AT,
    tags::REASON,
    tags::ACTIVATION,
    tags::CONSENT_ON,
    tags::CONSENT_HASH,
    tags::CONSENT_STAFF,
];

/// The tags of a kind's payload and those that are never empty; `None` for kinds of other groups.
#[must_use]
pub const fn table(kind: Kind) -> Option<(&'static [Tag], &'static [Tag])> {
    match kind {
        Kind::ApplyConversion => Some((APPLY, &[tags::ACCOUNT, tags::SOURCES])),
        Kind::DecideConversion => Some((DECIDE, &[tags::ACCOUNT])),
        Kind::AppealDecision | Kind::ReverseConversion => Some((ASK, &[tags::ACCOUNT, tags::REASON])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_ascend_and_hold_what_is_required() {
        for (table, required) in Kind::ALL.iter().filter_map(|kind| table(*kind)) {
            assert!(table.windows(2).all(|pair| pair[0].number < pair[1].number), "{table:?}");
            assert!(required.iter().all(|tag| table.contains(tag)), "{required:?}");
        }
    }
}
