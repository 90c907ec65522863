//! What outcomes rest on: steps and grounds of levels, assessors, parts.

use crate::testing::{NoBatches, TestSecrets, World};
use crate::{Decision, FlagCode, KeyLookup, Prepared, RawPosting, Rejection};
use xuefen_core::key::{KeyId, PublicKey};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, CertificateFamily, OutcomeKind, Policy, RecordOutcome, Revoke};

const TEACHER: [u8; 16] = [8; 16];

/// A world with a second person, and families for micro- and completion certificates.
fn world() -> World {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    world.open(&school, 4, TEACHER, "110101199003070001");
    let ministry = world.ministry.id.clone();
    for (name, code, kind) in [
        ("micro", "m-noodle", OutcomeKind::MicroCertificate),
        ("training", "t-base", OutcomeKind::CompletionCertificate),
    ] {
        let family = CertificateFamily {
            code: code.to_owned(),
            outcome_kind: kind as i32,
            levels: Vec::new(),
            ..crate::testing::x_family()
        };
        let index = world.post(&ministry, Body::CertificateFamily(family), &[1]);
        world.named.insert(name, index);
    }
    let base = world.accreditation(&world.body, "320000", "示例评价组织");
    let families = ["x-bim", "skill-cook", "m-noodle", "t-base"].map(str::to_owned).to_vec();
    world.accredit(AccreditInstitution { families, may_import: true, ..base });
    world
}

/// An outcome by the evaluation body.
fn by_body(
    world: &mut World,
    kind: OutcomeKind,
    account: [u8; 16],
    source: &str,
    values: &[(Tag, &str)],
) -> RawPosting {
    let mut all: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, account.to_vec()),
        (tags::SOURCE_ID, source.into()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, "示例评价组织".into()),
        (tags::CERTIFICATE_NUMBER, source.into()),
    ];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())));
    let issuer = world.body.id.clone();
    let table = tags::of_outcome(kind).expect("has a table");
    all.retain(|(tag, _)| table.contains(tag));
    let body = RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() };
    world.outcome(&issuer, body, &all, 6)
}

fn skill(world: &mut World, source: &str, level: &str, route: &str, cites: &str) -> RawPosting {
    skill_of(world, [7; 16], source, level, route, cites)
}

fn skill_of(world: &mut World, account: [u8; 16], source: &str, level: &str, route: &str, cites: &str) -> RawPosting {
    let family = world.index("skill");
    let values = [(tags::FAMILY, &*family), (tags::LEVEL, level), (tags::ROUTE, route), (tags::CITES, cites)];
    by_body(world, OutcomeKind::SkillLevelCertificate, account, source, &values)
}

fn refused(world: &World, posting: RawPosting) -> Option<Rejection> {
    match world.decide(posting) {
        Decision::Accept(_) => None,
        Decision::Refuse(refusal) => Some(refusal.rejection),
        Decision::Replay { .. } => panic!("a new nonce"),
    }
}

fn micro(world: &mut World, source: &str, parts: &str) -> RawPosting {
    let family = world.index("micro");
    let values = [(tags::FAMILY, family.as_str()), (tags::PARTS, parts)];
    by_body(world, OutcomeKind::MicroCertificate, [7; 16], source, &values)
}

fn pre_service(world: &mut World, source: &str, project: &str, day: &str) -> u64 {
    let family = world.index("training");
    let values = [(tags::FAMILY, family.as_str()), (tags::PROJECT_TYPE, project), (tags::ACHIEVED_ON, day)];
    let posting = by_body(world, OutcomeKind::CompletionCertificate, TEACHER, source, &values);
    world.accept(posting)
}

fn assessed(world: &mut World, kind: &str, evidence: &[u64]) -> RawPosting {
    let (body, mut values) = world.course_outcome();
    let evidence = evidence.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    values.extend([(tags::ASSESSOR_KIND, kind.into()), (tags::ASSESSOR_EVIDENCE, evidence.into())]);
    let school = world.school.id.clone();
    world.outcome(&school, body, &values, 4)
}

pub(super) fn case(rejection: Rejection, world: &mut World) -> RawPosting {
    *world = self::world();
    if rejection == Rejection::AssessorWrong {
        return assessed(world, "part_time", &[]);
    }
    let mut below = String::new();
    for step in 0..5 {
        let posting = micro(world, &format!("step-{step}"), &below);
        below = world.accept(posting).to_string();
    }
    micro(world, "too deep", &below)
}

