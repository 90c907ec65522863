//! Who is calling. Default deny: a service asks for the caller it needs and gets it, or the call ends here.
//!
//! How a bearer token comes to be trusted stands behind [`TokenVerifier`], so that identity providers of institutions can
//! be added without touching a service. Posting needs no token: there the signature is the authority.

mod token;

use std::fmt;
use std::str::FromStr;

pub use token::{LIFETIME_SECONDS, LocalTokens};
use tonic::metadata::MetadataMap;
use xuefen_core::key::KeyId;

/// Account id: 16 random bytes, shown as lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountId(pub [u8; 16]);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not 32 lower-case hexadecimal digits.
#[derive(Debug, thiserror::Error)]
#[error("an account id is 32 lower-case hexadecimal digits")]
pub struct NotAnAccountId;

impl FromStr for AccountId {
    type Err = NotAnAccountId;

    fn from_str(text: &str) -> Result<Self, NotAnAccountId> {
        let digits = text.as_bytes();
        if digits.len() != 32 {
            return Err(NotAnAccountId);
        }
        let value = |digit: u8| match digit {
            b'0'..=b'9' => Ok(digit - b'0'),
            b'a'..=b'f' => Ok(digit - b'a' + 10),
            _ => Err(NotAnAccountId),
        };
        let mut id = [0; 16];
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = value(pair[0])? << 4 | value(pair[1])?;
        }
        Ok(Self(id))
    }
}

/// Who a verified token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The learner of this account.
    Learner(AccountId),
    /// An accredited institution, by its id.
    Institution(String),
    /// An authority, by one of its keys: what that key is for and where says the registry.
    Authority {
        /// Its id.
        id: String,
        /// The key.
        key: KeyId,
    },
    /// The operator of this server.
    Operator,
}

/// Names the caller as the learner's access log shows it.
impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Learner(_) => f.write_str("learner"),
            Self::Institution(id) | Self::Authority { id, .. } => f.write_str(id),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// Why a call may not go on. None of these says whether the thing asked for exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// No token was sent.
    #[error("this call needs an access token: send it as 'authorization: Bearer …'")]
    Missing,
    /// What was sent is not a token of this server.
    #[error("the access token was not issued by this server or was changed on the way")]
    Forged,
    /// The token has run out.
    #[error("the access token has run out: activate or authenticate again")]
    Expired,
    /// The token is good, but not for this.
    #[error("the access token does not open this")]
    Denied,
}

/// Turns a bearer token into a caller. `now` is Unix seconds.
pub trait TokenVerifier: Send + Sync {
    /// # Errors
    /// [`AccessError::Forged`] or [`AccessError::Expired`].
    fn verify(&self, token: &str, now: i64) -> Result<Caller, AccessError>;
}

/// The caller of a gRPC call.
///
/// # Errors
/// [`AccessError::Missing`] without an authorization header of the bearer scheme, else what the verifier says.
pub fn caller(metadata: &MetadataMap, verifier: &dyn TokenVerifier, now: i64) -> Result<Caller, AccessError> {
    let header = metadata.get("authorization").ok_or(AccessError::Missing)?;
    let header = header.to_str().map_err(|_| AccessError::Forged)?;
    let (scheme, token) = header.split_once(' ').ok_or(AccessError::Forged)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(AccessError::Missing);
    }
    verifier.verify(token.trim(), now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_read_back_and_nothing_else_does() {
        let id = AccountId([0xab; 16]);
        assert_eq!(id.to_string().parse::<AccountId>().unwrap(), id);
        for bad in ["", "AB", &"AB".repeat(16), &"a".repeat(31), &"g".repeat(32), &"é".repeat(16)] {
            assert!(bad.parse::<AccountId>().is_err(), "{bad}");
        }
    }
}
