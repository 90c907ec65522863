//! One block of a run: sorted rows, keys prefix-compressed, at most 4 KiB (docs/spec/index.md 3). Knows no run and no
//! store; its checksum is checked by who reads it.

use super::codec::{Reader, put_varint};
use super::types::Row;
use bytes::{Bytes, BytesMut};

/// Most bytes of a block.
pub(super) const BLOCK_BYTES: usize = 4_096;
/// Every so many rows the key is stored whole, so that a look-up decodes few of them.
const RESTART: usize = 16;

/// Collects sorted rows into a block.
#[derive(Default)]
pub(super) struct Builder {
    bytes: Vec<u8>,
    restarts: Vec<u16>,
    rows: usize,
    last_key: Bytes,
    scratch: Vec<u8>,
}

impl Builder {
    /// Adds the row after all others, unless the block would grow beyond [`BLOCK_BYTES`].
    pub fn push(&mut self, row: &Row) -> bool {
        let restart = self.rows.is_multiple_of(RESTART);
        let shared = if restart { 0 } else { common_prefix(&self.last_key, &row.key) };
        self.scratch.clear();
        for number in [shared, row.key.len() - shared, row.value.len()] {
            put_varint(&mut self.scratch, number as u64);
        }
        put_varint(&mut self.scratch, row.index);
        self.scratch.extend_from_slice(&row.key[shared..]);
        self.scratch.extend_from_slice(&row.value);
        let trailer = 2 * (self.restarts.len() + usize::from(restart) + 1);
        if self.bytes.len() + self.scratch.len() + trailer > BLOCK_BYTES {
            return false;
        }
        if restart {
            self.restarts.push(u16::try_from(self.bytes.len()).expect("a block has at most 4,096 bytes"));
        }
        self.bytes.extend_from_slice(&self.scratch);
        self.last_key = row.key.clone();
        self.rows += 1;
        true
    }

    /// Whether no row was added.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The block's bytes; the builder is empty afterwards.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.bytes);
        let count = u16::try_from(self.restarts.len()).expect("a block has at most 4,096 bytes");
        for number in self.restarts.drain(..).chain([count]) {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        self.rows = 0;
        bytes
    }
}

fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// One row while decoding: its key is in the decoder's buffer.
struct Entry<'a> {
    shared: usize,
    suffix: &'a [u8],
    index: u64,
    value: &'a [u8],
}

fn next_entry<'a>(reader: &mut Reader<'a>) -> Option<Entry<'a>> {
    let shared = reader.length()?;
    let suffix = reader.length()?;
    let value = reader.length()?;
    let index = reader.varint()?;
    Some(Entry { shared, suffix: reader.take(suffix)?, index, value: reader.take(value)? })
}

/// Splits a block into its rows' bytes and its restart offsets.
fn split(block: &[u8]) -> Option<(&[u8], &[[u8; 2]])> {
    let (rest, count) = block.split_last_chunk::<2>()?;
    let at = rest.len().checked_sub(2 * usize::from(u16::from_le_bytes(*count)))?;
    let (rows, restarts) = rest.split_at(at);
    Some((rows, restarts.as_chunks::<2>().0))
}

fn from_restart(rows: &[u8], restart: [u8; 2]) -> Option<Reader<'_>> {
    rows.get(usize::from(u16::from_le_bytes(restart))..).map(Reader)
}

/// The last row before (`key`, `below`), if it has exactly this key. Outer `None`: the block is not well-formed.
#[allow(clippy::option_option)] // malformed and absent are different answers
pub(super) fn newest(block: &Bytes, key: &[u8], below: u64) -> Option<Option<(u64, Bytes)>> {
    let (rows, restarts) = split(block)?;
    let mut malformed = false;
    let after = restarts.partition_point(|restart| {
        let entry = from_restart(rows, *restart).and_then(|mut reader| next_entry(&mut reader));
        malformed |= entry.is_none();
        entry.is_some_and(|entry| (entry.suffix, entry.index) < (key, below))
    });
    if malformed {
        return None;
    }
    let Some(start) = after.checked_sub(1) else { return Some(None) };
    let mut reader = from_restart(rows, restarts[start])?;
    let mut current = Vec::with_capacity(key.len());
    let mut found = None;
    while !reader.0.is_empty() {
        let entry = next_entry(&mut reader)?;
        if entry.shared > current.len() {
            return None;
        }
        current.truncate(entry.shared);
        current.extend_from_slice(entry.suffix);
        if (&current[..], entry.index) >= (key, below) {
            break;
        }
        if current == key {
            found = Some((entry.index, entry.value));
        }
    }
    Some(found.map(|(index, value)| (index, block.slice_ref(value))))
}

