//! Who looked at a learner's data: an access per look, found by account, newest first.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use xuefen_ledger::rows::{AccountKey, Short};

use super::{ACCESS, ACCESSES, Plain, Private, RecordError, open_row, unreadable};
use crate::sequencer::error::SequencerError;
use crate::sequencer::view::View;
use crate::sequencer::{Ledger, Stopped};
use crate::vault::VaultError;

/// One look at a learner's data.
#[derive(Clone, PartialEq, Eq)]
pub struct Access {
    /// Unix seconds.
    pub at: i64,
    /// Institution id, `learner`, `operator`, or `grant` for whoever held the code of one.
    pub by: String,
    /// What was called.
    pub call: String,
    /// Keyed hash of the grant's code, if one was used.
    pub grant: Option<Short>,
}

/// Where a list of accesses goes on: the last bytes of the row's key, the same for all accounts of one person.
pub type AccessCursor = [u8; 16];

impl Access {
    pub(super) fn plain(&self, serial: u64) -> Plain {
        let code = self.grant.map(|grant| grant.to_vec()).unwrap_or_default();
        Plain { time: self.at, serial, by: self.by.clone(), call: self.call.clone(), code, ..Plain::default() }
    }

    pub(super) fn of(plain: Plain) -> Self {
        Self { at: plain.time, by: plain.by, call: plain.call, grant: plain.code.try_into().ok() }
    }

    pub(super) fn row(&self, account: AccountKey, serial: u64, sealed: Vec<u8>) -> (Bytes, Bytes) {
        let time = u64::try_from(self.at).unwrap_or_default();
        let key = [&accesses_of(account)[..], &(!time).to_be_bytes(), &(!serial).to_be_bytes()].concat();
        (key.into(), sealed.into())
    }
}

fn accesses_of(account: AccountKey) -> Vec<u8> {
    [&[ACCESSES], &account.0[..]].concat()
}

impl Ledger {
    /// Records that somebody looks at the data of `account`, within the next frame; does not wait for it. The caller
    /// answers nothing if this fails: no look goes unrecorded.
    pub fn record_access(
        &self,
        account: [u8; 16],
        by: &str,
        call: &str,
        grant: Option<Short>,
    ) -> Result<(), RecordError> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let permit = Arc::clone(&self.private).try_acquire_owned().map_err(|error| match error {
            tokio::sync::TryAcquireError::Closed => RecordError::Stopped(Stopped),
            tokio::sync::TryAcquireError::NoPermits => RecordError::Busy,
        })?;
        // The random half tells looks apart that two runs of the server count alike within one second.
        let random = getrandom::u32().map_err(VaultError::Random)?;
        let serial = u64::from(COUNTER.fetch_add(1, Ordering::Relaxed)) << 32 | u64::from(random);
        let access = Access { at: self.now(), by: by.to_owned(), call: call.to_owned(), grant };
        drop(self.submit(&Private::Access { account, access, serial }, permit)?);
        Ok(())
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
            match open_row(&self.vault, self.origin.as_str(), ACCESS, &value)? {
                Some(Private::Access { access, .. }) => Ok(Some((cursor, access))),
                _ => Ok(None),
            }
        });
        opened.filter_map(Result::transpose).collect()
    }
}
