//! The rules by kind, one file per group. Each group answers for its kinds at the stages of the one ordered list in
//! [`decide`](crate::decide), and says which rows an accepted entry makes.

mod account;
mod accredit;
mod authority_key;
mod certificate;
mod change;
mod charter;
mod conversion;
mod cosign;
mod course;
mod device;
mod equivalence;
mod evaluate;
mod evidence;
mod exam_scheme;
mod form;
mod framework;
mod genesis;
mod headcount;
mod inspection;
mod institution_key;
mod lifecycle;
mod majors;
mod offers;
mod outcome;
mod parties;
mod pathway;
mod policy;
mod programme;
mod recording_rule;
mod records;
mod run;
mod runs;
mod study;
mod training;
mod ways;

use crate::access::Writer;
use crate::case::{Case, Check, Said, Stop};
use crate::decide::Effects;
use crate::evolve::Accepted;
use crate::facts::Facts;
use crate::rejection::Refusal;
use crate::rows::KeyRow;
use crate::state::{Key, Read, ReadError};
use crate::threshold::Breach;
use xuefen_core::key::PublicKey;
use xuefen_core::kinds::Kind;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AuthorityRole, OutcomeKind};

pub use conversion::Grant;
pub(crate) use conversion::{
    Version, breached, candidate, check_limits, counted_millis, due, programme_of, rule_at, stood_at, version_at,
    would_grant,
};
pub(crate) use genesis::names as genesis_names;

/// The kinds that have rules.
const ENABLED: &[Kind] = &[
    Kind::Genesis,
    Kind::AuthorityKey,
    Kind::AccreditInstitution,
    Kind::ChangeInstitution,
    Kind::InstitutionKey,
    Kind::Charter,
    Kind::FiledMajors,
    Kind::EvaluateInstitution,
    Kind::Policy,
    Kind::Framework,
    Kind::MajorCatalogue,
    Kind::RecordingRule,
    Kind::Equivalence,
    Kind::ExamScheme,
    Kind::Pathway,
    Kind::Course,
    Kind::Module,
    Kind::Programme,
    Kind::Run,
    Kind::CertificateFamily,
    Kind::ConversionRule,
    Kind::OpenAccount,
    Kind::AmendAccount,
    Kind::BindKey,
    Kind::UnbindKey,
    Kind::MergeAccounts,
    Kind::RecordOutcome,
    Kind::Countersign,
    Kind::Suspend,
    Kind::Reinstate,
    Kind::Revoke,
    Kind::Inspection,
    Kind::DeclareHeadcount,
    Kind::ApplyConversion,
    Kind::AcceptApplication,
    Kind::DecideConversion,
    Kind::AppealDecision,
    Kind::DecideAppeal,
    Kind::ReverseConversion,
    Kind::WithdrawApplication,
];

/// The field that names a kind without rules.
pub(crate) fn not_enabled(body: &Body) -> Option<String> {
    let kind = Kind::of(body);
    if !ENABLED.contains(&kind) {
        return Some(format!("statement.{}", kind.name()));
    }
    let Body::RecordOutcome(body) = body else { return None };
    let table = OutcomeKind::try_from(body.outcome_kind).ok().and_then(xuefen_core::kinds::tags::of_outcome);
    table.is_none().then(|| "statement.record_outcome.outcome_kind".to_owned())
}

