//! Conversions (rules.md 4): what the audit knows of them, applications, and consent. Written from the rules' text; what
//! a rule
//! selects and gives stands here once more (`takes`).

mod appeals;
mod decide;
mod rows;
mod rules;
mod takes;

pub(super) use appeals::{appeal, decide_appeal};
pub(super) use decide::decide;
pub(super) use rows::tables;
pub(super) use rules::rule;
pub(super) use takes::{Said, said};

use crate::audit::PayloadOf;
use crate::audit::accounts::named;
use crate::audit::book::{Account, Book, Facts, Seen, What};
use crate::audit::judge::{Case, Change, Judge};
use crate::audit::lifecycle::target;
use crate::posting::Secrets;
use crate::rejection::Rejection;
use std::collections::BTreeMap;
use xuefen_core::Hash;
use xuefen_core::consent::{Asked, verify};
use xuefen_core::key::{PublicKey, Signature};
use xuefen_core::kinds::{Kind, tags};
use xuefen_core::proto::{
    AcceptApplication, ApplyConversion, AuthorityRole, ConversionRule, EntryRef, ReverseConversion, WithdrawApplication,
};

/// What is known of conversions.
#[derive(Clone, Debug, Default)]
pub(in crate::audit) struct Conversions {
    applications: Facts<u64, Application>,
    decisions: Facts<u64, Decision>,
    /// By nullifier: the uses that stand, as (entry, scope).
    uses: Facts<Vec<u8>, Vec<(u64, i32)>>,
    /// By appeal: what is appealed, the decision on it.
    appeals: Facts<u64, (u64, Option<(u64, i32)>)>,
    /// By what is appealed: the newest appeal.
    appealed: Facts<u64, u64>,
    applied: Facts<u64, Applied>,
    converted: Facts<u64, Converted>,
    /// (account, owner, programme code) → granted decisions.
    into: Facts<(Account, String, String), Vec<u64>>,
    used_by: Facts<u64, Vec<u64>>,
    /// Owners of rules, by application.
    sent_to: BTreeMap<u64, String>,
}

#[derive(Clone, Debug, Default)]
struct Application {
    rule: u64,
    accepted: Option<u64>,
    withdrawn: Option<u64>,
    decisions: Vec<u64>,
    reopened: Option<u64>,
}

impl Application {
    fn waits(&self) -> bool {
        let last = self.decisions.last();
        self.withdrawn.is_none() && last.is_none_or(|last| self.reopened.is_some_and(|by| by > *last))
    }
}

#[derive(Clone, Debug)]
struct Decision {
    application: u64,
    rule: u64,
    verdict: i32,
    scope: i32,
    ended: Option<u64>,
}

#[derive(Clone, Debug)]
struct Applied {
    account: Account,
    sources: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Converted {
    account: Account,
    sources: Vec<u64>,
    absorbed: Vec<u64>,
    exempts: Vec<u64>,
    counted: u64,
}

impl Conversions {
    fn stands(&self, entry: u64) -> bool {
        self.decisions.get(&entry).is_some_and(|decision| decision.ended.is_none())
    }
}

/// A rule and its owner.
fn rule_of(book: &Book, index: u64) -> Option<(&str, &ConversionRule)> {
    let offer = book.offers.get(&index)?;
    match &offer.what {
        What::Conversion(rule) => Some((&offer.owner, rule)),
        _ => None,
    }
}

/// Whether an entry was neither suspended nor revoked at a time.
fn stood(book: &Book, index: u64, time: i64) -> bool {
    let Some(standing) = book.standings.get(&index) else { return true };
    let later = |by: u64| book.entry(by).is_some_and(|entry| entry.logged_at > time);
    let revoked = standing.revoked.is_some_and(|(_, by)| !later(by));
    let suspended = standing.suspended.is_some_and(|(until, by)| until > time && !later(by));
    !revoked && !suspended
}

/// The version that held at a time of what a rule is a version of.
fn held(book: &Book, index: u64, time: i64) -> Option<u64> {
    let of = book.offers.get(&index)?;
    let (_, newest) = book.versions.get(&(of.owner.clone(), Kind::ConversionRule, of.code.clone()))?;
    let mut at = Some(*newest);
    while let Some(index) = at {
        let (_, rule) = rule_of(book, index)?;
        if rule.effective_from <= time && stood(book, index, time) {
            return (rule.effective_until == 0 || time < rule.effective_until).then_some(index);
        }
        at = book.offers.get(&index)?.previous;
    }
    None
}

/// The rules above a rule as they held; none if one of them did not.
fn above<'b>(book: &'b Book, rule: &ConversionRule, time: i64) -> Option<Vec<&'b ConversionRule>> {
    let mut found = Vec::new();
    let mut parent = rule.parent_index;
    while parent != 0 && found.len() < 4 {
        let (_, rule) = rule_of(book, held(book, parent, time)?)?;
        found.push(rule);
        parent = rule.parent_index;
    }
    Some(found)
}

