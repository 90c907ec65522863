//! The statements that an institution knows to be its own: from the files that signing and posting leave.

use std::collections::BTreeSet;

use xuefen_core::Hash;
use xuefen_core::entry::Entry;
use xuefen_core::hash::sha256;
use xuefen_core::proto::Statement;

/// First line of what `xuefen sign` keeps beside a key (docs/spec/files.md).
const ISSUED: &str = "xuefen-issued/v1";

/// What is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Nonce, and the beginning of the digest of the statement with `issued_at` 0.
    issued: BTreeSet<([u8; 16], [u8; 16])>,
    leaves: BTreeSet<Hash>,
}

/// A file that names no statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownError {
    /// A line of a file of signed statements.
    #[error("line {0} is not nonce, digest and time")]
    Line(usize),
    /// Neither that nor any leaf hash.
    #[error("neither a .issued file of a key nor a file with leaf hashes, such as receipts")]
    Nothing,
}

impl Known {
    /// Adds what a file names: a key's `.issued`, or any text with leaf hashes in hexadecimal, such as receipts or a list.
    ///
    /// # Errors
    /// [`KnownError`]. An empty list is one, too: it would make every entry a stranger's.
    pub fn add(&mut self, text: &str) -> Result<(), KnownError> {
        let mut lines = (1..).zip(text.lines());
        if text.lines().next() == Some(ISSUED) {
            lines.next();
            for (number, line) in lines {
                let mut words = line.split(' ');
                let pair = words.next().and_then(hex).zip(words.next().and_then(hex));
                self.issued.insert(pair.ok_or(KnownError::Line(number))?);
            }
            return Ok(());
        }
        let before = self.leaves.len();
        let words = text.split(|c: char| !c.is_ascii_alphanumeric());
        self.leaves.extend(words.filter_map(hex).map(Hash));
        if self.leaves.len() > before { Ok(()) } else { Err(KnownError::Nothing) }
    }

    /// Whether an entry is one of these.
    #[must_use]
    pub fn has(&self, entry: &Entry<Statement>) -> bool {
        if self.leaves.contains(&entry.leaf_hash()) {
            return true;
        }
        let statement = entry.statement();
        let nonce = statement.nonce().0;
        // The time is the one thing that signing again may change.
        let timeless = Statement { issued_at: 0, ..statement.message().clone() };
        let digest = sha256(&[&prost::Message::encode_to_vec(&timeless)]);
        digest.0.first_chunk().is_some_and(|start| self.issued.contains(&(nonce, *start)))
    }
}

/// Exactly N bytes in hexadecimal.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_signing_and_posting_are_read() {
        let mut known = Known::default();
        known.add(&format!("{ISSUED}\n{} {} 17\n", "0a".repeat(16), "0b".repeat(16))).unwrap();
        assert_eq!(known.issued, BTreeSet::from([([10; 16], [11; 16])]));
        known.add(&format!("row,index,leaf_hash\n2,5,{}\n", "Ff".repeat(32))).unwrap();
        assert_eq!(known.leaves, BTreeSet::from([Hash([255; 32])]));
        assert_eq!(known.add(&format!("{ISSUED}\n00 11 12\n")), Err(KnownError::Line(2)));
        assert_eq!(known.add(""), Err(KnownError::Nothing));
        assert_eq!(known.add("row,index\n1,2\n"), Err(KnownError::Nothing));
        assert_eq!(known.add(&"é".repeat(32)), Err(KnownError::Nothing));
    }

    proptest::proptest! {
        /// Files come from anywhere: nothing in one stops the monitor, and nothing is known that does not stand there.
        #[test]
        fn any_text_is_read_or_refused(text in "(xuefen-issued/v1\n)?[0-9a-fA-F é,\n]{0,200}") {
            let mut known = Known::default();
            let read = known.add(&text);
            proptest::prop_assert!(read.is_ok() || known.leaves.is_empty());
            let lower = text.to_ascii_lowercase();
            proptest::prop_assert!(known.leaves.iter().all(|leaf| lower.contains(&leaf.to_string())));
        }
    }
}
