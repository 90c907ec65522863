//! `RecordOutcome`: what all outcome kinds share. Minutes and credits stand in `course`, families and levels in
//! `certificate`, counters in `runs`.

use super::{account, certificate, cosign, course, evidence, records, run, runs, study, training, ways};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, Said, Stop, ensure, is_in_force, predecessors};
use crate::day::Day;
use crate::decide::Effects;
use crate::evolve::Accepted;
use crate::facts::{Facts, OutcomeFacts, field};
use crate::flag::{Flag, FlagCode};
use crate::grade::passes;
use crate::policy::{WrongRight, number};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, Force, InstitutionRow, OfferBody, OutcomeRow};
use crate::state::{Key, Read, ReadError};
use crate::threshold::Breach;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::{InstitutionKind, OutcomeKind, RecordOutcome, Severity};

const SUPERSEDES: &str = "statement.record_outcome.supersedes";

fn kind(body: &RecordOutcome) -> OutcomeKind {
    OutcomeKind::try_from(body.outcome_kind).unwrap_or(OutcomeKind::Unspecified)
}

fn facts<'a, S: Read + ?Sized>(case: &Case<'a, S>) -> Option<&'a OutcomeFacts> {
    match &case.prepared.facts {
        Facts::Outcome(facts) => Some(facts),
        _ => None,
    }
}

pub(super) fn reads(body: &RecordOutcome, facts: &Facts, keys: &mut Vec<Key>) {
    if let Some(target) = &body.supersedes {
        keys.extend([rows::entry(target.index), rows::standing(target.index), rows::outcome(target.index)]);
    }
    cosign::reads(body, keys);
    let Facts::Outcome(facts) = facts else { return };
    keys.extend([facts.offer, facts.family].into_iter().flatten().flat_map(|at| [rows::offer(at), rows::standing(at)]));
    keys.extend(facts.recording_rule.map(rows::offer));
    keys.extend(facts.keys.source.clone());
    keys.extend(facts.account.map(rows::account));
    keys.extend(facts.keys.run.clone());
    keys.extend(facts.account.zip(facts.offer).map(|(account, offer)| facts.line(account, offer)));
}

/// The issuer records this kind, may import, is accredited for family and level, and uses a name of its own.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    ensure(case.acts_as_institution(), Rejection::NotEntitled, "statement.record_outcome")?;
    let Some(issuer) = &case.institution else { return Ok(()) };
    supersedes_own(case, body)?;
    let facts = facts(case);
    speaks_for_original(case, facts)?;
    let allowed = issuer.outcome_kinds.contains(&body.outcome_kind);
    ensure(allowed, Rejection::OutcomeKindNotAllowed, "statement.record_outcome.outcome_kind")?;
    if let Some(facts) = facts {
        right(case, kind(body), issuer, facts)?;
    }
    let import = issuer.may_import || !body.imported;
    ensure(import, Rejection::ImportNotAllowed, "statement.record_outcome.imported")?;
    let Some(facts) = facts else { return Ok(()) };
    let original = facts.original_issuer.is_none() || body.imported;
    ensure(original, Rejection::ImportNotAllowed, field(tags::ORIGINAL_ISSUER))?;
    certificate::may(case, issuer, facts)?;
    name(case, issuer, facts)?;
    study::may(case, issuer, body, facts)
}

/// Policy lets this kind of institution record such an outcome at this level.
fn right<S: Read + ?Sized>(
    case: &Case<'_, S>,
    kind: OutcomeKind,
    issuer: &InstitutionRow,
    facts: &OutcomeFacts,
) -> Check {
    let Err((policy, wrong)) = case.policy()?.right(kind, issuer.kind, facts.level.unwrap_or(0)) else {
        return Ok(());
    };
    let refusal = match wrong {
        WrongRight::Kind => Refusal::new(Rejection::IssueRightMissing, "statement.record_outcome.outcome_kind"),
        WrongRight::Level => Refusal::new(Rejection::IssueRightMissing, field(tags::LEVEL)),
    };
    Err(refusal.detail(format!("by the policy of entry {policy}")).into())
}

fn supersedes_own<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    let Some(reference) = &body.supersedes else { return Ok(()) };
    let Some(target) = case.state.entry(reference.index)? else { return Ok(()) };
    ensure(case.speaks_for(&target.issuer)?, Rejection::NotEntitled, SUPERSEDES)
}

/// A closed school's records: its successor, else an archive, names it as the original issuer.
fn speaks_for_original<S: Read + ?Sized>(case: &Case<'_, S>, facts: Option<&OutcomeFacts>) -> Check {
    let Some(original) = facts.and_then(|facts| facts.original_issuer.as_deref()) else { return Ok(()) };
    let archive = InstitutionKind::Archive as i32;
    let is_archive = case.institution.as_ref().is_some_and(|row| row.kind == archive);
    ensure(is_archive || case.speaks_for(original)?, Rejection::NotEntitled, field(tags::ORIGINAL_ISSUER))
}

