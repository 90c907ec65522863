//! A statement: what one issuer says (formats.md 2), kept as the bytes that were signed.
//!
//! Generic over the message, because the forms are fixed here and the kinds are not: the ledger's kinds and the schema of
//! the test vectors are two implementations of [`StatementMessage`]. What a body may say does not belong here.

use crate::canonical::{self, NonCanonical};
use crate::commitment::Nonce;
use crate::hash::Hash;
use crate::merkle::leaf_hash;
use crate::time::Timestamp;
use core::fmt;
use prost::Message;
use prost::bytes::Bytes;

/// The only version of statements that this program can check.
pub const VERSION: u32 = 1;

/// What is read of a statement: the fields of its head and as much of some set of bodies as is looked into.
pub trait StatementMessage: Sized {
    /// Reads the canonical encoding of a message, in which no enum is negative at any level; no other bytes.
    fn read(bytes: &Bytes) -> Result<Self, NonCanonical>;

    /// Fields 1 to 5, as decoded.
    fn head(&self) -> Head<'_>;

    /// The member of the oneof, as far as the form of a statement asks for it.
    fn body(&self) -> Body<'_>;
}

/// A protobuf message with the fields of a statement and some set of bodies: it can be written, too.
pub trait Writable: StatementMessage + Message + Default {
    /// Whether no enum, at any level of the body, is negative. Those have ten bytes and encode to themselves again, so
    /// comparing encodings does not find them (formats.md 1).
    fn enums_non_negative(&self) -> bool;
}

/// Fields 1 to 5 of a statement as decoded, not checked.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// Field 1.
    pub version: u32,
    /// Field 2: the origin of the ledger that the statement is for.
    pub ledger: &'a str,
    /// Field 3: the institution that says it.
    pub issuer: &'a str,
    /// Field 4: 16 bytes.
    pub nonce: &'a [u8],
    /// Field 5: Unix seconds.
    pub issued_at: i64,
}

/// What the form of a statement asks of its body.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// No member of the oneof is set.
    Absent,
    /// A body that says everything in public.
    Public,
    /// A body whose content is a payload.
    Private {
        /// Its field 1: 32 bytes.
        commitment: &'a [u8],
    },
}

/// The field of a canonical statement that breaks a rule of formats.md 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementRule {
    /// The version is 0, which on the wire is absent.
    Version,
    /// The ledger is empty.
    Ledger,
    /// The issuer is empty.
    Issuer,
    /// The nonce is not 16 bytes long.
    Nonce,
    /// `issued_at` is not within 0 to 2^53−1.
    IssuedAt,
    /// There is no body.
    Body,
    /// The commitment of a private body is not 32 bytes long.
    Commitment,
}

impl fmt::Display for StatementRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Version => "version of the statement is absent",
            Self::Ledger => "ledger of the statement is empty",
            Self::Issuer => "issuer of the statement is empty",
            Self::Nonce => "nonce of the statement is not 16 bytes long",
            Self::IssuedAt => "issued_at of the statement is not within 0 to 2^53-1",
            Self::Body => "statement has no body",
            Self::Commitment => "commitment of the statement is not 32 bytes long",
        })
    }
}

impl std::error::Error for StatementRule {}

/// Why bytes are not a statement of version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementError {
    /// They name this newer version: could-not-check, code `VERSION`.
    NewerVersion(u32),
    /// They are not canonical: code `NON_CANONICAL`.
    NonCanonical,
    /// They are canonical and break a rule: code `STATEMENT`.
    Rule(StatementRule),
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NewerVersion(version) => write!(f, "statement is of version {version}, which is not known here"),
            Self::NonCanonical => f.write_str("statement is not canonical"),
            Self::Rule(_) => f.write_str("statement breaks a rule of its form"),
        }
    }
}

impl std::error::Error for StatementError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Rule(rule) => Some(rule),
            Self::NewerVersion(_) | Self::NonCanonical => None,
        }
    }
}

impl From<NonCanonical> for StatementError {
    fn from(_: NonCanonical) -> Self {
        Self::NonCanonical
    }
}

