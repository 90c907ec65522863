//! Ids, days, marks and numbers in the forms that rules.md and docs/spec/tags.md ask for. Nothing here knows of entries.

use xuefen_core::kinds::tags::ValueType;
use xuefen_core::payload::{integer, text};
use xuefen_core::proto::{Name, Scale};

/// Days since 1970-01-01 in UTC+8.
pub(super) type Day = i64;

/// Seconds from midnight in UTC+8 to midnight in UTC.
const EIGHT_HOURS: i64 = 28_800;

/// The day of a time, Unix seconds.
pub(super) const fn day_of(time: i64) -> Day {
    (time + EIGHT_HOURS).div_euclid(86_400)
}

const fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// `YYYY-MM-DD`. Counted year by year and month by month: slow, and with nothing to get wrong.
pub(super) fn day(value: &[u8]) -> Option<Day> {
    let text = std::str::from_utf8(value).ok()?;
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = text.get(range)?;
        if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let months = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *months.get(usize::try_from(month - 1).ok()?)?;
    if day < 1 || day > length || year < 1900 {
        return None;
    }
    let years: i64 = if year >= 1970 {
        (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum()
    } else {
        -(year..1970).map(|year| if is_leap(year) { 366 } else { 365 }).sum::<i64>()
    };
    let before: i64 = months.iter().take(usize::try_from(month - 1).ok()?).sum();
    Some(years + before + day - 1)
}

/// A unified social credit code (GB 32100-2015) with the right check character, or `x-` and 3 to 40 of a-z, 0-9, '-'.
pub(super) fn is_institution(id: &str) -> bool {
    if let Some(foreign) = id.strip_prefix("x-") {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        return (3..=40).contains(&foreign.len()) && foreign.bytes().all(plain);
    }
    let value = |byte: u8| -> Option<u32> {
        let place = "0123456789ABCDEFGHJKLMNPQRTUWXY".bytes().position(|of| of == byte)?;
        u32::try_from(place).ok()
    };
    let values: Option<Vec<u32>> = id.bytes().map(value).collect();
    let Some(values) = values.filter(|values| values.len() == 18) else { return false };
    let mut weight = 1;
    let mut sum = 0;
    for value in &values[..17] {
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    (sum + values[17]) % 31 == 0
}

/// A GB/T 2260 code.
pub(super) fn is_region(region: &str) -> bool {
    region.len() == 6 && region.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an authority of `of` (empty = everywhere) may act in `place`: its two digits name the province.
pub(super) fn covers(of: &str, place: &str) -> bool {
    of.is_empty() || (place.len() >= 2 && of.get(..2) == place.get(..2))
}

pub(super) fn are_names(names: &[Name]) -> bool {
    names.iter().all(|name| !name.text.is_empty() && !name.language.is_empty() && text(name.text.as_bytes()).is_ok())
}

/// Whether a value that is there is written as its tag asks.
pub(super) fn is_value(value: &[u8], of: ValueType) -> bool {
    match of {
        ValueType::Text => text(value).is_ok(),
        ValueType::Grade => {
            text(value).is_ok_and(|word| !word.starts_with(|c: char| c.is_ascii_digit()) || millis(word).is_some())
        }
        ValueType::Integer => integer(value).is_ok_and(|number| number < 1 << 53),
        ValueType::Index => integer(value).is_ok_and(|number| number > 0),
        ValueType::Date => day(value).is_some(),
        ValueType::Bytes(length) => value.len() == length,
        ValueType::Indices => indices(value).is_some(),
        ValueType::Word(list) => list.iter().filter(|word| word.code.as_bytes() == value).count() == 1,
    }
}

/// Leaf indices, ascending, a comma between.
pub(super) fn indices(value: &[u8]) -> Option<Vec<u64>> {
    if value.is_empty() {
        return Some(Vec::new());
    }
    let list: Option<Vec<u64>> = value.split(|byte| *byte == b',').map(|part| integer(part).ok()).collect();
    list.filter(|list| list.iter().all(|index| *index > 0) && list.windows(2).all(|pair| pair[0] < pair[1]))
}

/// A mark in thousandths: `66`, `66.5`, at most three decimals and no idle zero.
pub(super) fn millis(mark: &str) -> Option<u64> {
    let (whole, places) = mark.split_once('.').unwrap_or((mark, ""));
    let idle = mark.ends_with('.') || (mark.contains('.') && places.ends_with('0'));
    if idle || places.len() > 3 || !places.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = integer(whole.as_bytes()).ok()?;
    let part: u64 = format!("{places:0<3}").parse().ok()?;
    whole.checked_mul(1000)?.checked_add(part)
}

/// Whether a grade passes (rules.md 2).
pub(super) enum Verdict {
    NoSuchScale,
    NotOnIt,
    Passed,
    Failed,
}

pub(super) fn graded(scale: Option<&Scale>, grade: &str) -> Verdict {
    let Some(scale) = scale else { return Verdict::NoSuchScale };
    let (place, passes) = if scale.words.is_empty() {
        let mark = millis(grade).filter(|mark| *mark <= scale.top_mark_millis.into());
        (mark.is_some(), mark >= Some(scale.pass_mark_millis.into()))
    } else {
        let place = scale.words.iter().position(|word| word == grade);
        (place.is_some(), place < Some(scale.passing_words as usize))
    };
    match (place, passes) {
        (false, _) => Verdict::NotOnIt,
        (true, true) => Verdict::Passed,
        (true, false) => Verdict::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_right() {
        for (written, days) in [("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2026-11-23", 20_780)] {
            assert_eq!(day(written.as_bytes()), Some(days), "{written}");
        }
        for wrong in ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "2026-01-32", "+026-01-01", ""] {
            assert_eq!(day(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!((day_of(57_599), day_of(57_600)), (0, 1));
    }

    #[test]
    fn marks_have_one_form() {
        for (mark, thousandths) in [("0", 0), ("66", 66_000), ("66.5", 66_500), ("66.125", 66_125)] {
            assert_eq!(millis(mark), Some(thousandths), "{mark}");
        }
        for wrong in ["", "066", "66.", "66.50", ".5", "66.1234", "-1", "66,5"] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn codes_are_checked() {
        let body = "11100000000013610";
        let good = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars().filter(|c| is_institution(&format!("{body}{c}")));
        assert_eq!(good.count(), 1);
        assert!(is_institution("x-partner") && !is_institution("x-a") && !is_institution("x-PARTNER"));
        assert!(is_institution("91350100M000100Y43"), "the example of the standard");
    }

    #[test]
    fn regions_cover_their_own_province() {
        assert!(covers("", "630100") && covers("", "") && covers("630000", "630100"));
        assert!(!covers("630000", "320400") && !covers("630000", ""));
    }
}
