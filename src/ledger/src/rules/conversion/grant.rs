//! What a decision that grants must say: computed from the application's outcomes and its rule, and nothing else (rules.md 4,
//! 3). The same answer is drawn up for whoever decides and held against what was decided.

use super::source::candidate;
use super::{Version, parents_at, programme_of};
use crate::access::Access;
use crate::case::{Stop, policy_of, predecessors};
use crate::conversion::{Candidate, SOURCES, absorbed, assign, yields};
use crate::day::Day;
use crate::facts::field;
use crate::policy::number;
use crate::rejection::{Refusal, Rejection};
use crate::rows::{self, AccountKey, Force};
use crate::rules::account::kept;
use crate::sources::{DEPTH, Opened, PARTS};
use crate::state::{Read, ReadError};
use crate::status::EntryStatus;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::nullifier::{NullifierKey, Scope, ScopeKind};
use xuefen_core::proto::{ConversionRule, ConversionTarget, NullifierTriple};

/// What is to be decided, and by whom.
pub(crate) struct Asked<'a> {
    pub(crate) rule: &'a Version,
    /// The account as it is kept now.
    pub(crate) account: AccountKey,
    /// The outcomes that the application names, ascending.
    pub(crate) sources: &'a [u64],
    /// Who decides: the receiving institution.
    pub(crate) issuer: &'a str,
    pub(crate) ledger: &'a str,
    /// When the application was logged.
    pub(crate) applied_at: i64,
    pub(crate) now: i64,
}

/// What a decision that grants says.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// The outcomes converted, ascending.
    pub sources: Vec<u64>,
    /// Other members of the families of which only the highest counts, ascending.
    pub members: Vec<u64>,
    /// Parts of all these, ascending.
    pub parts: Vec<u64>,
    /// Courses and modules exempted, ascending.
    pub exempts: Vec<u64>,
    /// Credits given, thousandths.
    pub credit_millis: u64,
    /// Credits that the limits cut off, thousandths.
    pub lost_millis: u64,
    /// The outcomes, in words.
    pub before: String,
    /// What is given, in words.
    pub after: String,
    /// What is published of everything used, ascending.
    pub nullifiers: Vec<NullifierTriple>,
}

/// What outcomes say, by leaf index; `None` of what was erased.
pub(crate) type Open<'a> = &'a dyn Fn(u64) -> Option<Opened>;

/// What a grant must say; refuses what may not be granted.
pub(crate) fn expected<S: Read + ?Sized>(state: &S, asked: &Asked<'_>, open: Open<'_>) -> Result<Grant, Stop> {
    let mut said = BTreeMap::new();
    let mut candidates = Vec::new();
    for index in asked.sources {
        let opened = own(state, asked, *index, open)?;
        let refusal = || Refusal::new(Rejection::SourceNotConvertible, field(tags::SOURCES)).existing(*index);
        let candidate = candidate(state, *index, &opened, asked.now)?.ok_or_else(refusal)?;
        if candidate.status != EntryStatus::Valid {
            return Err(refusal().detail(status_word(&candidate.status)).into());
        }
        candidates.push(candidate);
        said.insert(*index, opened);
    }
    let parents = parents_at(state, &asked.rule.rule, asked.applied_at)?;
    let not_in_force = || Refusal::new(Rejection::ReferenceNotInForce, "statement.decide_conversion.rule_index");
    let parents = parents.ok_or_else(not_in_force)?;
    let on = Day::of(asked.applied_at);
    let pairs = conditions((asked.rule.index, &asked.rule.rule), &candidates, on, true)?;
    for parent in &parents {
        conditions((parent.index, &bounding(&parent.rule)), &candidates, on, false)?;
    }
    let members = members(state, asked, &candidates, &mut said, open)?;
    let parts = parts(asked.sources, &mut said, open)?;
    let nullifiers = nullifiers(state, asked, &said)?;
    let used: Vec<&Candidate> = pairs.iter().map(|at| &candidates[*at]).collect();
    let most = policy_of(state, asked.issuer, asked.now)?.number(&number::MAX_YIELD);
    let parent = parents.first().map(|parent| &parent.rule);
    let too_large = |_| Refusal::new(Rejection::YieldWrong, field(tags::CREDIT_MILLIS));
    let given = yields(&asked.rule.rule, parent, most, &used).map_err(too_large)?;
    let category = asked.rule.rule.target.as_ref().map(|target| target.category.as_str()).unwrap_or_default();
    Ok(Grant {
        sources: asked.sources.to_vec(),
        members,
        parts,
        credit_millis: given.credit_millis,
        lost_millis: given.lost_millis(),
        before: before(&candidates, &said),
        after: after(&given.exempt, given.credit_millis, category, asked.rule),
        exempts: given.exempt,
        nullifiers,
    })
}

