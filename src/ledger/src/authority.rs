//! The entries that a presentation of an entry needs (formats.md 5, "authority"): every attesting key's own entry, the
//! accreditation of who owns it with its countersignature, and so on up to genesis.

use crate::access::Access;
use crate::rows::{AccreditationRow, KeyRow};
use crate::state::{Read, ReadError};
use std::collections::BTreeSet;

/// Most entries of a chain: a presentation has at most 256 items, subject included (formats.md 5).
pub const MAX_CHAIN: usize = 255;

/// The entries that a presentation of `subject` needs, ascending, without it: genesis, authority keys, accreditations with
/// their countersignatures, institution keys, co-signers. `also` names what is shown with it (its offer, its recording rule:
/// payload values, so the caller knows them), each with its own chain.
pub fn authority_chain(state: &impl Read, subject: u64, also: &[u64]) -> Result<Vec<u64>, ReadError> {
    supports(state, subject, also)
}

pub(crate) fn supports(state: &(impl Read + ?Sized), subject: u64, also: &[u64]) -> Result<Vec<u64>, ReadError> {
    let mut chain = BTreeSet::new();
    // Genesis signs itself and stands first in every chain.
    if subject > 0 {
        chain.insert(0);
    }
    let mut open: Vec<u64> = vec![subject];
    open.extend(also);
    let mut seen: BTreeSet<u64> = open.iter().copied().collect();
    chain.extend(also.iter().filter(|index| **index != subject));
    while let Some(index) = open.pop() {
        for support in direct(state, index)? {
            if support != subject && seen.insert(support) && chain.len() < MAX_CHAIN {
                chain.insert(support);
                open.push(support);
            }
        }
    }
    Ok(chain.into_iter().collect())
}

/// What one entry rests on directly.
fn direct(state: &(impl Read + ?Sized), index: u64) -> Result<Vec<u64>, ReadError> {
    let Some(entry) = state.entry(index)? else { return Ok(Vec::new()) };
    let mut supports = Vec::new();
    for id in &entry.keys {
        let Some(key) = state.key_row(*id)? else { continue };
        supports.push(key.entry);
        supports.extend(accreditation(state, &key, entry.logged_at)?);
    }
    if let Some(charter) = state.charter(&entry.issuer)? {
        // Its members sign for it by the charter of the time, which rests on those before; and by its own accreditation.
        supports.extend(charter.entries);
        supports.extend(accredited(state, &entry.issuer, entry.logged_at)?);
    }
    // Only what was there before counts; a later rotation or re-accreditation supports nothing.
    supports.retain(|support| *support < index);
    // The countersignature that completed an accreditation is later than it.
    supports.extend(state.standing(index)?.completed_by);
    Ok(supports)
}

/// The accreditation of a key's owner, as it was in force.
fn accreditation(state: &(impl Read + ?Sized), key: &KeyRow, time: i64) -> Result<Vec<u64>, ReadError> {
    if key.role.is_some() { Ok(Vec::new()) } else { accredited(state, &key.owner, time) }
}

fn accredited(state: &(impl Read + ?Sized), institution: &str, time: i64) -> Result<Vec<u64>, ReadError> {
    let row = state.institution(institution)?;
    let entries = |it: &AccreditationRow| std::iter::once(it.entry).chain(it.completed_by).collect();
    Ok(row.as_ref().and_then(|row| row.accreditation_at(time)).map(entries).unwrap_or_default())
}
