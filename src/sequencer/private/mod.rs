//! Private records (formats.md 6): what the journal keeps about a learner without a leaf, and the rows that find it again.
//!
//! | kind | record | rows |
//! |---|---|---|
//! | 1 | grant: a learner lets somebody see an outcome | 0xE4, code hash → 0, u64be slot, the sealed record |
//! | | the same | 0xE5, account key, !u64be time, code hash → u64be slot, the sealed record |
//! | 2 | use: an activation code was used | 0xE0, code hash → account key, u64be end, 1 |
//! | 3 | access: somebody looked | 0xE1, account key, !u64be time, !u64be serial → u64be slot, the sealed record |
//! | 4 | activation: a code was made | 0xE0, code hash → account key, u64be end, 0 |
//! | 7 | end of a grant: it was used or withdrawn | 0xE4, code hash → 1 (used) or 2 (withdrawn), u64be when |
//!
//! 5 is an erasure (`erasure.rs`); 6 (re-seal) is kept free for what formats.md 6 names. A record is protobuf, sealed under
//! the key of the account it is about. Rows hold keyed hashes and sealed bytes only, so that destroying the key erases here
//! too. What a kind of record is found by stands in its own file. No rule lives here: who may make or use a code is the API's
//! business.

mod accesses;
mod codes;
mod grants;

pub use accesses::{Access, AccessCursor};
pub use codes::Code;
pub use grants::{Ended, Grant, GrantCursor, GrantState};

use bytes::Bytes;
use prost::Message as _;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use xuefen_core::Hash;
use xuefen_core::origin::Origin;
use xuefen_ledger::Secrets as _;
use xuefen_ledger::rows::Short;
use zeroize::Zeroizing;

use super::answer::Answer;
use super::error::SequencerError;
use super::order::{Ask, PrivateRecord};
use super::pool::VaultSecrets;
use super::{Ledger, Stopped};
use crate::journal::Sealed;
use crate::vault::{AccountId, Slot, Vault, VaultError};
use std::sync::Arc;

/// Private records on their way at once, over all callers.
pub(super) const QUEUE: usize = 4_096;

const GRANT: u8 = 1;
const USE: u8 = 2;
const ACCESS: u8 = 3;
const ACTIVATION: u8 = 4;
const GRANT_END: u8 = 7;

/// Tables of private records begin here; those of the ledger's entries stay below. 0xE2 is the highest slot's (`slots.rs`).
const CODES: u8 = 0xE0;
const ACCESSES: u8 = 0xE1;
const GRANTS: u8 = 0xE4;
const GRANTS_OF: u8 = 0xE5;

/// One private record.
#[derive(Clone, PartialEq, Eq)]
pub enum Private {
    /// A one-time activation code was made for an account.
    Activation {
        /// The account.
        account: [u8; 16],
        /// Keyed hash of the code; the code itself is nowhere.
        code: Short,
        /// Not good from, Unix seconds.
        expires_at: i64,
    },
    /// The code was used and is good no more.
    Use {
        /// The account.
        account: [u8; 16],
        /// Keyed hash of the code.
        code: Short,
        /// When, Unix seconds.
        at: i64,
    },
    /// Somebody looked at the account's data.
    Access {
        /// The account, as it was addressed.
        account: [u8; 16],
        /// Who, when and how.
        access: Access,
        /// Keeps looks within one second apart, ascending.
        serial: u64,
    },
    /// The learner lets whoever holds a code see an outcome, once.
    Grant(Grant),
    /// A grant is good no more.
    GrantEnd {
        /// The account.
        account: [u8; 16],
        /// Keyed hash of the code.
        code: Short,
        /// How it ended.
        ended: Ended,
        /// When, Unix seconds.
        at: i64,
    },
}

/// Why a private record was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The account has no key: it was never opened, or was erased.
    #[error("the account has no key")]
    NoKey,
    /// Too many on their way.
    #[error("too many private records are on their way")]
    Busy,
    /// The writer has stopped.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// It could not be sealed.
    #[error("the record could not be sealed")]
    Vault(#[from] VaultError),
}

/// A record as it is sealed. Fields may be added, numbers are never reused.
#[derive(Clone, PartialEq, prost::Message)]
struct Plain {
    #[prost(bytes = "vec", tag = "1")]
    account: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    code: Vec<u8>,
    /// Of an activation its end, else when it happened.
    #[prost(int64, tag = "3")]
    time: i64,
    #[prost(uint64, tag = "4")]
    serial: u64,
    #[prost(string, tag = "5")]
    by: String,
    #[prost(string, tag = "6")]
    call: String,
    /// Leaf index of what a grant shows.
    #[prost(uint64, tag = "7")]
    index: u64,
    /// Tags that a grant shows.
    #[prost(uint32, repeated, tag = "8")]
    tags: Vec<u32>,
    /// What the learner calls a grant.
    #[prost(string, tag = "9")]
    label: String,
    /// When a grant was made.
    #[prost(int64, tag = "10")]
    made_at: i64,
    /// How a grant ended.
    #[prost(uint32, tag = "11")]
    ended: u32,
}

