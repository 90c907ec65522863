//! What an outcome rests on (rules.md 2 "Levels"; 4: parts; 6: stories 12, 14, 16). Of what was erased nothing can be said.

use super::book::{Account, Book, Outcome, What};
use super::judge::{Case, Judge};
use super::policies::{ASSESSOR, STEP};
use super::text::{day, indices};
use crate::rejection::Rejection;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::{CertificateFamily, OutcomeKind};

/// What an outcome says that others may rest on.
#[derive(Clone, Debug, Default)]
pub(super) struct Says {
    level: u64,
    occupation: String,
    tier: String,
    activity: String,
    project: String,
    rank: String,
    pub(super) achieved: Option<i64>,
    /// Of a part of an examination.
    pub(super) scheme: Option<u64>,
    pub(super) component: String,
    pub(super) score: Option<u64>,
    parts: Vec<u64>,
}

pub(super) fn says(case: &Case<'_>, book: &Book) -> Says {
    let text = |tag| case.text(tag).to_owned();
    let occupation =
        case.number(tags::FAMILY).and_then(|index| book.offers.get(&index)).and_then(|it| match &it.what {
            What::Family(family) => Some(family.occupation.clone()),
            _ => None,
        });
    Says {
        level: case.number(tags::LEVEL).unwrap_or(0),
        occupation: occupation.unwrap_or_default(),
        tier: text(tags::CONTEST_TIER),
        activity: text(tags::ACTIVITY_KIND),
        project: text(tags::PROJECT_TYPE),
        rank: text(tags::TITLE_RANK),
        achieved: day(case.value(tags::ACHIEVED_ON)),
        scheme: case.number(tags::SCHEME),
        component: text(tags::COMPONENT),
        score: case.number(tags::SCORE_MILLIS),
        parts: indices(case.value(tags::PARTS)).unwrap_or_default(),
    }
}

/// The outcome at an index, unless it is old paper; the second is false where it was erased.
fn evidence(book: &Book, index: u64) -> (Option<&Outcome>, bool) {
    let outcome = book.outcomes.get(&index);
    let paper = book.entry(index).is_some_and(|entry| entry.imported);
    (outcome.filter(|_| !paper), outcome.is_some())
}

/// The ground of a level: the step below, a prize, work.
pub(super) fn route(case: &Case<'_>, family: &CertificateFamily, book: &Book, judge: &mut Judge) {
    let (route, level) = (case.text(tags::ROUTE), case.number(tags::LEVEL).unwrap_or(0));
    let policy = book.policy_for(case.issuer, case.logged_at);
    if route == "full_ladder" || (route == "standard" && level < policy.number(STEP)) {
        return;
    }
    let cited = indices(case.value(tags::CITES)).unwrap_or_default();
    let holds = |outcome: &Outcome| {
        let says = &outcome.says;
        match outcome.kind {
            OutcomeKind::SkillLevelCertificate => {
                route == "standard" && says.level + 1 == level && says.occupation == family.occupation
            }
            OutcomeKind::EmploymentPeriod => route == "outstanding_worker",
            OutcomeKind::ContestResult => route == "exceptional" && !["", "school"].contains(&says.tier.as_str()),
            OutcomeKind::NonCreditActivity => route == "exceptional" && says.activity == "innovation",
            _ => false,
        }
    };
    let unknown = cited.iter().any(|index| !evidence(book, *index).1 && book.entry(*index).is_some());
    let good = cited.iter().any(|index| evidence(book, *index).0.is_some_and(holds));
    judge.unless(good || unknown, Rejection::RouteWrong, || format!("{route} to {level} on {cited:?}"));
}

/// Whoever assessed was entitled to.
pub(super) fn assessor(case: &Case<'_>, learner: Account, book: &Book, judge: &mut Judge) {
    let kind = case.text(tags::ASSESSOR_KIND);
    let list = indices(case.value(tags::ASSESSOR_EVIDENCE)).unwrap_or_default();
    let outside = kind.starts_with("part_time");
    if !judge.unless(outside != list.is_empty(), Rejection::AssessorWrong, || format!("{kind:?} with {list:?}")) {
        return;
    }
    let there = list.iter().all(|index| {
        let entry = book.entry(*index).filter(|_| *index < case.index);
        entry.is_some_and(|entry| entry.good && entry.kind == Kind::RecordOutcome)
    });
    let counts = list.iter().all(|index| book.counts(*index, case.logged_at));
    judge.unless(there && counts, Rejection::AssessorWrong, || format!("{list:?}"));
    if !outside || list.iter().any(|index| book.outcomes.get(index).is_none()) {
        return;
    }
    let own: Vec<&Outcome> = list.iter().filter_map(|index| book.outcomes.get(index)).collect();
    let people: Vec<_> = own.iter().map(|outcome| book.kept(outcome.account)).collect();
    let one = people.iter().all(|person| *person == people[0] && *person != Some(learner));
    judge.unless(one, Rejection::AssessorWrong, || "of several people, or the learner".to_owned());
    let assessed = day(case.value(tags::ACHIEVED_ON));
    let evident: Vec<&Outcome> = list.iter().filter_map(|index| evidence(book, *index).0).collect();
    let trained = evident.iter().any(|it| {
        let pass = it.kind == OutcomeKind::CompletionCertificate && it.says.project == "pre_service";
        pass && it.says.achieved.zip(assessed).is_some_and(|(passed, assessed)| passed <= assessed)
    });
    let least = book.policy_for(case.issuer, case.logged_at).number(ASSESSOR);
    let able = evident.iter().any(|it| match it.kind {
        OutcomeKind::SkillLevelCertificate => it.says.level >= least,
        OutcomeKind::Title => !["", "technician", "assistant"].contains(&it.says.rank.as_str()),
        _ => false,
    });
    let good = trained && (able || kind == "part_time_exempt");
    judge.unless(good, Rejection::AssessorWrong, || format!("{kind} on {list:?}"));
}

/// Parts, and parts of parts.
pub(super) fn parts(case: &Case<'_>, book: &Book, judge: &mut Judge) {
    fn below(parts: &[u64], depth: usize, book: &Book, found: &mut usize) -> usize {
        *found += parts.len();
        if parts.is_empty() || depth > 4 || *found > 64 {
            return depth;
        }
        let deeper =
            |part: &u64| book.outcomes.get(part).map_or(depth + 1, |it| below(&it.says.parts, depth + 1, book, found));
        parts.iter().map(deeper).max().unwrap_or(depth)
    }
    let mut found = 0;
    let depth = below(&indices(case.value(tags::PARTS)).unwrap_or_default(), 0, book, &mut found);
    judge.unless(found <= 64 && depth <= 4, Rejection::PartsTooMany, || format!("{found} parts, {depth} deep"));
}
