//! The one place that touches sled: one tree, keys by kind, checksums, and every call under `catch_unwind`, because
//! sled panics on damaged files. What the values mean is not known here.

use super::error::{IndexError, Result};
use super::types::IndexOptions;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use xuefen_core::hash::{Context, Deriver};

/// sled puts larger values into blob files, which it never syncs and does not always find again.
pub(super) const MAX_STORED: usize = 8_000;
/// Bytes of a checksum.
pub(super) const SUM_BYTES: usize = 8;
/// Bytes written to sled in one batch; larger ones hold its locks and memory for long.
pub(super) const BATCH_BYTES: usize = 256 * 1024;

/// How long to wait for a database that is in use.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// A checksum: finds damage, not malice.
pub(super) type Sum = [u8; SUM_BYTES];

/// What is stored under a key, by the key's first byte.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(super) enum Kind {
    /// The manifest.
    Manifest = b'm',
    /// Rows of a run.
    Block = b'r',
    /// Sparse index of a run.
    Sparse = b's',
    /// Bloom filter of a run.
    Filter = b'f',
    /// Hashes of a tile level.
    Tile = b't',
    /// Journal positions.
    Positions = b'p',
}

/// The key of piece `piece` of thing `of` (a run, a tile level).
pub(super) fn key(kind: Kind, of: u64, piece: u64) -> [u8; 17] {
    let mut key = [0; 17];
    key[0] = kind as u8;
    key[1..9].copy_from_slice(&of.to_be_bytes());
    key[9..].copy_from_slice(&piece.to_be_bytes());
    key
}

/// The checksum of a value under its key, so that a value in another's place is found as well.
pub(super) fn checksum(key: &[u8], value: &[u8]) -> Sum {
    let mut hasher = Deriver::new(Context::InternalChecksum);
    hasher.update(key);
    hasher.update(value);
    *hasher.finish().0.first_chunk().expect("a hash has 32 bytes")
}

/// Appends the value's checksum.
pub(super) fn seal(key: &[u8], mut value: Vec<u8>) -> Vec<u8> {
    let sum = checksum(key, &value);
    value.extend_from_slice(&sum);
    value
}

/// A batch of writes that sled applies whole or not at all.
#[derive(Default)]
pub(super) struct Batch {
    inner: sled::Batch,
    bytes: usize,
}

impl Batch {
    /// Sets a value.
    pub fn put(&mut self, key: &[u8], value: Vec<u8>) {
        debug_assert!(value.len() <= MAX_STORED, "{} bytes would become a blob", value.len());
        self.bytes += key.len() + value.len();
        self.inner.insert(key, value);
    }

    /// Removes a value.
    pub fn remove(&mut self, key: &[u8]) {
        self.bytes += key.len();
        self.inner.remove(key);
    }

    /// Whether it is time to write it.
    pub fn is_full(&self) -> bool {
        self.bytes >= BATCH_BYTES
    }
}

/// An open sled database.
pub(super) struct Store {
    db: sled::Db,
}

impl Store {
    /// Opens or creates the database in `dir`.
    pub fn open(dir: &Path, options: &IndexOptions) -> Result<Self> {
        let config = sled::Config::new().path(dir).cache_capacity(options.sled_cache_bytes);
        let started = Instant::now();
        loop {
            let mut in_use = false;
            let opened = guard("open", || config.open().inspect_err(|error| in_use = is_lock_error(error)));
            if !in_use {
                return Ok(Self { db: opened? });
            }
            // sled gives its lock back a moment after it was dropped: threads of its own hold it.
            if started.elapsed() > LOCK_PATIENCE {
                return Err(IndexError::InUse(dir.to_owned()));
            }
            thread::sleep(LOCK_PATIENCE / 100);
        }
    }

    /// The value of `key` as stored.
    pub fn get(&self, key: &[u8]) -> Result<Option<Bytes>> {
        Ok(guard("read", || self.db.get(key))?.map(|value| Bytes::copy_from_slice(&value)))
    }

    /// The value of `key` whose checksum stands behind it.
    pub fn get_sealed(&self, key: &[u8]) -> Result<Option<Bytes>> {
        let Some(mut value) = self.get(key)? else { return Ok(None) };
        let Some(at) = value.len().checked_sub(SUM_BYTES) else { return Err(damaged("a value is too short")) };
        let sum = value.split_off(at);
        if checksum(key, &value)[..] == sum[..] { Ok(Some(value)) } else { Err(damaged("a checksum is wrong")) }
    }

    /// Applies a batch and leaves an empty one.
    pub fn write(&self, batch: &mut Batch) -> Result<()> {
        let batch = std::mem::take(batch);
        guard("write", || self.db.apply_batch(batch.inner))
    }

    /// Hands what was written to the disk. Not durable against power loss (sled does not fsync here); a lost tail only
    /// moves the mark back, and the journal has it.
    pub fn flush(&self) -> Result<()> {
        guard("flush", || self.db.flush()).map(drop)
    }

    /// Removes the values of all runs but these.
    pub fn remove_strangers(&self, runs: &BTreeSet<u64>) -> Result<()> {
        for kind in [Kind::Block, Kind::Sparse, Kind::Filter] {
            let mut from = key(kind, 0, 0);
            while let Some(found) = self.first_key(&from)?.filter(|found| found[0] == kind as u8) {
                let run =
                    found.get(1..).and_then(|rest| rest.first_chunk()).ok_or_else(|| damaged("a stranger's key"))?;
                let run = u64::from_be_bytes(*run);
                let next = run.checked_add(1).ok_or_else(|| damaged("a stranger's key"))?;
                if !runs.contains(&run) {
                    self.remove_range(&key(kind, run, 0), &key(kind, next, 0))?;
                }
                from = key(kind, next, 0);
            }
        }
        Ok(())
    }

    /// Bytes of all values of a kind.
    pub fn bytes_of(&self, kind: Kind) -> Result<u64> {
        let mut bytes = 0;
        guard("read", || {
            for value in self.db.scan_prefix([kind as u8]).values() {
                bytes += value?.len() as u64;
            }
            Ok(())
        })?;
        Ok(bytes)
    }

    fn remove_range(&self, from: &[u8], to: &[u8]) -> Result<()> {
        loop {
            let keys = guard("read", || self.db.range(from..to).keys().take(512).collect::<sled::Result<Vec<_>>>())?;
            if keys.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::default();
            for key in &keys {
                batch.remove(key);
            }
            self.write(&mut batch)?;
        }
    }

    /// The first key at or after `from`.
    fn first_key(&self, from: &[u8]) -> Result<Option<Bytes>> {
        let next = guard("read", || self.db.range(from..).keys().next().transpose())?;
        Ok(next.map(|key| Bytes::copy_from_slice(&key)))
    }
}

/// An error that asks for a rebuild.
pub(super) fn damaged(what: &str) -> IndexError {
    IndexError::Damaged(what.to_owned())
}

/// Whether sled found the database locked. It says so in words only.
fn is_lock_error(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().starts_with("could not acquire lock"))
}

/// Runs a sled call; a panic of sled's is damage like an error of its. The database is not used for repairs afterwards,
/// only dropped, so what a panic left half done does not matter.
fn guard<T>(what: &str, call: impl FnOnce() -> sled::Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| IndexError::Damaged(format!("{what}: {error}"))),
        Err(_) => Err(IndexError::Damaged(format!("{what}: sled panicked"))),
    }
}
