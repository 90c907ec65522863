//! Bloom filters over keys, and the hash they and the block cache use. Not for anything that must not collide.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Bits of filter per distinct key: about one false positive in 200 look-ups.
const BITS_PER_KEY: usize = 12;
/// Bits set and tested per key, all in one block of 512 so that a look-up costs one cache line.
const PROBES: u32 = 7;
const BLOCK_WORDS: usize = 8;

/// A 64-bit hash of a key: multiply and fold, eight bytes at a time. Part of the stored format (filters rest on it).
pub(super) fn key_hash(key: &[u8]) -> u64 {
    const SEEDS: [u64; 3] = [0x9e37_79b9_7f4a_7c15, 0xd1b5_4a32_d192_ed03, 0x8cb9_2ba7_2f3d_8dd7];
    let mut state = SEEDS[0] ^ (key.len() as u64).wrapping_mul(SEEDS[2]);
    let (words, rest) = key.as_chunks::<8>();
    for word in words {
        state = fold(state ^ u64::from_le_bytes(*word), SEEDS[1]);
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    fold(fold(state ^ u64::from_le_bytes(last), SEEDS[2]), SEEDS[1])
}

#[allow(clippy::cast_possible_truncation)] // both halves of the product are wanted
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64) ^ a.rotate_left(29)
}

/// A blocked Bloom filter. Bits are only ever set, so readers need no lock while a writer adds keys.
pub(super) struct Filter {
    words: Box<[AtomicU64]>,
}

impl Filter {
    /// An empty filter with room for `keys` distinct keys.
    pub fn new(keys: usize) -> Self {
        let blocks = (keys * BITS_PER_KEY).div_ceil(BLOCK_WORDS * 64).max(1);
        Self { words: (0..blocks * BLOCK_WORDS).map(|_| AtomicU64::new(0)).collect() }
    }

    /// A filter from its stored bytes, if their number is right.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || words.is_empty() || !words.len().is_multiple_of(BLOCK_WORDS) {
            return None;
        }
        Some(Self { words: words.iter().map(|word| AtomicU64::new(u64::from_le_bytes(*word))).collect() })
    }

    /// The bytes to store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.words.iter().flat_map(|word| word.load(Relaxed).to_le_bytes()).collect()
    }

    /// Adds a key by its [`key_hash`].
    pub fn insert(&self, hash: u64) {
        let block = self.block(hash);
        for bit in bits(hash) {
            block[bit / 64].fetch_or(1 << (bit % 64), Relaxed);
        }
    }

    /// Whether the key may have been added; `false` is certain.
    pub fn may_contain(&self, hash: u64) -> bool {
        let block = self.block(hash);
        bits(hash).all(|bit| block[bit / 64].load(Relaxed) & (1 << (bit % 64)) != 0)
    }

    #[allow(clippy::cast_possible_truncation)] // the result is below the number of blocks
    fn block(&self, hash: u64) -> &[AtomicU64] {
        let blocks = (self.words.len() / BLOCK_WORDS) as u64;
        let start = ((u128::from(hash) * u128::from(blocks)) >> 64) as usize * BLOCK_WORDS;
        &self.words[start..start + BLOCK_WORDS]
    }
}

/// The bit numbers of a key within its block. Mixed again, because the block was chosen by the same hash's upper bits.
#[allow(clippy::cast_possible_truncation)] // nine bits
fn bits(hash: u64) -> impl Iterator<Item = usize> {
    let mixed = fold(hash, 0xa076_1d64_78bd_642f);
    (0..PROBES).map(move |probe| ((mixed >> (probe * 9)) & 511) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_added_key_is_found_and_few_others() {
        let filter = Filter::new(10_000);
        (0..10_000_u64).for_each(|i| filter.insert(key_hash(&i.to_be_bytes())));
        let filter = Filter::from_bytes(&filter.to_bytes()).unwrap();
        assert!((0..10_000_u64).all(|i| filter.may_contain(key_hash(&i.to_be_bytes()))));
        let wrong = (10_000..110_000_u64).filter(|i| filter.may_contain(key_hash(&i.to_be_bytes()))).count();
        assert!(wrong < 1_500, "{wrong} of 100,000");
    }

    #[test]
    fn keys_differ_in_hash_when_they_differ_in_length_or_place() {
        let mut seen = std::collections::BTreeSet::new();
        for len in 0..40 {
            assert!(seen.insert(key_hash(&vec![0; len])), "zeros of length {len}");
            for at in 0..len {
                let mut key = vec![0; len];
                key[at] = 1;
                assert!(seen.insert(key_hash(&key)), "one at {at} of {len}");
            }
        }
    }

    #[test]
    fn stored_bytes_of_wrong_length_are_refused() {
        assert!(Filter::from_bytes(&[]).is_none());
        assert!(Filter::from_bytes(&[0; 63]).is_none());
        assert!(Filter::from_bytes(&[0; 72]).is_none());
    }
}
