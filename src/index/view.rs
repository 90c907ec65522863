//! Reading the index as of one tree size. A view never changes and never waits for a flush or a merge; it keeps alive
//! what it reads from. Writing is not here.

use super::error::{IndexError, Result};
use super::filter::key_hash;
use super::hidden::Hidden;
use super::leaves::Leaves;
use super::memtable::Memtable;
use super::page::{Bound, Merge, Source};
use super::run::Run;
use super::types::{Direction, Row};
use bytes::Bytes;
use std::sync::Arc;
use xuefen_core::Hash;
use xuefen_core::tree::Node;

/// Where a view's rows are, newest first.
pub(super) struct Sources {
    pub memory: Vec<Arc<Memtable>>,
    pub runs: Vec<Arc<Run>>,
}

/// The index as of a published tree size.
///
/// Everywhere `below` is a tree size: rows of entries with a leaf index below it are seen. One larger than the view's
/// size means the view's size. All errors but [`IndexError::Beyond`] mean that the index is damaged.
pub struct View {
    pub(super) size: u64,
    pub(super) sources: Arc<Sources>,
    pub(super) leaves: Arc<Leaves>,
    pub(super) hidden: Arc<Hidden>,
}

impl View {
    /// Number of entries that this view shows.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The row of exactly this key with the largest leaf index below `below`: its index and value.
    pub fn newest(&self, key: &[u8], below: u64) -> Result<Option<(u64, Bytes)>> {
        let mut found = self.newest_stored(key, below)?;
        while let Some((index, _)) = &found
            && self.hidden.covers(key, *index)
        {
            found = self.newest_stored(key, *index)?;
        }
        Ok(found)
    }

