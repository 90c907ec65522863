//! Story 3: one person, one account.

use prost::Message as _;
use xuefen::api::access::AccountId;
use xuefen::api::proto::GetInstitutionRequest;
use xuefen_core::kinds::tags;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{OpenAccount, OutcomeKind};
use xuefen_ledger::RawPosting;
use xuefen_ledger::testing::payload;

use super::bank::{Bank, Who};

const FIRST: [u8; 16] = *b"\x11first account\xfe\xff";
const SECOND: [u8; 16] = *b"\x22second account\xff";
const CARD: &str = "990000200806050011";

fn opening(bank: &mut Bank, opener: &Who, account: [u8; 16], document: (&str, &str)) -> RawPosting {
    opening_with(bank, opener, account, document, ("", ""))
}

/// An account with a card that its learner carries.
fn opening_with(
    bank: &mut Bank,
    opener: &Who,
    account: [u8; 16],
    (kind, number): (&str, &str),
    carrier: (&str, &str),
) -> RawPosting {
    let values = [
        (tags::ACCOUNT, account.to_vec()),
        (tags::HOLDER_NAME, "措毛豆拉".into()),
        (tags::DOCUMENT_KIND, kind.into()),
        (tags::DOCUMENT_NUMBER, number.into()),
        (tags::BIRTH_DATE, "2008-06-05".into()),
        (tags::CARRIER_KIND, carrier.0.into()),
        (tags::CARRIER_NUMBER, carrier.1.into()),
    ];
    let payload = payload(tags::OPEN_ACCOUNT, &values);
    bank.world.private(&opener.id, Body::OpenAccount(OpenAccount::default()), &payload, &[opener.seed])
}