/// The account of the payload, as it is kept now.
fn learner(case: &Case<'_>, book: &Book, secrets: &dyn Secrets, judge: &mut Judge) -> Option<Account> {
    let kept = book.kept(named(secrets, &case.bytes(tags::ACCOUNT)?));
    judge.unless(kept.is_some() || book.accounts_unknown, Rejection::ReferenceUnknown, || "payload.account".to_owned());
    kept
}

/// By an institution, or by whoever takes in for the operator.
fn for_learners(case: &Case<'_>, judge: &mut Judge) {
    judge.unless(case.signs_as_institution() || takes_in(case), Rejection::NotEntitled, || case.issuer.to_owned());
}

fn takes_in(case: &Case<'_>) -> bool {
    case.signers.iter().any(|key| {
        key.owner == case.issuer && key.role.as_ref().is_some_and(|(role, _)| *role == AuthorityRole::Intake)
    })
}

/// What is written together is there together.
fn together(case: &Case<'_>, group: &[tags::Tag], judge: &mut Judge) -> bool {
    let there = group.iter().filter(|tag| !case.value(**tag).is_empty()).count();
    judge.unless(there == 0 || there == group.len(), Rejection::ValueMissing, || format!("{there} of {}", group.len()));
    there > 0
}

/// The learner agreed; a signature that is there is good.
fn consent(
    case: &Case<'_>,
    (asked, rule, hashes): (Asked, u64, &[Hash]),
    account: Option<Account>,
    far: Option<bool>,
    book: &Book,
    judge: &mut Judge,
) {
    let signed = together(case, &[tags::HOLDER_KEY, tags::LEARNER_SIGNATURE, tags::SIGNED_AT], judge);
    let paper = [tags::CONSENT, tags::CONSENT_ON, tags::CONSENT_HASH, tags::CONSENT_STAFF];
    let on_paper = together(case, &paper, judge);
    let key = case.bytes::<32>(tags::HOLDER_KEY).unwrap_or_default();
    if signed {
        let time = case.number(tags::SIGNED_AT).unwrap_or(0);
        let since = i128::from(case.issued_at) - i128::from(time);
        let signature = case.bytes::<64>(tags::LEARNER_SIGNATURE).map(Signature);
        let ledger = case.entry.statement().ledger();
        let good = PublicKey::parse(&key)
            .ok()
            .zip(signature)
            .is_some_and(|(key, signature)| verify(&key, &signature, ledger, (asked, rule, hashes), time));
        let recent = (-300..=2_592_000).contains(&since);
        judge.unless(good && recent, Rejection::LearnerSignatureWrong, || format!("{since} s before"));
    }
    let (Some(account), Some(far)) = (account, far) else { return };
    if signed {
        let bound = crate::audit::devices::is_bound(key, Some(account), book);
        judge.unless(bound, Rejection::LearnerSignatureMissing, || "not a key of the account".to_owned());
        return;
    }
    let activated = takes_in(case) && !case.value(tags::ACTIVATION).is_empty();
    if judge.unless(activated || on_paper, Rejection::ConsentMissing, String::new) {
        judge.unless(activated || !far, Rejection::LearnerSignatureMissing, || "on paper".to_owned());
    }
}

