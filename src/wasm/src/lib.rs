//! Core for the browser: one call that verifies, and what the page about the log needs beside it.
//!
//! Bytes in, JSON out. No check is made here and no sentence written: checks are core's, words are those of `xuefen-words`,
//! so that a page and the command line say the same. Nothing is imported from the page either: the module can compute and
//! nothing else.

mod abi;
mod log;
mod policy;
mod report;
mod request;

use serde::Serialize;

use request::{Bad, Request};

/// Answers a request (see [`Request`]) with JSON: what was asked for, or `{"error": ...}`.
#[must_use]
pub fn answer(request: &[u8]) -> Vec<u8> {
    #[derive(Serialize)]
    struct Failed {
        error: Bad,
    }
    dispatch(request).unwrap_or_else(|error| json(&Failed { error }))
}

fn dispatch(request: &[u8]) -> Result<Vec<u8>, Bad> {
    let mut request = Request::read(request)?;
    match request.text("call")? {
        "verify" => report::verify(&mut request),
        "policy" => Ok(json(&policy::describe(&mut request)?)),
        "entry" => Ok(json(&log::entry(&mut request)?)),
        "checkpoint" => Ok(json(&log::checkpoint(&mut request)?)),
        "consistency" => Ok(json(&log::consistency(&mut request)?)),
        other => Err(Bad::new("call", format!("{other:?} is not a call"))),
    }
}

fn json(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("answers have text for keys, and a Vec takes all bytes")
}
