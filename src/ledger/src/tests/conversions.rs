//! Conversions, from a rule to what becomes of a grant (rules.md 4).

use super::audits::assert_audited;
use super::conversion_cases::{DAY, appealed, fixed, next_rule, on_appeal, second_programme, with_deadlines};
use crate::query::conversions as asked;
use crate::query::{EntryStatus, Review, status};
use crate::testing::{Agreed, World, conversion_rule, of_family};
use crate::{Decision, RawPosting, Rejection};
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    ChangeInstitution, ConversionRule, MergeInstitution, Revoke, ScopeKind, Verdict, WithdrawApplication,
    change_institution,
};

/// Why a posting is refused, and what it collides with.
fn refusal(world: &World, posting: RawPosting) -> (Rejection, Option<u64>) {
    match world.decide(posting) {
        Decision::Refuse(refusal) => (refusal.rejection, refusal.existing),
        other => panic!("{other:?}"),
    }
}

fn status_of(world: &World, index: u64) -> EntryStatus {
    status(&world.state, index, world.now).expect("memory").expect("logged")
}

/// Everything holds for the audit too, and comes out of the log again.
fn checked(world: &World) {
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(world);
}

fn at_scope(scope: ScopeKind) -> impl FnOnce(&mut ConversionRule) {
    move |rule| rule.scope = scope as i32
}

#[test]
fn a_certificate_exempts_a_module_once() {
    let mut world = World::converting();
    let certificate = world.certificate("X-1", "1");
    let first = world.converted(world.named["convert"], &[certificate]);
    assert_eq!(status_of(&world, first), EntryStatus::Valid);
    let row = asked::converted(&world.state, first).expect("memory").expect("granted");
    assert_eq!((row.exempts, row.counted_millis), (vec![world.named["m1"]], 1_000));
    // Another rule of the programme takes the same certificate into another module.
    let other = next_rule(&mut world, "bim-2", |_| {});
    let application = world.apply(other, &[certificate]);
    world.take_up(application);
    let refused = world.drawn_up(application, None).expect_err("allocated");
    assert_eq!((refused.rejection, refused.existing), (Rejection::AlreadyAllocated, Some(first)));
    // Once the first is undone, it may.
    let school = world.school.id.clone();
    let posting = world.reversal((&school, 4), first, Agreed::OnPaper);
    let reversal = world.accept(posting);
    assert_eq!(status_of(&world, first), EntryStatus::Revoked { by: reversal, reason: 0 });
    world.granted(application);
    checked(&world);
}

/// A college rule into a programme of its own.
fn elsewhere(world: &mut World, scope: ScopeKind) -> u64 {
    let college = world.college.id.clone();
    let part = world.named["other_course"];
    let body = crate::testing::programme(&[part, world.named["m1"]]);
    let body = xuefen_core::proto::Programme { total_credit_millis: 6_000, ..body };
    let programme = world.post(&college, Body::Programme(body), &[5]);
    let rule = ConversionRule { scope: scope as i32, ..conversion_rule(programme, &[part], world.now) };
    world.post(&college, Body::ConversionRule(rule), &[5])
}

/// By the scopes of two uses of one certificate: which pairs meet in one programme, in two of one institution, in two
/// institutions.
#[test]
fn the_wider_of_two_scopes_decides() {
    use ScopeKind::{Bank, Institution, Programme};
    let mut lines = Vec::new();
    for first in [Programme, Institution, Bank] {
        for second in [Programme, Institution, Bank] {
            let mut world = World::converting();
            let certificate = world.certificate("X-1", "1");
            crate::tests::rejections::bound(&mut world, [7; 16], 71);
            let rule = next_rule(&mut world, "first", at_scope(first));
            let school = world.school.id.clone();
            let posting = world.apply_with((&school, 4), rule, &[certificate], Agreed::Signed(71), &[]);
            let application = world.accept(posting);
            world.take_up(application);
            let used = world.granted(application);
            let met = Some((Rejection::AlreadyAllocated, Some(used)));
            let same = next_rule(&mut world, "second", at_scope(second));
            let posting = world.apply_with((&school, 4), same, &[certificate], Agreed::Signed(71), &[]);
            let application = world.accept(posting);
            let in_programme = world.drawn_up(application, None).err().map(|it| (it.rejection, it.existing)) == met;
            let programme = second_programme(&mut world, |_| {});
            let other = next_rule(&mut world, "third", |rule| {
                rule.programme_index = programme;
                rule.scope = second as i32;
            });
            let posting = world.apply_with((&school, 4), other, &[certificate], Agreed::Signed(71), &[]);
            let application = world.accept(posting);
            let in_institution = world.drawn_up(application, None).err().map(|it| (it.rejection, it.existing)) == met;
            let away = elsewhere(&mut world, second);
            let posting = world.apply_with((&school, 4), away, &[certificate], Agreed::Signed(71), &[]);
            let application = world.accept(posting);
            let open = |index| crate::Sources::payload(&world.payloads(), index);
            let by = (crate::testing::ORIGIN, world.college.id.as_str());
            let there = asked::grant(&world.state, by, application, None, world.now, &open).expect("memory");
            let in_bank = there.err().map(|it| (it.rejection, it.existing)) == met;
            lines.push((first as i32, second as i32, in_programme, in_institution, in_bank));
        }
    }
    assert_eq!(
        lines,
        [
            (1, 1, true, false, false),
            (1, 2, true, true, false),
            (1, 3, true, true, true),
            (2, 1, true, true, false),
            (2, 2, true, true, false),
            (2, 3, true, true, true),
            (3, 1, true, true, true),
            (3, 2, true, true, true),
            (3, 3, true, true, true),
        ]
    );
}

