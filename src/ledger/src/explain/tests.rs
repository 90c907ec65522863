//! One line for each answer that a rule can get.

use super::*;
use crate::conversion::Reason;
use crate::conversion::tests::{by_family, candidate, rule};
use crate::rejection::Rejection;
use crate::status::EntryStatus;
use std::collections::BTreeSet;
use xuefen_core::proto::{ConversionSource, ConversionTarget};

/// Day 20,000 in UTC+8.
const NOW: i64 = 20_000 * 86_400;

#[derive(Default)]
struct State {
    fallen: BTreeSet<u64>,
    ended: BTreeSet<String>,
    most: Option<u64>,
    full: bool,
}

impl Standing for State {
    fn stands(&self, index: u64) -> Result<bool, ReadError> {
        Ok(!self.fallen.contains(&index))
    }

    fn may_decide(&self, institution: &str) -> Result<bool, ReadError> {
        Ok(!self.ended.contains(institution))
    }

    fn line(&self, institution: &str) -> Result<Vec<String>, ReadError> {
        Ok(vec![institution.to_owned(), format!("{institution}-before")])
    }

    fn max_yield(&self, _: &str) -> Result<Option<u64>, ReadError> {
        Ok(self.most)
    }

    fn limits(&self, _: &Published, _: &Open) -> Result<Option<Refusal>, ReadError> {
        Ok(self.full.then(|| Refusal::new(Rejection::LooserThanParent, "any")))
    }
}

fn held(index: u64, level: u32) -> Held {
    Held { candidate: Candidate { index, level, ..candidate() }, uses: Vec::new(), expires_on: None, of: 0 }
}

fn ratio(level: u32) -> ConversionRule {
    let target = ConversionTarget { ratio_basis_points: 5_000, ..ConversionTarget::default() };
    let scope = ScopeKind::Programme as i32;
    ConversionRule {
        code: "r".to_owned(),
        version: 1,
        scope,
        effective_from: NOW - 100,
        ..rule(vec![by_family("bim", level)], target)
    }
}

fn published(index: u64, rule: ConversionRule) -> Published {
    Published { index, owner: "uni".to_owned(), programme: ("uni".to_owned(), "p".to_owned()), rule }
}

fn book(rules: Vec<Published>) -> Book {
    let mut book = Book::default();
    for rule in rules {
        book.add(rule);
    }
    book
}

/// The answer about rule `r`, in a word, and for everything.
fn answer(book: &Book, held: &[Held], state: &State) -> (String, usize) {
    let when = When { time: NOW, size: 100 };
    let explainer = Explainer::new(book, held, when, state);
    let one = explainer.answers(Target::Rule("uni", "r")).expect("memory");
    let all = explainer.answers(Target::Everything).expect("memory");
    assert_eq!(one, explainer.answers(Target::Programme("uni", "p")).expect("memory"));
    let word = match &one[0].outcome {
        Outcome::Open(open) => format!("open {} {:?}", open.given.credit_millis, open.sources),
        Outcome::Used(conflicts) => format!("used by {:?}", conflicts.iter().map(|it| it.decision).collect::<Vec<_>>()),
        Outcome::Refused(refusal) => format!("refused {}", refusal.rejection.code()),
        Outcome::Short(short) => {
            let codes = |it: &Short<'_>| {
                let lack = it.nearest.expect("something is held");
                let unmet: Vec<&str> = lack.selection.unmet().map(|it| it.reason.code()).collect();
                format!("{}:{}:{}", it.source, lack.outcome, unmet.join("+"))
            };
            format!("short {}", short.iter().map(codes).collect::<Vec<_>>().join(" "))
        }
        Outcome::Closed(closed) => closed.code().to_owned(),
    };
    (word, all.len())
}

