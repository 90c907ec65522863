//! From good rows to signed postings: times, order, one signature for up to 65,536 statements.

use prost::Message as _;
use xuefen_core::attestation::MAX_BATCH_SIZE;
use xuefen_core::batch::sign_batch;
use xuefen_core::bytes::Bytes;
use xuefen_core::commitment::Nonce;
use xuefen_core::key::SecretKey;
use xuefen_core::merkle::leaf_hash;

use super::draft::Sealed;
use super::issued::Issued;
use super::secret::NonceSecret;
use crate::api::proto::Posting;

/// Age from which a remembered time is outside the usual window of a policy, seconds (formats.md 2: 30 days).
const STALE: i64 = 30 * 86_400;

/// How the rows of this signing compare with earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Rows signed before with the same content: the same bytes again.
    pub as_before: u64,
    /// Rows signed before with other content.
    pub changed: u64,
    /// Of those as before, rows whose time is over 30 days old.
    pub stale: u64,
}

/// Which time a statement gets.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Now, Unix seconds.
    pub now: i64,
    /// The time asked for; over remembered ones.
    pub asked: Option<i64>,
}

/// Gives each statement its time: the one asked for, else the one it had when it was first signed, else now.
pub fn set_times(sealed: &mut [Sealed], times: Times, issued: &mut Issued) -> Compared {
    let mut compared = Compared::default();
    for one in sealed {
        let nonce = Nonce::from_slice(&one.statement.nonce).expect("derived nonces have 16 bytes");
        let digest = one.digest();
        let remembered = issued.time(&nonce, &digest);
        one.statement.issued_at = times.asked.or(remembered).unwrap_or(times.now);
        if remembered == Some(one.statement.issued_at) {
            compared.as_before += 1;
            compared.stale += u64::from(one.statement.issued_at < times.now - STALE);
        } else if remembered.is_none() && issued.has_nonce(&nonce) {
            compared.changed += 1;
        }
        issued.remember(&nonce, &digest, one.statement.issued_at);
    }
    compared
}

/// Orders the statements as only the issuer can foresee, signs them in batches and hands each posting to `write`.
/// Answers the number of batches.
pub fn sign<E>(
    mut sealed: Vec<Sealed>,
    key: &SecretKey,
    secret: &NonceSecret,
    mut write: impl FnMut(Posting) -> Result<(), E>,
) -> Result<u64, E> {
    sealed.sort_by_cached_key(|one| {
        secret.order(&Nonce::from_slice(&one.statement.nonce).expect("derived nonces have 16 bytes"))
    });
    let mut batches = 0;
    let mut rest = sealed.into_iter().peekable();
    while rest.peek().is_some() {
        let batch = rest.by_ref().take(MAX_BATCH_SIZE as usize);
        let batch: Vec<(Bytes, Sealed)> = batch.map(|one| (one.statement.encode_to_vec().into(), one)).collect();
        let leaves = batch.iter().map(|(statement, _)| leaf_hash(statement)).collect();
        let attestations = sign_batch(key, leaves).expect("a batch has 1 to 65,536 statements");
        for ((statement, one), attestation) in batch.into_iter().zip(attestations) {
            write(Posting {
                sequence: one.row,
                statement,
                attestations: vec![attestation.encode().into()],
                payload: Some(one.payload),
            })?;
        }
        batches += 1;
    }
    Ok(batches)
}
