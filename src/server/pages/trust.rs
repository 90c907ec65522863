//! The trust files that the verification page starts from: those that the operator gives. The user may bring others, and
//! should: what a server says of itself is no proof.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use super::{TEXT, data};
use crate::api::Api;

/// Logs and witnesses.
pub async fn policy(State(api): State<Arc<Api>>) -> Response {
    data(TEXT, api.trust.load().policy_text.clone())
}

/// Authorities and status keys.
pub async fn authority(State(api): State<Arc<Api>>) -> Response {
    data(TEXT, api.trust.load().authority_text.clone())
}
