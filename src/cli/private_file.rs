//! Files that nobody else may read: keys, signed batches, maps of persons. Mode 0600 from the first byte on.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Whether a file of that name may be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfExists {
    /// Keep it and fail.
    Refuse,
    /// Replace it in one step once the new one is on stable storage.
    Replace,
}

/// A file in the making. It takes its name in [`PrivateFile::finish`]; dropped before that, it leaves nothing behind.
pub struct PrivateFile {
    out: BufWriter<File>,
    part: PathBuf,
    path: PathBuf,
    if_exists: IfExists,
    finished: bool,
}

impl PrivateFile {
    /// Starts a file that will be called `path`.
    pub fn create(path: &Path, if_exists: IfExists) -> anyhow::Result<Self> {
        if if_exists == IfExists::Refuse && path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        // A rename would put a file in the place of a device or pipe: /dev/null is gone for the whole machine then.
        let is_other = path.metadata().is_ok_and(|known| !known.is_file());
        anyhow::ensure!(!is_other, "{} is no regular file; name a file that is, or a new one", path.display());
        let mut part = path.as_os_str().to_owned();
        part.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(part);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)
            .with_context(|| format!("cannot write {}", part.display()))?;
        Ok(Self { out: BufWriter::new(file), part, path: path.to_owned(), if_exists, finished: false })
    }

    /// Brings the content to stable storage, then gives the file its name.
    pub fn finish(mut self) -> anyhow::Result<()> {
        let done = self.put_in_place();
        if let Err(error) = &done
            && error.kind() == io::ErrorKind::AlreadyExists
        {
            return Err(exists(&self.path));
        }
        done.with_context(|| format!("cannot write {}", self.path.display()))
    }

    fn put_in_place(&mut self) -> io::Result<()> {
        self.out.flush()?;
        // Content before name: a name that a crash leaves behind must not lead to half a file.
        self.out.get_ref().sync_all()?;
        match self.if_exists {
            // A link fails where a rename would replace what another process has written meanwhile.
            IfExists::Refuse => match std::fs::hard_link(&self.part, &self.path) {
                Ok(()) => std::fs::remove_file(&self.part)?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
                // Memory sticks have no links: look once more, then rename.
                Err(_) if self.path.symlink_metadata().is_err() => std::fs::rename(&self.part, &self.path)?,
                Err(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            },
            IfExists::Replace => std::fs::rename(&self.part, &self.path)?,
        }
        self.finished = true;
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        // The name is an entry of the directory and lasts only when that is synced too.
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn exists(path: &Path) -> anyhow::Error {
    anyhow::anyhow!("{} exists already; move it away or choose another name", path.display())
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Drop for PrivateFile {
    fn drop(&mut self) {
        if !self.finished {
            // It never had its name; a rest that cannot be removed is no result either.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}

/// Writes a whole file at once.
pub fn write(path: &Path, content: &[u8], if_exists: IfExists) -> anyhow::Result<()> {
    let mut file = PrivateFile::create(path, if_exists)?;
    file.write_all(content).with_context(|| format!("cannot write {}", path.display()))?;
    file.finish()
}

/// Refuses a file that others than its owner may read.
pub fn check_mode(path: &Path) -> anyhow::Result<()> {
    let mode = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.permissions().mode();
    let by_others = mode & 0o077;
    anyhow::ensure!(
        by_others == 0,
        "{path} may be read by others (mode {:03o}); run: chmod 600 {path}",
        mode & 0o777,
        path = path.display()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_file_is_0600_and_is_not_replaced_unless_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write(&path, b"one", IfExists::Refuse).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        check_mode(&path).unwrap();
        assert!(write(&path, b"two", IfExists::Refuse).unwrap_err().to_string().contains("exists already"));
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        write(&path, b"two", IfExists::Replace).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(check_mode(&path).is_err());
    }

    #[test]
    fn an_unfinished_or_late_file_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        drop(PrivateFile::create(&path, IfExists::Refuse).unwrap());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        let late = PrivateFile::create(&path, IfExists::Refuse).unwrap();
        std::fs::write(&path, b"first").unwrap();
        assert!(late.finish().is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
    #[test]
    fn a_device_or_directory_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        for path in [Path::new("/dev/full"), dir.path()] {
            let refused = write(path, b"gone", IfExists::Replace).unwrap_err().to_string();
            assert!(refused.contains("no regular file"), "{refused}");
        }
    }
}
