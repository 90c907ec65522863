//! The process around the API: listener, TLS, shutdown, telemetry. No rule and no format lives here.

pub mod listener;
pub mod tls;
