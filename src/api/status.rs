//! Errors on the wire: a code, a sentence, and `google.rpc.ErrorInfo` with domain `xuefen` and a stable reason.
//!
//! What went wrong inside (paths, sources, keys) goes to the server's log and never into a status.

use std::collections::BTreeMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

use super::access::AccessError;
use crate::sequencer::RecordError;

/// The domain of every reason.
pub const DOMAIN: &str = "xuefen";

fn with_reason(code: Code, message: impl Into<String>, reason: &str, metadata: BTreeMap<String, String>) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, metadata.into_iter().collect::<std::collections::HashMap<_, _>>());
    Status::with_error_details(code, message, details)
}

/// A request's field is not what the call takes; `fix` says what to send.
pub fn invalid(field: &str, fix: String) -> Status {
    let mut details = ErrorDetails::new();
    let metadata = [("field".to_owned(), field.to_owned())];
    details.set_error_info("INVALID_ARGUMENT", DOMAIN, metadata);
    details.add_bad_request_violation(field, fix.clone());
    Status::with_error_details(Code::InvalidArgument, format!("{field}: {fix}"), details)
}

/// There is no such thing, or the caller may not know of it: the two look the same.
pub fn not_found(what: &str) -> Status {
    with_reason(Code::NotFound, format!("{what} was not found"), "NOT_FOUND", BTreeMap::new())
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
    with_reason(Code::Internal, "the server could not answer; its operator's log says why", "INTERNAL", BTreeMap::new())
}

/// The writer has stopped; readers go on.
pub fn stopped() -> Status {
    let message = "this ledger takes no entries now; its operator's log says why. What was acknowledged is safe";
    with_reason(Code::Unavailable, message, "LEDGER_STOPPED", BTreeMap::new())
}

/// The queue is full; try again soon.
pub fn busy() -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info("QUEUE_FULL", DOMAIN, [("queue".to_owned(), "posting".to_owned())]);
    details.set_retry_info(Some(std::time::Duration::from_millis(200)));
    let message = "the ledger is busy; try again in a moment, or use PostEntries, which waits by itself";
    Status::with_error_details(Code::ResourceExhausted, message, details)
}

/// The server does not have this yet.
pub fn not_enabled(what: &str) -> Status {
    with_reason(Code::Unimplemented, format!("{what} is not available on this server"), "NOT_ENABLED", BTreeMap::new())
}

/// Whoever asks has not shown who they are. One answer for every cause, so that none can be told from another.
pub fn unproven(reason: &str, message: &str) -> Status {
    with_reason(Code::Unauthenticated, message, reason, BTreeMap::new())
}

/// Too many attempts by everybody together; try again after so many seconds.
pub fn too_many(seconds: u64) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info("TOO_MANY_ATTEMPTS", DOMAIN, [("retry_seconds".to_owned(), seconds.to_string())]);
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
        with_reason(code, error.to_string(), reason, BTreeMap::new())
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
