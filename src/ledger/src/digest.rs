//! A digest of the whole state, for the audit to compare.
//!
//! Canonical dump: tables by ascending number; in each, keys by ascending bytes; of each key, all rows by ascending index
//! below the size. A row is `u16be len || key || u64be index || u32be len || value`. Left out: counters
//! ([`Table::is_counter`]) and private rows ([`Table::is_private`]) of erased entries. The digest is
//! `derive_key("xuefen v1 internal state", u64be size || dump)`.

use crate::state::{Direction, Query, ReadError, Table};
use xuefen_core::hash::{Context, Deriver, Hash};

/// Keys read at a time.
const PAGE: usize = 256;

/// Digest of the state as of the reader's size. `erased` tells whose payload was erased.
///
/// # Panics
/// If a key or value is longer than an index stores (512 and 4,096 bytes).
pub fn state_digest(state: &impl Query, erased: impl Fn(u64) -> bool) -> Result<Hash, ReadError> {
    let mut digest = Deriver::new(Context::InternalState);
    digest.update(&state.size().to_be_bytes());
    for table in Table::ALL.into_iter().filter(|table| !table.is_counter()) {
        let mut after = None;
        loop {
            let page = state.scan(&[table.byte()], after.as_ref(), PAGE)?;
            for row in &page {
                let length = u16::try_from(row.key.as_bytes().len()).expect("keys are below 512 bytes");
                let mut from = None;
                loop {
                    let rows = state.history(&row.key, from, Direction::Ascending, PAGE)?;
                    for (index, value) in &rows {
                        if table.is_private() && erased(*index) {
                            continue;
                        }
                        digest.update(&length.to_be_bytes());
                        digest.update(row.key.as_bytes());
                        digest.update(&index.to_be_bytes());
                        let length = u32::try_from(value.len()).expect("values are below 4 KiB");
                        digest.update(&length.to_be_bytes());
                        digest.update(value);
                    }
                    match rows.last() {
                        Some((last, _)) if rows.len() == PAGE => from = Some(last + 1),
                        _ => break,
                    }
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE => after = Some(last.key.clone()),
                _ => break,
            }
        }
    }
    Ok(digest.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;

    #[test]
    fn the_digest_is_of_the_state_at_a_size_and_without_erased_rows() {
        let mut world = World::furnished();
        let size = world.state.size();
        let before = state_digest(&world.state, |_| false).expect("memory");
        let (body, values) = world.course_outcome();
        let school = world.school.id.clone();
        let posting = world.outcome(&school, body, &values, 4);
        let outcome = world.accept(posting);
        let after = state_digest(&world.state, |_| false).expect("memory");
        assert_ne!(after, before);
        assert_eq!(state_digest(&world.state.as_of(size), |_| false).expect("memory"), before);
        let erased = state_digest(&world.state, |index| index == outcome).expect("memory");
        assert_ne!(erased, after);
        world.state.erase(outcome);
        assert_eq!(state_digest(&world.state, |index| index == outcome).expect("memory"), erased);
        // A journal without the payload gives the same.
        world.entries[usize::try_from(outcome).expect("small")].1 = None;
        assert_eq!(state_digest(&world.rebuilt(), |index| index == outcome).expect("memory"), erased);
    }
}
