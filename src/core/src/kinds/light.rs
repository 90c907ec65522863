//! A statement as a verifier reads it: every kind by name and commitment, and the content of those few on which the answer
//! may depend. Of the others, that they are canonical is all there is to know, and a table knows it ([`crate::form`]).
//!
//! The kinds in full, which a ledger reads and writes, are in `proto`; a test holds the two against each other.

use super::Kind;
use crate::canonical::NonCanonical;
use crate::form::{self, Value};
use crate::proto::{
    AccreditInstitution, AuthorityKey, ChangeInstitution, Charter, Countersign, Genesis, InstitutionKey, RecordOutcome,
    RecordingRule,
};
use crate::statement::{self, Head, StatementMessage};
use prost::Message;
use prost::bytes::Bytes;

use forms::STATEMENT;

/// The forms of a statement and of all that it may hold.
mod forms {
    use crate::form::{Field, Form, Holds};

    include!("../proto/forms.rs");
}

/// A statement's head, and as much of its body as a verifier looks into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    version: u32,
    ledger: String,
    issuer: String,
    nonce: Bytes,
    issued_at: i64,
    body: Option<Body>,
    /// Field 1 of a private body.
    commitment: Option<Bytes>,
}

/// What is said, as far as a verifier looks into it.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Keys that are trusted first.
    Genesis(Genesis),
    /// A key of an authority.
    AuthorityKey(AuthorityKey),
    /// Rights of an institution.
    AccreditInstitution(AccreditInstitution),
    /// Names of an institution.
    ChangeInstitution(ChangeInstitution),
    /// Seats of a consortium.
    Charter(Charter),
    /// A key of an institution.
    InstitutionKey(InstitutionKey),
    /// Whether it is a rule below another.
    RecordingRule(RecordingRule),
    /// The kind of outcome.
    RecordOutcome(RecordOutcome),
    /// What is countersigned.
    Countersign(Countersign),
    /// Any other kind.
    Other(Kind),
}

impl Body {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Genesis(_) => Kind::Genesis,
            Self::AuthorityKey(_) => Kind::AuthorityKey,
            Self::AccreditInstitution(_) => Kind::AccreditInstitution,
            Self::ChangeInstitution(_) => Kind::ChangeInstitution,
            Self::Charter(_) => Kind::Charter,
            Self::InstitutionKey(_) => Kind::InstitutionKey,
            Self::RecordingRule(_) => Kind::RecordingRule,
            Self::RecordOutcome(_) => Kind::RecordOutcome,
            Self::Countersign(_) => Kind::Countersign,
            Self::Other(kind) => *kind,
        }
    }

    /// A canonical body of a kind.
    fn read(kind: Kind, bytes: &[u8]) -> Result<Self, NonCanonical> {
        fn decode<M: Message + Default>(bytes: &[u8]) -> Result<M, NonCanonical> {
            M::decode(bytes).map_err(|_| NonCanonical)
        }
        Ok(match kind {
            Kind::Genesis => Self::Genesis(decode(bytes)?),
            Kind::AuthorityKey => Self::AuthorityKey(decode(bytes)?),
            Kind::AccreditInstitution => Self::AccreditInstitution(decode(bytes)?),
            Kind::ChangeInstitution => Self::ChangeInstitution(decode(bytes)?),
            Kind::Charter => Self::Charter(decode(bytes)?),
            Kind::InstitutionKey => Self::InstitutionKey(decode(bytes)?),
            Kind::RecordingRule => Self::RecordingRule(decode(bytes)?),
            Kind::RecordOutcome => Self::RecordOutcome(decode(bytes)?),
            Kind::Countersign => Self::Countersign(decode(bytes)?),
            other => Self::Other(other),
        })
    }
}

impl Statement {
    /// What is said; there is something in every statement that was parsed.
    #[must_use]
    pub const fn said(&self) -> Option<&Body> {
        self.body.as_ref()
    }

    /// The kind of what is said.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        self.body.as_ref().map(Body::kind)
    }
}

/// The kind of a field of `Statement`: its bodies and [`Kind::ALL`] are in the same order.
fn kind_of(number: u32) -> Option<Kind> {
    let mut bodies = STATEMENT.0.iter().filter(|field| field.oneof);
    Kind::ALL.get(bodies.position(|field| field.number == number)?).copied()
}

fn text(bytes: &[u8]) -> Result<String, NonCanonical> {
    core::str::from_utf8(bytes).map(str::to_owned).map_err(|_| NonCanonical)
}

impl StatementMessage for Statement {
    fn read(bytes: &Bytes) -> Result<Self, NonCanonical> {
        if !STATEMENT.is_canonical(bytes) {
            return Err(NonCanonical);
        }
        let mut read = Self::default();
        let mut rest = &bytes[..];
        while let Some((number, value)) = form::next(&mut rest) {
            match (number, value) {
                (1, Value::Number(version)) => read.version = u32::try_from(version).map_err(|_| NonCanonical)?,
                (2, Value::Bytes(ledger)) => read.ledger = text(ledger)?,
                (3, Value::Bytes(issuer)) => read.issuer = text(issuer)?,
                (4, Value::Bytes(nonce)) => read.nonce = bytes.slice_ref(nonce),
                (5, Value::Number(seconds)) => read.issued_at = seconds.cast_signed(),
                (number, Value::Bytes(body)) => {
                    let kind = kind_of(number).ok_or(NonCanonical)?;
                    read.commitment = kind.is_private().then(|| match form::find(body, 1) {
                        Some(Value::Bytes(commitment)) => bytes.slice_ref(commitment),
                        _ => Bytes::new(),
                    });
                    read.body = Some(Body::read(kind, body)?);
                }
                _ => return Err(NonCanonical),
            }
        }
        Ok(read)
    }

