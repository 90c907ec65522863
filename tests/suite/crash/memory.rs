//! A client that forgets nothing: every posting it sent, every receipt it was given, the newest checkpoint it saw. What the
//! server says later is held against that, with core's verification and nothing of the server's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;
use tonic::transport::Channel;
use xuefen::api::proto::entry_verdict::Result as Verdict;
use xuefen::api::proto::issuing_service_client::IssuingServiceClient;
use xuefen::api::proto::log_service_client::LogServiceClient;
use xuefen::api::proto::{
    GetCheckpointRequest, GetConsistencyProofRequest, GetInclusionProofRequest, ListEntriesRequest, PostEntriesRequest,
    PostEntriesResponse, Posting, Receipt,
};
use xuefen_core::Hash;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::entry::Entry;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::policy::Policy;
use xuefen_core::proto::Statement;
use xuefen_core::tree::{EMPTY_ROOT, Frontier, LeafIndex, TreeSize, verify_consistency, verify_inclusion};

use crate::samples::random::Random;

pub struct Memory {
    policy: Policy,
    /// By the number it was sent under.
    pub sent: BTreeMap<u64, Posting>,
    pub receipts: BTreeMap<u64, Receipt>,
    /// The newest tree that was signed: size and root.
    pub newest: (TreeSize, Hash),
}

impl Memory {
    /// Of a client that trusts what the ledger in `dir` had written for verifiers.
    pub fn new(dir: &Path) -> Self {
        let policy = std::fs::read_to_string(dir.join("policy.txt")).expect("a policy");
        let policy = Policy::parse(&policy).expect("a policy");
        Self { policy, sent: BTreeMap::new(), receipts: BTreeMap::new(), newest: (TreeSize(0), EMPTY_ROOT) }
    }

    /// Sent, but never answered.
    pub fn unanswered(&self) -> Vec<u64> {
        self.sent.keys().filter(|number| !self.receipts.contains_key(number)).copied().collect()
    }

    fn signed(&self, note: &str) -> Checkpoint {
        let accepted = self.policy.accept(note).expect("signed by the log");
        assert!(accepted.checkpoint.size >= self.newest.0, "the tree shrank from {} to {note}", self.newest.0);
        accepted.checkpoint
    }

    /// Takes an answer in: a replay is its first receipt, and a new one lies under the checkpoint it came with.
    pub fn hear(&mut self, answer: PostEntriesResponse) {
        let checkpoint = self.signed(&answer.checkpoint);
        if checkpoint.size == self.newest.0 {
            assert_eq!(checkpoint.root, self.newest.1, "two trees of {} entries were signed", checkpoint.size);
        }
        self.newest = (checkpoint.size, checkpoint.root);
        for verdict in answer.verdicts {
            let receipt = match verdict.result.expect("a result") {
                Verdict::Receipt(receipt) => receipt,
                Verdict::Refusal(refusal) => panic!("{} was refused: {refusal:?}", verdict.sequence),
            };
            assert!(self.sent.contains_key(&verdict.sequence), "{} was never sent", verdict.sequence);
            assert!(receipt.index < checkpoint.size.0, "{receipt:?} is not covered by {}", checkpoint.size);
            match self.receipts.get(&verdict.sequence) {
                Some(first) => {
                    let first = Receipt { replayed: true, ..first.clone() };
                    assert_eq!(receipt, first, "posting {} again", verdict.sequence);
                }
                None => drop(self.receipts.insert(verdict.sequence, receipt)),
            }
        }
    }

    /// Posts these in one stream and hears every verdict.
    pub async fn post(&mut self, channel: &Channel, postings: Vec<Posting>) -> Result<(), tonic::Status> {
        let mut left: BTreeSet<u64> = postings.iter().map(|posting| posting.sequence).collect();
        self.sent.extend(postings.iter().map(|posting| (posting.sequence, posting.clone())));
        let messages: Vec<_> = postings.chunks(50).map(|some| PostEntriesRequest { postings: some.to_vec() }).collect();
        let mut answers =
            IssuingServiceClient::new(channel.clone()).post_entries(tokio_stream::iter(messages)).await?.into_inner();
        while let Some(answer) = answers.message().await? {
            answer.verdicts.iter().for_each(|verdict| assert!(left.remove(&verdict.sequence)));
            self.hear(answer);
        }
        assert!(left.is_empty(), "the stream ended without verdicts for {left:?}");
        Ok(())
    }

