//! Creating a ledger's directory, opening one, and rebuilding its index.
//!
//! Opening: lock and journal, vault, index; the journal's tail is replayed into the index; the tree that comes out must
//! contain the newest signed checkpoint as a prefix, else nothing is ever signed (formats.md 4).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use arc_swap::ArcSwap;
use tokio::sync::{Semaphore, watch};
use xuefen_core::chain;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::key::SecretKey;
use xuefen_core::origin::Origin;
use xuefen_core::tree::TreeSize;
use xuefen_ledger::Context;

use super::commit::{self, Committer};
use super::erasure::{self, InSlots};
use super::error::SequencerError;
use super::home::Home;
use super::kept::KeptError;
use super::keys::KnownKeys;
use super::lent::Lent;
use super::order::{Clock, End, Sequencer};
use super::pool::Preparer;
use super::signer::CheckpointSigner;
use super::slots::{self, HighestSlot};
use super::verified::VerifiedBatches;
use super::view::View;
use super::{Ledger, QUEUE, kept, private, replay};
use crate::index::{Applied, Index, IndexError, IndexOptions};
use crate::journal::{
    self, DirLock, FileJournal, FrameNumber, Frames, Head, Journal, Mark, Position, Reader, Record, Start, Tip,
    TreeHead,
};
use crate::vault::{Slot, Vault};

/// The clock may be this far behind the last entry, seconds (formats.md 2, "Time").
const CLOCK_BEHIND_SECONDS: i64 = 60;

/// What a ledger is opened with.
pub struct OpenOptions {
    /// Its origin.
    pub origin: Origin,
    /// Signs checkpoints.
    pub log_key: SecretKey,
    /// The authority keys that genesis may be signed with: authority.txt.
    pub genesis_keys: Vec<xuefen_core::key::KeyId>,
    /// Unix seconds.
    pub clock: Clock,
    /// Told how far a long replay has come: entries done, entries in all.
    pub progress: Box<dyn Fn(u64, u64)>,
}

/// What a start found, before anything is signed for it.
pub struct Found<'a> {
    /// The ledger's origin.
    pub origin: &'a str,
    /// The tree of the journal.
    pub tree: TreeHead,
    /// Leaves of that tree.
    pub index: &'a crate::index::View,
    /// The newest checkpoint that was signed before, as a note; of the empty tree if none was.
    pub signed: &'a str,
    /// Tree size in it: a prefix of `tree`.
    pub signed_size: u64,
    /// Unix seconds.
    pub now: i64,
}