/// A course result under an account, and its index.
async fn course(bank: &mut Bank, issuer: &Who, offer: &str, account: [u8; 16], source_id: &str) -> u64 {
    let (body, mut values) = bank.world.course_outcome();
    assert_eq!(body.outcome_kind, OutcomeKind::Course as i32);
    values.push((tags::ACCOUNT, account.to_vec()));
    let name =
        if offer == "course" { "西宁市第一职业技术学校" } else { "常州铁道高等职业技术学校" };
    let offer = bank.world.index(offer);
    let changes = [(tags::SOURCE_ID, source_id), (tags::OFFER, &offer), (tags::ISSUER_NAME, name)];
    let posting = bank.outcome(issuer, (body, values), &changes);
    bank.accept(posting).await.index
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_03_a_person_has_one_account_and_two_become_one() {
    let mut bank = Bank::new().await;
    let (school, college) = (bank.school(), bank.college());
    let asked = GetInstitutionRequest { name: format!("institutions/{}", school.id), tree_size: 0 };
    let row = bank.registry().get_institution(asked).await.expect("the school").into_inner();
    assert_eq!(row.names[0].text, "西宁市第一职业技术学校");

    let campus = ("campus_card", "C-0001");
    let first = opening_with(&mut bank, &school, FIRST, ("resident_id", CARD), campus);
    let opened = bank.accept(first).await;
    // The same person at another school, and another person under the id that is taken: one answer for both, and nothing
    // in it of the account that is there.
    let again = opening(&mut bank, &college, SECOND, ("resident_id", CARD));
    let refusal = bank.refuse(&again).await;
    assert_eq!(refusal.reason, "ACCOUNT_EXISTS");
    assert_eq!((refusal.has_existing, refusal.existing_index), (false, 0));
    let taken = opening(&mut bank, &college, FIRST, ("resident_id", "990000200702110024"));
    assert_eq!(bank.refuse(&taken).await, refusal);
    // A card that somebody carries already opens no account, whatever the document.
    let carried = opening_with(&mut bank, &college, SECOND, ("resident_id", "990000200702110024"), campus);
    assert_eq!(bank.refuse(&carried).await, refusal);
    let bytes = refusal.encode_to_vec();
    let id = AccountId(FIRST).to_string();
    let secrets: [&[u8]; 5] = [&FIRST, id.as_bytes(), CARD.as_bytes(), school.id.as_bytes(), "西宁".as_bytes()];
    for secret in secrets {
        assert!(!bytes.windows(secret.len()).any(|part| part == secret), "{refusal:?}");
    }

    // Under a social-security card nobody can tell that it is the same person.
    let other = opening(&mut bank, &college, SECOND, ("social_security_card", "SS9900000001"));
    bank.accept(other).await;
    let at_school = course(&mut bank, &school, "course", FIRST, "XN-0001").await;
    let at_college = course(&mut bank, &college, "other_course", SECOND, "CZ-0001").await;
    let apart = bank.tree_size().await;

    // One school alone may say so only of documents that are the same.
    let (merge, payload) = bank.world.merger(FIRST, SECOND);
    let alone = bank.world.private(&school.id, merge.clone(), &payload, &[school.seed]);
    assert_eq!(bank.refuse(&alone).await.reason, "MERGE_NEEDS_SECOND_PARTY");
    let together = bank.world.private(&school.id, merge, &payload, &[school.seed, college.seed]);
    bank.accept(together).await;

    // Both ids open the one account, and both histories are in its one transcript.
    for (opener, id) in [(&school, FIRST), (&college, SECOND)] {
        let learner = bank.learner(opener, id).await;
        let account = bank.account(&learner).await;
        assert_eq!((account.account.as_slice(), account.aliases.as_slice()), (&FIRST[..], &[SECOND.to_vec()][..]));
        assert_eq!((account.opened_at, account.opened_by.as_str()), (opened.logged_at, school.id.as_str()));
        let transcript = bank.transcript(&learner, 0).await;
        let seen: Vec<_> = transcript.outcomes.iter().map(|it| (it.index, it.issuer.as_str())).collect();
        assert_eq!(seen, [(at_school, school.id.as_str()), (at_college, college.id.as_str())]);
        assert_eq!(transcript.credit_millis, 6_000);
    }
    let learner = bank.learner(&school, FIRST).await;
    let before = bank.transcript(&learner, apart).await;
    assert_eq!(before.outcomes.iter().map(|it| it.index).collect::<Vec<_>>(), [at_school], "before they were one");
    // Neither document opens a third.
    for document in [("resident_id", CARD), ("social_security_card", "SS9900000001")] {
        let third = opening(&mut bank, &school, [0x33; 16], document);
        assert_eq!(bank.refuse(&third).await, refusal);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_03_a_learner_with_a_device_key_signs_the_merger() {
    let mut bank = Bank::new().await;
    let (school, college) = (bank.school(), bank.college());
    for (account, document) in [(FIRST, ("resident_id", CARD)), (SECOND, ("social_security_card", "SS9900000001"))] {
        let posting = opening(&mut bank, &school, account, document);
        bank.accept(posting).await;
    }
    let (bind, payload) = bank.world.binding(SECOND, 91);
    let posting = bank.world.private(&school.id, bind, &payload, &[school.seed]);
    bank.accept(posting).await;
    // Two schools and a consent on paper are not enough any more.
    let seeds = [school.seed, college.seed];
    let (merge, payload) = bank.world.merger(FIRST, SECOND);
    let posting = bank.world.private(&school.id, merge, &payload, &seeds);
    assert_eq!(bank.refuse(&posting).await.reason, "LEARNER_SIGNATURE_MISSING");
    // Nor is a signature over another pair, which the schools would turn round.
    let (merge, turned) = bank.world.signed_merger(SECOND, FIRST, 91);
    let mut fields = turned.fields().to_vec();
    let (first, other) = (fields[0].value.clone(), fields[3].value.clone());
    (fields[0].value, fields[3].value) = (other, first);
    let turned = xuefen_core::payload::Payload::new(turned.seed().clone(), fields).expect("tags did not change");
    let posting = bank.world.private(&school.id, merge, &turned, &seeds);
    assert_eq!(bank.refuse(&posting).await.reason, "LEARNER_SIGNATURE_WRONG");
    let (merge, payload) = bank.world.signed_merger(FIRST, SECOND, 91);
    let posting = bank.world.private(&school.id, merge, &payload, &seeds);
    bank.accept(posting).await;
    let learner = bank.learner(&school, SECOND).await;
    assert_eq!(bank.account(&learner).await.account, FIRST);
}