#[test]
fn the_standard_route_goes_one_step_at_a_time_from_the_level_of_technicians_on() {
    let mut world = world();
    let fourth = skill(&mut world, "1", "4", "standard", "");
    let fourth = world.accept(fourth).to_string();
    let of_other = skill_of(&mut world, TEACHER, "2", "4", "standard", "");
    let of_other = world.accept(of_other).to_string();
    for (level, route, cites, expected) in [
        ("5", "standard", "", Some(Rejection::RouteWrong)),
        ("6", "standard", fourth.as_str(), Some(Rejection::RouteWrong)),
        ("6", "", fourth.as_str(), Some(Rejection::RouteWrong)),
        ("5", "standard", of_other.as_str(), Some(Rejection::CitationWrong)),
        ("6", "outstanding_worker", fourth.as_str(), Some(Rejection::RouteWrong)),
        ("6", "exceptional", fourth.as_str(), Some(Rejection::RouteWrong)),
        ("5", "standard", fourth.as_str(), None),
    ] {
        let posting = skill(&mut world, "3", level, route, cites);
        assert_eq!(refused(&world, posting), expected, "{level} {route} {cites}");
    }
}

#[test]
fn a_prize_from_the_province_up_an_innovation_or_work_opens_the_unusual_routes() {
    let mut world = world();
    let mut evidence = Vec::new();
    for (source, tier, edition) in [("p1", "school", "1"), ("p2", "province", "2")] {
        let values = [
            (tags::TITLE, "中式烹调"),
            (tags::CONTEST_TIER, tier),
            (tags::CONTEST_GROUP, "worker"),
            (tags::AWARD, "first"),
            (tags::EDITION, edition),
        ];
        let posting = by_body(&mut world, OutcomeKind::ContestResult, [7; 16], source, &values);
        evidence.push(world.accept(posting).to_string());
    }
    for (source, activity) in [("a1", "lecture"), ("a2", "innovation")] {
        let values = [(tags::TITLE, "灶具改造"), (tags::ACTIVITY_KIND, activity)];
        let posting = by_body(&mut world, OutcomeKind::NonCreditActivity, [7; 16], source, &values);
        evidence.push(world.accept(posting).to_string());
    }
    let values = [(tags::POST, "厨师长"), (tags::START_ON, "2010-01-01")];
    let posting = by_body(&mut world, OutcomeKind::EmploymentPeriod, [7; 16], "e1", &values);
    evidence.push(world.accept(posting).to_string());
    let good = [
        ("exceptional", [false, true, false, true, false]),
        ("outstanding_worker", [false, false, false, false, true]),
        ("standard", [false; 5]),
    ];
    for (route, accepted) in good {
        for (cites, accepted) in evidence.iter().zip(accepted) {
            let posting = skill(&mut world, "s", "6", route, cites);
            let expected = (!accepted).then_some(Rejection::RouteWrong);
            assert_eq!(refused(&world, posting), expected, "{route} on {cites}");
        }
    }
    // Old paper shows no ground for a right.
    let (mut body, mut values) = world.certificate_outcome(OutcomeKind::SkillLevelCertificate, "skill");
    body.imported = true;
    values.extend([(tags::LEVEL, b"4".to_vec()), (tags::ROUTE, b"standard".to_vec())]);
    let issuer = world.body.id.clone();
    let posting = world.outcome(&issuer, body, &values, 6);
    let paper = world.accept(posting).to_string();
    let posting = skill(&mut world, "s", "5", "standard", &paper);
    assert_eq!(refused(&world, posting), Some(Rejection::RouteWrong));
}

#[test]
fn a_part_time_assessor_has_passed_before_and_is_able_or_flagged() {
    let mut world = world();
    let passed = pre_service(&mut world, "t1", "pre_service", "2026-08-01");
    let late = pre_service(&mut world, "t2", "pre_service", "2026-08-31");
    let other = pre_service(&mut world, "t3", "worker_skills", "2026-08-01");
    let mut level = |level: &str, account: [u8; 16]| {
        let posting = skill_of(&mut world, account, &format!("l{level}{}", account[0]), level, "standard", "");
        world.accept(posting)
    };
    let (third, fourth, of_learner) = (level("3", TEACHER), level("4", TEACHER), level("4", [7; 16]));
    for (kind, evidence, expected) in [
        ("part_time", vec![passed, fourth], None),
        ("part_time", vec![passed, third], Some(Rejection::AssessorWrong)),
        ("part_time", vec![fourth], Some(Rejection::AssessorWrong)),
        ("part_time", vec![late, fourth], Some(Rejection::AssessorWrong)),
        ("part_time", vec![other, fourth], Some(Rejection::AssessorWrong)),
        ("part_time", vec![passed, of_learner], Some(Rejection::AssessorWrong)),
        ("part_time", vec![passed, 9_999], Some(Rejection::AssessorWrong)),
        ("part_time_exempt", vec![passed, third], None),
        ("part_time_exempt", vec![passed], None),
        ("part_time_exempt", vec![third], Some(Rejection::AssessorWrong)),
        ("staff", vec![], None),
        ("staff", vec![passed], Some(Rejection::AssessorWrong)),
        ("", vec![passed], Some(Rejection::AssessorWrong)),
    ] {
        let mut evidence = evidence;
        evidence.sort_unstable();
        let posting = assessed(&mut world, kind, &evidence);
        if let Decision::Accept(effects) = world.decide(posting.clone()) {
            let flagged = effects.flags.iter().any(|flag| flag.code == FlagCode::AssessorLevelLow);
            assert_eq!(flagged, kind == "part_time_exempt", "{kind}");
        }
        assert_eq!(refused(&world, posting), expected, "{kind} {evidence:?}");
    }
    let issuer = world.body.id.clone();
    let revoke = Revoke { target: Some(world.reference(passed)), reason: 1 };
    world.post(&issuer, Body::Revoke(revoke), &[6]);
    let posting = assessed(&mut world, "part_time", &[passed, fourth]);
    assert_eq!(refused(&world, posting), Some(Rejection::AssessorWrong));
}

