//! Programmes and their runs: how early a change is filed, and what a run bounds in outcomes.

use super::audits::assert_audited;
use crate::query::flags;
use crate::testing::{World, course, policy, programme, run};
use crate::{Decision, FlagCode, RawPosting, Refusal, Rejection};
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Calendar, Policy, Programme, RecordingRule, Revoke, Run};

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

fn say(world: &mut World, body: Body) -> RawPosting {
    let school = world.school.id.clone();
    world.public(&school, body, &[4])
}

/// The school's programme of its course, in the log.
fn published(world: &mut World) -> u64 {
    let body = programme(&[world.named["course"]]);
    let posting = say(world, Body::Programme(body));
    world.accept(posting)
}

#[test]
fn a_change_is_filed_so_many_working_days_before_a_run_begins() {
    // The world begins on Tuesday 2026-09-01. Holidays 1 and 2 October; Sunday 27 September is worked.
    let mut world = World::furnished();
    let ministry = world.ministry.id.clone();
    let calendar = Calendar { holidays: vec![20_727, 20_728], make_up_days: vec![20_723] };
    let body = Policy { calendar: Some(calendar), ..policy(1, world.now) };
    world.post(&ministry, Body::Policy(body), &[1]);
    let index = published(&mut world);
    // Wednesday to Wednesday: 3 + 5 + 5 + 5 days of September and the Sunday make 19 by Sunday 27 September.
    let monday = 20_724;
    let announced = say(&mut world, Body::Run(Run { start_day: monday, end_day: monday + 9, ..run("B1", index) }));
    let first = world.accept(announced);
    let first_version = programme(&[world.named["course"]]);
    let change = |version, opinions: usize| {
        let opinions_hash = vec![7; opinions];
        Body::Programme(Programme { version, opinions_hash, ..first_version.clone() })
    };
    let (silent, heard) = (change(2, 0), change(2, 32));
    let posting = say(&mut world, heard.clone());
    let told = refusal(&world, posting).expect("19 days");
    assert_eq!((told.rejection, told.existing), (Rejection::NoticeTooShort, Some(first)));
    assert_eq!(told.detail, format!("19 working days before the run of entry {first} starts, at least 20"));
    // Called off, it is no reason any more; the next begins on Tuesday, a day later.
    let target = Some(world.reference(first));
    let posting = say(&mut world, Body::Revoke(Revoke { target, reason: 1 }));
    world.accept(posting);
    let announced = Run { start_day: monday + 1, end_day: monday + 9, ..run("B2", index) };
    let posting = say(&mut world, Body::Run(announced));
    world.accept(posting);
    let posting = say(&mut world, silent.clone());
    let told = refusal(&world, posting).expect("opinions are missing");
    assert_eq!((told.rejection, &*told.field), (Rejection::FieldMissing, "statement.programme.opinions_hash"));
    let posting = say(&mut world, heard);
    world.accept(posting);
    // Once it has begun no change concerns it.
    world.now += 29 * 86_400;
    let posting = say(&mut world, change(3, 0));
    assert_eq!(rejection(&world, posting), None);
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn a_programme_has_a_thousand_runs_ahead_at_most() {
    let mut world = World::furnished();
    let index = published(&mut world);
    for number in 0..1_000 {
        let posting =
            say(&mut world, Body::Run(Run { start_day: 20_750, end_day: 20_760, ..run(&format!("B{number}"), index) }));
        world.accept(posting);
    }
    let posting = say(&mut world, Body::Run(Run { start_day: 20_750, end_day: 20_760, ..run("B", index) }));
    let told = refusal(&world, posting).expect("one too many");
    assert_eq!((told.rejection, &*told.field), (Rejection::FieldMalformed, "statement.run.offer_index"));
    // Those that have begun are thought of no more.
    world.now += 60 * 86_400;
    let posting = say(&mut world, Body::Run(Run { start_day: 20_790, end_day: 20_791, ..run("B", index) }));
    world.accept(posting);
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn a_run_bounds_the_minutes_of_outcomes_that_name_it() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    let course_index = world.named["course"];
    for (code, offer, minutes) in [("short", course_index, 2_000), ("other", world.named["other_course"], 2_880)] {
        let body = Run { minutes, practice_minutes: minutes.min(1_440), ..run(code, offer) };
        let (issuer, seed) = if code == "short" { (school.clone(), 4) } else { (world.college.id.clone(), 5) };
        world.post(&issuer, Body::Run(body), &[seed]);
    }
    let again = say(&mut world, Body::Run(run("short", course_index)));
    assert_eq!(rejection(&world, again), Some(Rejection::RunExists));
    let theirs = Body::Run(run("theirs", world.named["other_course"]));
    let theirs = say(&mut world, theirs);
    assert_eq!(rejection(&world, theirs), Some(Rejection::ReferenceWrongKind));
    let second = course(world.named["rule"]);
    let second = say(&mut world, Body::Course(xuefen_core::proto::Course { code: "第二".into(), ..second }));
    let second = world.accept(second);
    let whole = say(&mut world, Body::Programme(programme(&[second])));
    let whole = world.accept(whole);
    let posting = say(&mut world, Body::Run(run("whole", whole)));
    world.accept(posting);
    let too_long = Some((Rejection::MinutesOutOfBounds, "2880, the run has 2000"));
    for (name, expected) in [
        ("short", too_long),
        // Nobody published it, or not this school: a label.
        ("label", None),
        ("other", None),
        // Its programme has another course.
        ("whole", Some((Rejection::ReferenceWrongKind, ""))),
    ] {
        let (body, mut values) = world.course_outcome();
        values.push((tags::RUN, name.into()));
        let posting = world.outcome(&school, body, &values, 4);
        let told = refusal(&world, posting);
        assert_eq!(told.as_ref().map(|it| (it.rejection, &*it.detail)), expected, "{name}");
    }
    assert_audited(&world);
}

#[test]
fn a_programme_with_little_practice_is_remarked_on() {
    let mut world = World::furnished();
    let theory = course(world.named["rule"]);
    let theory = xuefen_core::proto::Course { code: "理论".into(), practice_minutes: 0, ..theory };
    let theory = say(&mut world, Body::Course(theory));
    let theory = world.accept(theory);
    for (code, parts, flagged) in [("half", vec![world.named["course"]], false), ("less", vec![theory], true)] {
        let body = Programme { code: code.into(), ..programme(&parts) };
        let posting = say(&mut world, Body::Programme(body));
        let index = world.accept(posting);
        let said = flags(&world.state, index).expect("memory");
        assert_eq!(said.iter().any(|flag| flag.code == FlagCode::PracticeShareLow), flagged, "{code}");
    }
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}

#[test]
fn recording_rules_have_three_tiers_each_stricter() {
    let mut world = World::furnished();
    let (qinghai, school, college) = (world.qinghai.id.clone(), world.school.id.clone(), world.college.id.clone());
    let below = |parent, hour: u32, hours: u32| RecordingRule {
        code: "below".into(),
        parent_index: parent,
        hour_minutes: hour,
        theory_hours_per_credit: hours,
        practice_hours_per_credit: 2 * hours,
        ..crate::testing::rule()
    };
    let nation = world.named["rule"];
    let alone = world.public(&qinghai, Body::RecordingRule(below(0, 45, 16)), &[2]);
    assert_eq!(rejection(&world, alone), Some(Rejection::NotEntitled));
    // Longer hours, fewer of them: what counts is the minutes of a credit.
    let looser = world.public(&qinghai, Body::RecordingRule(below(nation, 50, 14)), &[2]);
    let told = refusal(&world, looser).expect("looser");
    assert_eq!((told.rejection, told.existing), (Rejection::LooserThanParent, Some(nation)));
    let ministry = &world.ministry.id;
    let asked = format!("700 minutes for a credit, where national@1 of {ministry} (entry {nation}) asks at least 720");
    assert_eq!(told.detail, asked);
    let province = world.post(&qinghai, Body::RecordingRule(below(nation, 50, 15)), &[2]);
    for (issuer, seed, parent, expected) in [
        (&school, 4, province, None),
        (&college, 5, province, Some(Rejection::ReferenceWrongKind)),
        (&college, 5, nation, None),
    ] {
        let posting = world.public(issuer, Body::RecordingRule(below(parent, 50, 15)), &[seed]);
        assert_eq!(rejection(&world, posting), expected);
    }
    // A school's rule is nobody's parent.
    let own = world.post(&school, Body::RecordingRule(below(province, 50, 15)), &[4]);
    let second = RecordingRule { version: 2, ..below(own, 50, 15) };
    let posting = world.public(&school, Body::RecordingRule(second), &[4]);
    assert_eq!(rejection(&world, posting), Some(Rejection::ReferenceWrongKind));
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
}
