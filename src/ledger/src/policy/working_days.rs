//! Working days: Monday to Friday, less the holidays, plus the make-up days (调休).

use crate::day::Day;
use xuefen_core::proto::Calendar;

/// A nation's calendar, and maybe a province's, which adds holidays.
#[derive(Clone, Debug, Default)]
pub struct WorkingDays<'a> {
    calendars: Vec<&'a Calendar>,
}

impl<'a> WorkingDays<'a> {
    /// By these calendars.
    #[must_use]
    pub const fn new(calendars: Vec<&'a Calendar>) -> Self {
        Self { calendars }
    }

    /// Whether a day is worked. A holiday of any calendar is none.
    #[must_use]
    pub fn is_working(&self, day: Day) -> bool {
        let listed = |days: &[u32]| u32::try_from(day.0).is_ok_and(|day| days.binary_search(&day).is_ok());
        let holiday = self.calendars.iter().any(|calendar| listed(&calendar.holidays));
        let made_up = self.calendars.iter().any(|calendar| listed(&calendar.make_up_days));
        // 1970-01-01 was a Thursday: 0 = Monday.
        let weekday = (i64::from(day.0) + 3).rem_euclid(7);
        !holiday && (made_up || weekday < 5)
    }

    /// Working days strictly between two days, at most `most`.
    #[must_use]
    pub fn between(&self, from: Day, to: Day, most: u64) -> u64 {
        let mut counted = 0;
        let mut day = from.0.saturating_add(1);
        while day < to.0 && counted < most {
            counted += u64::from(self.is_working(Day(day)));
            day += 1;
        }
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text.as_bytes()).expect("a day")
    }

    fn days(texts: &[&str]) -> Vec<u32> {
        texts.iter().map(|text| u32::try_from(day(text).0).expect("after 1970")).collect()
    }

    #[test]
    fn weekends_holidays_and_make_up_days_are_told_apart() {
        // National Day 2026 is a Thursday; the Sunday before is worked instead of a Friday.
        let calendar = Calendar { holidays: days(&["2026-10-01", "2026-10-02"]), make_up_days: days(&["2026-09-27"]) };
        let of = WorkingDays::new(vec![&calendar]);
        for (text, working) in [
            ("2026-09-25", true),
            ("2026-09-26", false),
            ("2026-09-27", true),
            ("2026-09-30", true),
            ("2026-10-01", false),
            ("2026-10-02", false),
            ("2026-10-03", false),
            ("2026-10-05", true),
        ] {
            assert_eq!(of.is_working(day(text)), working, "{text}");
        }
        // Neither of the two days counts: 27 to 30 September and 5 October.
        assert_eq!(of.between(day("2026-09-25"), day("2026-10-06"), 99), 5);
        assert_eq!(of.between(day("2026-09-25"), day("2026-10-06"), 3), 3);
        assert_eq!(of.between(day("2026-10-06"), day("2026-09-25"), 99), 0);
        assert_eq!(WorkingDays::default().between(day("2026-09-25"), day("2026-10-06"), 99), 6);
        // A province's holiday is one, whoever works.
        let province = Calendar { holidays: days(&["2026-09-27"]), make_up_days: Vec::new() };
        assert!(!WorkingDays::new(vec![&calendar, &province]).is_working(day("2026-09-27")));
    }
}