#[test]
fn a_stack_and_its_part_never_both_count() {
    let mut world = World::converting();
    let part = world.certificate("X-1", "1");
    let (body, mut values) = world.certificate_outcome(xuefen_core::proto::OutcomeKind::XCertificate, "family");
    values.push((tags::SOURCE_ID, b"X-2".to_vec()));
    values.push((tags::LEVEL, b"2".to_vec()));
    values.push((tags::PARTS, part.to_string().into()));
    let issuer = world.body.id.clone();
    let posting = world.outcome(&issuer, body, &values, 6);
    let stack = world.accept(posting);
    let used = world.converted(world.named["convert"], &[stack]);
    let row = asked::converted(&world.state, used).expect("memory").expect("granted");
    assert_eq!((row.sources, row.absorbed), (vec![stack], vec![part]));
    let other = next_rule(&mut world, "bim-2", |_| {});
    let application = world.apply(other, &[part]);
    let refused = world.drawn_up(application, None).expect_err("its stack was used");
    assert_eq!((refused.rejection, refused.existing), (Rejection::AlreadyAllocated, Some(used)));
    // Nor beside each other.
    let both = next_rule(&mut world, "both", |rule| rule.sources = vec![of_family("x-bim", 1), of_family("x-bim", 1)]);
    let application = world.apply(both, &[part, stack]);
    let refused = world.drawn_up(application, None).expect_err("one is in the other");
    assert_eq!((refused.rejection, refused.existing), (Rejection::SourceNotConvertible, Some(part)));
    checked(&world);
}

#[test]
fn only_the_highest_of_a_family_counts_and_may_replace_the_lower() {
    let mut world = World::converting();
    let low = world.certificate("X-1", "1");
    let rule = next_rule(&mut world, "highest", |rule| {
        rule.highest_of_family = true;
        rule.target = Some(fixed(1_500));
    });
    let first = world.converted(rule, &[low]);
    let high = world.certificate("X-2", "2");
    // The lower one may not be converted any more.
    let application = world.apply(rule, &[low]);
    assert_eq!(
        world.drawn_up(application, None).expect_err("a higher one is held").rejection,
        Rejection::ConditionNotMet
    );
    let application = world.apply(rule, &[high]);
    world.take_up(application);
    let refused = world.drawn_up(application, None).expect_err("the lower one is used");
    assert_eq!((refused.rejection, refused.existing), (Rejection::AlreadyAllocated, Some(first)));
    let grant = world.drawn_up(application, Some(first)).expect("instead of the first");
    assert_eq!(grant.members, [low]);
    let (body, values) = world.granting(application, &grant, Some(first));
    let posting = world.decision(body, &values);
    let second = world.accept(posting);
    assert_eq!(status_of(&world, first), EntryStatus::Superseded { by: second });
    // Both are used up now.
    let other = next_rule(&mut world, "bim-2", |_| {});
    for certificate in [low, high] {
        let application = world.apply(other, &[certificate]);
        let refused = world.drawn_up(application, None).expect_err("used");
        assert_eq!((refused.rejection, refused.existing), (Rejection::AlreadyAllocated, Some(second)));
    }
    checked(&world);
}

