//! Receipts: an entry's inclusion proof and the checkpoint it leads to, as text (C2SP tlog-proof@v1, formats.md 4).

use crate::Hash;
use crate::policy::{Accepted, NotAccepted, Policy};
use crate::text::{TextError, from_base64, from_decimal, hash_from_base64, to_base64};
use crate::tree::{LeafIndex, ProofError, verify_inclusion};
use core::fmt;

/// First line of a receipt.
const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";
/// A tree of less than 2^64 leaves has no longer paths.
const MAX_PATH: usize = 64;

/// A receipt as it was read: nothing of it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// Where the entry stands.
    pub index: LeafIndex,
    /// Leaf's sibling first, upward.
    pub path: Vec<Hash>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: &'a str,
}

/// Why a receipt proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptError {
    /// Not first line, index, path, empty line, checkpoint.
    Form,
    /// The index is no decimal number, or a hash no base64 of 32 bytes.
    Text(TextError),
    /// The policy does not accept the checkpoint.
    NotAccepted(NotAccepted),
    /// The path does not lead from the entry to the checkpoint's root.
    Inclusion(ProofError),
}

impl ReceiptError {
    /// The stable code of this error.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Form => "PROOF",
            Self::Text(error) => error.as_str(),
            Self::NotAccepted(error) => error.as_str(),
            Self::Inclusion(error) => error.as_str(),
        }
    }
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not the lines of a tlog-proof@v1",
            Self::Text(_) => "index or path of the receipt cannot be read",
            Self::NotAccepted(_) => "the policy does not accept the receipt's checkpoint",
            Self::Inclusion(_) => "the receipt does not prove this entry",
        })
    }
}

impl core::error::Error for ReceiptError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Form => None,
            Self::Text(error) => Some(error),
            Self::NotAccepted(error) => Some(error),
            Self::Inclusion(error) => Some(error),
        }
    }
}

impl From<TextError> for ReceiptError {
    fn from(error: TextError) -> Self {
        Self::Text(error)
    }
}

impl<'a> Receipt<'a> {
    /// Reads a receipt. An `extra` line must be base64 and counts for nothing: nobody signed it.
    pub fn parse(text: &'a str) -> Result<Self, ReceiptError> {
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ReceiptError::Form)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(ReceiptError::Form);
        }
        if let Some(extra) = lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            from_base64(extra)?;
            lines.next();
        }
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).ok_or(ReceiptError::Form)?;
        let index = LeafIndex(from_decimal(index)?);
        let path = lines.take(MAX_PATH + 1).map(hash_from_base64).collect::<Result<Vec<_>, _>>()?;
        if path.len() > MAX_PATH {
            return Err(ReceiptError::Inclusion(ProofError::Inclusion));
        }
        Ok(Self { index, path, checkpoint })
    }

    /// Checks that the entry with this leaf hash is in a log that the policy trusts.
    pub fn verify<'p>(&self, policy: &'p Policy, leaf_hash: &Hash) -> Result<Accepted<'p>, ReceiptError> {
        let accepted = policy.accept(self.checkpoint).map_err(ReceiptError::NotAccepted)?;
        let checkpoint = &accepted.checkpoint;
        verify_inclusion(leaf_hash, self.index, checkpoint.size, &self.path, &checkpoint.root)
            .map_err(ReceiptError::Inclusion)?;
        Ok(accepted)
    }
}

/// The text of the receipt.
impl fmt::Display for Receipt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FIRST_LINE}\nindex {}\n", self.index)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{}", to_base64(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_round_trip() {
        let text = Receipt { index: LeafIndex(7), path: vec![Hash([1; 32]); 2], checkpoint: "a\n1\n\n— x" }.to_string();
        assert_eq!(Receipt::parse(&text).unwrap().to_string(), text);
        let single = Receipt { index: LeafIndex(0), path: Vec::new(), checkpoint: "" }.to_string();
        assert_eq!(Receipt::parse(&single).unwrap().path, []);
    }

    #[test]
    fn broken_receipts_are_refused() {
        let hash = to_base64([1; 32]);
        let long = format!("{FIRST_LINE}\nindex 0\n{}\n", format!("{hash}\n").repeat(65));
        assert_eq!(Receipt::parse(&long), Err(ReceiptError::Inclusion(ProofError::Inclusion)));
        for (text, code) in [
            (format!("{FIRST_LINE}\nindex 0\n"), "PROOF"),
            (format!("{FIRST_LINE}\n\nindex 0\n\n"), "PROOF"),
            (format!("{FIRST_LINE}\nextra aGk\nindex 0\n\n"), "BASE64"),
            (format!("{FIRST_LINE}\nextra \nextra \nindex 0\n\n"), "PROOF"),
            (format!("{FIRST_LINE}\nindex -1\n\n"), "DECIMAL"),
            (format!(" {FIRST_LINE}\nindex 1\n\n"), "PROOF"),
            (format!("{FIRST_LINE}\r\nindex 1\r\n\r\n"), "PROOF"),
        ] {
            assert_eq!(Receipt::parse(&text).map_err(|error| error.as_str()), Err(code), "{text:?}");
        }
    }
}
