//! What the rows of each table hold; their keys stand in `keys`. Values are postcard of these structs, so the order and
//! types of fields are the dump format: a change of it is a rebuild of every index, and of the audit that compares digests.
//!
//! Payload values stand in no row: keyed hashes and numbers of attempts at most (formats.md 3, "Erasure").

mod control;
mod conversion;
mod keys;
mod registry;

pub use control::*;
pub use conversion::*;
pub(crate) use keys::*;
pub use registry::*;

use serde::{Deserialize, Serialize};
use xuefen_core::hash::Hash;
use xuefen_core::key::KeyId;

/// The first 16 bytes of a hash: enough for a key that is compared in full, or that only secrets lead to.
pub type Short = [u8; 16];

/// The first 16 bytes of a hash.
#[must_use]
pub fn short(hash: &Hash) -> Short {
    let mut short = [0; 16];
    short.copy_from_slice(&hash.0[..16]);
    short
}

/// 12 bytes of a hash: a key that two of a billion entries share by chance in one of 2^37 ledgers, and that gains nothing
/// for who makes two of its own meet (docs/adr/0014).
pub type Name = [u8; 12];

/// An account as the index knows it: 16 bytes of an HMAC of the account id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountKey(pub Short);

/// A name in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRow {
    /// BCP 47.
    pub language: String,
    /// The name.
    pub text: String,
}

/// An entry as it was logged. Never changes. Without its hashes: the tree has the one of the entry, the journal the
/// statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRow {
    /// The kind's place in [`Kind::ALL`](xuefen_core::kinds::Kind::ALL).
    pub kind: u8,
    /// The outcome kind's number; 0 for other kinds.
    pub outcome_kind: u8,
    /// Who said it.
    pub issuer: String,
    /// By the issuer's clock, Unix seconds.
    pub issued_at: i64,
    /// By the ledger's clock, Unix seconds.
    pub logged_at: i64,
    /// [`key_short`] of each attesting key, in the order of the entry.
    pub keys: Vec<Short>,
    /// The outcome it supersedes.
    pub supersedes: Option<u64>,
    /// An old paper record.
    pub imported: bool,
    /// Who must stand by an outcome too; empty = nobody.
    pub cosigner: String,
}

/// Whether an entry is in force, as far as life-cycle entries say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Force {
    /// Nothing says otherwise.
    #[default]
    InForce,
    /// Out of force until a time.
    Suspended {
        /// Unix seconds.
        until: i64,
        /// The Suspend entry.
        by: u64,
    },
    /// Out of force for good.
    Revoked {
        /// `LifecycleReason`.
        reason: i32,
        /// The Revoke entry.
        by: u64,
    },
}

/// A party that stands by an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersignature {
    /// Who.
    pub party: String,
    /// The Countersign entry.
    pub index: u64,
    /// When that was logged, Unix seconds.
    pub logged_at: i64,
    /// [`key_short`] of its keys.
    pub keys: Vec<Short>,
    /// It was by an accrediting authority.
    pub by_authority: bool,
}

/// What later entries did to an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingRow {
    /// Suspended or revoked.
    pub force: Force,
    /// The outcome that corrects it.
    pub superseded_by: Option<u64>,
    /// It waits for a second signature and counts for nothing.
    pub pending: bool,
    /// The entry that completed it.
    pub completed_by: Option<u64>,
    /// Who stands by it, in order.
    pub countersignatures: Vec<Countersignature>,
    /// What waits lapses at this time, Unix seconds; 0 = never.
    pub lapses_at: i64,
}

impl StandingRow {
    /// Whether it waited for a second signature for too long.
    #[must_use]
    pub const fn has_lapsed(&self, time: i64) -> bool {
        self.pending && self.lapses_at > 0 && self.lapses_at <= time
    }
}

/// What a key of an authority may do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleRow {
    /// `AuthorityRole`.
    pub role: i32,
    /// GB/T 2260 of the province, empty for the whole country.
    pub region: String,
}

/// The end of a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEnd {
    /// Not valid from, Unix seconds.
    pub at: i64,
    /// The entry that ended it.
    pub by: u64,
    /// `KeyEndGround`.
    pub ground: i32,
    /// What it signed and was logged from here on needs review; Unix seconds, only if compromised.
    pub compromised_since: Option<i64>,
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    /// The whole key id.
    pub id: [u8; 32],
    /// `Algorithm`.
    pub algorithm: i32,
    /// The public key.
    pub public_key: [u8; 32],
    /// The institution or authority it belongs to.
    pub owner: String,
    /// Set for keys of authorities.
    pub role: Option<RoleRow>,
    /// Who keeps it.
    pub custodian: String,
    /// In force from, Unix seconds.
    pub valid_from: i64,
    /// In force until, Unix seconds, exclusive.
    pub valid_until: i64,
    /// The entry that introduced it.
    pub entry: u64,
    /// The key it takes over from, and until when that one would have been valid.
    pub replaces: Option<(Short, i64)>,
    /// The key was ended.
    pub end: Option<KeyEnd>,
}

