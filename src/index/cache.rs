//! A bounded cache of what was read from sled, checked once: sharded, evicting by second chance (clock). Knows nothing
//! of what the bytes are.

use super::filter::key_hash;
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;
/// What an entry costs beside its bytes, roughly.
const OVERHEAD: usize = 96;

type Key = [u8; 17];

struct Slot {
    key: Key,
    value: Bytes,
    used: bool,
}

#[derive(Default)]
struct Shard {
    places: BTreeMap<Key, usize>,
    slots: Vec<Slot>,
    hand: usize,
    bytes: usize,
}

impl Shard {
    fn evict_one(&mut self) {
        loop {
            self.hand %= self.slots.len();
            let slot = &mut self.slots[self.hand];
            if !std::mem::take(&mut slot.used) {
                break;
            }
            self.hand += 1;
        }
        self.remove(self.hand);
    }

    fn remove(&mut self, at: usize) {
        let slot = self.slots.swap_remove(at);
        self.bytes -= slot.value.len() + OVERHEAD;
        self.places.remove(&slot.key);
        if let Some(moved) = self.slots.get(at) {
            self.places.insert(moved.key, at);
        }
    }
}

/// The cache.
pub(super) struct Cache {
    shards: [Mutex<Shard>; SHARDS],
    shard_bytes: usize,
}

impl Cache {
    /// A cache of about `bytes` bytes.
    pub fn new(bytes: usize) -> Self {
        Self { shards: Default::default(), shard_bytes: bytes / SHARDS }
    }

    /// The value of `key`, if it is here.
    pub fn get(&self, key: &Key) -> Option<Bytes> {
        let mut shard = self.shard(key);
        let at = *shard.places.get(key)?;
        let slot = &mut shard.slots[at];
        slot.used = true;
        Some(slot.value.clone())
    }

    /// Keeps a value, at the cost of others.
    pub fn put(&self, key: &Key, value: Bytes) {
        let cost = value.len() + OVERHEAD;
        let mut shard = self.shard(key);
        if cost > self.shard_bytes || shard.places.contains_key(key) {
            return;
        }
        while shard.bytes + cost > self.shard_bytes {
            shard.evict_one();
        }
        shard.bytes += cost;
        let at = shard.slots.len();
        shard.slots.push(Slot { key: *key, value, used: false });
        shard.places.insert(*key, at);
    }

    #[allow(clippy::cast_possible_truncation)] // the remainder is below 16
    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let at = (key_hash(key) % SHARDS as u64) as usize;
        // Nothing in here panics half way; if it did, a cache may be wrong about what it has, never about a value.
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::store::{Kind, key};

    #[test]
    fn stays_within_its_bytes_and_keeps_what_is_used() {
        let cache = Cache::new(16 * 10_000);
        let hot = key(Kind::Block, 0, 0);
        cache.put(&hot, Bytes::from_static(b"hot"));
        for piece in 1..5_000 {
            cache.put(&key(Kind::Block, 0, piece), Bytes::from(vec![0; 900]));
            assert_eq!(cache.get(&hot).unwrap(), "hot", "after {piece}");
        }
        let held: usize = cache.shards.iter().map(|shard| shard.lock().unwrap().bytes).sum();
        assert!(held <= 160_000 && held > 100_000, "{held}");
        let found = (1..5_000).filter(|piece| cache.get(&key(Kind::Block, 0, *piece)).is_some()).count();
        assert!(found > 100 && found < 200, "{found}");
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let cache = Cache::new(16 * 200);
        let (a, b) = (key(Kind::Tile, 0, 0), key(Kind::Tile, 0, 1));
        cache.put(&a, Bytes::from_static(b"a"));
        cache.put(&b, Bytes::from(vec![0; 4_096]));
        assert!(cache.get(&a).is_some() && cache.get(&b).is_none());
    }
}
