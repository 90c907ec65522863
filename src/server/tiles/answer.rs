//! Headers and bodies of the answers: what may be kept by caches and for how long, what is compressed, who may read.

use std::io::Write as _;

use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use xuefen_core::tile::{Tile, TileLevel};

/// A tile never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// A checkpoint is replaced after a second, and a tile that is not there now may be there then.
const BRIEFLY: HeaderValue = HeaderValue::from_static("public, max-age=1");

/// Pages of other sites may read the log: it is public, and whoever checks it in a browser needs no leave.
const ANYBODY: (HeaderName, HeaderValue) = (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));

/// No browser is to guess another type.
const AS_SAID: (HeaderName, HeaderValue) = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));

pub(super) fn checkpoint(note: &str) -> Response {
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, BRIEFLY), ANYBODY, AS_SAID];
    (headers, note.to_owned()).into_response()
}

pub(super) fn tile(tile: Tile, bytes: Vec<u8>, gzip: bool) -> Response {
    let kind = HeaderValue::from_static("application/octet-stream");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FOR_EVER), ANYBODY, AS_SAID];
    if tile.level() != TileLevel::Entries {
        // Hashes do not get shorter.
        return (headers, Bytes::from(bytes)).into_response();
    }
    let vary = [(header::VARY, HeaderValue::from_static("accept-encoding"))];
    match gzip.then(|| compressed(&bytes)).flatten() {
        Some(short) => {
            let coding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
            (headers, vary, coding, Bytes::from(short)).into_response()
        }
        None => (headers, vary, Bytes::from(bytes)).into_response(),
    }
}

/// The bytes as gzip; `None` if writing to memory fails, which it does not.
fn compressed(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

pub(super) fn missing() -> Response {
    let headers = [(header::CACHE_CONTROL, BRIEFLY), ANYBODY];
    (StatusCode::NOT_FOUND, headers, "the log does not have this\n").into_response()
}

pub(super) fn unreadable() -> Response {
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, "the log cannot be read; see the server's log\n").into_response()
}
