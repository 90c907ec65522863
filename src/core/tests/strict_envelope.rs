//! Mutated bytes: reading them never panics, and what is accepted is canonical by a second, independent check.
//!
//! The crate decides by encoding again and comparing; the check here walks the wire format and its rules (formats.md 1)
//! without any protobuf library, so that a decoder that is laxer than its encoder would show.

mod common;

use common::{TestStatement, bytes, expect, section};
use proptest::prelude::*;
use proptest::sample::Index;
use xuefen_core::attestation::Attestation;
use xuefen_core::entry::Entry;
use xuefen_core::statement::Statement;

/// What a field number may hold.
enum Shape {
    /// A varint of at most this value, not zero.
    Varint(u64),
    /// Bytes, not empty.
    Bytes,
    /// UTF-8, not empty.
    Text,
    /// Bytes of any length, any number of times.
    Repeated,
    /// A message, which may be empty: one member of the oneof.
    Member(&'static [(u64, Shape)]),
    /// A message, any number of times.
    Messages(&'static [(u64, Shape)]),
    /// Not empty, and canonical by itself.
    Nested(&'static [(u64, Shape)]),
}

const INT64: Shape = Shape::Varint(u64::MAX);
const UINT32: Shape = Shape::Varint(u32::MAX as u64);
const ENUM: Shape = Shape::Varint(i32::MAX as u64);
const STATEMENT: &[(u64, Shape)] = &[
    (1, UINT32),
    (2, Shape::Text),
    (3, Shape::Text),
    (4, Shape::Bytes),
    (5, INT64),
    (16, Shape::Member(&[(1, Shape::Bytes)])),
    (17, Shape::Member(&[(1, Shape::Bytes)])),
];
const ATTESTATION: &[(u64, Shape)] =
    &[(1, ENUM), (2, Shape::Bytes), (3, UINT32), (4, UINT32), (5, Shape::Repeated), (6, Shape::Bytes)];
const ENTRY: &[(u64, Shape)] = &[(1, Shape::Nested(STATEMENT)), (2, Shape::Messages(ATTESTATION)), (3, INT64)];

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let length = bytes.iter().position(|byte| byte & 0x80 == 0)? + 1;
    let (digits, rest) = bytes.split_at(length);
    *bytes = rest;
    let value = digits
        .iter()
        .rev()
        .try_fold(0_u64, |value, digit| value.checked_mul(128).map(|value| value | u64::from(digit & 0x7f)))?;
    (length == 1 || digits[length - 1] != 0).then_some(value)
}

fn is_canonical(mut bytes: &[u8], shapes: &[(u64, Shape)]) -> bool {
    let mut before = 0;
    let mut members = 0;
    while !bytes.is_empty() {
        let Some(key) = varint(&mut bytes) else { return false };
        let (number, wire_type) = (key >> 3, key & 7);
        let Some((_, shape)) = shapes.iter().find(|(known, _)| *known == number) else { return false };
        let again = matches!(shape, Shape::Repeated | Shape::Messages(_));
        if number < before || (number == before && !again) {
            return false;
        }
        before = number;
        let Some(value) = varint(&mut bytes) else { return false };
        if let Shape::Varint(most) = shape {
            if wire_type != 0 || value == 0 || value > *most {
                return false;
            }
            continue;
        }
        let Some((content, rest)) = usize::try_from(value).ok().and_then(|length| bytes.split_at_checked(length))
        else {
            return false;
        };
        bytes = rest;
        members += u32::from(matches!(shape, Shape::Member(_)));
        let good = match shape {
            Shape::Varint(_) => false,
            Shape::Bytes => !content.is_empty(),
            Shape::Text => !content.is_empty() && core::str::from_utf8(content).is_ok(),
            Shape::Repeated => true,
            Shape::Member(inner) | Shape::Messages(inner) => is_canonical(content, inner),
            Shape::Nested(inner) => !content.is_empty() && is_canonical(content, inner),
        };
        if wire_type != 2 || members > 1 || !good {
            return false;
        }
    }
    true
}

/// A change of bytes at some places.
#[derive(Clone, Debug)]
enum Change {
    Flip(Index, u8),
    Set(Index, u8),
    Insert(Index, u8),
    Remove(Index),
    Cut(Index),
    Repeat(Index, Index),
    Append(Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (any::<Index>(), 0..8_u8).prop_map(|(at, bit)| Change::Flip(at, 1 << bit)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        any::<Index>().prop_map(Change::Remove),
        any::<Index>().prop_map(Change::Cut),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Change::Repeat(from, to)),
        proptest::collection::vec(any::<u8>(), 1..6).prop_map(Change::Append),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: Change) {
    if bytes.is_empty() {
        return;
    }
    let length = bytes.len();
    match change {
        Change::Flip(at, mask) => bytes[at.index(length)] ^= mask,
        Change::Set(at, byte) => bytes[at.index(length)] = byte,
        Change::Insert(at, byte) => bytes.insert(at.index(length), byte),
        Change::Remove(at) => drop(bytes.remove(at.index(length))),
        Change::Cut(at) => bytes.truncate(at.index(length)),
        Change::Repeat(from, to) => {
            let (from, to) = (from.index(length), to.index(length));
            let piece = bytes[from.min(to)..from.max(to)].to_vec();
            bytes.splice(to..to, piece);
        }
        Change::Append(more) => bytes.extend(more),
    }
}

/// The bytes of all cases of a section, good and bad, after up to three changes.
fn mutated(name: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let seeds: Vec<Vec<u8>> =
        section(name).iter().filter(|case| case["bytes"].is_string()).map(|case| bytes(case, "bytes")).collect();
    (proptest::sample::select(seeds), proptest::collection::vec(change(), 0..=3)).prop_map(|(mut bytes, changes)| {
        for change in changes {
            apply(&mut bytes, change);
        }
        bytes
    })
}

#[test]
fn the_second_check_agrees_with_the_vectors() {
    for (name, shapes) in [("statement_cases", STATEMENT), ("entry_cases", ENTRY)] {
        for case in section(name).iter().filter(|case| case["bytes"].is_string() && expect(case) != "VERSION") {
            let canonical = expect(case) != "NON_CANONICAL";
            assert_eq!(is_canonical(&bytes(case, "bytes"), shapes), canonical, "{}", case["case"]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn statements(bytes in mutated("statement_cases")) {
        use xuefen_core::statement::StatementError::{NewerVersion, NonCanonical, Rule};
        match Statement::<TestStatement>::parse(bytes.clone().into()) {
            Ok(statement) => {
                prop_assert!(is_canonical(&bytes, STATEMENT));
                prop_assert_eq!(statement.bytes(), &bytes);
            }
            Err(Rule(_)) => prop_assert!(is_canonical(&bytes, STATEMENT)),
            Err(NonCanonical) => prop_assert!(!is_canonical(&bytes, STATEMENT)),
            Err(NewerVersion(version)) => prop_assert!(bytes[0] == 8 && version >= 2),
        }
    }

    #[test]
    fn attestations(bytes in mutated("attestation_cases")) {
        use xuefen_core::attestation::AttestationError;
        match Attestation::parse(&bytes.clone().into()) {
            Ok(attestation) => {
                prop_assert!(is_canonical(&bytes, ATTESTATION));
                prop_assert_eq!(attestation.encode(), bytes);
            }
            Err(AttestationError::NonCanonical) => prop_assert!(!is_canonical(&bytes, ATTESTATION)),
            Err(error) => {
                prop_assert_eq!(error, AttestationError::KeyIdLength);
                prop_assert!(is_canonical(&bytes, ATTESTATION));
            }
        }
    }

    #[test]
    fn entries(bytes in mutated("entry_cases")) {
        use xuefen_core::entry::EntryError::{NewerVersion, NonCanonical, Rule, Statement};
        match Entry::<TestStatement>::parse(bytes.clone().into()) {
            Ok(entry) => {
                prop_assert!(is_canonical(&bytes, ENTRY));
                prop_assert_eq!(entry.bytes(), &bytes);
            }
            Err(Rule(_) | Statement(_)) => prop_assert!(is_canonical(&bytes, ENTRY)),
            Err(NonCanonical) => prop_assert!(!is_canonical(&bytes, ENTRY)),
            Err(NewerVersion(version)) => prop_assert!(bytes[0] == 10 && version >= 2),
        }
    }
}

/// Another entry, or none at all.
#[test]
fn no_flipped_bit_of_an_entry_goes_unnoticed() {
    let good = bytes(&section("entry_cases")[0], "bytes");
    let entry: Entry<TestStatement> = Entry::parse(good.clone().into()).expect("a good entry");
    for bit in 0..8 * good.len() {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Entry::<TestStatement>::parse(bytes.into()) {
            assert_ne!(other.leaf_hash(), entry.leaf_hash(), "bit {bit}");
        }
    }
}
