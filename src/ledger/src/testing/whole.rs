//! A sample world as `decide` reads it: its rows, and its entries.

use super::World;
use crate::policy::KnownPolicies;
use crate::posting::Message;
use crate::state::{Entries, Key, Read, ReadError};
use prost::bytes::Bytes;
use xuefen_core::entry::Entry;
use xuefen_core::hash::Hash;
use xuefen_core::tree::Frontier;

/// Rows and entries of a [`World`]: what [`decide`](crate::decide) is given.
#[derive(Clone, Copy, Debug)]
pub struct Whole<'a>(pub(super) &'a World);

impl Read for Whole<'_> {
    fn newest(&self, key: &Key) -> Result<Option<(u64, Bytes)>, ReadError> {
        self.0.state.newest(key)
    }

    fn known_policies(&self) -> Option<&KnownPolicies> {
        Some(&self.0.known)
    }
}

impl Whole<'_> {
    fn entry(&self, index: u64) -> Option<&Entry<Message>> {
        Some(&self.0.entries.get(usize::try_from(index).ok()?)?.0)
    }
}

impl Entries for Whole<'_> {
    fn leaf_hash(&self, index: u64) -> Result<Option<Hash>, ReadError> {
        Ok(self.entry(index).map(Entry::leaf_hash))
    }

    fn statement_hash(&self, index: u64) -> Result<Option<Hash>, ReadError> {
        Ok(self.entry(index).map(|entry| entry.statement().leaf_hash()))
    }

    fn root(&self, size: u64) -> Result<Option<Hash>, ReadError> {
        let first = usize::try_from(size).ok().and_then(|size| self.0.entries.get(..size));
        Ok(first.map(|first| {
            let mut tree = Frontier::new();
            for (entry, _) in first {
                tree.append(entry.leaf_hash());
            }
            tree.root()
        }))
    }
}
