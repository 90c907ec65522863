//! Outcomes that are neither taught nor certified (rules.md 1 "outcome"): scores, periods, what a learner has once only,
//! results of a team.

use super::book::{Account, Book};
use super::judge::{Case, Judge};
use super::text::day;
use crate::posting::Secrets;
use crate::rejection::Rejection;
use crate::rows::Short;
use xuefen_core::kinds::tags;
use xuefen_core::proto::{OutcomeKind, RecordOutcome};

/// Keyed hashes of what an outcome is, among others of its learner and team.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// What it holds.
    pub(super) holds: Option<Short>,
    /// Team and its result.
    pub(super) team: Option<(Short, Short)>,
    against: Option<(Short, Rejection)>,
}

/// A keyed hash of words with the unit separator between.
fn hashed(case: &Case<'_>, secrets: &dyn Secrets, words: &[&str]) -> Short {
    let kind =
        if let xuefen_core::proto::statement::Body::RecordOutcome(body) = case.body { body.outcome_kind } else { 0 };
    let hash = secrets.source_hmac("", u32::try_from(kind).unwrap_or_default(), &words.join("\u{1f}"));
    let mut short = [0; 16];
    short.copy_from_slice(&hash[..16]);
    short
}

pub(super) fn marks(case: &Case<'_>, kind: OutcomeKind, secrets: &dyn Secrets) -> Marks {
    let text = |tag| case.text(tag);
    match kind {
        OutcomeKind::ContestResult => {
            let contest = [text(tags::CONTEST_TIER), text(tags::EDITION), text(tags::TITLE)];
            let once = hashed(case, secrets, &contest);
            let team = (!text(tags::TEAM).is_empty()).then(|| {
                let team: Vec<&str> = contest.into_iter().chain([text(tags::TEAM)]).collect();
                let result: Vec<&str> = team.iter().copied().chain([text(tags::AWARD)]).collect();
                (hashed(case, secrets, &team), hashed(case, secrets, &result))
            });
            Marks { holds: Some(once), team, against: Some((once, Rejection::ResultExists)) }
        }
        OutcomeKind::Admission => {
            let (own, other) = match text(tags::ADMISSION_CLASS) {
                "ordinary" => ("ordinary", "classified"),
                "classified" | "recommended" => ("classified", "ordinary"),
                _ => return Marks::default(),
            };
            let year = text(tags::ACHIEVED_ON).split('-').next().unwrap_or_default();
            let of = |class: &str| hashed(case, secrets, &[&format!("{class}/{year}")]);
            Marks { holds: Some(of(own)), team: None, against: Some((of(other), Rejection::AdmissionExcluded)) }
        }
        _ => Marks::default(),
    }
}

/// Scores, periods, and what is had already.
pub(super) fn check(
    case: &Case<'_>,
    body: &RecordOutcome,
    kind: OutcomeKind,
    (marks, account): (&Marks, Account),
    book: &Book,
    judge: &mut Judge,
) {
    let score = (case.number(tags::SCORE_MILLIS), case.number(tags::TOP_SCORE_MILLIS));
    let scored = match score {
        (Some(score), Some(top)) => top >= score && top != 0,
        (score, top) => score.is_none() && top.is_none(),
    };
    judge.unless(scored, Rejection::ScoreWrong, || format!("{score:?}"));
    if kind == OutcomeKind::ExamComponent {
        let graded = score.0.is_some() || !case.value(tags::GRADE).is_empty();
        judge.unless(graded, Rejection::ScoreWrong, || "neither score nor grade".to_owned());
    }
    let [start, end, achieved] = [tags::START_ON, tags::END_ON, tags::ACHIEVED_ON].map(|tag| day(case.value(tag)));
    if let Some(achieved) = achieved {
        let end = end.unwrap_or(achieved);
        let orderly = start.unwrap_or(end) <= end && end <= achieved;
        judge.unless(orderly, Rejection::PeriodWrong, || format!("{start:?} to {end}, told {achieved}"));
    }
    if body.supersedes.is_some() {
        return;
    }
    if let Some((against, rejection)) = marks.against {
        let people = book.accounts.get(&account).map(|fact| fact.aliases.clone()).unwrap_or_default();
        for id in people.into_iter().chain([account]) {
            let had = book.held.get(&(id, against)).copied();
            let free = had.is_none_or(|had| book.all_out(had, case.logged_at));
            judge.unless(free, rejection, || format!("entry {had:?}"));
        }
    }
    if let Some((team, result)) = marks.team
        && let Some((theirs, entry)) = book.teams.get(&(case.issuer.to_owned(), team))
    {
        let same = *theirs == result || book.all_out(*entry, case.logged_at);
        judge.unless(same, Rejection::TeamDiffers, || format!("entry {entry}"));
    }
}
