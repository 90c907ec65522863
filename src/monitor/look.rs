//! One look at a log: every source's checkpoint against the largest one seen, then time, then one's own entries.

use std::collections::BTreeSet;

use xuefen_core::policy::{NotAccepted, Policy};

use super::alert::{Alert, Code, chain};
use super::known::Known;
use super::own;
use super::state::{FILE, MAX, State};
use crate::mirror::{LogAt, MAX_NOTE, MirrorError, Noted, Source, Store};

/// What is watched.
#[derive(Debug)]
pub struct Watch {
    /// The log, and other views of it: mirrors, caches, what another network is shown. The first is read for entries.
    pub sources: Vec<Box<dyn Source>>,
    /// Who must have signed.
    pub policy: Policy,
    /// Seconds without a new signature after which the log is stale.
    pub stale_after: Option<u64>,
    /// One's own institution id.
    pub issuer: Option<String>,
}

/// What a look saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Alerts that were not told before.
    pub new: Vec<Alert>,
    /// All that stand now, told or not.
    pub standing: Vec<Alert>,
    /// The largest checkpoint seen so far.
    pub held: Option<Noted>,
    /// When that changed last, Unix seconds.
    pub changed_at: u64,
}

/// A monitor and its memory.
#[derive(Debug)]
pub struct Monitor {
    watch: Watch,
    store: Store,
    state: State,
}

/// The checkpoint of one source, and what is wrong with it all the same.
enum Shown {
    Note(Box<Noted>, Option<Alert>),
    Nothing(Alert),
}

impl Monitor {
    /// Watches, remembering in `store`.
    ///
    /// # Errors
    /// If what is remembered cannot be read.
    pub fn new(watch: Watch, store: Store) -> Result<Self, MirrorError> {
        let state = remembered(&store)?;
        Ok(Self { watch, store, state })
    }

    /// Looks once. `known` are one's own statements; `now` is Unix seconds.
    ///
    /// # Errors
    /// If the monitor's own directory cannot be used. Anything about the log is an alert.
    pub fn look(&mut self, known: &Known, now: u64) -> Result<Seen, MirrorError> {
        let mut alerts = Vec::new();
        let mut held = self.held()?;
        for at in 0..self.watch.sources.len() {
            alerts.extend(self.source(at, &mut held, now)?);
        }
        alerts.extend(self.age(held.as_ref(), now));
        alerts.extend(self.own(held.as_ref(), known));
        Ok(self.tell(alerts, held))
    }

    fn held(&self) -> Result<Option<Noted>, MirrorError> {
        let Some(note) = self.store.note()? else { return Ok(None) };
        let foreign = || MirrorError::Foreign { dir: self.store.files().dir().to_owned() };
        let accepted = Noted::accept(&note, &self.watch.policy).ok();
        accepted.or_else(|| Noted::held(&note, &self.watch.policy)).map(Some).ok_or_else(foreign)
    }

