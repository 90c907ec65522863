//! The background thread: writes frozen memtables as runs, merges runs, removes dead ones. Writers and readers never wait
//! for a merge; the writer waits only when flushes fall behind.

use super::compact::{Compaction, choose};
use super::error::Result;
use super::manifest::{MAX_RUNS, Manifest, RunMeta};
use super::memtable::Memtable;
use super::page::{Merge, Source};
use super::run::Run;
use super::run_writer::RunWriter;
use super::shared::{Shared, State};
use super::store::{Batch, Kind, key};
use super::types::{Applied, Direction};
use bytes::Bytes;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

/// With so many times the fan-in of runs, merges have fallen behind: they no longer rest, and between two flushes there
/// are [`CROWDED_STEPS`] of them. The writer then slows down by a step here and there, and never waits for a whole merge.
const CROWDED: usize = 3;
const CROWDED_STEPS: u32 = 64;
/// How often an idle thread looks for runs that the last reader has let go of.
const IDLE: Duration = Duration::from_millis(500);
/// Values removed in one batch.
const REMOVALS: u64 = 512;

/// What to do next.
enum Job {
    Stop,
    Flush(Arc<Memtable>),
    Merge,
    Remove(RunMeta),
}

/// The thread's own state.
pub(super) struct Worker {
    shared: Arc<Shared>,
    next_run: u64,
    merge: Option<Compaction>,
    /// Merge steps to do before the next flush if runs are crowded.
    owed: u32,
}

impl Worker {
    /// A worker that numbers its runs from `next_run`.
    pub fn new(shared: Arc<Shared>, next_run: u64) -> Self {
        Self { shared, next_run, merge: None, owed: 0 }
    }

