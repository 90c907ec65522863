//! A small HTTP client: one request, one answer of bounded length within a bounded time.
//!
//! For witnesses and for logs read over tiles. It follows no redirect, sends no cookie and keeps nothing. What an answer
//! means is its caller's affair.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// What this program calls itself.
const AGENT: &str = concat!("xuefen/", env!("CARGO_PKG_VERSION"));

/// A connection nobody uses is closed after this long.
const IDLE: Duration = Duration::from_mins(1);

/// Makes requests; keeps connections open between them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeout: Duration,
}

/// What came back, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpAnswer {
    /// Status code.
    pub status: u16,
    /// Content type as sent; empty if there is none.
    pub content_type: String,
    /// Content coding as sent, such as `gzip`; empty if there is none.
    pub content_encoding: String,
    /// The whole body, in that coding.
    pub body: Bytes,
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address is not one of HTTP.
    #[error("{url:?} is not an http or https address")]
    Address {
        /// As given.
        url: String,
    },
    /// A file with certificates cannot be used.
    #[error("{path} holds no usable certificate (PEM)")]
    Certificate {
        /// Which file.
        path: String,
    },
    /// TLS cannot be set up.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// Nobody answers there, or not in HTTP.
    #[error("{url} cannot be reached")]
    Unreachable {
        /// Address.
        url: String,
        /// What the connection said.
        #[source]
        source: hyper_util::client::legacy::Error,
    },
    /// The answer ended early.
    #[error("the answer of {url} was cut")]
    Cut {
        /// Address.
        url: String,
        /// What the connection said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// More than the caller takes.
    #[error("the answer of {url} is longer than {most} bytes")]
    TooLong {
        /// Address.
        url: String,
        /// Most bytes taken.
        most: usize,
    },
    /// Too slow.
    #[error("{url} did not answer within {} s", .timeout.as_secs_f32())]
    TimedOut {
        /// Address.
        url: String,
        /// Time it had.
        timeout: Duration,
    },
}

impl HttpClient {
    /// A client that trusts this machine's certificate authorities and those in `ca`, and gives every request `timeout` in
    /// all, from connecting to the last byte of the answer.
    pub fn new(ca: Option<&Path>, timeout: Duration) -> Result<Self, HttpError> {
        let mut roots = RootCertStore::empty();
        // A machine without a store has none to trust; then only what `ca` names is reached over TLS.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = ca {
            let unusable = || HttpError::Certificate { path: path.display().to_string() };
            let certificates: Vec<CertificateDer<'_>> =
                CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|_| unusable())?;
            let (added, _) = roots.add_parsable_certificates(certificates);
            if added == 0 {
                return Err(unusable());
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(HttpError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(timeout));
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(Self { client, timeout })
    }

    /// GETs `url` and takes an answer of at most `most` bytes.
    pub async fn get(&self, url: &str, most: usize) -> Result<HttpAnswer, HttpError> {
        self.request(url, None, most).await
    }

    /// POSTs `body` as plain text to `url` and takes an answer of at most `most` bytes.
    pub async fn post(&self, url: &str, body: impl Into<Bytes>, most: usize) -> Result<HttpAnswer, HttpError> {
        self.request(url, Some(("text/plain; charset=utf-8", body.into())), most).await
    }

    /// POSTs `body`, which is JSON, to `url` and takes an answer of at most `most` bytes.
    pub async fn post_json(&self, url: &str, body: impl Into<Bytes>, most: usize) -> Result<HttpAnswer, HttpError> {
        self.request(url, Some(("application/json", body.into())), most).await
    }

    /// A POST of what is given with its content type, else a GET.
    async fn request(&self, url: &str, sent: Option<(&str, Bytes)>, most: usize) -> Result<HttpAnswer, HttpError> {
        let bad = || HttpError::Address { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| bad())?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return Err(bad());
        }
        let request = Request::builder().uri(uri).header(USER_AGENT, AGENT);
        let (request, body) = match sent {
            Some((kind, body)) => (request.method(Method::POST).header(CONTENT_TYPE, kind), body),
            // Named as in tlog-tiles; the caller unpacks, who knows how much may come of it.
            None => (request.header(ACCEPT_ENCODING, "gzip, identity"), Bytes::new()),
        };
        let request = request.body(Full::new(body)).map_err(|_| bad())?;
        match tokio::time::timeout(self.timeout, self.exchange(url, request, most)).await {
            Ok(answer) => answer,
            Err(_) => Err(HttpError::TimedOut { url: url.to_owned(), timeout: self.timeout }),
        }
    }

    async fn exchange(&self, url: &str, request: Request<Full<Bytes>>, most: usize) -> Result<HttpAnswer, HttpError> {
        let unreachable = |source| HttpError::Unreachable { url: url.to_owned(), source };
        let answer = self.client.request(request).await.map_err(unreachable)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers());
        let (content_type, content_encoding) = (text(headers, CONTENT_TYPE), text(headers, CONTENT_ENCODING));
        let body = Limited::new(answer.into_body(), most).collect().await.map_err(|source| {
            let url = url.to_owned();
            if source.is::<LengthLimitError>() {
                HttpError::TooLong { url, most }
            } else {
                HttpError::Cut { url, source }
            }
        })?;
        Ok(HttpAnswer { status, content_type, content_encoding, body: body.to_bytes() })
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> String {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// Answers the first request on a free port with these bytes, then closes; or never, if there are none.
    async fn peer(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut bytes = [0; 4_096];
            let _ = socket.read(&mut bytes).await;
            if answer.is_empty() {
                std::future::pending::<()>().await;
            }
            socket.write_all(answer.as_bytes()).await.unwrap();
        });
        url
    }

    fn client() -> HttpClient {
        HttpClient::new(None, Duration::from_millis(500)).unwrap()
    }

    #[tokio::test]
    async fn an_answer_comes_with_status_type_and_body() {
        let url = peer("HTTP/1.1 409 Conflict\r\ncontent-type: text/x.tlog.size\r\ncontent-length: 2\r\n\r\n7\n").await;
        let answer = client().post(&url, "old 0\n", 10).await.unwrap();
        assert_eq!(
            (answer.status, answer.content_type.as_str(), &answer.body[..]),
            (409, "text/x.tlog.size", &b"7\n"[..])
        );
    }

    #[tokio::test]
    async fn what_is_too_long_too_slow_cut_or_away_is_told_apart() {
        let long = peer("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12345").await;
        assert!(matches!(client().get(&long, 4).await, Err(HttpError::TooLong { most: 4, .. })));
        let cut = peer("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n123").await;
        assert!(matches!(client().get(&cut, 9).await, Err(HttpError::Cut { .. })));
        let silent = peer("").await;
        assert!(matches!(client().get(&silent, 9).await, Err(HttpError::TimedOut { .. })));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let away = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        assert!(matches!(client().get(&away, 9).await, Err(HttpError::Unreachable { .. })));
        let garbage = peer("no HTTP\r\n\r\n").await;
        assert!(matches!(client().get(&garbage, 9).await, Err(HttpError::Unreachable { .. })));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let url = peer("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n").await;
        assert_eq!(client().get(&url, 9).await.unwrap().status, 302);
    }

    #[tokio::test]
    async fn other_addresses_are_refused() {
        for url in ["", "x", "/x", "ftp://a/", "http:///x", "http://"] {
            assert!(matches!(client().get(url, 9).await, Err(HttpError::Address { .. })), "{url}");
        }
    }
}
