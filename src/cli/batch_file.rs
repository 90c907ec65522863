//! The signed batch file (`*.signed`): what `sign` writes and `post` sends.
//!
//! A line of ASCII, `xuefen-signed-batch/v1 <origin> <count>` and a newline, then `count` messages `xuefen.v1.Posting`, each
//! after its length as a varint, then the end of the file. `Posting.sequence` is the row of the sheet the posting comes
//! from (the header is row 1). Postings carry payloads, which are personal data: the file has mode 0600.
//!
//! Read and written one posting at a time. Whether a posting is any good is not judged here.

use std::io::{BufRead, Read, Write};

use prost::Message;
use xuefen_core::origin::{Origin, OriginError};

use crate::api::proto::Posting;

const MAGIC: &str = "xuefen-signed-batch/v1";
/// Longest header line: the magic, the longest origin and a number.
const MAX_HEADER: u64 = 65_536 + 64;
/// Longest posting: a statement and 16 attestations of at most 65,535 bytes in all, and as much payload again.
pub const MAX_POSTING: usize = 256 * 1024;

/// Why a file is not a signed batch, or where it is damaged.
#[derive(Debug, thiserror::Error)]
pub enum BatchFileError {
    /// The file cannot be read or written.
    #[error("the batch file cannot be read or written")]
    Io(#[from] std::io::Error),
    /// The first line is not that of a batch file.
    #[error("not a signed batch file: its first line is not `{MAGIC} <origin> <count>`")]
    Header,
    /// A later version.
    #[error("a signed batch file of a later version; use a newer xuefen")]
    NewerVersion,
    /// The origin in the first line is none.
    #[error("the first line of the batch file names no origin")]
    Origin(#[source] OriginError),
    /// A posting is longer than [`MAX_POSTING`].
    #[error("posting {number} (after row {after_row}) is longer than {MAX_POSTING} bytes")]
    TooLong {
        /// Number of the posting in the file, from 1.
        number: u64,
        /// Row of the posting before it; 0 = none.
        after_row: u64,
    },
    /// The file ends within a posting, or has fewer than its first line says.
    #[error("the file ends in posting {number} (after row {after_row}) of {count}")]
    Cut {
        /// Number of the posting in the file, from 1.
        number: u64,
        /// Row of the posting before it; 0 = none.
        after_row: u64,
        /// Postings there should be.
        count: u64,
    },
    /// A posting cannot be decoded.
    #[error("posting {number} (after row {after_row}) is damaged")]
    Damaged {
        /// Number of the posting in the file, from 1.
        number: u64,
        /// Row of the posting before it; 0 = none.
        after_row: u64,
    },
    /// Bytes follow the last posting.
    #[error("the file goes on after its {count} postings")]
    TooMany {
        /// Postings there should be.
        count: u64,
    },
    /// Not as many postings were written as announced.
    #[error("{written} postings were written where {count} were announced")]
    Count {
        /// Announced.
        count: u64,
        /// Written.
        written: u64,
    },
}

/// Writes a batch file.
pub struct BatchWriter<W> {
    out: W,
    count: u64,
    written: u64,
}

impl<W: Write> BatchWriter<W> {
    /// Writes the first line. Exactly `count` postings must follow.
    pub fn new(mut out: W, origin: &Origin, count: u64) -> Result<Self, BatchFileError> {
        writeln!(out, "{MAGIC} {origin} {count}")?;
        Ok(Self { out, count, written: 0 })
    }

    /// Writes one posting.
    pub fn write(&mut self, posting: &Posting) -> Result<(), BatchFileError> {
        let number = self.written + 1;
        if posting.encoded_len() > MAX_POSTING {
            return Err(BatchFileError::TooLong { number, after_row: posting.sequence });
        }
        self.out.write_all(&posting.encode_length_delimited_to_vec())?;
        self.written = number;
        Ok(())
    }

    /// Checks the count and gives back what was written to.
    pub fn finish(mut self) -> Result<W, BatchFileError> {
        if self.written != self.count {
            return Err(BatchFileError::Count { count: self.count, written: self.written });
        }
        self.out.flush()?;
        Ok(self.out)
    }
}

/// Reads a batch file, posting by posting.
pub struct BatchReader<R> {
    input: R,
    origin: Origin,
    count: u64,
    read: u64,
    last_row: u64,
    /// After the first error or the end nothing more is read.
    done: bool,
}

impl<R: BufRead> BatchReader<R> {
    /// Reads the first line.
    pub fn new(mut input: R) -> Result<Self, BatchFileError> {
        let mut line = Vec::new();
        input.by_ref().take(MAX_HEADER).read_until(b'\n', &mut line)?;
        let line = std::str::from_utf8(&line).map_err(|_| BatchFileError::Header)?;
        let mut words = line.strip_suffix('\n').ok_or(BatchFileError::Header)?.split(' ');
        let magic = words.next().unwrap_or_default();
        if magic != MAGIC {
            let later = magic.strip_prefix("xuefen-signed-batch/v").is_some_and(is_decimal);
            return Err(if later { BatchFileError::NewerVersion } else { BatchFileError::Header });
        }
        let (Some(origin), Some(count), None) = (words.next(), words.next(), words.next()) else {
            return Err(BatchFileError::Header);
        };
        let origin = Origin::parse(origin).map_err(BatchFileError::Origin)?;
        if !is_decimal(count) {
            return Err(BatchFileError::Header);
        }
        let count = count.parse().map_err(|_| BatchFileError::Header)?;
        Ok(Self { input, origin, count, read: 0, last_row: 0, done: false })
    }

    /// The ledger the batch is for.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Postings in the file, by its first line.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    fn next_posting(&mut self) -> Result<Option<Posting>, BatchFileError> {
        if self.read == self.count {
            let more = !self.input.fill_buf()?.is_empty();
            return if more { Err(BatchFileError::TooMany { count: self.count }) } else { Ok(None) };
        }
        let (number, after_row, count) = (self.read + 1, self.last_row, self.count);
        let cut = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::UnexpectedEof => BatchFileError::Cut { number, after_row, count },
            _ => BatchFileError::Io(error),
        };
        let mut length = 0_usize;
        for shift in (0..28).step_by(7) {
            let mut byte = [0];
            self.input.read_exact(&mut byte).map_err(cut)?;
            length |= usize::from(byte[0] & 0x7f) << shift;
            if byte[0] & 0x80 == 0 {
                break;
            }
            if shift == 21 {
                return Err(BatchFileError::TooLong { number, after_row });
            }
        }
        if length > MAX_POSTING {
            return Err(BatchFileError::TooLong { number, after_row });
        }
        // A buffer of its own for each posting: the decoded one keeps slices of it.
        let mut bytes = vec![0; length];
        self.input.read_exact(&mut bytes).map_err(cut)?;
        let posting = Posting::decode(xuefen_core::bytes::Bytes::from(bytes))
            .map_err(|_| BatchFileError::Damaged { number, after_row })?;
        if posting.statement.is_empty() || posting.attestations.is_empty() {
            return Err(BatchFileError::Damaged { number, after_row });
        }
        self.read = number;
        self.last_row = posting.sequence;
        Ok(Some(posting))
    }
}

