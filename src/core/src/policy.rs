//! Whom a verifier trusts to run a log and to witness it: the C2SP tlog-policy file (formats.md 4).
//!
//! Log and witness keys only. Authority and status keys stand in their own file (`authority_file`).

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{Note, NoteError, Signed};
use crate::text::from_decimal;
use crate::vkey::{KeyType, VerifierKey, VkeyError};
use core::fmt;

/// Most witnesses and groups of a policy together: bounds the depth of groups within groups.
pub const MAX_NAMES: usize = 256;

/// A log whose checkpoints are accepted. Its key's name is its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Key of type [`KeyType::Note`].
    pub key: VerifierKey,
    /// Where its tiles are.
    pub url: String,
}

/// A witness that may count towards the quorum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name in this file: no more than a handle.
    pub name: String,
    /// Key of type [`KeyType::Cosignature`].
    pub key: VerifierKey,
    /// Its submission prefix (C2SP tlog-witness).
    pub url: String,
}

/// Something that witnesses: one witness, or a group of members.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    /// By its place in the list of witnesses.
    Witness(usize),
    /// At least `threshold` of the members.
    Group { threshold: usize, members: Vec<Member> },
}

/// A trust policy: any of its logs, cosigned as its quorum says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    quorum: Quorum,
}

/// The quorum line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Quorum {
    /// `quorum none`: no witness is needed.
    None,
    Of(Member),
}

/// What is wrong with a line of a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyProblem {
    /// A control character other than tab and newline.
    Character,
    /// Not a line of the known kinds, or with too few or too many parts; log and witness lines need a URL.
    Line,
    /// The key cannot be read.
    Key(VkeyError),
    /// A log's key is not of type 0x01, or a witness's not of type 0x04.
    KeyType,
    /// The public key stands in the file already.
    DuplicateKey,
    /// The name is taken, or it is `none`.
    Name,
    /// No line above defines this name.
    UnknownMember,
    /// The name is a member of a group already, so it would count twice.
    MemberTwice,
    /// Not `all`, `any` or a number from 1 to the number of members.
    Threshold,
    /// There is no quorum line, or a second one.
    Quorum,
    /// More than [`MAX_NAMES`] witnesses and groups.
    TooMany,
}

/// A policy file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// Line number from 1; the last line if something is missing.
    pub line: usize,
    /// What is wrong there.
    pub problem: PolicyProblem,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = match self.problem {
            PolicyProblem::Character => "control character",
            PolicyProblem::Line => "not a log, witness, group or quorum line with all its parts",
            PolicyProblem::Key(_) => "the key cannot be read",
            PolicyProblem::KeyType => "the key is not of the type that belongs here",
            PolicyProblem::DuplicateKey => "the key stands in the file twice",
            PolicyProblem::Name => "the name is taken",
            PolicyProblem::UnknownMember => "a name that no line above defines",
            PolicyProblem::MemberTwice => "a name that is a group's member already",
            PolicyProblem::Threshold => "the threshold is not all, any or 1 to the number of members",
            PolicyProblem::TooMany => "too many witnesses and groups",
            PolicyProblem::Quorum => "there must be exactly one quorum line",
        };
        write!(f, "policy line {}: {problem}", self.line)
    }
}

impl core::error::Error for PolicyError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.problem {
            PolicyProblem::Key(error) => Some(error),
            _ => None,
        }
    }
}

/// Why a checkpoint is not one that the policy accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotAccepted {
    /// The note does not stand.
    Note(NoteError),
    /// Its text is no checkpoint.
    Checkpoint(CheckpointError),
    /// None of the policy's logs of that origin signed it.
    NotByItsLog,
    /// Too few witnesses.
    Quorum {
        /// How many of the policy's witnesses cosigned.
        cosigned: usize,
    },
}

impl NotAccepted {
    /// The stable code of this error.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Note(error) => error.as_str(),
            Self::Checkpoint(error) => error.as_str(),
            Self::NotByItsLog => "CHECKPOINT",
            Self::Quorum { .. } => "QUORUM",
        }
    }
}

impl fmt::Display for NotAccepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(_) => f.write_str("the signed checkpoint does not stand"),
            Self::Checkpoint(_) => f.write_str("the signed text is no checkpoint"),
            Self::NotByItsLog => f.write_str("the checkpoint is not signed by its log"),
            Self::Quorum { cosigned } => write!(f, "{cosigned} cosignatures do not make the quorum"),
        }
    }
}