/// The issuer's name is one of those accredited at `issued_at`; an imported record may carry one of the original issuer.
fn name<S: Read + ?Sized>(case: &Case<'_, S>, issuer: &InstitutionRow, facts: &OutcomeFacts) -> Check {
    let Some(name) = facts.issuer_name.as_deref() else { return Ok(()) };
    let own = issuer.names_at(case.issued_at).iter().any(|row| row.text == name);
    let original = facts.original_issuer.as_deref().map(|id| case.state.institution(id)).transpose()?.flatten();
    let named = |row: &InstitutionRow| row.names.iter().flat_map(|names| &names.names).any(|row| row.text == name);
    ensure(own || original.as_ref().is_some_and(named), Rejection::NameNotAllowed, field(tags::ISSUER_NAME))
}

pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    if body.supersedes.is_some() {
        let (_, target) = case.target(body.supersedes.as_ref(), SUPERSEDES)?;
        let outcome = usize::from(target.kind) == Kind::RecordOutcome as usize;
        ensure(outcome, Rejection::ReferenceWrongKind, SUPERSEDES)?;
    }
    cosign::references(case, body)?;
    let Some(facts) = facts(case) else { return Ok(()) };
    if let Some(account) = facts.account {
        case.state.account(account)?.ok_or_else(account::unknown)?;
    }
    if let Some(original) = &facts.original_issuer {
        let known = case.state.institution(original)?.is_some();
        ensure(known, Rejection::ReferenceUnknown, field(tags::ORIGINAL_ISSUER))?;
    }
    ways::references(case, kind(body), facts)?;
    for (indices, tag) in [(&facts.cites, tags::CITES), (&facts.parts, tags::PARTS)] {
        for index in indices {
            let known = case.state.entry(*index)?.is_some();
            ensure(known, Rejection::ReferenceUnknown, field(tag))?;
        }
    }
    offer_reference(case, kind(body), facts)?;
    run::outcome_references(case, facts)?;
    certificate::references(case, kind(body), facts)
}

fn offer_reference<S: Read + ?Sized>(case: &Case<'_, S>, kind: OutcomeKind, facts: &OutcomeFacts) -> Check {
    let Some(index) = facts.offer else { return Ok(()) };
    let name = field(tags::OFFER);
    let offer = case.offer(index, name)?;
    let right = match offer.body {
        OfferBody::Course(_) => matches!(kind, OutcomeKind::Course | OutcomeKind::PracticeRecord),
        OfferBody::Module(_) => matches!(kind, OutcomeKind::Module | OutcomeKind::PracticeRecord),
        _ => false,
    };
    // Whether the original issuer may be spoken for has been asked before.
    let own = facts.original_issuer.as_ref() == Some(&offer.owner) || case.speaks_for(&offer.owner)?;
    ensure(right && own, Rejection::ReferenceWrongKind, name)?;
    case.in_force(index, name)
}

/// (issuer or predecessor, outcome kind, source id) once. A correction has the record number of what it corrects.
pub(super) fn duplicates<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    let Some(facts) = facts(case) else { return Ok(()) };
    let Some((source, own)) = facts.source.zip(facts.keys.source.clone()) else { return Ok(()) };
    let predecessors = predecessors(case.state, case.institution.as_ref())?;
    for key in std::iter::once(own).chain(predecessors.iter().map(|issuer| rows::source(issuer, &source))) {
        let Some((existing, _)) = case.state.newest(&key)? else { continue };
        let same_record = match &body.supersedes {
            Some(target) => later_versions(case.state, target.index)?.contains(&existing),
            None => false,
        };
        if !same_record {
            let refusal = Refusal::new(Rejection::DuplicateOutcome, field(tags::SOURCE_ID));
            return Err(refusal.existing(existing).into());
        }
    }
    Ok(())
}

/// Most corrections of one outcome.
const VERSIONS: usize = 64;