/// All rows of a block in order; `None` if it is not well-formed. Values share the block's memory, keys one buffer.
pub(super) fn rows(block: &Bytes) -> Option<Vec<Row>> {
    let (bytes, _) = split(block)?;
    let mut keys = BytesMut::with_capacity(2 * BLOCK_BYTES);
    let mut entries = Vec::new();
    let mut reader = Reader(bytes);
    let mut last = 0..0;
    while !reader.0.is_empty() {
        let entry = next_entry(&mut reader)?;
        if entry.shared > last.len() {
            return None;
        }
        // A row with its predecessor's key shares it: histories of one key cost no copies.
        if entry.shared < last.len() || !entry.suffix.is_empty() || entries.is_empty() {
            let start = keys.len();
            keys.extend_from_within_checked(last.start, entry.shared);
            keys.extend_from_slice(entry.suffix);
            last = start..keys.len();
        }
        entries.push((last.clone(), entry.index, entry.value));
    }
    let keys = keys.freeze();
    let row = |(key, index, value): (std::ops::Range<usize>, u64, &[u8])| Row {
        key: keys.slice(key),
        index,
        value: block.slice_ref(value),
    };
    Some(entries.into_iter().map(row).collect())
}

trait ExtendFromWithin {
    fn extend_from_within_checked(&mut self, start: usize, len: usize);
}

impl ExtendFromWithin for BytesMut {
    fn extend_from_within_checked(&mut self, start: usize, len: usize) {
        let end = self.len();
        self.resize(end + len, 0);
        self.copy_within(start..start + len, end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(count: u64) -> Vec<Row> {
        let row = |i: u64| Row {
            key: Bytes::from(format!("table/{:04}", i / 3)),
            index: i,
            value: Bytes::from(vec![7; usize::try_from(i % 5).unwrap()]),
        };
        (0..count).map(row).collect()
    }

    fn build(rows: &[Row]) -> Bytes {
        let mut builder = Builder::default();
        assert!(rows.iter().all(|row| builder.push(row)));
        builder.finish().into()
    }

    #[test]
    fn rows_come_back_in_order() {
        for count in [1, 2, 15, 16, 17, 33, 200] {
            let given = sample(count);
            assert_eq!(rows(&build(&given)).unwrap(), given);
        }
    }

    #[test]
    fn newest_agrees_with_a_search_of_the_rows() {
        let given = sample(100);
        let block = build(&given);
        for number in 0..40 {
            let key = format!("table/{number:04}");
            for below in 0..102 {
                let expected = given.iter().rev().find(|row| row.key == key && row.index < below);
                let expected = expected.map(|row| (row.index, row.value.clone()));
                assert_eq!(newest(&block, key.as_bytes(), below).unwrap(), expected, "{key} below {below}");
            }
        }
        assert_eq!(newest(&block, b"a", 9).unwrap(), None);
        assert_eq!(newest(&block, b"z", 9).unwrap(), None);
    }

    #[test]
    fn a_block_never_exceeds_its_limit_and_takes_the_largest_row() {
        let mut builder = Builder::default();
        let taken = sample(100_000).iter().take_while(|row| builder.push(row)).count();
        assert!(taken > 300, "{taken}");
        let block = builder.finish();
        assert!((4_050..=BLOCK_BYTES).contains(&block.len()), "{}", block.len());
        let largest = Row {
            key: vec![1; super::super::types::MAX_KEY].into(),
            index: u64::MAX,
            value: vec![2; super::super::types::MAX_VALUE].into(),
        };
        assert!(builder.is_empty() && builder.push(&largest));
        assert_eq!(rows(&builder.finish().into()).unwrap(), [largest]);
    }

    #[test]
    fn damaged_blocks_never_panic() {
        let block = build(&sample(60));
        for at in 0..block.len() {
            for bit in 0..8 {
                let mut bytes = block.to_vec();
                bytes[at] ^= 1 << bit;
                let bytes = Bytes::from(bytes);
                let _ = rows(&bytes);
                let _ = newest(&bytes, b"table/0007", 50);
            }
            let _ = rows(&block.slice(..at));
        }
        assert!(rows(&Bytes::new()).is_none());
    }
}
