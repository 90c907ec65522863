//! Merging runs: which ones, and doing it step by step. When a step is done is the background thread's choice.

use super::error::Result;
use super::page::{Merge, Source};
use super::run::{Backing, Run};
use super::run_writer::RunWriter;
use super::types::Direction;
use bytes::Bytes;
use std::sync::Arc;

/// The neighbouring runs to merge next: the oldest `fan_in` of the lowest tier that has so many. Runs are newest first
/// and their tiers never descend, so runs of one tier are neighbours.
pub(super) fn choose(runs: &[Arc<Run>], fan_in: usize) -> Option<&[Arc<Run>]> {
    // With more, a manifest might not have room for all runs of all tiers.
    let fan_in = fan_in.clamp(2, 16);
    runs.chunk_by(|a, b| a.meta.tier == b.meta.tier).find(|tier| tier.len() >= fan_in).map(|tier| {
        let (_, oldest) = tier.split_at(tier.len() - fan_in);
        oldest
    })
}

/// A merge under way. Dropped before its end it leaves values that no manifest names.
pub(super) struct Compaction {
    /// Newest first.
    pub inputs: Vec<Arc<Run>>,
    rows: Merge,
    writer: RunWriter,
}

impl Compaction {
    /// Begins to merge `inputs` (newest first) into run `id`.
    pub fn new(inputs: &[Arc<Run>], id: u64) -> Self {
        let keys: u64 = inputs.iter().map(|run| run.meta.keys).sum();
        let tier = inputs.iter().map(|run| run.meta.tier).max().unwrap_or(0) + 1;
        // Its blocks are read once: they must not push others out of the cache.
        let sources = inputs.iter().map(|run| Source::Run(Arc::clone(run), false));
        Self {
            rows: Merge::new(sources, &(Bytes::new(), 0), None, Direction::Ascending),
            writer: RunWriter::new(id, tier, usize::try_from(keys).unwrap_or(usize::MAX)),
            inputs: inputs.to_vec(),
        }
    }

    /// Writes about one batch; `true` when all rows are written.
    pub fn step(&mut self, backing: &Backing) -> Result<bool> {
        while let Some(row) = self.rows.next()? {
            if self.writer.push(&row, &backing.store)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The merged run and what it replaces.
    pub fn finish(self, backing: &Arc<Backing>) -> Result<(Option<Run>, Vec<Arc<Run>>)> {
        Ok((self.writer.finish(backing)?, self.inputs))
    }
}