#[test]
fn policy_says_where_steps_begin_and_what_an_assessor_has() {
    let mut world = world();
    let passed = pre_service(&mut world, "t1", "pre_service", "2026-08-01");
    let fourth = skill_of(&mut world, TEACHER, "l4", "4", "standard", "");
    let fourth = world.accept(fourth);
    let answers = |world: &mut World| {
        let assessed = assessed(world, "part_time", &[passed, fourth]);
        let third = skill(world, "s", "3", "standard", "");
        (refused(world, assessed), refused(world, third))
    };
    assert_eq!(answers(&mut world), (None, None));
    let ministry = world.ministry.id.clone();
    let body = Policy { step_level: 3, assessor_level: 5, ..crate::testing::policy(1, world.now) };
    world.post(&ministry, Body::Policy(body), &[1]);
    assert_eq!(answers(&mut world), (Some(Rejection::AssessorWrong), Some(Rejection::RouteWrong)));
}

/// What a pool knows that has seen neither keys nor payloads yet.
struct Nothing;

impl KeyLookup for Nothing {
    fn public_key(&self, _: &KeyId) -> Option<PublicKey> {
        None
    }
}

#[test]
fn what_the_pool_could_not_read_is_read_before_it_is_decided() {
    let mut world = world();
    let fourth = skill(&mut world, "1", "4", "standard", "");
    let fourth = world.accept(fourth).to_string();
    let part = micro(&mut world, "part", "");
    let part = world.accept(part).to_string();
    for posting in [skill(&mut world, "2", "5", "standard", &fourth), micro(&mut world, "stack", &part)] {
        let mut prepared =
            crate::prepare(posting, &world.context, &TestSecrets, &Nothing, &world.payloads(), &NoBatches);
        let decided = |prepared: &Prepared| match crate::decide(&world.whole(), prepared, world.now).expect("memory") {
            Decision::Refuse(refusal) => Some(refusal.rejection),
            _ => None,
        };
        // Undecided rather than wrong: nothing is known of what it rests on.
        assert_eq!(decided(&prepared), Some(Rejection::SourceErased));
        crate::complete(&world.state, &mut prepared, &world.payloads()).expect("memory");
        assert_eq!(decided(&prepared), None);
    }
    // A stranger's signature stays unknown, and nothing is read for it.
    let (body, values) = world.course_outcome();
    let school = world.school.id.clone();
    let posting = world.outcome(&school, body, &values, 99);
    let mut prepared = world.prepare(posting);
    crate::complete(&world.state, &mut prepared, &world.payloads()).expect("memory");
    assert_eq!(prepared.signatures(), crate::Signatures::UnknownKey);
}

#[test]
fn parts_are_four_deep_and_sixty_four_at_most() {
    let mut world = world();
    let mut below = String::new();
    for step in 0..5 {
        let posting = micro(&mut world, &format!("step-{step}"), &below);
        below = world.accept(posting).to_string();
    }
    let posting = micro(&mut world, "deeper", &below);
    assert_eq!(refused(&world, posting), Some(Rejection::PartsTooMany));
    let mut wide = Vec::new();
    for part in 0..40 {
        let posting = micro(&mut world, &format!("part-{part}"), "");
        wide.push(world.accept(posting).to_string());
    }
    let (first, second) = (wide[..33].join(","), wide[33..].join(","));
    let posting = micro(&mut world, "first", &first);
    let first = world.accept(posting);
    let posting = micro(&mut world, "second", &second);
    let second = world.accept(posting);
    let posting = micro(&mut world, "both", &format!("{first},{second}"));
    world.accept(posting);
    let posting = micro(&mut world, "too many", &format!("{},{first}", wide[..32].join(",")));
    assert_eq!(refused(&world, posting), Some(Rejection::PartsTooMany));
}
