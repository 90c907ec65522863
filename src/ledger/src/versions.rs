//! Which version of a standard or offer holds at a time: of those whose force had begun by then, the newest that is not
//! revoked, suspended or waiting.

use crate::access::Access;
use crate::case::is_in_force;
use crate::rows::{self, OfferBody, OfferRow};
use crate::state::{Read, ReadError};
use xuefen_core::kinds::Kind;

/// Most versions that are looked back through.
const VERSIONS: usize = 1_000;

impl OfferBody {
    /// Which kind of statement it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::RecordingRule(_) => Kind::RecordingRule,
            Self::Course(_) => Kind::Course,
            Self::Module(_) => Kind::Module,
            Self::Family(_) => Kind::CertificateFamily,
            Self::Framework(_) => Kind::Framework,
            Self::Catalogue(_) => Kind::MajorCatalogue,
            Self::ExamScheme(_) => Kind::ExamScheme,
            Self::Pathway(_) => Kind::Pathway,
            Self::Equivalence(_) => Kind::Equivalence,
            Self::Policy(_) => Kind::Policy,
            Self::Programme(_) => Kind::Programme,
            Self::Run(_) => Kind::Run,
            Self::ConversionRule(_) => Kind::ConversionRule,
        }
    }

    /// When its force begins, Unix seconds; what has no such time holds from its entry on.
    #[must_use]
    pub const fn effective_from(&self) -> i64 {
        match self {
            Self::RecordingRule(it) => it.effective_from,
            Self::Framework(it) => it.effective_from,
            Self::Catalogue(it) => it.effective_from,
            Self::ExamScheme(it) => it.effective_from,
            Self::Pathway(it) => it.effective_from,
            Self::Equivalence(it) => it.effective_from,
            Self::Policy(it) => it.effective_from,
            Self::Programme(it) => it.effective_from,
            Self::ConversionRule(it) => it.effective_from,
            Self::Course(_) | Self::Module(_) | Self::Family(_) | Self::Run(_) => 0,
        }
    }
}

/// The version that held at `time` of what entry `index` is a version of; `None` if none did, or the entry is no offer.
/// Whether a version is revoked is asked at `now`.
pub(crate) fn holding(
    state: &(impl Read + ?Sized),
    index: u64,
    (time, now): (i64, i64),
) -> Result<Option<(u64, OfferRow)>, ReadError> {
    let Some(given) = state.offer(index)? else { return Ok(None) };
    let newest = state.display(&rows::display(&given.owner, given.body.kind(), &given.code))?;
    let mut next = newest.map(|(index, _)| index);
    for _ in 0..VERSIONS {
        let Some(index) = next else { break };
        let Some(offer) = state.offer(index)? else { break };
        if offer.body.effective_from() <= time && is_in_force(&state.standing(index)?, now) {
            return Ok(Some((index, offer)));
        }
        next = offer.previous;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, framework};
    use xuefen_core::proto::statement::Body;
    use xuefen_core::proto::{Framework, Revoke};

    #[test]
    fn the_newest_version_that_had_begun_and_was_not_revoked_holds() {
        let mut world = World::furnished();
        let ministry = world.ministry.id.clone();
        let now = world.now;
        let mut indices = Vec::new();
        for (version, effective_from) in [(1, 100), (2, 200), (3, 300)] {
            let body = Framework { version, effective_from, ..framework() };
            indices.push(world.post(&ministry, Body::Framework(body), &[1]));
        }
        let at = |world: &World, index, time| {
            holding(&world.state, index, (time, now)).expect("memory").map(|(_, offer)| offer.version)
        };
        for index in &indices {
            assert_eq!([99, 100, 250, 300].map(|time| at(&world, *index, time)), [None, Some(1), Some(2), Some(3)]);
        }
        let target = Some(world.reference(indices[1]));
        world.post(&ministry, Body::Revoke(Revoke { target, reason: 1 }), &[1]);
        assert_eq!([250, 300].map(|time| at(&world, indices[2], time)), [Some(1), Some(3)]);
        assert_eq!(at(&world, world.named["account"], 300), None);
    }
}