/// An outcome and the corrections after it, oldest first.
fn later_versions<S: Read + ?Sized>(state: &S, index: u64) -> Result<Vec<u64>, ReadError> {
    let mut versions = vec![index];
    let mut at = index;
    while let Some(next) = state.standing(at)?.superseded_by {
        if versions.len() > VERSIONS {
            break;
        }
        versions.push(next);
        at = next;
    }
    Ok(versions)
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Result<Effects, Stop> {
    let Some(facts) = facts(case) else { return Ok(Effects::default()) };
    dates(case, body, facts)?;
    grades(case, body, facts)?;
    certificate::route(case, kind(body), facts)?;
    let Some(account) = account::kept(case.state, facts.account)? else { return Err(account::unknown().into()) };
    citations(case, account, facts)?;
    evidence::rules(case, kind(body), account, facts)?;
    ways::rules(case, body, kind(body), facts)?;
    supersession(case, body, account, facts)?;
    attempts(case, body, account, facts)?;
    records::rules(case, body, kind(body), account, facts)?;
    cosign::rules(case, body)?;
    let pending = cosign::is_pending(case, body)?;
    Ok(Effects { pending, ..Effects::default() })
}

/// Minutes and credits.
pub(super) fn recording<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome) -> Check {
    match kind(body) {
        OutcomeKind::CompletionCertificate => training::recording(case)?,
        _ => course::recording(case, body)?,
    }
    facts(case).map_or(Ok(()), |facts| run::outcome_recording(case, facts))
}

/// What an outcome does not keep: the share of practice. And what is remarked: 清考.
pub(super) fn breaches<S: Read + ?Sized>(
    state: &S,
    said: &Said<'_>,
    body: &RecordOutcome,
) -> Result<Vec<Breach>, ReadError> {
    let Facts::Outcome(facts) = said.facts else { return Ok(Vec::new()) };
    let policy = said.policy(state)?;
    let mut breaches: Vec<Breach> = training::breach(policy, facts).into_iter().collect();
    breaches.extend(evidence::breach(facts));
    breaches.extend(ways::breach(state, kind(body), facts)?);
    let Some(account) = account::kept(state, facts.account)? else { return Ok(breaches) };
    let day = Day::of(said.logged_at).0;
    let counted = runs::count(state, policy, said.issuer, facts, account, body.supersedes.is_some(), (u64::MAX, day))?;
    if counted.is_some_and(|counted| counted.mass_pass) {
        breaches.push(Breach::remark(Flag::new(FlagCode::MassPass, Severity::Advisory, field(tags::RUN))));
    }
    Ok(breaches)
}

/// `achieved_on` ≤ day of issue, and not older than policy lets it be unless imported.
fn dates<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome, facts: &OutcomeFacts) -> Check {
    let Some(achieved_on) = facts.achieved_on else { return Ok(()) };
    let issued_on = Day::of(case.issued_at);
    ensure(achieved_on <= issued_on, Rejection::AchievedInFuture, field(tags::ACHIEVED_ON))?;
    let age = i64::from(issued_on.0) - i64::from(achieved_on.0);
    let oldest = case.policy()?.span(&number::ACHIEVED_AGE);
    if body.imported || age <= oldest {
        return Ok(());
    }
    let refusal = Refusal::new(Rejection::AchievedTooLongAgo, field(tags::ACHIEVED_ON));
    Err(refusal.detail(format!("{age} days ago, at most {oldest}")).into())
}

/// A grade is of its scale, the scale is the offer's, and a certificate carries no fail.
fn grades<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome, facts: &OutcomeFacts) -> Check {
    let scale_field = || field(tags::SCALE);
    let policy = case.policy()?;
    if let Some(code) = facts.scale.as_deref() {
        let offers = course::offer(case.state, facts)?.is_none_or(|offer| offer.scale == code);
        ensure(policy.scale(code).is_some() && offers, Rejection::ScaleUnknown, scale_field())?;
    }
    ensure(facts.scale.is_some() == facts.grade.is_some(), Rejection::ScaleUnknown, scale_field())?;
    let Some((grade, scale)) = facts.grade.as_deref().zip(facts.scale.as_deref().and_then(|code| policy.scale(code)))
    else {
        return Ok(());
    };
    let passed = passes(scale, grade);
    ensure(passed.is_some(), Rejection::GradeNotOnScale, field(tags::GRADE))?;
    let certificate = certificate::is_certificate(kind(body));
    ensure(passed == Some(true) || !certificate, Rejection::CertificateFailed, field(tags::GRADE))
}

/// What is cited is in force and the same learner's.
fn citations<S: Read + ?Sized>(case: &Case<'_, S>, account: AccountKey, facts: &OutcomeFacts) -> Check {
    for (indices, tag) in [(&facts.cites, tags::CITES), (&facts.parts, tags::PARTS)] {
        for index in indices {
            let entry = case.state.entry(*index)?;
            let outcome = entry.is_some_and(|entry| usize::from(entry.kind) == Kind::RecordOutcome as usize);
            ensure(outcome, Rejection::CitationWrong, field(tag))?;
            let erased = || Refusal::new(Rejection::SourceErased, field(tag)).existing(*index);
            let cited = case.state.outcome(*index)?.ok_or_else(erased)?;
            let standing = case.state.standing(*index)?;
            let same = account::kept(case.state, Some(cited.account))? == Some(account);
            ensure(same && is_in_force(&standing, case.logged_at), Rejection::CitationWrong, field(tag))?;
        }
    }
    Ok(())
}

