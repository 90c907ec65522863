//! Seeded inspections (rules.md 1 "control", 5): bound to a secret first, told after a root that nobody knew then.

use super::book::Book;
use super::judge::{Case, Change, Judge};
use super::lifecycle::target;
use super::registry::{malformed, missing};
use super::text::is_institution;
use crate::rejection::Rejection;
use xuefen_core::hash::{Hash, sha256};
use xuefen_core::proto::{AuthorityRole, Inspection, OutcomeKind};
use xuefen_core::tree::Frontier;

/// A commitment, who made it, and the entry that reports on it.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    pub(super) owner: String,
    pub(super) body: Inspection,
    pub(super) reported_by: Option<u64>,
}

/// Root of the first entries.
fn root(book: &Book, size: u64) -> Option<Hash> {
    let first = book.entries.get(..usize::try_from(size).ok()?)?;
    let mut tree = Frontier::new();
    for entry in first {
        tree.append(entry.as_ref()?.leaf_hash);
    }
    Some(tree.root())
}

pub(super) fn inspection(case: &Case<'_>, body: &Inspection, book: &Book, judge: &mut Judge) -> Option<Change> {
    let roles = [AuthorityRole::Audit, AuthorityRole::Accredit];
    let own = case.signers.iter().filter(|key| key.owner == case.issuer);
    let entitled = own.filter_map(|key| key.role.as_ref()).any(|(role, _)| roles.contains(role));
    judge.unless(entitled, Rejection::NotEntitled, || case.issuer.to_owned());
    missing(judge, !body.scheme.is_empty() && body.drawn > 0, "scheme, drawn");
    malformed(judge, body.drawn <= 10_000, "drawn");
    if body.commitment_index == 0 { commitment(case, body, judge) } else { report(case, body, book, judge) }
}

fn commitment(case: &Case<'_>, body: &Inspection, judge: &mut Judge) -> Option<Change> {
    missing(judge, !body.secret_commitment.is_empty(), "secret_commitment");
    let told = !body.secret.is_empty() || !body.root.is_empty() || !body.findings.is_empty();
    malformed(judge, !told && matches!(body.secret_commitment.len(), 0 | 32), "secret_commitment");
    malformed(judge, OutcomeKind::try_from(body.population_outcome_kind).is_ok(), "population_outcome_kind");
    let of = &body.population_issuer;
    judge.unless(of.is_empty() || is_institution(of), Rejection::InstitutionIdMalformed, || of.clone());
    let ahead = body.checkpoint_size == 0 || body.checkpoint_size > case.index + 1;
    judge.unless(ahead, Rejection::SampleSeedWrong, || format!("size {}", body.checkpoint_size));
    let begun = Begun { owner: case.issuer.to_owned(), body: body.clone(), reported_by: None };
    let index = case.index;
    Some(Box::new(move |book| book.inspections.insert(index, begun)))
}

fn report(case: &Case<'_>, body: &Inspection, book: &Book, judge: &mut Judge) -> Option<Change> {
    missing(judge, !body.secret.is_empty() && !body.root.is_empty() && body.checkpoint_size > 0, "secret, root, size");
    malformed(judge, body.secret.is_empty() || (16..=64).contains(&body.secret.len()), "secret");
    malformed(judge, matches!(body.root.len(), 0 | 32), "root");
    let again = body.secret_commitment.is_empty() && body.population_issuer.is_empty();
    malformed(judge, again && body.population_outcome_kind == 0, "what the commitment says");
    let mut before = None;
    for finding in &body.findings {
        malformed(judge, before < Some(finding.index) && finding.index < body.checkpoint_size, "findings");
        before = Some(finding.index);
        target(case, Some(finding), book, judge);
    }
    malformed(judge, body.findings.len() <= 1_000 && body.findings.len() <= body.drawn as usize, "findings");
    let index = body.commitment_index;
    let known = index < case.index && book.entry(index).is_some_and(|entry| entry.good);
    judge.unless(known, Rejection::ReferenceUnknown, || format!("entry {index}"));
    let begun = book.inspections.get(&index);
    judge.unless(!known || begun.is_some(), Rejection::ReferenceWrongKind, || format!("entry {index}"));
    let begun = begun?;
    judge.unless(begun.owner == case.issuer, Rejection::NotEntitled, || begun.owner.clone());
    let said = &begun.body;
    let size = body.checkpoint_size;
    let faithful = said.scheme == body.scheme
        && said.drawn == body.drawn
        && (said.checkpoint_size == 0 || said.checkpoint_size == size)
        && sha256(&[&body.secret]).0 == said.secret_commitment[..];
    let seeded = size > index + 1 && size <= case.index && root(book, size).is_some_and(|root| root.0 == body.root[..]);
    judge.unless(faithful && seeded, Rejection::SampleSeedWrong, || format!("{faithful} {seeded}"));
    judge.unless(begun.reported_by.is_none(), Rejection::InspectionReported, || format!("entry {index}"));
    let by = case.index;
    Some(Box::new(move |book| {
        if let Some(begun) = book.inspections.get_mut(&index) {
            begun.reported_by = Some(by);
        }
    }))
}
