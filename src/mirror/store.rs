//! A directory of tiles: a mirror's or an export's. Files come into it whole or not at all, and a checkpoint comes only after
//! all that it vouches for. Whether bytes are right is settled before they come here.
//!
//! Beside the public files there are some that no web server needs to show: `.lock`, `.part`, where files are written
//! before they get their names, and `.next`, the note under which files are being written.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use xuefen_core::Hash;
use xuefen_core::tile::{TILE_WIDTH, Tile, TileLevel};
use xuefen_core::tree::TreeSize;

use super::dir::DirSource;
use super::error::MirrorError;
use super::log::LEVELS;
use super::noted::Noted;
use super::source::{CHECKPOINT, MAX_NOTE, Source as _};

/// The note that is not shown yet.
const NEXT: &str = ".next";

/// Signed notes that contradict what is here are kept below this name.
const CONTRADICTIONS: &str = "contradictions";

/// Bytes after which what was written so far is brought to the disk: it works while the next entries are hashed. Left to the
/// end, the disk would stand still first and the processors afterwards.
const EARLY: u64 = 64 << 20;

/// A directory that this process alone writes.
#[derive(Debug)]
pub struct Store {
    files: DirSource,
    part: PathBuf,
    number: AtomicU64,
    written: AtomicU64,
    _lock: File,
}

impl Store {
    /// Opens or makes the directory and takes it for this process.
    ///
    /// # Errors
    /// [`MirrorError::Locked`], [`MirrorError::Store`].
    pub fn open(dir: &Path) -> Result<Self, MirrorError> {
        fs::create_dir_all(dir).map_err(failed("make", dir))?;
        let path = dir.join(".lock");
        let lock =
            File::options().create(true).truncate(false).write(true).open(&path).map_err(failed("open", &path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(MirrorError::Locked { dir: dir.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
        }
        // What a crash left half written.
        let part = dir.join(".part");
        match fs::remove_dir_all(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("clear", &part)(error)),
            _ => fs::create_dir(&part).map_err(failed("make", &part))?,
        }
        let files = DirSource::new(dir);
        Ok(Self { files, part, number: AtomicU64::new(0), written: AtomicU64::new(0), _lock: lock })
    }

    /// What is here, to be read like any other source.
    #[must_use]
    pub const fn files(&self) -> &DirSource {
        &self.files
    }

    fn dir(&self) -> &Path {
        self.files.dir()
    }

    /// The signed note that is here.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn note(&self) -> Result<Option<String>, MirrorError> {
        self.read(CHECKPOINT)
    }

    /// The note under which files were being written when the last run ended early.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn next_note(&self) -> Result<Option<String>, MirrorError> {
        self.read(NEXT)
    }

    /// Remembers the note under which files will be written: should the log show another history by the time this is gone on
    /// with, that is noticed.
    ///
    /// # Errors
    /// [`MirrorError::Store`].
    pub fn begin(&self, note: &str) -> Result<(), MirrorError> {
        self.keep(NEXT, note.as_bytes())
    }

    fn read(&self, name: &str) -> Result<Option<String>, MirrorError> {
        let bytes = self.files.get(name, MAX_NOTE);
        let bytes = bytes.map_err(|source| MirrorError::Source { name: self.files.name(), source })?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Whether a tile of hashes is here with just these.
    #[must_use]
    pub fn has(&self, tile: Tile, hashes: &[Hash]) -> bool {
        let found = self.files.get(&tile.path(), 32 * usize::from(TILE_WIDTH)).ok().flatten();
        found.is_some_and(|bytes| bytes == bytes_of(hashes))
    }

    /// Writes a tile or bundle, in place of one that may be there. It is on stable storage after [`Self::commit`]; what a
    /// crash leaves of it before that is checked like any foreign bytes, or written again.
    ///
    /// # Errors
    /// [`MirrorError::Store`].
    pub fn write(&self, tile: Tile, bytes: &[u8]) -> Result<(), MirrorError> {
        self.put(&tile.path(), bytes, false)?;
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let before = self.written.fetch_add(length, Ordering::Relaxed);
        // This thread waits for the disk, the others go on.
        if before / EARLY == before.saturating_add(length) / EARLY { Ok(()) } else { self.sync() }
    }

    /// Writes a tile of hashes.
    ///
    /// # Errors
    /// [`MirrorError::Store`].
    pub fn write_hashes(&self, tile: Tile, hashes: &[Hash]) -> Result<(), MirrorError> {
        self.write(tile, &bytes_of(hashes))
    }

    /// Writes a file that is no resource of the log, such as what a program remembers here.
    ///
    /// # Errors
    /// [`MirrorError::Store`].
    pub fn keep(&self, name: &str, bytes: &[u8]) -> Result<(), MirrorError> {
        self.put(name, bytes, true)?;
        let above = self.dir().join(name);
        // Its name, and that of a directory that was made for it.
        for dir in above.ancestors().skip(1).take_while(|dir| dir.starts_with(self.dir())) {
            File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("sync", dir))?;
        }
        Ok(())
    }

