//! A log over HTTP. Threads that read a log wait; the requests themselves run on a small runtime that this source owns.

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use tokio::runtime::Runtime;

use super::source::{Source, SourceError};
use crate::http_client::{HttpAnswer, HttpClient, HttpError};

/// Requests on their way at once: enough to hide a continent's distance, few enough for any server.
const WIDTH: usize = 16;

/// Time for one answer: a full bundle of large entries is 16 MiB.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Pauses before asking again where a server is busy or away for a moment.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// Reads resources below a URL prefix. Must not be used or dropped on a thread of another runtime: it waits.
#[derive(Debug)]
pub struct HttpSource {
    prefix: String,
    client: HttpClient,
    runtime: Runtime,
}

impl HttpSource {
    /// Resources below `prefix`. `ca` names a file of certificates (PEM) to trust beside those of this machine; what a log
    /// says is proven by its signatures, whoever hands it over, so `http://` does as well.
    ///
    /// # Errors
    /// If TLS or the runtime cannot be set up.
    pub fn new(prefix: &str, ca: Option<&Path>) -> Result<Self, SourceError> {
        let client = HttpClient::new(ca, TIMEOUT)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(SourceError::Runtime)?;
        Ok(Self { prefix: prefix.trim_end_matches('/').to_owned(), client, runtime })
    }

    fn once(&self, url: &str, most: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let answer = self.runtime.block_on(self.client.get(url, most))?;
        match answer.status {
            200 => plain(url, answer, most).map(Some),
            404 | 410 => Ok(None),
            status => Err(SourceError::Status { url: url.to_owned(), status }),
        }
    }
}

/// The body without its compression. A log may compress without being asked.
fn plain(url: &str, answer: HttpAnswer, most: usize) -> Result<Vec<u8>, SourceError> {
    let bad = |coding: &str| SourceError::Coding { url: url.to_owned(), coding: coding.to_owned() };
    match answer.content_encoding.as_str() {
        "" | "identity" => Ok(answer.body.into()),
        "gzip" | "x-gzip" => {
            let mut bytes = Vec::new();
            let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
            // No more is unpacked than may come: a few bytes can stand for gigabytes.
            let unpacked = MultiGzDecoder::new(&answer.body[..]).take(limit).read_to_end(&mut bytes);
            unpacked.map_err(|_| bad("gzip"))?;
            if bytes.len() > most { Err(SourceError::TooLong { name: url.to_owned(), most }) } else { Ok(bytes) }
        }
        other => Err(bad(other)),
    }
}

/// Whether the same request may do better in a moment.
const fn is_passing(error: &SourceError) -> bool {
    match error {
        SourceError::Http(error) => {
            matches!(error, HttpError::Unreachable { .. } | HttpError::Cut { .. } | HttpError::TimedOut { .. })
        }
        SourceError::Status { status, .. } => matches!(status, 408 | 429 | 500 | 502 | 503 | 504),
        _ => false,
    }
}

impl Source for HttpSource {
    fn get(&self, path: &str, most: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let url = format!("{}/{path}", self.prefix);
        for pause in PAUSES {
            match self.once(&url, most) {
                Err(error) if is_passing(&error) => std::thread::sleep(pause),
                answer => return answer,
            }
        }
        self.once(&url, most)
    }

    fn width(&self) -> usize {
        WIDTH
    }

    fn name(&self) -> String {
        self.prefix.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write as _;

    fn answer(coding: &str, body: Vec<u8>) -> HttpAnswer {
        HttpAnswer { status: 200, content_type: String::new(), content_encoding: coding.to_owned(), body: body.into() }
    }

    #[test]
    fn a_small_body_does_not_become_a_large_one() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![0; 1 << 20]).unwrap();
        let short = encoder.finish().unwrap();
        assert!(short.len() < 2_000);
        assert_eq!(plain("u", answer("gzip", short.clone()), 1 << 20).unwrap().len(), 1 << 20);
        let error = plain("u", answer("gzip", short.clone()), (1 << 20) - 1).unwrap_err();
        assert!(matches!(error, SourceError::TooLong { .. }));
        for (coding, body) in [("gzip", short[..short.len() - 9].to_vec()), ("gzip", vec![1]), ("br", short)] {
            assert!(matches!(plain("u", answer(coding, body), 1 << 20), Err(SourceError::Coding { .. })), "{coding}");
        }
        assert_eq!(plain("u", answer("", vec![1, 2]), 2).unwrap(), [1, 2]);
    }

    #[test]
    fn only_what_may_pass_is_asked_again() {
        let status = |status| SourceError::Status { url: String::new(), status };
        assert!(is_passing(&status(503)) && is_passing(&status(429)));
        assert!(!is_passing(&status(403)) && !is_passing(&status(301)));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_sent_no_more_comes_out_than_is_taken(
            flips in proptest::collection::vec((0_usize..1_000, 0_u8..=255), 0..4),
            most in 0_usize..3_000,
        ) {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&[7; 2_000]).unwrap();
            let mut bytes = encoder.finish().unwrap();
            for (at, value) in flips {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            if let Ok(plain) = plain("u", answer("gzip", bytes), most) {
                proptest::prop_assert!(plain.len() <= most);
            }
        }
    }
}
