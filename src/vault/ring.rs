//! The bytes of a ring file (docs/spec/vault.md 3): header, records, and the judgement between a torn tail and damage.
//! No input or output here; `files.rs` reads and writes.

use super::key::{KEY, Key, OVERHEAD};
use super::table::Entry;
use super::{AccountId, Slot, VaultError};
use xuefen_core::hash::{Context, derive_key};

/// Slots in a ring file.
pub(super) const RING_SLOTS: usize = 65_536;
/// Length of the header in bytes.
pub(super) const HEADER: usize = 96;
/// Length of a record in bytes.
pub(super) const RECORD: usize = 96;

const MAGIC: &[u8; 8] = b"XFKEYRNG";
const VERSION: u32 = 1;
/// Header bytes that the wrapping authenticates: magic, version, ring number.
const HEADER_AAD: usize = 16;
/// Header bytes before the checksum.
const HEADER_BODY: usize = HEADER_AAD + KEY + OVERHEAD;
/// Record bytes in clear: state, three zeros, index of the batch's first record.
const RECORD_CLEAR: usize = 8;
/// Account id and key.
const RECORD_SECRET: usize = 16 + KEY;

const STATE_KEY: u8 = 1;
const STATE_ERASED: u8 = 2;
const STATE_VOID: u8 = 3;

/// Why a header was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadHeader {
    /// It is not what was written.
    Damaged(&'static str),
    /// It is what was written, under another master key.
    WrongMasterKey,
}

/// The header of ring `number`: its file key, wrapped.
pub(super) fn encode_header(number: u32, file_key: &Key, wrapping: &Key) -> Result<Vec<u8>, VaultError> {
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(MAGIC);
    header.extend_from_slice(&VERSION.to_be_bytes());
    header.extend_from_slice(&number.to_be_bytes());
    let aad: [u8; HEADER_AAD] = header.as_slice().try_into().expect("magic, version and number are 16 bytes");
    wrapping.seal_into(&aad, file_key.as_bytes(), &mut header)?;
    let checksum = checksum(&header);
    header.extend_from_slice(&checksum);
    Ok(header)
}

/// The file key in the header of ring `number`.
pub(super) fn decode_header(number: u32, file: &[u8], wrapping: &Key) -> Result<Key, BadHeader> {
    let header = file.get(..HEADER).ok_or(BadHeader::Damaged("shorter than its header"))?;
    let (body, sum) = header.split_at(HEADER_BODY);
    // The checksum comes first: without it a flipped bit would look like a wrong master key.
    if checksum(body) != sum {
        return Err(BadHeader::Damaged("header checksum"));
    }
    let (aad, wrapped) = body.split_at(HEADER_AAD);
    if &aad[..8] != MAGIC || aad[8..12] != VERSION.to_be_bytes() {
        return Err(BadHeader::Damaged("not a ring file of version 1"));
    }
    if aad[12..] != number.to_be_bytes() {
        return Err(BadHeader::Damaged("named for another ring"));
    }
    let key = wrapping.open(aad, wrapped).ok_or(BadHeader::WrongMasterKey)?;
    Key::from_slice(&key).ok_or(BadHeader::WrongMasterKey)
}

fn checksum(bytes: &[u8]) -> [u8; HEADER - HEADER_BODY] {
    let hash = derive_key(Context::InternalChecksum, &[b"ring header", bytes]);
    *hash.as_bytes().first_chunk().expect("a hash is longer than a checksum")
}

