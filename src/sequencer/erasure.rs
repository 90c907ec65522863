//! Erasure of accounts: the journalled event that destroys keys, and what the index then no longer shows (formats.md 3, 6).
//!
//! | record | rows |
//! |---|---|
//! | private kind 5, in the slot whose key is destroyed, nothing sealed | 0xE6, u64be slot → empty |
//! | | 0xE7, u64be leaf index of each entry whose payload is in that slot → empty |
//!
//! The record needs no content: which slot is all that it says, and it must be readable when the key is gone. Which
//! entries it concerns stands in the journal alone, so they are searched there: about a second for a million entries, for
//! what is rare, where a table would cost every entry some bytes. Rows of these entries that came from their payloads are
//! hidden at once, so that the running ledger answers and decides as one whose index was rebuilt afterwards. Order: the frame
//! is durable, the keys are destroyed, then the caller is answered; a crash in between is made good at the next start,
//! before anything is read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use xuefen_ledger::Table;

use super::error::SequencerError;
use super::order::Ask;
use super::{Ledger, Stopped};
use crate::index::{self, Hidden, Row};
use crate::journal::{Frames, JournalError, Position, Reader, Record, Start, StoredFrame};
use crate::vault::{AccountId, Slot};

/// The kind of the private record.
pub(super) const KIND: u8 = 5;

/// Tables of the rows above.
const SLOTS: u8 = 0xE6;
const ENTRIES: u8 = 0xE7;

/// Leaf indices of the entries whose payloads are in a slot.
pub(super) type InSlots = BTreeMap<Slot, Vec<u64>>;

/// Why nothing was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// No account has a key: none was opened, or all were erased before.
    #[error("the account has no key")]
    NoKey,
    /// Too much else is on its way.
    #[error("too many private records are on their way")]
    Busy,
    /// The writer has stopped; whether the keys were destroyed is known after the next start.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The journal could not be read.
    #[error(transparent)]
    Read(#[from] SequencerError),
}

/// Keys to destroy and what they seal.
pub(super) struct Erasure {
    /// Every slot is a key here, also one that no entry is sealed under.
    pub found: InSlots,
    /// Entries below this leaf index were searched.
    pub searched: u64,
}

/// Rows that make an erasure known to the next start; the index of an entry before which they take force is `at`.
pub(super) fn rows(slot: Slot, entries: &[u64], at: u64) -> impl Iterator<Item = Row> {
    let row = move |table: u8, number: u64| {
        let key = Bytes::copy_from_slice(&[&[table], &number.to_be_bytes()[..]].concat());
        Row { key, index: at, value: Bytes::new() }
    };
    std::iter::once(row(SLOTS, slot.0)).chain(entries.iter().map(move |entry| row(ENTRIES, *entry)))
}

/// What is hidden of a ledger in which the payloads of these entries are erased.
pub(super) fn hidden(entries: impl IntoIterator<Item = u64>) -> Hidden {
    Hidden::new(Table::ALL.into_iter().filter(|table| table.is_private()).map(Table::byte), entries)
}

/// The slots that were erased in the frames that `view` reflects.
pub(super) fn slots_in(view: &index::View) -> Result<BTreeSet<Slot>, SequencerError> {
    Ok(numbers(view, SLOTS)?.into_iter().map(Slot).collect())
}

/// The entries whose payloads were erased in the frames that `view` reflects.
pub(super) fn entries_in(view: &index::View) -> Result<BTreeSet<u64>, SequencerError> {
    numbers(view, ENTRIES)
}

fn numbers(view: &index::View, table: u8) -> Result<BTreeSet<u64>, SequencerError> {
    let why = || SequencerError::Private { why: "the row of an erasure has a wrong key".to_owned() };
    let number = |row: Row| row.key.get(1..).and_then(|key| key.try_into().ok()).map(u64::from_be_bytes);
    view.scan_prefix(&[table], view.size(), None).map(|row| number(row?).ok_or_else(why)).collect()
}

