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

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(parts: &[&[u8]]) -> serde_json::Value {
        let framed = parts.iter().flat_map(|part| [&u32::try_from(part.len()).unwrap().to_be_bytes(), *part].concat());
        serde_json::from_slice(&answer(&framed.collect::<Vec<_>>())).unwrap()
    }

    const POLICY: &[u8] = include_bytes!("../../../keys/policy/policy.txt");
    const AUTHORITY: &[u8] = include_bytes!("../../../keys/policy/authority.txt");

    #[test]
    fn whatever_is_asked_is_answered_in_json() {
        assert_eq!(answer(&[0, 0, 0, 9]), br#"{"error":{"argument":"request","problem":"is missing or cut short"}}"#);
        assert_eq!(ask(&[b"sing"])["error"]["problem"], "\"sing\" is not a call");
        assert_eq!(ask(&[b"policy", POLICY, b"no key"])["error"]["argument"], "authority");
        assert_eq!(ask(&[b"policy", POLICY, AUTHORITY])["quorum_none"], false);
    }

    #[test]
    fn a_file_that_is_none_fails_step_1_in_words() {
        let report = ask(&[b"verify", POLICY, AUTHORITY, b"{}", b"0", b"0", b"", b"", b""]);
        assert_eq!((&report["result"], &report["steps"][0]["code"]), (&"fail".into(), &"JSON".into()));
        assert_eq!(report["steps"][7]["result"], "not-asked");
        assert!(report["headline"]["zh"].as_str().unwrap().contains("出示文件") && report["subject"].is_null());
        let asked = ask(&[b"verify", POLICY, AUTHORITY, b"{}", b"0", b"0", b"", b"us", b"c"]);
        assert_eq!(asked["steps"][7]["result"], "could-not-check");
    }
}
