//! `ApplyConversion` (学分兑换申请): a learner asks for a conversion. It reserves nothing; whether the outcomes meet the rule is
//! told by the decision.

use super::{consent, parents_at, rule_at, version_at};
use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::evolve::Accepted;
use crate::facts::{ApplyFacts, Facts, field};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, ApplicationRow, AppliedRow, OfferBody};
use crate::rules::account;
use crate::state::{Read, ReadError};
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::{ApplyConversion, ScopeKind};

const RULE: &str = "statement.apply_conversion.rule_index";

fn facts<'a, S: Read + ?Sized>(case: &Case<'a, S>) -> Option<&'a ApplyFacts> {
    match &case.prepared.facts {
        Facts::Apply(facts) => Some(facts),
        _ => None,
    }
}

/// The version of the rule that holds, with all above it; outcomes and account are there.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, body: &ApplyConversion) -> Check {
    let offer = case.offer(body.rule_index, RULE)?;
    let wrong = || Refusal::new(Rejection::ReferenceWrongKind, RULE);
    let rule = rule_at(case.state, body.rule_index)?.ok_or_else(wrong)?;
    // A rule without a programme only bounds others.
    ensure(
        matches!(offer.body, OfferBody::ConversionRule(_)) && rule.rule.programme_index > 0,
        Rejection::ReferenceWrongKind,
        RULE,
    )?;
    let Some(facts) = facts(case) else { return Ok(()) };
    consent::known(case, facts.account)?;
    let time = time_of_rule(case, facts)?;
    let holds = version_at(case.state, body.rule_index, time)?.is_some_and(|version| version.index == body.rule_index);
    let above = parents_at(case.state, &rule.rule, time)?.is_some();
    ensure(holds && above, Rejection::ReferenceNotInForce, RULE)?;
    for index in &facts.sources {
        let known = case.state.entry(*index)?.is_some();
        ensure(known, Rejection::ReferenceUnknown, field(tags::SOURCES))?;
    }
    Ok(())
}

/// The time whose rule holds: now, or that of enrolment where the pathway keeps it.
fn time_of_rule<S: Read + ?Sized>(case: &Case<'_, S>, facts: &ApplyFacts) -> Result<i64, crate::case::Stop> {
    let Some((pathway, day)) = facts.pathway.zip(facts.enrolled_on) else { return Ok(case.logged_at) };
    let offer = case.offer(pathway, field(tags::PATHWAY))?;
    let OfferBody::Pathway(row) = offer.body else {
        return Err(Refusal::new(Rejection::ReferenceWrongKind, field(tags::PATHWAY)).into());
    };
    let earlier = day.end().min(case.logged_at);
    Ok(if row.keeps_enrolment_rules { earlier } else { case.logged_at })
}

pub(super) fn rules<S: Read + ?Sized>(case: &Case<'_, S>, body: &ApplyConversion) -> Check {
    let Some(facts) = facts(case) else { return Ok(()) };
    let Some(account) = account::kept(case.state, facts.account)? else { return Err(account::unknown().into()) };
    let scope = rule_at(case.state, body.rule_index)?.map_or(0, |rule| rule.rule.scope);
    consent::given(case, account, &facts.consent, scope > ScopeKind::Programme as i32)?;
    for index in &facts.sources {
        let entry = case.state.entry(*index)?;
        let outcome = entry.is_some_and(|entry| usize::from(entry.kind) == Kind::RecordOutcome as usize);
        let refusal = || Refusal::new(Rejection::SourceNotConvertible, field(tags::SOURCES)).existing(*index);
        if !outcome {
            return Err(refusal().detail("not an outcome").into());
        }
        let erased = || Refusal::new(Rejection::SourceErased, field(tags::SOURCES)).existing(*index);
        let row = case.state.outcome(*index)?.ok_or_else(erased)?;
        if account::kept(case.state, Some(row.account))? != Some(account) {
            return Err(refusal().detail("not of this learner").into());
        }
    }
    Ok(())
}

pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    entry: &Accepted<'_>,
    body: &ApplyConversion,
) -> Result<(), ReadError> {
    let index = writer.index();
    let row = ApplicationRow { rule: body.rule_index, ..ApplicationRow::default() };
    writer.put(rows::application(index), &row);
    if let Some(rule) = rule_at(writer, body.rule_index)? {
        writer.mark(rows::applications_to(&rule.owner));
    }
    let Facts::Apply(facts) = entry.facts() else { return Ok(()) };
    let Some(account) = account::kept(writer, facts.account)? else { return Ok(()) };
    writer.put(rows::applied(index), &AppliedRow { account, sources: facts.sources.clone() });
    writer.mark(rows::applications_of(account));
    Ok(())
}