/// The good public keys that a statement brings with it.
pub(crate) fn introduced_keys(body: &Body) -> Vec<PublicKey> {
    match body {
        Body::Genesis(body) => genesis::keys(body),
        Body::InstitutionKey(body) => institution_key::new_key(body).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Whether a key of the issuer may sign this kind at all.
pub(crate) fn may_sign(key: &KeyRow, body: &Body) -> bool {
    let Some(role) = &key.role else { return true };
    match AuthorityRole::try_from(role.role) {
        Ok(AuthorityRole::Accredit) => true,
        Ok(AuthorityRole::Audit) => matches!(body, Body::Inspection(_)),
        Ok(AuthorityRole::Intake) => matches!(
            body,
            Body::OpenAccount(_)
                | Body::AmendAccount(_)
                | Body::BindKey(_)
                | Body::UnbindKey(_)
                | Body::MergeAccounts(_)
                | Body::ApplyConversion(_)
                | Body::AppealDecision(_)
                | Body::ReverseConversion(_)
                | Body::WithdrawApplication(_)
        ),
        _ => false,
    }
}

/// What is wrong with a public body whatever the state.
pub(crate) fn form(body: &Body, faults: &mut Vec<Refusal>) {
    match body {
        Body::Genesis(body) => genesis::form(body, faults),
        Body::AuthorityKey(body) => authority_key::form(body, faults),
        Body::AccreditInstitution(body) => accredit::form(body, faults),
        Body::ChangeInstitution(body) => change::form(body, faults),
        Body::InstitutionKey(body) => institution_key::form(body, faults),
        Body::Policy(body) => policy::form(body, faults),
        Body::Charter(body) => charter::form(body, faults),
        Body::FiledMajors(body) => majors::filed_form(body, faults),
        Body::EvaluateInstitution(body) => evaluate::form(body, faults),
        Body::Framework(body) => framework::form(body, faults),
        Body::MajorCatalogue(body) => majors::catalogue_form(body, faults),
        Body::Equivalence(body) => equivalence::form(body, faults),
        Body::ExamScheme(body) => exam_scheme::form(body, faults),
        Body::Pathway(body) => pathway::form(body, faults),
        Body::RecordingRule(body) => recording_rule::form(body, faults),
        Body::Course(body) => offers::course_form(body, faults),
        Body::Module(body) => offers::module_form(body, faults),
        Body::Programme(body) => programme::form(body, faults),
        Body::Run(body) => run::form(body, faults),
        Body::CertificateFamily(body) => offers::family_form(body, faults),
        Body::RecordOutcome(body) => cosign::form(body, faults),
        Body::Suspend(body) => lifecycle::reason_form(body.reason, "suspend", faults),
        Body::Revoke(body) => lifecycle::reason_form(body.reason, "revoke", faults),
        Body::Inspection(body) => inspection::form(body, faults),
        Body::DeclareHeadcount(body) => headcount::form(body, faults),
        _ => conversion::form(body, faults),
    }
}

/// Keys that the rules of the kind will ask for.
pub(crate) fn reads(_kind: Kind, body: &Body, issuer: &str, facts: &Facts, keys: &mut Vec<Key>) {
    match body {
        Body::AccreditInstitution(body) => keys.push(crate::rows::institution(&body.institution)),
        Body::ChangeInstitution(body) => keys.push(crate::rows::institution(&body.institution)),
        Body::InstitutionKey(body) => keys.push(crate::rows::institution(&body.institution)),
        Body::Policy(body) => policy::reads(body, keys),
        Body::Programme(body) => programme::reads(body, issuer, keys),
        Body::Run(body) => run::reads(body, issuer, keys),
        Body::Charter(body) => charter::reads(body, keys),
        Body::FiledMajors(body) => majors::filed_reads(body, keys),
        Body::EvaluateInstitution(body) => keys.push(crate::rows::institution(&body.institution)),
        Body::Course(body) => keys.push(crate::rows::display(issuer, Kind::Course, &body.code)),
        Body::Module(body) => keys.push(crate::rows::display(issuer, Kind::Module, &body.code)),
        Body::CertificateFamily(body) => keys.push(crate::rows::display(issuer, Kind::CertificateFamily, &body.code)),
        Body::OpenAccount(_) | Body::MergeAccounts(_) => account::reads(facts, keys),
        Body::AmendAccount(_) | Body::BindKey(_) | Body::UnbindKey(_) => device::reads(facts, keys),
        Body::RecordOutcome(body) => outcome::reads(body, facts, keys),
        Body::Countersign(body) => lifecycle::reads(body.target.as_ref(), keys),
        Body::Suspend(body) => lifecycle::reads(body.target.as_ref(), keys),
        Body::Reinstate(body) => lifecycle::reads(body.target.as_ref(), keys),
        Body::Revoke(body) => lifecycle::reads(body.target.as_ref(), keys),
        Body::Inspection(body) => inspection::reads(body, keys),
        Body::DeclareHeadcount(body) => keys.push(crate::rows::institution(&body.institution)),
        _ => conversion::reads(body, issuer, facts, keys),
    }
}

/// Stage: who must sign too.
pub(crate) fn cosigners<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    charter::quorum(case)?;
    match body {
        Body::Charter(body) => charter::consent(case, body),
        Body::InstitutionKey(body) => institution_key::possession(case, body),
        Body::RecordOutcome(body) => cosign::at_entry(case, body),
        _ => Ok(()),
    }
}

/// Stage: may this issuer issue this kind, family, level, name.
pub(crate) fn may<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    match body {
        Body::AuthorityKey(body) => authority_key::may(case, body),
        Body::AccreditInstitution(body) => accredit::may(case, body),
        Body::ChangeInstitution(body) => change::may(case, body),
        Body::InstitutionKey(body) => institution_key::may(case, body),
        Body::Policy(body) => policy::may(case, body),
        Body::Charter(body) => charter::may(case, body),
        Body::FiledMajors(body) => majors::filed_may(case, body),
        Body::EvaluateInstitution(body) => evaluate::may(case, body),
        Body::Framework(_) | Body::MajorCatalogue(_) | Body::Equivalence(_) => framework::by_authority(case),
        Body::ExamScheme(body) => exam_scheme::may(case, body),
        Body::Pathway(body) => pathway::may(case, body),
        Body::RecordingRule(body) => recording_rule::may(case, body),
        Body::Course(_) => offers::may(case, "statement.course"),
        Body::Module(_) => offers::may(case, "statement.module"),
        Body::Programme(_) => offers::may(case, "statement.programme"),
        Body::Run(_) => offers::may(case, "statement.run"),
        Body::CertificateFamily(body) => offers::family_may(case, body),
        Body::OpenAccount(_) => account::may(case, "statement.open_account"),
        Body::AmendAccount(_) => account::may(case, "statement.amend_account"),
        Body::BindKey(_) => account::may(case, "statement.bind_key"),
        Body::UnbindKey(_) => account::may(case, "statement.unbind_key"),
        Body::MergeAccounts(_) => account::may(case, "statement.merge_accounts"),
        Body::RecordOutcome(body) => outcome::may(case, body),
        Body::Suspend(body) => lifecycle::may(case, body.target.as_ref(), "statement.suspend"),
        Body::Reinstate(body) => lifecycle::may_reinstate(case, body),
        Body::Revoke(body) => lifecycle::may(case, body.target.as_ref(), "statement.revoke"),
        Body::Inspection(body) => inspection::may(case, body),
        Body::DeclareHeadcount(body) => headcount::may(case, body),
        _ => conversion::may(case, body),
    }
}

