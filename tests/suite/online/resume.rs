//! Posting over a line that is cut: nothing is lost, nothing enters twice, every posting gets one verdict in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use xuefen::api::proto::entry_verdict::Result as Verdict;
use xuefen::api::proto::{EntryVerdict, Posting};
use xuefen::cli::client::{Refused, connect};
use xuefen::cli::post::stream::{Listener, Options, PostError, post, post_all};
use xuefen::cli::registry::statements::{Signer, name};
use xuefen_core::proto::Course;
use xuefen_core::proto::statement::Body;
use xuefen_ledger::testing::{ORIGIN, World};

use crate::support::{Server, postings, wire};

/// Carries bytes to `server` and back, and cuts each of the first `cuts` lines after so many bytes of answers.
async fn bad_line(server: SocketAddr, cuts: usize, bytes: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = socket.local_addr().expect("bound");
    let lines = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&lines);
    tokio::spawn(async move {
        while let Ok((near, _)) = socket.accept().await {
            let line = counted.fetch_add(1, Ordering::SeqCst);
            let most = if line < cuts { bytes } else { usize::MAX };
            tokio::spawn(carry(near, server, most));
        }
    });
    (address, lines)
}

async fn carry(near: TcpStream, server: SocketAddr, most: usize) {
    let far = TcpStream::connect(server).await.expect("the server");
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let there = async { drop(tokio::io::copy(&mut near_in, &mut far_out).await) };
    let back = async {
        let (mut buffer, mut carried) = (vec![0; 512], 0);
        while carried < most {
            match far_in.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    carried += read;
                    if near_out.write_all(&buffer[..read]).await.is_err() {
                        return;
                    }
                }
            }
        }
    };
    // Whichever ends first takes the whole line down.
    tokio::select! { () = there => {}, () = back => {} }
}

/// So many courses of the world's school.
fn courses(world: &World, count: u64) -> Vec<Posting> {
    let keys = vec![&world.school.key];
    let signer = Signer { origin: ORIGIN, issuer: &world.school.id, issued_at: world.now, keys };
    let course = |number: u64| Course {
        code: format!("T{number}"),
        version: 1,
        names: vec![name("课程")],
        minutes: 90,
        scale: "pass_fail".to_owned(),
        ..Course::default()
    };
    signer.postings((2..2 + count).map(|row| (row, Body::Course(course(row))))).expect("signed")
}

#[derive(Default)]
struct Heard {
    verdicts: Vec<EntryVerdict>,
    cuts: usize,
}

impl Listener for Heard {
    fn verdict(&mut self, verdict: EntryVerdict) {
        self.verdicts.push(verdict);
    }

    fn cut(&mut self, _: &Refused, _: Duration) {
        self.cuts += 1;
    }
}

async fn begun() -> (World, Server) {
    let world = World::furnished();
    let server = Server::new(&world).await;
    let client = connect(&server.address.to_string(), None, true).await.expect("a server");
    let all = postings(&world).iter().zip(0..).map(|(posting, at)| wire(at, posting)).collect();
    let verdicts = post_all(&client, all).await.expect("posted");
    assert!(verdicts.iter().all(|verdict| matches!(verdict.result, Some(Verdict::Receipt(_)))));
    (world, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_cut_loses_nothing_and_logs_nothing_twice() {
    let (world, server) = begun().await;
    let before = server.api.ledger.view().tree.size;
    let (address, lines) = bad_line(server.address, 4, 4_000).await;
    let client = connect(&address.to_string(), None, true).await.expect("a line");
    let mut heard = Heard::default();
    let options = Options { message: 5, unanswered: 40, ..Options::default() };
    let postings = courses(&world, 300).into_iter().map(Ok::<_, std::convert::Infallible>);
    post(&client, postings, options, &mut heard).await.expect("posted in the end");

    assert!(heard.cuts >= 3, "the line was cut {} times", heard.cuts);
    assert!(lines.load(Ordering::SeqCst) > 3);
    let rows: Vec<_> = heard.verdicts.iter().map(|verdict| verdict.sequence).collect();
    assert_eq!(rows, (2..302).collect::<Vec<_>>(), "one verdict for each, in order");
    let index = |verdict: &EntryVerdict| match &verdict.result {
        Some(Verdict::Receipt(receipt)) => receipt.index,
        other => panic!("{other:?}"),
    };
    let indices: Vec<_> = heard.verdicts.iter().map(index).collect();
    assert!(indices.is_sorted() && indices.len() == 300);
    assert_eq!(server.api.ledger.view().tree.size, before + 300, "nothing twice");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patience_ends_when_the_server_stays_away() {
    let (world, server) = begun().await;
    let client = connect(&server.address.to_string(), None, true).await.expect("a server");
    let dir = server.stop().await;
    let options = Options { patience: Duration::from_secs(1), ..Options::default() };
    let postings = courses(&world, 3).into_iter().map(Ok::<_, std::convert::Infallible>);
    let ended = post(&client, postings, options, &mut Heard::default()).await;
    assert!(matches!(ended, Err(PostError::Patience { .. })), "{ended:?}");
    drop(dir);
}