impl Private {
    const fn kind(&self) -> u8 {
        match self {
            Self::Use { .. } => USE,
            Self::Access { .. } => ACCESS,
            Self::Activation { .. } => ACTIVATION,
            Self::Grant(_) => GRANT,
            Self::GrantEnd { .. } => GRANT_END,
        }
    }

    const fn account(&self) -> &[u8; 16] {
        match self {
            Self::Activation { account, .. }
            | Self::Use { account, .. }
            | Self::Access { account, .. }
            | Self::Grant(Grant { account, .. })
            | Self::GrantEnd { account, .. } => account,
        }
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut plain = match self {
            Self::Activation { code, expires_at: time, .. } | Self::Use { code, at: time, .. } => {
                Plain { code: code.to_vec(), time: *time, ..Plain::default() }
            }
            Self::Access { access, serial, .. } => access.plain(*serial),
            Self::Grant(grant) => grant.plain(),
            Self::GrantEnd { code, ended, at, .. } => {
                Plain { code: code.to_vec(), time: *at, ended: u32::from(ended.number()), ..Plain::default() }
            }
        };
        plain.account = self.account().to_vec();
        Zeroizing::new(plain.encode_to_vec())
    }

    fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        let plain = Plain::decode(bytes).ok()?;
        let account = plain.account.as_slice().try_into().ok()?;
        let code = || plain.code.as_slice().try_into().ok();
        Some(match kind {
            USE => Self::Use { account, code: code()?, at: plain.time },
            ACCESS => Self::Access { account, serial: plain.serial, access: Access::of(plain) },
            ACTIVATION => Self::Activation { account, code: code()?, expires_at: plain.time },
            GRANT => Self::Grant(Grant::of(account, code()?, plain)),
            GRANT_END => {
                let ended = u8::try_from(plain.ended).ok().and_then(Ended::of_number)?;
                Self::GrantEnd { account, code: code()?, ended, at: plain.time }
            }
            _ => return None,
        })
    }

    /// The rows of the record: the same live and replayed.
    fn rows(&self, vault: &Vault, slot: Slot, sealed: &[u8]) -> Vec<(Bytes, Bytes)> {
        let account = VaultSecrets(vault).account_key(self.account());
        let sealed = [&slot.0.to_be_bytes(), sealed].concat();
        match self {
            Self::Activation { code, expires_at, .. } => vec![codes::row(account, code, *expires_at, false)],
            Self::Use { code, at, .. } => vec![codes::row(account, code, *at, true)],
            Self::Access { access, serial, .. } => vec![access.row(account, *serial, sealed)],
            Self::Grant(grant) => grant.rows(account, sealed),
            Self::GrantEnd { code, ended, at, .. } => vec![grants::end_row(code, *ended, *at)],
        }
    }
}

/// What stands in a private record's associated data in place of a commitment: 31 zero bytes and the kind, which no
/// commitment to a payload is. Binds the sealed bytes to their kind; ledger and slot are bound beside it.
fn stand_in(kind: u8) -> Hash {
    let mut bytes = [0; 32];
    bytes[31] = kind;
    Hash(bytes)
}

