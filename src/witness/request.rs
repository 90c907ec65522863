//! The body of `add-checkpoint`, and the checkpoint in it, which may be any log's (C2SP tlog-witness, tlog-checkpoint).
//!
//! Texts only: both sides of the protocol use them, and neither's decisions are here.

use std::fmt::Write as _;

use xuefen_core::Hash;
use xuefen_core::note;
use xuefen_core::text::{from_decimal, hash_from_base64, to_base64};
use xuefen_core::tree::TreeSize;

/// Most lines of a proof.
pub const MAX_PROOF: usize = 63;

/// Most bytes of a body: 63 lines of proof and 100 signature lines, ML-DSA ones of 3.3 kB among them.
pub const MAX_BYTES: usize = 384 << 10;

/// Content type of the size that a witness answers when `old` is not what it cosigned last.
pub const SIZE_TYPE: &str = "text/x.tlog.size";

/// What a witness is asked to cosign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint<'a> {
    /// Size of the tree that the proof begins at.
    pub old: TreeSize,
    /// RFC 6962 consistency proof from `old` to the checkpoint's size.
    pub proof: Vec<Hash>,
    /// The signed checkpoint.
    pub note: &'a str,
}

/// The tree that a checkpoint of any log names. Wider than core's `Checkpoint`, which is of this program's ledgers only: any
/// origin, and extension lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnyCheckpoint<'a> {
    /// The log's name.
    pub origin: &'a str,
    /// Number of its entries.
    pub size: TreeSize,
    /// Root over them; not looked at, not even at size 0.
    pub root: Hash,
}

impl AddCheckpoint<'_> {
    /// The body as it is sent.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.proof {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{}", to_base64(hash));
        }
        text.push('\n');
        text.push_str(self.note);
        text
    }
}

impl<'a> AddCheckpoint<'a> {
    /// Reads a body; says what is wrong with it. The checkpoint is not read.
    pub fn parse(body: &'a [u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(body).map_err(|_| "the body is not UTF-8")?;
        let (head, note) = text.split_once("\n\n").ok_or("no empty line between proof and checkpoint")?;
        let mut lines = head.split('\n');
        let old =
            lines.next().and_then(|line| line.strip_prefix("old ")).ok_or("the first line is not `old <size>`")?;
        let old = from_decimal(old).map_err(|_| "the old size is not a plain decimal number")?;
        let proof = lines
            .map(|line| hash_from_base64(line).map_err(|_| "a line of the proof is not the base64 of a hash"))
            .collect::<Result<Vec<_>, _>>()?;
        if proof.len() > MAX_PROOF {
            return Err("more than 63 lines of proof");
        }
        Ok(Self { old: TreeSize(old), proof, note })
    }
}

impl<'a> AnyCheckpoint<'a> {
    /// Reads the text of a note: three lines, then extension lines, none of them empty.
    pub fn parse(text: &'a str) -> Result<Self, &'static str> {
        let mut lines = text.strip_suffix('\n').ok_or("the checkpoint does not end its last line")?.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err("the checkpoint has fewer than three lines");
        };
        if origin.is_empty() || lines.any(str::is_empty) {
            return Err("the checkpoint has an empty line");
        }
        let size = from_decimal(size).map_err(|_| "the size of the checkpoint is not a plain decimal number")?;
        let root = hash_from_base64(root).map_err(|_| "the root of the checkpoint is not the base64 of a hash")?;
        Ok(Self { origin, size: TreeSize(size), root })
    }

    /// Reads a signed note and does not look at its signatures.
    pub fn parse_note(note: &'a str) -> Result<Self, &'static str> {
        let (text, _) = note::split(note).ok_or("the checkpoint is not a signed note")?;
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_round_trip() {
        for proof in [vec![], vec![Hash([7; 32]), Hash([8; 32])]] {
            let body = AddCheckpoint { old: TreeSize(3), proof, note: "a\n\nb\n" };
            assert_eq!(AddCheckpoint::parse(body.text().as_bytes()), Ok(body));
        }
    }

    #[test]
    fn malformed_bodies_are_told_apart() {
        let line = to_base64([7; 32]);
        let many = format!("old 1\n{}\nnote", format!("{line}\n").repeat(64));
        for (body, what) in [
            ("", "no empty line"),
            ("old 1\nnote", "no empty line"),
            ("old1\n\nnote", "the first line"),
            ("\n\nnote", "the first line"),
            ("old 01\n\nnote", "the old size"),
            ("old -1\n\nnote", "the old size"),
            ("old  1\n\nnote", "the old size"),
            ("old 9223372036854775808\n\nnote", "the old size"),
            ("old 1\nabc\n\nnote", "a line of the proof"),
            (&many, "more than 63"),
        ] {
            let found = AddCheckpoint::parse(body.as_bytes()).expect_err(body);
            assert!(found.starts_with(what), "{body:?}: {found}");
        }
        assert_eq!(AddCheckpoint::parse(b"old 1\n\n\xff"), Err("the body is not UTF-8"));
    }

    #[test]
    fn checkpoints_of_other_logs_are_read() {
        let root = to_base64([9; 32]);
        let found = AnyCheckpoint::parse_note("go.sum database tree\n5\nCQkJ\next\n\nsignatures");
        assert_eq!(found, Err("the root of the checkpoint is not the base64 of a hash"));
        let note = format!("go.sum database tree\n5\n{root}\nextension\n\nsignatures");
        let found = AnyCheckpoint::parse_note(&note).unwrap();
        assert_eq!((found.origin, found.size, found.root), ("go.sum database tree", TreeSize(5), Hash([9; 32])));
        for bad in ["", "a\n5\n", &format!("\n5\n{root}\n"), &format!("a\n05\n{root}\n"), &format!("a\n5\n{root}\n\n")]
        {
            assert!(AnyCheckpoint::parse(bad).is_err(), "{bad:?}");
        }
    }
}
