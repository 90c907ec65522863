//! Stories about certificates: 8, teachers' practice at a base; 12, the eight levels of workers; 14, micro-certificates that
//! stack; 16, a part-time teacher who assesses.

use xuefen::api::proto::{GetTranscriptRequest, TranscriptView};
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, CertificateFamily, InstitutionKind, OutcomeKind, RecordOutcome};
use xuefen_ledger::testing::{Party, skill_family, x_family};
use xuefen_ledger::{RawPosting, Rejection};

use super::bank::{Bank, Who};
use super::ended::verify_offline;

/// Who comes to the bank for these stories, and the seeds of their keys.
const BASE: u8 = 42;
const ENTERPRISE: u8 = 43;
const NOODLES: u8 = 44;

/// A certificate that the ministry publishes.
async fn family(bank: &mut Bank, name: &'static str, body: CertificateFamily) {
    let ministry = bank.ministry();
    let body = CertificateFamily { code: name.to_owned(), ..body };
    let index = bank.say(&ministry, Body::CertificateFamily(body), &[1]).await;
    bank.world.named.insert(name, index);
}

fn without_levels(kind: OutcomeKind) -> CertificateFamily {
    CertificateFamily { outcome_kind: kind as i32, levels: Vec::new(), ..x_family() }
}

async fn admitted(bank: &mut Bank, code: &str, seed: u8, name: &str, with: AccreditInstitution) -> Who {
    let party = Party::with_code(code, seed);
    let of = bank.world.accreditation(&party, "630100", name);
    let accreditation = AccreditInstitution {
        institution: of.institution,
        region: of.region,
        names: of.names,
        outcome_kinds: of.outcome_kinds,
        sector: of.sector,
        ..with
    };
    bank.admit(&party, seed, accreditation).await
}

fn outcome(
    bank: &mut Bank,
    issuer: (&Who, &str),
    kind: OutcomeKind,
    account: [u8; 16],
    values: &[(Tag, &str)],
) -> RawPosting {
    let mut all: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, account.to_vec()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, issuer.1.as_bytes().to_vec()),
    ];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())));
    let body = RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() };
    bank.world.outcome(&issuer.0.id, body, &all, issuer.0.seed)
}

