//! The highest key-ring slot that the journal uses, kept as a row of the index: what the key ring is held against at start.
//!
//! A key ring older than the journal would give the slots it lacks to other learners, and what a newer copy of it could
//! still open would be lost for good (docs/spec/vault.md 3). No file is read here.

use bytes::Bytes;

use super::error::SequencerError;
use crate::index;
use crate::vault::{Slot, Vault, VaultError};

/// The table of the one row: u64be slot. Next to those of private records (`private.rs`).
const HIGHEST: u8 = 0xE2;

/// The highest slot that a payload or private record of the frames so far is sealed under.
pub(super) struct HighestSlot(Option<Slot>);

impl HighestSlot {
    /// Of the frames that `view` reflects.
    pub fn of(view: &index::View) -> Result<Self, SequencerError> {
        let Some((_, value)) = view.newest(&[HIGHEST], view.size())? else { return Ok(Self(None)) };
        let slot = value.as_ref().try_into().map(u64::from_be_bytes);
        let why = || SequencerError::Private { why: "the row of the highest slot has the wrong length".to_owned() };
        slot.map(|slot| Self(Some(Slot(slot)))).map_err(|_| why())
    }

    /// Adds the slots of the next frame; key and value of the row that it gets if one is higher than all before.
    pub fn raise(&mut self, slots: impl IntoIterator<Item = Slot>) -> Option<(Bytes, Bytes)> {
        let highest = slots.into_iter().max().filter(|slot| self.0.is_none_or(|before| *slot > before))?;
        self.0 = Some(highest);
        Some((Bytes::from_static(&[HIGHEST]), Bytes::copy_from_slice(&highest.0.to_be_bytes())))
    }

    /// Refuses a key ring that lacks a slot in use, unless the journal says that it was `erased`.
    pub fn check(&self, vault: &Vault, erased: &[Slot]) -> Result<(), SequencerError> {
        Ok(vault.check_complete(self.0, erased)?)
    }
}

/// Names the file to restore if a replay failed because a slot in use has no key.
pub(super) fn named(error: SequencerError, vault: &Vault, erased: &[Slot]) -> SequencerError {
    if let SequencerError::Vault(VaultError::MissingKey(slot)) = error
        && let Err(incomplete) = HighestSlot(Some(slot)).check(vault, erased)
    {
        return incomplete;
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_higher_slot_makes_a_row() {
        let mut highest = HighestSlot(None);
        assert_eq!(highest.raise([]), None);
        let row = highest.raise([Slot(2), Slot(5), Slot(3)]).unwrap();
        assert_eq!((&row.0[..], &row.1[..]), (&[0xE2][..], &5_u64.to_be_bytes()[..]));
        assert_eq!(highest.raise([Slot(5), Slot(0)]), None);
        assert!(highest.raise([Slot(6)]).is_some());
    }
}
