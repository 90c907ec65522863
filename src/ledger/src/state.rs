//! State as rows, and the two ways to read it: what `decide` may ask, and what answers to people need besides.
//!
//! A row is never overwritten: the newest row of a key with an index below a tree size *is* the state as of that size
//! (architecture.md, "Pipeline, state, reads" 3). What the rows mean is in [`rows`](crate::rows); how they are stored is
//! not this crate's business, [`MemoryState`](crate::MemoryState) aside.

mod key;

pub use key::Key;

use crate::policy::KnownPolicies;
use prost::bytes::Bytes;
use xuefen_core::Hash;

/// The tables. The number is the first byte of every key; it is part of the dump format and never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Table {
    /// (issuer, nonce) → nothing; the row's index names the entry.
    Nonce = 1,
    /// Leaf index → [`EntryRow`](crate::rows::EntryRow). Written once.
    Entry = 2,
    /// Leaf index → [`StandingRow`](crate::rows::StandingRow): what later entries did to this one. Absent = nothing.
    Standing = 3,
    /// Leaf index of an accreditation or change that waits for its second signature → the body.
    Waiting = 4,
    /// Key id → [`KeyRow`](crate::rows::KeyRow).
    Key = 5,
    /// Owner → nothing; one row per key, its value the key id.
    KeysOf = 6,
    /// Authority id → [`AuthorityRow`](crate::rows::AuthorityRow).
    Authority = 7,
    /// Institution id → [`InstitutionRow`](crate::rows::InstitutionRow).
    Institution = 8,
    /// (owner, kind, code) → [`DisplayRow`](crate::rows::DisplayRow): the newest version of a display id.
    Display = 9,
    /// Leaf index → [`OfferRow`](crate::rows::OfferRow): recording rules, courses, modules, certificate families.
    Offer = 10,
    /// Owner → one row per offer or standard it published, value empty.
    OffersOf = 11,
    /// Private. Account → [`AccountRow`](crate::rows::AccountRow).
    Account = 12,
    /// Private. Document HMAC → the account.
    Document = 13,
    /// Private. Account → one row per outcome, value empty.
    OutcomesOf = 14,
    /// Private. Leaf index of an outcome → [`OutcomeRow`](crate::rows::OutcomeRow).
    Outcome = 15,
    /// Private. (issuer, outcome kind, source id) → nothing; the row's index names the newest version.
    Source = 16,
    /// Private counter. (account, offer, run) → [`LineRow`](crate::rows::LineRow): a learner's attempts.
    Line = 17,
    /// Private counter. (offer, run) → [`RunRow`](crate::rows::RunRow): fails of a run and what became of them.
    Run = 18,
    /// Continuations of values too long for one row.
    Part = 19,
    /// Private. Leaf index → a list of [`FlagRow`](crate::rows::FlagRow): remarks on the entry. Written once; absent = none.
    Flags = 20,
    /// Private counter. The same, of remarks that rest on other entries' payloads.
    CountedFlags = 21,
    /// Issuer → one row per entry of it, value empty.
    IssuedBy = 22,
    /// Private. (account, what can be had once) → nothing; the row's index names the newest outcome that has it.
    Held = 30,
    /// Private. (issuer, team) → 16 bytes of a keyed hash of the team's result.
    Team = 31,
    /// (institution, level, year) → [`FiledRow`](crate::rows::FiledRow): majors filed.
    Filed = 40,
    /// Label → one row per version of a pathway that is called so, value empty.
    Label = 41,
    /// Standing → the entries that hold it equal to something, oldest first.
    Equivalent = 42,
    /// Consortium → [`CharterRow`](crate::rows::CharterRow).
    Charter = 43,
    /// Institution → one row per evaluation, [`EvaluationRow`](crate::rows::EvaluationRow).
    Evaluations = 44,
    /// Private. Device key → [`DeviceRow`](crate::rows::DeviceRow).
    Device = 45,
    /// Province, or empty → [`PolicyLineRow`](crate::rows::PolicyLineRow).
    Policies = 50,
    /// (owner, programme code) → [`RunsRow`](crate::rows::RunsRow).
    RunsOf = 51,
    /// Leaf index of an application → [`ApplicationRow`](crate::rows::ApplicationRow).
    Application = 60,
    /// Institution → one row per application under a rule of it, value empty.
    ApplicationsTo = 61,
    /// Leaf index of a decision → [`ConversionRow`](crate::rows::ConversionRow).
    Conversion = 62,
    /// Nullifier → a list of [`UseRow`](crate::rows::UseRow): the uses that published it and still stand.
    Use = 63,
    /// Leaf index of an appeal → [`AppealRow`](crate::rows::AppealRow).
    Appeal = 64,
    /// Leaf index of an entry → nothing; the row's index names the newest appeal against it.
    Appealed = 65,
    /// Private. Leaf index of an application → [`AppliedRow`](crate::rows::AppliedRow).
    Applied = 66,
    /// Private. Account → one row per application, value empty.
    ApplicationsOf = 67,
    /// Private. Leaf index of a granted decision → [`ConvertedRow`](crate::rows::ConvertedRow).
    Converted = 68,
    /// Private. (account, programme) → granted decisions, oldest first.
    ConvertedIn = 69,
    /// Private. Leaf index of an outcome → granted decisions that used it, oldest first.
    UsedBy = 70,
    /// Private counter. (account, certificate family) → its outcomes, oldest first.
    Certified = 71,
    /// One key: one row per version of a conversion rule, value empty. What explaining reads at the start (docs/adr/0037).
    Rules = 72,
    /// (institution, day) → [`HeadcountRow`](crate::rows::HeadcountRow).
    Headcount = 90,
    /// Leaf index of the commitment → [`InspectionRow`](crate::rows::InspectionRow).
    Inspection = 91,
}