#[test]
fn one_line_for_each_answer() {
    let good = State::default;
    let rules = |rule| book(vec![published(5, rule)]);
    let use_of = |scope: ScopeKind, owner: &str, programme: &str| Use {
        decision: 50,
        scope: scope as i32,
        owner: owner.to_owned(),
        programme: programme.to_owned(),
    };
    let used = |used| vec![Held { uses: vec![used], ..held(1, 2) }];
    let told = |book: &Book, held: &[Held]| answer(book, held, &good());
    assert_eq!(told(&rules(ratio(2)), &[held(1, 2)]), ("open 2000 [1]".to_owned(), 1));
    assert_eq!(told(&rules(ratio(3)), &[held(1, 2)]), ("short 0:1:LEVEL_TOO_LOW".to_owned(), 1));
    // A better one, once it is there, is the nearest.
    assert_eq!(told(&rules(ratio(4)), &[held(1, 2), held(2, 3)]).0, "short 0:1:LEVEL_TOO_LOW");
    let other = Held { candidate: Candidate { family: "nc".to_owned(), ..candidate() }, ..held(1, 2) };
    assert_eq!(told(&rules(ratio(2)), &[other]), ("short 0:1:FAMILY_DIFFERS+LEVEL_TOO_LOW".to_owned(), 0));
    let doubted = Held { candidate: Candidate { status: EntryStatus::Pending, ..candidate() }, ..held(1, 2) };
    assert_eq!(told(&rules(ratio(2)), &[doubted]), ("short 0:1:NOT_VALID".to_owned(), 1));
    let poor = Held { candidate: Candidate { credit_millis: 1, ..candidate() }, ..held(1, 2) };
    assert_eq!(told(&rules(ratio(2)), &[poor]), ("GIVES_NOTHING".to_owned(), 0));
    let two = ConversionRule { sources: vec![by_family("bim", 1); 2], ..ratio(1) };
    assert_eq!(told(&rules(two.clone()), &[held(1, 2)]).0, "short 1:1:");
    assert_eq!(told(&rules(two), &[held(1, 2), held(2, 1)]).0, "open 4000 [2, 1]");
    // The wider of the two scopes decides.
    for (used_in, scope, word) in [
        (use_of(ScopeKind::Programme, "uni", "p"), ScopeKind::Programme, "used by [50]"),
        (use_of(ScopeKind::Programme, "uni", "q"), ScopeKind::Programme, "open 2000 [1]"),
        (use_of(ScopeKind::Programme, "uni", "q"), ScopeKind::Institution, "used by [50]"),
        (use_of(ScopeKind::Institution, "uni", "q"), ScopeKind::Programme, "used by [50]"),
        (use_of(ScopeKind::Institution, "uni-before", "q"), ScopeKind::Programme, "used by [50]"),
        (use_of(ScopeKind::Institution, "other", "p"), ScopeKind::Institution, "open 2000 [1]"),
        (use_of(ScopeKind::Institution, "other", "p"), ScopeKind::Bank, "used by [50]"),
        (use_of(ScopeKind::Bank, "other", "q"), ScopeKind::Programme, "used by [50]"),
    ] {
        let rule = ConversionRule { scope: scope as i32, ..ratio(2) };
        assert_eq!(told(&rules(rule), &used(used_in.clone())), (word.to_owned(), 1), "{used_in:?} {scope:?}");
    }
    // What is left free is used instead of what was used.
    let mut both = used(use_of(ScopeKind::Bank, "other", "q"));
    both.push(held(2, 2));
    assert_eq!(told(&rules(ratio(2)), &both).0, "open 2000 [2]");
    let full = State { full: true, ..good() };
    assert_eq!(answer(&rules(ratio(2)), &[held(1, 2)], &full), ("refused LOOSER_THAN_PARENT".to_owned(), 1));
    let bounded = State { most: Some(1_500), ..good() };
    assert_eq!(answer(&rules(ratio(2)), &[held(1, 2)], &bounded).0, "open 1500 [1]");
}

#[test]
fn a_rule_is_open_while_it_and_the_rules_above_it_hold() {
    let good = State::default();
    let one = [held(1, 2)];
    let of = |change: fn(&mut ConversionRule)| {
        let mut rule = ratio(2);
        change(&mut rule);
        book(vec![published(5, rule)])
    };
    let told = |book: &Book| answer(book, &one, &good).0;
    assert_eq!(told(&of(|it| it.effective_from = NOW + 1)), "RULE_NOT_YET");
    assert_eq!(told(&of(|it| it.effective_until = NOW)), "RULE_OVER");
    assert_eq!(told(&of(|it| it.effective_until = NOW + 1)), "open 2000 [1]");
    assert_eq!(told(&of(|it| it.parent_index = 3)), "PARENT_NOT_IN_FORCE");
    assert_eq!(told(&of(|it| it.scope = 0)), "open 2000 [1]");
    let fallen = State { fallen: [5].into(), ..State::default() };
    assert_eq!(answer(&of(|_| ()), &one, &fallen), ("RULE_WITHDRAWN".to_owned(), 0));
    let ended = State { ended: ["uni".to_owned()].into(), ..State::default() };
    assert_eq!(answer(&of(|_| ()), &one, &ended), ("OWNER_ENDED".to_owned(), 0));
    let above = |change: fn(&mut ConversionRule)| {
        let mut parent = ConversionRule { code: "above".to_owned(), target: None, ..ratio(2) };
        change(&mut parent);
        let parent = Published { owner: "province".to_owned(), programme: Default::default(), ..published(3, parent) };
        book(vec![parent, published(5, ConversionRule { parent_index: 3, ..ratio(2) })])
    };
    assert_eq!(told(&above(|_| ())), "open 2000 [1]");
    assert_eq!(told(&above(|it| it.cap_credit_millis = 700)), "open 700 [1]");
    assert_eq!(told(&above(|it| it.effective_until = NOW)), "PARENT_NOT_IN_FORCE");
    assert_eq!(told(&above(|it| it.sources[0].lowest_level = 3)), "PARENT_REFUSES");
}

