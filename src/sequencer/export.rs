//! The public log of a journal as files: what [`super::Ledger`] serves tile by tile, written out for whoever serves files.
//! Reads the journal alone, beside a running server if there is one; needs no key and no index.

use std::borrow::Cow;
use std::path::Path;

use xuefen_core::Hash;
use xuefen_core::checkpoint::{Checkpoint, CheckpointError};
use xuefen_core::merkle::leaf_hash;
use xuefen_core::tile::{TILE_WIDTH, Tile, TileLevel, push_entry};
use xuefen_core::tree::TreeSize;

use crate::journal::{Frames, JournalError, Record, Start, StoredFrame, published};
use crate::mirror::{MirrorError, Store, TileBuilder};

/// What came of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The checkpoint that the files end with.
    pub checkpoint: Checkpoint,
    /// Entries that were in the directory before.
    pub before: u64,
    /// Files that were written.
    pub files: u64,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The journal cannot be read.
    #[error("the journal cannot be read")]
    Journal(#[from] JournalError),
    /// The directory cannot be written.
    #[error("the export cannot be written")]
    Store(#[from] MirrorError),
    /// A signed note of the journal or the directory is none.
    #[error("the checkpoint of {whose} cannot be read")]
    Checkpoint {
        /// Which of the two.
        whose: &'static str,
        /// Why.
        #[source]
        source: CheckpointError,
    },
    /// Nothing was signed yet.
    #[error("the journal has no signed checkpoint yet; start the server once")]
    Unsigned,
    /// The directory is another log's.
    #[error("the directory holds the log {there}, the journal is of {here}; use another directory")]
    OtherLog {
        /// Origin in the directory.
        there: String,
        /// Origin of the journal.
        here: String,
    },
    /// More was exported before.
    #[error(
        "the directory holds {there} entries and the journal's checkpoint {here}: is this an older copy of the ledger?"
    )]
    Behind {
        /// Entries in the directory.
        there: u64,
        /// Entries under the journal's checkpoint.
        here: u64,
    },
    /// What was exported before is not a beginning of this journal.
    #[error(
        "the directory holds a signed checkpoint over {size} entries that is not of this journal. One of them is not the log \
         that was published: keep both, and do not serve either before you know which"
    )]
    NotTheSame {
        /// Its size.
        size: u64,
    },
    /// The journal and its own statements about its tree do not agree.
    #[error("the entries of the journal do not have the root that was written with them; run 'xuefen fsck'")]
    Damaged,
}

/// Writes the public log of the journal in `journal` into `store`: up to `shown`, a signed note with its cosignatures, or
/// else up to the newest one that the log itself signed. Files of an earlier export are left alone. `progress` hears of
/// entries read and entries in all.
///
/// # Errors
/// [`ExportError`]. The directory then still holds what it held.
pub fn export(
    journal: &Path,
    shown: Option<&str>,
    store: &Store,
    progress: &dyn Fn(u64, u64),
) -> Result<Exported, ExportError> {
    let (head, reader) = published(journal)?;
    if head.checkpoint.is_empty() {
        return Err(ExportError::Unsigned);
    }
    let note = shown.map_or_else(|| String::from_utf8_lossy(&head.checkpoint), Cow::Borrowed);
    let read =
        |note: &str, whose| Checkpoint::parse_note(note).map_err(|source| ExportError::Checkpoint { whose, source });
    let checkpoint = read(&note, "the journal")?;
    let exported = store.note()?.map(|note| read(&note, "the directory")).transpose()?;
    if let Some(other) = exported.as_ref().filter(|it| it.origin != checkpoint.origin) {
        return Err(ExportError::OtherLog { there: other.origin.to_string(), here: checkpoint.origin.to_string() });
    }
    let before = exported.as_ref().map_or_else(TreeSize::default, |it| it.size);
    if before > checkpoint.size {
        return Err(ExportError::Behind { there: before.0, here: checkpoint.size.0 });
    }
    if checkpoint.size.0 > head.tree_size {
        return Err(ExportError::Damaged);
    }
    let mut writer = Writer { store, before, held: exported.map(|it| it.root), ..Writer::new(store) };
    writer.check_held()?;
    for frame in Frames::new(reader, Start::Beginning)? {
        if writer.tiles.size() == checkpoint.size {
            break;
        }
        writer.frame(&frame?)?;
        progress(writer.tiles.size().0, checkpoint.size.0);
    }
    if writer.tiles.size() != checkpoint.size || writer.tiles.root() != checkpoint.root {
        return Err(ExportError::Damaged);
    }
    if before < checkpoint.size || writer.held.is_none() {
        writer.finish(&note)?;
    } else if store.note()?.as_deref() != Some(&*note) {
        // The same tree, with other cosignatures.
        store.commit(&note)?;
        writer.files += 1;
    }
    Ok(Exported { checkpoint, before: before.0, files: writer.files })
}

