//! Story 8: half of an enterprise's skills training is practice, hard; of a dual-qualified teacher's, soft.

use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{Policy, Severity, Threshold};
use xuefen_ledger::testing::policy;

use super::bank::{Bank, Who};
use super::names::{NAME, base};

/// A certificate of 80 hours (of 45 minutes), so many of them practice.
fn certificate(
    bank: &mut Bank,
    base: &Who,
    family: u64,
    project: &str,
    hours: u32,
    source: &str,
) -> xuefen_ledger::RawPosting {
    let (family, practice) = (family.to_string(), (hours * 45).to_string());
    let values = [
        (tags::FAMILY, family.as_str()),
        (tags::SOURCE_ID, source),
        (tags::ISSUER_NAME, NAME),
        (tags::MINUTES, "3600"),
        (tags::PRACTICE_MINUTES, practice.as_str()),
        (tags::TRAINING_LEVEL, "nation"),
        (tags::PROJECT_TYPE, project),
    ];
    bank.certificate(base, xuefen_core::proto::OutcomeKind::CompletionCertificate, &values)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_8_forty_of_eighty_hours_are_practice_or_it_is_refused_or_flagged() {
    let mut bank = Bank::new().await;
    let (base, family) = base(&mut bank).await;
    let posting = certificate(&mut bank, &base, family, "enterprise_skills", 40, "E-40");
    let receipt = bank.accept(posting).await;
    assert!(receipt.flags.is_empty());
    let posting = certificate(&mut bank, &base, family, "enterprise_skills", 39, "E-39");
    let refusal = bank.refuse(&posting).await;
    assert_eq!(
        (refusal.reason.as_str(), refusal.field.as_str()),
        ("THRESHOLD_NOT_MET", "payload.practice_minutes (7)")
    );
    assert!(refusal.rule.contains("practice_share_enterprise is 4875, at least 5000"), "{}", refusal.rule);

    // The same hours of a dual-qualified teacher's training are accepted, and remarked on wherever its learner looks.
    let posting = certificate(&mut bank, &base, family, "dual_qualified_teacher", 39, "T-39");
    let flagged = bank.accept(posting).await;
    let said: Vec<_> = flagged.flags.iter().map(|it| (it.code.as_str(), it.severity(), it.policy_index)).collect();
    assert_eq!(said, [("PRACTICE_SHARE_LOW", Severity::Soft, 0)]);
    let learner = bank.learner(&bank.school(), [7; 16]).await;
    let transcript = bank.transcript(&learner, 0).await;
    let flags = |index: u64| {
        let outcome = transcript.outcomes.iter().find(|it| it.index == index).expect("in the transcript");
        outcome.flags.clone()
    };
    assert_eq!((flags(receipt.index), flags(flagged.index)), (vec![], flagged.flags.clone()));
    // To its issuer too, and to nobody else.
    let token = bank.login(&base).await;
    let theirs = bank.entry(Some(&token), flagged.index).await.expect("its own entry");
    assert_eq!(theirs.flags, flagged.flags);
    assert!(bank.entry(None, flagged.index).await.expect("a public entry").flags.is_empty());

    // The ministry makes it hard, and says why.
    let hard = Threshold {
        code: "practice_share_teacher".into(),
        bound: 5_000,
        severity: Severity::Hard as i32,
        reason: "双师型培训".into(),
    };
    let ministry = bank.ministry();
    let body = Policy { thresholds: vec![hard], ..policy(1, bank.world.now) };
    bank.say(&ministry, Body::Policy(body), &[1]).await;
    let posting = certificate(&mut bank, &base, family, "dual_qualified_teacher", 39, "T-39b");
    assert_eq!(bank.refuse(&posting).await.reason, "THRESHOLD_NOT_MET");
}
