//! Public keys for the pool, read from the state once and kept: decompressing and checking a point costs a third of
//! verifying a signature with it.
//!
//! A key id determines its public key, so what is kept never becomes wrong; whether a key is in force is asked of the state
//! by whoever decides, every time (formats.md 2).

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use xuefen_core::key::{KeyId, PublicKey};
use xuefen_ledger::{KeyLookup, query};

use super::state::AsOf;
use super::view::View;

/// Keys kept at most; then all are forgotten and read once more.
const MOST: usize = 4_096;

/// Keys that were read before. Only registered ones: strangers cannot fill it.
#[derive(Default)]
pub(super) struct KnownKeys(RwLock<BTreeMap<KeyId, PublicKey>>);

impl KnownKeys {
    /// These keys, and behind them those of a view.
    pub(super) fn beside<'a>(&'a self, view: &'a View) -> impl KeyLookup + 'a {
        Keys { known: self, view }
    }
}

struct Keys<'a> {
    known: &'a KnownKeys,
    view: &'a View,
}

/// A key that is not published yet is not found: the sequencer checks such a signature instead.
impl KeyLookup for Keys<'_> {
    fn public_key(&self, id: &KeyId) -> Option<PublicKey> {
        // Each change of the map is one step: a panic leaves it whole.
        if let Some(key) = self.known.0.read().unwrap_or_else(PoisonError::into_inner).get(id) {
            return Some(key.clone());
        }
        let state = AsOf::new(&self.view.index, self.view.tree.size);
        let row = query::key(&state, id).inspect_err(|error| tracing::error!(%error, "cannot read a key")).ok()??;
        let key = PublicKey::parse(&row.public_key).ok()?;
        let mut known = self.known.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(*id, key.clone());
        Some(key)
    }
}
