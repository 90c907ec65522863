//! Reading rows of several sources in order: one cursor per source that fetches a page at a time, and their merge.
//! Says nothing about visibility; [`super::view`] bounds what it asks for.

use super::error::Result;
use super::memtable::Memtable;
use super::run::Run;
use super::types::{Direction, Row};
use bytes::Bytes;
use std::cmp::Ordering;
use std::sync::Arc;

/// Most rows that a memtable gives at a time, so that its lock is never held for long.
pub(super) const PAGE_ROWS: usize = 64;

/// A place between rows: rows are ordered by key, then leaf index.
pub(super) type Bound = (Bytes, u64);

/// Where rows come from.
#[derive(Clone)]
pub(super) enum Source {
    Memory(Arc<Memtable>),
    /// Blocks of a run; `true` keeps them in the cache.
    Run(Arc<Run>, bool),
}

impl Source {
    fn page(&self, low: &Bound, high: Option<&Bound>, direction: Direction, out: &mut Vec<Row>) -> Result<()> {
        match self {
            Self::Memory(memtable) => memtable.page(low, high, direction, out),
            Self::Run(run, keep) => run.page(low, high, direction, *keep, out)?,
        }
        Ok(())
    }
}

/// Reads one source in `[low, high)`.
struct Cursor {
    source: Source,
    low: Bound,
    high: Option<Bound>,
    direction: Direction,
    /// The current page, reversed: the next row is the last.
    page: Vec<Row>,
    ended: bool,
}

impl Cursor {
    fn peek(&mut self) -> Result<Option<&Row>> {
        if self.page.is_empty() && !self.ended {
            self.source.page(&self.low, self.high.as_ref(), self.direction, &mut self.page)?;
            match (self.page.last(), self.direction) {
                (None, _) => self.ended = true,
                (Some(last), Direction::Ascending) => self.low = (last.key.clone(), last.index.saturating_add(1)),
                (Some(last), Direction::Descending) => self.high = Some((last.key.clone(), last.index)),
            }
            self.page.reverse();
        }
        Ok(self.page.last())
    }
}

/// The rows of several sources in order. Of rows with the same key and index, the newest source's is given.
#[derive(Default)]
pub(super) struct Merge {
    /// Newest first.
    cursors: Vec<Cursor>,
    direction: Direction,
}

impl Merge {
    /// Merges `sources` (newest first) within `[low, high)`.
    pub fn new(
        sources: impl IntoIterator<Item = Source>,
        low: &Bound,
        high: Option<&Bound>,
        direction: Direction,
    ) -> Self {
        let cursor = |source| Cursor {
            source,
            low: low.clone(),
            high: high.cloned(),
            direction,
            page: Vec::new(),
            ended: false,
        };
        Self { cursors: sources.into_iter().map(cursor).collect(), direction }
    }

    /// The next row.
    pub fn next(&mut self) -> Result<Option<Row>> {
        let mut best: Option<(usize, Row)> = None;
        for at in 0..self.cursors.len() {
            let Some(row) = self.cursors[at].peek()? else { continue };
            let order = best.as_ref().map_or(Ordering::Less, |(_, best)| {
                let order = (&row.key[..], row.index).cmp(&(&best.key[..], best.index));
                if self.direction == Direction::Ascending { order } else { order.reverse() }
            });
            match order {
                Ordering::Less => best = Some((at, row.clone())),
                // The same key and index again, in an older source: it was replaced.
                Ordering::Equal => drop(self.cursors[at].page.pop()),
                Ordering::Greater => {}
            }
        }
        let Some((at, row)) = best else { return Ok(None) };
        self.cursors[at].page.pop();
        Ok(Some(row))
    }
}
