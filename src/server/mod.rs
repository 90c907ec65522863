//! The process around the API: listener, TLS, routes, telemetry, and putting a ledger's directory behind it all. No rule and
//! no format lives here.

pub mod listener;
mod pages;
pub mod routes;
pub mod start;
pub mod telemetry;
pub mod tiles;
pub mod tls;
