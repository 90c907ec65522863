//! Witnesses (C2SP tlog-witness, formats.md 4), so that a ledger cannot show two histories: the side that asks for
//! cosignatures, and the side that gives them.
//!
//! ```text
//! start ─▶ gate ──┐
//!                 ├─▶ client ──add-checkpoint──▶ server: judge ─▶ store (fsync) ─▶ cosignature
//! view ─▶ feeder ─┘     ▲ records   ◀── 200, 409, 422 … ──        one record a log
//! ```
//!
//! What the lines of a checkpoint and a cosignature are stands in core. Who is told of what is found here is the affair of
//! api and server; no gRPC in here.

pub mod client;
pub mod feeder;
pub mod gate;
pub mod records;
pub mod request;
pub mod server;

#[cfg(test)]
mod testing;