impl Table {
    /// Every table, ascending.
    pub const ALL: [Self; 47] = [
        Self::Nonce,
        Self::Entry,
        Self::Standing,
        Self::Waiting,
        Self::Key,
        Self::KeysOf,
        Self::Authority,
        Self::Institution,
        Self::Display,
        Self::Offer,
        Self::OffersOf,
        Self::Account,
        Self::Document,
        Self::OutcomesOf,
        Self::Outcome,
        Self::Source,
        Self::Line,
        Self::Run,
        Self::Part,
        Self::Flags,
        Self::CountedFlags,
        Self::IssuedBy,
        Self::Held,
        Self::Team,
        Self::Filed,
        Self::Label,
        Self::Equivalent,
        Self::Charter,
        Self::Evaluations,
        Self::Device,
        Self::Policies,
        Self::RunsOf,
        Self::Application,
        Self::ApplicationsTo,
        Self::Conversion,
        Self::Use,
        Self::Appeal,
        Self::Appealed,
        Self::Applied,
        Self::ApplicationsOf,
        Self::Converted,
        Self::ConvertedIn,
        Self::UsedBy,
        Self::Certified,
        Self::Rules,
        Self::Headcount,
        Self::Inspection,
    ];

    /// The first byte of the table's keys.
    #[must_use]
    pub const fn byte(self) -> u8 {
        self as u8
    }

    /// Whether rows come from payloads: those of an erased entry are dropped (rows of these tables whose index is the
    /// erased entry's).
    #[must_use]
    pub const fn is_private(self) -> bool {
        matches!(
            self,
            Self::Account
                | Self::Document
                | Self::OutcomesOf
                | Self::Outcome
                | Self::Source
                | Self::Line
                | Self::Run
                | Self::Flags
                | Self::CountedFlags
                | Self::Held
                | Self::Team
                | Self::Device
                | Self::Applied
                | Self::ApplicationsOf
                | Self::Converted
                | Self::ConvertedIn
                | Self::UsedBy
                | Self::Certified
        )
    }

    /// Whether a row may rest on rows of other entries' payloads, so that erasing one changes what a rebuild makes of the
    /// next. These stay out of the state digest.
    #[must_use]
    pub const fn is_counter(self) -> bool {
        matches!(self, Self::Line | Self::Run | Self::CountedFlags | Self::Certified)
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Whose row it is.
    pub key: Key,
    /// Leaf index of the entry that wrote it; the row is seen in trees larger than this.
    pub index: u64,
    /// The value: postcard of the table's struct, at most [`MAX_VALUE`] bytes.
    pub value: Vec<u8>,
}

/// Most bytes of a row's value; what is longer goes on in rows of [`Table::Part`].
pub const MAX_VALUE: usize = 3_000;

/// State could not be read. Never a verdict about an entry.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The store behind the state failed.
    #[error("state could not be read")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row is not what its table holds: a damaged index, or one made by another version.
    #[error("row {key:?} at entry {index} is damaged")]
    Damaged {
        /// Which row.
        key: Key,
        /// Which entry wrote it.
        index: u64,
    },
}

/// All that `decide` and `evolve` may ask.
pub trait Read {
    /// The newest row of a key as of the reader's size: the index that wrote it, and its value.
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError>;

    /// Policies that were worked out before from this state, if whoever reads keeps them.
    fn known_policies(&self) -> Option<&KnownPolicies> {
        None
    }
}

impl<R: Read + ?Sized> Read for &R {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        (**self).newest(key)
    }

    fn known_policies(&self) -> Option<&KnownPolicies> {
        (**self).known_policies()
    }
}

/// What `decide` alone may ask besides: hashes of the entries so far, those in flight included. Tree and journal have them,
/// so no row repeats them.
pub trait Entries {
    /// RFC 6962 leaf hash of an entry; `None` if there is none.
    fn leaf_hash(&self, index: u64) -> Result<Option<Hash>, ReadError>;

    /// SHA-256(0x00 || statement) of an entry; `None` if there is none. May read the entry itself: asked only when a
    /// nonce came before in another entry than the posting would make.
    fn statement_hash(&self, index: u64) -> Result<Option<Hash>, ReadError>;

    /// RFC 6962 root of the first `size` entries; `None` if there are not so many, or not all of them published yet.
    fn root(&self, size: u64) -> Result<Option<Hash>, ReadError>;
}

/// Which way a history is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    Ascending,
    /// Newest first.
    Descending,
}

/// What answers to people ask besides. Never used by `decide` or `evolve`.
pub trait Query: Read {
    /// The size as of which this reader answers: rows with a smaller index are seen.
    fn size(&self) -> u64;

    /// Rows of one key, at most `limit`, beginning with index `from` (included), or with the first in this direction.
    fn history(
        &self,
        key: &Key,
        from: Option<u64>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<(u64, Bytes)>, ReadError>;

    /// The newest row of each key that begins with `prefix`, by ascending key, after `after` (excluded), at most `limit`.
    fn scan(&self, prefix: &[u8], after: Option<&Key>, limit: usize) -> Result<Vec<Row>, ReadError>;
}
