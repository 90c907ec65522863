//! The index: everything that is derived from the journal and can be made again from it (formats.md 6, layout in
//! docs/spec/index.md).
//!
//! Rows are opaque: a key, the leaf index of the entry that made it, a value. Rows are never overwritten; the newest row
//! below a tree size is the state at that size. New rows go to a table in memory; a background thread writes full tables
//! to sled as sorted runs and merges runs. Beside the rows stand leaf hashes, tile hashes and journal positions.
//!
//! What must not go here: rules, payload values in clear, anything that exists only here. A damaged index is dropped.
//!
//! ```text
//!  apply ──▶ memtable ──(full)──▶ frozen ──▶ run ──▶ merged run      publish(size) swaps the View:
//!             memory                          sled, background        memtables + runs, rows below size
//! ```

mod block;
mod cache;
mod census;
mod codec;
mod compact;
mod dir;
mod error;
mod filter;
mod hidden;
mod leaves;
mod manifest;
mod memtable;
mod page;
mod run;
mod run_writer;
mod shared;
mod store;
mod tree;
mod types;
mod view;
mod worker;

#[cfg(test)]
mod tests;

pub use census::{Census, TableBytes};
pub use error::{IndexError, Result};
pub use hidden::Hidden;
pub use types::{Applied, Direction, FrameRows, IndexOptions, MAX_KEY, MAX_VALUE, Outcome, Row, Stats};
pub use view::{History, Scan, View};

use cache::Cache;
use filter::key_hash;
use leaves::Leaves;
use manifest::Manifest;
use run::{Backing, Run};
use shared::Shared;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use store::{Batch, Store, damaged};
use worker::Worker;

/// An open index. One thread applies frames and publishes; any number read through views.
///
/// Dropping it stops the background thread and forgets what is only in memory, as a crash would; [`Index::close`] writes
/// it first.
pub struct Index {
    shared: Arc<Shared>,
    parent: PathBuf,
    dir: PathBuf,
    /// Frames are applied one at a time.
    applying: Mutex<()>,
    worker: Option<JoinHandle<()>>,
}

impl Index {
    /// Opens the index under `parent` and says what it reflects: the caller applies the journal from there on. All that
    /// it has is published.
    ///
    /// # Errors
    /// [`IndexError::Missing`] or [`IndexError::Damaged`]: create another one and apply the whole journal.
    pub fn open(parent: &Path, options: IndexOptions) -> Result<(Self, Applied)> {
        let dir = dir::current(parent)?;
        let backing = Arc::new(Backing::open(&dir, &options)?);
        let manifest = Manifest::load(&backing.store)?.ok_or_else(|| damaged("there is no manifest"))?;
        // A crash in the middle of a flush or merge leaves values of runs that never came to be.
        backing.store.remove_strangers(&manifest.runs.iter().map(|run| run.id).collect())?;
        let load = |meta: &manifest::RunMeta| Run::load(meta.clone(), Arc::clone(&backing)).map(Arc::new);
        let runs = manifest.runs.iter().map(load).collect::<Result<Vec<_>>>()?;
        let leaves = Leaves::load(manifest.applied.tree_size, Arc::clone(&backing))?;
        dir::remove_others(parent, Some(&dir))?;
        let shared = Shared::new(options, backing, leaves, manifest.applied, runs);
        Ok((Self::start(shared, manifest.next_run, parent, dir)?, manifest.applied))
    }

    /// Makes an empty index under `parent`, beside the one in use if there is one; [`Index::install`] puts it in its
    /// place once it is filled. `start` is the place before the first frame: frame 0, size 0, `chain(0)`.
    pub fn create(parent: &Path, options: IndexOptions, start: Applied) -> Result<Self> {
        if start.tree_size != 0 {
            return Err(IndexError::BadFrame { frame: start.frame, why: "an index begins with the first entry" });
        }
        let dir = dir::fresh(parent)?;
        let backing = Arc::new(Backing::open(&dir, &options)?);
        let mut batch = Batch::default();
        Manifest { applied: start, next_run: 0, runs: Vec::new() }.put(&mut batch)?;
        backing.store.write(&mut batch)?;
        backing.store.flush()?;
        let leaves = Leaves::load(0, Arc::clone(&backing))?;
        let shared = Shared::new(options, backing, leaves, start, Vec::new());
        Self::start(shared, 0, parent, dir)
    }

    /// Writes what is in memory, makes this index the one in use and removes all others under its parent.
    pub fn install(&self) -> Result<()> {
        self.flush()?;
        dir::make_current(&self.parent, &self.dir)
    }

    /// Removes whatever index is under `parent`. None may be open there.
    pub fn drop_dir(parent: &Path) -> Result<()> {
        dir::remove(parent)
    }

