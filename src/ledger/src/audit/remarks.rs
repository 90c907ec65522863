//! Remarks that the rules make of accepted entries, and hard thresholds (rules.md 2, "Severity", "Attempts"): found again by
//! going through everything that is known of a run, each time from its beginning.

use super::book::{Account, Book};
use super::judge::{Case, Judge};
use crate::flag::FlagCode;
use crate::rejection::Rejection;
use std::collections::BTreeMap;
use xuefen_core::kinds::tags;
use xuefen_core::proto::{OutcomeKind, Severity};

/// A remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) code: FlagCode,
    pub(super) severity: Severity,
    /// Leaf index of the Policy; 0 = built in, or none.
    pub(super) policy: u64,
    pub(super) field: String,
    pub(super) reason: String,
}

/// A graded attempt in a run.
#[derive(Clone, Debug)]
pub(super) struct Graded {
    pub(super) account: Account,
    pub(super) first: bool,
    pub(super) passed: bool,
    pub(super) achieved: i64,
    /// A correction counts on the day it was logged.
    pub(super) corrected: Option<i64>,
    /// Last day of the run, if it is published.
    pub(super) end: Option<i64>,
    /// Days after the end of the run that count, by the policy of its time.
    pub(super) window: i64,
    /// Learners, and basis points of the fails, that are too many by that policy.
    pub(super) many: (u64, u64),
}

/// Whether the last of these turned a fail into a pass and so made it too many.
fn mass_pass(graded: &[Graded]) -> bool {
    let (learners, basis_points) = graded.last().map(|last| last.many).unwrap_or_default();
    let mut end: Option<i64> = None;
    // Whoever failed, and whether they have passed in time since.
    let mut failed: BTreeMap<Account, bool> = BTreeMap::new();
    let mut turned_last = false;
    for it in graded {
        if it.end.is_some() {
            end = it.end;
        } else if it.first {
            end = end.max(Some(it.achieved));
        }
        turned_last = false;
        let on = it.corrected.unwrap_or(it.achieved);
        match failed.get(&it.account).copied() {
            None if !it.passed => {
                failed.insert(it.account, false);
            }
            Some(false) if it.passed => {
                turned_last = end.is_some_and(|end| on - end <= it.window);
                failed.insert(it.account, turned_last);
            }
            Some(true) if !it.passed && it.corrected.is_some() => {
                failed.insert(it.account, false);
            }
            _ => {}
        }
    }
    let turned = failed.values().filter(|turned| **turned).count() as u64;
    turned_last && turned >= learners && turned * 10_000 >= failed.len() as u64 * basis_points
}

/// A part-time teacher who assesses without the level that is generally asked for.
pub(super) fn assessor(case: &Case<'_>) -> Option<Remark> {
    (case.text(tags::ASSESSOR_KIND) == "part_time_exempt").then(|| Remark {
        code: FlagCode::AssessorLevelLow,
        severity: Severity::Soft,
        policy: 0,
        field: format!("payload.{} ({})", tags::ASSESSOR_KIND.name, tags::ASSESSOR_KIND.number),
        reason: String::new(),
    })
}

/// Trainings: practice is part of the whole, and half of it where the policy says so.
pub(super) fn training(case: &Case<'_>, kind: OutcomeKind, book: &Book, judge: &mut Judge) -> Option<Remark> {
    if kind != OutcomeKind::CompletionCertificate {
        return None;
    }
    let minutes = case.number(tags::MINUTES).unwrap_or(0);
    let practice = case.number(tags::PRACTICE_MINUTES).unwrap_or(0);
    judge.unless(practice <= minutes, Rejection::MinutesOutOfBounds, || format!("{practice} of {minutes}"));
    let threshold = match case.text(tags::PROJECT_TYPE) {
        "enterprise_skills" => "practice_share_enterprise",
        "dual_qualified_teacher" => "practice_share_teacher",
        _ => return None,
    };
    let bound = book.policy_for(case.issuer, case.logged_at).threshold(threshold)?;
    let (least, severity, reason, policy) = bound;
    // Practice of minutes is at least so many in ten thousand; a training of no length keeps to nothing.
    let kept = minutes > 0 && u128::from(practice) * 10_000 >= u128::from(minutes) * u128::from(least);
    if kept {
        return None;
    }
    if severity == Severity::Hard {
        judge.unless(false, Rejection::ThresholdNotMet, || format!("{practice} of {minutes}"));
        return None;
    }
    let field = "payload.practice_minutes (7)".to_owned();
    Some(Remark { code: FlagCode::PracticeShareLow, severity, policy, field, reason })
}

/// Adds a graded attempt to its run and says what is remarked of it.
pub(super) fn in_run(book: &mut Book, run: (u64, String), graded: Graded) -> Option<Remark> {
    let all = book.runs.entry(run).or_default();
    all.push(graded);
    mass_pass(all).then(|| Remark {
        code: FlagCode::MassPass,
        severity: Severity::Advisory,
        policy: 0,
        field: "payload.run (12)".to_owned(),
        reason: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graded(learner: u8, passed: bool, achieved: i64) -> Graded {
        let many = (10, 3_000);
        Graded {
            account: [learner; 16],
            first: !passed,
            passed,
            achieved,
            corrected: None,
            end: None,
            window: 30,
            many,
        }
    }

    #[test]
    fn many_passes_in_time_are_too_many() {
        let fails = (0..10).map(|learner| graded(learner, false, 100));
        let mut all: Vec<Graded> = fails.collect();
        for learner in 0..9 {
            all.push(graded(learner, true, 130));
            assert!(!mass_pass(&all));
        }
        let with = |achieved, many| {
            let mut all = all.clone();
            all.push(Graded { many, ..graded(9, true, achieved) });
            mass_pass(&all)
        };
        assert!(!with(131, (10, 3_000)), "after the window");
        assert!(with(130, (10, 10_000)) && !with(130, (11, 3_000)) && !with(130, (10, 10_001)));
        all.push(graded(9, true, 130));
        // Who passed before is not counted again.
        all.push(graded(9, true, 130));
        assert!(!mass_pass(&all));
    }
}