const fn status_word(status: &EntryStatus) -> &'static str {
    match status {
        EntryStatus::Valid => "valid",
        EntryStatus::Pending => "pending",
        EntryStatus::Lapsed { .. } => "lapsed",
        EntryStatus::Suspended { .. } => "suspended",
        EntryStatus::Superseded { .. } => "superseded",
        EntryStatus::Revoked { .. } => "revoked",
        EntryStatus::Expired => "expired",
        EntryStatus::NeedsReview { .. } => "needs review",
        EntryStatus::Erased => "erased",
    }
}

/// What an original outcome of the learner says.
fn own<S: Read + ?Sized>(state: &S, asked: &Asked<'_>, index: u64, open: Open<'_>) -> Result<Opened, Stop> {
    let refusal = || Refusal::new(Rejection::SourceNotConvertible, field(tags::SOURCES)).existing(index);
    let entry = state.entry(index)?.ok_or_else(refusal)?;
    if usize::from(entry.kind) != Kind::RecordOutcome as usize {
        return Err(refusal().detail("not an outcome").into());
    }
    let erased = || Refusal::new(Rejection::SourceErased, field(tags::SOURCES)).existing(index);
    let row = state.outcome(index)?.ok_or_else(erased)?;
    if kept(state, Some(row.account))? != Some(asked.account) {
        return Err(refusal().detail("not of this learner").into());
    }
    Ok(open(index).ok_or_else(erased)?)
}

/// A rule that only bounds others may leave open what they give.
fn bounding(rule: &ConversionRule) -> ConversionRule {
    let open = ConversionTarget { fixed_credit_millis: 1, ..ConversionTarget::default() };
    match &rule.target {
        Some(_) => rule.clone(),
        None => ConversionRule { target: Some(open), ..rule.clone() },
    }
}

/// Every source of the rule is met and, of the rule itself, no outcome is left over. The outcomes by source.
fn conditions(
    (index, rule): (u64, &ConversionRule),
    candidates: &[Candidate],
    on: Day,
    all: bool,
) -> Result<Vec<usize>, Stop> {
    let refusal = |detail: String| {
        let refusal = Refusal::new(Rejection::ConditionNotMet, field(tags::SOURCES)).existing(index);
        Stop::from(refusal.detail(detail))
    };
    match assign(rule, candidates, on) {
        Ok(assigned) if all && assigned.pairs.len() < candidates.len() => {
            let (given, taken) = (candidates.len(), assigned.pairs.len());
            Err(refusal(format!("{given} outcomes, the rule takes {taken}")))
        }
        Ok(assigned) => Ok(assigned.pairs.into_iter().map(|(_, at)| at).collect()),
        Err(_) => Err(refusal(super::why::unmet(rule, candidates, on))),
    }
}

/// The other members of families of which only the highest counts; none of them is higher than what is converted.
fn members<S: Read + ?Sized>(
    state: &S,
    asked: &Asked<'_>,
    candidates: &[Candidate],
    said: &mut BTreeMap<u64, Opened>,
    open: Open<'_>,
) -> Result<Vec<u64>, Stop> {
    if !asked.rule.rule.highest_of_family {
        return Ok(Vec::new());
    }
    let families: BTreeSet<&str> = candidates.iter().map(|it| it.family.as_str()).filter(|it| !it.is_empty()).collect();
    let mut held = candidates.to_vec();
    for family in families {
        for index in in_family(state, asked.account, family)? {
            // What was erased or is out for good is used by nobody any more.
            if asked.sources.contains(&index) || state.outcome(index)?.is_none() || is_out(state, index, asked.now)? {
                continue;
            }
            let refusal = || Refusal::new(Rejection::UsesIncomplete, field(tags::MEMBERS)).existing(index);
            let opened = open(index).ok_or_else(refusal)?;
            held.extend(candidate(state, index, &opened, asked.now)?);
            said.insert(index, opened);
        }
    }
    let members = absorbed(&asked.rule.rule, asked.sources, &held);
    let members: Vec<&Candidate> = members.into_iter().map(|at| &held[at]).collect();
    for member in &members {
        let higher = |it: &&Candidate| it.family == member.family && it.level < member.level;
        if let Some(used) = candidates.iter().find(higher).filter(|_| member.status == EntryStatus::Valid) {
            let detail = format!("level {} is used, level {} is held", used.level, member.level);
            let refusal = Refusal::new(Rejection::ConditionNotMet, field(tags::SOURCES)).existing(member.index);
            return Err(refusal.detail(detail).into());
        }
    }
    let mut indices: Vec<u64> = members.iter().map(|it| it.index).collect();
    indices.sort_unstable();
    said.retain(|index, _| asked.sources.contains(index) || indices.contains(index));
    Ok(indices)
}

/// Revoked, corrected or lapsed.
fn is_out<S: Read + ?Sized>(state: &S, index: u64, now: i64) -> Result<bool, ReadError> {
    let standing = state.standing(index)?;
    let revoked = matches!(standing.force, Force::Revoked { .. });
    Ok(revoked || standing.superseded_by.is_some() || standing.has_lapsed(now))
}

