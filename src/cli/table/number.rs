//! Numbers as spreadsheets hold them: binary fractions of which fifteen decimal digits are meant.

/// Decimal digits that a spreadsheet keeps of a number.
const DIGITS: usize = 15;

/// A number as the spreadsheet shows it; `None` if it has more digits than are kept, so that some are lost: the number of
/// an identity document typed into a cell that is not formatted as text.
#[must_use]
pub fn shown(number: f64) -> Option<String> {
    if !number.is_finite() || number.abs() >= 1e15 {
        return None;
    }
    let whole = number.trunc().abs().to_string();
    let decimals = DIGITS.saturating_sub(whole.trim_start_matches('0').len());
    let text = format!("{number:.decimals$}");
    Some(match text.split_once('.') {
        Some((whole, part)) if part.bytes().all(|byte| byte == b'0') => whole.to_owned(),
        Some(_) => text.trim_end_matches('0').to_owned(),
        None => text,
    })
}

/// Whether a cell of a text file is such a number as spreadsheets write them when they have lost its digits: 1.10105E+17.
#[must_use]
pub fn has_lost_digits(cell: &str) -> bool {
    let cell = cell.trim();
    let Some((number, exponent)) = cell.split_once(['E', 'e']) else { return false };
    let Some(exponent) = exponent.strip_prefix('+') else { return false };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    whole.len() == 1 && digits(whole) && digits(part) && exponent.len() == 2 && digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_the_spreadsheet_shows() {
        let cases = [
            (60.0, "60"),
            (66.5, "66.5"),
            (0.1 + 0.2, "0.3"),
            (59.999, "59.999"),
            (0.0, "0"),
            (-1.25, "-1.25"),
            (20_260_630.0, "20260630"),
            (123_456_789_012_345.0, "123456789012345"),
        ];
        for (number, text) in cases {
            assert_eq!(shown(number).as_deref(), Some(text));
        }
        for lost in [110_105_194_912_310_020.0, 1e15, f64::NAN, f64::INFINITY] {
            assert_eq!(shown(lost), None);
        }
    }

    #[test]
    fn a_number_that_lost_its_digits_in_a_text_file_is_known() {
        for lost in ["1.10105E+17", "3.2E+15", " 6E+20 ", "1.1e+17"] {
            assert!(has_lost_digits(lost), "{lost}");
        }
        for good in ["1E", "E+17", "12.5E+17", "1.1E+1", "CET-4", "1.10105", "2026E+AB", ""] {
            assert!(!has_lost_digits(good), "{good}");
        }
    }
}