/// Stage: references exist and are in the right state.
pub(crate) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    match body {
        Body::AuthorityKey(body) => authority_key::references(case, body),
        Body::ChangeInstitution(body) => change::references(case, body),
        Body::InstitutionKey(body) => institution_key::references(case, body),
        Body::Charter(body) => charter::references(case, body),
        Body::FiledMajors(body) => majors::filed_references(case, body),
        Body::EvaluateInstitution(body) => evaluate::references(case, body),
        Body::Pathway(body) => pathway::references(case, body),
        Body::RecordingRule(body) => recording_rule::references(case, body),
        Body::Course(body) => offers::course_references(case, body),
        Body::Module(body) => offers::module_references(case, body),
        Body::Programme(body) => programme::references(case, body),
        Body::Run(body) => run::references(case, body),
        Body::CertificateFamily(body) => offers::family_references(case, body),
        Body::AmendAccount(_) | Body::BindKey(_) => device::references(case, false),
        Body::UnbindKey(_) => device::references(case, true),
        Body::MergeAccounts(_) => account::references(case),
        Body::RecordOutcome(body) => outcome::references(case, body),
        Body::Countersign(body) => lifecycle::countersign_references(case, body),
        Body::Suspend(body) => lifecycle::references(case, body.target.as_ref(), "statement.suspend"),
        Body::Reinstate(body) => lifecycle::references(case, body.target.as_ref(), "statement.reinstate"),
        Body::Revoke(body) => lifecycle::references(case, body.target.as_ref(), "statement.revoke"),
        Body::Inspection(body) => inspection::references(case, body),
        Body::DeclareHeadcount(body) => headcount::references(case, body),
        _ => conversion::references(case, body),
    }
}

/// Stage: the same outcome twice; a learner's signature over other entries.
pub(crate) fn duplicates<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    match body {
        Body::RecordOutcome(body) => outcome::duplicates(case, body),
        _ => conversion::signature(case, body),
    }
}

/// Stage: minutes and credits.
pub(crate) fn recording<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Check {
    match body {
        Body::RecordOutcome(body) => outcome::recording(case, body),
        _ => Ok(()),
    }
}