/// The slots that a frame erases.
pub(super) fn slots_of(frame: &StoredFrame) -> impl Iterator<Item = Slot> {
    frame.records().filter_map(|(_, record)| match record {
        Record::Private { kind: KIND, sealed } => Some(Slot(sealed.slot)),
        Record::Private { .. } | Record::Entry { .. } => None,
    })
}

/// The slots that frames from `start` on erase.
pub(super) fn slots_from(reader: &Arc<dyn Reader>, start: Start) -> Result<BTreeSet<Slot>, JournalError> {
    let mut slots = BTreeSet::new();
    for frame in Frames::new(Arc::clone(reader), start)? {
        slots.extend(slots_of(&frame?));
    }
    Ok(slots)
}

/// Searches the entries below leaf index `below` for payloads in `slots`.
pub(super) fn search(reader: &Arc<dyn Reader>, slots: &BTreeSet<Slot>, below: u64) -> Result<InSlots, JournalError> {
    let mut found: InSlots = slots.iter().map(|slot| (*slot, Vec::new())).collect();
    if slots.is_empty() {
        return Ok(found);
    }
    for frame in Frames::new(Arc::clone(reader), Start::Beginning)? {
        let frame = frame?;
        let mut index = frame.header().first_index;
        for (_, record) in frame.records() {
            let Record::Entry { sealed, .. } = record else { continue };
            if index >= below {
                return Ok(found);
            }
            if let Some(sealed) = sealed
                && let Some(entries) = found.get_mut(&Slot(sealed.slot))
            {
                entries.push(index);
            }
            index += 1;
        }
    }
    Ok(found)
}

impl Erasure {
    /// Searches the entries that were published since, up to all that `view` shows.
    pub fn complete(&mut self, reader: &dyn Reader, view: &index::View) -> Result<(), SequencerError> {
        for index in self.searched..view.size() {
            let record = reader.record_at(Position::from_u64(view.position(index)?))?;
            if let Record::Entry { sealed: Some(sealed), .. } = record.get()
                && let Some(entries) = self.found.get_mut(&Slot(sealed.slot))
            {
                entries.push(index);
            }
        }
        self.searched = view.size();
        Ok(())
    }

    /// The keys to destroy.
    pub fn slots(&self) -> Vec<Slot> {
        self.found.keys().copied().collect()
    }

    fn counts(&self) -> ErasedAccounts {
        ErasedAccounts { keys: self.found.len(), entries: self.entries().count() as u64 }
    }

    /// The entries whose payloads they seal.
    pub fn entries(&self) -> impl Iterator<Item = u64> {
        self.found.values().flatten().copied()
    }
}

/// Accounts that were erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasedAccounts {
    /// Keys destroyed.
    pub keys: usize,
    /// Entries whose payloads can be opened by nobody any more.
    pub entries: u64,
}

impl Ledger {
    /// What erasing these accounts destroys, as the ledger stands. Reads the whole journal.
    pub fn would_erase(&self, accounts: &[[u8; 16]]) -> Result<ErasedAccounts, EraseError> {
        Ok(self.find(accounts)?.counts())
    }

    /// Destroys the keys of these accounts, which are all those of one person; returns when no restart brings them back.
    /// Blocks: reads the whole journal.
    pub fn erase(&self, accounts: &[[u8; 16]]) -> Result<ErasedAccounts, EraseError> {
        let permit = Arc::clone(&self.private).try_acquire_owned().map_err(|_| EraseError::Busy)?;
        let erasure = self.find(accounts)?;
        let counts = erasure.counts();
        let (to, answer) = oneshot::channel();
        self.asks.send(Ask::Erase(erasure, permit, to)).map_err(|_| Stopped)?;
        answer.blocking_recv().map_err(|_| Stopped)?;
        Ok(counts)
    }

