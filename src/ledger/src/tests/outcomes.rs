//! Outcomes: names, levels, imports, corrections, attempts, 清考.

use super::audits::assert_audited;
use crate::query::{EntryStatus, status};
use crate::testing::{World, authorise};
use crate::{Decision, FlagCode, RawPosting, Rejection};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::change_institution::Change;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{ChangeInstitution, InstitutionKind, MergeInstitution, OutcomeKind, RecordOutcome, Revoke};

type Values = Vec<(Tag, Vec<u8>)>;

/// What became of a posting: nothing wrong, or why not.
fn answer(world: &World, posting: RawPosting) -> Option<Rejection> {
    match world.decide(posting) {
        Decision::Accept(_) => None,
        Decision::Refuse(refusal) => Some(refusal.rejection),
        Decision::Replay { .. } => panic!("a new nonce"),
    }
}

fn course(world: &mut World, issuer: (&str, u8), edit: impl FnOnce(&mut RecordOutcome, &mut Values)) -> RawPosting {
    let (mut body, mut values) = world.course_outcome();
    edit(&mut body, &mut values);
    world.outcome(issuer.0, body, &values, issuer.1)
}

#[test]
fn credits_follow_minutes_grade_and_rule() {
    use Rejection::{CreditsDisagree, CreditsExceedOffer, GradeNotOnScale, MinutesOutOfBounds};
    // minutes, practice, credits, grade
    let cases = [
        ("2880", "1440", "3000", "60", None),
        ("2880", "1440", "3000", "59.5", Some(CreditsDisagree)),
        ("2880", "1440", "0", "59.5", None),
        ("2880", "1440", "0", "60", Some(CreditsDisagree)),
        ("2880", "1441", "3000", "60", Some(MinutesOutOfBounds)),
        ("2881", "1440", "3000", "60", Some(MinutesOutOfBounds)),
        ("1000", "1001", "500", "60", Some(MinutesOutOfBounds)),
        // 2000 / 720 = 2.77, in half credits 2.5
        ("2000", "0", "2500", "60", None),
        ("2000", "0", "2777", "60", Some(CreditsDisagree)),
        // All theory would be 4 credits; the course has 3.
        ("2880", "0", "3000", "60", None),
        ("2880", "0", "4000", "60", Some(CreditsExceedOffer)),
        ("2880", "1440", "3000", "六十", Some(GradeNotOnScale)),
    ];
    let mut world = World::furnished();
    let school = world.school.id.clone();
    for (minutes, practice, credits, grade, expected) in cases {
        let posting = course(&mut world, (&school, 4), |_, values| {
            values.push((tags::MINUTES, minutes.into()));
            values.push((tags::PRACTICE_MINUTES, practice.into()));
            values.push((tags::CREDIT_MILLIS, credits.into()));
            values.push((tags::GRADE, grade.into()));
        });
        assert_eq!(answer(&world, posting), expected, "{minutes} {practice} {credits} {grade}");
    }
}

#[test]
fn dates_lie_within_400_days_unless_imported() {
    use Rejection::{AchievedInFuture, AchievedTooLongAgo};
    let mut world = World::furnished();
    let importing = xuefen_core::proto::AccreditInstitution {
        may_import: true,
        ..world.accreditation(&world.school, "630100", "西宁市第一职业技术学校")
    };
    world.accredit(importing);
    let school = world.school.id.clone();
    // The world begins on 2026-09-01 in UTC+8.
    for (date, imported, expected) in [
        ("2026-09-01", false, None),
        ("2026-09-02", false, Some(AchievedInFuture)),
        ("2025-07-28", false, None),
        ("2025-07-27", false, Some(AchievedTooLongAgo)),
        ("1987-07-01", true, None),
        ("2026-09-02", true, Some(AchievedInFuture)),
    ] {
        let posting = course(&mut world, (&school, 4), |body, values| {
            body.imported = imported;
            values.push((tags::ACHIEVED_ON, date.into()));
        });
        assert_eq!(answer(&world, posting), expected, "{date} {imported}");
    }
}

