//! Why a step of verification did not pass: a type and a stable code for each reason. Sentences for people are made
//! elsewhere, from these.

use super::authority::AuthorityReason;
use crate::attestation::AttestationError;
use crate::checkpoint::CheckpointError;
use crate::disclosure::DisclosureError;
use crate::entry::EntryError;
use crate::key::KeyId;
use crate::policy::NotAccepted;
use crate::presentation::PresentationError;
use crate::status::StatusProblem;
use crate::tree::LeafIndex;

/// The steps of verification (formats.md 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// 1: the file, its entries and its checkpoint can be read and are canonical.
    Parse = 1,
    /// 2: what is disclosed belongs to the commitments.
    Commitment,
    /// 3: the statements are attested.
    Attestation,
    /// 4: who said it was allowed to.
    Authority,
    /// 5: everything is in the log.
    Inclusion,
    /// 6: the log and its witnesses signed the checkpoint.
    Checkpoint,
    /// 7: the entry still stands.
    Status,
    /// 8: whoever shows it holds its key.
    Holder,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Parse,
        Self::Commitment,
        Self::Attestation,
        Self::Authority,
        Self::Inclusion,
        Self::Checkpoint,
        Self::Status,
        Self::Holder,
    ];

    /// Its number, 1 to 8.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// One item of a presentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemAt {
    /// The subject.
    Subject,
    /// The authority item that claims this leaf index.
    Authority(LeafIndex),
}

/// What is wrong with the fields of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitmentFault {
    /// The two lists are not what they must be.
    Lists(DisclosureError),
    /// A tag of 2^32 or more.
    TagTooLarge(u64),
    /// A public body has no fields to show or hide.
    PublicBody,
    /// They belong to another commitment than the statement's.
    Differs,
}

/// Why a step did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// An input of this step did not pass: the earliest such step.
    Depends(Step),
    /// 1: the file.
    Presentation(PresentationError),
    /// 1: an entry in it.
    Entry {
        /// Where.
        item: ItemAt,
        /// What.
        error: EntryError,
    },
    /// 1: the three lines of the checkpoint.
    CheckpointText(CheckpointError),
    /// 2: disclosed and hidden fields of an item.
    Commitment {
        /// Where.
        item: ItemAt,
        /// What.
        fault: CommitmentFault,
    },
    /// 3: an attestation of a known key does not hold.
    Attestation {
        /// Where.
        item: ItemAt,
        /// Whose.
        key: KeyId,
        /// What.
        error: AttestationError,
    },
    /// 3: no attestation is by a known key.
    NoKnownKey {
        /// Where.
        item: ItemAt,
    },
    /// 4: who said it.
    Authority(AuthorityReason),
    /// 5: the path does not lead to the checkpoint's root.
    Inclusion {
        /// Where.
        item: ItemAt,
    },
    /// 5: a statement made for another ledger.
    Ledger {
        /// Where.
        item: ItemAt,
        /// The ledger it was made for.
        ledger: String,
    },
    /// 6: signatures and quorum of the checkpoint.
    Checkpoint(NotAccepted),
    /// 7: there is no status note.
    StatusAbsent,
    /// 7: the status note.
    Status(StatusProblem),
    /// 8: there is no holder proof.
    HolderAbsent,
    /// 8: it answers another audience or challenge.
    HolderOther,
    /// 8: its signature is wrong.
    HolderSignature,
    /// 8: nothing binds its key to the subject.
    HolderKey,
    /// 8: it is older than the verifier accepts, or more than 300 s ahead of its clock.
    HolderTime {
        /// Its time, in Unix seconds.
        time: u64,
    },
}

impl Reason {
    /// The stable code of this reason.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Depends(_) => "DEPENDS",
            Self::Presentation(error) => error.as_str(),
            Self::Entry { error, .. } => match error {
                EntryError::NewerVersion(_) => "VERSION",
                EntryError::NonCanonical => "NON_CANONICAL",
                EntryError::Rule(_) => "ENTRY",
                EntryError::Statement(_) => "STATEMENT",
            },
            Self::CheckpointText(error) => error.as_str(),
            Self::Commitment { .. } => "COMMITMENT",
            Self::Attestation { error, .. } => match error {
                AttestationError::NonCanonical => "NON_CANONICAL",
                AttestationError::Inclusion => "INCLUSION",
                AttestationError::Signature => "SIGNATURE",
                AttestationError::KeyIdLength
                | AttestationError::OtherKey
                | AttestationError::OtherAlgorithm
                | AttestationError::BatchSize => "ATTESTATION",
            },
            Self::NoKnownKey { .. } => "ATTESTATION",
            Self::Authority(reason) => reason.as_str(),
            Self::Inclusion { .. } => "INCLUSION",
            Self::Ledger { .. } => "LEDGER",
            Self::Checkpoint(error) => error.as_str(),
            Self::StatusAbsent => "STATUS_ABSENT",
            Self::Status(problem) => problem.as_str(),
            Self::HolderAbsent => "HOLDER_ABSENT",
            Self::HolderOther => "HOLDER",
            Self::HolderSignature => "SIGNATURE",
            Self::HolderKey => "HOLDER_KEY",
            Self::HolderTime { .. } => "HOLDER_TIME",
        }
    }

    /// Whether the step failed for this reason; else it could not be checked.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        match self {
            Self::Depends(_)
            | Self::NoKnownKey { .. }
            | Self::StatusAbsent
            | Self::HolderAbsent
            | Self::HolderKey
            | Self::HolderTime { .. }
            | Self::Entry { error: EntryError::NewerVersion(_), .. } => false,
            Self::Presentation(error) => error.is_failure(),
            Self::Authority(reason) => reason.is_failure(),
            Self::Status(problem) => problem.is_failure(),
            _ => true,
        }
    }
}
