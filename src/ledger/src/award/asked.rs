//! What a programme asks: its statement, and of the offers that it lists what lines are counted in. Nothing is read here.

use xuefen_core::proto::Programme;

/// A course or module, whatever its version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfferId {
    /// Whose.
    pub owner: String,
    /// A module; else a course.
    pub module: bool,
    /// Its code.
    pub code: String,
}

/// A level of a framework, whatever the framework's version; all empty = unlevelled.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    /// Whose framework.
    pub owner: String,
    /// Its code.
    pub framework: String,
    /// Place in its list, from 1.
    pub level: u32,
}

/// A course or module that a programme lists, as published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Leaf index of the version listed.
    pub index: u64,
    /// Which one.
    pub offer: OfferId,
    /// It must be met; else it is elective.
    pub required: bool,
    /// Its credits, thousandths.
    pub credit_millis: u64,
    /// Its length.
    pub minutes: u64,
    /// Of these, practice.
    pub practice_minutes: u64,
}

/// What a programme asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// The statement.
    pub programme: Programme,
    /// Its courses and modules, in its order.
    pub parts: Vec<Part>,
    /// Level of what is awarded.
    pub rank: Rank,
}

/// Whole, in basis points.
const WHOLE: u128 = 10_000;

impl Asked {
    /// Whether the programme lists a course or module; one that lists none takes any.
    #[must_use]
    pub fn lists(&self, offer: &OfferId) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|part| part.offer == *offer)
    }

    /// Whether it speaks of credits at all.
    #[must_use]
    pub fn has_credits(&self) -> bool {
        self.programme.total_credit_millis > 0 || self.parts.iter().any(|part| part.credit_millis > 0)
    }

    /// Basis points of the required total, rounded down.
    #[must_use]
    pub fn of_total(&self, basis_points: u32) -> u64 {
        let part = u128::from(self.programme.total_credit_millis) * u128::from(basis_points) / WHOLE;
        u64::try_from(part).unwrap_or(u64::MAX)
    }

    /// Minutes of practice asked: the programme's share of the minutes that its required total takes, at the mean length of a
    /// credit in the courses it lists; without credits, of the minutes of what is required. Known when the programme is
    /// published, so that no elective taken besides makes it more. One division, rounded down.
    #[must_use]
    pub fn practice_minutes(&self) -> u64 {
        let sum = |of: fn(&Part) -> u64| self.parts.iter().map(|part| u128::from(of(part))).sum::<u128>();
        let (minutes, credits) = (sum(|part| part.minutes), sum(|part| part.credit_millis));
        let asked = u128::from(self.programme.practice_basis_points);
        let total = u128::from(self.programme.total_credit_millis);
        // 2^14 basis points, a total below 2^40 and a thousand lengths below 2^32 stay below 2^96.
        let practice = if total > 0 && credits > 0 {
            asked * total * minutes / (credits * WHOLE)
        } else {
            let required = self.parts.iter().filter(|part| part.required);
            asked * required.map(|part| u128::from(part.minutes)).sum::<u128>() / WHOLE
        };
        u64::try_from(practice).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{asked, part};
    use super::*;

    #[test]
    fn basis_points_of_the_required_total_round_down() {
        let asked = asked(9_999, vec![]);
        assert_eq!([0, 1, 3_333, 10_000].map(|points| asked.of_total(points)), [0, 0, 3_332, 9_999]);
    }

    #[test]
    fn practice_is_asked_for_the_total_not_for_all_that_is_on_offer() {
        let parts = vec![
            Part { practice_minutes: 0, ..part("a", 4_000, 2_880) },
            Part { required: false, ..part("b", 4_000, 5_760) },
        ];
        let mut asked = asked(4_000, parts);
        asked.programme.practice_basis_points = 5_000;
        // Eight credits take 8,640 minutes, four of them 4,320; half of those.
        assert_eq!(asked.practice_minutes(), 2_160);
        asked.programme.total_credit_millis = 0;
        assert_eq!(asked.practice_minutes(), 1_440);
        asked.parts.clear();
        assert_eq!(asked.practice_minutes(), 0);
    }
}
