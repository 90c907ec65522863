//! A learner's attempts, a run's fails, and the 清考 flag (rules.md 2, "Attempts").

use super::course::passed;
use super::run;
use crate::access::Access;
use crate::facts::OutcomeFacts;
use crate::policy::{InForce, number};
use crate::rows::{AccountKey, LineRow, RunRow};
use crate::state::{Key, Read, ReadError};

/// The counters after an outcome.
pub(super) struct Counted {
    pub(super) line: (Key, LineRow),
    /// Only if it changed.
    pub(super) run: Option<(Key, RunRow)>,
    pub(super) mass_pass: bool,
}

/// Counts an outcome for attempts and its run. `day` is the day of its logging: a correction counts on that day, a resit on
/// the day it was achieved.
pub(super) fn count<S: Read + ?Sized>(
    state: &S,
    policy: &InForce,
    issuer: &str,
    facts: &OutcomeFacts,
    account: AccountKey,
    corrects: bool,
    (index, day): (u64, i32),
) -> Result<Option<Counted>, ReadError> {
    let parts =
        facts.offer.zip(facts.attempt).zip(facts.achieved_on).zip(passed(policy, facts)).zip(facts.keys.run.clone());
    let Some(((((offer, attempt), achieved_on), passed), run_key)) = parts else { return Ok(None) };
    let line_key = facts.line(account, offer);
    let mut line = state.line(&line_key)?;
    match line.attempts.iter_mut().find(|(number, _)| *number == attempt) {
        Some(recorded) => recorded.1 = index,
        None => line.attempts.push((attempt, index)),
    }
    let found = state.run(&run_key)?;
    let before = found.unwrap_or(RunRow { end_day: i32::MIN, ..RunRow::default() });
    let mut run = before;
    match run::named(state, issuer, facts.run.as_deref())? {
        Some((_, published)) => run.end_day = i32::try_from(published.end_day).unwrap_or(i32::MAX),
        None if attempt == 1 => run.end_day = run.end_day.max(achieved_on.0),
        None => {}
    }
    let mut turns = false;
    if passed && line.failed && !line.turned {
        let at = if corrects { day } else { achieved_on.0 };
        let window = i64::from(run.end_day) + policy.span(&number::MASS_PASS_WINDOW);
        turns = i64::from(at) <= window;
        line.turned = turns;
        run.turned += u32::from(turns);
    } else if !passed && !line.failed {
        line.failed = true;
        run.fails += 1;
    } else if !passed && corrects && line.turned {
        line.turned = false;
        run.turned = run.turned.saturating_sub(1);
    }
    let asked = |number| policy.span(number);
    let share = i64::from(run.turned) * 10_000 >= i64::from(run.fails) * asked(&number::MASS_PASS_SHARE);
    let mass_pass = turns && share && i64::from(run.turned) >= asked(&number::MASS_PASS_LEARNERS);
    let changed = found != Some(run);
    Ok(Some(Counted { line: (line_key, line), run: changed.then_some((run_key, run)), mass_pass }))
}