/// Asked before anything is signed whether others know more of this log than its directory holds (formats.md 4). An error
/// keeps the ledger closed.
pub type Gate = Box<dyn FnOnce(&Found<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>>>;

/// The working threads. They end when the ledger's channels close.
pub(super) struct Threads(Vec<JoinHandle<()>>);

impl Drop for Threads {
    fn drop(&mut self) {
        for thread in self.0.drain(..) {
            // A thread that panicked has printed why, and the ledger counts as stopped.
            drop(thread.join());
        }
    }
}

/// Makes journal and vault of a new ledger.
pub fn create(home: &Home, origin: &Origin) -> Result<(), SequencerError> {
    Vault::create(&home.vault())?;
    FileJournal::create(&home.journal(), origin.as_str(), journal::Options::default())?;
    Ok(())
}

impl Ledger {
    /// Opens the ledger in `home` and starts its threads. Nobody else is asked.
    pub fn open(home: &Home, options: OpenOptions) -> Result<Self, SequencerError> {
        Self::open_through(home, options, Box::new(|_| Ok(())))
    }

    /// Opens the ledger in `home`; signs only if `gate` lets it.
    pub fn open_through(home: &Home, options: OpenOptions, gate: Gate) -> Result<Self, SequencerError> {
        let OpenOptions { origin, log_key, genesis_keys, clock, progress } = options;
        // Before the index: a damaged one is dropped, which must not happen to that of another process.
        let lock = DirLock::take(&home.journal())?;
        let (index, applied) = open_index(home, &origin)?;
        let mark = match applied.frame {
            0 => Mark::Beginning,
            frame => Mark::Applied { frame: FrameNumber(frame), position: Position::from_u64(applied.position) },
        };
        let mut journal =
            FileJournal::open_locked(lock, &home.journal(), origin.as_str(), mark, journal::Options::default())?;
        if let Some(cut) = journal.cut() {
            tracing::warn!(position = %cut.position, bytes = cut.bytes, "cut a torn tail that nobody was told of");
        }
        let tip = journal.acquire()?;
        let reader = journal.reader();
        let erased = Erased::find(&index, &reader, &applied)?;
        let vault = Arc::new(Vault::open(&home.vault(), &erased.slots)?);
        erased.hide(&index)?;
        let frames = Frames::new(Arc::clone(&reader), start(&applied))?;
        catch_up(&index, &vault, &origin, frames, &erased, &tip, &progress)?;
        let logged_at = last_logged_at(&index, &*reader)?;
        check_clock(logged_at, clock())?;
        let last = check_consistent(&index, &tip)?;
        let checkpoint_file = home.checkpoint_file();
        check_kept(&checkpoint_file, kept::read(&checkpoint_file, &origin, log_key.public())?, &index, &tip)?;
        let mut signer = CheckpointSigner::new(origin.clone(), log_key, last);
        ask(gate, &origin, &index, &tip, &mut signer, clock())?;
        let checkpoint = publish_tip(&mut journal, &mut signer, &tip)?;
        let view = Arc::new(ArcSwap::from_pointee(View {
            index: index.view(),
            checkpoint: checkpoint.into(),
            tree: tip.tree,
        }));
        let end = end(&index, &tip, logged_at)?;
        let index = Arc::new(index);
        let (published, watch) = watch::channel(tip.tree.size);
        let stopped = Arc::new(AtomicBool::new(false));
        let (keep, told) = kept::channel();
        let committer = Committer {
            keep,
            stopped: Arc::clone(&stopped),
            expected: tip.expected(),
            journal: Box::new(journal),
            vault: Arc::clone(&vault),
            index,
            signer,
            view: Arc::clone(&view),
            published,
        };
        let sequencer = Sequencer::new(
            origin.clone(),
            Arc::clone(&vault),
            Arc::clone(&view),
            Arc::clone(&reader),
            Arc::clone(&clock),
            end,
        );
        let context = Context { origin: origin.clone(), genesis_keys };
        let preparer = Arc::new(Preparer {
            context,
            vault: Arc::clone(&vault),
            reader: Arc::clone(&reader),
            view: Arc::clone(&view),
            batches: VerifiedBatches::default(),
            keys: KnownKeys::default(),
        });
        let (jobs, job_queue) = crossbeam_channel::unbounded();
        let (asks, ask_queue) = crossbeam_channel::unbounded();
        // There is one committer, so neither is ever full.
        let (rounds, round_queue) = crossbeam_channel::bounded(1);
        let (back, returned) = crossbeam_channel::bounded(1);
        let lent = Lent::new(committer, rounds, returned);
        let cores = thread::available_parallelism().map_or(2, usize::from);
        let mut threads = preparer.start(cores, &job_queue).map_err(SequencerError::Spawn)?;
        threads.push(spawn("sequencer", &stopped, move || sequencer.run(&ask_queue, lent))?);
        let shown = Arc::clone(&view);
        let keeper = move || {
            kept::keep(&checkpoint_file, &shown, &told);
            Ok(())
        };
        threads.push(spawn("checkpoint-file", &stopped, keeper)?);
        threads.push(spawn("committer", &stopped, move || commit::run(&round_queue, &back))?);
        Ok(Self {
            origin,
            vault,
            reader,
            view,
            published: watch,
            preparer,
            jobs,
            asks,
            queue: Arc::new(Semaphore::new(QUEUE)),
            private: Arc::new(Semaphore::new(private::QUEUE)),
            stopped,
            clock,
            _threads: Threads(threads),
        })
    }
}

/// Runs a worker; whatever ends it early stops the ledger, loudly.
fn spawn(
    name: &str,
    stopped: &Arc<AtomicBool>,
    run: impl FnOnce() -> Result<(), SequencerError> + Send + 'static,
) -> Result<JoinHandle<()>, SequencerError> {
    struct StopOnPanic(Arc<AtomicBool>);
    impl Drop for StopOnPanic {
        fn drop(&mut self) {
            if thread::panicking() {
                self.0.store(true, Ordering::Release);
            }
        }
    }
    let stopped = StopOnPanic(Arc::clone(stopped));
    let body = move || {
        if let Err(error) = run() {
            stopped.0.store(true, Ordering::Release);
            tracing::error!(error = &error as &dyn std::error::Error, "the ledger has stopped writing; start it again");
        }
    };
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(SequencerError::Spawn)
}

fn start(applied: &Applied) -> Start {
    if applied.frame == 0 { Start::Beginning } else { Start::At(Position::from_u64(applied.position)) }
}

/// The index, or an empty one in the place of what is missing or damaged: it only costs a replay.
pub fn open_index(home: &Home, origin: &Origin) -> Result<(Index, Applied), SequencerError> {
    match Index::open(&home.index(), IndexOptions::default()) {
        Ok(opened) => Ok(opened),
        Err(error @ (IndexError::Missing { .. } | IndexError::Damaged { .. })) => {
            // A new ledger has none yet, and one that was left out of a backup is missed by nobody.
            if matches!(error, IndexError::Missing { .. }) {
                tracing::debug!(%error, "the index is made from the journal");
            } else {
                tracing::warn!(%error, "the index is made anew from the journal");
            }
            Index::drop_dir(&home.index())?;
            rebuild_index(&home.index(), origin)
        }
        Err(error) => Err(error.into()),
    }
}

/// An empty index, put in its place at once; opening fills it.
pub fn rebuild_index(dir: &Path, origin: &Origin) -> Result<(Index, Applied), SequencerError> {
    let chain = chain::start(origin);
    let start = Applied { frame: 0, tree_size: 0, chain, frame_hash: chain, position: 0 };
    let index = Index::create(dir, IndexOptions::default(), start)?;
    index.install()?;
    Ok((index, start))
}

/// Replays what the index does not have; then the key ring must have every slot in use.
fn catch_up(
    index: &Index,
    vault: &Vault,
    origin: &Origin,
    frames: Frames,
    erased: &Erased,
    tip: &Tip,
    progress: &dyn Fn(u64, u64),
) -> Result<(), SequencerError> {
    for frame in frames {
        let frame = frame?;
        replay::frame(index, vault, origin, &frame, &erased.found)
            .map_err(|error| slots::named(error, vault, &erased.slots))?;
        progress(frame.tree().size, tip.tree.size);
    }
    // Before any key is written: a new one must not take the place of one that only the ring has lost.
    HighestSlot::of(&index.view())?.check(vault, &erased.slots)
}

/// What the journal says was erased, known before the key ring is opened and before a frame is replayed: no payload of it
/// is read again, also where the process died before its key was destroyed.
struct Erased {
    slots: Vec<Slot>,
    /// By the frames that the index lacks: the entries that it has.
    found: InSlots,
}

impl Erased {
    fn find(index: &Index, reader: &Arc<dyn Reader>, applied: &Applied) -> Result<Self, SequencerError> {
        let known = erasure::slots_in(&index.view())?;
        let newly = erasure::slots_from(reader, start(applied))?;
        let found = erasure::search(reader, &newly, applied.tree_size)?;
        Ok(Self { slots: known.union(&newly).copied().collect(), found })
    }

    fn hide(&self, index: &Index) -> Result<(), SequencerError> {
        let known = erasure::entries_in(&index.view())?;
        index.hide(erasure::hidden(known.into_iter().chain(self.found.values().flatten().copied())));
        Ok(())
    }
}

/// `logged_at` of the last entry, Unix seconds; 0 for an empty log.
fn last_logged_at(index: &Index, reader: &dyn Reader) -> Result<i64, SequencerError> {
    let view = index.view();
    let Some(last) = view.size().checked_sub(1) else { return Ok(0) };
    let record = reader.record_at(Position::from_u64(view.position(last)?))?;
    match record.get() {
        Record::Entry { entry, .. } => Ok(replay::parse(last, entry)?.logged_at().seconds()),
        Record::Private { .. } => {
            Err(SequencerError::Replay { index: last, why: "no entry at its position".to_owned() })
        }
    }
}

fn check_clock(logged_at: i64, now: i64) -> Result<(), SequencerError> {
    let ahead = logged_at.saturating_sub(now);
    if ahead > CLOCK_BEHIND_SECONDS { Err(SequencerError::Clock { ahead }) } else { Ok(()) }
}

/// The newest signed tree, once it has been shown to be a prefix of the journal's. The index computes every root from the
/// entries' own leaf hashes, so this is the consistency proof, done by hand.
fn check_consistent(index: &Index, tip: &Tip) -> Result<TreeHead, SequencerError> {
    let root = |size| index.view().root(TreeSize(size));
    if root(tip.tree.size)? != tip.tree.root {
        return Err(SequencerError::Inconsistent { size: tip.tree.size });
    }
    let note = String::from_utf8_lossy(&tip.published.checkpoint);
    if note.is_empty() {
        return Ok(TreeHead::empty());
    }
    let inconsistent = SequencerError::Inconsistent { size: tip.published.tree_size };
    let Ok(signed) = Checkpoint::parse_note(&note) else { return Err(inconsistent) };
    if signed.size.0 > tip.tree.size || root(signed.size.0)? != signed.root {
        return Err(inconsistent);
    }
    Ok(TreeHead { size: signed.size.0, root: signed.root })
}

/// Refuses a journal that does not go on from the tree in the checkpoint file.
fn check_kept(path: &Path, kept: Option<TreeHead>, index: &Index, tip: &Tip) -> Result<(), SequencerError> {
    let Some(TreeHead { size: signed, root }) = kept else { return Ok(()) };
    let (path, found) = (path.to_owned(), tip.tree.size);
    if signed > found {
        return Err(KeptError::Older { path, signed, found }.into());
    }
    if index.view().root(TreeSize(signed))? != root {
        return Err(KeptError::Forked { path, signed, found }.into());
    }
    Ok(())
}

/// Asks the gate, with what was signed before. Of a log that never signed, the empty tree is: it contradicts no other.
fn ask(
    gate: Gate,
    origin: &Origin,
    index: &Index,
    tip: &Tip,
    signer: &mut CheckpointSigner,
    now: i64,
) -> Result<(), SequencerError> {
    let note = if tip.published.checkpoint.is_empty() {
        signer.sign(TreeHead::empty())?
    } else {
        String::from_utf8_lossy(&tip.published.checkpoint).into_owned()
    };
    let signed_size = tip.published.tree_size;
    let found =
        Found { origin: origin.as_str(), tree: tip.tree, index: &index.view(), signed: &note, signed_size, now };
    gate(&found).map_err(SequencerError::Held)
}

/// Signs the tip if it was not: entries that were durable but not yet acknowledged are part of the log.
fn publish_tip(journal: &mut FileJournal, signer: &mut CheckpointSigner, tip: &Tip) -> Result<String, SequencerError> {
    let checkpoint = signer.sign(tip.tree)?;
    if tip.published.frame != tip.frame {
        let head = Head {
            frame: tip.frame,
            frame_hash: tip.frame_hash,
            tree_size: tip.tree.size,
            checkpoint: checkpoint.clone().into_bytes(),
        };
        match journal.publish(&head)? {
            journal::Published::Done => {}
            journal::Published::Fenced => return Err(SequencerError::Fenced),
            journal::Published::Unknown => return Err(SequencerError::Unknown),
        }
    }
    Ok(checkpoint)
}

/// Where the next entry goes on. The peaks of the tree are nodes that the index has.
fn end(index: &Index, tip: &Tip, logged_at: i64) -> Result<End, SequencerError> {
    let tree = index.view().frontier(TreeSize(tip.tree.size))?;
    let slots = HighestSlot::of(&index.view())?;
    Ok(End { tree, chain: tip.chain, next_frame: tip.frame.next(), frame_hash: tip.frame_hash, logged_at, slots })
}