#[test]
fn after_a_merger_the_old_uses_count() {
    let mut world = World::converting();
    let certificate = world.certificate("X-1", "1");
    let away = elsewhere(&mut world, ScopeKind::Programme);
    let wide = next_rule(&mut world, "wide", at_scope(ScopeKind::Institution));
    let used = world.converted(world.named["convert"], &[certificate]);
    let _ = wide;
    // The college takes the school over, and converts within the institution.
    let college = world.college.id.clone();
    let change = change_institution::Change::Merge(MergeInstitution { successor: college.clone() });
    let body = ChangeInstitution { institution: world.school.id.clone(), change: Some(change) };
    let ministry = world.ministry.id.clone();
    world.post(&ministry, Body::ChangeInstitution(body), &[1, 2]);
    let mut rule = asked::conversion_rule(&world.state, away).expect("memory").expect("a rule").rule;
    rule.code = "wide".to_owned();
    rule.scope = ScopeKind::Institution as i32;
    rule.effective_from = world.now;
    let wide = world.post(&college, Body::ConversionRule(rule), &[5]);
    crate::tests::rejections::bound_by(&mut world, &college, 5, [7; 16], 71);
    let posting = world.apply_with((&college, 5), wide, &[certificate], Agreed::Signed(71), &[]);
    let application = world.accept(posting);
    let open = |index| crate::Sources::payload(&world.payloads(), index);
    let by = (crate::testing::ORIGIN, college.as_str());
    let drawn_up = asked::grant(&world.state, by, application, None, world.now, &open).expect("memory");
    let refused = drawn_up.expect_err("the school used it");
    assert_eq!((refused.rejection, refused.existing), (Rejection::AlreadyAllocated, Some(used)));
    checked(&world);
}

#[test]
fn a_fallen_source_is_reviewed_kept_reversed_or_replaced() {
    let mut world = World::converting();
    with_deadlines(&mut world);
    let certificate = world.certificate("X-1", "1");
    let used = world.converted(world.named["convert"], &[certificate]);
    let issuer = world.body.id.clone();
    let target = Some(world.reference(certificate));
    let revocation = world.post(&issuer, Body::Revoke(Revoke { target, reason: 1 }), &[6]);
    let why = Review::SourceFell { entry: certificate, by: revocation };
    assert_eq!(status_of(&world, used), EntryStatus::NeedsReview { why: why.clone() });
    let until = world.now + 25 * DAY;
    assert_eq!(asked::review(&world.state, used).expect("memory"), Some((why, Some(until))));
    // Kept by its owner.
    let school = world.school.id.clone();
    let countersign = world.countersign(used);
    world.post(&school, countersign.clone(), &[4]);
    assert_eq!(status_of(&world, used), EntryStatus::Valid);
    let again = world.public(&school, countersign, &[4]);
    assert_eq!(refusal(&world, again), (Rejection::AlreadyCountersigned, None));
    checked(&world);
}

#[test]
fn a_corrected_source_is_converted_anew_in_place_of_the_first() {
    let mut world = World::converting();
    let certificate = world.certificate("X-1", "1");
    let used = world.converted(world.named["convert"], &[certificate]);
    let (mut body, mut values) = world.certificate_outcome(xuefen_core::proto::OutcomeKind::XCertificate, "family");
    body.supersedes = Some(world.reference(certificate));
    values.push((tags::NULLIFIER_KEY, world.nullifier_key(certificate)));
    values.push((tags::SOURCE_ID, b"X-1".to_vec()));
    values.push((tags::LEVEL, b"2".to_vec()));
    let issuer = world.body.id.clone();
    let posting = world.outcome(&issuer, body, &values, 6);
    let corrected = world.accept(posting);
    let why = Review::SourceFell { entry: certificate, by: corrected };
    assert_eq!(status_of(&world, used), EntryStatus::NeedsReview { why });
    let application = world.apply(world.named["convert"], &[corrected]);
    world.take_up(application);
    let refused = world.drawn_up(application, None).expect_err("a correction is no second outcome");
    assert_eq!((refused.rejection, refused.existing), (Rejection::AlreadyAllocated, Some(used)));
    let grant = world.drawn_up(application, Some(used)).expect("in its place");
    let (body, values) = world.granting(application, &grant, Some(used));
    let posting = world.decision(body, &values);
    let second = world.accept(posting);
    assert_eq!(status_of(&world, used), EntryStatus::Superseded { by: second });
    checked(&world);
}

