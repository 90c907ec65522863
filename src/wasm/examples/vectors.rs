//! Core as a browser runs it, over the schema of the test vectors: tests/browser loads this module, gives it the vectors'
//! presentations and compares. The module in `src/server/web` has the real schema, which the vectors do not use.

#[path = "../src/abi.rs"]
mod abi;
#[path = "../../core/tests/common/mod.rs"]
mod common;
#[path = "../../core/tests/stand_in/mod.rs"]
mod stand_in;

use serde_json::{Value, json};
use xuefen_core::verify::Reason;

/// A case `{ policy, now, file }` as JSON; the results of its steps.
fn answer(request: &[u8]) -> Vec<u8> {
    let case: Value = serde_json::from_slice(request).expect("the test sends JSON");
    let file = common::text(&case, "file").as_bytes();
    let now = case["now"].as_u64().expect("seconds");
    let report = stand_in::verify_under(&case["policy"], now, file);
    let code = |reason: Option<&Reason>| reason.map_or("", Reason::as_str);
    let steps = report.steps().map(|(step, it)| (step.number().to_string(), json!([it.as_str(), code(it.reason())])));
    let steps: serde_json::Map<_, _> = steps.collect();
    let answer = json!({ "result": report.verdict().as_str(), "quorum_none": report.quorum_none, "steps": steps });
    answer.to_string().into_bytes()
}
