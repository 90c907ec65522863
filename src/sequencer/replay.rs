//! Frames of the journal become rows of the index again: at start-up for the tail, at a rebuild for everything.
//!
//! The journal is trusted and nothing is judged; only `audit` judges again.

use bytes::Bytes;
use xuefen_core::entry::Entry;
use xuefen_core::origin::Origin;
use xuefen_core::proto;
use xuefen_ledger::{Accepted, Secrets, evolve};

use super::erasure::{self, InSlots};
use super::error::SequencerError;
use super::order::rows_of;
use super::overlay::Overlay;
use super::pool::VaultSecrets;
use super::slots::HighestSlot;
use super::state::Deciding;
use super::{payload, private};
use crate::index::{FrameRows, Index, Row};
use crate::journal::{Record, Sealed, StoredFrame};
use crate::vault::{Slot, Vault, VaultError};

/// Applies one stored frame, the next after what the index reflects, and publishes it.
/// `found`: the entries below the replayed frames whose payloads are in the slots that those erase.
pub(super) fn frame(
    index: &Index,
    vault: &Vault,
    origin: &Origin,
    frame: &StoredFrame,
    found: &InSlots,
) -> Result<(), SequencerError> {
    let (mut rows, mut leaf_hashes, mut positions) = (Vec::new(), Vec::new(), Vec::new());
    let mut overlay = Overlay::default();
    let first = frame.header().first_index;
    let view = index.view();
    let mut slots = Vec::new();
    for (position, record) in frame.records() {
        let at = first + leaf_hashes.len() as u64;
        match record {
            Record::Entry { entry, sealed } => {
                let entry = parse(at, entry)?;
                leaf_hashes.push(entry.leaf_hash());
                positions.push(position.to_u64());
                slots.extend(sealed.as_ref().map(|sealed| Slot(sealed.slot)));
                let payload = sealed.map(|sealed| open(vault, &entry, at, &sealed)).transpose()?.flatten();
                let accepted = Accepted::replayed(&entry, payload.as_ref(), &VaultSecrets(vault) as &dyn Secrets);
                let state = Deciding { overlay: &overlay, index: &view };
                for row in rows_of(&evolve(&state, at, &accepted)?) {
                    overlay.insert(&row);
                    rows.push(row);
                }
            }
            Record::Private { kind, sealed } => {
                // Rows without an entry belong to the one before, as when they were made.
                let index = at.saturating_sub(1);
                slots.push(Slot(sealed.slot));
                if kind == erasure::KIND {
                    let slot = Slot(sealed.slot);
                    rows.extend(erasure::rows(slot, found.get(&slot).map_or(&[], Vec::as_slice), index));
                    continue;
                }
                let made = private::replay(vault, origin, kind, &sealed)?;
                rows.extend(made.into_iter().map(|(key, value)| Row { key, index, value }));
            }
        }
    }
    if let Some((key, value)) = HighestSlot::of(&view)?.raise(slots) {
        rows.push(Row { key, index: frame.tree().size.saturating_sub(1), value });
    }
    index.apply(FrameRows {
        frame: frame.number().0,
        first_index: first,
        rows,
        leaf_hashes: &leaf_hashes,
        positions: &positions,
        chain: frame.chain(),
        frame_hash: frame.hash(),
        next_position: frame.end().to_u64(),
    })?;
    index.publish(frame.tree().size)?;
    Ok(())
}

pub(super) fn parse(index: u64, bytes: &[u8]) -> Result<Entry<proto::Statement>, SequencerError> {
    Entry::parse(Bytes::copy_from_slice(bytes))
        .map_err(|error| SequencerError::Replay { index, why: error.to_string() })
}

/// The payload of an entry; `None` once it is erased.
pub(super) fn open(
    vault: &Vault,
    entry: &Entry<proto::Statement>,
    index: u64,
    sealed: &Sealed<'_>,
) -> Result<Option<xuefen_core::payload::Payload>, SequencerError> {
    let broken = |why: &str| SequencerError::Replay { index, why: why.to_owned() };
    let statement = entry.statement();
    let commitment = statement.commitment().ok_or_else(|| broken("a payload beside a public body"))?;
    match vault.unseal(Slot(sealed.slot), statement.ledger(), &commitment, sealed.bytes) {
        Ok(bytes) => Ok(Some(payload::decode(&bytes).ok_or_else(|| broken("its payload is not one"))?)),
        Err(VaultError::Erased(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
