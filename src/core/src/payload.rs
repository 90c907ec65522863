//! The private payload of a statement: a seed and a list of fields (formats.md 3).
//!
//! How a payload is sent or stored is not here, nor which tags a kind of statement has and what their values mean; only
//! what the commitment needs, and the two forms that values share: text and integers.

use crate::commitment::{Nonce, Salts, Seed, Tag, field_commitment, record};
use crate::disclosure::{Disclosed, Disclosure, Hidden};
use crate::hash::Hash;
use core::fmt;
use prost::bytes::Bytes;

/// One field. An absent one is present with an empty value, so that the set of tags says nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Field {
    /// Which field.
    pub tag: Tag,
    /// Its value; personal data as a rule. A slice of what was received: copying some 25 values of each posting costs more
    /// than committing to them.
    pub value: Bytes,
}

/// Without the value: it is personal data, and logs outlive an erasure.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({}, {} bytes)", self.tag, self.value.len())
    }
}

/// Why fields are not a payload, or cannot be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadError {
    /// No fields at all.
    Empty,
    /// This tag does not lie above the one before it.
    NotAscending(Tag),
    /// The payload has no field of this tag to show.
    NoSuchTag(Tag),
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("payload has no fields"),
            Self::NotAscending(tag) => write!(f, "payload tag {tag} is not above the one before it"),
            Self::NoSuchTag(tag) => write!(f, "payload has no field of tag {tag}"),
        }
    }
}

impl std::error::Error for PayloadError {}

/// A seed and at least one field, tags strictly ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    seed: Seed,
    fields: Vec<Field>,
}

impl Payload {
    /// Checks that there are fields and that their tags ascend.
    pub fn new(seed: Seed, fields: Vec<Field>) -> Result<Self, PayloadError> {
        if fields.is_empty() {
            return Err(PayloadError::Empty);
        }
        match fields.windows(2).find(|pair| pair[0].tag >= pair[1].tag) {
            Some(pair) => Err(PayloadError::NotAscending(pair[1].tag)),
            None => Ok(Self { seed, fields }),
        }
    }

    /// The seed.
    #[must_use]
    pub const fn seed(&self) -> &Seed {
        &self.seed
    }

    /// The fields by ascending tag.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The value of a tag; empty means that the record has none.
    #[must_use]
    pub fn value(&self, tag: Tag) -> Option<&[u8]> {
        let position = self.fields.binary_search_by_key(&tag, |field| field.tag).ok()?;
        Some(&self.fields[position].value)
    }

    /// What a statement with this nonce carries in place of the payload.
    #[must_use]
    pub fn commitment(&self, nonce: &Nonce) -> Hash {
        let mut salts = Salts::new(&self.seed, nonce);
        let fields = self.fields.iter();
        record(fields.map(|Field { tag, value }| (*tag, field_commitment(&salts.of(*tag), *tag, value))))
    }

    /// Shows the fields of `tags`, given in any order, and only commits to the others.
    pub fn disclose(&self, nonce: &Nonce, tags: &[Tag]) -> Result<Disclosure, PayloadError> {
        if let Some(missing) = tags.iter().find(|tag| self.value(**tag).is_none()) {
            return Err(PayloadError::NoSuchTag(*missing));
        }
        Ok(self.disclose_if(nonce, |tag| tags.contains(&tag)))
    }

    /// Shows every field except tag 1, which would link all uses of the outcome: full disclosure (formats.md 3).
    #[must_use]
    pub fn disclose_all(&self, nonce: &Nonce) -> Disclosure {
        self.disclose_if(nonce, |tag| tag != Tag::NULLIFIER_KEY)
    }

    fn disclose_if(&self, nonce: &Nonce, shown: impl Fn(Tag) -> bool) -> Disclosure {
        let mut salts = Salts::new(&self.seed, nonce);
        let mut disclosure = Disclosure::default();
        for Field { tag, value } in &self.fields {
            let salt = salts.of(*tag);
            if shown(*tag) {
                disclosure.disclosed.push(Disclosed { tag: tag.get(), salt, value: value.to_vec() });
            } else {
                let commitment = field_commitment(&salt, *tag, value);
                disclosure.hidden.push(Hidden { tag: tag.get(), commitment });
            }
        }
        disclosure
    }
}

/// Why a value is not in the one form that its type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueError {
    /// Text that is not UTF-8.
    NotUtf8,
    /// Text that is not in Unicode normalisation form C.
    NotNfc,
    /// An integer that is not minimal ASCII decimal.
    NotDecimal,
    /// An integer above 2^64−1.
    TooLarge,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotUtf8 => "text is not UTF-8",
            Self::NotNfc => "text is not in normalisation form C",
            Self::NotDecimal => "integer is not in decimal without leading zeros",
            Self::TooLarge => "integer is larger than 2^64-1",
        })
    }
}

