//! Ids in public bodies: institutions, regions, display ids, names. Form only.

use xuefen_core::payload::text;
use xuefen_core::proto::Name;

/// Characters of a unified social credit code, by value (GB 32100-2015, table 1): no I, O, S, V, Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// Longest display id, bytes.
pub(crate) const CODE_BYTES: usize = 64;

/// Longest name, bytes.
const NAME_BYTES: usize = 256;

/// Most members of a list in a public body.
pub(crate) const LIST: usize = 1_000;

/// A unified social credit code with a right check character, or `x-` and 3 to 40 of a-z, 0-9 and '-'.
pub(crate) fn is_institution(id: &str) -> bool {
    match id.strip_prefix("x-") {
        Some(name) => {
            (3..=40).contains(&name.len())
                && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        }
        None => is_credit_code(id.as_bytes()),
    }
}

/// Weights are powers of 3 mod 31; the 18th character makes the weighted sum of the first 17 a multiple of 31.
fn is_credit_code(code: &[u8]) -> bool {
    let value = |byte: u8| ALPHABET.iter().position(|character| *character == byte);
    if code.len() != 18 {
        return false;
    }
    let mut weight = 1;
    let mut sum = 0;
    for byte in &code[..17] {
        let Some(value) = value(*byte) else { return false };
        sum += value * weight;
        weight = weight * 3 % 31;
    }
    value(code[17]) == Some((31 - sum % 31) % 31)
}

/// Six digits, the first two a province of GB/T 2260 (11 to 82).
pub(crate) fn is_region(region: &str) -> bool {
    let province = |digits: &str| ("11"..="82").contains(&digits);
    region.len() == 6 && region.bytes().all(|byte| byte.is_ascii_digit()) && province(&region[..2])
}

/// Whether both regions lie in one province.
pub(crate) fn same_province(a: &str, b: &str) -> bool {
    a.len() >= 2 && b.len() >= 2 && a.as_bytes()[..2] == b.as_bytes()[..2]
}

/// The two digits of a region's province; empty for the whole country.
pub(crate) fn province(region: &str) -> &str {
    region.get(..2).unwrap_or_default()
}

/// A display id: 1 to 64 bytes, in NFC, without white space at its ends or control characters.
pub(crate) fn is_code(code: &str) -> bool {
    !code.is_empty() && code.len() <= CODE_BYTES && is_plain(code)
}

/// A display id, or nothing.
pub(crate) fn is_code_or_empty(code: &str) -> bool {
    code.is_empty() || is_code(code)
}

fn is_plain(value: &str) -> bool {
    text(value.as_bytes()).is_ok() && value.trim() == value && !value.chars().any(char::is_control)
}

/// Names that are not empty, each with a language; none twice.
pub(crate) fn are_names(names: &[Name]) -> bool {
    let good = |name: &Name| {
        (2..=35).contains(&name.language.len())
            && name.language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !name.text.is_empty()
            && name.text.len() <= NAME_BYTES
            && is_plain(&name.text)
    };
    names.len() <= LIST
        && names.iter().all(good)
        && names.iter().enumerate().all(|(at, name)| !names[..at].contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn institution_ids_have_a_right_check_character_or_begin_with_x() {
        let cases = [
            ("91350100M000100Y43", true),
            ("91350100M000100Y44", false),
            ("91350100M000100Y34", false),
            ("91350100m000100y43", false),
            ("91350100M000100Y4", false),
            ("91350100M000100Y433", false),
            ("I1350100M000100Y43", false),
            ("x-kmk", true),
            ("x-open-university-2", true),
            ("x-ab", false),
            ("x-Abc", false),
            ("x-", false),
            ("", false),
            ("x-a.b", false),
        ];
        for (id, good) in cases {
            assert_eq!(is_institution(id), good, "{id}");
        }
        assert!(!is_institution(&format!("x-{}", "a".repeat(41))));
    }

    #[test]
    fn every_slip_of_one_character_is_found() {
        let code = b"91350100M000100Y43";
        for at in 0..18 {
            for other in ALPHABET.iter().filter(|other| **other != code[at]) {
                let mut slip = *code;
                slip[at] = *other;
                assert!(!is_credit_code(&slip), "{}", String::from_utf8_lossy(&slip));
            }
        }
    }

    #[test]
    fn regions_codes_and_names_have_their_form() {
        assert!(is_region("630000") && is_region("320400") && is_region("110000"));
        assert!(!is_region("63000") && !is_region("6300000") && !is_region("000000") && !is_region("99000a"));
        assert!(
            same_province("630000", "632500") && !same_province("630000", "320000") && !same_province("", "630000")
        );
        assert!(is_code("建工-01") && !is_code(" a") && !is_code("a\n") && !is_code("") && !is_code("e\u{301}"));
        let name = |language: &str, text: &str| Name { language: language.to_owned(), text: text.to_owned() };
        assert!(are_names(&[name("zh", "常州"), name("en", "Changzhou")]));
        assert!(!are_names(&[name("zh", "a"), name("zh", "a")]) && !are_names(&[name("", "a")]));
        assert!(!are_names(&[name("zh", "")]));
    }
}
