//! What explaining and checking ask of the state, and what a learner holds, read once. Reads only.

use super::{Book, Held, Open, Published, Standing, Use};
use crate::access::Access;
use crate::case::{Stop, is_in_force, policy_of, predecessors};
use crate::check_rules::{Named, Registry};
use crate::day::Day;
use crate::policy::{InForce, number};
use crate::query;
use crate::rejection::Refusal;
use crate::rows::{self, AccountKey, ConvertedRow, OfferBody, Status};
use crate::rules;
use crate::sources::{DEPTH, Opened};
use crate::state::{Direction, Query, Read, ReadError};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use xuefen_core::kinds::Kind;
use xuefen_core::payload::Payload;

/// Rules read at a time.
const RULES: usize = 1_000;

/// Adds to a book every rule that it does not have, up to the reader's size. `from` is the size that it was read to before.
pub fn read_rules(state: &impl Query, book: &mut Book, mut from: u64) -> Result<(), ReadError> {
    loop {
        let rows = state.history(&rows::all_rules(), Some(from), Direction::Ascending, RULES)?;
        for (index, _) in &rows {
            book.add(published(state, *index)?);
        }
        match rows.last() {
            Some((last, _)) if rows.len() == RULES => from = last + 1,
            _ => return Ok(()),
        }
    }
}

/// Whether there is a rule from an entry on.
pub fn has_rules(state: &impl Query, from: u64) -> Result<bool, ReadError> {
    Ok(!state.history(&rows::all_rules(), Some(from), Direction::Ascending, 1)?.is_empty())
}

/// A rule as the log has it.
fn published(state: &impl Read, index: u64) -> Result<Published, ReadError> {
    let damaged = || ReadError::Damaged { key: rows::offer(index), index };
    let rules::Version { owner, rule, .. } = rules::rule_at(state, index)?.ok_or_else(damaged)?;
    let programme = rules::programme_of(state, &rule)?.unwrap_or_default();
    Ok(Published { index, owner, programme, rule })
}

/// A rule that is not in the log yet.
pub fn draft(
    state: &impl Read,
    index: u64,
    owner: &str,
    rule: xuefen_core::proto::ConversionRule,
) -> Result<Published, ReadError> {
    let programme = rules::programme_of(state, &rule)?.unwrap_or_default();
    Ok(Published { index, owner: owner.to_owned(), programme, rule })
}

/// Outcomes with their payloads, put together with what the state knows of them.
pub struct Holdings<'a, S> {
    state: &'a S,
    time: i64,
    held: Vec<Held>,
    /// Parts of each, by its leaf index.
    parts: BTreeMap<u64, Vec<u64>>,
}

impl<'a, S: Read> Holdings<'a, S> {
    /// Nothing yet, as of a time.
    pub const fn new(state: &'a S, time: i64) -> Self {
        Self { state, time, held: Vec::new(), parts: BTreeMap::new() }
    }

    /// Adds an outcome. What was erased is not added: nobody can convert it.
    pub fn add(&mut self, index: u64, payload: &Payload) -> Result<(), ReadError> {
        let opened = Opened::of(payload);
        let Some(candidate) = rules::candidate(self.state, index, &opened, self.time)? else { return Ok(()) };
        let family = if opened.family == 0 { None } else { self.state.offer(opened.family)? };
        let expires_on = match family.map(|offer| offer.body) {
            Some(OfferBody::Family(row)) if row.validity_days > 0 => {
                Some(Day(candidate.achieved_on.0.saturating_add_unsigned(row.validity_days)))
            }
            _ => None,
        };
        let of = if opened.family > 0 { opened.family } else { opened.offer };
        self.parts.insert(index, opened.parts);
        self.held.push(Held { candidate, uses: Vec::new(), expires_on, of });
        Ok(())
    }

    /// Everything held, as if nothing had been used.
    #[must_use]
    pub fn without_uses(self) -> Vec<Held> {
        self.held
    }

    /// Everything held, with the uses that stand: of each outcome and, as deep as they go, of its parts.
    pub fn finish(mut self) -> Result<Vec<Held>, ReadError> {
        let mut uses: BTreeMap<u64, Option<Use>> = BTreeMap::new();
        for held in &mut self.held {
            let mut decisions = BTreeSet::new();
            let mut level = vec![held.candidate.index];
            for _ in 0..=DEPTH {
                for index in &level {
                    decisions.extend(query::conversions::used_by(self.state, *index)?);
                }
                level = level.iter().filter_map(|index| self.parts.get(index)).flatten().copied().collect();
            }
            for decision in decisions {
                let known = match uses.get(&decision) {
                    Some(known) => known.clone(),
                    None => uses.entry(decision).or_insert(use_of(self.state, decision)?).clone(),
                };
                held.uses.extend(known);
            }
        }
        Ok(self.held)
    }
}

/// What a decision uses; `None` if it stands no more.
fn use_of(state: &impl Read, decision: u64) -> Result<Option<Use>, ReadError> {
    let Some(row) = query::conversions::conversion(state, decision)?.filter(|row| row.ended_by.is_none()) else {
        return Ok(None);
    };
    let Some(rule) = rules::rule_at(state, row.rule)? else { return Ok(None) };
    let programme = rules::programme_of(state, &rule.rule)?.map(|(_, code)| code).unwrap_or_default();
    let owner = state.entry(decision)?.map_or(rule.owner, |entry| entry.issuer);
    Ok(Some(Use { decision, scope: row.scope, owner, programme }))
}

