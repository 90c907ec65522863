//! What the operator reads: one line per event on standard error, human or JSON. No payload value is ever an event's field.

use tracing_subscriber::EnvFilter;

/// Starts logging. `RUST_LOG` chooses what is said; without it, warnings and what matters to an operator.
///
/// Later calls change nothing, so a test may call it too.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,xuefen=info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // An error means that a subscriber is there already.
    drop(if json { builder.json().try_init() } else { builder.with_target(false).try_init() });
}
