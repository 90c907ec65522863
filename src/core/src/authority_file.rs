//! `authority.txt`: the keys of authorities and of status notes that a verifier trusts beside its policy, one vkey a line
//! (formats.md 4).
//!
//! What an authority may do with its key is not said here: the genesis entry and what follows from it say that.

use crate::vkey::{KeyType, VerifierKey, VkeyError};
use core::fmt;

/// The keys of the file, each with its name: an institution id, or `<origin>/status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorityFile {
    keys: Vec<VerifierKey>,
}

/// A line that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuthorityFileError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with the key; `None` if it is a good one of another type, or stands there twice.
    pub key: Option<VkeyError>,
}

impl fmt::Display for AuthorityFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem =
            if self.key.is_some() { "the key cannot be read" } else { "wrong type of key, or one given twice" };
        write!(f, "authority line {}: {problem}", self.line)
    }
}

impl core::error::Error for AuthorityFileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.key.as_ref().map(|error| error as _)
    }
}

impl AuthorityFile {
    /// Reads the file. Empty lines and lines that start with `#` are ignored, as in a policy.
    pub fn parse(text: &str) -> Result<Self, AuthorityFileError> {
        let mut keys: Vec<VerifierKey> = Vec::new();
        for (before, line) in text.split('\n').enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fail = |key| AuthorityFileError { line: before + 1, key };
            let key = VerifierKey::parse(line).map_err(|error| fail(Some(error)))?;
            if key.key_type() != KeyType::Note || keys.iter().any(|other| other.public_key() == key.public_key()) {
                return Err(fail(None));
            }
            keys.push(key);
        }
        Ok(Self { keys })
    }

    /// The keys in the order of the file.
    #[must_use]
    pub fn keys(&self) -> &[VerifierKey] {
        &self.keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINISTRY: &str = "x-ministry+60489c98+ATZYOINoNrUA4OF8CIb/3CsA4ywJq31Z74b+gnK44lIW";
    const WITNESS: &str = "witness1.example+4df62071+BEiP5O9VWvqtXai2QZ4AZOz6WSZ/oYn2Vq5oG7Vwhm73";

    #[test]
    fn one_key_a_line() {
        let file = AuthorityFile::parse(&format!("# trusted\n\n{MINISTRY}\n")).unwrap();
        assert_eq!(file.keys().iter().map(ToString::to_string).collect::<Vec<_>>(), [MINISTRY]);
        assert_eq!(AuthorityFile::parse(""), Ok(AuthorityFile::default()));
        let cases = [
            (format!("{MINISTRY}\n{MINISTRY}"), 2, None),
            (WITNESS.to_owned(), 1, None),
            (format!("{MINISTRY} "), 1, Some(VkeyError::Form)),
            (format!("\n{MINISTRY}\r\n"), 2, Some(VkeyError::Form)),
        ];
        for (text, line, key) in cases {
            assert_eq!(AuthorityFile::parse(&text), Err(AuthorityFileError { line, key }), "{text}");
        }
    }
}