    /// Works until the index is closed or something fails; a failure is left for the writer to find.
    pub fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let result = catch_unwind(AssertUnwindSafe(|| self.work()));
        let failed = match result {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the background thread panicked".to_owned()),
        };
        shared.lock().failed = failed;
        shared.done.notify_all();
    }

    fn work(&mut self) -> Result<()> {
        loop {
            match self.next_job() {
                Job::Stop => return Ok(()),
                Job::Flush(memtable) => self.flush(&memtable)?,
                Job::Merge => self.merge_step()?,
                Job::Remove(run) => self.remove(&run)?,
            }
            self.shared.done.notify_all();
        }
    }

    fn next_job(&mut self) -> Job {
        let shared = Arc::clone(&self.shared);
        let mut state = shared.lock();
        loop {
            if state.stop {
                return Job::Stop;
            }
            let due = self.merge.is_some() || choose(&state.runs, shared.options.fan_in).is_some();
            state.merging = due;
            let full = state.runs.len() + 1 >= MAX_RUNS;
            if due && (full || self.owed > 0 && self.is_crowded(&state)) {
                return Job::Merge;
            }
            if let Some(memtable) = state.frozen.front() {
                return Job::Flush(Arc::clone(memtable));
            }
            if due {
                return Job::Merge;
            }
            let dead = shared.backing.dead.lock().unwrap_or_else(PoisonError::into_inner).pop();
            if let Some(run) = dead {
                return Job::Remove(run);
            }
            state = shared.wake.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn flush(&mut self, memtable: &Arc<Memtable>) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let backing = &shared.backing;
        let mark = memtable.mark();
        let durable = shared.lock().durable;
        let mut writer = RunWriter::new(self.take_number(), 0, memtable.keys());
        let mut rows =
            Merge::new([Source::Memory(Arc::clone(memtable))], &(Bytes::new(), 0), None, Direction::Ascending);
        while let Some(row) = rows.next()? {
            writer.push(&row, &backing.store)?;
        }
        shared.leaves.store(durable.tree_size, mark.tree_size)?;
        let run = writer.finish(backing)?.map(Arc::new);
        let runs: Vec<_> = run.into_iter().chain(shared.lock().runs.iter().cloned()).collect();
        // From here on the index reflects the memtable's last frame: mark and run are named in one batch.
        self.write_manifest(mark, &runs)?;
        let mut state = shared.lock();
        state.runs = runs;
        state.frozen.pop_front();
        state.durable = mark;
        // Whoever waits for quiet must not find it between a flush and the merge that it calls for.
        state.merging = self.merge.is_some() || choose(&state.runs, shared.options.fan_in).is_some();
        shared.show_sources(&state);
        drop(state);
        self.owed = CROWDED_STEPS;
        // Only now: whoever looked for a hash in memory before finds it in the store.
        shared.leaves.trim(mark.tree_size);
        Ok(())
    }

    fn merge_step(&mut self) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let started = Instant::now();
        self.owed = self.owed.saturating_sub(1);
        let mut merge = if let Some(merge) = self.merge.take() {
            merge
        } else {
            let runs = shared.lock().runs.clone();
            let Some(inputs) = choose(&runs, shared.options.fan_in) else { return Ok(()) };
            Compaction::new(inputs, self.take_number())
        };
        if merge.step(&shared.backing)? {
            self.finish_merge(merge)?;
        } else {
            self.merge = Some(merge);
        }
        self.rest(started.elapsed());
        Ok(())
    }

    fn finish_merge(&mut self, merge: Compaction) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        let (merged, inputs) = merge.finish(&shared.backing)?;
        let (durable, mut runs) = {
            let state = shared.lock();
            (state.durable, state.runs.clone())
        };
        // Flushes have only added newer runs meanwhile: the inputs are still neighbours.
        let is_input = |run: &Arc<Run>| inputs.iter().any(|input| input.meta.id == run.meta.id);
        let at = runs.iter().position(is_input).unwrap_or(runs.len());
        runs.retain(|run| !is_input(run));
        runs.splice(at..at, merged.map(Arc::new));
        self.write_manifest(durable, &runs)?;
        let mut state = shared.lock();
        state.runs = runs;
        shared.show_sources(&state);
        // Old views may still read them; the last one to let go reports them as dead.
        for run in inputs {
            run.doom();
        }
        Ok(())
    }

    /// Removes the values of a run that nobody uses any more.
    fn remove(&mut self, run: &RunMeta) -> Result<()> {
        let kinds = [(Kind::Block, run.blocks), (Kind::Sparse, run.sparse_pieces), (Kind::Filter, run.filter_pieces)];
        for (kind, count) in kinds {
            for start in (0..count).step_by(usize::try_from(REMOVALS).unwrap_or(usize::MAX)) {
                let started = Instant::now();
                let mut batch = Batch::default();
                (start..count.min(start + REMOVALS)).for_each(|piece| batch.remove(&key(kind, run.id, piece)));
                self.shared.backing.store.write(&mut batch)?;
                self.rest(started.elapsed());
                // What is left is removed at the next open, as no manifest names it.
                if self.shared.lock().stop {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn is_crowded(&self, state: &State) -> bool {
        state.runs.len() >= CROWDED * self.shared.options.fan_in
    }

    /// Gives way to others after `worked`, unless a flush is waiting.
    fn rest(&self, worked: Duration) {
        let state = self.shared.lock();
        if state.frozen.is_empty() && !state.stop && !self.is_crowded(&state) {
            let pause = worked.min(IDLE) * self.shared.options.merge_rest;
            // Woken early by a frozen memtable.
            drop(self.shared.wake.wait_timeout(state, pause));
        }
    }

    fn write_manifest(&self, applied: Applied, runs: &[Arc<Run>]) -> Result<()> {
        let runs = runs.iter().map(|run| run.meta.clone()).collect();
        let mut batch = Batch::default();
        Manifest { applied, next_run: self.next_run, runs }.put(&mut batch)?;
        self.shared.backing.store.write(&mut batch)?;
        self.shared.backing.store.flush()
    }

    fn take_number(&mut self) -> u64 {
        self.next_run += 1;
        self.next_run - 1
    }
}

/// Whether nothing is left to do.
pub(super) fn is_settled(state: &State) -> bool {
    state.frozen.is_empty() && !state.merging
}
