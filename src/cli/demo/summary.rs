//! The end of the demo for people: what came of it, what failed, and what to type next.

use std::net::SocketAddr;

use super::messages as m;
use super::place::Place;
use super::samples::ORIGIN;
use super::script::Outcome;
use super::shell::command;
use crate::cli::messages::Text;
use crate::cli::output::Output;

/// Prints it. `address` is where the server stays; without one it has ended.
pub fn print(
    outcome: &Outcome,
    place: &Place,
    address: Option<SocketAddr>,
    output: &mut Output<'_>,
) -> anyhow::Result<()> {
    let lang = output.lang();
    let files = place.dir().join("out").display().to_string();
    let values: [(&str, &dyn std::fmt::Display); 6] = [
        ("origin", &ORIGIN),
        ("size", &outcome.tree_size),
        ("accepted", &outcome.accepted),
        ("replayed", &outcome.replayed),
        ("refused", &outcome.refused),
        ("files", &files),
    ];
    output.line(&format!("\n{}", m::SUMMARY.fill(lang, &values)))?;
    for failed in &outcome.failed {
        output.line(&m::FAILED.fill(lang, &[("what", failed)]))?;
    }
    let heading = if address.is_some() { m::NEXT } else { m::NEXT_OFFLINE };
    output.line(&format!("\n{}", output.text(heading)))?;
    for (text, command) in next(outcome, place, address) {
        output.line(&format!("\n# {}\n{command}", output.text(text)))?;
    }
    output.line("")
}

/// What can be typed now, and what it shows.
fn next(outcome: &Outcome, place: &Place, address: Option<SocketAddr>) -> Vec<(Text, String)> {
    // As it was typed, so that it can be typed again.
    let program = std::env::args().next().unwrap_or_else(|| "xuefen".to_owned());
    let dir = place.dir().display().to_string();
    let out = |name: &str| place.out_arg(name);
    let verify = command(
        &program,
        &[
            "verify",
            &out("presentation.xuefen.json"),
            "--policy",
            &out("policy.txt"),
            "--authority",
            &out("authority.txt"),
        ],
    );
    let Some(address) = address else {
        return vec![(m::TRY_VERIFY, verify), (m::TRY_SERVE, command(&program, &["demo", "--dir", &dir]))];
    };
    let server = format!("https://{address}");
    let online = ["--server", server.as_str(), "--dir", dir.as_str()];
    let typed = |args: &[&str]| command(&program, &[args, &online].concat());
    let ca = place.dir().join("tls/cert.pem").display().to_string();
    let socket = address.to_string();
    vec![
        (m::TRY_POST, typed(&["post", &out("fresh.signed")])),
        (m::TRY_TRANSCRIPT, typed(&["transcript", "--code", &outcome.code])),
        (m::TRY_VERIFY, verify),
        (m::TRY_GRPC, command("grpcurl", &["-cacert", &ca, &socket, "xuefen.v1.LogService/GetCheckpoint"])),
    ]
}
