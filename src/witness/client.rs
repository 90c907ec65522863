//! The asking side of `add-checkpoint` (C2SP tlog-witness): one witness, one conversation about one checkpoint.
//!
//! What a witness says is believed only as far as its own key signed it. When to ask, and what follows, is the feeder's
//! affair.

use xuefen_core::Hash;
use xuefen_core::hash::sha256;
use xuefen_core::note::{self, Note};
use xuefen_core::policy;
use xuefen_core::text::from_decimal;
use xuefen_core::tree::TreeSize;
use xuefen_core::vkey::VerifierKey;

use super::request::{AddCheckpoint, SIZE_TYPE};
use crate::http_client::{HttpAnswer, HttpClient, HttpError};

/// Most bytes taken of an answer: some signature lines, or a checkpoint.
const ANSWER: usize = 256 << 10;

/// Sizes tried in one conversation. A witness that names another one each time is asked again later.
const TRIES: usize = 4;

/// A cosignature may be this far ahead of this machine's clock, seconds.
const AHEAD: u64 = 300;

/// How much of a strange answer is repeated in a message, characters.
const QUOTED: usize = 120;

/// One witness of a policy.
#[derive(Clone, Debug)]
pub struct WitnessClient {
    name: String,
    key: VerifierKey,
    url: String,
    http: HttpClient,
}

/// What is to be cosigned.
pub struct Target<'a> {
    /// Size in the checkpoint.
    pub size: TreeSize,
    /// The signed note.
    pub note: &'a str,
    /// RFC 6962 consistency proof from a smaller size.
    pub prove: &'a (dyn Fn(TreeSize) -> Result<Vec<Hash>, String> + Sync),
}

/// A good cosignature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// Signature line, newline included.
    pub line: String,
    /// Unix seconds.
    pub time: u64,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Nobody answers, or too slowly.
    #[error("cannot be asked")]
    Away(#[source] HttpError),
    /// It answers that it cannot now: 429, 502, 503, 504.
    #[error("is busy or down (status {status})")]
    Busy {
        /// Status code.
        status: u16,
    },
    /// It does not cosign this log.
    #[error("does not know this log (status 404); give its operator the log's vkey and origin")]
    UnknownLog,
    /// It has cosigned more entries than this ledger has signed: somebody else signs with this log's key, or this is an older
    /// copy of the ledger.
    #[error("has cosigned {theirs} entries of this log, and this ledger has signed {ours}")]
    Ahead {
        /// Its size.
        theirs: TreeSize,
        /// The size that was submitted.
        ours: TreeSize,
    },
    /// It has cosigned another history of this log.
    #[error("says that the checkpoint of {size} entries does not extend what it cosigned: {said}")]
    Fork {
        /// The size that was submitted.
        size: TreeSize,
        /// What it said.
        said: String,
    },
    /// It answers 200 without a cosignature of its own, or with a false one.
    #[error("answered without a good cosignature of its key: {why}")]
    Lie {
        /// What is wrong.
        why: String,
    },
    /// An answer that the specification does not have in this place.
    #[error("answered what was not expected (status {status}): {said}")]
    Unexpected {
        /// Status code.
        status: u16,
        /// What it said.
        said: String,
    },
    /// The proof that it asks for cannot be made.
    #[error("asks for a proof that this ledger cannot make: {why}")]
    NoProof {
        /// Why not.
        why: String,
    },
}

impl Trouble {
    /// A stable word for metrics and JSON.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Away(_) => "AWAY",
            Self::Busy { .. } => "BUSY",
            Self::UnknownLog => "UNKNOWN_LOG",
            Self::Ahead { .. } => "AHEAD",
            Self::Fork { .. } => "FORK",
            Self::Lie { .. } => "LIE",
            Self::Unexpected { .. } => "UNEXPECTED",
            Self::NoProof { .. } => "NO_PROOF",
        }
    }

    /// Whether somebody has to look now. The others pass by themselves, or are seen by the lag they leave.
    #[must_use]
    pub const fn is_alarm(&self) -> bool {
        !matches!(self, Self::Away(_) | Self::Busy { .. })
    }

    /// The error and what it rests on, in one line.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(inner) = source {
            text.push_str(": ");
            text.push_str(&inner.to_string());
            source = inner.source();
        }
        text
    }
}

/// What one request brought, where it was no trouble.
enum Said {
    Cosigned(Cosignature),
    /// The size that it cosigned last.
    Last(TreeSize),
}

impl WitnessClient {
    /// A client of a policy's witness.
    #[must_use]
    pub fn new(witness: &policy::Witness, http: HttpClient) -> Self {
        let url = witness.url.trim_end_matches('/').to_owned();
        Self { name: witness.name.clone(), key: witness.key.clone(), url, http }
    }

    /// Its name in the policy.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its key.
    #[must_use]
    pub const fn key(&self) -> &VerifierKey {
        &self.key
    }