impl KeyRow {
    /// Whether the key is valid at a time.
    #[must_use]
    pub fn valid_at(&self, time: i64) -> bool {
        self.valid_from <= time && time < self.valid_until && self.end.as_ref().is_none_or(|end| time < end.at)
    }

    /// Whether what the key signed, logged at this time, is in doubt.
    #[must_use]
    pub fn compromised_at(&self, logged_at: i64) -> bool {
        let since = self.end.as_ref().and_then(|end| end.compromised_since);
        since.is_some_and(|since| logged_at >= since)
    }

    /// Whether it may accredit, and where: empty = everywhere.
    #[must_use]
    pub fn accredits(&self) -> Option<&str> {
        let role = self.role.as_ref()?;
        (role.role == xuefen_core::proto::AuthorityRole::Accredit as i32).then_some(role.region.as_str())
    }
}

/// An authority: whoever has a key with a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorityRow {
    /// Names.
    pub names: Vec<NameRow>,
    /// The entry that granted its first key.
    pub entry: u64,
}

/// What an institution is from a time on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// It may issue.
    InForce,
    /// It may not until a time; `i64::MAX` = until reinstated.
    Suspended {
        /// Unix seconds.
        until: i64,
        /// `InstitutionGround`.
        ground: i32,
    },
    /// It may not any more.
    Revoked {
        /// `InstitutionGround`.
        ground: i32,
        /// Entries logged from here on need review; Unix seconds.
        retroactive_since: Option<i64>,
    },
    /// It was taken over.
    Merged {
        /// By whom.
        successor: String,
    },
}

/// A status and when it began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Unix seconds.
    pub from: i64,
    /// The entry that began it.
    pub by: u64,
    /// What it is.
    pub status: Status,
}

/// Names in force from a time on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamesPeriod {
    /// Unix seconds.
    pub from: i64,
    /// The entry that gave them.
    pub by: u64,
    /// The names.
    pub names: Vec<NameRow>,
}

/// An accreditation that took force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccreditationRow {
    /// In force from, Unix seconds.
    pub from: i64,
    /// The AccreditInstitution entry.
    pub entry: u64,
    /// The Countersign entry that completed it.
    pub completed_by: Option<u64>,
}

/// An accredited institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstitutionRow {
    /// `InstitutionKind`.
    pub kind: i32,
    /// `Sector`.
    pub sector: i32,
    /// GB/T 2260, or empty.
    pub region: String,
    /// The body it belongs to, or empty.
    pub parent: String,
    /// `OutcomeKind`s it may record.
    pub outcome_kinds: Vec<i32>,
    /// Certificate families it may issue.
    pub families: Vec<String>,
    /// Occupations with the full ladder.
    pub full_ladder: Vec<String>,
    /// May record old paper records.
    pub may_import: bool,
    /// Highest skill level outside a full ladder.
    pub highest_skill_level: u32,
    /// Its names, oldest first.
    pub names: Vec<NamesPeriod>,
    /// What it was and is, oldest first.
    pub periods: Vec<Period>,
    /// Its accreditations, oldest first.
    pub accreditations: Vec<AccreditationRow>,
    /// Whom it took over, in order.
    pub predecessors: Vec<String>,
}

impl InstitutionRow {
    /// What it is at a time; `None` before it was accredited.
    #[must_use]
    pub fn status_at(&self, time: i64) -> Option<&Status> {
        let newest = self.periods.iter().rev().find(|period| period.from <= time)?;
        match &newest.status {
            Status::Suspended { until, .. } if *until <= time => Some(&Status::InForce),
            status => Some(status),
        }
    }

    /// The entry by which its newest accreditation took force: region, kind and rights are as they stand since then.
    #[must_use]
    pub fn accredited_at(&self) -> Option<u64> {
        self.accreditations.last().map(|it| it.completed_by.unwrap_or(it.entry))
    }

    /// The names in force at a time.
    #[must_use]
    pub fn names_at(&self, time: i64) -> &[NameRow] {
        self.names.iter().rev().find(|names| names.from <= time).map_or(&[], |names| &names.names)
    }

    /// The accreditation in force at a time.
    #[must_use]
    pub fn accreditation_at(&self, time: i64) -> Option<&AccreditationRow> {
        self.accreditations.iter().rev().find(|accreditation| accreditation.from <= time)
    }
}

/// The newest version of a display id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisplayRow {
    /// Its version.
    pub version: u32,
}

/// A recording rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingRuleRow {
    /// Region of the authority whose it is, empty for the nation; `None` for an institution's.
    pub tier: Option<String>,
    /// Unix seconds.
    pub effective_from: i64,
    /// Length of a class hour, minutes.
    pub hour_minutes: u32,
    /// Class hours of theory for a credit.
    pub theory_hours_per_credit: u32,
    /// Class hours of practice for a credit.
    pub practice_hours_per_credit: u32,
    /// Credits come in multiples of this, milli-credits.
    pub step_millis: u32,
}

/// A course or module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseRow {
    /// Length in all, minutes.
    pub minutes: u32,
    /// Of these, practice.
    pub practice_minutes: u32,
    /// Milli-credits.
    pub credit_millis: u32,
    /// Its recording rule.
    pub recording_rule: Option<u64>,
    /// Code of its scale.
    pub scale: String,
}

