//! The thinnest whole path: from genesis to a course outcome through a real server, and what a restart leaves of it.

use xuefen::api::proto::entry_verdict::Result as Verdict;
use xuefen::api::proto::issuing_service_client::IssuingServiceClient;
use xuefen::api::proto::log_service_client::LogServiceClient;
use xuefen::api::proto::{GetCheckpointRequest, PostEntriesRequest, Receipt};
use xuefen_core::proto::OutcomeKind;
use xuefen_ledger::testing::World;

use crate::support::{Server, key, postings, wire};

/// Posts everything that made `world` in one stream.
async fn post(server: &Server, world: &World) -> Vec<Receipt> {
    let mut client = IssuingServiceClient::new(server.channel().await);
    let postings = postings(world).iter().zip(0..).map(|(posting, at)| wire(at, posting)).collect();
    let request = tokio_stream::iter([PostEntriesRequest { postings }]);
    let mut answers = client.post_entries(request).await.expect("a stream").into_inner();
    let mut receipts = Vec::new();
    while let Some(answer) = answers.message().await.expect("an answer") {
        assert!(answer.checkpoint.starts_with("ledger.example/test\n"));
        for verdict in answer.verdicts {
            match verdict.result.expect("a result") {
                Verdict::Receipt(receipt) => receipts.push(receipt),
                Verdict::Refusal(refusal) => panic!("{} {refusal:?}", verdict.sequence),
            }
        }
    }
    receipts
}

fn world() -> World {
    let mut world = World::furnished();
    let (body, values) = world.course_outcome();
    assert_eq!(body.outcome_kind, OutcomeKind::Course as i32);
    let school = world.school.id.clone();
    let posting = world.outcome(&school, body, &values, 4);
    world.accept(posting);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_posted_is_logged_answered_again_and_survives_a_restart() {
    let world = world();
    let server = Server::new(&world).await;
    let receipts = post(&server, &world).await;
    assert_eq!(receipts.len(), world.entries.len());
    for ((receipt, (entry, _)), at) in receipts.iter().zip(&world.entries).zip(0..) {
        assert_eq!((receipt.index, receipt.replayed), (at, false));
        assert_eq!(receipt.leaf_hash, entry.leaf_hash().as_ref(), "entry {at}");
    }
    // The same again: the same receipts, and nothing new in the log.
    let again = post(&server, &world).await;
    let replayed = |receipt: &Receipt| Receipt { replayed: true, ..receipt.clone() };
    assert_eq!(again, receipts.iter().map(replayed).collect::<Vec<_>>());
    let mut log = LogServiceClient::new(server.channel().await);
    let before = log.get_checkpoint(GetCheckpointRequest {}).await.expect("a checkpoint").into_inner();
    assert_eq!(before.tree_size, receipts.len() as u64);

    let dir = server.stop().await.expect("a directory");
    let server = Server::open(dir.path(), world.now).await;
    let mut log = LogServiceClient::new(server.channel().await);
    assert_eq!(log.get_checkpoint(GetCheckpointRequest {}).await.expect("a checkpoint").into_inner(), before);
    assert_eq!(post(&server, &world).await.len(), receipts.len(), "replays after a restart");
    server.stop().await;

    // Without its index the ledger answers the same.
    std::fs::remove_dir_all(dir.path().join("index")).expect("an index");
    let server = Server::open(dir.path(), world.now).await;
    let mut log = LogServiceClient::new(server.channel().await);
    assert_eq!(log.get_checkpoint(GetCheckpointRequest {}).await.expect("a checkpoint").into_inner(), before);
    assert!(post(&server, &world).await.iter().all(|receipt| receipt.replayed), "replays from a rebuilt index");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_has_the_time_of_the_servers_clock() {
    let mut world = World::furnished();
    assert_eq!(key(1).public(), world.ministry.key.public(), "the world's keys are those of their seeds");
    let server = Server::new(&world).await;
    let policy = std::fs::read_to_string(server.home.policy()).expect("policy.txt");
    assert!(policy.contains("\nlog ledger.example/test+"), "{policy}");
    let before = post(&server, &world).await;
    server.set_clock(world.now + 7);
    let (body, values) = world.course_outcome();
    let school = world.school.id.clone();
    let posting = world.outcome(&school, body, &values, 4);
    world.accept(posting);
    let times: Vec<_> = post(&server, &world).await.iter().map(|receipt| receipt.logged_at - world.now).collect();
    // What was logged before has its first receipt.
    assert_eq!(times, [vec![0; before.len()], vec![7]].concat());
    server.stop().await;
}
