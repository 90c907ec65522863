//! Entries that concern one institution: in its name, and about its keys and its accreditation.

use xuefen_core::bytes::Bytes;
use xuefen_core::entry::Entry;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::Statement;
use xuefen_core::proto::statement::Body;

use super::alert::{Alert, Code};
use super::known::Known;
use crate::mirror::{Bundle, LogAt, MirrorError};

/// Bundles read at once.
const AHEAD: u64 = 32;

/// Looks at the entries from `next` on. Answers what concerns the issuer and is not known.
pub(super) fn entries_since(
    log: &LogAt<'_>,
    next: u64,
    issuer: &str,
    known: &Known,
) -> Result<Vec<Alert>, MirrorError> {
    let source = log.source_name();
    let mut alerts = Vec::new();
    let mut bundle = next / 256;
    while bundle < log.bundles() {
        let end = (bundle + AHEAD).min(log.bundles());
        for bundle in log.bundles_in(bundle..end)? {
            alerts.extend(of_bundle(&bundle, next, issuer, known, &source));
        }
        bundle = end;
    }
    Ok(alerts)
}

fn of_bundle(bundle: &Bundle, next: u64, issuer: &str, known: &Known, source: &str) -> Vec<Alert> {
    let entries = (bundle.first()..).zip(bundle.entries()).filter(|(index, _)| *index >= next);
    let concerns = |(index, bytes): (u64, &[u8])| {
        // What is no entry concerns everybody, and is the audit's to name.
        let entry = Entry::<Statement>::parse(Bytes::copy_from_slice(bytes)).ok()?;
        let body = entry.statement().message().body.as_ref()?;
        let kind = Kind::of(body).name();
        let (code, detail) = if entry.statement().issuer() == issuer {
            (Code::UnknownStatement, format!("{kind} in the name of {issuer}"))
        } else if about(body) == Some(issuer) {
            (Code::AboutIssuer, format!("{kind} about {issuer} by {}", entry.statement().issuer()))
        } else {
            return None;
        };
        let leaf_hash = Some(entry.leaf_hash().to_string());
        let alert = Alert { code, source: source.to_owned(), detail, index: Some(index), leaf_hash };
        (!known.has(&entry)).then_some(alert)
    };
    entries.filter_map(concerns).collect()
}

/// The institution whose keys or rights a statement changes.
fn about(body: &Body) -> Option<&str> {
    match body {
        Body::InstitutionKey(body) => Some(&body.institution),
        Body::AccreditInstitution(body) => Some(&body.institution),
        Body::ChangeInstitution(body) => Some(&body.institution),
        _ => None,
    }
}