#[test]
fn accounts_that_are_merged_are_held_to_the_limits_together() {
    let mut world = World::converting();
    let school = world.school.id.clone();
    world.open(&school, 4, [8; 16], "110101199003070001");
    let certificate = world.certificate("X-1", "1");
    let first = world.converted(world.named["convert"], &[certificate]);
    let (body, mut values) = world.certificate_outcome(xuefen_core::proto::OutcomeKind::XCertificate, "family");
    values.extend([(tags::ACCOUNT, vec![8; 16]), (tags::SOURCE_ID, b"X-2".to_vec())]);
    let issuer = world.body.id.clone();
    let posting = world.outcome(&issuer, body, &values, 6);
    let theirs = world.accept(posting);
    let other = [(tags::ACCOUNT, vec![8; 16])];
    let posting = world.apply_with((&school, 4), world.named["convert"], &[theirs], Agreed::OnPaper, &other);
    let application = world.accept(posting);
    world.take_up(application);
    let grant = world.drawn_up(application, None).expect("another learner");
    let (body, mut values) = world.granting(application, &grant, None);
    values.extend(other);
    let posting = world.decision(body, &values);
    let second = world.accept(posting);
    assert_eq!(status_of(&world, second), EntryStatus::Valid);
    let (merge, payload) = world.merger([7; 16], [8; 16]);
    let posting = world.private(&school, merge, &payload, &[4, 5]);
    world.accept(posting);
    // One module, exempted twice.
    assert_eq!(status_of(&world, first), EntryStatus::Valid);
    assert_eq!(status_of(&world, second), EntryStatus::NeedsReview { why: Review::LimitBroken });
    let posting = world.reversal((&school, 4), second, Agreed::OnPaper);
    world.accept(posting);
    assert_eq!(status_of(&world, first), EntryStatus::Valid);
    checked(&world);
}

#[test]
fn a_refused_application_is_decided_again_after_an_appeal() {
    let mut world = World::converting();
    with_deadlines(&mut world);
    let (refused, appeal) = appealed(&mut world);
    let application = asked::conversion(&world.state, refused).expect("memory").expect("decided").application;
    assert!(!asked::application(&world.state, application).expect("memory").expect("there").is_open());
    // Not by whoever decided, nor by anybody else.
    let school = world.school.id.clone();
    for (by, seed) in [(school.clone(), 4), (world.college.id.clone(), 5)] {
        let body = xuefen_core::proto::DecideAppeal {
            appeal: Some(world.reference(appeal)),
            verdict: Verdict::Granted as i32,
        };
        let posting = world.public(&by, Body::DecideAppeal(body), &[seed]);
        assert_eq!(refusal(&world, posting).0, Rejection::NotEntitled);
    }
    let posting = on_appeal(&mut world, appeal, Verdict::Granted);
    world.accept(posting);
    assert_eq!(asked::due(&world.state, application).expect("memory"), Some(world.now + 10 * DAY));
    let second = world.granted(application);
    let row = asked::application(&world.state, application).expect("memory").expect("there");
    assert_eq!((row.decisions.clone(), row.decision()), (vec![refused, second], Some(second)));
    checked(&world);
}

#[test]
fn silence_is_appealed_after_the_deadline() {
    let mut world = World::converting();
    with_deadlines(&mut world);
    let certificate = world.certificate("X-1", "1");
    let application = world.apply(world.named["convert"], &[certificate]);
    let due = asked::due(&world.state, application).expect("memory").expect("by policy");
    assert_eq!(due, world.now + 5 * DAY);
    let school = world.school.id.clone();
    world.now = due;
    let early = world.appealing((&school, 4), application, Agreed::OnPaper);
    assert_eq!(refusal(&world, early).0, Rejection::AppealNotDue);
    world.now += 1;
    let posting = world.appealing((&school, 4), application, Agreed::OnPaper);
    let appeal = world.accept(posting);
    let posting = on_appeal(&mut world, appeal, Verdict::Granted);
    world.accept(posting);
    checked(&world);
}

#[test]
fn an_outcome_and_what_was_done_to_it_are_appealed() {
    let mut world = World::converting();
    with_deadlines(&mut world);
    let certificate = world.certificate("X-1", "1");
    let school = world.school.id.clone();
    let posting = world.appealing((&school, 4), certificate, Agreed::OnPaper);
    let first = world.accept(posting);
    let again = world.appealing((&school, 4), certificate, Agreed::OnPaper);
    assert_eq!(refusal(&world, again), (Rejection::AppealExists, Some(first)));
    world.now += 10;
    let issuer = world.body.id.clone();
    let target = Some(world.reference(certificate));
    world.post(&issuer, Body::Revoke(Revoke { target, reason: 1 }), &[6]);
    // Its revocation is another matter. The appeal body is who recorded it, so nobody decides.
    let posting = world.appealing((&school, 4), certificate, Agreed::OnPaper);
    let second = world.accept(posting);
    let posting = on_appeal(&mut world, second, Verdict::Granted);
    assert_eq!(refusal(&world, posting).0, Rejection::NotEntitled);
    checked(&world);
}

