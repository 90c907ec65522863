//! Nullifiers: what a conversion or an award publishes of the outcomes it uses, so that no outcome is used twice within
//! a scope and nobody learns which outcome it was (formats.md 3).
//!
//! Which scope a rule compares, and what counts as a use, is decided by the ledger.

use crate::commitment::{Nonce, Seed};
use crate::hash::{Context, Hash, derive_key, keyed_hash};
use core::fmt;

/// The key of an outcome from which its nullifiers come; its payload's tag 1. A superseding record carries on the key of
/// the record it supersedes, so that a correction is not a second outcome.
#[derive(Clone, PartialEq, Eq)]
pub struct NullifierKey(Hash);

impl NullifierKey {
    /// nk = `derive_key`(NULLIFIER, seed || nonce), for an outcome that supersedes none.
    #[must_use]
    pub fn derive(seed: &Seed, nonce: &Nonce) -> Self {
        Self(derive_key(Context::Nullifier, &[seed.as_bytes(), nonce.as_bytes()]))
    }

    /// The key in a payload's tag 1, if the bytes are exactly 32.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        Hash::from_slice(bytes).map(Self)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// nullifier(scope) = `keyed_hash`(nk, scope).
    #[must_use]
    pub fn nullifier(&self, scope: &Scope<'_>) -> Hash {
        keyed_hash(&self.0, &[&scope.encode()])
    }
}

/// Not printed: it links all uses of an outcome.
impl fmt::Debug for NullifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NullifierKey(..)")
    }
}

/// How far a use of an outcome reaches, narrowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ScopeKind {
    /// Once per programme.
    Programme = 1,
    /// Once per institution.
    Institution = 2,
    /// Once in the whole ledger.
    Bank = 3,
}

impl ScopeKind {
    /// The kind of a number on the wire.
    #[must_use]
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            1 => Some(Self::Programme),
            2 => Some(Self::Institution),
            3 => Some(Self::Bank),
            _ => None,
        }
    }

    /// The number on the wire and in scopes.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }
}

/// Why there is no such scope: code `SCOPE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeError {
    /// A bank has no id beside its ledger.
    BankWithId,
    /// The ledger is longer than 65,535 bytes.
    LedgerTooLong,
    /// The id is longer than 65,535 bytes.
    IdTooLong,
}

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BankWithId => "scope of a bank has an id",
            Self::LedgerTooLong => "ledger of a scope is longer than 65,535 bytes",
            Self::IdTooLong => "id of a scope is longer than 65,535 bytes",
        })
    }
}

impl std::error::Error for ScopeError {}

/// One programme, institution or bank within which an outcome is used once. Ids carry no version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope<'a> {
    kind: ScopeKind,
    ledger: Short<'a>,
    id: Short<'a>,
}

/// Text with its length, which fits 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Short<'a> {
    length: u16,
    text: &'a str,
}

impl<'a> Short<'a> {
    fn new(text: &'a str) -> Option<Self> {
        Some(Self { length: u16::try_from(text.len()).ok()?, text })
    }
}

impl<'a> Scope<'a> {
    /// The scope of this kind; `id` is empty for a bank.
    pub fn new(kind: ScopeKind, ledger: &'a str, id: &'a str) -> Result<Self, ScopeError> {
        if kind == ScopeKind::Bank && !id.is_empty() {
            return Err(ScopeError::BankWithId);
        }
        let ledger = Short::new(ledger).ok_or(ScopeError::LedgerTooLong)?;
        let id = Short::new(id).ok_or(ScopeError::IdTooLong)?;
        Ok(Self { kind, ledger, id })
    }

    /// u8 kind || u16be len || ledger || u16be len || id.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(5 + self.ledger.text.len() + self.id.text.len());
        bytes.push(self.kind.number());
        for Short { length, text } in [self.ledger, self.id] {
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_keep_ledger_and_id_apart() {
        let scope = |ledger, id| Scope::new(ScopeKind::Programme, ledger, id).expect("a good scope").encode();
        assert_eq!(scope("ab", "c"), b"\x01\x00\x02ab\x00\x01c");
        assert_ne!(scope("ab", "c"), scope("a", "bc"));
    }

    #[test]
    fn a_scope_keeps_its_limits() {
        let limit = "x".repeat(65_535);
        let over = "x".repeat(65_536);
        assert!(Scope::new(ScopeKind::Institution, &limit, &limit).is_ok());
        assert_eq!(Scope::new(ScopeKind::Institution, &over, ""), Err(ScopeError::LedgerTooLong));
        assert_eq!(Scope::new(ScopeKind::Institution, "", &over), Err(ScopeError::IdTooLong));
        assert_eq!(Scope::new(ScopeKind::Bank, "x", "y"), Err(ScopeError::BankWithId));
        assert_eq!(ScopeKind::from_number(0), None);
        assert_eq!(ScopeKind::from_number(4), None);
        assert!(ScopeKind::Programme < ScopeKind::Institution && ScopeKind::Institution < ScopeKind::Bank);
    }

    #[test]
    fn a_nullifier_depends_on_key_and_kind() {
        let key = |byte| NullifierKey::derive(&Seed::new([byte; 32]), &Nonce([0; 16]));
        let scope = |kind| Scope::new(kind, "x.example/a", "").expect("a good scope");
        let first = key(1).nullifier(&scope(ScopeKind::Bank));
        assert_ne!(first, key(2).nullifier(&scope(ScopeKind::Bank)));
        assert_ne!(first, key(1).nullifier(&scope(ScopeKind::Institution)));
        assert_eq!(format!("{:?}", key(1)), "NullifierKey(..)");
    }
}
