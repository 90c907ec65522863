//! Between what travels and what the ledger works with. Unchecked values end here.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use xuefen_ledger::{Flag, RawPosting, Refusal};

use super::proto;
use super::status::error_info;
use crate::sequencer::{Receipt, Verdict, payload_from_message};

/// A posting as it arrived. What cannot be a payload (a seed of another length, tags that do not ascend) counts as none, and
/// the ledger refuses this one posting for it: one bad entry never stops the others.
pub fn posting(posting: proto::Posting) -> RawPosting {
    let payload = posting.payload.and_then(payload_from_message);
    RawPosting { statement: posting.statement, attestations: posting.attestations, payload }
}

/// A verdict for the posting that its sender numbered `sequence`.
pub fn verdict(sequence: u64, verdict: Verdict) -> proto::EntryVerdict {
    let result = match verdict {
        Verdict::Receipt(receipt) => proto::entry_verdict::Result::Receipt(self::receipt(receipt)),
        Verdict::Refused(refusal) => proto::entry_verdict::Result::Refusal(self::refusal(&refusal)),
    };
    proto::EntryVerdict { sequence, result: Some(result) }
}

/// A receipt.
pub fn receipt(receipt: Receipt) -> proto::Receipt {
    proto::Receipt {
        index: receipt.index,
        leaf_hash: receipt.leaf_hash.as_ref().to_vec(),
        logged_at: receipt.logged_at,
        replayed: receipt.replayed,
        pending: receipt.pending,
        flags: receipt.flags.into_iter().map(flag).collect(),
    }
}

/// A remark.
pub fn flag(flag: Flag) -> proto::Flag {
    proto::Flag {
        code: flag.code.code().to_owned(),
        message: flag.code.message().en.to_owned(),
        severity: flag.severity as i32,
        field: flag.field.into_owned(),
        policy_index: flag.policy,
        reason: flag.reason,
    }
}

fn rule(refusal: &Refusal) -> String {
    let rule = refusal.rejection.rule().en;
    if refusal.detail.is_empty() { rule.to_owned() } else { format!("{rule} ({})", refusal.detail) }
}

fn refusal(refusal: &Refusal) -> proto::Refusal {
    proto::Refusal {
        reason: refusal.rejection.code().to_owned(),
        field: refusal.field.to_string(),
        rule: rule(refusal),
        fix: refusal.rejection.fix().en.to_owned(),
        existing_index: refusal.existing.unwrap_or_default(),
        has_existing: refusal.existing.is_some(),
    }
}

/// A refusal as the error of a unary call.
pub fn refused(refusal: &Refusal) -> Status {
    let code = refusal.rejection.code();
    let mut metadata = vec![
        ("statement".to_owned(), "posting".to_owned()),
        ("field".to_owned(), refusal.field.to_string()),
        ("rule".to_owned(), rule(refusal)),
        ("fix".to_owned(), refusal.rejection.fix().en.to_owned()),
    ];
    metadata.extend(refusal.existing.map(|index| ("existing_index".to_owned(), index.to_string())));
    let mut details = error_info(code, metadata);
    details.add_precondition_failure_violation(code, refusal.field.as_ref(), rule(refusal));
    let message = format!("{code} at {}: {} {}", refusal.field, rule(refusal), refusal.rejection.fix().en);
    Status::with_error_details(Code::FailedPrecondition, message, details)
}
