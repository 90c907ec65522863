//! A row that is good, before it is signed: what it says, and the fields of its payload.

use prost::Message as _;
use xuefen_core::Hash;
use xuefen_core::commitment::Tag;
use xuefen_core::kinds::tags;
use xuefen_core::nullifier::NullifierKey;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto::{EntryRef, OpenAccount, OutcomeKind, RecordOutcome, Statement, statement::Body};

use super::problem::{Problem, Refused};
use super::secret::{Identity, NonceSecret};
use xuefen_core::proto;

/// The public part of a draft's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// Length of all values, bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.fields.iter().map(|(_, value)| value.len()).sum()
    }

    /// Says that the row is too long, because of its longest value.
    #[must_use]
    pub fn too_long(&self) -> Refused {
        let longest = self.fields.iter().max_by_key(|(_, value)| value.len());
        let column = longest.map_or_else(String::new, |(tag, _)| tag.name.to_owned());
        Refused { row: self.row, column, value: String::new(), problem: Problem::TooLong }
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
            Field { tag: Tag::new(tag.number).expect("no tag table has a tag 0"), value }
        });
        let payload = Payload::new(seed, fields.collect()).expect("tag tables ascend and are not empty");
        let commitment = payload.commitment(&nonce).0.to_vec();
        let body = match self.body {
            DraftBody::OpenAccount => Body::OpenAccount(OpenAccount { commitment }),
            DraftBody::Outcome { kind, imported, supersedes } => Body::RecordOutcome(RecordOutcome {
                commitment,
                outcome_kind: kind.into(),
                imported,
                supersedes: supersedes.map(|(index, hash)| EntryRef { index, leaf_hash: hash.0.to_vec() }),
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
    let field = |field: &Field| proto::PayloadField { tag: field.tag.get(), value: field.value.clone().into() };
    proto::Payload {
        seed: payload.seed().as_bytes().to_vec().into(),
        fields: payload.fields().iter().map(field).collect(),
    }
}
