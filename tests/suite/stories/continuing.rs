//! Story 17: degree continuing education keeps to the majors filed for the year, self-study passes come from the provincial
//! examination body, and a university signs what it teaches outside of degrees with keys of its own (自招自办自管).

use xuefen::api::proto::ListFiledMajorsRequest;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, AuthoriseKey, InstitutionKey, InstitutionKind, Sector, institution_key};
use xuefen_ledger::RawPosting;
use xuefen_ledger::testing::{Party, catalogue, course, filed};

use super::bank::{Bank, Who};
use crate::support::key;

const OPEN: &str = "国家开放大学";
const UNIVERSITY: &str = "样例大学";
const EXAMS: &str = "青海省教育考试院（样例）";

/// An institution of `kind` in Qinghai with a course; index of the course.
async fn admit(bank: &mut Bank, code: &str, seed: u8, kind: InstitutionKind, name: &str) -> (Who, u64) {
    let party = Party::with_code(code, seed);
    let accreditation = AccreditInstitution {
        kind: kind as i32,
        sector: Sector::Continuing as i32,
        ..bank.world.accreditation(&party, "630000", name)
    };
    let who = bank.admit(&party, seed, accreditation).await;
    let body = Body::Course(course(bank.world.named["rule"]));
    let course = bank.say(&who, body, &[seed]).await;
    (who, course)
}

/// A passed course of `who`, studied in a way and of a major.
fn pass(bank: &mut Bank, who: &(Who, u64), name: &str, record: &str, more: &[(Tag, &str)]) -> RawPosting {
    let offer = who.1.to_string();
    let base = bank.world.course_outcome();
    let mut values =
        vec![(tags::OFFER, offer.as_str()), (tags::ISSUER_NAME, name), (tags::SOURCE_ID, record), (tags::RUN, record)];
    values.extend(more);
    bank.outcome(&who.0, base, &values)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_17_continuing_education_keeps_to_the_majors_filed_for_the_year() {
    let mut bank = Bank::new().await;
    let ministry = bank.ministry();
    let open = admit(&mut bank, "12100000400009010", 31, InstitutionKind::OpenUniversity, OPEN).await;
    let university = admit(&mut bank, "12100000400009020", 32, InstitutionKind::University, UNIVERSITY).await;
    let majors = bank.say(&ministry, Body::MajorCatalogue(catalogue()), &[1]).await;
    let before = bank.tree_size().await;
    for (who, year, major) in [(&open, 2026, "440301"), (&university, 2025, "440301"), (&university, 2026, "500112")] {
        let body = Body::FiledMajors(filed(&who.0.id, year, majors, &[major]));
        bank.say(&ministry, body, &[1]).await;
    }
    let continuing = |major: &'static str| [(tags::STUDY_MODE, "continuing"), (tags::MAJOR, major)];

    // 建筑工程技术: filed by the open university, by the university only for the year before.
    let posting = pass(&mut bank, &open, OPEN, "KD-1", &continuing("440301"));
    bank.accept(posting).await;
    let posting = pass(&mut bank, &university, UNIVERSITY, "YD-1", &continuing("440301"));
    let refusal = bank.refuse(&posting).await;
    assert_eq!((refusal.reason.as_str(), refusal.field.as_str()), ("MAJOR_NOT_FILED", "payload.major (28)"));
    let posting = pass(&mut bank, &university, UNIVERSITY, "YD-2", &continuing("500112"));
    bank.accept(posting).await;

    // Nothing is won by leaving out how it was studied: at the open university it is continuing education, and who filed
    // says which.
    for (who, name, record, major, reason) in [
        (&open, OPEN, "KD-2", "500112", "MAJOR_NOT_FILED"),
        (&open, OPEN, "KD-3", "", "VALUE_MISSING"),
        (&university, UNIVERSITY, "YD-3", "440301", "VALUE_MISSING"),
    ] {
        let posting = pass(&mut bank, who, name, record, &[(tags::MAJOR, major)]);
        assert_eq!(bank.refuse(&posting).await.reason, reason, "{record}");
    }

    // What is filed can be read, now and as of before.
    let asked = |tree_size| ListFiledMajorsRequest {
        parent: format!("institutions/{}", university.0.id),
        year: 2026,
        tree_size,
    };
    let now = bank.registry().list_filed_majors(asked(0)).await.expect("an answer").into_inner();
    let filing = &now.filings[0];
    assert_eq!((now.filings.len(), filing.training_level, filing.catalogue_index), (1, 4, majors));
    assert_eq!(filing.majors, ["500112"]);
    let then = bank.registry().list_filed_majors(asked(before)).await.expect("an answer").into_inner();
    assert_eq!((then.filings.len(), then.tree_size), (0, before));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_17_self_study_passes_come_from_the_examination_body() {
    let mut bank = Bank::new().await;
    let ministry = bank.ministry();
    let university = admit(&mut bank, "12100000400009020", 32, InstitutionKind::University, UNIVERSITY).await;
    let exams = admit(&mut bank, "12630000400009030", 33, InstitutionKind::ExamBody, EXAMS).await;
    let majors = bank.say(&ministry, Body::MajorCatalogue(catalogue()), &[1]).await;
    for who in [&university, &exams] {
        let body = Body::FiledMajors(filed(&who.0.id, 2026, majors, &["440301"]));
        bank.say(&ministry, body, &[1]).await;
    }
    let values = [(tags::STUDY_MODE, "self_study"), (tags::MAJOR, "440301")];
    let posting = pass(&mut bank, &university, UNIVERSITY, "ZK-1", &values);
    let refusal = bank.refuse(&posting).await;
    assert_eq!((refusal.reason.as_str(), refusal.field.as_str()), ("NOT_ENTITLED", "payload.study_mode (30)"));
    let posting = pass(&mut bank, &exams, EXAMS, "ZK-1", &values);
    bank.accept(posting).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_17_a_university_signs_its_non_degree_courses_with_keys_of_its_own() {
    let mut bank = Bank::new().await;
    let (ministry, agent) = (bank.ministry(), bank.college());
    let university = admit(&mut bank, "12100000400009020", 32, InstitutionKind::University, UNIVERSITY).await;
    // A key of the university that another body keeps.
    let kept = AuthoriseKey {
        algorithm: 1,
        public_key: key(34).public().as_bytes().to_vec(),
        custodian: agent.id.clone(),
        ..AuthoriseKey::default()
    };
    let action = Some(institution_key::Action::Authorise(kept));
    let body = Body::InstitutionKey(InstitutionKey { institution: university.0.id.clone(), action });
    bank.say(&ministry, body, &[1, 34]).await;
    let by_agent = (Who { seed: 34, ..university.0.clone() }, university.1);

    let values = [(tags::STUDY_MODE, "non_degree")];
    let posting = pass(&mut bank, &by_agent, UNIVERSITY, "FX-1", &values);
    let refusal = bank.refuse(&posting).await;
    assert_eq!(refusal.reason, "CUSTODIAN_NOT_ISSUER", "{refusal:?}");
    let posting = pass(&mut bank, &university, UNIVERSITY, "FX-1", &values);
    bank.accept(posting).await;
    // Within its degrees the university may let another body sign.
    let posting = pass(&mut bank, &by_agent, UNIVERSITY, "XL-1", &[(tags::STUDY_MODE, "regular")]);
    bank.accept(posting).await;
}
