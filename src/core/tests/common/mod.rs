//! What the tests of this crate share: the vectors, hexadecimal, and the schema that the vectors' statements use.
#![allow(dead_code, clippy::missing_panics_doc)]

use prost::Message;
use serde_json::Value;
use xuefen_core::canonical::NonCanonical;
use xuefen_core::prost;
use xuefen_core::statement::{Body, Head, StatementMessage, Writable, read_writable};

/// The whole of tests/vectors/vectors.json.
pub fn vectors() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/vectors.json");
    let text = std::fs::read_to_string(path).expect("the vectors are in the repository");
    serde_json::from_str(&text).expect("the vectors are JSON")
}

/// The cases of a section that is a list, which must not be empty: no test may pass because it saw nothing.
pub fn section(name: &str) -> Vec<Value> {
    let cases = vectors()[name].as_array().cloned().unwrap_or_default();
    assert!(!cases.is_empty(), "section {name} has no cases");
    cases
}

/// A member that is text.
pub fn text<'a>(case: &'a Value, member: &str) -> &'a str {
    case[member].as_str().unwrap_or_else(|| panic!("{member} is not text in {case}"))
}

/// A member that is an integer.
pub fn integer(case: &Value, member: &str) -> i64 {
    case[member].as_i64().unwrap_or_else(|| panic!("{member} is not an integer in {case}"))
}

/// A member that is an integer of 32 bits without sign.
pub fn number(case: &Value, member: &str) -> u32 {
    u32::try_from(integer(case, member)).expect("fits 32 bits")
}

/// A member that is a list.
pub fn list<'a>(case: &'a Value, member: &str) -> &'a [Value] {
    case[member].as_array().unwrap_or_else(|| panic!("{member} is not a list in {case}"))
}

/// A member that is bytes.
pub fn bytes(case: &Value, member: &str) -> Vec<u8> {
    unhex(text(case, member))
}

/// A member that is exactly `N` bytes.
pub fn array<const N: usize>(case: &Value, member: &str) -> [u8; N] {
    bytes(case, member).try_into().unwrap_or_else(|_| panic!("{member} is not {N} bytes in {case}"))
}

/// What a case should give: `OK` or a code.
pub fn expect(case: &Value) -> &str {
    text(case, "expect")
}

/// Reads lower-case hexadecimal.
pub fn unhex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2), "odd number of digits");
    let byte = |start| u8::from_str_radix(&text[start..start + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// Writes lower-case hexadecimal.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The statement of the vectors: a private body of number 16, a public one of number 17.
#[derive(Clone, PartialEq, Message)]
pub struct TestStatement {
    #[prost(uint32, tag = "1")]
    pub version: u32,
    #[prost(string, tag = "2")]
    pub ledger: String,
    #[prost(string, tag = "3")]
    pub issuer: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub nonce: prost::bytes::Bytes,
    #[prost(int64, tag = "5")]
    pub issued_at: i64,
    #[prost(oneof = "TestBody", tags = "16, 17")]
    pub body: Option<TestBody>,
}

/// The oneof of [`TestStatement`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum TestBody {
    #[prost(message, tag = "16")]
    Private(TestPrivate),
    #[prost(message, tag = "17")]
    Public(TestPublic),
}

/// `message { bytes commitment = 1; }`
#[derive(Clone, PartialEq, Message)]
pub struct TestPrivate {
    #[prost(bytes = "bytes", tag = "1")]
    pub commitment: prost::bytes::Bytes,
}

/// `message { bytes opaque = 1; }`
#[derive(Clone, PartialEq, Message)]
pub struct TestPublic {
    #[prost(bytes = "bytes", tag = "1")]
    pub opaque: prost::bytes::Bytes,
}

impl StatementMessage for TestStatement {
    fn read(bytes: &prost::bytes::Bytes) -> Result<Self, NonCanonical> {
        read_writable(bytes)
    }

    fn head(&self) -> Head<'_> {
        let Self { version, ledger, issuer, nonce, issued_at, body: _ } = self;
        Head { version: *version, ledger, issuer, nonce, issued_at: *issued_at }
    }

    fn body(&self) -> Body<'_> {
        match &self.body {
            None => Body::Absent,
            Some(TestBody::Public(_)) => Body::Public,
            Some(TestBody::Private(TestPrivate { commitment })) => Body::Private { commitment },
        }
    }
}

impl Writable for TestStatement {
    fn enums_non_negative(&self) -> bool {
        true
    }
}
