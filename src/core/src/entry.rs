//! An entry: the leaf of the log, a statement with its attestations and the time it was logged (formats.md 2).
//!
//! Its form only: whether an attestation verifies, or a statement may stand where it stands, is asked elsewhere.

use crate::attestation::{self, Attestation};
use crate::canonical::{self, NonCanonical};
use crate::hash::Hash;
use crate::merkle::{LeafHasher, leaf_hash};
use crate::statement::{Statement, StatementMessage, StatementRule};
use crate::time::Timestamp;
use core::fmt;
use prost::bytes::Bytes;
use prost::encoding::{bytes as bytes_field, int64 as int64_field, message as message_field};

/// The longest an entry may be, in bytes, `logged_at` included.
pub const MAX_BYTES: usize = 65_535;

/// The most attestations that an entry may have; it has at least one.
pub const MAX_ATTESTATIONS: usize = 16;

/// The most bytes that `logged_at` takes: its key, and a varint of 53 bits.
const MAX_LOGGED_AT_BYTES: usize = 1 + 8;

/// The wire form of an entry.
#[derive(Clone, PartialEq, prost::Message)]
struct Wire {
    #[prost(bytes = "bytes", tag = "1")]
    statement: Bytes,
    #[prost(message, repeated, tag = "2")]
    attestations: Vec<attestation::Wire>,
    #[prost(int64, tag = "3")]
    logged_at: i64,
}

/// What about a canonical entry breaks a rule of formats.md 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryRule {
    /// Longer than 65,535 bytes.
    Length,
    /// No attestation, or more than 16.
    AttestationCount,
    /// A key id that is not 32 bytes long.
    KeyIdLength,
    /// Key ids that do not ascend strictly.
    KeyIdOrder,
    /// `logged_at` is not within 0 to 2^53−1.
    LoggedAt,
}

impl fmt::Display for EntryRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "entry is longer than 65,535 bytes",
            Self::AttestationCount => "entry has not 1 to 16 attestations",
            Self::KeyIdLength => "key id of an attestation is not 32 bytes long",
            Self::KeyIdOrder => "attestations of the entry are not in strictly ascending order of key id",
            Self::LoggedAt => "logged_at of the entry is not within 0 to 2^53-1",
        })
    }
}

impl std::error::Error for EntryRule {}

/// Why bytes are not an entry of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryError {
    /// Their statement names this newer version: could-not-check, code `VERSION`.
    NewerVersion(u32),
    /// Entry, statement or an attestation is not canonical: code `NON_CANONICAL`.
    NonCanonical,
    /// The entry is canonical and breaks a rule: code `ENTRY`.
    Rule(EntryRule),
    /// Its statement is canonical and breaks a rule: code `STATEMENT`.
    Statement(StatementRule),
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewerVersion(version) => write!(f, "entry is of version {version}, which is not known here"),
            Self::NonCanonical => f.write_str("entry is not canonical"),
            Self::Rule(_) => f.write_str("entry breaks a rule of its form"),
            Self::Statement(_) => f.write_str("statement of the entry breaks a rule of its form"),
        }
    }
}

impl std::error::Error for EntryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rule(rule) => Some(rule),
            Self::Statement(rule) => Some(rule),
            Self::NewerVersion(_) | Self::NonCanonical => None,
        }
    }
}

impl From<NonCanonical> for EntryError {
    fn from(_: NonCanonical) -> Self {
        Self::NonCanonical
    }
}

impl From<EntryRule> for EntryError {
    fn from(rule: EntryRule) -> Self {
        Self::Rule(rule)
    }
}

/// An entry in its exact bytes, with what was read from them.
#[derive(Clone, Debug)]
pub struct Entry<M> {
    bytes: Bytes,
    statement: Statement<M>,
    attestations: Vec<Attestation>,
    logged_at: Timestamp,
    leaf_hash: Hash,
}

impl<M: StatementMessage> Entry<M> {
    /// Reads an entry. Order of checks: version; canonical form of entry, attestations and statement; length; the rules of
    /// the statement; those of the entry.
    pub fn parse(bytes: Bytes) -> Result<Self, EntryError> {
        if let Some(version) = canonical::newer_entry_version(&bytes) {
            return Err(EntryError::NewerVersion(version));
        }
        let wire: Wire = canonical::decode(&bytes)?;
        if wire.attestations.iter().any(attestation::Wire::has_negative_enum) {
            return Err(EntryError::NonCanonical);
        }
        let message = M::read(&wire.statement)?;
        if bytes.len() > MAX_BYTES {
            return Err(EntryRule::Length.into());
        }
        let statement = Statement::check(wire.statement, message).map_err(EntryError::Statement)?;
        let attestations: Option<Vec<_>> = wire.attestations.into_iter().map(Attestation::from_wire).collect();
        let attestations = attestations.ok_or(EntryRule::KeyIdLength)?;
        check_attestations(&attestations)?;
        let logged_at = Timestamp::new(wire.logged_at).ok_or(EntryRule::LoggedAt)?;
        let leaf_hash = leaf_hash(&bytes);
        Ok(Self { bytes, statement, attestations, logged_at, leaf_hash })
    }
}

