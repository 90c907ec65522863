//! What step 4 asks of whoever knows the rules of authority: which keys are known, what an entry adds to that, and whether
//! a subject's issuer was allowed to say it. The answers depend on the kinds of statements, so they are not given here.

use crate::disclosure::Disclosed;
use crate::entry::Entry;
use crate::key::{KeyId, PublicKey};
use crate::origin::Origin;
use crate::tree::LeafIndex;
use crate::vkey::VerifierKey;

/// An item as far as it has been verified; what has been is said where it is used.
#[derive(Debug)]
pub struct Attested<'a, M> {
    /// Where it stands in the log.
    pub index: LeafIndex,
    /// The entry, parsed.
    pub entry: &'a Entry<M>,
    /// The fields that are shown, which match the commitment. Empty if they do not.
    pub disclosed: &'a [Disclosed],
    /// The known keys that attest it, ascending.
    pub signers: &'a [KeyId],
    /// Number of further attestations, by keys that are not known: they count for nothing, but someone who knows them
    /// may come to another result.
    pub unknown_signers: usize,
}

/// Knowledge about keys and rights, built up along the log.
///
/// [`verify`](super::verify) asks in this order. For each item, by ascending index, the subject in its place: first
/// [`key`](Self::key) for its attestations; then for an authority item [`learn`](Self::learn), for the subject
/// [`judge`](Self::judge). So what supports an item always stands below it in the log, and only what has been proven is
/// ever learned. Items above the subject are still learned, after it was judged: a holder's key may have been bound, and
/// a status key appointed, later. At the end come [`status_keys`](Self::status_keys) and [`binds`](Self::binds).
pub trait Authority<M> {
    /// The key of this id, if it is known: trusted from the start, or learned. Validity is not asked here: a signature by
    /// a known key must be right even if the key was no longer valid.
    fn key(&self, id: &KeyId) -> Option<&PublicKey>;

    /// Takes in an authority item that passed its own steps 2, 3 and 5. Whether its issuer was allowed to say it is up to
    /// the implementation; what was not allowed teaches nothing.
    fn learn(&mut self, item: &Attested<'_, M>);

    /// Step 4 for the subject: the chain of authority for it existed, key and issuer were valid at `issued_at` and
    /// `logged_at`, co-signers are there. Its steps 1 and 3 passed; 2 and 5 have their own results.
    fn judge(&self, subject: &Attested<'_, M>) -> Result<(), AuthorityReason>;

    /// The keys that may sign status notes of the log of this origin.
    fn status_keys(&self, origin: &Origin) -> Vec<VerifierKey>;

    /// Whether this key (any bytes) belongs to the subject's holder: shown in one of its fields, or bound by an item that
    /// was learned.
    fn binds(&self, subject: &Attested<'_, M>, holder_key: &[u8]) -> bool;
}

/// Why step 4 did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthorityReason {
    /// None of the issuer's keys is known, and an attestation by an unknown key is left: it may be theirs.
    IssuerKeyUnknown {
        /// The issuer.
        issuer: String,
    },
    /// No valid key of the issuer attests the statement, and no unknown key is left that could be one.
    NotByIssuer {
        /// The issuer.
        issuer: String,
    },
    /// Among the items, nothing accredits the issuer.
    NotAccredited {
        /// The issuer.
        issuer: String,
    },
    /// The issuer was known and may not issue this kind, family or level.
    NotAllowed {
        /// The issuer.
        issuer: String,
        /// The kind, by its name in the rules.
        kind: &'static str,
    },
    /// A party that must sign too did not.
    CoSignerMissing {
        /// Who, as far as the rule names one.
        party: String,
    },
    /// An entry that the answer depends on is not among the items.
    ItemMissing {
        /// What it would have said, by the kind's name in the rules.
        kind: &'static str,
    },
}

impl AuthorityReason {
    /// The stable code of this reason.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::IssuerKeyUnknown { .. } => "ISSUER_KEY",
            Self::NotByIssuer { .. } => "ISSUER",
            Self::NotAccredited { .. } => "ACCREDITATION",
            Self::NotAllowed { .. } => "NOT_ALLOWED",
            Self::CoSignerMissing { .. } => "CO_SIGNER",
            Self::ItemMissing { .. } => "ITEM_MISSING",
        }
    }

    /// Whether the step failed for this reason; else it could not be checked, since a presentation with more items, or a
    /// verifier who trusts more keys, could come to another result.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self, Self::NotByIssuer { .. } | Self::NotAllowed { .. } | Self::CoSignerMissing { .. })
    }
}
