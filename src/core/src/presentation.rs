//! The `.xuefen.json` file: what a learner shows a verifier (formats.md 5), read and written.
//!
//! Only the file: its entries stay bytes and its notes text. What they say, and whether it holds, is `verify`'s.

use crate::Hash;
use crate::disclosure::{Disclosed, Disclosure, Hidden};
use crate::holder::{HolderProof, MAX_PART};
use crate::json::{self, JsonError, Object, Value};
use crate::key::Signature;
use crate::text::{TextError, from_base64, hash_from_base64, to_base64};
use crate::tree::LeafIndex;
use core::fmt::{self, Write};
use prost::bytes::Bytes;

/// The `format` of this version.
pub const FORMAT: &str = "xuefen-presentation/v1";
/// What the `format` of every version starts with.
const ANY_FORMAT: &str = "xuefen-presentation/v";
/// Most items, the subject included.
pub const MAX_ITEMS: usize = 256;

/// The members of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presentation {
    /// The entry shown.
    pub subject: Item,
    /// What it rests on, strictly ascending by index.
    pub authority: Vec<Item>,
    /// The signed checkpoint that all items are proven against.
    pub checkpoint: String,
    /// A signed status note of the subject.
    pub status: Option<String>,
    /// Proof that the holder's key is at hand.
    pub holder: Option<HolderProof>,
}

/// An entry with its place in the log and what of its payload is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The entry's bytes.
    pub entry: Bytes,
    /// Where it stands.
    pub index: LeafIndex,
    /// Inclusion path, leaf's sibling first.
    pub path: Vec<Hash>,
    /// Shown and hidden fields, both empty for a public body.
    pub disclosure: Disclosure,
    /// A tag of 2^32 or more, which no [`Disclosure`] can hold: step 2 fails over it, not the reading. Its field is left
    /// out above.
    pub tag_too_large: Option<u64>,
}

/// Why bytes are not a presentation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentationError {
    /// Not strict JSON, or not these members.
    Json(JsonError),
    /// Another `format`.
    Format(String),
    /// A later version of this format: nothing is wrong with the file, it just cannot be checked here.
    NewerVersion(String),
    /// A member is not canonical base64, or not of the length that belongs there.
    Base64(&'static str),
    /// More than [`MAX_ITEMS`] items.
    TooManyItems,
    /// Authority items are not strictly ascending: this index is not above the one before it.
    AuthorityOrder(LeafIndex),
    /// Audience or challenge over 65,535 bytes, or a signature that is not 64.
    Holder,
}

impl PresentationError {
    /// Whether this is a failure; else the file could not be checked.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        !matches!(self, Self::NewerVersion(_))
    }

    /// The stable code of this error.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NewerVersion(_) => "VERSION",
            Self::Base64(_) => "BASE64",
            _ => "JSON",
        }
    }
}

impl fmt::Display for PresentationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(_) => f.write_str("not the members of a presentation in strict JSON"),
            Self::Format(format) => write!(f, "the format is {format:?}, not {FORMAT:?}"),
            Self::NewerVersion(format) => write!(f, "the format is {format:?}, later than this program"),
            Self::Base64(member) => write!(f, "{member:?} is not canonical base64 of the length that belongs there"),
            Self::TooManyItems => write!(f, "more than {MAX_ITEMS} items"),
            Self::AuthorityOrder(index) => write!(f, "authority item {index} is not above the one before it"),
            Self::Holder => f.write_str("a part of the holder's proof has the wrong length"),
        }
    }
}

impl core::error::Error for PresentationError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            _ => None,
        }
    }
}

impl From<JsonError> for PresentationError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl Presentation {
    /// Reads a file of at most 4 MiB.
    pub fn parse(file: &[u8]) -> Result<Self, PresentationError> {
        // The version comes before everything else: a later one may have members, numbers and nulls that this one refuses.
        // A file that reads as this version needs no second look.
        Self::read(file).map_err(|error| match json::peek(file, "format") {
            Some(format) if is_newer(&format) => PresentationError::NewerVersion(format.into_owned()),
            _ => error,
        })
    }

