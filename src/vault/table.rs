//! The slots in memory: which key stands in which slot, which slots an account has, and how far the files follow.
//! No files and no locks here.

use super::key::Key;
use super::ring::RING_SLOTS;
use super::{AccountId, Slot};
use std::collections::BTreeSet;

/// What a slot holds.
#[derive(Debug)]
pub(super) enum Entry {
    /// A learner's key. `claims` counts the reservations not yet released; it means nothing once the slot is written.
    Key { account: AccountId, key: Key, claims: u32 },
    /// The key was destroyed.
    Erased,
    /// Reserved once, released before it was written. Never used again: whoever still holds its number must be refused.
    Void,
}

/// All slots, without gaps from 0.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// By ring number. Each ring has its full capacity from the start: growing would leave copies of keys behind.
    rings: Vec<Vec<Entry>>,
    /// Slots that hold a key, by account; the highest slot of an account is its current one.
    accounts: BTreeSet<(AccountId, Slot)>,
    /// Slots below this one are being written, or are written.
    pub(super) claimed: u64,
    /// Slots below this one are on disk. Never above `claimed`.
    pub(super) durable: u64,
}

impl Table {
    /// How many slots there are.
    pub(super) fn len(&self) -> u64 {
        match self.rings.last() {
            None => 0,
            Some(last) => ((self.rings.len() - 1) * RING_SLOTS + last.len()) as u64,
        }
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Entry> {
        let (ring, position) = slot.place()?;
        self.rings.get(ring)?.get(position)
    }

    fn get_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        let (ring, position) = slot.place()?;
        self.rings.get_mut(ring)?.get_mut(position)
    }

    /// Appends an entry.
    pub(super) fn push(&mut self, entry: Entry) -> Slot {
        let slot = Slot(self.len());
        if slot.0.is_multiple_of(RING_SLOTS as u64) {
            self.rings.push(Vec::with_capacity(RING_SLOTS));
        }
        if let Entry::Key { account, .. } = &entry {
            self.accounts.insert((*account, slot));
        }
        self.rings.last_mut().expect("a ring was pushed before its first slot").push(entry);
        slot
    }

    /// The current slot of an account.
    pub(super) fn newest(&self, account: AccountId) -> Option<Slot> {
        self.of_account(account).next_back()
    }

    /// All slots that hold a key of an account, ascending.
    pub(super) fn of_account(&self, account: AccountId) -> impl DoubleEndedIterator<Item = Slot> {
        self.accounts.range((account, Slot(0))..=(account, Slot(u64::MAX))).map(|(_, slot)| *slot)
    }

    /// One more reservation of a slot.
    pub(super) fn claim(&mut self, slot: Slot) {
        if let Some(Entry::Key { claims, .. }) = self.get_mut(slot) {
            *claims = claims.saturating_add(1);
        }
    }

    /// One reservation fewer; the last one gone, the key is wiped, unless the slot is being written or is written.
    pub(super) fn release(&mut self, slot: Slot) {
        if slot.0 < self.claimed {
            return;
        }
        if let Some(Entry::Key { claims, .. }) = self.get_mut(slot) {
            *claims = claims.saturating_sub(1);
            if *claims == 0 {
                self.replace(slot, Entry::Void);
            }
        }
    }

    /// Wipes the key in a slot. False if there was none.
    pub(super) fn erase(&mut self, slot: Slot) -> bool {
        let held = matches!(self.get(slot), Some(Entry::Key { .. }));
        if held {
            self.replace(slot, Entry::Erased);
        }
        held
    }

    /// Tombstones for slots that the journal says were erased and no file has, so that their numbers are not given
    /// again. They must follow on the table's end: a slot between them that was not erased is missing, and
    /// is the error.
    pub(super) fn pad_erased(&mut self, erased: &[Slot]) -> Result<(), Slot> {
        let beyond: BTreeSet<Slot> = erased.iter().copied().filter(|slot| slot.0 >= self.len()).collect();
        for slot in beyond {
            if slot.0 != self.len() {
                return Err(Slot(self.len()));
            }
            self.push(Entry::Erased);
        }
        Ok(())
    }

    fn replace(&mut self, slot: Slot, entry: Entry) {
        if let Some(place) = self.get_mut(slot) {
            // The old entry is dropped here, and its key wiped with it.
            if let Entry::Key { account, .. } = std::mem::replace(place, entry) {
                self.accounts.remove(&(account, slot));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(account: u8) -> Entry {
        Entry::Key { account: AccountId([account; 16]), key: Key::random().unwrap(), claims: 1 }
    }

    #[test]
    fn an_account_falls_back_on_its_older_slot() {
        let mut table = Table::default();
        let [a, _, c] = [1, 2, 1].map(|account| table.push(key(account)));
        let account = AccountId([1; 16]);
        assert_eq!(table.newest(account), Some(c));
        assert_eq!(table.of_account(account).collect::<Vec<_>>(), [a, c]);
        table.release(c);
        assert_eq!(table.newest(account), Some(a));
        assert!(matches!(table.get(c), Some(Entry::Void)));
        assert!(table.erase(a) && !table.erase(a) && !table.erase(c));
        assert_eq!(table.newest(account), None);
    }

    #[test]
    fn a_slot_reserved_twice_outlives_one_release_and_a_written_one_all() {
        let mut table = Table::default();
        let slot = table.push(key(1));
        table.claim(slot);
        table.release(slot);
        assert!(matches!(table.get(slot), Some(Entry::Key { .. })));
        table.claimed = 1;
        table.release(slot);
        assert!(matches!(table.get(slot), Some(Entry::Key { .. })));
        table.claimed = 0;
        table.release(slot);
        assert!(matches!(table.get(slot), Some(Entry::Void)));
    }

    #[test]
    fn slots_beyond_the_end_are_absent() {
        let mut table = Table::default();
        assert_eq!((table.len(), table.get(Slot(0)).is_some()), (0, false));
        table.push(key(1));
        assert_eq!(table.len(), 1);
        assert!(table.get(Slot(1)).is_none() && table.get(Slot(u64::MAX)).is_none());
    }
}
