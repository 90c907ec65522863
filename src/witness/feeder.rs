//! Brings each newest checkpoint to the witnesses, round by round, and knows where each of them stands.
//!
//! Nothing that posts or reads waits for it. A round has one checkpoint, so that cosignatures meet under the same text: it
//! lasts until the quorum is there or all have answered, and a slow witness does not hold the others up for longer than
//! [`Pace::round`].

mod round;
mod state;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::policy::Policy;
use xuefen_core::tree::TreeSize;

use super::client::WitnessClient;
use super::records::Records;
use crate::http_client::HttpClient;
use crate::sequencer::Ledger;

pub use state::{Problem, Standing};

/// How often witnesses are asked.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Least time between two rounds: more than one checkpoint a second helps nobody and costs every witness a sync.
    pub least: Duration,
    /// A round that has no quorum ends after this long, if the tree has grown.
    pub round: Duration,
    /// First pause of a witness that failed; doubled with each further failure.
    pub first_retry: Duration,
    /// Longest pause.
    pub last_retry: Duration,
    /// A tree that does not grow is cosigned again this often: a cosignature says that nothing newer was known at its time.
    pub refresh: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            least: Duration::from_secs(1),
            round: Duration::from_secs(20),
            first_retry: Duration::from_secs(1),
            last_retry: Duration::from_mins(1),
            refresh: Duration::from_mins(10),
        }
    }
}

/// A checkpoint with a quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// Its tree's size.
    pub size: TreeSize,
    /// The note: the log's signature and the cosignatures.
    pub note: Arc<str>,
}

/// The witnesses of a running ledger.
pub struct Witnesses {
    asked: ArcSwap<Asked>,
    http: HttpClient,
    records: Records,
    pace: Pace,
    ledger: Arc<Ledger>,
    newest: watch::Sender<Option<Witnessed>>,
    task: Mutex<Option<Task>>,
}

/// Who is asked, from one reading of the policy to the next.
struct Asked {
    policy: Policy,
    clients: Vec<WitnessClient>,
    /// In the order of the clients.
    standings: Mutex<Vec<Standing>>,
}

/// The loop, and how it is told to end.
struct Task {
    stop: watch::Sender<bool>,
    done: JoinHandle<()>,
}

impl Witnesses {
    /// The witnesses of `policy` for `ledger`, not asked yet. What they cosigned earlier is in `records`.
    #[must_use]
    pub fn new(ledger: Arc<Ledger>, policy: Policy, records: Records, http: &HttpClient, pace: Pace) -> Self {
        let (newest, _) = watch::channel(earlier(&ledger, &policy, &records));
        let asked = ArcSwap::from_pointee(Asked::new(policy, http, &records, &[]));
        Self { asked, http: http.clone(), records, pace, ledger, newest, task: Mutex::new(None) }
    }

    /// Asks the witnesses of another policy from now on; those that stay keep their standing. What had its quorum under the
    /// policy before stays published until something newer has its quorum under this one.
    pub async fn replace(self: &Arc<Self>, policy: Policy) {
        // The rounds of before would count under the old policy, and hold clients of witnesses that are gone.
        self.stop().await;
        let known = self.standings();
        self.asked.store(Arc::new(Asked::new(policy, &self.http, &self.records, &known)));
        self.start();
    }

    /// Begins to ask, within a runtime. Once.
    pub fn start(self: &Arc<Self>) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() {
            let (stop, stopped) = watch::channel(false);
            *task = Some(Task { stop, done: tokio::spawn(round::run(Arc::clone(self), stopped)) });
        }
    }

    /// Ends asking; returns once nothing of it holds the ledger any more.
    pub async fn stop(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Task { stop, done }) = task {
            stop.send_replace(true);
            // If it panicked, that has been printed.
            drop(done.await);
        }
    }

    /// Whether the policy asks for cosignatures at all (`quorum none` does not).
    #[must_use]
    pub fn has_quorum(&self) -> bool {
        !self.asked.load().policy.quorum_is_none()
    }

    /// The newest checkpoint with a quorum; `None` if there was none yet, or the policy asks for none.
    #[must_use]
    pub fn newest(&self) -> Option<Witnessed> {
        self.newest.borrow().clone()
    }

    /// Changes with every checkpoint that gets its quorum.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<Witnessed>> {
        self.newest.subscribe()
    }

    /// Waits for a checkpoint with a quorum over at least `size` entries. The caller bounds the wait.
    pub async fn covering(&self, size: u64) -> Option<Witnessed> {
        let mut newest = self.newest.subscribe();
        let covers = |newest: &Option<Witnessed>| newest.as_ref().is_some_and(|newest| newest.size.0 >= size);
        newest.wait_for(covers).await.ok()?.clone()
    }

    /// Where each witness stands, in the order of the policy.
    #[must_use]
    pub fn standings(&self) -> Vec<Standing> {
        self.asked.load().standings()
    }

    /// The state in the text format of Prometheus.
    #[must_use]
    pub fn metrics(&self) -> String {
        state::metrics(&self.standings(), self.newest().map(|newest| newest.size.0), self.ledger.view().tree.size)
    }
}

impl Asked {
    fn new(policy: Policy, http: &HttpClient, records: &Records, known: &[Standing]) -> Self {
        let clients: Vec<_> = policy.witnesses().iter().map(|it| WitnessClient::new(it, http.clone())).collect();
        let standing = |client: &WitnessClient| {
            let new = Standing::new(client, records.read(client.key()));
            let known = known.iter().find(|known| known.name == new.name && known.vkey == new.vkey);
            known.cloned().unwrap_or(new)
        };
        let standings = Mutex::new(clients.iter().map(standing).collect());
        Self { policy, clients, standings }
    }

    fn standings(&self) -> Vec<Standing> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn with_standing(&self, witness: usize, change: impl FnOnce(&mut Standing)) {
        change(&mut self.standings.lock().unwrap_or_else(PoisonError::into_inner)[witness]);
    }
}

/// The checkpoint that had its quorum before the restart, if it is one of this ledger.
fn earlier(ledger: &Ledger, policy: &Policy, records: &Records) -> Option<Witnessed> {
    let note = records.witnessed().filter(|_| !policy.quorum_is_none())?;
    policy.accept(&note).ok()?;
    let checkpoint = Checkpoint::parse_note(&note).ok()?;
    let view = ledger.view();
    let ours = checkpoint.origin == *ledger.origin()
        && checkpoint.size.0 <= view.tree.size
        && view.index.root(checkpoint.size).is_ok_and(|root| root == checkpoint.root);
    ours.then(|| Witnessed { size: checkpoint.size, note: note.into() })
}