    fn read(file: &[u8]) -> Result<Self, PresentationError> {
        let mut file = json::parse(file)?.object("presentation")?;
        let format = file.take("format")?.text("format")?;
        if format != FORMAT {
            return Err(PresentationError::Format(format.into_owned()));
        }
        let subject = read_item(file.take("subject")?)?;
        let authority = file.take("authority")?.array("authority")?;
        if authority.len() >= MAX_ITEMS {
            return Err(PresentationError::TooManyItems);
        }
        let authority = authority.into_iter().map(read_item).collect::<Result<Vec<_>, _>>()?;
        if let Some(pair) = authority.windows(2).find(|pair| pair[0].index >= pair[1].index) {
            return Err(PresentationError::AuthorityOrder(pair[1].index));
        }
        let checkpoint = file.take("checkpoint")?.text("checkpoint")?.into_owned();
        let status = file.take_if_there("status").map(|status| status.text("status")).transpose()?;
        let holder = file.take_if_there("holder").map(read_holder).transpose()?;
        file.finish()?;
        Ok(Self { subject, authority, checkpoint, status: status.map(Into::into), holder })
    }

    /// The file: members in the order of formats.md, no white space.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = format!("{{\"format\":\"{FORMAT}\",\"subject\":");
        write_item(&mut json, &self.subject);
        json.push_str(",\"authority\":");
        write_list(&mut json, &self.authority, write_item);
        write_text(&mut json, ",\"checkpoint\":", &self.checkpoint);
        if let Some(status) = &self.status {
            write_text(&mut json, ",\"status\":", status);
        }
        if let Some(holder) = &self.holder {
            write_holder(&mut json, holder);
        }
        json.push('}');
        json
    }
}

/// `xuefen-presentation/v` and a decimal of 2 or more without leading zero, however many digits.
fn is_newer(format: &str) -> bool {
    format.strip_prefix(ANY_FORMAT).is_some_and(|version| {
        let digits = version.bytes().all(|byte| byte.is_ascii_digit());
        digits && !version.is_empty() && !version.starts_with('0') && version != "1"
    })
}

fn read_item(value: Value<'_>) -> Result<Item, PresentationError> {
    let mut item = value.object("item")?;
    let entry = take_bytes(&mut item, "entry")?.into();
    let index = LeafIndex(item.take("index")?.number("index")?);
    let path = item.take("path")?.array("path")?.into_iter().map(|hash| {
        let hash = hash.text("path")?;
        hash_from_base64(&hash).map_err(|_: TextError| PresentationError::Base64("path"))
    });
    let path = path.collect::<Result<_, _>>()?;
    let mut read = Item { entry, index, path, disclosure: Disclosure::default(), tag_too_large: None };
    for field in item.take("disclosed")?.array("disclosed")? {
        let mut field = field.object("disclosed")?;
        let (tag, salt, value) =
            (take_tag(&mut field)?, take_hash(&mut field, "salt")?, take_bytes(&mut field, "value")?);
        field.finish()?;
        match tag {
            Ok(tag) => read.disclosure.disclosed.push(Disclosed { tag, salt, value }),
            Err(tag) => read.tag_too_large = Some(tag),
        }
    }
    for field in item.take("hidden")?.array("hidden")? {
        let mut field = field.object("hidden")?;
        let (tag, commitment) = (take_tag(&mut field)?, take_hash(&mut field, "commitment")?);
        field.finish()?;
        match tag {
            Ok(tag) => read.disclosure.hidden.push(Hidden { tag, commitment }),
            Err(tag) => read.tag_too_large = Some(tag),
        }
    }
    item.finish()?;
    Ok(read)
}

fn read_holder(value: Value<'_>) -> Result<HolderProof, PresentationError> {
    let mut holder = value.object("holder")?;
    let key = take_bytes(&mut holder, "key")?;
    let audience = holder.take("audience")?.text("audience")?.into_owned();
    let challenge = take_bytes(&mut holder, "challenge")?;
    let time = holder.take("time")?.number("time")?;
    let signature = Signature::from_slice(&take_bytes(&mut holder, "signature")?).ok_or(PresentationError::Holder)?;
    holder.finish()?;
    if audience.len() > MAX_PART || challenge.len() > MAX_PART {
        return Err(PresentationError::Holder);
    }
    Ok(HolderProof { key, audience, challenge, time, signature })
}

fn take_bytes(object: &mut Object<'_>, name: &'static str) -> Result<Vec<u8>, PresentationError> {
    let text = object.take(name)?.text(name)?;
    from_base64(&text).map_err(|_| PresentationError::Base64(name))
}

