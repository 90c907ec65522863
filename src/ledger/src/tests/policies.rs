//! Policies: what holds before there is one, from when a version counts, and that a province is stricter or adds.

use super::audits::assert_audited;
use crate::policy::Past;
use crate::query::policy_in_force;
use crate::testing::{World, course, policy, qinghai_policy};
use crate::{Decision, FlagCode, RawPosting, Refusal, Rejection};
use xuefen_core::kinds::tags;
use xuefen_core::proto::change_institution::Change;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    Calendar, ChangeInstitution, CosignRule, EndEffect, InstitutionKind, IssueRight, MassPassRule, OutcomeKind, Policy,
    ReasonCode, Revoke, RevokeInstitution, Scale, Severity, Suspend, Threshold,
};

/// Posts the nation's policy.
fn national(world: &mut World, body: Policy) -> u64 {
    let ministry = world.ministry.id.clone();
    world.post(&ministry, Body::Policy(body), &[1])
}

fn refusal(world: &World, posting: RawPosting) -> Option<Refusal> {
    match world.decide(posting) {
        Decision::Accept(_) => None,
        Decision::Refuse(refusal) => Some(refusal),
        Decision::Replay { .. } => panic!("a new nonce"),
    }
}

fn rejection(world: &World, posting: RawPosting) -> Option<Rejection> {
    refusal(world, posting).map(|refusal| refusal.rejection)
}

fn achieved(world: &mut World, date: &str) -> RawPosting {
    let (body, mut values) = world.course_outcome();
    values.push((tags::ACHIEVED_ON, date.into()));
    let school = world.school.id.clone();
    world.outcome(&school, body, &values, 4)
}

