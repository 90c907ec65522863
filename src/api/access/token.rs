//! Bearer tokens of this server: JWT (RFC 7519) signed with EdDSA (RFC 8037), at most 15 minutes.
//!
//! The header is one fixed string that is compared, never read, so there is no algorithm to confuse. docs/adr says why a
//! JWT crate is not used for these fifty lines.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use xuefen_core::key::{KeyId, PublicKey, SecretKey, Signature};

use super::{AccessError, AccountId, Caller, TokenVerifier};

/// How long a token is good, seconds.
pub const LIFETIME_SECONDS: u32 = 15 * 60;

/// Longest token looked at, bytes.
const LONGEST: usize = 2_048;

const HEADER: &str = r#"{"alg":"EdDSA","typ":"JWT"}"#;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    role: Role,
    /// Id of the key that an authority has shown, base64url.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    key: String,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Learner,
    Institution,
    Authority,
    Operator,
}

/// Issues and verifies the tokens of one ledger's server.
pub struct LocalTokens {
    origin: String,
    secret: SecretKey,
    public: PublicKey,
}

impl LocalTokens {
    /// Tokens of the ledger `origin`, signed by a key that signs nothing else.
    #[must_use]
    pub fn new(origin: &str, secret: SecretKey) -> Self {
        let public = secret.public().clone();
        Self { origin: origin.to_owned(), secret, public }
    }

    /// A token for `caller`, good for [`LIFETIME_SECONDS`] from `now` (Unix seconds).
    #[must_use]
    #[expect(clippy::missing_panics_doc, reason = "strings and integers are always JSON")]
    pub fn issue(&self, caller: &Caller, now: i64) -> String {
        let (sub, role) = match caller {
            Caller::Learner(account) => (account.to_string(), Role::Learner),
            Caller::Institution(id) => (id.clone(), Role::Institution),
            Caller::Authority { id, .. } => (id.clone(), Role::Authority),
            Caller::Operator => (String::new(), Role::Operator),
        };
        let key =
            if let Caller::Authority { key, .. } = caller { URL_SAFE_NO_PAD.encode(key.0.0) } else { String::new() };
        let exp = now + i64::from(LIFETIME_SECONDS);
        let claims = Claims { iss: self.origin.clone(), aud: self.origin.clone(), sub, role, key, iat: now, exp };
        let claims = serde_json::to_vec(&claims).expect("strings and integers are always JSON");
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(HEADER), URL_SAFE_NO_PAD.encode(claims));
        let signature = self.secret.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.0))
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        if header != URL_SAFE_NO_PAD.encode(HEADER) {
            return None;
        }
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?)?;
        if !self.public.verify(signed.as_bytes(), &signature) {
            return None;
        }
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}

impl TokenVerifier for LocalTokens {
    fn verify(&self, token: &str, now: i64) -> Result<Caller, AccessError> {
        let claims = self.claims(token).ok_or(AccessError::Forged)?;
        if claims.iss != self.origin || claims.aud != self.origin {
            return Err(AccessError::Forged);
        }
        if now >= claims.exp || claims.exp - claims.iat > i64::from(LIFETIME_SECONDS) {
            return Err(AccessError::Expired);
        }
        match claims.role {
            Role::Learner => Ok(Caller::Learner(claims.sub.parse::<AccountId>().map_err(|_| AccessError::Forged)?)),
            Role::Institution => Ok(Caller::Institution(claims.sub)),
            Role::Authority => {
                let key = URL_SAFE_NO_PAD.decode(claims.key).ok().and_then(|id| KeyId::from_slice(&id));
                Ok(Caller::Authority { id: claims.sub, key: key.ok_or(AccessError::Forged)? })
            }
            Role::Operator => Ok(Caller::Operator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(seed: u8, origin: &str) -> LocalTokens {
        LocalTokens::new(origin, SecretKey::from_seed(&[seed; 32]))
    }

    #[test]
    fn a_token_opens_what_it_was_issued_for_until_it_ends() {
        let issuer = tokens(1, "a.example/x");
        let authority = Caller::Authority { id: "x-ministry".into(), key: issuer.public.id() };
        let institution = Caller::Institution("x-school".into());
        for caller in [Caller::Learner(AccountId([7; 16])), institution, authority, Caller::Operator] {
            let token = issuer.issue(&caller, 1_000);
            assert_eq!(issuer.verify(&token, 1_000 + 899), Ok(caller));
            assert_eq!(issuer.verify(&token, 1_000 + 900), Err(AccessError::Expired));
        }
    }

    #[test]
    fn other_keys_other_origins_and_changed_bytes_are_forged() {
        let issuer = tokens(1, "a.example/x");
        let token = issuer.issue(&Caller::Operator, 1_000);
        assert_eq!(tokens(2, "a.example/x").verify(&token, 1_000), Err(AccessError::Forged));
        assert_eq!(tokens(1, "b.example/x").verify(&token, 1_000), Err(AccessError::Forged));
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert_eq!(issuer.verify(&changed, 1_000), Err(AccessError::Forged), "byte {at}");
        }
        let none = format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), token.split('.').nth(1).unwrap());
        assert_eq!(issuer.verify(&none, 1_000), Err(AccessError::Forged));
    }
}
