//! The one canonical encoding of a protobuf message (formats.md 1), and the version read before anything is decoded.
//!
//! Nothing in here knows what a message means; what the fields of a canonical message may hold is checked by
//! [`statement`](crate::statement), [`entry`](crate::entry) and [`attestation`](crate::attestation).

use core::fmt;
use prost::Message;
use prost::bytes::Bytes;

/// The bytes are not the canonical encoding of a message of version 1 (formats.md 1): code `NON_CANONICAL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NonCanonical;

impl fmt::Display for NonCanonical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the canonical protobuf encoding of a version 1 message")
    }
}

impl std::error::Error for NonCanonical {}

/// Decodes `bytes` if they are exactly what encoding the decoded message again gives.
///
/// Unknown fields are dropped at every level by decoding, so they show as a difference, like everything else that has
/// more than one encoding. Only negative enum values come back unchanged: the caller refuses those by itself.
pub fn decode<M: Message + Default>(bytes: &Bytes) -> Result<M, NonCanonical> {
    let message = M::decode(bytes.clone()).map_err(|_| NonCanonical)?;
    // The length alone finds most differences, and it makes the buffer below exact: one small allocation.
    if message.encoded_len() != bytes.len() {
        return Err(NonCanonical);
    }
    if message.encode_to_vec() != *bytes {
        return Err(NonCanonical);
    }
    Ok(message)
}

/// The version of a statement, if its first bytes name one that is newer than this program: 2 to 2^32−1.
///
/// Whatever follows belongs to a format that is not known here; such bytes are "could not check", never "forged".
#[must_use]
pub fn newer_statement_version(statement: &[u8]) -> Option<u32> {
    let (version, _) = minimal_varint(statement.strip_prefix(&[0x08])?)?;
    u32::try_from(version).ok().filter(|version| *version >= 2)
}

/// As [`newer_statement_version`], for the statement at the start of an entry.
#[must_use]
pub fn newer_entry_version(entry: &[u8]) -> Option<u32> {
    let (_length, statement) = minimal_varint(entry.strip_prefix(&[0x0a])?)?;
    newer_statement_version(statement)
}

/// The varint at the start of `bytes`, and what follows it; none if it is cut, not minimal, or above 2^64−1.
pub(crate) fn minimal_varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (position, &byte) in bytes.iter().enumerate().take(10) {
        let part = u64::from(byte & 0x7f);
        let shift = 7 * u32::try_from(position).ok()?;
        if part.leading_zeros() < shift {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            let minimal = byte != 0 || position == 0;
            return minimal.then_some((value, &bytes[position + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_newer_version_is_read_from_the_first_bytes_whatever_follows() {
        let cases: [(&[u8], Option<u32>); 12] = [
            (&[0x08, 0x02], Some(2)),
            (&[0x08, 0x02, 0xff, 0xff], Some(2)),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0x0f], Some(u32::MAX)),
            (&[0x08, 0x01], None),
            (&[0x08, 0x00], None),
            (&[0x08, 0x82, 0x00], None),
            (&[0x08, 0x80, 0x80, 0x80, 0x80, 0x10], None),
            (&[0x08, 0x82], None),
            (&[0x08], None),
            (&[0x12, 0x02], None),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], None),
            (&[], None),
        ];
        for (bytes, version) in cases {
            assert_eq!(newer_statement_version(bytes), version, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_varint_ends_at_64_bits() {
        let nines = [0xff; 9];
        assert_eq!(minimal_varint(&[&nines[..], &[0x01]].concat()), Some((u64::MAX, [].as_slice())));
        assert_eq!(minimal_varint(&[&nines[..], &[0x03]].concat()), None);
        assert_eq!(minimal_varint(&[&nines[..], &[0x81, 0x01]].concat()), None);
    }

    #[test]
    fn the_version_of_an_entry_is_that_of_its_statement() {
        let cases: [(&[u8], Option<u32>); 6] = [
            (&[0x0a, 0x02, 0x08, 0x02], Some(2)),
            (&[0x0a, 0x90, 0x01, 0x08, 0x03, 0xff], Some(3)),
            (&[0x0a, 0x82, 0x00, 0x08, 0x02], None),
            (&[0x0a, 0x02, 0x08, 0x01], None),
            (&[0x08, 0x02], None),
            (&[0x0a], None),
        ];
        for (bytes, version) in cases {
            assert_eq!(newer_entry_version(bytes), version, "{bytes:02x?}");
        }
    }

    proptest! {
        #[test]
        fn minimal_varints_are_those_that_prost_writes(
            value: u64,
            rest in proptest::collection::vec(any::<u8>(), 0..4),
        ) {
            let mut bytes = Vec::new();
            prost::encoding::encode_varint(value, &mut bytes);
            bytes.extend_from_slice(&rest);
            prop_assert_eq!(minimal_varint(&bytes), Some((value, rest.as_slice())));
        }

        #[test]
        fn any_varint_that_is_read_is_minimal(bytes in proptest::collection::vec(any::<u8>(), 0..12)) {
            if let Some((value, rest)) = minimal_varint(&bytes) {
                prop_assert_eq!(prost::encoding::encoded_len_varint(value), bytes.len() - rest.len());
            }
        }
    }
}
