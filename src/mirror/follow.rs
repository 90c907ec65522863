//! Bringing a mirror up to date: the newest checkpoint of a source, proof that the log only grew, then everything new, each
//! piece checked before it is written and the checkpoint last.

use std::sync::atomic::{AtomicU64, Ordering};

use xuefen_core::policy::Policy;
use xuefen_core::tile::{TILE_WIDTH, Tile, TileLevel};
use xuefen_core::tree::TreeSize;

use super::error::MirrorError;
use super::log::{LEVELS, LogAt};
use super::noted::Noted;
use super::parallel;
use super::source::Source;
use super::store::Store;

/// How the mirror stands to its source now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has grown.
    Extended,
    /// It had everything.
    Unchanged,
    /// The source is behind it, without contradiction: a cache, or another mirror.
    Behind,
}

/// What came of following.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// How the mirror stands to its source.
    pub state: State,
    /// The checkpoint of the source.
    pub noted: Noted,
    /// Entries that were here before.
    pub before: u64,
    /// Entries that came from the source. The rest of what is new was found here, from a run that was cut short.
    pub fetched: u64,
}

/// Brings `store` up to the newest checkpoint of `source` that `policy` accepts. `progress` hears of entries done and entries
/// in all. A run that was cut short goes on where it ended.
///
/// # Errors
/// [`MirrorError`]; nothing that was not proven is in the directory then either. Of a contradiction both notes are kept
/// there.
pub fn follow(
    source: &dyn Source,
    store: &Store,
    policy: &Policy,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Followed, MirrorError> {
    let held = held(store, policy)?;
    let noted = Noted::newest(source, policy)?;
    let done = |state, before, fetched| Ok(Followed { state, noted: noted.clone(), before, fetched });
    let Some(held) = held else {
        let fetched = fetch(source, store, policy, (None, &noted), progress)?;
        return done(State::Extended, 0, fetched);
    };
    let (ours, theirs) = (&held.checkpoint, &noted.checkpoint);
    if ours.origin != theirs.origin {
        let (held, shown) = (ours.origin.to_string(), theirs.origin.to_string());
        return Err(MirrorError::OtherLog { name: source.name(), held, shown });
    }
    let size = ours.size.0;
    if theirs.size < ours.size {
        // What is here has every size up to its own.
        let log = LogAt::open(store.files(), None, held.clone())?;
        if log.root_at(theirs.size)? != theirs.root {
            return Err(contradiction(store, &held, &noted));
        }
        return done(State::Behind, size, 0);
    }
    if theirs.size == ours.size {
        if theirs.root != ours.root {
            return Err(contradiction(store, &held, &noted));
        }
        // The same tree may have more cosignatures by now.
        if noted.note != held.note {
            store.commit(&noted.note)?;
        }
        return done(State::Unchanged, size, 0);
    }
    let fetched = fetch(source, store, policy, (Some(&held), &noted), progress)?;
    done(State::Extended, size, fetched)
}

/// The checkpoint of the directory.
fn held(store: &Store, policy: &Policy) -> Result<Option<Noted>, MirrorError> {
    let Some(note) = store.note()? else { return Ok(None) };
    let foreign = || MirrorError::Foreign { dir: store.files().dir().to_owned() };
    Noted::held(&note, policy).map(Some).ok_or_else(foreign)
}

/// Both notes are kept: together they are proof against the log.
fn contradiction(store: &Store, held: &Noted, shown: &Noted) -> MirrorError {
    match store.keep_contradiction(held, shown) {
        Ok(_) => MirrorError::contradiction(held, shown),
        Err(error) => error,
    }
}

/// Everything of the tree of `noted` that is not in the directory yet. Answers how many entries came from the source.
fn fetch(
    source: &dyn Source,
    store: &Store,
    policy: &Policy,
    (held, noted): (Option<&Noted>, &Noted),
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<u64, MirrorError> {
    let log = LogAt::open(source, Some(store.files()), noted.clone())?;
    if let Some(held) = held {
        match log.check_extends(held) {
            Err(MirrorError::Contradiction(_)) => return Err(contradiction(store, held, noted)),
            checked => checked?,
        }
    }
    // Files of a run that was cut short lie here under a note that was never shown. It must be of the same history, too.
    let next = store.next_note()?.and_then(|note| Noted::held(&note, policy));
    let next = next.filter(|next| next.checkpoint.origin == noted.checkpoint.origin);
    let unfinished = match &next {
        Some(next) if next.checkpoint.size <= noted.checkpoint.size => {
            match log.check_extends(next) {
                Err(MirrorError::Contradiction(_)) => return Err(contradiction(store, next, noted)),
                checked => checked?,
            }
            false
        }
        next => next.is_some(),
    };
    if !unfinished {
        store.begin(&noted.note)?;
    }
    let before = held.map_or_else(TreeSize::default, |held| held.checkpoint.size);
    let fetched = copy(&log, source.width(), store, before, progress)?;
    store.commit(&noted.note)?;
    if !unfinished {
        store.end()?;
    }
    store.drop_full(before, noted.checkpoint.size)?;
    Ok(fetched)
}

/// Writes all tiles and bundles that a tree of `before` entries did not have. Answers how many entries came from the source.
fn copy(
    log: &LogAt<'_>,
    threads: usize,
    store: &Store,
    before: TreeSize,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<u64, MirrorError> {
    let size = log.checkpoint().size;
    let first = TileLevel::Entries.full_tiles(before);
    let (done, fetched) = (AtomicU64::new(first * u64::from(TILE_WIDTH)), AtomicU64::new(0));
    parallel::for_each(first..log.bundles(), threads, |index| {
        let bundle = log.bundle(index)?;
        let count = u64::from(bundle.tile.width());
        let leaves = tile(TileLevel::Hashes(0), index, bundle.tile.width());
        if !bundle.is_kept {
            store.write(bundle.tile, &bundle.bytes)?;
            fetched.fetch_add(count, Ordering::Relaxed);
        }
        // Made here and not fetched: these are the hashes of the entries just read.
        if !bundle.is_kept || !store.has(leaves, &bundle.leaves) {
            store.write_hashes(leaves, &bundle.leaves)?;
        }
        progress(done.fetch_add(count, Ordering::Relaxed) + count, log.size());
        Ok(())
    })?;
    for level in 1..LEVELS {
        let of = TileLevel::Hashes(level);
        for index in of.full_tiles(before)..of.full_tiles(size) {
            store.write_hashes(tile(of, index, TILE_WIDTH), &log.hashes(level, index)?)?;
        }
        if let Some(partial) = edge(of, size) {
            store.write_hashes(partial, &log.hashes(level, partial.index())?)?;
        }
    }
    Ok(fetched.into_inner())
}

/// The partial tile of a level; none if the level ends with a full one.
fn edge(level: TileLevel, size: TreeSize) -> Option<Tile> {
    Tile::new(level, level.full_tiles(size), level.partial_width(size))
}

/// A tile of a width that exists.
fn tile(level: TileLevel, index: u64, width: u16) -> Tile {
    Tile::new(level, index, width).expect("levels up to 8 and widths of 1 to 256 exist")
}
