//! Document numbers as text: normalisation and the check of Chinese resident ids. No keys here (`pepper.rs`), and
//! nothing here is ever stored.

use unicode_normalization::UnicodeNormalization;

/// The form of a document number that is looked up: NFKC, then without Unicode white space and hyphens (U+002D, U+00AD,
/// U+2010 to U+2015, U+2212), then ASCII letters in upper case. Letters outside ASCII keep their case.
///
/// ```
/// assert_eq!(xuefen::vault::normalise_document_number("ｅ1234-5678 x"), "E12345678X");
/// ```
pub fn normalise_document_number(number: &str) -> String {
    let looked_up = |c: char| (!c.is_whitespace() && !is_hyphen(c)).then_some(c.to_ascii_uppercase());
    // ASCII is in NFKC already, and finding that out character by character costs more than the hash over it.
    if number.is_ascii() {
        return number.chars().filter_map(looked_up).collect();
    }
    number.nfkc().filter_map(looked_up).collect()
}

const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Why a text is not a Chinese resident id. Says nothing of the number itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResidentIdError {
    /// Not 18 characters.
    #[error("a resident id has 18 characters")]
    Length,
    /// Something else than a digit, or than a digit or X at the end, or a region that begins with 0.
    #[error("a resident id is 17 digits, the first not 0, and a digit or X")]
    Character,
    /// Digits 7 to 14 are no date of the calendar.
    #[error("the birth date in the resident id does not exist")]
    Date,
    /// The last character does not follow from the others.
    #[error("the check character of the resident id is wrong")]
    CheckCharacter,
}

/// Checks a citizen identification number (GB 11643: 6 digits region, 8 birth date, 3 order, 1 check by
/// ISO 7064 MOD 11-2). Takes the normalised form. Whether the region exists or ever existed is not checked: codes are
/// withdrawn, numbers are not.
pub fn check_resident_id(number: &str) -> Result<(), ResidentIdError> {
    if number.chars().count() != 18 {
        return Err(ResidentIdError::Length);
    }
    let digits: &[u8; 18] = number.as_bytes().try_into().map_err(|_| ResidentIdError::Character)?;
    let (body, check) = (&digits[..17], digits[17]);
    if !body.iter().all(u8::is_ascii_digit) || body[0] == b'0' || !(check.is_ascii_digit() || check == b'X') {
        return Err(ResidentIdError::Character);
    }
    let decimal = |digits: &[u8]| digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
    if !is_date(decimal(&body[6..10]), decimal(&body[10..12]), decimal(&body[12..14])) {
        return Err(ResidentIdError::Date);
    }
    // MOD 11-2 doubles from the left; a correct number leaves 1.
    let sum = body.iter().fold(0, |sum, digit| (sum + u32::from(digit - b'0')) * 2 % 11);
    let last = if check == b'X' { 10 } else { u32::from(check - b'0') };
    if (sum + last) % 11 == 1 { Ok(()) } else { Err(ResidentIdError::CheckCharacter) }
}

/// Whether the date exists in the Gregorian calendar, from 1800 on.
const fn is_date(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    year >= 1800 && day >= 1 && day <= days
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specimen of GB 11643 itself.
    const SPECIMEN: &str = "11010519491231002X";

    #[test]
    fn spellings_of_one_number_are_one() {
        for spelling in [
            "11010519491231002x",
            "１１０１０５ 19491231 002Ｘ",
            "110105-19491231-002X",
            " 110105\u{a0}19491231002X\t",
            "110105\u{3000}19491231\u{2011}002x",
            "110105\u{2014}19491231\u{ff0d}002x",
        ] {
            assert_eq!(normalise_document_number(spelling), SPECIMEN, "{spelling}");
        }
        assert_eq!(normalise_document_number("e\u{301}1"), "\u{e9}1");
        assert_eq!(normalise_document_number(""), "");
    }

    #[test]
    fn ascii_is_its_own_nfkc() {
        let all: String = (0..128_u8).map(char::from).collect();
        assert_eq!(all.nfkc().collect::<String>(), all);
        let wide = normalise_document_number(&format!("{all}\u{e9}"));
        assert_eq!(wide.strip_suffix('\u{e9}'), Some(normalise_document_number(&all).as_str()));
    }

    #[test]
    fn resident_ids() {
        use ResidentIdError::{Character, CheckCharacter, Date, Length};
        for (number, verdict) in [
            (SPECIMEN, Ok(())),
            ("440524188001010014", Ok(())),
            ("11010519491231002", Err(Length)),
            ("11010519491231002XX", Err(Length)),
            ("", Err(Length)),
            ("11010519491231002x", Err(Character)),
            ("1101051949123100XX", Err(Character)),
            ("01010519491231002X", Err(Character)),
            ("１1010519491231002X", Err(Character)),
            ("11010519490229002X", Err(Date)),
            ("11010519491301002X", Err(Date)),
            ("11010519491200002X", Err(Date)),
            ("11010517991231002X", Err(Date)),
            ("110105194912310021", Err(CheckCharacter)),
        ] {
            assert_eq!(check_resident_id(number), verdict, "{number}");
        }
    }

    #[test]
    fn one_wrong_digit_or_one_swap_of_neighbours_is_always_found() {
        let digits: Vec<char> = SPECIMEN.chars().collect();
        for place in 0..17 {
            for digit in ('0'..='9').filter(|digit| *digit != digits[place]) {
                let mut wrong = digits.clone();
                wrong[place] = digit;
                assert!(check_resident_id(&wrong.iter().collect::<String>()).is_err(), "{wrong:?}");
            }
            let mut swapped = digits.clone();
            swapped.swap(place, place + 1);
            assert!(swapped == digits || check_resident_id(&swapped.iter().collect::<String>()).is_err());
        }
    }

    #[test]
    fn leap_years_are_gregorian() {
        assert!(is_date(2000, 2, 29) && is_date(1996, 2, 29));
        assert!(!is_date(1900, 2, 29) && !is_date(1999, 2, 29) && !is_date(2000, 2, 30) && !is_date(1999, 4, 31));
    }
}
