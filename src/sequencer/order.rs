//! The sequencer thread: decides, in order, what enters, and gathers what it accepts into frames.
//!
//! A lone posting is committed right here. Under load this thread never waits for a disk: while the committer's makes one
//! frame durable the next one gathers here; as soon as the committer is back it gets whatever there is, so a lone entry waits
//! for nobody and a burst shares one sync (docs/adr/0040).

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use crossbeam_channel::{Receiver, select};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use xuefen_core::origin::Origin;
use xuefen_core::time::Timestamp;
use xuefen_core::tree::Frontier;
use xuefen_core::{Hash, chain};
use xuefen_ledger::{Accepted, Decision, Effects, Entries as _, Refusal, evolve, query};

use super::answer::{Answer, Receipt, Verdict};
use super::commit::{Batch, Closed, Waiting};
use super::erasure::{self, Erasure};
use super::error::SequencerError;
use super::gather::Gathering;
use super::lent::Lent;
use super::overlay::Overlay;
use super::pool::{Ready, Sealing, seal};
use super::read::Payloads;
use super::slots::HighestSlot;
use super::state::{Deciding, Judging};
use super::view::View;
use crate::index::Row;
use crate::journal::{FrameNumber, Reader, Sealed, TreeHead};
use crate::vault::{Slot, Vault, VaultError};

/// Postings that travel together; their verdicts leave together.
pub(super) struct Chunk {
    pub ready: Vec<Ready>,
    pub to: oneshot::Sender<Answer>,
    /// Frees the place in the queue when the chunk is answered.
    pub permit: OwnedSemaphorePermit,
}

/// A sealed record without a leaf (grants, activations, access), with the rows that make it findable.
pub(super) struct PrivateRecord {
    pub kind: u8,
    pub slot: Slot,
    pub sealed: Vec<u8>,
    pub rows: Vec<(Bytes, Bytes)>,
    /// Frees its place in the queue when it is durable.
    pub permit: OwnedSemaphorePermit,
}

/// What the sequencer thread is asked to do.
pub(super) enum Ask {
    Post(Chunk),
    Private(PrivateRecord, oneshot::Sender<Answer>),
    Erase(Erasure, OwnedSemaphorePermit, oneshot::Sender<Answer>),
}

/// Time, so that tests need not wait. Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Where the log ends: what the next entry and frame continue.
pub(super) struct End {
    pub tree: Frontier,
    pub chain: Hash,
    pub next_frame: FrameNumber,
    pub frame_hash: Hash,
    /// Of the last entry, Unix seconds.
    pub logged_at: i64,
    pub slots: HighestSlot,
}

/// Everything the sequencer thread owns.
pub(super) struct Sequencer {
    origin: Origin,
    vault: Arc<Vault>,
    view: Arc<ArcSwap<View>>,
    clock: Clock,
    end: End,
    overlay: Overlay,
    open: Gathering,
    /// Slots erased since the start: what was sealed in one before cannot be opened any more.
    gone: BTreeSet<Slot>,
    /// For what is posted again in another form: the entry itself tells whether it is the same.
    reader: Arc<dyn Reader>,
}

impl Sequencer {
    pub(super) fn new(
        origin: Origin,
        vault: Arc<Vault>,
        view: Arc<ArcSwap<View>>,
        reader: Arc<dyn Reader>,
        clock: Clock,
        end: End,
    ) -> Self {
        let open = Gathering::new(end.next_frame, end.tree.size().0, end.frame_hash, 0);
        Self { origin, vault, view, clock, end, overlay: Overlay::default(), open, gone: BTreeSet::new(), reader }
    }

    /// Takes what is asked until everybody who could ask is gone, or something fails.
    pub(super) fn run(mut self, asks: &Receiver<Ask>, mut lent: Lent) -> Result<(), SequencerError> {
        // A committer that does not come back has said why.
        loop {
            if self.open.is_idle() {
                let Ok(ask) = asks.recv() else { break };
                if self.take(ask, &mut lent)?.is_none() {
                    return Ok(());
                }
            } else if !lent.is_away() {
                if self.open.is_small() && asks.is_empty() {
                    lent.here(self.close())?;
                } else {
                    lent.away(self.close());
                }
            } else {
                // Whichever comes first: the committer is back, or there is more to gather.
                select! {
                    recv(lent.returned) -> back => {
                        let Ok(back) = back else { return Ok(()) };
                        lent.take_back(back);
                    }
                    recv(asks) -> ask => {
                        let Ok(ask) = ask else { break };
                        if self.take(ask, &mut lent)?.is_none() {
                            return Ok(());
                        }
                    }
                }
            }
        }
        lent.end((!self.open.is_idle()).then(|| self.close()))
    }

