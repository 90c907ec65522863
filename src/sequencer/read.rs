//! Single entries and their payloads, read back from the journal and checked against what the tree says of them.

use bytes::Bytes;
use xuefen_core::Hash;
use xuefen_core::entry::Entry;
use xuefen_core::payload::Payload;
use xuefen_core::proto;
use xuefen_ledger::rows::{AccountKey, short};
use xuefen_ledger::{Key, Read as _, ReadError, Secrets as _, Sources, Table, query};

use super::error::SequencerError;
use super::pool::VaultSecrets;
use super::state::AsOf;
use super::view::View;
use super::{Ledger, replay};
use crate::index::{self, Direction};
use crate::journal::{OwnedRecord, Position, Reader, Record};
use crate::vault::Vault;

/// An entry in the log.
pub struct LoggedEntry {
    /// Its exact bytes.
    pub bytes: Bytes,
    /// The same, parsed.
    pub entry: Entry<proto::Statement>,
    record: OwnedRecord,
    index: u64,
}

/// The entry at `index`, which the view must cover.
pub(super) fn entry(reader: &dyn Reader, view: &index::View, index: u64) -> Result<LoggedEntry, SequencerError> {
    let broken = |why: &str| SequencerError::Replay { index, why: why.to_owned() };
    let record = reader.record_at(Position::from_u64(view.position(index)?))?;
    let bytes = match record.get() {
        Record::Entry { entry, .. } => Bytes::copy_from_slice(entry),
        Record::Private { .. } => return Err(broken("its position holds a private record")),
    };
    let entry = Entry::<proto::Statement>::parse(bytes.clone()).map_err(|error| broken(&error.to_string()))?;
    if entry.leaf_hash() != view.leaf_hash(index)? {
        return Err(broken("its bytes do not have its leaf hash; run 'xuefen fsck'"));
    }
    Ok(LoggedEntry { bytes, entry, record, index })
}

impl Ledger {
    /// The entry at `index`, which the view must cover. Checked against its leaf hash: what the disk gives back is not
    /// believed.
    pub fn entry(&self, view: &View, index: u64) -> Result<LoggedEntry, SequencerError> {
        entry(&*self.reader, &view.index, index)
    }

    /// The key under which rows name an account.
    pub fn account_key(&self, account: &[u8; 16]) -> AccountKey {
        VaultSecrets(&self.vault).account_key(account)
    }

    /// The account that was opened with this document, maybe an alias by now.
    pub fn account_of_document(
        &self,
        view: &View,
        kind: &str,
        number: &str,
    ) -> Result<Option<AccountKey>, SequencerError> {
        let hash = Hash(VaultSecrets(&self.vault).document_hmac(kind, number));
        // The row itself: the ledger crate's answer is the kept account, which somebody else may have opened.
        let key = Key::from_bytes([&[Table::Document.byte()], &short(&hash)[..]].concat());
        let found = AsOf::new(&view.index, view.tree.size).newest(&key)?;
        let account = |(index, row): (u64, Bytes)| {
            let account = <[u8; 16]>::try_from(&row[..]).map(AccountKey);
            account.map_err(|_| ReadError::Damaged { key: key.clone(), index })
        };
        Ok(found.map(account).transpose()?)
    }

    /// The entry that opened an account, also of one that became an alias since.
    pub fn opening_entry(&self, view: &View, account: AccountKey) -> Result<Option<u64>, SequencerError> {
        let key = [&[Table::Account.byte()], &account.0[..]].concat();
        // Mergers write the row again; the first one is that of the opening.
        let mut rows = view.index.history(&key, view.tree.size, None, Direction::Ascending);
        Ok(rows.next().transpose()?.map(|(index, _)| index))
    }

    /// Whether an entry is an outcome of this account, under any of its ids.
    pub fn is_outcome_of(&self, view: &View, index: u64, account: &[u8; 16]) -> Result<bool, SequencerError> {
        let state = AsOf::new(&view.index, view.tree.size);
        let asked = query::account(&state, VaultSecrets(&self.vault).account_key(account))?;
        let Some(outcome) = query::outcome(&state, index)? else { return Ok(false) };
        let owner = query::account(&state, outcome.account)?;
        Ok(asked.is_some_and(|(asked, _)| owner.is_some_and(|(owner, _)| owner == asked)))
    }

    /// The entry that binds a device key to an account.
    pub fn binding_of(&self, view: &View, key: &[u8; 32], account: &[u8; 16]) -> Result<Option<u64>, SequencerError> {
        let state = AsOf::new(&view.index, view.tree.size);
        let Some((entry, owner)) = query::device_binding(&state, key)? else { return Ok(None) };
        let asked = query::account(&state, VaultSecrets(&self.vault).account_key(account))?;
        Ok(asked.is_some_and(|(asked, _)| asked == owner).then_some(entry))
    }

    /// The payload of an entry: `None` for public kinds and for what was erased.
    pub fn payload(&self, logged: &LoggedEntry) -> Result<Option<Payload>, SequencerError> {
        payload_of(&self.vault, logged)
    }
}

/// The entry at `index` of a view.
fn payload_of(vault: &Vault, logged: &LoggedEntry) -> Result<Option<Payload>, SequencerError> {
    match logged.record.get() {
        Record::Entry { sealed: Some(sealed), .. } => replay::open(vault, &logged.entry, logged.index, &sealed),
        _ => Ok(None),
    }
}

/// Payloads of a view, for the rules. One that cannot be read is one that is not there: the posting that rests on it is
/// refused, and the log says why.
pub(super) struct Payloads<'a> {
    pub reader: &'a dyn Reader,
    pub vault: &'a Vault,
    pub view: &'a View,
}

impl Sources for Payloads<'_> {
    fn payload(&self, index: u64) -> Option<Payload> {
        if index >= self.view.tree.size {
            return None;
        }
        let opened = entry(self.reader, &self.view.index, index).and_then(|logged| payload_of(self.vault, &logged));
        opened
            .inspect_err(|error| tracing::error!(%error, index, "cannot read a payload that a posting rests on"))
            .ok()?
    }
}
