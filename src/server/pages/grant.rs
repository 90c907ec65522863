//! The presentation behind a grant's code, for the page that a learner's link opens. A code is good once, so it comes in the
//! body of a POST: a GET would be fetched ahead by whatever previews links, and stand in logs and histories.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tonic::Code;

use super::TEXT;
use crate::api::{self, Api};

/// Longest body, bytes: codes have 23 letters.
pub const MAX_BODY: usize = 128;

/// The file, once. Afterwards the grant is used, and its learner sees that.
pub async fn presentation(State(api): State<Arc<Api>>, code: Bytes) -> Response {
    let code = std::str::from_utf8(&code).unwrap_or_default();
    match api::presentation_by_grant(&api, code).await {
        Ok(file) => kept_nowhere(StatusCode::OK, "application/json", file),
        Err(status) => {
            let (status, why) = refusal(status.code());
            kept_nowhere(status, TEXT, why)
        }
    }
}

/// The page has its own words for each of these.
const fn refusal(code: Code) -> (StatusCode, &'static str) {
    match code {
        Code::NotFound => (StatusCode::NOT_FOUND, "no open grant has this code; ask the learner for a new link\n"),
        Code::ResourceExhausted => {
            (StatusCode::TOO_MANY_REQUESTS, "too many codes were tried; try again in a moment\n")
        }
        Code::Unavailable | Code::FailedPrecondition => {
            (StatusCode::SERVICE_UNAVAILABLE, "the entry has not been witnessed yet; try again in a moment\n")
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "the server could not answer; see the server's log\n"),
    }
}

fn kept_nowhere(status: StatusCode, kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, body.into()).into_response()
}
