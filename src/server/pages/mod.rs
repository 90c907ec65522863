//! Pages for people, and the few plain GETs that they read: verification in the browser, the public log.
//!
//! Nothing is rendered here and nothing decided: files that are built in, and public data in the formats of docs/spec. What
//! needs a token is not here.

mod assets;
mod grant;
mod log;
mod status;
mod trust;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use crate::api::Api;

/// The routes.
pub fn router() -> Router<Arc<Api>> {
    let pages = assets::PAGES.iter().fold(Router::new(), |router, page| {
        router
            .route(page.path, get(move |headers: axum::http::HeaderMap| async move { assets::answer(page, &headers) }))
    });
    pages
        .route("/verify/policy.txt", get(trust::policy))
        .route("/verify/authority.txt", get(trust::authority))
        .route("/verify/grant", post(grant::presentation).layer(DefaultBodyLimit::max(grant::MAX_BODY)))
        .route("/status/{index}/{leaf_hash}", get(status::note))
        .route("/log/entry/{index}", get(log::entry))
        .route("/log/proof/{index}", get(log::proof))
        .route("/log/consistency/{old}", get(log::consistency))
        .route("/log/growth.json", get(log::growth))
        .route("/log/witnesses.json", get(log::witnesses))
}

const TEXT: &str = "text/plain; charset=utf-8";

/// Why there is no answer.
enum Refused {
    /// What was asked for is not in the log.
    NotThere(&'static str),
    /// The ledger could not be read. The server's log says why; the reader learns no more than that.
    Unreadable,
}

impl Refused {
    const NO_SUCH_ENTRY: Self = Self::NotThere("the newest checkpoint does not cover this index\n");

    /// Says so in the server's log.
    fn unreadable(error: &dyn std::fmt::Display) -> Self {
        tracing::error!(%error, "a page could not read the ledger");
        Self::Unreadable
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, why) = match self {
            Self::NotThere(why) => (StatusCode::NOT_FOUND, why),
            Self::Unreadable => {
                (StatusCode::INTERNAL_SERVER_ERROR, "the ledger could not be read; see the server's log\n")
            }
        };
        (status, [(header::CONTENT_TYPE, TEXT), (header::CACHE_CONTROL, "no-store")], why).into_response()
    }
}

/// Public data that may change with the next entry.
fn data(kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body.into()).into_response()
}

/// Reads the disk away from the threads that move the network.
async fn blocking(read: impl FnOnce() -> Result<Response, Refused> + Send + 'static) -> Response {
    match tokio::task::spawn_blocking(read).await {
        Ok(answer) => answer.into_response(),
        Err(error) => Refused::unreadable(&error).into_response(),
    }
}