#[test]
fn the_learner_withdraws_before_and_undoes_after() {
    let mut world = World::converting();
    let certificate = world.certificate("X-1", "1");
    let application = world.apply(world.named["convert"], &[certificate]);
    let withdrawal = |world: &World, index| {
        Body::WithdrawApplication(WithdrawApplication { application: Some(world.reference(index)) })
    };
    let (school, college, ministry) = (world.school.id.clone(), world.college.id.clone(), world.ministry.id.clone());
    let body = withdrawal(&world, application);
    let strange = world.public(&college, body.clone(), &[5]);
    assert_eq!(refusal(&world, strange).0, Rejection::NotEntitled);
    world.post(&ministry, body, &[102]);
    assert_eq!(refusal_of_taking_up(&mut world, application), Rejection::ApplicationState);
    let used = world.converted(world.named["convert"], &[certificate]);
    let body = withdrawal(&world, application);
    let late = world.public(&school, body, &[4]);
    assert_eq!(refusal(&world, late).0, Rejection::ApplicationState);
    // Within the cooling-off period, at the operator's; with consent.
    world.now += 30 * DAY;
    let silent = world.reversal((&ministry, 102), used, Agreed::No);
    assert_eq!(refusal(&world, silent).0, Rejection::ConsentMissing);
    let posting = world.reversal((&ministry, 102), used, Agreed::Activated);
    world.accept(posting);
    checked(&world);
}

fn refusal_of_taking_up(world: &mut World, application: u64) -> Rejection {
    let school = world.school.id.clone();
    let body = xuefen_core::proto::AcceptApplication { application: Some(world.reference(application)) };
    let posting = world.public(&school, Body::AcceptApplication(body), &[4]);
    refusal(world, posting).0
}

#[test]
fn beyond_a_programme_paper_is_not_enough() {
    let mut world = World::converting();
    let certificate = world.certificate("X-1", "1");
    crate::tests::rejections::bound(&mut world, [7; 16], 71);
    let (school, ministry) = (world.school.id.clone(), world.ministry.id.clone());
    for scope in [ScopeKind::Institution, ScopeKind::Bank] {
        let rule = next_rule(&mut world, &format!("at-{}", scope as i32), at_scope(scope));
        for (by, how, answer) in [
            ((&school, 4), Agreed::OnPaper, Some(Rejection::LearnerSignatureMissing)),
            // Who is not the operator knows no codes.
            ((&school, 4), Agreed::Activated, Some(Rejection::ConsentMissing)),
            ((&ministry, 102), Agreed::Activated, None),
            ((&school, 4), Agreed::Signed(71), None),
            // Not a key of the account.
            ((&school, 4), Agreed::Signed(72), Some(Rejection::LearnerSignatureMissing)),
        ] {
            let posting = world.apply_with((by.0, by.1), rule, &[certificate], how, &[]);
            let refused = match world.decide(posting) {
                Decision::Accept(_) => None,
                Decision::Refuse(refusal) => Some(refusal.rejection),
                Decision::Replay { .. } => panic!("a new nonce"),
            };
            assert_eq!(refused, answer, "{scope:?} {how:?}");
        }
    }
    // A signature is over these sources and this rule.
    let other = world.certificate("X-2", "1");
    let wrong = [(tags::SOURCES, other.to_string().into())];
    let rule = world.named["convert"];
    let posting = world.apply_with((&school, 4), rule, &[certificate], Agreed::Signed(71), &wrong);
    assert_eq!(refusal(&world, posting).0, Rejection::LearnerSignatureWrong);
}

#[test]
fn the_rule_is_that_of_the_day_of_the_application() {
    let mut world = World::converting();
    let certificate = world.certificate("X-1", "1");
    let first = world.named["convert"];
    let early = world.apply(first, &[certificate]);
    world.take_up(early);
    let next = next_rule(&mut world, "bim", |rule| {
        rule.version = 2;
        rule.effective_from += DAY;
        rule.sources = vec![of_family("x-bim", 3)];
    });
    // Not before its day.
    let school = world.school.id.clone();
    let posting = world.apply_with((&school, 4), next, &[certificate], Agreed::OnPaper, &[]);
    assert_eq!(refusal(&world, posting).0, Rejection::ReferenceNotInForce);
    world.now += DAY;
    let posting = world.apply_with((&school, 4), first, &[certificate], Agreed::OnPaper, &[]);
    assert_eq!(refusal(&world, posting).0, Rejection::ReferenceNotInForce);
    world.granted(early);
    let late = world.apply(next, &[certificate]);
    assert_eq!(world.drawn_up(late, None).expect_err("level 1").rejection, Rejection::ConditionNotMet);
    checked(&world);
}
