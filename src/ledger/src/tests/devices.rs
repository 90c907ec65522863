//! Device keys of learners: bound with proof of possession, let go, asked for where accounts are merged.

use super::registry::refused;
use super::rejections::bound;
use crate::posting::Secrets;
use crate::testing::{TestSecrets, World, payload};
use crate::{RawPosting, Rejection};
use xuefen_core::key::SecretKey;
use xuefen_core::kinds::tags::{self, Tag};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{AmendAccount, UnbindKey};

fn unbinding(world: &mut World, account: [u8; 16], seed: u8) -> RawPosting {
    let values = [
        (tags::ACCOUNT, account.to_vec()),
        (tags::HOLDER_KEY, SecretKey::from_seed(&[seed; 32]).public().as_bytes().to_vec()),
        (tags::CONSENT, "挂失单-1".into()),
    ];
    let school = world.school.id.clone();
    let payload = payload(tags::UNBIND_KEY, &values);
    world.private(&school, Body::UnbindKey(UnbindKey::default()), &payload, &[4])
}

fn amendment(world: &mut World, account: [u8; 16], values: &[(Tag, &str)]) -> RawPosting {
    let mut all = vec![(tags::ACCOUNT, account.to_vec())];
    all.extend(values.iter().map(|(tag, value)| (*tag, value.as_bytes().to_vec())));
    let school = world.school.id.clone();
    let payload = payload(tags::AMEND_ACCOUNT, &all);
    world.private(&school, Body::AmendAccount(AmendAccount::default()), &payload, &[4])
}

fn merger(world: &mut World, (body, payload): (Body, xuefen_core::payload::Payload)) -> RawPosting {
    let school = world.school.id.clone();
    world.private(&school, body, &payload, &[4, 5])
}

#[test]
fn who_has_a_device_key_signs_the_merger_with_it() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    world.open(&school, 4, [8; 16], "110101199003070001");
    world.open(&school, 4, [9; 16], "110101199003070002");
    let without = world.merger([7; 16], [8; 16]);
    let posting = merger(&mut world, without.clone());
    assert!(matches!(world.decide(posting), crate::Decision::Accept(_)), "nobody has a key: consent is enough");
    bound(&mut world, [8; 16], 91);
    bound(&mut world, [9; 16], 92);
    let posting = merger(&mut world, without);
    assert_eq!(refused(&world, posting).0, Rejection::LearnerSignatureMissing);
    // A key of neither, a signature for another pair, a good one.
    let by_other = world.signed_merger([7; 16], [8; 16], 92);
    let posting = merger(&mut world, by_other);
    assert_eq!(refused(&world, posting).0, Rejection::LearnerSignatureMissing);
    let (body, _) = world.merger([7; 16], [8; 16]);
    let (_, swapped) = world.signed_merger([8; 16], [7; 16], 91);
    let mut fields = swapped.fields().to_vec();
    fields[0].value = vec![7; 16].into();
    let other = fields.iter_mut().find(|field| field.tag.get() == tags::OTHER_ACCOUNT.number).expect("there");
    other.value = vec![8; 16].into();
    let swapped = xuefen_core::payload::Payload::new(swapped.seed().clone(), fields).expect("ascending");
    let posting = merger(&mut world, (body, swapped));
    assert_eq!(refused(&world, posting).0, Rejection::LearnerSignatureWrong);
    let good = world.signed_merger([7; 16], [8; 16], 91);
    let posting = merger(&mut world, good);
    world.accept(posting);
    // The key is the kept account's now, and can be let go under either id.
    let row = crate::query::account(&world.state, TestSecrets.account_key(&[8; 16])).expect("memory").expect("kept");
    assert_eq!((row.1.devices.len(), row.1.aliases.len()), (1, 1));
    let posting = unbinding(&mut world, [8; 16], 92);
    assert_eq!(refused(&world, posting).0, Rejection::ReferenceUnknown, "another learner's");
    let posting = unbinding(&mut world, [8; 16], 91);
    world.accept(posting);
    let posting = unbinding(&mut world, [7; 16], 91);
    assert_eq!(refused(&world, posting).0, Rejection::ReferenceUnknown, "let go already");
    let again = world.binding([7; 16], 91);
    let posting = world.private(&school, again.0, &again.1, &[4]);
    assert_eq!(refused(&world, posting).0, Rejection::DeviceKeyInUse, "never anybody's again");
    assert_eq!(world.rebuilt(), world.state);
}

