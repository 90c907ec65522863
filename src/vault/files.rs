//! Every write the vault makes, and the order of syncs that makes each of them safe to interrupt (docs/spec/vault.md 4).
//! What the bytes mean is elsewhere (`ring.rs`, `master.rs`).

use super::error::io;
use super::key::Key;
use super::ring::{self, BadHeader, HEADER, RECORD, RING_SLOTS, Records};
use super::table::{Entry, Table};
use super::{Slot, VaultError};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

/// Mode of every file: readable and writable by its owner.
pub(super) const MODE: u32 = 0o600;

const RING_PREFIX: &str = "ring-";
const TMP_SUFFIX: &str = ".tmp";

/// Makes the directory, mode 0700, if there is none, and its name durable.
pub(super) fn make_dir(dir: &Path) -> Result<(), VaultError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io("make the directory", dir))?;
    match dir.canonicalize().map_err(io("find", dir))?.parent() {
        Some(parent) => sync_dir(parent),
        None => Ok(()),
    }
}

fn sync_dir(dir: &Path) -> Result<(), VaultError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io("sync", dir))
}

/// Whether the directory holds anything that looks like a ring file.
pub(super) fn any_ring(dir: &Path) -> Result<bool, VaultError> {
    let mut names = fs::read_dir(dir).map_err(io("list", dir))?;
    names.try_fold(false, |any, entry| {
        let name = entry.map_err(io("list", dir))?.file_name();
        Ok(any || name.as_encoded_bytes().starts_with(RING_PREFIX.as_bytes()))
    })
}

/// Puts a file with these bytes under `name`, replacing what was there in one step, and returns it open for writing.
pub(super) fn publish(dir: &Path, name: &str, bytes: &[u8]) -> Result<File, VaultError> {
    let (path, tmp) = (dir.join(name), dir.join(format!("{name}{TMP_SUFFIX}")));
    // What an interrupted call left never had its real name: nothing relies on it.
    match fs::remove_file(&tmp) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io("remove", &tmp)(error)),
        _ => {}
    }
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(MODE).open(&tmp).map_err(io("create", &tmp))?;
    file.write_all_at(bytes, 0).map_err(io("write", &tmp))?;
    // Contents before the name: a name that survives a power cut must not lead to an empty file.
    file.sync_all().map_err(io("sync", &tmp))?;
    fs::rename(&tmp, &path).map_err(io("rename to", &path))?;
    // Until the directory is synced, a power cut can bring the old file back.
    sync_dir(dir)?;
    Ok(file)
}

/// Overwrites the wrapped file key of a ring file that has no name any more, so that its blocks are unreadable even to
/// who holds the master key. Best effort by nature: a copy-on-write file system or an SSD keeps what it likes.
fn scrub(file: &File, path: &Path) -> Result<(), VaultError> {
    file.write_all_at(&[0; HEADER], 0).map_err(io("overwrite the former", path))?;
    file.sync_data().map_err(io("sync the former", path))
}

/// One ring file, open for appending.
#[derive(Debug)]
struct Ring {
    file: File,
    file_key: Key,
    /// Whole records in it, all durable.
    records: usize,
    /// Bytes of an interrupted write stand after them; cut before the next append, not on open: until the journal was
    /// asked what it used (`Vault::check_complete`), they could be damaged keys that a backup can explain.
    torn: bool,
}

/// All ring files of a directory, and the only writer of them.
#[derive(Debug)]
pub(super) struct Rings {
    dir: PathBuf,
    wrapping: Key,
    /// By ring number.
    open: Vec<Ring>,
}

impl Rings {
    /// Reads all ring files into `table`, which must be empty.
    pub(super) fn open(dir: &Path, wrapping: Key, table: &mut Table) -> Result<Self, VaultError> {
        let mut rings = Self { dir: dir.to_owned(), wrapping, open: Vec::new() };
        let count = rings.tidy()?;
        for number in 0..count {
            let (ring, entries) = rings.read(number)?;
            // A ring begins only after the one before was filled and synced.
            if ring.records < RING_SLOTS && number + 1 < count {
                let slot = Slot(u64::from(number) * RING_SLOTS as u64 + ring.records as u64);
                return Err(VaultError::DamagedSlot { path: rings.path(number), slot });
            }
            for entry in entries {
                table.push(entry);
            }
            rings.open.push(ring);
        }
        table.durable = table.len();
        table.claimed = table.durable;
        Ok(rings)
    }