pub(in crate::audit) fn apply(
    case: &Case<'_>,
    body: &ApplyConversion,
    book: &Book,
    secrets: &dyn Secrets,
    judge: &mut Judge,
) -> Option<Change> {
    for_learners(case, judge);
    let there = body.rule_index < case.index && book.entry(body.rule_index).is_some_and(|entry| entry.good);
    if !judge.unless(there, Rejection::ReferenceUnknown, || format!("entry {}", body.rule_index)) {
        return None;
    }
    let found = rule_of(book, body.rule_index).filter(|(_, rule)| rule.programme_index > 0);
    judge.unless(found.is_some(), Rejection::ReferenceWrongKind, || format!("entry {}", body.rule_index));
    let (owner, rule) = found?;
    let owner = owner.to_owned();
    let (index, application) = (case.index, Application { rule: body.rule_index, ..Application::default() });
    if matches!(case.payload, PayloadOf::Erased) {
        return Some(Box::new(move |book| sent(book, index, application, owner)));
    }
    let time = time_of_rule(case, book, judge);
    let holds = held(book, body.rule_index, time) == Some(body.rule_index) && above(book, rule, time).is_some();
    judge.unless(holds, Rejection::ReferenceNotInForce, || format!("at {time}"));
    let sources = crate::audit::text::indices(case.value(tags::SOURCES)).unwrap_or_default();
    judge.unless(sources.len() <= 16, Rejection::ValueMalformed, || format!("{} sources", sources.len()));
    let account = learner(case, book, secrets, judge);
    let entries: Vec<_> = sources.iter().map(|at| book.entry(*at).filter(|it| it.good && *at < case.index)).collect();
    judge.unless(entries.iter().all(Option::is_some), Rejection::ReferenceUnknown, || "payload.sources".to_owned());
    let hashes: Vec<Hash> = entries.iter().flatten().map(|entry| entry.leaf_hash).collect();
    let asked = (Asked::Conversion, body.rule_index, &hashes[..]);
    consent(case, asked, account, Some(rule.scope > 1), book, judge);
    for (source, entry) in sources.iter().zip(entries) {
        let original = entry.is_none_or(|entry| entry.kind == Kind::RecordOutcome);
        let theirs = book.outcomes.get(source).is_none_or(|it| account.is_none() || book.kept(it.account) == account);
        judge.unless(original && theirs, Rejection::SourceNotConvertible, || format!("entry {source}"));
    }
    let account = account?;
    Some(Box::new(move |book| {
        sent(book, index, application, owner);
        book.conversions.applied.insert(index, Applied { account, sources });
    }))
}

fn sent(book: &mut Book, index: u64, application: Application, owner: String) {
    book.conversions.applications.insert(index, application);
    book.conversions.sent_to.insert(index, owner);
}

/// Enrolled under a pathway that keeps the rules of its time, the learner has those.
fn time_of_rule(case: &Case<'_>, book: &Book, judge: &mut Judge) -> i64 {
    if !together(case, &[tags::PATHWAY, tags::ENROLLED_ON], judge) {
        return case.logged_at;
    }
    let index = case.number(tags::PATHWAY).unwrap_or(0);
    let known = index < case.index && book.entry(index).is_some_and(|entry| entry.good);
    if !judge.unless(known, Rejection::ReferenceUnknown, || "payload.pathway".to_owned()) {
        return case.logged_at;
    }
    match (book.offers.get(&index).map(|offer| &offer.what), crate::audit::text::day(case.value(tags::ENROLLED_ON))) {
        (Some(What::Pathway(it)), Some(day)) if it.keeps_enrolment_rules => {
            case.logged_at.min((day + 1) * 86_400 - 28_800)
        }
        (Some(What::Pathway(_)), _) => case.logged_at,
        _ => {
            judge.unless(false, Rejection::ReferenceWrongKind, || "payload.pathway".to_owned());
            case.logged_at
        }
    }
}

/// The entry that a reference names.
fn referred<'b>(
    case: &Case<'_>,
    reference: Option<&EntryRef>,
    book: &'b Book,
    judge: &mut Judge,
) -> Option<(u64, &'b Seen)> {
    judge.unless(reference.is_some(), Rejection::ReferenceUnknown, || "nothing is referred to".to_owned());
    target(case, Some(reference?), book, judge)
}

/// The application that is referred to, with its index.
fn application<'b>(
    case: &Case<'_>,
    reference: Option<&EntryRef>,
    book: &'b Book,
    judge: &mut Judge,
) -> Option<(u64, &'b Application)> {
    let (index, entry) = referred(case, reference, book, judge)?;
    let right = entry.kind == Kind::ApplyConversion;
    judge.unless(right, Rejection::ReferenceWrongKind, || format!("entry {index}"));
    Some((index, book.conversions.applications.get(&index)?))
}

/// The rule's owner, or whoever took it over, signs.
fn by_owner(case: &Case<'_>, rule: u64, book: &Book) -> bool {
    let owner = rule_of(book, rule).map(|(owner, _)| owner.to_owned()).unwrap_or_default();
    case.signs_as_institution() && book.line_of(case.issuer).contains(&owner)
}