impl From<StatementRule> for StatementError {
    fn from(rule: StatementRule) -> Self {
        Self::Rule(rule)
    }
}

/// A statement in its exact bytes, with what was read from them.
#[derive(Clone, Debug)]
pub struct Statement<M> {
    bytes: Bytes,
    message: M,
    nonce: Nonce,
    issued_at: Timestamp,
    commitment: Option<Hash>,
    leaf_hash: Hash,
}

/// [`StatementMessage::read`] of a message that can be written: its bytes are compared with encoding it again.
pub fn read_writable<M: Writable>(bytes: &Bytes) -> Result<M, NonCanonical> {
    let message: M = canonical::decode(bytes)?;
    if message.enums_non_negative() { Ok(message) } else { Err(NonCanonical) }
}

impl<M: Writable> Statement<M> {
    /// The canonical encoding of `message`, if it keeps the rules.
    pub fn from_message(message: M) -> Result<Self, StatementError> {
        if !message.enums_non_negative() {
            return Err(StatementError::NonCanonical);
        }
        Ok(Self::check(message.encode_to_vec().into(), message)?)
    }
}

impl<M: StatementMessage> Statement<M> {
    /// Reads a statement: version, then canonical form, then the rules of formats.md 2.
    pub fn parse(bytes: Bytes) -> Result<Self, StatementError> {
        if let Some(version) = canonical::newer_statement_version(&bytes) {
            return Err(StatementError::NewerVersion(version));
        }
        let message = M::read(&bytes)?;
        Ok(Self::check(bytes, message)?)
    }

    /// Checks the rules; `bytes` are the canonical encoding of `message`.
    pub(crate) fn check(bytes: Bytes, message: M) -> Result<Self, StatementRule> {
        let head = message.head();
        if head.version != VERSION {
            return Err(StatementRule::Version);
        }
        if head.ledger.is_empty() {
            return Err(StatementRule::Ledger);
        }
        if head.issuer.is_empty() {
            return Err(StatementRule::Issuer);
        }
        let nonce = Nonce::from_slice(head.nonce).ok_or(StatementRule::Nonce)?;
        let issued_at = Timestamp::new(head.issued_at).ok_or(StatementRule::IssuedAt)?;
        let commitment = match message.body() {
            Body::Absent => return Err(StatementRule::Body),
            Body::Public => None,
            Body::Private { commitment } => Some(Hash::from_slice(commitment).ok_or(StatementRule::Commitment)?),
        };
        let leaf_hash = leaf_hash(&bytes);
        Ok(Self { bytes, message, nonce, issued_at, commitment, leaf_hash })
    }

    /// Origin of the ledger that the statement is for; not empty.
    #[must_use]
    pub fn ledger(&self) -> &str {
        self.message.head().ledger
    }

    /// Id of the institution that says it; not empty.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.message.head().issuer
    }
}

impl<M> Statement<M> {
    /// The bytes that are signed and hashed.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The decoded message.
    #[must_use]
    pub const fn message(&self) -> &M {
        &self.message
    }

    /// With the issuer, the idempotency key.
    #[must_use]
    pub const fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// By the issuer's clock.
    #[must_use]
    pub const fn issued_at(&self) -> Timestamp {
        self.issued_at
    }

    /// The commitment to the payload, if the body is private.
    #[must_use]
    pub const fn commitment(&self) -> Option<Hash> {
        self.commitment
    }

    /// SHA-256(0x00 || statement): the statement as a leaf of a batch tree.
    #[must_use]
    pub const fn leaf_hash(&self) -> Hash {
        self.leaf_hash
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A statement with one public body that holds an enum, as the kinds of the ledger do.
    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct Sample {
        #[prost(uint32, tag = "1")]
        pub version: u32,
        #[prost(string, tag = "2")]
        pub ledger: String,
        #[prost(string, tag = "3")]
        pub issuer: String,
        #[prost(bytes = "vec", tag = "4")]
        pub nonce: Vec<u8>,
        #[prost(int64, tag = "5")]
        pub issued_at: i64,
        #[prost(message, optional, tag = "16")]
        pub body: Option<SampleBody>,
    }

    #[derive(Clone, PartialEq, Message)]
    pub(crate) struct SampleBody {
        #[prost(int32, tag = "1")]
        pub level: i32,
    }

    impl StatementMessage for Sample {
        fn head(&self) -> Head<'_> {
            let Self { version, ledger, issuer, nonce, issued_at, body: _ } = self;
            Head { version: *version, ledger, issuer, nonce, issued_at: *issued_at }
        }

        fn body(&self) -> Body<'_> {
            if self.body.is_some() { Body::Public } else { Body::Absent }
        }

