//! A consortium (产教联合体) issues with k of its seats, and a verifier counts them too. No story of rules.md 6 has it; F1
//! and F2 of the policy documents do.

use xuefen::api::proto::{GetCharterRequest, StepResult};
use xuefen_core::kinds::tags;
use xuefen_core::proto::OutcomeKind;
use xuefen_core::proto::statement::Body;
use xuefen_ledger::RawPosting;
use xuefen_ledger::testing::{World, consortium, payload};

use super::bank::Bank;

/// An X certificate of the consortium for the account `[7; 16]`, signed by these.
fn certificate(bank: &mut Bank, park: &str, seeds: &[u8]) -> RawPosting {
    let (body, mut values) = bank.world.certificate_outcome(OutcomeKind::XCertificate, "family");
    values.push((tags::ISSUER_NAME, "样例产教联合体".into()));
    let table = tags::of_outcome(OutcomeKind::XCertificate).expect("it has a table");
    bank.world.private(park, Body::RecordOutcome(body), &payload(table, &values), seeds)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_a_consortium_stands_on_the_seats_that_signed() {
    let mut world = World::furnished();
    let park = consortium(&mut world);
    let mut bank = Bank::of(world).await;
    // A school and a college are two, but the charter asks for an enterprise.
    let posting = certificate(&mut bank, &park, &[4, 5]);
    assert_eq!(bank.refuse(&posting).await.reason, "CHARTER_NOT_MET");
    let posting = certificate(&mut bank, &park, &[4, 6]);
    let index = bank.accept(posting).await.index;
    let learner = bank.learner(&bank.school(), [7; 16]).await;
    let presentation = bank.present(&learner, index).await;
    let answer = bank.verify(&presentation).await;
    assert_eq!((answer.result(), &answer.issuer), (StepResult::Pass, &park), "{answer:?}");

    let asked = GetCharterRequest { name: format!("institutions/{park}"), tree_size: 0 };
    let found = bank.registry().get_charter(asked).await.expect("an answer").into_inner();
    let charter = found.charter.expect("a charter");
    assert_eq!((charter.seats.len(), charter.threshold, found.indices.len()), (3, 2, 1));
}