/// Appends the record of `slot`. `batch` is the position in the ring below which everything was durable before this
/// record's write began.
pub(super) fn encode_record(
    slot: Slot,
    batch: u32,
    entry: &Entry,
    file_key: &Key,
    out: &mut Vec<u8>,
) -> Result<(), VaultError> {
    let mut secret = zeroize::Zeroizing::new([0; RECORD_SECRET]);
    let state = match entry {
        Entry::Key { account, key, .. } => {
            secret[..16].copy_from_slice(&account.0);
            secret[16..].copy_from_slice(key.as_bytes());
            STATE_KEY
        }
        // Records without a key have the same length and are authenticated like the others.
        Entry::Erased => STATE_ERASED,
        Entry::Void => STATE_VOID,
    };
    let mut clear = [0; RECORD_CLEAR];
    clear[0] = state;
    clear[4..].copy_from_slice(&batch.to_be_bytes());
    out.extend_from_slice(&clear);
    file_key.seal_into(&record_aad(clear, slot), secret.as_slice(), out)
}

/// The entry and the batch in the record of `slot`, if it is what was written there.
fn decode_record(slot: Slot, record: &[u8], file_key: &Key) -> Option<(Entry, u32)> {
    let (clear, sealed) = record.split_first_chunk::<RECORD_CLEAR>()?;
    let secret = file_key.open(&record_aad(*clear, slot), sealed)?;
    let (account, key) = secret.split_first_chunk::<16>()?;
    let entry = match clear[0] {
        STATE_KEY => Entry::Key { account: AccountId(*account), key: Key::from_slice(key)?, claims: 0 },
        STATE_ERASED => Entry::Erased,
        STATE_VOID => Entry::Void,
        _ => return None,
    };
    let [.., a, b, c, d] = *clear;
    Some((entry, u32::from_be_bytes([a, b, c, d])))
}

fn record_aad(clear: [u8; RECORD_CLEAR], slot: Slot) -> [u8; RECORD_CLEAR + 8] {
    let mut aad = [0; RECORD_CLEAR + 8];
    aad[..RECORD_CLEAR].copy_from_slice(&clear);
    aad[RECORD_CLEAR..].copy_from_slice(&slot.0.to_be_bytes());
    aad
}

/// The records of a ring file.
#[derive(Debug)]
pub(super) struct Records {
    /// The whole ones, in order of slots.
    pub(super) entries: Vec<Entry>,
    /// Whether an interrupted write left something after them.
    pub(super) torn: bool,
}