/// A certificate family.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyRow {
    /// `OutcomeKind` of its certificates.
    pub outcome_kind: i32,
    /// Number of levels; 0 = without.
    pub levels: u32,
    /// Occupation, or empty.
    pub occupation: String,
    /// Days a certificate is valid; 0 = without end.
    pub validity_days: u32,
}

/// A policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRow {
    /// Unix seconds.
    pub effective_from: i64,
    /// The statement's body, canonical bytes.
    pub body: Vec<u8>,
}

/// A programme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgrammeRow {
    /// Unix seconds.
    pub effective_from: i64,
    /// The statement's body, canonical bytes.
    pub body: Vec<u8>,
}

/// A published run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOfferRow {
    /// The course, module or programme.
    pub offer: u64,
    /// First day, days since 1970-01-01 in UTC+8.
    pub start_day: u32,
    /// Last day.
    pub end_day: u32,
    /// Length in all, minutes.
    pub minutes: u32,
    /// Of these, practice.
    pub practice_minutes: u32,
}

/// Runs of a programme that had not begun when the newest of them was announced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunsRow {
    /// Leaf index and first day, oldest entry first.
    pub runs: Vec<(u64, u32)>,
}

/// The policies of the nation or a province.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyLineRow {
    /// Whose they are.
    pub owner: String,
    /// What they are called.
    pub code: String,
    /// In force from (Unix seconds), and the entry; oldest first. The newest whose time has come counts.
    pub versions: Vec<(i64, u64)>,
}

/// What an offer says that rules ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfferBody {
    /// `RecordingRule`.
    RecordingRule(RecordingRuleRow),
    /// `Course`.
    Course(CourseRow),
    /// `Module`.
    Module(CourseRow),
    /// `CertificateFamily`.
    Family(FamilyRow),
    /// `Policy`.
    Policy(PolicyRow),
    /// `Programme`.
    Programme(ProgrammeRow),
    /// `Run`.
    Run(RunOfferRow),
    /// `Framework`.
    Framework(FrameworkRow),
    /// `MajorCatalogue`.
    Catalogue(CatalogueRow),
    /// `ExamScheme`.
    ExamScheme(ExamSchemeRow),
    /// `Pathway`.
    Pathway(PathwayRow),
    /// `Equivalence`.
    Equivalence(EquivalenceRow),
    /// `ConversionRule`.
    ConversionRule(ConversionRuleRow),
}

/// A standard or offer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferRow {
    /// Who published it.
    pub owner: String,
    /// Display id.
    pub code: String,
    /// Its version.
    pub version: u32,
    /// The entry of the version before.
    pub previous: Option<u64>,
    /// What it says.
    pub body: OfferBody,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountRow {
    /// The OpenAccount entry.
    pub entry: u64,
    /// Who opened it.
    pub opener: String,
    /// HMAC of the document it was opened with.
    pub document: Short,
    /// It is an alias of this account.
    pub alias_of: Option<AccountKey>,
    /// Its aliases, in order.
    pub aliases: Vec<AccountKey>,
    /// Hashes of the device keys bound to it, in order.
    pub devices: Vec<Short>,
    /// The entries that amended it, in order.
    pub amendments: Vec<u64>,
}

/// A device key of a learner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRow {
    /// Whose: the account as it was kept then.
    pub account: AccountKey,
    /// The BindKey entry.
    pub entry: u64,
    /// The UnbindKey entry.
    pub unbound_by: Option<u64>,
}

/// The private part of an outcome that later entries are held against.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    /// Whose it is: the account as it was kept then.
    pub account: AccountKey,
    /// Hash of offer, run and attempt, or the keyed hash of what can be had once only.
    pub course: Short,
    /// Hash of the nullifier key.
    pub nullifier_key: Short,
}

/// A learner's attempts at an offer in a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    /// (attempt, the newest outcome that records it), in the order they came.
    pub attempts: Vec<(u32, u64)>,
    /// An attempt failed, once.
    pub failed: bool,
    /// And became a pass within the window.
    pub turned: bool,
}

/// A run's fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRow {
    /// Its last day if it is published; else the newest `achieved_on` of its first attempts. Days since 1970-01-01 in UTC+8.
    pub end_day: i32,
    /// Learners with a fail.
    pub fails: u32,
    /// Of these, who passed within the window after all.
    pub turned: u32,
}

/// A remark on an entry ([`Flag`](crate::Flag)). No payload value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagRow {
    /// Number of the [`FlagCode`](crate::FlagCode).
    pub code: u16,
    /// `Severity`.
    pub severity: u8,
    /// Leaf index of the Policy; 0 = built in, or none.
    pub policy: u64,
    /// The field it is about.
    pub field: String,
    /// The policy's reason code, or empty.
    pub reason: String,
}

/// 16 bytes of a key id, as the tables name keys. Rows hold the whole id, which is compared.
#[must_use]
pub fn key_short(id: &KeyId) -> Short {
    short(&id.0)
}
