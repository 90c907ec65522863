//! The directory of a demo: keys of its invented parties, the sample files, what the script writes. Paths and preparation
//! only.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

use super::samples;
use crate::cli::private_file::{self, IfExists};
use crate::cli::secret_key_file::{self, SecretKind, nonce_secret_path};

/// What a demo's directory is known by. Only such a directory is ever thrown away.
const MARK: &str = "THIS-IS-A-DEMO.txt";
const MARK_TEXT: &str = "Made by `xuefen demo`: invented people, keys made on the spot and worth nothing.\n\
                         `xuefen demo --fresh` throws all of it away.\n";

/// A demo's directory.
pub struct Place {
    dir: PathBuf,
}

impl Place {
    /// The demo in `dir`. `fresh` throws an earlier one away; what is no demo stays untouched.
    pub fn open(dir: &Path, fresh: bool) -> anyhow::Result<Self> {
        let place = Self { dir: dir.to_owned() };
        let mark = dir.join(MARK);
        let is_empty = fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none());
        ensure!(is_empty || mark.exists(), "{} holds something else than a demo; name another --dir", dir.display());
        if fresh && mark.exists() {
            fs::remove_dir_all(dir).with_context(|| format!("cannot remove {}", dir.display()))?;
        }
        // An earlier demo that was cut short left keys and half a registry.
        ensure!(!mark.exists() || place.is_furnished(), "the demo in {} was cut short; add --fresh", dir.display());
        for part in ["samples", "parties", "office", "out"] {
            let part = dir.join(part);
            fs::create_dir_all(&part).with_context(|| format!("cannot make {}", part.display()))?;
        }
        write(&mark, MARK_TEXT.as_bytes())?;
        for (name, content) in samples::FILES {
            write(&dir.join("samples").join(name), content)?;
        }
        Ok(place)
    }

    /// Everything up to the registry was posted by an earlier run.
    pub fn is_furnished(&self) -> bool {
        self.work("furnished").exists()
    }

    /// Remembers that the registry is complete.
    pub fn set_furnished(&self) -> anyhow::Result<()> {
        write(&self.work("furnished"), b"")
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A sample file.
    pub fn sample(&self, name: &str) -> String {
        text(&self.dir.join("samples").join(name))
    }

    /// A file that the script writes for itself.
    pub fn work(&self, name: &str) -> PathBuf {
        self.dir.join("office").join(name)
    }

    /// [`Self::work`] as an argument.
    pub fn work_arg(&self, name: &str) -> String {
        text(&self.work(name))
    }

    /// A file that the reader is meant to look at.
    pub fn out(&self, name: &str) -> PathBuf {
        self.dir.join("out").join(name)
    }

    /// [`Self::out`] as an argument.
    pub fn out_arg(&self, name: &str) -> String {
        text(&self.out(name))
    }

    /// Key file of a party.
    pub fn key(&self, party: &str) -> String {
        text(&self.dir.join("parties").join(format!("{party}.key")))
    }

    /// The key of a party, made now if there is none: throwaway, known to nobody, worth nothing.
    pub fn ensure_key(&self, party: &str, id: &str) -> anyhow::Result<VerifierKey> {
        let path = PathBuf::from(self.key(party));
        if !path.exists() {
            secret_key_file::write(&path, SecretKind::SigningKey, &*secret_key_file::random()?)?;
            let secret = nonce_secret_path(&path);
            secret_key_file::write(&secret, SecretKind::NonceSecret, &*secret_key_file::random()?)?;
        }
        let public = secret_key_file::read_key(&path)?.public().clone();
        Ok(VerifierKey::new(KeyName::parse(id)?, KeyType::Note, public))
    }
}

/// Writes a file of the demo.
pub fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    fs::write(path, content).with_context(|| format!("cannot write {}", path.display()))
}

/// [`write()`], for what nobody else may read: mode 0600.
pub fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    private_file::write(path, content, IfExists::Replace)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_demo_is_thrown_away() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path().join("d");
        let place = Place::open(&dir, true).unwrap();
        let failed = |fresh| Place::open(&dir, fresh).err().map(|error| error.to_string());
        assert!(failed(false).unwrap().contains("cut short"));
        place.set_furnished().unwrap();
        write(&place.work("kept"), b"").unwrap();
        assert!(failed(false).is_none() && place.work("kept").exists());
        assert!(failed(true).is_none() && !place.work("kept").exists());
        fs::remove_file(dir.join(MARK)).unwrap();
        assert!(failed(true).unwrap().contains("something else") && dir.join("samples").exists());
    }
}
