//! What people write in cells, read into the one form a payload has: dates, numbers, marks (formats.md 3).
//!
//! Every function takes a cell as it stands in the sheet and answers `None` if it cannot be read; why, and what to do
//! about it, is said by the caller who knows the column.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use xuefen_core::kinds::tags::Word;

/// The largest integer of a payload, 2^53−1.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A day in the Gregorian calendar, in UTC+8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day, if there is one of that number, 1900 to 9999.
    #[must_use]
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u8::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        ((1900..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day in UTC+8 of a time in Unix seconds.
    #[must_use]
    pub fn of_unix(seconds: i64) -> Option<Self> {
        Self::of_days((seconds + 8 * 3600).div_euclid(86_400))
    }

    /// The first second of the day in UTC+8, Unix seconds.
    #[must_use]
    pub fn unix_start(self) -> i64 {
        // Years from March, as in `of_days`.
        let (year, month) = (i64::from(self.year) - i64::from(self.month < 3), i64::from(self.month));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        let days =
            365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468;
        days * 86_400 - 8 * 3600
    }

    /// The day that many days after 1970-01-01, by the era arithmetic of the proleptic Gregorian calendar.
    fn of_days(days: i64) -> Option<Self> {
        // Counted from 0000-03-01 so that the leap day ends a year; 146,097 days are 400 years.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self::new(year.try_into().ok()?, month.try_into().ok()?, day.try_into().ok()?)
    }

    /// Reads `2026-06-30`, `2026/6/30`, `2026.6.30`, `2026年6月30日`, `20260630`, and the day numbers of Excel (46203).
    /// A time of day may follow if it is midnight, as exports add it.
    #[must_use]
    pub fn parse(cell: &str) -> Option<Self> {
        let text = plain(cell);
        let text = match text.split_once([' ', 'T']) {
            Some((day, time)) if time.bytes().all(|byte| b"0:.".contains(&byte)) => day,
            Some(_) => return None,
            None => &text,
        };
        if text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // Excel counts from 1899-12-30 for all days after February 1900; 20,000 is in 1954.
            let serial: i64 = text.parse().ok()?;
            return if serial >= 20_000 { Self::of_days(serial - 25_569) } else { None };
        }
        if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::new(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?);
        }
        let separated = match text.strip_suffix('日') {
            Some(text) => text.replacen(['年', '月'], "-", 2),
            None => text.replace(['/', '.'], "-"),
        };
        let parts: Vec<_> = separated.split('-').collect();
        let [year, month, day] = parts[..] else { return None };
        if year.len() != 4 || ![year, month, day].iter().all(|part| is_digits(part)) {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
    }
}

/// `YYYY-MM-DD`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The cell with full-width digits and signs made plain (NFKC), without white space around it.
#[must_use]
pub fn plain(cell: &str) -> String {
    if cell.is_ascii() { cell.trim().to_owned() } else { cell.nfkc().collect::<String>().trim().to_owned() }
}

/// The cell as text of a payload: NFC, without white space around it.
#[must_use]
pub fn text(cell: &str) -> String {
    let cell = cell.trim();
    if cell.is_ascii() { cell.to_owned() } else { cell.nfc().collect() }
}

/// The cell as a number or code that somebody will look up: NFC, full-width digits and letters made plain. Brackets and other
/// signs keep their width, as they stand on the certificate.
#[must_use]
pub fn identifier(cell: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    text(cell).chars().map(narrow).collect()
}

/// The code of a word of a closed list, written as its code or in Chinese.
#[must_use]
pub fn word(cell: &str, words: &[Word]) -> Option<&'static str> {
    let cell = plain(cell);
    words.iter().find(|word| cell.eq_ignore_ascii_case(word.code) || cell == word.zh).map(|word| word.code)
}

/// A whole number; `,` between thousands and `.0` behind, as exports add them, are read over.
#[must_use]
pub fn integer(cell: &str) -> Option<u64> {
    let millis = thousandths(cell)?;
    (millis.is_multiple_of(1000)).then_some(millis / 1000)
}

/// A decimal number with at most three decimals, in thousandths.
#[must_use]
pub fn thousandths(cell: &str) -> Option<u64> {
    let text = plain(cell);
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
    let whole = without_separators(whole)?;
    let decimals = decimals.trim_end_matches('0');
    if !is_digits(&whole) || decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals: u64 = format!("{decimals:0<3}").parse().ok()?;
    let value = whole.parse::<u64>().ok()?.checked_mul(1000)?.checked_add(decimals)?;
    (value <= MAX_INTEGER).then_some(value)
}

/// `1,234` as `1234`; other places of commas are mistakes, not separators.
fn without_separators(whole: &str) -> Option<String> {
    if !whole.contains(',') {
        return Some(whole.to_owned());
    }
    let groups: Vec<_> = whole.split(',').collect();
    let good = (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|group| group.len() == 3);
    good.then(|| groups.concat())
}

/// Thousandths as a mark: without zeros behind the point, without a point if nothing follows.
#[must_use]
pub fn decimal(thousandths: u64) -> String {
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    if rest == 0 { whole.to_string() } else { format!("{whole}.{rest:03}").trim_end_matches('0').to_owned() }
}

