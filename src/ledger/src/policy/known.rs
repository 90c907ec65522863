//! Policies that were worked out before, so that they are not decoded again for every entry. Judges nothing.
//!
//! What is remembered needs no expiry: it is found only under the entry that wrote the line of versions last, so a version
//! that is accepted counts for the very next entry (docs/adr/0030).

use super::Tier;
use crate::rows::PolicyLineRow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The newest policy found of the nation and of each province. Kept by whoever decides, for one ledger.
#[derive(Debug, Default)]
pub struct KnownPolicies(RefCell<BTreeMap<String, Found>>);

/// What was found in a line of versions.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// The entry that wrote the line last when it was read.
    pub written: u64,
    /// From when until when, Unix seconds, end excluded.
    pub holds: (i64, i64),
    /// `None`: no version has begun.
    pub tier: Option<Arc<Tier>>,
}

impl KnownPolicies {
    /// What a line that entry `written` wrote last has in force at a time, if that was found out before.
    pub(super) fn get(&self, province: &str, written: u64, time: i64) -> Option<Found> {
        let known = self.0.borrow();
        let found = known.get(province)?;
        let holds = (found.holds.0..found.holds.1).contains(&time);
        (found.written == written && holds).then(|| found.clone())
    }

    pub(super) fn put(&self, province: &str, found: Found) {
        self.0.borrow_mut().insert(province.to_owned(), found);
    }
}

/// The version of a line that is in force at a time, as of a tree of `size` entries, and from when until when that holds:
/// the newest whose time has come.
pub(super) fn version(line: &PolicyLineRow, size: u64, time: i64) -> (Option<u64>, (i64, i64)) {
    let mut until = i64::MAX;
    for (from, index) in line.versions.iter().rev().filter(|(_, index)| *index < size) {
        if *from <= time {
            return (Some(*index), (*from, until));
        }
        until = until.min(*from);
    }
    (None, (i64::MIN, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_holds_until_a_later_one_begins() {
        // The third takes the second back before it begins.
        let versions = vec![(100, 1), (300, 2), (200, 3)];
        let line = PolicyLineRow { owner: String::new(), code: String::new(), versions };
        let cases = [
            (u64::MAX, 99, None, (i64::MIN, 100)),
            (u64::MAX, 100, Some(1), (100, 200)),
            (u64::MAX, 199, Some(1), (100, 200)),
            (u64::MAX, 200, Some(3), (200, i64::MAX)),
            (u64::MAX, 300, Some(3), (200, i64::MAX)),
            (3, 299, Some(1), (100, 300)),
            (3, 300, Some(2), (300, i64::MAX)),
            (1, 300, None, (i64::MIN, i64::MAX)),
        ];
        for (size, time, index, holds) in cases {
            assert_eq!(version(&line, size, time), (index, holds), "at {time} of {size}");
        }
    }

    #[test]
    fn what_is_known_is_told_for_its_line_and_time_only() {
        let known = KnownPolicies::default();
        known.put("630000", Found { written: 7, holds: (100, 200), tier: None });
        let told = |province, written, time| known.get(province, written, time).is_some();
        assert!(told("630000", 7, 100) && told("630000", 7, 199));
        assert!(!told("630000", 7, 99) && !told("630000", 7, 200), "another time");
        assert!(!told("630000", 8, 100), "the line goes on");
        assert!(!told("", 7, 100), "another line");
    }
}
