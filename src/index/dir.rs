//! Directories: each index stands in a numbered one, and the file `CURRENT` names the one in use. A rebuild fills a fresh
//! directory and then swaps the pointer, so that an unfinished rebuild is never taken for an index.

use super::error::{IndexError, Result};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const POINTER: &str = "CURRENT";
const POINTER_NEW: &str = "CURRENT.new";

/// The directory that is in use; [`IndexError::Missing`] if there is none.
pub(super) fn current(parent: &Path) -> Result<PathBuf> {
    let pointer = parent.join(POINTER);
    let name = match fs::read_to_string(&pointer) {
        Ok(name) => name,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(IndexError::Missing(parent.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
        Err(source) => return Err(IndexError::Io { path: pointer, source }),
    };
    let dir = name.strip_suffix('\n').and_then(number).map(|number| parent.join(directory_name(number)));
    dir.filter(|dir| dir.is_dir()).ok_or_else(|| IndexError::Damaged("CURRENT names no directory".to_owned()))
}

/// A path for a new index, above all numbers in use. Creates the parent.
pub(super) fn fresh(parent: &Path) -> Result<PathBuf> {
    let at = |source| IndexError::Io { path: parent.to_owned(), source };
    fs::create_dir_all(parent).map_err(at)?;
    let last = numbered(parent)?.into_iter().map(|(number, _)| number).max().unwrap_or(0);
    Ok(parent.join(directory_name(last + 1)))
}

/// Makes `dir` the one in use and removes all others.
pub(super) fn make_current(parent: &Path, dir: &Path) -> Result<()> {
    let at = |source| IndexError::Io { path: parent.join(POINTER), source };
    let name = dir.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let new = parent.join(POINTER_NEW);
    let mut file = File::create(&new).map_err(at)?;
    file.write_all(format!("{name}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(at)?;
    // After the rename either the old or the new name is read, whatever happens.
    fs::rename(&new, parent.join(POINTER)).map_err(at)?;
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(at)?;
    remove_others(parent, Some(dir))
}

/// Removes all numbered directories but `keep`: unfinished rebuilds and what they replaced.
pub(super) fn remove_others(parent: &Path, keep: Option<&Path>) -> Result<()> {
    for (_, path) in numbered(parent)? {
        if Some(&*path) != keep {
            fs::remove_dir_all(&path).map_err(|source| IndexError::Io { path, source })?;
        }
    }
    Ok(())
}

/// Removes the index. The pointer goes first: without it there is no index, however far the removal came.
pub(super) fn remove(parent: &Path) -> Result<()> {
    let pointer = parent.join(POINTER);
    match fs::remove_file(&pointer) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(IndexError::Io { path: pointer, source: error });
        }
        _ => {}
    }
    if parent.is_dir() { remove_others(parent, None) } else { Ok(()) }
}

fn directory_name(number: u64) -> String {
    format!("{number:06}")
}

/// The number of a directory name, which has exactly one form; nothing else in `CURRENT` is ever followed.
fn number(name: &str) -> Option<u64> {
    name.parse().ok().filter(|number| directory_name(*number) == name)
}

fn numbered(parent: &Path) -> Result<Vec<(u64, PathBuf)>> {
    let at = |source| IndexError::Io { path: parent.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).map_err(at)? {
        let entry = entry.map_err(at)?;
        if let Some(number) = entry.file_name().to_str().and_then(number) {
            found.push((number, entry.path()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pointer_is_swapped_and_leftovers_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let parent = parent.path().join("index");
        let first = fresh(&parent).unwrap();
        assert!(matches!(current(&parent), Err(IndexError::Missing(_))));
        fs::create_dir(&first).unwrap();
        assert!(matches!(current(&parent), Err(IndexError::Missing(_))), "not before it is made current");
        make_current(&parent, &first).unwrap();
        assert_eq!(current(&parent).unwrap(), first);
        let second = fresh(&parent).unwrap();
        assert_ne!(first, second);
        fs::create_dir(&second).unwrap();
        make_current(&parent, &second).unwrap();
        assert_eq!(current(&parent).unwrap(), second);
        assert!(!first.exists());
        remove(&parent).unwrap();
        assert!(!second.exists() && matches!(current(&parent), Err(IndexError::Missing(_))));
        remove(&parent).unwrap();
    }

    #[test]
    fn a_pointer_to_elsewhere_is_damage() {
        let parent = tempfile::tempdir().unwrap();
        for text in [&b"../x\n"[..], b"", b"000001\n", b"000001", b"1\n", b"\xff\xfe\n"] {
            fs::write(parent.path().join(POINTER), text).unwrap();
            assert!(matches!(current(parent.path()), Err(IndexError::Damaged(_))), "{text:?}");
        }
    }
}