    /// The same, hidden or not.
    fn newest_stored(&self, key: &[u8], below: u64) -> Result<Option<(u64, Bytes)>> {
        let below = below.min(self.size);
        let hash = key_hash(key);
        // No source has a row older than any row of a source behind it: the first hit is the newest.
        if let Some(found) = self.sources.memory.iter().find_map(|memory| memory.newest(key, hash, below)) {
            return Ok(Some(found));
        }
        for run in &self.sources.runs {
            if run.may_have(hash, below)
                && let Some(found) = run.newest(key, below)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// All rows of exactly this key below `below`, in the order of `direction`; after the row with leaf index `from`
    /// (exclusive) if that is given.
    #[must_use]
    pub fn history(&self, key: &[u8], below: u64, from: Option<u64>, direction: Direction) -> History {
        let mut low = 0;
        let mut high = below.min(self.size);
        match (from, direction) {
            (None, _) => {}
            (Some(from), Direction::Ascending) => low = from.saturating_add(1),
            (Some(from), Direction::Descending) => high = high.min(from),
        }
        let hash = key_hash(key);
        let mut sources = self.sources(|memory| memory.may_have(hash, high), |run| run.may_have(hash, high));
        // The next source to read is the last.
        if direction == Direction::Descending {
            sources.reverse();
        }
        let key = Bytes::copy_from_slice(key);
        let hidden = Arc::clone(&self.hidden);
        History { sources, low: (key.clone(), low), high: (key, high), direction, rows: None, ahead: None, hidden }
    }

    /// The newest row below `below` of every key that begins with `prefix` and is larger than `after_key`, ordered by
    /// key. Keys without such a row are left out.
    #[must_use]
    pub fn scan_prefix(&self, prefix: &[u8], below: u64, after_key: Option<&[u8]>) -> Scan {
        let low = match after_key {
            // The smallest key behind `after`: itself and a zero byte.
            Some(after) if after >= prefix => [after, &[0]].concat(),
            _ => prefix.to_vec(),
        };
        let low: Bound = (low.into(), 0);
        let high: Option<Bound> = successor(prefix).map(|end| (end.into(), 0));
        let sources = self.sources(|_| true, |run| !run.ends_before(high.as_ref()));
        let rows = Merge::new(sources, &low, high.as_ref(), Direction::Ascending);
        Scan { rows, below: below.min(self.size), ahead: None, hidden: Arc::clone(&self.hidden) }
    }

    /// RFC 6962 leaf hash of the entry `index`.
    pub fn leaf_hash(&self, index: u64) -> Result<Hash> {
        self.check("entry", index, index < self.size)?;
        self.leaves.node(Node { level: 0, index })
    }

    /// Where the entry `index` stands in the journal.
    pub fn position(&self, index: u64) -> Result<u64> {
        self.check("entry", index, index < self.size)?;
        self.leaves.position(index)
    }

    /// Where the entries `from..to` stand in the journal.
    pub fn positions(&self, from: u64, to: u64) -> Result<Vec<u64>> {
        self.check("entry", to.saturating_sub(1), from < to && to <= self.size)?;
        self.leaves.positions(from, to)
    }

    pub(super) fn check(&self, what: &'static str, asked: u64, within: bool) -> Result<()> {
        if within { Ok(()) } else { Err(IndexError::Beyond { what, asked, size: self.size }) }
    }

    fn sources(&self, memory: impl Fn(&Memtable) -> bool, run: impl Fn(&Run) -> bool) -> Vec<Source> {
        let memory = self.sources.memory.iter().filter(|source| memory(source)).cloned().map(Source::Memory);
        let runs = self.sources.runs.iter().filter(|source| run(source)).cloned();
        memory.chain(runs.map(|run| Source::Run(run, true))).collect()
    }
}

/// The smallest key larger than all keys with this prefix; `None` if there is none.
fn successor(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}

/// Rows of one key: leaf index and value.
///
/// Sources hold neighbouring stretches of the journal, so they are read one after the other, and the first rows cost no
/// look into the last source.
pub struct History {
    sources: Vec<Source>,
    low: Bound,
    high: Bound,
    direction: Direction,
    rows: Option<Merge>,
    ahead: Option<Row>,
    hidden: Arc<Hidden>,
}

impl History {
    fn next_row(&mut self) -> Result<Option<Row>> {
        loop {
            if let Some(rows) = &mut self.rows {
                while let Some(row) = rows.next()? {
                    if !self.hidden.covers(&row.key, row.index) {
                        return Ok(Some(row));
                    }
                }
                self.rows = None;
            }
            let Some(source) = self.sources.pop() else { return Ok(None) };
            self.rows = Some(Merge::new([source], &self.low, Some(&self.high), self.direction));
        }
    }

    /// The next row, of those with the same index the newest source's: a record without a leaf may have replaced a row
    /// across the border of two sources.
    fn next_distinct(&mut self) -> Result<Option<Row>> {
        let Some(mut row) = self.ahead.take().map_or_else(|| self.next_row(), |row| Ok(Some(row)))? else {
            return Ok(None);
        };
        while let Some(next) = self.next_row()? {
            if next.index != row.index {
                self.ahead = Some(next);
                break;
            }
            if self.direction == Direction::Ascending {
                row = next;
            }
        }
        Ok(Some(row))
    }
}

impl Iterator for History {
    type Item = Result<(u64, Bytes)>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.next_distinct();
        if row.is_err() {
            // One error ends it: a caller that skips errors must not read the same one for ever.
            (self.rows, self.ahead) = (None, None);
            self.sources.clear();
        }
        row.map(|row| row.map(|row| (row.index, row.value))).transpose()
    }
}

/// The newest row of each key of a prefix, ordered by key.
pub struct Scan {
    rows: Merge,
    below: u64,
    /// The first row of the next key.
    ahead: Option<Row>,
    hidden: Arc<Hidden>,
}

impl Scan {
    fn next_row(&mut self) -> Result<Option<Row>> {
        let mut best: Option<Row> = None;
        loop {
            let row = match self.ahead.take() {
                Some(row) => Some(row),
                None => self.rows.next()?,
            };
            let Some(row) = row else { return Ok(best) };
            if row.index >= self.below || self.hidden.covers(&row.key, row.index) {
                continue;
            }
            if best.as_ref().is_some_and(|best| best.key != row.key) {
                self.ahead = Some(row);
                return Ok(best);
            }
            best = Some(row);
        }
    }
}

impl Iterator for Scan {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.next_row();
        if row.is_err() {
            self.rows = Merge::default();
        }
        row.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successors_end_a_prefix() {
        assert_eq!(successor(b"a"), Some(b"b".to_vec()));
        assert_eq!(successor(&[1, 255, 255]), Some(vec![2]));
        assert_eq!(successor(&[255]), None);
        assert_eq!(successor(b""), None);
    }
}
