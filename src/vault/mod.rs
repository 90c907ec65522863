//! The key ring: one random key per learner, payloads sealed under it, and erasure by destroying it (formats.md 3, 6).
//!
//! Here: keys, sealing, the lookups' keyed hashes, and the files they rest in (docs/spec/vault.md). Not here: what a
//! payload says, where sealed payloads are kept, and who may have what erased. The vault knows slots, account ids and
//! bytes.
//!
//! Contract with the journal, in this order:
//! 1. [`Vault::reserve`] gives an account its slot at once, in memory, so that any number of threads can [`Vault::seal`]
//!    payloads before the entry is judged. [`Vault::release`] takes one reservation back if the entry is refused.
//! 2. [`Vault::commit`] makes the slots of a frame durable **before** the frame is written: a frame never names a key
//!    that a power cut can take.
//! 3. [`Vault::erase`] comes **after** the frame with the erasure is durable. If the process dies in between,
//!    [`Vault::open`] gets the slots that the journal says were erased and destroys their keys again.
//! 4. After `open`, [`Vault::check_complete`] must pass before anything is written.
//!
//! After a failed write or sync every further one is refused ([`VaultError::Stopped`]); sealing and opening go on.

mod document;
mod error;
mod files;
mod key;
mod master;
mod pepper;
mod ring;
mod seal;
mod table;

pub use document::{ResidentIdError, check_resident_id, normalise_document_number};
pub use error::VaultError;
pub use seal::{MAX_SEALED_PLAINTEXT, SEAL_OVERHEAD};

use files::Rings;
use key::Key;
use master::Secrets;
use ring::RING_SLOTS;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use table::{Entry, Table};

/// A place in the key ring, counted from 0 over all ring files. Stands in clear beside each sealed payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(pub u64);

impl Slot {
    /// The ring and the position in it, if this machine can count that far.
    fn place(self) -> Option<(usize, usize)> {
        let slot = usize::try_from(self.0).ok()?;
        Some((slot / RING_SLOTS, slot % RING_SLOTS))
    }