        fn read(bytes: &Bytes) -> Result<Self, NonCanonical> {
            read_writable(bytes)
        }
    }

    impl Writable for Sample {
        fn enums_non_negative(&self) -> bool {
            self.body.as_ref().is_none_or(|body| body.level >= 0)
        }
    }

    pub(crate) fn sample() -> Sample {
        Sample {
            version: 1,
            ledger: "x.example/a".to_owned(),
            issuer: "x-school".to_owned(),
            nonce: vec![7; 16],
            issued_at: 1_780_446_011,
            body: Some(SampleBody { level: 3 }),
        }
    }

    fn parse(message: &Sample) -> Result<Statement<Sample>, StatementError> {
        Statement::parse(message.encode_to_vec().into())
    }

    #[test]
    fn a_good_statement_gives_back_its_parts() {
        let statement = parse(&sample()).expect("a good statement");
        assert_eq!(statement.ledger(), "x.example/a");
        assert_eq!(statement.issuer(), "x-school");
        assert_eq!(statement.nonce(), Nonce([7; 16]));
        assert_eq!(statement.issued_at().seconds(), 1_780_446_011);
        assert_eq!(statement.commitment(), None);
        assert_eq!(statement.leaf_hash(), leaf_hash(statement.bytes()));
        let made = Statement::from_message(sample()).expect("a good statement");
        assert_eq!(made.bytes(), statement.bytes());
    }

    #[test]
    fn every_rule_names_its_field() {
        type Change = fn(&mut Sample);
        let cases: [(StatementRule, Change); 9] = [
            (StatementRule::Version, |message| message.version = 0),
            (StatementRule::Ledger, |message| message.ledger.clear()),
            (StatementRule::Issuer, |message| message.issuer.clear()),
            (StatementRule::Nonce, |message| message.nonce.clear()),
            (StatementRule::Nonce, |message| message.nonce.push(0)),
            (StatementRule::IssuedAt, |message| message.issued_at = -1),
            (StatementRule::IssuedAt, |message| message.issued_at = i64::MIN),
            (StatementRule::IssuedAt, |message| message.issued_at = 1 << 53),
            (StatementRule::Body, |message| message.body = None),
        ];
        for (rule, change) in cases {
            let mut message = sample();
            change(&mut message);
            assert_eq!(parse(&message).err(), Some(StatementError::Rule(rule)));
            assert_eq!(Statement::from_message(message).err(), Some(StatementError::Rule(rule)));
        }
        assert_eq!(Statement::<Sample>::parse(Bytes::new()).err(), Some(StatementRule::Version.into()));
    }

    #[test]
    fn the_ends_of_the_time_range_are_good() {
        for issued_at in [0, (1 << 53) - 1] {
            let statement = parse(&Sample { issued_at, ..sample() }).expect("within range");
            assert_eq!(statement.issued_at().seconds(), issued_at);
        }
    }

    #[test]
    fn a_negative_enum_is_refused_though_it_encodes_to_itself() {
        let message = Sample { body: Some(SampleBody { level: -1 }), ..sample() };
        assert!(canonical::decode::<Sample>(&message.encode_to_vec().into()).is_ok());
        assert_eq!(parse(&message).err(), Some(StatementError::NonCanonical));
        assert_eq!(Statement::from_message(message).err(), Some(StatementError::NonCanonical));
    }

    #[test]
    fn a_newer_version_is_named_before_any_other_fault() {
        let mut bytes = Sample { version: 9, ..sample() }.encode_to_vec();
        bytes.truncate(7);
        assert_eq!(Statement::<Sample>::parse(bytes.into()).err(), Some(StatementError::NewerVersion(9)));
    }
}
