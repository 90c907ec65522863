//! Statements that authorities and institutions make about what is public: their bodies, and how one is signed.
//!
//! Plain functions over values: no files, no server, no printing. Statements about learners' outcomes are made by `sign`.

use prost::Message as _;
use xuefen_core::Hash;
use xuefen_core::attestation::{Attestation, AttestationError, MAX_BATCH_SIZE};
use xuefen_core::batch::sign_batch;
use xuefen_core::bytes::Bytes;
use xuefen_core::commitment::{Nonce, Seed, Tag};
use xuefen_core::key::{KeyId, PublicKey, SecretKey};
use xuefen_core::kinds::tags;
use xuefen_core::merkle::leaf_hash;
use xuefen_core::payload::{Field, Payload};
use xuefen_core::proto;
use xuefen_core::proto::change_institution::Change;
use xuefen_core::proto::statement::Body;
use xuefen_core::proto::{
    Algorithm, AuthoriseKey, AuthorityKey, AuthorityKeyGrant, AuthorityRole, ChangeInstitution, Countersign, EndKey,
    EntryRef, Genesis, InstitutionKey, KeyEndGround, LifecycleReason, Name, PayloadField, Reinstate, Revoke, Statement,
    Suspend, authority_key, institution_key,
};

use crate::api::proto::Posting;

/// Why statements could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// Nonces must be such that nobody can predict them.
    #[error("the system gives no random bytes")]
    Random(#[source] getrandom::Error),
    /// A statement needs 1 to 16 signatures.
    #[error("{0} keys were given; a statement is signed by 1 to 16")]
    Keys(usize),
    /// What was signed before is damaged.
    #[error("a signature of row {row} is damaged; have it signed anew")]
    Damaged {
        /// The posting's number.
        row: u64,
        /// What is wrong with it.
        #[source]
        source: AttestationError,
    },
}

/// Who speaks, to which ledger, and with which keys. Two authorities sign the same statement: give the keys of both.
pub struct Signer<'a> {
    /// The ledger.
    pub origin: &'a str,
    /// Institution id of the issuer.
    pub issuer: &'a str,
    /// Unix seconds.
    pub issued_at: i64,
    /// Keys that sign each statement.
    pub keys: Vec<&'a SecretKey>,
}

impl Signer<'_> {
    /// A statement with a fresh nonce.
    pub fn statement(&self, body: Body) -> Result<Statement, SignError> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).map_err(SignError::Random)?;
        Ok(Statement {
            version: xuefen_core::statement::VERSION,
            ledger: self.origin.to_owned(),
            issuer: self.issuer.to_owned(),
            nonce: Bytes::copy_from_slice(&nonce),
            issued_at: self.issued_at,
            body: Some(body),
        })
    }

    /// One signed statement.
    pub fn posting(&self, body: Body) -> Result<Posting, SignError> {
        self.posting_with(1, body, &[])
    }

    /// One signed statement that other keys sign too, such as a new key that proves its possession.
    pub fn posting_with(&self, sequence: u64, body: Body, also: &[&SecretKey]) -> Result<Posting, SignError> {
        let statement: Bytes = self.statement(body)?.encode_to_vec().into();
        let keys: Vec<_> = self.keys.iter().chain(also).copied().collect();
        let leaf = leaf_hash(&statement);
        let signed = keys.iter().map(|key| one(key, leaf)).collect();
        Ok(Posting { sequence, statement, attestations: encode(signed)?, payload: None })
    }

    /// One signed statement about a learner, with its payload: all tags of its table, ascending.
    ///
    /// # Panics
    /// Never: tag tables ascend and are not empty.
    pub fn private(
        &self,
        fields: Vec<(tags::Tag, Vec<u8>)>,
        body: impl FnOnce(Vec<u8>) -> Body,
    ) -> Result<Posting, SignError> {
        let mut secret = [0; 48];
        getrandom::fill(&mut secret).map_err(SignError::Random)?;
        let (seed, nonce) = secret.split_at(32);
        let seed = Seed::from_slice(seed).expect("a seed has 32 bytes");
        let field = |(tag, value): (tags::Tag, Vec<u8>)| Field {
            tag: Tag::new(tag.number).expect("no tag table has a tag 0"),
            value: value.into(),
        };
        let payload = Payload::new(seed, fields.into_iter().map(field).collect()).expect("tag tables ascend");
        let commitment = payload.commitment(&Nonce::from_slice(nonce).expect("a nonce has 16 bytes"));
        let statement =
            Statement { nonce: Bytes::copy_from_slice(nonce), ..self.statement(body(commitment.0.to_vec()))? };
        let statement: Bytes = statement.encode_to_vec().into();
        let leaf = leaf_hash(&statement);
        let signed = self.keys.iter().map(|key| one(key, leaf)).collect();
        let sent = |field: &Field| PayloadField { tag: field.tag.get(), value: field.value.clone() };
        let payload = proto::Payload {
            seed: payload.seed().as_bytes().to_vec().into(),
            fields: payload.fields().iter().map(sent).collect(),
        };
        Ok(Posting { sequence: 1, statement, attestations: encode(signed)?, payload: Some(payload) })
    }

    /// Signed statements, with one signature of each key over up to 65,536 of them.
    pub fn postings(&self, bodies: impl IntoIterator<Item = (u64, Body)>) -> Result<Vec<Posting>, SignError> {
        let mut unsigned = Vec::new();
        for (sequence, body) in bodies {
            let statement = Bytes::from(self.statement(body)?.encode_to_vec());
            unsigned.push(Posting { sequence, statement, attestations: Vec::new(), payload: None });
        }
        attest(unsigned, &self.keys)
    }
}

