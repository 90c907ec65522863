//! Which entries an inspection draws (rules.md 5): decided by a root that nobody knew when the auditor was bound to a secret,
//! and by that secret, which nobody else knew when the root was signed. Pure; whoever has the log and the secret draws
//! the same (docs/spec/reports.md 6).
//!
//! Of the population, the entries with the smallest `SHA-256(seed || u64be index)` are drawn: each is as likely as any other,
//! and a larger sample contains the smaller one.

use std::collections::BTreeSet;
use xuefen_core::hash::{Hash, sha256};
use xuefen_core::proto::{Inspection, OutcomeKind};

/// Shortest and longest secret, bytes.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Most entries of a sample.
pub const MOST_DRAWN: u32 = 10_000;

/// What the auditor logs before the root is known: SHA-256 of the secret.
#[must_use]
pub fn commitment(secret: &[u8]) -> Hash {
    sha256(&[secret])
}

/// `SHA-256(root || secret)`.
#[must_use]
pub fn seed(root: &Hash, secret: &[u8]) -> Hash {
    sha256(&[&root.0, secret])
}

/// Among which entries is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Population {
    /// Entries of this institution; empty = of everybody.
    pub issuer: String,
    /// Outcomes of this kind; unspecified = every entry.
    pub outcome_kind: OutcomeKind,
}

impl Population {
    /// What an auditor's commitment says.
    #[must_use]
    pub fn of(body: &Inspection) -> Self {
        let outcome_kind = OutcomeKind::try_from(body.population_outcome_kind).unwrap_or_default();
        Self { issuer: body.population_issuer.clone(), outcome_kind }
    }

    /// Whether an entry belongs to it; the outcome kind is unspecified for what is no outcome.
    #[must_use]
    pub fn takes(&self, issuer: &str, outcome_kind: OutcomeKind) -> bool {
        let any_kind = self.outcome_kind == OutcomeKind::Unspecified;
        (self.issuer.is_empty() || self.issuer == issuer) && (any_kind || self.outcome_kind == outcome_kind)
    }
}

/// Draws. Holds as many entries as are drawn.
#[derive(Clone, Debug)]
pub struct Draw {
    seed: Hash,
    count: usize,
    /// The smallest so far.
    kept: BTreeSet<([u8; 32], u64)>,
}

impl Draw {
    /// Draws `count` entries.
    #[must_use]
    pub fn new(seed: Hash, count: u32) -> Self {
        Self { seed, count: count.min(MOST_DRAWN) as usize, kept: BTreeSet::new() }
    }

    /// Takes an entry of the population, in any order.
    pub fn push(&mut self, index: u64) {
        let rank = sha256(&[&self.seed.0, &index.to_be_bytes()]);
        self.kept.insert((rank.0, index));
        if self.kept.len() > self.count {
            self.kept.pop_last();
        }
    }

    /// The entries drawn, ascending; all of the population if it is smaller than the sample.
    #[must_use]
    pub fn finish(self) -> Vec<u64> {
        let mut drawn: Vec<u64> = self.kept.into_iter().map(|(_, index)| index).collect();
        drawn.sort_unstable();
        drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(seed: u8, count: u32, population: impl Iterator<Item = u64>) -> Vec<u64> {
        let mut draw = Draw::new(Hash([seed; 32]), count);
        population.for_each(|index| draw.push(index));
        draw.finish()
    }

    #[test]
    fn the_same_seed_draws_the_same_in_any_order_and_a_larger_sample_contains_a_smaller() {
        let ten = draw(1, 10, 0..500);
        assert_eq!(ten, draw(1, 10, (0..500).rev()));
        assert_eq!((ten.len(), ten.is_sorted()), (10, true));
        let twenty = draw(1, 20, 0..500);
        assert!(ten.iter().all(|index| twenty.contains(index)));
        assert_ne!(ten, draw(2, 10, 0..500));
        assert_eq!(draw(1, 10, 3..6), [3, 4, 5]);
        assert_eq!(draw(1, 0, 0..9), Vec::<u64>::new());
    }

    #[test]
    fn every_entry_is_as_likely_as_any_other() {
        let mut drawn = [0_u32; 20];
        for seed in 0..=u8::MAX {
            for index in draw(seed, 5, 0..20) {
                drawn[usize::try_from(index).expect("small")] += 1;
            }
        }
        // 64 times each on average; the seeds are fixed, so this says the same every time.
        assert!(drawn.iter().all(|times| (40..=90).contains(times)), "{drawn:?}");
    }

    #[test]
    fn a_seed_is_the_hash_of_root_and_secret() {
        assert_eq!(seed(&Hash([1; 32]), b"secret"), sha256(&[&[&[1; 32][..], b"secret"].concat()]));
        assert_eq!(commitment(b"secret"), sha256(&[b"secret"]));
    }

    #[test]
    fn a_population_is_of_an_issuer_or_a_kind() {
        use OutcomeKind as K;
        let of = |issuer: &str, kind| Population { issuer: issuer.to_owned(), outcome_kind: kind };
        assert!(of("", K::Unspecified).takes("x-a", K::Course) && of("", K::Unspecified).takes("x-b", K::Unspecified));
        let one = of("x-a", K::Course);
        assert!(one.takes("x-a", K::Course));
        assert!(!one.takes("x-b", K::Course) && !one.takes("x-a", K::Module) && !one.takes("x-a", K::Unspecified));
    }
}