fn take_hash(object: &mut Object<'_>, name: &'static str) -> Result<Hash, PresentationError> {
    let text = object.take(name)?.text(name)?;
    hash_from_base64(&text).map_err(|_| PresentationError::Base64(name))
}

/// A tag, or a number that is too large for one.
fn take_tag(object: &mut Object<'_>) -> Result<Result<u32, u64>, PresentationError> {
    let tag = object.take("tag")?.number("tag")?;
    Ok(u32::try_from(tag).map_err(|_| tag))
}

fn write_item(json: &mut String, item: &Item) {
    write_base64(json, "{\"entry\":", &item.entry);
    write_number(json, ",\"index\":", item.index.0);
    json.push_str(",\"path\":");
    write_list(json, &item.path, |json, hash| write_base64(json, "", hash));
    json.push_str(",\"disclosed\":");
    write_list(json, &item.disclosure.disclosed, |json, field| {
        write_number(json, "{\"tag\":", field.tag.into());
        write_base64(json, ",\"salt\":", field.salt);
        write_base64(json, ",\"value\":", &field.value);
        json.push('}');
    });
    json.push_str(",\"hidden\":");
    write_list(json, &item.disclosure.hidden, |json, field| {
        write_number(json, "{\"tag\":", field.tag.into());
        write_base64(json, ",\"commitment\":", field.commitment);
        json.push('}');
    });
    json.push('}');
}

fn write_holder(json: &mut String, holder: &HolderProof) {
    write_base64(json, ",\"holder\":{\"key\":", &holder.key);
    write_text(json, ",\"audience\":", &holder.audience);
    write_base64(json, ",\"challenge\":", &holder.challenge);
    write_number(json, ",\"time\":", holder.time);
    write_base64(json, ",\"signature\":", holder.signature.as_bytes());
    json.push('}');
}

fn write_list<T>(json: &mut String, list: &[T], mut write: impl FnMut(&mut String, &T)) {
    json.push('[');
    for (at, element) in list.iter().enumerate() {
        if at > 0 {
            json.push(',');
        }
        write(json, element);
    }
    json.push(']');
}

fn write_number(json: &mut String, member: &str, number: u64) {
    write!(json, "{member}{number}").expect("a string takes all text");
}

fn write_base64(json: &mut String, member: &str, bytes: impl AsRef<[u8]>) {
    write!(json, "{member}\"{}\"", to_base64(bytes)).expect("a string takes all text");
}

