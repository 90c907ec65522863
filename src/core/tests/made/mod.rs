//! A small log made here, with a chain of authority that is learned from it: a root key is trusted, and its public
//! statements name the keys of others.
#![allow(dead_code, clippy::missing_panics_doc)]

use crate::common::{TestBody, TestPrivate, TestPublic, TestStatement};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use xuefen_core::Hash;
use xuefen_core::batch::sign_batch;
use xuefen_core::checkpoint::Checkpoint;
use xuefen_core::disclosure::{Disclosed, Disclosure, Hidden};
use xuefen_core::entry::{Draft, Entry};
use xuefen_core::holder::{HolderProof, Request, Shown};
use xuefen_core::key::{KeyId, PublicKey, SecretKey};
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::presentation::{Item, Presentation};
use xuefen_core::statement::Statement;
use xuefen_core::status::{Status, StatusWord};
use xuefen_core::time::Timestamp;
use xuefen_core::tree::{Frontier, LeafIndex, Node, inclusion_proof};
use xuefen_core::verify::{Attested, Authority, AuthorityReason, HolderAsked, Report, StepResult, Trust, verify};
use xuefen_core::vkey::{KeyName, KeyType, VerifierKey};
use xuefen_core::{cosignature, note};

pub const ORIGIN: &str = "log.example/a";
pub const NOW: u64 = 2_000_000;
/// Tag of the holder's key in private statements.
pub const HOLDER_TAG: u32 = 9;
pub const REQUEST: Request<'static> = Request { audience: "someone", challenge: b"never used before" };

/// The secret keys, by what they are for.
#[derive(Clone, Copy)]
pub enum Who {
    Log = 1,
    Status,
    Witness,
    Root,
    School,
    Stranger,
    Holder,
}

pub fn secret(who: Who) -> SecretKey {
    SecretKey::from_seed(&[who as u8; 32])
}

fn name(text: &str) -> KeyName {
    KeyName::parse(text).expect("a name")
}

/// What a statement says.
pub enum Says {
    /// A public body.
    Public(Vec<u8>),
    /// A private body with tags 1, 2 and [`HOLDER_TAG`], the last of them holding these bytes.
    Private(Vec<u8>),
}

#[derive(Default)]
pub struct Log {
    entries: Vec<(Entry<TestStatement>, Disclosure)>,
    frontier: Frontier,
    nodes: BTreeMap<Node, Hash>,
}

impl Log {
    /// The message of the statement that would come next, and its fields.
    pub fn message(&self, issuer: &str, says: Says) -> (TestStatement, Disclosure) {
        let (body, disclosure) = match says {
            Says::Public(opaque) => (TestBody::Public(TestPublic { opaque: opaque.into() }), Disclosure::default()),
            Says::Private(holder) => {
                let field = |tag, value| Disclosed { tag, salt: Hash([7; 32]), value };
                let disclosed = vec![field(2, b"shown".to_vec()), field(HOLDER_TAG, holder)];
                let hidden = vec![Hidden { tag: 1, commitment: Hash([8; 32]) }];
                let disclosure = Disclosure { disclosed, hidden };
                let commitment = disclosure.commitment().expect("good lists").0.to_vec().into();
                (TestBody::Private(TestPrivate { commitment }), disclosure)
            }
        };
        let nonce = Hash([u8::try_from(self.entries.len() % 256).expect("small"); 32]).0[..16].to_vec().into();
        let (ledger, issuer) = (ORIGIN.to_owned(), issuer.to_owned());
        (TestStatement { version: 1, ledger, issuer, nonce, issued_at: 1_000_000, body: Some(body) }, disclosure)
    }

    /// Logs a statement, attested by these keys; returns its index.
    pub fn add(&mut self, issuer: &str, says: Says, signers: &[Who]) -> u64 {
        let (message, disclosure) = self.message(issuer, says);
        let statement = Statement::from_message(message).expect("a good statement");
        let sign = |who: &Who| sign_batch(&secret(*who), vec![statement.leaf_hash()]).expect("one statement").remove(0);
        let mut attestations: Vec<_> = signers.iter().map(sign).collect();
        attestations.sort_by_key(xuefen_core::attestation::Attestation::key_id);
        let draft = Draft::new(statement, attestations).expect("good parts");
        self.add_entry(draft.log(Timestamp::new(1_000_001).expect("a time")).expect("short"), disclosure)
    }

    /// Logs an entry as it is.
    pub fn add_entry(&mut self, entry: Entry<TestStatement>, disclosure: Disclosure) -> u64 {
        let index = self.frontier.size().0;
        self.frontier.append_with(entry.leaf_hash(), |node, hash| {
            self.nodes.insert(node, hash);
        });
        self.entries.push((entry, disclosure));
        index
    }

