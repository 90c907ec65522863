//! The public log as plain GETs: an entry's bytes, its receipt, a consistency proof, and how the log has grown.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::json;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::proof::Receipt;
use xuefen_core::text::to_base64;
use xuefen_core::tree::{LeafIndex, TreeSize};

use super::{Refused, TEXT, blocking, data};
use crate::api::{self, Api};
use crate::sequencer::View;

/// Points of the curve of growth.
const POINTS: u64 = 64;

/// What the public is shown: the newest checkpoint or, where a quorum is asked for, the newest that has it; its size; and a
/// view that is not older.
fn published(api: &Api) -> Result<(Arc<str>, u64, Arc<View>), Refused> {
    let note = api.published_note();
    let checkpoint = Checkpoint::parse_note(&note).map_err(|error| Refused::unreadable(&error))?;
    Ok((note, checkpoint.size.0, api.ledger.view()))
}

fn covered(size: u64, index: u64) -> Result<(), Refused> {
    if index < size { Ok(()) } else { Err(Refused::NO_SUCH_ENTRY) }
}

/// The entry's exact bytes.
pub async fn entry(State(api): State<Arc<Api>>, Path(index): Path<u64>) -> Response {
    blocking(move || {
        let (_, size, view) = published(&api)?;
        covered(size, index)?;
        let entry = api.ledger.entry(&view, index).map_err(|error| Refused::unreadable(&error))?;
        Ok(data("application/octet-stream", entry.bytes))
    })
    .await
}

/// Its receipt under the newest checkpoint (C2SP tlog-proof).
pub async fn proof(State(api): State<Arc<Api>>, Path(index): Path<u64>) -> Response {
    blocking(move || {
        let (note, size, view) = published(&api)?;
        covered(size, index)?;
        let path = view.index.inclusion_proof(LeafIndex(index), TreeSize(size));
        let path = path.map_err(|error| Refused::unreadable(&error))?;
        let receipt = Receipt { index: LeafIndex(index), path, checkpoint: &note };
        Ok(data(TEXT, receipt.to_string()))
    })
    .await
}

/// The proof from the tree of size `old` to the newest checkpoint, base64 hashes one a line, then an empty line and that
/// checkpoint: so the two always belong together.
pub async fn consistency(State(api): State<Arc<Api>>, Path(old): Path<u64>) -> Response {
    blocking(move || {
        let (note, size, view) = published(&api)?;
        if old > size {
            return Err(Refused::NotThere("the log is not as large as that\n"));
        }
        let proof = view.index.consistency_proof(TreeSize(old), TreeSize(size));
        let proof = proof.map_err(|error| Refused::unreadable(&error))?;
        let lines: String = proof.iter().map(|hash| to_base64(hash) + "\n").collect();
        Ok(data(TEXT, format!("{lines}\n{note}")))
    })
    .await
}

/// When the log had how many entries: at most [`POINTS`] pairs of size and Unix seconds, the last one the newest.
pub async fn growth(State(api): State<Arc<Api>>) -> Response {
    blocking(move || {
        let (_, size, view) = published(&api)?;
        let count = size.min(POINTS);
        let points = (1..=count).map(|at| {
            let size = size * at / count;
            let entry = api.ledger.entry(&view, size - 1).map_err(|error| Refused::unreadable(&error))?;
            Ok(json!([size, entry.entry.logged_at().seconds()]))
        });
        let points = points.collect::<Result<Vec<_>, Refused>>()?;
        Ok(data("application/json", json!({ "size": size, "points": points }).to_string()))
    })
    .await
}

/// Where the witnesses stand, as this server knows it: each one's newest cosignature, how far that is behind the newest
/// signed checkpoint, and what is wrong with it. The server's word, unlike the cosignatures of the checkpoint itself.
pub async fn witnesses(State(api): State<Arc<Api>>) -> Response {
    let signed = api.ledger.view().tree.size;
    let known = api::witness_standings(&api, signed).map(|known| known.witnesses).unwrap_or_default();
    let known: Vec<_> = known
        .into_iter()
        .map(|it| {
            let (size, time) = (it.tree_size, it.cosigned_at);
            json!({ "name": it.name, "size": size, "time": time, "lag": it.lag, "problem": it.problem,
                    "since": it.problem_since, "alarm": it.alarm })
        })
        .collect();
    data("application/json", json!({ "signed": signed, "witnesses": known }).to_string())
}