    /// Removes what an interrupted [`publish`] left, and counts the ring files, which are numbered without gaps.
    fn tidy(&self) -> Result<u32, VaultError> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.dir).map_err(io("list", &self.dir))? {
            let name = entry.map_err(io("list", &self.dir))?.file_name();
            let Some(name) = name.to_str().filter(|name| name.starts_with(RING_PREFIX)) else { continue };
            let path = self.dir.join(name);
            if name.ends_with(TMP_SUFFIX) {
                // It never had its real name, so nothing relies on it; but it holds wrapped keys.
                let file = OpenOptions::new().write(true).open(&path).map_err(io("open", &path))?;
                scrub(&file, &path)?;
                fs::remove_file(&path).map_err(io("remove", &path))?;
            } else {
                let number = u32::from_str_radix(&name[RING_PREFIX.len()..], 16).ok();
                let number = number.filter(|number| ring_name(*number) == name);
                numbers.push(number.ok_or(VaultError::Damaged { path, what: "no name of a ring file" })?);
            }
        }
        numbers.sort_unstable();
        for (expected, number) in (0..).zip(&numbers) {
            if expected != *number {
                return Err(VaultError::Damaged {
                    path: self.path(expected),
                    what: "missing, though a later one is there",
                });
            }
        }
        u32::try_from(numbers.len()).map_err(|_| VaultError::Full)
    }

    fn read(&self, number: u32) -> Result<(Ring, Vec<Entry>), VaultError> {
        let path = self.path(number);
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(io("open", &path))?;
        // After a crash of the process alone, whole records may stand in the page cache only. They count as durable
        // from here on, so make them so before anything relies on it.
        file.sync_data().map_err(io("sync", &path))?;
        let bytes = fs::read(&path).map_err(io("read", &path))?;
        let file_key = ring::decode_header(number, &bytes, &self.wrapping).map_err(|bad| match bad {
            BadHeader::Damaged(what) => VaultError::Damaged { path: path.clone(), what },
            BadHeader::WrongMasterKey => VaultError::WrongMasterKey(path.clone()),
        })?;
        let Records { entries, torn } = ring::decode_records(number, &bytes, &file_key)
            .map_err(|slot| VaultError::DamagedSlot { path: path.clone(), slot })?;
        Ok((Ring { file, file_key, records: entries.len(), torn }, entries))
    }

    /// Where the key of a slot is, or would be.
    pub(super) fn path_of(&self, slot: Slot) -> PathBuf {
        self.path(u32::try_from(slot.0 / RING_SLOTS as u64).unwrap_or(u32::MAX))
    }

    fn path(&self, number: u32) -> PathBuf {
        self.dir.join(ring_name(number))
    }

    /// Records written so far.
    fn len(&self) -> u64 {
        self.open.iter().map(|ring| ring.records as u64).sum()
    }

    /// Writes all slots of the table below `end` that are not written yet, with one sync for each ring file touched.
    pub(super) fn extend(&mut self, end: u64, table: &RwLock<Table>) -> Result<(), VaultError> {
        while self.len() < end {
            let (start, number) = (self.len(), self.len() / RING_SLOTS as u64);
            let slots = start..end.min((number + 1) * RING_SLOTS as u64);
            let number = u32::try_from(number).map_err(|_| VaultError::Full)?;
            if self.open.len() as u64 > u64::from(number) {
                self.append(number, slots, table)?;
            } else {
                let ring = self.write_whole(number, slots, table)?;
                self.open.push(ring);
            }
        }
        Ok(())
    }

    fn append(&mut self, number: u32, slots: Range<u64>, table: &RwLock<Table>) -> Result<(), VaultError> {
        let path = self.path(number);
        let ring = &mut self.open[number as usize];
        let length = (HEADER + ring.records * RECORD) as u64;
        if ring.torn {
            // Synced by itself: were only the append to survive a power cut, old torn records could stand behind it.
            ring.file.set_len(length).map_err(io("cut", &path))?;
            ring.file.sync_data().map_err(io("sync", &path))?;
            ring.torn = false;
        }
        let mut bytes = Vec::new();
        let batch = u32::try_from(ring.records).expect("a ring holds 65,536 records");
        ring.records += encode(slots, &ring.file_key, |_| batch, table, &mut bytes)?;
        ring.file.write_all_at(&bytes, length).map_err(io("write", &path))?;
        // Before the frame that uses them: a payload whose key is lost would be erased by accident.
        ring.file.sync_data().map_err(io("sync", &path))
    }

    /// A new file for a ring under a fresh file key, in place of the old one if there is one.
    fn write_whole(&self, number: u32, slots: Range<u64>, table: &RwLock<Table>) -> Result<Ring, VaultError> {
        let file_key = Key::random()?;
        let mut bytes = ring::encode_header(number, &file_key, &self.wrapping)?;
        // The file gets its name when all of it is durable: no record in it can ever be a torn tail, so each is a batch.
        let records = encode(slots, &file_key, |position| position, table, &mut bytes)?;
        let file = publish(&self.dir, &ring_name(number), &bytes)?;
        Ok(Ring { file, file_key, records, torn: false })
    }

    /// Writes a ring anew, as the table has it now, and makes the old file unreadable. Until the rename is durable the
    /// old file stands; the journal knows the erasure by then, and it is done again on open.
    pub(super) fn rewrite(&mut self, number: u32, table: &RwLock<Table>) -> Result<(), VaultError> {
        let start = u64::from(number) * RING_SLOTS as u64;
        let slots = start..start + self.open[number as usize].records as u64;
        let new = self.write_whole(number, slots, table)?;
        let old = std::mem::replace(&mut self.open[number as usize], new);
        // The rename took the old file's last name; its key is overwritten before its last handle closes.
        scrub(&old.file, &self.path(number))
    }
}

/// Records encoded under one lock of the table, so that whoever waits to reserve waits microseconds.
const ENCODED_AT_ONCE: u16 = 256;

/// Appends the records of `slots` to `out` and says how many. `batch` gives a record's batch from its position.
fn encode(
    slots: Range<u64>,
    file_key: &Key,
    batch: impl Fn(u32) -> u32,
    table: &RwLock<Table>,
    out: &mut Vec<u8>,
) -> Result<usize, VaultError> {
    let mut count = 0;
    for start in slots.clone().step_by(ENCODED_AT_ONCE.into()) {
        // Slots being written change by erasure only, and who erases holds the rings, as our caller does.
        let table = table.read().unwrap_or_else(PoisonError::into_inner);
        for slot in (start..slots.end.min(start + u64::from(ENCODED_AT_ONCE))).map(Slot) {
            let entry = table.get(slot).ok_or(VaultError::MissingKey(slot))?;
            let position = slot.0 % RING_SLOTS as u64;
            let position = u32::try_from(position).expect("a ring holds 65,536 records");
            ring::encode_record(slot, batch(position), entry, file_key, out)?;
            count += 1;
        }
    }
    Ok(count)
}

fn ring_name(number: u32) -> String {
    format!("{RING_PREFIX}{number:08x}")
}