/// The state as of a time, for [`Explainer`](super::Explainer) and [`check_rules`](crate::check_rules::check_rules). Asks for
/// each thing once.
pub struct InState<'a, S> {
    state: &'a S,
    time: i64,
    /// Whose conversions count against a programme's limits; `None` where nobody's do.
    account: Option<AccountKey>,
    stands: RefCell<BTreeMap<u64, bool>>,
    may_decide: RefCell<BTreeMap<String, bool>>,
    lines: RefCell<BTreeMap<String, Vec<String>>>,
    policies: RefCell<BTreeMap<String, InForce>>,
}

/// The answer for a key, found out once.
fn once<K: Ord + Clone, V: Clone>(
    memo: &RefCell<BTreeMap<K, V>>,
    key: &K,
    find: impl FnOnce() -> Result<V, ReadError>,
) -> Result<V, ReadError> {
    if let Some(known) = memo.borrow().get(key) {
        return Ok(known.clone());
    }
    let found = find()?;
    memo.borrow_mut().insert(key.clone(), found.clone());
    Ok(found)
}

impl<'a, S: Read> InState<'a, S> {
    /// The state, for a learner or for nobody.
    pub const fn new(state: &'a S, time: i64, account: Option<AccountKey>) -> Self {
        Self {
            state,
            time,
            account,
            stands: RefCell::new(BTreeMap::new()),
            may_decide: RefCell::new(BTreeMap::new()),
            lines: RefCell::new(BTreeMap::new()),
            policies: RefCell::new(BTreeMap::new()),
        }
    }

    fn policy<T>(&self, institution: &str, ask: impl FnOnce(&InForce) -> T) -> Result<T, ReadError> {
        if !self.policies.borrow().contains_key(institution) {
            let policy = policy_of(self.state, institution, self.time)?;
            self.policies.borrow_mut().insert(institution.to_owned(), policy);
        }
        Ok(ask(&self.policies.borrow()[institution]))
    }

    /// The newest version of something that an owner offers.
    fn newest(&self, owner: &str, kind: Kind, code: &str) -> Result<Option<OfferBody>, ReadError> {
        let Some((index, _)) = self.state.display(&rows::display(owner, kind, code))? else { return Ok(None) };
        Ok(self.state.offer(index)?.map(|offer| offer.body))
    }
}

impl<S: Read> Standing for InState<'_, S> {
    fn stands(&self, index: u64) -> Result<bool, ReadError> {
        once(&self.stands, &index, || rules::stood_at(self.state, index, self.time))
    }

    fn may_decide(&self, institution: &str) -> Result<bool, ReadError> {
        once(&self.may_decide, &institution.to_owned(), || {
            let row = self.state.institution(institution)?;
            // Authorities are no institutions; they publish bounds and decide nothing.
            let status = row.as_ref().and_then(|row| row.status_at(self.time));
            // Whoever took it over decides by its rules.
            Ok(matches!(status, Some(Status::InForce | Status::Merged { .. })))
        })
    }

    fn line(&self, institution: &str) -> Result<Vec<String>, ReadError> {
        once(&self.lines, &institution.to_owned(), || {
            let row = self.state.institution(institution)?;
            let mut line = vec![institution.to_owned()];
            line.extend(predecessors(self.state, row.as_ref())?);
            Ok(line)
        })
    }

    fn max_yield(&self, institution: &str) -> Result<Option<u64>, ReadError> {
        self.policy(institution, |policy| policy.number(&number::MAX_YIELD))
    }

    fn limits(&self, rule: &Published, open: &Open) -> Result<Option<Refusal>, ReadError> {
        let Some(account) = self.account else { return Ok(None) };
        let new = ConvertedRow {
            account,
            sources: open.sources.clone(),
            absorbed: open.absorbed.clone(),
            exempts: open.given.exempt.clone(),
            counted_millis: rules::counted_millis(self.state, &open.given.exempt, open.given.credit_millis)?,
        };
        match rules::check_limits(self.state, &rule.rule, &rule.owner, &new, open.replaces) {
            Ok(()) | Err(Stop::Replay(_)) => Ok(None),
            Err(Stop::Refused(refusal)) => Ok(Some(*refusal)),
            Err(Stop::Read(error)) => Err(error),
        }
    }
}

impl<S: Read> Registry for InState<'_, S> {
    fn issues(&self, institution: &str) -> Result<Option<bool>, ReadError> {
        let row = self.state.institution(institution)?;
        let status = row.as_ref().map(|row| row.status_at(self.time));
        Ok(status.map(|status| matches!(status, Some(Status::InForce | Status::Suspended { .. }))))
    }

    fn levels(&self, issuer: &str, family: &str) -> Result<Option<u32>, ReadError> {
        // Families are published by their owner, who need not be who issues: an accreditation for it is enough.
        if let Some(OfferBody::Family(row)) = self.newest(issuer, Kind::CertificateFamily, family)? {
            return Ok(Some(row.levels));
        }
        let row = self.state.institution(issuer)?;
        let is_accredited = row.is_some_and(|row| row.families.iter().any(|it| it == family));
        Ok(is_accredited.then_some(u32::MAX))
    }

    fn teaches(&self, issuer: &str, course: &str) -> Result<bool, ReadError> {
        for kind in [Kind::Course, Kind::Module] {
            if self.state.display(&rows::display(issuer, kind, course))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn offer(&self, index: u64) -> Result<Option<Named>, ReadError> {
        let Some(offer) = self.state.offer(index)? else { return Ok(None) };
        let stands = is_in_force(&self.state.standing(index)?, self.time);
        Ok(Some(Named { owner: offer.owner, code: offer.code, stands }))
    }

    fn top_mark(&self, institution: &str, scale: &str) -> Result<Option<u64>, ReadError> {
        self.policy(institution, |policy| {
            policy.scale(scale).map(|scale| match scale.words.len() as u64 {
                0 => u64::from(scale.top_mark_millis),
                words => words * 1_000,
            })
        })
    }
}