    /// `None`: the committer has failed.
    fn take(&mut self, ask: Ask, lent: &mut Lent) -> Result<Option<()>, SequencerError> {
        let (entries, bytes) = match &ask {
            Ask::Post(chunk) => (chunk.ready.len(), chunk.ready.iter().map(Ready::record_bytes).sum()),
            Ask::Private(record, _) => (0, record.sealed.len()),
            Ask::Erase(..) => (0, 0),
        };
        if !self.open.fits(entries, bytes) {
            if !lent.wait() {
                return Ok(None);
            }
            lent.away(self.close());
        }
        self.overlay.drain(self.view.load().tree.size);
        match ask {
            Ask::Post(chunk) => self.post(chunk)?,
            Ask::Private(record, to) => self.private(record, to),
            Ask::Erase(erasure, permit, to) => self.erase(erasure, permit, to, lent)?,
        }
        Ok(Some(()))
    }

    fn post(&mut self, mut chunk: Chunk) -> Result<(), SequencerError> {
        let view = self.view.load_full();
        let now = (self.clock)();
        let verdicts = chunk.ready.iter_mut().map(|ready| self.one(ready, &view, now)).collect::<Result<_, _>>()?;
        self.open.waiting.push(Waiting { verdicts, to: chunk.to, _ready: chunk.ready, _permit: Some(chunk.permit) });
        Ok(())
    }

    fn one(&mut self, ready: &mut Ready, view: &View, now: i64) -> Result<Verdict, SequencerError> {
        // The log's clock never runs backwards; a machine whose clock does holds it still.
        let logged_at = self.end.logged_at.max(now);
        let sources = Payloads { reader: &*self.reader, vault: &self.vault, view };
        let verdict = match ready.decide(&self.judging(view), &sources, logged_at)? {
            Decision::Accept(effects) => return self.accept(ready, view, logged_at, effects),
            Decision::Replay { index } => Verdict::Receipt(self.replay(view, index)?),
            Decision::Refuse(refusal) => Verdict::Refused(Box::new(refusal)),
        };
        // Nothing of it is kept, so the key that was reserved for its payload may go.
        ready.release(&self.vault);
        Ok(verdict)
    }

    fn judging<'a>(&'a self, view: &'a View) -> Judging<'a> {
        Judging { state: Deciding { overlay: &self.overlay, index: &view.index }, reader: &*self.reader }
    }

    fn accept(
        &mut self,
        ready: &Ready,
        view: &View,
        logged_at: i64,
        effects: Effects,
    ) -> Result<Verdict, SequencerError> {
        let index = self.end.tree.size().0;
        let broken = |why: &str| SequencerError::Replay { index, why: why.to_owned() };
        let time = Timestamp::new(logged_at).ok_or_else(|| broken("the clock is out of range"))?;
        let draft = ready.prepared.draft().ok_or_else(|| broken("accepted without a good form"))?;
        let late = match &ready.sealed {
            Sealing::Nothing => None,
            Sealing::Done(sealed) if !self.gone.contains(&sealed.slot) => None,
            Sealing::Done(_) | Sealing::IfAccepted(_) => match seal(&self.vault, &self.origin, &ready.prepared) {
                Ok(sealed) => sealed,
                Err(VaultError::TooLong) => return Ok(too_large("payload", "longer than any record may be")),
                Err(error) => return Err(error.into()),
            },
        };
        let sealed = late.as_ref().or(match &ready.sealed {
            Sealing::Done(sealed) => Some(sealed),
            Sealing::Nothing | Sealing::IfAccepted(_) => None,
        });
        if ready.prepared.payload().is_some() && sealed.is_none() {
            return Err(broken("its payload could not be sealed"));
        }
        let record = sealed.map(|sealed| Sealed { slot: sealed.slot.0, bytes: &sealed.bytes });
        let leaf_hash = match self.open.push_entry(draft, time, record) {
            Ok(leaf_hash) => leaf_hash,
            // Nothing has changed yet, so what fits into no frame is no reason to stop.
            Err(error) => {
                if let Some(sealed) = sealed {
                    self.vault.release(sealed.slot);
                }
                return Ok(too_large("posting", &error));
            }
        };
        let accepted = Accepted::new(&ready.prepared, logged_at, &effects).ok_or_else(|| broken("no statement"))?;
        let state = Deciding { overlay: &self.overlay, index: &view.index };
        for row in rows_of(&evolve(&state, index, &accepted)?) {
            self.overlay.insert(&row);
            self.open.rows.push(row);
        }
        self.open.slots.extend(sealed.map(|sealed| sealed.slot));
        self.overlay.log(index, leaf_hash, draft.statement().leaf_hash());
        self.end.tree.append(leaf_hash);
        self.end.chain = chain::next(&self.end.chain, &leaf_hash);
        self.end.logged_at = logged_at;
        let Effects { pending, flags, .. } = effects;
        Ok(Verdict::Receipt(Receipt { index, leaf_hash, logged_at, replayed: false, pending, flags }))
    }

