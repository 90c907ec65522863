//! Story 19: attempts are never overwritten, and a run that is passed by the dozen is flagged.

use xuefen::api::proto::Receipt;
use xuefen::api::proto::entry_verdict::Result as Verdict;
use xuefen_core::kinds::tags;
use xuefen_core::proto::Severity;

use super::bank::{Bank, Who};

/// Learners who fail at first.
const FAILS: u8 = 12;

/// An attempt of an account at the school's course.
async fn attempt(bank: &mut Bank, school: &Who, account: [u8; 16], number: &str, mark: &str, day: &str) -> Receipt {
    let (body, mut values) = bank.world.course_outcome();
    values.push((tags::ACCOUNT, account.to_vec()));
    let source = format!("CJ-{}-{number}", account[0]);
    let credits = if mark < "60" { "0" } else { "3000" };
    let changes = [
        (tags::SOURCE_ID, source.as_str()),
        (tags::ATTEMPT, number),
        (tags::GRADE, mark),
        (tags::CREDIT_MILLIS, credits),
        (tags::ACHIEVED_ON, day),
    ];
    let posting = bank.outcome(school, (body, values), &changes);
    bank.accept(posting).await
}

fn flags(receipt: &Receipt) -> Vec<&str> {
    receipt.flags.iter().map(|flag| flag.code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_19_both_attempts_stay_and_ten_fails_turned_are_flagged() {
    let mut bank = Bank::new().await;
    let school = bank.school();
    let account = |learner: u8| [50 + learner; 16];
    let mut indices = Vec::new();
    for learner in 0..FAILS {
        bank.world.open(&school.id, school.seed, account(learner), &format!("9900002008060500{learner:02}"));
        let opening = crate::support::postings(&bank.world).pop().expect("the opening");
        assert_eq!(bank.post(&[opening]).await.len(), 1);
        let receipt = attempt(&mut bank, &school, account(learner), "1", "52", "2026-08-01").await;
        assert_eq!(flags(&receipt), [""; 0]);
        indices.push(receipt.index);
    }
    let learner = bank.learner(&school, account(0)).await;
    let failed = bank.transcript(&learner, 0).await;
    assert_eq!((failed.outcomes.len(), failed.credit_millis), (1, 0));

    for turned in 1..=FAILS {
        let receipt = attempt(&mut bank, &school, account(turned - 1), "2", "66", "2026-08-30").await;
        let posting = crate::support::postings(&bank.world).pop().expect("the resit");
        let Verdict::Receipt(again) = bank.post(&[posting]).await.remove(0) else { panic!("posted again") };
        assert!(again.replayed);
        assert_eq!((again.index, &again.flags), (receipt.index, &receipt.flags), "the first receipt, remarks and all");
        let expected: &[&str] = if turned < 10 { &[] } else { &["MASS_PASS"] };
        assert_eq!(flags(&receipt), expected, "{turned} of {FAILS} turned");
        assert!(!receipt.pending, "flagged, and accepted all the same");
        if turned == 1 {
            indices.push(receipt.index);
        }
    }
    let both = bank.transcript(&learner, 0).await;
    let seen: Vec<_> = both.outcomes.iter().map(|it| (it.index, it.grade.as_str(), it.attempt, it.passed)).collect();
    assert_eq!(seen, [(indices[0], "52", 1, false), (indices[usize::from(FAILS)], "66", 2, true)]);
    assert!(both.outcomes.iter().all(|it| it.status == "valid"), "neither takes the other's place");
    assert_eq!(both.credit_millis, 3_000, "counted once");
    assert!(both.outcomes.iter().all(|it| it.flags.is_empty()), "the first to turn is not remarked on");

    // The tenth is, in the learner's own transcript too.
    let tenth = bank.learner(&school, account(9)).await;
    let seen = bank.transcript(&tenth, 0).await;
    let flags: Vec<_> = seen.outcomes.iter().flat_map(|it| &it.flags).collect();
    let said: Vec<_> = flags.iter().map(|it| (it.code.as_str(), it.severity(), it.field.as_str())).collect();
    assert_eq!(said, [("MASS_PASS", Severity::Advisory, "payload.run (12)")]);
}
