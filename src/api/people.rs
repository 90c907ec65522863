//! Whose account it is, and who speaks for whom: what every call about a learner asks first.

use tonic::Status;
use xuefen_core::commitment::Tag;
use xuefen_core::kinds::tags;
use xuefen_core::payload::Payload;
use xuefen_ledger::query;
use xuefen_ledger::rows::{AccountKey, AccountRow, Status as Standing};

use super::Api;
use super::access::{AccessError, AccountId, Caller};
use super::status::internal;
use crate::sequencer::{AsOf, RecordError, View};

/// Most mergers followed from an institution to who speaks for it now.
const MERGERS: usize = 16;

/// The kept account that `asked` stands for, if it is the caller's own. An account that is not there and one that is
/// somebody else's get the same answer.
pub fn own_account(
    api: &Api,
    view: &View,
    caller: AccountId,
    asked: AccountId,
) -> Result<(AccountKey, AccountRow), Status> {
    let state = AsOf::new(&view.index, view.tree.size);
    let kept = |id: AccountId| query::account(&state, api.ledger.account_key(&id.0)).map_err(|error| internal(&error));
    let (own, asked) = (kept(caller)?, kept(asked)?);
    match (own, asked) {
        (Some((own, _)), Some((asked, row))) if own == asked => Ok((asked, row)),
        _ => Err(AccessError::Denied.into()),
    }
}

/// Records that `caller` looks at the data of `account`. If the writer has stopped, learners may still see their own.
pub fn look(api: &Api, account: AccountId, caller: &Caller, call: &str) -> Result<(), Status> {
    match api.ledger.record_access(account.0, &caller.to_string(), call, None) {
        Err(RecordError::Stopped(_)) if matches!(caller, Caller::Learner(_)) => Ok(()),
        recorded => Ok(recorded?),
    }
}

/// The entry that opened an account, also of one that became an alias, if `caller` signed it or speaks for who did.
pub fn opened_by(api: &Api, view: &View, account: AccountKey, caller: &str) -> Result<Option<u64>, Status> {
    let opened = api.ledger.opening_entry(view, account).map_err(|error| internal(&error))?;
    let Some(opened) = opened else { return Ok(None) };
    let state = AsOf::new(&view.index, view.tree.size);
    let Some(row) = query::entry(&state, opened).map_err(|error| internal(&error))? else { return Ok(None) };
    Ok(speaks_for(&state, caller, &row.issuer, api.ledger.now())?.then_some(opened))
}

/// Whether `caller` is `institution`, or what it was merged into.
pub fn speaks_for(state: &AsOf<'_>, caller: &str, institution: &str, now: i64) -> Result<bool, Status> {
    let mut institution = institution.to_owned();
    for _ in 0..MERGERS {
        if institution == caller {
            return Ok(true);
        }
        let row = query::institution(state, &institution).map_err(|error| internal(&error))?;
        match row.as_ref().and_then(|row| row.status_at(now)) {
            Some(Standing::Merged { successor }) => institution.clone_from(successor),
            _ => return Ok(false),
        }
    }
    Ok(false)
}

/// The payload of the entry that opened an account; `None` once it is erased.
pub fn opening(api: &Api, view: &View, entry: u64) -> Result<Option<Payload>, Status> {
    let logged = api.ledger.entry(view, entry).map_err(|error| internal(&error))?;
    api.ledger.payload(&logged).map_err(|error| internal(&error))
}

/// The id of the account that an entry opened; `None` once it is erased.
pub fn account_id(api: &Api, view: &View, entry: u64) -> Result<Option<AccountId>, Status> {
    let payload = opening(api, view, entry)?;
    Ok(payload.as_ref().and_then(|payload| value(payload, tags::ACCOUNT)?.try_into().ok()).map(AccountId))
}

/// The ids of the accounts that were merged into one.
pub fn aliases(api: &Api, view: &View, row: &AccountRow) -> Result<Vec<AccountId>, Status> {
    let mut aliases = Vec::with_capacity(row.aliases.len());
    for alias in &row.aliases {
        if let Some(entry) = api.ledger.opening_entry(view, *alias).map_err(|error| internal(&error))?
            && let Some(id) = account_id(api, view, entry)?
        {
            aliases.push(id);
        }
    }
    Ok(aliases)
}

/// A value of a payload that is not empty.
pub fn value(payload: &Payload, tag: tags::Tag) -> Option<&[u8]> {
    payload.value(Tag::new(tag.number)?).filter(|value| !value.is_empty())
}

/// A text value, empty if there is none.
pub fn text(payload: &Payload, tag: tags::Tag) -> String {
    value(payload, tag).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// A number, 0 if there is none.
pub fn number(payload: &Payload, tag: tags::Tag) -> u64 {
    value(payload, tag).and_then(|value| xuefen_core::payload::integer(value).ok()).unwrap_or_default()
}
