//! Rows that no view shows any more, although runs still hold them: of some tables, those that some entries made. What
//! became of these entries, and how they are found again at the next start, is the caller's matter.

use std::collections::BTreeSet;

/// Which rows are hidden. A table is the first byte of a row's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hidden {
    tables: BTreeSet<u8>,
    entries: BTreeSet<u64>,
}

impl Hidden {
    /// Hides the rows of `tables` that `entries` made.
    #[must_use]
    pub fn new(tables: impl IntoIterator<Item = u8>, entries: impl IntoIterator<Item = u64>) -> Self {
        Self { tables: tables.into_iter().collect(), entries: entries.into_iter().collect() }
    }

    /// What either hides. Both name the same tables, unless one hides nothing.
    pub(super) fn and(mut self, other: &Self) -> Self {
        self.tables.extend(&other.tables);
        self.entries.extend(&other.entries);
        self
    }

    /// Whether the row of `key` that entry `index` made is hidden.
    pub(super) fn covers(&self, key: &[u8], index: u64) -> bool {
        // Most ledgers hide nothing; most rows asked for are of other tables.
        !self.entries.is_empty()
            && key.first().is_some_and(|table| self.tables.contains(table))
            && self.entries.contains(&index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_of_the_tables_by_the_entries_are_covered() {
        let hidden = Hidden::new([1, 3], [7]).and(&Hidden::new([1, 3], [9]));
        assert!(hidden.covers(&[1, 0], 7) && hidden.covers(&[3], 9));
        assert!(!hidden.covers(&[2, 0], 7), "another table");
        assert!(!hidden.covers(&[1, 0], 8), "another entry");
        assert!(!hidden.covers(&[], 7));
        assert!(!Hidden::new([1], []).covers(&[1], 7));
    }
}