/// The log so far, and the tiles of the frame that is being read.
struct Writer<'a> {
    store: &'a Store,
    /// What is in the directory already.
    before: TreeSize,
    held: Option<Hash>,
    tiles: TileBuilder,
    bundle: Vec<u8>,
    /// Written once the frame's own root is found right.
    full: Vec<(Tile, Vec<u8>)>,
    files: u64,
}

impl<'a> Writer<'a> {
    fn new(store: &'a Store) -> Self {
        let (tiles, before) = (TileBuilder::default(), TreeSize::default());
        Self { store, before, held: None, tiles, bundle: Vec::new(), full: Vec::new(), files: 0 }
    }

    fn frame(&mut self, frame: &StoredFrame) -> Result<(), ExportError> {
        for (_, record) in frame.records() {
            if let Record::Entry { entry, .. } = record {
                self.entry(entry)?;
                self.check_held()?;
            }
        }
        if frame.tree().size != self.tiles.size().0 || frame.tree().root != self.tiles.root() {
            return Err(ExportError::Damaged);
        }
        for (tile, bytes) in std::mem::take(&mut self.full) {
            self.write(tile, &bytes)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: &[u8]) -> Result<(), ExportError> {
        if !push_entry(&mut self.bundle, entry) {
            return Err(ExportError::Damaged);
        }
        let (full, before) = (&mut self.full, self.before);
        let is_new = |tile: &Tile| tile.index() >= tile.level().full_tiles(before);
        self.tiles.push(leaf_hash(entry), |tile, hashes| {
            if is_new(&tile) {
                full.push((tile, hashes.iter().flat_map(|hash| hash.0).collect()));
            }
            Ok::<_, ExportError>(())
        })?;
        if self.tiles.size().0.is_multiple_of(TILE_WIDTH.into()) {
            let bundle = std::mem::take(&mut self.bundle);
            let index = TileLevel::Entries.full_tiles(self.tiles.size()) - 1;
            let tile = Tile::new(TileLevel::Entries, index, TILE_WIDTH).filter(is_new);
            full.extend(tile.map(|tile| (tile, bundle)));
        }
        Ok(())
    }

    /// Whether what was exported before is a beginning of this log.
    fn check_held(&self) -> Result<(), ExportError> {
        let size = self.before.0;
        let differs = self.held.is_some_and(|held| self.tiles.size().0 == size && self.tiles.root() != held);
        if differs { Err(ExportError::NotTheSame { size }) } else { Ok(()) }
    }

    fn write(&mut self, tile: Tile, bytes: &[u8]) -> Result<(), ExportError> {
        self.files += 1;
        Ok(self.store.write(tile, bytes)?)
    }

    /// The right edge and the checkpoint; then the partial tiles of the checkpoint before, where there are full ones now.
    fn finish(&mut self, note: &str) -> Result<(), ExportError> {
        let size = self.tiles.size();
        let edge: Vec<(Tile, Vec<u8>)> =
            self.tiles.edge().map(|(tile, hashes)| (tile, hashes.iter().flat_map(|hash| hash.0).collect())).collect();
        for (tile, bytes) in edge {
            self.write(tile, &bytes)?;
        }
        let of = TileLevel::Entries;
        if let Some(tile) = Tile::new(of, of.full_tiles(size), of.partial_width(size)) {
            let bundle = std::mem::take(&mut self.bundle);
            self.write(tile, &bundle)?;
        }
        self.store.commit(note)?;
        self.files += 1;
        self.store.drop_full(self.before, size)?;
        Ok(())
    }
}
