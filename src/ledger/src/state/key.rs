//! Keys of rows: a table byte and the bytes of an id. What the ids are made of stands in [`rows`](crate::rows).

use super::Table;
use std::cmp::Ordering;
use std::fmt;

/// Bytes of the longest key without memory of its own: those of hashes and indices, and of one institution.
const SHORT: usize = 22;

/// A table byte and the bytes of an id. Ids have a fixed length or carry it, so no key of a table begins another.
///
/// Judging one entry makes some forty keys; as vectors they took a third of the sequencer's allocations.
#[derive(Clone)]
pub struct Key(Form);

#[derive(Clone)]
enum Form {
    /// So many bytes of the array.
    Short(u8, [u8; SHORT]),
    /// More than [`SHORT`] bytes.
    Long(Vec<u8>),
}

/// The table of each first byte.
const TABLES: [Option<Table>; 256] = {
    let mut tables = [None; 256];
    let mut at = 0;
    while at < Table::ALL.len() {
        tables[Table::ALL[at] as usize] = Some(Table::ALL[at]);
        at += 1;
    }
    tables
};

impl Key {
    /// The key of a fixed-length id.
    #[must_use]
    pub(crate) fn fixed<const N: usize>(table: Table, id: &[u8; N]) -> Self {
        Self::of(&[&[table.byte()], id])
    }

    /// The key of texts, each behind its length. The rules bound them far below 256 bytes; what is longer names nothing,
    /// and is cut so that a look-up is always possible.
    #[must_use]
    pub(crate) fn texts(table: Table, texts: &[&str]) -> Self {
        let mut key = vec![table.byte()];
        for text in texts {
            let bytes = &text.as_bytes()[..text.len().min(160)];
            key.push(u8::try_from(bytes.len()).expect("cut to 160 bytes"));
            key.extend_from_slice(bytes);
        }
        Self::from_bytes(key)
    }

    /// A key as it was stored.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        if bytes.len() <= SHORT { Self::of(&[&bytes]) } else { Self(Form::Long(bytes)) }
    }

    /// The parts one after the other.
    fn of(parts: &[&[u8]]) -> Self {
        let mut short = [0; SHORT];
        let mut length = 0;
        for part in parts {
            let Some(room) = short.get_mut(length..length + part.len()) else {
                return Self(Form::Long(parts.concat()));
            };
            room.copy_from_slice(part);
            length += part.len();
        }
        Self(Form::Short(u8::try_from(length).expect("at most the array's length"), short))
    }

    /// Table byte and id.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Form::Short(length, bytes) => &bytes[..usize::from(*length)],
            Form::Long(bytes) => bytes,
        }
    }

    /// The bytes, given away.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self.0 {
            Form::Short(length, bytes) => bytes[..usize::from(length)].to_vec(),
            Form::Long(bytes) => bytes,
        }
    }

    /// The table.
    #[must_use]
    pub fn table(&self) -> Option<Table> {
        // Asked for with every row that is read, so it looks at one place only.
        TABLES[usize::from(*self.as_bytes().first()?)]
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Key {}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// In hexadecimal.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_found_by_its_first_byte() {
        let of = |byte: u8| Key::from_bytes(vec![byte, 7]).table();
        for table in Table::ALL {
            assert_eq!(of(table.byte()), Some(table));
        }
        let found = (0..=u8::MAX).filter(|byte| of(*byte).is_some()).count();
        assert_eq!(found, Table::ALL.len());
        assert_eq!(Key::from_bytes(Vec::new()).table(), None);
    }

    #[test]
    fn a_key_is_its_bytes_however_long() {
        let bytes = |length: usize| (0..length).map(|at| u8::try_from(at % 7).expect("below 7")).collect::<Vec<_>>();
        for length in [0, 1, 9, SHORT - 1, SHORT, SHORT + 1, 200] {
            let key = Key::from_bytes(bytes(length));
            assert_eq!((key.as_bytes(), key.clone().into_bytes()), (&bytes(length)[..], bytes(length)));
            for other in [0, 1, 9, SHORT - 1, SHORT, SHORT + 1, 200] {
                let other = Key::from_bytes(bytes(other));
                assert_eq!(key.cmp(&other), key.as_bytes().cmp(other.as_bytes()));
                assert_eq!(key == other, key.as_bytes() == other.as_bytes());
            }
        }
        let institution = Key::texts(Table::Institution, &["x-school"]);
        assert_eq!(institution.as_bytes(), [&[Table::Institution.byte(), 8], &b"x-school"[..]].concat());
        assert_eq!(Key::fixed(Table::Entry, &[1; 8]).as_bytes(), [Table::Entry.byte(), 1, 1, 1, 1, 1, 1, 1, 1]);
        assert_eq!(Key::fixed(Table::Entry, &[1; 32]).as_bytes().len(), 33);
    }
}