impl core::error::Error for NotAccepted {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Note(error) => Some(error),
            Self::Checkpoint(error) => Some(error),
            Self::NotByItsLog | Self::Quorum { .. } => None,
        }
    }
}

/// A checkpoint that the policy accepts, and who stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<'p> {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The policy's witnesses that cosigned, each once, and when (Unix seconds).
    pub cosigned: Vec<(&'p Witness, u64)>,
}

impl Policy {
    /// Reads a policy file.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut reader = Reader::default();
        let mut number = 0;
        for line in text.split('\n') {
            number += 1;
            reader.line(line).map_err(|problem| PolicyError { line: number, problem })?;
        }
        let quorum = reader.quorum.ok_or(PolicyError { line: number, problem: PolicyProblem::Quorum })?;
        Ok(Self { logs: reader.logs, witnesses: reader.witnesses, quorum })
    }

    /// The logs, as they stand in the file.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses, as they stand in the file.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// Whether the file says `quorum none`: the log alone is trusted, which whoever reports a result must say.
    #[must_use]
    pub const fn quorum_is_none(&self) -> bool {
        matches!(self.quorum, Quorum::None)
    }

    /// Checks a signed checkpoint: every line of a known key verifies, its log signed it, the quorum is met.
    pub fn accept(&self, note: &str) -> Result<Accepted<'_>, NotAccepted> {
        let note = Note::parse(note).map_err(NotAccepted::Note)?;
        let logs = self.logs.iter().map(|log| &log.key);
        let known: Vec<_> = logs.chain(self.witnesses.iter().map(|witness| &witness.key)).collect();
        let signed = note.verify(&known).map_err(NotAccepted::Note)?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(NotAccepted::Checkpoint)?;
        let by_log = |signed: &Signed| {
            signed.key.key_type() == KeyType::Note && signed.key.name().as_str() == checkpoint.origin.as_str()
        };
        if !signed.iter().any(by_log) {
            return Err(NotAccepted::NotByItsLog);
        }
        let cosigned = self.cosigned(&signed);
        let has = |place: usize| {
            cosigned.iter().any(|(witness, _)| core::ptr::eq(*witness, &raw const self.witnesses[place]))
        };
        if self.quorum.met(&has) {
            Ok(Accepted { checkpoint, cosigned })
        } else {
            Err(NotAccepted::Quorum { cosigned: cosigned.len() })
        }
    }

    /// The witnesses among the signers, each with its latest time.
    fn cosigned(&self, signed: &[Signed<'_>]) -> Vec<(&Witness, u64)> {
        let time = |witness: &Witness| {
            signed.iter().filter(|signed| *signed.key == witness.key).filter_map(|signed| signed.time).max()
        };
        self.witnesses.iter().filter_map(|witness| Some((witness, time(witness)?))).collect()
    }
}

impl Quorum {
    fn met(&self, has: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::None => true,
            Self::Of(member) => member.met(has),
        }
    }
}

impl Member {
    fn met(&self, has: &impl Fn(usize) -> bool) -> bool {
        match self {
            Self::Witness(place) => has(*place),
            Self::Group { threshold, members } => members.iter().filter(|member| member.met(has)).count() >= *threshold,
        }
    }
}

/// The file as far as it has been read.
#[derive(Default)]
struct Reader {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    names: Vec<Definition>,
    quorum: Option<Quorum>,
}