fn flags(receipt: &xuefen::api::proto::Receipt) -> Vec<&str> {
    receipt.flags.iter().map(|flag| flag.code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_8_practice_of_teachers_is_half_of_the_training_or_more() {
    const NAME: &str = "示例中车教师企业实践基地";
    let mut bank = Bank::new().await;
    let school = bank.school();
    family(&mut bank, "base-training", without_levels(OutcomeKind::CompletionCertificate)).await;
    let rights = AccreditInstitution {
        kind: InstitutionKind::TrainingBase as i32,
        families: vec!["base-training".to_owned()],
        ..AccreditInstitution::default()
    };
    let base = admitted(&mut bank, "91630100440000792", BASE, NAME, rights).await;
    let index = bank.world.index("base-training");
    // 80 class hours of 45 minutes; 40 of them are 1,800 minutes, 39 are 1,755.
    let training = |bank: &mut Bank, number: &str, project: &str, practice: &str| {
        let values = [
            (tags::SOURCE_ID, number),
            (tags::CERTIFICATE_NUMBER, number),
            (tags::FAMILY, &*index),
            (tags::MINUTES, "3600"),
            (tags::PRACTICE_MINUTES, practice),
            (tags::TRAINING_LEVEL, "nation"),
            (tags::PROJECT_TYPE, project),
        ];
        outcome(bank, (&base, NAME), OutcomeKind::CompletionCertificate, [7; 16], &values)
    };
    let half = training(&mut bank, "P-40", "enterprise_skills", "1800");
    let receipt = bank.accept(half).await;
    assert_eq!(flags(&receipt), [""; 0]);
    let less = training(&mut bank, "P-39", "enterprise_skills", "1755");
    assert_eq!(bank.refuse(&less).await.reason, Rejection::ThresholdNotMet.code());
    let soft = training(&mut bank, "D-39", "dual_qualified_teacher", "1755");
    assert_eq!(flags(&bank.accept(soft).await), ["PRACTICE_SHARE_LOW"]);

    // The teacher's training file is a view of the same record.
    let (body, values) = bank.world.course_outcome();
    let course = bank.outcome(&school, (body, values), &[]);
    bank.accept(course).await;
    let learner = bank.learner(&school, [7; 16]).await;
    let name = format!("{}/transcript", learner.name());
    let asked = GetTranscriptRequest { name, view: TranscriptView::TrainingFile.into(), ..Default::default() };
    let file = bank.transcripts().get_transcript(learner.asks(asked)).await.expect("a file").into_inner();
    assert_eq!((file.outcomes.len(), bank.transcript(&learner, 0).await.outcomes.len()), (2, 3));
    assert_eq!((file.minutes, file.practice_minutes), (7_200, 3_555));
    let says = |tag: Tag| {
        let field = file.outcomes[0].fields.iter().find(|field| field.tag == tag.number);
        String::from_utf8_lossy(&field.expect("a tag of the kind").value).into_owned()
    };
    assert_eq!([says(tags::TRAINING_LEVEL), says(tags::PROJECT_TYPE)], ["nation", "enterprise_skills"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_12_levels_go_step_by_step_by_ladder_or_by_a_prize() {
    const NAME: &str = "示例中车子公司";
    let mut bank = Bank::new().await;
    let lathe = CertificateFamily { occupation: "6-18-01-01".to_owned(), ..skill_family() };
    family(&mut bank, "skill-lathe", lathe).await;
    let families = vec!["skill-cook".to_owned(), "skill-lathe".to_owned()];
    let rights = AccreditInstitution {
        kind: InstitutionKind::Enterprise as i32,
        families,
        full_ladder: vec!["4-03-02-01".to_owned()],
        highest_skill_level: 6,
        ..AccreditInstitution::default()
    };
    let enterprise = admitted(&mut bank, "91630100440000793", ENTERPRISE, NAME, rights).await;
    let (cook, lathe) = (bank.world.index("skill"), bank.world.index("skill-lathe"));
    let school = bank.school();
    let mut number = 0;
    let mut level = |bank: &mut Bank, issuer: (&Who, &str), family: &str, level: &str, route: &str, cites: &str| {
        number += 1;
        let number = format!("L-{number}");
        let values = [
            (tags::SOURCE_ID, &*number),
            (tags::CERTIFICATE_NUMBER, &number),
            (tags::FAMILY, family),
            (tags::LEVEL, level),
            (tags::ROUTE, route),
            (tags::CITES, cites),
        ];
        outcome(bank, issuer, OutcomeKind::SkillLevelCertificate, [7; 16], &values)
    };
    let (at_enterprise, at_school) = ((&enterprise, NAME), (&school, "西宁市第一职业技术学校"));

    // 高级技师 → 特级技师.
    let posting = level(&mut bank, at_enterprise, &cook, "7", "full_ladder", "");
    bank.accept(posting).await;
    for (issuer, family) in [(at_school, &cook), (at_enterprise, &lathe)] {
        let posting = level(&mut bank, issuer, family, "7", "full_ladder", "");
        assert_eq!(bank.refuse(&posting).await.reason, Rejection::LevelNotAllowed.code());
    }
    // 高级工 → 高级技师.
    let posting = level(&mut bank, at_enterprise, &lathe, "4", "standard", "");
    let fourth = bank.accept(posting).await.index.to_string();
    for (route, cites) in [("", &*fourth), ("standard", &fourth), ("exceptional", &fourth)] {
        let posting = level(&mut bank, at_enterprise, &lathe, "6", route, cites);
        assert_eq!(bank.refuse(&posting).await.reason, Rejection::RouteWrong.code(), "{route}");
    }
    let values = [
        (tags::SOURCE_ID, "DS-1"),
        (tags::TITLE, "全国数控技能大赛"),
        (tags::CONTEST_TIER, "nation"),
        (tags::CONTEST_GROUP, "worker"),
        (tags::AWARD, "first"),
        (tags::EDITION, "2026"),
    ];
    let posting = outcome(&mut bank, at_enterprise, OutcomeKind::ContestResult, [7; 16], &values);
    let prize = bank.accept(posting).await.index.to_string();
    let posting = level(&mut bank, at_enterprise, &lathe, "6", "exceptional", &prize);
    let exceptional = bank.accept(posting).await.index;
    let learner = bank.learner(&school, [7; 16]).await;
    let transcript = bank.transcript(&learner, 0).await;
    let recorded = transcript.outcomes.iter().find(|outcome| outcome.index == exceptional).expect("recorded");
    let route = recorded.fields.iter().find(|field| field.tag == tags::ROUTE.number).expect("a tag of the kind");
    assert_eq!(&route.value[..], b"exceptional");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_14_micro_certificates_stack_and_the_stack_is_checked_offline() {
    const NAME: &str = "化隆县职业技术学校";
    let mut bank = Bank::new().await;
    let opener = bank.school();
    for name in ["micro-noodle", "micro-dish", "micro-ramen"] {
        family(&mut bank, name, without_levels(OutcomeKind::MicroCertificate)).await;
    }
    let rights = AccreditInstitution {
        kind: InstitutionKind::SecondaryVocational as i32,
        families: ["micro-noodle", "micro-dish", "micro-ramen"].map(str::to_owned).to_vec(),
        ..AccreditInstitution::default()
    };
    let school = admitted(&mut bank, "12632127440000794", NOODLES, NAME, rights).await;
    let micro = |bank: &mut Bank, family: &'static str, title: &str, parts: &str| {
        let index = bank.world.index(family);
        let values = [
            (tags::SOURCE_ID, family),
            (tags::CERTIFICATE_NUMBER, family),
            (tags::FAMILY, &*index),
            (tags::TITLE, title),
            (tags::PARTS, parts),
        ];
        outcome(bank, (&school, NAME), OutcomeKind::MicroCertificate, [7; 16], &values)
    };
    let posting = micro(&mut bank, "micro-noodle", "面点", "");
    let noodle = bank.accept(posting).await.index;
    let posting = micro(&mut bank, "micro-dish", "冷热菜制作", "");
    let dish = bank.accept(posting).await.index;
    let parts = format!("{noodle},{dish}");
    let posting = micro(&mut bank, "micro-ramen", "拉面经济从业能力", &parts);
    let stack = bank.accept(posting).await.index;

    // The verifier has the learner's files and its own trust policy, and asks no server.
    let learner = bank.learner(&opener, [7; 16]).await;
    let shown = bank.present_tags(&learner, stack, &[tags::TITLE, tags::PARTS]).await;
    let (code, said) = verify_offline(&bank, &shown);
    assert_eq!(code, 0, "{said}");
    let fields = said["subject"]["disclosed"].as_array().expect("shown fields");
    let named = fields.iter().find(|field| field["tag"] == tags::PARTS.number).expect("the parts are shown");
    assert_eq!(named["value"], parts.as_str());
    for part in [noodle, dish] {
        let (code, said) = verify_offline(&bank, &bank.present(&learner, part).await);
        assert_eq!((code, &said["subject"]["index"]), (0, &serde_json::json!(part)), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_16_a_part_time_teacher_passes_first_and_is_a_senior_worker_or_flagged() {
    const TEACHER: [u8; 16] = [9; 16];
    let mut bank = Bank::new().await;
    let (school, body) = (bank.school(), bank.body());
    family(&mut bank, "pre-service", without_levels(OutcomeKind::CompletionCertificate)).await;
    let (who, body_name) = (body.clone(), "示例评价组织");
    let ministry = bank.ministry();
    let again = AccreditInstitution {
        families: ["x-bim", "skill-cook", "pre-service"].map(str::to_owned).to_vec(),
        ..bank.world.accreditation(&bank.world.body, "320000", body_name)
    };
    bank.say(&ministry, Body::AccreditInstitution(again), &[1, 3]).await;
    bank.world.open(&school.id, school.seed, TEACHER, "110101199003070009");
    let opening = crate::support::postings(&bank.world).pop().expect("the opening");
    assert_eq!(bank.post(&[opening]).await.len(), 1);

    let (skill, training) = (bank.world.index("skill"), bank.world.index("pre-service"));
    let mut shown = Vec::new();
    for (number, level) in [("JS-3", "3"), ("JS-4", "4")] {
        let values = [
            (tags::SOURCE_ID, number),
            (tags::CERTIFICATE_NUMBER, number),
            (tags::FAMILY, &*skill),
            (tags::LEVEL, level),
            (tags::ROUTE, "standard"),
        ];
        let posting = outcome(&mut bank, (&who, body_name), OutcomeKind::SkillLevelCertificate, TEACHER, &values);
        shown.push(bank.accept(posting).await.index);
    }
    let assessed = |bank: &mut Bank, number: &str, kind: &str, evidence: &[u64]| {
        let (body, values) = bank.world.course_outcome();
        let evidence = evidence.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let run = format!("run-{number}");
        let changes = [
            (tags::SOURCE_ID, number),
            (tags::RUN, &*run),
            (tags::ASSESSOR, "张师傅"),
            (tags::ASSESSOR_KIND, kind),
            (tags::ASSESSOR_EVIDENCE, &*evidence),
        ];
        bank.outcome(&school, (body, values), &changes)
    };
    // Senior worker, but not trained yet.
    let early = assessed(&mut bank, "1", "part_time", &[shown[1]]);
    assert_eq!(bank.refuse(&early).await.reason, Rejection::AssessorWrong.code());
    let values = [
        (tags::SOURCE_ID, "GQ-1"),
        (tags::CERTIFICATE_NUMBER, "GQ-1"),
        (tags::FAMILY, &*training),
        (tags::PROJECT_TYPE, "pre_service"),
    ];
    let posting = outcome(&mut bank, (&who, body_name), OutcomeKind::CompletionCertificate, TEACHER, &values);
    let passed = bank.accept(posting).await.index;
    let posting = assessed(&mut bank, "2", "part_time", &[shown[1], passed]);
    assert_eq!(flags(&bank.accept(posting).await), [""; 0]);
    // Below that level it can be recorded as the exception it is, and is flagged.
    let below = assessed(&mut bank, "3", "part_time", &[shown[0], passed]);
    assert_eq!(bank.refuse(&below).await.reason, Rejection::AssessorWrong.code());
    let posting = assessed(&mut bank, "4", "part_time_exempt", &[shown[0], passed]);
    assert_eq!(flags(&bank.accept(posting).await), ["ASSESSOR_LEVEL_LOW"]);
}