/// Only of the newest unrevoked version; keeps kind, account, offer, run, attempt and nullifier key.
fn supersession<S: Read + ?Sized>(
    case: &Case<'_, S>,
    body: &RecordOutcome,
    account: AccountKey,
    facts: &OutcomeFacts,
) -> Check {
    let Some(target) = &body.supersedes else { return Ok(()) };
    for version in later_versions(case.state, target.index)? {
        let revoked = matches!(case.state.standing(version)?.force, Force::Revoked { .. });
        if (version == target.index) == revoked {
            return Err(Refusal::new(Rejection::SupersedesNotNewest, SUPERSEDES).existing(version).into());
        }
    }
    let erased = || Refusal::new(Rejection::SourceErased, SUPERSEDES).existing(target.index);
    let old = case.state.outcome(target.index)?.ok_or_else(erased)?;
    let entry = case.state.entry(target.index)?;
    let same_kind = entry.is_some_and(|entry| i32::from(entry.outcome_kind) == body.outcome_kind);
    let differs = |field: &'static str| Refusal::new(Rejection::SupersedesDiffers, field).existing(target.index);
    if !same_kind {
        return Err(differs("statement.record_outcome.outcome_kind").into());
    }
    if account::kept(case.state, Some(old.account))? != Some(account) {
        return Err(differs(field(tags::ACCOUNT)).into());
    }
    if old.course != facts.keys.course {
        let kept = facts.once.as_ref().map_or(vec![tags::RUN, tags::OFFER, tags::ATTEMPT], |once| vec![once.tag]);
        let fields = kept.into_iter().map(field).collect::<Vec<_>>().join(", ");
        return Err(Refusal::new(Rejection::SupersedesDiffers, fields).existing(target.index).into());
    }
    let same_key = facts.nullifier_key.is_some() && facts.keys.nullifier_key == old.nullifier_key;
    if same_key { Ok(()) } else { Err(differs(field(tags::NULLIFIER_KEY)).into()) }
}

/// Attempts are never overwritten: a new one has its own number, unless the one recorded was revoked in all its versions.
fn attempts<S: Read + ?Sized>(
    case: &Case<'_, S>,
    body: &RecordOutcome,
    account: AccountKey,
    facts: &OutcomeFacts,
) -> Check {
    let Some((offer, attempt)) = facts.offer.zip(facts.attempt) else { return Ok(()) };
    if body.supersedes.is_some() {
        return Ok(());
    }
    let line = case.state.line(&facts.line(account, offer))?;
    let Some((_, existing)) = line.attempts.into_iter().find(|(number, _)| *number == attempt) else { return Ok(()) };
    if all_out(case.state, existing, case.logged_at)? {
        return Ok(());
    }
    Err(Refusal::new(Rejection::AttemptExists, field(tags::ATTEMPT)).existing(existing).into())
}

/// Whether an outcome and everything it corrected are revoked, or lapsed: after a correction is revoked, the version before
/// it stands.
pub(super) fn all_out<S: Read + ?Sized>(state: &S, newest: u64, time: i64) -> Result<bool, ReadError> {
    let mut version = Some(newest);
    for _ in 0..=VERSIONS {
        let Some(index) = version else { return Ok(true) };
        let standing = state.standing(index)?;
        if !matches!(standing.force, Force::Revoked { .. }) && !standing.has_lapsed(time) {
            return Ok(false);
        }
        version = state.entry(index)?.and_then(|entry| entry.supersedes);
    }
    Ok(false)
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &RecordOutcome,
) -> Result<(), ReadError> {
    let index = writer.index();
    if let Some(target) = &body.supersedes {
        let mut standing = writer.standing(target.index)?;
        standing.superseded_by = Some(index);
        writer.put(rows::standing(target.index), &standing);
    }
    cosign::write(writer, entry, body)?;
    let Facts::Outcome(facts) = entry.facts() else { return Ok(()) };
    let kept = account::kept(writer, facts.account)?;
    let Some((account, source)) = kept.zip(facts.keys.source.clone()) else { return Ok(()) };
    let row = OutcomeRow { account, course: facts.keys.course, nullifier_key: facts.keys.nullifier_key };
    writer.put(rows::outcome(index), &row);
    writer.mark(source);
    writer.mark(rows::outcomes_of(account));
    certificate::write(writer, account, facts)?;
    records::write(writer, entry.issuer(), account, facts);
    let day = Day::of(entry.logged_at()).0;
    let policy = entry.policy(writer)?;
    let counted = runs::count(writer, policy, entry.issuer(), facts, account, body.supersedes.is_some(), (index, day))?;
    if let Some(counted) = counted {
        writer.put(counted.line.0, &counted.line.1);
        if let Some((key, run)) = counted.run {
            writer.put(key, &run);
        }
    }
    Ok(())
}