#[test]
fn levels_need_the_family_the_right_and_the_route() {
    use Rejection::{LevelNotAllowed, RouteWrong};
    let mut world = World::furnished();
    let (issuer, school) = (world.body.id.clone(), world.school.id.clone());
    let contest = course(&mut world, (&school, 4), |_, _| {});
    let cited = world.accept(contest).to_string();
    let ladder = xuefen_core::proto::AccreditInstitution {
        full_ladder: vec!["4-03-02-01".to_owned()],
        kind: InstitutionKind::Enterprise as i32,
        ..world.accreditation(&world.body, "320000", "示例评价组织")
    };
    let cases = [
        (false, "4", "standard", "", None),
        (false, "6", "standard", "", Some(RouteWrong)),
        (false, "7", "full_ladder", "", Some(LevelNotAllowed)),
        (false, "9", "standard", "", Some(LevelNotAllowed)),
        (false, "0", "standard", "", Some(LevelNotAllowed)),
        (false, "6", "", "", Some(RouteWrong)),
        (false, "6", "exceptional", "", Some(RouteWrong)),
        (false, "6", "exceptional", cited.as_str(), Some(RouteWrong)),
        (false, "6", "outstanding_worker", "", Some(RouteWrong)),
        (false, "6", "full_ladder", "", Some(RouteWrong)),
        (false, "6", "by_favour", "", Some(Rejection::ValueMalformed)),
        (true, "7", "full_ladder", "", None),
        (true, "8", "full_ladder", "", None),
        (true, "7", "standard", "", Some(RouteWrong)),
        (true, "9", "full_ladder", "", Some(LevelNotAllowed)),
    ];
    let mut has_ladder = false;
    for (full, level, route, cites, expected) in cases {
        if full && !has_ladder {
            world.accredit(ladder.clone());
            has_ladder = true;
        }
        let (body, mut values) = world.certificate_outcome(OutcomeKind::SkillLevelCertificate, "skill");
        values.extend([(tags::LEVEL, level.into()), (tags::ROUTE, route.into()), (tags::CITES, cites.into())]);
        let posting = world.outcome(&issuer, body, &values, 6);
        assert_eq!(answer(&world, posting), expected, "{full} {level} {route} {cites}");
    }
}

