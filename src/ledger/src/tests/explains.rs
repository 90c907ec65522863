//! Explaining and checking over a real state: what is answered is what a decision would say (rules.md 4).

use super::conversion_cases::{fixed, next_rule};
use crate::Rejection;
use crate::check_rules::{FindingCode, check_rules};
use crate::explain::{Book, Explainer, Held, Holdings, InState, Outcome, Target, When, has_rules, read_rules};
use crate::posting::Secrets;
use crate::query;
use crate::testing::{Agreed, TestSecrets, World};
use std::collections::BTreeSet;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Revoke, ScopeKind};

fn book(world: &World) -> Book {
    let mut book = Book::default();
    read_rules(&world.state, &mut book, 0).expect("memory");
    book
}

fn held(world: &World) -> Vec<Held> {
    let mut holdings = Holdings::new(&world.state, world.now);
    let account = TestSecrets.account_key(&[7; 16]);
    for index in query::outcomes(&world.state, account, None, 99).expect("memory") {
        let payload = crate::Sources::payload(&world.payloads(), index).expect("not erased");
        holdings.add(index, &payload).expect("memory");
    }
    holdings.finish().expect("memory")
}

/// Code of each rule and what comes of it, in a word and its numbers.
fn told(world: &World, size: u64) -> Vec<(String, String)> {
    let (book, held) = (book(world), held(world));
    let state = InState::new(&world.state, world.now, Some(TestSecrets.account_key(&[7; 16])));
    let explainer = Explainer::new(&book, &held, When { time: world.now, size }, &state);
    let answers = explainer.answers(Target::Everything).expect("memory");
    let said = |outcome: &Outcome<'_>| match outcome {
        Outcome::Open(open) => {
            format!("open {:?} {} {:?} {:?}", open.sources, open.given.credit_millis, open.given.exempt, open.absorbed)
        }
        Outcome::Used(conflicts) => format!("used by {:?}", conflicts.iter().map(|it| it.decision).collect::<Vec<_>>()),
        Outcome::Refused(refusal) => refusal.rejection.code().to_owned(),
        Outcome::Short(_) => "short".to_owned(),
        Outcome::Closed(closed) => closed.code().to_owned(),
    };
    answers.iter().map(|it| (it.rule.rule.code.clone(), said(&it.outcome))).collect()
}

fn one(world: &World) -> String {
    let mut all = told(world, world.state.size());
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).1
}

#[test]
fn what_is_open_is_what_a_grant_says_and_a_use_closes_it() {
    let mut world = World::converting();
    let module = world.named["m1"];
    assert_eq!(told(&world, world.state.size()), []);
    let certificate = world.certificate("X-1", "1");
    let open = format!("open [{certificate}] 0 [{module}] []");
    assert_eq!(one(&world), open);
    // Before the rule was there, nothing took it.
    assert_eq!(told(&world, world.named["convert"]), []);
    let application = world.apply(world.named["convert"], &[certificate]);
    world.take_up(application);
    let grant = world.drawn_up(application, None).expect("open");
    assert_eq!(
        open,
        format!("open {:?} {} {:?} {:?}", grant.sources, grant.credit_millis, grant.exempts, grant.members)
    );
    let decision = world.granted(application);
    assert_eq!(one(&world), format!("used by [{decision}]"));
    // Another certificate would be free, but the module is exempted already.
    world.certificate("X-2", "1");
    assert_eq!(one(&world), Rejection::AlreadyExempt.code());
    let school = world.school.id.clone();
    let posting = world.reversal((&school, 4), decision, Agreed::OnPaper);
    world.accept(posting);
    assert!(one(&world).starts_with("open"));
}

#[test]
fn yields_scopes_and_families_are_those_of_a_grant() {
    let mut world = World::converting();
    let lower = world.certificate("X-1", "1");
    let higher = world.certificate("X-2", "2");
    let rule = next_rule(&mut world, "highest", |rule| {
        rule.target = Some(fixed(900));
        rule.highest_of_family = true;
        rule.scope = ScopeKind::Programme as i32;
    });
    let all = told(&world, world.state.size());
    let highest = all.iter().find(|(code, _)| code == "highest").expect("told");
    assert_eq!(highest.1, format!("open [{higher}] 900 [] [{lower}]"));
    let application = world.apply(rule, &[higher]);
    world.take_up(application);
    let grant = world.drawn_up(application, None).expect("open");
    assert_eq!((grant.credit_millis, grant.members.as_slice()), (900, &[lower][..]));
    let decision = world.granted(application);
    // Both are used up, in whatever rule of the programme.
    for (code, word) in told(&world, world.state.size()) {
        assert_eq!(word, format!("used by [{decision}]"), "{code}");
    }
}

#[test]
fn rules_are_read_once_and_then_as_they_come() {
    let mut world = World::converting();
    let mut grown = book(&world);
    let size = world.state.size();
    assert!(!has_rules(&world.state, size).expect("memory"));
    next_rule(&mut world, "later", |_| {});
    assert!(has_rules(&world.state, size).expect("memory"));
    read_rules(&world.state, &mut grown, size).expect("memory");
    let indices = |book: &Book| book.rules().map(|rule| rule.index).collect::<Vec<_>>();
    assert_eq!(indices(&grown), indices(&book(&world)));
    assert_eq!(grown.len(), 2);
}

#[test]
fn findings_follow_the_state() {
    let mut world = World::converting();
    let codes = |world: &World, focus: Option<&BTreeSet<u64>>| {
        let state = InState::new(&world.state, world.now, None);
        let when = When { time: world.now, size: world.state.size() };
        let found = check_rules(&book(world), when, focus, &state).expect("memory");
        found.into_iter().map(|it| it.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&world, None), []);
    let other = next_rule(&mut world, "other", |rule| rule.target = Some(fixed(100)));
    assert_eq!(codes(&world, None), [FindingCode::Overlap]);
    let named = next_rule(&mut world, "named", |rule| {
        rule.sources[0].issuers = vec!["x-nobody".to_owned()];
        rule.sources[0].lowest_level = 9;
    });
    let focus: BTreeSet<u64> = [named].into();
    let expected =
        [FindingCode::Overlap, FindingCode::IssuerUnknown, FindingCode::NoIssuerLeft, FindingCode::FamilyUnknown];
    assert_eq!(codes(&world, Some(&focus)).into_iter().collect::<BTreeSet<_>>(), expected.into());
    let school = world.school.id.clone();
    for index in [world.named["m1"], other, named] {
        let target = Some(world.reference(index));
        world.post(&school, Body::Revoke(Revoke { target, reason: 1 }), &[4]);
    }
    assert_eq!(codes(&world, None), [FindingCode::ExemptEnded]);
}
