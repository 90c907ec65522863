//! Charters of consortia: what a list of signing members comes to. The ledger's rules and step 4 of formats.md 5 ask here;
//! who may give a charter is theirs to say.

use std::collections::BTreeSet;

use super::{Chain, Known, same_province};
use crate::kinds::light::Statement;
use crate::proto::{Charter, CharterMinimum};
use crate::verify::Attested;

/// Whether it has ended the consortium.
#[must_use]
pub fn is_dissolved(charter: &Charter) -> bool {
    charter.seats.is_empty()
}

/// Whether somebody has a seat.
#[must_use]
pub fn has_seat(charter: &Charter, institution: &str) -> bool {
    charter.seats.iter().any(|seat| seat.institution == institution)
}

/// Whether these members are enough: in all, and of each kind. Who has no seat counts for nothing, nobody counts twice.
#[must_use]
pub fn is_quorum<'a>(charter: &Charter, signed: impl IntoIterator<Item = &'a str>) -> bool {
    let signed: BTreeSet<&str> = signed.into_iter().collect();
    let seated = || charter.seats.iter().filter(|seat| signed.contains(seat.institution.as_str()));
    let of_kind = |kind: i32| seated().filter(|seat| seat.kind == kind).count();
    let enough = |found: usize, asked: u32| u64::try_from(found).is_ok_and(|found| found >= u64::from(asked));
    !is_dissolved(charter)
        && enough(seated().count(), charter.threshold)
        && charter.minimums.iter().all(|minimum| enough(of_kind(minimum.kind), minimum.count))
}

/// The next charter when a member leaves: it asks for no more than those who stay can give.
#[must_use]
pub fn without(charter: &Charter, member: &str) -> Charter {
    let seats: Vec<_> = charter.seats.iter().filter(|seat| seat.institution != member).cloned().collect();
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let minimum = |minimum: &CharterMinimum| {
        let left = count(seats.iter().filter(|seat| seat.kind == minimum.kind).count());
        CharterMinimum { kind: minimum.kind, count: minimum.count.min(left) }
    };
    Charter {
        consortium: charter.consortium.clone(),
        version: charter.version.saturating_add(1),
        threshold: charter.threshold.min(count(seats.len())),
        minimums: charter.minimums.iter().map(minimum).filter(|minimum| minimum.count > 0).collect(),
        seats,
    }
}

impl Chain {
    /// Institutions that signed, each with a key that is rightly its own.
    pub(super) fn members<'a>(&'a self, item: &'a Attested<'_, Statement>) -> impl Iterator<Item = &'a str> {
        let rightly = |key: &&Known| {
            let region = self.region_of(&key.owner);
            key.role.is_none()
                && (key.region.is_empty() || region.is_none_or(|region| same_province(&key.region, region)))
        };
        self.signers(item).filter(rightly).map(|key| key.owner.as_str())
    }

    /// The authority over the consortium, the consortium itself, or a member who leaves; and whoever joins has signed.
    pub(super) fn may_charter(&self, item: &Attested<'_, Statement>, body: &Charter) -> bool {
        let issuer = item.entry.statement().issuer();
        let over = match self.region_of(&body.consortium) {
            Some(region) => self.is_over(item, region),
            None => self.accredits(item),
        };
        let before = self.charters.get(&body.consortium);
        let itself = self.is_institution(item, &body.consortium);
        let leaves = before.is_some_and(|before| {
            has_seat(before, issuer) && self.is_institution(item, issuer) && *body == without(before, issuer)
        });
        let joins = |id: &str| before.is_none_or(|before| !has_seat(before, id));
        let consent = body.seats.iter().filter(|seat| joins(&seat.institution));
        let next = before.is_none_or(|before| body.version == before.version.saturating_add(1));
        (over || (before.is_some() && itself) || leaves)
            && next
            && consent.into_iter().all(|seat| self.members(item).any(|member| member == seat.institution))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::CharterSeat;

    fn charter() -> Charter {
        let seat = |institution: &str, kind| CharterSeat { institution: institution.to_owned(), kind };
        Charter {
            consortium: "x-park".to_owned(),
            version: 1,
            seats: vec![seat("x-school", 4), seat("x-college", 4), seat("x-works", 10)],
            threshold: 2,
            minimums: vec![CharterMinimum { kind: 10, count: 1 }],
        }
    }

    #[test]
    fn a_quorum_has_enough_members_and_enough_of_each_kind() {
        let cases: [(&[&str], bool); 5] = [
            (&["x-school", "x-works"], true),
            (&["x-school", "x-college"], false),
            (&["x-works", "x-works"], false),
            (&["x-works", "x-park"], false),
            (&["x-school", "x-college", "x-works", "x-other"], true),
        ];
        for (signed, enough) in cases {
            assert_eq!(is_quorum(&charter(), signed.iter().copied()), enough, "{signed:?}");
        }
        let dissolved = Charter { seats: Vec::new(), threshold: 0, minimums: Vec::new(), ..charter() };
        assert!(!is_quorum(&dissolved, ["x-works"]) && is_dissolved(&dissolved));
    }

    #[test]
    fn who_stays_can_still_sign() {
        let left = without(&charter(), "x-works");
        assert_eq!((left.version, left.seats.len(), left.threshold, left.minimums.len()), (2, 2, 2, 0));
        let left = without(&left, "x-school");
        assert_eq!((left.version, left.threshold), (3, 1));
        assert!(is_quorum(&left, ["x-college"]) && !has_seat(&left, "x-school"));
        assert!(is_dissolved(&without(&left, "x-college")));
    }
}