#[test]
fn a_correction_keeps_what_it_corrects_and_is_of_the_newest_version() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    let posting = course(&mut world, (&school, 4), |_, _| {});
    let first = world.accept(posting);
    let correct = |world: &mut World, target: u64, grade: &str, edit: &dyn Fn(&mut Values)| {
        let (reference, nk) = (world.reference(target), world.nullifier_key(first));
        course(world, (&school, 4), |body, values| {
            body.supersedes = Some(reference);
            values.extend([(tags::NULLIFIER_KEY, nk), (tags::GRADE, grade.into())]);
            edit(values);
        })
    };
    let differs = Some(Rejection::SupersedesDiffers);
    let cases: [(Tag, &[u8], Option<Rejection>); 6] = [
        (tags::GRADE, b"88", None),
        (tags::RUN, b"2026-autumn", differs),
        (tags::ATTEMPT, b"2", differs),
        (tags::NULLIFIER_KEY, &[5; 32], differs),
        (tags::SOURCE_ID, b"renumbered", None),
        (tags::ACCOUNT, &[9; 16], Some(Rejection::ReferenceUnknown)),
    ];
    for (tag, value, expected) in cases {
        let posting = correct(&mut world, first, "70", &|values| values.push((tag, value.to_vec())));
        assert_eq!(answer(&world, posting), expected, "{}", tag.name);
    }
    let posting = correct(&mut world, first, "70", &|_| {});
    let second = world.accept(posting);
    assert_eq!(status(&world.state, first, world.now).expect("memory"), Some(EntryStatus::Superseded { by: second }));
    let posting = correct(&mut world, first, "71", &|_| {});
    assert_eq!(answer(&world, posting), Some(Rejection::SupersedesNotNewest));
    // Once the second is revoked, the first is the newest again.
    let target = Some(world.reference(second));
    world.post(&school, Body::Revoke(Revoke { target, reason: 1 }), &[4]);
    let posting = correct(&mut world, second, "71", &|_| {});
    assert_eq!(answer(&world, posting), Some(Rejection::SupersedesNotNewest));
    let posting = correct(&mut world, first, "71", &|_| {});
    world.accept(posting);
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn a_record_number_counts_once_also_for_the_successor() {
    let mut world = World::furnished();
    let (school, college, ministry) = (world.school.id.clone(), world.college.id.clone(), world.ministry.id.clone());
    let posting = course(&mut world, (&school, 4), |_, _| {});
    world.accept(posting);
    let name = |values: &mut Values| {
        let name = "常州铁道高等职业技术学校";
        values.extend([(tags::ISSUER_NAME, name.into()), (tags::ATTEMPT, b"2".to_vec())]);
    };
    // Before the merger the school's course is not the college's, and its numbers are its own.
    let other_course = world.index("other_course");
    let posting = course(&mut world, (&college, 5), |_, values| name(values));
    assert_eq!(answer(&world, posting), Some(Rejection::ReferenceWrongKind));
    let own = |_: &mut RecordOutcome, values: &mut Values| {
        name(values);
        values.push((tags::OFFER, other_course.clone().into()));
    };
    let posting = course(&mut world, (&college, 5), own);
    assert_eq!(answer(&world, posting), None);
    let merge = Change::Merge(MergeInstitution { successor: college.clone() });
    let change = ChangeInstitution { institution: school, change: Some(merge) };
    world.post(&ministry, Body::ChangeInstitution(change), &[1, 2]);
    let posting = course(&mut world, (&college, 5), |_, values| name(values));
    assert_eq!(answer(&world, posting), Some(Rejection::DuplicateOutcome));
    let posting = course(&mut world, (&college, 5), |_, values| {
        name(values);
        values.push((tags::SOURCE_ID, b"new".to_vec()));
    });
    assert_eq!(answer(&world, posting), None);
}

#[test]
fn an_archive_imports_for_a_closed_school_and_names_it() {
    let mut world = World::furnished();
    let archive = crate::testing::Party::new("x-archive", 70);
    let accreditation = xuefen_core::proto::AccreditInstitution {
        kind: InstitutionKind::Archive as i32,
        may_import: true,
        ..world.accreditation(&archive, "630000", "青海省教育档案馆")
    };
    world.accredit(accreditation);
    let (ministry, school) = (world.ministry.id.clone(), world.school.id.clone());
    world.post(&ministry, authorise("x-archive", &archive.key), &[1, 70]);
    let cases = [
        (true, school.as_str(), None),
        (false, school.as_str(), Some(Rejection::ImportNotAllowed)),
        (true, "", Some(Rejection::NameNotAllowed)),
        (true, "x-unknown", Some(Rejection::NameNotAllowed)),
    ];
    for (imported, original, expected) in cases {
        let posting = course(&mut world, ("x-archive", 70), |body, values| {
            body.imported = imported;
            values.push((tags::ORIGINAL_ISSUER, original.into()));
        });
        assert_eq!(answer(&world, posting), expected, "{imported} {original}");
    }
    // Whoever is no archive and no successor does not speak for the school.
    let importing = xuefen_core::proto::AccreditInstitution {
        may_import: true,
        ..world.accreditation(&world.college, "320400", "常州铁道高等职业技术学校")
    };
    world.accredit(importing);
    let college = world.college.id.clone();
    let posting = course(&mut world, (&college, 5), |body, values| {
        body.imported = true;
        values.push((tags::ORIGINAL_ISSUER, school.clone().into()));
    });
    assert_eq!(answer(&world, posting), Some(Rejection::NotEntitled));
}

