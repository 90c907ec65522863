//! Times as people read them: in UTC+8, as days of the ledger are.

/// `2026-07-05 08:30:00` of Unix seconds; the number itself before 1970 or after 9999.
#[must_use]
pub fn local(seconds: i64) -> String {
    let Some(shifted) = seconds.checked_add(8 * 3600).filter(|_| (0..253_402_300_800 - 8 * 3600).contains(&seconds))
    else {
        return seconds.to_string();
    };
    let (days, second) = (shifted / 86_400, shifted % 86_400);
    // Days since 0000-03-01 in 400-year cycles of the Gregorian calendar.
    let days = days + 719_468;
    let (cycle, day_of_cycle) = (days / 146_097, days % 146_097);
    let year_of_cycle = (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = cycle * 400 + year_of_cycle + year;
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// Like [`local`], and nothing for 0.
#[must_use]
pub fn local_or_empty(seconds: i64) -> String {
    if seconds == 0 { String::new() } else { local(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_leap_years_in_utc_plus_8() {
        for (seconds, text) in [
            (0, "1970-01-01 08:00:00"),
            (951_811_200, "2000-02-29 16:00:00"),
            (1_709_222_400, "2024-03-01 00:00:00"),
            (4_107_542_399, "2100-03-01 07:59:59"),
            (-1, "-1"),
        ] {
            assert_eq!(local(seconds), text, "{seconds}");
        }
    }
}
