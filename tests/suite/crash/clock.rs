//! A clock that is set back: `logged_at` holds still while the ledger runs, and far behind the log it does not start.

use xuefen::api::proto::{Posting, Receipt};
use xuefen_core::proto::statement::Body;
use xuefen_ledger::testing::{World, course};

use super::learners::now;
use super::memory::Memory;
use super::process::{Process, refused};
use crate::support::{Server, init, postings, wire};

/// A world that began at `now`, the postings that made it, and a course posted at its end.
fn world(now: i64) -> (World, Vec<Posting>) {
    let mut world = World::empty();
    world.now = now;
    let ministry = world.ministry.id.clone();
    let statement = world.statement(&ministry, world.genesis());
    let genesis = xuefen_ledger::testing::sign(&statement, &[&world.ministry.key], None);
    world.accept(genesis);
    let accreditation = world.accreditation(&world.school, "630100", "西宁市第一职业技术学校");
    world.accredit(accreditation);
    world.authorise("school");
    world.post(&ministry, Body::RecordingRule(xuefen_ledger::testing::rule()), &[1]);
    let first = (0..).zip(postings(&world)).map(|(at, posting)| wire(at, &posting)).collect();
    (world, first)
}

fn course_posting(world: &mut World, code: &str, sequence: u64) -> Posting {
    let school = world.school.id.clone();
    let mut body = course(world.entries.len() as u64 - 1);
    code.clone_into(&mut body.code);
    wire(sequence, &world.public(&school, Body::Course(body), &[4]))
}

async fn post(memory: &mut Memory, server: &Server, posting: Posting) -> Receipt {
    let number = posting.sequence;
    memory.post(&server.channel().await, vec![posting]).await.expect("a verdict");
    memory.receipts[&number].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_back_holds_the_log_still() {
    let start = now();
    let (mut world, first) = world(start);
    let server = Server::new(&world).await;
    let mut memory = Memory::new(server.home.dir());
    memory.post(&server.channel().await, first).await.expect("a school");
    for (back, sequence) in [(1, 10), (59, 11), (100_000, 12)] {
        server.set_clock(start - back);
        let posting = course_posting(&mut world, &format!("c-{back}"), sequence);
        let receipt = post(&mut memory, &server, posting).await;
        assert_eq!(receipt.logged_at, start, "{back} s back");
    }
    server.set_clock(start + 5);
    let posting = course_posting(&mut world, "later", 13);
    assert_eq!(post(&mut memory, &server, posting).await.logged_at, start + 5, "and goes on with the clock");
    server.set_clock(start - 1);
    let posting = course_posting(&mut world, "last", 14);
    assert_eq!(post(&mut memory, &server, posting).await.logged_at, start + 5);
    memory.check_all(&server.channel().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_more_than_a_minute_ahead_of_the_clock_is_not_served() {
    for (ahead, starts) in [(3_600, false), (30, true)] {
        let temp = tempfile::TempDir::new().expect("temporary directory");
        let dir = temp.path().join("ledger");
        let (world, first) = world(now() + ahead);
        init(&dir, &world);
        let server = Server::open(&dir, world.now).await;
        let mut memory = Memory::new(&dir);
        memory.post(&server.channel().await, first).await.expect("a school");
        server.stop().await;
        if starts {
            let server = Process::start(&dir);
            memory.check_consistent(&server.channel().await).await;
            memory.check_all(&server.channel().await).await;
            continue;
        }
        let said = refused(&dir);
        assert!(said.contains("ahead of this machine's clock; set the clock before starting"), "{said}");
        // Refusing changed nothing.
        let server = Server::open(&dir, world.now).await;
        memory.check_all(&server.channel().await).await;
        server.stop().await;
    }
}
