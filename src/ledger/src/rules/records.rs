//! Outcomes that are neither taught nor certified: examinations, contests, admissions, employment.
//! What each kind asks beyond its form; what all outcomes share stands in `outcome`.

use crate::access::{Access, Writer};
use crate::case::{Case, Check, ensure};
use crate::day::Day;
use crate::facts::{OutcomeFacts, field};
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, Short};
use crate::state::Read;
use xuefen_core::kinds::tags;
use xuefen_core::proto::{OutcomeKind, RecordOutcome};

pub(super) fn rules<S: Read + ?Sized>(
    case: &Case<'_, S>,
    body: &RecordOutcome,
    kind: OutcomeKind,
    account: AccountKey,
    facts: &OutcomeFacts,
) -> Check {
    score(facts)?;
    period(facts)?;
    let said = kind != OutcomeKind::ExamComponent || facts.score_millis.is_some() || facts.grade.is_some();
    ensure(said, Rejection::ScoreWrong, field(tags::SCORE_MILLIS))?;
    if kind == OutcomeKind::HomeSchoolTransfer {
        parties(case, body, facts)?;
    }
    held_once(case, body, account, facts)?;
    team(case, body, facts)
}

/// A score comes with its top score, and is at most that.
fn score(facts: &OutcomeFacts) -> Check {
    let good = match (facts.score_millis, facts.top_score_millis) {
        (None, None) => true,
        (Some(score), Some(top)) => score <= top && top > 0,
        _ => false,
    };
    ensure(good, Rejection::ScoreWrong, field(tags::SCORE_MILLIS))
}

/// A period begins before it ends, and what has ended was achieved by then.
fn period(facts: &OutcomeFacts) -> Check {
    let last = facts.end_on.or(facts.achieved_on).unwrap_or(Day(i32::MAX));
    ensure(facts.start_on.is_none_or(|start| start <= last), Rejection::PeriodWrong, field(tags::START_ON))?;
    let ended = facts.end_on.zip(facts.achieved_on).is_none_or(|(end, achieved)| end <= achieved);
    ensure(ended, Rejection::PeriodWrong, field(tags::END_ON))
}

/// The schools of a transfer are different, and those that sign: the issuer and its co-signer.
fn parties<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome, facts: &OutcomeFacts) -> Check {
    let Some((from, to)) = facts.from_school.as_deref().zip(facts.to_school.as_deref()) else { return Ok(()) };
    let sign = [(from, to), (to, from)].contains(&(case.issuer, body.cosigner.as_str()));
    ensure(from != to && (sign || body.imported), Rejection::TransferPartiesWrong, field(tags::TO_SCHOOL))
}

/// What a learner can have once only (a result in a contest, a place by classified admission in a year), and what shuts out
/// what else.
fn held_once<S: Read + ?Sized>(
    case: &Case<'_, S>,
    body: &RecordOutcome,
    account: AccountKey,
    facts: &OutcomeFacts,
) -> Check {
    // A correction holds what the version before held: `supersession` has asked.
    let Some(once) = facts.once.as_ref().filter(|_| body.supersedes.is_none()) else { return Ok(()) };
    let aliases = case.state.account(account)?.map(|row| row.aliases).unwrap_or_default();
    for id in std::iter::once(account).chain(aliases) {
        let Some((existing, _)) = case.state.newest(&rows::held(id, &once.shuts_out))? else { continue };
        if !super::outcome::all_out(case.state, existing, case.logged_at)? {
            let admission = once.tag == tags::ADMISSION_CLASS;
            let rejection = if admission { Rejection::AdmissionExcluded } else { Rejection::ResultExists };
            let refusal = Refusal::new(rejection, field(once.tag));
            return Err(refusal.existing(existing).into());
        }
    }
    Ok(())
}

/// Members of a team have one result.
fn team<S: Read + ?Sized>(case: &Case<'_, S>, body: &RecordOutcome, facts: &OutcomeFacts) -> Check {
    let Some(team) = facts.team.as_ref().filter(|_| body.supersedes.is_none()) else { return Ok(()) };
    let Some((existing, award)) = case.state.value::<Short>(&rows::team(case.issuer, &team.id))? else { return Ok(()) };
    if award == team.award || super::outcome::all_out(case.state, existing, case.logged_at)? {
        return Ok(());
    }
    Err(Refusal::new(Rejection::TeamDiffers, field(tags::AWARD)).existing(existing).into())
}

/// The rows of what can be had once, and of a team.
pub(super) fn write<S: Read + ?Sized>(
    writer: &mut Writer<'_, S>,
    issuer: &str,
    account: AccountKey,
    facts: &OutcomeFacts,
) {
    if let Some(once) = &facts.once {
        writer.mark(rows::held(account, &once.holds));
    }
    if let Some(team) = &facts.team {
        writer.put(rows::team(issuer, &team.id), &team.award);
    }
}
