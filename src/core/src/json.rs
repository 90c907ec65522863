//! Strict JSON (formats.md 5): what two readers could understand differently is refused.
//!
//! The tokens are serde_json's; refused on top: repeated members, null, booleans, floats, negative numbers and those of
//! 2^53 or more. What members a file has stands in `presentation`.

use core::fmt;
use serde_core::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The longest file that is read: 4 MiB.
pub const MAX_BYTES: usize = 4 << 20;

/// Numbers stay below this.
const NUMBER_LIMIT: u64 = 1 << 53;

/// Why bytes are not a file of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// Over [`MAX_BYTES`].
    TooLong,
    /// Not UTF-8.
    Utf8,
    /// Not JSON, or JSON that is refused.
    Syntax {
        /// Line from 1.
        line: usize,
        /// Column from 1, in bytes.
        column: usize,
        /// What the parser says of it.
        message: String,
    },
    /// A member is missing.
    Missing(&'static str),
    /// A member that does not belong here.
    Unknown(String),
    /// Another type than the one that belongs here.
    Type(&'static str),
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "longer than {MAX_BYTES} bytes"),
            Self::Utf8 => f.write_str("not UTF-8"),
            Self::Syntax { message, .. } => write!(f, "not strict JSON: {message}"),
            Self::Missing(member) => write!(f, "member {member:?} is missing"),
            Self::Unknown(member) => write!(f, "member {member:?} does not belong here"),
            Self::Type(member) => write!(f, "{member:?} has the wrong type"),
        }
    }
}

impl core::error::Error for JsonError {}

/// A JSON value of the kinds that are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Plain digits, below 2^53.
    Number(u64),
    /// Text, its escapes resolved.
    Text(Cow<'a, str>),
    /// A list.
    Array(Vec<Value<'a>>),
    /// Members, no name twice.
    Object(Object<'a>),
}

/// The members of an object, taken out one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object<'a>(BTreeMap<Cow<'a, str>, Value<'a>>);

/// Reads one JSON value and nothing behind it but white space.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, JsonError> {
    read(text(bytes)?)
}

/// The text member `name` of an object whose other members may be any JSON, refused here or not: how a file says what it
/// is before the rules of that kind apply. `None` if there is none, or two.
#[must_use]
pub fn peek<'a>(bytes: &'a [u8], name: &'static str) -> Option<Cow<'a, str>> {
    let mut reader = serde_json::Deserializer::from_str(text(bytes).ok()?);
    let found = reader.deserialize_any(Peek(name)).ok()?;
    reader.end().ok().and(found)
}

fn text(bytes: &[u8]) -> Result<&str, JsonError> {
    if bytes.len() > MAX_BYTES {
        return Err(JsonError::TooLong);
    }
    core::str::from_utf8(bytes).map_err(|_| JsonError::Utf8)
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, JsonError> {
    serde_json::from_str(text).map_err(|error| JsonError::Syntax {
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })
}

impl<'a> Value<'a> {
    /// The value as a number; `name` is what an error calls it.
    pub fn number(self, name: &'static str) -> Result<u64, JsonError> {
        if let Self::Number(number) = self { Ok(number) } else { Err(JsonError::Type(name)) }
    }

    /// The value as text.
    pub fn text(self, name: &'static str) -> Result<Cow<'a, str>, JsonError> {
        if let Self::Text(text) = self { Ok(text) } else { Err(JsonError::Type(name)) }
    }

    /// The value as a list.
    pub fn array(self, name: &'static str) -> Result<Vec<Self>, JsonError> {
        if let Self::Array(values) = self { Ok(values) } else { Err(JsonError::Type(name)) }
    }

    /// The value as an object. A list is none, whatever it holds.
    pub fn object(self, name: &'static str) -> Result<Object<'a>, JsonError> {
        if let Self::Object(object) = self { Ok(object) } else { Err(JsonError::Type(name)) }
    }
}

impl<'a> Object<'a> {
    /// Takes a member out.
    pub fn take(&mut self, name: &'static str) -> Result<Value<'a>, JsonError> {
        self.take_if_there(name).ok_or(JsonError::Missing(name))
    }

    /// Takes a member out that may be absent.
    pub fn take_if_there(&mut self, name: &'static str) -> Option<Value<'a>> {
        self.0.remove(name)
    }

    /// Checks that every member has been taken.
    pub fn finish(self) -> Result<(), JsonError> {
        match self.0.into_keys().next() {
            Some(name) => Err(JsonError::Unknown(name.into_owned())),
            None => Ok(()),
        }
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Strict)
    }
}

/// Methods that refuse what serde_json may hand to a visitor. serde's defaults do so too, by printing the value: for that
/// alone they pull the printing of floats into every program that reads a file.
macro_rules! refuse {
    ($($method:ident($value:ty))*) => {
        $(fn $method<E: Error>(self, _: $value) -> Result<Self::Value, E> {
            Err(E::custom("a value of a kind that has no place here"))
        })*
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Err(E::custom("null has no place here"))
        }
    };
}

/// Builds a [`Value`]. Null, booleans, negative numbers and floats are refused.
struct Strict;

impl<'de> Visitor<'de> for Strict {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a list, an object or a whole number from 0 to 2^53-1")
    }

    refuse! { visit_bool(bool) visit_i64(i64) visit_f64(f64) }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        if number < NUMBER_LIMIT { Ok(Value::Number(number)) } else { Err(E::custom("number of 2^53 or more")) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(Name(name)) = map.next_key()? {
            if members.contains_key(&name) {
                return Err(A::Error::custom("repeated member"));
            }
            members.insert(name, map.next_value()?);
        }
        Ok(Value::Object(Object(members)))
    }
}

/// Name of a member.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Strict)? {
            Value::Text(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("a member name is text")),
        }
    }
}

