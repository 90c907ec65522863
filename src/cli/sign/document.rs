//! Identity documents in a sheet of accounts: the names of their kinds, and the birth date in a resident id.
//!
//! How numbers are normalised and checked is the vault's affair: it looks them up later.

use super::value::Date;
use crate::vault::check_resident_id;

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

/// The birth date in a normalised resident id, if the number can be one.
#[must_use]
pub fn resident_id_birth_date(number: &str) -> Option<Date> {
    check_resident_id(number).ok()?;
    Date::parse(number.get(6..14)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resident_id_has_a_birth_date_if_it_can_be_one() {
        // The example of GB 11643, a number that nobody has.
        assert_eq!(resident_id_birth_date("11010519491231002X").map(|d| d.to_string()).as_deref(), Some("1949-12-31"));
        for bad in ["110105194912310020", "11010519491331002X", "1101051949123100", "", "11010519491231002x"] {
            assert_eq!(resident_id_birth_date(bad), None, "{bad}");
        }
    }

    #[test]
    fn kinds_in_both_languages() {
        let kinds = ["", "居民身份证", "passport", "x"].map(kind);
        assert_eq!(kinds, [Some("resident_id"), Some("resident_id"), Some("passport"), None]);
    }
}
