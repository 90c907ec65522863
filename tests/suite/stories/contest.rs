//! Story 13: a contest award is one result for each member and one for the team; a third prize is cited by an admission.

use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::{OutcomeKind, RecordOutcome};
use xuefen_ledger::{RawPosting, Rejection};

use super::bank::{Bank, Who};

fn outcome(
    bank: &mut Bank,
    (issuer, name): (&Who, &str),
    kind: OutcomeKind,
    account: [u8; 16],
    values: &[(Tag, &str)],
) -> RawPosting {
    let mut all: Vec<(Tag, Vec<u8>)> = vec![
        (tags::ACCOUNT, account.to_vec()),
        (tags::ACHIEVED_ON, b"2026-08-30".to_vec()),
        (tags::ISSUER_NAME, name.as_bytes().to_vec()),
    ];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())));
    let body = RecordOutcome { outcome_kind: kind as i32, ..RecordOutcome::default() };
    bank.world.outcome(&issuer.id, body, &all, issuer.seed)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_13_every_member_has_the_teams_result_and_a_third_prize_admits() {
    let mut bank = Bank::new().await;
    let (school, college) = (bank.school(), bank.college());
    let at_school = (&school, "西宁市第一职业技术学校");
    for (account, document) in [([8; 16], "110101199003070001"), ([9; 16], "110101199003070002")] {
        bank.world.open(&school.id, school.seed, account, document);
        let opening = crate::support::postings(&bank.world).pop().expect("the opening");
        assert_eq!(bank.post(&[opening]).await.len(), 1);
    }
    let contest = |award: &'static str, team: &'static str, source: &'static str| {
        [
            (tags::SOURCE_ID, source),
            (tags::TITLE, "生产单元数字化改造"),
            (tags::CONTEST_TIER, "world"),
            (tags::CONTEST_GROUP, "higher"),
            (tags::AWARD, award),
            (tags::TEAM, team),
            (tags::EDITION, "2026"),
        ]
    };
    let mut results = Vec::new();
    for (account, source) in [([7; 16], "DS-1"), ([8; 16], "DS-2")] {
        let posting =
            outcome(&mut bank, at_school, OutcomeKind::ContestResult, account, &contest("first", "T-1", source));
        results.push(bank.accept(posting).await.index);
    }
    let twice = outcome(&mut bank, at_school, OutcomeKind::ContestResult, [7; 16], &contest("first", "T-1", "DS-3"));
    let refused = bank.refuse(&twice).await;
    assert_eq!((refused.reason.as_str(), refused.existing_index), (Rejection::ResultExists.code(), results[0]));
    let other = outcome(&mut bank, at_school, OutcomeKind::ContestResult, [9; 16], &contest("second", "T-1", "DS-4"));
    assert_eq!(bank.refuse(&other).await.reason, Rejection::TeamDiffers.code());

    let third = outcome(&mut bank, at_school, OutcomeKind::ContestResult, [9; 16], &contest("third", "T-2", "DS-5"));
    let third = bank.accept(third).await.index.to_string();
    let at_college = (&college, "常州铁道高等职业技术学校");
    let cited = [(tags::SOURCE_ID, "LQ-1"), (tags::ADMISSION_CLASS, "recommended"), (tags::CITES, &*third)];
    let posting = outcome(&mut bank, at_college, OutcomeKind::Admission, [9; 16], &cited);
    let admission = bank.accept(posting).await;
    let learner = bank.learner(&school, [9; 16]).await;
    let transcript = bank.transcript(&learner, 0).await;
    let recorded = transcript.outcomes.iter().find(|outcome| outcome.index == admission.index).expect("recorded");
    let named = recorded.fields.iter().find(|field| field.tag == tags::CITES.number).expect("a tag of the kind");
    assert_eq!(named.value, third.as_bytes());
    // Another one's prize admits nobody.
    let stolen = [(tags::SOURCE_ID, "LQ-2"), (tags::ADMISSION_CLASS, "recommended"), (tags::CITES, &*third)];
    let posting = outcome(&mut bank, at_college, OutcomeKind::Admission, [8; 16], &stolen);
    assert_eq!(bank.refuse(&posting).await.reason, Rejection::CitationWrong.code());
    // Admitted so, nobody takes an ordinary place the same year.
    let ordinary = [(tags::SOURCE_ID, "LQ-3"), (tags::ADMISSION_CLASS, "ordinary")];
    let posting = outcome(&mut bank, at_college, OutcomeKind::Admission, [9; 16], &ordinary);
    assert_eq!(bank.refuse(&posting).await.reason, Rejection::AdmissionExcluded.code());
}