impl<M> Entry<M> {
    /// The bytes that are the leaf of the log.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What was said.
    #[must_use]
    pub const fn statement(&self) -> &Statement<M> {
        &self.statement
    }

    /// 1 to 16, by ascending key id; not verified.
    #[must_use]
    pub fn attestations(&self) -> &[Attestation] {
        &self.attestations
    }

    /// By the sequencer's clock, never before the entry before.
    #[must_use]
    pub const fn logged_at(&self) -> Timestamp {
        self.logged_at
    }

    /// SHA-256(0x00 || entry): the leaf hash in the log's tree.
    #[must_use]
    pub const fn leaf_hash(&self) -> Hash {
        self.leaf_hash
    }
}

fn check_attestations(attestations: &[Attestation]) -> Result<(), EntryRule> {
    if !(1..=MAX_ATTESTATIONS).contains(&attestations.len()) {
        return Err(EntryRule::AttestationCount);
    }
    let ascending = attestations.windows(2).all(|pair| pair[0].key_id() < pair[1].key_id());
    if ascending { Ok(()) } else { Err(EntryRule::KeyIdOrder) }
}

/// An entry before it is logged: encoded and hashed up to `logged_at`, which comes last on the wire. So the one thread
/// that puts entries in order has a few bytes to append and one or two blocks to hash, whatever the entry's length.
#[derive(Debug)]
pub struct Draft<M> {
    statement: Statement<M>,
    attestations: Vec<Attestation>,
    /// Fields 1 and 2, with room for field 3.
    start: Vec<u8>,
    hasher: LeafHasher,
}

impl<M> Draft<M> {
    /// Encodes an entry from its parsed parts; the attestations by ascending key id.
    pub fn new(statement: Statement<M>, attestations: Vec<Attestation>) -> Result<Self, EntryRule> {
        check_attestations(&attestations)?;
        let length = bytes_field::encoded_len(1, statement.bytes())
            + attestations.iter().map(|attestation| message_field::encoded_len(2, attestation.wire())).sum::<usize>();
        if length > MAX_BYTES {
            return Err(EntryRule::Length);
        }
        let mut start = Vec::with_capacity(length + MAX_LOGGED_AT_BYTES);
        bytes_field::encode(1, statement.bytes(), &mut start);
        for attestation in &attestations {
            message_field::encode(2, attestation.wire(), &mut start);
        }
        let hasher = LeafHasher::new(&start);
        Ok(Self { statement, attestations, start, hasher })
    }

    /// What is said.
    #[must_use]
    pub const fn statement(&self) -> &Statement<M> {
        &self.statement
    }

    /// By ascending key id; not verified.
    #[must_use]
    pub fn attestations(&self) -> &[Attestation] {
        &self.attestations
    }

    /// Writes the entry as logged at `logged_at` behind what is in `out`, and gives its leaf hash. On an error `out` is as
    /// it was. The draft stays as it is: what is accepted is still needed to derive state.
    pub fn write(&self, logged_at: Timestamp, out: &mut Vec<u8>) -> Result<Hash, EntryRule> {
        let (begin, time) = (out.len(), out.len() + self.start.len());
        out.extend_from_slice(&self.start);
        // Zero is the default, and defaults are absent.
        if logged_at != Timestamp::default() {
            int64_field::encode(3, &logged_at.seconds(), out);
        }
        if out.len() - begin > MAX_BYTES {
            out.truncate(begin);
            return Err(EntryRule::Length);
        }
        Ok(self.hasher.clone().finish(&out[time..]))
    }

    /// Bytes of the entry without `logged_at`.
    #[must_use]
    pub fn start_len(&self) -> usize {
        self.start.len()
    }