/// A witness or group line.
struct Definition {
    name: String,
    member: Member,
    /// A name is a member of at most one group, so that a witness counts in one way only.
    in_a_group: bool,
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), PolicyProblem> {
        if line.bytes().any(|byte| (byte < b' ' && byte != b'\t') || byte == 0x7f) {
            return Err(PolicyProblem::Character);
        }
        // Space and tab only: other white space of Unicode may be part of a name.
        let parts: Vec<_> = line.split([' ', '\t']).filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] => Ok(()),
            [comment, ..] if comment.starts_with('#') => Ok(()),
            ["log", key, url] => {
                let key = self.key(key, KeyType::Note)?;
                self.logs.push(Log { key, url: (*url).to_owned() });
                Ok(())
            }
            ["witness", name, key, url] => {
                let key = self.key(key, KeyType::Cosignature)?;
                self.define(name, Member::Witness(self.witnesses.len()))?;
                self.witnesses.push(Witness { name: (*name).to_owned(), key, url: (*url).to_owned() });
                Ok(())
            }
            ["group", name, threshold, members @ ..] if !members.is_empty() => self.group(name, threshold, members),
            ["quorum", name] => self.quorum(name),
            _ => Err(PolicyProblem::Line),
        }
    }

    fn key(&self, text: &str, key_type: KeyType) -> Result<VerifierKey, PolicyProblem> {
        let key = VerifierKey::parse(text).map_err(PolicyProblem::Key)?;
        if key.key_type() != key_type {
            return Err(PolicyProblem::KeyType);
        }
        // Also across logs and witnesses: a key never serves two types.
        let mut keys = self.logs.iter().map(|log| &log.key).chain(self.witnesses.iter().map(|witness| &witness.key));
        if keys.any(|other| other.public_key() == key.public_key()) {
            return Err(PolicyProblem::DuplicateKey);
        }
        Ok(key)
    }

    fn define(&mut self, name: &str, member: Member) -> Result<(), PolicyProblem> {
        if name == "none" || self.names.iter().any(|taken| taken.name == name) {
            return Err(PolicyProblem::Name);
        }
        if self.names.len() == MAX_NAMES {
            return Err(PolicyProblem::TooMany);
        }
        self.names.push(Definition { name: name.to_owned(), member, in_a_group: false });
        Ok(())
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), PolicyProblem> {
        let threshold = match threshold {
            "all" => members.len(),
            "any" => 1,
            number => {
                from_decimal(number).ok().and_then(|k| usize::try_from(k).ok()).ok_or(PolicyProblem::Threshold)?
            }
        };
        if !(1..=members.len()).contains(&threshold) {
            return Err(PolicyProblem::Threshold);
        }
        let members = members.iter().map(|member| self.member(member)).collect::<Result<_, _>>()?;
        self.define(name, Member::Group { threshold, members })
    }

    fn member(&mut self, name: &str) -> Result<Member, PolicyProblem> {
        let found = self.names.iter_mut().find(|defined| defined.name == name).ok_or(PolicyProblem::UnknownMember)?;
        if core::mem::replace(&mut found.in_a_group, true) {
            return Err(PolicyProblem::MemberTwice);
        }
        Ok(found.member.clone())
    }

    fn quorum(&mut self, name: &str) -> Result<(), PolicyProblem> {
        if self.quorum.is_some() {
            return Err(PolicyProblem::Quorum);
        }
        let defined = self.names.iter().find(|defined| defined.name == name);
        self.quorum = Some(match defined {
            Some(defined) => Quorum::Of(defined.member.clone()),
            None if name == "none" => Quorum::None,
            None => return Err(PolicyProblem::UnknownMember),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SecretKey;
    use crate::vkey::KeyName;
    use crate::{cosignature, note};

    const TEXT: &str = "log.example/a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    fn vkey(key_name: &str, seed: u8, key_type: KeyType) -> VerifierKey {
        VerifierKey::new(name(key_name), key_type, secret(seed).public().clone())
    }

    /// A log and the witnesses a to e, then the given lines.
    fn file(lines: &str) -> String {
        let log = vkey("log.example/a", 200, KeyType::Note);
        let witness = |w| format!("witness {} {}", char::from(w), vkey("w.example", w, KeyType::Cosignature));
        let witnesses: Vec<_> = (b'a'..=b'e').map(|w| witness(w) + " https://w/\n").collect();
        let witnesses = witnesses.concat();
        format!("log {log} https://log/\n{witnesses}{lines}")
    }

    fn problem(text: &str) -> PolicyProblem {
        Policy::parse(text).unwrap_err().problem
    }

    fn signed_by(witnesses: &str) -> String {
        let log = note::sign(TEXT, &name("log.example/a"), &secret(200));
        let lines = witnesses.bytes().map(|w| cosignature::sign(TEXT, &name("w.example"), &secret(w), 7));
        let lines: Vec<_> = lines.chain([log]).collect();
        note::assemble(TEXT, lines.iter().map(String::as_str))
    }

    #[test]
    fn quorums_of_groups_count_as_they_say() {
        let nested = "group two 2 a b c\n\tgroup  any any d\te \n # both\ngroup top all two any\nquorum top";
        let cases = [
            (nested, vec!["abd", "ace", "abcde"], vec!["ab", "ad", "de", "abc", ""]),
            ("quorum a\n", vec!["a", "ab"], vec!["b", ""]),
            ("group g any a b\nquorum a", vec!["a"], vec!["b"]),
            ("quorum none\n", vec!["", "a"], vec![]),
            ("group g 2 a b c\ngroup h 1 g d\nquorum h", vec!["d", "bc"], vec!["a", "e"]),
        ];
        for (lines, met, not_met) in cases {
            let policy = Policy::parse(&file(lines)).unwrap();
            assert_eq!(policy.quorum_is_none(), lines.starts_with("quorum none"));
            for witnesses in met {
                let note = signed_by(witnesses);
                let accepted = policy.accept(&note).unwrap();
                let names: String = accepted.cosigned.iter().map(|(witness, _)| witness.name.as_str()).collect();
                assert_eq!(names, witnesses);
            }
            for witnesses in not_met {
                let refused = policy.accept(&signed_by(witnesses));
                assert_eq!(refused, Err(NotAccepted::Quorum { cosigned: witnesses.len() }), "{lines} {witnesses}");
            }
        }
    }

    #[test]
    fn broken_lines_are_refused() {
        let log = vkey("log.example/b", 201, KeyType::Note);
        let same = vkey("other.example", 200, KeyType::Cosignature);
        let cases = [
            (String::new(), PolicyProblem::Quorum),
            ("quorum a\nquorum a".into(), PolicyProblem::Quorum),
            ("quorum z".into(), PolicyProblem::UnknownMember),
            ("quorum top\ngroup top all a".into(), PolicyProblem::UnknownMember),
            ("group a all b".into(), PolicyProblem::Name),
            ("group none all b".into(), PolicyProblem::Name),
            ("group g all none".into(), PolicyProblem::UnknownMember),
            ("group g all g".into(), PolicyProblem::UnknownMember),
            ("group g all a a".into(), PolicyProblem::MemberTwice),
            ("group g all a\ngroup h all a b".into(), PolicyProblem::MemberTwice),
            ("group g 0 a".into(), PolicyProblem::Threshold),
            ("group g 2 a".into(), PolicyProblem::Threshold),
            ("group g 01 a".into(), PolicyProblem::Threshold),
            ("group g most a".into(), PolicyProblem::Threshold),
            ("group g all".into(), PolicyProblem::Line),
            ("quorum".into(), PolicyProblem::Line),
            ("quorum a b".into(), PolicyProblem::Line),
            ("Quorum a".into(), PolicyProblem::Line),
            ("quorum a\r\n".into(), PolicyProblem::Character),
            ("#\u{7f}".into(), PolicyProblem::Character),
            (format!("log {log}"), PolicyProblem::Line),
            (format!("witness w {log}"), PolicyProblem::Line),
            (format!("witness w {log} https://x/"), PolicyProblem::KeyType),
            (format!("log {same} https://x/"), PolicyProblem::KeyType),
            (format!("witness w {same} https://x/"), PolicyProblem::DuplicateKey),
            ("log log.example/b https://x/".into(), PolicyProblem::Key(VkeyError::Form)),
        ];
        for (lines, expected) in cases {
            assert_eq!(problem(&file(&lines)), expected, "{lines}");
        }
        let error = Policy::parse("quorum none\n\nlog x y").unwrap_err();
        assert_eq!(error, PolicyError { line: 3, problem: PolicyProblem::Key(VkeyError::Form) });
        let groups = |count| {
            (0..count).map(|i| format!("group g{i} all {}\n", if i == 0 { "a".into() } else { format!("g{}", i - 1) }))
        };
        let deepest: String = groups(MAX_NAMES - 5).collect();
        assert!(Policy::parse(&file(&format!("{deepest}quorum g{}", MAX_NAMES - 6))).is_ok());
        assert_eq!(problem(&file(&groups(MAX_NAMES - 4).collect::<String>())), PolicyProblem::TooMany);
    }
}
