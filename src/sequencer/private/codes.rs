//! Activation codes, found by the keyed hash of the code.

use bytes::Bytes;
use xuefen_ledger::rows::{AccountKey, Short};

use super::{CODES, unreadable};
use crate::sequencer::Ledger;
use crate::sequencer::error::SequencerError;
use crate::sequencer::view::View;

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

pub(super) fn row(account: AccountKey, code: &Short, end: i64, used: bool) -> (Bytes, Bytes) {
    (key(code), [&account.0[..], &end.to_be_bytes(), &[u8::from(used)]].concat().into())
}

fn key(code: &Short) -> Bytes {
    [&[CODES], &code[..]].concat().into()
}

impl Ledger {
    /// What is known of the activation code with this keyed hash.
    pub fn activation(&self, view: &View, code: &Short) -> Result<Option<Code>, SequencerError> {
        let Some((_, value)) = view.index.newest(&key(code), view.index.size())? else { return Ok(None) };
        let damaged = || unreadable("a row of an activation code has the wrong length");
        let (account, rest) = value.split_first_chunk::<16>().ok_or_else(damaged)?;
        let (end, used) = rest.split_first_chunk::<8>().ok_or_else(damaged)?;
        let code =
            Code { account: AccountKey(*account), expires_at: i64::from_be_bytes(*end), used: used != [0].as_slice() };
        Ok(Some(code))
    }
}
