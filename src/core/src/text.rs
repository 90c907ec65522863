//! The two notations that every text format of the log shares: base64 and decimal numbers (formats.md 4 and 5).
//!
//! No format of its own stands here; a caller says in its own error what the broken text was.

use crate::Hash;
use base64::{Engine, engine::general_purpose::STANDARD};
use core::fmt;

/// What is wrong with a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// Not standard padded base64 with its unused bits zero, or not of the length that belongs here.
    Base64,
    /// Not a plain decimal number below 2^63: a sign, a leading zero, another character or too large.
    Decimal,
}

impl TextError {
    /// The stable code of this error.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "BASE64",
            Self::Decimal => "DECIMAL",
        }
    }
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "not canonical base64 of the expected length",
            Self::Decimal => "not a plain decimal number below 2^63",
        })
    }
}

impl core::error::Error for TextError {}

/// Standard base64 with padding.
#[must_use]
pub fn to_base64(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// The bytes of standard base64: padded, nothing between the characters, unused bits zero. So each byte string has
/// exactly one text, and nobody can change a signed file without changing what it says.
pub fn from_base64(text: &str) -> Result<Vec<u8>, TextError> {
    STANDARD.decode(text).map_err(|_| TextError::Base64)
}

/// Base64 of exactly `N` bytes.
pub fn array_from_base64<const N: usize>(text: &str) -> Result<[u8; N], TextError> {
    from_base64(text)?.try_into().map_err(|_| TextError::Base64)
}

/// Base64 of exactly 32 bytes.
pub fn hash_from_base64(text: &str) -> Result<Hash, TextError> {
    array_from_base64(text).map(Hash)
}

/// A decimal number from 0 to 2^63-1: ASCII digits, no sign, no leading zero.
pub fn from_decimal(text: &str) -> Result<u64, TextError> {
    let digits = text.as_bytes();
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) && (digits.len() == 1 || digits[0] != b'0');
    text.parse().ok().filter(|n| plain && i64::try_from(*n).is_ok()).ok_or(TextError::Decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_canonical() {
        assert_eq!(from_base64("aGk="), Ok(b"hi".to_vec()));
        assert_eq!(from_base64(""), Ok(Vec::new()));
        for bad in ["aGk", "aGl=", "aGk=\n", " aGk=", "aGk==", "-_-_", "aG k=", "="] {
            assert_eq!(from_base64(bad), Err(TextError::Base64), "{bad:?}");
        }
        assert_eq!(hash_from_base64(&to_base64([7; 32])), Ok(Hash([7; 32])));
        assert_eq!(hash_from_base64(&to_base64([7; 31])), Err(TextError::Base64));
    }

    #[test]
    fn decimals_are_plain() {
        for (text, n) in [("0", 0), ("7", 7), ("9223372036854775807", (1 << 63) - 1)] {
            assert_eq!(from_decimal(text), Ok(n));
        }
        for bad in ["", "00", "07", "+7", "-1", " 7", "7 ", "7.0", "9223372036854775808", "18446744073709551616", "٧"]
        {
            assert_eq!(from_decimal(bad), Err(TextError::Decimal), "{bad:?}");
        }
    }
}
