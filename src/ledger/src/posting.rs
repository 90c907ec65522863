//! What is posted, what `prepare` makes of it, and what the caller lends `prepare`.

use crate::rejection::Refusal;
use crate::rows::AccountKey;
use crate::state::Key;
use prost::bytes::Bytes;
use xuefen_core::Hash;
use xuefen_core::attestation::{Attestation, Claim};
use xuefen_core::entry::Draft;
use xuefen_core::key::{KeyId, PublicKey};
use xuefen_core::origin::Origin;
use xuefen_core::payload::Payload;
use xuefen_core::statement::Statement;

/// The ledger's statements.
pub type Message = xuefen_core::proto::Statement;

/// One posting as it arrived.
#[derive(Clone, Debug)]
pub struct RawPosting {
    /// Canonical bytes of a Statement.
    pub statement: Bytes,
    /// Canonical bytes of Attestations, by ascending key id.
    pub attestations: Vec<Bytes>,
    /// Present for private kinds.
    pub payload: Option<Payload>,
}

/// The ledger that a posting is for.
#[derive(Clone, Debug)]
pub struct Context {
    /// Its origin.
    pub origin: Origin,
    /// The keys of authority.txt: what Genesis may be signed with. Not asked for anything else.
    pub genesis_keys: Vec<KeyId>,
}

/// HMACs under the ledger's pepper (formats.md 3). The same inputs always give the same bytes.
pub trait Secrets: Send + Sync {
    /// HMAC-SHA-256(pepper, kind || 0x00 || normalised number).
    fn document_hmac(&self, kind: &str, number: &str) -> [u8; 32];

    /// HMAC of an issuer's own record number. `kind` is the `OutcomeKind` number.
    fn source_hmac(&self, issuer: &str, kind: u32, source_id: &str) -> [u8; 32];

    /// HMAC of an account id: how rows name an account (architecture.md, "Pipeline" 7).
    fn account_hmac(&self, account: &[u8; 16]) -> [u8; 32] {
        // By a table, not by `format!`: every posting about a learner comes here.
        const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
        let hex: String = account.iter().flat_map(digits).collect();
        // No document kind has a colon.
        self.document_hmac("xuefen:account", &hex)
    }

    /// The key under which rows name an account.
    fn account_key(&self, account: &[u8; 16]) -> AccountKey {
        AccountKey(crate::rows::short(&Hash(self.account_hmac(account))))
    }
}

/// Public keys by id, from any snapshot: a key id determines its public key.
pub trait KeyLookup: Send + Sync {
    /// The public key; `None` if the snapshot does not have it, which is no fault.
    fn public_key(&self, id: &KeyId) -> Option<PublicKey>;
}

/// Payloads of outcomes that a posting rests on, from any snapshot: an entry's payload never changes, but may be erased.
pub trait Sources: Send + Sync {
    /// The payload of an entry; `None` if the snapshot does not have it, or if it was erased.
    fn payload(&self, index: u64) -> Option<Payload>;
}

/// Signatures over batches that were found good before (formats.md 2). Whether the key was valid is never cached.
pub trait VerifiedBatches: Send + Sync {
    /// Whether this claim was verified.
    fn contains(&self, claim: &Claim) -> bool;

    /// Remembers a verified claim. May forget it again.
    fn insert(&self, claim: Claim);
}

/// What is known of an attestation without state.
#[derive(Debug)]
pub(crate) enum Signature {
    /// It verifies under the key of its id.
    Good,
    /// It does not.
    Bad(&'static str),
    /// The snapshot did not have the key.
    UnknownKey(Attestation),
}

/// What is known of all signatures of a posting without state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signatures {
    /// All verify, each under the key of its id.
    Good,
    /// The snapshot did not have some key.
    UnknownKey,
    /// One does not verify.
    Bad,
}

/// An attestation, as far as it was read.
#[derive(Debug)]
pub(crate) struct Attested {
    pub(crate) key: KeyId,
    pub(crate) signature: Signature,
}

/// The statement of a posting, with or without an entry around it.
#[derive(Debug)]
pub(crate) enum Form {
    /// Everything has the right form: encoded and hashed up to `logged_at`.
    Entry(Box<Draft<Message>>),
    /// The attestations have not.
    Statement(Box<Statement<Message>>),
    /// Not a statement.
    Unreadable,
}

impl Form {
    pub(crate) fn statement(&self) -> Option<&Statement<Message>> {
        match self {
            Self::Entry(draft) => Some(draft.statement()),
            Self::Statement(statement) => Some(statement),
            Self::Unreadable => None,
        }
    }
}

/// A posting after all work that needs no state. Says nothing about acceptance: that is [`decide`](crate::decide)'s.
#[derive(Debug)]
pub struct Prepared {
    pub(crate) form: Form,
    /// Row of (issuer, nonce), if the statement could be read: hashed here and not by the one thread that decides.
    pub(crate) nonce: Option<Key>,
    pub(crate) attested: Vec<Attested>,
    /// What is wrong whatever the state, by ascending rank.
    pub(crate) faults: Vec<Refusal>,
    pub(crate) facts: crate::facts::Facts,
    pub(crate) payload: Option<Payload>,
}

impl Prepared {
    /// The statement, if it could be read.
    #[must_use]
    pub fn statement(&self) -> Option<&Statement<Message>> {
        self.form.statement()
    }

    /// Whether the state can still accept it. A posting that is not acceptable may be a replay nevertheless.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// What is known of its signatures: of several, the least.
    #[must_use]
    pub fn signatures(&self) -> Signatures {
        let of = |attested: &Attested| match &attested.signature {
            Signature::Good => Signatures::Good,
            Signature::UnknownKey(_) => Signatures::UnknownKey,
            Signature::Bad(_) => Signatures::Bad,
        };
        self.attested.iter().map(of).max().unwrap_or(Signatures::Bad)
    }

    /// Id of the account that the payload is about: whose key seals it. `None` for public kinds.
    #[must_use]
    pub fn account(&self) -> Option<[u8; 16]> {
        self.facts.account_id()
    }

    /// The payload, if one came.
    #[must_use]
    pub const fn payload(&self) -> Option<&Payload> {
        self.payload.as_ref()
    }

    /// The entry up to `logged_at`, for an accepted posting. `None` if the form was not good, which is never accepted.
    #[must_use]
    pub fn draft(&self) -> Option<&Draft<Message>> {
        match &self.form {
            Form::Entry(draft) => Some(draft),
            Form::Statement(_) | Form::Unreadable => None,
        }
    }
}
