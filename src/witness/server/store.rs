//! The memory of a witness: one file a log, the note that was cosigned last.
//!
//! A record is on stable storage when `write` returns. Losing this memory means being able to cosign a second history, so it
//! is made once and never by itself: a directory that is not there is an error, not a new witness.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use xuefen_core::note::{self, Note};
use xuefen_core::vkey::VerifierKey;

use super::judge::Last;
use super::{Record, origin_hash_of};
use crate::journal::{DirLock, JournalError};
use crate::witness::request::AnyCheckpoint;

/// Names the witness whose memory a directory is.
const MARK: &str = "witness";

/// Checkpoints kept of one log that did not extend the last one: anybody may send what the log once signed, so not without
/// end.
const EVIDENCE: usize = 64;

/// Why a witness cannot remember.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No memory there.
    #[error(
        "{dir} is not the memory of a witness. If it was lost, do not make it anew: the key must not cosign again, make \
         another witness. For a new witness: --create"
    )]
    Missing {
        /// Directory.
        dir: PathBuf,
    },
    /// Something is there already.
    #[error("{dir} is the memory of a witness already")]
    Exists {
        /// Directory.
        dir: PathBuf,
    },
    /// Another key's memory.
    #[error("{dir} is the memory of {found}, not of this key and name")]
    OtherWitness {
        /// Directory.
        dir: PathBuf,
        /// vkey in it.
        found: String,
    },
    /// A record that this witness did not write.
    #[error(
        "{path} is not a checkpoint that this witness cosigned. Restore the file from the newest copy; an older copy would \
         let the witness cosign a second history"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
    },
    /// Another process has it.
    #[error("the memory cannot be taken")]
    Lock(#[from] JournalError),
    /// A file failed.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> StoreError {
    move |source| StoreError::Io { action, path: path.to_owned(), source }
}

/// See the module.
pub(super) struct Store {
    dir: PathBuf,
    vkey: VerifierKey,
    _lock: DirLock,
}

impl Store {
    /// Makes the memory of a new witness.
    pub(super) fn create(dir: &Path, vkey: &VerifierKey) -> Result<(), StoreError> {
        let mark = dir.join(MARK);
        if mark.exists() {
            return Err(StoreError::Exists { dir: dir.to_owned() });
        }
        let evidence = dir.join("evidence");
        fs::create_dir_all(&evidence).map_err(io("make", &evidence))?;
        replace(dir, MARK, &format!("{vkey}\n"))
    }

    pub(super) fn open(dir: &Path, vkey: VerifierKey) -> Result<Self, StoreError> {
        let Ok(found) = fs::read_to_string(dir.join(MARK)) else {
            return Err(StoreError::Missing { dir: dir.to_owned() });
        };
        if found.trim_end() != vkey.to_string() {
            return Err(StoreError::OtherWitness { dir: dir.to_owned(), found: found.trim_end().to_owned() });
        }
        let lock = DirLock::take(dir)?;
        Ok(Self { dir: dir.to_owned(), vkey, _lock: lock })
    }

    /// What was cosigned last of a log; `None` if nothing was.
    pub(super) fn read(&self, origin: &str) -> Result<Option<Record>, StoreError> {
        let path = self.dir.join(file_name(origin));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io("read", &path)(source)),
        };
        self.record(origin, text).map(Some).ok_or(StoreError::Damaged { path })
    }

    /// The record in `text`, if this witness's own signature is under it and it is of that log.
    fn record(&self, origin: &str, text: String) -> Option<Record> {
        let note = Note::parse(&text).ok()?;
        let time = note.verify(&[&self.vkey]).ok()?.first()?.time?;
        let checkpoint = AnyCheckpoint::parse(note.text()).ok().filter(|checkpoint| checkpoint.origin == origin)?;
        let last = Last { size: checkpoint.size, root: checkpoint.root };
        Some(Record { last, time, note: text.into() })
    }

    /// Makes `note` the record of a log. After an error the disk may have either.
    pub(super) fn write(&self, origin: &str, note: &str) -> Result<(), StoreError> {
        replace(&self.dir, &file_name(origin), note)
    }

    /// Keeps a checkpoint that the log signed and that does not extend the last one; whether it is kept now.
    pub(super) fn keep_evidence(&self, origin: &str, text: &str) -> bool {
        let (dir, log) = (self.dir.join("evidence"), origin_hash_of(origin));
        let Some((signed, _)) = note::split(text) else { return false };
        let name = format!("{log}-{}", origin_hash_of(signed));
        if dir.join(&name).exists() {
            return true;
        }
        let of_log = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&log);
        let count = fs::read_dir(&dir).map_or(0, |entries| entries.flatten().filter(of_log).count());
        count < EVIDENCE && replace(&dir, &name, text).is_ok()
    }
}

fn file_name(origin: &str) -> String {
    format!("{}.note", origin_hash_of(origin))
}

/// Puts a file in place in one step, on stable storage when it returns.
fn replace(dir: &Path, name: &str, content: &str) -> Result<(), StoreError> {
    let (path, part) = (dir.join(name), dir.join(format!("{name}.part")));
    let mut file = File::create(&part).map_err(io("write", &part))?;
    file.write_all(content.as_bytes()).map_err(io("write", &part))?;
    // Content before name: a crash must not leave a name that leads to half a record.
    file.sync_all().map_err(io("sync", &part))?;
    fs::rename(&part, &path).map_err(io("put in place", &path))?;
    // The name lasts only when the directory is synced too.
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io("sync", dir))
}
