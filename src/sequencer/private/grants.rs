//! Grants: a learner lets whoever holds a code see one outcome, once. Found by the keyed hash of the code, and by account,
//! newest first.

use bytes::Bytes;
use xuefen_ledger::rows::{AccountKey, Short};

use super::{GRANT, GRANTS, GRANTS_OF, Plain, Private, open_row, unreadable};
use crate::sequencer::Ledger;
use crate::sequencer::error::SequencerError;
use crate::sequencer::view::View;

/// A grant as the learner made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose outcome it shows, as the account was addressed.
    pub account: [u8; 16],
    /// Keyed hash of the code; the code itself is nowhere.
    pub code: Short,
    /// Leaf index of the outcome.
    pub index: u64,
    /// Tags it shows, ascending.
    pub tags: Vec<u32>,
    /// What the learner calls it.
    pub label: String,
    /// Unix seconds.
    pub made_at: i64,
    /// Not good from, Unix seconds.
    pub expires_at: i64,
}

/// How a grant ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Somebody used it.
    Used,
    /// The learner withdrew it.
    Withdrawn,
}

/// Where a grant stands. That its time is over is seen from `expires_at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantState {
    /// Neither used nor withdrawn.
    Open,
    /// It is good no more.
    Ended {
        /// How.
        how: Ended,
        /// When, Unix seconds.
        at: i64,
    },
}

/// Where a list of grants goes on: the last bytes of the row's key, the same for all accounts of one person.
pub type GrantCursor = [u8; 24];

/// First byte of the row of a grant that is open; the others are [`Ended::number`].
const OPEN: u8 = 0;

impl Ended {
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Used => 1,
            Self::Withdrawn => 2,
        }
    }

    pub(super) const fn of_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Used),
            2 => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

impl Grant {
    pub(super) fn plain(&self) -> Plain {
        Plain {
            code: self.code.to_vec(),
            time: self.expires_at,
            index: self.index,
            tags: self.tags.clone(),
            label: self.label.clone(),
            made_at: self.made_at,
            ..Plain::default()
        }
    }

    pub(super) fn of(account: [u8; 16], code: Short, plain: Plain) -> Self {
        let Plain { index, tags, label, made_at, time: expires_at, .. } = plain;
        Self { account, code, index, tags, label, made_at, expires_at }
    }

    pub(super) fn rows(&self, account: AccountKey, sealed: Vec<u8>) -> Vec<(Bytes, Bytes)> {
        let time = u64::try_from(self.made_at).unwrap_or_default();
        let listed = [&grants_of(account)[..], &(!time).to_be_bytes(), &self.code].concat();
        vec![(key(&self.code), [&[OPEN], &sealed[..]].concat().into()), (listed.into(), sealed.into())]
    }
}

pub(super) fn end_row(code: &Short, ended: Ended, at: i64) -> (Bytes, Bytes) {
    (key(code), [&[ended.number()], &at.to_be_bytes()[..]].concat().into())
}

fn key(code: &Short) -> Bytes {
    [&[GRANTS], &code[..]].concat().into()
}

fn grants_of(account: AccountKey) -> Vec<u8> {
    [&[GRANTS_OF], &account.0[..]].concat()
}

/// Where the grant stands whose code has this keyed hash.
fn grant_state(view: &View, code: &Short) -> Result<GrantState, SequencerError> {
    let damaged = || unreadable("the row of a grant is damaged");
    let (_, value) = view.index.newest(&key(code), view.index.size())?.ok_or_else(damaged)?;
    let (&first, rest) = value.split_first().ok_or_else(damaged)?;
    if first == OPEN {
        return Ok(GrantState::Open);
    }
    let how = Ended::of_number(first).ok_or_else(damaged)?;
    let at = rest.first_chunk().map(|at| i64::from_be_bytes(*at)).ok_or_else(damaged)?;
    Ok(GrantState::Ended { how, at })
}

impl Ledger {
    /// The grant whose code has this keyed hash, as long as it is neither used, withdrawn nor erased.
    pub fn open_grant(&self, view: &View, code: &Short) -> Result<Option<Grant>, SequencerError> {
        let Some((_, value)) = view.index.newest(&key(code), view.index.size())? else { return Ok(None) };
        let Some((&OPEN, sealed)) = value.split_first() else { return Ok(None) };
        match open_row(&self.vault, self.origin.as_str(), GRANT, sealed)? {
            Some(Private::Grant(grant)) => Ok(Some(grant)),
            _ => Ok(None),
        }
    }

    /// Grants of one person, known by `accounts`, newest first, after `after`, at most `limit`.
    pub fn grants(
        &self,
        view: &View,
        accounts: &[AccountKey],
        after: Option<&GrantCursor>,
        limit: usize,
    ) -> Result<Vec<(GrantCursor, Grant, GrantState)>, SequencerError> {
        let mut found = Vec::new();
        for account in accounts {
            let prefix = grants_of(*account);
            let from = after.map(|after| [&prefix[..], after].concat());
            for row in view.index.scan_prefix(&prefix, view.index.size(), from.as_deref()).take(limit) {
                let row = row?;
                let cursor = row.key.last_chunk::<24>().ok_or_else(|| unreadable("the key of a grant is too short"))?;
                found.push((*cursor, row.value));
            }
        }
        found.sort_unstable_by_key(|(cursor, _)| *cursor);
        found.truncate(limit);
        let opened = found.into_iter().map(|(cursor, value)| {
            match open_row(&self.vault, self.origin.as_str(), GRANT, &value)? {
                Some(Private::Grant(grant)) => {
                    let state = grant_state(view, &grant.code)?;
                    Ok(Some((cursor, grant, state)))
                }
                _ => Ok(None),
            }
        });
        opened.filter_map(Result::transpose).collect()
    }
}
