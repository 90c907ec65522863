//! Transcripts as of a time, in groups and through a view, as a learner asks for them: what `--at`, `--by` and `--view` send.

use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{LifecycleReason, Revoke};

use super::*;

/// One day, seconds.
const DAY: i64 = 86_400;

impl Bank {
    /// Lets time pass.
    fn advance(&mut self, seconds: i64) {
        self.world.now += seconds;
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn accept(&mut self, posting: RawPosting) -> u64 {
        let index = self.world.accept(posting);
        self.post().await;
        index
    }

    /// An X certificate of the learner, by the evaluation body.
    async fn certificate(&mut self) -> u64 {
        let (body, values) = self.world.certificate_outcome(OutcomeKind::XCertificate, "family");
        let issuer = self.world.body.id.clone();
        let posting = self.world.outcome(&issuer, body, &values, 6);
        self.accept(posting).await
    }
}

fn indices(transcript: &Transcript) -> Vec<u64> {
    transcript.outcomes.iter().map(|outcome| outcome.index).collect()
}

#[tokio::test]
async fn a_transcript_stands_as_of_any_time_with_what_things_were_worth_then() {
    let mut bank = Bank::new().await;
    let learner = Caller::Learner(LEARNER);
    let first = bank.outcome(1, "66").await;
    bank.advance(10 * DAY);
    let target = Some(bank.world.reference(first));
    let reason = LifecycleReason::Error.into();
    let school = bank.world.school.id.clone();
    let posting = bank.world.public(&school, Body::Revoke(Revoke { target, reason }), &[4]);
    bank.accept(posting).await;
    let second = bank.outcome(2, "70").await;

    let at = |time: i64| GetTranscriptRequest { time, ..whole(LEARNER) };
    let then = bank.transcript(&learner, at(START + DAY)).await.unwrap();
    assert_eq!((indices(&then), then.outcomes[0].status.as_str(), then.credit_millis), (vec![first], "valid", 3_000));
    let now = bank.transcript(&learner, at(START + 11 * DAY)).await.unwrap();
    assert_eq!((indices(&now), now.outcomes[0].status.as_str()), (vec![first, second], "revoked"));
    let before = bank.transcript(&learner, at(1)).await.unwrap();
    assert_eq!(indices(&before), Vec::<u64>::new());
    let both = GetTranscriptRequest { tree_size: 3, ..at(START) };
    assert_eq!(bank.transcript(&learner, both).await.unwrap_err().code(), Code::InvalidArgument);
    // The next page is of the same time.
    let page = bank.transcript(&learner, GetTranscriptRequest { page_size: 1, ..at(START + 11 * DAY) }).await.unwrap();
    bank.outcome(3, "80").await;
    let page_token = page.next_page_token;
    let next = GetTranscriptRequest { page_size: 5, page_token, ..at(START + 11 * DAY) };
    assert_eq!(indices(&bank.transcript(&learner, next).await.unwrap()), [second]);
}

#[tokio::test]
async fn a_transcript_is_grouped_and_seen_through_a_view() {
    let mut bank = Bank::new().await;
    let learner = Caller::Learner(LEARNER);
    let course = bank.outcome(1, "66").await;
    let certificate = bank.certificate().await;

    let by = |grouping: TranscriptGrouping| GetTranscriptRequest { grouping: grouping.into(), ..whole(LEARNER) };
    let stages = bank.transcript(&learner, by(TranscriptGrouping::Stage)).await.unwrap();
    let keys: Vec<_> =
        stages.groups.iter().map(|it| (it.key.as_str(), it.outcomes.clone(), it.credit_millis)).collect();
    assert_eq!(
        keys,
        [("higher_vocational", vec![course, certificate], 3_000)],
        "by the kind of body, which is one in this world"
    );
    assert_eq!(bank.transcript(&learner, whole(LEARNER)).await.unwrap().groups, []);
    for grouping in [TranscriptGrouping::Competency, TranscriptGrouping::Programme] {
        let groups = bank.transcript(&learner, by(grouping)).await.unwrap().groups;
        let mut all: Vec<_> = groups.into_iter().flat_map(|group| group.outcomes).collect();
        all.sort_unstable();
        assert_eq!(all, [course, certificate], "{grouping:?}");
    }

    let through = |view: TranscriptView| GetTranscriptRequest { view: view.into(), ..whole(LEARNER) };
    let work = bank.transcript(&learner, through(TranscriptView::WorkArchive)).await.unwrap();
    assert_eq!(indices(&work), [certificate]);
    let training = bank.transcript(&learner, through(TranscriptView::TrainingFile)).await.unwrap();
    assert_eq!(indices(&training), Vec::<u64>::new());
    // A kind that the view does not have is in no such file.
    let outcome_kind = OutcomeKind::Course.into();
    let neither = GetTranscriptRequest { outcome_kind, ..through(TranscriptView::WorkArchive) };
    assert_eq!(indices(&bank.transcript(&learner, neither).await.unwrap()), Vec::<u64>::new());
}
