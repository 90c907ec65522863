//! Story 6: through-training (贯通培养). Credits are carried over five years, people call two pathways 3+2 and the bank does
//! not, and who enters a pathway after it is phased out is flagged by the rules of that day.

use xuefen::api::proto::ListPathwaysRequest;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, OutcomeKind, Pathway, PathwaySegment, RecordOutcome, Severity};
use xuefen_ledger::RawPosting;
use xuefen_ledger::testing::{through_training, zh};

use super::admission::jiangsu;
use super::bank::{Bank, Who};

const COLLEGE: &str = "常州铁道高等职业技术学校";

/// 1 September 2020 and 1 January 2022 in UTC+8, Unix seconds.
const SEPTEMBER_2020: i64 = 1_598_889_600;
const YEAR_2022: i64 = 1_640_966_400;

fn segment(training_level: u32, years: u32, institution: &str) -> PathwaySegment {
    PathwaySegment { training_level, years, institution: institution.to_owned() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_6_two_pathways_of_one_label_have_two_ids() {
    let mut bank = Bank::new().await;
    let province = jiangsu(&bank);
    let college = bank.college().id;
    let before = bank.tree_size().await;
    for (code, segments) in [
        ("中职-高职专科", vec![segment(1, 3, ""), segment(2, 2, &college)]),
        ("高职专科-本科", vec![segment(2, 3, &college), segment(3, 2, "")]),
    ] {
        let body = Pathway { code: code.to_owned(), labels: zh("3+2"), segments, ..through_training("", "") };
        bank.say(&province, Body::Pathway(body), &[province.seed]).await;
    }
    let asked = |label: &str, tree_size| ListPathwaysRequest { label: label.to_owned(), tree_size };
    let found = bank.registry().list_pathways(asked("3+2", 0)).await.expect("an answer").into_inner().pathways;
    assert_eq!(found.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["中职-高职专科", "高职专科-本科"]);
    assert_ne!(found[0].index, found[1].index);
    let one = bank.registry().list_pathways(asked("3+2", before + 1)).await.expect("an answer").into_inner();
    assert_eq!((one.pathways.len(), one.tree_size), (1, before + 1));
    assert!(bank.registry().list_pathways(asked("3+4", 0)).await.expect("an answer").into_inner().pathways.is_empty());
}

/// An event of a learner's enrolment at the college.
fn event(bank: &mut Bank, college: &Who, imported: bool, source: &str, values: &[(Tag, &str)]) -> RawPosting {
    let all = vec![
        (tags::ACCOUNT, vec![7; 16]),
        (tags::SOURCE_ID, source.into()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, COLLEGE.into()),
    ];
    let outcome_kind = OutcomeKind::EnrolmentEvent as i32;
    let body = RecordOutcome { outcome_kind, imported, ..RecordOutcome::default() };
    bank.outcome(college, (body, all), values)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_6_a_five_year_learner_moves_up_with_the_credits() {
    let mut bank = Bank::new().await;
    let (province, college) = (jiangsu(&bank), bank.college());
    let segments = vec![segment(1, 3, &college.id), segment(2, 2, &college.id)];
    let body =
        Pathway { code: "五年一贯制".to_owned(), labels: zh("五年制"), segments, ..through_training("", "") };
    let pathway = bank.say(&province, Body::Pathway(body), &[province.seed]).await.to_string();
    let entered = |event: &'static str, segment: &'static str| {
        [(tags::ENROLMENT_EVENT, event), (tags::PATHWAY, &*pathway), (tags::SEGMENT, segment)]
    };
    let posting = event(&mut bank, &college, false, "XJ-1", &entered("enrol", "1"));
    assert!(bank.accept(posting).await.flags.is_empty());
    // A course of the first three years.
    let offer = bank.world.named["other_course"].to_string();
    let course = bank.world.course_outcome();
    let posting = bank.outcome(&college, course, &[(tags::OFFER, &*offer), (tags::ISSUER_NAME, COLLEGE)]);
    bank.accept(posting).await;
    let learner = bank.learner(&bank.school(), [7; 16]).await;
    let before = bank.transcript(&learner, 0).await;
    assert_eq!((before.credit_millis, before.home_school.as_str()), (3_000, college.id.as_str()));

    // A third segment there is none, and another school's none of this learner's.
    let posting = event(&mut bank, &college, false, "XJ-2", &entered("transition", "3"));
    let refusal = bank.refuse(&posting).await;
    assert_eq!((refusal.reason.as_str(), refusal.field.as_str()), ("SEGMENT_WRONG", "payload.segment (86)"));
    let posting = event(&mut bank, &college, false, "XJ-2", &entered("transition", "2"));
    bank.accept(posting).await;
    let after = bank.transcript(&learner, 0).await;
    let totals = |it: &xuefen::api::proto::Transcript| (it.credit_millis, it.minutes, it.practice_minutes);
    assert_eq!((totals(&after), after.home_school), (totals(&before), before.home_school));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_6_three_and_four_years_are_flagged_in_2020_and_not_in_2023() {
    let mut bank = Bank::new().await;
    let (province, college, ministry) = (jiangsu(&bank), bank.college(), bank.ministry());
    // Old records: the college may import them.
    let accreditation = bank.world.accreditation(&bank.world.college, "320400", COLLEGE);
    let accreditation = AccreditInstitution { may_import: true, ..accreditation };
    bank.say(&ministry, Body::AccreditInstitution(accreditation), &[1, 3]).await;
    let mut versions = Vec::new();
    for (version, effective_from, phased_out_from) in [(1, 0, SEPTEMBER_2020), (2, YEAR_2022, 0)] {
        let segments = vec![segment(1, 3, ""), segment(3, 4, "")];
        let policy = Pathway { version, effective_from, phased_out_from, segments, ..through_training("", "") };
        versions.push(bank.say(&province, Body::Pathway(policy), &[province.seed]).await.to_string());
    }
    let mut enrolled = |pathway: &str, day: &str| {
        let values = [(tags::ENROLMENT_EVENT, "enrol"), (tags::PATHWAY, pathway), (tags::ACHIEVED_ON, day)];
        event(&mut bank, &college, true, &format!("RX-{day}-{pathway}"), &values)
    };
    let [in_2020, in_2023] = [enrolled(&versions[0], "2020-10-08"), enrolled(&versions[1], "2023-09-01")];
    let [too_late, too_early] = [enrolled(&versions[0], "2023-09-01"), enrolled(&versions[1], "2020-10-08")];
    for posting in [too_late, too_early] {
        let refusal = bank.refuse(&posting).await;
        assert_eq!(
            (refusal.reason.as_str(), refusal.field.as_str()),
            ("REFERENCE_NOT_IN_FORCE", "payload.pathway (85)")
        );
    }
    let flagged = bank.accept(in_2020).await;
    let said: Vec<_> = flagged.flags.iter().map(|it| (it.code.as_str(), it.severity())).collect();
    assert_eq!(said, [("PATHWAY_PHASED_OUT", Severity::Advisory)]);
    assert!(bank.accept(in_2023).await.flags.is_empty());
    // The learner sees it, too.
    let learner = bank.learner(&bank.school(), [7; 16]).await;
    let transcript = bank.transcript(&learner, 0).await;
    let flags: Vec<usize> = transcript.outcomes.iter().map(|it| it.flags.len()).collect();
    assert_eq!(flags, [1, 0]);
}
