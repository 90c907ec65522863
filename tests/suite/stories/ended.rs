//! Stories 11 and 11b: the end of an issuer, and how far back it reaches.

use std::path::PathBuf;

use xuefen::api::proto::StepResult;
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    ChangeInstitution, EndEffect, InstitutionGround, OutcomeKind, RevokeInstitution, change_institution,
};
use xuefen_ledger::RawPosting;

use super::bank::{Bank, Who, status_step, xuefen};
use super::names::{self, NAME};

const DAY: i64 = 86_400;
/// The learner of the world.
const LEARNER: [u8; 16] = [7; 16];

fn certificate(bank: &mut Bank, base: &(Who, u64), number: &str) -> RawPosting {
    let family = base.1.to_string();
    let values = [
        (tags::FAMILY, family.as_str()),
        (tags::ISSUER_NAME, NAME),
        (tags::SOURCE_ID, number),
        (tags::CERTIFICATE_NUMBER, number),
    ];
    bank.certificate(&base.0, OutcomeKind::CompletionCertificate, &values)
}

/// Nation and province end the base for false materials.
async fn end(bank: &mut Bank, base: &Who, effect: EndEffect, since: i64) -> u64 {
    let revoke = RevokeInstitution { ground: InstitutionGround::FalseMaterials as i32, effect: effect as i32, since };
    let change = Some(change_institution::Change::Revoke(revoke));
    let body = Body::ChangeInstitution(ChangeInstitution { institution: base.id.clone(), change });
    let ministry = bank.ministry();
    bank.say(&ministry, body, &[1, 2]).await
}

/// The status word and the issuer's status of an outcome in its learner's transcript.
async fn in_transcript(bank: &Bank, index: u64) -> (String, String) {
    let learner = bank.learner(&bank.school(), LEARNER).await;
    let outcomes = bank.transcript(&learner, 0).await.outcomes;
    let outcome = outcomes.into_iter().find(|it| it.index == index).expect("the transcript shows it");
    (outcome.status, outcome.issuer_status)
}

/// What `xuefen verify` exits with on a presentation, at the ledger's time.
pub fn verify_offline(bank: &Bank, presentation: &[u8]) -> (i32, serde_json::Value) {
    let dir = tempfile::tempdir().expect("tempdir");
    let file = dir.path().join("shown.xuefen.json");
    std::fs::write(&file, presentation).expect("write");
    let path = |path: PathBuf| path.to_str().expect("UTF-8").to_owned();
    let (policy, authority) = (path(bank.server.home.policy()), path(bank.server.home.authority()));
    let (file, at) = (path(file), bank.world.now.to_string());
    xuefen(&["verify", &file, "--at", &at, "--policy", &policy, "--authority", &authority])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_11_after_a_prospective_end_what_was_issued_stands_and_says_so() {
    let mut bank = Bank::new().await;
    let base = names::base(&mut bank).await;
    let posting = certificate(&mut bank, &base, "LX-0001");
    let index = bank.accept(posting).await.index;
    assert_eq!(in_transcript(&bank, index).await, ("valid".into(), "active".into()));
    bank.advance(DAY);
    end(&mut bank, &base.0, EndEffect::Prospective, 0).await;

    bank.advance(60);
    let later = certificate(&mut bank, &base, "LX-0002");
    let refusal = bank.refuse(&later).await;
    assert_eq!(refusal.reason, "ISSUER_ENDED", "{refusal:?}");
    assert_eq!(in_transcript(&bank, index).await, ("valid".into(), "revoked".into()));
    let learner = bank.learner(&bank.school(), LEARNER).await;
    let presentation = bank.present(&learner, index).await;
    let answer = bank.verify(&presentation).await;
    assert_eq!((answer.result(), answer.status.as_str()), (StepResult::Pass, "valid"), "{answer:?}");
    assert_eq!((answer.issuer_status.as_str(), &answer.issuer), ("revoked", &base.0.id));
    let (code, said) = verify_offline(&bank, &presentation);
    assert_eq!((code, &said["result"]), (0, &"pass".into()), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_11b_after_a_retroactive_end_nobody_can_say_until_the_authority_does() {
    let mut bank = Bank::new().await;
    let base = names::base(&mut bank).await;
    let posting = certificate(&mut bank, &base, "LX-0001");
    let early = bank.accept(posting).await.index;
    bank.advance(10 * DAY);
    let since = bank.world.now;
    let posting = certificate(&mut bank, &base, "LX-0002");
    let late = bank.accept(posting).await.index;
    bank.advance(DAY);
    let learner = bank.learner(&bank.school(), LEARNER).await;
    let before = bank.present(&learner, late).await;
    end(&mut bank, &base.0, EndEffect::Retroactive, since).await;

    bank.advance(60);
    assert_eq!(in_transcript(&bank, early).await, ("valid".into(), "revoked".into()));
    assert_eq!(in_transcript(&bank, late).await, ("needs_review".into(), "revoked".into()));
    assert_eq!(bank.status_word(late).await, "needs_review");
    let presentation = bank.present(&learner, late).await;
    let answer = bank.verify(&presentation).await;
    assert_eq!(answer.result(), StepResult::CouldNotCheck, "{answer:?}");
    assert_eq!(status_step(&answer), (StepResult::CouldNotCheck, "STATUS_needs_review"));
    assert_eq!((answer.status.as_str(), answer.issuer_status.as_str()), ("needs_review", "revoked"));
    let others = answer.steps.iter().filter(|step| step.number < 7);
    assert!(others.clone().count() == 6 && others.clone().all(|step| step.result() == StepResult::Pass), "{answer:?}");
    let (code, said) = verify_offline(&bank, &presentation);
    assert_eq!((code, &said["result"]), (3, &"could-not-check".into()), "{said}");
    // What is not in doubt, and a file from before, which the server's answer puts right.
    let (code, said) = verify_offline(&bank, &bank.present(&learner, early).await);
    assert_eq!(code, 0, "{said}");
    assert_eq!(bank.verify(&before).await.issuer_status, "revoked");

    // The authority stands by it.
    let body = bank.world.countersign(late);
    let ministry = bank.ministry();
    bank.say(&ministry, body, &[ministry.seed]).await;
    assert_eq!(in_transcript(&bank, late).await, ("valid".into(), "revoked".into()));
    let (code, said) = verify_offline(&bank, &bank.present(&learner, late).await);
    assert_eq!(code, 0, "{said}");
}
