//! Small logs for tests, made straight from the words of RFC 6962 and tlog-tiles and with nothing of what they test.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use xuefen_core::Hash;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::hash::sha256;
use xuefen_core::key::SecretKey;
use xuefen_core::note;
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::tree::TreeSize;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

use super::source::{Source, SourceError};

pub(super) const ORIGIN: &str = "log.example/a";

/// Entries of different lengths, the first `count` of a history.
pub(super) fn history(name: &str, count: u64) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| format!("{name} {number}").repeat(usize::try_from(number % 5).unwrap()).into_bytes())
        .collect()
}

/// MTH of RFC 6962, 2.1.
pub(super) fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            sha256(&[&[1], mth(left).as_ref(), mth(right).as_ref()])
        }
    }
}

fn path(kind: &str, index: usize, width: usize) -> String {
    let groups =
        if index < 1_000 { format!("{index:03}") } else { format!("x{:03}/{:03}", index / 1_000, index % 1_000) };
    if width == 256 { format!("tile/{kind}/{groups}") } else { format!("tile/{kind}/{groups}.p/{width}") }
}

pub(super) fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

pub(super) fn policy(seed: u8) -> Policy {
    let key = VerifierKey::new(KeyName::parse(ORIGIN).unwrap(), KeyType::Note, secret(seed).public().clone());
    Policy::parse(&format!("log {key} https://log.example/a\nquorum none\n")).unwrap()
}

pub(super) fn signed(size: u64, root: Hash, seed: u8) -> String {
    let origin = Origin::parse(ORIGIN).unwrap();
    let text = Checkpoint { origin, size: TreeSize(size), root }.text();
    let line = note::sign(&text, &KeyName::parse(ORIGIN).unwrap(), &secret(seed));
    note::assemble(&text, [line.as_str()])
}

/// All resources of a log by path, as a server has them at this size.
pub(super) fn published(entries: &[Vec<u8>]) -> BTreeMap<String, Vec<u8>> {
    let leaves: Vec<Hash> = entries.iter().map(|entry| sha256(&[&[0], entry])).collect();
    let mut resources = BTreeMap::new();
    for (index, entries) in entries.chunks(256).enumerate() {
        let framed = |entry: &Vec<u8>| [&u16::try_from(entry.len()).unwrap().to_be_bytes()[..], entry].concat();
        resources.insert(path("entries", index, entries.len()), entries.iter().flat_map(framed).collect());
    }
    let mut span = 1;
    for level in 0..8 {
        let hashes: Vec<Hash> = leaves.chunks_exact(span).map(mth).collect();
        for (index, hashes) in hashes.chunks(256).enumerate() {
            let bytes = hashes.iter().flat_map(|hash| hash.0).collect();
            resources.insert(path(&level.to_string(), index, hashes.len()), bytes);
        }
        span = span.saturating_mul(256);
    }
    resources.insert("checkpoint".to_owned(), signed(entries.len() as u64, mth(&leaves), 1).into_bytes());
    resources
}

/// A source in memory, which can be made to fail.
#[derive(Debug, Default)]
pub(super) struct Memory {
    pub resources: BTreeMap<String, Vec<u8>>,
    /// Answers before it fails for good; `None` = it does not.
    pub fails_after: Option<usize>,
    pub asked: Mutex<Vec<String>>,
    pub answers: AtomicUsize,
}

impl Memory {
    pub fn new(entries: &[Vec<u8>]) -> Self {
        Self { resources: published(entries), ..Self::default() }
    }
}

impl Source for Memory {
    fn get(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, SourceError> {
        self.asked.lock().unwrap().push(path.to_owned());
        if self.fails_after.is_some_and(|most| self.answers.fetch_add(1, Ordering::Relaxed) >= most) {
            return Err(SourceError::Status { url: path.to_owned(), status: 503 });
        }
        match self.resources.get(path) {
            Some(bytes) if bytes.len() > most => Err(SourceError::TooLong { name: path.to_owned(), most }),
            found => Ok(found.cloned()),
        }
    }

    fn width(&self) -> usize {
        2
    }

    fn name(&self) -> String {
        "memory".to_owned()
    }
}
