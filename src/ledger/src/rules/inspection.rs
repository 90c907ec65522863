//! `Inspection`: an auditor's seeded sample, in two statements. First the commitment: to a secret, a population and the size
//! of the sample. Then, after a checkpoint that covers it, the secret, the checkpoint's root and the findings.
//! What is drawn from them stands in [`sample`](crate::sample).

use super::form::Form;
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, InspectionRow};
use crate::sample::{MOST_DRAWN, SECRET_BYTES, commitment};
use crate::state::{Read, ReadError};
use xuefen_core::proto::{AuthorityRole, Inspection, OutcomeKind};

/// Most findings of one statement: they must fit an entry.
const FINDINGS: usize = 1_000;

const INDEX: &str = "statement.inspection.commitment_index";

/// Whether it is the first of the two.
const fn is_commitment(body: &Inspection) -> bool {
    body.commitment_index == 0
}

pub(super) fn form(body: &Inspection, faults: &mut Vec<Refusal>) {
    let mut form = Form::new("statement.inspection", faults);
    form.code(&body.scheme, "scheme");
    form.present(body.drawn > 0, "drawn");
    form.well_formed(body.drawn <= MOST_DRAWN, "drawn");
    if is_commitment(body) {
        form.present(!body.secret_commitment.is_empty(), "secret_commitment");
        form.well_formed([0, 32].contains(&body.secret_commitment.len()), "secret_commitment");
        form.well_formed(body.secret.is_empty(), "secret");
        form.well_formed(body.root.is_empty(), "root");
        form.well_formed(body.findings.is_empty(), "findings");
        if !body.population_issuer.is_empty() {
            form.institution(&body.population_issuer, "population_issuer");
        }
        form.well_formed(OutcomeKind::try_from(body.population_outcome_kind).is_ok(), "population_outcome_kind");
    } else {
        form.present(!body.secret.is_empty(), "secret");
        form.well_formed(body.secret.is_empty() || SECRET_BYTES.contains(&body.secret.len()), "secret");
        form.present(body.checkpoint_size > 0, "checkpoint_size");
        form.present(!body.root.is_empty(), "root");
        form.well_formed([0, 32].contains(&body.root.len()), "root");
        // Said once, in the commitment.
        form.well_formed(body.secret_commitment.is_empty(), "secret_commitment");
        form.well_formed(body.population_issuer.is_empty(), "population_issuer");
        form.well_formed(body.population_outcome_kind == 0, "population_outcome_kind");
        let few = body.findings.len() <= FINDINGS.min(body.drawn as usize);
        let ascending = body.findings.windows(2).all(|pair| pair[0].index < pair[1].index);
        let below = body.findings.iter().all(|finding| finding.index < body.checkpoint_size);
        form.well_formed(few && ascending && below, "findings");
    }
}

/// An authority that accredits or audits; what one began, the same one reports.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &Inspection) -> Check {
    let role = case.acts_as(AuthorityRole::Audit) || case.acts_as(AuthorityRole::Accredit);
    ensure(role, Rejection::NotEntitled, "statement.issuer")?;
    if is_commitment(body) {
        return Ok(());
    }
    let begun = case.state.inspection(body.commitment_index)?;
    let own = begun.is_none_or(|row| row.owner == case.issuer);
    ensure(own, Rejection::NotEntitled, INDEX)
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Inspection) -> Check {
    if is_commitment(body) {
        return Ok(());
    }
    if case.state.inspection(body.commitment_index)?.is_none() {
        let known = case.state.entry(body.commitment_index)?.is_some();
        let rejection = if known { Rejection::ReferenceWrongKind } else { Rejection::ReferenceUnknown };
        return Err(Refusal::new(rejection, INDEX).into());
    }
    for finding in &body.findings {
        case.target(Some(finding), "statement.inspection.findings")?;
    }
    Ok(())
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &Inspection) -> Check {
    let wrong = |good: bool, field: &'static str| ensure(good, Rejection::SampleSeedWrong, field);
    if is_commitment(body) {
        // A size that is named beforehand must hold more than this entry: whoever makes it could guess that root.
        let size = body.checkpoint_size;
        let ahead = size == 0 || (size > 1 && case.entries.leaf_hash(size - 2)?.is_none());
        return wrong(ahead, "statement.inspection.checkpoint_size");
    }
    let Some(begun) = case.state.inspection(body.commitment_index)? else { return Ok(()) };
    wrong(begun.scheme == body.scheme, "statement.inspection.scheme")?;
    wrong(begun.drawn == body.drawn, "statement.inspection.drawn")?;
    wrong(commitment(&body.secret).0 == begun.secret_commitment, "statement.inspection.secret")?;
    let size = body.checkpoint_size;
    let named = [0, size].contains(&begun.checkpoint_size);
    // Whoever makes the commitment can guess the root that ends with it, and try secrets until one draws what suits.
    wrong(named && size > body.commitment_index + 1, "statement.inspection.checkpoint_size")?;
    let root = case.entries.root(size)?;
    wrong(root.is_some_and(|root| root.0 == body.root[..]), "statement.inspection.root")?;
    match begun.reported_by {
        Some(by) => Err(Refusal::new(Rejection::InspectionReported, INDEX).existing(by).into()),
        None => Ok(()),
    }
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Inspection,
) -> Result<(), ReadError> {
    let index = writer.index();
    if is_commitment(body) {
        let Ok(secret_commitment) = <[u8; 32]>::try_from(&body.secret_commitment[..]) else { return Ok(()) };
        let row = InspectionRow {
            owner: entry.issuer().to_owned(),
            scheme: body.scheme.clone(),
            secret_commitment,
            drawn: body.drawn,
            checkpoint_size: body.checkpoint_size,
            population_issuer: body.population_issuer.clone(),
            population_outcome_kind: body.population_outcome_kind,
            reported_by: None,
        };
        writer.put(rows::inspection(index), &row);
    } else if let Some(row) = writer.inspection(body.commitment_index)? {
        writer.put(rows::inspection(body.commitment_index), &InspectionRow { reported_by: Some(index), ..row });
    }
    Ok(())
}

/// The key of what a report refers to.
pub(super) fn reads(body: &Inspection, keys: &mut Vec<crate::state::Key>) {
    if !is_commitment(body) {
        keys.push(rows::inspection(body.commitment_index));
    }
}
