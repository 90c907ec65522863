//! The files of the pages, built into the program, with the headers that keep a browser from running anything else.
//!
//! `cargo run` needs no other tool: `xuefen.wasm` is in the repository and a test builds it again (docs/adr/0022).

use std::io::Write as _;
use std::sync::OnceLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use xuefen_core::hash::sha256;

/// A file and where it is served.
pub struct Page {
    /// Its path.
    pub path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
    /// Made when it is first asked for.
    packed: OnceLock<Packed>,
}

struct Packed {
    etag: String,
    gzip: Bytes,
}

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

macro_rules! page {
    ($path:literal, $kind:expr, $file:literal) => {
        Page { path: $path, kind: $kind, bytes: include_bytes!(concat!("../web/", $file)), packed: OnceLock::new() }
    };
}

/// All of them.
pub static PAGES: [Page; 15] = [
    page!("/", HTML, "index.html"),
    page!("/verify", HTML, "verify.html"),
    page!("/log", HTML, "log.html"),
    page!("/web/style.css", "text/css; charset=utf-8", "style.css"),
    page!("/web/icon.svg", "image/svg+xml", "icon.svg"),
    page!("/web/page.js", SCRIPT, "page.js"),
    page!("/web/texts.js", SCRIPT, "texts.js"),
    page!("/web/core.js", SCRIPT, "core.js"),
    page!("/web/verify.js", SCRIPT, "verify.js"),
    page!("/web/result.js", SCRIPT, "result.js"),
    page!("/web/scan.js", SCRIPT, "scan.js"),
    page!("/web/log.js", SCRIPT, "log.js"),
    page!("/web/tree.js", SCRIPT, "tree.js"),
    page!("/web/xuefen.wasm", "application/wasm", "xuefen.wasm"),
    page!("/web/scan.wasm", "application/wasm", "scan.wasm"),
];

/// Scripts, styles and data of this server only; no inline script; nobody frames the page; the camera only for the page
/// itself; no address of it to anybody.
const GUARDS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        concat!(
            "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; ",
            "connect-src 'self'; media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; ",
            "require-trusted-types-for 'script'; trusted-types 'none'",
        ),
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), "camera=(self), geolocation=(), microphone=()"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// The page, or that the browser's copy is still good.
pub fn answer(page: &'static Page, asked: &HeaderMap) -> Response {
    let packed = page.packed.get_or_init(|| pack(page.bytes));
    // Asked for again each time, answered in a line: a new version of the server takes effect at once.
    let mut headers = HeaderMap::from_iter(GUARDS.map(|(name, value)| (name, header::HeaderValue::from_static(value))));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, header::HeaderValue::from_static("accept-encoding"));
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(page.kind));
    headers.insert(header::ETAG, packed.etag.parse().expect("hexadecimal in quotes is a header value"));
    if has(asked, header::IF_NONE_MATCH, &packed.etag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    if has(asked, header::ACCEPT_ENCODING, "gzip") {
        headers.insert(header::CONTENT_ENCODING, header::HeaderValue::from_static("gzip"));
        return (headers, packed.gzip.clone()).into_response();
    }
    (headers, page.bytes).into_response()
}

/// Whether a list in a header has this member.
fn has(asked: &HeaderMap, name: HeaderName, member: &str) -> bool {
    let lists = asked.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lists
        .flat_map(|list| list.split(','))
        .any(|it| it.trim().trim_start_matches("W/").split(';').next() == Some(member))
}

fn pack(bytes: &[u8]) -> Packed {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes).expect("a Vec takes all bytes");
    let gzip = gzip.finish().expect("a Vec takes all bytes").into();
    Packed { etag: format!("\"{}\"", &sha256(&[bytes]).to_string()[..32]), gzip }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_copy_that_is_still_good_is_not_sent_again() {
        let page = &PAGES[0];
        let first = answer(page, &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let etag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let again = answer(page, &asking(header::IF_NONE_MATCH, &format!("\"x\", W/{etag}")));
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let other = answer(page, &asking(header::IF_NONE_MATCH, "\"x\""));
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn gzip_goes_to_those_who_take_it() {
        let packed = answer(&PAGES[0], &asking(header::ACCEPT_ENCODING, "br, gzip;q=0.8"));
        assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
        let plain = answer(&PAGES[0], &asking(header::ACCEPT_ENCODING, "br"));
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[test]
    fn pages_load_nothing_from_elsewhere_and_run_nothing_inline() {
        for page in &PAGES {
            let Ok(text) = std::str::from_utf8(page.bytes) else { continue };
            for sign in ["http://", "https://", "<style", "style=\"", " onclick=", "innerHTML", "eval("] {
                // Namespaces are names, not places.
                let text = text.replace("http://www.w3.org/2000/svg", "");
                assert!(!text.contains(sign), "{} has {sign}", page.path);
            }
            for script in text.split("<script").skip(1) {
                assert!(script.contains("></script>") && script.trim_start().starts_with("type=\"module\" src="));
            }
        }
    }
}
