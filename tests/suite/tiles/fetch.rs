//! Plain requests over one connection, in HTTP/1.1 or HTTP/2.

use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

/// One connection.
pub enum Connection {
    One(http1::SendRequest<Empty<Bytes>>),
    Two(http2::SendRequest<Empty<Bytes>>),
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Connection {
    pub async fn http1(address: SocketAddr) -> Self {
        let stream = TokioIo::new(TcpStream::connect(address).await.expect("a server"));
        let (sender, connection) = http1::handshake(stream).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        Self::One(sender)
    }

    pub async fn http2(address: SocketAddr) -> Self {
        let stream = TokioIo::new(TcpStream::connect(address).await.expect("a server"));
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.expect("HTTP/2");
        tokio::spawn(connection);
        Self::Two(sender)
    }

    pub async fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        // HTTP/1.1 names the host in a header, HTTP/2 in the address.
        let address = if matches!(self, Self::One(_)) { path.to_owned() } else { format!("http://localhost{path}") };
        let mut request = Request::builder().method(method).uri(address);
        if matches!(self, Self::One(_)) {
            request = request.header("host", "localhost");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Empty::new()).expect("a request");
        let answer: Response<Incoming> = match self {
            Self::One(sender) => {
                sender.ready().await.expect("an open connection");
                sender.send_request(request).await.expect("an answer")
            }
            Self::Two(sender) => {
                sender.ready().await.expect("an open connection");
                sender.send_request(request).await.expect("an answer")
            }
        };
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes().to_vec();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[]).await
    }
}