#[test]
fn a_second_account_is_refused_without_a_word_about_the_first() {
    let mut world = World::furnished();
    let college = world.college.id.clone();
    let mut answers = Vec::new();
    for (account, document) in [([8; 16], "110101199003070000"), ([7; 16], "other")] {
        let (body, payload) = world.account(account, document);
        let posting = world.private(&college, body, &payload, &[5]);
        let Decision::Refuse(refusal) = world.decide(posting) else { panic!("a second account") };
        answers.push(refusal);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!((answers[0].existing, answers[0].detail.as_ref()), (None, ""));
}

/// A run of so many learners who failed, of whom so many pass the resit on a day; how many postings were flagged.
fn run_of(fails: u8, turned: u8, day: &str) -> usize {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    let mut flagged = 0;
    for (attempt, grade, credits, date, learners) in
        [("1", "52", "0", "2026-08-01", fails), ("2", "66", "3000", day, turned)]
    {
        for learner in 0..learners {
            let mut account = [20; 16];
            account[0] = learner;
            if attempt == "1" {
                world.open(&school, 4, account, &format!("document-{learner}"));
            }
            let posting = course(&mut world, (&school, 4), |_, values| {
                values.extend([
                    (tags::ACCOUNT, account.to_vec()),
                    (tags::SOURCE_ID, format!("{learner}-{attempt}").into()),
                    (tags::ATTEMPT, attempt.into()),
                    (tags::GRADE, grade.into()),
                    (tags::CREDIT_MILLIS, credits.into()),
                    (tags::ACHIEVED_ON, date.into()),
                ]);
            });
            let (_, effects) = world.try_post(posting).expect("accepted");
            flagged += usize::from(effects.flags.iter().any(|flag| flag.code == FlagCode::MassPass));
        }
    }
    assert_eq!(world.rebuilt(), world.state);
    assert_audited(&world);
    flagged
}

#[test]
fn ten_fails_turned_and_30_percent_of_the_run_within_30_days_are_flagged() {
    assert_eq!(run_of(12, 9, "2026-08-30"), 0);
    assert_eq!(run_of(12, 10, "2026-08-30"), 1);
    assert_eq!(run_of(12, 12, "2026-08-31"), 3);
    // The 31st day is too late to count; 10 of 34 are under 30 %.
    assert_eq!(run_of(12, 12, "2026-09-01"), 0);
    assert_eq!(run_of(34, 10, "2026-08-30"), 0);
    assert_eq!(run_of(33, 10, "2026-08-30"), 1);
}

#[test]
fn half_of_a_training_is_practice_hard_in_enterprises_and_soft_for_teachers() {
    use crate::query;
    use crate::tests::rejections::training;
    use xuefen_core::proto::Severity;
    for (project, practice, refused, flagged) in [
        ("enterprise_skills", "2340", None, false),
        ("enterprise_skills", "2339", Some(Rejection::ThresholdNotMet), false),
        ("dual_qualified_teacher", "2339", None, true),
        ("other", "0", None, false),
        ("other", "4681", Some(Rejection::MinutesOutOfBounds), false),
    ] {
        let mut world = World::furnished();
        let posting = training(&mut world, project, practice);
        assert_eq!(answer(&world, posting.clone()), refused, "{project} {practice}");
        if refused.is_some() {
            continue;
        }
        let (index, effects) = world.try_post(posting).expect("accepted");
        let flags = query::flags(&world.state, index).expect("memory");
        assert_eq!(flags, effects.flags);
        assert_eq!(!flags.is_empty(), flagged, "{project} {practice}");
        if let [flag] = &flags[..] {
            assert_eq!((flag.code, flag.severity), (FlagCode::PracticeShareLow, Severity::Soft));
            assert_eq!((&*flag.field, flag.policy), ("payload.practice_minutes (7)", 0));
        }
        assert_eq!(world.rebuilt(), world.state);
        assert_audited(&world);
    }
}
