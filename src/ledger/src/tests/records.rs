//! Outcomes that are neither taught nor certified: what each kind asks beyond its form; one by dice, for long histories.

use crate::testing::World;
use crate::{Decision, RawPosting, Rejection};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{OutcomeKind, RecordOutcome};

/// Values beyond those that every outcome has.
type Values<'a> = &'a [(Tag, &'a str)];

/// An outcome of the account `[7; 16]` by the school.
fn record(world: &mut World, kind: OutcomeKind, source: &str, values: Values<'_>) -> RawPosting {
    let mut all: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, vec![7; 16]),
        (tags::SOURCE_ID, source.into()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, "西宁市第一职业技术学校".into()),
    ];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())));
    let school = world.school.id.clone();
    let body = RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() };
    world.outcome(&school, body, &all, 4)
}

/// Why it is refused, if it is.
fn answer(world: &World, posting: RawPosting) -> Option<Rejection> {
    match world.decide(posting) {
        Decision::Accept(_) => None,
        Decision::Refuse(refusal) => Some(refusal.rejection),
        Decision::Replay { .. } => panic!("a new nonce"),
    }
}

/// The last one of a kind that was recorded is the one that is refused.
pub(super) fn case(rejection: Rejection, world: &mut World) -> RawPosting {
    use OutcomeKind::{Admission, ContestResult, EmploymentPeriod, ExamComponent};
    let classified: Values<'_> = &[(tags::ADMISSION_CLASS, "recommended")];
    let good: Option<(_, Values<'_>)> = match rejection {
        Rejection::ResultExists | Rejection::TeamDiffers => Some((ContestResult, CONTEST)),
        Rejection::AdmissionExcluded => Some((Admission, classified)),
        _ => None,
    };
    if let Some((kind, values)) = good {
        let posting = record(world, kind, "first", values);
        world.accept(posting);
    }
    match rejection {
        Rejection::ScoreWrong => {
            let values =
                [(tags::COMPONENT, "skill"), (tags::SCORE_MILLIS, "351000"), (tags::TOP_SCORE_MILLIS, "350000")];
            record(world, ExamComponent, "second", &values)
        }
        Rejection::PeriodWrong => {
            let values = [(tags::POST, "车工"), (tags::START_ON, "2026-08-31")];
            record(world, EmploymentPeriod, "second", &values)
        }
        Rejection::ResultExists => record(world, ContestResult, "second", CONTEST),
        Rejection::TeamDiffers => {
            let school = world.school.id.clone();
            world.open(&school, 4, [8; 16], "110101199003070001");
            let values = [CONTEST, &[(tags::AWARD, "second")]].concat();
            member(world, [8; 16], "second", &values)
        }
        _ => record(world, Admission, "second", &[(tags::ADMISSION_CLASS, "ordinary")]),
    }
}

const CONTEST: Values<'static> = &[
    (tags::TITLE, "生产单元数字化改造"),
    (tags::CONTEST_TIER, "world"),
    (tags::CONTEST_GROUP, "higher"),
    (tags::AWARD, "first"),
    (tags::TEAM, "T-7"),
    (tags::EDITION, "2024"),
];

/// A contest result of another learner.
fn member(world: &mut World, account: [u8; 16], source: &str, values: Values<'_>) -> RawPosting {
    let mut all: Vec<(Tag, Vec<u8>)> = values.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())).collect();
    all.extend([
        (tags::ACCOUNT, account.to_vec()),
        (tags::SOURCE_ID, source.into()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, "西宁市第一职业技术学校".into()),
    ]);
    let body = RecordOutcome { outcome_kind: OutcomeKind::ContestResult as i32, ..RecordOutcome::default() };
    let school = world.school.id.clone();
    world.outcome(&school, body, &all, 4)
}