    /// Completes the entry. Fails only if `logged_at` makes it longer than 65,535 bytes.
    pub fn log(self, logged_at: Timestamp) -> Result<Entry<M>, EntryRule> {
        let Self { statement, attestations, start: mut bytes, hasher } = self;
        let start = bytes.len();
        // Zero is the default, and defaults are absent.
        if logged_at != Timestamp::default() {
            int64_field::encode(3, &logged_at.seconds(), &mut bytes);
        }
        if bytes.len() > MAX_BYTES {
            return Err(EntryRule::Length);
        }
        let leaf_hash = hasher.finish(&bytes[start..]);
        Ok(Entry { bytes: bytes.into(), statement, attestations, logged_at, leaf_hash })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::sign_batch;
    use crate::key::SecretKey;
    use crate::statement::tests::{Sample, SampleBody, sample};
    use prost::Message;

    fn attested(signers: u8) -> (Statement<Sample>, Vec<Attestation>) {
        let statement = Statement::from_message(sample()).expect("a good statement");
        let sign = |seed| {
            let secret = SecretKey::from_seed(&[seed; 32]);
            sign_batch(&secret, vec![statement.leaf_hash()]).expect("one statement").remove(0)
        };
        let mut attestations: Vec<Attestation> = (1..=signers).map(sign).collect();
        attestations.sort_by_key(Attestation::key_id);
        (statement, attestations)
    }

    fn logged(seconds: i64) -> Entry<Sample> {
        let (statement, attestations) = attested(2);
        let at = Timestamp::new(seconds).expect("within range");
        Draft::new(statement, attestations).expect("good parts").log(at).expect("short")
    }

    fn wire(entry: &Entry<Sample>) -> Wire {
        Wire::decode(entry.bytes.clone()).expect("an entry")
    }

    fn parse(wire: &Wire) -> Result<Entry<Sample>, EntryError> {
        Entry::parse(wire.encode_to_vec().into())
    }

    #[test]
    fn what_is_logged_reads_back() {
        for seconds in [0, 1, 1_780_446_011, Timestamp::MAX.seconds()] {
            let entry = logged(seconds);
            let read: Entry<Sample> = Entry::parse(entry.bytes().clone()).expect("a good entry");
            assert_eq!(read.logged_at().seconds(), seconds);
            assert_eq!(read.leaf_hash(), entry.leaf_hash());
            assert_eq!(read.leaf_hash(), leaf_hash(entry.bytes()));
            assert_eq!(read.attestations(), entry.attestations());
            assert_eq!(read.statement().bytes(), entry.statement().bytes());
        }
    }

    #[test]
    fn a_draft_has_room_for_the_longest_time() {
        let (statement, attestations) = attested(1);
        let draft = Draft::new(statement, attestations).expect("good parts");
        let (length, room) = (draft.start.len(), draft.start.capacity());
        let entry = draft.log(Timestamp::MAX).expect("short");
        assert!(entry.bytes().len() <= room && entry.bytes().len() == length + MAX_LOGGED_AT_BYTES);
    }

    #[test]
    fn a_draft_keeps_the_rules_of_an_entry() {
        let (statement, mut attestations) = attested(2);
        let none = Draft::new(statement.clone(), Vec::new());
        assert_eq!(none.err(), Some(EntryRule::AttestationCount));
        attestations.reverse();
        assert_eq!(Draft::new(statement, attestations).err(), Some(EntryRule::KeyIdOrder));
        let (statement, attestations) = attested(17);
        assert_eq!(Draft::new(statement, attestations).err(), Some(EntryRule::AttestationCount));
    }

    #[test]
    fn times_out_of_range_break_the_entry() {
        for logged_at in [-1, i64::MIN, 1 << 53, i64::MAX] {
            let wire = Wire { logged_at, ..wire(&logged(1)) };
            assert_eq!(parse(&wire).err(), Some(EntryRule::LoggedAt.into()), "{logged_at}");
        }
    }

    #[test]
    fn a_newer_version_is_named_before_unknown_fields_of_the_entry() {
        let newer = Sample { version: 2, ..sample() }.encode_to_vec();
        let mut bytes = Wire { statement: newer.into(), ..wire(&logged(1)) }.encode_to_vec();
        bytes.extend_from_slice(&[0x7a, 0x01, 0x78]);
        assert_eq!(Entry::<Sample>::parse(bytes.into()).err(), Some(EntryError::NewerVersion(2)));
    }

    #[test]
    fn faults_of_the_statement_keep_their_kind() {
        let entry = wire(&logged(1));
        let with = |statement: Sample| parse(&Wire { statement: statement.encode_to_vec().into(), ..entry.clone() });
        let unversioned = with(Sample { version: 0, ..sample() });
        assert_eq!(unversioned.err(), Some(EntryError::Statement(StatementRule::Version)));
        let negative = with(Sample { body: Some(SampleBody { level: -1 }), ..sample() });
        assert_eq!(negative.err(), Some(EntryError::NonCanonical));
        let empty = parse(&Wire { statement: Bytes::new(), ..entry.clone() });
        assert_eq!(empty.err(), Some(EntryError::Statement(StatementRule::Version)));
    }

    #[test]
    fn the_longest_entry_has_65535_bytes() {
        // Padding goes into the issuer; its length takes three bytes on both sides of the limit.
        let draft = |padding: usize| {
            let message = Sample { issuer: "x".repeat(padding), ..sample() };
            let statement = Statement::from_message(message).expect("a good statement");
            Draft::new(statement, attested(1).1).expect("short without its time")
        };
        let now = Timestamp::new(1_780_446_011).expect("within range");
        let spare = MAX_BYTES - draft(60_000).log(now).expect("short").bytes().len();
        let longest = draft(60_000 + spare).log(now).expect("just short enough");
        assert_eq!(longest.bytes().len(), MAX_BYTES);
        assert!(Entry::<Sample>::parse(longest.bytes().clone()).is_ok());
        assert_eq!(draft(60_001 + spare).log(now).err(), Some(EntryRule::Length));
    }
}