/// Adds the attestations of `keys` to postings: so a second authority signs what the first has signed.
///
/// # Panics
/// Never: a chunk of a batch's most is a batch.
pub fn attest(mut postings: Vec<Posting>, keys: &[&SecretKey]) -> Result<Vec<Posting>, SignError> {
    for batch in postings.chunks_mut(MAX_BATCH_SIZE as usize) {
        let leaves: Vec<_> = batch.iter().map(|posting| leaf_hash(&posting.statement)).collect();
        let mut by_key = Vec::new();
        for key in keys {
            by_key.push(sign_batch(key, leaves.clone()).expect("a chunk has 1 to 65,536 statements").into_iter());
        }
        for posting in batch {
            let row = posting.sequence;
            let parse = |bytes| Attestation::parse(bytes).map_err(|source| SignError::Damaged { row, source });
            let mut signed = posting.attestations.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
            signed.extend(by_key.iter_mut().filter_map(Iterator::next));
            posting.attestations = encode(signed)?;
        }
    }
    Ok(postings)
}

fn one(key: &SecretKey, leaf: Hash) -> Attestation {
    sign_batch(key, vec![leaf]).ok().and_then(|mut signed| signed.pop()).expect("a batch of one has one attestation")
}

/// Attestations as they travel: by ascending key id, one for each key (formats.md 2).
fn encode(mut signed: Vec<Attestation>) -> Result<Vec<Bytes>, SignError> {
    signed.sort_by_key(Attestation::key_id);
    signed.dedup_by_key(|attestation| attestation.key_id());
    if signed.is_empty() || signed.len() > 16 {
        return Err(SignError::Keys(signed.len()));
    }
    Ok(signed.iter().map(|attestation| attestation.encode().into()).collect())
}

/// A name; its language is told by its letters: Chinese or English.
#[must_use]
pub fn name(text: &str) -> Name {
    let chinese = text.chars().any(|c| ('\u{2e80}'..='\u{9fff}').contains(&c) || c > '\u{ffff}');
    Name { language: if chinese { "zh" } else { "en" }.to_owned(), text: text.to_owned() }
}

/// A key of an authority, for [`genesis`] and [`grant`]. In force from its entry on and without end.
#[must_use]
pub fn authority_key(
    authority: &str,
    names: Vec<Name>,
    role: AuthorityRole,
    region: &str,
    key: &PublicKey,
) -> AuthorityKeyGrant {
    AuthorityKeyGrant {
        authority: authority.to_owned(),
        role: role.into(),
        region: region.to_owned(),
        algorithm: Algorithm::Ed25519.into(),
        public_key: key.as_bytes().to_vec(),
        valid_from: 0,
        valid_until: 0,
        names,
    }
}

/// The first entry of a ledger. `keys` need a national accredit key, which signs it, and the ledger's status key.
#[must_use]
pub fn genesis(names: Vec<Name>, keys: Vec<AuthorityKeyGrant>) -> Body {
    Body::Genesis(Genesis { names, keys })
}

/// A new key of an authority.
#[must_use]
pub fn grant(key: AuthorityKeyGrant) -> Body {
    Body::AuthorityKey(AuthorityKey { action: Some(authority_key::Action::Grant(key)) })
}

/// A key of an authority ends. `compromised_since`: Unix seconds, for a key in other hands.
#[must_use]
pub fn end_authority_key(key: KeyId, compromised_since: Option<i64>) -> Body {
    Body::AuthorityKey(AuthorityKey { action: Some(authority_key::Action::End(end(key, compromised_since))) })
}

/// A key of an institution comes into force. It must sign the statement too. `custodian`: who keeps the private key.
#[must_use]
pub fn authorise_key(institution: &str, key: &PublicKey, custodian: &str) -> Body {
    Body::InstitutionKey(InstitutionKey {
        institution: institution.to_owned(),
        action: Some(institution_key::Action::Authorise(AuthoriseKey {
            algorithm: Algorithm::Ed25519.into(),
            public_key: key.as_bytes().to_vec(),
            custodian: custodian.to_owned(),
            valid_from: 0,
            valid_until: 0,
        })),
    })
}

