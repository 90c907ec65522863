//! Private records (formats.md 6): what the journal keeps about a learner without a leaf, and the rows that find it again.
//!
//! | kind | record | rows |
//! |---|---|---|
//! | 2 | use: an activation code was used | 0xE0, code hash → account key, u64be end, 1 |
//! | 3 | access: somebody looked | 0xE1, account key, !u64be time, !u64be serial → u64be slot, the sealed record |
//! | 4 | activation: a code was made | 0xE0, code hash → account key, u64be end, 0 |
//!
//! 1 (grant), 5 (erasure) and 6 (re-seal) are kept free for what formats.md 6 names. A record is protobuf, sealed under
//! the key of the account it is about. Rows hold keyed hashes and sealed bytes only, so that destroying the key erases
//! here too. No rule lives here: who may make or use a code is the API's business.

use bytes::Bytes;
use prost::Message as _;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use xuefen_core::Hash;
use xuefen_core::origin::Origin;
use xuefen_ledger::Secrets as _;
use xuefen_ledger::rows::{AccountKey, Short};
use zeroize::Zeroizing;

use super::answer::Answer;
use super::error::SequencerError;
use super::order::{Ask, PrivateRecord};
use super::pool::VaultSecrets;
use super::view::View;
use super::{Ledger, Stopped};
use crate::journal::Sealed;
use crate::vault::{AccountId, Slot, Vault, VaultError};
use std::sync::Arc;

/// Private records on their way at once, over all callers.
pub(super) const QUEUE: usize = 4_096;

const USE: u8 = 2;
const ACCESS: u8 = 3;
const ACTIVATION: u8 = 4;

/// Tables of private records begin here; those of the ledger's entries stay below.
const CODES: u8 = 0xE0;
const ACCESSES: u8 = 0xE1;

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
}

/// One look at a learner's data.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// Unix seconds.
    pub at: i64,
    /// Institution id, `learner` or `operator`.
    pub by: String,
    /// What was called.
    pub call: String,
}

/// What is known of an activation code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Whose account it opens.
    pub account: AccountKey,
    /// Not good from, Unix seconds.
    pub expires_at: i64,
    /// It was used.
    pub used: bool,
}

/// Where a list of accesses goes on: the last bytes of the row's key, the same for all accounts of one person.
pub type AccessCursor = [u8; 16];

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
}

impl Private {
    const fn kind(&self) -> u8 {
        match self {
            Self::Use { .. } => USE,
            Self::Access { .. } => ACCESS,
            Self::Activation { .. } => ACTIVATION,
        }
    }

    const fn account(&self) -> &[u8; 16] {
        match self {
            Self::Activation { account, .. } | Self::Use { account, .. } | Self::Access { account, .. } => account,
        }
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let account = self.account().to_vec();
        let plain = match self {
            Self::Activation { code, expires_at: time, .. } | Self::Use { code, at: time, .. } => {
                Plain { account, code: code.to_vec(), time: *time, ..Plain::default() }
            }
            Self::Access { access, serial, .. } => {
                let Access { at, by, call } = access.clone();
                Plain { account, time: at, serial: *serial, by, call, ..Plain::default() }
            }
        };
        Zeroizing::new(plain.encode_to_vec())
    }

    fn decode(kind: u8, bytes: &[u8]) -> Option<Self> {
        let Plain { account, code, time, serial, by, call } = Plain::decode(bytes).ok()?;
        let account = account.try_into().ok()?;
        Some(match kind {
            USE => Self::Use { account, code: code.try_into().ok()?, at: time },
            ACCESS => Self::Access { account, access: Access { at: time, by, call }, serial },
            ACTIVATION => Self::Activation { account, code: code.try_into().ok()?, expires_at: time },
            _ => return None,
        })
    }

