//! Every route of the one port: the gRPC services (and gRPC-Web), reflection, health, and the plain HTTP beside them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;

use super::{pages, tiles};
use crate::api::proto::account_service_server::AccountServiceServer;
use crate::api::proto::issuing_service_server::IssuingServiceServer;
use crate::api::proto::log_service_server::LogServiceServer;
use crate::api::proto::registry_service_server::RegistryServiceServer;
use crate::api::proto::report_service_server::ReportServiceServer;
use crate::api::proto::transcript_service_server::TranscriptServiceServer;
use crate::api::proto::verification_service_server::VerificationServiceServer;
use crate::api::{Accounts, Api, Issuing, Log, Registry, Reports, Transcripts, Verification, proto};

/// Largest request of most services, bytes. A message that repeats what is empty takes many times its length once it is read,
/// so none may be longer than its service needs.
const REQUEST_BYTES: usize = 256 << 10;

/// Of postings: 1,000 of a few kilobytes.
const POSTINGS_BYTES: usize = 4 << 20;

/// Of a presentation of 4 MiB, in its envelope.
const PRESENTATION_BYTES: usize = (4 << 20) + 1_024;

macro_rules! service {
    ($server:ident, $service:expr) => {
        service!($server, $service, REQUEST_BYTES)
    };
    ($server:ident, $service:expr, $bytes:expr) => {
        $server::new($service)
            .max_decoding_message_size($bytes)
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip)
    };
}

/// The routes.
///
/// # Errors
/// If the descriptors that were built in cannot be read.
pub async fn routes(api: Arc<Api>) -> Result<Router, tonic_reflection::server::Error> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", tonic_health::ServingStatus::Serving).await;
    macro_rules! serving {
        ($($server:ty),*) => { $(health.set_serving::<$server>().await;)* };
    }
    serving!(IssuingServiceServer<Issuing>, VerificationServiceServer<Verification>, LogServiceServer<Log>);
    // Both versions: grpcurl of some distributions still speaks v1alpha only.
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let mut routes = Routes::builder();
    routes
        .add_service(service!(IssuingServiceServer, Issuing(Arc::clone(&api)), POSTINGS_BYTES))
        .add_service(service!(RegistryServiceServer, Registry(Arc::clone(&api))))
        .add_service(service!(AccountServiceServer, Accounts(Arc::clone(&api))))
        .add_service(service!(TranscriptServiceServer, Transcripts(Arc::clone(&api))))
        .add_service(service!(VerificationServiceServer, Verification(Arc::clone(&api)), PRESENTATION_BYTES))
        .add_service(service!(LogServiceServer, Log(Arc::clone(&api))))
        .add_service(service!(ReportServiceServer, Reports(Arc::clone(&api))))
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        .add_service(reflection().build_v1alpha()?);
    let plain = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(readyz))
        .merge(pages::router())
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(&api));
    // Behind the host of the origin stands its path.
    let origin_path = api.ledger.origin().as_str().split_once('/').map(|(_, path)| path.to_owned());
    let tiles = tiles::router(api, origin_path.as_deref());
    let grpc = routes.routes().into_axum_router().layer(GrpcWebLayer::new()).layer(from_fn(only_grpc));
    Ok(grpc.merge(plain).merge(tiles))
}

/// What is at no path of the plain routes comes to the gRPC services, which would answer whatever it is with 200 and a code
/// that only a gRPC client looks for.
async fn only_grpc(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if kind.is_some_and(|kind| kind.starts_with(b"application/grpc")) {
        return next.run(request).await;
    }
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (StatusCode::NOT_FOUND, kind, "there is nothing here; the pages are /verify and /log, the services speak gRPC\n")
        .into_response()
}

/// Ready = the ledger takes entries.
async fn readyz(State(api): State<Arc<Api>>) -> (StatusCode, &'static str) {
    if api.ledger.is_stopped() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the ledger has stopped writing; see the server's log\n");
    }
    (StatusCode::OK, "ready\n")
}

/// What an operator's Prometheus reads: the size of the log, and where its witnesses stand.
async fn metrics(State(api): State<Arc<Api>>) -> ([(&'static str, &'static str); 1], String) {
    let size =
        || format!("# TYPE xuefen_signed_tree_size gauge\nxuefen_signed_tree_size {}\n", api.ledger.view().tree.size);
    let text = api.witnesses.as_ref().map_or_else(size, |witnesses| witnesses.metrics());
    ([("content-type", "text/plain; version=0.0.4")], text)
}