impl<R: BufRead> Iterator for BatchReader<R> {
    type Item = Result<Posting, BatchFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.next_posting().transpose();
        self.done = !matches!(next, Some(Ok(_)));
        next
    }
}

/// A decimal number without sign or leading zero.
fn is_decimal(text: &str) -> bool {
    text == "0" || (!text.is_empty() && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn posting(row: u64) -> Posting {
        Posting {
            sequence: row,
            statement: vec![1; 200].into(),
            attestations: vec![vec![2; 100].into()],
            payload: None,
        }
    }

    fn file(rows: &[u64]) -> Vec<u8> {
        let origin = Origin::parse("x.example/a").unwrap();
        let mut writer = BatchWriter::new(Vec::new(), &origin, rows.len() as u64).unwrap();
        for row in rows {
            writer.write(&posting(*row)).unwrap();
        }
        writer.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<u64>, BatchFileError> {
        BatchReader::new(bytes)?.map(|posting| Ok(posting?.sequence)).collect()
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = file(&[4, 2, 3]);
        assert!(bytes.starts_with(b"xuefen-signed-batch/v1 x.example/a 3\n"));
        assert_eq!(read(&bytes).unwrap(), [4, 2, 3]);
        assert_eq!(read(&file(&[])).unwrap(), Vec::<u64>::new());
    }

    #[test]
    fn a_cut_at_every_byte_is_found_and_names_the_row_before() {
        let bytes = file(&[9, 5]);
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "cut to {length}");
        }
        let cut = read(&bytes[..bytes.len() - 1]).unwrap_err();
        assert_eq!(cut.to_string(), "the file ends in posting 2 (after row 9) of 2");
    }

    #[test]
    fn what_follows_and_what_is_too_long_or_damaged_is_refused() {
        let good = file(&[9]);
        let more = [good.as_slice(), b"\0"].concat();
        assert!(matches!(read(&more), Err(BatchFileError::TooMany { count: 1 })));
        let header = b"xuefen-signed-batch/v1 x.example/a 1\n".as_slice();
        let long = [header, &[0xff, 0xff, 0xff, 0xff, 0x7f]].concat();
        assert!(matches!(read(&long), Err(BatchFileError::TooLong { number: 1, after_row: 0 })));
        // Not protobuf; empty; without a statement; without an attestation.
        for body in [&[2, 0xff, 0xff][..], &[0], &[2, 0x08, 0x01], &[3, 0x12, 0x01, 0x01]] {
            let bytes = [header, body].concat();
            assert!(matches!(read(&bytes), Err(BatchFileError::Damaged { number: 1, .. })), "{body:x?}");
        }
    }

    #[test]
    fn after_an_error_nothing_more_is_read() {
        let bytes = file(&[9, 5]);
        let mut reader = BatchReader::new(&bytes[..bytes.len() - 1]).unwrap();
        assert!(reader.next().unwrap().is_ok());
        assert!(reader.next().unwrap().is_err());
        assert!(reader.next().is_none());
    }

    #[test]
    fn other_first_lines_are_refused() {
        assert!(matches!(read(b"xuefen-signed-batch/v2 x.example/a 1\n"), Err(BatchFileError::NewerVersion)));
        for bad in ["", "\n", "xuefen-signed-batch/v1 x.example/a\n", "xuefen-signed-batch/v1 x.example/a 01\n"] {
            assert!(matches!(read(bad.as_bytes()), Err(BatchFileError::Header)), "{bad:?}");
        }
        assert!(matches!(read(b"xuefen-signed-batch/v1 X 1\n"), Err(BatchFileError::Origin(_))));
        assert!(matches!(read(b"xuefen-signed-batch/v1 x.example/a 1 \n"), Err(BatchFileError::Header)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_batch_or_an_error(bytes in vec(any::<u8>(), 0..100), count in 0_u64..4) {
            let file = [format!("xuefen-signed-batch/v1 x.example/a {count}\n").as_bytes(), &bytes].concat();
            let _ = (read(&file), read(&bytes));
        }
    }
}
