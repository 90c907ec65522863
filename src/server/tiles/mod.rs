//! The public log over plain HTTP as C2SP tlog-tiles lays it down (formats.md 4): `/checkpoint`, `/tile/<L>/<N>[.p/<W>]`,
//! `/tile/entries/<N>[.p/<W>]`. Paths, headers and compression are here; the bytes come from whatever holds a log.

mod answer;
mod dir;
mod ledger;
mod paced;
mod shown;

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::sync::Semaphore;
use xuefen_core::tile::Tile;

use self::paced::Paced;
use self::shown::Shown;

/// Tiles read at once. Anybody may ask, and a bundle can take 16 MiB.
const READING: usize = 16;

/// A log that can be served.
pub trait PublicLog: Send + Sync + 'static {
    /// The signed note with the cosignatures that are there; `None` as long as nothing is signed.
    fn checkpoint(&self) -> Result<Option<Arc<str>>, Unreadable>;

    /// The bytes of a tile; `None` if the log does not have it. May wait for the disk.
    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Unreadable>;
}

/// The log cannot be read; its server's own log says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

/// What the handlers share.
struct Serving<L> {
    log: Arc<L>,
    shown: Shown,
    places: Semaphore,
    paced: Paced,
}

/// The routes of a log: at the root, and below the path of its origin. A client that knows only the origin looks there
/// (tlog-tiles: the origin should be the URL prefix without its scheme).
pub fn router<L: PublicLog>(log: Arc<L>, origin_path: Option<&str>) -> Router {
    let serving =
        Arc::new(Serving { log, shown: Shown::default(), places: Semaphore::new(READING), paced: Paced::default() });
    let tiles = Router::new()
        .route("/checkpoint", get(checkpoint::<L>))
        .route("/tile/{*path}", get(tile::<L>))
        .with_state(serving);
    match origin_path {
        Some(path) => tiles.clone().nest(&format!("/{path}"), tiles),
        None => tiles,
    }
}

async fn checkpoint<L: PublicLog>(State(serving): State<Arc<Serving<L>>>) -> Response {
    match serving.shown.note(Instant::now(), || serving.log.checkpoint()) {
        Ok(Some(note)) => answer::checkpoint(&note),
        Ok(None) => answer::missing(),
        Err(Unreadable) => answer::unreadable(),
    }
}

async fn tile<L: PublicLog>(State(serving): State<Arc<Serving<L>>>, request: Request) -> Response {
    // The path as it was sent: one tile has one path, so an escaped character makes another one.
    let Some(tile) = tile_of(request.uri()) else { return answer::missing() };
    let gzip = accepts_gzip(request.headers());
    // Only a shutdown closes the semaphore, and this one lives as long as its server.
    let Ok(_place) = serving.places.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let log = Arc::clone(&serving.log);
    let read = tokio::task::spawn_blocking(move || {
        log.tile(tile).map(|bytes| bytes.map(|it| answer::Packed::new(it, tile, gzip)))
    });
    match read.await {
        // The place is kept until there is room for the answer: else what is read would pile up before it.
        Ok(Ok(Some(packed))) => match serving.paced.body(packed.bytes.clone()).await {
            Some(body) => answer::tile(tile, &packed, body),
            None => answer::busy(),
        },
        Ok(Ok(None)) => answer::missing(),
        Ok(Err(Unreadable)) | Err(_) => answer::unreadable(),
    }
}

fn tile_of(uri: &Uri) -> Option<Tile> {
    Tile::parse(uri.path().strip_prefix('/')?)
}

/// Whether the client takes gzip: it names it, and not with weight 0.
fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings = headers.get_all("accept-encoding").iter().filter_map(|value| value.to_str().ok());
    codings.flat_map(|value| value.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        named && weight.is_none_or(|weight| weight.parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

#[cfg(test)]
mod tests;