/// Certificates of a family under an account and its aliases.
fn in_family<S: Read + ?Sized>(state: &S, account: AccountKey, family: &str) -> Result<BTreeSet<u64>, ReadError> {
    let aliases = state.account(account)?.map(|row| row.aliases).unwrap_or_default();
    let mut found = BTreeSet::new();
    for id in std::iter::once(account).chain(aliases) {
        found.extend(state.list(&rows::certified(id, family))?);
    }
    Ok(found)
}

/// The parts of everything used, and theirs. No outcome is used beside its own part.
fn parts(sources: &[u64], said: &mut BTreeMap<u64, Opened>, open: Open<'_>) -> Result<Vec<u64>, Stop> {
    let first: Vec<u64> = said.keys().copied().collect();
    let mut found = BTreeSet::new();
    let mut level: Vec<u64> = said.values().flat_map(|it| it.parts.clone()).collect();
    for _ in 0..DEPTH {
        let mut next = Vec::new();
        for part in level {
            if sources.contains(&part) {
                let refusal = Refusal::new(Rejection::SourceNotConvertible, field(tags::SOURCES)).existing(part);
                return Err(refusal.detail("part of another source").into());
            }
            if first.contains(&part) || !found.insert(part) {
                continue;
            }
            let erased = || Refusal::new(Rejection::SourceErased, field(tags::PARTS)).existing(part);
            let opened = open(part).ok_or_else(erased)?;
            next.extend(opened.parts.clone());
            said.insert(part, opened);
        }
        level = next;
    }
    if found.len() > PARTS || !level.is_empty() {
        return Err(Refusal::new(Rejection::PartsTooMany, field(tags::PARTS)).into());
    }
    Ok(found.into_iter().collect())
}

/// What is published of everything used: under the institution's own id, and under those of whom it took over.
fn nullifiers<S: Read + ?Sized>(
    state: &S,
    asked: &Asked<'_>,
    said: &BTreeMap<u64, Opened>,
) -> Result<Vec<NullifierTriple>, Stop> {
    let Some((_, code)) = programme_of(state, &asked.rule.rule)? else { return Ok(Vec::new()) };
    let mut line = vec![asked.issuer.to_owned()];
    line.extend(predecessors(state, state.institution(asked.issuer)?.as_ref())?);
    let mut triples = Vec::with_capacity(said.len() * line.len());
    for (index, opened) in said {
        let erased = || Refusal::new(Rejection::SourceErased, field(tags::SOURCES)).existing(*index);
        let key = opened.nullifier_key.and_then(|key| NullifierKey::from_slice(&key)).ok_or_else(erased)?;
        for id in &line {
            triples.push(triple(&key, asked.ledger, id, &code));
        }
    }
    triples.sort_by(|a, b| (&a.programme, &a.institution, &a.bank).cmp(&(&b.programme, &b.institution, &b.bank)));
    Ok(triples)
}

/// The nullifiers of an outcome in a programme of an institution. A programme's id is its owner's and its code, a slash
/// between.
pub(crate) fn triple(key: &NullifierKey, ledger: &str, institution: &str, programme: &str) -> NullifierTriple {
    let of = |kind, id: &str| {
        // Origins, ids and codes are far below 65,535 bytes.
        Scope::new(kind, ledger, id).map(|scope| key.nullifier(&scope).0.to_vec()).unwrap_or_default()
    };
    NullifierTriple {
        programme: of(ScopeKind::Programme, &format!("{institution}/{programme}")),
        institution: of(ScopeKind::Institution, institution),
        bank: of(ScopeKind::Bank, ""),
    }
}

/// The outcomes as they were: entry, kind, issuer, level, credits, grade, day.
fn before(candidates: &[Candidate], said: &BTreeMap<u64, Opened>) -> String {
    let mut text = String::new();
    for it in candidates {
        let Some(opened) = said.get(&it.index) else { continue };
        let separator = if text.is_empty() { "" } else { "; " };
        let (kind, level, credits) = (it.kind, it.level, it.credit_millis);
        write!(text, "{separator}{} k{kind} l{level} c{credits} {}", it.index, opened.achieved_text)
            .expect("a String takes text");
        if !opened.grade.is_empty() {
            write!(text, " {}", opened.grade).expect("a String takes text");
        }
    }
    text
}

/// What is given: exempted offers or credits with their category, and by which version of which rule.
fn after(exempts: &[u64], credit_millis: u64, category: &str, rule: &Version) -> String {
    let mut text = format!("{}@{} {}", rule.rule.code, rule.rule.version, rule.index);
    if exempts.is_empty() {
        write!(text, " c{credit_millis} {category}").expect("a String takes text");
    } else {
        let list: Vec<String> = exempts.iter().map(ToString::to_string).collect();
        write!(text, " e{}", list.join(",")).expect("a String takes text");
    }
    text.trim_end().to_owned()
}

const _: () = assert!(SOURCES * 64 <= 1_024, "what was before must fit into one value");