/// Stage: the rules of the kind; what acceptance brings.
pub(crate) fn of_kind<S: Read + ?Sized>(case: &Case<'_, S>, body: &Body) -> Result<Effects, Stop> {
    let pending = |pending| Effects { pending, ..Effects::default() };
    match body {
        Body::Genesis(_) => genesis::rules(case)?,
        Body::AuthorityKey(body) => authority_key::rules(case, body)?,
        Body::AccreditInstitution(body) => return accredit::rules(case, body).map(pending),
        Body::ChangeInstitution(body) => return change::rules(case, body).map(pending),
        Body::InstitutionKey(body) => institution_key::rules(case, body)?,
        Body::Policy(body) => policy::rules(case, body)?,
        Body::Charter(body) => charter::rules(case, body)?,
        Body::Framework(body) => framework::rules(case, body)?,
        Body::MajorCatalogue(body) => majors::catalogue_rules(case, body)?,
        Body::Equivalence(body) => equivalence::rules(case, body)?,
        Body::ExamScheme(body) => exam_scheme::rules(case, body)?,
        Body::Pathway(body) => pathway::rules(case, body)?,
        Body::RecordingRule(body) => recording_rule::rules(case, body)?,
        Body::Course(body) => offers::course_rules(case, body)?,
        Body::Module(body) => offers::module_rules(case, body)?,
        Body::Programme(body) => programme::rules(case, body)?,
        Body::Run(body) => run::rules(case, body)?,
        Body::CertificateFamily(body) => offers::family_rules(case, body)?,
        Body::OpenAccount(_) => account::open_rules(case)?,
        Body::AmendAccount(_) => device::amend_rules(case)?,
        Body::BindKey(_) => device::bind_rules(case)?,
        Body::MergeAccounts(_) => account::merge_rules(case)?,
        Body::RecordOutcome(body) => return outcome::rules(case, body),
        Body::Countersign(body) => lifecycle::countersign_rules(case, body)?,
        Body::Suspend(body) => lifecycle::suspend_rules(case, body)?,
        Body::Reinstate(body) => lifecycle::reinstate_rules(case, body)?,
        Body::Revoke(body) => lifecycle::revoke_rules(case, body)?,
        Body::Inspection(body) => inspection::rules(case, body)?,
        Body::DeclareHeadcount(body) => headcount::rules(case, body)?,
        _ => conversion::of_kind(case, body)?,
    }
    Ok(Effects::default())
}

/// Thresholds that an entry does not keep, and remarks: asked when it is judged and again when its rows are made, so it may
/// look at nothing but the state before the entry and what the entry says.
pub(crate) fn breaches<S: Read + ?Sized>(state: &S, said: &Said<'_>, body: &Body) -> Result<Vec<Breach>, ReadError> {
    match body {
        Body::RecordOutcome(body) => outcome::breaches(state, said, body),
        Body::ChangeInstitution(body) => change::breaches(state, said, body),
        Body::Programme(body) => programme::breaches(state, said, body),
        Body::ExamScheme(body) => Ok(exam_scheme::breach(said.policy(state)?, body).into_iter().collect()),
        _ => Ok(Vec::new()),
    }
}

/// The rows of an accepted entry, beside those that every entry has.
pub(crate) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &Body,
) -> Result<(), ReadError> {
    match body {
        Body::Genesis(body) => genesis::write(writer, entry, body)?,
        Body::AuthorityKey(body) => authority_key::write(writer, entry, body)?,
        Body::AccreditInstitution(body) => accredit::write(writer, entry, body)?,
        Body::ChangeInstitution(body) => change::write(writer, entry, body)?,
        Body::InstitutionKey(body) => institution_key::write(writer, entry, body)?,
        Body::Policy(body) => policy::write(writer, entry, body)?,
        Body::Charter(body) => charter::write(writer, entry, body)?,
        Body::FiledMajors(body) => majors::write_filed(writer, body),
        Body::EvaluateInstitution(body) => evaluate::write(writer, entry, body),
        Body::Framework(body) => framework::write(writer, entry, body)?,
        Body::MajorCatalogue(body) => majors::write_catalogue(writer, entry, body)?,
        Body::Equivalence(body) => equivalence::write(writer, entry, body)?,
        Body::ExamScheme(body) => exam_scheme::write(writer, entry, body)?,
        Body::Pathway(body) => pathway::write(writer, entry, body)?,
        Body::RecordingRule(body) => recording_rule::write(writer, entry, body)?,
        Body::Course(body) => offers::write_course(writer, entry, body)?,
        Body::Module(body) => offers::write_module(writer, entry, body)?,
        Body::Programme(body) => programme::write(writer, entry, body)?,
        Body::Run(body) => run::write(writer, entry, body)?,
        Body::CertificateFamily(body) => offers::write_family(writer, entry, body)?,
        Body::OpenAccount(_) => account::write_open(writer, entry),
        Body::AmendAccount(_) => device::write_amend(writer, entry.facts())?,
        Body::BindKey(_) => device::write_bind(writer, entry.facts())?,
        Body::UnbindKey(_) => device::write_unbind(writer, entry.facts())?,
        Body::MergeAccounts(_) => account::write_merge(writer, entry)?,
        Body::RecordOutcome(body) => outcome::write(writer, entry, body)?,
        Body::Countersign(body) => lifecycle::write_countersign(writer, entry, body)?,
        Body::Suspend(body) => lifecycle::write_suspend(writer, body)?,
        Body::Reinstate(body) => lifecycle::write_reinstate(writer, body)?,
        Body::Revoke(body) => lifecycle::write_revoke(writer, body)?,
        Body::Inspection(body) => inspection::write(writer, entry, body)?,
        Body::DeclareHeadcount(body) => headcount::write(writer, entry, body),
        _ => conversion::write(writer, entry, body)?,
    }
    Ok(())
}
