//! The vectors' stand-in for the chain of authority: keys from a list, valid from ≤ t < to, and from authority.txt.
//! Nothing is learned from the items.
#![allow(dead_code, clippy::missing_panics_doc)]

use crate::common::{TestStatement, integer, list, text};
use serde_json::Value;
use std::collections::BTreeMap;
use xuefen_core::authority_file::AuthorityFile;
use xuefen_core::holder::Request;
use xuefen_core::key::{KeyId, PublicKey};
use xuefen_core::origin::Origin;
use xuefen_core::policy::Policy;
use xuefen_core::text::from_base64;
use xuefen_core::verify::{Attested, Authority, AuthorityReason, HolderAsked, Report, Trust, verify};
use xuefen_core::vkey::VerifierKey;

/// A key of an issuer and when it is valid.
struct IssuerKey {
    issuer: String,
    key: PublicKey,
    from: i64,
    to: i64,
}

/// Keys without a chain behind them.
pub struct StandIn {
    keys: BTreeMap<KeyId, IssuerKey>,
    status: Vec<VerifierKey>,
    holder_tag: Option<u32>,
}

impl StandIn {
    /// Reads `authority`, `issuer_keys` and the holder's tag of a vector's policy.
    pub fn new(policy: &Value) -> Self {
        let file = AuthorityFile::parse(text(policy, "authority")).expect("the vectors' authority.txt is good");
        let (status, institutions): (Vec<_>, Vec<_>) =
            file.keys().iter().cloned().partition(|key| key.name().as_str().ends_with("/status"));
        let institutions = institutions.into_iter().map(|vkey| {
            let (issuer, key) = (vkey.name().to_string(), vkey.public_key().clone());
            IssuerKey { issuer, key, from: 0, to: i64::MAX }
        });
        let listed = list(policy, "issuer_keys").iter().map(|key| IssuerKey {
            issuer: text(key, "issuer").to_owned(),
            key: PublicKey::parse(&from_base64(text(key, "public_key")).expect("base64")).expect("a good key"),
            from: integer(key, "from"),
            to: integer(key, "to"),
        });
        let keys = institutions.chain(listed).map(|key| (key.key.id(), key)).collect();
        let holder_tag = policy["holder"]["key_tag"].as_u64().map(|tag| u32::try_from(tag).expect("a tag"));
        Self { keys, status, holder_tag }
    }
}

impl Authority<TestStatement> for StandIn {
    fn key(&self, id: &KeyId) -> Option<&PublicKey> {
        self.keys.get(id).map(|known| &known.key)
    }

    fn learn(&mut self, _: &Attested<'_, TestStatement>) {}

    fn judge(&self, subject: &Attested<'_, TestStatement>) -> Result<(), AuthorityReason> {
        let statement = subject.entry.statement();
        let times = [statement.issued_at().seconds(), subject.entry.logged_at().seconds()];
        let good = |id: &KeyId| {
            let key = &self.keys[id];
            key.issuer == statement.issuer() && times.iter().all(|time| (key.from..key.to).contains(time))
        };
        let issuer = statement.issuer().to_owned();
        if subject.signers.iter().any(good) {
            Ok(())
        } else if subject.unknown_signers > 0 {
            Err(AuthorityReason::IssuerKeyUnknown { issuer })
        } else {
            Err(AuthorityReason::NotByIssuer { issuer })
        }
    }

    fn status_keys(&self, _: &Origin) -> Vec<VerifierKey> {
        self.status.clone()
    }

    fn binds(&self, subject: &Attested<'_, TestStatement>, holder_key: &[u8]) -> bool {
        subject.disclosed.iter().any(|field| Some(field.tag) == self.holder_tag && field.value == holder_key)
    }
}

/// Verifies `file` under a policy of the vectors.
pub fn verify_under(policy: &Value, now: u64, file: &[u8]) -> Report<TestStatement> {
    let tlog_policy = Policy::parse(text(policy, "tlog_policy")).expect("the vectors' policy is good");
    let asked = &policy["holder"];
    let challenge = asked["challenge"].as_str().map(|text| from_base64(text).expect("base64"));
    let holder = challenge.as_ref().map(|challenge| HolderAsked {
        request: Request { audience: text(asked, "audience"), challenge },
        max_age: asked["max_age"].as_u64().expect("seconds"),
    });
    let status_max_age = policy["status_max_age"].as_u64().expect("seconds");
    let trust = Trust { policy: &tlog_policy, now, status_max_age, holder };
    verify(file, &trust, &mut StandIn::new(policy))
}
