//! Long answers for readers who may stop reading. Anybody may ask for a bundle, and what has been read for somebody who
//! takes none of it must not stay in memory: there is a bound on all of it together, and one on the time between two pieces.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// Bytes of one piece. What is not longer goes out whole.
const PIECE: usize = 64 << 10;

/// Kilobytes of long answers that wait for their readers at once: some two thousand bundles of the usual size.
const WAITING: usize = 256 << 10;

/// How long an answer waits for its part of that.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reader who takes nothing for so long gets no more.
const STALL: Duration = Duration::from_secs(30);

/// Long answers on their way.
pub(super) struct Paced {
    left: Arc<Semaphore>,
    patience: Duration,
    stall: Duration,
}

impl Default for Paced {
    fn default() -> Self {
        Self { left: Arc::new(Semaphore::new(WAITING)), patience: PATIENCE, stall: STALL }
    }
}

impl Paced {
    /// A body with these bytes; `None` if too much waits already.
    pub async fn body(&self, bytes: Bytes) -> Option<Body> {
        if bytes.len() <= PIECE {
            return Some(Body::from(bytes));
        }
        let share = u32::try_from(bytes.len().div_ceil(1 << 10)).ok()?;
        let share = Arc::clone(&self.left).acquire_many_owned(share);
        let share = tokio::time::timeout(self.patience, share).await.ok()?.ok()?;
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(feed(bytes, sender, self.stall, share));
        Some(Body::from_stream(ReceiverStream::new(receiver)))
    }
}

/// Hands out a piece at a time. Ends early when the reader goes or stalls: then the body is shorter than its declared length,
/// which every client takes for a failure.
async fn feed(
    mut bytes: Bytes,
    sender: mpsc::Sender<Result<Bytes, std::convert::Infallible>>,
    stall: Duration,
    _share: OwnedSemaphorePermit,
) {
    while !bytes.is_empty() {
        let piece = bytes.split_to(PIECE.min(bytes.len()));
        // Copied: a slice would keep the whole in memory.
        let piece = Bytes::copy_from_slice(&piece);
        if sender.send_timeout(Ok(piece), stall).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    fn room_for(kilobytes: usize) -> Paced {
        let soon = Duration::from_millis(20);
        Paced { left: Arc::new(Semaphore::new(kilobytes)), patience: soon, stall: soon }
    }

    #[tokio::test]
    async fn what_is_taken_comes_whole_and_what_is_not_taken_is_let_go() {
        let paced = room_for(512);
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[1]).collect();
        let body = paced.body(bytes.clone().into()).await.expect("room");
        assert_eq!(to_bytes(body, usize::MAX).await.expect("a body"), bytes);
        // Somebody asks and reads nothing: the room comes back.
        let stalled = paced.body(bytes.clone().into()).await.expect("room");
        assert!(paced.left.available_permits() < 512);
        let all = tokio::time::timeout(Duration::from_secs(20), paced.left.acquire_many(512));
        drop(all.await.expect("let go").expect("open"));
        assert!(to_bytes(stalled, usize::MAX).await.expect("its beginning").len() < bytes.len());
    }

    #[tokio::test]
    async fn when_too_much_waits_there_is_no_room_for_more() {
        let paced = Paced { stall: STALL, ..room_for(100) };
        let _waiting = paced.body(vec![0; 90 << 10].into()).await.expect("room");
        assert!(paced.body(vec![0; 90 << 10].into()).await.is_none());
        assert!(paced.body(vec![0; PIECE].into()).await.is_some(), "short ones need none");
    }
}
