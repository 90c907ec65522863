//! What the outcomes of a learner convert into, where, how much, or why not (rules.md 4, `Explain`): by the same
//! functions that judge an application. Answers are data with reason codes; nothing is decided and nothing written
//! here.

mod answer;
mod book;
mod gather;

pub use answer::{
    Answer, CLOSED, Closed, Conflict, Deadline, Ends, Held, Lack, Open, Result as Outcome, Short, Use, closed_texts,
};
pub use book::{Book, Published};
pub use gather::{Holdings, InState, draft, has_rules, read_rules};

use crate::conversion::{Candidate, Unassigned, absorbed, assign, select, yields};
use crate::day::Day;
use crate::rejection::Refusal;
use crate::state::ReadError;
use std::sync::Arc;
use xuefen_core::proto::{ConversionRule, ScopeKind};

/// Most rules above a rule.
const PARENTS: usize = 4;

/// As of when the question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// Unix seconds: rules in force then, outcomes as old as then.
    pub time: i64,
    /// Tree size: rules logged by then.
    pub size: u64,
}

/// What is asked of the state. One question may come many times over.
pub trait Standing {
    /// Whether a rule is neither suspended nor revoked.
    fn stands(&self, index: u64) -> Result<bool, ReadError>;

    /// Whether an institution may still decide.
    fn may_decide(&self, institution: &str) -> Result<bool, ReadError>;

    /// An institution and whom it took over.
    fn line(&self, institution: &str) -> Result<Vec<String>, ReadError>;

    /// The policy's bound on what one outcome may yield there, milli-credits.
    fn max_yield(&self, institution: &str) -> Result<Option<u64>, ReadError>;

    /// What the programme's own limits say beside what the learner converted into it before.
    fn limits(&self, rule: &Published, open: &Open) -> Result<Option<Refusal>, ReadError>;
}

/// What is to be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Whatever takes any of the outcomes, or nearly would.
    Everything,
    /// Every rule into a programme, by its owner and code.
    Programme(&'a str, &'a str),
    /// One rule, by its owner and code.
    Rule(&'a str, &'a str),
}

/// Rules held against outcomes.
pub struct Explainer<'a, S> {
    book: &'a Book,
    held: &'a [Held],
    when: When,
    state: &'a S,
}

impl<'a, S: Standing> Explainer<'a, S> {
    /// Over all rules and what a learner holds.
    pub const fn new(book: &'a Book, held: &'a [Held], when: When, state: &'a S) -> Self {
        Self { book, held, when, state }
    }

    /// The answers: what is open, the most first, then what is used up, then what is nearly met, the nearest first. Asked for
    /// everything, rules that nothing comes near are left out.
    pub fn answers(&self, target: Target<'_>) -> Result<Vec<Answer<'a>>, ReadError> {
        let mut found = match target {
            Target::Everything => self.everything()?,
            Target::Programme(owner, code) => self.lines(self.book.into_programme(owner, code))?,
            Target::Rule(owner, code) => self.lines(self.book.versions(owner, code))?,
        };
        found.sort_by_cached_key(Answer::order);
        Ok(found)
    }

    fn everything(&self) -> Result<Vec<Answer<'a>>, ReadError> {
        let candidates: Vec<&Candidate> = self.held.iter().map(|held| &held.candidate).collect();
        let mut found = Vec::new();
        for (rule, places) in self.book.that_may_take(&candidates) {
            if !self.may_hold(rule)
                || self.holding(&rule.owner, &rule.rule.code)?.is_none_or(|it| it.index != rule.index)
            {
                continue;
            }
            let outcome = self.judge(rule, &places)?;
            if !matches!(&outcome, Outcome::Closed(_)) && outcome.is_near() {
                found.push(Answer { rule, outcome });
            }
        }
        Ok(found)
    }

