//! Errors on the wire: a code, a sentence, and `google.rpc.ErrorInfo` with domain `xuefen` and a stable reason.
//!
//! What went wrong inside (paths, sources, keys) goes to the server's log and never into a status.

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::access::AccessError;
use crate::sequencer::RecordError;

/// The domain of every reason.
const DOMAIN: &str = "xuefen";

/// `ErrorInfo` with this project's domain.
#[expect(clippy::disallowed_types, reason = "the type that tonic-types takes; its order shows nowhere")]
pub fn error_info(reason: &str, metadata: impl IntoIterator<Item = (String, String)>) -> ErrorDetails {
    let metadata: std::collections::HashMap<_, _> = metadata.into_iter().collect();
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, metadata);
    details
}

fn with_reason(code: Code, message: impl Into<String>, reason: &str) -> Status {
    Status::with_error_details(code, message, error_info(reason, []))
}

/// A request's field is not what the call takes; `fix` says what to send.
pub fn invalid(field: &str, fix: impl Into<String>) -> Status {
    let fix = fix.into();
    let mut details = error_info("INVALID_ARGUMENT", [("field".to_owned(), field.to_owned())]);
    details.add_bad_request_violation(field, fix.clone());
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {fix}"), details)
}

/// There is no such thing, or the caller may not know of it: the two look the same.
pub fn not_found(what: &str) -> Status {
    with_reason(Code::NotFound, format!("{what} was not found"), "NOT_FOUND")
}

/// Something failed inside. The source is logged, the caller learns only that it was not their fault.
pub fn internal(error: &(dyn std::error::Error + 'static)) -> Status {
    let mut chain = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        chain.push_str(": ");
        chain.push_str(&inner.to_string());
        source = inner.source();
    }
    tracing::error!(error = %chain, "a call failed");
    with_reason(Code::Internal, "the server could not answer; its operator's log says why", "INTERNAL")
}

/// The writer has stopped; readers go on.
pub fn stopped() -> Status {
    let message = "this ledger takes no entries now; its operator's log says why. What was acknowledged is safe";
    with_reason(Code::Unavailable, message, "LEDGER_STOPPED")
}

/// The queue is full; try again soon.
pub fn busy() -> Status {
    let mut details = error_info("QUEUE_FULL", [("queue".to_owned(), "posting".to_owned())]);
    details.set_retry_info(Some(std::time::Duration::from_millis(200)));
    let message = "the ledger is busy; try again in a moment, or use PostEntries, which waits by itself";
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// Too many presentations wait to be verified.
pub fn verifier_busy() -> Status {
    let mut details = error_info("VERIFIER_BUSY", []);
    details.set_retry_info(Some(std::time::Duration::from_secs(1)));
    let message = "too many presentations are being verified; try again in a moment, or use 'xuefen verify', which needs no \
                   server";
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// Another report is being computed.
pub fn reporter_busy() -> Status {
    let mut details = error_info("REPORTER_BUSY", []);
    details.set_retry_info(Some(std::time::Duration::from_secs(5)));
    let message = "another report is being computed; try again in a moment";
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// The server asks for no quorum, so nothing here is ever witnessed.
pub fn no_quorum() -> Status {
    let message =
        "this server asks no quorum of witnesses for cosignatures, so there is no witnessed checkpoint to wait for";
    with_reason(Code::FailedPrecondition, message, "NO_QUORUM")
}

/// Logged, and no checkpoint with a quorum covers it yet.
pub fn not_witnessed_yet() -> Status {
    let mut details = error_info("NOT_WITNESSED_YET", []);
    details.set_retry_info(Some(std::time::Duration::from_secs(10)));
    let message = "the entry is in the ledger, but too few witnesses have confirmed it yet; try again in a moment";
    Status::with_error_details(Code::Unavailable, message, details)
}

/// Whoever asks has not shown who they are. One answer for every cause, so that none can be told from another.
pub fn unproven(reason: &str, message: &str) -> Status {
    with_reason(Code::Unauthenticated, message, reason)
}

/// Too many attempts by everybody together; try again after so many seconds.
pub fn too_many(seconds: u64) -> Status {
    let mut details = error_info("TOO_MANY_ATTEMPTS", [("retry_seconds".to_owned(), seconds.to_string())]);
    details.set_retry_info(Some(std::time::Duration::from_secs(seconds)));
    let message = format!("too many attempts; try again in {seconds} s");
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

impl From<AccessError> for Status {
    fn from(error: AccessError) -> Self {
        let (code, reason) = match error {
            AccessError::Missing => (Code::Unauthenticated, "ACCESS_TOKEN_MISSING"),
            AccessError::Forged => (Code::Unauthenticated, "ACCESS_TOKEN_FORGED"),
            AccessError::Expired => (Code::Unauthenticated, "ACCESS_TOKEN_EXPIRED"),
            AccessError::Denied => (Code::PermissionDenied, "ACCESS_DENIED"),
        };
        with_reason(code, error.to_string(), reason)
    }
}

impl From<RecordError> for Status {
    fn from(error: RecordError) -> Self {
        match error {
            // An account that is gone looks like one that is somebody else's.
            RecordError::NoKey => AccessError::Denied.into(),
            RecordError::Busy => busy(),
            RecordError::Stopped(_) => stopped(),
            RecordError::Vault(error) => internal(&error),
        }
    }
}