#[test]
fn a_version_counts_from_its_time_on_and_the_newest_wins() {
    let mut world = World::furnished();
    let start = world.now;
    let short = Policy { achieved_age_days: 10, ..policy(1, start + 1_000) };
    let first = national(&mut world, short);
    // Twelve days before the day of issue.
    let old = "2026-08-20";
    let posting = achieved(&mut world, old);
    assert_eq!(rejection(&world, posting), None, "built in until its time has come");
    world.now = start + 1_000;
    let posting = achieved(&mut world, old);
    let told = refusal(&world, posting).expect("ten days now");
    assert_eq!((told.rejection, &*told.detail), (Rejection::AchievedTooLongAgo, "12 days ago, at most 10"));
    // A later version that says nothing of it gives back what is built in; its time first lies ahead.
    let second = national(&mut world, policy(2, start + 2_000));
    let posting = achieved(&mut world, old);
    assert!(rejection(&world, posting).is_some());
    world.now = start + 2_000;
    let posting = achieved(&mut world, old);
    assert_eq!(rejection(&world, posting), None);
    let school = world.school.id.clone();
    let in_force = |time| policy_in_force(&world.state, &school, time).expect("memory").indices();
    assert_eq!(
        [in_force(start), in_force(start + 1_000), in_force(start + 2_000)],
        [vec![], vec![first], vec![second]]
    );
    let before = policy_in_force(&world.state.as_of(second), &school, start + 2_000).expect("memory");
    assert_eq!(before.indices(), [first]);
    let mut past = Past::new(&world.state);
    for index in 0..world.state.size() {
        for time in [start, start + 1_000, start + 2_000] {
            let then = policy_in_force(&world.state.as_of(index), &school, time).expect("memory");
            assert_eq!(past.before(index, "630000", time).expect("memory"), then, "{index} at {time}");
        }
    }
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn every_number_is_the_policys() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    let index = world.named["course"];
    let suspend = |world: &mut World, days: i64| {
        let target = Some(world.reference(index));
        let body = Body::Suspend(Suspend { target, reason: 4, until: world.now + days * 86_400 });
        world.public(&school, body, &[4])
    };
    let posting = suspend(&mut world, 20);
    assert_eq!(rejection(&world, posting), None);
    let two_words =
        Scale {
            code: "two".into(), words: vec!["通过".into(), "未通过".into()], passing_words: 1, ..Scale::default()
        };
    let hundred =
        Scale { code: "percentage".into(), pass_mark_millis: 70_000, top_mark_millis: 100_000, ..Scale::default() };
    let body = Policy {
        suspension_days: 10,
        statement_age_seconds: 3_600,
        scales: vec![hundred, two_words],
        mass_pass: Some(MassPassRule { learners: 1, share_basis_points: 1, window_days: 60 }),
        ..policy(1, world.now)
    };
    national(&mut world, body);
    let posting = suspend(&mut world, 20);
    let told = refusal(&world, posting).expect("ten days");
    assert_eq!((told.rejection, &*told.detail), (Rejection::SuspensionTooLong, "1728000 s, at most 10 days"));
    let posting = suspend(&mut world, 10);
    world.now += 3_601;
    assert_eq!(rejection(&world, posting), Some(Rejection::StatementTooOld));
    // 66 was a pass and is none any more; other scales are gone, a new one is there.
    let posting = achieved(&mut world, "2026-08-30");
    assert_eq!(rejection(&world, posting), Some(Rejection::CreditsDisagree));
    for (scale, code, expected) in
        [("five_grade", "a", Some(Rejection::ScaleUnknown)), ("two", "b", None), ("percentage", "c", None)]
    {
        let body = xuefen_core::proto::Course { code: code.into(), scale: scale.into(), ..course(world.named["rule"]) };
        let posting = world.public(&school, Body::Course(body), &[4]);
        assert_eq!(rejection(&world, posting), expected, "{scale}");
    }
    // One learner who turns is too many now.
    for (attempt, grade, credits, flagged) in [("1", "66", "0", false), ("2", "70", "3000", true)] {
        let (body, mut values) = world.course_outcome();
        values.extend([
            (tags::SOURCE_ID, attempt.into()),
            (tags::ATTEMPT, attempt.into()),
            (tags::GRADE, grade.into()),
            (tags::CREDIT_MILLIS, credits.into()),
        ]);
        let posting = world.outcome(&school, body, &values, 4);
        let (_, effects) = world.try_post(posting).expect("accepted");
        assert_eq!(effects.flags.iter().any(|flag| flag.code == FlagCode::MassPass), flagged, "{attempt}");
    }
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn policy_says_which_kind_of_institution_records_what_at_which_level() {
    let mut world = World::furnished();
    let (issuer, skill) = (world.body.id.clone(), OutcomeKind::SkillLevelCertificate);
    let certificate = |world: &mut World, level: &str| {
        let (body, mut values) = world.certificate_outcome(skill, "skill");
        values.push((tags::LEVEL, level.into()));
        values.push((tags::ROUTE, b"standard".to_vec()));
        world.outcome(&issuer, body, &values, 6)
    };
    let right = |kind: InstitutionKind, highest_level| IssueRight {
        outcome_kind: skill as i32,
        institution_kinds: vec![kind as i32],
        lowest_level: 1,
        highest_level,
    };
    // The world's institutions are all higher vocational colleges.
    let college = InstitutionKind::HigherVocational;
    for (version, right, expected) in [
        (1, right(InstitutionKind::Enterprise, 0), [Some("outcome_kind"); 2]),
        (2, right(college, 3), [None, Some("level")]),
        (3, right(college, 4), [None, None]),
    ] {
        let body = Policy { issue_rights: vec![right], ..policy(version, world.now) };
        national(&mut world, body);
        for (level, expected) in ["3", "4"].into_iter().zip(expected) {
            let posting = certificate(&mut world, level);
            let told = refusal(&world, posting);
            assert_eq!(told.as_ref().map(|it| it.rejection), expected.map(|_| Rejection::IssueRightMissing));
            assert!(expected.is_none_or(|field| told.is_some_and(|it| it.field.contains(field))), "{version} {level}");
        }
    }
    assert_audited(&world);
}

fn listed(codes: &[(&str, u32)]) -> Vec<ReasonCode> {
    let code = |(code, effect): &(&str, u32)| ReasonCode {
        code: (*code).to_owned(),
        names: Vec::new(),
        default_effect: *effect,
    };
    codes.iter().map(code).collect()
}

#[test]
fn grounds_and_reasons_are_those_listed_and_another_effect_is_remarked_on() {
    let mut world = World::furnished();
    let body = Policy {
        grounds: listed(&[("false_materials", EndEffect::Retroactive as u32)]),
        reasons: listed(&[("fraud", 0)]),
        ..policy(1, world.now)
    };
    national(&mut world, body);
    let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
    let end = |world: &mut World, ground, effect: EndEffect, since| {
        let change = Some(Change::Revoke(RevokeInstitution { ground, effect: effect as i32, since }));
        let body = ChangeInstitution { institution: school.clone(), change };
        world.public(&ministry, Body::ChangeInstitution(body), &[1, 2])
    };
    let posting = end(&mut world, 2, EndEffect::Prospective, 0);
    assert_eq!(rejection(&world, posting), Some(Rejection::GroundNotListed));
    let target = Some(world.reference(world.named["course"]));
    for (reason, expected) in [(1, Some(Rejection::GroundNotListed)), (3, None)] {
        let posting = world.public(&school, Body::Revoke(Revoke { target: target.clone(), reason }), &[4]);
        assert_eq!(rejection(&world, posting), expected);
    }
    let posting = end(&mut world, 1, EndEffect::Retroactive, 1);
    assert!(matches!(world.decide(posting), Decision::Accept(effects) if effects.flags.is_empty()));
    let posting = end(&mut world, 1, EndEffect::Prospective, 0);
    let (index, effects) = world.try_post(posting).expect("accepted");
    assert_eq!(effects.flags.iter().map(|flag| flag.code).collect::<Vec<_>>(), [FlagCode::EffectNotDefault]);
    assert_eq!(crate::query::flags(&world.state, index).expect("memory"), effects.flags);
    assert_audited(&world);
}

type Edit<'a> = &'a dyn Fn(&mut Policy);
/// The number that is refused and the bound it is held against; `None` = accepted.
type Told<'a> = Option<(&'a str, Option<&'a str>)>;

#[test]
fn a_province_is_stricter_or_adds() {
    let mut world = World::furnished();
    let mark = |code: &str, pass| Scale {
        code: code.to_owned(),
        pass_mark_millis: pass,
        top_mark_millis: 100_000,
        ..Scale::default()
    };
    let threshold = |bound, severity: Severity| Threshold {
        code: "practice_share_teacher".into(),
        bound,
        severity: severity as i32,
        reason: "province".into(),
    };
    let cosign = |time, lapse_days| CosignRule { outcome_kind: 9, time, cosigner_kind: 10, lapse_days };
    let nation = Policy {
        achieved_age_days: 300,
        cosign_rules: vec![cosign(2, 30)],
        calendar: Some(Calendar { holidays: vec![20_728], make_up_days: vec![20_723] }),
        ..policy(1, world.now)
    };
    let nation = national(&mut world, nation);
    let qinghai = world.qinghai.id.clone();
    let now = world.now;
    let with = |edit: &dyn Fn(&mut Policy)| {
        let mut body = qinghai_policy(1, now);
        edit(&mut body);
        Body::Policy(body)
    };
    let at_most = format!("301, where the nation's policy, entry {nation} asks at most 300");
    let cases: [(Edit<'_>, Told<'_>); 14] = [
        (&|it| it.achieved_age_days = 301, Some(("achieved_age_days", Some(&at_most)))),
        (&|it| it.achieved_age_days = 300, None),
        (&|it| it.rotation_seconds = 300_000, None),
        (&|it| it.notice_working_days = 19, Some(("notice_working_days", None))),
        (&|it| it.scales = vec![mark("percentage", 59_000)], Some(("scales", None))),
        (&|it| it.scales = vec![mark("percentage", 61_000), mark("own", 1)], None),
        (&|it| it.thresholds = vec![threshold(4_999, Severity::Soft)], Some(("thresholds", None))),
        (&|it| it.thresholds = vec![threshold(5_000, Severity::Advisory)], Some(("thresholds", None))),
        (&|it| it.thresholds = vec![threshold(6_000, Severity::Hard)], None),
        (&|it| it.cosign_rules = vec![cosign(2, 31)], Some(("cosign_rules", None))),
        (&|it| it.cosign_rules = vec![cosign(2, 0)], Some(("cosign_rules", None))),
        (&|it| it.cosign_rules = vec![cosign(1, 7)], None),
        (
            &|it| it.calendar = Some(Calendar { holidays: vec![], make_up_days: vec![20_722] }),
            Some(("make_up_days", None)),
        ),
        (&|it| it.calendar = Some(Calendar { holidays: vec![20_730], make_up_days: vec![20_723] }), None),
    ];
    for (at, (edit, expected)) in cases.into_iter().enumerate() {
        let posting = world.public(&qinghai, with(edit), &[2]);
        let told = refusal(&world, posting);
        assert_eq!(told.as_ref().map(|it| it.rejection), expected.map(|_| Rejection::LooserThanParent), "{at}");
        let (Some(told), Some((field, detail))) = (told, expected) else { continue };
        assert!(told.field.contains(field) && detail.is_none_or(|it| it == told.detail), "{told}");
    }
    // It binds its own institutions only, together with the nation's.
    let own = with(&|it| {
        it.achieved_age_days = 5;
        it.thresholds = vec![threshold(6_000, Severity::Hard)];
        it.cosign_rules = vec![cosign(1, 0)];
    });
    let index = world.post(&qinghai, own, &[2]);
    let (school, college) = (world.school.id.clone(), world.college.id.clone());
    let there = policy_in_force(&world.state, &school, now).expect("memory");
    assert_eq!(there.indices(), [nation, index]);
    let bound = there.threshold(crate::Threshold::PracticeShareTeacher).expect("a bound");
    assert_eq!((bound.least, bound.severity, bound.policy, &*bound.reason), (6_000, Severity::Hard, index, "province"));
    assert_eq!(there.cosigners(OutcomeKind::PracticeRecord), [cosign(1, 30)]);
    assert_eq!(policy_in_force(&world.state, &college, now).expect("memory").indices(), [nation]);
    let posting = achieved(&mut world, "2026-08-20");
    assert_eq!(rejection(&world, posting), Some(Rejection::AchievedTooLongAgo));
    // What the nation tightens later binds there too.
    let stricter = Policy { achieved_age_days: 1, ..policy(2, now) };
    national(&mut world, stricter);
    let posting = achieved(&mut world, "2026-08-30");
    assert!(refusal(&world, posting).is_some_and(|it| it.detail == "2 days ago, at most 1"));
    assert_audited(&world);
}

#[test]
fn a_line_of_policies_has_one_owner_and_one_name() {
    use Rejection::{EffectiveInPast, FieldMalformed, NotEntitled, RegionNotAllowed, VersionNotNext};
    let mut world = World::furnished();
    let (ministry, qinghai, school) = (world.ministry.id.clone(), world.qinghai.id.clone(), world.school.id.clone());
    let now = world.now;
    let mut told = |issuer: &str, body: Policy, seed| {
        let posting = world.public(issuer, Body::Policy(body), &[seed]);
        let told = rejection(&world, posting.clone());
        if told.is_none() {
            world.accept(posting);
        }
        told
    };
    assert_eq!(told(&school, policy(1, now), 4), Some(NotEntitled));
    assert_eq!(told(&qinghai, policy(1, now), 2), Some(RegionNotAllowed));
    assert_eq!(told(&ministry, qinghai_policy(1, now), 1), Some(RegionNotAllowed));
    let jiangsu = Policy { region: "320000".into(), ..qinghai_policy(1, now) };
    assert_eq!(told(&qinghai, jiangsu, 2), Some(RegionNotAllowed));
    let city = Policy { region: "630100".into(), ..qinghai_policy(1, now) };
    assert_eq!(told(&qinghai, city, 2), Some(FieldMalformed));
    assert_eq!(told(&ministry, policy(1, now - 1), 1), Some(EffectiveInPast));
    assert_eq!(told(&ministry, policy(2, now), 1), Some(VersionNotNext));
    assert_eq!(told(&ministry, policy(1, now), 1), None);
    let renamed = Policy { code: "other".into(), ..policy(1, now) };
    assert_eq!(told(&ministry, renamed, 1), Some(FieldMalformed));
    for (edit, good) in [
        ((|it| it.rotation_seconds = 3_600) as fn(&mut Policy), false),
        (|it| it.rotation_seconds = 72 * 3_600, true),
        (|it| it.scales = vec![Scale { code: "a".into(), ..Scale::default() }], false),
        (|it| it.thresholds = vec![Threshold { code: "nothing".into(), severity: 1, ..Threshold::default() }], false),
        (|it| it.calendar = Some(Calendar { holidays: vec![2, 1], make_up_days: vec![] }), false),
        (|it| it.calendar = Some(Calendar { holidays: vec![1], make_up_days: vec![1] }), false),
        (|it| it.appeal_body = "x-appeals".into(), true),
    ] {
        let mut body = policy(2, now);
        edit(&mut body);
        let posting = world.public(&ministry, Body::Policy(body), &[1]);
        assert_eq!(rejection(&world, posting), (!good).then_some(FieldMalformed));
    }
    assert_audited(&world);
}
