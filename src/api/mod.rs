//! The gRPC services, one file per service. No rule lives here.

/// Messages and services generated from `proto/` (`tests/suite/generated.rs` keeps them in step).
#[allow(clippy::all, clippy::pedantic, missing_docs)]
pub mod proto {
    include!("proto/xuefen.v1.rs");
}
