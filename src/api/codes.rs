//! Activation codes and codes of grants: how they are made, read and hashed, and how fast they may be guessed at.
//!
//! A code is 100 random bits in Crockford's base 32, in four groups of five. Only a keyed hash of it is kept, so neither
//! journal nor index gives a code away. That each is used once is the account service's business.

use std::sync::{Mutex as Guarded, PoisonError};

use tokio::sync::Mutex;
use xuefen_core::Hash;
use xuefen_core::hash::{Context, derive_key, keyed_hash};
use xuefen_ledger::rows::{Short, short};

/// How long a code is good, seconds: 30 days.
pub const LIFETIME_SECONDS: i64 = 30 * 86_400;

/// No I, L, O and U: read as 1, 1, 0 and not at all.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 20;
const GROUP: usize = 5;

/// Failures that all callers together may make at once, and how often one more is allowed, seconds. A guess hits one of a
/// million open codes with a chance of 2^-80, so this bounds work and noise in the log, not the odds.
const FAILURES: i64 = 200;
const SECONDS_PER_FAILURE: i64 = 1;

/// Makes and knows the codes of one server.
pub struct Codes {
    key: Hash,
    /// Held from the look-up of a code to the record of its use: no two calls use one code.
    pub using: Mutex<()>,
    failures: Guarded<Bucket>,
}

struct Bucket {
    left: i64,
    at: i64,
}

impl Codes {
    /// Codes that only a server with this secret knows again.
    pub fn new(secret: &[u8; 32]) -> Self {
        let key = derive_key(Context::InternalCode, &[secret]);
        Self { key, using: Mutex::new(()), failures: Guarded::new(Bucket { left: FAILURES, at: 0 }) }
    }

    /// A new code, to be shown once.
    pub fn draw(&self) -> Result<String, getrandom::Error> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes)?;
        let mut code = String::with_capacity(LENGTH + LENGTH / GROUP);
        for (place, byte) in bytes.into_iter().enumerate() {
            if place > 0 && place % GROUP == 0 {
                code.push('-');
            }
            // 256 is a multiple of 32: every letter is as likely.
            code.push(char::from(ALPHABET[usize::from(byte % 32)]));
        }
        Ok(code)
    }

    /// The hash that an activation code is known by; `None` for what cannot be a code.
    pub fn hash(&self, code: &str) -> Option<Short> {
        self.hash_for(b"", code)
    }

    /// The hash that the code of a grant is known by. Another than that of an activation code with the same letters, so
    /// that neither is ever taken for the other.
    pub fn grant_hash(&self, code: &str) -> Option<Short> {
        self.hash_for(b"grant", code)
    }

    fn hash_for(&self, purpose: &[u8], code: &str) -> Option<Short> {
        // Codes are typed by hand: a long text is no code with many hyphens.
        if code.len() > 4 * LENGTH {
            return None;
        }
        let letters = code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(letter);
        let letters: Vec<u8> = letters.collect::<Option<_>>()?;
        (letters.len() == LENGTH).then(|| short(&keyed_hash(&self.key, &[purpose, &letters])))
    }

    /// Whether another attempt may be made at `now` (Unix seconds); else how many seconds to wait.
    pub fn may_try(&self, now: i64) -> Result<(), u64> {
        if self.bucket(now).left > 0 { Ok(()) } else { Err(SECONDS_PER_FAILURE.unsigned_abs()) }
    }

    /// Counts a failure.
    pub fn failed(&self, now: i64) {
        self.bucket(now).left -= 1;
    }

    fn bucket(&self, now: i64) -> std::sync::MutexGuard<'_, Bucket> {
        // Two integers, each of them right on its own.
        let mut bucket = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let earned = now.saturating_sub(bucket.at).max(0) / SECONDS_PER_FAILURE;
        bucket.left = bucket.left.saturating_add(earned).min(FAILURES);
        bucket.at = bucket.at.max(now);
        bucket
    }
}

fn letter(c: char) -> Option<u8> {
    let upper = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    u8::try_from(upper).ok().filter(|byte| ALPHABET.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let codes = Codes::new(&[1; 32]);
        let code = codes.draw().unwrap();
        assert_eq!(code.len(), 23);
        assert!(code.split('-').all(|group| group.len() == 5));
        let hash = codes.hash(&code);
        assert!(hash.is_some());
        let typed = code.to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert_eq!(codes.hash(&typed), hash);
        assert_eq!(codes.hash(&code.replace('-', "")), hash);
        assert_ne!(Codes::new(&[2; 32]).hash(&code), hash);
        assert_ne!(codes.hash(&codes.draw().unwrap()), hash);
        assert_ne!(codes.grant_hash(&code), hash);
    }

    #[test]
    fn what_is_no_code_has_no_hash() {
        let codes = Codes::new(&[1; 32]);
        for bad in ["", "AAAAA-AAAAA-AAAAA-AAAA", "AAAAA-AAAAA-AAAAA-AAAAAA", "AAAAA-AAAAA-AAAAA-AAAAU", "学分学分"]
        {
            assert_eq!(codes.hash(bad), None, "{bad}");
        }
        assert_eq!(codes.hash(&"-".repeat(1 << 20)), None);
    }

    #[test]
    fn failures_are_bounded_and_forgiven() {
        let codes = Codes::new(&[1; 32]);
        for _ in 0..FAILURES {
            assert_eq!(codes.may_try(1_000), Ok(()));
            codes.failed(1_000);
        }
        assert_eq!(codes.may_try(1_000), Err(1));
        assert_eq!(codes.may_try(999), Err(1), "a clock that goes backwards earns nothing");
        assert_eq!(codes.may_try(1_001), Ok(()));
        codes.failed(1_001);
        assert_eq!(codes.may_try(1_001), Err(1));
    }
}
