//! What of a payload a verifier gets to see (formats.md 3 and 5).
//!
//! The JSON form of it belongs to presentations, not here.

use crate::commitment::{Tag, field_commitment, record};
use crate::hash::Hash;
use core::fmt;

/// A field that is shown. The tag is as the verifier got it: any number.
#[derive(Clone, PartialEq, Eq)]
pub struct Disclosed {
    /// Its tag.
    pub tag: u32,
    /// salt(tag), so that the seed, which opens every field, stays with the learner.
    pub salt: Hash,
    /// Its value.
    pub value: Vec<u8>,
}

/// Without the value: it is personal data.
impl fmt::Debug for Disclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Disclosed({}, {} bytes)", self.tag, self.value.len())
    }
}

/// A field that is not shown. The tag is as the verifier got it: any number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// Its tag.
    pub tag: u32,
    /// c(tag).
    pub commitment: Hash,
}

/// The shown and the hidden fields of one payload, not checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disclosure {
    /// Shown fields, tags strictly ascending.
    pub disclosed: Vec<Disclosed>,
    /// The other fields, tags strictly ascending.
    pub hidden: Vec<Hidden>,
}

/// Why a disclosure has no commitment to compare: code `COMMITMENT`, like one that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisclosureError {
    /// Neither list has a field.
    Empty,
    /// A tag is 0.
    TagZero,
    /// In its list, this tag does not lie above the one before it.
    NotAscending(u32),
    /// This tag is in both lists.
    InBoth(u32),
}

impl fmt::Display for DisclosureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("disclosure has no fields"),
            Self::TagZero => f.write_str("disclosure has a tag 0"),
            Self::NotAscending(tag) => write!(f, "disclosure tag {tag} is not above the one before it"),
            Self::InBoth(tag) => write!(f, "disclosure tag {tag} is both shown and hidden"),
        }
    }
}

impl std::error::Error for DisclosureError {}

impl Disclosure {
    /// The commitment that the statement must carry for this to be its payload, recomputed from both lists.
    pub fn commitment(&self) -> Result<Hash, DisclosureError> {
        if self.disclosed.is_empty() && self.hidden.is_empty() {
            return Err(DisclosureError::Empty);
        }
        ascending(self.disclosed.iter().map(|field| field.tag))?;
        ascending(self.hidden.iter().map(|field| field.tag))?;
        let mut fields = self.field_commitments()?;
        fields.extend(self.hidden.iter().filter_map(|field| Some((Tag::new(field.tag)?, field.commitment))));
        fields.sort_unstable_by_key(|(tag, _)| *tag);
        match fields.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(DisclosureError::InBoth(pair[0].0.get())),
            None => Ok(record(fields)),
        }
    }

    /// (tag, c(tag)) of each shown field, in their order: what a holder's proof signs.
    pub fn field_commitments(&self) -> Result<Vec<(Tag, Hash)>, DisclosureError> {
        let commit = |field: &Disclosed| {
            let tag = Tag::new(field.tag).ok_or(DisclosureError::TagZero)?;
            Ok((tag, field_commitment(&field.salt, tag, &field.value)))
        };
        self.disclosed.iter().map(commit).collect()
    }
}

/// Whether tags are 1 to 2^32−1 and strictly ascending.
fn ascending(tags: impl Iterator<Item = u32>) -> Result<(), DisclosureError> {
    let mut before = None;
    for tag in tags {
        if tag == 0 {
            return Err(DisclosureError::TagZero);
        }
        if before >= Some(tag) {
            return Err(DisclosureError::NotAscending(tag));
        }
        before = Some(tag);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disclosure(disclosed: &[u32], hidden: &[u32]) -> Disclosure {
        let (salt, commitment) = (Hash([1; 32]), Hash([2; 32]));
        Disclosure {
            disclosed: disclosed.iter().map(|tag| Disclosed { tag: *tag, salt, value: Vec::new() }).collect(),
            hidden: hidden.iter().map(|tag| Hidden { tag: *tag, commitment }).collect(),
        }
    }

    #[test]
    fn each_list_ascends_and_they_share_no_tag() {
        assert!(disclosure(&[2, 9], &[1, 3, u32::MAX]).commitment().is_ok());
        assert!(disclosure(&[], &[1]).commitment().is_ok());
        assert!(disclosure(&[1], &[]).commitment().is_ok());
        let cases = [
            (disclosure(&[], &[]), DisclosureError::Empty),
            (disclosure(&[0], &[]), DisclosureError::TagZero),
            (disclosure(&[1], &[0]), DisclosureError::TagZero),
            (disclosure(&[2, 1], &[]), DisclosureError::NotAscending(1)),
            (disclosure(&[2, 2], &[]), DisclosureError::NotAscending(2)),
            (disclosure(&[], &[5, 5]), DisclosureError::NotAscending(5)),
            (disclosure(&[], &[5, 4]), DisclosureError::NotAscending(4)),
            (disclosure(&[1, 5], &[2, 5]), DisclosureError::InBoth(5)),
        ];
        for (disclosure, error) in cases {
            assert_eq!(disclosure.commitment(), Err(error), "{disclosure:?}");
        }
    }
}