    /// The checkpoint of a source. One that only lacks witnesses is compared like any other.
    fn shown(&self, at: usize) -> Shown {
        let source = &*self.watch.sources[at];
        let name = source.name();
        let bytes = match source.get("checkpoint", MAX_NOTE) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Shown::Nothing(Alert::of(Code::SourceUnreadable, name, "there is no checkpoint")),
            Err(error) => {
                let detail = chain(&error);
                return Shown::Nothing(Alert::of(Code::SourceUnreadable, name, detail));
            }
        };
        let note = String::from_utf8_lossy(&bytes);
        match Noted::accept(&note, &self.watch.policy) {
            Ok(noted) => Shown::Note(Box::new(noted), None),
            Err(error) => {
                let lacking = matches!(error, NotAccepted::Quorum { .. });
                let detail = chain(&error);
                match Noted::held(&note, &self.watch.policy).filter(|_| lacking) {
                    Some(noted) => Shown::Note(Box::new(noted), Some(Alert::of(Code::Unwitnessed, name, detail))),
                    None => Shown::Nothing(Alert::of(Code::CheckpointNotAccepted, name, detail)),
                }
            }
        }
    }

    /// One source against what is held; the held checkpoint moves on to a larger one that continues it.
    fn source(&mut self, at: usize, held: &mut Option<Noted>, now: u64) -> Result<Vec<Alert>, MirrorError> {
        let (shown, alert) = match self.shown(at) {
            Shown::Note(noted, alert) => (*noted, alert),
            Shown::Nothing(alert) => return Ok(vec![alert]),
        };
        let name = self.watch.sources[at].name();
        let mut alerts: Vec<Alert> = alert.into_iter().collect();
        let size = shown.checkpoint.size.0;
        let most = self.state.most.get(&name).copied().unwrap_or(0);
        if size < most {
            alerts.push(Alert::of(Code::LogShrank, name.clone(), format!("{size} entries, and {most} before")));
        }
        let Some(before) = held.as_ref() else {
            self.state.most.insert(name, size);
            self.hold(held, shown, now)?;
            return Ok(alerts);
        };
        if before.checkpoint.origin != shown.checkpoint.origin {
            let detail = format!("the log {}, not {}", shown.checkpoint.origin, before.checkpoint.origin);
            alerts.push(Alert::of(Code::CheckpointNotAccepted, name, detail));
            return Ok(alerts);
        }
        match self.compare(at, before, &shown) {
            Ok(()) => {
                // Only what is of one history with the rest counts as shown before.
                self.state.most.insert(name, size.max(most));
                let grown = size > before.checkpoint.size.0;
                let fresher = size == before.checkpoint.size.0 && cosigned_at(&shown) > cosigned_at(before);
                if grown || fresher {
                    self.hold(held, shown, now)?;
                }
            }
            Err((_, MirrorError::Contradiction(it))) => {
                let dir = self.store.keep_contradiction(&it.held, &it.shown)?;
                let sizes = (it.held.checkpoint.size, it.shown.checkpoint.size);
                let detail = format!(
                    "its checkpoints over {} and {} entries are not of one log that only grew; both notes are in {}",
                    sizes.0,
                    sizes.1,
                    dir.display()
                );
                alerts.push(Alert::of(Code::LogContradictsItself, name, detail));
            }
            Err((blamed, error)) => {
                let code = if error.is_finding() { Code::ResourceWrong } else { Code::SourceUnreadable };
                alerts.push(Alert::of(code, self.watch.sources[blamed].name(), chain(&error)));
            }
        }
        Ok(alerts)
    }

    /// Whether the smaller of two checkpoints is of a beginning of the larger one's tree. The tiles are asked of who shows
    /// the larger one; the largest so far is the first source's, or it came from this one. An error comes with the source
    /// that is to blame for it: one that is merely behind need not have the tiles of a tree that another has shown.
    fn compare(&self, at: usize, held: &Noted, shown: &Noted) -> Result<(), (usize, MirrorError)> {
        let (ours, theirs) = (&held.checkpoint, &shown.checkpoint);
        if ours.size == theirs.size {
            let same = ours.root == theirs.root;
            return if same { Ok(()) } else { Err((at, MirrorError::contradiction(held, shown))) };
        }
        if theirs.size > ours.size {
            let log = LogAt::open(&*self.watch.sources[at], None, shown.clone());
            return log.and_then(|log| log.check_extends(held)).map_err(|error| (at, error));
        }
        // Whoever has the larger tree has the tiles that prove the smaller one, or the contradiction.
        let (mut failure, mut unproven) = (None, None);
        for (other, source) in self.watch.sources.iter().enumerate() {
            match LogAt::open(&**source, None, held.clone()).and_then(|log| log.root_at(theirs.size)) {
                Ok(root) if root == theirs.root => return Ok(()),
                Ok(_) => return Err((at, MirrorError::contradiction(held, shown))),
                // Who has shown that tree owes its tiles; who has not owes nothing.
                Err(error) if failure.is_none() && self.has_shown(other, ours.size.0) => failure = Some((other, error)),
                Err(error) => unproven = unproven.or(Some((at, error))),
            }
        }
        failure.or(unproven).map_or(Ok(()), Err)
    }

    /// Whether a source has shown a tree of this size, or a larger one, of the history that is held.
    fn has_shown(&self, at: usize, size: u64) -> bool {
        self.state.most.get(&self.watch.sources[at].name()).is_some_and(|most| *most >= size)
    }

    fn hold(&mut self, held: &mut Option<Noted>, shown: Noted, now: u64) -> Result<(), MirrorError> {
        self.store.commit(&shown.note)?;
        self.state.changed_at = now;
        *held = Some(shown);
        Ok(())
    }

    /// Whether it is too long since anything was signed: by the witnesses' clocks where there are any, else since the
    /// checkpoint changed here.
    fn age(&self, held: Option<&Noted>, now: u64) -> Option<Alert> {
        let (limit, held) = (self.watch.stale_after?, held?);
        let since = cosigned_at(held).unwrap_or(self.state.changed_at);
        let age = now.saturating_sub(since);
        let name = self.watch.sources.first()?.name();
        let detail = || format!("nothing new was signed for {age} s; {} entries", held.checkpoint.size);
        (age > limit).then(|| Alert::of(Code::Stale, name, detail()))
    }

    /// Entries since the last look that concern one's own institution.
    fn own(&mut self, held: Option<&Noted>, known: &Known) -> Vec<Alert> {
        let (Some(issuer), Some(held), Some(source)) = (&self.watch.issuer, held, self.watch.sources.first()) else {
            return Vec::new();
        };
        if self.state.next_index >= held.checkpoint.size.0 {
            return Vec::new();
        }
        let found = LogAt::open(&**source, None, held.clone())
            .and_then(|log| own::entries_since(&log, self.state.next_index, issuer, known));
        match found {
            Ok(alerts) => {
                self.state.next_index = held.checkpoint.size.0;
                alerts
            }
            // They are looked at next time.
            Err(error) => {
                let code = if error.is_finding() { Code::ResourceWrong } else { Code::SourceUnreadable };
                vec![Alert::of(code, source.name(), chain(&error))]
            }
        }
    }

    /// Which alerts are new. What lasts is told once, and again after it was over.
    fn tell(&mut self, mut alerts: Vec<Alert>, held: Option<Noted>) -> Seen {
        let key = |alert: &Alert| (alert.code, alert.source.clone());
        // A source may be to blame for itself and for what it keeps others from proving.
        let mut once = BTreeSet::new();
        alerts.retain(|alert| alert.code.is_event() || once.insert(key(alert)));
        let is_new = |alert: &&Alert| alert.code.is_event() || !self.state.told.contains(&key(alert));
        let new: Vec<Alert> = alerts.iter().filter(is_new).cloned().collect();
        self.state.told = alerts.iter().filter(|alert| !alert.code.is_event()).map(key).collect::<BTreeSet<_>>();
        Seen { new, standing: alerts, held, changed_at: self.state.changed_at }
    }

    /// Remembers what the last look saw. After its alerts were delivered: what is not remembered is told again.
    ///
    /// # Errors
    /// If the directory cannot be written.
    ///
    /// # Panics
    /// Never: what is remembered has a text form.
    pub fn remember(&self) -> Result<(), MirrorError> {
        let bytes = serde_json::to_vec_pretty(&self.state).expect("a plain struct with text keys is always JSON");
        self.store.keep(FILE, &bytes)
    }

    /// Goes back to what was remembered last: what was seen since is told again.
    ///
    /// # Errors
    /// If what is remembered cannot be read.
    pub fn forget(&mut self) -> Result<(), MirrorError> {
        self.state = remembered(&self.store)?;
        Ok(())
    }
}

fn remembered(store: &Store) -> Result<State, MirrorError> {
    match store.files().get(FILE, MAX) {
        Ok(None) => Ok(State::default()),
        // A state that cannot be read is begun again: every alert is then told once more, which is the safe side.
        Ok(Some(bytes)) => Ok(serde_json::from_slice(&bytes).unwrap_or_default()),
        Err(source) => Err(MirrorError::Source { name: store.files().name(), source }),
    }
}

/// The latest time that a witness vouched for.
fn cosigned_at(noted: &Noted) -> Option<u64> {
    noted.cosigned.iter().map(|(_, time)| *time).max()
}