    pub fn item(&self, index: u64) -> Item {
        let (entry, disclosure) = &self.entries[usize::try_from(index).expect("small")];
        let source = |node| self.nodes.get(&node).copied().ok_or(node);
        Item {
            entry: entry.bytes().clone(),
            index: LeafIndex(index),
            path: inclusion_proof(&source, LeafIndex(index), self.frontier.size()).expect("the nodes are there"),
            disclosure: disclosure.clone(),
            tag_too_large: None,
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        let origin = Origin::parse(ORIGIN).expect("an origin");
        Checkpoint { origin, size: self.frontier.size(), root: self.frontier.root() }
    }

    pub fn status(&self, index: u64, word: StatusWord, signer: Who) -> String {
        let leaf_hash = self.entries[usize::try_from(index).expect("small")].0.leaf_hash();
        let (size, root, origin) = (self.frontier.size(), self.frontier.root(), ORIGIN.to_owned());
        let text = Status { origin, size, root, index: LeafIndex(index), leaf_hash, word, time: NOW }.text();
        note::assemble(&text, [note::sign(&text, &name(&format!("{ORIGIN}/status")), &secret(signer)).as_str()])
    }

    /// A presentation without holder proof.
    pub fn presentation(&self, subject: u64, authority: &[u64]) -> Presentation {
        let text = self.checkpoint().text();
        let log = note::sign(&text, &name(ORIGIN), &secret(Who::Log));
        let witness = cosignature::sign(&text, &name("w.example"), &secret(Who::Witness), NOW);
        Presentation {
            subject: self.item(subject),
            authority: authority.iter().map(|index| self.item(*index)).collect(),
            checkpoint: note::assemble(&text, [log.as_str(), witness.as_str()]),
            status: Some(self.status(subject, StatusWord::Valid, Who::Status)),
            holder: None,
        }
    }

    /// The holder's proof for a subject whose fields are all shown.
    pub fn holder(&self, subject: u64, time: u64) -> HolderProof {
        let (entry, disclosure) = &self.entries[usize::try_from(subject).expect("small")];
        let fields = disclosure.field_commitments().expect("good lists");
        let shown = Shown { origin: ORIGIN, subject: entry.leaf_hash(), fields: &fields };
        HolderProof::sign(&secret(Who::Holder), REQUEST, time, shown).expect("short")
    }
}

/// Body by which the root names a key of a school.
pub fn school_key(who: Who) -> Says {
    Says::Public([&b"school"[..], secret(who).public().as_bytes()].concat())
}

/// Body by which a school binds the key of a holder.
pub fn bound_key(who: Who) -> Says {
    Says::Public([&b"holder"[..], secret(who).public().as_bytes()].concat())
}

/// A chain of authority that is learned item by item.
pub struct Chain {
    /// Keys with their owners.
    keys: BTreeMap<KeyId, (PublicKey, &'static str)>,
    bound: Vec<Vec<u8>>,
    /// Who signs status notes, and under which name.
    pub status: Vec<(String, Who)>,
    /// Indices in the order in which they were learned.
    pub learned: Vec<u64>,
}

impl Chain {
    /// Knows the root only.
    pub fn new() -> Self {
        let root = secret(Who::Root).public().clone();
        let keys = BTreeMap::from([(root.id(), (root, "root"))]);
        let status = vec![(format!("{ORIGIN}/status"), Who::Status)];
        Self { keys, bound: Vec::new(), status, learned: Vec::new() }
    }
}

impl Authority<TestStatement> for Chain {
    fn key(&self, id: &KeyId) -> Option<&PublicKey> {
        self.keys.get(id).map(|(key, _)| key)
    }

    fn learn(&mut self, item: &Attested<'_, TestStatement>) {
        self.learned.push(item.index.0);
        let Some(TestBody::Public(TestPublic { opaque })) = &item.entry.statement().message().body else { return };
        let by = |owner| item.signers.iter().any(|id| self.keys[id].1 == owner);
        if let Some(key) = opaque.strip_prefix(b"school").filter(|_| by("root")) {
            let key = PublicKey::parse(key).expect("a good key");
            self.keys.insert(key.id(), (key, "school"));
        } else if let Some(key) = opaque.strip_prefix(b"holder").filter(|_| by("school")) {
            self.bound.push(key.to_vec());
        }
    }

    fn judge(&self, subject: &Attested<'_, TestStatement>) -> Result<(), AuthorityReason> {
        let issuer = subject.entry.statement().issuer().to_owned();
        match subject.signers.iter().any(|id| self.keys[id].1 == issuer) {
            true => Ok(()),
            false if subject.unknown_signers > 0 => Err(AuthorityReason::IssuerKeyUnknown { issuer }),
            false => Err(AuthorityReason::NotByIssuer { issuer }),
        }
    }

    fn status_keys(&self, _: &Origin) -> Vec<VerifierKey> {
        let key =
            |(text, who): &(String, Who)| VerifierKey::new(name(text), KeyType::Note, secret(*who).public().clone());
        self.status.iter().map(key).collect()
    }

    fn binds(&self, subject: &Attested<'_, TestStatement>, holder_key: &[u8]) -> bool {
        let shown = subject.disclosed.iter().any(|field| field.tag == HOLDER_TAG && field.value == holder_key);
        shown || self.bound.iter().any(|key| key == holder_key)
    }
}

/// The log, and one witness that must have cosigned.
pub static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let log = VerifierKey::new(name(ORIGIN), KeyType::Note, secret(Who::Log).public().clone());
    let witness = VerifierKey::new(name("w.example"), KeyType::Cosignature, secret(Who::Witness).public().clone());
    let text = format!("log {log} https://log.example/\nwitness w {witness} https://w.example/\nquorum w\n");
    Policy::parse(&text).expect("a good policy")
});

/// Verifies a file; `ask` asks for the holder's proof.
pub fn verify_file(file: &[u8], ask: bool, chain: &mut Chain) -> Report<TestStatement> {
    let holder = ask.then_some(HolderAsked { request: REQUEST, max_age: 600 });
    verify(file, &Trust { policy: &POLICY, now: NOW, status_max_age: 100, holder }, chain)
}

/// The steps that did not pass, as "number result code".
pub fn complaints(report: &Report<TestStatement>) -> Vec<String> {
    let complaint = |result: &StepResult| Some(format!("{} {}", result.as_str(), result.reason()?.as_str()));
    report.steps().filter_map(|(step, result)| Some(format!("{} {}", step.number(), complaint(result)?))).collect()
}
