//! A witness for others: it cosigns a checkpoint if that extends the last one it cosigned of the same log, and remembers it
//! on stable storage before anybody sees the cosignature.
//!
//! `judge` decides, `store` remembers, `http` listens; this file is the order between them.

pub mod http;
mod judge;
mod store;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use xuefen_core::cosignature;
use xuefen_core::hash::sha256;
use xuefen_core::key::SecretKey;
use xuefen_core::policy::Policy;
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};

pub use judge::{Answer, Last};
pub use store::StoreError;

use judge::Asked;
use store::Store;

/// The clock may be this far behind the last cosignature of a log, seconds.
const CLOCK_BACK_SECONDS: u64 = 300;

/// Unix seconds.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// A running witness.
pub struct Witness {
    name: KeyName,
    key: SecretKey,
    /// By origin.
    logs: BTreeMap<String, Log>,
    store: Store,
    clock: Clock,
    answered: [AtomicU64; Answer::KINDS.len()],
}

/// A log that this witness cosigns.
struct Log {
    keys: Vec<VerifierKey>,
    /// Held from the check until the new record is on stable storage, so that no two requests begin at the same one.
    state: Mutex<State>,
}

enum State {
    /// What was cosigned last.
    Known(Option<Record>),
    /// A write failed: nobody knows which record the disk has, so nothing is cosigned before a restart has looked.
    Unknown,
}

/// What was cosigned last of a log.
#[derive(Clone)]
struct Record {
    last: Last,
    /// Time of the cosignature, Unix seconds.
    time: u64,
    /// Checkpoint with the log's signature and this witness's own.
    note: Arc<str>,
}

impl Witness {
    /// A witness for the logs of `policy`, with its memory in `dir`.
    pub fn open(dir: &Path, name: KeyName, key: SecretKey, policy: &Policy, clock: Clock) -> Result<Self, StoreError> {
        let vkey = VerifierKey::new(name.clone(), KeyType::Cosignature, key.public().clone());
        let store = Store::open(dir, vkey)?;
        let mut logs = BTreeMap::<String, Log>::new();
        for log in policy.logs() {
            let origin = log.key.name().as_str().to_owned();
            let entry = logs.entry(origin);
            entry
                .or_insert_with(|| Log { keys: Vec::new(), state: Mutex::new(State::Unknown) })
                .keys
                .push(log.key.clone());
        }
        for (origin, log) in &mut logs {
            let record = store.read(origin)?;
            log.state = Mutex::new(State::Known(record));
        }
        Ok(Self { name, key, logs, store, clock, answered: Default::default() })
    }

    /// Makes the memory of a new witness.
    pub fn create(dir: &Path, name: &KeyName, key: &SecretKey) -> Result<(), StoreError> {
        Store::create(dir, &VerifierKey::new(name.clone(), KeyType::Cosignature, key.public().clone()))
    }

    /// Its key, for policies.
    #[must_use]
    pub fn vkey(&self) -> VerifierKey {
        VerifierKey::new(self.name.clone(), KeyType::Cosignature, self.key.public().clone())
    }

    /// Origins of the logs that it cosigns, and the size it last cosigned of each.
    pub fn logs(&self) -> impl Iterator<Item = (&str, Option<u64>)> {
        self.logs.iter().map(|(origin, log)| {
            let state = log.state.lock().unwrap_or_else(PoisonError::into_inner);
            let size = if let State::Known(Some(record)) = &*state { Some(record.last.size.0) } else { None };
            (origin.as_str(), size)
        })
    }

    /// Answers an `add-checkpoint`. Waits for the disk.
    pub fn add_checkpoint(&self, body: &[u8]) -> Answer {
        let answer = match self.decide(body) {
            Ok(answer) | Err(answer) => answer,
        };
        self.answered[answer.kind()].fetch_add(1, Ordering::Relaxed);
        answer
    }

    fn decide(&self, body: &[u8]) -> Result<Answer, Answer> {
        let asked = Asked::parse(body)?;
        let log = self.logs.get(asked.origin()).ok_or(Answer::UnknownOrigin)?;
        let signed = asked.signed_by(&log.keys)?;
        asked.check_sizes()?;
        // One request of a log at a time from here to the fsync: with two, the later writer could roll the record back.
        let mut state = log.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Known(record) = &*state else { return Err(Answer::Broken) };
        let last = record.as_ref().map(|record| record.last);
        if let Err(answer) = asked.extends(last) {
            if let Answer::Inconsistent(why) = answer {
                // Signed by the log, so it may be proof of what the log did.
                let kept = self.store.keep_evidence(asked.origin(), asked.note());
                let size = asked.tree().size.0;
                tracing::error!(origin = asked.origin(), size, why, kept, "a checkpoint does not extend the last one");
            }
            return Err(answer);
        }
        // A clock that goes back a little must not make the newest cosignature look older than the last; one that went back
        // far was wrong then or is wrong now, and a time that nobody can vouch for is not signed.
        let (now, before) = ((self.clock)(), record.as_ref().map_or(1, |record| record.time));
        if before > now.saturating_add(CLOCK_BACK_SECONDS) {
            tracing::error!(origin = asked.origin(), now, before, "the clock is behind the last cosignature; set it");
            return Err(Answer::Clock);
        }
        let time = now.max(before);
        let line = cosignature::sign(asked.text(), &self.name, &self.key, time);
        let note = format!("{}\n{signed}{line}", asked.text());
        // From here until the write is done the disk may have either.
        *state = State::Unknown;
        if let Err(error) = self.store.write(asked.origin(), &note) {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot remember a checkpoint; restart to go on");
            return Err(Answer::Broken);
        }
        *state = State::Known(Some(Record { last: asked.tree(), time, note: note.into() }));
        Ok(Answer::Cosigned(line))
    }

    /// The newest cosigned checkpoint of the log whose origin has this SHA-256, lower-case hexadecimal.
    pub fn newest(&self, origin_hash: &str) -> Option<Arc<str>> {
        let (_, log) = self.logs.iter().find(|(origin, _)| origin_hash == origin_hash_of(origin))?;
        match &*log.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Known(Some(record)) => Some(Arc::clone(&record.note)),
            _ => None,
        }
    }

    /// Its state in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        use std::fmt::Write as _;
        let mut text = String::from("# TYPE xuefen_witness_requests_total counter\n");
        for (kind, count) in Answer::KINDS.iter().zip(&self.answered) {
            let count = count.load(Ordering::Relaxed);
            // Writing to a String cannot fail.
            let _ = writeln!(text, "xuefen_witness_requests_total{{answer=\"{kind}\"}} {count}");
        }
        text.push_str("# TYPE xuefen_witness_tree_size gauge\n");
        for (origin, size) in self.logs() {
            let _ = writeln!(text, "xuefen_witness_tree_size{{origin=\"{}\"}} {}", label(origin), size.unwrap_or(0));
        }
        text
    }
}

/// What a log's files and its path are called by.
fn origin_hash_of(origin: &str) -> String {
    sha256(&[origin.as_bytes()]).to_string()
}

/// A value of a Prometheus label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
