//! The encodings that spreadsheets save text in: UTF-8, GB18030 and, by its mark, UTF-16.

use anyhow::ensure;

/// Bytes in which a text without a mark would have shown a NUL if it were UTF-16.
const LOOKED_AT: usize = 4096;

/// The text: UTF-8 or, if it is not valid UTF-8, GB18030; a byte order mark decides over both. What GB18030 does not have
/// becomes U+FFFD, which refuses the row and not the file.
pub fn decode(bytes: &[u8]) -> anyhow::Result<String> {
    if let Some((encoding, _)) = encoding_rs::Encoding::for_bom(bytes) {
        return Ok(encoding.decode(bytes).0.into_owned());
    }
    ensure!(
        !bytes.iter().take(LOOKED_AT).any(|byte| *byte == 0),
        "the file has NUL bytes: UTF-16 without its mark, or no text; save it as CSV UTF-8 or as .xlsx"
    );
    Ok(match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => encoding_rs::GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    })
}
