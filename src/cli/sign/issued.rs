//! What this issuer has signed, and when: the one thing about a statement that cannot be derived from its row
//! (docs/adr/0010).
//!
//! `<key>.issued`, text: a first line, then for each statement nonce, digest without its time (16 bytes) and `issued_at`.
//! All of it is in the public log too, so nothing is lost with it but convenience: rows then get a new time, and the ledger
//! answers NONCE_REUSED instead of the first receipt.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use xuefen_core::Hash;
use xuefen_core::commitment::Nonce;

use super::value;
use crate::cli::private_file::{self, IfExists};

const HEADER: &str = "xuefen-issued/v1";

/// Times by nonce and digest.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Issued(BTreeMap<([u8; 16], [u8; 16]), i64>);

impl Issued {
    /// Reads the file; none yet is an empty one.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        Self::parse(&text).with_context(|| format!("{} is damaged; move it away to go on", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(HEADER) {
            bail!("its first line is not {HEADER}");
        }
        let read = |line: &str| {
            let (nonce, rest) = line.split_once(' ')?;
            let (digest, time) = rest.split_once(' ')?;
            Some(((value::hex(nonce)?, value::hex(digest)?), time.parse().ok()?))
        };
        let entries = lines.enumerate().map(|(at, line)| read(line).with_context(|| format!("line {}", at + 2)));
        Ok(Self(entries.collect::<Result<_, _>>()?))
    }

    /// When this very statement was signed.
    #[must_use]
    pub fn time(&self, nonce: &Nonce, digest: &Hash) -> Option<i64> {
        self.0.get(&(nonce.0, short(digest))).copied()
    }

    /// Whether anything was signed under this nonce.
    #[must_use]
    pub fn has_nonce(&self, nonce: &Nonce) -> bool {
        self.0.range((nonce.0, [0; 16])..=(nonce.0, [0xff; 16])).next().is_some()
    }

    /// Notes a signing; the newest time of a statement counts.
    pub fn remember(&mut self, nonce: &Nonce, digest: &Hash, issued_at: i64) {
        self.0.insert((nonce.0, short(digest)), issued_at);
    }

    /// Writes the file anew.
    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        let mut text = format!("{HEADER}\n");
        for ((nonce, digest), time) in &self.0 {
            for byte in nonce {
                write!(text, "{byte:02x}")?;
            }
            text.push(' ');
            for byte in digest {
                write!(text, "{byte:02x}")?;
            }
            writeln!(text, " {time}")?;
        }
        private_file::write(path, text.as_bytes(), IfExists::Replace)
    }
}

fn short(digest: &Hash) -> [u8; 16] {
    *digest.0.first_chunk().expect("a hash has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_signed_is_remembered_by_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key.issued");
        let (nonce, one, two) = (Nonce([1; 16]), Hash([2; 32]), Hash([3; 32]));
        let mut issued = Issued::load(&path).unwrap();
        issued.remember(&nonce, &one, 10);
        issued.remember(&nonce, &two, 20);
        issued.save(&path).unwrap();
        let issued = Issued::load(&path).unwrap();
        assert_eq!([issued.time(&nonce, &one), issued.time(&nonce, &two)], [Some(10), Some(20)]);
        assert!(issued.has_nonce(&nonce) && !issued.has_nonce(&Nonce([2; 16])));
        assert_eq!(issued.time(&nonce, &Hash([4; 32])), None);
    }

    #[test]
    fn a_damaged_file_is_not_read_over() {
        for bad in ["", "xuefen-issued/v2\n", "xuefen-issued/v1\n00 11 12\n"] {
            assert!(Issued::parse(bad).is_err(), "{bad:?}");
        }
    }
}