/// Finds one text member and skips everything else.
struct Peek(&'static str);

impl<'de> Visitor<'de> for Peek {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    refuse! { visit_bool(bool) visit_i64(i64) visit_u64(u64) visit_f64(f64) visit_str(&str) }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(A::Error::custom("a list has no place here"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Name(name)) = map.next_key()? {
            if name != self.0 {
                map.next_value::<IgnoredAny>()?;
            } else if found.replace(map.next_value::<Name<'_>>()?.0).is_some() {
                return Ok(None);
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_is_read() {
        let mut object = parse(b" {\"a\":[0,9007199254740991],\t\"b\" : \"x\\u00e9\\ud83d\\ude00\",\r\n\"c\":{}} ")
            .unwrap()
            .object("")
            .unwrap();
        assert_eq!(object.take("a").unwrap().array("a").unwrap(), [Value::Number(0), Value::Number((1 << 53) - 1)]);
        assert_eq!(object.take("b").unwrap().text("b").unwrap(), "xé😀");
        assert_eq!(object.take("d"), Err(JsonError::Missing("d")));
        assert_eq!(object.clone().finish(), Err(JsonError::Unknown("c".into())));
        assert_eq!(object.take("c"), Ok(Value::Object(Object::default())));
        assert_eq!(object.finish(), Ok(()));
        assert_eq!(parse(b"[]").unwrap().object("x"), Err(JsonError::Type("x")));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let cases = [
            "",
            " ",
            "null",
            "true",
            "[null]",
            "[false]",
            "-0",
            "-1",
            "1.0",
            "1e3",
            "1E0",
            "01",
            "+1",
            "0x1",
            "9007199254740992",
            "18446744073709551616",
            "{\"a\":1,\"a\":1}",
            "{\"a\":1,\"\\u0061\":1}",
            "{a:1}",
            "{'a':1}",
            "{\"a\":1,}",
            "[1,]",
            "\"\t\"",
            "\"\\ud800\"",
            "\"\\udc00\\ud800\"",
            "\"\\x\"",
            "1 1",
            "{}{}",
            "// c\n1",
            "\u{feff}1",
            "NaN",
            "\"a",
            "[[]",
        ];
        for text in cases {
            assert!(matches!(parse(text.as_bytes()), Err(JsonError::Syntax { .. })), "{text}");
        }
        assert_eq!(parse(b"\"\xff\""), Err(JsonError::Utf8));
        assert_eq!(parse(&vec![b' '; MAX_BYTES + 1]), Err(JsonError::TooLong));
        let deep = "[".repeat(100_000);
        assert!(matches!(parse(deep.as_bytes()), Err(JsonError::Syntax { .. })));
    }

    #[test]
    fn peeking_skips_what_is_refused_elsewhere() {
        let peeked = |text: &'static str| peek(text.as_bytes(), "format");
        assert_eq!(peeked("{\"x\":null,\"y\":[1.5,true],\"x\":-1,\"format\":\"f\"}").as_deref(), Some("f"));
        for text in [
            "{\"format\":\"f\",\"format\":\"f\"}",
            "{\"format\":1}",
            "[\"format\"]",
            "{\"format\":\"f\"} x",
            "{}",
            "{\"format\":\"f\"",
        ] {
            assert_eq!(peeked(text), None, "{text}");
        }
    }
}
