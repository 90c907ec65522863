//! Erasing an account: which ids are one person's, and that it is meant. What is destroyed, and in which order, stands in
//! the sequencer's part.

use tonic::Status;
use xuefen_ledger::query;

use super::access::AccountId;
use super::proto::{EraseAccountRequest, EraseAccountResponse};
use super::status::{busy, internal, invalid, not_found, stopped};
use super::{Api, people, resource};
use crate::sequencer::{AsOf, EraseError};

/// Erases the account, or says what that would destroy. For the operator: the caller has asked for that.
pub fn erase(api: &Api, asked: &EraseAccountRequest) -> Result<EraseAccountResponse, Status> {
    let account = resource::account("name", &asked.name)?;
    if !asked.validate_only && asked.confirm != asked.name {
        let message = "send the account's name once more, or validate_only to see what would be destroyed";
        return Err(invalid("confirm", message.to_owned()));
    }
    let accounts = of_one_person(api, account)?;
    let ids: Vec<_> = accounts.iter().map(|id| id.0).collect();
    let done = if asked.validate_only { api.ledger.would_erase(&ids) } else { api.ledger.erase(&ids) };
    let done = done.map_err(|error| match error {
        EraseError::NoKey => not_found("the account"),
        EraseError::Busy => busy(),
        EraseError::Stopped(_) => stopped(),
        EraseError::Read(error) => internal(&error),
    })?;
    Ok(EraseAccountResponse {
        accounts: accounts.into_iter().map(resource::account_name).collect(),
        keys: u32::try_from(done.keys).unwrap_or(u32::MAX),
        entries: done.entries,
    })
}

/// The kept account first, then those merged into it.
fn of_one_person(api: &Api, account: AccountId) -> Result<Vec<AccountId>, Status> {
    let view = api.ledger.view();
    let state = AsOf::new(&view.index, view.tree.size);
    let found = query::account(&state, api.ledger.account_key(&account.0)).map_err(|error| internal(&error))?;
    let (_, row) = found.ok_or_else(|| not_found("the account"))?;
    let kept = people::account_id(api, &view, row.entry)?;
    let mut all = vec![kept.ok_or_else(|| not_found("the account"))?];
    all.extend(people::aliases(api, &view, &row)?);
    Ok(all)
}
