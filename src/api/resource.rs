//! Resource names (AIP-122): how they are written and read. Strict: one spelling each, no empty or extra segment.

use tonic::Status;

use super::access::AccountId;
use super::status::invalid;
use xuefen_ledger::rows::Short;

/// Longest institution id taken, bytes; real ones have 18 or at most 42.
const LONGEST_INSTITUTION: usize = 64;

/// `accounts/{id in hex}`.
pub fn account(field: &str, name: &str) -> Result<AccountId, Status> {
    name.strip_prefix("accounts/")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| invalid(field, "write accounts/ and the account id in lower-case hexadecimal".to_owned()))
}

/// `accounts/{id in hex}/grants/{32 hexadecimal digits}`.
pub fn grant(field: &str, name: &str) -> Result<(AccountId, Short), Status> {
    let parts = name.split_once("/grants/");
    let parsed = parts.and_then(|(parent, id)| Some((account(field, parent).ok()?, id.parse::<AccountId>().ok()?.0)));
    parsed.ok_or_else(|| invalid(field, "write the name of a grant as ListGrants shows it".to_owned()))
}

/// `accounts/{id in hex}/transcript`.
pub fn transcript(field: &str, name: &str) -> Result<AccountId, Status> {
    name.strip_suffix("/transcript").and_then(|name| account(field, name).ok()).ok_or_else(|| {
        invalid(field, "write accounts/, the account id in lower-case hexadecimal and /transcript".to_owned())
    })
}

/// `institutions/{id}`; the id.
pub fn institution<'a>(field: &str, name: &'a str) -> Result<&'a str, Status> {
    name.strip_prefix("institutions/")
        .filter(|id| is_institution_id(id))
        .ok_or_else(|| invalid(field, "write institutions/ and an institution id".to_owned()))
}

/// Whether this may be an institution id at all; whether it is one, the ledger knows.
pub fn is_institution_id(id: &str) -> bool {
    (1..=LONGEST_INSTITUTION).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Writes `accounts/{id}`.
pub fn account_name(account: AccountId) -> String {
    format!("accounts/{account}")
}

/// Writes `accounts/{id}/grants/{grant}`.
pub fn grant_name(account: AccountId, grant: &Short) -> String {
    // Both are 16 bytes in hexadecimal.
    format!("accounts/{account}/grants/{}", AccountId(*grant))
}

/// Writes `accounts/{id}/transcript`.
pub fn transcript_name(account: AccountId) -> String {
    format!("accounts/{account}/transcript")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_nothing_else_does() {
        let id = AccountId([0xab; 16]);
        assert_eq!(account("name", &account_name(id)).unwrap(), id);
        assert_eq!(transcript("name", &transcript_name(id)).unwrap(), id);
        assert_eq!(institution("name", "institutions/x-school").unwrap(), "x-school");
        assert_eq!(grant("name", &grant_name(id, &[1; 16])).unwrap(), (id, [1; 16]));
        assert!(grant("name", &account_name(id)).is_err());
        let hex = "ab".repeat(16);
        for bad in [
            hex.clone(),
            format!("accounts/{hex}/"),
            format!("/accounts/{hex}"),
            format!("accounts//{hex}"),
            format!("accounts/{}", hex.to_uppercase()),
            format!("accounts/{hex}/transcript"),
            "accounts/".into(),
            String::new(),
        ] {
            assert!(account("name", &bad).is_err(), "{bad}");
        }
        for bad in [format!("accounts/{hex}"), format!("accounts/{hex}/transcript/"), "/transcript".into()] {
            assert!(transcript("name", &bad).is_err(), "{bad}");
        }
        for bad in ["institutions/", "institutions/a/b", "institutions/学校", "x-school", "institutions/a@1", ""] {
            assert!(institution("name", bad).is_err(), "{bad}");
        }
        assert!(institution("name", &format!("institutions/{}", "a".repeat(65))).is_err());
    }
}