#[test]
fn the_newest_version_that_has_begun_and_stands_is_explained() {
    let version = |index, version, from, level| {
        published(index, ConversionRule { version, effective_from: from, ..ratio(level) })
    };
    let two = book(vec![version(5, 1, NOW - 100, 2), version(9, 2, NOW, 3)]);
    let one = [held(1, 2)];
    assert_eq!(answer(&two, &one, &State::default()).0, "short 0:1:LEVEL_TOO_LOW");
    let fallen = State { fallen: [9].into(), ..State::default() };
    assert_eq!(answer(&two, &one, &fallen), ("open 2000 [1]".to_owned(), 1));
    // As of a smaller size the second is not there yet.
    let state = State::default();
    let before = Explainer::new(&two, &one, When { time: NOW, size: 9 }, &state);
    let answers = before.answers(Target::Everything).expect("memory");
    assert!(matches!(&answers[0].outcome, Outcome::Open(open) if open.until.is_none()), "{answers:?}");
}

#[test]
fn a_deadline_is_the_first_of_all() {
    let source = ConversionSource { maximum_age_days: 100, ..by_family("bim", 2) };
    let rule = ConversionRule { sources: vec![source], ..ratio(2) };
    let until = |rule: ConversionRule, more: Vec<Published>, held: Held| {
        let mut rules = vec![published(5, rule)];
        rules.extend(more);
        let (book, state, held) = (book(rules), State::default(), [held]);
        let explainer = Explainer::new(&book, &held, When { time: NOW, size: 100 }, &state);
        match explainer.answers(Target::Rule("uni", "r")).expect("memory").remove(0).outcome {
            Outcome::Open(open) => open.until.map(|it| (it.last_day.0, it.ends)),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(until(ratio(2), vec![], held(1, 2)), None);
    assert_eq!(until(rule.clone(), vec![], held(1, 2)), Some((20_050, Ends::OutcomeTooOld { outcome: 1 })));
    let expiring = Held { expires_on: Some(Day(20_040)), ..held(1, 2) };
    assert_eq!(until(rule.clone(), vec![], expiring.clone()), Some((20_040, Ends::CertificateExpires { outcome: 1 })));
    let ending = ConversionRule { effective_until: NOW + 30 * 86_400, ..rule.clone() };
    assert_eq!(until(ending.clone(), vec![], expiring.clone()), Some((20_030, Ends::Rule)));
    let next = published(9, ConversionRule { version: 2, effective_from: NOW + 20 * 86_400, ..ratio(2) });
    assert_eq!(until(ending, vec![next], expiring), Some((20_020, Ends::NewVersion { index: 9 })));
}

#[test]
fn a_better_certificate_replaces_the_earlier_use_of_its_family() {
    let rule = ConversionRule { highest_of_family: true, ..ratio(1) };
    let used = |decision| Use { decision, scope: 1, owner: "uni".to_owned(), programme: "p".to_owned() };
    let with = |lower: Vec<Held>| {
        let mut held = lower;
        held.push(super::tests::held(9, 3));
        let (book, state) = (book(vec![published(5, rule.clone())]), State::default());
        let explainer = Explainer::new(&book, &held, When { time: NOW, size: 100 }, &state);
        match explainer.answers(Target::Everything).expect("memory").remove(0).outcome {
            Outcome::Open(open) => format!("{:?} {:?} {:?}", open.sources, open.absorbed, open.replaces),
            Outcome::Used(conflicts) => format!("{conflicts:?}"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(with(vec![held(1, 1)]), "[9] [1] None");
    assert_eq!(with(vec![Held { uses: vec![used(50)], ..held(1, 1) }]), "[9] [1] Some(50)");
    let two = vec![Held { uses: vec![used(50)], ..held(1, 1) }, Held { uses: vec![used(51)], ..held(2, 2) }];
    assert!(with(two).starts_with("[Conflict"));
}

#[test]
fn answers_come_open_first_and_the_nearest_before_the_rest() {
    let rule = |index, code: &str, level, bp| {
        let target = ConversionTarget { ratio_basis_points: bp, ..ConversionTarget::default() };
        published(index, ConversionRule { code: code.to_owned(), target: Some(target), ..ratio(level) })
    };
    let mut far = rule(8, "far", 3, 1);
    far.rule.sources[0].lowest_tier = 4;
    let book = book(vec![far, rule(9, "near", 3, 1), rule(10, "little", 2, 5_000), rule(11, "much", 2, 10_000)]);
    let (held, state) = ([held(1, 2)], State::default());
    let explainer = Explainer::new(&book, &held, When { time: NOW, size: 100 }, &state);
    let codes = |target| {
        let answers = explainer.answers(target).expect("memory");
        answers.iter().map(|it| it.rule.rule.code.clone()).collect::<Vec<_>>()
    };
    assert_eq!(codes(Target::Everything), ["much", "little", "near", "far"]);
    assert_eq!(codes(Target::Programme("uni", "p")), ["much", "little", "near", "far"]);
    assert_eq!(codes(Target::Rule("uni", "near")), ["near"]);
    assert_eq!(codes(Target::Rule("uni", "nothing")), Vec::<String>::new());
    assert_eq!(Reason::LevelTooLow.code(), "LEVEL_TOO_LOW");
}
