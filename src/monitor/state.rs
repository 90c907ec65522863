//! What a monitor remembers from look to look: beside the checkpoint, in the same directory.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::alert::Code;

/// Name of the file.
pub(super) const FILE: &str = "monitor.json";

/// Longest state that is read, bytes.
pub(super) const MAX: usize = 1 << 20;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    /// When the held checkpoint last changed, or was first seen; Unix seconds.
    pub changed_at: u64,
    /// Entries below this were looked at for one's own name.
    pub next_index: u64,
    /// The most entries that each source has shown.
    pub most: BTreeMap<String, u64>,
    /// What lasts and was told already.
    pub told: BTreeSet<(Code, String)>,
}