/// Kind and values of an outcome by dice: few contests, teams and years, so that they meet.
pub(super) fn random(r: [u8; 8]) -> (RecordOutcome, Vec<(Tag, Vec<u8>)>) {
    fn pick<T: Copy, const N: usize>(list: [T; N], roll: u8) -> T {
        list[usize::from(roll) % N]
    }
    let (kind, values): (_, Vec<(Tag, &str)>) = match r[5] % 12 {
        8..=10 => {
            let values = vec![
                (tags::PRACTICE_KIND, "post"),
                (tags::MINUTES, pick(["2400", "2400", "10"], r[6])),
                (tags::PRACTICE_MINUTES, pick(["2400", "600", "11"], r[6])),
                (tags::CREDIT_MILLIS, pick(["0", "0", "0", "500"], r[7])),
                (tags::AGREEMENT_HASH, "0123456789abcdef0123456789abcdef"),
            ];
            (OutcomeKind::PracticeRecord, values)
        }
        11 => (OutcomeKind::HomeSchoolTransfer, vec![(tags::FROM_SCHOOL, ""), (tags::TO_SCHOOL, "")]),
        0..=2 => {
            let values = vec![
                (tags::TITLE, pick(["数控车工", "护理技能"], r[6])),
                (tags::CONTEST_TIER, "province"),
                (tags::CONTEST_GROUP, pick(["secondary", "higher", "中职组"], r[6] / 64)),
                (tags::AWARD, pick(["first", "third", "third", "third"], r[7])),
                (tags::TEAM, pick(["", "T-1", "T-2"], r[7] / 4)),
                (tags::EDITION, pick(["2025", "2026"], r[6] / 2)),
            ];
            (OutcomeKind::ContestResult, values)
        }
        3 | 4 => {
            let class = pick(["classified", "ordinary", "recommended", "top_up"], r[6]);
            (OutcomeKind::Admission, vec![(tags::ADMISSION_CLASS, class)])
        }
        5 => {
            let (score, top) =
                pick([("300000", "350000"), ("350001", "350000"), ("9", ""), ("", ""), ("0", "1")], r[6]);
            let values = vec![(tags::COMPONENT, "skill"), (tags::SCORE_MILLIS, score), (tags::TOP_SCORE_MILLIS, top)];
            (OutcomeKind::ExamComponent, values)
        }
        6 => {
            let (start, end) =
                pick([("2020-01-01", ""), ("2020-01-01", "2019-12-31"), ("2020-01-01", "2021-01-01")], r[6]);
            let values = vec![(tags::POST, "车工"), (tags::START_ON, start), (tags::END_ON, end)];
            (OutcomeKind::EmploymentPeriod, values)
        }
        _ => (OutcomeKind::Title, vec![(tags::TITLE, "工程师"), (tags::TITLE_RANK, pick(["middle", "中级"], r[6]))]),
    };
    let values = values.into_iter().map(|(tag, value)| (tag, value.as_bytes().to_vec())).collect();
    (RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() }, values)
}

/// Whether the kind needs a co-signer.
pub(super) fn is_cosigned(body: &RecordOutcome) -> bool {
    [OutcomeKind::PracticeRecord, OutcomeKind::HomeSchoolTransfer].iter().any(|kind| *kind as i32 == body.outcome_kind)
}