    fn find(&self, accounts: &[[u8; 16]]) -> Result<Erasure, EraseError> {
        // A key that was only reserved seals nothing yet, and may be let go at any moment.
        let durable = accounts.iter().flat_map(|id| self.vault.slots_of(AccountId(*id)));
        let slots: BTreeSet<Slot> = durable.filter(|slot| self.vault.is_durable(*slot)).collect();
        if slots.is_empty() {
            return Err(EraseError::NoKey);
        }
        let searched = self.view().tree.size;
        let found = search(&self.reader, &slots, searched).map_err(SequencerError::from)?;
        Ok(Erasure { found, searched })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tempfile::TempDir;
    use xuefen_core::Hash;
    use xuefen_ledger::query;
    use xuefen_ledger::testing::World;

    use super::super::tests::{accepted, ledger, open, postings};
    use super::super::{AsOf, Private, RecordError};
    use super::*;

    const GONE: [u8; 16] = [7; 16];
    const STAYS: [u8; 16] = [8; 16];
    const DOCUMENT: &str = "110101199003070000";

    /// Two accounts with an outcome each; the index of what is erased, and of what stays.
    fn world() -> (World, [u64; 2], [u64; 2]) {
        let mut world = World::furnished();
        let school = world.school.id.clone();
        let (body, values) = world.course_outcome();
        let posting = world.outcome(&school, body.clone(), &values, 4);
        let outcome = world.accept(posting);
        let opened = world.open(&school, 4, STAYS, "110101199003070001");
        let values: Vec<_> = values
            .into_iter()
            .map(|(tag, value)| match tag.name {
                "account" => (tag, STAYS.to_vec()),
                "source_id" => (tag, b"another".to_vec()),
                _ => (tag, value),
            })
            .collect();
        let posting = world.outcome(&school, body, &values, 4);
        let kept = world.accept(posting);
        let gone = world.named["account"];
        (world, [gone, outcome], [opened, kept])
    }

    fn payload_there(ledger: &Ledger, index: u64) -> bool {
        ledger.payload(&ledger.entry(&ledger.view(), index).unwrap()).unwrap().is_some()
    }

    fn account_there(ledger: &Ledger, id: &[u8; 16]) -> bool {
        let view = ledger.view();
        query::account(&AsOf::new(&view.index, view.tree.size), ledger.account_key(id)).unwrap().is_some()
    }

    /// What the rules read, private rows of erased entries included if there are any.
    fn digest(ledger: &Ledger) -> Hash {
        let view = ledger.view();
        query::state_digest(&AsOf::new(&view.index, view.tree.size), |_| false).unwrap()
    }

    fn check(ledger: &Ledger, gone: [u64; 2], stays: [u64; 2]) {
        assert_eq!(gone.map(|index| payload_there(ledger, index)), [false; 2]);
        assert_eq!(stays.map(|index| payload_there(ledger, index)), [true; 2]);
        assert_eq!([GONE, STAYS].map(|id| account_there(ledger, &id)), [false, true]);
        let view = ledger.view();
        let found = ledger.account_of_document(&view, "resident_id", DOCUMENT).unwrap();
        assert_eq!(found, None, "the document leads nowhere");
        assert!(!ledger.is_outcome_of(&view, gone[1], &GONE).unwrap());
        assert!(ledger.is_outcome_of(&view, stays[1], &STAYS).unwrap());
    }

    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }

    async fn erased(world: &World) -> (TempDir, TempDir, Arc<Ledger>) {
        let (dir, ledger) = ledger(world);
        let answer = ledger.post(postings(world)).await.unwrap();
        assert_eq!(accepted(&answer), world.entries.len(), "{:?}", answer.verdicts);
        let view = ledger.view();
        assert!(ledger.account_of_document(&view, "resident_id", DOCUMENT).unwrap().is_some());
        assert!(account_there(&ledger, &GONE));
        let before = tempfile::tempdir().unwrap();
        copy(&dir.path().join("vault"), before.path());
        let eraser = Arc::clone(&ledger);
        let counts = tokio::task::spawn_blocking(move || eraser.erase(&[GONE]).unwrap()).await.unwrap();
        assert_eq!(counts, ErasedAccounts { keys: 1, entries: 2 });
        (dir, before, ledger)
    }

