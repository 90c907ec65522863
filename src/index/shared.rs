//! What the writing thread, the background thread and the readers share, and the moments at which it changes. The work
//! itself is done elsewhere, never under the lock.

use super::error::{IndexError, Result};
use super::hidden::Hidden;
use super::leaves::Leaves;
use super::memtable::Memtable;
use super::run::{Backing, Run};
use super::types::{Applied, IndexOptions, Stats};
use super::view::{Sources, View};
use arc_swap::ArcSwap;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// State under the lock.
pub(super) struct State {
    /// What memory and runs together reflect.
    pub applied: Applied,
    /// What the manifest says.
    pub durable: Applied,
    pub active: Arc<Memtable>,
    /// Oldest first.
    pub frozen: VecDeque<Arc<Memtable>>,
    /// Newest first.
    pub runs: Vec<Arc<Run>>,
    /// Rows that are not shown.
    pub hidden: Arc<Hidden>,
    /// Whether the background thread is merging or has something to merge.
    pub merging: bool,
    /// The index is being closed.
    pub stop: bool,
    /// Why the background thread gave up.
    pub failed: Option<String>,
}

/// Shared by all threads of an index.
pub(super) struct Shared {
    pub options: IndexOptions,
    pub backing: Arc<Backing>,
    pub leaves: Arc<Leaves>,
    pub view: ArcSwap<View>,
    state: Mutex<State>,
    /// There is work for the background thread.
    pub wake: Condvar,
    /// The background thread has done something.
    pub done: Condvar,
}

impl Shared {
    /// An index with these runs (newest first) and nothing in memory, showing everything it has.
    pub fn new(
        options: IndexOptions,
        backing: Arc<Backing>,
        leaves: Leaves,
        applied: Applied,
        runs: Vec<Arc<Run>>,
    ) -> Self {
        let active = Arc::new(Memtable::new(options.memtable_rows, applied));
        let leaves = Arc::new(leaves);
        let sources = Arc::new(Sources { memory: vec![Arc::clone(&active)], runs: runs.clone() });
        let hidden = Arc::new(Hidden::default());
        let (size, hides) = (applied.tree_size, Arc::clone(&hidden));
        let view = View { size, sources, leaves: Arc::clone(&leaves), hidden: hides };
        let state = State {
            applied,
            durable: applied,
            active,
            frozen: VecDeque::new(),
            runs,
            hidden,
            merging: false,
            stop: false,
            failed: None,
        };
        Self {
            options,
            backing,
            leaves,
            view: ArcSwap::from_pointee(view),
            state: Mutex::new(state),
            wake: Condvar::new(),
            done: Condvar::new(),
        }
    }

    /// The state.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        // Every change of the state is one or two assignments; a panic between them leaves nothing half done that a
        // reader could see.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the background thread reports something.
    pub fn wait_done<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.done.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// The error that stopped the background thread, if one did.
    pub fn check_failed(state: &State) -> Result<()> {
        state.failed.as_ref().map_or(Ok(()), |why| Err(IndexError::Damaged(why.clone())))
    }

    /// Shows `size` entries from the sources as they are now. Called with the lock held, so that views follow one another.
    pub fn show(&self, state: &State, size: u64) {
        let memory = [&state.active].into_iter().chain(state.frozen.iter().rev()).cloned().collect();
        let sources = Arc::new(Sources { memory, runs: state.runs.clone() });
        let (leaves, hidden) = (Arc::clone(&self.leaves), Arc::clone(&state.hidden));
        self.view.store(Arc::new(View { size, sources, leaves, hidden }));
    }

    /// The same size from the sources as they are now.
    pub fn show_sources(&self, state: &State) {
        self.show(state, self.view.load().size);
    }

    /// Freezes the active memtable for the background thread.
    pub fn freeze(&self, state: &mut State) {
        let next = Arc::new(Memtable::new(self.options.memtable_rows, state.applied));
        state.frozen.push_back(std::mem::replace(&mut state.active, next));
        self.show_sources(state);
        self.wake.notify_one();
    }

    /// Figures for operators.
    pub fn stats(&self) -> Stats {
        let state = self.lock();
        let memory = state.frozen.iter().chain([&state.active]);
        let (memory_rows, memory_bytes) =
            memory.fold((0, 0), |(rows, bytes), table| (rows + table.count(), bytes + table.bytes()));
        Stats {
            applied: state.applied,
            durable: state.durable,
            memory_rows,
            memory_bytes,
            frozen: state.frozen.len(),
            runs: state.runs.len(),
            run_rows: state.runs.iter().map(|run| run.meta.rows).sum(),
            merging: state.merging,
        }
    }
}