    fn head(&self) -> Head<'_> {
        let Self { version, ledger, issuer, nonce, issued_at, .. } = self;
        Head { version: *version, ledger, issuer, nonce, issued_at: *issued_at }
    }

    fn body(&self) -> statement::Body<'_> {
        match (&self.body, &self.commitment) {
            (None, _) => statement::Body::Absent,
            (Some(_), None) => statement::Body::Public,
            (Some(_), Some(commitment)) => statement::Body::Private { commitment },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::{Field, Form, Holds};
    use crate::proto;
    use proptest::prelude::*;
    use prost::encoding::{WireType, encode_key, encode_varint};

    /// Choices, from a pool of arbitrary numbers that is used round and round.
    struct Choices<'a>(core::iter::Cycle<core::slice::Iter<'a, u16>>);

    impl Choices<'_> {
        fn below(&mut self, bound: usize) -> usize {
            usize::from(*self.0.next().expect("a cycle over something")) % bound
        }

        fn number(&mut self, holds: &Holds) -> u64 {
            let value = [1, 2, 127, 128, 16_384, u64::from(u32::MAX), u64::MAX][self.below(7)];
            match holds {
                Holds::Bool => 1,
                Holds::Enum => value.min(99),
                Holds::Uint32 => value.min(u64::from(u32::MAX)),
                _ => value,
            }
        }

        fn field(&mut self, field: &Field, out: &mut Vec<u8>) {
            let mut content = Vec::new();
            match &field.holds {
                Holds::Message(form) => self.message(form, out.len() > 400, &mut content),
                Holds::Text => content.extend_from_slice(["x", "学分", "x.example/a"][self.below(3)].as_bytes()),
                Holds::Bytes => content.resize([1, 16, 32][self.below(3)], 7),
                number if field.repeated => (0..=self.below(3)).for_each(|at| {
                    let value = if at == 1 { 0 } else { self.number(number) };
                    encode_varint(value, &mut content);
                }),
                number => {
                    encode_key(field.number, WireType::Varint, out);
                    return encode_varint(self.number(number), out);
                }
            }
            encode_key(field.number, WireType::LengthDelimited, out);
            encode_varint(content.len() as u64, out);
            out.extend_from_slice(&content);
        }

        fn message(&mut self, form: &Form, short: bool, out: &mut Vec<u8>) {
            let members = form.0.iter().filter(|field| field.oneof).count();
            let chosen = self.below(members.max(1));
            let mut member = 0;
            for field in form.0 {
                if field.oneof {
                    member += 1;
                    if member - 1 == chosen {
                        self.field(field, out);
                    }
                } else if !short && self.below(4) > 0 {
                    let again = field.repeated && matches!(field.holds, Holds::Text | Holds::Bytes | Holds::Message(_));
                    (0..=if again { self.below(2) } else { 0 }).for_each(|_| self.field(field, out));
                }
            }
        }
    }

    fn made(choices: &[u16]) -> Vec<u8> {
        let mut bytes = Vec::new();
        Choices(choices.iter().cycle()).message(&STATEMENT, false, &mut bytes);
        bytes
    }

    /// Both readings accept or refuse, and say the same of head, kind and commitment.
    fn agree(bytes: &[u8]) -> Result<bool, TestCaseError> {
        let bytes = Bytes::copy_from_slice(bytes);
        let (light, full) = (Statement::read(&bytes), proto::Statement::read(&bytes));
        prop_assert_eq!(light.is_ok(), full.is_ok(), "{:02x?}", &bytes[..]);
        if let (Ok(light), Ok(full)) = (&light, &full) {
            prop_assert_eq!(format!("{:?}", light.head()), format!("{:?}", full.head()));
            prop_assert_eq!(format!("{:?}", light.body()), format!("{:?}", full.body()));
            prop_assert_eq!(light.kind(), full.body.as_ref().map(Kind::of));
        }
        Ok(light.is_ok())
    }

    #[test]
    fn the_table_lists_the_bodies_in_the_order_of_the_kinds() {
        let bodies: Vec<u32> = STATEMENT.0.iter().filter(|field| field.oneof).map(|field| field.number).collect();
        assert_eq!(bodies.len(), Kind::ALL.len());
        for (number, kind) in bodies.into_iter().zip(Kind::ALL) {
            let mut bytes = Vec::new();
            encode_key(number, WireType::LengthDelimited, &mut bytes);
            bytes.push(0);
            let full = proto::Statement::read(&bytes.clone().into()).expect("an empty body");
            assert_eq!(full.body.as_ref().map(Kind::of), Some(*kind));
            assert_eq!(Statement::read(&bytes.into()).expect("an empty body").kind(), Some(*kind));
        }
    }

    proptest! {
        #[test]
        fn what_the_table_makes_both_read(choices in proptest::collection::vec(any::<u16>(), 1..300)) {
            prop_assert!(agree(&made(&choices))?);
        }

        #[test]
        fn what_is_altered_both_accept_or_both_refuse(
            choices in proptest::collection::vec(any::<u16>(), 1..100),
            at: prop::sample::Index,
            alteration in 0..5_u8,
            byte: u8,
        ) {
            let mut bytes = made(&choices);
            let place = at.index(bytes.len().max(1));
            match alteration {
                0 => bytes.iter_mut().skip(place).take(1).for_each(|old| *old ^= 1 << (byte & 7)),
                1 => bytes.iter_mut().skip(place).take(1).for_each(|old| *old = byte),
                2 => bytes.insert(place.min(bytes.len()), byte),
                3 => bytes.truncate(place),
                _ => {
                    let part = bytes.clone();
                    bytes.extend_from_slice(&part[place..]);
                }
            }
            agree(&bytes)?;
        }
    }
}