    #[tokio::test]
    async fn an_erased_account_is_gone_now_and_after_a_restart_and_a_rebuild() {
        let (world, gone, stays) = world();
        let (dir, _, ledger) = erased(&world).await;
        check(&ledger, gone, stays);
        let (root, live) = (ledger.view().tree.root, digest(&ledger));
        let again = Arc::clone(&ledger);
        let again = tokio::task::spawn_blocking(move || again.erase(&[GONE])).await.unwrap();
        assert!(matches!(again, Err(EraseError::NoKey)));
        let code = Private::Activation { account: GONE, code: [1; 16], expires_at: 9 };
        assert!(matches!(ledger.record(&code).await, Err(RecordError::NoKey)));
        drop(ledger);
        let ledger = open(&dir, &world).unwrap();
        check(&ledger, gone, stays);
        assert_eq!((ledger.view().tree.root, digest(&ledger)), (root, live));
        drop(ledger);
        std::fs::remove_dir_all(dir.path().join("index")).unwrap();
        let ledger = open(&dir, &world).unwrap();
        check(&ledger, gone, stays);
        assert_eq!((ledger.view().tree.root, digest(&ledger)), (root, live), "a rebuild comes to the same");
    }

    #[tokio::test]
    async fn the_person_can_begin_anew_and_nothing_sealed_before_is_logged() {
        let (mut world, gone, stays) = world();
        let (dir, _, ledger) = erased(&world).await;
        let school = world.school.id.clone();
        let (body, payload) = world.account([9; 16], DOCUMENT);
        let anew = world.private(&school, body, &payload, &[4]);
        assert_eq!(accepted(&ledger.post(vec![anew]).await.unwrap()), 1);
        assert!(account_there(&ledger, &[9; 16]));
        let (body, values) = world.course_outcome();
        let late = world.outcome(&school, body, &values, 4);
        assert_eq!(accepted(&ledger.post(vec![late]).await.unwrap()), 0, "no outcome of an account that is gone");
        let live = digest(&ledger);
        drop(ledger);
        let ledger = open(&dir, &world).unwrap();
        assert!(account_there(&ledger, &[9; 16]));
        assert_eq!(digest(&ledger), live);
        assert_eq!(gone.map(|index| payload_there(&ledger, index)), [false; 2]);
        assert_eq!(stays.map(|index| payload_there(&ledger, index)), [true; 2]);
    }

    #[tokio::test]
    async fn a_key_ring_from_before_loses_the_key_again_with_and_without_an_index() {
        for rebuild in [false, true] {
            let (world, gone, stays) = world();
            let (dir, before, ledger) = erased(&world).await;
            drop(ledger);
            copy(before.path(), &dir.path().join("vault"));
            if rebuild {
                std::fs::remove_dir_all(dir.path().join("index")).unwrap();
            }
            let ledger = open(&dir, &world).unwrap();
            check(&ledger, gone, stays);
            drop(ledger);
            let vault = crate::vault::Vault::open(&dir.path().join("vault"), &[]).unwrap();
            assert!(vault.slots_of(AccountId(GONE)).is_empty(), "destroyed on disk too");
        }
    }

    #[tokio::test]
    async fn an_index_from_before_hides_what_the_journal_says_was_erased() {
        let (world, gone, stays) = world();
        let (dir, ledger) = ledger(&world);
        ledger.post(postings(&world)).await.unwrap();
        drop(ledger);
        // Written by a clean stop, and put back: what a crash right after the erasure leaves.
        let kept = tempfile::tempdir().unwrap();
        let status = std::process::Command::new("cp").arg("-a").arg(dir.path().join("index")).arg(kept.path()).status();
        assert!(status.unwrap().success());
        let ledger = open(&dir, &world).unwrap();
        let eraser = Arc::clone(&ledger);
        tokio::task::spawn_blocking(move || eraser.erase(&[GONE]).unwrap()).await.unwrap();
        let live = digest(&ledger);
        drop(ledger);
        std::fs::remove_dir_all(dir.path().join("index")).unwrap();
        std::fs::rename(kept.path().join("index"), dir.path().join("index")).unwrap();
        for _ in 0..2 {
            let ledger = open(&dir, &world).unwrap();
            check(&ledger, gone, stays);
            assert_eq!(digest(&ledger), live);
        }
    }
}
