//! `LogService`: the public log, for witnesses, monitors and mirrors. Reads only what is published and public.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::Sender;
use tokio_stream::Stream;
use tonic::{Request, Response, Status};
use xuefen_core::proof::Receipt;
use xuefen_core::tree::{LeafIndex, TreeSize};

use super::Api;
use super::page::Sizes;
use super::proto::log_service_server::LogService;
use super::proto::{
    Checkpoint, GetCheckpointRequest, GetConsistencyProofRequest, GetConsistencyProofResponse,
    GetInclusionProofRequest, GetInclusionProofResponse, ListEntriesRequest, ListEntriesResponse,
    WatchCheckpointsRequest,
};
use super::status::{internal, invalid, no_quorum};
use super::witnessing;
use crate::sequencer::View;

const ENTRIES: Sizes = Sizes { default: 100, most: 1_000 };

/// A page of entries stops here, so that it fits a message of gRPC's usual limit of 4 MiB.
const PAGE_BYTES: usize = 2 << 20;

/// Checkpoints are sent to watchers at most so often.
pub(super) const PACE: Duration = Duration::from_secs(1);

/// See the module.
pub struct Log(pub Arc<Api>);

fn checkpoint(view: &View) -> Checkpoint {
    Checkpoint {
        note: view.checkpoint.to_string(),
        tree_size: view.tree.size,
        root: view.tree.root.as_ref().to_vec(),
        witnessing: None,
    }
}

/// A tree size that the newest checkpoint covers; 0 = its own.
fn size(field: &'static str, asked: u64, view: &View) -> Result<u64, Status> {
    match asked {
        0 => Ok(view.tree.size),
        asked if asked <= view.tree.size => Ok(asked),
        _ => {
            Err(invalid(field, format!("the newest checkpoint has {} entries; ask for that or fewer", view.tree.size)))
        }
    }
}

#[tonic::async_trait]
impl LogService for Log {
    async fn get_checkpoint(&self, _: Request<GetCheckpointRequest>) -> Result<Response<Checkpoint>, Status> {
        let view = self.0.ledger.view();
        Ok(Response::new(Checkpoint { witnessing: witnessing::shown(&self.0, view.tree.size), ..checkpoint(&view) }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<GetInclusionProofRequest>,
    ) -> Result<Response<GetInclusionProofResponse>, Status> {
        let view = self.0.ledger.view();
        let asked = request.into_inner();
        let size = size("tree_size", asked.tree_size, &view)?;
        if asked.index >= size {
            return Err(invalid("index", format!("the tree has {size} entries; an index is below that")));
        }
        let leaf_hash = view.index.leaf_hash(asked.index).map_err(|error| internal(&error))?;
        let path =
            view.index.inclusion_proof(LeafIndex(asked.index), TreeSize(size)).map_err(|error| internal(&error))?;
        let witnessed = self.0.quorum().and_then(|witnesses| witnesses.newest()).filter(|it| it.size.0 == size);
        let checkpoint = match &witnessed {
            Some(witnessed) => Some(&witnessed.note),
            None => Some(&view.checkpoint).filter(|_| size == view.tree.size),
        };
        let index = LeafIndex(asked.index);
        let receipt = |checkpoint: &Arc<str>| Receipt { index, path: path.clone(), checkpoint }.to_string();
        let proof = checkpoint.map(receipt).unwrap_or_default();
        let path = path.iter().map(|hash| hash.as_ref().to_vec()).collect();
        Ok(Response::new(GetInclusionProofResponse {
            leaf_hash: leaf_hash.as_ref().to_vec(),
            path,
            tree_size: size,
            proof,
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<GetConsistencyProofRequest>,
    ) -> Result<Response<GetConsistencyProofResponse>, Status> {
        let view = self.0.ledger.view();
        let asked = request.into_inner();
        let new_size = size("new_size", asked.new_size, &view)?;
        if asked.old_size > new_size {
            return Err(invalid("old_size", format!("the newer tree has {new_size} entries; ask for that or fewer")));
        }
        let path = view
            .index
            .consistency_proof(TreeSize(asked.old_size), TreeSize(new_size))
            .map_err(|error| internal(&error))?;
        let path = path.iter().map(|hash| hash.as_ref().to_vec()).collect();
        Ok(Response::new(GetConsistencyProofResponse { path, new_size }))
    }

    async fn list_entries(
        &self,
        request: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        let api = Arc::clone(&self.0);
        let asked = request.into_inner();
        // Disk reads do not belong on the threads that move the network.
        tokio::task::spawn_blocking(move || {
            let view = api.ledger.view();
            let end = asked.start.saturating_add(ENTRIES.of(asked.page_size) as u64).min(view.tree.size);
            let (mut entries, mut bytes) = (Vec::new(), 0);
            for index in asked.start..end {
                let entry = api.ledger.entry(&view, index).map_err(|error| internal(&error))?;
                bytes += entry.bytes.len();
                entries.push(entry.bytes.to_vec());
                if bytes >= PAGE_BYTES {
                    break;
                }
            }
            Ok(Response::new(ListEntriesResponse { entries, tree_size: view.tree.size }))
        })
        .await
        .map_err(|error| internal(&error))?
    }

    type WatchCheckpointsStream = Pin<Box<dyn Stream<Item = Result<Checkpoint, Status>> + Send>>;

    async fn watch_checkpoints(
        &self,
        request: Request<WatchCheckpointsRequest>,
    ) -> Result<Response<Self::WatchCheckpointsStream>, Status> {
        let asked = request.into_inner();
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        if asked.witnessed {
            let witnesses = self.0.quorum().ok_or_else(no_quorum)?;
            tokio::spawn(witnessing::watch(witnesses.watch(), asked.min_size, sender));
        } else {
            tokio::spawn(watch(Arc::clone(&self.0), asked.min_size, sender));
        }
        Ok(Response::new(Box::pin(tokio_stream::wrappers::ReceiverStream::new(receiver))))
    }
}

/// Sends the newest checkpoint whenever there is a larger one, at the pace of watchers.
async fn watch(api: Arc<Api>, min_size: u64, sender: Sender<Result<Checkpoint, Status>>) {
    let mut published = api.ledger.watch();
    loop {
        published.mark_unchanged();
        let view = api.ledger.view();
        if view.tree.size >= min_size {
            if sender.send(Ok(checkpoint(&view))).await.is_err() {
                return;
            }
            tokio::time::sleep(PACE).await;
        }
        drop(view);
        tokio::select! {
            changed = published.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
        }
    }
}
