//! The routes of a witness. The socket, TLS and the shutdown are the server room's.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use super::{Answer, Witness};
use crate::witness::request::{MAX_BYTES, SIZE_TYPE};

/// Requests that are judged at once; more wait. Each costs some signatures and a sync of the disk.
const JUDGED: usize = 64;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

struct Shared {
    witness: Arc<Witness>,
    places: Semaphore,
}

/// `add-checkpoint`, the newest checkpoint of each log, and what an operator watches.
pub fn router(witness: Arc<Witness>) -> Router {
    let shared = Arc::new(Shared { witness, places: Semaphore::new(JUDGED) });
    Router::new()
        .route("/add-checkpoint", post(add_checkpoint).layer(DefaultBodyLimit::max(MAX_BYTES)))
        .route("/{origin}/checkpoint", get(newest))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(metrics))
        .with_state(shared)
}

async fn add_checkpoint(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let Ok(_place) = shared.places.acquire().await else { return Answer::Broken.into_response() };
    let witness = Arc::clone(&shared.witness);
    // Signatures and syncs: not on the threads that move the network.
    let answer = tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await;
    answer.unwrap_or(Answer::Broken).into_response()
}

async fn newest(State(shared): State<Arc<Shared>>, Path(origin): Path<String>) -> Response {
    match shared.witness.newest(&origin) {
        Some(note) => ([(header::CONTENT_TYPE, TEXT)], note.to_string()).into_response(),
        None => (StatusCode::NOT_FOUND, "no checkpoint of such a log was cosigned here\n").into_response(),
    }
}

async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"))], shared.witness.metrics())
        .into_response()
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, content_type, body) = match self {
            Self::Cosigned(line) => (StatusCode::OK, TEXT, line),
            Self::Malformed(why) => (StatusCode::BAD_REQUEST, TEXT, format!("{why}\n")),
            Self::NotSigned(why) => (StatusCode::FORBIDDEN, TEXT, format!("{why}\n")),
            Self::UnknownOrigin => (StatusCode::NOT_FOUND, TEXT, "not a log of this witness\n".to_owned()),
            // Exactly the number and a newline: clients read it.
            Self::Conflict(size) => (StatusCode::CONFLICT, HeaderValue::from_static(SIZE_TYPE), format!("{size}\n")),
            Self::Inconsistent(why) => (StatusCode::UNPROCESSABLE_ENTITY, TEXT, format!("{why}\n")),
            Self::Clock => {
                (StatusCode::SERVICE_UNAVAILABLE, TEXT, "the clock of the witness is wrong; see its log\n".to_owned())
            }
            Self::Broken => {
                (StatusCode::INTERNAL_SERVER_ERROR, TEXT, "the witness cannot remember; see its log\n".to_owned())
            }
        };
        (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
    }
}
