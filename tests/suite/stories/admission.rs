//! Story 7, the scheme: a province registers its vocational entrance examination (职教高考), whose tests of skill are at least
//! half of the score. Story 6, the labels: people call two pathways 3+2, the bank does not.

use xuefen::api::proto::{ListOffersRequest, ListPathwaysRequest};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{ExamScheme, Pathway, PathwaySegment, Statement};
use xuefen_ledger::testing::{exam_scheme, through_training, zh};

use super::bank::{Bank, Who};

fn jiangsu(bank: &Bank) -> Who {
    Who { id: bank.world.jiangsu.id.clone(), seed: 3 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_7_a_scheme_keeps_half_of_its_score_for_tests_of_skill() {
    let mut bank = Bank::new().await;
    let province = jiangsu(&bank);
    let posting = bank.world.public(&province.id, Body::ExamScheme(exam_scheme(400, 350)), &[province.seed]);
    let refusal = bank.refuse(&posting).await;
    assert_eq!((refusal.reason.as_str(), refusal.field.as_str()), ("THRESHOLD_NOT_MET", "statement.exam_scheme.parts"));
    let index = bank.say(&province, Body::ExamScheme(exam_scheme(300, 350)), &[province.seed]).await;
    let asked = ListOffersRequest { parent: format!("institutions/{}", province.id), ..Default::default() };
    let offers = bank.registry().list_offers(asked).await.expect("an answer").into_inner().offers;
    let offer = &offers[0];
    assert_eq!((offer.kind.as_str(), offer.index, offers.len()), ("exam_scheme", index, 1));
    let said = <Statement as prost::Message>::decode(offer.statement.as_slice()).expect("a statement");
    let Some(Body::ExamScheme(ExamScheme { parts, exempt_grounds, .. })) = said.body else { panic!("a scheme") };
    assert_eq!(parts.iter().map(|part| part.top_score).collect::<Vec<_>>(), [300, 350]);
    assert_eq!(exempt_grounds, ["veteran"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn story_6_two_pathways_of_one_label_have_two_ids() {
    let mut bank = Bank::new().await;
    let province = jiangsu(&bank);
    let segment = |training_level, years, institution: &str| PathwaySegment {
        training_level,
        years,
        institution: institution.to_owned(),
    };
    let college = bank.college().id;
    let before = bank.tree_size().await;
    for (code, segments) in [
        ("中职-高职专科", vec![segment(1, 3, ""), segment(2, 2, &college)]),
        ("高职专科-本科", vec![segment(2, 3, &college), segment(3, 2, "")]),
    ] {
        let body = Pathway { code: code.to_owned(), labels: zh("3+2"), segments, ..through_training("", "") };
        bank.say(&province, Body::Pathway(body), &[province.seed]).await;
    }
    let asked = |label: &str, tree_size| ListPathwaysRequest { label: label.to_owned(), tree_size };
    let found = bank.registry().list_pathways(asked("3+2", 0)).await.expect("an answer").into_inner().pathways;
    assert_eq!(found.iter().map(|it| it.code.as_str()).collect::<Vec<_>>(), ["中职-高职专科", "高职专科-本科"]);
    assert_ne!(found[0].index, found[1].index);
    let one = bank.registry().list_pathways(asked("3+2", before + 1)).await.expect("an answer").into_inner();
    assert_eq!((one.pathways.len(), one.tree_size), (1, before + 1));
    assert!(bank.registry().list_pathways(asked("3+4", 0)).await.expect("an answer").into_inner().pathways.is_empty());
}
