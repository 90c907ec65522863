//! Decisions: what a grant must say, that no outcome is used twice, and that limits hold. Of what was erased nothing is
//! asked;
//! what is public is asked without any payload.

use super::takes::{Known, credits, met};
use super::{Converted, Decision, above, application, by_owner, end, in_review, learner, rule_of};
use crate::audit::PayloadOf;
use crate::audit::book::{Account, Book, What};
use crate::audit::judge::{Case, Change, Judge};
use crate::audit::lifecycle::target;
use crate::audit::policies::MAX_YIELD;
use crate::audit::text::{day_of, indices};
use crate::posting::Secrets;
use crate::rejection::Rejection;
use std::collections::{BTreeMap, BTreeSet};
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::nullifier::{NullifierKey, Scope, ScopeKind};
use xuefen_core::proto::{ConversionRule, DecideConversion, NullifierTriple, OutcomeKind, Programme};

pub(in crate::audit) fn decide(
    case: &Case<'_>,
    body: &DecideConversion,
    book: &Book,
    secrets: &dyn Secrets,
    judge: &mut Judge,
) -> Option<Change> {
    form(body, judge);
    let granted = body.verdict == 1;
    let (index, it) = application(case, body.application.as_ref(), book, judge)?;
    judge.unless(it.rule == body.rule_index, Rejection::ReferenceWrongKind, || format!("rule {}", it.rule));
    judge.unless(by_owner(case, it.rule, book), Rejection::NotEntitled, || case.issuer.to_owned());
    let ready = it.accepted.is_some() && it.waits();
    judge.unless(ready, Rejection::ApplicationState, || format!("{it:?}"));
    let replaced = match &body.replaces {
        None => None,
        Some(reference) => {
            let (old, entry) = target(case, Some(reference), book, judge)?;
            let right = entry.kind == Kind::DecideConversion;
            judge.unless(right, Rejection::ReferenceWrongKind, || format!("entry {old}"));
            Some(old)
        }
    };
    let (_, rule) = rule_of(book, body.rule_index)?;
    if granted {
        judge.unless(body.scope == rule.scope, Rejection::NullifiersWrong, || format!("scope {}", rule.scope));
        replaces(replaced, rule, book, judge);
        used_before(case, body, replaced, book, judge);
    }
    let private = if matches!(case.payload, PayloadOf::Erased) {
        None
    } else {
        let account = learner(case, book, secrets, judge);
        words(case, granted, judge);
        let applied = book.conversions.applied.get(&index);
        let same = applied.zip(account).is_none_or(|(it, account)| book.kept(it.account) == Some(account));
        judge.unless(same, Rejection::ApplicationDiffers, || "another learner's".to_owned());
        let lists = Lists::of(case);
        if granted && let Some(account) = account {
            if let Some(applied) = applied {
                let all = applied.sources == lists.sources;
                judge.unless(all, Rejection::ApplicationDiffers, || format!("{:?}", applied.sources));
            }
            let applied_at = book.entry(index).map_or(0, |entry| entry.logged_at);
            Grant { case, body, rule, lists: &lists, account, applied_at, replaced }.check(book, judge);
        }
        account.filter(|_| granted).map(|account| lists.converted(account, case, book))
    };
    let decision =
        Decision { application: index, rule: body.rule_index, verdict: body.verdict, scope: body.scope, ended: None };
    let into = place(book, rule);
    let (by, triples) = (case.index, body.nullifiers.clone());
    Some(Box::new(move |book| write(book, by, replaced, decision, &triples, private, into)))
}

fn form(body: &DecideConversion, judge: &mut Judge) {
    let granted = body.verdict == 1;
    let said = body.verdict != 0 && (!granted || (body.scope != 0 && !body.nullifiers.is_empty()));
    judge.unless(said, Rejection::FieldMissing, || "verdict, scope, nullifiers".to_owned());
    let whole =
        body.nullifiers.iter().flat_map(|it| [&it.programme, &it.institution, &it.bank]).all(|it| it.len() == 32);
    let ascend = body.nullifiers.windows(2).all(|pair| concat(&pair[0]) < concat(&pair[1]));
    let bare = body.scope == 0 && body.nullifiers.is_empty() && body.replaces.is_none();
    let good = (0..=2).contains(&body.verdict) && (0..=3).contains(&body.scope) && (granted || bare);
    judge.unless(whole && ascend && good, Rejection::FieldMalformed, || format!("{whole} {ascend} {good}"));
}