pub(in crate::audit) fn accept(
    case: &Case<'_>,
    body: &AcceptApplication,
    book: &Book,
    judge: &mut Judge,
) -> Option<Change> {
    let (index, it) = application(case, body.application.as_ref(), book, judge)?;
    judge.unless(by_owner(case, it.rule, book), Rejection::NotEntitled, || case.issuer.to_owned());
    let fresh = it.waits() && it.accepted.is_none();
    judge.unless(fresh, Rejection::ApplicationState, || format!("{it:?}"));
    let by = case.index;
    Some(Box::new(move |book| {
        if let Some(it) = book.conversions.applications.get_mut(&index) {
            it.accepted = Some(by);
        }
    }))
}

pub(in crate::audit) fn withdraw(
    case: &Case<'_>,
    body: &WithdrawApplication,
    book: &Book,
    judge: &mut Judge,
) -> Option<Change> {
    let (index, it) = application(case, body.application.as_ref(), book, judge)?;
    let poster = book.entry(index).map(|entry| entry.issuer.clone()).unwrap_or_default();
    let same = case.signs_as_institution() && book.line_of(case.issuer).contains(&poster);
    judge.unless(same || takes_in(case), Rejection::NotEntitled, || case.issuer.to_owned());
    judge.unless(it.waits(), Rejection::ApplicationState, || format!("{it:?}"));
    let by = case.index;
    Some(Box::new(move |book| {
        if let Some(it) = book.conversions.applications.get_mut(&index) {
            it.withdrawn = Some(by);
        }
    }))
}

pub(in crate::audit) fn reverse(
    case: &Case<'_>,
    body: &ReverseConversion,
    book: &Book,
    secrets: &dyn Secrets,
    judge: &mut Judge,
) -> Option<Change> {
    for_learners(case, judge);
    let (index, entry) = referred(case, body.conversion.as_ref(), book, judge)?;
    let decision = book.conversions.decisions.get(&index).filter(|it| it.verdict == 1);
    judge.unless(decision.is_some(), Rejection::ReferenceWrongKind, || format!("entry {index}"));
    let decision = decision?;
    let by = case.index;
    let done: Change = Box::new(move |book| end(book, index, by));
    judge.unless(decision.ended.is_none(), Rejection::AlreadyReversed, || format!("{:?}", decision.ended));
    if matches!(case.payload, PayloadOf::Erased) {
        return Some(done);
    }
    let account = learner(case, book, secrets, judge);
    let own = by_owner(case, decision.rule, book);
    let asked = (Asked::Reversal, index, &[entry.leaf_hash][..]);
    consent(case, asked, account, (!own).then_some(false), book, judge);
    if let Some(converted) = book.conversions.converted.get(&index) {
        let same = account.is_none() || book.kept(converted.account) == account;
        judge.unless(same, Rejection::ApplicationDiffers, || "another learner's".to_owned());
    }
    let days = book.policy_for(&entry.issuer, case.logged_at).days(super::policies::COOLING_OFF);
    let within = case.logged_at - entry.logged_at <= days * 86_400;
    judge.unless(own || within, Rejection::CoolingOffOver, || format!("{days} days"));
    Some(done)
}

fn end(book: &mut Book, index: u64, by: u64) {
    if let Some(decision) = book.conversions.decisions.get_mut(&index) {
        decision.ended = Some(by);
    }
}

/// Why a conversion that stands is to be looked at again: something it used was revoked or corrected since, and its owner has
/// not kept it; or a merger of accounts broke a limit.
pub(in crate::audit) fn in_review(book: &Book, index: u64) -> bool {
    let Some(it) = book.conversions.converted.get(&index).filter(|_| book.conversions.stands(index)) else {
        return false;
    };
    let issuer = book.entry(index).map(|entry| entry.issuer.as_str()).unwrap_or_default();
    let standing = |at: u64| book.standings.get(&at);
    let kept = standing(index).into_iter().flat_map(|it| &it.countersigned);
    let kept = kept.filter(|it| it.party == issuer).map(|it| it.index).max();
    let fell = |outcome: &u64| {
        let standing = standing(*outcome);
        let revoked = standing.and_then(|it| it.revoked).map(|(_, by)| by);
        let by = revoked.max(standing.and_then(|it| it.superseded_by));
        by.is_some_and(|by| by > index && kept.is_none_or(|kept| kept < by))
    };
    it.sources.iter().chain(&it.absorbed).any(fell) || (kept.is_none() && decide::breaks(book, index))
}
