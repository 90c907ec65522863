//! How much stands behind an outcome: computed from who signed it, never claimed (rules.md 2, "Recording").

use crate::access::Access;
use crate::rows::Short;
use crate::state::{Read, ReadError};

/// An old paper record, whoever signed it.
pub const IMPORTED: u32 = 1;

/// Its issuer alone.
pub const ALONE: u32 = 2;

/// A second party stands by it.
pub const SECOND_PARTY: u32 = 3;

/// An authority stands by it, or by what it is of (an accredited course).
pub const AUTHORITY: u32 = 4;

/// The assurance tier of an outcome; `None` if there is no such entry. `offer` is what it is of: a payload value, so the
/// caller knows it.
pub fn assurance_tier(state: &impl Read, index: u64, offer: Option<u64>) -> Result<Option<u32>, ReadError> {
    let Some(entry) = state.entry(index)? else { return Ok(None) };
    if entry.imported {
        return Ok(Some(IMPORTED));
    }
    let standing = state.standing(index)?;
    let mut offered = match offer {
        Some(offer) => state.standing(offer)?.countersignatures,
        None => Vec::new(),
    };
    offered.retain(|signature| signature.by_authority);
    if !offered.is_empty() || standing.countersignatures.iter().any(|signature| signature.by_authority) {
        return Ok(Some(AUTHORITY));
    }
    let attested = others(state, &entry.keys, &entry.issuer)?;
    let second = attested || standing.countersignatures.iter().any(|signature| signature.party != entry.issuer);
    Ok(Some(if second { SECOND_PARTY } else { ALONE }))
}

/// Whether a key of another party is among those that attest.
fn others(state: &(impl Read + ?Sized), keys: &[Short], issuer: &str) -> Result<bool, ReadError> {
    for id in keys {
        if state.key_row(*id)?.is_some_and(|key| key.owner != issuer) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;
    use xuefen_core::proto::statement::Body;

    fn tier(world: &World, index: u64) -> Option<u32> {
        assurance_tier(&world.state, index, Some(world.named["course"])).expect("memory")
    }

    #[test]
    fn a_tier_follows_from_who_stands_by_it() {
        let mut world = World::furnished();
        let (school, college, qinghai) = (world.school.id.clone(), world.college.id.clone(), world.qinghai.id.clone());
        let importing = xuefen_core::proto::AccreditInstitution {
            may_import: true,
            ..world.accreditation(&world.school, "630100", "西宁市第一职业技术学校")
        };
        world.accredit(importing);
        let (mut body, mut values) = world.course_outcome();
        let posting = world.outcome(&school, body.clone(), &values, 4);
        let index = world.accept(posting);
        assert_eq!(tier(&world, index), Some(ALONE));
        let countersign = world.countersign(index);
        world.post(&college, countersign.clone(), &[5]);
        assert_eq!(tier(&world, index), Some(SECOND_PARTY));
        assert_eq!(tier(&world, 9_999), None);
        // A course that an authority stands by lifts what is of it.
        let Body::Countersign(_) = countersign else { panic!("what it was made as") };
        let accredited = world.countersign(world.named["course"]);
        world.post(&qinghai, accredited, &[2]);
        assert_eq!(tier(&world, index), Some(AUTHORITY));
        assert_eq!(assurance_tier(&world.state, index, None).expect("memory"), Some(SECOND_PARTY));
        // Nothing lifts old paper.
        body.imported = true;
        values[1].1 = b"2".to_vec();
        values[8].1 = b"autumn".to_vec();
        let posting = world.outcome(&school, body, &values, 4);
        let imported = world.accept(posting);
        let countersign = world.countersign(imported);
        world.post(&qinghai, countersign, &[2]);
        assert_eq!(tier(&world, imported), Some(IMPORTED));
    }
}
