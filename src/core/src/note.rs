//! Signed notes: text and signature lines (C2SP signed-note, formats.md 4).
//!
//! What the text says is none of this module's business: `checkpoint` and `status` read it, `policy` names the keys.

use crate::cosignature;
use crate::key::{SecretKey, Signature};
use crate::text::{from_base64, to_base64};
use crate::vkey::{KeyName, KeyType, VerifierKey, is_key_name};
use core::fmt;

/// Most signature lines of a note, known or not.
pub const MAX_SIGNATURES: usize = 100;

/// What a signature line starts with: an em dash and a space.
const LINE_START: &str = "\u{2014} ";

/// Why a note does not stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// Not text, empty line, signature lines, each ended by a newline, without other control characters.
    Form,
    /// More than [`MAX_SIGNATURES`] signature lines.
    TooManySignatures,
    /// A signature is not canonical base64.
    Base64,
    /// A known key's signature is wrong, or its cosignature time is 2^63 or later.
    Signature {
        /// Name of the key.
        key: String,
    },
    /// No line is by a known key.
    NoKnownKey,
}

impl NoteError {
    /// The stable code of this error.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Form | Self::TooManySignatures | Self::NoKnownKey => "NOTE",
            Self::Base64 => "BASE64",
            Self::Signature { .. } => "SIGNATURE",
        }
    }
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form => f.write_str("not the form of a signed note"),
            Self::TooManySignatures => write!(f, "more than {MAX_SIGNATURES} signature lines"),
            Self::Base64 => f.write_str("a signature is not canonical base64"),
            Self::Signature { key } => write!(f, "the signature of {key} is wrong"),
            Self::NoKnownKey => f.write_str("no signature is by a known key"),
        }
    }
}

impl core::error::Error for NoteError {}

/// One signature line as it was read: not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct SignatureLine<'a> {
    name: &'a str,
    /// Key hash (four bytes), then what the key's type asks for.
    blob: Vec<u8>,
}

/// A note whose form is good and whose signatures nobody has checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    lines: Vec<SignatureLine<'a>>,
}

/// A signature line that a known key verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// Unix seconds, of a cosignature only: when the witness knew of no larger consistent tree.
    pub time: Option<u64>,
}

/// The text of a note and its signature lines: split at the last empty line. The text keeps its last newline.
/// `None` if there is no empty line.
#[must_use]
pub fn split(note: &str) -> Option<(&str, &str)> {
    let at = note.rfind("\n\n")?;
    Some((&note[..=at], &note[at + 2..]))
}

impl<'a> Note<'a> {
    /// Reads a note. Every signature line must be well formed, known key or not.
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        if note.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(NoteError::Form);
        }
        let (text, signatures) = split(note).ok_or(NoteError::Form)?;
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Form)?;
        if signatures.split('\n').nth(MAX_SIGNATURES).is_some() {
            return Err(NoteError::TooManySignatures);
        }
        let lines = signatures.split('\n').map(parse_line).collect::<Result<_, _>>()?;
        Ok(Self { text, lines })
    }

    /// The signed text, its last newline included.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Checks every line of a known key: all of them must verify, and at least one there must be. Lines of other keys
    /// count for nothing. A line that stands there twice is checked, and returned, once.
    pub fn verify<'k>(&self, known: &[&'k VerifierKey]) -> Result<Vec<Signed<'k>>, NoteError> {
        let mut signed = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let key = known.iter().find(|key| key.name().as_str() == line.name && line.blob.starts_with(&key.hash()));
            let Some(key) = key.copied() else { continue };
            if self.lines[..at].contains(line) {
                continue;
            }
            let time =
                self.check(key, &line.blob[4..]).ok_or_else(|| NoteError::Signature { key: line.name.to_owned() })?;
            signed.push(Signed { key, time: time.seconds() });
        }
        if signed.is_empty() { Err(NoteError::NoKnownKey) } else { Ok(signed) }
    }

    /// `None` if the signature is wrong, else what it says beside the text.
    fn check(&self, key: &VerifierKey, signature: &[u8]) -> Option<Said> {
        match key.key_type() {
            KeyType::Note => {
                let signature = Signature::from_slice(signature)?;
                key.public_key().verify(self.text.as_bytes(), &signature).then_some(Said::TextOnly)
            }
            KeyType::Cosignature => cosignature::verify(self.text, key.public_key(), signature).map(Said::Time),
        }
    }
}

/// What a good signature says.
enum Said {
    TextOnly,
    /// And that nothing newer was known at this time.
    Time(u64),
}

impl Said {
    const fn seconds(&self) -> Option<u64> {
        match self {
            Self::TextOnly => None,
            Self::Time(seconds) => Some(*seconds),
        }
    }
}

fn parse_line(line: &str) -> Result<SignatureLine<'_>, NoteError> {
    let (name, blob) = line.strip_prefix(LINE_START).and_then(|line| line.split_once(' ')).ok_or(NoteError::Form)?;
    if !is_key_name(name) || blob.contains(' ') {
        return Err(NoteError::Form);
    }
    let blob = from_base64(blob).map_err(|_| NoteError::Base64)?;
    // Four bytes of key hash and no signature are no signature.
    if blob.len() > 4 { Ok(SignatureLine { name, blob }) } else { Err(NoteError::Form) }
}

