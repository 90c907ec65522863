//! A fresh status note of an entry, for whoever knows its index and leaf hash (formats.md 5).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;

use super::{Refused, TEXT, blocking, data};
use crate::api::{self, Api};

/// The signed note.
pub async fn note(State(api): State<Arc<Api>>, Path((index, leaf_hash)): Path<(u64, String)>) -> Response {
    const UNKNOWN: Refused = Refused::NotThere("this ledger has no entry of this index and leaf hash\n");
    blocking(move || match api::current_status(&api, index, &leaf_hash) {
        Ok(note) => Ok(data(TEXT, note)),
        Err(status) if status.code() == tonic::Code::NotFound => Err(UNKNOWN),
        Err(status) => Err(Refused::unreadable(&status)),
    })
    .await
}
