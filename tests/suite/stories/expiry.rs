//! A certificate whose family says for how long it is valid (rules.md 5): everyone who may know is told that it expired.

use std::time::Duration;

use tokio_stream::StreamExt as _;
use xuefen::api::proto::{StepResult, WatchTranscriptRequest};
use xuefen_core::kinds::tags;
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::testing::START;

use super::bank::{Bank, status_step};

/// The last second of the family's thousand days after 2026-08-30, in UTC+8: that day began two before the world.
const LAST_SECOND: i64 = START + (1_001 - 2) * 86_400 - 1;
const LEARNER: [u8; 16] = [7; 16];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_expires_after_its_familys_days_wherever_it_is_asked_for() {
    let mut bank = Bank::new().await;
    let (school, body) = (bank.school(), bank.body());
    let posting = bank.certificate(&body, OutcomeKind::XCertificate, &[(tags::ACHIEVED_ON, "2026-08-30")]);
    let index = bank.accept(posting).await.index;
    let to_the_end = LAST_SECOND - bank.world.now;
    bank.advance(to_the_end);

    let learner = bank.learner(&school, LEARNER).await;
    let name = format!("{}/transcript", bank.account(&learner).await.name);
    let watched = bank.transcripts().watch_transcript(learner.asks(WatchTranscriptRequest { name })).await;
    let mut watched = watched.expect("a stream").into_inner();
    let word = |transcript: &xuefen::api::proto::Transcript| transcript.outcomes[0].status.clone();
    assert_eq!(word(&watched.next().await.expect("a transcript").expect("allowed")), "valid");
    for (after, expected) in [(0, "valid"), (1, "expired")] {
        bank.advance(after);
        assert_eq!(word(&bank.transcript(&learner, 0).await), expected);
        let token = bank.login(&body).await;
        assert_eq!(bank.entry(Some(&token), index).await.expect("the entry").status, expected);
        assert_eq!(bank.status_word(index).await, expected);
        let answer = bank.verify(&bank.present(&learner, index).await).await;
        assert_eq!(answer.status, expected);
        let step = if after == 0 { (StepResult::Pass, "") } else { (StepResult::Fail, "STATUS_expired") };
        assert_eq!(status_step(&answer), step, "{answer:?}");
        // The day is a payload's: who may not read that is not told.
        assert_eq!(bank.entry(None, index).await.expect("the entry").status, "valid");
    }
    // A watcher sees it with the next entry, whosever that is.
    bank.world.open(&school.id, school.seed, [8; 16], "990000200806050011");
    let opening = crate::support::postings(&bank.world).pop().expect("the opening");
    bank.post(&[opening]).await;
    let changed = tokio::time::timeout(Duration::from_mins(1), watched.next()).await.expect("the watcher is told");
    assert_eq!(word(&changed.expect("a transcript").expect("allowed")), "expired");
}