    /// Asks for a cosignature. `last` is what this witness is thought to have cosigned last. `now`: Unix seconds.
    pub async fn cosign(&self, last: TreeSize, target: &Target<'_>, now: u64) -> Result<Cosignature, Trouble> {
        let mut old = last.min(target.size);
        for _ in 0..TRIES {
            match self.ask(old, target, now).await? {
                Said::Cosigned(cosignature) => return Ok(cosignature),
                Said::Last(theirs) if theirs > target.size => {
                    return Err(Trouble::Ahead { theirs, ours: target.size });
                }
                // Version 1.0 of the specification answers so where 1.1 says 422.
                Said::Last(theirs) if theirs == old && old == target.size => {
                    let said = "409 for another root of the size that it cosigned last".to_owned();
                    return Err(Trouble::Fork { size: target.size, said });
                }
                Said::Last(theirs) if theirs == old => {
                    let said = format!("409 with the size {theirs} that was sent");
                    return Err(Trouble::Unexpected { status: 409, said });
                }
                Said::Last(theirs) => old = theirs,
            }
        }
        // Somebody else submits this log's checkpoints at the same time; the next round finds where it stands.
        Err(Trouble::Busy { status: 409 })
    }

    async fn ask(&self, old: TreeSize, target: &Target<'_>, now: u64) -> Result<Said, Trouble> {
        let proof = (target.prove)(old).map_err(|why| Trouble::NoProof { why })?;
        let body = AddCheckpoint { old, proof, note: target.note }.text();
        let url = format!("{}/add-checkpoint", self.url);
        let answer = self.http.post(&url, body, ANSWER).await.map_err(|error| match error {
            // Whoever answers and says too much is not away.
            HttpError::TooLong { .. } => Trouble::Lie { why: error.to_string() },
            error => Trouble::Away(error),
        })?;
        match answer.status {
            200 => self.cosignature(target.note, &answer, now).map(Said::Cosigned),
            404 => Err(Trouble::UnknownLog),
            409 => size(&answer).map(Said::Last),
            422 => Err(Trouble::Fork { size: target.size, said: quoted(&answer) }),
            status @ (429 | 502 | 503 | 504) => Err(Trouble::Busy { status }),
            status => Err(Trouble::Unexpected { status, said: quoted(&answer) }),
        }
    }

    /// The cosignature in a 200: one line by this witness's key, which must be good. Lines of other keys are ignored.
    fn cosignature(&self, signed: &str, answer: &HttpAnswer, now: u64) -> Result<Cosignature, Trouble> {
        let lie = |why: &str| Trouble::Lie { why: why.to_owned() };
        let lines = std::str::from_utf8(&answer.body).map_err(|_| lie("not text"))?;
        let (text, _) = note::split(signed).ok_or_else(|| lie("the submitted checkpoint is not a note"))?;
        let with = |lines: &str| format!("{text}\n{lines}");
        let whole = with(lines);
        let found = Note::parse(&whole).map_err(|error| lie(&error.to_string()))?;
        let by_it = found.verify(&[&self.key]).map_err(|error| lie(&error.to_string()))?;
        let time = by_it.first().and_then(|signed| signed.time).ok_or_else(|| lie("no time"))?;
        if time == 0 || time > now.saturating_add(AHEAD) {
            return Err(lie(&format!("its time is {time}, and it is {now} here")));
        }
        let by_its_key = |line: &&str| {
            let alone = with(line);
            Note::parse(&alone).is_ok_and(|note| note.verify(&[&self.key]).is_ok())
        };
        let found = lines.split_inclusive('\n').find(by_its_key).ok_or_else(|| lie("no line of its key"))?;
        Ok(Cosignature { line: found.to_owned(), time })
    }

    /// The newest checkpoint of a log that this witness serves, as it is sent; nothing if it serves none at the address of
    /// submissions.
    pub async fn newest(&self, origin: &str) -> Option<String> {
        let url = format!("{}/{}/checkpoint", self.url, sha256(&[origin.as_bytes()]));
        let answer = self.http.get(&url, ANSWER).await.ok().filter(|answer| answer.status == 200)?;
        String::from_utf8(answer.body.to_vec()).ok()
    }
}

/// The size in a 409: digits and a newline under the content type of the specification, nothing else.
fn size(answer: &HttpAnswer) -> Result<TreeSize, Trouble> {
    let unexpected = || Trouble::Unexpected { status: answer.status, said: quoted(answer) };
    let media = answer.content_type.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case(SIZE_TYPE) {
        return Err(unexpected());
    }
    let text = std::str::from_utf8(&answer.body).ok().and_then(|text| text.strip_suffix('\n'));
    text.and_then(|text| from_decimal(text).ok()).map(TreeSize).ok_or_else(unexpected)
}

/// The beginning of an answer, fit for a log line.
fn quoted(answer: &HttpAnswer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().take(QUOTED).map(printable).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests;
