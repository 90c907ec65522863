//! Canonical form by table (formats.md 1): whether bytes are the one encoding of a message, without building the message.
//!
//! [`canonical::decode`](crate::canonical::decode) says the same by decoding and encoding again, and needs code for each
//! field of each kind; a verifier looks into few kinds and needs none for the others. What a message means is not here, and
//! the tables are generated (`proto/forms.rs`).

use crate::canonical::minimal_varint;

/// The fields of a message, ascending by number.
pub struct Form(pub &'static [Field]);

/// One field.
pub struct Field {
    /// Its number.
    pub number: u32,
    /// What it holds.
    pub holds: Holds,
    /// Whether it may stand more than once; numbers are then packed into one.
    pub repeated: bool,
    /// Whether it is a member of the message's oneof: at most one of them is there.
    pub oneof: bool,
}

/// What a field holds.
pub enum Holds {
    /// 0 or 1.
    Bool,
    /// 0 to 2^31-1: negative numbers are refused.
    Enum,
    /// 0 to 2^32-1.
    Uint32,
    /// Any 64 bits, signed or not.
    Any64,
    /// UTF-8.
    Text,
    /// Bytes.
    Bytes,
    /// A message.
    Message(&'static Form),
}

/// The content of a field on the wire. Fixed widths and groups are in no message.
#[derive(Clone, Copy)]
pub enum Value<'a> {
    /// Wire type 0.
    Number(u64),
    /// Wire type 2.
    Bytes(&'a [u8]),
}

/// Takes the next field off `bytes`; `None` if it is cut, of another wire type, or a number in it is not minimal.
pub fn next<'a>(bytes: &mut &'a [u8]) -> Option<(u32, Value<'a>)> {
    let (key, rest) = minimal_varint(bytes)?;
    let (value, rest) = minimal_varint(rest)?;
    let number = u32::try_from(key >> 3).ok()?;
    match key & 7 {
        0 => {
            *bytes = rest;
            Some((number, Value::Number(value)))
        }
        2 => {
            let (content, rest) = rest.split_at_checked(usize::try_from(value).ok()?)?;
            *bytes = rest;
            Some((number, Value::Bytes(content)))
        }
        _ => None,
    }
}

/// The first field of this number.
pub fn find(mut bytes: &[u8], wanted: u32) -> Option<Value<'_>> {
    while !bytes.is_empty() {
        let (number, value) = next(&mut bytes)?;
        if number == wanted {
            return Some(value);
        }
    }
    None
}

impl Form {
    /// Whether these are the bytes that encoding some message of this form gives.
    #[must_use]
    pub fn is_canonical(&self, mut bytes: &[u8]) -> bool {
        let (mut before, mut chosen) = (0, false);
        while !bytes.is_empty() {
            let Some((number, value)) = next(&mut bytes) else { return false };
            let Some(field) = self.0.iter().find(|field| field.number == number) else { return false };
            let in_order = number > before || (number == before && field.may_follow_itself());
            if !in_order || (field.oneof && chosen) || !field.takes(value) {
                return false;
            }
            (before, chosen) = (number, chosen || field.oneof);
        }
        true
    }
}

impl Field {
    const fn may_follow_itself(&self) -> bool {
        self.repeated && matches!(self.holds, Holds::Text | Holds::Bytes | Holds::Message(_))
    }

    fn takes(&self, value: Value<'_>) -> bool {
        // A default is absent, unless it is one of several.
        let absent = |empty: bool| empty && !self.repeated;
        match (&self.holds, value) {
            (Holds::Message(form), Value::Bytes(bytes)) => form.is_canonical(bytes),
            (Holds::Text, Value::Bytes(bytes)) => !absent(bytes.is_empty()) && core::str::from_utf8(bytes).is_ok(),
            (Holds::Bytes, Value::Bytes(bytes)) => !absent(bytes.is_empty()),
            (holds, Value::Bytes(bytes)) => self.repeated && holds.packed(bytes),
            (holds, Value::Number(number)) => !self.repeated && number != 0 && holds.allows(number),
        }
    }
}

impl Holds {
    /// Whether a number is in range.
    fn allows(&self, number: u64) -> bool {
        match self {
            Self::Bool => number <= 1,
            Self::Enum => i32::try_from(number).is_ok(),
            Self::Uint32 => u32::try_from(number).is_ok(),
            Self::Any64 => true,
            Self::Text | Self::Bytes | Self::Message(_) => false,
        }
    }

    /// Numbers one behind the other, at least one.
    fn packed(&self, mut bytes: &[u8]) -> bool {
        let mut any = false;
        while !bytes.is_empty() {
            match minimal_varint(bytes) {
                Some((number, rest)) if self.allows(number) => (any, bytes) = (true, rest),
                _ => return false,
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static INNER: Form = Form(&[Field { number: 1, holds: Holds::Bool, repeated: false, oneof: false }]);
    static OUTER: Form = Form(&[
        Field { number: 1, holds: Holds::Uint32, repeated: false, oneof: false },
        Field { number: 2, holds: Holds::Enum, repeated: true, oneof: false },
        Field { number: 3, holds: Holds::Text, repeated: true, oneof: false },
        Field { number: 4, holds: Holds::Bytes, repeated: false, oneof: false },
        Field { number: 5, holds: Holds::Message(&INNER), repeated: false, oneof: true },
        Field { number: 16, holds: Holds::Message(&INNER), repeated: false, oneof: true },
    ]);

    #[test]
    fn one_encoding_is_canonical_and_the_others_are_not() {
        let cases: [(&[u8], bool); 26] = [
            (&[], true),
            (&[0x08, 0x05], true),
            (&[0x08, 0x00], false),                               // a default
            (&[0x08, 0x85, 0x00], false),                         // not minimal
            (&[0x88, 0x00, 0x05], false),                         // key not minimal
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0x0f], true),        // 2^32-1
            (&[0x08, 0x80, 0x80, 0x80, 0x80, 0x10], false),       // 2^32
            (&[0x08, 0x05, 0x08, 0x05], false),                   // twice
            (&[0x0a, 0x01, 0x05], false),                         // packed, but one only
            (&[0x12, 0x02, 0x00, 0x07], true),                    // packed, a zero among them
            (&[0x12, 0x00], false),                               // packed, none
            (&[0x10, 0x07], false),                               // not packed
            (&[0x12, 0x01, 0x07, 0x12, 0x01, 0x07], false),       // packed in two
            (&[0x12, 0x05, 0x80, 0x80, 0x80, 0x80, 0x08], false), // 2^31 in an enum
            (&[0x1a, 0x00, 0x1a, 0x01, 0x78], true),              // an empty text among several
            (&[0x1a, 0x01, 0xff], false),                         // not UTF-8
            (&[0x22, 0x01, 0xff], true),
            (&[0x22, 0x00], false),
            (&[0x22, 0x02, 0xff], false), // cut
            (&[0x2a, 0x00], true),        // an empty message is there
            (&[0x2a, 0x02, 0x08, 0x01], true),
            (&[0x2a, 0x02, 0x08, 0x02], false),       // no bool
            (&[0x2a, 0x00, 0x82, 0x01, 0x00], false), // two of a oneof
            (&[0x22, 0x01, 0x00, 0x08, 0x05], false), // out of order
            (&[0x38, 0x01], false),                   // unknown
            (&[0x0d, 0x01, 0x00, 0x00, 0x00], false), // fixed width
        ];
        for (bytes, canonical) in cases {
            assert_eq!(OUTER.is_canonical(bytes), canonical, "{bytes:02x?}");
        }
    }
}
