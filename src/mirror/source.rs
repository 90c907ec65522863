//! Where the resources of a log come from. Nothing that a source gives is believed; that is [`super::LogAt`]'s part.

use std::fmt;
use std::path::{Path, PathBuf};

use xuefen_core::tile::{MAX_ENTRY, TILE_WIDTH};

use super::dir::DirSource;
use super::http::HttpSource;
use crate::http_client::HttpError;

/// Path of the checkpoint.
pub const CHECKPOINT: &str = "checkpoint";

/// Longest signed note that is read, bytes: a hundred signature lines of the largest kind, and some.
pub const MAX_NOTE: usize = 512 << 10;

/// Longest bundle, bytes: 256 entries, each behind its length.
pub const MAX_BUNDLE: usize = TILE_WIDTH as usize * (2 + MAX_ENTRY);

/// The resources of one log by their paths (C2SP tlog-tiles): `checkpoint`, `tile/0/x001/234`, `tile/entries/000.p/9`.
pub trait Source: Send + Sync + fmt::Debug {
    /// The resource; `None` if the source does not have it. May wait.
    ///
    /// # Errors
    /// If the source cannot be asked, or gives more than `most` bytes.
    fn get(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, SourceError>;

    /// How many resources are worth asking for at once.
    fn width(&self) -> usize;

    /// How people call it: its URL or directory.
    fn name(&self) -> String;
}

/// Why a source did not answer. Says nothing about the log.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A request failed.
    #[error("the log cannot be read over HTTP")]
    Http(#[from] HttpError),
    /// The server answered something else than yes or no.
    #[error("{url} answered with status {status}; try again later, or another URL of this log")]
    Status {
        /// What was asked for.
        url: String,
        /// What came back.
        status: u16,
    },
    /// The body is not what its headers say.
    #[error("{url} answered with a body that cannot be decompressed ({coding})")]
    Coding {
        /// What was asked for.
        url: String,
        /// The content coding it named.
        coding: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Longer than anything that belongs there.
    #[error("{name} is longer than {most} bytes")]
    TooLong {
        /// Which resource.
        name: String,
        /// Most bytes taken.
        most: usize,
    },
    /// Neither a URL nor a directory.
    #[error("{name:?} is neither a directory nor an http:// or https:// URL")]
    NotASource {
        /// As given.
        name: String,
    },
    /// No threads for the network.
    #[error("cannot start the runtime")]
    Runtime(#[source] std::io::Error),
}

/// The source of a URL or directory. `ca` names a file of certificates (PEM) to trust beside those of this machine.
///
/// # Errors
/// If it is neither, or TLS cannot be set up.
pub fn open(name: &str, ca: Option<&Path>) -> Result<Box<dyn Source>, SourceError> {
    if name.starts_with("http://") || name.starts_with("https://") {
        return Ok(Box::new(HttpSource::new(name, ca)?));
    }
    if Path::new(name).is_dir() {
        return Ok(Box::new(DirSource::new(name)));
    }
    Err(SourceError::NotASource { name: name.to_owned() })
}
