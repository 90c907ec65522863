//! Days in UTC+8, the only ones there are (rules.md 2, "Ids").

use crate::policy::DAY_SECONDS;
use std::fmt;

/// UTC+8, seconds.
const OFFSET_SECONDS: i64 = 8 * 3600;

/// Days since 1970-01-01 in UTC+8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i32);

impl Day {
    /// The day of a time, Unix seconds of 0 to 2^53-1.
    #[must_use]
    pub fn of(time: i64) -> Self {
        let day = (time.clamp(0, 1 << 46) + OFFSET_SECONDS).div_euclid(DAY_SECONDS);
        // 2^46 seconds are 8.1e8 days, which fit.
        Self(i32::try_from(day).unwrap_or(i32::MAX))
    }

    /// The first second after the day, Unix seconds.
    #[must_use]
    pub fn end(self) -> i64 {
        (i64::from(self.0) + 1) * DAY_SECONDS - OFFSET_SECONDS
    }

    /// The calendar year, for days that [`parse`](Self::parse) reads.
    #[must_use]
    pub fn year(self) -> i32 {
        // No year is longer than 366 days, so the guess is never too late.
        let mut year = 1970 + self.0.div_euclid(366);
        while from_civil(year + 1, 1, 1) <= self.0 {
            year += 1;
        }
        year
    }

    /// Reads `YYYY-MM-DD` of the years 1900 to 9999.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text else { return None };
        let number = |digits: &[u8]| {
            digits
                .iter()
                .try_fold(0_i32, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i32::from(digit - b'0')))
        };
        let year = number(&[*y0, *y1, *y2, *y3])?;
        let month = number(&[*m0, *m1])?;
        let day = number(&[*d0, *d1])?;
        if year < 1900 || !(1..=12).contains(&month) || day < 1 || day > days_in(year, month) {
            return None;
        }
        Some(Self(from_civil(year, month, day)))
    }
}

/// `YYYY-MM-DD`, for days that [`parse`](Day::parse) reads.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = self.year();
        let (mut month, mut left) = (1, self.0 - from_civil(year, 1, 1));
        while month < 12 && left >= days_in(year, month) {
            left -= days_in(year, month);
            month += 1;
        }
        write!(f, "{year:04}-{month:02}-{:02}", left + 1)
    }
}

const fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in(year: i32, month: i32) -> i32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar, years 1900 to 9999.
fn from_civil(year: i32, month: i32, day: i32) -> i32 {
    let leaps = |year: i32| year / 4 - year / 100 + year / 400;
    let years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    let months: i32 = (1..month).map(|month| days_in(year, month)).sum();
    years + months + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_of_the_calendar() {
        let cases = [
            ("1970-01-01", Some(0)),
            ("1970-03-01", Some(59)),
            ("1969-12-31", Some(-1)),
            ("2000-02-29", Some(11_016)),
            ("2026-07-01", Some(20_635)),
            ("1900-01-01", Some(-25_567)),
            ("9999-12-31", Some(2_932_896)),
            ("1900-02-29", None),
            ("2023-02-29", None),
            ("2023-04-31", None),
            ("2023-13-01", None),
            ("2023-00-01", None),
            ("2023-01-00", None),
            ("1899-12-31", None),
            ("2023-1-01", None),
            ("2023-01-1", None),
            ("2023-01-011", None),
            ("２023-01-01", None),
            ("", None),
        ];
        for (text, day) in cases {
            assert_eq!(Day::parse(text.as_bytes()).map(|day| day.0), day, "{text}");
            if let Some(day) = day {
                assert_eq!(Day(day).to_string(), text);
            }
        }
    }

    #[test]
    fn a_day_has_its_year() {
        for (text, year) in [("1900-01-01", 1900), ("1969-12-31", 1969), ("2024-12-31", 2024), ("9999-12-31", 9999)] {
            assert_eq!(Day::parse(text.as_bytes()).map(Day::year), Some(year), "{text}");
        }
        assert_eq!(Day::parse(b"2025-01-01").map(Day::year), Some(2025));
    }

    #[test]
    fn a_day_begins_at_sixteen_hours_utc() {
        assert_eq!(Day::of(0), Day(0));
        assert_eq!(Day::of(16 * 3600 - 1), Day(0));
        assert_eq!(Day::of(16 * 3600), Day(1));
        assert_eq!(Day(0).end(), 16 * 3600);
        assert_eq!(Day::of((1 << 53) - 1), Day::of(1 << 46));
    }
}
