//! The tiles of a log, worked out slowly.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

pub type Hash = [u8; 32];

pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

pub fn leaf(entry: &[u8]) -> Hash {
    sha256(&[&[0], entry])
}

/// MTH of RFC 6962, 2.1.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            sha256(&[&[1], &root(left), &root(right)])
        }
    }
}

/// Entries, each behind its length.
pub fn bundle(entries: &[Vec<u8>]) -> Vec<u8> {
    let framed = |entry: &Vec<u8>| [&u16::try_from(entry.len()).expect("short").to_be_bytes()[..], entry].concat();
    entries.iter().flat_map(framed).collect()
}

/// The number of a tile as its path has it; below a million.
pub fn number(index: usize) -> String {
    if index < 1_000 { format!("{index:03}") } else { format!("x{:03}/{:03}", index / 1_000, index % 1_000) }
}

/// Every tile and bundle that a log of these entries has at its size, by path.
pub fn tiles(entries: &[Vec<u8>]) -> BTreeMap<String, Vec<u8>> {
    let mut tiles = BTreeMap::new();
    let mut put = |kind: &str, index: usize, width: usize, bytes: Vec<u8>| {
        let partial = if width == 256 { String::new() } else { format!(".p/{width}") };
        tiles.insert(format!("tile/{kind}/{}{partial}", number(index)), bytes);
    };
    for (index, entries) in entries.chunks(256).enumerate() {
        put("entries", index, entries.len(), bundle(entries));
    }
    let leaves: Vec<Hash> = entries.iter().map(|entry| leaf(entry)).collect();
    for (level, span) in [1, 256, 65_536].into_iter().enumerate() {
        let hashes: Vec<Hash> = leaves.chunks_exact(span).map(root).collect();
        for (index, hashes) in hashes.chunks(256).enumerate() {
            put(&level.to_string(), index, hashes.len(), hashes.concat());
        }
    }
    tiles
}