    /// The receipt of an entry that is in the log already, maybe in a frame still on its way.
    fn replay(&self, view: &View, index: u64) -> Result<Receipt, SequencerError> {
        let state = self.judging(view);
        let why = || SequencerError::Replay { index, why: "named as a replay but not in the state".to_owned() };
        let entry = query::entry(&state, index)?.ok_or_else(why)?;
        let leaf_hash = state.leaf_hash(index)?.ok_or_else(why)?;
        let pending = query::standing(&state, index)?.pending;
        Ok(Receipt {
            index,
            leaf_hash,
            logged_at: entry.logged_at,
            replayed: true,
            pending,
            flags: query::flags(&state, index)?,
        })
    }

    fn private(&mut self, record: PrivateRecord, to: oneshot::Sender<Answer>) {
        let sealed = Sealed { slot: record.slot.0, bytes: &record.sealed };
        if !self.open.push_private(record.kind, sealed) {
            // Longer than any frame: the caller sees its channel close.
            return;
        }
        self.open.slots.push(record.slot);
        // Rows without an entry belong to the one before.
        let index = self.end.tree.size().0.saturating_sub(1);
        self.open.rows.extend(record.rows.into_iter().map(|(key, value)| Row { key, index, value }));
        self.open.waiting.push(Waiting { verdicts: Vec::new(), to, _ready: Vec::new(), _permit: Some(record.permit) });
    }

    /// Erases accounts. Waits for the disk, twice, as nothing else here does: no row of these entries may be in flight, and
    /// nothing may be decided before they are hidden.
    fn erase(
        &mut self,
        mut erasure: Erasure,
        permit: OwnedSemaphorePermit,
        to: oneshot::Sender<Answer>,
        lent: &mut Lent,
    ) -> Result<(), SequencerError> {
        if !self.settle(lent)? {
            return Ok(());
        }
        let view = self.view.load_full();
        erasure.complete(&*self.reader, &view.index)?;
        let at = self.end.tree.size().0.saturating_sub(1);
        for (slot, entries) in &erasure.found {
            if !self.open.push_private(erasure::KIND, Sealed { slot: slot.0, bytes: &[] }) {
                return Err(SequencerError::Private { why: "too many keys to erase in one frame".to_owned() });
            }
            self.open.slots.push(*slot);
            self.open.rows.extend(erasure::rows(*slot, entries, at));
        }
        self.gone.extend(erasure.slots());
        self.open.erasure = Some(erasure);
        self.open.waiting.push(Waiting { verdicts: Vec::new(), to, _ready: Vec::new(), _permit: Some(permit) });
        if self.settle(lent)? {
            // What it remembers of the index may be hidden now. Nothing is in flight.
            self.overlay = Overlay::default();
        }
        Ok(())
    }

    /// Commits what is gathered, after what is on its way; false if the committer is gone, which it has said.
    fn settle(&mut self, lent: &mut Lent) -> Result<bool, SequencerError> {
        let is_back = lent.wait();
        if is_back {
            lent.here(self.close())?;
        }
        Ok(is_back)
    }

    /// Closes the frame gathered so far and opens the next.
    fn close(&mut self) -> Batch {
        let tree = TreeHead { size: self.end.tree.size().0, root: self.end.tree.root() };
        let next = Gathering::new(self.end.next_frame, tree.size, self.end.frame_hash, 0);
        let mut gathered = std::mem::replace(&mut self.open, next);
        if gathered.has_no_records() {
            return Batch { frame: None, waiting: gathered.waiting };
        }
        let mut rows = std::mem::take(&mut gathered.rows);
        if let Some((key, value)) = self.end.slots.raise(gathered.slots.iter().copied()) {
            rows.push(Row { key, index: tree.size.saturating_sub(1), value });
        }
        self.overlay.close(tree.size);
        let room = gathered.builder.record_bytes();
        let frame = gathered.builder.finish(self.end.chain, tree);
        self.end.next_frame = frame.number().next();
        self.end.frame_hash = frame.hash();
        self.open = Gathering::new(self.end.next_frame, tree.size, self.end.frame_hash, room);
        let Gathering { leaf_hashes, offsets, slots, erasure, waiting, .. } = gathered;
        Batch { frame: Some(Closed { frame, rows, leaf_hashes, offsets, slots, erasure }), waiting }
    }
}

fn too_large(field: &'static str, why: &str) -> Verdict {
    Verdict::Refused(Box::new(Refusal::too_large(field, why.to_owned())))
}

/// Rows as the index takes them, all cut from one buffer: six rows of two parts each are too many to allocate singly.
pub(super) fn rows_of(rows: &[xuefen_ledger::Row]) -> impl Iterator<Item = Row> {
    let parts = || rows.iter().flat_map(|row| [row.key.as_bytes(), &row.value]);
    let mut buffer = Vec::with_capacity(parts().map(<[u8]>::len).sum());
    parts().for_each(|part| buffer.extend_from_slice(part));
    let mut buffer = Bytes::from(buffer);
    rows.iter().map(move |row| {
        let key = buffer.split_to(row.key.as_bytes().len());
        Row { key, index: row.index, value: buffer.split_to(row.value.len()) }
    })
}
