//! Story 15: an employer checks with a one-time grant. The answer has the members that are committed to and no others, and
//! the look stands in the learner's log.

use tonic::Code;
use tonic_types::StatusExt as _;
use xuefen::api::proto::{
    CreateGrantRequest, CreateGrantResponse, Grant, GrantState, ListAccessesRequest, ListGrantsRequest, StepResult,
    VerifyRequest, VerifyResponse, WithdrawGrantRequest,
};
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{LifecycleReason, OutcomeKind, Revoke};

use super::bank::{Bank, Learner};

const LEARNER: [u8; 16] = [7; 16];
const DAY: i64 = 86_400;

/// What an employer is told, and nothing else: a member that is added here is a decision about privacy.
const MEMBERS: [&str; 11] = [
    "result",
    "steps",
    "outcome_kind",
    "issuer",
    "issuer_names",
    "status",
    "disclosed",
    "quorum_none",
    "tree_size",
    "issuer_status",
    "presentation",
];

async fn grant(bank: &Bank, learner: &Learner, index: u64, shown: &[u32]) -> CreateGrantResponse {
    let asked = CreateGrantRequest {
        parent: learner.name(),
        index,
        tags: shown.to_vec(),
        label: "样例：应聘".to_owned(),
        lifetime_seconds: 0,
    };
    bank.accounts().create_grant(learner.asks(asked)).await.expect("a grant").into_inner()
}

async fn redeem(bank: &Bank, code: &str, number: &str) -> Result<VerifyResponse, tonic::Status> {
    let asked =
        VerifyRequest { presentation: Vec::new(), grant_code: code.to_owned(), certificate_number: number.to_owned() };
    Ok(bank.verification().verify(asked).await?.into_inner())
}

async fn grants(bank: &Bank, learner: &Learner) -> Vec<Grant> {
    let asked = ListGrantsRequest { parent: learner.name(), ..Default::default() };
    bank.accounts().list_grants(learner.asks(asked)).await.expect("grants").into_inner().grants
}

/// One answer for whatever is wrong with a code.
fn assert_unknown(answer: Result<VerifyResponse, tonic::Status>) {
    let status = answer.expect_err("no answer");
    assert_eq!(status.code(), Code::NotFound, "{status:?}");
    assert_eq!(status.get_error_details().error_info().expect("a reason").reason, "NOT_FOUND");
}

