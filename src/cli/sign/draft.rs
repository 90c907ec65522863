//! A row that is good, before it is signed: what it says, and the fields of its payload.

use prost::Message as _;
use xuefen_core::Hash;
use xuefen_core::commitment::Tag;
use xuefen_core::kinds::tags;
use xuefen_core::nullifier::NullifierKey;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{self, EntryRef, OpenAccount, OutcomeKind, RecordOutcome, Statement};

use super::problem::{Problem, Refused};
use super::secret::{Identity, NonceSecret};

/// Longest value that the ledger takes, bytes.
const MAX_VALUE: usize = 1024;

/// The public part of a draft's body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftBody {
    /// `OpenAccount`.
    OpenAccount,
    /// `RecordOutcome`.
    Outcome {
        /// What it is.
        kind: OutcomeKind,
        /// An old paper record.
        imported: bool,
        /// The entry it corrects: leaf index and leaf hash.
        supersedes: Option<(u64, Hash)>,
        /// Institution id of who must stand by it too; empty = nobody.
        cosigner: String,
    },
}

/// One good row.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Row of the sheet.
    pub row: u64,
    /// What it says in public.
    pub body: DraftBody,
    /// What its nonce and seed come from.
    pub identity: Identity,
    /// For an outcome, the identity of the first version of this record: its nullifier key comes from there.
    pub first_identity: Option<Identity>,
    /// Tag and value, ascending, all tags of the kind; tag 1 is filled in by [`Draft::seal`].
    pub fields: Vec<(tags::Tag, Vec<u8>)>,
}

/// A draft with everything but its time.
pub struct Sealed {
    /// Row of the sheet.
    pub row: u64,
    /// The statement; its `issued_at` is 0.
    pub statement: Statement,
    /// What the statement commits to.
    pub payload: proto::Payload,
}

impl Draft {
    /// The refusal of a row with a value that is too long to be posted.
    pub fn check_length(self) -> Result<Self, Refused> {
        match self.fields.iter().find(|(_, value)| value.len() > MAX_VALUE) {
            None => Ok(self),
            Some((tag, _)) => {
                let (column, value) = (tag.name.to_owned(), String::new());
                Err(Refused { row: self.row, place: None, column, value, problem: Problem::TooLong })
            }
        }
    }

    /// Derives nonce, seed and nullifier key and commits to the payload.
    #[must_use]
    pub fn seal(self, secret: &NonceSecret, ledger: &str, issuer: &str) -> Sealed {
        let (nonce, seed) = (secret.nonce(&self.identity), secret.seed(&self.identity));
        let nullifier_key =
            self.first_identity.map(|first| NullifierKey::derive(&secret.seed(&first), &secret.nonce(&first)));
        let fields = self.fields.into_iter().map(|(tag, value)| {
            let value = match &nullifier_key {
                Some(key) if tag.number == tags::NULLIFIER_KEY.number => key.as_bytes().to_vec(),
                _ => value,
            };
            Field { tag: Tag::new(tag.number).expect("no tag table has a tag 0"), value: value.into() }
        });
        let payload = Payload::new(seed, fields.collect()).expect("tag tables ascend and are not empty");
        let commitment = payload.commitment(&nonce).0.to_vec();
        let body = match self.body {
            DraftBody::OpenAccount => Body::OpenAccount(OpenAccount { commitment }),
            DraftBody::Outcome { kind, imported, supersedes, cosigner } => Body::RecordOutcome(RecordOutcome {
                commitment,
                outcome_kind: kind.into(),
                imported,
                supersedes: supersedes.map(|(index, hash)| EntryRef { index, leaf_hash: hash.0.to_vec() }),
                cosigner,
            }),
        };
        let statement = Statement {
            version: xuefen_core::statement::VERSION,
            ledger: ledger.to_owned(),
            issuer: issuer.to_owned(),
            nonce: nonce.0.to_vec().into(),
            issued_at: 0,
            body: Some(body),
        };
        Sealed { row: self.row, statement, payload: on_the_wire(&payload) }
    }
}

impl Sealed {
    /// SHA-256 of the statement without its time: the same for the same record with the same content, whenever it is
    /// signed. For the issuer's own memory, not for the ledger.
    #[must_use]
    pub fn digest(&self) -> Hash {
        xuefen_core::hash::sha256(&[&self.statement.encode_to_vec()])
    }
}

fn on_the_wire(payload: &Payload) -> proto::Payload {
    let field = |field: &Field| proto::PayloadField { tag: field.tag.get(), value: field.value.clone() };
    proto::Payload {
        seed: payload.seed().as_bytes().to_vec().into(),
        fields: payload.fields().iter().map(field).collect(),
    }
}
