//! A directory of tiles as a source: a mirror's, an export's, or one that was copied from a disk.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use super::source::{Source, SourceError};

/// Reads files below a directory.
#[derive(Clone, Debug)]
pub struct DirSource(PathBuf);

impl DirSource {
    /// The files below `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self(dir.into())
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.0
    }
}

impl Source for DirSource {
    fn get(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, SourceError> {
        // Paths are made by core's `Tile` or are constants: none leads out of the directory.
        let path = self.0.join(path);
        let failed = |source| SourceError::File { path: path.clone(), source };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let length = file.metadata().map_err(failed)?.len();
        let most_read = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
        let mut bytes = Vec::with_capacity(usize::try_from(length.min(most_read)).unwrap_or(0));
        match file.take(most_read).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() > most => Err(SourceError::TooLong { name: path.display().to_string(), most }),
            Ok(_) => Ok(Some(bytes)),
            // `000` is a tile and a directory of partial ones is called `000.p`: never the one for the other, except where
            // somebody else's files lie.
            Err(error) if error.kind() == ErrorKind::IsADirectory => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn width(&self) -> usize {
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
    }

    fn name(&self) -> String {
        self.0.display().to_string()
    }
}
