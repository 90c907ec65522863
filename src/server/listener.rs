//! One port for gRPC, gRPC-Web and plain HTTP, over TLS or (for loopback benches) in clear.
//!
//! The socket and the shutdown signal are passed in, so a test can bind port 0 and stop the server cleanly. No routes here.

use std::future::Future;
use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Bytes a peer may send on a stream or connection before it hears from us. The default of 64 KiB makes a bulk stream wait
/// for a round trip every hundred entries.
const WINDOW_BYTES: u32 = 4 << 20;

/// Time for a TLS handshake; a peer that opens a socket and says nothing must not hold a task for ever.
const HANDSHAKE: Duration = Duration::from_secs(10);

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
    http.http2()
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES)
        .max_concurrent_streams(1024)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .timer(hyper_util::rt::TokioTimer::new());
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
        // Without this, Nagle and delayed acknowledgements turn a 0.1 ms call into 40 ms.
        if let Err(error) = socket.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let (http, router, tls, watcher) = (http.clone(), router.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            if let Err(error) = connection(socket, tls, &http, router, watcher).await {
                tracing::debug!(%error, "connection ended");
            }
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
            watcher.watch(http.serve_connection(TokioIo::new(stream), service).into_owned()).await
        }
        None => watcher.watch(http.serve_connection(TokioIo::new(socket), service).into_owned()).await,
    }
}
