//! The public log as plain GETs: an entry's bytes, its receipt, a consistency proof, and how the log has grown.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use xuefen_core::proof::Receipt;
use xuefen_core::text::to_base64;
use xuefen_core::tree::{LeafIndex, TreeSize};

use super::{NO_SUCH_ENTRY, TEXT, blocking, data, refuse, unreadable};
use crate::api::Api;
use crate::sequencer::View;

/// Points of the curve of growth.
const POINTS: u64 = 64;

fn covered(view: &View, index: u64) -> Result<(), Response> {
    if index < view.tree.size { Ok(()) } else { Err(refuse(StatusCode::NOT_FOUND, NO_SUCH_ENTRY)) }
}

/// The entry's exact bytes.
pub async fn entry(State(api): State<Arc<Api>>, Path(index): Path<u64>) -> Response {
    blocking(move || {
        let view = api.ledger.view();
        covered(&view, index)?;
        let entry = api.ledger.entry(&view, index).map_err(|error| unreadable(&error))?;
        Ok(data("application/octet-stream", entry.bytes))
    })
    .await
}

/// Its receipt under the newest checkpoint (C2SP tlog-proof).
pub async fn proof(State(api): State<Arc<Api>>, Path(index): Path<u64>) -> Response {
    blocking(move || {
        let view = api.ledger.view();
        covered(&view, index)?;
        let path = view.index.inclusion_proof(LeafIndex(index), TreeSize(view.tree.size));
        let path = path.map_err(|error| unreadable(&error))?;
        let receipt = Receipt { index: LeafIndex(index), path, checkpoint: &view.checkpoint };
        Ok(data(TEXT, receipt.to_string()))
    })
    .await
}

/// The proof from the tree of size `old` to the newest checkpoint, base64 hashes one a line, then an empty line and that
/// checkpoint: so the two always belong together.
pub async fn consistency(State(api): State<Arc<Api>>, Path(old): Path<u64>) -> Response {
    blocking(move || {
        let view = api.ledger.view();
        if old > view.tree.size {
            return Err(refuse(StatusCode::NOT_FOUND, "the log is not as large as that\n"));
        }
        let proof = view.index.consistency_proof(TreeSize(old), TreeSize(view.tree.size));
        let proof = proof.map_err(|error| unreadable(&error))?;
        let lines: String = proof.iter().map(|hash| to_base64(hash) + "\n").collect();
        Ok(data(TEXT, format!("{lines}\n{}", view.checkpoint)))
    })
    .await
}

/// When the log had how many entries: at most [`POINTS`] pairs of size and Unix seconds, the last one the newest.
pub async fn growth(State(api): State<Arc<Api>>) -> Response {
    blocking(move || {
        let view = api.ledger.view();
        let (size, count) = (view.tree.size, view.tree.size.min(POINTS));
        let points = (1..=count).map(|at| {
            let size = size * at / count;
            let entry = api.ledger.entry(&view, size - 1).map_err(|error| unreadable(&error))?;
            Ok(json!([size, entry.entry.logged_at().seconds()]))
        });
        let points = points.collect::<Result<Vec<_>, Response>>()?;
        Ok(data("application/json", json!({ "size": size, "points": points }).to_string()))
    })
    .await
}