/// Whether `text` can be the text of a note: at least one line, each ended by a newline, no other control character.
#[must_use]
pub fn is_text(text: &str) -> bool {
    text.ends_with('\n') && text.bytes().all(|byte| byte >= b' ' || byte == b'\n')
}

/// A signature line (newline included) over `text` by a key of type [`KeyType::Note`].
#[must_use]
pub fn sign(text: &str, name: &KeyName, key: &SecretKey) -> String {
    let vkey = VerifierKey::new(name.clone(), KeyType::Note, key.public().clone());
    line(&vkey, &[key.sign(text.as_bytes()).as_bytes()])
}

/// A signature line: name, and base64 of key hash and `parts`.
pub(crate) fn line(key: &VerifierKey, parts: &[&[u8]]) -> String {
    let blob = [&key.hash()[..], &parts.concat()].concat();
    format!("{LINE_START}{} {}\n", key.name(), to_base64(blob))
}

/// A whole note: the text, an empty line, the signature lines as [`sign`] and [`cosignature::sign`] make them.
#[must_use]
pub fn assemble<'a>(text: &str, lines: impl IntoIterator<Item = &'a str>) -> String {
    let mut note = format!("{text}\n");
    note.extend(lines);
    note
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn vkey(name: &str, seed: u8) -> VerifierKey {
        VerifierKey::new(KeyName::parse(name).unwrap(), KeyType::Note, key(seed).public().clone())
    }

    fn signed(text: &str, count: usize) -> String {
        let line = sign(text, &KeyName::parse("a").unwrap(), &key(1));
        let strangers: Vec<_> = (1..count).map(|i| line.replace(" a ", &format!(" b{i} "))).collect();
        assemble(text, strangers.iter().map(String::as_str).chain([line.as_str()]))
    }

    #[test]
    fn a_signed_note_verifies_and_unknown_lines_count_for_nothing() {
        let note = signed("one\n\ntwo\n", 3);
        let note = Note::parse(&note).unwrap();
        assert_eq!(note.text(), "one\n\ntwo\n");
        let (known, other) = (vkey("a", 1), vkey("a", 2));
        assert_eq!(note.verify(&[&other, &known]), Ok(vec![Signed { key: &known, time: None }]));
        assert_eq!(note.verify(&[&other]), Err(NoteError::NoKnownKey));
        assert_eq!(note.verify(&[]), Err(NoteError::NoKnownKey));
    }

    #[test]
    fn one_wrong_line_of_a_known_key_spoils_the_note() {
        let good = signed("one\n", 1);
        let other = sign("two\n", &KeyName::parse("a").unwrap(), &key(1));
        let note = format!("{good}{other}");
        let wrong = Err(NoteError::Signature { key: "a".into() });
        assert_eq!(Note::parse(&note).unwrap().verify(&[&vkey("a", 1)]), wrong);
        let short =
            format!("{good}— a {}\n", to_base64(vkey("a", 1).hash().iter().chain(&[9]).copied().collect::<Vec<_>>()));
        assert_eq!(Note::parse(&short).unwrap().verify(&[&vkey("a", 1)]), wrong);
    }

    #[test]
    fn at_most_100_signature_lines() {
        let known = vkey("a", 1);
        let hundred = signed("one\n", 100);
        assert_eq!(Note::parse(&hundred).unwrap().verify(&[&known]).map(|signed| signed.len()), Ok(1));
        assert_eq!(Note::parse(&signed("one\n", 101)), Err(NoteError::TooManySignatures));
        let mut repeated = signed("one\n", 1);
        let line = repeated.split_off(repeated.find('—').unwrap());
        let repeated = assemble("one\n", [line.as_str(); 100]);
        assert_eq!(Note::parse(&repeated).unwrap().verify(&[&known]).map(|signed| signed.len()), Ok(1));
    }

    #[test]
    fn broken_forms_are_refused() {
        for bad in ["", "\n", "\n\n", "one", "one\n", "one\n\n", "one\n\n\n", "one\n\n— a\n", "one\n\n— a \n"] {
            assert!(Note::parse(bad).is_err(), "{bad:?}");
        }
        let good = signed("one\n", 1);
        let (text, line) = split(&good).unwrap();
        let changes = [
            line.replace("— ", "—"),
            line.replace("— ", " — "),
            line.replace("— ", "—\u{a0}"),
            line.replace(" a ", " a+b "),
            line.replace(" a ", " a\u{3000}b "),
            line.replace(" a ", "  "),
            line.replace('\n', " \n"),
            line.replace('\n', "\r\n"),
            line.replace('\n', "\n\n"),
            line.replace('\n', ""),
        ];
        for change in changes {
            assert_eq!(Note::parse(&format!("{text}\n{change}")), Err(NoteError::Form), "{change:?}");
        }
        assert_eq!(Note::parse(&good.replace("=\n", "\n")), Err(NoteError::Base64));
        assert!(is_text("a\nb\n") && !is_text("") && !is_text("a") && !is_text("a\tb\n"));
    }
}
