//! What this ledger's witnesses have cosigned, on disk: one file a witness, and the newest checkpoint with a quorum.
//!
//! A convenience after a restart and a check of a restored copy: every file proves itself by its signatures, and one that is
//! lost is asked of the witness again. So nothing here is synced beside the journal.

use std::fs;
use std::path::{Path, PathBuf};

use xuefen_core::Hash;
use xuefen_core::note::Note;
use xuefen_core::tree::TreeSize;
use xuefen_core::vkey::VerifierKey;

use super::request::AnyCheckpoint;

/// The newest checkpoint with a quorum.
const WITNESSED: &str = "witnessed.note";

/// The directory of the records.
#[derive(Clone, Debug)]
pub struct Records(PathBuf);

/// The newest checkpoint that a witness cosigned, as far as this ledger knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// Size of the tree.
    pub size: TreeSize,
    /// Its root.
    pub root: Hash,
    /// Unix seconds of the cosignature.
    pub time: u64,
}

impl Records {
    /// Records in `dir`, which is made when the first is written.
    #[must_use]
    pub fn new(dir: PathBuf) -> Self {
        Self(dir)
    }

    fn path(&self, key: &VerifierKey) -> PathBuf {
        self.0.join(format!("{}.note", Hash(*key.public_key().as_bytes())))
    }

    /// What this witness cosigned last; `None` if that is not known or the file does not prove itself.
    #[must_use]
    pub fn read(&self, key: &VerifierKey) -> Option<Cosigned> {
        let path = self.path(key);
        let text = fs::read_to_string(&path).ok()?;
        let found = cosigned(&text, key);
        if found.is_none() {
            tracing::warn!(path = %path.display(), "not a checkpoint that this witness cosigned; it is asked again");
        }
        found
    }

    /// Keeps a checkpoint with the witness's cosignature.
    pub fn write(&self, key: &VerifierKey, note: &str) {
        self.replace(&self.path(key), note);
    }

    /// The newest checkpoint with a quorum, unchecked.
    #[must_use]
    pub fn witnessed(&self) -> Option<String> {
        fs::read_to_string(self.0.join(WITNESSED)).ok()
    }

    /// Keeps the newest checkpoint with a quorum.
    pub fn write_witnessed(&self, note: &str) {
        self.replace(&self.0.join(WITNESSED), note);
    }

    /// In one step: a reader, or the next start, finds the old file or the new one.
    fn replace(&self, path: &Path, text: &str) {
        let part = path.with_extension("part");
        let done =
            fs::create_dir_all(&self.0).and_then(|()| fs::write(&part, text)).and_then(|()| fs::rename(&part, path));
        if let Err(error) = done {
            tracing::warn!(%error, path = %path.display(), "cannot keep a cosigned checkpoint");
        }
    }
}

fn cosigned(text: &str, key: &VerifierKey) -> Option<Cosigned> {
    let note = Note::parse(text).ok()?;
    let time = note.verify(&[key]).ok()?.first()?.time?;
    let checkpoint = AnyCheckpoint::parse(note.text()).ok()?;
    Some(Cosigned { size: checkpoint.size, root: checkpoint.root, time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::witness::testing::{TestLog, name};
    use xuefen_core::cosignature;
    use xuefen_core::key::SecretKey;
    use xuefen_core::vkey::KeyType;

    #[test]
    fn a_record_proves_itself_or_counts_for_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let records = Records::new(dir.path().join("witnesses"));
        let (log, secret, name) = (TestLog::new(), SecretKey::from_seed(&[9; 32]), name("w.example/x"));
        let key = VerifierKey::new(name.clone(), KeyType::Cosignature, secret.public().clone());
        assert_eq!(records.read(&key), None);
        let note = format!("{}{}", log.note(5), cosignature::sign(&log.text(5), &name, &secret, 7));
        records.write(&key, &note);
        assert_eq!(records.read(&key), Some(Cosigned { size: TreeSize(5), root: log.root(5), time: 7 }));
        for other in [log.note(5), note.replace("\n5\n", "\n6\n"), note[..note.len() / 2].to_owned(), String::new()] {
            records.write(&key, &other);
            assert_eq!(records.read(&key), None, "{other}");
        }
    }
}