#[test]
fn members_of_a_team_have_one_result_each_and_the_same() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    world.open(&school, 4, [8; 16], "110101199003070001");
    let first = member(&mut world, [7; 16], "1", CONTEST);
    let first = world.accept(first);
    let second = member(&mut world, [8; 16], "2", CONTEST);
    world.accept(second);
    let again = member(&mut world, [7; 16], "3", CONTEST);
    assert_eq!(answer(&world, again), Some(Rejection::ResultExists));
    // Without a team, a result stands alone; and so does one in another year's contest.
    for (change, expected) in [
        ((tags::EDITION, "2025"), None),
        ((tags::TEAM, "T-8"), Some(Rejection::ResultExists)),
        ((tags::CONTEST_TIER, "nation"), None),
    ] {
        let posting = member(&mut world, [7; 16], "4", &[CONTEST, &[change]].concat());
        assert_eq!(answer(&world, posting), expected, "{change:?}");
    }
    // Revoked, it is as if it had not been; a correction keeps the contest.
    let nk = world.nullifier_key(first);
    let mut corrected = member(&mut world, [7; 16], "1", &[CONTEST, &[(tags::AWARD, "second")]].concat());
    for (title, expected) in [("生产单元数字化改造", None), ("护理技能", Some(Rejection::SupersedesDiffers))]
    {
        let body = RecordOutcome {
            outcome_kind: OutcomeKind::ContestResult as i32,
            supersedes: Some(world.reference(first)),
            ..RecordOutcome::default()
        };
        let mut values: Vec<(Tag, Vec<u8>)> =
            CONTEST.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())).collect();
        values.extend([
            (tags::NULLIFIER_KEY, nk.clone()),
            (tags::ACCOUNT, vec![7; 16]),
            (tags::SOURCE_ID, b"1".to_vec()),
            (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
            (tags::ISSUER_NAME, "西宁市第一职业技术学校".into()),
            (tags::AWARD, b"second".to_vec()),
            (tags::TITLE, title.into()),
        ]);
        corrected = world.outcome(&school, body, &values, 4);
        assert_eq!(answer(&world, corrected.clone()), expected, "{title}");
    }
    drop(corrected);
    let revoke = xuefen_core::proto::Revoke { target: Some(world.reference(first)), reason: 1 };
    world.post(&school, xuefen_core::proto::statement::Body::Revoke(revoke), &[4]);
    let anew = member(&mut world, [7; 16], "5", CONTEST);
    assert_eq!(answer(&world, anew), None);
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn classified_and_ordinary_admission_shut_each_other_out_for_a_year_and_a_person() {
    let mut world = World::furnished();
    let admitted = |world: &mut World, account: [u8; 16], class: &str, day: &str, source: &str| {
        let body = RecordOutcome { outcome_kind: OutcomeKind::Admission as i32, ..RecordOutcome::default() };
        let values = [
            (tags::ACCOUNT, account.to_vec()),
            (tags::SOURCE_ID, source.into()),
            (tags::ACHIEVED_ON, day.into()),
            (tags::ADMISSION_CLASS, class.into()),
            (tags::ISSUER_NAME, "西宁市第一职业技术学校".into()),
        ];
        let school = world.school.id.clone();
        world.outcome(&school, body, &values, 4)
    };
    let school = world.school.id.clone();
    world.open(&school, 4, [8; 16], "110101199003070001");
    let first = admitted(&mut world, [8; 16], "recommended", "2026-05-01", "1");
    world.accept(first);
    let (merge, payload) = world.merger([7; 16], [8; 16]);
    let posting = world.private(&school, merge, &payload, &[4, 5]);
    world.accept(posting);
    // The same person under the other id.
    for (class, day, expected) in [
        ("ordinary", "2026-08-01", Some(Rejection::AdmissionExcluded)),
        ("ordinary", "2025-08-01", None),
        ("top_up", "2026-08-01", None),
        ("recommended", "2026-08-01", None),
    ] {
        let posting = admitted(&mut world, [7; 16], class, day, "2");
        assert_eq!(answer(&world, posting), expected, "{class} {day}");
    }
}

#[test]
fn activities_are_one_of_the_list_and_have_a_title() {
    let mut world = World::furnished();
    let cases: [(Values<'_>, _); 4] = [
        (&[(tags::TITLE, "暑期志愿服务"), (tags::ACTIVITY_KIND, "volunteer"), (tags::MINUTES, "480")], None),
        (&[(tags::TITLE, "暑期志愿服务"), (tags::ACTIVITY_KIND, "志愿服务")], Some(Rejection::ValueMalformed)),
        (&[(tags::TITLE, "暑期志愿服务")], Some(Rejection::ValueMissing)),
        (&[(tags::ACTIVITY_KIND, "labour")], Some(Rejection::ValueMissing)),
    ];
    for (values, expected) in cases {
        let posting = record(&mut world, OutcomeKind::NonCreditActivity, "A-1", values);
        assert_eq!(answer(&world, posting), expected, "{values:?}");
    }
}