fn write_text(json: &mut String, member: &str, text: &str) {
    let quoted = serde_json::to_string(text).expect("text has a JSON form");
    json.push_str(member);
    json.push_str(&quoted);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(index: u64) -> Item {
        let disclosed = vec![Disclosed { tag: 2, salt: Hash([2; 32]), value: b"value".to_vec() }];
        let hidden =
            vec![Hidden { tag: 1, commitment: Hash([1; 32]) }, Hidden { tag: u32::MAX, commitment: Hash([4; 32]) }];
        let disclosure = Disclosure { disclosed, hidden };
        Item {
            entry: Bytes::from_static(b"entry"),
            index: LeafIndex(index),
            path: vec![Hash([3; 32])],
            disclosure,
            tag_too_large: None,
        }
    }

    fn presentation(items: u64) -> Presentation {
        let holder = HolderProof {
            key: vec![1; 32],
            audience: "雇主 \"x\"\u{1}".into(),
            challenge: vec![9; 5],
            time: 7,
            signature: Signature([5; 64]),
        };
        Presentation {
            subject: item(7),
            authority: (0..items).map(item).collect(),
            checkpoint: "a\n— b\\\n".into(),
            status: Some("s\n".into()),
            holder: Some(holder),
        }
    }

    fn code(file: &str) -> Option<&'static str> {
        Presentation::parse(file.as_bytes()).err().map(|error| error.as_str())
    }

    #[test]
    fn presentations_round_trip() {
        let full = presentation(2);
        assert_eq!(Presentation::parse(full.to_json().as_bytes()), Ok(full.clone()));
        let bare = Presentation { authority: Vec::new(), status: None, holder: None, ..full };
        assert_eq!(Presentation::parse(bare.to_json().as_bytes()), Ok(bare));
    }

    #[test]
    fn at_most_256_items() {
        assert_eq!(code(&presentation(255).to_json()), None);
        let error = Presentation::parse(presentation(256).to_json().as_bytes());
        assert_eq!(error, Err(PresentationError::TooManyItems));
    }

    #[test]
    fn a_list_is_no_object() {
        // As serde's derived readers take it: the members' values in their order.
        let json = presentation(1).to_json();
        let cases = [
            ("{\"tag\":2,\"salt\":", "\"value\":"),
            ("{\"tag\":1,\"commitment\":", ""),
            ("{\"key\":", "\"audience\":"),
            ("{\"entry\":", "\"index\":"),
        ];
        for (start, _) in cases {
            let at = json.find(start).unwrap();
            let end = at + closing(&json[at..]);
            let inner: String = strip_names(&json[at + 1..end]);
            let changed = format!("{}[{inner}]{}", &json[..at], &json[end + 1..]);
            assert!(serde_json::from_str::<serde_json::Value>(&changed).is_ok(), "{changed}");
            assert!(matches!(
                Presentation::parse(changed.as_bytes()),
                Err(PresentationError::Json(JsonError::Type(_)))
            ));
        }
        let whole = format!("[{}]", strip_names(&json[1..json.len() - 1]));
        assert_eq!(Presentation::parse(whole.as_bytes()), Err(JsonError::Type("presentation").into()));
    }

    /// Place of the bracket that closes the one at 0.
    fn closing(json: &str) -> usize {
        let (mut depth, mut quoted) = (0, false);
        for (at, byte) in json.bytes().enumerate() {
            match byte {
                b'"' if at == 0 || json.as_bytes()[at - 1] != b'\\' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        panic!("not closed");
    }

    /// Leaves out the names of the outermost members.
    fn strip_names(members: &str) -> String {
        let value: serde_json::Value = serde_json::from_str(&format!("{{{members}}}")).unwrap();
        let values: Vec<_> = value.as_object().unwrap().values().map(ToString::to_string).collect();
        values.join(",")
    }

    #[test]
    fn a_later_version_is_told_from_another_format() {
        let with = |format: &str, rest: &str| format!("{{{rest}\"format\":\"{format}\"}}");
        for newer in ["2", "3", "10", "4294967296", "99999999999999999999"] {
            for rest in ["", "\"subject\":null,\"x\":1.5,", "\"a\":1,\"a\":1,"] {
                assert_eq!(code(&with(&format!("{ANY_FORMAT}{newer}"), rest)), Some("VERSION"), "{newer}");
            }
        }
        for other in ["", "0", "02", "1 ", "2 ", "+2", "-2", "2.0", "٢", "x"] {
            assert_eq!(code(&with(&format!("{ANY_FORMAT}{other}"), "")), Some("JSON"), "{other}");
        }
        assert_eq!(code("[\"xuefen-presentation/v2\"]"), Some("JSON"));
    }

    #[test]
    fn lengths_of_the_holder_proof_are_kept() {
        let with = |change: &dyn Fn(&mut HolderProof)| {
            let mut changed = presentation(1);
            change(changed.holder.as_mut().unwrap());
            Presentation::parse(changed.to_json().as_bytes()).err()
        };
        assert_eq!(with(&|holder| holder.audience = "x".repeat(MAX_PART)), None);
        assert_eq!(with(&|holder| holder.challenge = vec![0; MAX_PART]), None);
        assert_eq!(with(&|holder| holder.audience = "x".repeat(MAX_PART + 1)), Some(PresentationError::Holder));
        assert_eq!(with(&|holder| holder.challenge = vec![0; MAX_PART + 1]), Some(PresentationError::Holder));
        let json = presentation(1).to_json();
        let signature = to_base64([5; 64]);
        let short = json.replace(&signature, &to_base64([5; 63]));
        assert_eq!(Presentation::parse(short.as_bytes()), Err(PresentationError::Holder));
    }

    #[test]
    fn a_tag_that_is_too_large_is_kept_for_step_2() {
        let json = presentation(1).to_json().replacen("{\"tag\":1,", "{\"tag\":4294967296,", 1);
        let item = Presentation::parse(json.as_bytes()).unwrap().subject;
        assert_eq!((item.tag_too_large, item.disclosure.hidden.len()), (Some(1 << 32), 1));
    }
}
