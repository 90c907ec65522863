//! The name of a ledger (formats.md 2).

use core::fmt;

/// A ledger's origin: host and path in lower-case ASCII, as `xuefen.example/qinghai`. One origin, one genesis, for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// The text is not an origin: code `ORIGIN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginError {
    /// More than 65,535 bytes; scopes and holder proofs write the length of an origin in two (formats.md 3 and 5).
    TooLong,
    /// No host, or something other than lower-case letters, digits and inner hyphens between its dots.
    Host,
    /// No path, or a part of it is empty, `.`, `..`, or has other characters than `a-z 0-9 - . _ ~`.
    Path,
    /// Ends in `/status`, which is how the status key of another origin is named.
    StatusName,
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "origin is longer than 65,535 bytes",
            Self::Host => "origin does not begin with a lower-case host name",
            Self::Path => "origin has no plain lower-case path after its host",
            Self::StatusName => "origin ends in /status, which names status keys",
        })
    }
}

impl std::error::Error for OriginError {}

impl Origin {
    /// Reads an origin; there is one spelling of each, so nothing is normalised.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        if text.len() > usize::from(u16::MAX) {
            return Err(OriginError::TooLong);
        }
        let (host, path) = text.split_once('/').ok_or(OriginError::Path)?;
        if !host.split('.').all(is_label) {
            return Err(OriginError::Host);
        }
        if !path.split('/').all(is_segment) {
            return Err(OriginError::Path);
        }
        if text.ends_with("/status") {
            return Err(OriginError::StatusName);
        }
        Ok(Self(text.to_owned()))
    }

    /// The origin as it stands in statements, checkpoints and key names.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(label: &str) -> bool {
    let letter_or_digit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| letter_or_digit(byte) || byte == b'-')
}

fn is_segment(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._~".contains(&byte);
    !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(plain)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_lower_case_host_and_path() {
        for good in ["x.example/a", "x.example/a/b-2", "localhost/a", "xn--fsq.example/a_b/~c.d", "x.example/status/a"]
        {
            assert_eq!(Origin::parse(good).map(|origin| origin.to_string()), Ok(good.to_owned()));
        }
        let bad = [
            ("", OriginError::Path),
            ("x.example", OriginError::Path),
            ("/a", OriginError::Host),
            ("x..example/a", OriginError::Host),
            ("-x.example/a", OriginError::Host),
            ("X.example/a", OriginError::Host),
            ("x.example:80/a", OriginError::Host),
            ("https://x.example/a", OriginError::Host),
            ("x.example/", OriginError::Path),
            ("x.example/a/", OriginError::Path),
            ("x.example//a", OriginError::Path),
            ("x.example/../a", OriginError::Path),
            ("x.example/a+b", OriginError::Path),
            ("x.example/a b", OriginError::Path),
            ("x.example/A", OriginError::Path),
            ("x.example/é", OriginError::Path),
            ("x.example/a\n", OriginError::Path),
            ("x.example/status", OriginError::StatusName),
            ("x.example/a/status", OriginError::StatusName),
        ];
        for (text, error) in bad {
            assert_eq!(Origin::parse(text), Err(error), "{text:?}");
        }
        let long = format!("x.example/{}", "a".repeat(65_525));
        assert!(Origin::parse(&long).is_ok());
        assert_eq!(Origin::parse(&(long + "a")), Err(OriginError::TooLong));
    }
}