/// So many bytes in hexadecimal, either case.
#[must_use]
pub fn hex<const N: usize>(cell: &str) -> Option<[u8; N]> {
    let text = plain(cell);
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Leaf indices with commas or spaces between, as `12,40`: ascending and each once, all above 0, at most 64.
#[must_use]
pub fn indices(cell: &str) -> Option<String> {
    let text = plain(cell);
    let parts = text.split([',', ' ', ';', '、']).filter(|part| !part.is_empty());
    let mut numbers = parts.map(integer).collect::<Option<Vec<_>>>()?;
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.first() == Some(&0) || numbers.len() > 64 {
        return None;
    }
    Some(numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates_as_people_and_excel_write_them() {
        let good = [
            "2026-06-30",
            "2026/6/30",
            "2026.6.30",
            "2026年6月30日",
            "20260630",
            "46203",
            "２０２６／６／３０",
            " 2026-6-30 ",
            "2026-06-30 00:00:00",
            "2026-06-30T00:00:00.000",
            "2026/6/30 0:00",
        ];
        for cell in good {
            assert_eq!(Date::parse(cell).map(|date| date.to_string()).as_deref(), Some("2026-06-30"), "{cell}");
        }
        let bad = [
            "",
            "2026-02-29",
            "2026-13-01",
            "2026-6",
            "6/30/2026",
            "30.6.2026",
            "2026-06-30 13:00",
            "26-06-30",
            "2026-+6-30",
            "1234",
            "19999",
            "２０２６",
            "2026年6月",
            "2026-06-31",
            "99999999",
            "2026-6-30-1",
        ];
        for cell in bad {
            assert_eq!(Date::parse(cell), None, "{cell}");
        }
        assert_eq!(Date::parse("2024-02-29").map(|date| date.to_string()).as_deref(), Some("2024-02-29"));
        assert_eq!(Date::parse("36585").map(|date| date.to_string()).as_deref(), Some("2000-02-29"));
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc_plus_8() {
        let day = |seconds| Date::of_unix(seconds).map(|date| date.to_string());
        assert_eq!(day(0).as_deref(), Some("1970-01-01"));
        assert_eq!(day(57_599).as_deref(), Some("1970-01-01"));
        assert_eq!(day(57_600).as_deref(), Some("1970-01-02"));
        assert_eq!(day(1_782_748_800).as_deref(), Some("2026-06-30"));
        for text in ["1970-01-01", "2000-02-29", "2024-12-31", "2026-03-01", "2100-03-01"] {
            let start = Date::parse(text).unwrap().unix_start();
            assert_eq!((day(start).as_deref(), day(start - 1) == day(start)), (Some(text), false), "{text}");
        }
    }

    #[test]
    fn numbers_as_people_and_exports_write_them() {
        for (cell, millis) in [("66", 66_000), ("66.5", 66_500), ("６６．５", 66_500), ("66.50", 66_500), (" 3 ", 3000)]
        {
            assert_eq!(thousandths(cell), Some(millis), "{cell}");
        }
        for (cell, number) in [("1,234", 1234), ("48.0", 48), ("0", 0), ("０４８", 48), ("12,345,678", 12_345_678)] {
            assert_eq!(integer(cell), Some(number), "{cell}");
        }
        for cell in ["", "-1", "+1", "1.2345", "1e3", "1,23", ",123", "12.a", "九十", "1 2", ".5", "9007199254740993"]
        {
            assert_eq!(thousandths(cell), None, "{cell}");
        }
        assert_eq!(integer("1.5"), None);
        for (millis, text) in [(66_000, "66"), (66_500, "66.5"), (66_050, "66.05"), (0, "0"), (1, "0.001")] {
            assert_eq!(decimal(millis), text);
        }
    }

    #[test]
    fn hexadecimal_and_indices() {
        assert_eq!(hex::<2>("A0ff"), Some([0xa0, 0xff]));
        assert_eq!((hex::<2>("a0f"), hex::<2>("a0fg"), hex::<1>("+1")), (None, None, None));
        assert_eq!(indices("40, 12、12").as_deref(), Some("12,40"));
        assert_eq!((indices("0,3"), indices("x"), indices("")), (None, None, Some(String::new())));
    }

    #[test]
    fn what_is_looked_up_is_plain_but_for_its_brackets() {
        assert_eq!(identifier(" 京教（２０２６）ＺＳ第００1号 "), "京教（2026）ZS第001号");
    }

    #[test]
    fn text_is_composed_and_keeps_its_width() {
        assert_eq!(text(" e\u{301}Ａ "), "éＡ");
    }

    proptest! {
        #[test]
        fn any_cell_is_read_or_not(cell in any::<String>()) {
            let _ = (Date::parse(&cell), thousandths(&cell), hex::<16>(&cell), indices(&cell), text(&cell));
        }

        #[test]
        fn days_and_numbers_round_trip(day in 0_i64..2_900_000, millis in 0_u64..1_000_000_000) {
            let date = Date::of_days(day - 25_567).expect("1900 to 9839");
            prop_assert_eq!(Date::parse(&date.to_string()), Some(date));
            prop_assert_eq!(Date::of_unix(date.unix_start()), Some(date));
            prop_assert_eq!(thousandths(&decimal(millis)), Some(millis));
        }
    }
}