fn concat(it: &NullifierTriple) -> Vec<u8> {
    [&it.programme[..], &it.institution, &it.bank].concat()
}

/// What no decision of the verdict does without.
fn words(case: &Case<'_>, granted: bool, judge: &mut Judge) {
    let needed = [tags::CREDIT_MILLIS, tags::SOURCES, tags::BEFORE, tags::AFTER];
    let needed: &[tags::Tag] = if granted { &needed } else { &[tags::REASON] };
    for tag in needed {
        judge.unless(!case.value(*tag).is_empty(), Rejection::ValueMissing, || format!("payload.{}", tag.name));
    }
}

/// What is replaced was granted, stands, and is in the same programme.
fn replaces(replaced: Option<u64>, rule: &ConversionRule, book: &Book, judge: &mut Judge) {
    let Some(old) = replaced else { return };
    let decision = book.conversions.decisions.get(&old).filter(|it| it.verdict == 1 && it.ended.is_none());
    let same =
        decision.and_then(|it| rule_of(book, it.rule)).is_some_and(|(_, it)| place(book, it) == place(book, rule));
    judge.unless(same, Rejection::ReplacesWrong, || format!("entry {old}"));
}

/// Owner and code of a rule's programme.
fn place(book: &Book, rule: &ConversionRule) -> Option<(String, String)> {
    book.offers.get(&rule.programme_index).map(|it| (it.owner.clone(), it.code.clone()))
}

/// No published use repeats at the wider of the two scopes. Needs no payload.
fn used_before(case: &Case<'_>, body: &DecideConversion, replaced: Option<u64>, book: &Book, judge: &mut Judge) {
    for triple in &body.nullifiers {
        for (scope, nullifier) in [(1, &triple.programme), (2, &triple.institution), (3, &triple.bank)] {
            for (entry, theirs) in book.conversions.uses.get(&nullifier[..]).into_iter().flatten() {
                let repeats = body.scope.max(*theirs) == scope
                    && *entry != case.index
                    && Some(*entry) != replaced
                    && book.conversions.stands(*entry);
                judge.unless(!repeats, Rejection::AlreadyAllocated, || format!("by entry {entry}"));
            }
        }
    }
}

/// The lists of a decision's payload.
struct Lists {
    sources: Vec<u64>,
    members: Vec<u64>,
    parts: Vec<u64>,
    exempts: Vec<u64>,
}

impl Lists {
    fn of(case: &Case<'_>) -> Self {
        let list = |tag| indices(case.value(tag)).unwrap_or_default();
        Self {
            sources: list(tags::SOURCES),
            members: list(tags::MEMBERS),
            parts: list(tags::PARTS),
            exempts: list(tags::EXEMPTS),
        }
    }

    fn converted(&self, account: Account, case: &Case<'_>, book: &Book) -> Converted {
        let absorbed: Vec<u64> = self.members.iter().chain(&self.parts).copied().collect();
        let mut absorbed = absorbed;
        absorbed.sort_unstable();
        Converted {
            account,
            sources: self.sources.clone(),
            absorbed,
            counted: counted(&self.exempts, case.number(tags::CREDIT_MILLIS).unwrap_or(0), book),
            exempts: self.exempts.clone(),
        }
    }
}

/// Credits that count in the programme: those given and those of what is exempted.
fn counted(exempts: &[u64], given: u64, book: &Book) -> u64 {
    let credits = |index: &u64| match book.offers.get(index).map(|offer| &offer.what) {
        Some(What::Course(it) | What::Module(it)) => u64::from(it.credit_millis),
        _ => 0,
    };
    exempts.iter().map(credits).fold(given, u64::saturating_add)
}

/// A grant under judgement.
struct Grant<'a> {
    case: &'a Case<'a>,
    body: &'a DecideConversion,
    rule: &'a ConversionRule,
    lists: &'a Lists,
    account: Account,
    applied_at: i64,
    replaced: Option<u64>,
}