    /// Each rule of some versions once, whatever comes of it.
    fn lines(&self, versions: impl Iterator<Item = &'a Arc<Published>>) -> Result<Vec<Answer<'a>>, ReadError> {
        let mut newest: Vec<&'a Published> = Vec::new();
        for rule in versions.filter(|rule| rule.index < self.when.size) {
            match newest.iter_mut().find(|it| (&it.owner, &it.rule.code) == (&rule.owner, &rule.rule.code)) {
                Some(known) if known.index < rule.index => *known = rule,
                Some(_) => {}
                None => newest.push(rule),
            }
        }
        let all: Vec<usize> = (0..self.held.len()).collect();
        let mut found = Vec::new();
        for rule in newest {
            found.push(match self.holding(&rule.owner, &rule.rule.code)? {
                Some(rule) => Answer { rule, outcome: self.judge(rule, &all)? },
                None => Answer { rule, outcome: Outcome::Closed(self.not_in_force(rule)) },
            });
        }
        Ok(found)
    }

    const fn not_in_force(&self, rule: &Published) -> Closed {
        if rule.rule.effective_from > self.when.time {
            Closed::NotYet { from: rule.rule.effective_from }
        } else if rule.rule.effective_until > 0 && rule.rule.effective_until <= self.when.time {
            Closed::Over { since: rule.rule.effective_until }
        } else {
            Closed::Withdrawn
        }
    }

    /// Whether a version can be the one that holds, as far as it says itself.
    fn may_hold(&self, rule: &Published) -> bool {
        let ConversionRule { effective_from, effective_until, .. } = rule.rule;
        let begun = rule.index < self.when.size && effective_from <= self.when.time;
        begun && (effective_until == 0 || effective_until > self.when.time)
    }

    /// The version of a rule that holds: the newest that has begun and stands, unless its end has come.
    fn holding(&self, owner: &str, code: &str) -> Result<Option<&'a Arc<Published>>, ReadError> {
        let begun = |rule: &&Arc<Published>| rule.index < self.when.size && rule.rule.effective_from <= self.when.time;
        for rule in self.book.versions(owner, code).filter(begun) {
            if self.state.stands(rule.index)? {
                return Ok(self.may_hold(rule).then_some(rule));
            }
        }
        Ok(None)
    }

