//! Certificate outcomes: family, level, route.

use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::facts::{OutcomeFacts, field};
use crate::policy::{self, number};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, FamilyRow, InstitutionRow, OfferBody, OfferRow};
use crate::state::{Read, ReadError};
use xuefen_core::kinds::{outcomes, tags};
use xuefen_core::proto::OutcomeKind;

/// Whether outcomes of a kind are certificates.
pub(super) fn is_certificate(kind: OutcomeKind) -> bool {
    outcomes::of(kind).is_some_and(outcomes::Outcome::is_certificate)
}

/// The family of an outcome.
pub(super) fn family<S: Read + ?Sized>(
    state: &S,
    facts: &OutcomeFacts,
) -> Result<Option<(OfferRow, FamilyRow)>, ReadError> {
    let offer = facts.family.map(|index| state.offer(index)).transpose()?.flatten();
    Ok(offer.and_then(|offer| match &offer.body {
        OfferBody::Family(family) => {
            let family = family.clone();
            Some((offer, family))
        }
        _ => None,
    }))
}

/// The level from which the full ladder is needed.
fn full_ladder<S: Read + ?Sized>(case: &Case<'_, S>) -> Result<u64, ReadError> {
    Ok(case.policy()?.number(&number::FULL_LADDER).unwrap_or(policy::TOP_SKILL_LEVEL))
}

/// The family is in the accreditation, the level in the family and within what the institution may award.
pub(super) fn may<S: Read + ?Sized>(case: &Case<'_, S>, issuer: &InstitutionRow, facts: &OutcomeFacts) -> Check {
    let Some((offer, family)) = family(case.state, facts)? else { return Ok(()) };
    ensure(issuer.families.contains(&offer.code), Rejection::FamilyNotAllowed, field(tags::FAMILY))?;
    let level = facts.level.unwrap_or(0);
    let in_family = if family.levels == 0 { level == 0 } else { (1..=u64::from(family.levels)).contains(&level) };
    let skill = family.outcome_kind == OutcomeKind::SkillLevelCertificate as i32;
    let highest = if !skill || issuer.full_ladder.contains(&family.occupation) {
        policy::TOP_SKILL_LEVEL
    } else {
        u64::from(issuer.highest_skill_level).min(full_ladder(case)? - 1)
    };
    if in_family && (!skill || level <= highest) {
        return Ok(());
    }
    let detail = format!("level {level} of {}, at most {highest} here", family.levels);
    let detail = if skill { detail } else { format!("level {level} of {}", family.levels) };
    Err(Refusal::new(Rejection::LevelNotAllowed, field(tags::LEVEL)).detail(detail).into())
}

/// The family is a family, of this kind, in force.
pub(super) fn references<S: Read + ?Sized>(case: &Case<'_, S>, kind: OutcomeKind, facts: &OutcomeFacts) -> Check {
    let Some(index) = facts.family else { return Ok(()) };
    let name = field(tags::FAMILY);
    let offer = case.offer(index, name)?;
    let right = matches!(&offer.body, OfferBody::Family(family) if family.outcome_kind == kind as i32);
    ensure(right, Rejection::ReferenceWrongKind, name)?;
    case.in_force(index, name)
}

/// A skill level states its route; the full ladder is one for its occupations only, others cite evidence.
pub(super) fn route<S: Read + ?Sized>(case: &Case<'_, S>, kind: OutcomeKind, facts: &OutcomeFacts) -> Check {
    let name = || field(tags::ROUTE);
    let Some(route) = facts.route.as_deref() else {
        return ensure(kind != OutcomeKind::SkillLevelCertificate, Rejection::RouteWrong, name());
    };
    ensure(kind == OutcomeKind::SkillLevelCertificate, Rejection::RouteWrong, name())?;
    let evident = route == "standard" || route == "full_ladder" || !facts.cites.is_empty();
    ensure(evident, Rejection::RouteWrong, field(tags::CITES))?;
    let ladder = family(case.state, facts)?.is_some_and(|(_, family)| {
        case.institution.as_ref().is_some_and(|issuer| issuer.full_ladder.contains(&family.occupation))
    });
    ensure(route != "full_ladder" || ladder, Rejection::RouteWrong, name())?;
    let top = facts.level.unwrap_or(0) >= full_ladder(case)?;
    ensure(!top || route != "standard", Rejection::RouteWrong, name())
}

/// Most certificates of a family that a row names: far more than anybody earns.
const CERTIFICATES: usize = 256;

/// Notes a certificate with the others of its family: which of them a conversion uses up.
pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    account: AccountKey,
    facts: &OutcomeFacts,
) -> Result<(), ReadError> {
    let Some((offer, _)) = family(writer, facts)? else { return Ok(()) };
    let key = rows::certified(account, &offer.code);
    let mut list = writer.list(&key)?;
    if list.len() < CERTIFICATES {
        list.push(writer.index());
        writer.put(key, &list);
    }
    Ok(())
}
