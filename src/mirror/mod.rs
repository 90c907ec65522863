//! Following a log from outside: where its resources come from, what of them a checkpoint vouches for, and a directory that
//! holds nothing else (C2SP tlog-tiles, formats.md 4).
//!
//! What stands here works for any tiled log and any entry: bytes, hashes, tiles and signed checkpoints. What entries mean,
//! the ledger's own files and every word shown to people stand elsewhere.
//!
//! - [`Source`]: a log's resources by path, over HTTP ([`HttpSource`]) or from a directory ([`DirSource`]).
//! - [`Noted`]: a checkpoint that a policy accepts. [`LogAt`]: the log under it, read through its proofs: a tile or bundle
//!   that comes out is the one that was signed.
//! - [`Store`]: a directory of tiles that only grows by whole, checked files. [`follow`] brings it up to date.
//! - [`TileBuilder`]: from leaf hashes to tiles, for whoever has the entries in order.

mod build;
mod dir;
mod error;
mod follow;
mod http;
mod log;
mod noted;
mod parallel;
mod source;
mod store;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use build::TileBuilder;
pub use dir::DirSource;
pub use error::{Contradiction, MirrorError};
pub use follow::{Followed, State, follow};
pub use http::HttpSource;
pub use log::{Bundle, LogAt};
pub use noted::Noted;
pub use source::{MAX_BUNDLE, MAX_NOTE, Source, SourceError, open};
pub use store::Store;