impl Grant<'_> {
    /// Asked in the order in which a grant is drawn up; where one answer is missing, the next questions have no meaning.
    fn check(&self, book: &Book, judge: &mut Judge) -> Option<()> {
        let now = self.case.logged_at;
        let mut known = Vec::new();
        for index in &self.lists.sources {
            let original = book.entry(*index).is_some_and(|entry| entry.good && entry.kind == Kind::RecordOutcome);
            if !judge.unless(original, Rejection::SourceNotConvertible, || format!("entry {index}")) {
                return None;
            }
            // Erased: nothing can be said of the whole grant.
            let it = Known::at(book, *index)?;
            let theirs = book.kept(it.outcome.account) == Some(self.account);
            if !judge
                .unless(theirs && it.is_valid(book, now), Rejection::SourceNotConvertible, || format!("entry {index}"))
            {
                return None;
            }
            known.push(it);
        }
        let parents = above(book, self.rule, self.applied_at);
        judge.unless(parents.is_some(), Rejection::ReferenceNotInForce, || "a rule above".to_owned());
        let parents = parents?;
        let on = day_of(self.applied_at);
        let all = known.len() == self.rule.sources.len();
        let good = all && met(self.rule, &known, book, on) && parents.iter().all(|it| met(it, &known, book, on));
        if !judge.unless(good, Rejection::ConditionNotMet, || format!("{} outcomes", known.len())) {
            return None;
        }
        let members = self.members(&known, book, judge)?;
        let parts = self.parts(&members, book, judge)?;
        let complete = members == self.lists.members && parts == self.lists.parts;
        judge.unless(complete, Rejection::UsesIncomplete, || format!("{members:?} {parts:?}"));
        let used: Vec<u64> = self.lists.sources.iter().chain(&members).chain(&parts).copied().collect();
        let published = self.nullifiers(&used, book)?;
        judge.unless(published == self.body.nullifiers, Rejection::NullifiersWrong, || format!("{} uses", used.len()));
        self.replaces(&used, book, judge);
        self.gives(&known, parents.first().copied(), book, judge);
        self.limits(book, judge);
        Some(())
    }

    /// Other certificates of the families, of which only the highest counts.
    fn members(&self, known: &[Known<'_>], book: &Book, judge: &mut Judge) -> Option<Vec<u64>> {
        let mut found = Vec::new();
        if !self.rule.highest_of_family {
            return Some(found);
        }
        let now = self.case.logged_at;
        for (index, outcome) in book.outcomes.all() {
            let Some(it) = Known::at(book, *index) else { continue };
            let family = it.family(book);
            let same = known.iter().find(|used| !family.is_empty() && used.family(book) == family);
            let Some(used) = same.filter(|_| book.kept(outcome.account) == Some(self.account)) else { continue };
            let standing = book.standings.get(index).cloned().unwrap_or_default();
            let out = standing.revoked.is_some()
                || standing.superseded_by.is_some()
                || crate::audit::cosign::has_lapsed(&standing, now);
            if out || self.lists.sources.contains(index) {
                continue;
            }
            if !judge.unless(self.lists.members.contains(index), Rejection::UsesIncomplete, || format!("entry {index}"))
            {
                return None;
            }
            let higher = it.outcome.converts.level > used.outcome.converts.level && it.is_valid(book, now);
            if !judge.unless(!higher, Rejection::ConditionNotMet, || format!("entry {index} is higher")) {
                return None;
            }
            found.push(*index);
        }
        Some(found)
    }

    /// Parts of all that, four deep.
    fn parts(&self, members: &[u64], book: &Book, judge: &mut Judge) -> Option<Vec<u64>> {
        let whole: Vec<u64> = self.lists.sources.iter().chain(members).copied().collect();
        let mut found = BTreeSet::new();
        let mut level = whole.clone();
        for depth in 0..5 {
            let mut next = Vec::new();
            for index in level {
                next.extend(book.outcomes.get(&index)?.converts.parts.clone());
            }
            if !judge.unless(depth < 4 || next.is_empty(), Rejection::PartsTooMany, || "too deep".to_owned()) {
                return None;
            }
            let beside = next.iter().find(|part| self.lists.sources.contains(part));
            if !judge.unless(beside.is_none(), Rejection::SourceNotConvertible, || format!("{beside:?} is a part")) {
                return None;
            }
            next.retain(|part| !whole.contains(part) && found.insert(*part));
            level = next;
        }
        judge.unless(found.len() <= 64, Rejection::PartsTooMany, || format!("{} parts", found.len())).then_some(())?;
        Some(found.into_iter().collect())
    }

    fn nullifiers(&self, used: &[u64], book: &Book) -> Option<Vec<NullifierTriple>> {
        let ledger = self.case.entry.statement().ledger();
        let (_, code) = place(book, self.rule)?;
        let mut all = BTreeMap::new();
        for index in used {
            let key = NullifierKey::from_slice(&book.outcomes.get(index)?.nullifier_key)?;
            for id in book.line_of(self.case.issuer) {
                let of = |kind, id: &str| Some(key.nullifier(&Scope::new(kind, ledger, id).ok()?).0.to_vec());
                let triple = NullifierTriple {
                    programme: of(ScopeKind::Programme, &[&id, "/", &code].concat())?,
                    institution: of(ScopeKind::Institution, &id)?,
                    bank: of(ScopeKind::Bank, "")?,
                };
                all.insert(concat(&triple), triple);
            }
        }
        Some(all.into_values().collect())
    }

    /// What is replaced is this learner's, and used again as a whole unless it is to be looked at anyway.
    fn replaces(&self, used: &[u64], book: &Book, judge: &mut Judge) {
        let Some(old) = self.replaced.and_then(|old| book.conversions.converted.get(&old).map(|it| (old, it))) else {
            return;
        };
        let theirs = book.kept(old.1.account) == Some(self.account);
        let again = old.1.sources.iter().all(|it| used.contains(it)) || in_review(book, old.0);
        judge.unless(theirs && again, Rejection::ReplacesWrong, || format!("entry {}", old.0));
    }

    /// What the rule gives, in numbers and in words.
    fn gives(&self, known: &[Known<'_>], parent: Option<&ConversionRule>, book: &Book, judge: &mut Judge) {
        let case = self.case;
        let most = book.policy_for(case.issuer, case.logged_at).number(MAX_YIELD);
        let credits = credits(self.rule, parent, most, known, book);
        let target = self.rule.target.clone().unwrap_or_default();
        let right = case.number(tags::CREDIT_MILLIS) == Some(credits) && self.lists.exempts == target.exempt;
        judge.unless(right, Rejection::YieldWrong, || format!("{credits} by the rule"));
        let line = |it: &Known<'_>| {
            let said = &it.outcome.converts;
            let kind = it.entry.outcome_kind;
            let grade = if said.grade.is_empty() { String::new() } else { format!(" {}", said.grade) };
            format!("{} k{kind} l{} c{} {}{grade}", it.index, said.level, said.credit_millis, said.achieved)
        };
        let before = known.iter().map(line).collect::<Vec<_>>().join("; ");
        let given = if target.exempt.is_empty() {
            format!("c{credits} {}", target.category)
        } else {
            format!("e{}", target.exempt.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
        };
        let after = format!("{}@{} {} {given}", self.rule.code, self.rule.version, self.body.rule_index);
        let worded = case.text(tags::BEFORE) == before && case.text(tags::AFTER) == after.trim_end();
        judge.unless(worded, Rejection::YieldWrong, || format!("{before} to {after}"));
    }

    fn limits(&self, book: &Book, judge: &mut Judge) {
        let new = self.lists.converted(self.account, self.case, book);
        let before = beside(book, self.account, self.case.issuer, self.rule);
        let before: Vec<&Converted> = before
            .iter()
            .filter(|at| Some(**at) != self.replaced)
            .filter_map(|at| book.conversions.converted.get(at))
            .collect();
        if let Some(wrong) = over(book, self.rule, &before, &new) {
            judge.unless(false, wrong, || format!("beside {} others", before.len()));
        }
    }
}

/// Conversions of a learner into a programme that stand, oldest first; the programme may have been another institution's.
fn beside(book: &Book, account: Account, issuer: &str, rule: &ConversionRule) -> Vec<u64> {
    let Some((owner, code)) = place(book, rule) else { return Vec::new() };
    let mut line = book.line_of(issuer);
    line.push(owner);
    let ours = |(of, owner, programme): &(Account, String, String)| {
        book.kept(*of) == Some(account) && line.contains(owner) && *programme == code
    };
    let mut found: Vec<u64> =
        book.conversions.into.all().filter(|(key, _)| ours(key)).flat_map(|(_, list)| list.clone()).collect();
    found.retain(|index| book.conversions.stands(*index));
    found.sort_unstable();
    found.dedup();
    found
}

/// What does not fit beside others: exempted already, over a cap, or nothing left to be learned.
fn over(book: &Book, rule: &ConversionRule, before: &[&Converted], new: &Converted) -> Option<Rejection> {
    let What::Programme(programme) = &book.offers.get(&rule.programme_index)?.what else { return None };
    let named = |list: &[u64]| -> BTreeSet<(String, String)> {
        list.iter().filter_map(|at| book.offers.get(at)).map(|it| (it.owner.clone(), it.code.clone())).collect()
    };
    let own = named(&new.exempts);
    let mut exempt = own.clone();
    for other in before {
        let theirs = named(&other.exempts);
        if theirs.iter().any(|it| own.contains(it)) {
            return Some(Rejection::AlreadyExempt);
        }
        exempt.extend(theirs);
    }
    let all: Vec<&Converted> = before.iter().copied().chain([new]).collect();
    if capped(book, programme, &all, new) {
        return Some(Rejection::CapExceeded);
    }
    let sum: u128 = all.iter().map(|it| u128::from(it.counted)).sum();
    let total = u128::from(programme.total_credit_millis);
    let parts = named(&programme.parts.iter().map(|part| part.offer_index).collect::<Vec<_>>());
    let everything = !parts.is_empty() && parts.iter().all(|part| exempt.contains(part));
    (everything || (total > 0 && sum >= total)).then_some(Rejection::WholeProgramme)
}

fn capped(book: &Book, programme: &Programme, all: &[&Converted], new: &Converted) -> bool {
    let of = |it: &Converted, class: &str| {
        let kind = |at: &u64| {
            let kind = book.entry(*at).map_or(0, |entry| entry.outcome_kind);
            let name = OutcomeKind::try_from(kind).unwrap_or_default().as_str_name().to_lowercase();
            name.strip_prefix("outcome_kind_") == Some(class)
        };
        class == "converted" || it.sources.iter().any(kind)
    };
    programme.caps.iter().filter(|cap| of(new, &cap.source_class)).any(|cap| {
        let sum: u128 = all.iter().filter(|it| of(it, &cap.source_class)).map(|it| u128::from(it.counted)).sum();
        sum > u128::from(programme.total_credit_millis) * u128::from(cap.basis_points) / 10_000
    })
}

/// Whether a conversion does not fit beside those before it any more: its learner's accounts were merged.
pub(super) fn breaks(book: &Book, index: u64) -> bool {
    let Some(it) = book.conversions.converted.get(&index) else { return false };
    let Some((_, rule)) = book.conversions.decisions.get(&index).and_then(|it| rule_of(book, it.rule)) else {
        return false;
    };
    let account = book.kept(it.account).unwrap_or(it.account);
    let merged = book.accounts.get(&account).is_some_and(|fact| !fact.aliases.is_empty());
    let issuer = book.entry(index).map(|entry| entry.issuer.clone()).unwrap_or_default();
    let others = beside(book, account, &issuer, rule);
    let before: Vec<&Converted> =
        others.iter().filter(|at| **at < index).filter_map(|at| book.conversions.converted.get(at)).collect();
    merged && over(book, rule, &before, it).is_some()
}

fn write(
    book: &mut Book,
    by: u64,
    replaced: Option<u64>,
    decision: Decision,
    triples: &[NullifierTriple],
    private: Option<Converted>,
    into: Option<(String, String)>,
) {
    let (application, scope) = (decision.application, decision.scope);
    if let Some(it) = book.conversions.applications.get_mut(&application) {
        it.decisions.push(by);
    }
    book.conversions.decisions.insert(by, decision);
    if let Some(old) = replaced {
        end(book, old, by);
    }
    let standing: BTreeSet<u64> =
        book.conversions.decisions.all().filter(|(_, it)| it.ended.is_none()).map(|(index, _)| *index).collect();
    for nullifier in triples.iter().flat_map(|it| [&it.programme, &it.institution, &it.bank]) {
        let uses = book.conversions.uses.get_or(nullifier.clone(), Vec::new);
        uses.retain(|(entry, _)| standing.contains(entry) && *entry != by);
        uses.push((by, scope));
    }
    let Some(it) = private else { return };
    for outcome in it.sources.iter().chain(&it.absorbed) {
        let list = book.conversions.used_by.get_or(*outcome, Vec::new);
        list.retain(|entry| standing.contains(entry));
        list.push(by);
    }
    if let Some((owner, code)) = into {
        let list = book.conversions.into.get_or((it.account, owner, code), Vec::new);
        list.retain(|entry| standing.contains(entry));
        list.push(by);
    }
    book.conversions.converted.insert(by, it);
}
