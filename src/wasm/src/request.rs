//! What the page sends: a call's name and its arguments, each behind its length as u32be.
//!
//! Bytes stay bytes, since a file to verify may be anything. Nothing is interpreted here beyond text and numbers.

use std::fmt::Display;

use serde::Serialize;

/// The arguments of a call, taken one after the other.
pub struct Request<'a> {
    rest: &'a [u8],
}

/// A request that cannot be answered: which argument, and why.
#[derive(Debug, Serialize)]
pub struct Bad {
    argument: &'static str,
    problem: String,
}

impl Bad {
    /// An argument and what is wrong with it.
    pub fn new(argument: &'static str, problem: impl Display) -> Self {
        Self { argument, problem: problem.to_string() }
    }
}

impl<'a> Request<'a> {
    /// Checks that the lengths add up.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Bad> {
        let mut check = Self { rest: bytes };
        while !check.rest.is_empty() {
            check.bytes("request")?;
        }
        Ok(Self { rest: bytes })
    }

    /// The next argument.
    pub fn bytes(&mut self, argument: &'static str) -> Result<&'a [u8], Bad> {
        let missing = || Bad::new(argument, "is missing or cut short");
        let (length, rest) = self.rest.split_first_chunk::<4>().ok_or_else(missing)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| missing())?;
        let (argument, rest) = rest.split_at_checked(length).ok_or_else(missing)?;
        self.rest = rest;
        Ok(argument)
    }

    /// The next argument, as text.
    pub fn text(&mut self, argument: &'static str) -> Result<&'a str, Bad> {
        std::str::from_utf8(self.bytes(argument)?).map_err(|_| Bad::new(argument, "is not UTF-8"))
    }

    /// The next argument, as a decimal number.
    pub fn number(&mut self, argument: &'static str) -> Result<u64, Bad> {
        self.text(argument)?.parse().map_err(|_| Bad::new(argument, "is not a decimal number"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_taken_in_order_and_lengths_must_add_up() {
        let framed = [&[0, 0, 0, 2][..], b"hi", &[0, 0, 0, 0], &[0, 0, 0, 1], b"7"].concat();
        let mut request = Request::read(&framed).unwrap();
        assert_eq!(request.text("a").unwrap(), "hi");
        assert_eq!(request.bytes("b").unwrap(), b"");
        assert_eq!(request.number("c").unwrap(), 7);
        assert!(request.bytes("d").is_err());
        for cut in [1, 3, 5, framed.len() - 1] {
            assert!(Request::read(&framed[..cut]).is_err(), "{cut}");
        }
    }
}
