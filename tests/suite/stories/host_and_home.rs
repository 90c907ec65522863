//! Story 4: a host school posts, the home school countersigns, and then the learner changes schools (学籍互转).
//! Story 18: minutes of an internship count once the host enterprise has signed, and not before.

use prost::Message as _;
use xuefen::api::proto::RunReportRequest;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AccreditInstitution, Countersign, InstitutionKind, OutcomeKind, RecordOutcome, Statement};
use xuefen_ledger::testing::{Party, sign_with};
use xuefen_ledger::{RawPosting, Rejection};

use super::bank::{Bank, Who};
use super::regulator;

/// Seeds of the keys of those who come to the bank for these stories.
const HIGH_SCHOOL: u8 = 40;
const ENTERPRISE: u8 = 41;

async fn admitted(bank: &mut Bank, party: Party, seed: u8, kind: InstitutionKind, name: &str) -> Who {
    let accreditation = AccreditInstitution { kind: kind as i32, ..bank.world.accreditation(&party, "630100", name) };
    bank.admit(&party, seed, accreditation).await
}

/// An outcome of the account `[7; 16]` that a co-signer is named for.
fn outcome(bank: &mut Bank, issuer: &Who, kind: OutcomeKind, cosigner: &Who, values: &[(Tag, &str)]) -> RawPosting {
    let (mut body, mut all) = bank.world.course_outcome();
    if kind != OutcomeKind::Course {
        all.retain(|(tag, _)| [tags::ACCOUNT, tags::SOURCE_ID, tags::ACHIEVED_ON, tags::ISSUER_NAME].contains(tag));
    }
    body = RecordOutcome { outcome_kind: kind as i32, cosigner: cosigner.id.clone(), ..body };
    bank.outcome(issuer, (body, all), values)
}

async fn countersign(bank: &mut Bank, who: &Who, index: u64) {
    let target = Some(bank.world.reference(index));
    bank.say(who, Body::Countersign(Countersign { target }), &[who.seed]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_4_a_host_posts_the_home_countersigns_and_then_the_learner_moves() {
    let mut bank = Bank::new().await;
    let host = bank.school();
    let party = Party::with_code("12630100440000790", HIGH_SCHOOL);
    let home = admitted(&mut bank, party, HIGH_SCHOOL, InstitutionKind::GeneralHighSchool, "西宁示例普通高中").await;
    let learner = bank.learner(&host, [7; 16]).await;

    let posting = outcome(&mut bank, &host, OutcomeKind::Course, &home, &[]);
    let receipt = bank.accept(posting).await;
    assert!(receipt.pending);
    let waiting = bank.transcript(&learner, 0).await;
    assert_eq!((waiting.credit_millis, waiting.outcomes[0].status.as_str()), (0, "pending"));
    assert_eq!(bank.status_word(receipt.index).await, "needs_review");

    countersign(&mut bank, &home, receipt.index).await;
    let before = bank.transcript(&learner, 0).await;
    assert_eq!((before.credit_millis, before.outcomes[0].status.as_str()), (3_000, "valid"));
    assert_eq!(before.home_school, "");

    // One school alone moves nobody.
    let schools =
        [(tags::FROM_SCHOOL, home.id.as_str()), (tags::TO_SCHOOL, host.id.as_str()), (tags::SOURCE_ID, "XJ-1")];
    let alone = outcome(&mut bank, &host, OutcomeKind::HomeSchoolTransfer, &home, &schools);
    assert_eq!(bank.refuse(&alone).await.reason, Rejection::CosignerMissing.code());
    let statement = Statement::decode(&alone.statement[..]).expect("what was made a moment ago");
    let both = sign_with(&statement, &[host.seed, home.seed], alone.payload);
    let moved = bank.accept(both).await;
    assert!(!moved.pending);
    let after = bank.transcript(&learner, 0).await;
    assert_eq!(
        (after.credit_millis, after.home_school.as_str()),
        (3_000, host.id.as_str()),
        "credits stay, home changes"
    );
    // As of before, the learner's home is what it was.
    assert_eq!(bank.transcript(&learner, moved.index).await.home_school, "");
}

/// Outcomes in the report on practice, and those that wait.
async fn counted(bank: &Bank, school: &Who) -> (u64, u64) {
    let token = bank.login(school).await;
    let asked = RunReportRequest { report: "practice".into(), ..RunReportRequest::default() };
    let report = regulator::report(bank, &token, asked).await.expect("a report");
    let counts = report.head.counts.expect("counts");
    (counts.counted, counts.pending)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_18_an_internship_counts_once_the_enterprise_has_signed() {
    let mut bank = Bank::new().await;
    let school = bank.school();
    let party = Party::with_code("91630100440000791", ENTERPRISE);
    let host = admitted(&mut bank, party, ENTERPRISE, InstitutionKind::Enterprise, "示例中车子公司").await;
    let learner = bank.learner(&school, [7; 16]).await;

    // Half of a course is practice: 1,440 of 2,880 minutes.
    let (body, values) = bank.world.course_outcome();
    let posting = bank.outcome(&school, (body, values), &[]);
    bank.accept(posting).await;

    let agreement = "0".repeat(32);
    let values = [
        (tags::SOURCE_ID, "SX-1"),
        (tags::PRACTICE_KIND, "post"),
        (tags::MINUTES, "2400"),
        (tags::PRACTICE_MINUTES, "2400"),
        (tags::CREDIT_MILLIS, "0"),
        (tags::AGREEMENT_HASH, agreement.as_str()),
        (tags::START_ON, "2026-07-01"),
        (tags::END_ON, "2026-08-30"),
    ];
    let posting = outcome(&mut bank, &school, OutcomeKind::PracticeRecord, &host, &values);
    let receipt = bank.accept(posting).await;
    assert!(receipt.pending);
    let waiting = bank.transcript(&learner, 0).await;
    assert_eq!((waiting.minutes, waiting.practice_minutes, waiting.practice_basis_points), (2_880, 1_440, 5_000));
    assert_eq!(self::counted(&bank, &school).await, (1, 1));

    countersign(&mut bank, &host, receipt.index).await;
    let counted = bank.transcript(&learner, 0).await;
    assert_eq!((counted.minutes, counted.practice_minutes, counted.practice_basis_points), (5_280, 3_840, 7_272));
    assert_eq!(bank.status_word(receipt.index).await, "valid");
    assert_eq!(self::counted(&bank, &school).await, (2, 0));

    // Another one waits in vain: after 90 days it has lapsed, and no signature brings it back.
    let again = [&values[..], &[(tags::SOURCE_ID, "SX-2")]].concat();
    let posting = outcome(&mut bank, &school, OutcomeKind::PracticeRecord, &host, &again);
    let late = bank.accept(posting).await.index;
    assert_eq!(bank.status_word(late).await, "needs_review");
    bank.advance(90 * 86_400);
    assert_eq!(bank.status_word(late).await, "revoked");
    let target = Some(bank.world.reference(late));
    let posting = bank.world.public(&host.id, Body::Countersign(Countersign { target }), &[host.seed]);
    assert_eq!(bank.refuse(&posting).await.reason, Rejection::PendingLapsed.code());
}
