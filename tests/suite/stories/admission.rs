//! Story 7: a province registers its vocational entrance examination (职教高考), whose tests of skill are at least half of
//! the score; a veteran is admitted by the test of skill alone, and by one way of admission in a year.

use xuefen::api::proto::ListOffersRequest;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, ExamScheme, InstitutionKind, OutcomeKind, RecordOutcome, Statement};
use xuefen_ledger::RawPosting;
use xuefen_ledger::testing::{Party, exam_scheme};

use super::bank::{Bank, Who};

const EXAMS: &str = "江苏省教育考试院（样例）";
const COLLEGE: &str = "常州铁道高等职业技术学校";
const VETERAN: [u8; 16] = [8; 16];

pub fn jiangsu(bank: &Bank) -> Who {
    Who { id: bank.world.jiangsu.id.clone(), seed: 3 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_7_a_scheme_keeps_half_of_its_score_for_tests_of_skill() {
    let mut bank = Bank::new().await;
    let province = jiangsu(&bank);
    let posting = bank.world.public(&province.id, Body::ExamScheme(exam_scheme(400, 350)), &[province.seed]);
    let refusal = bank.refuse(&posting).await;
    assert_eq!((refusal.reason.as_str(), refusal.field.as_str()), ("THRESHOLD_NOT_MET", "statement.exam_scheme.parts"));
    let index = bank.say(&province, Body::ExamScheme(exam_scheme(300, 350)), &[province.seed]).await;
    let asked = ListOffersRequest { parent: format!("institutions/{}", province.id), ..Default::default() };
    let offers = bank.registry().list_offers(asked).await.expect("an answer").into_inner().offers;
    let offer = &offers[0];
    assert_eq!((offer.kind.as_str(), offer.index, offers.len()), ("exam_scheme", index, 1));
    let said = <Statement as prost::Message>::decode(offer.statement.as_slice()).expect("a statement");
    let Some(Body::ExamScheme(ExamScheme { parts, exempt_grounds, .. })) = said.body else { panic!("a scheme") };
    assert_eq!(parts.iter().map(|part| part.top_score).collect::<Vec<_>>(), [300, 350]);
    assert_eq!(exempt_grounds, ["veteran"]);
}

/// A record of 2026-08-30 about a learner.
fn about(
    bank: &mut Bank,
    who: (&Who, &str),
    learner: [u8; 16],
    kind: OutcomeKind,
    source: &str,
    values: &[(Tag, &str)],
) -> RawPosting {
    let all = vec![
        (tags::ACCOUNT, learner.to_vec()),
        (tags::SOURCE_ID, source.into()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, who.1.into()),
    ];
    let body = RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() };
    bank.outcome(who.0, (body, all), values)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_7_a_veteran_is_admitted_by_the_test_of_skill_alone_and_nobody_twice_in_a_year() {
    let mut bank = Bank::new().await;
    let (province, college) = (jiangsu(&bank), bank.college());
    let scheme = bank.say(&province, Body::ExamScheme(exam_scheme(300, 350)), &[province.seed]).await.to_string();
    let party = Party::with_code("12320000400009040", 41);
    let kind = InstitutionKind::ExamBody as i32;
    let accreditation = AccreditInstitution { kind, ..bank.world.accreditation(&party, "320000", EXAMS) };
    let exams = bank.admit(&party, 41, accreditation).await;
    let (body, payload) = bank.world.account(VETERAN, "320400199901010001");
    let opened = bank.world.private(&college.id, body, &payload, &[college.seed]);
    bank.accept(opened).await;

    // What the examination body records of two candidates: both tests of the one, the test of skill of the veteran.
    let mut results = Vec::new();
    for (learner, source, part, score, top) in [
        ([7; 16], "ZK-1", "文化素质", "201000", "300000"),
        ([7; 16], "ZK-2", "职业技能", "290000", "350000"),
        (VETERAN, "ZK-3", "职业技能", "280000", "350000"),
    ] {
        let values = [
            (tags::SCHEME, scheme.as_str()),
            (tags::COMPONENT, part),
            (tags::SCORE_MILLIS, score),
            (tags::TOP_SCORE_MILLIS, top),
        ];
        let posting = about(&mut bank, (&exams, EXAMS), learner, OutcomeKind::ExamComponent, source, &values);
        results.push(bank.accept(posting).await.index);
    }
    let (both, skill) = (format!("{},{}", results[0], results[1]), results[2].to_string());
    let mut admitted = |learner, source: &str, parts: &str, score: [&str; 2], more: &[(Tag, &str)]| {
        let values = [
            (tags::ADMISSION_CLASS, "classified"),
            (tags::SCHEME, scheme.as_str()),
            (tags::PARTS, parts),
            (tags::SCORE_MILLIS, score[0]),
            (tags::TOP_SCORE_MILLIS, score[1]),
        ];
        let values = [&values[..], more].concat();
        about(&mut bank, (&college, COLLEGE), learner, OutcomeKind::Admission, source, &values)
    };
    let of_both = admitted([7; 16], "LQ-1", &both, ["491000", "650000"], &[]);
    let too_much = admitted([7; 16], "LQ-2", &both, ["492000", "650000"], &[]);
    let without = admitted(VETERAN, "LQ-3", &skill, ["280000", "350000"], &[]);
    let farmer = admitted(VETERAN, "LQ-4", &skill, ["280000", "350000"], &[(tags::EXEMPT_GROUND, "farmer")]);
    let veteran = admitted(VETERAN, "LQ-5", &skill, ["280000", "350000"], &[(tags::EXEMPT_GROUND, "veteran")]);
    for (posting, field, told) in [
        (&too_much, "payload.score_millis (64)", "not what the scheme makes of the parts"),
        (&without, "payload.parts (22)", "no result of the scheme's part \"文化素质\""),
        (&farmer, "payload.exempt_ground (67)", "exempts nobody"),
    ] {
        let refusal = bank.refuse(posting).await;
        assert_eq!((refusal.reason.as_str(), refusal.field.as_str()), ("SCHEME_WRONG", field));
        assert!(refusal.rule.contains(told), "{}", refusal.rule);
    }
    bank.accept(of_both).await;
    let first = bank.accept(veteran).await;
    assert!(first.flags.is_empty());
    // Whoever was admitted by classified examination takes no ordinary place in the same year.
    let ordinary = [(tags::ADMISSION_CLASS, "ordinary")];
    let posting = about(&mut bank, (&college, COLLEGE), VETERAN, OutcomeKind::Admission, "LQ-6", &ordinary);
    let refusal = bank.refuse(&posting).await;
    assert_eq!((refusal.reason.as_str(), refusal.existing_index), ("ADMISSION_EXCLUDED", first.index));
}
