//! The checkpoint file: the newest signed checkpoint once more, where a restore of the ledger does not reach it
//! (formats.md 4). Read before anything is signed; written after publication, at most once a second, and at the end.
//!
//! The journal has its own `head`; a copy of the whole directory brings an older `head` back with it. This file tells.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::key::PublicKey;
use xuefen_core::note::Note;
use xuefen_core::origin::Origin;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

use super::view::View;
use crate::journal::TreeHead;

/// Between two writes, at least.
const PAUSE: Duration = Duration::from_secs(1);

/// Why a ledger does not start beside its checkpoint file.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The file cannot be read.
    #[error("cannot read the checkpoint file {path}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is no checkpoint of this log.
    #[error(
        "{path} is no checkpoint that this log's key signed; name the right file with --checkpoint-file, or move it away \
             if it is damaged and you know the newest size"
    )]
    Foreign {
        /// Which file.
        path: PathBuf,
    },
    /// The journal ends below what was signed.
    #[error(
        "{path} has a signed tree of {signed} entries, this journal {found}: an older copy was put in its place. Nothing \
         is signed over it: restore the newest journal/; if the newest entries are lost for good, begin anew under \
         another origin"
    )]
    Older {
        /// Which file.
        path: PathBuf,
        /// Size of the tree in it.
        signed: u64,
        /// Size of the journal's.
        found: u64,
    },
    /// The journal went another way.
    #[error(
        "{path} has a signed tree of {signed} entries that this journal of {found} does not begin with: the log went two \
             ways. Keep both as evidence and restore the journal that was signed"
    )]
    Forked {
        /// Which file.
        path: PathBuf,
        /// Size of the tree in it.
        signed: u64,
        /// Size of the journal's.
        found: u64,
    },
}

/// The tree that the file says was signed last; `None` without a file.
pub(super) fn read(path: &Path, origin: &Origin, key: &PublicKey) -> Result<Option<TreeHead>, KeptError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(KeptError::Read { path: path.to_owned(), source }),
    };
    let signed = KeyName::parse(origin.as_str()).ok().and_then(|name| {
        let key = VerifierKey::new(name, KeyType::Note, key.clone());
        let by = Note::parse(&text).ok()?.verify(&[&key]).ok()?;
        Checkpoint::parse_note(&text).ok().filter(|_| !by.is_empty())
    });
    let signed = signed.filter(|signed| signed.origin == *origin);
    let signed = signed.ok_or_else(|| KeptError::Foreign { path: path.to_owned() })?;
    Ok(Some(TreeHead { size: signed.size.0, root: signed.root }))
}

/// Writes a checkpoint in one step: whoever reads sees the one before or this one.
fn write(path: &Path, checkpoint: &str) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let mut file = File::create(&new)?;
    file.write_all(checkpoint.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

/// Tells that something was published. Dropped at the end.
pub(super) struct News {
    news: Sender<()>,
    /// Ends the pause between two writes.
    _end: Sender<()>,
}

/// Where the news arrive.
pub(super) struct Told {
    news: Receiver<()>,
    end: Receiver<()>,
}

pub(super) fn channel() -> (News, Told) {
    let ((news, told), (end, ended)) = (bounded(1), bounded(0));
    (News { news, _end: end }, Told { news: told, end: ended })
}

impl News {
    /// Wakes the keeper if it waits. In its pause, under load nearly always, this costs a look at a full channel.
    pub(super) fn tell(&self) {
        // Full: it will look at the view anyway.
        let _ = self.news.try_send(());
    }
}

/// Writes what is published whenever `told` has something new, until nobody is left to tell; then once more.
pub(super) fn keep(path: &Path, view: &ArcSwap<View>, told: &Told) {
    let mut kept: Option<Arc<str>> = None;
    let mut save = || {
        let checkpoint = Arc::clone(&view.load().checkpoint);
        if kept.as_ref() == Some(&checkpoint) {
            return;
        }
        // The ledger goes on: journal and head have everything, and the next second tries again.
        match write(path, &checkpoint) {
            Ok(()) => kept = Some(checkpoint),
            Err(error) => tracing::error!(%error, path = %path.display(), "cannot write the checkpoint file"),
        }
    };
    loop {
        save();
        let ended = told.end.recv_timeout(PAUSE) == Err(RecvTimeoutError::Disconnected);
        if ended || told.news.recv().is_err() {
            return save();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::signer::CheckpointSigner;
    use super::*;
    use xuefen_core::Hash;
    use xuefen_core::key::SecretKey;

    #[test]
    fn only_this_logs_checkpoint_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("checkpoint");
        let (origin, other) = (Origin::parse("a.example/x").unwrap(), Origin::parse("b.example/x").unwrap());
        let key = SecretKey::from_seed(&[1; 32]);
        assert_eq!(read(&path, &origin, key.public()).unwrap(), None);
        let tree = TreeHead { size: 3, root: Hash([7; 32]) };
        let signing = SecretKey::from_seed(&[1; 32]);
        let note = CheckpointSigner::new(origin.clone(), signing, TreeHead::empty()).sign(tree).unwrap();
        write(&path, &note).unwrap();
        assert_eq!(read(&path, &origin, key.public()).unwrap(), Some(tree));
        let foreign = |result| assert!(matches!(result, Err(KeptError::Foreign { .. })));
        foreign(read(&path, &other, key.public()));
        foreign(read(&path, &origin, SecretKey::from_seed(&[2; 32]).public()));
        fs::write(&path, note.replace("\n3\n", "\n2\n")).unwrap();
        foreign(read(&path, &origin, key.public()));
        fs::write(&path, "").unwrap();
        foreign(read(&path, &origin, key.public()));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(matches!(read(&path, &origin, key.public()), Err(KeptError::Read { .. })));
    }
}
