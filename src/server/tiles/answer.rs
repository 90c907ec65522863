//! Headers and bodies of the answers: what may be kept by caches and for how long, what is compressed, who may read.

use std::io::Write as _;

use axum::body::{Body, Bytes};
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

/// The bytes of an answer as they go out.
pub(super) struct Packed {
    pub bytes: Bytes,
    gzip: bool,
}

impl Packed {
    /// Hashes do not get shorter; entries do, where the client takes gzip.
    pub fn new(bytes: Vec<u8>, tile: Tile, gzip: bool) -> Self {
        let short = (gzip && tile.level() == TileLevel::Entries).then(|| compressed(&bytes)).flatten();
        Self { gzip: short.is_some(), bytes: short.unwrap_or(bytes).into() }
    }
}

pub(super) fn tile(tile: Tile, packed: &Packed, body: Body) -> Response {
    let kind = HeaderValue::from_static("application/octet-stream");
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FOR_EVER), ANYBODY, AS_SAID];
    // Said here, since a body in pieces does not know it: whoever gets less knows that it is not all.
    let length = [(header::CONTENT_LENGTH, HeaderValue::from(packed.bytes.len()))];
    let vary = [(header::VARY, HeaderValue::from_static("accept-encoding"))];
    let coding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
    match (tile.level() == TileLevel::Entries, packed.gzip) {
        (true, true) => (headers, length, vary, coding, body).into_response(),
        (true, false) => (headers, length, vary, body).into_response(),
        (false, _) => (headers, length, body).into_response(),
    }
}

/// Too many readers take too long.
pub(super) fn busy() -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (header::RETRY_AFTER, "5")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, "too many answers wait for their readers; try again in a moment\n")
        .into_response()
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