    /// The number of the ring file.
    const fn ring(self) -> u64 {
        self.0 / RING_SLOTS as u64
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A learner's account: 16 bytes nobody can predict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub [u8; 16]);

/// The key ring and the pepper of one ledger. Shared between threads as `Arc<Vault>`.
pub struct Vault {
    dir: PathBuf,
    secrets: Secrets,
    /// Locked for microseconds. Taken after `writer`, never before it.
    table: RwLock<Table>,
    /// Held over writes and syncs.
    writer: Mutex<Writer>,
}

struct Writer {
    rings: Rings,
    /// A write or sync failed. What is on disk is uncertain: a sync repeated on the same file can succeed over lost
    /// pages.
    stopped: bool,
}

impl Vault {
    /// Makes an empty vault in `dir`, with a new master key and pepper. Refuses a directory that has, or had, a vault.
    pub fn create(dir: &Path) -> Result<Self, VaultError> {
        files::make_dir(dir)?;
        let master = master::master_path(dir);
        if master.symlink_metadata().is_ok() || files::any_ring(dir)? {
            return Err(VaultError::Exists(master));
        }
        Self::assemble(dir, master::create(dir)?)
    }

    /// Opens the vault in `dir` and destroys again what the journal says was `erased`.
    pub fn open(dir: &Path, erased: &[Slot]) -> Result<Self, VaultError> {
        let vault = Self::assemble(dir, master::open(dir)?)?;
        let padded = vault.table_mut().pad_erased(erased);
        padded.map_err(|slot| vault.incomplete(slot))?;
        vault.destroy(erased, &mut vault.writer())?;
        Ok(vault)
    }

    fn assemble(dir: &Path, secrets: Secrets) -> Result<Self, VaultError> {
        let mut table = Table::default();
        let rings = Rings::open(dir, secrets.wrapping.clone(), &mut table)?;
        let writer = Mutex::new(Writer { rings, stopped: false });
        Ok(Self { dir: dir.to_owned(), secrets, table: RwLock::new(table), writer })
    }

    /// Whether every slot up to the highest one the journal used is there or was erased, and no other was erased.
    /// Before this passed, nothing may be written: a commit would overwrite what a backup could still explain.
    pub fn check_complete(&self, highest_used: Option<Slot>, erased: &[Slot]) -> Result<(), VaultError> {
        let Some(highest) = highest_used else { return Ok(()) };
        let erased: BTreeSet<Slot> = erased.iter().copied().collect();
        let missing = {
            let table = self.table();
            let explained = |slot: &Slot| match table.get(*slot) {
                Some(Entry::Key { .. } | Entry::Void) => true,
                Some(Entry::Erased) | None => erased.contains(slot),
            };
            // Only up to the end of the table: the journal may name a slot that no machine could list up to.
            let end = table.len().min(highest.0.saturating_add(1));
            let beyond = (highest.0 >= table.len()).then_some(Slot(table.len()));
            (0..end).map(Slot).find(|slot| !explained(slot)).or(beyond)
        };
        match missing {
            None => Ok(()),
            Some(slot) => Err(self.incomplete(slot)),
        }
    }

    fn incomplete(&self, slot: Slot) -> VaultError {
        VaultError::Incomplete { slot, path: self.writer().rings.path_of(slot) }
    }

    /// The account's slot, a new one in memory if it has none. Each call is one reservation until the slot is committed:
    /// whoever reserved and then needs nothing sealed releases once.
    pub fn reserve(&self, account: AccountId) -> Result<Slot, VaultError> {
        {
            let table = self.table();
            if let Some(slot) = table.newest(account)
                && slot.0 < table.claimed
            {
                return Ok(slot);
            }
        }
        // Drawn before the lock; wasted if another thread was faster.
        let key = Key::random()?;
        let mut table = self.table_mut();
        if let Some(slot) = table.newest(account) {
            table.claim(slot);
            return Ok(slot);
        }
        Ok(table.push(Entry::Key { account, key, claims: 1 }))
    }

    /// A new slot for an account that may have one, for the erasure of a single outcome: the others are sealed again
    /// under the new key and the old slot is erased. From now on `reserve` and `slot_of` answer the new one.
    pub fn renew(&self, account: AccountId) -> Result<Slot, VaultError> {
        let key = Key::random()?;
        Ok(self.table_mut().push(Entry::Key { account, key, claims: 1 }))
    }

    /// The account's current slot, reserved or durable.
    pub fn slot_of(&self, account: AccountId) -> Option<Slot> {
        self.table().newest(account)
    }

    /// All slots with a key of this account, ascending: more than one while payloads are being sealed anew. Erasing an
    /// account is erasing all of them.
    pub fn slots_of(&self, account: AccountId) -> Vec<Slot> {
        self.table().of_account(account).collect()
    }

    /// Whether a slot is written: it holds a key, or a tombstone, that no release takes back.
    pub fn is_durable(&self, slot: Slot) -> bool {
        slot.0 < self.table().durable
    }

    /// Takes one reservation back. The last one gone, the key of a slot never committed is forgotten and its number
    /// never used again: what was sealed under it can be neither opened nor committed. Nothing happens otherwise.
    pub fn release(&self, slot: Slot) {
        self.table_mut().release(slot);
    }

    /// Makes these slots durable, with one sync for each ring file touched; returns after it. Slots already durable, or
    /// erased since, cost nothing. Lower slots that are only reserved are written along, so that ring files have no
    /// gaps: such a key simply waits for its account. Refuses a released slot before anything is written.
    pub fn commit(&self, slots: &[Slot]) -> Result<(), VaultError> {
        let Some(end) = self.end_of_new(slots)? else { return Ok(()) };
        self.extend(end, &mut self.writer())
    }

    /// Where writing must get to for these slots to be durable, if it is not there yet.
    fn end_of_new(&self, slots: &[Slot]) -> Result<Option<u64>, VaultError> {
        let table = self.table();
        let mut end = None;
        for slot in slots {
            match table.get(*slot) {
                None | Some(Entry::Void) => return Err(VaultError::MissingKey(*slot)),
                Some(_) if slot.0 >= table.durable => end = end.max(Some(slot.0 + 1)),
                Some(_) => {}
            }
        }
        Ok(end)
    }

    /// Destroys the key in a slot, in memory and on disk; returns when no power cut can bring it back. The erasure must
    /// be durable in the journal. Erasing twice is erasing once.
    pub fn erase(&self, slot: Slot) -> Result<(), VaultError> {
        self.erase_all(&[slot])
    }

    /// [`Self::erase`] for several slots, rewriting each ring file once.
    pub fn erase_all(&self, slots: &[Slot]) -> Result<(), VaultError> {
        let mut writer = self.writer();
        let missing = {
            let table = self.table();
            slots.iter().find(|slot| matches!(table.get(**slot), None | Some(Entry::Void))).copied()
        };
        match missing {
            Some(slot) => Err(VaultError::MissingKey(slot)),
            None => self.destroy(slots, &mut writer),
        }
    }

    /// HMAC-SHA-256(pepper, kind || 0x00 || normalised number) (formats.md 3), for accounts to be found by a document.
    /// `kind` is one of the caller's constants and has no NUL. Normalises as [`normalise_document_number`].
    pub fn document_hmac(&self, kind: &str, number: &str) -> [u8; 32] {
        self.secrets.pepper.document(kind, &normalise_document_number(number))
    }

    /// Keyed hash of an issuer's own record number, for duplicates to be found: HMAC-SHA-256(pepper, 0xFF || "source" ||
    /// u64be len || issuer || u32be kind || u64be len || source id). No document hash has a 0xFF in its input.
    pub fn source_hmac(&self, issuer: &str, kind: u32, source_id: &str) -> [u8; 32] {
        self.secrets.pepper.source(issuer, kind, source_id)
    }

    /// Writes all slots below `end`, unless another thread just did.
    fn extend(&self, end: u64, writer: &mut Writer) -> Result<(), VaultError> {
        {
            let mut table = self.table_mut();
            if table.durable >= end {
                return Ok(());
            }
            if writer.stopped {
                return Err(VaultError::Stopped);
            }
            // From here on a release comes too late: the key may be on disk already.
            table.claimed = table.claimed.max(end);
        }
        // Raised before the write and lowered after it: an early return leaves the vault stopped.
        writer.stopped = true;
        writer.rings.extend(end, &self.table)?;
        writer.stopped = false;
        self.table_mut().durable = end;
        Ok(())
    }

    fn destroy(&self, slots: &[Slot], writer: &mut Writer) -> Result<(), VaultError> {
        if writer.stopped {
            return Err(VaultError::Stopped);
        }
        let (mut rings, mut end) = (BTreeSet::new(), None);
        {
            let mut table = self.table_mut();
            for slot in slots {
                // Memory first: nothing is sealed or opened with the key while the file is being written.
                if !table.erase(*slot) {
                    continue;
                }
                if slot.0 < table.durable {
                    rings.insert(u32::try_from(slot.ring()).map_err(|_| VaultError::Full)?);
                } else {
                    end = end.max(Some(slot.0 + 1));
                }
            }
        }
        for number in rings {
            writer.stopped = true;
            writer.rings.rewrite(number, &self.table)?;
            writer.stopped = false;
        }
        // A slot erased before it was written leaves a tombstone, so that its number is not given again.
        end.map_or(Ok(()), |end| self.extend(end, writer))
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        // A thread that panicked with the lock held left a table whose every step is one assignment: still whole.
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn table_mut(&self) -> RwLockWriteGuard<'_, Table> {
        self.table.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A panic during a write leaves `stopped` set, which is what poisoning would be for.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The directory and nothing else.
impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("dir", &self.dir).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
