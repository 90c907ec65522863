//! The typed records of a frame's body (formats.md 6; layout: docs/spec/journal.md 3). Bytes only: what is sealed stays
//! sealed here.

pub use xuefen_core::entry::MAX_BYTES as MAX_ENTRY;

use super::error::Problem;

const ENTRY: u8 = 1;
const ENTRY_SEALED: u8 = 2;
const PRIVATE: u8 = 3;

/// Bytes before the variable part of each type, the type byte included.
const ENTRY_HEADER: usize = 3;
const ENTRY_SEALED_HEADER: usize = 15;
const PRIVATE_HEADER: usize = 14;

/// A sealed payload (formats.md 3): the key-ring slot in clear beside the ciphertext.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sealed<'a> {
    /// Slot of the learner's key in the key ring.
    pub slot: u64,
    /// Nonce, ciphertext and tag, as the vault made them.
    pub bytes: &'a [u8],
}

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// A leaf of the tree, with its payload if its statement has a private body.
    Entry {
        /// The canonical bytes (formats.md 2).
        entry: &'a [u8],
        /// The payload.
        sealed: Option<Sealed<'a>>,
    },
    /// What is journalled without a leaf: grant, use, access, activation, erasure, re-seal.
    Private {
        /// Which of them; numbered by the sequencer.
        kind: u8,
        /// The sealed bytes and their slot.
        sealed: Sealed<'a>,
    },
}

impl<'a> Record<'a> {
    /// Length in bytes once written.
    #[must_use]
    pub const fn encoded_len(&self) -> usize {
        match self {
            Self::Entry { entry, sealed: None } => ENTRY_HEADER + entry.len(),
            Self::Entry { entry, sealed: Some(sealed) } => ENTRY_SEALED_HEADER + entry.len() + sealed.bytes.len(),
            Self::Private { sealed, .. } => PRIVATE_HEADER + sealed.bytes.len(),
        }
    }

    /// Appends the record's bytes. The caller has checked entry ≤ [`MAX_ENTRY`] and the record against the frame's limit.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Entry { entry, sealed } => {
                out.push(if sealed.is_some() { ENTRY_SEALED } else { ENTRY });
                out.extend_from_slice(&u16::try_from(entry.len()).expect("checked against MAX_ENTRY").to_be_bytes());
                if let Some(sealed) = sealed {
                    write_sealed_header(sealed, out);
                }
                out.extend_from_slice(entry);
                if let Some(sealed) = sealed {
                    out.extend_from_slice(sealed.bytes);
                }
            }
            Self::Private { kind, sealed } => {
                out.extend_from_slice(&[PRIVATE, *kind]);
                write_sealed_header(sealed, out);
                out.extend_from_slice(sealed.bytes);
            }
        }
    }

    /// The length of the record that begins with `bytes`, from its header alone.
    ///
    /// # Errors
    /// [`Problem::Short`] if `bytes` hold less than the header, [`Problem::Records`] for an unknown type.
    pub(super) fn length(bytes: &[u8]) -> Result<usize, Problem> {
        let (&kind, rest) = bytes.split_first().ok_or(Problem::Short)?;
        match kind {
            ENTRY => Ok(ENTRY_HEADER + usize::from(u16_at(rest, 0)?)),
            ENTRY_SEALED => Ok(ENTRY_SEALED_HEADER + usize::from(u16_at(rest, 0)?) + u32_at(rest, 10)?),
            PRIVATE => Ok(PRIVATE_HEADER + u32_at(rest, 9)?),
            _ => Err(Problem::Records),
        }
    }

    /// Takes the first record off `bytes`: the record and the bytes after it. Nothing is copied.
    ///
    /// # Errors
    /// [`Problem::Short`] if it does not end within `bytes`, [`Problem::Records`] for an unknown type.
    pub fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), Problem> {
        let length = Self::length(bytes)?;
        let (record, rest) = bytes.split_at_checked(length).ok_or(Problem::Short)?;
        let parsed = match record[0] {
            ENTRY => Self::Entry { entry: &record[ENTRY_HEADER..], sealed: None },
            ENTRY_SEALED => {
                let (entry, bytes) = record[ENTRY_SEALED_HEADER..].split_at(usize::from(u16_at(record, 1)?));
                Self::Entry { entry, sealed: Some(Sealed { slot: u64_at(record, 3)?, bytes }) }
            }
            _ => {
                let sealed = Sealed { slot: u64_at(record, 2)?, bytes: &record[PRIVATE_HEADER..] };
                Self::Private { kind: record[1], sealed }
            }
        };
        Ok((parsed, rest))
    }
}

fn write_sealed_header(sealed: &Sealed<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&sealed.slot.to_be_bytes());
    out.extend_from_slice(&u32::try_from(sealed.bytes.len()).expect("checked against MAX_BODY").to_be_bytes());
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, Problem> {
    bytes[at.min(bytes.len())..].first_chunk().map(|chunk| u16::from_be_bytes(*chunk)).ok_or(Problem::Short)
}

fn u32_at(bytes: &[u8], at: usize) -> Result<usize, Problem> {
    let value = bytes[at.min(bytes.len())..].first_chunk().map(|chunk| u32::from_be_bytes(*chunk));
    value.map(|value| value as usize).ok_or(Problem::Short)
}

fn u64_at(bytes: &[u8], at: usize) -> Result<u64, Problem> {
    bytes[at.min(bytes.len())..].first_chunk().map(|chunk| u64::from_be_bytes(*chunk)).ok_or(Problem::Short)
}

/// A record read on its own, with its bytes. Only its lengths have been checked: the caller checks an entry against its
/// leaf hash and a payload by its AEAD tag (formats.md 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedRecord(Vec<u8>);

impl OwnedRecord {
    /// Exactly one record.
    pub(super) fn new(bytes: Vec<u8>) -> Result<Self, Problem> {
        match Record::parse(&bytes)? {
            (_, []) => Ok(Self(bytes)),
            _ => Err(Problem::Records),
        }
    }

    /// The record.
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "`new` has parsed these bytes")]
    pub fn get(&self) -> Record<'_> {
        Record::parse(&self.0).expect("`new` parsed these bytes").0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Vec<Record<'static>> {
        vec![
            Record::Entry { entry: b"entry", sealed: None },
            Record::Entry { entry: b"entry", sealed: Some(Sealed { slot: u64::MAX - 1, bytes: b"sealed" }) },
            Record::Entry { entry: b"", sealed: Some(Sealed { slot: 0, bytes: b"" }) },
            Record::Private { kind: 200, sealed: Sealed { slot: 3, bytes: b"grant" } },
        ]
    }

    #[test]
    fn round_trip_and_every_truncation() {
        for record in examples() {
            let mut bytes = Vec::new();
            record.write(&mut bytes);
            assert_eq!(bytes.len(), record.encoded_len());
            bytes.extend_from_slice(b"next");
            assert_eq!(Record::parse(&bytes), Ok((record, &b"next"[..])));
            for end in 0..record.encoded_len() {
                assert_eq!(Record::parse(&bytes[..end]), Err(Problem::Short), "{record:?} cut to {end}");
            }
            let owned = OwnedRecord::new(bytes[..record.encoded_len()].to_vec()).unwrap();
            assert_eq!(owned.get(), record);
            assert_eq!(OwnedRecord::new(bytes), Err(Problem::Records), "bytes left over");
        }
    }

    #[test]
    fn unknown_types_are_refused() {
        for kind in (0..=u8::MAX).filter(|kind| !(1..=3).contains(kind)) {
            assert_eq!(Record::parse(&[kind; 64]), Err(Problem::Records));
        }
    }
}