#[test]
fn a_carrier_that_an_account_is_opened_with_is_one_persons_too() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    let opening = |world: &mut World, account: u8, document: &str, carrier: [&str; 2]| {
        let values = [
            (tags::ACCOUNT, vec![account; 16]),
            (tags::HOLDER_NAME, "示例学习者".into()),
            (tags::DOCUMENT_KIND, "resident_id".into()),
            (tags::DOCUMENT_NUMBER, document.into()),
            (tags::CARRIER_KIND, carrier[0].into()),
            (tags::CARRIER_NUMBER, carrier[1].into()),
        ];
        let (body, _) = world.account([account; 16], document);
        world.private(&school, body, &payload(tags::OPEN_ACCOUNT, &values), &[4])
    };
    let card = ["social_security_card", "A1"];
    for (carrier, rejection) in [
        ([card[0], ""], Rejection::ValueMissing),
        (["", card[1]], Rejection::ValueMissing),
        (["a:b", card[1]], Rejection::ValueMalformed),
    ] {
        let posting = opening(&mut world, 8, "D-8", carrier);
        assert_eq!(refused(&world, posting).0, rejection, "{carrier:?}");
    }
    let posting = opening(&mut world, 8, "D-8", card);
    world.accept(posting);
    // Another document, the same card; the card as a document; the document as a card: one answer.
    for (document, carrier) in [("D-9", card), ("D-9", ["resident_id", "D-8"])] {
        let posting = opening(&mut world, 9, document, carrier);
        assert_eq!(refused(&world, posting), (Rejection::AccountExists, "payload".to_owned()));
    }
    let posting = amendment(&mut world, [7; 16], &[(tags::CARRIER_KIND, card[0]), (tags::CARRIER_NUMBER, card[1])]);
    assert_eq!(refused(&world, posting).0, Rejection::AccountExists);
    let posting = opening(&mut world, 9, "D-9", [card[0], "A2"]);
    world.accept(posting);
    assert_eq!(world.rebuilt(), world.state);
    super::audits::assert_audited(&world);
}

#[test]
fn an_amendment_says_something_and_its_carrier_is_one_persons() {
    let mut world = World::furnished();
    let school = world.school.id.clone();
    world.open(&school, 4, [8; 16], "110101199003070001");
    let card = [(tags::CARRIER_KIND, "social_security_card"), (tags::CARRIER_NUMBER, "A1")];
    for (values, rejection) in [(&[][..], Rejection::ValueMissing), (&card[..1], Rejection::ValueMissing)] {
        let posting = amendment(&mut world, [7; 16], values);
        assert_eq!(refused(&world, posting).0, rejection);
    }
    let posting = amendment(&mut world, [1; 16], &card);
    assert_eq!(refused(&world, posting).0, Rejection::ReferenceUnknown);
    let posting = amendment(&mut world, [7; 16], &card);
    world.accept(posting);
    let posting = amendment(&mut world, [8; 16], &card);
    assert_eq!(refused(&world, posting).0, Rejection::AccountExists);
    // Nor can an account be opened with it as if it were a document.
    let (body, _) = world.account([6; 16], "A1");
    let values = [
        (tags::ACCOUNT, vec![6; 16]),
        (tags::HOLDER_NAME, "示例学习者".into()),
        (tags::DOCUMENT_KIND, "social_security_card".into()),
        (tags::DOCUMENT_NUMBER, "A1".into()),
    ];
    let posting = world.private(&school, body, &payload(tags::OPEN_ACCOUNT, &values), &[4]);
    assert_eq!(refused(&world, posting).0, Rejection::AccountExists);
    let dated = [(tags::CATEGORY, "退役军人"), (tags::CATEGORY_FROM, "2026-09-01"), (tags::CATEGORY_UNTIL, "")];
    let posting = amendment(&mut world, [7; 16], &dated);
    world.accept(posting);
    let row = crate::query::account(&world.state, TestSecrets.account_key(&[7; 16])).expect("memory").expect("kept");
    assert_eq!(row.1.amendments.len(), 2);
    assert_eq!(world.rebuilt(), world.state);
}
