//! A fresh status note of an entry, for whoever knows its index and leaf hash (formats.md 5).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{TEXT, blocking, data, refuse};
use crate::api::{self, Api};

/// The signed note.
pub async fn note(State(api): State<Arc<Api>>, Path((index, leaf_hash)): Path<(u64, String)>) -> Response {
    blocking(move || {
        let unknown = || refuse(StatusCode::NOT_FOUND, "this ledger has no entry of this index and leaf hash\n");
        match api::current_status(&api, index, &leaf_hash) {
            Ok(note) => Ok(data(TEXT, note)),
            Err(status) if status.code() == tonic::Code::NotFound => Err(unknown()),
            Err(status) => Err(super::unreadable(&status)),
        }
    })
    .await
}
