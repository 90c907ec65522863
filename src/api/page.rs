//! Page tokens: opaque, bound to the call and its arguments, and pinned to a tree size, so that a list does not shift
//! under its reader (AIP-158).
//!
//! Layout: u64be tree size || cursor || 16 bytes of BLAKE3 keyed hash over (call, tree size, cursor); base64url.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tonic::Status;
use xuefen_core::Hash;
use xuefen_core::hash::{Context, derive_key, keyed_hash};

use super::status::invalid;

const MAC: usize = 16;

/// Largest page, and what 0 asks for.
#[derive(Clone, Copy)]
pub struct Sizes {
    /// Used when the request says 0.
    pub default: u32,
    /// A larger request is cut to this.
    pub most: u32,
}

impl Sizes {
    /// Rows to return.
    pub fn of(self, asked: u32) -> usize {
        let rows = if asked == 0 { self.default } else { asked.min(self.most) };
        rows as usize
    }
}

/// Where a list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Every page of a list is read as of this size.
    pub tree_size: u64,
    /// Where the page before ended, as its call writes it; empty at the beginning.
    pub cursor: Vec<u8>,
}

/// Makes and reads page tokens of one server.
pub struct Pages(Hash);

impl Pages {
    /// Tokens that only a server with this secret accepts.
    pub fn new(secret: &[u8; 32]) -> Self {
        Self(derive_key(Context::InternalPageToken, &[secret]))
    }

    /// The token of a page. `call` names the call and every argument that shapes the list.
    pub fn write(&self, call: &str, page: &Page) -> String {
        let mut token = page.tree_size.to_be_bytes().to_vec();
        token.extend_from_slice(&page.cursor);
        let mac = self.mac(call, &token);
        token.extend_from_slice(&mac);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The page that `token` asks for; without one, the first page as of `asked`, or of `newest` if that is 0.
    pub fn read(&self, call: &str, token: &str, asked: u64, newest: u64) -> Result<Page, Status> {
        if token.is_empty() {
            if asked > newest {
                return Err(invalid("tree_size", format!("the log has {newest} entries; ask for that or fewer")));
            }
            let tree_size = if asked == 0 { newest } else { asked };
            return Ok(Page { tree_size, cursor: Vec::new() });
        }
        let wrong = || invalid("page_token", "send the token of the page before, with the same other arguments");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| wrong())?;
        let (body, mac) = bytes.split_last_chunk::<MAC>().ok_or_else(wrong)?;
        let (size, cursor) = body.split_first_chunk::<8>().ok_or_else(wrong)?;
        // Not a secret to time: a forged token only moves a cursor. It is sealed so that clients do not come to rely on it.
        if self.mac(call, body) != *mac {
            return Err(wrong());
        }
        Ok(Page { tree_size: u64::from_be_bytes(*size).min(newest), cursor: cursor.to_vec() })
    }

    /// `body` and a seal that this server knows again. `purpose` is no call's name.
    pub fn seal(&self, purpose: &str, body: &[u8]) -> Vec<u8> {
        [body, &self.mac(purpose, body)].concat()
    }

    /// The body of what [`Self::seal`] made for the same purpose.
    pub fn unseal<'a>(&self, purpose: &str, sealed: &'a [u8]) -> Option<&'a [u8]> {
        let (body, mac) = sealed.split_last_chunk::<MAC>()?;
        (self.mac(purpose, body) == *mac).then_some(body)
    }

    fn mac(&self, call: &str, body: &[u8]) -> [u8; MAC] {
        let hash = keyed_hash(&self.0, &[&(call.len() as u64).to_be_bytes(), call.as_bytes(), body]);
        *hash.0.first_chunk().expect("a hash has 32 bytes")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_for_its_call_only() {
        let pages = Pages::new(&[1; 32]);
        let page = Page { tree_size: 9, cursor: b"here".to_vec() };
        let token = pages.write("list a", &page);
        assert_eq!(pages.read("list a", &token, 0, 20).unwrap(), page);
        assert!(pages.read("list b", &token, 0, 20).is_err());
        assert!(Pages::new(&[2; 32]).read("list a", &token, 0, 20).is_err());
        assert!(pages.read("list a", &token[1..], 0, 20).is_err());
        assert!(pages.read("list a", "AAAA", 0, 20).is_err());
    }

    #[test]
    fn seals_open_for_their_purpose_only() {
        let pages = Pages::new(&[1; 32]);
        let sealed = pages.seal("challenge a", b"body");
        assert_eq!(pages.unseal("challenge a", &sealed), Some(&b"body"[..]));
        assert_eq!(pages.unseal("challenge b", &sealed), None);
        assert_eq!(pages.unseal("challenge a", &sealed[1..]), None);
        assert_eq!(pages.unseal("challenge a", b""), None);
    }

    #[test]
    fn the_first_page_is_as_of_what_was_asked() {
        let pages = Pages::new(&[1; 32]);
        assert_eq!(pages.read("x", "", 0, 7).unwrap().tree_size, 7);
        assert_eq!(pages.read("x", "", 3, 7).unwrap().tree_size, 3);
        assert!(pages.read("x", "", 8, 7).is_err());
    }
}
