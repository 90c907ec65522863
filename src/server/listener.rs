//! One port for gRPC, gRPC-Web and plain HTTP, over TLS or (for loopback benches) in clear.
//!
//! The socket and the shutdown signal are passed in, so a test can bind port 0 and stop the server cleanly. No routes here.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Sleep, sleep};
use tokio_rustls::TlsAcceptor;

/// Bytes a peer may send on a stream or connection before it hears from us. The default of 64 KiB makes a bulk stream wait
/// for a round trip every hundred entries.
const WINDOW_BYTES: u32 = 4 << 20;

/// Bytes of one HTTP/2 frame that a peer may send. A message of a few hundred postings is some 300 KiB: with the default of
/// 16 KiB it takes twenty frames, each with system calls and wake-ups of its own. What a peer may have unread is bounded by
/// the window all the same.
const FRAME_BYTES: u32 = 256 << 10;

/// Time for a TLS handshake, and after it for the first bytes of HTTP; a peer that opens a socket and says nothing must not
/// hold a task for ever.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Bytes by which a peer shows that it speaks HTTP: HTTP/2's preface. While HTTP waits for them it has no clock of its own.
const PREFACE: usize = 24;

/// Time for the head of an HTTP/1 request, and between two of one connection.
const HEAD: Duration = Duration::from_secs(30);

/// Time in which a peer has to take at least one byte of what is written to it.
const STALL: Duration = Duration::from_mins(1);

/// Connections at once. Each has buffers of its own, so their number is what bounds memory; more are closed unanswered.
const CONNECTIONS: usize = 4_096;

/// Calls at once on one connection.
const STREAMS: u32 = 256;

/// Time for calls in flight to end after the shutdown signal.
const DRAIN: Duration = Duration::from_secs(5);

/// Serves `router` on `listener` until `shutdown` resolves, then lets calls in flight end.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    shutdown: impl Future<Output = ()>,
) {
    let mut http = Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    http.http2()
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES)
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .timer(TokioTimer::new());
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    tokio::pin!(shutdown);
    loop {
        let socket = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    // Out of descriptors or a reset before accept: neither is a reason to stop serving.
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
            () = &mut shutdown => break,
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!("{CONNECTIONS} connections are open; one more was closed");
            continue;
        };
        // Without this, Nagle and delayed acknowledgements turn a 0.1 ms call into 40 ms.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let (http, router, tls, watcher) = (http.clone(), router.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            if let Err(error) = connection(socket, tls, &http, router, watcher).await {
                tracing::debug!(%error, "connection ended");
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        tracing::warn!("some calls did not end in time and were cut");
    }
}

async fn connection(
    socket: TcpStream,
    tls: Option<TlsAcceptor>,
    http: &Builder<TokioExecutor>,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let service = TowerToHyperService::new(router);
    match tls {
        Some(tls) => {
            let stream = tokio::time::timeout(HANDSHAKE, tls.accept(socket))
                .await
                .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "TLS handshake took too long"))??;
            watcher
                .watch(http.serve_connection(TokioIo::new(Prompt::new(stream, HANDSHAKE, STALL)), service).into_owned())
                .await
        }
        None => {
            watcher
                .watch(http.serve_connection(TokioIo::new(Prompt::new(socket, HANDSHAKE, STALL)), service).into_owned())
                .await
        }
    }
}

/// A stream whose peer has so long to send the first [`PREFACE`] bytes, and later to take any byte that is written.
struct Prompt<S> {
    stream: S,
    missing: usize,
    deadline: Option<Pin<Box<Sleep>>>,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Prompt<S> {
    fn new(stream: S, patience: Duration, stall: Duration) -> Self {
        Self { stream, missing: PREFACE, deadline: Some(Box::pin(sleep(patience))), stall, stalled: None }
    }

    /// What came of writing, or that the peer has taken nothing for too long.
    fn taken<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.stall)));
        match stalled.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer reads nothing"))),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prompt<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buf);
        this.missing = this.missing.saturating_sub(buf.filled().len() - before);
        if this.missing == 0 {
            this.deadline = None;
        }
        if read.is_pending()
            && let Some(deadline) = &mut this.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer said nothing")));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prompt<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.taken(cx, written)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.stream).poll_flush(cx);
        this.taken(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bytes);
        this.taken(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    const PATIENCE: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn a_peer_that_says_too_little_is_cut_and_one_that_has_spoken_is_not() {
        let (mut peer, ours) = duplex(64);
        let mut ours = Prompt::new(ours, PATIENCE, PATIENCE);
        let mut bytes = [0; 64];
        peer.write_all(&[1; PREFACE - 1]).await.unwrap();
        assert_eq!(ours.read(&mut bytes).await.unwrap(), PREFACE - 1);
        assert_eq!(ours.read(&mut bytes).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        let (mut peer, ours) = duplex(64);
        let mut ours = Prompt::new(ours, PATIENCE, PATIENCE);
        peer.write_all(&[1; PREFACE]).await.unwrap();
        assert_eq!(ours.read(&mut bytes).await.unwrap(), PREFACE);
        let waited = tokio::time::timeout(4 * PATIENCE, ours.read(&mut bytes)).await;
        assert!(waited.is_err(), "a quiet connection stays");
    }

    #[tokio::test]
    async fn a_peer_that_reads_nothing_is_cut_and_one_that_reads_slowly_is_not() {
        let (mut peer, ours) = duplex(64);
        let mut ours = Prompt::new(ours, PATIENCE, PATIENCE);
        let slow = tokio::spawn(async move {
            let mut byte = [0; 32];
            for _ in 0..16 {
                tokio::time::sleep(PATIENCE / 4).await;
                peer.read_exact(&mut byte).await.unwrap();
            }
            peer
        });
        ours.write_all(&[1; 16 * 32 + 64]).await.expect("it takes its time, and takes it");
        let _peer = slow.await.unwrap();
        assert_eq!(ours.write_all(&[1; 1]).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