    /// The rules above a rule, nearest first; `None` if one of them does not hold.
    fn parents(&self, rule: &Published) -> Result<Option<Vec<&'a Published>>, ReadError> {
        let mut found: Vec<&'a Published> = Vec::new();
        let mut next = rule.rule.parent_index;
        while next > 0 && found.len() < PARENTS {
            let Some(named) = self.book.at(next) else { return Ok(None) };
            let Some(parent) = self.holding(&named.owner, &named.rule.code)? else { return Ok(None) };
            next = parent.rule.parent_index;
            found.push(parent);
        }
        Ok(Some(found))
    }

    /// Holds a rule against the outcomes at some places.
    fn judge(&self, rule: &'a Published, places: &[usize]) -> Result<Outcome<'a>, ReadError> {
        if !self.state.may_decide(&rule.owner)? {
            return Ok(Outcome::Closed(Closed::OwnerEnded));
        }
        let Some(parents) = self.parents(rule)? else { return Ok(Outcome::Closed(Closed::ParentNotInForce)) };
        let on = Day::of(self.when.time);
        let line = self.state.line(&rule.owner)?;
        let of = |places: &[usize]| places.iter().map(|at| &self.held[*at].candidate).collect::<Vec<_>>();
        let is_free = |at: &usize| self.conflict(*at, rule, &line).is_none();
        let free: Vec<usize> = places.iter().copied().filter(is_free).collect();
        if let Ok(assigned) = assign(&rule.rule, &of(&free), on) {
            let used: Vec<usize> = assigned.pairs.iter().map(|(_, at)| free[*at]).collect();
            return self.open(rule, &parents, &used, &line);
        }
        match assign(&rule.rule, &of(places), on) {
            Ok(assigned) => {
                let used = assigned.pairs.iter().map(|(_, at)| places[*at]);
                Ok(Outcome::Used(used.filter_map(|at| self.conflict(at, rule, &line)).collect()))
            }
            Err(Unassigned::Missing(sources)) => {
                Ok(Outcome::Short(sources.into_iter().map(|source| self.short(rule, source, places, on)).collect()))
            }
            Err(Unassigned::Malformed) => Ok(Outcome::Closed(Closed::Malformed)),
        }
    }

    /// What stands in the way of using an outcome under a rule: the first use that reaches as far as the wider of the two.
    fn conflict(&self, at: usize, rule: &Published, line: &[String]) -> Option<Conflict> {
        let held = &self.held[at];
        let meets = |used: &&Use| match used.scope.max(rule.rule.scope) {
            scope if scope == ScopeKind::Bank as i32 => true,
            scope if scope == ScopeKind::Institution as i32 => line.contains(&used.owner),
            _ => line.contains(&used.owner) && used.programme == rule.programme.1,
        };
        let first = held.uses.iter().filter(meets).min_by_key(|used| used.decision)?;
        Some(Conflict { outcome: held.candidate.index, decision: first.decision })
    }

    fn open(
        &self,
        rule: &'a Published,
        parents: &[&Published],
        used: &[usize],
        line: &[String],
    ) -> Result<Outcome<'a>, ReadError> {
        let on = Day::of(self.when.time);
        let candidates: Vec<&Candidate> = used.iter().map(|at| &self.held[*at].candidate).collect();
        if let Some(parent) = parents.iter().find(|parent| assign(&parent.rule, &candidates, on).is_err()) {
            return Ok(Outcome::Closed(Closed::ParentRefuses { parent: parent.index }));
        }
        let most = self.state.max_yield(&rule.owner)?;
        let Ok(given) = yields(&rule.rule, parents.first().map(|parent| &parent.rule), most, &candidates) else {
            return Ok(Outcome::Closed(Closed::Malformed));
        };
        if given.is_nothing() {
            return Ok(Outcome::Closed(Closed::GivesNothing));
        }
        let sources: Vec<u64> = candidates.iter().map(|it| it.index).collect();
        let all: Vec<&Candidate> = self.held.iter().map(|held| &held.candidate).collect();
        let absorbed = absorbed(&rule.rule, &sources, &all);
        // A better certificate takes the place of an earlier one of its family in one decision; of several it cannot.
        let mut conflicts: Vec<Conflict> = absorbed.iter().filter_map(|at| self.conflict(*at, rule, line)).collect();
        conflicts.dedup_by_key(|conflict| conflict.decision);
        let replaces = conflicts.first().map(|conflict| conflict.decision);
        if conflicts.iter().any(|conflict| Some(conflict.decision) != replaces) {
            return Ok(Outcome::Used(conflicts));
        }
        let open = Open {
            until: self.deadline(rule, used),
            absorbed: absorbed.into_iter().map(|at| self.held[at].candidate.index).collect(),
            sources,
            given,
            replaces,
        };
        Ok(match self.state.limits(rule, &open)? {
            None => Outcome::Open(open),
            Some(refusal) => Outcome::Refused(refusal),
        })
    }

    /// The last day on which an application would still be met, and what ends it.
    fn deadline(&self, rule: &Published, used: &[usize]) -> Option<Deadline> {
        let until = rule.rule.effective_until;
        let ends = (until > 0).then(|| Deadline { last_day: Day::of(until - 1), ends: Ends::Rule });
        let later = |next: &&Arc<Published>| next.index < self.when.size && next.index > rule.index;
        let next = self.book.versions(&rule.owner, &rule.rule.code).filter(later).last();
        let next = next.map(|next| Deadline {
            last_day: Day::of(next.rule.effective_from - 1),
            ends: Ends::NewVersion { index: next.index },
        });
        let of_outcomes = used.iter().zip(&rule.rule.sources).flat_map(|(at, source)| {
            let Held { candidate, expires_on, .. } = &self.held[*at];
            let outcome = candidate.index;
            let age = (source.maximum_age_days > 0).then(|| Deadline {
                last_day: Day(candidate.achieved_on.0.saturating_add_unsigned(source.maximum_age_days)),
                ends: Ends::OutcomeTooOld { outcome },
            });
            let expiry = expires_on.map(|last_day| Deadline { last_day, ends: Ends::CertificateExpires { outcome } });
            [age, expiry]
        });
        [ends, next].into_iter().chain(of_outcomes).flatten().min_by_key(|deadline| deadline.last_day)
    }

    /// The outcome that comes nearest to a source that none meets, or none is left for.
    fn short(&self, rule: &'a Published, source: usize, places: &[usize], on: Day) -> Short<'a> {
        let asked = &rule.rule.sources[source];
        let selections =
            places.iter().map(|at| (&self.held[*at].candidate, select(asked, &self.held[*at].candidate, on)));
        let nearest = selections.min_by_key(|(candidate, selection)| {
            let far = selection.unmet().filter(|finding| !finding.reason.is_near()).count();
            (far, selection.unmet().count(), candidate.index)
        });
        let lack = nearest.map(|(candidate, selection)| Lack { outcome: candidate.index, selection });
        Short { source, nearest: lack }
    }
}

#[cfg(test)]
mod tests;