    /// Adds one frame to memory; frames that the index reflects already are skipped. The rows are seen once their entries
    /// are published.
    ///
    /// The frame must be durable in the journal (its fdatasync has returned): the index may write it at any time and must
    /// never be ahead of the journal.
    ///
    /// Never waits for the disk, unless [`IndexOptions::max_frozen`] memtables wait to be written.
    ///
    /// # Errors
    /// [`IndexError::OutOfOrder`] and [`IndexError::BadFrame`] change nothing; [`IndexError::Damaged`] if the background
    /// thread has failed.
    pub fn apply(&self, frame: FrameRows<'_>) -> Result<Outcome> {
        let _one_at_a_time = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let (active, applied) = {
            let state = self.shared.lock();
            Shared::check_failed(&state)?;
            (Arc::clone(&state.active), state.applied)
        };
        if frame.frame <= applied.frame {
            return Ok(Outcome::Skipped);
        }
        frame.check(&applied)?;
        let mark = frame.mark();
        let rows: Vec<_> = frame.rows.into_iter().map(|row| (key_hash(&row.key), row)).collect();
        self.shared.leaves.append(frame.leaf_hashes, frame.positions);
        active.insert(rows, mark);
        let mut state = self.shared.lock();
        state.applied = mark;
        let options = &self.shared.options;
        if active.count() >= options.memtable_rows || active.bytes() >= options.memtable_bytes {
            while state.frozen.len() >= options.max_frozen.max(1) {
                Shared::check_failed(&state)?;
                state = self.shared.wait_done(state);
            }
            // A flush that was asked for meanwhile may have frozen it already.
            if Arc::ptr_eq(&state.active, &active) {
                self.shared.freeze(&mut state);
            }
        }
        Ok(Outcome::Applied)
    }

    /// Shows the first `size` entries to new views: called once the checkpoint of that size is durable.
    ///
    /// # Errors
    /// [`IndexError::Beyond`] if not so many were applied. A size smaller than the one shown changes nothing.
    pub fn publish(&self, size: u64) -> Result<()> {
        let state = self.shared.lock();
        if size > state.applied.tree_size {
            return Err(IndexError::Beyond { what: "tree size", asked: size, size: state.applied.tree_size });
        }
        if size > self.shared.view.load().size {
            self.shared.show(&state, size);
        }
        Ok(())
    }

    /// From now on new views leave these rows out, too: the next older row of the same key is shown instead.
    pub fn hide(&self, hidden: Hidden) {
        let mut state = self.shared.lock();
        state.hidden = Arc::new(hidden.and(&state.hidden));
        self.shared.show_sources(&state);
    }

    /// The index as of the published size.
    #[must_use]
    pub fn view(&self) -> Arc<View> {
        self.shared.view.load_full()
    }

    /// What has been applied, in memory or not.
    #[must_use]
    pub fn applied(&self) -> Applied {
        self.shared.lock().applied
    }

    /// Writes everything in memory to sled and waits for it.
    pub fn flush(&self) -> Result<()> {
        let _no_apply_meanwhile = self.applying.lock().unwrap_or_else(PoisonError::into_inner);
        let mut state = self.shared.lock();
        if state.active.mark() != state.durable {
            self.shared.freeze(&mut state);
        }
        while !state.frozen.is_empty() {
            Shared::check_failed(&state)?;
            state = self.shared.wait_done(state);
        }
        Shared::check_failed(&state)
    }

    /// Waits until no merge is due. For tests and benches; a running ledger never needs to.
    pub fn settle(&self) -> Result<()> {
        self.flush()?;
        let mut state = self.shared.lock();
        while !worker::is_settled(&state) {
            Shared::check_failed(&state)?;
            state = self.shared.wait_done(state);
        }
        Shared::check_failed(&state)
    }

    /// Writes everything in memory and closes.
    pub fn close(self) -> Result<()> {
        self.flush()
    }

    /// Figures for operators.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    fn start(shared: Shared, next_run: u64, parent: &Path, dir: PathBuf) -> Result<Self> {
        let shared = Arc::new(shared);
        let worker = Worker::new(Arc::clone(&shared), next_run);
        let thread = thread::Builder::new().name("index".to_owned()).spawn(move || worker.run());
        let worker = thread.map_err(|source| IndexError::Io { path: dir.clone(), source })?;
        Ok(Self { shared, parent: parent.to_owned(), dir, applying: Mutex::new(()), worker: Some(worker) })
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wake.notify_all();
        if let Some(worker) = self.worker.take() {
            // The thread catches its own panics and leaves its error in the state.
            drop(worker.join());
        }
    }
}

impl Backing {
    fn open(dir: &Path, options: &IndexOptions) -> Result<Self> {
        fs::create_dir_all(dir).map_err(|source| IndexError::Io { path: dir.to_owned(), source })?;
        Ok(Self {
            store: Store::open(dir, options)?,
            cache: Cache::new(options.cache_bytes),
            dead: Mutex::new(Vec::new()),
        })
    }
}