/// Opens a record. `None` once its key is destroyed.
fn open(vault: &Vault, ledger: &str, kind: u8, slot: Slot, sealed: &[u8]) -> Result<Option<Private>, SequencerError> {
    match vault.unseal(slot, ledger, &stand_in(kind), sealed) {
        Ok(bytes) => {
            Ok(Some(Private::decode(kind, &bytes).ok_or_else(|| unreadable("a private record of a newer version"))?))
        }
        Err(VaultError::Erased(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn unreadable(why: &str) -> SequencerError {
    SequencerError::Private { why: why.to_owned() }
}

/// The rows of a record read from the journal; none once it is erased.
pub(super) fn replay(
    vault: &Vault,
    origin: &Origin,
    kind: u8,
    sealed: &Sealed<'_>,
) -> Result<Vec<(Bytes, Bytes)>, SequencerError> {
    let slot = Slot(sealed.slot);
    let record = open(vault, origin.as_str(), kind, slot, sealed.bytes)?;
    Ok(record.map(|record| record.rows(vault, slot, sealed.bytes)).unwrap_or_default())
}

impl Ledger {
    /// Records something about a learner and waits until it is durable and can be found.
    pub async fn record(&self, record: &Private) -> Result<(), RecordError> {
        let permit = Arc::clone(&self.private).acquire_owned().await.map_err(|_| Stopped)?;
        self.submit(record, permit)?.await.map_err(|_| Stopped)?;
        Ok(())
    }

    fn submit(&self, record: &Private, permit: OwnedSemaphorePermit) -> Result<oneshot::Receiver<Answer>, RecordError> {
        // An account that is opened has a durable slot, so there is nothing to release if this comes to nothing.
        let slot = self.vault.slot_of(AccountId(*record.account())).ok_or(RecordError::NoKey)?;
        let kind = record.kind();
        let sealed = match self.vault.seal(slot, self.origin.as_str(), &stand_in(kind), &record.encode()) {
            Err(VaultError::Erased(_) | VaultError::MissingKey(_)) => return Err(RecordError::NoKey),
            sealed => sealed?,
        };
        let rows = record.rows(&self.vault, slot, &sealed);
        let (to, answer) = oneshot::channel();
        let ask = Ask::Private(PrivateRecord { kind, slot, sealed, rows, permit }, to);
        self.asks.send(ask).map_err(|_| Stopped)?;
        Ok(answer)
    }
}

/// Splits a row's value into the slot and the sealed record, and opens it. `None` once its key is destroyed.
fn open_row(vault: &Vault, ledger: &str, kind: u8, value: &[u8]) -> Result<Option<Private>, SequencerError> {
    let (slot, sealed) =
        value.split_first_chunk::<8>().ok_or_else(|| unreadable("the row of a private record is too short"))?;
    open(vault, ledger, kind, Slot(u64::from_be_bytes(*slot)), sealed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> [Private; 5] {
        let account = [7; 16];
        [
            Private::Activation { account, code: [1; 16], expires_at: 99 },
            Private::Use { account, code: [1; 16], at: 98 },
            Private::Access {
                account,
                access: Access {
                    at: 97,
                    by: "learner".into(),
                    call: "TranscriptService.GetTranscript".into(),
                    grant: Some([2; 16]),
                },
                serial: 5,
            },
            Private::Grant(Grant {
                account,
                code: [2; 16],
                index: 96,
                tags: vec![4, 5],
                label: "learner's word for it".into(),
                made_at: 95,
                expires_at: 94,
            }),
            Private::GrantEnd { account, code: [2; 16], ended: Ended::Withdrawn, at: 93 },
        ]
    }

    #[test]
    fn records_read_back_under_their_own_kind_only() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::create(dir.path()).unwrap();
        let slot = vault.reserve(AccountId([7; 16])).unwrap();
        let origin = Origin::parse("a.example/x").unwrap();
        for record in all() {
            let sealed = vault.seal(slot, origin.as_str(), &stand_in(record.kind()), &record.encode()).unwrap();
            assert!(open(&vault, origin.as_str(), record.kind(), slot, &sealed).unwrap() == Some(record.clone()));
            assert!(open(&vault, origin.as_str(), record.kind() ^ 1, slot, &sealed).is_err());
            assert!(open(&vault, "b.example/x", record.kind(), slot, &sealed).is_err());
            let replayed = replay(&vault, &origin, record.kind(), &Sealed { slot: slot.0, bytes: &sealed }).unwrap();
            assert_eq!(replayed, record.rows(&vault, slot, &sealed));
        }
    }

    #[test]
    fn an_erased_record_has_no_rows() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::create(dir.path()).unwrap();
        let slot = vault.reserve(AccountId([7; 16])).unwrap();
        let origin = Origin::parse("a.example/x").unwrap();
        let [record, ..] = all();
        let sealed = vault.seal(slot, origin.as_str(), &stand_in(ACTIVATION), &record.encode()).unwrap();
        vault.commit(&[slot]).unwrap();
        vault.erase(slot).unwrap();
        let sealed = Sealed { slot: slot.0, bytes: &sealed };
        assert_eq!(replay(&vault, &origin, ACTIVATION, &sealed).unwrap(), []);
    }

    #[test]
    fn no_row_shows_account_or_caller() {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::create(dir.path()).unwrap();
        let slot = vault.reserve(AccountId([7; 16])).unwrap();
        for record in all() {
            let sealed = vault.seal(slot, "a.example/x", &stand_in(record.kind()), &record.encode()).unwrap();
            for (key, value) in record.rows(&vault, slot, &sealed) {
                for bytes in [&key, &value] {
                    assert!(!bytes.windows(16).any(|window| window == [7; 16]));
                    assert!(!bytes.windows(7).any(|window| window == b"learner"));
                }
            }
        }
    }
}