/// A key of an institution ends.
#[must_use]
pub fn end_institution_key(institution: &str, key: KeyId, compromised_since: Option<i64>) -> Body {
    let action = Some(institution_key::Action::End(end(key, compromised_since)));
    Body::InstitutionKey(InstitutionKey { institution: institution.to_owned(), action })
}

fn end(key: KeyId, compromised_since: Option<i64>) -> EndKey {
    let ground = if compromised_since.is_some() { KeyEndGround::Compromised } else { KeyEndGround::Retired };
    EndKey {
        key_id: key.as_bytes().to_vec(),
        ground: ground.into(),
        compromised_since: compromised_since.unwrap_or_default(),
    }
}

/// An accredited institution changes.
#[must_use]
pub fn change(institution: &str, change: Change) -> Body {
    Body::ChangeInstitution(ChangeInstitution { institution: institution.to_owned(), change: Some(change) })
}

/// An entry by index and leaf hash.
#[must_use]
pub fn entry_ref(index: u64, leaf_hash: Hash) -> EntryRef {
    EntryRef { index, leaf_hash: leaf_hash.0.to_vec() }
}

/// The issuer stands by an entry of someone else.
#[must_use]
pub const fn countersign(target: EntryRef) -> Body {
    Body::Countersign(Countersign { target: Some(target) })
}

/// An entry is out of force until `until` (Unix seconds) at the latest.
#[must_use]
pub fn suspend(target: EntryRef, reason: LifecycleReason, until: i64) -> Body {
    Body::Suspend(Suspend { target: Some(target), reason: reason.into(), until })
}

/// A suspended entry is in force again.
#[must_use]
pub const fn reinstate(target: EntryRef) -> Body {
    Body::Reinstate(Reinstate { target: Some(target) })
}

/// An entry is out of force for good.
#[must_use]
pub fn revoke(target: EntryRef, reason: LifecycleReason) -> Body {
    Body::Revoke(Revoke { target: Some(target), reason: reason.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use xuefen_core::statement::Statement as Parsed;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    /// The keys that signed, after every signature has been verified.
    fn signed_by(posting: &Posting, keys: &[&SecretKey]) -> Vec<KeyId> {
        let statement = Parsed::<Statement>::parse(posting.statement.clone()).expect("canonical");
        let attestations: Vec<_> =
            posting.attestations.iter().map(|bytes| Attestation::parse(bytes).expect("canonical")).collect();
        for attestation in &attestations {
            let key = keys.iter().find(|key| key.public().id() == attestation.key_id()).expect("a known key");
            attestation.verify(statement.leaf_hash(), key.public()).expect("a good signature");
        }
        attestations.iter().map(Attestation::key_id).collect()
    }

    #[test]
    fn both_authorities_and_the_new_key_sign_by_ascending_id() {
        let (ministry, province, new) = (key(1), key(2), key(3));
        let keys = vec![&ministry, &province, &ministry];
        let signer = Signer { origin: "x.example/a", issuer: "x-ministry", issued_at: 7, keys };
        let body = authorise_key("x-school", new.public(), "x-school");
        let posting = signer.posting_with(4, body, &[&new]).unwrap();
        let ids = signed_by(&posting, &[&ministry, &province, &new]);
        assert_eq!((posting.sequence, ids.len()), (4, 3));
        assert!(ids.is_sorted());
    }

    #[test]
    fn a_batch_is_signed_at_once_and_a_second_authority_adds_to_it() {
        let (ministry, province) = (key(1), key(2));
        let signer = Signer { origin: "x.example/a", issuer: "x-province", issued_at: 7, keys: vec![&province] };
        let bodies = (2..5).map(|row| (row, countersign(entry_ref(row, Hash([0; 32])))));
        let first = signer.postings(bodies).unwrap();
        assert!(first.iter().all(|posting| signed_by(posting, &[&province]).len() == 1));
        let both = attest(first.clone(), &[&ministry]).unwrap();
        assert!(both.iter().all(|posting| signed_by(posting, &[&province, &ministry]).len() == 2));
        assert_eq!(first[1].statement, both[1].statement);
        let mut damaged = first.clone();
        damaged[1].attestations[0] = Bytes::from_static(b"\xff");
        assert!(matches!(attest(damaged, &[&ministry]), Err(SignError::Damaged { row: 3, .. })));
        assert_eq!(attest(both.clone(), &[&ministry]).unwrap()[0].attestations.len(), 2, "signed once only");
        let nonces: std::collections::BTreeSet<_> = first.iter().map(|posting| posting.statement.clone()).collect();
        assert_eq!(nonces.len(), 3);
    }

    #[test]
    fn names_tell_their_language() {
        assert_eq!([name("青海省教育厅").language, name("Ministry").language], ["zh", "en"]);
    }
}