    /// The rows of the record: the same live and replayed.
    fn rows(&self, vault: &Vault, slot: Slot, sealed: &[u8]) -> Vec<(Bytes, Bytes)> {
        let account = VaultSecrets(vault).account_key(self.account());
        let code_row = |code: &Short, end: i64, used: bool| {
            let value = [&account.0[..], &end.to_be_bytes(), &[u8::from(used)]].concat();
            vec![(code_key(code), value.into())]
        };
        match self {
            Self::Activation { code, expires_at, .. } => code_row(code, *expires_at, false),
            Self::Use { code, at, .. } => code_row(code, *at, true),
            Self::Access { access, serial, .. } => {
                let time = u64::try_from(access.at).unwrap_or_default();
                let key = [&accesses_of(account)[..], &(!time).to_be_bytes(), &(!serial).to_be_bytes()].concat();
                vec![(key.into(), [&slot.0.to_be_bytes(), sealed].concat().into())]
            }
        }
    }
}

fn code_key(code: &Short) -> Bytes {
    [&[CODES], &code[..]].concat().into()
}

fn accesses_of(account: AccountKey) -> Vec<u8> {
    [&[ACCESSES], &account.0[..]].concat()
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

    /// Records that somebody looks at the data of `account`, within the next frame; does not wait for it. The caller
    /// answers nothing if this fails: no look goes unrecorded.
    pub fn record_access(&self, account: [u8; 16], by: &str, call: &str) -> Result<(), RecordError> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let permit = Arc::clone(&self.private).try_acquire_owned().map_err(|_| RecordError::Busy)?;
        // The random half tells looks apart that two runs of the server count alike within one second.
        let random = getrandom::u32().map_err(VaultError::Random)?;
        let serial = u64::from(COUNTER.fetch_add(1, Ordering::Relaxed)) << 32 | u64::from(random);
        let access = Access { at: self.now(), by: by.to_owned(), call: call.to_owned() };
        drop(self.submit(&Private::Access { account, access, serial }, permit)?);
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

    /// What is known of the activation code with this keyed hash.
    pub fn activation(&self, view: &View, code: &Short) -> Result<Option<Code>, SequencerError> {
        let Some((_, value)) = view.index.newest(&code_key(code), view.index.size())? else { return Ok(None) };
        let damaged = || unreadable("a row of an activation code has the wrong length");
        let (account, rest) = value.split_first_chunk::<16>().ok_or_else(damaged)?;
        let (end, used) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        let code =
            Code { account: AccountKey(*account), expires_at: i64::from_be_bytes(*end), used: used != [0].as_slice() };
        Ok(Some(code))
    }

    /// Looks at the data of one person, known by `accounts`, newest first, after `after`, at most `limit`.
    pub fn accesses(
        &self,
        view: &View,
        accounts: &[AccountKey],
        after: Option<&AccessCursor>,
        limit: usize,
    ) -> Result<Vec<(AccessCursor, Access)>, SequencerError> {
        let mut found = Vec::new();
        for account in accounts {
            let prefix = accesses_of(*account);
            let from = after.map(|after| [&prefix[..], after].concat());
            for row in view.index.scan_prefix(&prefix, view.index.size(), from.as_deref()).take(limit) {
                let row = row?;
                let cursor =
                    row.key.last_chunk::<16>().ok_or_else(|| unreadable("the key of an access is too short"))?;
                found.push((*cursor, row.value));
            }
        }
        found.sort_unstable_by_key(|(cursor, _)| *cursor);
        found.truncate(limit);
        let opened = found.into_iter().map(|(cursor, value)| {
            let damaged = || unreadable("the row of an access is too short");
            let (slot, sealed) = value.split_first_chunk::<8>().ok_or_else(damaged)?;
            let slot = Slot(u64::from_be_bytes(*slot));
            match open(&self.vault, self.origin.as_str(), ACCESS, slot, sealed)? {
                Some(Private::Access { access, .. }) => Ok(Some((cursor, access))),
                _ => Ok(None),
            }
        });
        opened.filter_map(Result::transpose).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> [Private; 3] {
        let account = [7; 16];
        [
            Private::Activation { account, code: [1; 16], expires_at: 99 },
            Private::Use { account, code: [1; 16], at: 98 },
            Private::Access {
                account,
                access: Access { at: 97, by: "learner".into(), call: "TranscriptService.GetTranscript".into() },
                serial: 5,
            },
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
