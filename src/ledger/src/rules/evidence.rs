//! What an outcome rests on: the step below a skill level, the ground of an unusual route, who assessed, parts of parts.

use super::{account, certificate};
use crate::access::Access;
use crate::case::{Case, Check, Stop, ensure, is_in_force};
use crate::facts::{OutcomeFacts, field};
use crate::flag::{Flag, FlagCode};
use crate::policy::number;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{AccountKey, OfferBody};
use crate::sources::{self, Source};
use crate::state::Read;
use crate::threshold::Breach;
use xuefen_core::kinds::Kind;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{OutcomeKind, Severity};

pub(super) fn rules<S: Read + ?Sized>(
    case: &Case<'_, S>,
    kind: OutcomeKind,
    account: AccountKey,
    facts: &OutcomeFacts,
) -> Check {
    if kind == OutcomeKind::SkillLevelCertificate {
        route(case, facts)?;
    }
    assessor(case, account, facts)?;
    let erased = |index| Refusal::new(Rejection::SourceErased, field(tags::PARTS)).existing(index);
    let (count, depth) = sources::extent(&facts.parts, &facts.sources).map_err(erased)?;
    let bounded = count <= sources::PARTS && depth <= sources::DEPTH;
    ensure(bounded, Rejection::PartsTooMany, field(tags::PARTS))
}

/// Kind and content of an outcome that this one rests on; old paper is no evidence.
pub(super) fn source<'a, S: Read + ?Sized>(
    case: &Case<'_, S>,
    facts: &'a OutcomeFacts,
    index: u64,
    tag: Tag,
) -> Result<Option<(OutcomeKind, &'a Source)>, Stop> {
    let Some(entry) = case.state.entry(index)? else { return Ok(None) };
    let erased = || Refusal::new(Rejection::SourceErased, field(tag)).existing(index);
    let source = facts.sources.get(&index).ok_or_else(erased)?;
    let kind = OutcomeKind::try_from(i32::from(entry.outcome_kind)).unwrap_or_default();
    Ok(Some((kind, source)).filter(|_| !entry.imported))
}

/// One step at a time by the standard route; a prize or an innovation, or work at an enterprise, for the unusual ones.
fn route<S: Read + ?Sized>(case: &Case<'_, S>, facts: &OutcomeFacts) -> Check {
    let (route, level) = (facts.route.as_deref().unwrap_or_default(), facts.level.unwrap_or(0));
    let step = case.policy()?.number(&number::STEP_LEVEL).unwrap_or(0);
    if route == "full_ladder" || (route == "standard" && level < step) {
        return Ok(());
    }
    let occupation = certificate::family(case.state, facts)?.map(|(_, family)| family.occupation);
    for index in &facts.cites {
        let Some((kind, source)) = source(case, facts, *index, tags::CITES)? else { continue };
        let good = match (route, kind) {
            ("standard", OutcomeKind::SkillLevelCertificate) => {
                let of = case.state.offer(source.family)?.map(|offer| offer.body);
                let same = matches!(of, Some(OfferBody::Family(of)) if Some(&of.occupation) == occupation.as_ref());
                same && source.level + 1 == level
            }
            ("outstanding_worker", OutcomeKind::EmploymentPeriod) => true,
            ("exceptional", OutcomeKind::ContestResult) => {
                ["province", "nation", "world"].contains(&source.contest_tier.as_str())
            }
            ("exceptional", OutcomeKind::NonCreditActivity) => source.activity_kind == "innovation",
            _ => false,
        };
        if good {
            return Ok(());
        }
    }
    Err(Refusal::new(Rejection::RouteWrong, field(tags::CITES)).into())
}

/// A part-time teacher passed the pre-service training before assessing, and is a senior worker or holds a middle title,
/// unless recorded as exempt from that: then the outcome is flagged.
fn assessor<S: Read + ?Sized>(case: &Case<'_, S>, learner: AccountKey, facts: &OutcomeFacts) -> Check {
    let wrong = || field(tags::ASSESSOR_EVIDENCE);
    let part_time = matches!(facts.assessor_kind.as_deref(), Some("part_time" | "part_time_exempt"));
    ensure(part_time != facts.assessor_evidence.is_empty(), Rejection::AssessorWrong, wrong())?;
    let asked = case.policy()?.number(&number::ASSESSOR_LEVEL).unwrap_or(0);
    let (mut person, mut passed, mut senior) = (None, false, false);
    for index in &facts.assessor_evidence {
        let erased = || Refusal::new(Rejection::SourceErased, wrong()).existing(*index);
        let entry = case.state.entry(*index)?;
        let outcome = entry.is_some_and(|entry| usize::from(entry.kind) == Kind::RecordOutcome as usize);
        ensure(outcome, Rejection::AssessorWrong, wrong())?;
        let row = case.state.outcome(*index)?.ok_or_else(erased)?;
        let owner = account::kept(case.state, Some(row.account))?;
        let holds = is_in_force(&case.state.standing(*index)?, case.logged_at);
        let same = person.is_none_or(|person| Some(person) == owner);
        ensure(holds && same && owner != Some(learner), Rejection::AssessorWrong, wrong())?;
        person = owner;
        let Some((kind, source)) = source(case, facts, *index, tags::ASSESSOR_EVIDENCE)? else { continue };
        let before = source.achieved_on.zip(facts.achieved_on).is_some_and(|(passed, assessed)| passed <= assessed);
        match kind {
            OutcomeKind::CompletionCertificate => passed |= source.project_type == "pre_service" && before,
            OutcomeKind::SkillLevelCertificate => senior |= source.level >= asked,
            OutcomeKind::Title => {
                senior |= ["middle", "deputy_senior", "senior"].contains(&source.title_rank.as_str());
            }
            _ => {}
        }
    }
    let exempt = facts.assessor_kind.as_deref() == Some("part_time_exempt");
    ensure(!part_time || (passed && (senior || exempt)), Rejection::AssessorWrong, wrong())
}

/// The remark on an assessor below the level that the policy documents generally ask for. It is what the record says of
/// itself, so that rows need no payload but its own.
pub(super) fn breach(facts: &OutcomeFacts) -> Option<Breach> {
    let exempt = facts.assessor_kind.as_deref() == Some("part_time_exempt");
    let flag = || Flag::new(FlagCode::AssessorLevelLow, Severity::Soft, field(tags::ASSESSOR_KIND));
    exempt.then(|| Breach::remark(flag()))
}