    /// The server's newest tree contains the newest that this client saw before.
    pub async fn check_consistent(&mut self, channel: &Channel) {
        let mut log = LogServiceClient::new(channel.clone());
        let note = log.get_checkpoint(GetCheckpointRequest {}).await.expect("a checkpoint").into_inner().note;
        let checkpoint = self.signed(&note);
        let ((old_size, old_root), (new_size, new_root)) = (self.newest, (checkpoint.size, checkpoint.root));
        let request = GetConsistencyProofRequest { old_size: old_size.0, new_size: new_size.0 };
        let proof = log.get_consistency_proof(request).await.expect("a proof").into_inner();
        verify_consistency(old_size, new_size, &hashes(&proof.path), &old_root, &new_root).expect("a longer log");
        self.newest = (new_size, new_root);
    }

    /// The entry of posting `number` is in the newest tree, as its receipt said.
    pub async fn check_included(&self, channel: &Channel, number: u64) {
        let receipt = &self.receipts[&number];
        let (size, root) = self.newest;
        let request = GetInclusionProofRequest { index: receipt.index, tree_size: size.0 };
        let proof = LogServiceClient::new(channel.clone()).get_inclusion_proof(request).await.expect("a proof");
        let proof = proof.into_inner();
        assert_eq!(proof.leaf_hash, receipt.leaf_hash, "posting {number}");
        let leaf = hash(&receipt.leaf_hash);
        verify_inclusion(&leaf, LeafIndex(receipt.index), size, &hashes(&proof.path), &root).expect("included");
    }

    /// Some of what was acknowledged, by chance, and the last of it.
    pub async fn check_some(&self, channel: &Channel, random: &mut Random, count: usize) {
        let numbers: Vec<u64> = self.receipts.keys().copied().collect();
        let last = numbers.last().expect("something was acknowledged");
        self.check_included(channel, *last).await;
        for _ in 0..count {
            self.check_included(channel, *random.one_of(&numbers)).await;
        }
    }

    /// Every entry of the log is one that this client sent, once; every acknowledged one is there as acknowledged; together
    /// they have the root that was signed. Nothing may be unanswered.
    pub async fn check_all(&self, channel: &Channel) {
        assert_eq!(self.unanswered(), [] as [u64; 0]);
        let by_index: BTreeMap<u64, (u64, &Receipt)> =
            self.receipts.iter().map(|(number, receipt)| (receipt.index, (*number, receipt))).collect();
        assert_eq!(by_index.len(), self.receipts.len(), "two postings have one index");
        assert_eq!(by_index.len() as u64, self.newest.0.0, "the log has as many entries as were acknowledged");
        let mut log = LogServiceClient::new(channel.clone());
        let (mut tree, mut logged_at) = (Frontier::new(), 0);
        while tree.size() < self.newest.0 {
            let request = ListEntriesRequest { start: tree.size().0, page_size: 1_000 };
            let page = log.list_entries(request).await.expect("entries").into_inner();
            assert!(!page.entries.is_empty(), "no entry {}", tree.size());
            for bytes in page.entries {
                let (number, receipt) = by_index[&tree.size().0];
                let leaf = leaf_hash(&bytes);
                assert_eq!(receipt.leaf_hash, leaf.as_ref(), "posting {number}");
                let entry = Entry::<Statement>::parse(Bytes::from(bytes)).expect("an entry");
                assert_eq!(entry.statement().bytes(), &self.sent[&number].statement, "posting {number}");
                assert!(entry.logged_at().seconds() >= logged_at, "posting {number} was logged in the past");
                logged_at = entry.logged_at().seconds();
                tree.append(leaf);
            }
        }
        assert_eq!(tree.root(), self.newest.1, "the entries are those that were signed");
    }
}

fn hash(bytes: &[u8]) -> Hash {
    Hash(bytes.try_into().expect("32 bytes"))
}

fn hashes(path: &[Vec<u8>]) -> Vec<Hash> {
    path.iter().map(|bytes| hash(bytes)).collect()
}
