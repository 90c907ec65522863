//! Times in statements and entries, and the window between being said and being logged (formats.md 2).
//!
//! No clock: every time comes from a statement, an entry or the caller.

use core::fmt;

/// How far a statement's `issued_at` may lie ahead of its `logged_at`, in seconds.
pub const MAX_AHEAD_SECONDS: i64 = 300;

/// The oldest a statement may be when it is logged unless the policy says otherwise, in seconds: 30 days.
pub const DEFAULT_MAX_AGE_SECONDS: i64 = 30 * 24 * 60 * 60;

/// How far the last `logged_at` may lie ahead of the server's clock before it refuses to start or sign, in seconds.
pub const MAX_CLOCK_LAG_SECONDS: i64 = 60;

/// Unix seconds, 0 to 2^53−1: what every JSON reader can hold exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The latest time there is: 2^53−1 seconds.
    pub const MAX: Self = Self((1 << 53) - 1);

    /// The time, if it is within 0 to 2^53−1 seconds.
    #[must_use]
    pub const fn new(unix_seconds: i64) -> Option<Self> {
        if unix_seconds >= 0 && unix_seconds <= Self::MAX.0 { Some(Self(unix_seconds)) } else { None }
    }

    /// Unix seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A statement was not logged within its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowError {
    /// `issued_at` lies more than [`MAX_AHEAD_SECONDS`] ahead of `logged_at`.
    Ahead,
    /// `issued_at` lies further back than the maximum age.
    TooOld,
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ahead => write!(f, "issued_at is more than {MAX_AHEAD_SECONDS} s ahead of logged_at"),
            Self::TooOld => f.write_str("issued_at is further before logged_at than the maximum age"),
        }
    }
}

impl std::error::Error for WindowError {}

/// Checks `issued_at` − 300 s ≤ `logged_at` ≤ `issued_at` + `max_age_seconds` (formats.md 2).
pub fn check_window(issued_at: Timestamp, logged_at: Timestamp, max_age_seconds: i64) -> Result<(), WindowError> {
    // Both are below 2^53, so the difference cannot overflow.
    let age = logged_at.0 - issued_at.0;
    if age < -MAX_AHEAD_SECONDS {
        Err(WindowError::Ahead)
    } else if age > max_age_seconds {
        Err(WindowError::TooOld)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_is_within_53_bits() {
        assert_eq!(Timestamp::new(-1), None);
        assert_eq!(Timestamp::new(0).map(Timestamp::seconds), Some(0));
        assert_eq!(Timestamp::new((1 << 53) - 1), Some(Timestamp::MAX));
        assert_eq!(Timestamp::new(1 << 53), None);
        assert_eq!(Timestamp::new(i64::MIN), None);
        assert_eq!(Timestamp::new(i64::MAX), None);
    }

    #[test]
    fn the_window_includes_both_of_its_ends() {
        let at = |seconds| Timestamp::new(seconds).expect("within range");
        let cases = [
            (1000, 700, 50, Ok(())),
            (1000, 699, 50, Err(WindowError::Ahead)),
            (1000, 1050, 50, Ok(())),
            (1000, 1051, 50, Err(WindowError::TooOld)),
            (0, Timestamp::MAX.seconds(), i64::MAX, Ok(())),
            (Timestamp::MAX.seconds(), 0, i64::MAX, Err(WindowError::Ahead)),
        ];
        for (issued_at, logged_at, max_age, expected) in cases {
            assert_eq!(check_window(at(issued_at), at(logged_at), max_age), expected, "{issued_at} {logged_at}");
        }
    }
}