    fn put(&self, name: &str, bytes: &[u8], synced: bool) -> Result<(), MirrorError> {
        let path = self.dir().join(name);
        let part = self.part.join(self.number.fetch_add(1, Ordering::Relaxed).to_string());
        let mut file = File::create_new(&part).map_err(failed("make", &part))?;
        file.write_all(bytes).map_err(failed("write", &part))?;
        if synced {
            // Content before name: a name that a crash leaves behind must not lead to half a file.
            file.sync_data().map_err(failed("sync", &part))?;
        }
        drop(file);
        match fs::rename(&part, &path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let parent = path.parent().unwrap_or_else(|| self.dir());
                fs::create_dir_all(parent).map_err(failed("make", parent))?;
                fs::rename(&part, &path).map_err(failed("name", &path))
            }
            done => done.map_err(failed("name", &path)),
        }
    }

    /// Makes all that was written last, then shows the note that vouches for it.
    ///
    /// # Errors
    /// [`MirrorError::Store`]. The old checkpoint then still stands, and all of its files with it.
    pub fn commit(&self, note: &str) -> Result<(), MirrorError> {
        self.sync()?;
        self.keep(CHECKPOINT, note.as_bytes())
    }

    /// Forgets the note of [`Self::begin`], whose files are all vouched for by now.
    ///
    /// # Errors
    /// [`MirrorError::Store`].
    pub fn end(&self) -> Result<(), MirrorError> {
        let path = self.dir().join(NEXT);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Keeps a signed note that contradicts the one here, with the one here.
    ///
    /// # Errors
    /// [`MirrorError::Store`].
    pub fn keep_contradiction(&self, held: &Noted, shown: &Noted) -> Result<PathBuf, MirrorError> {
        for noted in [held, shown] {
            let checkpoint = &noted.checkpoint;
            self.keep(
                &format!("{CONTRADICTIONS}/{}-{}.note", checkpoint.size, checkpoint.root),
                noted.note.as_bytes(),
            )?;
        }
        Ok(self.dir().join(CONTRADICTIONS))
    }

    /// Brings all files and names to stable storage in one go: a sync for each of thousands takes minutes.
    fn sync(&self) -> Result<(), MirrorError> {
        let synced = File::open(self.dir()).and_then(|dir| sync_all_files(&dir));
        synced.map_err(failed("sync", self.dir()))
    }

    /// Takes away the partial tiles that a tree of `before` entries had and that are full in one of `size`: whoever holds the
    /// older checkpoint reads the full ones. Not before [`Self::commit`]: until then they are what the old one asks for.
    ///
    /// # Errors
    /// [`MirrorError::Store`].
    pub fn drop_full(&self, before: TreeSize, size: TreeSize) -> Result<(), MirrorError> {
        for of in (0..LEVELS).map(TileLevel::Hashes).chain([TileLevel::Entries]) {
            for index in of.full_tiles(before)..of.full_tiles(size) {
                let Some(full) = Tile::new(of, index, TILE_WIDTH) else { continue };
                let dir = self.dir().join(format!("{}.p", full.path()));
                match fs::remove_dir_all(&dir) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("clear", &dir)(error)),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// Syncs the file system that holds `dir`, and says if anything of it could not be written.
#[cfg(target_os = "linux")]
fn sync_all_files(dir: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(dir)?)
}

#[cfg(not(target_os = "linux"))]
fn sync_all_files(_: &File) -> io::Result<()> {
    rustix::fs::sync();
    Ok(())
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

fn failed(action: &'static str, path: &Path) -> impl Fn(io::Error) -> MirrorError {
    move |source| MirrorError::Store { action, path: path.to_owned(), source }
}
