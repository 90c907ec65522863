//! Identity documents in a sheet of accounts: their kinds, and numbers that cannot be.

use unicode_normalization::UnicodeNormalization;

use super::value::Date;

/// Kinds as payloads have them, with the names that sheets use.
const KINDS: [(&str, &[&str]); 4] = [
    ("resident_id", &["居民身份证", "身份证"]),
    ("passport", &["护照"]),
    ("social_security_card", &["社会保障卡", "社保卡"]),
    ("permit", &["通行证", "居留证", "港澳台居民居住证"]),
];

/// The kind of a name; a sheet without one means resident ids.
#[must_use]
pub fn kind(cell: &str) -> Option<&'static str> {
    let name = super::value::plain(cell);
    if name.is_empty() {
        return Some(KINDS[0].0);
    }
    KINDS.iter().find(|(kind, names)| *kind == name || names.contains(&name.as_str())).map(|(kind, _)| *kind)
}

/// The number as it is compared: NFKC, upper case, without white space and hyphens.
#[must_use]
pub fn normalise(number: &str) -> String {
    let skipped = |c: &char| c.is_whitespace() || matches!(c, '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    number.nfkc().filter(|c| !skipped(c)).map(|c| c.to_ascii_uppercase()).collect()
}

/// The birth date in a resident id (GB 11643), if its form, date and check character (ISO 7064 MOD 11-2) are right.
#[must_use]
pub fn resident_id_birth_date(number: &str) -> Option<Date> {
    let digits: &[u8; 18] = number.as_bytes().try_into().ok()?;
    if !digits[..17].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum = digits[..17].iter().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    let last = match digits[17] {
        b'X' => 10,
        digit if digit.is_ascii_digit() => u32::from(digit - b'0'),
        _ => return None,
    };
    if (sum + last) % 11 == 1 { Date::parse(&number[6..14]) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_ids_are_checked() {
        // The example of GB 11643, a number that nobody has.
        assert_eq!(resident_id_birth_date("11010519491231002X").map(|d| d.to_string()).as_deref(), Some("1949-12-31"));
        for bad in ["110105194912310020", "11010519491331002X", "1101051949123100", "", "11010519491231002x"] {
            assert_eq!(resident_id_birth_date(bad), None, "{bad}");
        }
        assert_eq!(normalise(" １1010519491231-002x"), "11010519491231002X");
    }

    #[test]
    fn kinds_in_both_languages() {
        assert_eq!(
            [kind(""), kind("居民身份证"), kind("passport"), kind("x")],
            [Some("resident_id"), Some("resident_id"), Some("passport"), None]
        );
    }
}
