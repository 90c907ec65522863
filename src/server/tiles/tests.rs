//! The routes over a log in memory, called without a socket.

use super::*;
use axum::body::{Body, to_bytes};
use std::io::Read as _;
use tower::ServiceExt as _;
use xuefen_core::tile::TileLevel;

/// Its tiles are as many bytes as they are wide; tile 7 cannot be read.
struct Memory;

impl PublicLog for Memory {
    fn checkpoint(&self) -> Result<Option<Arc<str>>, Unreadable> {
        Ok(Some("note\n".into()))
    }

    fn tile(&self, tile: Tile) -> Result<Option<Vec<u8>>, Unreadable> {
        match tile.index() {
            0 | 1_000 => Ok(Some(vec![if tile.level() == TileLevel::Entries { 1 } else { 2 }; tile.width().into()])),
            7 => Err(Unreadable),
            _ => Ok(None),
        }
    }
}

async fn ask(method: &str, path: &str, coding: Option<&str>) -> (u16, HeaderMap, Vec<u8>) {
    let mut request = axum::http::Request::builder().method(method).uri(path);
    if let Some(coding) = coding {
        request = request.header("accept-encoding", coding);
    }
    let router = router(Arc::new(Memory), Some("a/b"));
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status.as_u16(), parts.headers, to_bytes(body, usize::MAX).await.unwrap().to_vec())
}

#[tokio::test]
async fn every_kind_of_resource_has_its_headers() {
    for prefix in ["", "/a/b"] {
        let (status, headers, body) = ask("GET", &format!("{prefix}/checkpoint"), None).await;
        assert_eq!((status, body.as_slice()), (200, &b"note\n"[..]));
        assert_eq!(headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(headers["cache-control"], "public, max-age=1");
        for path in ["tile/0/000", "tile/entries/x001/000.p/9"] {
            let (status, headers, body) = ask("GET", &format!("{prefix}/{path}"), None).await;
            assert_eq!((status, body.len()), (200, if path.ends_with('9') { 9 } else { 256 }), "{path}");
            assert_eq!(headers["content-type"], "application/octet-stream");
            assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(headers["access-control-allow-origin"], "*");
        }
    }
}

#[tokio::test]
async fn a_head_has_the_headers_and_nothing_else() {
    let (status, headers, body) = ask("HEAD", "/tile/3/000", None).await;
    assert_eq!((status, body.len()), (200, 0));
    assert_eq!(headers["content-length"], "256");
    assert_eq!(ask("HEAD", "/tile/3/001", None).await.0, 404);
    assert_eq!(ask("POST", "/tile/3/000", None).await.0, 405);
}

#[tokio::test]
async fn only_the_one_path_of_a_tile_leads_to_it() {
    for path in
        ["0/0", "0/x000/000", "00/000", "0/000.p/256", "0/000.p/0", "0/000/", "64/000", "0/%3000", "0", "entries/"]
    {
        assert_eq!(ask("GET", &format!("/tile/{path}"), None).await.0, 404, "{path}");
    }
    assert_eq!(ask("GET", "/tile/0/000?v=1", None).await.0, 200, "a question mark is for caches");
    let (status, headers, _) = ask("GET", "/tile/0/001", None).await;
    assert_eq!((status, headers["cache-control"].to_str().unwrap()), (404, "public, max-age=1"));
    let (status, headers, _) = ask("GET", "/tile/0/007", None).await;
    assert_eq!((status, headers["cache-control"].to_str().unwrap()), (500, "no-store"));
}

#[tokio::test]
async fn no_path_leads_out_of_the_log_and_no_number_is_too_large() {
    let many = format!("entries/{}000", "x999/".repeat(400));
    let digits = format!("0/000.p/{}", "9".repeat(5_000));
    for path in [
        "../../etc/passwd",
        "0/../../../etc/passwd",
        "entries/..",
        "entries/%2e%2e/%2e%2e/checkpoint",
        "0/..%2f..%2fcheckpoint",
        "0/000%00",
        "0/000.p/65536",
        "0/000.p/18446744073709551616",
        "0/000.p/-1",
        "0/000.p/+1",
        "0/000.p/0x10",
        "256/000",
        "0/x999/x999/x999/x999/x999/x999/x999/999",
        "0/x018/x446/x744/x073/x709/x551/616",
        "//etc/passwd",
        &many,
        &digits,
    ] {
        assert_eq!(ask("GET", &format!("/tile/{path}"), None).await.0, 404, "{path}");
    }
}

#[tokio::test]
async fn bundles_are_compressed_for_whoever_takes_it_and_hashes_never() {
    for (coding, short) in [
        ("gzip", true),
        ("br, GZIP;q=0.5", true),
        ("identity, gzip; q=1", true),
        ("gzip;q=0", false),
        ("gzip;q=0.000", false),
        ("x-gzip", false),
        ("identity", false),
    ] {
        let (_, headers, body) = ask("GET", "/tile/entries/000", Some(coding)).await;
        assert_eq!(headers.contains_key("content-encoding"), short, "{coding}");
        assert_eq!(headers["vary"], "accept-encoding");
        let mut plain = Vec::new();
        if short {
            flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut plain).unwrap();
        } else {
            plain = body;
        }
        assert_eq!(plain, [1; 256]);
    }
    let (_, headers, body) = ask("GET", "/tile/0/000", Some("gzip")).await;
    assert!(!headers.contains_key("content-encoding") && body.len() == 256);
}
