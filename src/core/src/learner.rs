//! What a learner signs with a device key, besides showing an entry (holder.rs): the binding of the key itself, and the
//! merger of two accounts. Which keys are a learner's is the ledger's business.

use crate::key::{PublicKey, SecretKey, Signature};

/// Bytes of an account id.
pub type AccountId = [u8; 16];

/// What is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// This key is a device key of the account.
    Bind {
        /// Which.
        account: AccountId,
    },
    /// The second account becomes an alias of the first.
    Merge {
        /// Kept.
        account: AccountId,
        /// Becomes its alias.
        other: AccountId,
    },
}

/// The signed bytes: "xuefen/v1/bind" or "xuefen/v1/merge" || 0x00 || u16be len || origin || account ids || u64be time.
#[must_use]
pub fn message(origin: &str, act: Act, time: u64) -> Vec<u8> {
    let (name, accounts): (&str, Vec<AccountId>) = match act {
        Act::Bind { account } => ("xuefen/v1/bind", vec![account]),
        Act::Merge { account, other } => ("xuefen/v1/merge", vec![account, other]),
    };
    // An origin is far below 65,535 bytes.
    let length = u16::try_from(origin.len()).unwrap_or(u16::MAX);
    let mut bytes = name.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(origin.as_bytes());
    for account in accounts {
        bytes.extend_from_slice(&account);
    }
    bytes.extend_from_slice(&time.to_be_bytes());
    bytes
}

/// Signs an act; `time` in Unix seconds.
#[must_use]
pub fn sign(key: &SecretKey, origin: &str, act: Act, time: u64) -> Signature {
    key.sign(&message(origin, act, time))
}

/// Whether the key signed the act.
#[must_use]
pub fn verify(key: &PublicKey, origin: &str, act: Act, time: u64, signature: &Signature) -> bool {
    key.verify(&message(origin, act, time), signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_for_one_act_of_one_ledger_at_one_time() {
        let key = SecretKey::from_seed(&[7; 32]);
        let act = Act::Merge { account: [1; 16], other: [2; 16] };
        let signature = sign(&key, "x.example/a", act, 9);
        assert!(verify(key.public(), "x.example/a", act, 9, &signature));
        let swapped = Act::Merge { account: [2; 16], other: [1; 16] };
        for (origin, act, time) in [
            ("x.example/b", act, 9),
            ("x.example/a", swapped, 9),
            ("x.example/a", Act::Bind { account: [1; 16] }, 9),
            ("x.example/a", act, 10),
        ] {
            assert!(!verify(key.public(), origin, act, time, &signature), "{origin} {act:?} {time}");
        }
        assert_eq!(message("a", Act::Bind { account: [3; 16] }, 1).len(), 14 + 1 + 2 + 1 + 16 + 8);
    }
}