fn response_members() -> Vec<String> {
    use prost::Message as _;
    let files = prost_types::FileDescriptorSet::decode(xuefen::api::proto::DESCRIPTORS).expect("descriptors");
    let mut messages = files.file.iter().flat_map(|file| &file.message_type);
    let response = messages.find(|message| message.name() == "VerifyResponse").expect("the answer");
    response.field.iter().map(|field| field.name().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_15_an_employer_looks_once_and_the_learner_sees_it() {
    let mut bank = Bank::new().await;
    let (school, body) = (bank.school(), bank.body());
    let posting =
        bank.certificate(&body, OutcomeKind::XCertificate, &[(tags::CERTIFICATE_NUMBER, "SAMPLE-2026-000015")]);
    let index = bank.accept(posting).await.index;
    let learner = bank.learner(&school, LEARNER).await;
    let shown = [tags::ACHIEVED_ON.number, tags::CERTIFICATE_NUMBER.number];
    let made = grant(&bank, &learner, index, &shown).await;
    assert_eq!(made.link, format!("https://localhost:8443/verify#grant={}", made.code));

    // Another number: as if there were no grant, and it stays open.
    assert_unknown(redeem(&bank, &made.code, "SAMPLE-2026-000016").await);
    assert_unknown(redeem(&bank, "AAAAA-AAAAA-AAAAA-AAAAA", "").await);
    let typed = made.code.to_lowercase().replace('-', " ");
    let answer = redeem(&bank, &typed, "SAMPLE-2026-000015").await.expect("an answer");
    assert_eq!(answer.result(), StepResult::Pass, "{answer:?}");
    assert_eq!(answer.disclosed.iter().map(|field| field.tag).collect::<Vec<_>>(), shown);
    assert_eq!((answer.status.as_str(), answer.issuer_status.as_str()), ("valid", "active"));
    assert_eq!(response_members(), MEMBERS);
    // What was given is a presentation like any other: whoever trusts nobody checks it again.
    let again = bank.verify(&answer.presentation).await;
    assert_eq!((again.result(), again.presentation.len()), (StepResult::Pass, 0));

    assert_unknown(redeem(&bank, &made.code, "").await);
    let known = grants(&bank, &learner).await;
    assert_eq!((known.len(), known[0].state(), known[0].label.as_str()), (1, GrantState::Used, "样例：应聘"));
    let asked = ListAccessesRequest { parent: learner.name(), ..Default::default() };
    let accesses = bank.accounts().list_accesses(learner.asks(asked)).await.expect("a log").into_inner().accesses;
    let looks: Vec<_> = accesses.iter().filter(|access| access.by == "grant").collect();
    assert_eq!(looks.len(), 1, "{accesses:?}");
    assert_eq!((looks[0].call.as_str(), &looks[0].grant), ("VerificationService.Verify", &known[0].name));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_ends_by_time_by_the_learner_and_for_good() {
    let mut bank = Bank::new().await;
    let (school, body) = (bank.school(), bank.body());
    let posting = bank.certificate(&body, OutcomeKind::XCertificate, &[]);
    let index = bank.accept(posting).await.index;
    let learner = bank.learner(&school, LEARNER).await;

    let withdrawn = grant(&bank, &learner, index, &[]).await;
    let name = withdrawn.grant.expect("a grant").name;
    let ended = bank.accounts().withdraw_grant(learner.asks(WithdrawGrantRequest { name: name.clone() })).await;
    assert_eq!(ended.expect("a grant").into_inner().state(), GrantState::Withdrawn);
    assert_unknown(redeem(&bank, &withdrawn.code, "").await);

    // Two at once: one of them. Grants of one second stand in no order, so each has a second of its own.
    bank.advance(1);
    let made = grant(&bank, &learner, index, &[]).await;
    let (first, second) = tokio::join!(redeem(&bank, &made.code, ""), redeem(&bank, &made.code, ""));
    assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
    let used = grants(&bank, &learner).await.swap_remove(0).name;
    let kept = bank.accounts().withdraw_grant(learner.asks(WithdrawGrantRequest { name: used })).await;
    assert_eq!(kept.expect("a grant").into_inner().state(), GrantState::Used, "what was used stays used");

    bank.advance(1);
    let late = grant(&bank, &learner, index, &[]).await;
    bank.advance(7 * DAY);
    assert_unknown(redeem(&bank, &late.code, "").await);
    // The learner's token ended long ago.
    let learner = bank.learner(&school, LEARNER).await;
    let states: Vec<_> = grants(&bank, &learner).await.iter().map(Grant::state).collect();
    assert_eq!(states, [GrantState::Expired, GrantState::Used, GrantState::Withdrawn]);

    // An outcome that fell since is shown as it stands now.
    let fallen = grant(&bank, &learner, index, &[]).await;
    let target = Some(bank.world.reference(index));
    let revoke = Revoke { target, reason: LifecycleReason::Error as i32 };
    bank.say(&body, Body::Revoke(revoke), &[body.seed]).await;
    let answer = redeem(&bank, &fallen.code, "").await.expect("an answer");
    assert_eq!((answer.result(), answer.status.as_str()), (StepResult::Fail, "revoked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_learner_grants_and_only_what_is_the_learners() {
    let mut bank = Bank::new().await;
    let (school, body) = (bank.school(), bank.body());
    let posting = bank.certificate(&body, OutcomeKind::XCertificate, &[]);
    let index = bank.accept(posting).await.index;
    bank.world.open(&school.id, school.seed, [8; 16], "990000200806050011");
    let opening = crate::support::postings(&bank.world).pop().expect("the opening");
    bank.post(&[opening]).await;
    let (owner, other) = (bank.learner(&school, LEARNER).await, bank.learner(&school, [8; 16]).await);
    let request = |parent: String, index, tags: Vec<u32>| CreateGrantRequest {
        parent,
        index,
        tags,
        ..CreateGrantRequest::default()
    };
    let code = |answer: Result<_, tonic::Status>| answer.err().map(|status| status.code());
    let asked = other.asks(request(other.name(), index, Vec::new()));
    assert_eq!(code(bank.accounts().create_grant(asked).await.map(drop)), Some(Code::NotFound));
    let asked = other.asks(request(owner.name(), index, Vec::new()));
    assert_eq!(code(bank.accounts().create_grant(asked).await.map(drop)), Some(Code::PermissionDenied));
    let asked = owner.asks(request(owner.name(), index, vec![tags::NULLIFIER_KEY.number]));
    assert_eq!(code(bank.accounts().create_grant(asked).await.map(drop)), Some(Code::InvalidArgument));
    let asked = tonic::Request::new(request(owner.name(), index, Vec::new()));
    assert_eq!(code(bank.accounts().create_grant(asked).await.map(drop)), Some(Code::Unauthenticated));
    let token = bank.login(&school).await;
    let asked = super::bank::bearer(&token, request(owner.name(), index, Vec::new()));
    assert_eq!(code(bank.accounts().create_grant(asked).await.map(drop)), Some(Code::PermissionDenied));

    let name = grant(&bank, &owner, index, &[]).await.grant.expect("a grant").name;
    let others = name.replace(&owner.name(), &other.name());
    for name in [name, others] {
        let answer = bank.accounts().withdraw_grant(other.asks(WithdrawGrantRequest { name })).await;
        assert!(matches!(code(answer.map(drop)), Some(Code::PermissionDenied | Code::NotFound)));
    }
    assert_eq!(grants(&bank, &other).await, []);
}
