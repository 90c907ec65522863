//! Keyed hashes for lookups that must not be guessable from a list of all numbers: of documents, and of the issuers' own
//! record numbers. The key is the pepper; what is hashed stays with the caller.

use super::key::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// First byte of everything hashed that is not a document number. Types and numbers are UTF-8, where it never occurs.
const OTHER: u8 = 0xFF;

/// The key of the lookups.
#[derive(Debug)]
pub(super) struct Pepper(pub(super) Key);

impl Pepper {
    /// HMAC-SHA-256(pepper, kind || 0x00 || number), as formats.md 3 has it; the number is normalised already.
    pub(super) fn document(&self, kind: &str, number: &str) -> [u8; 32] {
        self.mac(&[kind.as_bytes(), &[0], number.as_bytes()])
    }

    /// HMAC-SHA-256(pepper, 0xFF || "source" || u64be len || issuer || u32be kind || u64be len || source id).
    pub(super) fn source(&self, issuer: &str, kind: u32, source_id: &str) -> [u8; 32] {
        let length = |text: &str| (text.len() as u64).to_be_bytes();
        self.mac(&[
            &[OTHER],
            b"source",
            &length(issuer),
            issuer.as_bytes(),
            &kind.to_be_bytes(),
            &length(source_id),
            source_id.as_bytes(),
        ])
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper(bytes: [u8; 32]) -> Pepper {
        Pepper(Key::from_slice(&bytes).unwrap())
    }

    #[test]
    fn the_hashes_are_as_documented() {
        // Computed with Python's hmac over the documented bytes, the pepper being 0, 1, ... 31.
        let pepper = pepper(std::array::from_fn(|i| u8::try_from(i).unwrap()));
        assert_eq!(
            xuefen_core::Hash(pepper.document("resident-id", "11010519491231002X")).to_string(),
            "b668b682ef3fd39970912a8dccf30b72497388acec413f41d68fbf2a0b305420"
        );
        assert_eq!(
            xuefen_core::Hash(pepper.source("cn.example", 7, "2026-1")).to_string(),
            "bb13c1529e8ff4d95500c7eed76dc94cb5b421036755e38051aa657a85484109"
        );
    }

    #[test]
    fn nothing_collides_across_borders() {
        let pepper = pepper([7; 32]);
        let all = [
            pepper.document("a", "bc"),
            pepper.document("ab", "c"),
            pepper.document("", "abc"),
            pepper.document("passport", "1"),
            pepper.source("a", 1, "bc"),
            pepper.source("ab", 1, "c"),
            pepper.source("a", 2, "bc"),
            self::pepper([8; 32]).document("a", "bc"),
        ];
        assert_eq!(std::collections::BTreeSet::from(all).len(), all.len());
    }
}