/// Reads the records of ring `number`, or names the first slot that is damaged.
///
/// A write that was interrupted can leave any part of itself, later sectors without earlier ones too. So an unreadable
/// record is the torn tail only if no readable record after it belongs to a later write; a later write began after this
/// one was synced, and then the unreadable record had been whole.
pub(super) fn decode_records(number: u32, file: &[u8], file_key: &Key) -> Result<Records, Slot> {
    let slot = |position: usize| Slot(u64::from(number) * RING_SLOTS as u64 + position as u64);
    let body = file.get(HEADER..).unwrap_or_default();
    if body.len() > RING_SLOTS * RECORD {
        return Err(slot(RING_SLOTS - 1));
    }
    let mut entries = Vec::new();
    let mut bad = None;
    for (position, record) in body.chunks(RECORD).enumerate() {
        match (decode_record(slot(position), record, file_key), bad) {
            (Some((entry, _)), None) => entries.push(entry),
            (Some((_, batch)), Some(first)) if batch as usize > first => return Err(slot(first)),
            (None, None) => bad = Some(position),
            _ => {}
        }
    }
    Ok(Records { entries, torn: bad.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RING: u32 = 3;

    fn slot(position: u64) -> Slot {
        Slot(3 * 65_536 + position)
    }

    fn key(account: u8) -> Entry {
        Entry::Key { account: AccountId([account; 16]), key: Key::random().unwrap(), claims: 1 }
    }

    /// A ring file written in batches of these lengths, and its keys.
    fn file(batches: &[usize]) -> (Vec<u8>, Key, Key) {
        let (wrapping, file_key) = (Key::random().unwrap(), Key::random().unwrap());
        let mut bytes = encode_header(RING, &file_key, &wrapping).unwrap();
        let mut start = 0;
        for length in batches {
            for position in start..start + length {
                let entry = key(u8::try_from(position).unwrap());
                let batch = u32::try_from(start).unwrap();
                encode_record(slot(position as u64), batch, &entry, &file_key, &mut bytes).unwrap();
            }
            start += length;
        }
        (bytes, file_key, wrapping)
    }

    #[test]
    fn the_layout_is_as_documented() {
        let (bytes, file_key, wrapping) = file(&[1, 2]);
        assert_eq!(bytes.len(), HEADER + 3 * RECORD);
        assert_eq!(&bytes[..16], b"XFKEYRNG\0\0\0\x01\0\0\0\x03");
        assert_eq!(bytes[96..104], [1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes[288..296], [1, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(decode_header(RING, &bytes, &wrapping).unwrap().as_bytes(), file_key.as_bytes());
        let records = decode_records(RING, &bytes, &file_key).unwrap();
        assert!(!records.torn);
        assert!(matches!(records.entries[2], Entry::Key { account: AccountId([2, ..]), .. }));
    }

    #[test]
    fn every_flipped_header_bit_is_damage_and_another_master_key_is_told_apart() {
        let (bytes, _, wrapping) = file(&[]);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(matches!(decode_header(RING, &flipped, &wrapping), Err(BadHeader::Damaged(_))), "bit {bit}");
        }
        for short in 0..bytes.len() {
            assert!(matches!(decode_header(RING, &bytes[..short], &wrapping), Err(BadHeader::Damaged(_))));
        }
        let error = decode_header(RING, &bytes, &Key::random().unwrap()).unwrap_err();
        assert_eq!(error, BadHeader::WrongMasterKey);
        assert!(matches!(decode_header(RING + 1, &bytes, &wrapping), Err(BadHeader::Damaged(_))));
    }

    #[test]
    fn a_tail_torn_anywhere_is_cut_at_its_first_bad_record() {
        let (bytes, file_key, _) = file(&[2, 3]);
        for length in HEADER + 2 * RECORD..bytes.len() {
            let records = decode_records(RING, &bytes[..length], &file_key).unwrap();
            assert_eq!(records.entries.len(), (length - HEADER) / RECORD, "length {length}");
            assert_eq!(records.torn, !(length - HEADER).is_multiple_of(RECORD));
        }
        // The last batch lost its first record only.
        let mut lost = bytes;
        lost[HEADER + 2 * RECORD..][..RECORD].fill(0);
        let records = decode_records(RING, &lost, &file_key).unwrap();
        assert_eq!((records.entries.len(), records.torn), (2, true));
    }

    #[test]
    fn a_flipped_bit_below_the_last_batch_names_its_slot() {
        let (bytes, file_key, _) = file(&[2, 2, 1]);
        for bit in HEADER * 8..(HEADER + 4 * RECORD) * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let position = (bit / 8 - HEADER) / RECORD;
            assert_eq!(decode_records(RING, &flipped, &file_key).unwrap_err(), slot(position as u64), "bit {bit}");
        }
    }

    #[test]
    fn records_do_not_move_between_slots_or_rings_and_do_not_repeat() {
        let (mut bytes, file_key, _) = file(&[1, 1, 1]);
        assert!(decode_records(RING + 1, &bytes, &file_key).unwrap().entries.is_empty());
        bytes.copy_within(HEADER..HEADER + RECORD, HEADER + RECORD);
        assert_eq!(decode_records(RING, &bytes, &file_key).unwrap_err(), slot(1));
    }

    #[test]
    fn records_without_a_key_hold_zeros() {
        let file_key = Key::random().unwrap();
        for entry in [Entry::Erased, Entry::Void] {
            let mut record = Vec::new();
            encode_record(slot(0), 0, &entry, &file_key, &mut record).unwrap();
            let clear: [u8; RECORD_CLEAR] = record[..RECORD_CLEAR].try_into().unwrap();
            let secret = file_key.open(&record_aad(clear, slot(0)), &record[RECORD_CLEAR..]).unwrap();
            assert!(secret.iter().all(|byte| *byte == 0));
        }
    }
}
