//! What `LogService` says of witnesses: where each stands, and checkpoints as they get their quorum.
//!
//! Nothing is asked of a witness here; the witness room does that.

use tokio::sync::{mpsc, watch};
use tonic::Status;
use xuefen_core::checkpoint::Checkpoint as Parsed;

use super::Api;
use super::log::PACE;
use super::proto::{Checkpoint, WitnessStanding, Witnessing};
use crate::witness::feeder::Witnessed;

/// Where the witnesses stand; nothing if the server has none. `signed` is the size of the newest signed checkpoint.
pub fn shown(api: &Api, signed: u64) -> Option<Witnessing> {
    let witnesses = api.witnesses.as_ref()?;
    let time = |seconds: u64| i64::try_from(seconds).unwrap_or(i64::MAX);
    let standings = witnesses.standings().into_iter().map(|standing| WitnessStanding {
        name: standing.name,
        vkey: standing.vkey,
        tree_size: standing.size.unwrap_or(0),
        cosigned_at: time(standing.time),
        lag: signed.saturating_sub(standing.size.unwrap_or(0)),
        problem: standing.problem.as_ref().map(|problem| problem.code.to_owned()).unwrap_or_default(),
        alarm: standing.problem.as_ref().is_some_and(|problem| problem.alarm),
        problem_since: standing.problem.map_or(0, |problem| time(problem.since)),
    });
    let newest = witnesses.newest();
    Some(Witnessing {
        has_quorum: witnesses.has_quorum(),
        witnessed_size: newest.as_ref().map_or(0, |newest| newest.size.0),
        witnessed_note: newest.map(|newest| newest.note.to_string()).unwrap_or_default(),
        witnesses: standings.collect(),
    })
}

/// Sends each checkpoint that gets its quorum, at the pace of watchers.
pub async fn watch(
    mut newest: watch::Receiver<Option<Witnessed>>,
    min_size: u64,
    sender: mpsc::Sender<Result<Checkpoint, Status>>,
) {
    let mut last = None;
    loop {
        let found = newest.borrow_and_update().clone().filter(|found| found.size.0 >= min_size);
        // Cosignatures that come in late change the note and not the tree: not told again.
        if let Some(found) = found.filter(|found| last != Some(found.size)) {
            last = Some(found.size);
            let root = Parsed::parse_note(&found.note).map(|parsed| parsed.root.as_ref().to_vec()).unwrap_or_default();
            let note = found.note.to_string();
            let checkpoint = Checkpoint { note, tree_size: found.size.0, root, witnessing: None };
            if sender.send(Ok(checkpoint)).await.is_err() {
                return;
            }
            tokio::time::sleep(PACE).await;
        }
        tokio::select! {
            changed = newest.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
        }
    }
}
