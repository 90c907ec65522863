//! What a learner signs with a device key to ask for a conversion, an appeal or an undoing (rules.md 4, 8). Who may ask, and
//! which keys are a learner's, is the ledger's business.

use crate::hash::Hash;
use crate::key::{PublicKey, SecretKey, Signature};

/// What is asked for. The number is part of the signed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Asked {
    /// A conversion under a rule, of outcomes.
    Conversion = 1,
    /// An appeal against an entry.
    Appeal = 2,
    /// That a conversion be undone.
    Reversal = 3,
}

/// The signed bytes: "xuefen/v1/consent" || 0x00 || u16be len || origin || u8 kind || u64be rule || u16be count || leaf
/// hashes || u64be time.
///
/// `rule` is the leaf index of the rule; of an appeal or a reversal that of the entry it is about, whose leaf hash is the one
/// that follows. Sources ascend by index.
#[must_use]
pub fn message(origin: &str, asked: Asked, rule: u64, sources: &[Hash], time: u64) -> Vec<u8> {
    // An origin is far below 65,535 bytes, and nobody applies with as many sources.
    let length = |length: usize| u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    let mut bytes = b"xuefen/v1/consent\0".to_vec();
    bytes.extend_from_slice(&length(origin.len()));
    bytes.extend_from_slice(origin.as_bytes());
    bytes.push(asked as u8);
    bytes.extend_from_slice(&rule.to_be_bytes());
    bytes.extend_from_slice(&length(sources.len()));
    for source in sources {
        bytes.extend_from_slice(source.as_ref());
    }
    bytes.extend_from_slice(&time.to_be_bytes());
    bytes
}

/// Signs what is asked for; `time` in Unix seconds.
#[must_use]
pub fn sign(key: &SecretKey, origin: &str, asked: Asked, rule: u64, sources: &[Hash], time: u64) -> Signature {
    key.sign(&message(origin, asked, rule, sources, time))
}

/// Whether the key signed exactly this.
#[must_use]
pub fn verify(
    key: &PublicKey,
    signature: &Signature,
    origin: &str,
    (asked, rule, sources): (Asked, u64, &[Hash]),
    time: u64,
) -> bool {
    key.verify(&message(origin, asked, rule, sources, time), signature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_for_one_rule_and_these_sources_at_one_time() {
        let key = SecretKey::from_seed(&[7; 32]);
        let (a, b) = (Hash([1; 32]), Hash([2; 32]));
        let signature = sign(&key, "x.example/a", Asked::Conversion, 5, &[a, b], 9);
        let holds = |origin: &str, asked, rule, sources: &[Hash], time| {
            verify(key.public(), &signature, origin, (asked, rule, sources), time)
        };
        assert!(holds("x.example/a", Asked::Conversion, 5, &[a, b], 9));
        assert!(!holds("x.example/b", Asked::Conversion, 5, &[a, b], 9));
        assert!(!holds("x.example/a", Asked::Appeal, 5, &[a, b], 9));
        assert!(!holds("x.example/a", Asked::Conversion, 6, &[a, b], 9));
        assert!(!holds("x.example/a", Asked::Conversion, 5, &[b, a], 9));
        assert!(!holds("x.example/a", Asked::Conversion, 5, &[a], 9));
        assert!(!holds("x.example/a", Asked::Conversion, 5, &[a, b], 10));
        assert_eq!(message("a", Asked::Reversal, 1, &[a], 1).len(), 18 + 2 + 1 + 1 + 8 + 2 + 32 + 8);
    }
}