impl std::error::Error for ValueError {}

/// A value as text: UTF-8 in normalisation form C.
pub fn text(value: &[u8]) -> Result<&str, ValueError> {
    let text = core::str::from_utf8(value).map_err(|_| ValueError::NotUtf8)?;
    // ASCII needs no tables.
    if text.is_ascii() || unicode_normalization::is_nfc(text) { Ok(text) } else { Err(ValueError::NotNfc) }
}

/// A value as an integer of 0 to 2^64−1: ASCII digits, no sign, no leading zero. To write one, `to_string` does.
pub fn integer(value: &[u8]) -> Result<u64, ValueError> {
    let minimal = value == b"0" || !value.starts_with(b"0");
    if value.is_empty() || !minimal || !value.iter().all(u8::is_ascii_digit) {
        return Err(ValueError::NotDecimal);
    }
    value
        .iter()
        .try_fold(0_u64, |number, digit| number.checked_mul(10)?.checked_add(u64::from(digit - b'0')))
        .ok_or(ValueError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tag(number: u32) -> Tag {
        Tag::new(number).expect("not 0")
    }

    fn payload(tags: &[u32]) -> Result<Payload, PayloadError> {
        let field = |number: &u32| Field { tag: tag(*number), value: number.to_string().into() };
        Payload::new(Seed::new([1; 32]), tags.iter().map(field).collect())
    }

    #[test]
    fn tags_ascend_strictly() {
        assert_eq!(payload(&[]), Err(PayloadError::Empty));
        assert_eq!(payload(&[1, 3, 2]), Err(PayloadError::NotAscending(tag(2))));
        assert_eq!(payload(&[1, 1]), Err(PayloadError::NotAscending(tag(1))));
        let good = payload(&[1, 2, 300]).expect("ascending");
        assert_eq!(good.value(tag(300)), Some(b"300".as_slice()));
        assert_eq!(good.value(tag(3)), None);
    }

    #[test]
    fn whatever_is_shown_the_commitment_is_the_same() {
        let (payload, nonce) = (payload(&[1, 2, 7, 300]).expect("ascending"), Nonce([2; 16]));
        for shown in [&[][..], &[2], &[300, 2], &[1, 2, 7, 300]] {
            let shown: Vec<Tag> = shown.iter().map(|number| tag(*number)).collect();
            let disclosure = payload.disclose(&nonce, &shown).expect("the payload has these tags");
            assert_eq!(disclosure.disclosed.len(), shown.len());
            assert_eq!(disclosure.commitment(), Ok(payload.commitment(&nonce)));
        }
        let full = payload.disclose_all(&nonce);
        assert_eq!(full.hidden.iter().map(|hidden| hidden.tag).collect::<Vec<_>>(), [1]);
        assert_eq!(full.commitment(), Ok(payload.commitment(&nonce)));
        assert_eq!(payload.disclose(&nonce, &[tag(9)]), Err(PayloadError::NoSuchTag(tag(9))));
    }

    #[test]
    fn values_and_seeds_do_not_print_themselves() {
        let shown = Field { tag: tag(2), value: Bytes::from_static(b"Li Hua") };
        let payload = Payload::new(Seed::new([0xa5; 32]), vec![shown]).expect("one field");
        let printed = format!("{payload:?} {:?}", payload.disclose_all(&Nonce([0; 16])));
        assert!(!printed.contains("Li Hua") && !printed.contains("76, 105"), "{printed}");
    }

    #[test]
    fn text_is_utf8_in_form_c() {
        assert_eq!(text("é 学分".as_bytes()), Ok("é 学分"));
        assert_eq!(text(b""), Ok(""));
        assert_eq!(text("e\u{301}".as_bytes()), Err(ValueError::NotNfc));
        assert_eq!(text(&[0xff]), Err(ValueError::NotUtf8));
    }

    #[test]
    fn integers_have_one_spelling() {
        assert_eq!(integer(b"0"), Ok(0));
        assert_eq!(integer(b"18446744073709551615"), Ok(u64::MAX));
        assert_eq!(integer(b"18446744073709551616"), Err(ValueError::TooLarge));
        for bad in ["", "00", "01", "+1", "-1", "1 ", "1.0", "１", "1e3"] {
            assert_eq!(integer(bad.as_bytes()), Err(ValueError::NotDecimal), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn an_integer_that_is_read_is_written_the_same(value in "[0-9+ -]{0,22}", number: u64) {
            if let Ok(read) = integer(value.as_bytes()) {
                prop_assert_eq!(read.to_string(), value);
            }
            prop_assert_eq!(integer(number.to_string().as_bytes()), Ok(number));
        }
    }
}
