//! The loop: which witness is asked for which checkpoint, and when the next round begins.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use xuefen_core::tree::TreeSize;

use super::{Asked, Pace, Witnessed, Witnesses};
use crate::sequencer::View;
use crate::witness::client::{Cosignature, Target, Trouble};

/// A witness that ended its conversation: which one, about which view, and what came of it.
struct Done {
    witness: usize,
    view: Arc<View>,
    result: Result<Cosignature, Trouble>,
}

/// What the loop knows of each witness beside its standing.
struct Turn {
    busy: bool,
    failures: u32,
    not_before: Instant,
}

/// One checkpoint on its way to all witnesses.
struct Round {
    view: Arc<View>,
    began: Instant,
    lines: Vec<Option<String>>,
    met: bool,
}

impl Round {
    fn new(view: Arc<View>, witnesses: usize) -> Self {
        Self { view, began: Instant::now(), lines: vec![None; witnesses], met: false }
    }

    fn note(&self) -> String {
        let lines: String = self.lines.iter().flatten().map(String::as_str).collect();
        format!("{}{lines}", self.view.checkpoint)
    }
}

pub(super) async fn run(witnesses: Arc<Witnesses>, mut stopped: watch::Receiver<bool>) {
    let asked = witnesses.asked.load_full();
    let mut grown = witnesses.ledger.watch();
    let mut asking = JoinSet::<Done>::new();
    let start = Instant::now();
    let turn = || Turn { busy: false, failures: 0, not_before: start };
    let mut turns: Vec<Turn> = asked.clients.iter().map(|_| turn()).collect();
    let mut round = Round::new(witnesses.ledger.view(), turns.len());
    loop {
        grown.mark_unchanged();
        let newest = witnesses.ledger.view();
        if may_begin(&round, &turns, newest.tree.size, &witnesses.pace) {
            round = Round::new(newest, turns.len());
        }
        for (witness, turn) in turns.iter_mut().enumerate() {
            if !turn.busy && round.lines[witness].is_none() && turn.not_before <= Instant::now() {
                turn.busy = true;
                asking.spawn(ask(Arc::clone(&witnesses), Arc::clone(&asked), witness, Arc::clone(&round.view)));
            }
        }
        let wake = wake(&round, &turns, witnesses.ledger.view().tree.size, &witnesses.pace);
        tokio::select! {
            Some(done) = asking.join_next() => {
                // A conversation does not panic; if one did, the rest of the loop goes on without that witness.
                if let Ok(done) = done {
                    heard(&witnesses, &asked, &mut round, &mut turns[done.witness], done);
                }
            }
            changed = grown.changed() => if changed.is_err() { break },
            _ = stopped.changed() => break,
            () = sleep_until(wake) => {}
        }
    }
    // Conversations hold the ledger; whoever stops this wants it closed.
    asking.shutdown().await;
}

/// Whether the next round may begin.
fn may_begin(round: &Round, turns: &[Turn], size: u64, pace: &Pace) -> bool {
    let age = round.began.elapsed();
    if size == round.view.tree.size {
        return age >= pace.refresh;
    }
    let nobody_left = turns.iter().zip(&round.lines).all(|(turn, line)| line.is_some() || !turn.busy);
    age >= pace.least && (round.met || nobody_left || age >= pace.round)
}

/// When to look again, if nothing happens before.
fn wake(round: &Round, turns: &[Turn], size: u64, pace: &Pace) -> Instant {
    let waiting = turns.iter().zip(&round.lines).filter(|(turn, line)| !turn.busy && line.is_none());
    let next_turn = waiting.map(|(turn, _)| turn.not_before).min();
    let next_round = round.began
        + match (size == round.view.tree.size, round.began.elapsed() < pace.least) {
            (true, _) => pace.refresh,
            (false, true) => pace.least,
            (false, false) => pace.round,
        };
    // Not in the past, or the loop would spin.
    let soonest = Instant::now() + Duration::from_millis(5);
    next_turn.map_or(next_round, |next| next.min(next_round)).max(soonest)
}

async fn ask(witnesses: Arc<Witnesses>, asked: Arc<Asked>, witness: usize, view: Arc<View>) -> Done {
    let client = &asked.clients[witness];
    let last = asked.standings()[witness].size.unwrap_or(0);
    let size = TreeSize(view.tree.size);
    let result = {
        let prove = |old| view.index.consistency_proof(old, size).map_err(|error| error.to_string());
        let target = Target { size, note: &view.checkpoint, prove: &prove };
        client.cosign(TreeSize(last), &target, witnesses.ledger.now().unsigned_abs()).await
    };
    Done { witness, view, result }
}

fn heard(witnesses: &Witnesses, asked: &Asked, round: &mut Round, turn: &mut Turn, done: Done) {
    let Done { witness, view, result } = done;
    turn.busy = false;
    let now = witnesses.ledger.now().unsigned_abs();
    let cosignature = match result {
        Ok(cosignature) => cosignature,
        Err(trouble) => {
            asked.with_standing(witness, |standing| standing.failed(&trouble, now));
            turn.not_before = Instant::now() + pause(turn.failures, &witnesses.pace);
            turn.failures = turn.failures.saturating_add(1);
            return;
        }
    };
    turn.failures = 0;
    asked.with_standing(witness, |standing| standing.cosigned(view.tree.size, &cosignature));
    let key = asked.clients[witness].key();
    witnesses.records.write(key, &format!("{}{}", view.checkpoint, cosignature.line));
    if view.tree.size != round.view.tree.size {
        // Too late for its round; the witness is asked for the present one next.
        return;
    }
    round.lines[witness] = Some(cosignature.line);
    let note = round.note();
    if asked.policy.quorum_is_none() || asked.policy.accept(&note).is_err() {
        return;
    }
    round.met = true;
    witnesses.records.write_witnessed(&note);
    // Later cosignatures of the same round come on top; what is witnessed never gets smaller.
    witnesses.newest.send_replace(Some(Witnessed { size: TreeSize(view.tree.size), note: note.into() }));
}

/// How long a witness is left alone after so many failures before this one.
fn pause(failures: u32, pace: &Pace) -> Duration {
    let doubled = 1_u32.checked_shl(failures.min(16)).unwrap_or(u32::MAX);
    pace.first_retry.saturating_mul(doubled).min(pace.last_retry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_end() {
        let pace = Pace { first_retry: Duration::from_secs(1), last_retry: Duration::from_mins(1), ..Pace::default() };
        let seconds: Vec<_> = [0, 1, 2, 5, 6, 40].map(|failures| pause(failures, &pace).as_secs()).into();
        assert_eq!(seconds, [1, 2, 4, 32, 60, 60]);
    }
}
